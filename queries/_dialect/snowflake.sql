{#- The few things that Snowflake spells in its own way. Rendered and parsed, never run. Every dialect's file has the same macros. -#}
{% macro text(value) %}cast({{ value | ident }} as varchar){% endmacro %}
{% macro null_text() %}cast(null as varchar){% endmacro %}
{% macro days_between(from, to) %}datediff(day, {{ from | ident }}, {{ to | ident }}){% endmacro %}
{% macro seconds_between(from, to) %}datediff(second, {{ from | ident }}, {{ to | ident }}){% endmacro %}
{% macro month(day) %}to_char({{ day | ident }}, 'YYYY-MM'){% endmacro %}
{% macro year(day) %}to_char({{ day | ident }}, 'YYYY'){% endmacro %}
{% macro weekday(day) %}dayofweekiso({{ day | ident }}){% endmacro %}
{% macro numbers(first, last) %}(select cast(series.value as integer) as n from lateral flatten(input => array_generate_range({{ first }}, {{ last }} + 1)) as series){% endmacro %}
{% macro nth_day(anchor, n, every) %}dateadd(day, {{ n | ident }} * {{ every }}, {{ anchor | ident }}){% endmacro %}
{% macro nth_month(anchor, n, every) %}dateadd(month, {{ n | ident }} * {{ every }}, {{ anchor | ident }}){% endmacro %}
{% macro count_if(condition) %}count_if({{ condition | ident }}){% endmacro %}
{% macro median(value) %}median({{ value | ident }}){% endmacro %}
{% macro distinct_tuples(columns) %}count(distinct array_construct({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %})){% endmacro %}
{% macro fingerprint(columns) %}hash({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}){% endmacro %}
{% macro moment(value) %}cast(cast({{ value | ident }} as timestamp_ltz) as timestamp_ntz){% endmacro %}
{% macro hour_of(moment) %}date_trunc('hour', {{ moment | ident }}){% endmacro %}
{% macro plus_seconds(moment, seconds) %}dateadd(second, {{ seconds | ident }}, {{ moment | ident }}){% endmacro %}
{% macro replace_all(value, pattern, replacement) %}regexp_replace({{ value | ident }}, {{ pattern }}, {{ replacement }}){% endmacro %}
{% macro default_schema() %}'public'{% endmacro %}
{% macro inventory(schemas) %}(select table_schema as schema_name, table_name from information_schema.tables union all select table_catalog || '.' || table_schema as schema_name, table_name from information_schema.tables){% endmacro %}
{% macro jobs(region, as_of, hours) %}{{ fail("this engine's list of jobs is behind by hours; name a table of them with `jobs`") }}{% endmacro %}
{% macro rows_by_date(schema, table, date) %}(select {{ date }}, count(*) as rows_of_date from {{ (schema ~ "." ~ table) | ident }} group by 1){% endmacro %}
