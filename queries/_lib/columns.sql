{#- Several columns of one table looked at in one scan, with one line for each column and period. -#}
{%- import "dialect" as sql -%}
{%- import "entities" as entities -%}
{%- import "periods" as periods -%}

{#- The names of columns, less those whose fault is accepted as long as it is: a waiver of columns has an end. -#}
{% macro demand(columns, waived, waived_until) -%}
{%- if not columns %}{{ fail("name the `columns` to look at") }}{% endif -%}
{%- if waived and waived_until is none %}{{ fail("say with `waived_until` how long the faults of " ~ waived[0] ~ " are accepted") }}{% endif -%}
{%- for name in waived %}{% if name not in columns %}{{ fail("`waived` names \"" ~ name ~ "\", which is not among the `columns`") }}{% endif %}{% endfor -%}
{%- endmacro %}

{#- The step `asked`: a line for each due period and column, numbered, less what is waived as of the question. -#}
{% macro asked(output, columns, waived, waived_until, by, scope) -%}
{{ entities.spine_steps([output], scope) -}}
due_periods as (
{{ periods.due_periods(output, by, scope) }}
),

asked_columns as (
    {% for name in columns %}select {{ loop.index }} as n, {{ name }} as column_name, {% if name in waived %}case when {{ scope.as_of_date }} <= {{ waived_until }} then 1 else 0 end{% else %}0{% endif %} as is_waived{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

asked as (
    select
        due_periods.period,
        asked_columns.n,
        asked_columns.column_name
    from due_periods
    cross join asked_columns
    where asked_columns.is_waived = 0
)
{%- endmacro %}
