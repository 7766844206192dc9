/*---
title = "Keys that are not level: which outputs hold them and which do not"
doc   = """
One line for each output and each key at which at least one of the outputs is not as it should be, in the order of the
stages: outputs that hold the key stand beside those that do not, and an output without any row has all of its lines.
Keys at which every output is ok, not expected or not due yet are left out.
"""
decision = "which output of a stage is behind its sisters"

[params]
outputs = { type = "outputs", doc = "the outputs to set side by side; they share a spine" }

[columns]
key       = "key"
stage     = "text"
output    = "text"
class     = "text"
held_rows = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "one_of"
column = "class"
values = ["ok", "pending", "not_expected"]
level  = "fail"
---*/
{%- import "coverage" as coverage %}
{%- set key = outputs[0].key %}
with {{ coverage.chain(outputs, scope) }},

members as (
    {% for output in outputs %}select {{ output.name }} as output, {{ output.stage }} as stage, {{ output.stage_position }} as stage_position{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

lines as (
    select
        {% for column in key %}classed.{{ column.name | ident }},
        {% endfor -%}
        members.stage,
        members.stage_position,
        classed.output,
        classed.class,
        classed.held_rows,
        max(case when classed.class in ('ok', 'pending', 'not_expected') then 0 else 1 end) over (
            partition by {% for column in key %}classed.{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
        ) as any_fault
    from classed
    inner join members on classed.output = members.output
    where classed.class not in ('extra', 'null_key')
)

select
    {% for column in key %}{{ column.name | ident }},
    {% endfor -%}
    stage,
    output,
    class,
    held_rows
from lines
where any_fault = 1
order by {% for column in key %}{{ column.name | ident }}, {% endfor %}stage_position, output
