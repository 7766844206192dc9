/*---
title = "Days on which anything is left to do"
doc   = """
One row per day with a unit of these processors that is unresolved (its latest attempt did not succeed, and cannot any
more) or was never tried although it is due. One processor is enough: there is no share of them that is good enough.
`recovery/units` and `recovery/never_attempted` list the units of these days.
"""
decision = "which days to give to the retry script"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
day           = "date"
unresolved    = "int"
never_started = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["day"]
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, stale_after_minutes) }},

left_over as (
    select
        day,
        1 as unresolved,
        0 as never_started
    from latest
    where {{ ledger.is_unresolved(runs, stale_after_minutes) }}
    union all
    select
        day,
        0 as unresolved,
        1 as never_started
    from unit_states
    where state = 'never_started'
)

select
    day,
    sum(unresolved) as unresolved,
    sum(never_started) as never_started
from left_over
group by day
order by day
