/*---
title = "Whether processors take longer lately than they used to"
doc   = """
One row per processor of the catalogue with successes both in the last `recent_days` and before. Medians are milliseconds
per weight of the day (as games; see `performance/durations`). `slower` says that the recent one is more than `times` the
earlier one.
"""
decision = "which processor to look at before it runs into its time limit"

[params]
processors  = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since       = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
per         = { type = "text", default = "", doc = "the weight of the spine to normalise by" }
recent_days = { type = "int", default = 7, doc = "how many days before the as-of moment are recent" }
times       = { type = "number", default = 2, doc = "how many times the earlier median the recent one may be" }

[columns]
processor             = "text"
recent_runs           = "int"
earlier_runs          = "int"
recent_ms_per_weight  = "int"
earlier_ms_per_weight = "int"
slower                = "bool"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "slower"
value  = false
level  = "warn"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ units.expected(processors, scope, per) }},

{{ units.timed() }},

split as (
    select
        processor,
        ms_per_weight,
        case when {{ sql.seconds_between("started", runs.as_of) }} <= {{ 86400 * recent_days }} then 1 else 0 end as recent
    from timed
    where outcome = 'success'
        and ms_per_weight is not null
),

placed as (
    select
        split.*,
        row_number() over (partition by processor, recent order by ms_per_weight) as place,
        count(*) over (partition by processor, recent) as compared
    from split
),

medians as (
    select
        processor,
        count(case when recent = 1 then 1 end) as recent_runs,
        count(case when recent = 0 then 1 end) as earlier_runs,
        min(case when recent = 1 and 100 * place >= 50 * compared then ms_per_weight end) as recent_ms,
        min(case when recent = 0 and 100 * place >= 50 * compared then ms_per_weight end) as earlier_ms
    from placed
    group by processor
)

select
    processor,
    recent_runs,
    earlier_runs,
    recent_ms as recent_ms_per_weight,
    earlier_ms as earlier_ms_per_weight,
    recent_ms > {{ times }} * earlier_ms as slower
from medians
where recent_runs > 0
    and earlier_runs > 0
order by processor
