/*---
title = "Keys with the content of another date"
doc   = """
The same rows loaded under two dates: one line for each key that has the same values in the named columns, row for row,
as an earlier date. Name columns that differ from date to date; those of the grain alone can be the same every day. NULL
equals NULL here, and the order of rows does not count. Keys with fewer rows than asked are not compared, because few rows
can be alike by chance.
"""
decision = "which dates to load again"

[params]
output  = { type = "output", doc = "the output to examine" }
columns = { type = "texts", doc = "the columns to compare" }
least   = { type = "int", default = 2, doc = "how many rows a key needs to be compared" }

[columns]
output    = "text"
key       = "key"
copy_of   = "date"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- if not columns %}{{ fail("name the `columns` to compare") }}{% endif %}
{%- if output.date is none %}{{ fail("the key of `" ~ output.name ~ "` has no date, so there is no other date to compare with") }}{% endif %}
{%- set values = namespace(all=[]) %}{% for name in columns %}{% set values.all = values.all + [entities.column(output, name)] %}{% endfor %}
with prints as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        {{ sql.fingerprint(values.all) }} as row_print
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

contents as (
    select
        {% for column in output.key %}{{ column.name | ident }},
        {% endfor -%}
        count(*) as held_rows,
        count(distinct row_print) as distinct_prints,
        min(row_print) as least_print,
        max(row_print) as greatest_print,
        sum(mod(row_print, 1000003)) as print_sum
    from prints
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
),

compared as (
    select
        contents.*,
        min({{ output.date_name | ident }}) over (
            partition by {% for column in output.key if not column.is_date %}{{ column.name | ident }}, {% endfor %}held_rows, distinct_prints, least_print, greatest_print, print_sum
        ) as copy_of
    from contents
    where held_rows >= {{ least }}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    copy_of,
    held_rows
from compared
where copy_of < {{ output.date_name | ident }}
order by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
