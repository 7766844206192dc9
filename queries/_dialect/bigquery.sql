{#- The few things that BigQuery spells in its own way. Every dialect's file has the same macros. -#}
{% macro text(value) %}cast({{ value | ident }} as string){% endmacro %}
{% macro null_text() %}cast(null as string){% endmacro %}
{% macro days_between(from, to) %}date_diff({{ to | ident }}, {{ from | ident }}, day){% endmacro %}
{% macro seconds_between(from, to) %}datetime_diff(cast({{ to | ident }} as datetime), cast({{ from | ident }} as datetime), second){% endmacro %}
{% macro month(day) %}format_date('%Y-%m', {{ day | ident }}){% endmacro %}
{% macro year(day) %}format_date('%Y', {{ day | ident }}){% endmacro %}
{% macro weekday(day) %}(mod(extract(dayofweek from {{ day | ident }}) + 5, 7) + 1){% endmacro %}
{% macro numbers(first, last) %}(select n from unnest(generate_array({{ first }}, {{ last }})) as n){% endmacro %}
{% macro nth_day(anchor, n, every) %}date_add({{ anchor | ident }}, interval {{ n | ident }} * {{ every }} day){% endmacro %}
{% macro nth_month(anchor, n, every) %}date_add({{ anchor | ident }}, interval {{ n | ident }} * {{ every }} month){% endmacro %}
{% macro count_if(condition) %}countif({{ condition | ident }}){% endmacro %}
{% macro median(value) %}approx_quantiles({{ value | ident }}, 1000)[offset(500)]{% endmacro %}
{% macro distinct_tuples(columns) %}count(distinct to_json_string(struct({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}))){% endmacro %}
{% macro fingerprint(columns) %}farm_fingerprint(to_json_string(struct({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}))){% endmacro %}
{% macro moment(value) %}cast({{ value | ident }} as datetime){% endmacro %}
{% macro hour_of(moment) %}datetime_trunc({{ moment | ident }}, hour){% endmacro %}
{% macro plus_seconds(moment, seconds) %}datetime_add({{ moment | ident }}, interval ({{ seconds | ident }}) second){% endmacro %}
{% macro replace_all(value, pattern, replacement) %}regexp_replace({{ value | ident }}, {{ pattern }}, {{ replacement }}){% endmacro %}
