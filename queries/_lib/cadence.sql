{#- Series: the keys of an output that differ in nothing but the date. What a cadence, an age or a predecessor is about. -#}
{%- import "dialect" as sql -%}

{#- Refuses an output whose key has no date. -#}
{% macro needs_date(output) -%}
{%- if output.date is none %}{{ fail("the key of output `" ~ output.name ~ "` has no date, so its rows have no order in time") }}{% endif %}
{%- endmacro %}

{#- The key columns without the date, of a relation, each followed by a comma. -#}
{% macro series(output, relation) -%}
{% for column in output.key if not column.is_date %}{{ (relation ~ "." ~ column.name) | ident }}, {% endfor %}
{%- endmacro %}

{#- How window functions look at one series after the other. -#}
{% macro by_series(output, relation) -%}
{% for column in output.key if not column.is_date %}{% if loop.first %}partition by {% endif %}{{ (relation ~ "." ~ column.name) | ident }}{% if not loop.last %}, {% else %} {% endif %}{% endfor %}
{%- endmacro %}

{#- The columns of the table that make up the key, by their names in the key, each followed by a comma. -#}
{% macro sources(output) -%}
{% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor %}
{%- endmacro %}

{#- Whether two relations speak of the same series: conditions of a join, each followed by `and`. -#}
{% macro same_series(output, left, right) -%}
{% for column in output.key if not column.is_date %}{{ (left ~ "." ~ column.name) | ident }} = {{ (right ~ "." ~ column.name) | ident }}
        and {% endfor %}
{%- endmacro %}

{#- The names of the key columns, each followed by a comma; of a relation, if one is named. -#}
{% macro names(output, relation="") -%}
{% for column in output.key %}{{ (relation ~ "." ~ column.name if relation else column.name) | ident }}, {% endfor %}
{%- endmacro %}

{#- The same to order by. A key can be NULL, which engines put first or last unless they are told. -#}
{% macro in_order(output, relation="") -%}
{% for column in output.key %}{{ (relation ~ "." ~ column.name if relation else column.name) | ident }} nulls last, {% endfor %}
{%- endmacro %}

{#- 1, 2, 3: the first so many columns. -#}
{% macro positions(n) -%}
{% for position in range(1, n + 1) %}{{ position }}{% if not loop.last %}, {% endif %}{% endfor %}
{%- endmacro %}

{#- The rows of whole seasons, however narrow the range is: what was done before it counts in it. -#}
{% macro of_seasons(output, scope) -%}
where ({{ output.date }} between {{ scope.seasons[0].start }} and {{ (scope.seasons | last).end }}
{%- for season in scope.others %}
    and not {{ output.date }} between {{ season.start }} and {{ season.end }}
{%- endfor %}
    or {{ output.date }} is null)
{%- if output.filter is not none %}
    and ({{ output.filter }}){% endif %}
{%- endmacro %}

{#- Columns as one text, joined by '/'. -#}
{% macro joined(columns) -%}
{% for column in columns %}coalesce({{ sql.text(column) }}, 'null'){% if not loop.last %} || '/' || {% endif %}{% endfor %}
{%- endmacro %}
