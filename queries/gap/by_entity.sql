/*---
title = "Keys at which entities are missing: how many of those expected an output holds"
doc   = """
A key with one row of 187 is present and yet missing. Which entities (games, teams, players) each key should hold is read
from the rows of another output. One line for each due key at which not all of them are held, at which others are, or
for which the other output names none, so that nothing can be said. `reconcile/population` lists them by name.
"""
decision = "which keys to fill in, entity by entity"

[params]
output   = { type = "output", doc = "the output to examine" }
of       = { type = "output", doc = "the output whose rows name the entities of each key" }
by       = { type = "texts", doc = "the columns that name an entity, in both" }
where    = { type = "expression?", doc = "which rows of the other output count, as \"minutes > 0\"; all if not given" }
at_least = { type = "number", default = 1, doc = "the least share of the expected entities" }

[columns]
output            = "text"
key               = "key"
expected_entities = "int"
held_entities     = "int"
missing_entities  = "int"
other_entities    = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind     = "share"
column   = "held_entities"
of       = "expected_entities"
at_least = { param = "at_least" }
level    = "fail"

[[rule]]
kind   = "equals"
column = "other_entities"
value  = 0
level  = "warn"

[retry]
key = ["output", "key"]
---*/
{%- import "entities" as entities %}
{%- set shared = shared_key(output, of) %}
{{- entities.demand_shared(output, of) }}
with {{ entities.spine_steps([output], scope) -}}
due as (
{{ entities.due(output, scope) }}
),

held as (
{{ entities.held(output, output.key, by, scope) }}
),

named as (
{{ entities.held_counting(of, shared, by, where, scope, true) }}
),

expected as (
    select
        {% for column in output.key %}due.{{ column.name | ident }},
        {% endfor -%}
        count(named.counts) as expected_entities,
        count(held.held_rows) as held_entities
    from due
    left join named
        on {{ entities.same(shared, "due", "named") }}
        and named.counts = 1
    left join held
        on {{ entities.same(output.key, "due", "held") }}
        and named.entity = held.entity
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
),

others as (
    select
        {% for column in output.key %}held.{{ column.name | ident }},
        {% endfor -%}
        count(*) as other_entities
    from held
    left join named
        on {{ entities.same(shared, "held", "named") }}
        and held.entity = named.entity
    where named.counts is null
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}expected.{{ column.name | ident }},
    {% endfor -%}
    expected.expected_entities,
    expected.held_entities,
    expected.expected_entities - expected.held_entities as missing_entities,
    coalesce(others.other_entities, 0) as other_entities
from expected
left join others on {{ entities.same(output.key, "expected", "others") }}
where expected.held_entities < expected.expected_entities
    or expected.expected_entities = 0
    or others.other_entities > 0
order by {% for column in output.key %}expected.{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
