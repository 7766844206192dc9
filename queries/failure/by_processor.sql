/*---
title = "The success rate of each processor, over units and over attempts"
doc   = """
One row per processor of the catalogue. Of the units that are due, `succeeded` are those whose latest attempt did; a unit
that was only ever skipped has not, and neither has one that is still running. `required` is how many must have succeeded,
`at_least_percent` of `due`, rounded up. `attempts` are the attempts at expected units that have ended, dead runs included,
and skips left out. The rates are of `due` and of `attempts`, and never rounded up. Without a unit that is due there is
no rate.
"""
decision = "which processor to look at first, and whether its stage may be called done"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }
at_least_percent    = { type = "number", default = 100, doc = "how many percent of the due units must have succeeded" }

[columns]
processor            = "text"
due                  = "int"
required             = "int"
succeeded            = "int"
unresolved           = "int"
running              = "int"
skipped              = "int"
never_started        = "int"
attempts             = "int"
succeeded_attempts   = "int"
permille_of_due      = "int?"
permille_of_attempts = "int?"

[[rule]]
kind     = "share"
column   = "succeeded"
of       = "required"
at_least = 1
level    = "fail"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if at_least_percent | float <= 0 or at_least_percent | float > 100 %}{{ fail("`at_least_percent` is above 0 and at most 100") }}{% endif %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

{{ units.asked(processors) }},

counted_units as (
    select
        processor,
        count(case when state <> 'pending' then 1 end) as due,
        count(case when state = 'succeeded' then 1 end) as succeeded,
        count(case when state in ('failed', 'unknown', 'stale') then 1 end) as unresolved,
        count(case when state = 'running' then 1 end) as running,
        count(case when state = 'skipped' then 1 end) as skipped,
        count(case when state = 'never_started' then 1 end) as never_started
    from unit_states
    group by processor
),

counted_attempts as (
    select
        attempts.processor,
        count(*) as ended,
        count(case when attempts.state = 'success' then 1 end) as succeeded
    from attempts
    inner join expected_units
        on attempts.processor = expected_units.processor
        and attempts.day = expected_units.day
    where attempts.state in ('success', 'failed', 'unknown')
        or (attempts.state = 'running' and {{ ledger.is_late("attempts.started", runs, stale_after_minutes) }})
    group by attempts.processor
)

select
    asked.processor,
    coalesce(counted_units.due, 0) as due,
    cast(ceil(coalesce(counted_units.due, 0) * {{ at_least_percent }} / 100.0) as bigint) as required,
    coalesce(counted_units.succeeded, 0) as succeeded,
    coalesce(counted_units.unresolved, 0) as unresolved,
    coalesce(counted_units.running, 0) as running,
    coalesce(counted_units.skipped, 0) as skipped,
    coalesce(counted_units.never_started, 0) as never_started,
    coalesce(counted_attempts.ended, 0) as attempts,
    coalesce(counted_attempts.succeeded, 0) as succeeded_attempts,
    cast(floor(1000.0 * counted_units.succeeded / nullif(counted_units.due, 0)) as bigint) as permille_of_due,
    cast(floor(1000.0 * counted_attempts.succeeded / nullif(counted_attempts.ended, 0)) as bigint) as permille_of_attempts
from asked
left join counted_units on asked.processor = counted_units.processor
left join counted_attempts on asked.processor = counted_attempts.processor
order by asked.processor
