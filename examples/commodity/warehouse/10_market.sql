-- Prices and weather. Nothing is random: each load gives the same rows.
create schema market;

create table market.trading_calendar as
select
    days.day::date as day,
    isodow(days.day) < 6
        and days.day not in ('2023-12-25', '2024-01-01', '2024-07-04', '2024-11-28', '2024-12-25', '2025-01-01', '2025-02-17') as is_trading_day
from range(date '2023-12-18', date '2025-04-01', interval 1 day) as days (day);

-- Two neighbouring closes are never equal.
create table market.prices as
select
    commodities.commodity,
    trading_calendar.day,
    commodities.base + (row_number() over (partition by commodities.commodity order by trading_calendar.day) * 37 % 101) / 10 as close
from market.trading_calendar
cross join (values ('Coffee', 180.0), ('Sugar', 19.0)) as commodities (commodity, base)
where trading_calendar.is_trading_day
    and trading_calendar.day < date '2025-03-14';

create table market.weather as
select
    days.day::date as day,
    regions.region,
    regions.base + (dayofyear(days.day) * 7 + regions.base) % 13 as temperature
from range(date '2024-01-01', date '2025-03-15', interval 1 day) as days (day)
cross join (values ('Sul de Minas', 17), ('Mogiana', 18), ('Ribeirao Preto', 20), ('Maharashtra', 24)) as regions (region, base);
