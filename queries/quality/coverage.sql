/*---
title = "What each output holds of what it should, one class per key"
doc   = """
The heart of a gate. Every key of the spine gets exactly one class, from one grouped scan per output: ok, not_expected,
pending, invalid, null, partial, excess, duplicate or missing; keys that the spine does not have are extra, rows without
key null_key. What the spine itself holds without a key is invalid. Keys that are ok or not expected come back as one
row with their count (`excuse` is the place of the table whose rows excuse them, or 0), all others one by one, so what travels is what needs attention. `figure_N` are the counters that
the output's rules judge.
"""
decision = "go or no-go for the next stage, key by key"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }

[columns]
output     = "text"
class      = "text"
period     = "text?"
key        = "key"
excuse     = "int"
position   = "int?"
keys       = "int"
present    = "int"
held_rows  = "int"
weight     = "number?"
duplicates = "int"
figure_    = "figures"

[[rule]]
kind  = "classes"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "coverage" as coverage %}
with {{ coverage.chain(outputs, scope, true) }}

select
    output,
    class,
    period,
    {% for column in outputs[0].key %}case when class in ('ok', 'not_expected') then null else {{ column.name | ident }} end as {{ column.name | ident }},
    {% endfor -%}
    excuse,
    case when class in ('ok', 'not_expected') then null else position end as position,
    count(*) as keys,
    sum(present) as present,
    sum(held_rows) as held_rows,
    sum(weight) as weight,
    sum(duplicates) as duplicates
    {{- coverage.figure_list(outputs) }}
from classed
group by 1, 2, 3{% for column in outputs[0].key %}, {{ loop.index + 3 }}{% endfor %}, {{ outputs[0].key | length + 4 }}, {{ outputs[0].key | length + 5 }}
order by 1, 2, 3{% for column in outputs[0].key %}, {{ loop.index + 3 }}{% endfor %}, {{ outputs[0].key | length + 4 }}
