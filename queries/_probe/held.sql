/*---
title = "Whether outputs hold any row"
doc   = "One row per output: whether it has at least one row in scope."

[params]
outputs = { type = "upstreams", doc = "the outputs to look at" }

[columns]
output  = "text"
present = "int"
---*/
{%- import "coverage" as coverage %}
with looked_at as (
    {% for output in outputs -%}
    select
        {{ output.name }} as output,
        case when exists (select 1 from {{ output.table | table }} {{ coverage.in_scope(output, scope) }}) then 1 else 0 end as present
    {% if not loop.last %}
    union all

    {% endif %}{% endfor -%}
)

select
    output,
    present
from looked_at
order by output
