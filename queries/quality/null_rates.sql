/*---
title = "NULLs of the columns that should have none"
doc   = """
One row per column, from one scan: the rows in scope, and how many have a value there. All of them must; a share of no
rows is undecided, so an empty table does not pass.
"""
decision = "whether a column is complete enough to be read"

[params]
output  = { type = "output", doc = "the output to examine" }
columns = { type = "texts", default = [], doc = "the columns to look at; the grain and `not_null` of the output if none is given" }

[columns]
output      = "text"
column_name = "text"
held_rows   = "int"
nulls       = "int"
non_null    = "int"

[[rule]]
kind     = "share"
column   = "non_null"
of       = "held_rows"
at_least = 1
level    = "fail"
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- set asked = namespace(names=[], sources=[]) %}
{%- for column in columns or output.not_null %}{% if column not in asked.names %}
{%- set asked.names = asked.names + [column] %}{% set asked.sources = asked.sources + [entities.column(output, column) if columns else column | ident] %}
{%- endif %}{% endfor %}
{#- A column whose name is a word of SQL is quoted in the grain: its name is what is within. -#}
{%- if not columns %}{% for column in output.grain %}{% set name = (column ~ "") | trim('"`') %}{% if name not in asked.names %}
{%- set asked.names = asked.names + [name] %}{% set asked.sources = asked.sources + [column] %}
{%- endif %}{% endfor %}{% endif %}
{%- if not asked.names %}{{ fail("output `" ~ output.name ~ "` declares neither `grain` nor `not_null`; name the columns to look at") }}{% endif %}
with counted as (
    select
        count(*) as held_rows{% for source in asked.sources %},
        count({{ source }}) as {{ ("non_null_" ~ loop.index) | ident }}{% endfor %}
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
),

asked as (
    {% for name in asked.names %}select {{ loop.index }} as n, {{ name }} as column_name{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

counted_by_column as (
    select
        asked.column_name,
        counted.held_rows,
        case asked.n{% for name in asked.names %} when {{ loop.index }} then counted.{{ ("non_null_" ~ loop.index) | ident }}{% endfor %} end as non_null
    from counted
    cross join asked
)

select
    {{ output.name }} as output,
    column_name,
    held_rows,
    held_rows - non_null as nulls,
    non_null
from counted_by_column
order by column_name
