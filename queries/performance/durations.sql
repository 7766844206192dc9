/*---
title = "How long the runs of each processor take, by outcome"
doc   = """
One row per processor of the catalogue and outcome: success, failed, unknown, and running for those that have not ended,
which have no duration yet. Each run counts once. Percentiles are durations that occurred: at least so many percent took
no longer. The last two are milliseconds per unit of weight, as games of the day; `per` names the weight, else it is the one
that the outputs' rows are counted per, else each key weighs 1. A single run has no standard deviation.
"""
decision = "where to optimise, and what time limit is reasonable"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
per        = { type = "text", default = "", doc = "the weight of the spine to normalise by" }

[columns]
processor         = "text"
outcome           = "text"
runs              = "int"
min_seconds       = "int?"
p50_seconds       = "int?"
p95_seconds       = "int?"
max_seconds       = "int?"
mean_seconds      = "int?"
stddev_seconds    = "int?"
p50_ms_per_weight = "int?"
p95_ms_per_weight = "int?"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ units.expected(processors, scope, per) }},

{{ units.timed() }},

placed as (
    select
        timed.*,
        row_number() over (partition by processor, outcome order by case when seconds is null then 1 else 0 end, seconds) as place,
        count(seconds) over (partition by processor, outcome) as timed_runs,
        row_number() over (partition by processor, outcome order by case when ms_per_weight is null then 1 else 0 end, ms_per_weight) as weighed_place,
        count(ms_per_weight) over (partition by processor, outcome) as weighed_runs
    from timed
)

select
    processor,
    outcome,
    count(*) as runs,
    min(seconds) as min_seconds,
    min(case when 100 * place >= 50 * timed_runs then seconds end) as p50_seconds,
    min(case when 100 * place >= 95 * timed_runs then seconds end) as p95_seconds,
    max(seconds) as max_seconds,
    cast(floor(avg(seconds) + 0.5) as bigint) as mean_seconds,
    cast(floor(stddev_samp(seconds) + 0.5) as bigint) as stddev_seconds,
    min(case when 100 * weighed_place >= 50 * weighed_runs then ms_per_weight end) as p50_ms_per_weight,
    min(case when 100 * weighed_place >= 95 * weighed_runs then ms_per_weight end) as p95_ms_per_weight
from placed
group by processor, outcome
order by processor, outcome
