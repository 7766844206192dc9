/*---
title = "Labels that nobody declared, and declared ones that do not occur"
doc   = """
A query that asks for one label finds nothing once the label is retired, and never looks at the new one: no rows, no alarm.
One line for each value of a column that is not among the declared labels (`unknown`; NULL is one), and for each declared
label without a row (`absent`).
"""
decision = "which label to declare, and which writer to correct"

[params]
output = { type = "output", doc = "the output to examine" }
column = { type = "text", doc = "the column of labels" }
labels = { type = "texts", doc = "the labels that it should have" }

[columns]
output    = "text"
label     = "text?"
finding   = "text"
held_rows = "int"
first_day = "date?"
last_day  = "date?"

[[rule]]
kind  = "no_rows"
level = "warn"

[[rule]]
kind   = "one_of"
column = "finding"
values = ["absent"]
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- if not labels %}{{ fail("name the `labels` that the column should have") }}{% endif %}
{%- set no_day %}cast(null as date){% endset %}
with declared as (
    {% for label in labels %}select {{ label }} as label{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

found as (
    select
        {{ sql.text(entities.column(output, column)) }} as label,
        count(*) as held_rows,
        min({{ output.date if output.date is not none else no_day }}) as first_day,
        max({{ output.date if output.date is not none else no_day }}) as last_day
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by 1
)

select
    {{ output.name }} as output,
    coalesce(found.label, declared.label) as label,
    case when declared.label is null then 'unknown' else 'absent' end as finding,
    coalesce(found.held_rows, 0) as held_rows,
    found.first_day,
    found.last_day
from declared
full outer join found on declared.label = found.label
where declared.label is null
    or found.held_rows is null
order by finding, label nulls last
