/*---
title = "Each season against the one before, as far as both have come"
doc   = """
Rows, dates and distinct entities of a season, and the mean of a column, beside those of the season before. A season under
way is compared with as many days of the earlier one. One line for each season that has begun and has a season before it,
and figure. A season whose predecessor is purged by now has nothing to be compared with and no line. The ratio must lie
between two bounds that you give.
"""
decision = "whether a season is as complete as the one before"

[params]
output  = { type = "output", doc = "the output to examine" }
entity  = { type = "texts", default = [], doc = "the columns that name an entity" }
column  = { type = "text?", doc = "the column whose mean is compared" }
lowest  = { type = "number", doc = "the least ratio to the season before, as 0.8" }
highest = { type = "number", doc = "the greatest, as 1.25" }

[columns]
output       = "text"
season       = "text"
figure       = "text"
before       = "text"
value        = "number?"
value_before = "number?"
ratio        = "number?"

[[rule]]
kind   = "between"
column = "ratio"
low    = { param = "lowest" }
high   = { param = "highest" }
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- if output.date is none %}{{ fail("seasons need a date in the key of `" ~ output.name ~ "`") }}{% endif %}
{%- set kept = output.not_expected.kept_since %}
{%- set pairs = namespace(all=[]) %}
{%- for season in scope.seasons if season.before is not none and season.before.begun %}{% set pairs.all = pairs.all + [season] %}{% endfor %}
{%- if not pairs.all %}{{ fail("no season in scope has begun and has another before it") }}{% endif %}
with sides as (
    {% for season in pairs.all %}select {{ season.name }} as season, {{ season.before.name }} as before, 1 as is_now, {{ season.before.start }} as before_start, {{ season.start }} as first_day, {{ season.before.until }} as last_day
    union all
    select {{ season.name }} as season, {{ season.before.name }} as before, 0 as is_now, {{ season.before.start }} as before_start, {{ season.before.start }} as first_day, {{ season.before.end }} as last_day{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

scanned as (
    select
        {{ output.date }} as held_day,
        {{ entities.entity(output, entity) }} as entity{% if column is not none %},
        {{ entities.column(output, column) }} as held_value{% endif %}
    from {{ output.table | table }}
    {{ coverage.in_scope({"date": output.date, "ranges": [], "null_keys": false, "filter": output.filter}, {"start": pairs.all[0].before.start, "end": pairs.all[-1].before.until, "others": []}) }}
),

counted as (
    select
        sides.season,
        sides.is_now,
        count(*) as held_rows,
        count(distinct scanned.held_day) as held_days,
        count(distinct scanned.entity) as entities{% if column is not none %},
        avg(scanned.held_value) as mean_value{% endif %}
    from sides
    inner join scanned on scanned.held_day between sides.first_day and sides.last_day
    group by sides.season, sides.is_now
),

measured as (
    select
        sides.season,
        sides.before,
        sides.is_now,
        coalesce(counted.held_rows, 0) as held_rows,
        coalesce(counted.held_days, 0) as held_days,
        coalesce(counted.entities, 0) as entities{% if column is not none %},
        counted.mean_value{% endif %}
    from sides
    left join counted
        on sides.season = counted.season
        and sides.is_now = counted.is_now
    {%- if kept is not none %}
    where sides.before_start >= {{ kept }}
    {%- endif %}
),

figures as (
    select 'rows' as figure, season, before, is_now, 1e0 * held_rows as held_value from measured
    union all
    select 'days' as figure, season, before, is_now, 1e0 * held_days as held_value from measured
    {%- if entity %}
    union all
    select 'entities' as figure, season, before, is_now, 1e0 * entities as held_value from measured
    {%- endif %}{% if column is not none %}
    union all
    select 'mean' as figure, season, before, is_now, 1e0 * mean_value as held_value from measured
    {%- endif %}
),

paired as (
    select
        season,
        figure,
        before,
        max(case when is_now = 1 then held_value end) as value_now,
        max(case when is_now = 0 then held_value end) as value_before
    from figures
    group by season, figure, before
)

select
    {{ output.name }} as output,
    season,
    figure,
    before,
    value_now as value,
    value_before,
    value_now / nullif(value_before, 0) as ratio
from paired
order by season, figure
