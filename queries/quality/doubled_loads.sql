/*---
title = "Keys that were loaded more than once: every row occurs again"
doc   = """
One line for each key of which each row, by the grain, occurs at least twice: a whole load was added to itself, and not
merely a row repeated. `copies` is how often its least repeated row occurs. Single repeated rows are in
`quality/duplicates`.
"""
decision = "which keys to load again, once"

[params]
output = { type = "output", doc = "the output to examine" }

[columns]
output        = "text"
key           = "key"
held_rows     = "int"
distinct_rows = "int"
copies        = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "coverage" as coverage %}
{%- if not output.grain %}{{ fail("output `" ~ output.name ~ "` declares no grain, so nothing tells its rows apart") }}{% endif %}
with grains as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        {% for column in output.grain %}{{ column }} as {{ ("grain_" ~ loop.index) | ident }},
        {% endfor -%}
        count(*) as copies
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {% for n in range(1, output.key | length + output.grain | length + 1) %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    sum(copies) as held_rows,
    count(*) as distinct_rows,
    min(copies) as copies
from grains
group by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
having min(copies) > 1
order by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
