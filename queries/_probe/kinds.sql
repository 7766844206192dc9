/*---
title = "What kind each day of an output's spine is of"
doc   = "One row per day, attribute or weight of the spine, and value; the season too."

[params]
output = { type = "output", doc = "the output" }

[columns]
day       = "date"
attribute = "text"
kind      = "text"
---*/
{%- import "dialect" as sql %}
{%- import "spine" as spines %}
with spine_keys as (
{{ spines.expected(output.spine, scope, false, true) }}
),

kinds as (
    {%- for column in output.spine.attributes + output.spine.weights + [{"name": "spine_season"}] %}
    select distinct
        {{ output.date_name | ident }} as day,
        {{ column.name | replace("spine_season", "season") }} as attribute,
        coalesce({{ sql.text(column.name) }}, '(none)') as kind
    from spine_keys
    {%- if not loop.last %}
    union all
    {%- endif %}{% endfor %}
)

select
    day,
    attribute,
    kind
from kinds
order by day, attribute, kind
