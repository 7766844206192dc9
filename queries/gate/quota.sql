/*---
title = "What the warehouse has been asked for lately: jobs, bytes and slots"
doc   = """
One line about the last hours before the question: how many jobs were started, how many are still running, what they have
read, and the slot hours that they took. Give a bound for what may not be exceeded when a run starts. Engines that keep a
list of jobs are asked for it; for others, name a table with the columns state, started_at, bytes_billed and slot_ms.
"""
decision = "whether there is room for a backfill now"

[params]
hours           = { type = "int", default = 24, doc = "how many hours to look back" }
region          = { type = "text", default = "region-us", doc = "where the jobs ran, as region-us" }
jobs            = { type = "text?", doc = "a table of jobs; the engine's own list if not given" }
most_running    = { type = "int?", doc = "the most jobs that may be running" }
most_bytes      = { type = "number?", doc = "the most bytes that may have been billed" }
most_slot_hours = { type = "number?", doc = "the most slot hours" }

[columns]
jobs         = "int"
running      = "int"
bytes_billed = "int"
slot_hours   = "number"

[[rule]]
kind   = "at_most"
column = "running"
value  = { param = "most_running" }
level  = "fail"

[[rule]]
kind   = "at_most"
column = "bytes_billed"
value  = { param = "most_bytes" }
level  = "fail"

[[rule]]
kind   = "at_most"
column = "slot_hours"
value  = { param = "most_slot_hours" }
level  = "fail"
---*/
{%- import "dialect" as sql %}
with listed as (
    select
        state,
        started_at,
        bytes_billed,
        slot_ms
    from {% if jobs is none %}{{ sql.jobs(region, scope.as_of, hours) }} as engine_jobs{% else %}{{ jobs | table }} as given_jobs{% endif %}
),

recent as (
    select *
    from listed
    where {{ sql.seconds_between("started_at", scope.as_of) }} between 0 and {{ hours * 3600 }}
)

select
    count(*) as jobs,
    count(case when state = 'running' then 1 end) as running,
    coalesce(sum(bytes_billed), 0) as bytes_billed,
    coalesce(sum(slot_ms), 0) / 3600000.0 as slot_hours
from recent
