/*---
title = "Rows that knew what came after their event"
doc   = """
One row per key and class: `leak` where the moment at which something was known is after the event that it was used for,
`unknown` where either is NULL, which is not the same as clean. Both columns are of one type, moments or dates.
"""
decision = "which rows to discard, because they saw a later state"

[params]
output   = { type = "output", doc = "the output to examine" }
known_at = { type = "text", doc = "the column with the moment of the snapshot" }
event_at = { type = "text", doc = "the column with the moment of the event" }
strictly = { type = "bool", default = false, doc = "whether the snapshot must be before the event, not at its moment" }

[columns]
output    = "text"
key       = "key"
class     = "text"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
with classed as (
    select
        {{ cadence.sources(output) }}case
            when {{ known_at | ident }} {% if strictly %}<{% else %}<={% endif %} {{ event_at | ident }} then 'ok'
            when {{ known_at | ident }} {% if strictly %}>={% else %}>{% endif %} {{ event_at | ident }} then 'leak'
            else 'unknown'
        end as class
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    class,
    count(*) as held_rows
from classed
where class <> 'ok'
group by {{ cadence.names(output) }}class
order by {{ cadence.in_order(output) }}class
