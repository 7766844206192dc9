{#- Dates rolled up to periods: all, season, year, month or day. -#}
{%- import "dialect" as sql -%}
{%- import "spine" as spines -%}
{%- import "entities" as entities -%}

{#- The name of the period that a day is in. Keys without a date have one period. -#}
{% macro period_of(day, by, scope) -%}
{%- if by not in ["all", "season", "year", "month", "day"] %}{{ fail("`by` is all, season, year, month or day, not \"" ~ by ~ "\"") }}{% endif -%}
{%- if by == "all" or day is none -%}
'all'
{%- elif by == "season" -%}
{{ spines.season_of(day, scope) }}
{%- elif by == "year" -%}
{{ sql.year(day) }}
{%- elif by == "month" -%}
{{ sql.month(day) }}
{%- else -%}
{{ sql.text(day) }}
{%- endif -%}
{%- endmacro %}

{#- The periods in which an output should hold something by now, each once. -#}
{% macro due_periods(output, by, scope) -%}
select distinct period
from (
    select {{ period_of(output.date_name, by, scope) }} as period
    from (
{{ entities.due(output, scope) }}
    ) as due_keys
) as due_periods
{%- endmacro %}
