/*---
title = "Rows whose data is too old or too young for their date"
doc   = """
One row per key and class. The age is the number of days from the cutoff, the last day of the data that was used, to the
key's date: `young` where it is less than `least_days` (0 or less is a leak, see `leakage/cutoff`), `stale` where the
cutoff is more than one step back, counted from the day after it so that month ends are right, `unknown` where either
is NULL. `oldest_days` and `youngest_days` are the extremes of the rows that are listed.
"""
decision = "which rows to make again from newer or older data, and whether the job that picks the data is late"

[params]
output     = { type = "output", doc = "the output to examine" }
cutoff     = { type = "text", doc = "the column with the last day of the data that was used" }
most       = { type = "step", doc = "the longest age: semiannual, 6 months, 30 days" }
least_days = { type = "int", default = 1, doc = "the shortest age in days" }

[columns]
output        = "text"
key           = "key"
class         = "text"
held_rows     = "int"
youngest_days = "int?"
oldest_days   = "int?"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- import "spine" as spines %}
{{ cadence.needs_date(output) }}
with dated as (
    select
        {{ cadence.sources(output) }}cast({{ cutoff | ident }} as date) as cutoff_day
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

aged as (
    select
        {{ cadence.names(output, "dated") }}
        {{ sql.days_between("cutoff_day", output.date_name) }} as age_days,
        {% set first_use %}{{ sql.nth_day("cutoff_day", 1, 1) }}{% endset %}case when {{ output.date_name | ident }} >= {{ spines.stepped(first_use, 1, most) }} then 1 else 0 end as is_stale
    from dated
),

classed as (
    select
        {{ cadence.names(output, "aged") }}
        aged.age_days,
        case
            when age_days is null then 'unknown'
            when age_days < {{ least_days }} then 'young'
            when is_stale = 1 then 'stale'
            else 'ok'
        end as class
    from aged
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    class,
    count(*) as held_rows,
    min(age_days) as youngest_days,
    max(age_days) as oldest_days
from classed
where class <> 'ok'
group by {{ cadence.names(output) }}class
order by {{ cadence.in_order(output) }}class
