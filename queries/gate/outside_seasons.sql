/*---
title = "Keys of the spine's source that no season covers"
doc   = """
What lies outside every declared season is never looked at: the last game of finals that were played later than in other
years, a season that nobody declared yet. One line for each date within a year of the declared seasons that the spine's
source has and no season covers. Widen a season, declare a new one, or let the spine's `where` leave out what is not meant.
"""
decision = "whether a season's dates are right"

[params]
output = { type = "output", doc = "an output of the spine" }

[columns]
spine = "text"
day   = "date"
keys  = "int"

[[rule]]
kind  = "no_rows"
level = "warn"
---*/
{%- import "dialect" as sql %}
{%- import "spine" as spines %}
{%- set day = output.date_name %}
{%- if day is none %}{{ fail("the key of spine `" ~ output.spine.name ~ "` has no date") }}{% endif %}
{%- if output.spine.kind == "calendar" %}{{ fail("spine `" ~ output.spine.name ~ "` is computed from the seasons themselves") }}{% endif %}
{%- if not scope.declared %}{{ fail("the project declares no season, so every date is looked at") }}{% endif %}
{%- set around = {"start": sql.nth_day(scope.declared[0].start, -366, 1), "end": sql.nth_day(scope.declared[-1].end, 366, 1)} %}
with source_keys as (
{{ spines.keys(output.spine, {"seasons": [around]}) }}
)

select
    {{ output.spine.name }} as spine,
    {{ day | ident }} as day,
    count(*) as keys
from source_keys
where not {{ spines.in_seasons(day, {"seasons": scope.declared}) }}
group by {{ day | ident }}
order by {{ day | ident }}
