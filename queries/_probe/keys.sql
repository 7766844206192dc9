/*---
title = "The keys of an output's spine, in order"
doc   = """
Every key that the spine has in scope, with its season, its place in the order of its series, and whether the output is
declared not to hold it. Rows that were purged are expected here: that they are gone is not the same as never wanted.
"""

[params]
output = { type = "output", doc = "the output" }

[columns]
key            = "key"
spine_season   = "text?"
spine_position = "int"
not_expected   = "int"
---*/
{%- import "coverage" as coverage %}
{%- import "spine" as spines %}
{%- set lasting = dict(output, not_expected=dict(output.not_expected, kept_since=none)) %}
with spine_keys as (
{{ spines.expected(output.spine, scope) }}
),

keys_of_output as (
{{ coverage.expected_of([lasting], "spine_keys") }}
)

select
    {% for column in output.key %}{{ column.name | ident }},
    {% endfor -%}
    spine_season,
    spine_position,
    not_expected
from keys_of_output
order by {% for column in output.key %}{{ column.name | ident }}{% if not loop.last %}, {% endif %}{% endfor %}
