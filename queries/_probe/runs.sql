/*---
title = "How many runs the ledger has"
doc   = "The number of rows of the run ledger in scope, to tell a ledger without failures from one without runs."

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count" }
stages     = { type = "texts", default = [], doc = "the stages to look at; all if none is given" }

[columns]
runs = "int"
---*/
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }}

select count(*) as runs
from attempts
