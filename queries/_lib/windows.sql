{#- Which keys of an upstream each key of an output reads: its last spine dates before the key's own, in the same season. -#}
{%- import "dialect" as sql -%}
{%- import "coverage" as coverage -%}
{%- import "entities" as entities -%}

{#- How many spine dates are read, of an upstream if one is given: as asked, or as declared. -#}
{% macro depth(output, dates, upstream=none) -%}
{%- if dates is not none %}{{ dates }}{% elif upstream is not none and upstream.name in output.lookbacks and output.lookback is not none %}{{ output.lookbacks[upstream.name] }}{% elif output.lookback is not none %}{{ output.lookback }}{% else %}{{ fail("output `" ~ output.name ~ "` declares no `lookback`; say how many `dates` it reads") }}{% endif -%}
{%- endmacro %}

{% macro demand_dates(output, upstream) -%}
{%- if output.date is none or upstream.date is none %}{{ fail("a window of dates needs a date in the keys of `" ~ output.name ~ "` and `" ~ upstream.name ~ "`") }}{% endif -%}
{%- endmacro %}

{#- Windows start before the first date in scope, so whole seasons of an upstream are read. -#}
{% macro whole(scope) -%}
{{ scope.seasons[0].start }}
{%- endmacro %}

{#- The steps `window_N`: one row for each due key of the output and each key of upstream N that it reads, with the date and
    the other columns of the latter, whether it is expected, and whether it is held. -#}
{% macro steps(output, upstreams, dates, scope) -%}
{{ entities.spine_steps([output] + upstreams, scope) }}
{%- set asked = {"start": whole(scope), "end": scope.end, "others": scope.others} -%}
own as (
{{ entities.due(output, scope) }}
),
{% for upstream in upstreams %}
{{- demand_dates(output, upstream) }}
{%- set shared = shared_key(output, upstream) | rejectattr("is_date") | list %}
{%- set read = "read_" ~ loop.index %}{% set reach = "reach_" ~ loop.index %}{% set there = "there_" ~ loop.index %}{% set window = "window_" ~ loop.index %}
{{ read | ident }} as (
    select
        {{ upstream.date_name | ident }} as read_day,
        {% for column in upstream.key if not column.is_date %}{{ column.name | ident }} as {{ ("read_" ~ column.name) | ident }},
        {% endfor -%}
        spine_season as read_season,
        spine_position as read_position,
        not_expected
    from (
{{ entities.spine_keys(upstream) }}
    ) as keys_of_upstream
),

{{ there | ident }} as (
    select
        {% for column in upstream.key %}{{ column.source }} as {{ ("read_" ~ ("day" if column.is_date else column.name)) | ident }},
        {% endfor -%}
        count(*) as held_rows
    from {{ upstream.table | table }}
    {{ coverage.in_scope({"date": upstream.date, "ranges": [], "null_keys": false, "filter": upstream.filter}, asked) }}
    group by {% for column in upstream.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
),

{{ reach | ident }} as (
    select
        {% for column in output.key %}own.{{ column.name | ident }},
        {% endfor -%}
        {% for column in upstream.key if not column.is_date %}{{ read | ident }}.{{ ("read_" ~ column.name) | ident }},
        {% endfor -%}
        own.spine_season as read_season,
        max({{ read | ident }}.read_position) as reached
    from own
    inner join {{ read | ident }}
        on own.spine_season = {{ read | ident }}.read_season
        and {{ read | ident }}.read_day < own.{{ output.date_name | ident }}
        {%- for key in shared %}
        and own.{{ key.name | ident }} = {{ read | ident }}.{{ ("read_" ~ key.name) | ident }}
        {%- endfor %}
    group by {% for n in range(1, output.key | length + upstream.key | length + 1) %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}
),

{{ window | ident }} as (
    select
        {{ upstream.name }} as upstream,
        {% for column in output.key %}{{ reach | ident }}.{{ column.name | ident }},
        {% endfor -%}
        {{ read | ident }}.read_day,
        {% set parts = namespace(all=[]) %}{% for column in upstream.key %}{% set part %}{{ read | ident }}.{{ ("read_" ~ ("day" if column.is_date else column.name)) | ident }}{% endset %}{% set parts.all = parts.all + [sql.text(part)] %}{% endfor -%}
        {% for part in parts.all %}{{ part }}{% if not loop.last %} || '/' || {% endif %}{% endfor %} as read_key,
        {{ read | ident }}.not_expected,
        case when {{ there | ident }}.held_rows is null then 0 else 1 end as is_held
    from {{ reach | ident }}
    inner join {{ read | ident }}
        on {{ reach | ident }}.read_season = {{ read | ident }}.read_season
        and {{ read | ident }}.read_position > {{ reach | ident }}.reached - {{ depth(output, dates, upstream) }}
        and {{ read | ident }}.read_position <= {{ reach | ident }}.reached
        {%- for column in upstream.key if not column.is_date %}
        and {{ reach | ident }}.{{ ("read_" ~ column.name) | ident }} = {{ read | ident }}.{{ ("read_" ~ column.name) | ident }}
        {%- endfor %}
    left join {{ there | ident }}
        on {% for column in upstream.key %}{{ read | ident }}.{{ ("read_" ~ ("day" if column.is_date else column.name)) | ident }} = {{ there | ident }}.{{ ("read_" ~ ("day" if column.is_date else column.name)) | ident }}{% if not loop.last %}
        and {% endif %}{% endfor %}
),
{% endfor %}
windows as (
    {% for upstream in upstreams %}select * from {{ ("window_" ~ loop.index) | ident }}{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
)
{%- endmacro %}
