/*---
title = "Units that had succeeded and failed since"
doc   = """
One row per processor and day whose latest attempt failed (or ended in a status that the project does not map) although
an earlier one succeeded. The rows of the success may be gone or half replaced. They are unresolved like any other.
"""
decision = "which units broke after they were done, and so what changed since"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages     = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
processor    = "text?"
day          = "date"
attempts     = "int"
last_success = "timestamp?"
failed_start = "timestamp?"
category     = "text?"
error        = "text?"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["processor", "day"]
---*/
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }},

{{ ledger.latest() }}

select
    processor,
    day,
    attempt_count as attempts,
    last_success,
    started as failed_start,
    category,
    error
from latest
where state in ('failed', 'unknown')
    and success_count > 0
order by processor, day
