{#- The few things that DuckDB spells in its own way. Every dialect's file has the same macros. -#}
{% macro text(value) %}cast({{ value | ident }} as varchar){% endmacro %}
{% macro null_text() %}cast(null as varchar){% endmacro %}
{% macro days_between(from, to) %}date_diff('day', {{ from | ident }}, {{ to | ident }}){% endmacro %}
{% macro seconds_between(from, to) %}date_diff('second', {{ from | ident }}, {{ to | ident }}){% endmacro %}
{% macro month(day) %}strftime({{ day | ident }}, '%Y-%m'){% endmacro %}
{% macro year(day) %}strftime({{ day | ident }}, '%Y'){% endmacro %}
{% macro weekday(day) %}isodow({{ day | ident }}){% endmacro %}
{% macro numbers(first, last) %}(select unnest(range({{ first }}, {{ last }} + 1)) as n){% endmacro %}
{% macro nth_day(anchor, n, every) %}cast({{ anchor | ident }} + cast({{ n | ident }} * {{ every }} as integer) as date){% endmacro %}
{% macro nth_month(anchor, n, every) %}cast({{ anchor | ident }} + to_months(cast({{ n | ident }} * {{ every }} as integer)) as date){% endmacro %}
{% macro count_if(condition) %}count_if({{ condition | ident }}){% endmacro %}
{% macro median(value) %}median({{ value | ident }}){% endmacro %}
{% macro distinct_tuples(columns) %}count(distinct ({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %})){% endmacro %}
{% macro fingerprint(columns) %}hash({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}){% endmacro %}
{% macro moment(value) %}cast({{ value | ident }} as timestamp){% endmacro %}
{% macro hour_of(moment) %}date_trunc('hour', {{ moment | ident }}){% endmacro %}
{% macro plus_seconds(moment, seconds) %}({{ moment | ident }} + to_seconds({{ seconds | ident }})){% endmacro %}
{% macro replace_all(value, pattern, replacement) %}regexp_replace({{ value | ident }}, {{ pattern }}, {{ replacement }}, 'g'){% endmacro %}
{% macro default_schema() %}'main'{% endmacro %}
{% macro inventory(schemas) %}(select table_schema as schema_name, table_name from information_schema.tables where table_catalog = current_database() union all select table_catalog || '.' || table_schema as schema_name, table_name from information_schema.tables){% endmacro %}
{% macro jobs(region, as_of, hours) %}{{ fail("this engine keeps no list of jobs; name a table of them with `jobs`") }}{% endmacro %}
{% macro rows_by_date(schema, table, date) %}(select {{ date }}, count(*) as rows_of_date from {{ (schema ~ "." ~ table) | ident }} group by 1){% endmacro %}
