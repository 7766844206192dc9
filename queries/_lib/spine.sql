{#- The keys that should exist: one row each, from a source independent of the table under test. -#}
{%- import "dialect" as sql -%}

{#- Whether a day falls in one of the scope's seasons. -#}
{% macro in_seasons(day, scope) -%}
({% for season in scope.seasons %}{{ day | ident }} between {{ season.start }} and {{ season.end }}{% if not loop.last %} or {% endif %}{% endfor %})
{%- endmacro %}

{#- The name of the season of a day. -#}
{% macro season_of(day, scope) -%}
case{% for season in scope.seasons %} when {{ day | ident }} between {{ season.start }} and {{ season.end }} then {{ season.name }}{% endfor %} end
{%- endmacro %}

{#- The day that is so many steps after another. Months are counted from that day, so that month ends stay right. -#}
{% macro stepped(day, n, step) -%}
{% if step.unit == "days" %}{{ sql.nth_day(day, n, step.every) }}{% else %}{{ sql.nth_month(day, n, step.every) }}{% endif %}
{%- endmacro %}

{#- The keys and weights of a spine within the scope's seasons; on demand those without a date too, which no season has, and
    what kind of key each is. -#}
{% macro keys(spine, scope, dateless=false, attributes=false) %}
{%- set aggregates = spine.weights + spine.attributes if attributes else spine.weights -%}
{%- if spine.kind == "cross" -%}
select
    {% for part in spine.parts %}{% set outer = loop.index %}{% set last_part = loop.last -%}
    {% for column in part.key %}part_{{ outer }}.{{ column.name | ident }}{% if not (last_part and loop.last and not aggregates) %},
    {% endif %}{% endfor -%}
    {% endfor -%}
    {% for weight in aggregates %}{{ weight.sql }} as {{ weight.name | ident }}{% if not loop.last %},
    {% endif %}{% endfor %}
from (
{{ keys(spine.parts[0], scope, dateless, attributes) }}
) as part_1
{%- for part in spine.parts[1:] %}
cross join (
{{ keys(part, scope, dateless, attributes) }}
) as part_{{ loop.index + 1 }}
{%- endfor %}
{%- elif spine.kind == "values" -%}
{% for value in spine["values"] %}select {{ value }} as {{ spine.key[0].name | ident }}{% if not loop.last %}
union all
{% endif %}{% endfor %}
{%- elif spine.kind == "calendar" and spine.steps is none -%}
select {{ spine.anchor }} as {{ spine.key[0].name | ident }}
from (select 1 as n) as nothing
where n = 0
{%- elif spine.kind == "calendar" -%}
{%- set day = spine.key[0].name -%}
select {{ day | ident }}
from (
    select {{ stepped(spine.anchor, "numbers.n", spine.step) }} as {{ day | ident }}
    from {{ sql.numbers(spine.steps.first, spine.steps.last) }} as numbers
) as days
where {{ in_seasons(day, scope) }}
{%- if spine.weekdays %}
    and {{ sql.weekday(day) }} in {{ spine.weekdays | literals }}
{%- endif %}
{%- else -%}
select
    {% for column in spine.key %}{{ column.source }} as {{ column.name | ident }}{% if not loop.last or aggregates %},
    {% endif %}{% endfor -%}
    {% for weight in aggregates %}{{ weight.sql }} as {{ weight.name | ident }}{% if not loop.last %},
    {% endif %}{% endfor %}
from {% if spine.kind == "table" %}{{ spine.table | table }}{% else %}(
{{ spine.sql }}
) as source_rows{% endif %}
{%- if spine.date is not none or spine.filter is not none %}
where {% if spine.date is not none %}{% if dateless %}({{ in_seasons(spine.date, scope) }} or {{ spine.date | ident }} is null){% else %}{{ in_seasons(spine.date, scope) }}{% endif %}{% endif %}
{%- if spine.filter is not none %}{% if spine.date is not none %}
    and {% endif %}({{ spine.filter }}){% endif %}
{%- endif %}
group by {% for column in spine.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
{%- endif %}
{%- endmacro %}

{#- The expected keys with their place in the order of the spine and their season. -#}
{% macro expected(spine, scope, dateless=false, attributes=false) -%}
{%- set aggregates = spine.weights + spine.attributes if attributes else spine.weights -%}
select
    {% for column in spine.key %}{{ column.name | ident }},
    {% endfor -%}
    {% for weight in aggregates %}{{ weight.name | ident }},
    {% endfor -%}
    {% if spine.date_name is not none %}{{ season_of(spine.date_name, scope) }}{% else %}{{ sql.null_text() }}{% endif %} as spine_season,
    row_number() over (
        {%- if spine.date_name is none %}order by {% for column in spine.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
        {%- else %}{% if spine.key | length > 1 %}partition by {% for column in spine.key if not column.is_date %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %} {% endif %}order by {% if dateless %}case when {{ spine.date_name | ident }} is null then 1 else 0 end, {% endif %}{{ spine.date_name | ident }}
        {%- endif %}) as spine_position
from (
{{ keys(spine, scope, dateless, attributes) }}
) as spine_keys
{%- endmacro %}
