{#- The run ledger folded once: its rows to attempts, one per run, and those to the attempt that decides each unit. -#}
{%- import "dialect" as sql -%}

{#- The state that a row speaks of. A finish after the as-of moment is not known yet. -#}
{% macro state_of(runs) -%}
case
            {%- if runs.finished is not none %}
            when {{ runs.finished }} > {{ runs.as_of }} then 'running'
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

{#- `attempts`: one row per run of a processor for a day, in the state of its terminal row, or running while it has none.
    `recency` is 1 for the attempt that decides its unit: the latest, a skip only where there is nothing else. The counts
    are those of the unit; a skip is no attempt. An empty list of processors stands for all. -#}
{% macro attempts(runs, scope, processors) -%}
{%- if runs is none %}{{ fail("the project declares no run ledger; add [runs] to gapgate.toml") }}{% endif -%}
ledger_rows as (
    select
        {{ runs.processor }} as processor,
        {{ runs.date }} as day,
        coalesce({{ sql.text(runs.run) }}, {{ sql.text(runs.started) }}) as run,
        {{ state_of(runs) }} as state,
        {{ runs.started }} as started,
        {% set no_time %}nullif({{ runs.started }}, {{ runs.started }}){% endset %}{{ mapped(runs.finished, no_time) }} as finished,
        {% set no_number %}cast(null as bigint){% endset %}{{ mapped(runs.rows, no_number) }} as row_count,
        {{ mapped(runs.error, sql.null_text()) }} as error,
        {{ mapped(runs.category, sql.null_text()) }} as category
    from {{ runs.table | table }}
    where {{ runs.date }} between {{ scope.start }} and {{ scope.end }}
        and ({{ runs.started }} <= {{ runs.as_of }} or {{ runs.started }} is null)
        {%- if processors %}
        and {{ runs.processor }} in {{ processors | literals }}
        {%- endif %}{% if runs.filter is not none %}
        and ({{ runs.filter }})
        {%- endif %}
),

ledger_runs as (
    select
        ledger_rows.*,
        min(started) over (partition by processor, day, run) as first_started,
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
        case when state = 'running' then null else error end as error,
        case when state = 'running' then null else category end as category
    from ledger_runs
    where place = 1
),

attempts as (
    select
        ledger_attempts.*,
        count(case when state <> 'skipped' then 1 end) over (partition by processor, day) as attempt_count,
        count(case when state = 'success' then 1 end) over (partition by processor, day) as success_count,
        max(case when state = 'success' then coalesce(finished, started) end) over (partition by processor, day) as last_success,
        row_number() over (
            partition by processor, day
            order by
                case when state = 'skipped' then 1 else 0 end,
                case when coalesce(started, finished) is null then 1 else 0 end,
                coalesce(started, finished) desc,
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
