/*---
title = "Rows that are marked by another convention than the declared one"
doc   = """
The same kind of row (actuals, test rows, corrections) can be marked in several ways: by a word in a column, by a flag, by
a reserved number. `marks` are such ways, each as column=value, the declared one first. One row per key and combination
of marks without the declared one. `declared_rows` are the key's rows that do have it: more than 0 means that both
conventions are in use for this key, and who counts by one of them alone counts wrong.
"""
decision = "which writer to correct"

[params]
output = { type = "output", doc = "the output to examine; its `where` must not leave out what is marked otherwise" }
marks  = { type = "texts", doc = "the ways to mark, each as column=value; the declared one first" }

[columns]
output        = "text"
key           = "key"
marks         = "text"
held_rows     = "int"
declared_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- for mark in marks %}{% if "=" not in mark %}{{ fail("`" ~ mark ~ "` is no mark; write it as column=value") }}{% endif %}{% endfor %}
{%- if marks | length < 2 %}{{ fail("name at least two `marks`: the declared one, then others") }}{% endif %}
{%- macro is_marked(mark) %}{% set parts = mark | split("=", 1) | list %}{{ sql.text(parts[0]) }} = {{ parts[1] }}{% endmacro %}
with marked as (
    select
        {{ cadence.sources(output) }}case when {{ is_marked(marks[0]) }} then 1 else 0 end as is_declared,
        {% for mark in marks[1:] %}case when {{ is_marked(mark) }} then {{ ", " ~ mark }} else '' end{% if not loop.last %}
        || {% endif %}{% endfor %} as marks
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

counted as (
    select
        {{ cadence.names(output) }}
        is_declared,
        marks,
        count(*) as held_rows
    from marked
    where is_declared = 1 or marks <> ''
    group by {{ cadence.positions(output.key | length + 2) }}
),

compared as (
    select
        counted.*,
        sum(is_declared * held_rows) over (partition by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}) as declared_rows
    from counted
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    substr(marks, 3) as marks,
    held_rows,
    declared_rows
from compared
where is_declared = 0
order by {{ cadence.in_order(output) }}marks
