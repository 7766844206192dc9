/*---
title = "Whether any row of a run of dates occurs twice"
doc   = "Rows and distinct rows by key and grain, without grouping: equal numbers mean that nothing occurs twice."

[params]
output = { type = "output", doc = "the output to examine" }

[columns]
held_rows     = "int"
distinct_rows = "int"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
select
    count(*) as held_rows,
    {% set columns = namespace(all=[]) %}{% for column in output.key %}{% set columns.all = columns.all + [column.source] %}{% endfor %}{{ sql.distinct_tuples(columns.all + output.grain) }} as distinct_rows
from {{ output.table | ident }}
{{ coverage.in_scope(output, scope) }}
