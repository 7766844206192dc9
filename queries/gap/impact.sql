/*---
title = "What the gaps of an upstream reach: the later keys that read them"
doc   = """
One line for each missing key of an upstream that is in the lookback of at least one due key of the output: from the
first to the last such key, how many there are, and how many of those have rows already, which were made without it. Once
the gap is filled, those must run again; to run the gap alone leaves them as they are.
"""
decision = "how much has to be run again after a gap is filled"

[params]
output    = { type = "output", doc = "the output that reads" }
upstreams = { type = "upstreams", doc = "the outputs that it reads" }
dates     = { type = "int?", doc = "how many spine dates before a key are read; the output's `lookback` if not given" }

[columns]
upstream     = "text"
upstream_key = "text"
output       = "text"
first_day    = "date"
last_day     = "date"
keys         = "int"
held_keys    = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "held_keys"
value  = 0
level  = "fail"
---*/
{%- import "entities" as entities %}
{%- import "windows" as windows %}
{{- entities.demand_upstreams(output, upstreams) }}
with {{ windows.steps(output, upstreams, dates, scope) }},

held as (
{{ entities.held(output, output.key, [], scope) }}
)

select
    windows.upstream,
    windows.read_key as upstream_key,
    {{ output.name }} as output,
    min(windows.{{ output.date_name | ident }}) as first_day,
    max(windows.{{ output.date_name | ident }}) as last_day,
    count(*) as keys,
    count(held.held_rows) as held_keys
from windows
left join held on {{ entities.same(output.key, "windows", "held") }}
where windows.not_expected = 0
    and windows.is_held = 0
group by windows.upstream, windows.read_key
order by windows.upstream, windows.read_key
