{#- What the messages of failures have in common: lower case, without what differs from run to run. -#}
{%- import "dialect" as sql -%}

{%- set steps = [
    ["(^|[^a-z0-9])'[^']*'", " ?"],
    ["\"[^\"]*\"", "?"],
    ["`[^`]*`", "?"],
    ["\\S*[/\\\\]\\S*", "<path>"],
    ["[0-9]{4}-[0-9]{2}-[0-9]{2}([t ][0-9]{2}:[0-9]{2}[0-9:.,]*)?(z|[+-][0-9]{2}:?[0-9]{2})?", "#"],
    ["[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "#"],
    ["[a-z0-9_]*[0-9][a-z0-9_]*", "#"],
    ["#([^a-z?<#]*#)+", "#"],
    ["\\s+", " "],
] %}

{#- `grouped`: these columns of `step_0`, and the `error_group` of its `message`. -#}
{% macro grouped(columns) -%}
{% for step in steps %}
step_{{ loop.index }} as (
    select
        {% for column in columns %}{{ column | ident }},
        {% endfor -%}
        {{ sql.replace_all("message", step[0], step[1]) }} as message
    from step_{{ loop.index0 }}
),
{% endfor %}
grouped as (
    select
        {% for column in columns %}{{ column | ident }},
        {% endfor -%}
        coalesce(nullif(trim(substr(trim(message), 1, 200)), ''), '(no message)') as error_group
    from step_{{ steps | length }}
)
{%- endmacro %}
