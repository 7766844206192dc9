/*---
title = "How far each processor is"
doc   = """
One row per processor of the catalogue. `expected` are the units, a processor and a day each, that its outputs expect;
`done` are those whose latest attempt succeeded, and what ran on other days is `not_expected` and makes up for nothing.
`due` leaves out the pending ones, and `remaining` is what is due and not done. `first_open` and `last_done` are days of
units. `permille_done` is of `due` and never rounded up. What the rows say is `progress/overall`.
"""
decision = "whether one processor lags behind the others"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor     = "text"
expected      = "int"
due           = "int"
done          = "int"
remaining     = "int"
running       = "int"
unresolved    = "int"
never_started = "int"
not_expected  = "int"
first_open    = "date?"
last_done     = "date?"
permille_done = "int?"

[[rule]]
kind     = "share"
column   = "done"
of       = "due"
at_least = 1
level    = "fail"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

{{ units.asked(processors) }},

counted as (
    select
        processor,
        count(*) as expected,
        count(case when state <> 'pending' then 1 end) as due,
        count(case when state = 'succeeded' then 1 end) as done,
        count(case when state = 'running' then 1 end) as running,
        count(case when state in ('failed', 'unknown', 'stale') then 1 end) as unresolved,
        count(case when state = 'never_started' then 1 end) as never_started,
        min(case when state not in ('succeeded', 'pending') then day end) as first_open,
        max(case when state = 'succeeded' then day end) as last_done
    from unit_states
    group by processor
),

elsewhere as (
    select
        latest.processor,
        count(*) as units
    from latest
    left join expected_units
        on latest.processor = expected_units.processor
        and latest.day = expected_units.day
    where latest.state = 'success'
        and expected_units.day is null
    group by latest.processor
)

select
    asked.processor,
    coalesce(counted.expected, 0) as expected,
    coalesce(counted.due, 0) as due,
    coalesce(counted.done, 0) as done,
    coalesce(counted.due - counted.done, 0) as remaining,
    coalesce(counted.running, 0) as running,
    coalesce(counted.unresolved, 0) as unresolved,
    coalesce(counted.never_started, 0) as never_started,
    coalesce(elsewhere.units, 0) as not_expected,
    counted.first_open,
    counted.last_done,
    cast(floor(1000.0 * counted.done / nullif(counted.due, 0)) as bigint) as permille_done
from asked
left join counted on asked.processor = counted.processor
left join elsewhere on asked.processor = elsewhere.processor
order by asked.processor
