/*---
title = "Runs that never wrote their end"
doc   = """
One row per run that has written its start and no end, and is older than `stale_after_minutes`: it died, or its last row
was lost. A run with an end is never listed, whatever became of the row of its start. `superseded` ones have a later
attempt at the same processor and day, so nothing hangs on them; the others are unresolved.
"""
decision = "which runs to declare dead and start again"

[params]
processors          = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages              = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor   = "text?"
day         = "date"
run         = "text?"
started     = "timestamp?"
age_minutes = "int?"
superseded  = "bool"

[[rule]]
kind  = "no_rows"
level = "warn"

[[rule]]
kind   = "equals"
column = "superseded"
value  = true
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }}

select
    processor,
    day,
    run,
    started,
    cast(floor({{ sql.seconds_between("started", runs.as_of) }} / 60.0) as bigint) as age_minutes,
    recency > 1 as superseded
from attempts
where state = 'running'
    and {{ ledger.is_stale(runs, stale_after_minutes) }}
order by processor, day, run
