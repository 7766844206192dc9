/*---
title = "Units whose latest attempt did not succeed"
doc   = """
A unit is a processor and a day. Its latest attempt decides, whatever came before: a failure after a success is listed
(`succeeded_before`), a failure before a success is not, and a skip decides nothing. A run that never wrote its end is
listed once it is older than `stale_after_minutes`. A status that the project does not map, or NULL, is `unknown`.
"""
decision = "which failures still need somebody"

[params]
processors          = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages              = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
processor        = "text?"
day              = "date"
state            = "text"
attempts         = "int"
succeeded_before = "bool"
last_started     = "timestamp?"
category         = "text?"
error            = "text?"

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
    state,
    attempt_count as attempts,
    success_count > 0 as succeeded_before,
    started as last_started,
    category,
    error
from latest
where {{ ledger.is_unresolved(runs, stale_after_minutes) }}
order by processor, day
