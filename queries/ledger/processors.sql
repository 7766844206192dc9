/*---
title = "Which processors the run ledger speaks of"
doc   = """
One row per processor of the catalogue or of the ledger. `unseen` are the units that are due of a processor without any
run in scope: that the ledger holds no failure of it means nothing. A processor that the catalogue does not know writes
under another name, or fills no declared output.
"""
decision = "whether the names in the catalogue are those of the ledger"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue and the ledger if none is given" }

[columns]
processor    = "text?"
in_catalogue = "bool"
due          = "int"
unseen       = "int"
runs         = "int"
succeeded    = "int"
failed       = "int"
skipped      = "int"
running      = "int"
unmapped     = "int"
first_start  = "timestamp?"
last_start   = "timestamp?"

[[rule]]
kind   = "equals"
column = "unseen"
value  = 0
level  = "fail"

[[rule]]
kind   = "equals"
column = "in_catalogue"
value  = true
level  = "warn"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- set catalogue = processors.names + processors.others %}
with {{ ledger.attempts(runs, scope, [] if processors.all else catalogue, false, []) }},

{{ units.expected(processors, scope, "") }},

catalogue as (
    {% for name in catalogue %}select {{ name }} as processor{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

expected_of as (
    select
        processor,
        count(*) as due
    from expected_units
    where not_due = 0
    group by processor
),

recorded as (
    select
        processor,
        count(*) as attempts,
        count(case when state = 'success' then 1 end) as succeeded,
        count(case when state = 'failed' then 1 end) as failed,
        count(case when state = 'skipped' then 1 end) as skipped,
        count(case when state = 'running' then 1 end) as running,
        count(case when state = 'unknown' then 1 end) as unmapped,
        min(started) as first_start,
        max(started) as last_start
    from attempts
    group by processor
)

select
    coalesce(catalogue.processor, recorded.processor) as processor,
    catalogue.processor is not null as in_catalogue,
    coalesce(expected_of.due, 0) as due,
    case when recorded.attempts is null then coalesce(expected_of.due, 0) else 0 end as unseen,
    coalesce(recorded.attempts, 0) as runs,
    coalesce(recorded.succeeded, 0) as succeeded,
    coalesce(recorded.failed, 0) as failed,
    coalesce(recorded.skipped, 0) as skipped,
    coalesce(recorded.running, 0) as running,
    coalesce(recorded.unmapped, 0) as unmapped,
    recorded.first_start,
    recorded.last_start
from catalogue
full outer join recorded on catalogue.processor = recorded.processor
left join expected_of on catalogue.processor = expected_of.processor
order by case when coalesce(catalogue.processor, recorded.processor) is null then 1 else 0 end, coalesce(catalogue.processor, recorded.processor)
