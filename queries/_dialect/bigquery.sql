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
{% macro default_schema() %}{{ fail("a table without its dataset cannot be looked up: write it as dataset.table") }}{% endmacro %}
{% macro inventory(schemas) %}({% for schema in schemas %}select {{ schema }} as schema_name, table_name from {{ schema | ident }}.INFORMATION_SCHEMA.TABLES{% if not loop.last %} union all {% endif %}{% endfor %}){% endmacro %}
{% macro jobs(region, as_of, hours) %}(select case when state = 'DONE' then 'done' else 'running' end as state, creation_time as started_at, total_bytes_billed as bytes_billed, total_slot_ms as slot_ms from {{ region | ident }}.INFORMATION_SCHEMA.JOBS where creation_time >= timestamp_sub(timestamp({{ as_of }}), interval {{ hours }} hour)){% endmacro %}
{#- A partition that is no day makes the statement fail: rows that were streamed and have no day yet, or a table made anew. The case
    looks at the table first, because conditions of `where` are tested in any order, and those of other tables are none of ours. -#}
{% macro rows_by_date(schema, table, date) %}(select case when table_name <> {{ table }} or total_rows = 0 or (partition_id = '__NULL__' and total_rows > 0) then null else parse_date('%Y%m%d', coalesce(case when total_rows > 0 then partition_id end, '')) end as {{ date }}, total_rows as rows_of_date from {{ schema | ident }}.INFORMATION_SCHEMA.PARTITIONS where table_name = {{ table }} and coalesce(total_rows, 1) > 0){% endmacro %}
