/*---
title = "Values that one output has and another lacks"
doc   = """
The values of some columns (models, versions, ids) as sets, compared both ways. One row per value that only one of the
outputs has, as text and joined by '/', with the rows that have it. `spelled_like` is a value of the other side that
differs in letter case or separators, or is a part of it or the other way round: likely the same under another name.
"""
decision = "which of the two sides to complete, or which name to correct"

[params]
output        = { type = "output", doc = "one output" }
other         = { type = "output", doc = "the other output" }
columns       = { type = "texts", doc = "the columns to compare" }
other_columns = { type = "texts", default = [], doc = "their names in the other output, if they differ" }

[columns]
only_in      = "text"
value        = "text"
held_rows    = "int"
first_day    = "date?"
last_day     = "date?"
spelled_like = "text?"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- set theirs = other_columns or columns %}
{%- if theirs | length != columns | length %}{{ fail("`columns` and `other_columns` name as many columns each") }}{% endif %}
{%- macro values_of(side, columns) %}
    select
        {{ cadence.joined(columns) }} as spelling,
        count(*) as held_rows,
        {% if side.date is none %}cast(null as date) as first_day,
        cast(null as date) as last_day{% else %}min({{ side.date }}) as first_day,
        max({{ side.date }}) as last_day{% endif %}
    from {{ side.table | table }}
    {{ coverage.in_scope(side, scope) }}
    group by 1
{%- endmacro %}
{%- macro plain(spelling) %}lower(replace(replace(replace({{ spelling | ident }}, '_', ''), '-', ''), ' ', '')){% endmacro %}
{%- macro lonely(name, here, there) %}
    select
        {{ name }} as only_in,
        here.spelling,
        {{ plain("here.spelling") }} as plain_spelling,
        here.held_rows,
        here.first_day,
        here.last_day
    from {{ here | ident }} as here
    left join {{ there | ident }} as there
        on here.spelling = there.spelling
    where there.spelling is null
{%- endmacro %}
{%- macro contains(long, short) %}(length({{ short | ident }}) > 2 and replace({{ long | ident }}, {{ short | ident }}, '') <> {{ long | ident }}){% endmacro %}
with own_values as (
    {{- values_of(output, columns) }}
),

other_values as (
    {{- values_of(other, theirs) }}
),

one_sided as (
    {{- lonely(output.name, "own_values", "other_values") }}

    union all
    {{ lonely(other.name, "other_values", "own_values") }}
),

candidates as (
    select
        {{ other.name }} as for_side,
        spelling,
        {{ plain("spelling") }} as plain_spelling
    from own_values

    union all

    select
        {{ output.name }} as for_side,
        spelling,
        {{ plain("spelling") }} as plain_spelling
    from other_values
)

select
    one_sided.only_in,
    one_sided.spelling as value,
    one_sided.held_rows,
    one_sided.first_day,
    one_sided.last_day,
    coalesce(min(case when candidates.plain_spelling = one_sided.plain_spelling then candidates.spelling end), min(candidates.spelling)) as spelled_like
from one_sided
left join candidates
    on one_sided.only_in = candidates.for_side
    and (candidates.plain_spelling = one_sided.plain_spelling
        or {{ contains("candidates.plain_spelling", "one_sided.plain_spelling") }}
        or {{ contains("one_sided.plain_spelling", "candidates.plain_spelling") }})
group by {{ cadence.positions(5) }}
order by one_sided.only_in, one_sided.spelling
