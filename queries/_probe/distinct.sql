/*---
title = "Whether any row of a run of dates occurs twice"
doc   = """
Rows and distinct fingerprints of key and grain, without grouping. Rows that are equal have equal fingerprints, so equal
numbers prove that nothing occurs twice; two rows that share one by chance only cause a closer look.
"""

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
    {% set columns = namespace(all=[]) %}{% for column in output.key %}{% set columns.all = columns.all + [column.source] %}{% endfor %}count(distinct {{ sql.fingerprint(columns.all + output.grain) }}) as distinct_rows
from {{ output.table | table }}
{{ coverage.in_scope(output, scope) }}
