/*---
title = "Keys that an output holds although one of its upstreams does not"
doc   = """
What was made from rows that are not there was made from something else, or the rows went away since. One line for each
key of the spine and each upstream that should hold it by now and does not. Keys that an upstream is not expected to
hold, as where its rows are purged, are no violation.
"""
decision = "which keys were made from nothing and must be made again"

[params]
output    = { type = "output", doc = "the output to examine" }
upstreams = { type = "upstreams", doc = "the outputs that it is made from" }

[columns]
output    = "text"
key       = "key"
upstream  = "text"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "entities" as entities %}
{{- entities.demand_upstreams(output, upstreams) }}
{%- for upstream in upstreams %}{{ entities.demand_shared(output, upstream) }}{% endfor %}
with {{ entities.spine_steps(upstreams, scope) -}}
held as (
{{ entities.held(output, output.key, [], scope) }}
),
{% for upstream in upstreams %}
{%- set shared = shared_key(output, upstream) %}
{{ ("upstream_due_" ~ loop.index) | ident }} as (
{{ entities.due_shared(upstream, shared, scope, true) }}
),

{{ ("upstream_held_" ~ loop.index) | ident }} as (
{{ entities.held(upstream, shared, [], scope, true) }}
),
{% endfor %}
violations as (
    {% for upstream in upstreams %}
    {%- set shared = shared_key(output, upstream) %}
    {%- set due = "upstream_due_" ~ loop.index %}{% set there = "upstream_held_" ~ loop.index %}
    select
        {% for column in output.key %}held.{{ column.name | ident }},
        {% endfor -%}
        {{ upstream.name }} as upstream,
        held.held_rows
    from held
    inner join {{ due | ident }} on {{ entities.same(shared, "held", due) }}
    left join {{ there | ident }} on {{ entities.same(shared, "held", there) }}
    where {{ there | ident }}.held_rows is null
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    upstream,
    held_rows
from violations
order by {% for column in output.key %}{{ column.name | ident }}, {% endfor %}upstream
