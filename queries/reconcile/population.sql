/*---
title = "Entities that one output holds and another does not, key by key, both ways"
doc   = """
Who was lost, and where: played but not cached, featured but never played. One line for each entity of a key that one of
the outputs holds and the other, which should hold the key by now, does not. `reason` is `absent`; `null_entity` where the
entity itself is NULL, which never matches; `no_rows` where neither has a row for a key that both should hold; and
`nothing_matches` where no entity of the one is among those of the other in the whole scope: then the two most likely
write them in different ways, and nothing is known of what is missing.
"""
decision = "who was lost, and between which two outputs"

[params]
output = { type = "output", doc = "one of the outputs" }
other  = { type = "output", doc = "the other one" }
by     = { type = "texts", doc = "the columns that name an entity, in both" }
where  = { type = "expression?", doc = "which rows of the output the other one should have, as \"minutes > 0\"; all if not given" }

[columns]
key         = "key"
entity      = "text?"
found_in    = "text?"
absent_from = "text"
reason      = "text"

[[rule]]
kind  = "no_rows"
level = "fail"

[[rule]]
kind   = "one_of"
column = "reason"
values = ["absent", "null_entity", "no_rows"]
level  = "fail"
---*/
{%- import "dialect" as sql %}
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
),

compared as (
    select
        {% for key in shared %}coalesce(held.{{ key.name | ident }}, other_held.{{ key.name | ident }}) as {{ key.name | ident }},
        {% endfor -%}
        coalesce(held.entity, other_held.entity) as entity,
        case when held.counts is null then 0 else 1 end as is_here,
        case when other_held.held_rows is null then 0 else 1 end as is_there,
        held.counts,
        sum(case when held.counts is not null and other_held.held_rows is not null then 1 else 0 end) over () as all_matched,
        sum(case when held.counts is null then 0 else 1 end) over () as all_here,
        sum(case when other_held.held_rows is null then 0 else 1 end) over () as all_there
    from held
    full outer join other_held
        on {{ entities.same(shared, "held", "other_held") }}
        and held.entity = other_held.entity
),

differences as (
    select
        {% for key in shared %}compared.{{ key.name | ident }},
        {% endfor -%}
        compared.entity,
        case when compared.is_here = 1 then {{ output.name }} else {{ other.name }} end as found_in,
        case when compared.is_here = 1 then {{ other.name }} else {{ output.name }} end as absent_from,
        case
            when compared.entity is null then 'null_entity'
            when compared.all_matched = 0 and compared.all_here > 0 and compared.all_there > 0 then 'nothing_matches'
            else 'absent'
        end as reason
    from compared
    left join due on {{ entities.same(shared, "compared", "due") }}
    left join other_due on {{ entities.same(shared, "compared", "other_due") }}
    where (compared.is_there = 0 and compared.counts = 1 and other_due.{{ shared[0].name | ident }} is not null)
        or (compared.is_here = 0 and due.{{ shared[0].name | ident }} is not null)

    union all

    select
        {% for key in shared %}due.{{ key.name | ident }},
        {% endfor -%}
        {{ sql.null_text() }} as entity,
        {{ sql.null_text() }} as found_in,
        {{ other.name }} as absent_from,
        'no_rows' as reason
    from due
    inner join other_due on {{ entities.same(shared, "due", "other_due") }}
    left join compared on {{ entities.same(shared, "due", "compared") }}
    where compared.is_here is null
)

select
    {{ entities.key_list(output, shared, "differences") -}}
    entity,
    found_in,
    absent_from,
    reason
from differences
order by {% for key in shared %}differences.{{ key.name | ident }} nulls last, {% endfor %}entity nulls last, found_in
