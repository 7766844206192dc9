/*---
title = "Failures on record, and what the data says of their days"
doc   = """
One row per output and day for which the latest run of the output's processor did not succeed. Of the `keys` that the
spine has for the day, `complete` are as they should be, `excused` are not expected, `pending` are not due yet, and
`present` have rows at all. Where all that is expected is complete, the record is `disproved`: the data is there, whatever
the ledger says, so it is no gap and nothing to run again.
"""
decision = "which records of failures are out of date, and which failures left a gap"

[params]
outputs             = { type = "outputs", doc = "the outputs to examine; they share a spine with a date" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }

[columns]
output    = "text"
processor = "text"
day       = "date"
state     = "text"
keys      = "int"
complete  = "int"
excused   = "int"
pending   = "int"
present   = "int"
disproved = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "disproved"
value  = 0
level  = "warn"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- import "coverage" as coverage %}
{%- set day = outputs[0].date_name %}
{%- if day is none %}{{ fail("output `" ~ outputs[0].name ~ "` has no date in its key, so no day of it failed") }}{% endif %}
with {{ coverage.chain(outputs, scope) }},

{{ units.of_outputs(runs, scope, outputs, since) }},

counted as (
    select
        output,
        {{ day | ident }} as unit_day,
        count(*) as spine_keys,
        count(case when class = 'ok' then 1 end) as complete_keys,
        count(case when class = 'not_expected' then 1 end) as excused_keys,
        count(case when class = 'pending' then 1 end) as pending_keys,
        sum(present) as present_keys
    from classed
    where position is not null
    group by output, {{ day | ident }}
),

failures as (
    select
        fillers.output,
        deciding.processor,
        deciding.day,
        deciding.state
    from deciding
    inner join fillers on deciding.processor = fillers.processor
    where {{ ledger.is_unresolved(runs, stale_after_minutes) }}
)

select
    failures.output,
    failures.processor,
    failures.day,
    failures.state,
    coalesce(counted.spine_keys, 0) as keys,
    coalesce(counted.complete_keys, 0) as complete,
    coalesce(counted.excused_keys, 0) as excused,
    coalesce(counted.pending_keys, 0) as pending,
    coalesce(counted.present_keys, 0) as present,
    case when counted.complete_keys > 0 and counted.complete_keys + counted.excused_keys = counted.spine_keys then 1 else 0 end as disproved
from failures
left join counted
    on failures.output = counted.output
    and failures.day = counted.unit_day
order by failures.output, failures.day
