/*---
title = "Where what was done deviates from its cadence"
doc   = """
Each date of the spine begins a slot that lasts until the next one. One row per slot in which nothing was done although
it is due (`missing`), in which the first date with rows came after the slot's own (`late`), and for each further date or
row in it (`repeated`); the key is the slot's, `done_on` the date with rows. Rows before the first slot or of a series
that the spine does not have are `unexpected`, rows dated after the as-of moment `future`; the key is their own then.
"""
decision = "what to train, what to remove, and whether the schedule or the declared cadence is wrong"

[params]
output = { type = "output", doc = "the output whose spine is the cadence" }

[columns]
output    = "text"
key       = "key"
class     = "text"
done_on   = "date?"
days_late = "int?"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- import "spine" as spines %}
{{ cadence.needs_date(output) }}
{%- set day = output.date_name %}
{#- More rows than this for one date are a repetition; an output that declares no number of rows holds one. -#}
{%- set most = namespace(rows=1, times=1) %}
{%- if output.rows.max is not none and output.rows.per is none %}{% set most.rows = output.rows.max.times %}{% set most.times = output.rows.max.over %}{% endif %}
{%- set counted = output.rows.max is not none or output.rows.min.times | int <= 1 %}
with expected as (
{{ spines.expected(output.spine, scope) }}
),

every_slot as (
{{ coverage.expected_of([output]) }}
),

slots as (
    select
        {{ cadence.names(output, "expected") }}
        expected.not_expected,
        case when {{ coverage.not_due(output) }} then 1 else 0 end as not_due
    from every_slot as expected
),

held as (
    select
        {{ cadence.sources(output) }}count(*) as held_rows
    from {{ output.table | table }}
    {{ cadence.of_seasons(output, scope) }}
    group by {{ cadence.positions(output.key | length) }}
),

timeline as (
    select
        {{ cadence.names(output) }}
        1 as is_slot,
        0 as held_rows
    from slots

    union all

    select
        {{ cadence.names(output) }}
        0 as is_slot,
        held_rows
    from held
),

followed as (
    select
        timeline.*,
        max(case when is_slot = 1 then {{ day | ident }} end) over (
            {{ cadence.by_series(output, "timeline") }}order by timeline.{{ day | ident }}, is_slot desc
            rows between unbounded preceding and current row
        ) as own_slot
    from timeline
    where {{ day | ident }} is not null
),

placed as (
    select
        {{ cadence.series(output, "followed") }}
        {{ day | ident }} as done_on,
        held_rows,
        own_slot,
        case when {{ day | ident }} > {{ scope.as_of_date }} then 1 else 0 end as in_future,
        row_number() over (partition by {{ cadence.series(output, "followed") }}own_slot order by {{ day | ident }}) as place_in_slot
    from followed
    where is_slot = 0
),

deviations as (
    select
        {{ cadence.names(output, "slots") }}
        case when first_done.done_on is null then 'missing' else 'late' end as class,
        first_done.done_on,
        {% set until %}coalesce(first_done.done_on, {{ scope.as_of_date }}){% endset %}{{ sql.days_between("slots." ~ day, until) }} as days_late,
        coalesce(first_done.held_rows, 0) as held_rows
    from slots
    left join placed as first_done
        on {{ cadence.same_series(output, "slots", "first_done") }}slots.{{ day | ident }} = first_done.own_slot
        and first_done.in_future = 0
        and first_done.place_in_slot = 1
    where slots.not_expected = 0
        and (first_done.done_on > slots.{{ day | ident }} or (first_done.done_on is null and slots.not_due = 0))

    union all

    select
        {% for column in output.key %}{% if column.is_date %}placed.own_slot as {% else %}placed.{% endif %}{{ column.name | ident }},
        {% endfor -%}
        'repeated' as class,
        placed.done_on,
        cast(null as bigint) as days_late,
        placed.held_rows
    from placed
    where placed.own_slot is not null
        and placed.in_future = 0
        and (placed.place_in_slot > 1{% if counted %} or placed.held_rows * {{ most.times }} > {{ most.rows }}{% endif %})

    union all

    select
        {% for column in output.key %}{% if column.is_date %}placed.done_on as {% else %}placed.{% endif %}{{ column.name | ident }},
        {% endfor -%}
        case when placed.in_future = 1 then 'future' else 'unexpected' end as class,
        placed.done_on,
        cast(null as bigint) as days_late,
        placed.held_rows
    from placed
    where placed.own_slot is null or placed.in_future = 1

    union all

    select
        {{ cadence.names(output) }}
        'unexpected' as class,
        cast(null as date) as done_on,
        cast(null as bigint) as days_late,
        held_rows
    from held
    where {{ day | ident }} is null
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    class,
    done_on,
    days_late,
    held_rows
from deviations
{%- if scope.narrowed %}
where {{ day | ident }} between {{ scope.start }} and {{ scope.end }}
    or {{ day | ident }} is null
{%- endif %}
order by {{ cadence.in_order(output) }}class, done_on nulls last
