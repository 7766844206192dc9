/*---
title = "Gaps as ranges: runs of keys that follow one another in the spine"
doc   = """
One row per run of keys of the given classes: the key with its first date, the last date, and how many keys the run has.
What counts is the order of the spine, so days off do not split a run. Keys without a date have a row each.
"""
decision = "which ranges to give to one command each"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }
classes = { type = "texts", default = ["missing"], doc = "the classes whose keys make up the runs" }

[columns]
output   = "text"
key      = "key"
last_day = "date?"
keys     = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "coverage" as coverage %}
{%- set known = ["ok", "not_expected", "pending", "invalid", "null", "partial", "excess", "duplicate", "missing"] %}
{%- for class in classes %}{% if class not in known %}{{ fail("no key of the spine can be of class \"" ~ class ~ "\"") }}{% endif %}{% endfor %}
{%- set key = outputs[0].key %}
{%- set day = outputs[0].date_name %}
with {{ coverage.chain(outputs, scope) }},

islands as (
    select
        output,
        {% for column in key %}{{ column.name | ident }},
        {% endfor -%}
        position - row_number() over (
            partition by output{% for column in key %}{% if not column.is_date %}, {{ column.name | ident }}{% endif %}{% endfor %}
            order by position
        ) as island
    from classed
    where class in {{ classes | literals }}
)

select
    output,
    {% for column in key %}{% if column.is_date %}min({{ column.name | ident }}) as {% endif %}{{ column.name | ident }},
    {% endfor -%}
    {% if day is none %}cast(null as date){% else %}max({{ day | ident }}){% endif %} as last_day,
    count(*) as keys
from islands
group by output{% for column in key %}{% if not column.is_date %}, {{ column.name | ident }}{% endif %}{% endfor %}, island
order by 1{% for column in key %}, {{ loop.index + 1 }}{% endfor %}
