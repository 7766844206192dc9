{#- The few things that Databricks and Spark spell in their own way. Every dialect's file has the same macros. -#}
{% macro text(value) %}cast({{ value | ident }} as string){% endmacro %}
{% macro null_text() %}cast(null as string){% endmacro %}
{% macro days_between(from, to) %}datediff({{ to | ident }}, {{ from | ident }}){% endmacro %}
{% macro seconds_between(from, to) %}(unix_timestamp({{ to | ident }}) - unix_timestamp({{ from | ident }})){% endmacro %}
{% macro month(day) %}date_format({{ day | ident }}, 'yyyy-MM'){% endmacro %}
{% macro year(day) %}date_format({{ day | ident }}, 'yyyy'){% endmacro %}
{% macro weekday(day) %}(weekday({{ day | ident }}) + 1){% endmacro %}
{% macro numbers(first, last) %}(select explode(sequence({{ first }}, {{ last }})) as n){% endmacro %}
{% macro nth_day(anchor, n, every) %}date_add({{ anchor | ident }}, {{ n | ident }} * {{ every }}){% endmacro %}
{% macro nth_month(anchor, n, every) %}add_months({{ anchor | ident }}, {{ n | ident }} * {{ every }}){% endmacro %}
{% macro count_if(condition) %}count_if({{ condition | ident }}){% endmacro %}
{% macro median(value) %}median({{ value | ident }}){% endmacro %}
{% macro distinct_tuples(columns) %}count(distinct struct({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %})){% endmacro %}
{% macro fingerprint(columns) %}xxhash64({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}){% endmacro %}
{% macro moment(value) %}cast({{ value | ident }} as timestamp_ntz){% endmacro %}
{% macro hour_of(moment) %}date_trunc('hour', {{ moment | ident }}){% endmacro %}
{% macro plus_seconds(moment, seconds) %}timestampadd(second, {{ seconds | ident }}, {{ moment | ident }}){% endmacro %}
{% macro replace_all(value, pattern, replacement) %}regexp_replace({{ value | ident }}, {{ pattern }}, {{ replacement }}){% endmacro %}
