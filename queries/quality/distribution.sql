/*---
title = "Lowest, mean and highest value of a column by period"
doc   = """
One line for each period in which the output should hold something, also where it holds nothing. Every period must have
values; the bounds that are given must hold in each of them, both ends included.
"""
decision = "whether the values are what they should be about"

[params]
output       = { type = "output", doc = "the output to examine" }
column       = { type = "text", doc = "the column of numbers to look at" }
by           = { type = "text", default = "season", doc = "all, season, year, month or day" }
lowest       = { type = "number?", doc = "no value is below" }
highest      = { type = "number?", doc = "no value is above" }
lowest_mean  = { type = "number?", doc = "the mean is not below" }
highest_mean = { type = "number?", doc = "the mean is not above" }

[columns]
output        = "text"
period        = "text"
held_rows     = "int"
non_null      = "int"
lowest_value  = "number?"
mean_value    = "number?"
highest_value = "number?"

[[rule]]
kind   = "above"
column = "non_null"
value  = 0
level  = "fail"

[[rule]]
kind   = "at_least"
column = "lowest_value"
value  = { param = "lowest" }
level  = "fail"

[[rule]]
kind   = "at_most"
column = "highest_value"
value  = { param = "highest" }
level  = "fail"

[[rule]]
kind   = "at_least"
column = "mean_value"
value  = { param = "lowest_mean" }
level  = "fail"

[[rule]]
kind   = "at_most"
column = "mean_value"
value  = { param = "highest_mean" }
level  = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- import "periods" as periods %}
with {{ entities.spine_steps([output], scope) -}}
due_periods as (
{{ periods.due_periods(output, by, scope) }}
),

scanned as (
    select
        {{ periods.period_of(output.date, by, scope) }} as period,
        {{ entities.column(output, column) }} as held_value
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

measured as (
    select
        period,
        count(*) as held_rows,
        count(held_value) as non_null,
        min(held_value) as lowest_value,
        avg(held_value) as mean_value,
        max(held_value) as highest_value
    from scanned
    group by period
)

select
    {{ output.name }} as output,
    due_periods.period,
    coalesce(measured.held_rows, 0) as held_rows,
    coalesce(measured.non_null, 0) as non_null,
    measured.lowest_value,
    measured.mean_value,
    measured.highest_value
from due_periods
left join measured on due_periods.period = measured.period
order by due_periods.period
