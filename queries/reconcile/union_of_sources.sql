/*---
title = "Keys at which entities are in none of several sources"
doc   = """
Sources that fill in for one another cover what is in any of them: not the best of them alone, and not their sum. One line
for each due key at which an expected entity is in no source, or for which none is expected; `best_source` is how many the
best source alone has, `first_uncovered` the first that none has.
"""
decision = "what no source has, and so what to collect"

[params]
output   = { type = "output", doc = "the output whose rows name the entities of each key, as a schedule" }
sources  = { type = "upstreams", doc = "the outputs that together must cover them" }
by       = { type = "texts", doc = "the columns that name an entity, in all of them" }
at_least = { type = "number", default = 1, doc = "the least share that must be covered" }

[columns]
key             = "key"
entities        = "int"
covered         = "int"
best_source     = "int"
first_uncovered = "text?"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind     = "share"
column   = "covered"
of       = "entities"
at_least = { param = "at_least" }
level    = "fail"
---*/
{%- import "entities" as entities %}
{{- entities.demand_upstreams(output, sources) }}
{%- for source in sources %}{{ entities.demand_shared(output, source) }}{% endfor %}
with {{ entities.spine_steps([output], scope) -}}
due as (
{{ entities.due(output, scope) }}
),

named as (
{{ entities.held(output, output.key, by, scope) }}
),
{% for source in sources %}
{{ ("source_" ~ loop.index) | ident }} as (
{{ entities.held(source, shared_key(output, source), by, scope, true) }}
),
{% endfor %}
found as (
    select
        {% for column in output.key %}due.{{ column.name | ident }},
        {% endfor -%}
        case when named.held_rows is null then 0 else 1 end as is_named,
        coalesce(named.entity, 'null') as entity{% for source in sources %},
        case when {{ ("source_" ~ loop.index) | ident }}.held_rows is null then 0 else 1 end as {{ ("in_" ~ loop.index) | ident }}{% endfor %}
    from due
    left join named on {{ entities.same(output.key, "due", "named") }}
    {%- for source in sources %}
    left join {{ ("source_" ~ loop.index) | ident }}
        on {{ entities.same(shared_key(output, source), "named", "source_" ~ loop.index) }}
        and named.entity = {{ ("source_" ~ loop.index) | ident }}.entity
    {%- endfor %}
),

counted as (
    select
        {% for column in output.key %}{{ column.name | ident }},
        {% endfor -%}
        sum(is_named) as entities,
        sum(case when {% for source in sources %}{{ ("in_" ~ loop.index) | ident }} = 1{% if not loop.last %} or {% endif %}{% endfor %} then 1 else 0 end) as covered,
        min(case when is_named = 1{% for source in sources %} and {{ ("in_" ~ loop.index) | ident }} = 0{% endfor %} then entity end) as first_uncovered{% for source in sources %},
        sum({{ ("in_" ~ loop.index) | ident }}) as {{ ("in_" ~ loop.index) | ident }}{% endfor %}
    from found
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
)

select
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    entities,
    covered,
    {% if sources | length == 1 %}in_1{% else %}greatest({% for source in sources %}{{ ("in_" ~ loop.index) | ident }}{% if not loop.last %}, {% endif %}{% endfor %}){% endif %} as best_source,
    first_uncovered
from counted
where covered < entities
    or entities = 0
order by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
