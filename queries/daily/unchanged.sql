/*---
title = "Values that stay the same from date to date"
doc   = """
What a key holds in these columns, as a set of rows whatever their order, compared with the date before in the same
series. One row per run of more than `at_most` dates that hold the same: the key shows the first of them. Frozen inputs,
one forecast copied over a window, and gaps that were filled forward look like that.
"""
decision = "whether the daily job does its work or repeats an old answer"

[params]
output  = { type = "output", doc = "the output to examine" }
columns = { type = "texts", doc = "the columns to compare" }
at_most = { type = "int", default = 1, doc = "how many dates in a row may hold the same" }

[columns]
output   = "text"
key      = "key"
last_day = "date"
keys     = "int"

[[rule]]
kind  = "no_rows"
level = "fail"

[retry]
key = ["output", "key"]
---*/
{%- import "dialect" as sql %}
{%- import "coverage" as coverage %}
{%- import "cadence" as cadence %}
{{ cadence.needs_date(output) }}
{%- set day = output.date_name %}
{%- set names = namespace(columns=[]) %}
{%- for column in columns %}{% set names.columns = names.columns + [column | ident] %}{% endfor %}
with prints as (
    select
        {{ cadence.sources(output) }}{{ sql.fingerprint(names.columns) }} as row_print
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

contents as (
    select
        {{ cadence.names(output) }}
        count(*) as held_rows,
        min(row_print) as lowest_print,
        max(row_print) as highest_print,
        sum(mod(row_print, 2147483647)) as total_print
    from prints
    where {{ day | ident }} is not null
    group by {{ cadence.positions(output.key | length) }}
),

runs as (
    select
        contents.*,
        row_number() over ({{ cadence.by_series(output, "contents") }}order by contents.{{ day | ident }})
        - row_number() over (partition by {{ cadence.series(output, "contents") }}held_rows, lowest_print, highest_print, total_print order by contents.{{ day | ident }}) as run_of_days
    from contents
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{% if column.is_date %}min({{ column.name | ident }}) as {% endif %}{{ column.name | ident }},
    {% endfor -%}
    max({{ day | ident }}) as last_day,
    count(*) as keys
from runs
group by {{ cadence.series(output, "runs") }}held_rows, lowest_print, highest_print, total_print, run_of_days
having count(*) > {{ at_most }}
order by {% for column in output.key %}{{ loop.index + 1 }}{% if not loop.last %}, {% endif %}{% endfor %}
