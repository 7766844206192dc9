{#- What outputs have in common: the keys that they share, and the entities (players, games, teams) of each key. -#}
{%- import "dialect" as sql -%}
{%- import "spine" as spines -%}
{%- import "coverage" as coverage -%}

{#- The column that an output calls so: as its `columns` declare it, or the one of its table. -#}
{% macro column(output, name) -%}
{%- if name in output.named %}{{ output.named[name] }}{% else %}{{ name | ident }}{% endif -%}
{%- endmacro %}

{#- The values of some columns as one text, so that tables compare whatever their types; NULL if one of them is. -#}
{% macro entity(output, by) -%}
{%- if not by -%}
''
{%- elif by | length == 1 -%}
{{ sql.text(column(output, by[0])) }}
{%- else -%}
{% for name in by %}replace(replace({{ sql.text(column(output, name)) }}, '~', '~~'), '/', '~/'){% if not loop.last %} || '/' || {% endif %}{% endfor %}
{%- endif -%}
{%- endmacro %}

{#- The ordinals of the columns that a list of keys and entities is grouped by; what is constant cannot be. -#}
{% macro ordinals(keys, by) -%}
{% for n in range(1, keys | length + 1) %}{{ n }}{% if by or not loop.last %}, {% endif %}{% endfor %}{% if by %}{{ keys | length + 1 }}{% endif %}
{%- endmacro %}

{#- The keys and entities of an output's rows, each once, and in how many rows. `keys` have a name and a source; for the
    other one of two outputs they are those that it shares, under the names of the first. -#}
{% macro held(output, keys, by, scope, is_other=false) -%}
select
    {% for key in keys %}{{ key.other_source if is_other else key.source }} as {{ key.name | ident }},
    {% endfor -%}
    {{ entity(output, by) }} as entity,
    count(*) as held_rows
from {{ output.table | table }}
{{ coverage.in_scope(output, scope) }}
group by {{ ordinals(keys, by) }}
{%- endmacro %}

{#- The same with `counts`: 1 where at least one of the rows fulfils a condition, else 0. -#}
{% macro held_counting(output, keys, by, condition, scope, is_other=false) -%}
select
    {% for key in keys %}{{ key.other_source if is_other else key.source }} as {{ key.name | ident }},
    {% endfor -%}
    {{ entity(output, by) }} as entity,
    {% if condition is none %}1{% else %}max(case when {{ condition }} then 1 else 0 end){% endif %} as counts
from {{ output.table | table }}
{{ coverage.in_scope(output, scope) }}
group by {{ ordinals(keys, by) }}
{%- endmacro %}

{#- The steps `spine_NAME`, which the macros below read: the keys of each spine of these outputs, once. -#}
{% macro spine_steps(outputs, scope) -%}
{%- set seen = namespace(names=[]) -%}
{%- for output in outputs %}{% if output.spine.name not in seen.names %}{% set seen.names = seen.names + [output.spine.name] %}
{{- ("spine_" ~ output.spine.name) | ident }} as (
{{ spines.expected(output.spine, scope) }}
),

{% endif %}{% endfor -%}
{%- endmacro %}

{#- Every key of an output's spine with its season and position, and whether it is expected and due. -#}
{% macro spine_keys(output) -%}
select
    {% for column in output.key %}expected.{{ column.name | ident }},
    {% endfor -%}
    {% for weight in output.spine.weights %}expected.{{ weight.name | ident }},
    {% endfor -%}
    expected.spine_season,
    expected.spine_position,
    expected.not_expected,
    case when {{ coverage.not_due(output) }} then 0 else 1 end as is_due
from (
{{ coverage.expected_of([output], "spine_" ~ output.spine.name) }}
) as expected
{%- endmacro %}

{#- The keys that an output should hold by now. -#}
{% macro due(output, scope) -%}
select *
from (
{{ spine_keys(output) }}
) as keys_of_spine
where not_expected = 0
    and is_due = 1
{%- if scope.narrowed and output.date_name is not none %}
    and {{ output.date_name | ident }} between {{ scope.start }} and {{ scope.end }}
{%- endif %}
{%- endmacro %}

{#- The keys that two outputs share, as far as one of them should hold them by now. -#}
{% macro due_shared(output, shared, scope, is_other=false) -%}
select distinct
    {% for key in shared %}{% if is_other %}{{ key.other_name | ident }} as {% endif %}{{ key.name | ident }}{% if not loop.last %},
    {% endif %}{% endfor %}
from (
{{ due(output, scope) }}
) as due_keys
{%- endmacro %}

{#- That two relations agree in these keys. -#}
{% macro same(keys, left, right) -%}
{% for key in keys %}{{ left | ident }}.{{ key.name | ident }} = {{ right | ident }}.{{ key.name | ident }}{% if not loop.last %}
    and {% endif %}{% endfor %}
{%- endmacro %}

{#- NULL of a key column's type. -#}
{% macro null_of(column) -%}
{%- if column.type == "text" %}{{ sql.null_text() }}{% elif column.type == "int" %}cast(null as bigint){% elif column.type == "date" %}cast(null as date){% else %}cast(null as timestamp){% endif -%}
{%- endmacro %}

{#- The whole key of an output from a relation that has the shared columns: the others are NULL. -#}
{% macro key_list(output, shared, relation) -%}
{%- set names = shared | map(attribute="name") | list -%}
{% for column in output.key %}{% if column.name in names %}{{ relation | ident }}.{{ column.name | ident }}{% else %}{{ null_of(column) }}{% endif %} as {{ column.name | ident }},
    {% endfor -%}
{%- endmacro %}

{#- For what needs a key in common to compare by. -#}
{% macro demand_shared(output, other) -%}
{%- if not shared_key(output, other) %}{{ fail("outputs `" ~ output.name ~ "` and `" ~ other.name ~ "` have no key column in common") }}{% endif -%}
{%- endmacro %}

{#- For what needs upstream outputs. -#}
{% macro demand_upstreams(output, upstreams) -%}
{%- if not upstreams %}{{ fail("output `" ~ output.name ~ "` comes after no other: declare `after`, or name its `upstreams`") }}{% endif -%}
{%- endmacro %}
