/*---
title = "Failures by category, and how many of them still stand"
doc   = """
Every failed attempt counts once, also where a later one succeeded; so does one whose status the project does not map.
`unresolved` are the units, a processor and a day each, whose deciding attempt is one of these. Runs that never wrote
their end have no category: `failure/unresolved` lists them. `failure_class` is what [runs] category makes of the word:
infrastructure and resource failures can be tried again, availability waits for what is upstream, processing is a fault to
mend first, blocked needs the block lifted, permanent and expected ones are not tried again.
"""
decision = "whether the failures are one systematic fault or many small ones"

[params]
processors = { type = "texts", default = [], doc = "the processors to look at; all if none is given" }
stages     = { type = "texts", default = [], doc = "the stages whose phases to look at; all if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
category        = "text"
failure_class   = "text?"
failed_attempts = "int"
unresolved      = "int"
processors      = "int"
days            = "int"
first_day       = "date"
last_day        = "date"
sample_error    = "text?"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "unresolved"
value  = 0
level  = "warn"
---*/
{%- import "runs" as ledger %}
with {{ ledger.attempts(runs, scope, processors, since, stages) }},

failures as (
    select
        coalesce(nullif(category, ''), 'uncategorised') as category_name,
        failure_class,
        processor,
        day,
        recency,
        error
    from attempts
    where state in ('failed', 'unknown')
)

select
    category_name as category,
    max(failure_class) as failure_class,
    count(*) as failed_attempts,
    count(case when recency = 1 then 1 end) as unresolved,
    count(distinct processor) as processors,
    count(distinct day) as days,
    min(day) as first_day,
    max(day) as last_day,
    min(error) as sample_error
from failures
group by category_name
order by category_name
