/*---
title = "Keys at which a column is NULL more often than usual"
doc   = """
The share of NULLs of each due key with rows, against the median of all of them: a column that is often NULL by nature is
not a fault, one that is NULL for most rows of one date is. One line for each key that is above the usual share by more
than allowed; the opening days of a season can be left out, from both. A column that is NULL in every row of every key deviates from nothing: `quality/constant_columns` finds it.
"""
decision = "since when a column is not filled"

[params]
output          = { type = "output", doc = "the output to examine" }
column          = { type = "text", doc = "the column to look at" }
tolerance       = { type = "number", doc = "by how much the share may be above the usual one, as 0.1" }
skip_first_days = { type = "int", default = 0, doc = "how many days of each season are left out" }

[columns]
output      = "text"
key         = "key"
held_rows   = "int"
nulls       = "int"
null_share  = "number"
usual_share = "number"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- set opening = namespace(ranges=[]) %}
{%- for season in scope.seasons if skip_first_days > 0 %}{% set opening.ranges = opening.ranges + [{"from": season.start, "to": sql.nth_day(season.start, skip_first_days - 1, 1)}] %}{% endfor %}
with {{ entities.spine_steps([output], scope) -}}
due as (
{{ entities.due(output, scope) }}
),

counted as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        count(*) as held_rows,
        count(*) - count({{ entities.column(output, column) }}) as nulls
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
),

shares as (
    select
        counted.*,
        1.0 * counted.nulls / counted.held_rows as null_share
    from counted
    inner join due on {{ entities.same(output.key, "counted", "due") }}
    {%- if opening.ranges and output.date_name is not none %}
    where not {{ coverage.in_ranges("counted." ~ output.date_name, opening.ranges) }}
    {%- endif %}
),

usual as (
    select {{ sql.median("null_share") }} as usual_share
    from shares
)

select
    {{ output.name }} as output,
    {% for column in output.key %}shares.{{ column.name | ident }},
    {% endfor -%}
    shares.held_rows,
    shares.nulls,
    shares.null_share,
    usual.usual_share
from shares
cross join usual
where shares.null_share > usual.usual_share + {{ tolerance }}
order by {% for column in output.key %}shares.{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
