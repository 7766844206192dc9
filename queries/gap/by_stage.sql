/*---
title = "How far each stage is by period: the keys that all of its outputs hold"
doc   = """
One line for each stage and period of the spine. A key is due where at least one output of the stage should hold it by
now, or holds it early; of those outputs, all, some or none have rows for it, and the three add up to `due`. It is
`complete` where each of them is ok. No output speaks for its stage: the one that is furthest behind decides.
"""
decision = "which stage and which period need a backfill, and how large it is"

[params]
outputs = { type = "outputs", doc = "the outputs of the stages; they share a spine" }
by      = { type = "text", default = "year", doc = "all, season, year, month or day" }

[columns]
stage        = "text"
period       = "text"
outputs      = "int"
due          = "int"
held_by_all  = "int"
held_by_some = "int"
held_by_none = "int"
complete     = "int"

[[rule]]
kind     = "share"
column   = "complete"
of       = "due"
at_least = 1
level    = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "periods" as periods %}
{%- set key = outputs[0].key %}
with {{ coverage.chain(outputs, scope) }},

members as (
    {% for output in outputs %}select {{ output.name }} as output, {{ output.stage }} as stage, {{ output.stage_position }} as stage_position{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

due_keys as (
    select
        members.stage,
        members.stage_position,
        {% for column in key %}classed.{{ column.name | ident }},
        {% endfor -%}
        count(*) as due_outputs,
        sum(classed.present) as held_outputs,
        count(case when classed.class = 'ok' then 1 end) as ok_outputs
    from classed
    inner join members on classed.output = members.output
    where classed.class not in ('extra', 'null_key', 'not_expected', 'pending')
    group by {% for n in range(1, key | length + 3) %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}
),

by_period as (
    select
        due_keys.*,
        {{ periods.period_of(outputs[0].date_name, by, scope) }} as period
    from due_keys
),

sizes as (
    select
        stage,
        count(*) as outputs
    from members
    group by stage
)

select
    by_period.stage,
    by_period.period,
    sizes.outputs,
    count(*) as due,
    count(case when by_period.held_outputs = by_period.due_outputs then 1 end) as held_by_all,
    count(case when by_period.held_outputs > 0 and by_period.held_outputs < by_period.due_outputs then 1 end) as held_by_some,
    count(case when by_period.held_outputs = 0 then 1 end) as held_by_none,
    count(case when by_period.ok_outputs = by_period.due_outputs then 1 end) as complete
from by_period
inner join sizes on by_period.stage = sizes.stage
group by by_period.stage, by_period.stage_position, by_period.period, sizes.outputs
order by by_period.stage_position, by_period.period
