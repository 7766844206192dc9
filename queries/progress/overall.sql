/*---
title = "How far each output is"
doc   = """
One row per output. `expected` is every key of the spine but those that are not expected here; `done` are the keys that
are ok, and `not_ok`, `missing` and `pending` are the others. `due` leaves out the pending ones: all of it must be done.
`remaining` is what is due and not done. `permille_done` is of `expected` and never rounded up.
"""
decision = "whether to wait or to look into it"

[params]
outputs = { type = "outputs", doc = "the outputs to examine; they share a spine" }

[columns]
output        = "text"
expected      = "int"
due           = "int"
done          = "int"
remaining     = "int"
not_ok        = "int"
missing       = "int"
pending       = "int"
not_expected  = "int"
permille_done = "int?"

[[rule]]
kind     = "share"
column   = "done"
of       = "due"
at_least = 1
level    = "fail"
---*/
{%- import "coverage" as coverage %}
with {{ coverage.chain(outputs, scope) }},

asked as (
    {% for output in outputs %}select {{ output.name }} as output{% if not loop.last %}
    union all
    {% endif %}{% endfor %}
),

counted as (
    select
        asked.output,
        count(case when classed.class <> 'not_expected' then 1 end) as expected,
        count(case when classed.class = 'ok' then 1 end) as done,
        count(case when classed.class = 'missing' then 1 end) as missing,
        count(case when classed.class = 'pending' then 1 end) as pending,
        count(case when classed.class = 'not_expected' then 1 end) as not_expected
    from asked
    left join classed
        on asked.output = classed.output
        and classed.class not in ('extra', 'null_key')
    group by asked.output
)

select
    output,
    expected,
    expected - pending as due,
    done,
    expected - pending - done as remaining,
    expected - pending - done - missing as not_ok,
    missing,
    pending,
    not_expected,
    cast(floor(1000.0 * done / nullif(expected, 0)) as bigint) as permille_done
from counted
order by output
