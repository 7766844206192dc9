/*---
title = "The last success of each processor, and what happened since"
doc   = """
One row per processor of the catalogue, also if it never succeeded, so that a busy one does not hide a dead one. `day`,
`row_count` and `seconds` are those of its last success, `age_minutes` is how long ago that ended. `attempts_since` and
`failures_since` count the attempts that ended after it, or began and have not ended.
"""
decision = "whether every processor is alive"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor      = "text"
last_success   = "timestamp?"
age_minutes    = "int?"
day            = "date?"
row_count      = "int?"
seconds        = "int?"
attempts_since = "int"
failures_since = "int"

[[rule]]
kind    = "not_null"
columns = ["last_success"]
level   = "warn"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ units.asked(processors) }},

{{ units.last_successes() }},

{{ units.after_success(runs, stale_after_minutes) }}

select
    asked.processor,
    last_successes.ended as last_success,
    cast(floor({{ sql.seconds_between("last_successes.ended", runs.as_of) }} / 60.0) as bigint) as age_minutes,
    last_successes.day,
    last_successes.row_count,
    {{ sql.seconds_between("last_successes.started", "last_successes.finished") }} as seconds,
    coalesce(after_success.attempts, 0) as attempts_since,
    coalesce(after_success.failures, 0) as failures_since
from asked
left join last_successes on asked.processor = last_successes.processor
left join after_success on asked.processor = after_success.processor
order by asked.processor
