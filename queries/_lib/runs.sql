{#- The run ledger folded once: its rows to attempts, one per run, and those to the attempt that decides each unit. -#}
{%- import "dialect" as sql -%}

{#- The term whose words the column holds, or `other`. Case does not matter. -#}
{% macro term_of(column, terms, other) -%}
case{% for term in terms %}
            when lower({{ sql.text(column) }}) in {{ term.words | map("lower") | literals }} then {{ term.name }}{% endfor %}
            else {{ other }}
        end
{%- endmacro %}

{#- The state that a row speaks of. A finish after the as-of moment is not known yet; where that is the present, the
    ledger's clock is ahead. -#}
{% macro state_of(runs) -%}
case
            {%- if runs.finished is not none and not runs.is_now %}
            when {{ sql.moment(runs.finished) }} > {{ runs.as_of }} then 'running'
            {%- endif %}{% for state in ["success", "failed", "running", "skipped"] %}{% if runs[state] %}
            when lower({{ sql.text(runs.status) }}) in {{ runs[state] | map("lower") | literals }} then {{ state }}
            {%- endif %}{% endfor %}
            else 'unknown'
        end
{%- endmacro %}

{#- A column of the ledger, or NULL of its type where the project maps none. -#}
{% macro mapped(column, absent) -%}
{% if column is none %}{{ absent }}{% else %}{{ column }}{% endif %}
{%- endmacro %}

{#- Whether a run that has not written its end has taken longer than it may. -#}
{% macro is_late(started, runs, minutes) -%}
({{ started | ident }} is null or {{ sql.seconds_between(started, runs.as_of) }} > {{ 60 * minutes }})
{%- endmacro %}

{% macro is_stale(runs, minutes) -%}
{{ is_late("started", runs, minutes) }}
{%- endmacro %}

{#- Whether the attempt that decides a unit leaves it to be done again. A run that may still end does not. -#}
{% macro is_unresolved(runs, minutes) -%}
(state in ('failed', 'unknown') or (state = 'running' and {{ is_stale(runs, minutes) }}))
{%- endmacro %}

{#- That a row was there at the as-of moment. What starts after it does not exist yet; where that is the present, it does. -#}
{% macro was_there(runs) -%}
{%- if not runs.is_now %}
        and ({{ sql.moment(runs.started) }} <= {{ runs.as_of }} or {{ runs.started }} is null)
{%- endif %}
{%- endmacro %}

{#- The rows of the ledger in scope. -#}
{% macro in_scope(runs, scope, processors) -%}
where {{ runs.date }} between {{ scope.start }} and {{ scope.end }}
        {{- was_there(runs) }}
        {%- for season in scope.others %}
        and not {{ runs.date }} between {{ season.start }} and {{ season.end }}
        {%- endfor %}{% if processors %}
        and {{ runs.processor }} in {{ processors | literals }}
        {%- endif %}{% if runs.filter is not none %}
        and ({{ runs.filter }})
        {%- endif %}
{%- endmacro %}

{% macro check(runs, stages) -%}
{%- if runs is none %}{{ fail("the project declares no run ledger; add [runs] to gapgate.toml") }}{% endif -%}
{%- if stages and runs.phase is none %}{{ fail("the run ledger has no stages; map its phases: [runs] phase = { column = \"phase\", raw = [\"phase_2\"] }") }}{% endif -%}
{%- for stage in stages if stage not in runs.stages | map(attribute="name") | list %}{{ fail("[runs] phase maps no word to the stage \"" ~ stage ~ "\"") }}{% endfor -%}
{%- endmacro %}

{#- `attempts`: one row per run of a processor for a day, in the state of its terminal row, or running while it has none.
    `recency` is 1 for the attempt that decides its unit: the latest, a skip only where there is nothing else. The counts
    are those of the unit; a skip is no attempt. An empty list of processors or stages stands for all. One scope holds for
    successes and failures alike: neither counts where its run started before `since` (`false`: however long ago). A run whose
    phase the project does not map is of every stage, so that its failures are not lost. -#}
{% macro attempts(runs, scope, processors, since, stages) -%}
{{ check(runs, stages) -}}
{%- set begin = runs.since if since is none else since -%}
ledger_rows as (
    select
        {{ runs.processor }} as processor,
        {{ runs.date }} as day,
        coalesce({{ sql.text(runs.run) }}, {{ sql.text(runs.started) }}) as run,
        {{ state_of(runs) }} as state,
        {{ sql.moment(runs.started) }} as started,
        {% set no_time %}nullif({{ runs.as_of }}, {{ runs.as_of }}){% endset -%}
        {% if runs.finished is none %}{{ no_time }}{% else %}{{ sql.moment(runs.finished) }}{% endif %} as finished,
        {% set no_number %}cast(null as bigint){% endset %}{{ mapped(runs.rows, no_number) }} as row_count,
        {{ mapped(runs.entities_done, no_number) }} as entities_done,
        {{ mapped(runs.entities_failed, no_number) }} as entities_failed,
        {{ mapped(runs.error, sql.null_text()) }} as error,
        {{ mapped(runs.category, sql.null_text()) }} as category,
        {% if runs.classes %}{{ term_of(runs.category, runs.classes, sql.null_text()) }}{% else %}{{ sql.null_text() }}{% endif %} as failure_class
        {%- if stages %},
        {{ term_of(runs.phase, runs.stages, sql.null_text()) }} as stage
        {%- endif %}{% if runs.exclude is not none %},
        case when {{ runs.exclude }} then 1 else 0 end as excluded
        {%- endif %}
    from {{ runs.table | table }}
    {{ in_scope(runs, scope, processors) }}
),

ledger_runs as (
    select
        ledger_rows.*,
        min(started) over (partition by processor, day, run) as first_started,
        {%- if runs.exclude is not none %}
        max(excluded) over (partition by processor, day, run) as run_excluded,
        {%- endif %}
        row_number() over (
            partition by processor, day, run
            order by
                case when state = 'running' then 1 else 0 end,
                case when finished is null then 1 else 0 end,
                finished desc,
                case when state = 'success' then 1 else 0 end,
                state
        ) as place
    from ledger_rows
),

ledger_attempts as (
    select
        processor,
        day,
        run,
        state,
        first_started as started,
        case when state = 'running' then null else finished end as finished,
        case when state = 'running' then null else row_count end as row_count,
        case when state = 'running' then null else entities_done end as entities_done,
        case when state = 'running' then null else entities_failed end as entities_failed,
        case when state = 'running' then null else error end as error,
        case when state = 'running' then null else category end as category,
        case when state = 'running' then null else failure_class end as failure_class
    from ledger_runs
    where place = 1
    {%- if runs.exclude is not none %}
        and run_excluded = 0
    {%- endif %}{% if begin %}
        and (first_started >= {{ begin }} or first_started is null)
    {%- endif %}{% if stages %}
        and (stage in {{ stages | literals }} or stage is null)
    {%- endif %}
),

attempts as (
    select
        ledger_attempts.*,
        count(case when state <> 'skipped' then 1 end) over (partition by processor, day) as attempt_count,
        count(case when state = 'success' then 1 end) over (partition by processor, day) as success_count,
        min(case when state = 'success' then coalesce(finished, started) end) over (partition by processor, day) as first_success,
        max(case when state = 'success' then coalesce(finished, started) end) over (partition by processor, day) as last_success,
        row_number() over (
            partition by processor, day
            order by
                case when state = 'skipped' then 1 else 0 end,
                case when coalesce(started, finished) is null then 1 else 0 end,
                coalesce(started, finished) desc,
                case when finished is null then 0 else 1 end,
                finished desc,
                case when state = 'success' then 1 else 0 end,
                case when run is null then 1 else 0 end,
                run desc
        ) as recency
    from ledger_attempts
)
{%- endmacro %}

{#- `latest`: one row per unit, a processor and a day, with the attempt that decides it. -#}
{% macro latest() -%}
latest as (
    select *
    from attempts
    where recency = 1
)
{%- endmacro %}

{#- `tries`: every attempt, with how often its unit failed since it last succeeded, dead runs included. -#}
{% macro tries() -%}
after_success as (
    select
        attempts.*,
        min(case when state = 'success' then recency end) over (partition by processor, day) as success_recency
    from attempts
),

tries as (
    select
        after_success.*,
        count(case when state in ('failed', 'unknown', 'running') and (success_recency is null or recency < success_recency) then 1 end) over (partition by processor, day) as failures
    from after_success
)
{%- endmacro %}
