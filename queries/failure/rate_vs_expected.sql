/*---
title = "How many entities failed, against the share that may in that part of the season"
doc   = """
One row per expected unit, a processor and a day, whose latest attempt counted its entities: `failed` of `tried`, all of
them failing included. `bands` say from which week of the season on how many percent fail, as in "1: 90-100", "3: 60-75",
"6: 25-30", or "6: 30" without a lower bound; without a band none may. With `phases`, a table with the columns phase,
start and end (first and last day), they begin with the name of a phase instead: "playoffs: 10". `accepted` is `tried`
without those that failed beyond the band, and has to be all of them; `short` is how many failures are lacking to its lower
bound: better than expected is worth a line. A day of fewer than `least` entities is a small `sample`: it is judged
together with the other small ones of its processor, season and phase (`pooled`), and not at all while they are too few
(`small`), unless none may fail. An attempt that failed before it counted has no rate: `failure/unresolved` lists it.
Nothing tried has no rate either (`unknown`), nor has a day of several phases (`ambiguous`). A band for a phase that the
table does not have is a row without processor.
"""
decision = "whether failures are what this part of the season brings, or a bug"

[params]
processors = { type = "processors", default = [], doc = "the processors to look at; all of the catalogue if none is given" }
since      = { type = "moment", default = "", doc = "runs that started before do not count; [runs] since if not given" }
bands      = { type = "texts", default = [], doc = "the first week of each band, or its phase, and the percentages that fail, weeks in order" }
phases     = { type = "text", default = "", doc = "a table of phases with the columns phase, start and end; weeks of the season if not given" }
least      = { type = "int", default = 20, doc = "from how many entities on a day speaks for itself" }

[columns]
processor       = "text?"
day             = "date?"
phase           = "text?"
least_percent   = "int"
allowed_percent = "int"
tried           = "int?"
failed          = "int?"
sample          = "text"
accepted        = "int?"
short           = "int"

[[rule]]
kind     = "share"
column   = "accepted"
of       = "tried"
at_least = 1
level    = "fail"

[[rule]]
kind   = "equals"
column = "short"
value  = 0
level  = "warn"
---*/
{%- import "dialect" as sql %}
{%- import "runs" as ledger %}
{%- import "spine" as spines %}
{%- import "units" as units %}
{%- if runs is not none and (runs.entities_done is none or runs.entities_failed is none) %}{{ fail("the run ledger counts no entities; add entities = { done = \"...\", failed = \"...\" } to [runs]") }}{% endif %}
{%- if least < 1 %}{{ fail("`least` is at least 1") }}{% endif %}
{%- set parsed = namespace(bands=[], week=0, names=[]) %}
{%- for band in bands %}
{%- set parts = band | split(":") | map("trim") | list %}
{%- set name = parts[0] %}
{%- set shares = parts[1] | default("") | split("-") | map("trim") | list %}
{%- set low = shares[0] if shares | length == 2 else "0" %}
{%- set high = shares | last %}
{%- set odd = (low ~ high) | list | reject("in", "0123456789") | list %}
{%- if parts | length != 2 or not name or shares | length > 2 or not low or not high or odd %}{{ fail("`bands`: \"" ~ band ~ "\" is not a week or phase and percentages such as \"3: 60-75\" or \"3: 75\"") }}{% endif %}
{%- if low | int > high | int or high | int > 100 %}{{ fail("`bands`: percentages go from the lower to the higher one and end at 100, unlike \"" ~ band ~ "\"") }}{% endif %}
{%- if name in parsed.names %}{{ fail("`bands`: \"" ~ name ~ "\" has two bands") }}{% endif %}
{%- if not phases and (name | list | reject("in", "0123456789") | list or name | int <= parsed.week) %}{{ fail("`bands`: weeks begin at 1 and ascend, unlike \"" ~ band ~ "\"; phases need `phases`, a table of them") }}{% endif %}
{%- set parsed.names = parsed.names + [name] %}
{%- if not phases %}{% set parsed.week = name | int %}{% endif %}
{%- set parsed.bands = [{"name": name, "first_day": 7 * (parsed.week - 1), "low": low | int, "high": high | int}] + parsed.bands %}
{%- endfor %}
with {{ ledger.attempts(runs, scope, processors.names, since, []) }},

{{ ledger.latest() }},

{{ units.expected(processors, scope, "") }},

counted as (
    select
        latest.processor,
        latest.day,
        {{ spines.season_of("latest.day", scope) }} as season,
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
{% if phases %}
named_phases as (
    select
        {{ "phase" | ident }} as phase_name,
        {{ "start" | ident }} as first_day,
        {{ "end" | ident }} as last_day
    from {{ phases | table }}
),
{% endif %}
phased as (
    select
        counted.*,
        {% if phases %}named_phases.phase_name{% else %}'week ' || {% set week %}cast(floor(day_of_season / 7.0) as bigint) + 1{% endset %}{{ sql.text(week) }}{% endif %} as phase
    from counted
    {%- if phases %}
    left join named_phases on counted.day between named_phases.first_day and named_phases.last_day
    {%- endif %}
),

banded as (
    select
        phased.*,
        {% for bound in ["low", "high"] -%}
        {% if parsed.bands %}case{% for band in parsed.bands %} when {% if phases %}phase = {{ band.name }}{% else %}day_of_season >= {{ band.first_day }}{% endif %} then {{ band[bound] }}{% endfor %} else 0 end{% else %}0{% endif %} as {{ ("least_percent" if bound == "low" else "allowed_percent") | ident }},
        {% endfor -%}
        case when tried < {{ least }} then 1 else 0 end as is_small
    from phased
),

pooled as (
    select
        banded.*,
        count(*) over (partition by processor, day) as day_phases,
        sum(tried) over (partition by processor, season, phase, is_small) as pool_tried,
        sum(failed) over (partition by processor, season, phase, is_small) as pool_failed
    from banded
),

judged as (
    select
        processor,
        day,
        phase,
        least_percent,
        allowed_percent,
        tried,
        failed,
        case
            when day_phases > 1 then 'ambiguous'
            when tried is null or tried = 0 then 'unknown'
            when is_small = 0 then 'own'
            when pool_tried >= {{ least }} then 'pooled'
            else 'small'
        end as sample,
        case
            when day_phases > 1 then null
            when 100 * failed <= allowed_percent * tried then tried
            when is_small = 1 and allowed_percent > 0 and (pool_tried < {{ least }} or 100 * pool_failed <= allowed_percent * pool_tried) then tried
            else tried - failed + cast(floor(allowed_percent * tried / 100.0) as bigint)
        end as accepted,
        case
            when tried is null or day_phases > 1 or 100 * failed >= least_percent * tried then 0
            when is_small = 1 and (pool_tried < {{ least }} or 100 * pool_failed >= least_percent * pool_tried) then 0
            else cast(ceil(least_percent * tried / 100.0) as bigint) - failed
        end as short
    from pooled
    {%- if phases and parsed.bands %}
    union all
    select
        {{ sql.null_text() }} as processor,
        cast(null as date) as day,
        bands.band_name as phase,
        bands.least_percent,
        bands.allowed_percent,
        cast(null as bigint) as tried,
        cast(null as bigint) as failed,
        'unknown' as sample,
        cast(null as bigint) as accepted,
        0 as short
    from (
        {% for band in parsed.bands %}select {{ band.name }} as band_name, {{ band.low }} as least_percent, {{ band.high }} as allowed_percent{% if not loop.last %}
        union all
        {% endif %}{% endfor %}
    ) as bands
    left join named_phases on bands.band_name = named_phases.phase_name
    where named_phases.phase_name is null
    {%- endif %}
)

select
    processor,
    day,
    phase,
    least_percent,
    allowed_percent,
    tried,
    failed,
    sample,
    accepted,
    short
from judged
order by case when processor is null then 1 else 0 end, processor, day, phase
