/*---
title = "What kind of gap each missing or partial key is, by what its upstreams hold"
doc   = """
Each kind has an action of its own. `incomplete`: rows are there, but too few: run it again. `raw_only`: every upstream
holds the key, only this output lacks it: run it. `upstream_missing`: some upstreams lack it: run those first. `no_data`:
no upstream holds it: collect it. `never_collected`: none holds anything of the whole season: collect the season, or
accept it. `source_unavailable`: no upstream is expected to hold it any more: accept it with a waiver. `upstreams` are
those that should hold the key by now, `upstreams_held` those of them that do.
"""
decision = "whether to collect again, to run again, or to waive"

[params]
output    = { type = "output", doc = "the output to examine" }
upstreams = { type = "upstreams", doc = "the outputs that it is made from" }

[columns]
output         = "text"
key            = "key"
kind           = "text"
held_rows      = "int"
upstreams      = "int"
upstreams_held = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "spine" as spines %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{{- entities.demand_upstreams(output, upstreams) }}
{%- for upstream in upstreams %}{{ entities.demand_shared(output, upstream) }}{% endfor %}
with {{ coverage.chain([output], scope) }},

{{ entities.spine_steps(upstreams, scope) -}}
gaps as (
    select
        classed.*,
        expected.spine_season as season
    from classed
    inner join expected on {{ entities.same(output.key, "classed", "expected") }}
    where classed.class in ('missing', 'partial')
),
{% for upstream in upstreams %}
{%- set shared = shared_key(output, upstream) %}
{{ ("upstream_due_" ~ loop.index) | ident }} as (
{{ entities.due_shared(upstream, shared, scope, true) }}
),

{{ ("upstream_held_" ~ loop.index) | ident }} as (
{{ entities.held(upstream, shared, [], scope, true) }}
),
{% if upstream.date is not none and output.date is not none %}
{{ ("upstream_seasons_" ~ loop.index) | ident }} as (
    select distinct {{ spines.season_of(output.date_name, scope) }} as season
    from {{ ("upstream_held_" ~ loop.index) | ident }} as held
),
{% endif %}
{% endfor %}
fed as (
    {% for upstream in upstreams %}
    {%- set shared = shared_key(output, upstream) %}
    {%- set due = "upstream_due_" ~ loop.index %}{% set held = "upstream_held_" ~ loop.index %}{% set seasons = "upstream_seasons_" ~ loop.index %}
    select
        {% for column in output.key %}gaps.{{ column.name | ident }},
        {% endfor -%}
        case when {{ due | ident }}.{{ shared[0].name | ident }} is null then 0 else 1 end as is_due,
        case when {{ due | ident }}.{{ shared[0].name | ident }} is not null and {{ held | ident }}.held_rows is not null then 1 else 0 end as is_held,
        {% if upstream.date is none or output.date is none %}case when {{ held | ident }}.held_rows is null then 0 else 1 end{% else %}case when {{ seasons | ident }}.season is null then 0 else 1 end{% endif %} as has_season
    from gaps
    left join {{ due | ident }} on {{ entities.same(shared, "gaps", due) }}
    left join {{ held | ident }} on {{ entities.same(shared, "gaps", held) }}
    {%- if upstream.date is not none and output.date is not none %}
    left join {{ seasons | ident }} on gaps.season = {{ seasons | ident }}.season
    {%- endif %}
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

fed_by_key as (
    select
        {% for column in output.key %}{{ column.name | ident }},
        {% endfor -%}
        sum(is_due) as upstreams_due,
        sum(is_held) as upstreams_held,
        sum(has_season) as upstreams_in_season
    from fed
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
)

select
    gaps.output,
    {% for column in output.key %}gaps.{{ column.name | ident }},
    {% endfor -%}
    case
        when gaps.class = 'partial' then 'incomplete'
        when fed_by_key.upstreams_due = 0 then 'source_unavailable'
        when fed_by_key.upstreams_held = fed_by_key.upstreams_due then 'raw_only'
        when fed_by_key.upstreams_held > 0 then 'upstream_missing'
        when fed_by_key.upstreams_in_season = 0 then 'never_collected'
        else 'no_data'
    end as kind,
    gaps.held_rows,
    fed_by_key.upstreams_due as upstreams,
    fed_by_key.upstreams_held
from gaps
inner join fed_by_key on {{ entities.same(output.key, "gaps", "fed_by_key") }}
order by {% for column in output.key %}gaps.{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
