/*---
title = "Values in which two sources of the same thing do not agree"
doc   = """
The rows of two outputs side by side by key and entity, in both directions: `differs` where the values are further apart
than allowed, NULL against a value included; `only_in` where one has no row, at keys that both should hold by now (unless
a sparse source is only to be compared where it has rows); `repeated` where an entity has several rows at one key, so that
there is no one value to compare. Two NULLs agree. With tolerances of 0, values of any type compare.
"""
decision = "which source to believe, and which to correct"

[params]
output      = { type = "output", doc = "one source" }
other       = { type = "output", doc = "the other one" }
by          = { type = "texts", doc = "the columns that, with the key, identify a row in both" }
value       = { type = "text", doc = "the column to compare, in both" }
tolerance   = { type = "number", default = 0, doc = "how far apart the values may be" }
relative    = { type = "number", default = 0, doc = "or how far, as a share of the other's value" }
only_common = { type = "bool", default = false, doc = "whether to compare only what both have" }

[columns]
key         = "key"
entity      = "text?"
finding     = "text"
found_in    = "text?"
value       = "any?"
other_value = "any?"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- set shared = shared_key(output, other) %}
{{- entities.demand_shared(output, other) }}
with {{ entities.spine_steps([output, other], scope) -}}
held as (
    select
        {% for key in shared %}{{ key.source }} as {{ key.name | ident }},
        {% endfor -%}
        {{ entities.entity(output, by) }} as entity,
        count(*) as held_rows,
        min({{ entities.column(output, value) }}) as held_value
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {{ entities.ordinals(shared, by) }}
),

other_held as (
    select
        {% for key in shared %}{{ key.other_source }} as {{ key.name | ident }},
        {% endfor -%}
        {{ entities.entity(other, by) }} as entity,
        count(*) as held_rows,
        min({{ entities.column(other, value) }}) as held_value
    from {{ other.table | table }}
    {{ coverage.in_scope(other, scope) }}
    group by {{ entities.ordinals(shared, by) }}
),

due as (
    select
        {% for key in shared %}own_due.{{ key.name | ident }},
        {% endfor -%}
        1 as is_due
    from (
{{ entities.due_shared(output, shared, scope) }}
    ) as own_due
    inner join (
{{ entities.due_shared(other, shared, scope, true) }}
    ) as other_due on {{ entities.same(shared, "own_due", "other_due") }}
),

compared as (
    select
        {% for key in shared %}coalesce(held.{{ key.name | ident }}, other_held.{{ key.name | ident }}) as {{ key.name | ident }},
        {% endfor -%}
        coalesce(held.entity, other_held.entity) as entity,
        case
            when held.held_rows > 1 or other_held.held_rows > 1 then 'repeated'
            when held.held_rows is null or other_held.held_rows is null then 'only_in'
            when held.held_value is null and other_held.held_value is null then 'agrees'
            {% if tolerance | float == 0 and relative | float == 0 -%}
            when held.held_value = other_held.held_value then 'agrees'
            {%- else -%}
            when abs(held.held_value - other_held.held_value) <= {{ tolerance }} then 'agrees'
            when abs(held.held_value - other_held.held_value) <= {{ relative }} * abs(other_held.held_value) then 'agrees'
            {%- endif %}
            else 'differs'
        end as finding,
        case
            when held.held_rows is null then {{ other.name }}
            when other_held.held_rows is null then {{ output.name }}
        end as found_in,
        held.held_value,
        other_held.held_value as other_value
    from held
    full outer join other_held
        on {{ entities.same(shared, "held", "other_held") }}
        and held.entity = other_held.entity
)

select
    {{ entities.key_list(output, shared, "compared") -}}
    compared.entity,
    compared.finding,
    compared.found_in,
    compared.held_value as value,
    compared.other_value
from compared
left join due on {{ entities.same(shared, "compared", "due") }}
where compared.finding in ('differs', 'repeated')
    {%- if not only_common %}
    or (compared.finding = 'only_in' and due.is_due = 1)
    {%- endif %}
order by {% for key in shared %}compared.{{ key.name | ident }} nulls last, {% endfor %}compared.entity nulls last, compared.found_in
