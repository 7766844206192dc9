/*---
title = "When each processor will be done, at the pace of the last hours"
doc   = """
One row per processor of the catalogue. `remaining` are the due units, a processor and a day each, that have not succeeded.
`completed` are the units that succeeded for the first time in the last `hours`, or since its first run if that is later
(`minutes` ago), idle hours included: every one of them counts. `minutes_left` is NULL where units remain and none was
completed, which is never. `decides` marks the slowest: the whole is done when that one is.
"""
decision = "whether to wait, to add workers, or to come back tomorrow"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
hours               = { type = "int", default = 24, doc = "how many hours to judge the pace by" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor    = "text"
due          = "int"
remaining    = "int"
completed    = "int"
minutes      = "int?"
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
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

{{ units.asked(processors) }},

first_starts as (
    select
        processor,
        min(started) as first_start
    from attempts
    where state <> 'skipped'
    group by processor
),

measured as (
    select
        asked.processor,
        count(case when unit_states.state <> 'pending' then 1 end) as due,
        count(case when unit_states.state not in ('pending', 'succeeded') then 1 end) as remaining,
        count(case when {{ sql.seconds_between("unit_states.first_success", runs.as_of) }} <= {{ 3600 * hours }} then 1 end) as completed,
        min({{ sql.seconds_between("first_starts.first_start", runs.as_of) }}) as age
    from asked
    left join first_starts on asked.processor = first_starts.processor
    left join unit_states on asked.processor = unit_states.processor
    group by asked.processor
),

paced as (
    select
        processor,
        due,
        remaining,
        completed,
        case when age > {{ 3600 * hours }} then {{ 3600 * hours }} else age end as seconds
    from measured
),

estimated as (
    select
        processor,
        due,
        remaining,
        completed,
        cast(floor(seconds / 60.0) as bigint) as minutes,
        case when remaining = 0 then 0 else cast(ceil(1.0 * remaining * seconds / nullif(60 * completed, 0)) as bigint) end as minutes_left
    from paced
)

select
    processor,
    due,
    remaining,
    completed,
    minutes,
    minutes_left,
    case
        when count(*) over () > count(minutes_left) over () then minutes_left is null
        else minutes_left = max(minutes_left) over ()
    end as decides
from estimated
order by processor
