/*---
title = "Processors that left units unstarted"
doc   = """
One row per processor of the catalogue that has units without a run in the ledger, although they are due and no skip says
why. `never_started` equal to `due` means that the processor never ran at all, or that the ledger knows it by another name
(`ledger/processors`). `recovery/never_attempted` lists the units.
"""
decision = "whether to start what never ran, or to correct a name"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
processor     = "text"
due           = "int"
never_started = "int"
first_day     = "date"
last_day      = "date"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, 0) }},

counted as (
    select
        processor,
        count(case when state <> 'pending' then 1 end) as due,
        count(case when state = 'never_started' then 1 end) as never_started,
        min(case when state = 'never_started' then day end) as first_day,
        max(case when state = 'never_started' then day end) as last_day
    from unit_states
    group by processor
)

select
    processor,
    due,
    never_started,
    first_day,
    last_day
from counted
where never_started > 0
order by processor
