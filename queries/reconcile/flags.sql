/*---
title = "Rows whose flag says what their content does not"
doc   = """
A flag such as \"complete\" or \"production ready\" promises content. One line for each key with rows that are flagged although
a column of the content is NULL, rows that are not flagged although all of it is there, or rows whose flag is NULL.
"""
decision = "which rows to make again, because the flag promises what is not there"

[params]
output  = { type = "output", doc = "the output to examine" }
flag    = { type = "expression", doc = "what a row's flag says, as \"is_complete\" or \"status = 'done'\"" }
content = { type = "texts", doc = "the columns that must have values where the flag holds" }

[columns]
output                  = "text"
key                     = "key"
held_rows               = "int"
flagged                 = "int"
flagged_without_content = "int"
content_without_flag    = "int"
unknown_flags           = "int"

[[rule]]
kind = "row_count"
min  = 0

[[rule]]
kind   = "equals"
column = "flagged_without_content"
value  = 0
level  = "fail"

[[rule]]
kind   = "equals"
column = "unknown_flags"
value  = 0
level  = "fail"

[[rule]]
kind   = "equals"
column = "content_without_flag"
value  = 0
level  = "warn"
---*/
{%- import "coverage" as coverage %}
{%- import "entities" as entities %}
{%- if not content %}{{ fail("name the columns that the flag speaks of, with `content`") }}{% endif %}
{%- set lacking %}{% for name in content %}{{ entities.column(output, name) }} is null{% if not loop.last %} or {% endif %}{% endfor %}{% endset %}
with counted as (
    select
        {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
        {% endfor -%}
        count(*) as held_rows,
        sum(case when {{ flag }} then 1 else 0 end) as flagged,
        sum(case when ({{ flag }}) and ({{ lacking }}) then 1 else 0 end) as flagged_without_content,
        sum(case when not ({{ flag }}) and not ({{ lacking }}) then 1 else 0 end) as content_without_flag,
        sum(case when ({{ flag }}) is null then 1 else 0 end) as unknown_flags
    from {{ output.table | table }}
    {{ coverage.in_scope(output, scope) }}
    group by {% for column in output.key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}
)

select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    held_rows,
    flagged,
    flagged_without_content,
    content_without_flag,
    unknown_flags
from counted
where flagged_without_content > 0
    or content_without_flag > 0
    or unknown_flags > 0
order by {% for column in output.key %}{{ column.name | ident }} nulls last{% if not loop.last %}, {% endif %}{% endfor %}
