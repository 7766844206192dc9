/*---
title = "How many keys a spine has"
doc   = "The number of keys in scope of the spine of an output."

[params]
output = { type = "output", doc = "an output of the spine" }

[columns]
keys = "int"
---*/
{%- import "spine" as spines %}
select count(*) as keys
from (
{{ spines.keys(output.spine, scope) }}
) as spine_keys
{%- if output.date_name is not none %}
where {{ output.date_name | ident }} between {{ scope.start }} and {{ scope.end }}
{%- endif %}
