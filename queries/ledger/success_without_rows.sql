/*---
title = "Keys that a run says it filled, and that have no rows"
doc   = """
One row per key that is due and has no rows although the latest run of the output's processor for its date succeeded: the
run wrote elsewhere, wrote nothing, or the rows are gone since. A key without a date is compared with the processor's
latest run for any date.
"""
decision = "which keys to run again although the ledger says that they are done"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }
since   = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }

[columns]
output       = "text"
key          = "key"
processor    = "text"
last_success = "timestamp?"
row_count    = "int?"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- import "coverage" as coverage %}
{%- set key = outputs[0].key %}
{%- set day = outputs[0].date_name %}
with {{ coverage.chain(outputs, scope) }},

{{ units.of_outputs(runs, scope, outputs, since) }}

select
    classed.output,
    {% for column in key %}classed.{{ column.name | ident }},
    {% endfor -%}
    deciding.processor,
    deciding.last_success,
    deciding.row_count
from classed
inner join fillers on classed.output = fillers.output
inner join deciding
    on fillers.processor = deciding.processor
    {%- if day is not none %}
    and classed.{{ day | ident }} = deciding.day
    {%- endif %}
where classed.class = 'missing'
    and deciding.state = 'success'
order by classed.output{% for column in key %}, classed.{{ column.name | ident }}{% endfor %}
