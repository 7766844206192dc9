/*---
title = "Rows whose parent is not there"
doc   = """
One line for each entity of a key of an output for which another output, its parent, has no row: predictions of a game
that was never played, players who are in no roster. How the dates of the two relate is said, never assumed: the parent's
row has the same date, or lies up to so many days before, and then perhaps strictly before. `reason` is `absent`;
`null_entity` where a column is NULL; `no_parents` where the parent has no rows at all; and `nothing_matches` where not one
row has a parent: then the two most likely write their ids in different ways, and nothing is known of orphans.
"""
decision = "which parents to load, or which rows to remove"

[params]
output          = { type = "output", doc = "the output whose rows need a parent" }
parent          = { type = "output", doc = "the output that holds the parents" }
by              = { type = "texts", doc = "the columns that name an entity, in both" }
within_days     = { type = "int", default = 0, doc = "how many days before the row its parent may be" }
strictly_before = { type = "bool", default = false, doc = "whether the parent must be of an earlier date" }

[columns]
key       = "key"
entity    = "text?"
held_rows = "int"
reason    = "text"

[[rule]]
kind  = "no_rows"
level = "fail"

[[rule]]
kind   = "one_of"
column = "reason"
values = ["absent", "null_entity"]
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- set dated = output.date is not none and parent.date is not none %}
{%- set shared = shared_key(output, parent) | rejectattr("is_date") | list %}
{%- set first_day = sql.nth_day(scope.start, -within_days, 1) %}
{%- if within_days < 0 %}{{ fail("`within_days` is not negative: a parent is not younger than its rows") }}{% endif %}
{%- if not dated and (within_days > 0 or strictly_before) %}{{ fail("a number of days needs a date in the keys of `" ~ output.name ~ "` and `" ~ parent.name ~ "`") }}{% endif %}
{%- if strictly_before and within_days == 0 %}{{ fail("say with `within_days` how far before its rows a parent may be") }}{% endif %}
{%- if not by and not shared and not dated %}{{ fail("nothing says which rows belong together: name columns with `by`") }}{% endif %}
with children as (
{{ entities.held(output, output.key, by, scope) }}
),

parents as (
    select distinct
        {% if dated %}{{ parent.date }} as parent_dated,
        {% endif -%}
        {% for key in shared %}{{ key.other_source }} as {{ key.name | ident }},
        {% endfor -%}
        {{ entities.entity(parent, by) }} as entity
    from {{ parent.table | table }}
    {{ coverage.in_scope({"date": parent.date, "ranges": [], "null_keys": false, "filter": parent.filter}, {"start": first_day, "end": scope.end, "others": []}) }}
),

found as (
    select distinct
        {% for column in output.key %}children.{{ column.name | ident }},
        {% endfor -%}
        children.entity
    from children
    inner join parents
        on children.entity = parents.entity
        {%- for key in shared %}
        and children.{{ key.name | ident }} = parents.{{ key.name | ident }}
        {%- endfor %}{% if dated and within_days == 0 %}
        and children.{{ output.date_name | ident }} = parents.parent_dated
        {%- elif dated %}
        and parents.parent_dated >= {{ sql.nth_day("children." ~ output.date_name, -within_days, 1) }}
        and parents.parent_dated {% if strictly_before %}<{% else %}<={% endif %} children.{{ output.date_name | ident }}
        {%- endif %}
),

sizes as (
    select
        (select count(*) from parents) as parents,
        (select count(*) from found) as found
)

select
    {% for column in output.key %}children.{{ column.name | ident }},
    {% endfor -%}
    children.entity,
    children.held_rows,
    case
        when children.entity is null{% for column in output.key %} or children.{{ column.name | ident }} is null{% endfor %} then 'null_entity'
        when sizes.parents = 0 then 'no_parents'
        when sizes.found = 0 then 'nothing_matches'
        else 'absent'
    end as reason
from children
cross join sizes
left join found
    on {{ entities.same(output.key, "children", "found") }}
    and children.entity = found.entity
where found.entity is null
order by {% for column in output.key %}children.{{ column.name | ident }} nulls last, {% endfor %}children.entity nulls last
