/*---
title = "Keys whose lookback is not filled: earlier dates of an upstream that they read are missing"
doc   = """
Before a key runs, the spine dates of its upstreams that it reads must be there: the last so many before its own, of the
same season, and as many as there are where the season is younger. One line for each due key and upstream of which at
least one such date is expected and has no rows, whether or not the output holds the key already.
"""
decision = "which keys must not be run before their history is there"

[params]
output    = { type = "output", doc = "the output to examine" }
upstreams = { type = "upstreams", doc = "the outputs that it reads" }
dates     = { type = "int?", doc = "how many spine dates before a key are read; the output's `lookback` if not given" }

[columns]
output        = "text"
key           = "key"
upstream      = "text"
read_keys     = "int"
held_keys     = "int"
missing_keys  = "int"
first_missing = "date"
last_missing  = "date"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "entities" as entities %}
{%- import "windows" as windows %}
{{- entities.demand_upstreams(output, upstreams) }}
with {{ windows.steps(output, upstreams, dates, scope) }}

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    upstream,
    count(*) as read_keys,
    sum(is_held) as held_keys,
    sum(1 - is_held) as missing_keys,
    min(case when is_held = 0 then read_day end) as first_missing,
    max(case when is_held = 0 then read_day end) as last_missing
from windows
where not_expected = 0
group by {% for column in output.key %}{{ column.name | ident }}, {% endfor %}upstream
having sum(1 - is_held) > 0
order by {% for column in output.key %}{{ column.name | ident }}, {% endfor %}upstream
