/*---
title = "Tables that the project names and the warehouse lacks, and tables that no output covers"
doc   = """
The catalogue against the warehouse's own list of tables. One line for each table that an output, a spine or the run ledger
names and that is not there (`absent`), and for each table beside them, in a schema of theirs, that the project does not
name (`not_catalogued`): a forgotten table is in no gate. Tables outside those schemas are not looked at.
"""
decision = "which table to load or to declare before the gate means anything"

[params]
ignore = { type = "texts", default = [], doc = "tables that need no output, as schema.table" }

[columns]
table_name = "text"
finding    = "text"
named_as   = "text?"

[[rule]]
kind  = "no_rows"
level = "warn"

[[rule]]
kind   = "one_of"
column = "finding"
values = ["not_catalogued"]
level  = "fail"
---*/
{%- import "dialect" as sql %}
{%- set schemas = catalogue | map(attribute="schema") | select | unique | list %}
with named as (
    {% for entry in catalogue %}select {{ entry.name }} as named_as, {% if entry.schema %}{{ entry.schema }}{% else %}{{ sql.default_schema() }}{% endif %} as schema_name, {{ entry.table }} as table_name{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

catalogued as (
    select
        lower(schema_name) as schema_name,
        lower(table_name) as table_name,
        min(named_as) as named_as
    from named
    group by 1, 2
),

held as (
    select distinct
        lower(schema_name) as schema_name,
        lower(table_name) as table_name
    from {{ sql.inventory(schemas) }} as all_tables
),

compared as (
    select
        catalogued.schema_name || '.' || catalogued.table_name as table_name,
        'absent' as finding,
        catalogued.named_as
    from catalogued
    left join held
        on catalogued.schema_name = held.schema_name
        and catalogued.table_name = held.table_name
    where held.table_name is null

    union all

    select
        held.schema_name || '.' || held.table_name as table_name,
        'not_catalogued' as finding,
        {{ sql.null_text() }} as named_as
    from held
    inner join (select distinct schema_name from catalogued) as schemas on held.schema_name = schemas.schema_name
    left join catalogued
        on held.schema_name = catalogued.schema_name
        and held.table_name = catalogued.table_name
    where catalogued.table_name is null
)

select
    table_name,
    finding,
    named_as
from compared
{%- if ignore %}
where finding = 'absent'
    or table_name not in {{ ignore | map("lower") | literals }}
{%- endif %}
order by table_name
