{%- import "dialect" as sql -%}
-- The close of a day is in the warehouse at 06:30 of the next one, 30.5 hours after the day began.
select
    days.day as date,
    count(closes.day) as closes
from market.trading_calendar as days
left join market.trading_calendar as closes
    on closes.is_trading_day
    and closes.day > days.day
    and {{ sql.seconds_between("closes.day", scope.as_of) }} >= 109800
where days.day between date '2024-01-01' and date '2025-03-31'
group by days.day
