/*---
title = "Numbers that a key should have once each, and has not"
doc   = """
Each key that has rows should have each whole number from `first` to `last` exactly once. One row per key and run of
numbers that are `missing`, per number that is `repeated`, `outside` the sequence or `null`; `held_rows` are the rows
that have it.
"""
decision = "which keys to make again in full"

[params]
output = { type = "output", doc = "the output to examine" }
number = { type = "text", doc = "the column that numbers the rows of a key" }
first  = { type = "int", default = 1, doc = "the first number" }
last   = { type = "int", doc = "the last number" }

[columns]
output      = "text"
key         = "key"
class       = "text"
from_number = "number?"
to_number   = "number?"
held_rows   = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- if first > last %}{{ fail("`first` is above `last`") }}{% endif %}
with numbered as (
    select
        {{ cadence.sources(output) }}{{ number | ident }} as held_number,
        count(*) as held_rows
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {{ cadence.positions(output.key | length + 1) }}
),

bounded as (
    select
        {{ cadence.names(output) }}
        held_number
    from numbered
    where held_number between {{ first }} and {{ last }}
        and held_number = floor(held_number)

    union all

    select distinct
        {{ cadence.names(output) }}
        {{ first - 1 }} as held_number
    from numbered
),

followed as (
    select
        {{ cadence.names(output) }}
        held_number,
        coalesce(lead(held_number) over (partition by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %} order by held_number), {{ last + 1 }}) as next_number
    from bounded
),

faults as (
    select
        'missing' as class,
        {{ cadence.names(output) }}
        held_number + 1 as from_number,
        next_number - 1 as to_number,
        0 as held_rows
    from followed
    where next_number > held_number + 1

    union all

    select
        case
            when held_number is null then 'null'
            when held_number between {{ first }} and {{ last }} and held_number = floor(held_number) then 'repeated'
            else 'outside'
        end as class,
        {{ cadence.names(output) }}
        held_number as from_number,
        held_number as to_number,
        held_rows
    from numbered
    where held_rows > 1
        or held_number is null
        or held_number not between {{ first }} and {{ last }}
        or held_number <> floor(held_number)
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    class,
    from_number,
    to_number,
    held_rows
from faults
order by {{ cadence.in_order(output) }}class, from_number
