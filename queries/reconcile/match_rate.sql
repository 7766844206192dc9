/*---
title = "How many entities of one output are found in another"
doc   = """
One line: the distinct entities of an output, at the keys that both outputs should hold by now, and how many of them the
other one has too; NULL is never found. A rate of 0 is a finding of its own: the two write their ids in different ways, and
whatever is joined on them is empty. Nothing to match is undecided. The other direction is a question of its own.
"""
decision = "whether two outputs can be joined at all"

[params]
output   = { type = "output", doc = "the output whose entities are looked for" }
other    = { type = "output", doc = "the output that should have them" }
by       = { type = "texts", doc = "the columns that name an entity, in both" }
where    = { type = "expression?", doc = "which rows of the output the other one should have; all if not given" }
at_least = { type = "number", default = 1, doc = "the least share that must match" }

[columns]
output   = "text"
other    = "text"
entities = "int"
matched  = "int"

[[rule]]
kind     = "share"
column   = "matched"
of       = "entities"
at_least = { param = "at_least" }
level    = "fail"

[[rule]]
kind   = "above"
column = "matched"
value  = 0
level  = "fail"
---*/
{%- import "entities" as entities %}
{%- set shared = shared_key(output, other) %}
{{- entities.demand_shared(output, other) }}
with {{ entities.spine_steps([output, other], scope) -}}
held as (
{{ entities.held_counting(output, shared, by, where, scope) }}
),

other_held as (
{{ entities.held(other, shared, by, scope, true) }}
),

due as (
{{ entities.due_shared(output, shared, scope) }}
),

other_due as (
{{ entities.due_shared(other, shared, scope, true) }}
)

select
    {{ output.name }} as output,
    {{ other.name }} as other,
    count(*) as entities,
    count(other_held.held_rows) as matched
from held
inner join due on {{ entities.same(shared, "held", "due") }}
inner join other_due on {{ entities.same(shared, "held", "other_due") }}
left join other_held
    on {{ entities.same(shared, "held", "other_held") }}
    and held.entity = other_held.entity
where held.counts = 1
