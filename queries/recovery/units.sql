/*---
title = "Units to run again, and how often that was tried"
doc   = """
One row per processor and day whose latest attempt did not succeed, as in `failure/unresolved`. `failures` are the attempts
that failed since it last succeeded, dead runs included; `attempts` are all of them, and a run is one however many rows it
wrote. From `cap` failures on it is `exhausted`: another try needs a decision. `next_try` is `wait_minutes` after the
latest attempt ended. `failure_class` is what [runs] category makes of the category. `recovery/never_attempted` has the
units without any run; together they are all that is left to do.
"""
decision = "what to run again, and what to give up on for now"

[params]
processors          = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages              = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }
cap                 = { type = "int", default = 3, doc = "how many failures use up the tries of a unit" }
wait_minutes        = { type = "int", default = 0, doc = "how long to wait after a failure" }

[columns]
processor     = "text?"
day           = "date"
state         = "text"
failures      = "int"
attempts      = "int"
exhausted     = "bool"
last_ended    = "timestamp?"
next_try      = "timestamp?"
category      = "text?"
failure_class = "text?"
error         = "text?"

[[rule]]
kind  = "no_rows"
level = "fail"

[[rule]]
kind   = "equals"
column = "exhausted"
value  = false
level  = "fail"

[retry]
key = ["processor", "day"]
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- set ended %}coalesce(finished, started){% endset %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }},

{{ ledger.tries() }}

select
    processor,
    day,
    state,
    failures,
    attempt_count as attempts,
    failures >= {{ cap }} as exhausted,
    coalesce(finished, started) as last_ended,
    {{ sql.plus_seconds(ended, 60 * wait_minutes) }} as next_try,
    category,
    failure_class,
    error
from tries
where recency = 1
    and {{ ledger.is_unresolved(runs, stale_after_minutes) }}
order by processor, day
