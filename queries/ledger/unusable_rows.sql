/*---
title = "Rows of the run ledger that no answer can rest on"
doc   = """
One row per processor and reason. `no_date` and `no_processor` belong to no unit, so no other query sees them; without
`no_start` the attempts of a unit have no order; `ends_before_start` is a clock gone wrong, and so is `starts_in_future`: more
than five minutes after the present, where that is what the question is about. Such a run may be going on.
"""
decision = "what to mend in the ledger before it is asked"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }

[columns]
reason      = "text"
processor   = "text?"
ledger_rows = "int"
first_start = "timestamp?"
last_start  = "timestamp?"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{{- ledger.check(runs, []) }}
with reasoned as (
    select
        case
            when {{ runs.date }} is null then 'no_date'
            when {{ runs.processor }} is null then 'no_processor'
            when {{ runs.started }} is null then 'no_start'
            {%- if runs.finished is not none %}
            when {{ sql.moment(runs.finished) }} < {{ sql.moment(runs.started) }} then 'ends_before_start'
            {%- endif %}{% if runs.is_now %}
            when {{ sql.seconds_between(runs.as_of, sql.moment(runs.started)) }} > 300 then 'starts_in_future'
            {%- endif %}
        end as reason,
        {{ runs.processor }} as processor,
        {{ sql.moment(runs.started) }} as started
    from {{ runs.table | table }}
    where ({{ runs.date }} between {{ scope.start }} and {{ scope.end }} or {{ runs.date }} is null)
        {{- ledger.was_there(runs) }}
        {%- if processors %}
        and ({{ runs.processor }} in {{ processors | literals }} or {{ runs.processor }} is null)
        {%- endif %}{% if runs.filter is not none %}
        and ({{ runs.filter }})
        {%- endif %}{% if runs.exclude is not none %}
        and case when {{ runs.exclude }} then 1 else 0 end = 0
        {%- endif %}
)

select
    reason,
    processor,
    count(*) as ledger_rows,
    min(started) as first_start,
    max(started) as last_start
from reasoned
where reason is not null
group by reason, processor
order by reason, case when processor is null then 1 else 0 end, processor
