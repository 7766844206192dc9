/*---
title = "Rows that the run ledger says were written, against the rows held"
doc   = """
One row per processor and day whose latest attempt succeeded. `ledger_rows` is what that attempt says it wrote or, where
each run adds its own (`runs_add_up`), what all successes of the day say together; NULL where one does not say.
`held_rows` are the rows of the day in all outputs of the processor.
"""
decision = "which runs to distrust, and which keys to load again"

[params]
processors  = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
runs_add_up = { type = "bool", default = false, doc = "whether each run adds rows to the day, instead of writing it whole" }

[columns]
processor   = "text"
day         = "date"
ledger_rows = "int?"
held_rows   = "int"
difference  = "int?"

[[rule]]
kind   = "equals"
column = "difference"
value  = 0
level  = "warn"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if runs is not none and runs.rows is none %}{{ fail("the run ledger counts no rows; add rows = \"...\" to [runs]") }}{% endif %}
with {{ ledger.attempts(runs, scope, processors.names, false, []) }},

{{ ledger.latest() }},

{{ units.held(processors, scope) }},

said as (
    {%- if runs_add_up %}
    select
        attempts.processor,
        attempts.day,
        case when count(attempts.row_count) = count(*) then sum(attempts.row_count) end as ledger_rows
    from attempts
    inner join latest
        on attempts.processor = latest.processor
        and attempts.day = latest.day
    where attempts.state = 'success'
        and latest.state = 'success'
    group by attempts.processor, attempts.day
    {%- else %}
    select
        processor,
        day,
        row_count as ledger_rows
    from latest
    where state = 'success'
    {%- endif %}
)

select
    said.processor,
    said.day,
    said.ledger_rows,
    coalesce(held_units.held_rows, 0) as held_rows,
    said.ledger_rows - coalesce(held_units.held_rows, 0) as difference
from said
left join held_units
    on said.processor = held_units.processor
    and said.day = held_units.day
order by said.processor, said.day
