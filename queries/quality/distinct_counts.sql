/*---
title = "How many different entities an output holds by period"
doc   = """
One line for each period in which the output should hold something, also where it holds nothing: its rows, and how many
distinct entities (players, teams) they are of. NULL is no entity.
"""
decision = "whether a whole group of entities was lost"

[params]
output   = { type = "output", doc = "the output to examine" }
entity   = { type = "texts", doc = "the columns that name an entity" }
by       = { type = "text", default = "season", doc = "all, season, year, month or day" }
at_least = { type = "int", default = 1, doc = "the fewest that a period may have" }
at_most  = { type = "int?", doc = "the most" }

[columns]
output    = "text"
period    = "text"
held_rows = "int"
entities  = "int"

[[rule]]
kind   = "at_least"
column = "entities"
value  = { param = "at_least" }
level  = "fail"

[[rule]]
kind   = "at_most"
column = "entities"
value  = { param = "at_most" }
level  = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- import "periods" as periods %}
{%- if not entity %}{{ fail("name the columns of an `entity`") }}{% endif %}
with {{ entities.spine_steps([output], scope) -}}
due_periods as (
{{ periods.due_periods(output, by, scope) }}
),

scanned as (
    select
        {{ periods.period_of(output.date, by, scope) }} as period,
        {{ entities.entity(output, entity) }} as entity
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

counted as (
    select
        period,
        count(*) as held_rows,
        count(distinct entity) as entities
    from scanned
    group by period
)

select
    {{ output.name }} as output,
    due_periods.period,
    coalesce(counted.held_rows, 0) as held_rows,
    coalesce(counted.entities, 0) as entities
from due_periods
left join counted on due_periods.period = counted.period
order by due_periods.period
