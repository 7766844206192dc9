/*---
title = "Words of the run ledger that the project does not map"
doc   = """
One row per word (NULL included) of the status, phase or failure category that [runs] gives no meaning. An unknown status
counts as a failure; an unknown phase belongs to every stage. Phases and categories are looked at where [runs] maps them,
categories of failures only.
"""
decision = "which words to add to the mapping before any answer of the ledger is trusted"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }

[columns]
kind        = "text"
label       = "text?"
ledger_rows = "int"
processors  = "int"
first_day   = "date"
last_day    = "date"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{{- ledger.check(runs, []) }}
with labelled as (
    select
        {{ runs.processor }} as processor,
        {{ runs.date }} as day,
        {{ sql.text(runs.status) }} as status_label,
        {{ ledger.state_of(runs) }} as state,
        {{ ledger.mapped(runs.phase, sql.null_text()) }} as phase_label,
        {{ ledger.mapped(runs.category, sql.null_text()) }} as category_label
    from {{ runs.table | table }}
    {{ ledger.in_scope(runs, scope, processors) }}
    {%- if runs.exclude is not none %}
        and case when {{ runs.exclude }} then 1 else 0 end = 0
    {%- endif %}
),

unmapped as (
    select
        'status' as kind,
        status_label as label,
        processor,
        day
    from labelled
    where status_label is null
        or lower(status_label) not in {{ runs.known | map("lower") | literals }}
    {%- if runs.stages %}
    union all
    select
        'phase' as kind,
        phase_label as label,
        processor,
        day
    from labelled
    where {{ ledger.term_of("phase_label", runs.stages, sql.null_text()) }} is null
    {%- endif %}{% if runs.classes %}
    union all
    select
        'category' as kind,
        category_label as label,
        processor,
        day
    from labelled
    where state in ('failed', 'unknown')
        and category_label <> ''
        and {{ ledger.term_of("category_label", runs.classes, sql.null_text()) }} is null
    {%- endif %}
)

select
    kind,
    label,
    count(*) as ledger_rows,
    count(distinct processor) as processors,
    min(day) as first_day,
    max(day) as last_day
from unmapped
group by kind, label
order by kind, case when label is null then 1 else 0 end, label
