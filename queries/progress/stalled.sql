/*---
title = "Processors that have units left and get none done"
doc   = """
One row per processor of the catalogue with units that are due and have not succeeded, which has completed no unit for
the first time in the last `minutes`, or has failed more than `failures` times since its last success. `idle_minutes` are
those since it last completed one, or since its first run; NULL means that it never ran. `running` are its runs under way.
"""
decision = "whether to stop waiting and look"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
minutes             = { type = "int", default = 10, doc = "how long a processor may take to complete a unit" }
failures            = { type = "int", default = 3, doc = "how often it may fail after its last success" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor      = "text"
remaining      = "int"
last_completed = "timestamp?"
idle_minutes   = "int?"
failures_since = "int"
running        = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- set idle_since %}coalesce(counted.last_completed, first_starts.first_start){% endset %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

{{ units.last_successes() }},

{{ units.after_success(runs, stale_after_minutes) }},

first_starts as (
    select
        processor,
        min(started) as first_start
    from attempts
    where state <> 'skipped'
    group by processor
),

counted as (
    select
        processor,
        count(case when state not in ('pending', 'succeeded') then 1 end) as remaining,
        count(case when state = 'running' then 1 end) as running,
        max(first_success) as last_completed
    from unit_states
    group by processor
),

idle as (
    select
        counted.processor,
        counted.remaining,
        counted.last_completed,
        cast(floor({{ sql.seconds_between(idle_since, runs.as_of) }} / 60.0) as bigint) as idle_minutes,
        coalesce(after_success.failures, 0) as failures_since,
        counted.running
    from counted
    left join first_starts on counted.processor = first_starts.processor
    left join after_success on counted.processor = after_success.processor
    where counted.remaining > 0
)

select
    processor,
    remaining,
    last_completed,
    idle_minutes,
    failures_since,
    running
from idle
where idle_minutes is null
    or idle_minutes >= {{ minutes }}
    or failures_since > {{ failures }}
order by processor
