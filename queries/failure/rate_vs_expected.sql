/*---
title = "How many entities failed, against the share that may in that week of the season"
doc   = """
One row per expected unit, a processor and a day, whose latest attempt counted its entities: `failed` of `tried`, all of
them failing included. `bands` say from which week of the season on how many percent may fail, as in "1: 100", "3: 75",
"6: 30"; without a band none may. `accepted` is `tried` without those that failed beyond it, and has to be all of them. An
attempt that failed before it counted has no rate: `failure/unresolved` lists it. Nothing tried has no rate either.
"""
decision = "whether failures are what this week of the season brings, or a bug"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
bands      = { type = "texts", default = [], doc = "the first week of each band and the percentage that may fail, weeks in order" }

[columns]
processor       = "text"
day             = "date"
week            = "int"
allowed_percent = "int"
tried           = "int?"
failed          = "int?"
accepted        = "int?"

[[rule]]
kind     = "share"
column   = "accepted"
of       = "tried"
at_least = 1
level    = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "units" as units %}
{%- if runs is not none and (runs.entities_done is none or runs.entities_failed is none) %}{{ fail("the run ledger counts no entities; add entities = { done = \"...\", failed = \"...\" } to [runs]") }}{% endif %}
{%- set parsed = namespace(bands=[], week=0) %}
{%- for band in bands %}
{%- set parts = band | split(":") | list %}
{%- set week = parts[0] | trim %}
{%- set percent = parts[1] | default("") | trim %}
{%- if parts | length != 2 or not week or not percent or week | list | reject("in", "0123456789") | list or percent | list | reject("in", "0123456789") | list %}{{ fail("`bands`: \"" ~ band ~ "\" is not a week and a percentage such as \"3: 75\"") }}{% endif %}
{%- if week | int <= parsed.week or percent | int > 100 %}{{ fail("`bands`: weeks begin at 1 and ascend, and percentages end at 100, unlike \"" ~ band ~ "\"") }}{% endif %}
{%- set parsed.week = week | int %}
{%- set parsed.bands = [{"first_day": 7 * (week | int - 1), "percent": percent | int}] + parsed.bands %}
{%- endfor %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

counted as (
    select
        latest.processor,
        latest.day,
        case{% for season in scope.seasons %} when latest.day between {{ season.start }} and {{ season.end }} then {{ sql.days_between(season.start, "latest.day") }}{% endfor %} end as day_of_season,
        latest.entities_done + latest.entities_failed as tried,
        latest.entities_failed as failed
    from expected_units
    inner join latest
        on expected_units.processor = latest.processor
        and expected_units.day = latest.day
    where latest.state = 'success'
        or (latest.state in ('failed', 'unknown') and latest.entities_done + latest.entities_failed is not null)
),

banded as (
    select
        processor,
        day,
        cast(floor(day_of_season / 7.0) as bigint) + 1 as week,
        {% if parsed.bands %}case{% for band in parsed.bands %} when day_of_season >= {{ band.first_day }} then {{ band.percent }}{% endfor %} else 0 end{% else %}0{% endif %} as allowed_percent,
        tried,
        failed
    from counted
)

select
    processor,
    day,
    week,
    allowed_percent,
    tried,
    failed,
    case when 100 * failed <= allowed_percent * tried then tried else tried - failed + cast(floor(allowed_percent * tried / 100.0) as bigint) end as accepted
from banded
order by processor, day
