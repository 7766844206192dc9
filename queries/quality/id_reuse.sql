/*---
title = "Ids that stand for more than one date"
doc   = """
An id that is meant to be one event and occurs on two dates is a postponed event whose old row was kept, or an id that was
given twice. Either way a join on the id alone mixes the two, and a count by date and id cannot see it. One line for each
such id, with its first and last date. NULL is no id.
"""
decision = "which keys need the date beside the id"

[params]
output = { type = "output", doc = "the output to examine" }
by     = { type = "texts", doc = "the columns of the id" }

[columns]
output    = "text"
id        = "text"
days      = "int"
first_day = "date"
last_day  = "date"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- if not by %}{{ fail("name the columns of the id with `by`") }}{% endif %}
{%- if output.date is none %}{{ fail("the key of `" ~ output.name ~ "` has no date") }}{% endif %}
with scanned as (
    select
        {{ entities.entity(output, by) }} as id,
        {{ output.date }} as held_day
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
)

select
    {{ output.name }} as output,
    id,
    count(distinct held_day) as days,
    min(held_day) as first_day,
    max(held_day) as last_day,
    count(*) as held_rows
from scanned
where id is not null
group by id
having count(distinct held_day) > 1
order by id
