/*---
title = "How often each unit was tried, and how the latest attempt ended"
doc   = """
One row per processor and day of the run ledger. A run with a row at its start and one at its end is one attempt, a skip
is none; `last_state` is `skipped` only where nothing else was ever tried.
"""
decision = "what was tried how often"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
processor    = "text?"
day          = "date"
attempts     = "int"
last_state   = "text"
last_started = "timestamp?"
---*/
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, []) }},

{{ ledger.latest() }}

select
    processor,
    day,
    attempt_count as attempts,
    state as last_state,
    started as last_started
from latest
order by processor, day
