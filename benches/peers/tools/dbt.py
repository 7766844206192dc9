"""dbt-core + dbt-duckdb: sources with data tests, `dbt test`.

The generic tests that dbt-utils would bring are written out under macros/, in dbt-utils' own shape, so that nothing has to be
fetched from its hub; their lines count as configuration.
"""
import json
import re
import subprocess

import spec
from tools.base import Tool

UTILS = """{% test unique_combination_of_columns(model, combination_of_columns) %}
select {{ combination_of_columns | join(', ') }}
from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test not_null_proportion(model, column_name, at_least=1.0) %}
select sum(case when {{ column_name }} is null then 0 else 1 end) / cast(count(*) as double) as not_null_proportion
from {{ model }}
having not_null_proportion <= {{ at_least }}
{% endtest %}
"""
OWN = """{% test covers_spine(model, column_name) %}
select s.{{ column_name }}
from {{ source('ops', 'spine') }} s
left join (select distinct {{ column_name }} from {{ model }}) t on t.{{ column_name }} = s.{{ column_name }}
where t.{{ column_name }} is null
{% endtest %}

{% test no_partial_dates(model, column_name, expected, min_ratio=0.9) %}
select t.{{ column_name }}, count(*) as n, any_value(s.{{ expected }}) as expected
from {{ model }} t join {{ source('ops', 'spine') }} s on s.{{ column_name }} = t.{{ column_name }}
group by t.{{ column_name }}
having count(*) < {{ min_ratio }} * any_value(s.{{ expected }})
{% endtest %}
"""


PROFILE = """bench:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: out.duckdb
      threads: 2
%s      attach:
        - path: bench.duckdb
          alias: bench_data
          read_only: true
"""
STORED_DATES = """import duckdb
con = duckdb.connect('out.duckdb', read_only=True)
for schema, table in con.execute(
        "select table_schema, table_name from information_schema.tables where table_name like '%s%%'").fetchall():
    for row in con.execute(f'select * from "{schema}"."{table}"').fetchall():
        print(row[0])
"""


def test_name(check_id):
    """A check's id as a dbt name."""
    return check_id.replace("/", "__").replace(".", "__").replace(":", "_")


class Dbt(Tool):
    name = "dbt"
    venv = "dbt"
    version_cmd = ["dbt", "--version"]
    packages = ["dbt-core", "dbt-duckdb", "duckdb"]
    env = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "False", "DO_NOT_TRACK": "1"}
    note = "second and later runs: parse cache warm"
    flags = []

    def generate(self, scale):
        limit = spec.memory_limit(scale)
        self.put("dbt_project.yml", "name: bench\nversion: '1.0'\nprofile: bench\nflags:\n  send_anonymous_usage_stats: false\n")
        self.put("profiles.yml", PROFILE % (f"      settings:\n        memory_limit: {limit}\n" if limit else ""))
        self.put("macros/utils_like.sql", UTILS)
        self.put("macros/spine_tests.sql", OWN)
        schemas = {"ops": ["      - name: spine"]}
        for table, checks in spec.by_table(scale).items():
            schema, name = table.split(".")
            schemas.setdefault(schema, []).extend([f"      - name: {name}", *self.tests(checks)])
        y = ["version: 2", "sources:"]
        for schema, lines in schemas.items():
            y += [f"  - name: {schema}", "    database: bench_data", f"    schema: {schema}", "    tables:", *lines]
        self.put("models/sources.yml", "\n".join(y) + "\n")

    def tests(self, checks):
        """The lines of one table's tests: those on the whole table, then those on its columns."""
        table, columns = [], {}
        for c in checks:
            name = f"name: {test_name(c['id'])}"
            (self.custom if c["id"].startswith("ops/") else self.helper).add(c["id"])
            if c["kind"] == "dups":
                table += ["        data_tests:", "          - unique_combination_of_columns:", f"              {name}",
                          "              arguments:", f"                combination_of_columns: [{', '.join(c['t']['key'])}]"]
            elif c["kind"] == "nulls":
                columns.setdefault(c["col"], []).extend(
                    self.column_test("not_null_proportion", name, f"at_least: {1 - spec.NULL_PCT / 100:g}"))
            elif c["kind"] == "completeness":
                columns.setdefault("game_date", []).extend(self.column_test("covers_spine", name))
            elif c["kind"] == "partial":
                columns.setdefault("game_date", []).extend(
                    self.column_test("no_partial_dates", name, f"expected: {c['t']['expected']}"))
            else:
                self.put_singular_test(c)
        if columns:
            table += ["        columns:"]
        for column, lines in columns.items():
            table += [f"          - name: {column}", "            data_tests:", *lines]
        return table

    def column_test(self, test, name, argument=None):
        """The lines of one test on a column."""
        return [f"              - {test}:", f"                  {name}"] + (
            ["                  arguments:", f"                    {argument}"] if argument else [])

    def put_singular_test(self, c):
        """A test that is one statement, its tables named through `source`."""
        sql = spec.fail_rows_sql(c).replace("\nORDER BY 1", "")
        sql = re.sub(r"\b(ops|raw|analytics|precompute)\.(\w+)", r"{{ source('\1', '\2') }}", sql)
        self.put(f"tests/{test_name(c['id'])}.sql", sql + "\n")

    def cmd(self, scale):
        return ["dbt", "test", "--project-dir", ".", "--profiles-dir", "."] + self.flags

    def clean(self, scale):
        (self.work(scale) / "target/run_results.json").unlink(missing_ok=True)
        (self.work(scale) / "out.duckdb").unlink(missing_ok=True)

    def parse(self, scale, out):
        try:
            results = json.loads((self.work(scale) / "target/run_results.json").read_text())["results"]
        except FileNotFoundError:
            return {}
        ids = {test_name(c["id"]): c["id"] for c in spec.checks(scale)}
        named = [(r["unique_id"].split(".")[2], r["status"]) for r in results]
        return {ids[name]: status == "pass" for name, status in named if name in ids and status in ("pass", "fail")}


class DbtStore(Dbt):
    name = "dbt-store"
    version_cmd = None
    flags = ["--store-failures"]
    note = "--store-failures: failing rows kept as tables in a second database"

    def retry_text(self, scale, out):
        code = STORED_DATES % test_name(spec.RETRY_CHECK)
        return subprocess.run([str(self.bin / "python"), "-c", code], cwd=self.work(scale), capture_output=True, text=True).stdout
