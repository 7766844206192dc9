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
{% macro default_schema() %}'default'{% endmacro %}
{% macro inventory(schemas) %}(select table_schema as schema_name, table_name from system.information_schema.tables where table_catalog = current_catalog() union all select table_catalog || '.' || table_schema as schema_name, table_name from system.information_schema.tables){% endmacro %}
{% macro jobs(region, as_of, hours) %}(select case when end_time is null then 'running' else 'done' end as state, start_time as started_at, read_bytes as bytes_billed, total_task_duration_ms as slot_ms from system.query.history where start_time >= {{ as_of }} - make_interval(0, 0, 0, 0, {{ hours }}, 0, 0)){% endmacro %}
{% macro rows_by_date(schema, table, date) %}(select {{ date }}, count(*) as rows_of_date from {{ (schema ~ "." ~ table) | ident }} group by 1){% endmacro %}
