"""SQLMesh: external models with audits, `sqlmesh audit`. State and the empty default catalog live in out.duckdb, the data is
attached read-only."""
import os
import re
import subprocess

import spec
from tools.base import Tool

COVERS = """AUDIT (
  name covers_spine,
);
SELECT s.game_date
FROM bench.ops.spine AS s
LEFT JOIN (SELECT DISTINCT game_date FROM @this_model) AS t ON t.game_date = s.game_date
WHERE t.game_date IS NULL;
"""
PARTIAL = """AUDIT (
  name no_partial_dates,
  defaults (
    min_ratio = 0.9
  )
);
SELECT t.game_date, COUNT(*) AS n, ANY_VALUE(s.@expected) AS expected
FROM @this_model AS t
JOIN bench.ops.spine AS s ON s.game_date = t.game_date
GROUP BY t.game_date
HAVING COUNT(*) < @min_ratio * ANY_VALUE(s.@expected);
"""


CONFIG = """gateways:
  local:
    connection:
      type: duckdb
      catalogs:
        out: out.duckdb
        bench:
          type: duckdb
          path: bench.duckdb
          read_only: true
%sdefault_gateway: local
model_defaults:
  dialect: duckdb
  start: 2021-01-01
"""
AUDIT = {"completeness": "covers_spine", "partial": "no_partial_dates", "nulls": "not_null_proportion",
         "dups": "unique_combination_of_columns"}


class Sqlmesh(Tool):
    name = "sqlmesh"
    venv = "sqlmesh"
    version_cmd = ["sqlmesh", "--version"]
    packages = ["sqlmesh", "duckdb", "sqlglot"]
    env = {"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1", "DO_NOT_TRACK": "1", "COLUMNS": "300"}   # the log wraps at 80
    note = "one plan beforehand, not timed"

    def generate(self, scale):
        limit = spec.memory_limit(scale)
        self.put("config.yaml", CONFIG % (f"      connector_config:\n        memory_limit: {limit}\n" if limit else ""))
        self.put("audits/covers_spine.sql", COVERS)
        self.put("audits/no_partial_dates.sql", PARTIAL)
        y = []
        for table, checks in spec.by_table(scale).items():
            y += [f"- name: bench.{table}", "  gateway: local", "  audits:"]
            for c in checks:
                y += self.audit(c)
        self.put("external_models.yaml", "\n".join(y) + "\n")
        (self.folder / "models").mkdir()
        self.plan()

    def audit(self, c):
        """The lines of one audit."""
        if c["kind"] in ("completeness", "partial"):
            self.helper.add(c["id"])
        lines = [f"    - name: {AUDIT.get(c['kind'], c['kind'])}"]
        if c["kind"] == "partial":
            lines += [f"      expected: {c['t']['expected']}"]
        elif c["kind"] == "nulls":
            lines += [f"      column: {c['col']}", f"      threshold: '{1 - spec.NULL_PCT / 100:g}'"]
        elif c["kind"] == "dups":
            lines += [f"      columns: '({', '.join(c['t']['key'])})'"]
        elif c["kind"] != "completeness":
            self.put_audit(c)
        return lines

    def put_audit(self, c):
        """An audit that is one statement."""
        sql = re.sub(r"\b(raw|analytics|precompute)\.(\w+)", r"bench.\1.\2", spec.fail_rows_sql(c)) \
            .replace("ops.processor_run_history", "@this_model").replace("\nORDER BY 1", "")
        self.put(f"audits/{c['kind']}.sql", f"AUDIT (\n  name {c['kind']},\n);\n{sql};\n")
        self.custom.add(c["id"])

    def plan(self):
        """Audits refuse to run before the external models have been through a plan."""
        env = dict(os.environ, **self.env, PATH=f"{self.bin}:{os.environ['PATH']}")
        r = subprocess.run(["sqlmesh", "plan", "--auto-apply", "--no-prompts"], cwd=self.folder, capture_output=True, text=True, env=env)
        (self.folder / "plan.log").write_text(r.stdout + r.stderr)

    def cmd(self, scale):
        return ["sqlmesh", "audit"]

    def parse(self, scale, out):
        """The log names the audit and the model, in definition order within a model; not the column."""
        waiting = {}
        for c in spec.checks(scale):
            waiting.setdefault((c["t"]["fq"], AUDIT.get(c["kind"], c["kind"])), []).append(c["id"])
        got = {}
        for m in filter(None, (re.search(r"(\w+) on model (\S+) .*(PASS|FAIL)", line) for line in out.splitlines())):
            table = ".".join(m[2].replace('"', "").split(".")[-2:])
            ids = waiting.get((table, m[1]))
            if ids:
                got[ids.pop(0)] = m[3] == "PASS"
        return got
