"""pointblank over ibis-DuckDB: one Python script, one Validate per table and one on the spine."""
import re

import spec
from tools.base import Tool, parse_lines

HEAD = '''import sys

import ibis
import pointblank as pb

con = ibis.duckdb.connect("bench.duckdb", read_only=True)
TABLES = %(tables)s


def table(fq):
    schema, name = fq.split(".")
    return con.table(name, database=schema)


spine = table("ops.spine")
any_row = pb.Thresholds(critical=1)
ok = True


def report(v, ids):
    global ok
    v = v.interrogate()
    for step, (i, check) in zip(v.validation_info, enumerate(ids, 1)):
        failed = bool(step.critical) or bool(step.eval_error)
        ok = ok and not failed
        print("SKIP" if not step.active else "RAISED" if step.eval_error else "FAIL" if failed else "PASS", check)
        if failed and "completeness" in check:
            print(*v.get_data_extracts(i, frame=True)["game_date"].to_list())


# completeness: every spine date is found in the table
v = pb.Validate(spine)
for fq in TABLES:
    v = v.col_vals_in_table("game_date", ref_table=table(fq), ref_column="game_date", thresholds=any_row)
report(v, [fq + "/completeness" for fq in TABLES])

for fq, (key, columns, expected) in TABLES.items():
    def rows_per_date(t, expected=expected):
        n = t.group_by("game_date").agg(n=t.count())
        return n.join(spine, "game_date").mutate(ratio=lambda x: x.n / x[expected])
    v = pb.Validate(table(fq))
    v = v.col_vals_ge("ratio", %(ratio)s, pre=rows_per_date, thresholds=any_row, active=pb.has_rows())
    for c in columns:
        v = v.col_vals_not_null(c, thresholds=pb.Thresholds(critical=%(null)s), active=pb.has_rows())
    v = v.rows_distinct(key, thresholds=any_row, active=pb.has_rows())
    report(v, [fq + "/partial"] + [f"{fq}/nulls:{c}" for c in columns] + [fq + "/dups"])
'''
OPS = '''
AS_OF = ibis.timestamp("%(as_of)s")
present = [table(fq).select("game_date").distinct() for fq in TABLES if fq.startswith("analytics.")]
report(
    pb.Validate(table("ops.processor_run_history"))
    .col_vals_gt("success_pct", %(pct)s, thresholds=any_row, pre=lambda t: t.agg(
        success_pct=100.0 * (t.status == "success").sum() / t.status.isin(["success", "failed"]).sum()))
    .row_count_match(0, thresholds=any_row, pre=lambda t: t.filter(
        (t.status == "running") & (t.started_at < AS_OF - ibis.interval(hours=%(stale)s))))
    .data_freshness("started_at", max_age="%(fresh)s hours", reference_time="%(as_of)s", thresholds=any_row)
    .col_vals_eq("n", len(present), thresholds=any_row, pre=lambda t: (
        lambda u: u.group_by("game_date").agg(n=u.count()))(ibis.union(*present))),
    ["ops/success_rate", "ops/stale", "ops/freshness", "ops/stage_gap"])
'''


class Pointblank(Tool):
    name = "pointblank"
    venv = "pointblank"
    version_cmd = ["pb", "--version"]
    packages = ["pointblank", "ibis-framework", "duckdb", "pandas", "polars"]
    note = "steps on an empty table end in an error unless made conditional on has_rows(); then they are skipped"

    def generate(self, scale):
        ts = {t["fq"]: (t["key"], t["cols"], t["expected"]) for t in spec.tables(scale)}
        p = dict(tables="{\n" + "".join(f"    {k!r}: {v!r},\n" for k, v in ts.items()) + "}", ratio=spec.PARTIAL_RATIO,
                 null=spec.NULL_PCT / 100, as_of=spec.AS_OF, pct=spec.SUCCESS_PCT, stale=spec.STALE_HOURS, fresh=spec.FRESH_HOURS)
        text = HEAD % p
        if scale in ("S", "M"):
            text += OPS % p
        self.put("gate.py", text + "sys.exit(0 if ok else 1)\n")
        for c in spec.checks(scale):
            if c["kind"] in ("partial", "success_rate", "stale", "stage_gap"):
                self.custom.add(c["id"])

    def cmd(self, scale):
        return ["python", "gate.py"]

    def parse(self, scale, out):
        return parse_lines(scale, out, r"^(?=\w+ (\S+)$)(PASS|FAIL) ", "PASS")

    def retry_text(self, scale, out):
        m = re.search(rf"FAIL {re.escape(spec.RETRY_CHECK)}\n(.*)", out)
        return m[1] if m else ""
