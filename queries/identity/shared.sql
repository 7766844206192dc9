/*---
title = "Identities that stand for more than one thing"
doc   = """
An identity, such as a version or an id, should name one thing only. One row per value of the identity columns that
occurs with several values of the others; both are shown as text, joined by '/'. NULL counts as a value.
"""
decision = "which identity to split before anything is read by it"

[params]
output   = { type = "output", doc = "the output to examine" }
identity = { type = "texts", doc = "the columns that together name a thing" }
of       = { type = "texts", doc = "the columns that make out a thing" }

[columns]
output      = "text"
identity    = "text"
things      = "int"
first_thing = "text"
last_thing  = "text"
held_rows   = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- set names = namespace(identity=[], thing=[]) %}
{%- for column in identity %}{% set names.identity = names.identity + ["identity_" ~ loop.index] %}{% endfor %}
{%- for column in of %}{% set names.thing = names.thing + ["thing_" ~ loop.index] %}{% endfor %}
with named as (
    select
        {% for column in identity %}{{ column | ident }} as {{ names.identity[loop.index0] | ident }},
        {% endfor -%}
        {% for column in of %}{{ column | ident }} as {{ names.thing[loop.index0] | ident }},
        {% endfor -%}
        count(*) as held_rows
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {{ cadence.positions(identity | length + of | length) }}
),

described as (
    select
        named.*,
        {{ cadence.joined(names.thing) }} as thing
    from named
)

select
    {{ output.name }} as output,
    {{ cadence.joined(names.identity) }} as identity,
    count(*) as things,
    min(thing) as first_thing,
    max(thing) as last_thing,
    sum(held_rows) as held_rows
from described
group by {% for name in names.identity %}{{ name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
having count(*) > 1
order by identity
