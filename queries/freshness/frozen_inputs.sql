/*---
title = "Inputs that stopped while what is made of them went on"
doc   = """
One line for each upstream whose newest date is older than that of the output by more days than allowed, or that has no
rows: what the output holds of the days between was made of old rows, or of none.
"""
decision = "which input to revive before its followers are believed"

[params]
output    = { type = "output", doc = "the output to examine" }
upstreams = { type = "upstreams", doc = "the outputs that it is made from" }
days      = { type = "int", default = 0, doc = "how many days an upstream may be behind" }

[columns]
output              = "text"
upstream            = "text"
newest_day          = "date"
upstream_newest_day = "date?"
days_behind         = "int?"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- import "windows" as windows %}
{{- entities.demand_upstreams(output, upstreams) }}
{%- for upstream in upstreams %}{{ windows.demand_dates(output, upstream) }}{% endfor %}
with own as (
    select max({{ output.date }}) as newest_day
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

inputs as (
    {% for upstream in upstreams %}select
        {{ upstream.name }} as upstream,
        max({{ upstream.date }}) as newest_day
    from {{ upstream.table | table }}
    {{ coverage.in_scope(upstream, scope) }}
    {% if not loop.last %}
    union all
    {% endif %}{% endfor %}
)

select
    {{ output.name }} as output,
    inputs.upstream,
    own.newest_day,
    inputs.newest_day as upstream_newest_day,
    {{ sql.days_between("inputs.newest_day", "own.newest_day") }} as days_behind
from own
cross join inputs
where own.newest_day is not null
    and (inputs.newest_day is null or {{ sql.days_between("inputs.newest_day", "own.newest_day") }} > {{ days }})
order by inputs.upstream
