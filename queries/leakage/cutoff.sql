/*---
title = "Rows whose data is not from before their date"
doc   = """
One row per key and class, from the columns alone: no flag is trusted. `leak` where the cutoff, the last day of the data
that was used, is the key's date or after it; `unknown` where either is NULL, which is not the same as clean.
"""
decision = "which rows to discard, because they knew what they forecast"

[params]
output = { type = "output", doc = "the output to examine" }
cutoff = { type = "text", doc = "the column with the last day of the data that was used" }

[columns]
output       = "text"
key          = "key"
class        = "text"
held_rows    = "int"
first_cutoff = "date?"
last_cutoff  = "date?"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{{ cadence.needs_date(output) }}
{%- set day = output.date_name %}
with dated as (
    select
        {{ cadence.sources(output) }}cast({{ cutoff | ident }} as date) as cutoff_day
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

classed as (
    select
        {{ cadence.names(output, "dated") }}
        dated.cutoff_day,
        case
            when dated.cutoff_day < dated.{{ day | ident }} then 'ok'
            when dated.cutoff_day >= dated.{{ day | ident }} then 'leak'
            else 'unknown'
        end as class
    from dated
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    class,
    count(*) as held_rows,
    min(cutoff_day) as first_cutoff,
    max(cutoff_day) as last_cutoff
from classed
where class <> 'ok'
group by {{ cadence.names(output) }}class
order by {{ cadence.in_order(output) }}class
