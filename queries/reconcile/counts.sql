/*---
title = "Keys at which outputs do not count the same entities"
doc   = """
Phases that hand the same players, games or teams on must count the same of them. One line for each key that two outputs
should hold by now and at which their numbers of distinct entities (or of rows, if no column is named) are further apart
than allowed. A key without rows counts 0. Equal numbers do not prove equal names: `reconcile/population` compares those.
"""
decision = "which output lost entities, and where"

[params]
output    = { type = "output", doc = "the output to compare" }
others    = { type = "upstreams", doc = "the outputs to compare it with; those that it comes after if none is named" }
by        = { type = "texts", default = [], doc = "the columns that name an entity, in all of them; rows are counted if none is named" }
tolerance = { type = "int", default = 0, doc = "how far apart the numbers may be" }

[columns]
output         = "text"
other          = "text"
key            = "key"
entities       = "int"
other_entities = "int"
difference     = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "entities" as entities %}
{{- entities.demand_upstreams(output, others) }}
{%- for other in others %}{{ entities.demand_shared(output, other) }}{% endfor %}
with {{ entities.spine_steps([output] + others, scope) -}}
{% for other in others %}
{%- set shared = shared_key(output, other) %}
{%- set n = loop.index %}
{{ ("compared_" ~ n) | ident }} as (
    select
        {{ entities.key_list(output, shared, "due") -}}
        {{ other.name }} as other,
        coalesce(own.entities, 0) as entities,
        coalesce(there.entities, 0) as other_entities
    from (
{{ entities.due_shared(output, shared, scope) }}
    ) as due
    inner join (
{{ entities.due_shared(other, shared, scope, true) }}
    ) as other_due on {{ entities.same(shared, "due", "other_due") }}
    left join (
        select
            {% for key in shared %}{{ key.name | ident }},
            {% endfor -%}
            {% if by %}count(entity){% else %}sum(held_rows){% endif %} as entities
        from (
{{ entities.held(output, shared, by, scope) }}
        ) as own_rows
        group by {% for key in shared %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
    ) as own on {{ entities.same(shared, "due", "own") }}
    left join (
        select
            {% for key in shared %}{{ key.name | ident }},
            {% endfor -%}
            {% if by %}count(entity){% else %}sum(held_rows){% endif %} as entities
        from (
{{ entities.held(other, shared, by, scope, true) }}
        ) as other_rows
        group by {% for key in shared %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
    ) as there on {{ entities.same(shared, "due", "there") }}
),
{% endfor %}
compared as (
    {% for other in others %}select * from {{ ("compared_" ~ loop.index) | ident }}{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
)

select
    {{ output.name }} as output,
    other,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    entities,
    other_entities,
    entities - other_entities as difference
from compared
where abs(entities - other_entities) > {{ tolerance }}
order by other, {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
