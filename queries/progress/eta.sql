/*---
title = "When each processor will be done, at the pace of the last hours"
doc   = """
One row per processor of the catalogue. `remaining` are the due units, a processor and a day each, that have not succeeded.
`completed` are the units that succeeded for the first time in the last `seconds`, idle hours included: every one of them
counts. These are the last `hours`, or as long as its last `least_units` took if that is longer, but never reach back before its
first run, nor over a pause of more than `hours` in which none of its runs was under way. `minutes_left` is NULL where units
remain and none was completed, which is never. `decides` marks the slowest: the whole is done when that one is. Where the pace
is steady, idle hours included, and 60 units are completed, it is hardly ever off by more than 15%.
"""
decision = "whether to wait, to add workers, or to come back tomorrow"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
hours               = { type = "int", default = 24, doc = "how many hours to judge the pace by" }
least_units         = { type = "int", default = 50, doc = "how many units at least to judge it by, as far as there are so many" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor    = "text"
due          = "int"
remaining    = "int"
completed    = "int"
seconds      = "int?"
minutes_left = "int?"
decides      = "bool"

[[rule]]
kind    = "not_null"
columns = ["minutes_left"]
level   = "warn"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if hours < 1 or hours > 10000 %}{{ fail("`hours` is 1 to 10000") }}{% endif %}
{%- if least_units < 1 or least_units > 10000 %}{{ fail("`least_units` is 1 to 10000") }}{% endif %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

{{ units.asked(processors) }},

starts as (
    select
        processor,
        started,
        max(coalesce(finished, started)) over (partition by processor order by started rows between unbounded preceding and 1 preceding) as idle_from
    from attempts
    where state <> 'skipped'
        and started is not null
),

beginnings as (
    select
        processor,
        max(case when idle_from is null or {{ sql.seconds_between("idle_from", "started") }} > {{ 3600 * hours }} then started end) as began
    from starts
    group by processor
),

completions as (
    select
        processor,
        {{ sql.seconds_between("first_success", runs.as_of) }} as age,
        row_number() over (partition by processor order by first_success desc) as place
    from unit_states
    where first_success is not null
),

enough as (
    select
        processor,
        age
    from completions
    where place = {{ least_units }}
),

windows as (
    select
        processor,
        whole,
        case when whole > wanted then wanted else whole end as seconds
    from (
        select
            asked.processor,
            {{ sql.seconds_between("beginnings.began", runs.as_of) }} as whole,
            case
                when enough.age is null then {{ sql.seconds_between("beginnings.began", runs.as_of) }}
                when enough.age > {{ 3600 * hours }} then enough.age
                else {{ 3600 * hours }}
            end as wanted
        from asked
        left join beginnings on asked.processor = beginnings.processor
        left join enough on asked.processor = enough.processor
    ) as wishes
),

completed_units as (
    select
        completions.processor,
        count(*) as units
    from completions
    inner join windows on completions.processor = windows.processor
    where completions.age < windows.seconds
        or (completions.age = windows.seconds and windows.seconds = windows.whole)
    group by completions.processor
),

measured as (
    select
        asked.processor,
        count(case when unit_states.state <> 'pending' then 1 end) as due,
        count(case when unit_states.state not in ('pending', 'succeeded') then 1 end) as remaining
    from asked
    left join unit_states on asked.processor = unit_states.processor
    group by asked.processor
),

estimated as (
    select
        measured.processor,
        measured.due,
        measured.remaining,
        coalesce(completed_units.units, 0) as completed,
        windows.seconds,
        case when measured.remaining = 0 then 0 else cast(ceil(1.0 * measured.remaining * case when windows.seconds > 0 then windows.seconds end / nullif(60 * completed_units.units, 0)) as bigint) end as minutes_left
    from measured
    left join windows on measured.processor = windows.processor
    left join completed_units on measured.processor = completed_units.processor
)

select
    processor,
    due,
    remaining,
    completed,
    seconds,
    minutes_left,
    case
        when count(*) over () > count(minutes_left) over () then minutes_left is null
        else minutes_left = max(minutes_left) over ()
    end as decides
from estimated
order by processor
