{#- The few things that Postgres spells in its own way. Every dialect's file has the same macros. -#}
{% macro text(value) %}cast({{ value | ident }} as text){% endmacro %}
{% macro null_text() %}cast(null as text){% endmacro %}
{% macro days_between(from, to) %}(cast({{ to | ident }} as date) - cast({{ from | ident }} as date)){% endmacro %}
{% macro seconds_between(from, to) %}cast(floor(extract(epoch from {{ to | ident }})) - floor(extract(epoch from {{ from | ident }})) as bigint){% endmacro %}
{% macro month(day) %}to_char({{ day | ident }}, 'YYYY-MM'){% endmacro %}
{% macro year(day) %}to_char({{ day | ident }}, 'YYYY'){% endmacro %}
{% macro weekday(day) %}cast(extract(isodow from {{ day | ident }}) as integer){% endmacro %}
{% macro numbers(first, last) %}(select generate_series({{ first }}, {{ last }}) as n){% endmacro %}
{% macro nth_day(anchor, n, every) %}({{ anchor | ident }} + cast({{ n | ident }} * {{ every }} as integer)){% endmacro %}
{% macro nth_month(anchor, n, every) %}cast({{ anchor | ident }} + {{ n | ident }} * {{ every }} * interval '1 month' as date){% endmacro %}
{% macro count_if(condition) %}count(*) filter (where {{ condition | ident }}){% endmacro %}
{% macro median(value) %}percentile_cont(0.5) within group (order by {{ value | ident }}){% endmacro %}
{% macro distinct_tuples(columns) %}count(distinct ({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %})){% endmacro %}
{% macro fingerprint(columns) %}hashtextextended(cast(row({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}) as text), 0){% endmacro %}
{% macro moment(value) %}cast({{ value | ident }} as timestamp){% endmacro %}
{% macro hour_of(moment) %}date_trunc('hour', {{ moment | ident }}){% endmacro %}
{% macro plus_seconds(moment, seconds) %}({{ moment | ident }} + ({{ seconds | ident }}) * interval '1 second'){% endmacro %}
{% macro replace_all(value, pattern, replacement) %}regexp_replace({{ value | ident }}, {{ pattern }}, {{ replacement }}, 'g'){% endmacro %}
{% macro default_schema() %}'public'{% endmacro %}
{% macro inventory(schemas) %}(select cast(table_schema as text) as schema_name, cast(table_name as text) as table_name from information_schema.tables union all select table_catalog || '.' || table_schema as schema_name, cast(table_name as text) as table_name from information_schema.tables){% endmacro %}
{% macro jobs(region, as_of, hours) %}{{ fail("this engine keeps no list of jobs; name a table of them with `jobs`") }}{% endmacro %}
{% macro rows_by_date(schema, table, date) %}(select {{ date }}, count(*) as rows_of_date from {{ (schema ~ "." ~ table) | ident }} group by 1){% endmacro %}
