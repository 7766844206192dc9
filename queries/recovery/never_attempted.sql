/*---
title = "Units that were never tried"
doc   = """
One row per processor and day that the catalogue expects, that is due, and of which the ledger has no run; a skip on record
is reason enough not to be listed. `days_late` counts from its day. With `recovery/units` it is all that is left to do.
"""
decision = "what to start for the first time"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
processor = "text"
day       = "date"
days_late = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["processor", "day"]
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

{{ units.states(runs, 0) }}

select
    processor,
    day,
    {{ sql.days_between("day", scope.as_of_date) }} as days_late
from unit_states
where state = 'never_started'
order by processor, day
