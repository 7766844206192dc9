"""Great Expectations 1.x over SQLAlchemy's duckdb-engine.

As released it does not work: GX gives the connection back before it fetches, DuckDB's pending result goes with it, and
every expectation ends in an exception (GX issues 10738 and 11579, both closed). Adding "duckdb" to GX's private list of
dialects whose connection is kept makes it run; `gx-asis` is the released behaviour, `gx` and `gx-complete` have that one line.

Written the way its users write it: one Python script, a loop over the tables, an in-memory context, a checkpoint.
"""
import re

import spec
from tools.base import Tool, parse_lines

HEAD = '''import datetime as dt
import json
import sys

import great_expectations as gx
import great_expectations.expectations as gxe

%(patch)scontext = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
source = context.data_sources.add_sql("bench", connection_string="duckdb:///bench.duckdb%(cap)s")

TABLES = %(tables)s
ANALYTICS = [t for t in TABLES if t.startswith("analytics.")]


def missing_dates(table):
    return ("SELECT s.game_date FROM ops.spine s LEFT JOIN (SELECT DISTINCT game_date FROM {batch}) t "
            "ON t.game_date = s.game_date WHERE t.game_date IS NULL")


def partial_dates(table, expected):
    return ("SELECT t.game_date, count(*) AS n, any_value(s.%%s) AS expected FROM {batch} t "
            "JOIN ops.spine s ON s.game_date = t.game_date GROUP BY t.game_date "
            "HAVING count(*) < %(ratio)s * any_value(s.%%s)" %% (expected, expected))


definitions = []


def validate(table, expectations):
    schema, name = table.split(".")
    batch = source.add_table_asset(name=table, table_name=name, schema_name=schema) \\
        .add_batch_definition_whole_table("all")
    suite = context.suites.add(gx.ExpectationSuite(name=table, expectations=expectations))
    definitions.append(context.validation_definitions.add(
        gx.ValidationDefinition(name=table, data=batch, suite=suite)))


for table, (key, columns, expected) in TABLES.items():
    validate(table, [
        gxe.UnexpectedRowsExpectation(unexpected_rows_query=missing_dates(table), meta={"id": table + "/completeness"}),
        gxe.UnexpectedRowsExpectation(unexpected_rows_query=partial_dates(table, expected), meta={"id": table + "/partial"}),
        *[gxe.ExpectColumnValuesToNotBeNull(column=c, mostly=%(mostly)s, meta={"id": f"{table}/nulls:{c}"}) for c in columns],
        gxe.ExpectCompoundColumnsToBeUnique(column_list=key, meta={"id": table + "/dups"}),
    ])
'''
OPS = '''
AS_OF = dt.datetime.fromisoformat("%(as_of)s")
validate("ops.processor_run_history", [
    gxe.UnexpectedRowsExpectation(meta={"id": "ops/success_rate"}, unexpected_rows_query="""
        SELECT * FROM (SELECT 100.0 * count(*) FILTER (WHERE status = 'success')
          / count(*) FILTER (WHERE status IN ('success', 'failed')) AS success_pct FROM {batch})
        WHERE success_pct <= %(pct)s"""),
    gxe.UnexpectedRowsExpectation(meta={"id": "ops/stale"}, unexpected_rows_query=f"""
        SELECT run_id, processor_name, started_at FROM {{batch}}
        WHERE status = 'running' AND started_at < TIMESTAMP '{AS_OF}' - INTERVAL %(stale)s HOUR"""),
    gxe.ExpectColumnMaxToBeBetween(column="started_at", min_value=AS_OF - dt.timedelta(hours=%(fresh)s),
                                   meta={"id": "ops/freshness"}),
    gxe.UnexpectedRowsExpectation(meta={"id": "ops/stage_gap"}, unexpected_rows_query=
        "SELECT game_date, count(*) AS tables_present FROM ("
        + " UNION ALL ".join(f"SELECT DISTINCT game_date FROM {t}" for t in ANALYTICS)
        + f") GROUP BY game_date HAVING count(*) < {len(ANALYTICS)}"),
])
'''
TAIL = '''
checkpoint = context.checkpoints.add(gx.Checkpoint(
    name="gate", validation_definitions=definitions, result_format={"result_format": "%(fmt)s"}))
result = checkpoint.run()
for run in result.run_results.values():
    for r in run.results:
        print("PASS" if r.success else "FAIL", r.expectation_config.meta["id"],
              "RAISED" if "exception_message" in str(r.exception_info) and "'raised_exception': True" in str(r.exception_info) else "")
        if not r.success and r.expectation_config.type == "unexpected_rows_expectation":
            print(json.dumps(r.result, default=str))
sys.exit(0 if result.success else 1)
'''


class Gx(Tool):
    name = "gx"
    venv = "gx"
    version_cmd = ["python", "-c", "import great_expectations as gx; print(gx.__version__)"]
    packages = ["great_expectations", "duckdb-engine", "duckdb", "SQLAlchemy", "pandas"]
    env = {"GX_ANALYTICS_ENABLED": "false"}
    fmt = "SUMMARY"
    note = "private one-line patch, or nothing runs"
    patch = ("from great_expectations.execution_engine import sqlalchemy_execution_engine as engine\n"
             "engine._PERSISTED_CONNECTION_DIALECTS += (type(\"Dialect\", (str,), {\"value\": \"duckdb\"})(\"duckdb\"),)\n")

    def generate(self, scale):
        ts = {t["fq"]: (t["key"], t["cols"], t["expected"]) for t in spec.tables(scale)}
        tables = "{\n" + "".join(f"    {k!r}: {v!r},\n" for k, v in ts.items()) + "}"
        p = dict(tables=tables, ratio=spec.PARTIAL_RATIO, mostly=1 - spec.NULL_PCT / 100, as_of=spec.AS_OF,
                 pct=spec.SUCCESS_PCT, stale=spec.STALE_HOURS, fresh=spec.FRESH_HOURS, fmt=self.fmt, patch=self.patch,
                 cap=f"?memory_limit={spec.memory_limit(scale)}" if spec.memory_limit(scale) else "")
        text = HEAD % p
        if scale in ("S", "M"):
            text += OPS % p
        self.put("gate.py", text + TAIL % p)
        for c in spec.checks(scale):
            if c["kind"] in ("completeness", "partial", "success_rate", "stale", "stage_gap"):
                self.custom.add(c["id"])

    def cmd(self, scale):
        return ["python", "gate.py"]

    def parse(self, scale, out):
        return parse_lines(scale, out, r"^(?=\w+ (\S+) *$)(PASS|FAIL) ", "PASS")     # a check that raised has a third word

    def retry_text(self, scale, out):
        m = re.search(rf"FAIL {re.escape(spec.RETRY_CHECK)} *\n(.*)", out)
        return m[1] if m else ""


class GxComplete(Gx):
    name = "gx-complete"
    fmt = "COMPLETE"
    note = "result_format COMPLETE, to get failing rows back"


class GxAsIs(Gx):
    name = "gx-asis"
    patch = ""
    note = "as released, no patch"
