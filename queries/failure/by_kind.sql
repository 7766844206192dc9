/*---
title = "Failures set against the kinds of keys"
doc   = """
One row per processor and kind of day: the values of the `attributes` and weights of its spines, and the season. Of the
units, a processor and a day each, that were tried (the latest attempt ended, well or not, or is dead), it counts those of
the kind and those outside it. `concentrated` is not 0 where every unit of the kind fails and hardly any other does: that
is a fault that comes with the kind, so a retry meets it again. It takes `least` units on either side, so that a kind of one
day proves nothing, and at most `percent_outside` of the others may have failed. A day of several kinds counts in each.
"""
decision = "whether to stop and fix what a kind of day breaks, before anything is tried again"

[params]
processors          = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since               = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
stale_after_minutes = { type = "int", default = 240, doc = "how long a run may take before it counts as dead" }
least               = { type = "int", default = 3, doc = "how many units of the kind, and how many others, it takes" }
percent_outside     = { type = "int", default = 5, doc = "how many percent of the others may have failed" }

[columns]
processor      = "text"
attribute      = "text"
kind           = "text"
tried          = "int"
failed         = "int"
tried_outside  = "int"
failed_outside = "int"
concentrated   = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "concentrated"
value  = 0
level  = "fail"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if least < 2 or percent_outside < 0 or percent_outside > 100 %}{{ fail("`least` is at least 2, and `percent_outside` from 0 to 100") }}{% endif %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "", true) }},

{{ units.states(runs, stale_after_minutes) }},

tried as (
    select
        processor,
        day,
        case when state = 'succeeded' then 0 else 1 end as failed
    from unit_states
    where state in ('succeeded', 'failed', 'unknown', 'stale')
),

{{ units.kinds(processors) }},

of_attributes as (
    select
        processor,
        attribute,
        count(distinct day) as tried,
        count(distinct case when failed = 1 then day end) as failed
    from unit_kinds
    group by processor, attribute
),

of_kinds as (
    select
        processor,
        attribute,
        kind,
        count(*) as tried,
        count(case when failed = 1 then 1 end) as failed
    from unit_kinds
    group by processor, attribute, kind
),

compared as (
    select
        of_kinds.processor,
        of_kinds.attribute,
        of_kinds.kind,
        of_kinds.tried,
        of_kinds.failed,
        of_attributes.tried - of_kinds.tried as tried_outside,
        of_attributes.failed - of_kinds.failed as failed_outside
    from of_kinds
    inner join of_attributes
        on of_kinds.processor = of_attributes.processor
        and of_kinds.attribute = of_attributes.attribute
)

select
    processor,
    attribute,
    kind,
    tried,
    failed,
    tried_outside,
    failed_outside,
    case
        when failed = tried and tried >= {{ least }} and tried_outside >= {{ least }} and 100 * failed_outside <= {{ percent_outside }} * tried_outside then failed
        else 0
    end as concentrated
from compared
order by processor, attribute, kind
