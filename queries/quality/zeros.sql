/*---
title = "How many values of a column are not zero"
doc   = """
A computed column that is zero where a value is expected is as good as missing. One line for each column and period in
which the output should hold something: the rows, how many of them have a value, and how many of those are not zero. The
share is of the values, NULLs apart; a share of none is undecided. A column that is zero by design for now is waived until
a day.
"""
decision = "whether a column holds measurements or a default"

[params]
output       = { type = "output", doc = "the output to examine" }
columns      = { type = "texts", doc = "the columns to look at" }
at_least     = { type = "number", default = 1, doc = "the least share of values that are not zero" }
by           = { type = "text", default = "all", doc = "all, season, year, month or day" }
waived       = { type = "texts", default = [], doc = "those of the columns that may be zero for now" }
waived_until = { type = "date?", doc = "the last day on which they may" }

[columns]
output      = "text"
column_name = "text"
period      = "text"
held_rows   = "int"
non_null    = "int"
zeros       = "int"
non_zero    = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind     = "share"
column   = "non_zero"
of       = "non_null"
at_least = { param = "at_least" }
level    = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- import "periods" as periods %}
{%- import "columns" as lines %}
{{- lines.demand(columns, waived, waived_until) }}
with {{ lines.asked(output, columns, waived, waived_until, by, scope) }},

scanned as (
    select
        {{ periods.period_of(output.date, by, scope) }} as period{% for name in columns %},
        {{ entities.column(output, name) }} as {{ ("value_" ~ loop.index) | ident }}{% endfor %}
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

counted as (
    select
        period,
        count(*) as held_rows{% for name in columns %},
        count({{ ("value_" ~ loop.index) | ident }}) as {{ ("non_null_" ~ loop.index) | ident }},
        sum(case when {{ ("value_" ~ loop.index) | ident }} = 0 then 1 else 0 end) as {{ ("zeros_" ~ loop.index) | ident }}{% endfor %}
    from scanned
    group by period
),

by_column as (
    select
        asked.column_name,
        asked.period,
        coalesce(counted.held_rows, 0) as held_rows,
        coalesce(case asked.n{% for name in columns %} when {{ loop.index }} then counted.{{ ("non_null_" ~ loop.index) | ident }}{% endfor %} end, 0) as non_null,
        coalesce(case asked.n{% for name in columns %} when {{ loop.index }} then counted.{{ ("zeros_" ~ loop.index) | ident }}{% endfor %} end, 0) as zeros
    from asked
    left join counted on asked.period = counted.period
)

select
    {{ output.name }} as output,
    column_name,
    period,
    held_rows,
    non_null,
    zeros,
    non_null - zeros as non_zero
from by_column
order by column_name, period
