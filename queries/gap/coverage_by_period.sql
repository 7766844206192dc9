/*---
title = "Expected, present and missing keys by year, season or month"
doc   = """
Each key is classified first and counted then, so that a foreign date never makes up for a missing one. One row per
output and period of the spine, also where nothing is present. Keys without a date have the period ''.
`expected` is all but `not_expected`: ok, `not_ok`, `missing` and `pending` add up to it. `present` are the expected keys
with at least one row, whatever their class. Keys that the spine does not have are not counted.
"""
decision = "how to split a backfill into sessions"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }
by      = { type = "text", default = "year", doc = "year, season or month" }

[columns]
output       = "text"
period       = "text"
expected     = "int"
present      = "int"
missing      = "int"
not_ok       = "int"
not_expected = "int"
pending      = "int"

[[rule]]
kind = "row_count"
min  = 1

[[rule]]
kind   = "equals"
column = "missing"
value  = 0

[[rule]]
kind   = "equals"
column = "not_ok"
value  = 0
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "spine" as spines %}
{%- if by not in ["year", "season", "month"] %}{{ fail("`by` is year, season or month, not \"" ~ by ~ "\"") }}{% endif %}
{%- set day = outputs[0].date_name %}
with {{ coverage.chain(outputs, scope) }},

counted as (
    select
        output,
        {% if day is none %}''{% elif by == "year" %}{{ sql.year(day) }}{% elif by == "month" %}{{ sql.month(day) }}{% else %}{{ spines.season_of(day, scope) }}{% endif %} as period_name,
        class,
        held_rows
    from classed
    where class not in ('extra', 'null_key')
)

select
    output,
    period_name as period,
    count(case when class <> 'not_expected' then 1 end) as expected,
    count(case when class <> 'not_expected' and held_rows > 0 then 1 end) as present,
    count(case when class = 'missing' then 1 end) as missing,
    count(case when class not in ('ok', 'not_expected', 'pending', 'missing') then 1 end) as not_ok,
    count(case when class = 'not_expected' then 1 end) as not_expected,
    count(case when class = 'pending' then 1 end) as pending
from counted
group by output, period_name
order by output, period_name
