/*---
title = "Failures grouped by what their messages have in common"
doc   = """
Messages are compared in lower case without what differs from run to run: names in quotes, addresses and paths, times,
numbers and identifiers become `?`, `<path>` and `#`, and the first 200 letters count. Attempts without a message are one
group, `(no message)`. `unresolved` are the units, a processor and a day each, whose deciding attempt is in the group.
"""
decision = "whether to stop and fix the code, or to go on and retry"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages     = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
error_group     = "text"
failed_attempts = "int"
units           = "int"
unresolved      = "int"
processors      = "int"
days            = "int"
first_failed    = "timestamp?"
last_failed     = "timestamp?"
sample_error    = "text?"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "unresolved"
value  = 0
level  = "warn"
---*/
{%- import "messages" as messages %}
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }},

step_0 as (
    select
        processor,
        day,
        recency,
        coalesce(finished, started) as failed_time,
        error,
        lower(error) as message
    from attempts
    where state in ('failed', 'unknown')
),
{{ messages.grouped(["processor", "day", "recency", "failed_time", "error"]) }},

failures as (
    select
        grouped.*,
        row_number() over (partition by processor, day, error_group order by recency) as place
    from grouped
)

select
    error_group,
    count(*) as failed_attempts,
    count(case when place = 1 then 1 end) as units,
    count(case when recency = 1 then 1 end) as unresolved,
    count(distinct processor) as processors,
    count(distinct day) as days,
    min(failed_time) as first_failed,
    max(failed_time) as last_failed,
    min(error) as sample_error
from failures
group by error_group
order by error_group
