/*---
title = "Stored rolling means that their window does not give"
doc   = """
The mean is computed again from the last `window` rows of the source strictly before the row's date, of the same entity
and, unless told otherwise, of the same season; a window that includes the day itself or reaches into another season
gives another number. One row per row that `differs` by more than the tolerance, relative to the computed mean, or that
is `null` although it can be computed. Rows with fewer than `least` values before them are not judged. Narrow the dates
to take a sample.
"""
decision = "which features to compute again"

[params]
output        = { type = "output", doc = "the output that stores the mean" }
source        = { type = "output", doc = "the output with the values" }
entity        = { type = "texts", doc = "the columns that name the entity, alike in both tables" }
value         = { type = "text", doc = "the column of the source" }
stored        = { type = "text", doc = "the column of the output" }
window        = { type = "int", doc = "how many rows of the source the mean is of" }
least         = { type = "int", default = 0, doc = "how many rows make a mean where fewer than `window` exist; 0 stands for all" }
tolerance     = { type = "number", default = 0.02, doc = "the greatest difference, as a share of the mean" }
within_season = { type = "bool", default = true, doc = "whether the window ends where the season begins" }

[columns]
output      = "text"
key         = "key"
entity_name = "text"
class       = "text"
stored      = "number?"
computed    = "number"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{%- import "spine" as spines %}
{{ cadence.needs_date(output) }}{{ cadence.needs_date(source) }}
{%- set day = output.date_name %}
{%- if window < 1 %}{{ fail("`window` is a number of rows, at least 1") }}{% endif %}
with means as (
    select
        {{ cadence.sources(output) }}{{ cadence.joined(entity) }} as entity_name,
        {{ sql.text(stored) }} as stored_text,
        max({{ stored | ident }}) as stored
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {{ cadence.positions(output.key | length + 2) }}
),

observed as (
    select
        {{ cadence.joined(entity) }} as entity_name,
        {{ source.date }} as observed_on,
        {{ value | ident }} as observed
    from {{ source.table | table }}
    where {{ source.date }} {% if within_season %}between {{ scope.seasons[0].start }} and{% else %}<={% endif %} {{ scope.end }}
    {%- if source.filter is not none %}
        and ({{ source.filter }}){% endif %}
),

before as (
    select
        means.*,
        observed.observed,
        row_number() over (
            partition by {{ cadence.names(output, "means") }}means.entity_name, means.stored_text
            order by observed.observed_on desc, observed.observed
        ) as place_before
    from means
    inner join observed
        on means.entity_name = observed.entity_name
        and observed.observed_on < means.{{ day | ident }}
        {%- if within_season %}
        and {{ spines.season_of("observed.observed_on", scope) }} = {{ spines.season_of("means." ~ day, scope) }}
        {%- endif %}
),

recomputed as (
    select
        {{ cadence.names(output) }}
        entity_name,
        stored_text,
        max(stored) as stored,
        avg(1.0 * observed) as computed
    from before
    where place_before <= {{ window }}
    group by {{ cadence.positions(output.key | length + 2) }}
    having count(observed) >= {{ least or window }}
)

select
    {{ output.name }} as output,
    {{ cadence.names(output) }}
    entity_name,
    case when stored is null then 'null' else 'differs' end as class,
    stored,
    computed
from recomputed
where stored is null
    or abs(stored - computed) > {{ tolerance }} * abs(computed)
order by {{ cadence.in_order(output) }}entity_name, stored
