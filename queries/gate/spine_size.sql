/*---
title = "Whether the spine has as many keys as a run of this size needs"
doc   = """
Everything is measured against the spine: a schedule that is half loaded makes half a pipeline complete. One line: how many
keys are in scope, and their size, which is the sum of a weight if one is named; and how many seasons that ended, or began
at least two weeks before the question, have no key at all.
"""
decision = "whether the expectation itself is loaded"

[params]
output   = { type = "output", doc = "an output of the spine" }
weight   = { type = "text?", doc = "the weight that is added up; each key counts 1 if not given" }
at_least = { type = "int", doc = "the least size" }

[columns]
spine                = "text"
keys                 = "int"
size                 = "number"
first_day            = "date?"
last_day             = "date?"
seasons_without_keys = "int"

[[rule]]
kind   = "at_least"
column = "size"
value  = { param = "at_least" }
level  = "fail"

[[rule]]
kind   = "equals"
column = "seasons_without_keys"
value  = 0
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "spine" as spines %}
{%- set day = output.date_name %}
{%- set known = output.spine.weights | map(attribute="name") | list %}
{%- if weight is not none and weight not in known %}{{ fail("spine `" ~ output.spine.name ~ "` has no weight \"" ~ weight ~ "\"") }}{% endif %}
with expected as (
{{ spines.expected(output.spine, scope) }}
),

sizes as (
    select
        count(*) as keys,
        {% if weight is none %}count(*){% else %}coalesce(sum({{ weight | ident }}), 0){% endif %} as size,
        {% if day is none %}cast(null as date){% else %}min({{ day | ident }}){% endif %} as first_day,
        {% if day is none %}cast(null as date){% else %}max({{ day | ident }}){% endif %} as last_day
    from expected
    {%- if scope.narrowed and day is not none %}
    where {{ day | ident }} between {{ scope.start }} and {{ scope.end }}
    {%- endif %}
),

seasons as (
    {% for season in scope.seasons %}select {{ season.name }} as season, case when {{ season.end }} < {{ scope.as_of_date }} or {{ sql.days_between(season.start, scope.as_of_date) }} >= 14 then 1 else 0 end as is_under_way{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

missing_seasons as (
    select count(*) as seasons
    from seasons
    left join (select distinct spine_season from expected) as found on seasons.season = found.spine_season
    where seasons.is_under_way = 1
        and found.spine_season is null
        {%- if day is none %}
        and 1 = 0
        {%- endif %}
)

select
    {{ output.spine.name }} as spine,
    sizes.keys,
    sizes.size,
    sizes.first_day,
    sizes.last_day,
    missing_seasons.seasons as seasons_without_keys
from sizes
cross join missing_seasons
