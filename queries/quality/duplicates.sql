/*---
title = "Rows that an output holds more than once"
doc   = """
One row per key and grain that occurs in several rows; `grain` has the values of the grain columns, joined by '/'. NULL
equals NULL here. An output that declares no grain cannot be asked.
"""
decision = "which rows to remove"

[params]
output = { type = "output", doc = "the output to examine" }

[columns]
output = "text"
key    = "key"
grain  = "text"
copies = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- if not output.grain %}{{ fail("output `" ~ output.name ~ "` declares no grain, so nothing tells its rows apart") }}{% endif %}
with repeated as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        {% for column in output.grain %}{{ column }} as {{ ("grain_" ~ loop.index) | ident }},
        {% endfor -%}
        count(*) as copies
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {% for n in range(1, output.key | length + output.grain | length + 1) %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}
    having count(*) > 1
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    {% for column in output.grain %}coalesce({{ sql.text("grain_" ~ loop.index) }}, 'null'){% if not loop.last %} || '/' || {% endif %}{% endfor %} as grain,
    copies
from repeated
order by {% for column in output.key %}{{ column.name | ident }} nulls last, {% endfor %}grain, copies
