/*---
title = "Failures that a later success has settled"
doc   = """
One row per processor and day whose latest attempt succeeded after earlier ones had failed: history, and nothing to do.
`category` and `error` are those of the last failure.
"""
decision = "which failures need nobody any more"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages     = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
processor       = "text?"
day             = "date"
failed_attempts = "int"
last_failed     = "timestamp?"
last_success    = "timestamp?"
category        = "text?"
error           = "text?"
---*/
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }},

settled as (
    select
        attempts.*,
        max(case when recency = 1 then state end) over (partition by processor, day) as unit_state
    from attempts
),

failures as (
    select
        settled.*,
        count(*) over (partition by processor, day) as failed_attempts,
        row_number() over (partition by processor, day order by recency) as place
    from settled
    where unit_state = 'success'
        and state in ('failed', 'unknown')
)

select
    processor,
    day,
    failed_attempts,
    coalesce(finished, started) as last_failed,
    last_success,
    category,
    error
from failures
where place = 1
order by processor, day
