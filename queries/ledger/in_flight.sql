/*---
title = "Runs that are under way"
doc   = """
One row per run that has written its start and no end, and is not older than `stale_after_minutes`. Before a backfill
starts there should be none. Older ones are taken for dead: `ledger/stale_runs`.
"""
decision = "whether to wait before the next run is started"

[params]
processors          = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages              = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor   = "text?"
day         = "date"
run         = "text?"
started     = "timestamp"
age_minutes = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, false, stages) }}

select
    processor,
    day,
    run,
    started,
    cast(floor({{ sql.seconds_between("started", runs.as_of) }} / 60.0) as bigint) as age_minutes
from attempts
where state = 'running'
    and not {{ ledger.is_stale(runs, stale_after_minutes) }}
order by processor, day, run
