/*---
title = "Runs that succeeded with nothing, and what the data says"
doc   = """
One row per run that says it succeeded and wrote no rows. `reconciled` compares it with the outputs of its processor on
that day: `no_rows`, the day is expected and the data has none, so they are lost; `not_due`, the same before they are due;
`rows_held`, there are rows, so the count is wrong or another run wrote them; `not_expected`, nothing should be there. A
run that says nothing of its rows is not listed.
"""
decision = "which empty successes are true, and which lost their rows"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
processor  = "text"
day        = "date"
run        = "text?"
finished   = "timestamp?"
held_rows  = "int"
reconciled = "text"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "one_of"
column = "reconciled"
values = ["rows_held", "not_expected", "not_due"]
level  = "fail"

[retry]
key = ["processor", "day"]
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if runs is not none and runs.rows is none %}{{ fail("the run ledger counts no rows; add rows = \"...\" to [runs]") }}{% endif %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ units.expected(processors, scope, "") }},

{{ units.held(processors, scope) }}

select
    attempts.processor,
    attempts.day,
    attempts.run,
    attempts.finished,
    coalesce(held_units.held_rows, 0) as held_rows,
    case
        when held_units.held_rows > 0 then 'rows_held'
        when expected_units.not_due = 0 then 'no_rows'
        when expected_units.not_due = 1 then 'not_due'
        else 'not_expected'
    end as reconciled
from attempts
left join expected_units
    on attempts.processor = expected_units.processor
    and attempts.day = expected_units.day
left join held_units
    on attempts.processor = held_units.processor
    and attempts.day = held_units.day
where attempts.state = 'success'
    and attempts.row_count = 0
order by attempts.processor, attempts.day, attempts.run
