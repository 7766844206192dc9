{#- What outputs hold, against what they should: one grouped scan each, and exactly one class per key. -#}
{%- import "dialect" as sql -%}
{%- import "spine" as spines -%}

{#- Whether a day is in one of these ranges. -#}
{% macro in_ranges(day, ranges) -%}
({% for range in ranges %}{{ day | ident }} between {{ range.from }} and {{ range.to }}{% if not loop.last %} or {% endif %}{% endfor %})
{%- endmacro %}

{#- The rows of an output's table that are in scope. The date column itself is bounded, so partitions are pruned. -#}
{% macro in_scope(output, scope) -%}
{%- if output.date is not none -%}
where {% if output.null_keys %}({% endif %}{{ output.date }} between {{ scope.start }} and {{ scope.end }}
{%- if output.ranges %}
    and {{ in_ranges(output.date, output.ranges) }}
{%- endif %}
{%- for season in scope.others %}
    and not {{ output.date }} between {{ season.start }} and {{ season.end }}
{%- endfor %}{% if output.null_keys %}
    or {{ output.date }} is null){% endif %}
{%- if output.filter is not none %}
    and ({{ output.filter }}){% endif %}
{%- elif output.filter is not none -%}
where ({{ output.filter }})
{%- endif %}
{%- endmacro %}

{#- The rows that are there again by the grain. NULL equals NULL; a count of distinct values leaves it out. -#}
{% macro duplicates(output) -%}
{%- if not output.grain or output.distinct -%}0
{%- elif output.grain | length == 1 -%}
held.held_rows - held.distinct_rows - case when held.{{ output.known_grain | ident }} < held.held_rows then 1 else 0 end
{%- else -%}
held.held_rows - held.distinct_rows
{%- endif %}
{%- endmacro %}

{#- One grouped scan: row count, distinct rows, values, values out of range and measures per key. Of an output that is judged by
    nothing but its rows per date, the warehouse's own counts are read instead, where it has some. -#}
{% macro held(output, scope) -%}
{%- set rows -%}
{% if output.counted is none %}count(*){% else %}sum(counted.rows_of_date){% endif %}
{%- endset -%}
select
    {{ output.name }} as output,
    {% for column in output.key %}{{ column.source }} as {{ column.name | ident }},
    {% endfor -%}
    {{ rows }} as held_rows,
    {% if output.grain and not output.distinct %}{% if output.grain | length == 1 %}count(distinct {{ output.grain[0] }}){% else %}{{ sql.distinct_tuples(output.grain) }}{% endif %}{% else %}{{ rows }}{% endif %} as distinct_rows
    {%- for column in output.columns %},
    count({{ column.sql }}) as {{ column.name | ident }}{% endfor %}
    {%- for column in output.outside %},
    sum(case when {{ column.sql }} is null or ({{ column.sql }} >= {{ column.low }} and {{ column.sql }} <= {{ column.high }}) then 0 else 1 end) as {{ column.name | ident }}{% endfor %}
    {%- for measure in output.measures %},
    {{ measure.sql }} as {{ measure.name | ident }}{% endfor %}
from {% if output.counted is none %}{{ output.table | table }}{% else %}{{ sql.rows_by_date(output.counted.schema, output.counted.table, output.date) }} as counted{% endif %}
{{ in_scope(output, scope) }}
group by {% for column in output.key %}{{ loop.index + 1 }}{% if not loop.last %}, {% endif %}{% endfor %}
{%- endmacro %}

{#- The rows of other tables that excuse keys, each key once. NULL excuses nothing. -#}
{% macro excuses(name, rule) -%}
{%- for excuse in rule.excuses %}{% set place = "excuse_" ~ loop.index %}
left join (
    select distinct
        {% for column in excuse.key %}{{ column.source }} as {{ ("excused_" ~ column.name) | ident }}{% if not loop.last %},
        {% endif %}{% endfor %}
    from {{ excuse.table | table }}
    {%- for column in excuse.key if column.is_date %}
    where {{ column.source }} between {{ excuse.start }} and {{ excuse.end }}{% if excuse.filter is not none %}
        and ({{ excuse.filter }}){% endif %}
    {%- else %}{% if excuse.filter is not none %}
    where ({{ excuse.filter }}){% endif %}
    {%- endfor %}
) as {{ place | ident }}
    on {% for column in excuse.key %}{{ (name ~ "." ~ column.name) | ident }} = {{ (place ~ ".excused_" ~ column.name) | ident }}{% if not loop.last %}
    and {% endif %}{% endfor %}
{%- endfor %}
{%- endmacro %}

{#- Why a key need not be there: 1 if that is declared so, and the place of the excuse after it if a row excuses it. -#}
{% macro excused(rule) -%}
{%- for excuse in rule.excuses %}
        when excuse_{{ loop.index }}.{{ ("excused_" ~ excuse.key[0].name) | ident }} is not null then {{ loop.index + 1 }}
{%- endfor %}
{%- endmacro %}

{#- The keys of the spine for each output of a group, and whether it is expected to hold them. `keys` names the step
    with the spine's keys where it is not `expected`. -#}
{% macro expected_of(outputs, keys=none) -%}
{%- set output = outputs[0] -%}
{%- set day = output.date_name -%}
{%- set rule = output.not_expected -%}
select
    members.output,
    {% for column in output.key %}expected.{{ column.name | ident }},
    {% endfor -%}
    {% for weight in output.spine.weights %}expected.{{ weight.name | ident }},
    {% endfor -%}
    expected.spine_season,
    expected.spine_position,
    {% if rule.ranges or rule.kept_since is not none or rule.filter is not none or rule.excuses or output.first_keys is not none -%}
    case
        {%- if rule.ranges %}
        when {{ in_ranges("expected." ~ day, rule.ranges) }} then 1
        {%- endif %}{% if rule.kept_since is not none and day is not none %}
        when expected.{{ day | ident }} < {{ rule.kept_since }} then 1
        {%- endif %}{% if output.first_keys is not none %}
        when row_number() over (partition by members.output, expected.spine_season{% for column in output.key %}{% if not column.is_date %}, expected.{{ column.name | ident }}{% endif %}{% endfor %} order by expected.spine_position) <= {{ output.first_keys }} then 1
        {%- endif %}{% if rule.filter is not none %}
        when {{ rule.filter }} then 1
        {%- endif %}{{ excused(rule) }}
        else 0
    end
    {%- else %}0{% endif %} as not_expected
    {%- if output.due_when is not none %},
    case when ({{ output.due_when }}) is false then 1 else 0 end as not_ready{% endif %}
from {% if keys is none %}expected{% else %}{{ keys | ident }} as expected{% endif %}
cross join (
    {% for output in outputs %}select {{ output.name }} as output{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
) as members
{{- excuses("expected", rule) }}
{%- endmacro %}

{#- What has to hold for a key to be pending: its rows are not due yet. -#}
{% macro not_due(output) -%}
{%- set dated = output.date_name is not none and output.last_due is not none -%}
{%- if dated and output.due_when is not none -%}(expected.{{ output.date_name | ident }} > {{ output.last_due }} or expected.not_ready = 1)
{%- elif dated -%}expected.{{ output.date_name | ident }} > {{ output.last_due }}
{%- elif output.due_when is not none -%}expected.not_ready = 1
{%- else -%}1 = 0
{%- endif -%}
{%- endmacro %}

{% macro weighed(number, output) -%}
{{ number.times }}{% if output.rows.per is not none %} * expected.{{ output.rows.per | ident }}{% endif %}
{%- endmacro %}

{% macro rows_times(number) -%}
held.held_rows{% if number.over | int != 1 %} * {{ number.over }}{% endif %}
{%- endmacro %}

{#- Each key of the spine and each key that has rows, with its class. The order of the cases is from bad to good. -#}
{% macro classed_group(name, output, scope, width, whole) -%}
select
    coalesce(expected.output, held.output) as output,
    case
        when expected.spine_position is null and ({% for column in output.key %}held.{{ column.name | ident }} is null{% if not loop.last %} or {% endif %}{% endfor %}) then 'null_key'
        when expected.spine_position is null then 'extra'
        {%- if whole %}
        when {% for column in output.key %}expected.{{ column.name | ident }} is null{% if not loop.last %} or {% endif %}{% endfor %} then 'invalid'
        {%- endif %}
        when expected.not_expected = 1 then 'not_expected'
        {%- if output.not_expected.excuses %}
        when expected.not_expected > 1 and held.held_rows is null then 'not_expected'
        {%- endif %}
        when held.held_rows is null and {{ weighed(output.rows.min, output) }} = 0 then 'ok'
        when held.held_rows is null and {{ not_due(output) }} then 'pending'
        when held.held_rows is null then 'missing'
        {%- if output.grain and not output.distinct %}
        when {{ duplicates(output) }} > 0 then 'duplicate'{% endif %}
        {%- if output.rows.per is not none %}
        when expected.{{ output.rows.per | ident }} is null then 'invalid'
        {%- endif %}{% if output.rows.max is not none %}
        when {{ rows_times(output.rows.max) }} > {{ weighed(output.rows.max, output) }} then 'excess'
        {%- endif %}
        when {{ rows_times(output.rows.min) }} < {{ weighed(output.rows.min, output) }} and {{ not_due(output) }} then 'pending'
        when {{ rows_times(output.rows.min) }} < {{ weighed(output.rows.min, output) }} then 'partial'
        {%- for figure in output.figures if figure.kind == "nulls" %}
        when {{ figure.sql }} > 0{% if figure.may_follow %} and not ({{ not_due(output) }}){% endif %} then 'null'
        {%- endfor %}{% for figure in output.figures if figure.kind == "outside" %}
        when {{ figure.sql }} > 0 then 'invalid'
        {%- endfor %}{% for rule in output.rules if rule.judged %}{% for comparison in rule.comparisons %}
        when {% if rule.opening %}not {{ in_ranges("expected." ~ output.date_name, rule.opening) }} and {% endif %}({{ rule.number }} * {{ comparison.over }} {{ comparison.operator }} {% if rule.share %}nullif({{ rule.of }}, 0) * {% endif %}{{ comparison.times }} and {{ rule.number }} <= {{ rule.highest }}{% if rule.share %} and {{ rule.of }} <= {{ rule.highest }}{% endif %}) is not true then 'invalid'
        {%- endfor %}{% endfor %}{% for figure in output.figures if figure.may_follow %}
        when {{ figure.sql }} > 0 then 'pending'
        {%- endfor %}
        else 'ok'
    end as class,
    {% if output.periods and output.date_name is not none %}expected.spine_season || '|' || {{ sql.month("expected." ~ output.date_name) }}{% else %}expected.spine_season{% endif %} as period,
    {% for column in output.key %}coalesce(expected.{{ column.name | ident }}, held.{{ column.name | ident }}) as {{ column.name | ident }},
    {% endfor -%}
    {% if output.not_expected.excuses %}case when expected.not_expected > 1 and held.held_rows is null then expected.not_expected - 1 else 0 end{% else %}0{% endif %} as excuse,
    expected.spine_position as position,
    case when held.held_rows is null then 0 else 1 end as present,
    coalesce(held.held_rows, 0) as held_rows,
    {% if output.rows.per is not none %}expected.{{ output.rows.per | ident }}{% else %}cast(null as bigint){% endif %} as weight,
    coalesce({{ duplicates(output) }}, 0) as duplicates
    {%- for figure in output.figures %},
    {% if figure.opening %}case when {{ in_ranges("expected." ~ output.date_name, figure.opening) }} then null else {{ figure.sql }} end{% else %}{{ figure.sql }}{% endif %} as figure_{{ loop.index }}{% endfor %}
    {%- for extra in range(output.figures | length, width) %},
    cast(null as bigint) as figure_{{ extra + 1 }}{% endfor %}
from (
    select *
    from {{ (name ~ "_expected") | ident }}
    {%- if output.ranges %}
    where {{ in_ranges(output.date_name, output.ranges) }}{% if whole and output.null_keys %} or {{ output.date_name | ident }} is null{% endif %}
    {%- elif scope.narrowed and output.date_name is not none %}
    where {{ output.date_name | ident }} between {{ scope.start }} and {{ scope.end }}
    {%- endif %}
) as expected
full outer join {{ (name ~ "_held") | ident }} as held
    on expected.output = held.output
    and {% for column in output.key %}expected.{{ column.name | ident }} = held.{{ column.name | ident }}{% if not loop.last %}
    and {% endif %}{% endfor %}
{%- for usual in output.usual %}
cross join {{ (name ~ "_usual_" ~ usual.index) | ident }} as usual_{{ usual.index }}
{%- endfor %}
{%- endmacro %}

{#- The whole chain: the spine once, every table scanned once, and `classed` with one row per key. Outputs that are declared
    alike are a group, which is compared with the spine at once. `whole` keeps what the spine holds without a key. -#}
{% macro chain(outputs, scope, whole=false) -%}
{%- set widest = namespace(figures=0) -%}
{%- for output in outputs %}{% if output.figures | length > widest.figures %}{% set widest.figures = output.figures | length %}{% endif %}{% endfor -%}
expected as (
{{ spines.expected(outputs[0].spine, scope, whole) }}
),
{% for group in outputs | groupby("group") %}
{%- set name = group.list[0].name if group.list | length == 1 else "group_" ~ group.grouper %}
{{ (name ~ "_expected") | ident }} as (
{{ expected_of(group.list) }}
),

{{ (name ~ "_held") | ident }} as (
{% for output in group.list %}{{ held(output, scope) }}{% if not loop.last %}

union all

{% endif %}{% endfor %}
),
{% for usual in group.list[0].usual %}
{{ (name ~ "_usual_" ~ usual.index) | ident }} as (
select {% set rate %}1.0 * {{ usual.sql }}{% if usual.per is not none %} / nullif(expected.{{ usual.per }}, 0){% endif %}{% endset %}{{ sql.median(rate) }} as rate
from {{ (name ~ "_expected") | ident }} as expected
-- gapgate: allow GG008 because the usual is that of the keys that have rows
inner join {{ (name ~ "_held") | ident }} as held
    on {% for column in group.list[0].key %}expected.{{ column.name | ident }} = held.{{ column.name | ident }}{% if not loop.last %}
    and {% endif %}{% endfor %}
where expected.not_expected = 0
),
{% endfor %}
{%- endfor %}
classed as (
{% for group in outputs | groupby("group") %}
{%- set name = group.list[0].name if group.list | length == 1 else "group_" ~ group.grouper -%}
{{ classed_group(name, group.list[0], scope, widest.figures, whole) }}{% if not loop.last %}

union all

{% endif %}{% endfor %}
)
{%- endmacro %}

{#- How many numbered figures the widest of these outputs has. -#}
{% macro figure_list(outputs) -%}
{%- set widest = namespace(figures=0) -%}
{%- for output in outputs %}{% if output.figures | length > widest.figures %}{% set widest.figures = output.figures | length %}{% endif %}{% endfor -%}
{%- for n in range(1, widest.figures + 1) %},
    sum(figure_{{ n }}) as figure_{{ n }}{% endfor %}
{%- endmacro %}
