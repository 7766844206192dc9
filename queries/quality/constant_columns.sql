/*---
title = "Columns that have one value in all of their rows"
doc   = """
What should vary and does not was not computed: NULL everywhere, zero everywhere, the same default everywhere. One line
for each column and period in which the output should hold something: how many distinct values there are, NULL being one,
in how many rows the most common one stands, and how many `other_rows` there are. At least one row must differ, and as many
as asked. A column that holds a placeholder by design for now is waived until a day.
"""
decision = "whether a column is filled or only present"

[params]
output       = { type = "output", doc = "the output to examine" }
columns      = { type = "texts", doc = "the columns to look at" }
at_least     = { type = "number", default = 0, doc = "the least share of rows that must differ from the most common value" }
by           = { type = "text", default = "all", doc = "all, season, year, month or day" }
waived       = { type = "texts", default = [], doc = "those of the columns that may be constant for now" }
waived_until = { type = "date?", doc = "the last day on which they may" }

[columns]
output           = "text"
column_name      = "text"
period           = "text"
held_rows        = "int"
distinct_values  = "int"
most_common      = "text?"
most_common_rows = "int"
other_rows       = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "above"
column = "other_rows"
value  = 0
level  = "fail"

[[rule]]
kind     = "share"
column   = "other_rows"
of       = "held_rows"
at_least = { param = "at_least" }
level    = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- import "periods" as periods %}
{%- import "columns" as lines %}
{{- lines.demand(columns, waived, waived_until) }}
with {{ lines.asked(output, columns, waived, waived_until, by, scope) }},

scanned as (
    select
        {{ periods.period_of(output.date, by, scope) }} as period{% for name in columns %},
        {{ sql.text(entities.column(output, name)) }} as {{ ("value_" ~ loop.index) | ident }}{% endfor %}
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

counted as (
    select
        asked.column_name,
        asked.period,
        case asked.n{% for name in columns %} when {{ loop.index }} then scanned.{{ ("value_" ~ loop.index) | ident }}{% endfor %} end as held_value,
        count(scanned.period) as held_rows
    from asked
    left join scanned on asked.period = scanned.period
    group by 1, 2, 3
),

ranked as (
    select
        counted.*,
        row_number() over (
            partition by column_name, period
            order by held_rows desc, case when held_value is null then 0 else 1 end, held_value
        ) as place
    from counted
)

select
    {{ output.name }} as output,
    column_name,
    period,
    sum(held_rows) as held_rows,
    sum(case when held_rows > 0 then 1 else 0 end) as distinct_values,
    max(case when place = 1 then held_value end) as most_common,
    sum(case when place = 1 then held_rows else 0 end) as most_common_rows,
    sum(case when place > 1 then held_rows else 0 end) as other_rows
from ranked
group by column_name, period
order by column_name, period
