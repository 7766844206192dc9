/*---
title = "Rows of each date"
doc   = "How many rows an output has on each date, to cut a large table into runs of dates of about the same size."

[params]
output = { type = "output", doc = "the output to examine" }

[columns]
day       = "date"
held_rows = "int"
---*/
{%- import "coverage" as coverage %}
select
    {{ output.date }} as day,
    count(*) as held_rows
from {{ output.table | table }}
{{ coverage.in_scope(output, scope) }}
group by 1
order by 1
