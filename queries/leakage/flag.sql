/*---
title = "Rows whose leakage flag disagrees with their columns"
doc   = """
One row per key and class: `hidden` where the cutoff is on the key's date or after it and the flag does not say so,
`false_alarm` where it is before and the flag says otherwise, `no_flag` where the flag is NULL. Rows whose cutoff is NULL
cannot be compared; `leakage/cutoff` lists them.
"""
decision = "whether the flag may be read at all"

[params]
output = { type = "output", doc = "the output to examine" }
cutoff = { type = "text", doc = "the column with the last day of the data that was used" }
flag   = { type = "text", doc = "the column that claims a leak: true or false, also as 1 or 0, y or n" }

[columns]
output    = "text"
key       = "key"
class     = "text"
held_rows = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{{ cadence.needs_date(output) }}
{%- set day = output.date_name %}
with flagged as (
    select
        {{ cadence.sources(output) }}cast({{ cutoff | ident }} as date) as cutoff_day,
        lower({{ sql.text(flag) }}) as claimed
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

classed as (
    select
        {{ cadence.names(output, "flagged") }}
        case
            when flagged.cutoff_day is null or flagged.{{ day | ident }} is null then 'ok'
            when flagged.claimed is null then 'no_flag'
            when flagged.cutoff_day >= flagged.{{ day | ident }} and flagged.claimed not in ('true', 't', 'yes', 'y', '1') then 'hidden'
            when flagged.cutoff_day < flagged.{{ day | ident }} and flagged.claimed not in ('false', 'f', 'no', 'n', '0') then 'false_alarm'
            else 'ok'
        end as class
    from flagged
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    class,
    count(*) as held_rows
from classed
where class <> 'ok'
group by {{ cadence.names(output) }}class
order by {{ cadence.in_order(output) }}class
