/*---
title = "Units completed in each hour"
doc   = """
One row per processor of the catalogue and hour, hours without a completion included, up to the hour of the as-of moment,
which is not over. An expected unit, a processor and a day, is completed once, when it first succeeds, so that `cumulative`
never exceeds what is expected. `completed_in_3_hours` is that hour with the two before. Hours are those of the ledger's
clock. A ledger without a run has no hours.
"""
decision = "whether the pace holds"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
hours      = { type = "int", default = 24, doc = "how many hours to show" }

[columns]
processor            = "text"
hour                 = "timestamp"
completed            = "int"
completed_in_3_hours = "int"
cumulative           = "int"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if hours < 1 or hours > 10000 %}{{ fail("`hours` is 1 to 10000") }}{% endif %}
{%- set this_hour = sql.hour_of(runs.as_of) if runs is not none else none %}
{%- set start %}-3600 * numbers.n{% endset %}
{%- set end %}3600 - 3600 * numbers.n{% endset %}
{%- set earlier %}-7200 - 3600 * numbers.n{% endset %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.asked(processors) }},

completions as (
    select
        latest.processor,
        latest.first_success
    from latest
    inner join expected_units
        on latest.processor = expected_units.processor
        and latest.day = expected_units.day
    where latest.first_success is not null
),

grid as (
    select
        asked.processor,
        {{ sql.plus_seconds(this_hour, start) }} as hour_start,
        {{ sql.plus_seconds(this_hour, end) }} as hour_end,
        {{ sql.plus_seconds(this_hour, earlier) }} as two_hours_before
    from asked
    cross join {{ sql.numbers(0, hours - 1) }} as numbers
    where exists (select 1 from attempts)
)

select
    grid.processor,
    grid.hour_start as hour,
    count(case when completions.first_success >= grid.hour_start then 1 end) as completed,
    count(case when completions.first_success >= grid.two_hours_before then 1 end) as completed_in_3_hours,
    count(completions.first_success) as cumulative
from grid
left join completions
    on grid.processor = completions.processor
    and completions.first_success < grid.hour_end
group by grid.processor, grid.hour_start
order by grid.processor, grid.hour_start
