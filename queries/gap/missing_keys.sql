/*---
title = "Keys that an output should hold and does not"
doc   = """
One row per key of the spine that is due and has no rows. Keys that are not expected or not due yet are not listed, and
neither are those with rows of which something is wrong: `quality/coverage` tells them all.
"""
decision = "what to run: this is the work list"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }

[columns]
output    = "text"
key       = "key"
days_late = "int?"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- set day = outputs[0].date_name %}
with {{ coverage.chain(outputs, scope) }}

select
    output,
    {% for column in outputs[0].key %}{{ column.name | ident }},
    {% endfor -%}
    {% if day is none %}cast(null as bigint){% else %}{{ sql.days_between(day, scope.as_of_date) }}{% endif %} as days_late
from classed
where class = 'missing'
order by output{% for column in outputs[0].key %}, {{ column.name | ident }}{% endfor %}
