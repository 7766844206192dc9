/*---
title = "How far each output is behind: its newest date against the newest that is due"
doc   = """
One line for each output, also for an empty one. `keys_behind` are the due keys of the spine that are younger than the
newest date with rows; days off and closed seasons make none, so that a table is frozen only where something was to be
expected. `hours_since_load` is the age of the newest load as of the question, where the output declares `loaded_at`. A
check that reads a frozen table finds nothing, or everything: let this one go before it.
"""
decision = "which output to wait for, and which to call dead"

[params]
outputs   = { type = "outputs", doc = "the outputs to examine; they share a spine" }
max_hours = { type = "int?", doc = "the oldest that the newest load may be" }

[columns]
output           = "text"
newest_day       = "date?"
newest_due       = "date?"
keys_behind      = "int"
newest_load      = "timestamp?"
hours_since_load = "int?"

[[rule]]
kind   = "equals"
column = "keys_behind"
value  = 0
level  = "fail"

[[rule]]
kind   = "at_most"
column = "hours_since_load"
value  = { param = "max_hours" }
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- set day = outputs[0].date_name %}
{%- if day is none %}{{ fail("the key of `" ~ outputs[0].name ~ "` has no date") }}{% endif %}
{%- for output in outputs if max_hours is not none and output.loaded_at is none %}{{ fail("output `" ~ output.name ~ "` declares no `loaded_at`, so nothing tells when it was loaded") }}{% endfor %}
with {{ entities.spine_steps(outputs, scope) -}}
due as (
    {% for output in outputs %}select {{ output.name }} as output, {{ day | ident }} as due_day
    from (
{{ entities.due(output, scope) }}
    ) as {{ ("due_" ~ loop.index) | ident }}
    {% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

held as (
    {% for output in outputs %}select
        {{ output.name }} as output,
        max(case when {{ output.date }} <= {{ scope.as_of_date }} then {{ output.date }} end) as newest_day,
        {% if output.loaded_at is none %}{{ sql.moment(none) }}{% else %}max({{ sql.moment(output.loaded_at) }}){% endif %} as newest_load
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    {% if not loop.last %}
    union all
    {% endif %}{% endfor %}
)

select
    held.output,
    held.newest_day,
    max(due.due_day) as newest_due,
    count(case when held.newest_day is null or due.due_day > held.newest_day then due.due_day end) as keys_behind,
    held.newest_load,
    cast(floor({{ sql.seconds_between("held.newest_load", scope.as_of) }} / 3600) as bigint) as hours_since_load
from held
left join due on held.output = due.output
group by held.output, held.newest_day, held.newest_load
order by held.output
