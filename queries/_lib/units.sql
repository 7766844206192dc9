{#- The units, a processor and a day each, that the catalogue expects to run, and what the run ledger says of them. -#}
{%- import "dialect" as sql -%}
{%- import "spine" as spines -%}
{%- import "coverage" as coverage -%}
{%- import "runs" as ledger -%}

{#- What the key of a spine weighs: by `per`, else by the weight that the output's rows are counted per, else 1. -#}
{% macro weight_of(name, group, part, per) -%}
{%- set weight = per if per else group.per -%}
{%- if weight and weight not in part.spine.weights | map(attribute="name") | list %}{{ fail("spine `" ~ part.spine.name ~ "` has no weight \"" ~ weight ~ "\"") }}{% endif -%}
{% if weight %}{{ (name ~ "." ~ weight) | ident }}{% else %}1{% endif %}
{%- endmacro %}

{#- The days of a spine that a group of processors expects, each with its weight and whether it is not due yet. -#}
{% macro expected_days(name, group, part, scope, per) -%}
{%- set day = part.date_name -%}
{%- set rule = group.not_expected -%}
select
    unit_day,
    sum(weight) as weight,
    max(not_due) as not_due
from (
    select
        {{ (name ~ "." ~ day) | ident }} as unit_day,
        {{ weight_of(name, group, part, per) }} as weight,
        {% if group.last_due is none %}0{% else %}case when {{ (name ~ "." ~ day) | ident }} > {{ group.last_due }} then 1 else 0 end{% endif %} as not_due,
        {% if rule.ranges or rule.kept_since is not none or rule.filter is not none or rule.excuses or group.first_keys is not none -%}
        case
            {%- if rule.ranges %}
            when {{ coverage.in_ranges(name ~ "." ~ day, rule.ranges) }} then 1
            {%- endif %}{% if rule.kept_since is not none %}
            when {{ (name ~ "." ~ day) | ident }} < {{ rule.kept_since }} then 1
            {%- endif %}{% if group.first_keys is not none %}
            when row_number() over (partition by {{ (name ~ ".spine_season") | ident }}{% for column in part.spine.key %}{% if not column.is_date %}, {{ (name ~ "." ~ column.name) | ident }}{% endif %}{% endfor %} order by {{ (name ~ ".spine_position") | ident }}) <= {{ group.first_keys }} then 1
            {%- endif %}{% if rule.filter is not none %}
            when {{ rule.filter }} then 1
            {%- endif %}{{ coverage.excused(rule) }}
            else 0
        end
        {%- else %}0{% endif %} as not_expected
    from {{ name | ident }}
    {{- coverage.excuses(name, rule) }}
) as days
where not_expected = 0
    and unit_day between {{ scope.start }} and {{ scope.end }}
group by unit_day
{%- endmacro %}

{#- `expected_units`: one row per processor and day on which it has a key to fill, by any of its outputs. It is due once one
    of them is. -#}
{% macro expected(processors, scope, per, attributes=false) -%}
{%- for part in processors.spines %}{% set number = loop.index %}
spine_{{ number }} as (
{{ spines.expected(part.spine, scope, false, attributes) }}
),
{% for group in part.groups %}
days_{{ number }}_{{ loop.index }} as (
{{ expected_days("spine_" ~ number, group, part, scope, per) }}
),
{% endfor %}{% endfor %}
expected_units as (
    select
        processor,
        unit_day as day,
        max(weight) as weight,
        min(not_due) as not_due
    from (
        {%- for part in processors.spines %}{% set number = loop.index %}{% set last_part = loop.last %}{% for group in part.groups %}
        select members.processor, days.unit_day, days.weight, days.not_due
        from days_{{ number }}_{{ loop.index }} as days
        cross join (
            {% for processor in group.processors %}select {{ processor }} as processor{% if not loop.last %}
            union all
            {% endif %}{% endfor %}
        ) as members
        {%- if not (last_part and loop.last) %}
        union all
        {%- endif %}{% endfor %}{% endfor %}
    ) as days_of_outputs
    group by processor, unit_day
)
{%- endmacro %}

{#- `unit_states`: each expected unit in exactly one state. A run that may still end is `running`; one that takes longer
    than it may is `stale`. -#}
{% macro states(runs, minutes) -%}
unit_states as (
    select
        expected_units.processor,
        expected_units.day,
        expected_units.weight,
        case
            when latest.state = 'success' then 'succeeded'
            when latest.state in ('failed', 'unknown') then latest.state
            when latest.state = 'running' and {{ ledger.is_late("latest.started", runs, minutes) }} then 'stale'
            when latest.state = 'running' then 'running'
            when expected_units.not_due = 1 then 'pending'
            when latest.state = 'skipped' then 'skipped'
            else 'never_started'
        end as state,
        latest.first_success
    from expected_units
    left join latest
        on expected_units.processor = latest.processor
        and expected_units.day = latest.day
)
{%- endmacro %}

{#- `unit_kinds`: each of the units `tried`, once for every kind that a key of its day is of: by the attributes and weights of
    the spines that its processor fills, and by season. -#}
{% macro kinds(processors) -%}
kinds_of_days as (
    {%- for part in processors.spines %}{% set number = loop.index %}{% set last_part = loop.last %}
    {%- for column in part.spine.attributes + part.spine.weights + [{"name": "spine_season"}] %}
    select distinct
        {{ number }} as spine_number,
        {{ part.date_name | ident }} as unit_day,
        {{ column.name | replace("spine_season", "season") }} as attribute,
        coalesce({{ sql.text(column.name) }}, '(none)') as kind
    from {{ ("spine_" ~ number) | ident }}
    {%- if not (last_part and loop.last) %}
    union all
    {%- endif %}{% endfor %}{% endfor %}
),

fillers_of_spines as (
    {%- for part in processors.spines %}{% set number = loop.index %}{% set last_part = loop.last %}{% for group in part.groups %}{% set last_group = loop.last %}{% for processor in group.processors %}
    select {{ number }} as spine_number, {{ processor }} as processor
    {%- if not (last_part and last_group and loop.last) %}
    union all
    {%- endif %}{% endfor %}{% endfor %}{% endfor %}
),

unit_kinds as (
    select distinct
        tried.processor,
        tried.day,
        tried.failed,
        kinds_of_days.attribute,
        kinds_of_days.kind
    from tried
    inner join fillers_of_spines on tried.processor = fillers_of_spines.processor
    inner join kinds_of_days
        on fillers_of_spines.spine_number = kinds_of_days.spine_number
        and tried.day = kinds_of_days.unit_day
)
{%- endmacro %}

{#- The processors that are looked at, one row each, so that one without a run is not left out. -#}
{% macro asked(processors) -%}
asked as (
    {% for name in processors.names %}select {{ name }} as processor{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
)
{%- endmacro %}

{#- `held_units`: the rows of a processor and day, in all its outputs together. -#}
{% macro held(processors, scope) -%}
held_units as (
    select
        processor,
        day,
        sum(held_rows) as held_rows
    from (
        {%- for output in processors.outputs %}
        select
            {{ output.processor }} as processor,
            {{ output.date }} as day,
            count(*) as held_rows
        from {{ output.table | table }}
        where {{ output.date }} between {{ scope.start }} and {{ scope.end }}
        {%- if output.filter is not none %}
            and ({{ output.filter }})
        {%- endif %}
        group by 2
        {%- if not loop.last %}
        union all
        {%- endif %}{% endfor %}
    ) as held_rows_of_outputs
    group by processor, day
)
{%- endmacro %}

{#- `fillers`: the processor of each output. `deciding`: the latest attempt of each of their units; where the outputs' keys
    have no date, of each processor, whatever the day. -#}
{% macro of_outputs(runs, scope, outputs, since) -%}
{{ ledger.attempts(runs, scope, outputs | map(attribute="processor") | unique | list, since, []) }},

fillers as (
    {% for output in outputs %}select {{ output.name }} as output, {{ output.processor }} as processor{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),
{% if outputs[0].date_name is not none %}
deciding as (
    select *
    from attempts
    where recency = 1
)
{%- else %}
deciding as (
    select
        processor,
        state,
        row_count,
        processor_successes as success_count,
        processor_last_success as last_success
    from (
        select
            attempts.*,
            count(case when state = 'success' then 1 end) over (partition by processor) as processor_successes,
            max(last_success) over (partition by processor) as processor_last_success,
            row_number() over (
                partition by processor
                order by
                    case when state = 'skipped' then 1 else 0 end,
                    case when coalesce(started, finished) is null then 1 else 0 end,
                    coalesce(started, finished) desc,
                    case when state = 'success' then 1 else 0 end,
                    day desc,
                    run desc
            ) as place
        from attempts
    ) as placed
    where place = 1
)
{%- endif %}
{%- endmacro %}

{#- `last_successes`: for each processor, the attempt that succeeded last. -#}
{% macro last_successes() -%}
successes as (
    select
        processor,
        day,
        row_count,
        started,
        finished,
        coalesce(finished, started) as ended,
        row_number() over (
            partition by processor
            order by
                case when coalesce(finished, started) is null then 1 else 0 end,
                coalesce(finished, started) desc,
                day desc,
                run desc
        ) as place
    from attempts
    where state = 'success'
),

last_successes as (
    select *
    from successes
    where place = 1
)
{%- endmacro %}

{#- `after_success`: for each processor, the attempts that ended, or began and have not, after its last success; all without
    one. -#}
{% macro after_success(runs, minutes) -%}
after_success as (
    select
        attempts.processor,
        count(*) as attempts,
        count(case when attempts.state in ('failed', 'unknown') or (attempts.state = 'running' and {{ ledger.is_late("attempts.started", runs, minutes) }}) then 1 end) as failures
    from attempts
    left join last_successes on attempts.processor = last_successes.processor
    where attempts.state <> 'skipped'
        and (last_successes.ended is null or coalesce(attempts.finished, attempts.started) > last_successes.ended)
    group by attempts.processor
)
{%- endmacro %}

{#- `timed`: each run but the skips, with its outcome and, if it has ended, how long it took, also per weight of its day. -#}
{% macro timed() -%}
timed as (
    select
        attempts.processor,
        attempts.day,
        attempts.run,
        attempts.started,
        attempts.state as outcome,
        {{ sql.seconds_between("attempts.started", "attempts.finished") }} as seconds,
        expected_units.weight,
        cast(floor(1000.0 * {{ sql.seconds_between("attempts.started", "attempts.finished") }} / nullif(expected_units.weight, 0)) as bigint) as ms_per_weight
    from attempts
    left join expected_units
        on attempts.processor = expected_units.processor
        and attempts.day = expected_units.day
    where attempts.state <> 'skipped'
)
{%- endmacro %}
