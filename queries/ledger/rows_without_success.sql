/*---
title = "Keys that have rows, and of which no run says that it filled them"
doc   = """
One row per expected key with rows for which the run ledger knows of no success, however long ago. The rows were written
past the ledger, or by a run that failed on its way (`class` says whether they are all there). `last_state` is how its
latest run ended, NULL without one. No gap: a failure on record does not make a complete day incomplete. A key without a
date is compared with the processor's runs for any date.
"""
decision = "which failure records are stale, or which rows came from elsewhere"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }

[columns]
output     = "text"
key        = "key"
class      = "text"
held_rows  = "int"
processor  = "text"
last_state = "text?"

[[rule]]
kind  = "no_rows"
level = "warn"
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- import "coverage" as coverage %}
{%- set key = outputs[0].key %}
{%- set day = outputs[0].date_name %}
with {{ coverage.chain(outputs, scope) }},

{{ units.of_outputs(runs, scope, outputs, false) }}

select
    classed.output,
    {% for column in key %}classed.{{ column.name | ident }},
    {% endfor -%}
    classed.class,
    classed.held_rows,
    fillers.processor,
    deciding.state as last_state
from classed
inner join fillers on classed.output = fillers.output
left join deciding
    on fillers.processor = deciding.processor
    {%- if day is not none %}
    and classed.{{ day | ident }} = deciding.day
    {%- endif %}
where classed.class not in ('extra', 'null_key', 'not_expected')
    and classed.held_rows > 0
    and coalesce(deciding.success_count, 0) = 0
order by classed.output{% for column in key %}, classed.{{ column.name | ident }}{% endfor %}
