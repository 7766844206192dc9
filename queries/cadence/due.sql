/*---
title = "How far each series is behind its cadence"
doc   = """
One row per series, which is the key without its date; the date shown is the latest one that is due. Dates are those of
the spine, counted from its anchor, so that being late never shifts the next one. `last_done` is the latest date with
rows up to the as-of moment, on schedule or not; a date after it does not count. `behind` are the due dates since:
`cadence/deviations` tells what went wrong before. `next_due` is NULL where the scope has no later date.
"""
decision = "which series to train next"

[params]
output = { type = "output", doc = "the output whose spine is the cadence" }

[columns]
output    = "text"
key       = "key"
last_done = "date?"
next_due  = "date?"
behind    = "int"

[[rule]]
kind   = "equals"
column = "behind"
value  = 0
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- import "spine" as spines %}
{{ cadence.needs_date(output) }}
{%- set day = output.date_name %}
with expected as (
{{ spines.expected(output.spine, scope) }}
),

slots as (
{{ coverage.expected_of([output]) }}
),

held as (
    select distinct
        {{ cadence.sources(output) }}1 as done
    from {{ output.table | table }}
    {{ cadence.of_seasons(output, scope) }}
),

last_held as (
    select
        {{ cadence.series(output, "held") }}
        max(held.{{ day | ident }}) as last_done
    from held
    where held.{{ day | ident }} <= {{ scope.as_of_date }}
    {%- for column in output.key if not column.is_date %}{% if loop.first %}
    group by {% endif %}held.{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
),

judged as (
    select
        {{ cadence.series(output, "expected") }}
        expected.{{ day | ident }},
        last_held.last_done,
        case when {{ coverage.not_due(output) }} then 0 else 1 end as due
    from slots as expected
    {% if output.key | length == 1 %}cross join last_held{% else %}left join last_held
        on {% for column in output.key if not column.is_date %}expected.{{ column.name | ident }} = last_held.{{ column.name | ident }}{% if not loop.last %}
        and {% endif %}{% endfor %}{% endif %}
    where expected.not_expected = 0
    {%- if scope.narrowed %}
        and expected.{{ day | ident }} between {{ scope.start }} and {{ scope.end }}
    {%- endif %}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{% if column.is_date %}max(case when judged.due = 1 then judged.{{ day | ident }} end) as {% else %}judged.{% endif %}{{ column.name | ident }},
    {% endfor -%}
    judged.last_done,
    min(case when judged.due = 0 then judged.{{ day | ident }} end) as next_due,
    count(case when judged.due = 1 and (judged.last_done is null or judged.{{ day | ident }} > judged.last_done) then 1 end) as behind
from judged
group by {{ cadence.series(output, "judged") }}judged.last_done
order by {{ cadence.series(output, "judged") }}judged.last_done
