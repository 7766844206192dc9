/*---
title = "Rows that belong to no key of the spine"
doc   = """
One row per key that has rows and is not in the spine (`extra`), and one per key of which a column is NULL (`null_key`).
They never make up for a missing key. Days off, test rows and rows of the wrong date show here. A key that is NULL is a
fault of its own; keys outside the spine are a warning.
"""
decision = "which rows to remove or which season or spine to correct"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }

[columns]
output    = "text"
class     = "text"
key       = "key"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "warn"

[[rule]]
kind   = "one_of"
column = "class"
values = ["extra"]
level  = "fail"
---*/
{%- import "coverage" as coverage %}
{%- set key = outputs[0].key %}
with {{ coverage.chain(outputs, scope) }}

select
    output,
    class,
    {% for column in key %}{{ column.name | ident }},
    {% endfor -%}
    held_rows
from classed
where class in ('extra', 'null_key')
order by output, class{% for column in key %}, {{ column.name | ident }} nulls last{% endfor %}
