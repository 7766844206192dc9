/*---
title = "Stored values that cannot be computed again from what they are made of"
doc   = """
A rolling mean or sum is computed again for each entity from its own last rows of the source, strictly before the row's
date and of the same season, and compared with what is stored. A window that includes the row itself, that reaches into the
season before, or that was made while rows were missing, differs. One line for each row that is further off than allowed,
NULL against a value included. Where every nth key is enough, it is every nth of the spine, so that two runs agree.
"""
decision = "which rows to compute again"

[params]
output    = { type = "output", doc = "the output with the stored values" }
source    = { type = "output", doc = "the output that they are made of" }
by        = { type = "texts", doc = "the columns that name an entity, in both" }
value     = { type = "text", doc = "the stored column" }
of        = { type = "text", doc = "the column of the source" }
how       = { type = "text", default = "mean", doc = "mean or sum" }
rows      = { type = "int?", doc = "how many rows of the entity make up the window; the output's `lookback` if not given" }
tolerance = { type = "number", default = 0.02, doc = "how far off it may be, as a share of the recomputed value" }
every     = { type = "int", default = 1, doc = "looks at every nth key of the spine" }

[columns]
key         = "key"
entity      = "text?"
value       = "number?"
recomputed  = "number?"
window_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "spine" as spines %}
{%- import "entities" as entities %}
{%- import "windows" as windows %}
{{- windows.demand_dates(output, source) }}
{%- if how not in ["mean", "sum"] %}{{ fail("`how` is mean or sum, not \"" ~ how ~ "\"") }}{% endif %}
{%- if every < 1 %}{{ fail("`every` is at least 1") }}{% endif %}
{%- set shared = shared_key(output, source) | rejectattr("is_date") | list %}
with {{ entities.spine_steps([output], scope) -}}
due as (
{{ entities.due(output, scope) }}
),

kept as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        {{ entities.entity(output, by) }} as entity,
        {{ entities.column(output, value) }} as stored_value
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

asked as (
    select
        kept.*,
        due.spine_season
    from kept
    inner join due on {{ entities.same(output.key, "kept", "due") }}
    where mod(due.spine_position, {{ every }}) = 0
),

source_rows as (
    select
        {{ source.date }} as source_day,
        {% for key in shared %}{{ key.other_source }} as {{ key.name | ident }},
        {% endfor -%}
        {{ entities.entity(source, by) }} as entity,
        {{ entities.column(source, of) }} as source_value
    from {{ source.table | table }}
    {{ coverage.in_scope({"date": source.date, "ranges": [], "null_keys": false, "filter": source.filter}, {"start": windows.whole(scope), "end": scope.end, "others": scope.others}) }}
),

seasoned as (
    select
        source_rows.*,
        {{ spines.season_of("source_day", scope) }} as source_season
    from source_rows
),

numbered as (
    select
        seasoned.*,
        row_number() over (
            partition by source_season, {% for key in shared %}{{ key.name | ident }}, {% endfor %}entity
            order by source_day, source_value
        ) as place
    from seasoned
),

reached as (
    select
        {% for column in output.key %}asked.{{ column.name | ident }},
        {% endfor -%}
        asked.entity,
        asked.spine_season,
        max(numbered.place) as last_place
    from asked
    inner join numbered
        on asked.entity = numbered.entity
        and asked.spine_season = numbered.source_season
        and numbered.source_day < asked.{{ output.date_name | ident }}
        {%- for key in shared %}
        and asked.{{ key.name | ident }} = numbered.{{ key.name | ident }}
        {%- endfor %}
    group by {% for n in range(1, output.key | length + 3) %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}
),

windowed as (
    select
        {% for column in output.key %}reached.{{ column.name | ident }},
        {% endfor -%}
        reached.entity,
        {% if how == "mean" %}avg{% else %}sum{% endif %}(numbered.source_value) as recomputed,
        count(*) as window_rows
    from reached
    inner join numbered
        on reached.entity = numbered.entity
        and reached.spine_season = numbered.source_season
        and numbered.place > reached.last_place - {{ windows.depth(output, rows) }}
        and numbered.place <= reached.last_place
        {%- for key in shared %}
        and reached.{{ key.name | ident }} = numbered.{{ key.name | ident }}
        {%- endfor %}
    group by {% for n in range(1, output.key | length + 2) %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}
)

select
    {% for column in output.key %}asked.{{ column.name | ident }},
    {% endfor -%}
    asked.entity,
    asked.stored_value as value,
    windowed.recomputed,
    coalesce(windowed.window_rows, 0) as window_rows
from asked
left join windowed
    on {{ entities.same(output.key, "asked", "windowed") }}
    and asked.entity = windowed.entity
where not (asked.stored_value is null and windowed.recomputed is null)
    and (abs(asked.stored_value - windowed.recomputed) <= {{ tolerance }} * abs(windowed.recomputed)) is not true
order by {% for column in output.key %}asked.{{ column.name | ident }} nulls last, {% endfor %}asked.entity nulls last, value
