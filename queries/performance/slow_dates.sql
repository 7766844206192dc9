/*---
title = "Runs that took much longer than their processor usually does for such a day"
doc   = """
One row per run, failed ones included, that took more than `times` the usual per weight of its day (as games; see
`performance/durations`). The usual is the median of the processor's successes in scope, of which there are `compared`. A
long run on a big day is not slow.
"""
decision = "which runs were slow for another reason than a large day"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
per        = { type = "text", default = "", doc = "the weight of the spine to normalise by" }
times      = { type = "number", default = 2, doc = "how many times the usual a run may take" }

[columns]
processor           = "text"
day                 = "date"
run                 = "text?"
outcome             = "text"
seconds             = "int"
weight              = "number"
ms_per_weight       = "int"
usual_ms_per_weight = "int"
compared            = "int"

[[rule]]
kind  = "no_rows"
level = "warn"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ units.expected(processors, scope, per) }},

{{ units.timed() }},

placed as (
    select
        processor,
        ms_per_weight,
        row_number() over (partition by processor order by ms_per_weight) as place,
        count(*) over (partition by processor) as compared
    from timed
    where outcome = 'success'
        and ms_per_weight is not null
),

usual as (
    select
        processor,
        min(case when 100 * place >= 50 * compared then ms_per_weight end) as usual_ms,
        max(compared) as compared
    from placed
    group by processor
)

select
    timed.processor,
    timed.day,
    timed.run,
    timed.outcome,
    timed.seconds,
    timed.weight,
    timed.ms_per_weight,
    usual.usual_ms as usual_ms_per_weight,
    usual.compared
from timed
inner join usual on timed.processor = usual.processor
where timed.ms_per_weight > {{ times }} * usual.usual_ms
order by timed.processor, timed.day, timed.run
