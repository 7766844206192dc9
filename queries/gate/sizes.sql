/*---
title = "Groups of a key whose number of rows is wrong"
doc   = """
Exactly two teams a game, at least eight players a team, three officials a game: one line for each group of a key that has
fewer or more rows than it may. What a group is, and what is counted in it, is said: a bound for each game is not one for
each team of a game. A group without any row is in no table to be counted: `gap/by_entity` finds it.
"""
decision = "which groups, such as the teams of a game, to load again"

[params]
output  = { type = "output", doc = "the output to examine" }
by      = { type = "texts", doc = "the columns that make up a group within a key" }
of      = { type = "texts", default = [], doc = "counts the distinct values of these columns instead of rows" }
where   = { type = "expression?", doc = "which rows count, as \"season_type = 'playoffs'\"" }
least   = { type = "int?", doc = "the fewest" }
most    = { type = "int?", doc = "the most" }

[columns]
output   = "text"
key      = "key"
group_id = "text?"
size     = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- if least is none and most is none %}{{ fail("give `least`, `most` or both") }}{% endif %}
{%- if least is not none and most is not none and least > most %}{{ fail("`least` is above `most`") }}{% endif %}
{%- set size %}{% if of %}count(distinct counted){% else %}count(*){% endif %}{% endset %}
with scanned as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        {{ entities.entity(output, by) }} as group_id,
        {{ entities.entity(output, of) }} as counted,
        case when {% if where is none %}1 = 1{% else %}{{ where }}{% endif %} then 1 else 0 end as counts
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    group_id,
    {{ size }} as size
from scanned
where counts = 1
group by {% for column in output.key %}{{ column.name | ident }}, {% endfor %}group_id
having {% if least is not none %}{{ size }} < {{ least }}{% endif %}{% if least is not none and most is not none %}
    or {% endif %}{% if most is not none %}{{ size }} > {{ most }}{% endif %}
order by {% for column in output.key %}{{ column.name | ident }}, {% endfor %}group_id
