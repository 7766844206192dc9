/*---
title = "Rows that did not use the newest of what was there"
doc   = """
For each key, the newest date of `source` at or before the key's date in the same series should have been used: a
forecast should come from the newest model. One row per key and value of `used` that is another one. `older` and `newer`
are other values of the source, `unknown` is NULL or a value that the source does not have, `none` means that the source
has nothing at or before the key's date. Series are the key columns, without the date, that both outputs have.
"""
decision = "which rows to make again with what was the newest at their time"

[params]
output   = { type = "output", doc = "the output that uses something" }
source   = { type = "output", doc = "the output that it uses" }
used     = { type = "text", doc = "the column of the output that says what was used" }
version  = { type = "text", doc = "the column of the source with that value" }
strictly = { type = "bool", default = false, doc = "whether the source's date must be before the key's, not on it" }

[columns]
output     = "text"
key        = "key"
class      = "text"
used       = "text?"
newest     = "text?"
newest_day = "date?"
held_rows  = "int"

[[rule]]
kind  = "no_rows"
level = "fail"
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{{ cadence.needs_date(output) }}{{ cadence.needs_date(source) }}
{%- set day = output.date_name %}
{%- set shared = namespace(columns=[]) %}
{%- for column in output.key if not column.is_date %}{% for other in source.key if other.name == column.name %}{% set shared.columns = shared.columns + [column.name] %}{% endfor %}{% endfor %}
{%- macro listed(relation) %}{% for column in shared.columns %}{{ (relation ~ "." ~ column) | ident }}, {% endfor %}{% endmacro %}
{%- macro same(left, right) %}{% for column in shared.columns %}{{ (left ~ "." ~ column) | ident }} = {{ (right ~ "." ~ column) | ident }}
        and {% endfor %}{% endmacro %}
with uses as (
    select
        {{ cadence.sources(output) }}{{ sql.text(used) }} as used,
        count(*) as held_rows
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {{ cadence.positions(output.key | length + 1) }}
),

offers as (
    select distinct
        {% for column in source.key if column.name in shared.columns %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        {{ source.date }} as offered_on,
        {{ sql.text(version) }} as offered_version
    from {{ source.table | table }}
    where {{ source.date }} <= {{ scope.end }}
    {%- if source.filter is not none %}
        and ({{ source.filter }}){% endif %}
),

timeline as (
    select
        {{ listed("uses") }}
        {{ ("uses." ~ day) | ident }} as used_or_offered,
        0 as is_offer
    from uses

    union all

    select
        {{ listed("offers") }}
        offers.offered_on as used_or_offered,
        1 as is_offer
    from offers
),

followed as (
    select
        timeline.*,
        max(case when is_offer = 1 then used_or_offered end) over (
            {% for column in shared.columns %}{% if loop.first %}partition by {% endif %}{{ column | ident }}{% if loop.last %} {% else %}, {% endif %}{% endfor %}order by used_or_offered nulls last, is_offer{% if not strictly %} desc{% endif %}
            rows between unbounded preceding and current row
        ) as newest_day
    from timeline
),

needs as (
    select distinct
        {{ listed("followed") }}
        used_or_offered,
        newest_day
    from followed
    where is_offer = 0
),

compared as (
    select
        {{ cadence.names(output, "uses") }}
        uses.used,
        uses.held_rows,
        needs.newest_day,
        count(case when offers.offered_on = needs.newest_day then 1 end) as is_newest,
        count(case when offers.offered_on < needs.newest_day then 1 end) as is_older,
        count(offers.offered_on) as is_known
    from uses
    left join needs
        on {{ same("uses", "needs") }}{{ ("uses." ~ day) | ident }} = needs.used_or_offered
    left join offers
        on {{ same("uses", "offers") }}uses.used = offers.offered_version
    group by {{ cadence.positions(output.key | length + 3) }}
),

newest_versions as (
    select
        {{ listed("offers") }}
        offers.offered_on,
        max(offers.offered_version) as newest
    from offers
    group by {{ listed("offers") }}offers.offered_on
)

select
    {{ output.name }} as output,
    {{ cadence.names(output, "compared") }}
    case
        when compared.newest_day is null then 'none'
        when compared.is_known = 0 then 'unknown'
        when compared.is_older > 0 then 'older'
        else 'newer'
    end as class,
    compared.used,
    newest_versions.newest,
    compared.newest_day,
    compared.held_rows
from compared
left join newest_versions
    on {{ same("compared", "newest_versions") }}compared.newest_day = newest_versions.offered_on
where compared.is_newest = 0
order by {{ cadence.in_order(output, "compared") }}compared.used nulls last
