/*---
title = "What still stands, and what to do about each"
doc   = """
One row per processor and day whose latest attempt did not succeed, as in `failure/unresolved`. `action` is what [runs]
makes of the class of its category: `retry`, `upstream` (mend first what it reads), `stop` (a fault that another try meets
again), `permanent` or `expected`. A category that is NULL or not mapped, and a status that is not, are `triage`: never
tried again before somebody has looked. A run that never wrote its end has no category and can be tried again. From `cap`
failures since the last success on, what could be retried is to `stop` too. `error_group` is what its message has in
common with others, as in `failure/error_groups`.
"""
decision = "what to stop and fix, what to fix upstream first, what to retry, and what to leave"

[params]
processors          = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages              = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }
cap                 = { type = "int", default = 3, doc = "how many failures use up the tries of a unit" }
wait_minutes        = { type = "int", default = 0, doc = "how long to wait after a failure" }

[columns]
processor        = "text?"
day              = "date"
state            = "text"
action           = "text"
failures         = "int"
attempts         = "int"
succeeded_before = "bool"
next_try         = "timestamp?"
category         = "text?"
failure_class    = "text?"
error_group      = "text"
error            = "text?"

[[rule]]
kind   = "one_of"
column = "action"
values = ["expected", "retry"]
level  = "fail"

[[rule]]
kind   = "one_of"
column = "action"
values = ["expected"]
level  = "warn"

[[rule]]
kind = "row_count"
min  = 0

[retry]
key = ["processor", "day"]
---*/
{%- import "dialect" as sql %}
{%- import "messages" as messages %}
{%- import "runs" as ledger %}
{%- set ended %}coalesce(finished, started){% endset %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }},

{{ ledger.tries() }},

step_0 as (
    select
        processor,
        day,
        state,
        failures,
        attempt_count,
        success_count,
        {{ sql.plus_seconds(ended, 60 * wait_minutes) }} as next_try,
        nullif(category, '') as category,
        failure_class,
        error,
        lower(error) as message
    from tries
    where recency = 1
        and {{ ledger.is_unresolved(runs, stale_after_minutes) }}
),

{{ messages.grouped(["processor", "day", "state", "failures", "attempt_count", "success_count", "next_try", "category", "failure_class", "error"]) }},

judged as (
    select
        grouped.*,
        case
            when state = 'running' then 'retry'
            when state = 'unknown' then 'triage'
            {%- for declared in runs.actions %}
            when failure_class = {{ declared.class }} then {{ declared.action }}
            {%- endfor %}
            else 'triage'
        end as class_action
    from grouped
)

select
    processor,
    day,
    state,
    case when class_action = 'retry' and failures >= {{ cap }} then 'stop' else class_action end as action,
    failures,
    attempt_count as attempts,
    success_count > 0 as succeeded_before,
    next_try,
    category,
    failure_class,
    error_group,
    error
from judged
order by case when processor is null then 1 else 0 end, processor, day
