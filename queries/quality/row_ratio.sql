/*---
title = "Keys whose rows are out of proportion to their weight"
doc   = """
A date with one game has fewer rows than one with eleven, and both are complete: what counts is rows for each game. One
line for each due key whose rows, divided by its weight, are not within bounds of the median of all keys with rows. Keys
without rows have the ratio 0; where no key has rows, or a weight is NULL or 0, there is no ratio and the key is listed.
"""
decision = "which keys to look into although they have rows enough"

[params]
output  = { type = "output", doc = "the output to examine" }
per     = { type = "text?", doc = "the weight of the spine; the output's `rows.per` if not given, and 1 if it has none" }
lowest  = { type = "number", doc = "the least ratio to the usual, as 0.8" }
highest = { type = "number", doc = "the greatest, as 1.25" }

[columns]
output     = "text"
key        = "key"
held_rows  = "int"
weight     = "number?"
usual_rate = "number?"
ratio      = "number?"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "entities" as entities %}
{%- set weight = per if per is not none else output.rows.per %}
{%- set known = output.spine.weights | map(attribute="name") | list %}
{%- if weight is not none and weight not in known %}{{ fail("the spine of `" ~ output.name ~ "` has no weight \"" ~ weight ~ "\"") }}{% endif %}
with {{ entities.spine_steps([output], scope) -}}
weighed as (
    select
        {% for column in output.key %}due.{{ column.name | ident }},
        {% endfor -%}
        coalesce(held.held_rows, 0) as held_rows,
        {% if weight is none %}1{% else %}due.{{ weight | ident }}{% endif %} as weight
    from (
{{ entities.due(output, scope) }}
    ) as due
    left join (
{{ entities.held(output, output.key, [], scope) }}
    ) as held on {{ entities.same(output.key, "due", "held") }}
),

rates as (
    select
        weighed.*,
        1.0 * held_rows / nullif(weight, 0) as rate
    from weighed
),

usual as (
    select {{ sql.median("rate") }} as usual_rate
    from rates
    where held_rows > 0
),

compared as (
    select
        rates.*,
        usual.usual_rate,
        rates.rate / nullif(usual.usual_rate, 0) as ratio
    from rates
    cross join usual
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    held_rows,
    weight,
    usual_rate,
    ratio
from compared
where (ratio >= {{ lowest }} and ratio <= {{ highest }}) is not true
order by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
