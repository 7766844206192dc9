/*---
title = "Each expected day, and how its processors fared"
doc   = """
One row per day on which the catalogue expects a processor to run, also where none did. Each expected unit, a processor
and a day, is in one state, that of its latest attempt, so the states add up to `expected`: retries change nothing.
`unresolved` are the failed, the unknown (a status that the project does not map) and the stale (a run that never wrote
its end). `pending` ones are not due yet; `due` are the others, and the label speaks of those: not_started, skipped,
complete (the skipped ones apart), all_failed, partly_failed, in_progress, incomplete (some never started), pending.
"""
decision = "which days to run again in full, and which for single processors only"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
day           = "date"
label         = "text"
expected      = "int"
due           = "int"
succeeded     = "int"
unresolved    = "int"
failed        = "int"
unknown       = "int"
stale         = "int"
running       = "int"
skipped       = "int"
never_started = "int"
pending       = "int"

[[rule]]
kind   = "equals"
column = "unresolved"
value  = 0

[[rule]]
kind   = "equals"
column = "never_started"
value  = 0
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

counted as (
    select
        day,
        count(*) as expected,
        count(case when state <> 'pending' then 1 end) as due,
        count(case when state = 'succeeded' then 1 end) as succeeded,
        count(case when state in ('failed', 'unknown', 'stale') then 1 end) as unresolved,
        count(case when state = 'failed' then 1 end) as failed,
        count(case when state = 'unknown' then 1 end) as unknown_units,
        count(case when state = 'stale' then 1 end) as stale,
        count(case when state = 'running' then 1 end) as running,
        count(case when state = 'skipped' then 1 end) as skipped,
        count(case when state = 'never_started' then 1 end) as never_started,
        count(case when state = 'pending' then 1 end) as pending
    from unit_states
    group by day
)

select
    day,
    case
        when due = 0 then 'pending'
        when never_started = due then 'not_started'
        when skipped = due then 'skipped'
        when succeeded + skipped = due then 'complete'
        when unresolved = due then 'all_failed'
        when unresolved > 0 then 'partly_failed'
        when running > 0 then 'in_progress'
        else 'incomplete'
    end as label,
    expected,
    due,
    succeeded,
    unresolved,
    failed,
    unknown_units as unknown,
    stale,
    running,
    skipped,
    never_started,
    pending
from counted
order by day
