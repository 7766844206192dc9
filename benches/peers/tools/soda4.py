"""Soda Core 4: one contract file per dataset.

The command line verifies one contract per process (-c takes one file), so `soda4-cli` is a shell loop over the contracts, which
is what a user without Soda Cloud runs; `soda4-api` verifies the same contracts in one Python process.
"""
import re

import spec
from tools.base import Tool, indent, parse_lines

RUN_ALL = """import glob, sys
from soda_core.common.data_source_impl import DataSourceImpl
from soda_core.common.yaml import DataSourceYamlSource
from soda_core.contracts.api.verify_api import verify_contract_locally
ok = True
for path in sorted(glob.glob("contracts/*.yml")):
    r = verify_contract_locally(data_source_file_path="ds.yml", contract_file_path=path)
    ok = ok and r.is_ok
    for v in r.contract_verification_results:
        for c in v.check_results:
            print(c.check.name, c.outcome.name, c.threshold_value)
sys.exit(0 if ok else 1)
"""
RUN_EACH = """rc=0
for c in contracts/*.yml; do
  soda contract verify -ds ds.yml -c "$c" || rc=1
done
exit $rc
"""


class Soda4(Tool):
    venv = "soda4"
    version_cmd = ["soda", "--help"]
    packages = ["soda-core", "soda-duckdb", "duckdb"]
    env = {"SODA_CORE_TELEMETRY_ENABLED": "false"}

    def generate(self, scale):
        limit = spec.memory_limit(scale)
        self.put("ds.yml", "type: duckdb\nname: bench\nconnection:\n  database: bench.duckdb\n  read_only: true\n"
                 + (f"  configuration:\n    memory_limit: {limit}\n" if limit else ""))
        for table, checks in spec.by_table(scale).items():
            self.put(f"contracts/{table}.yml", "\n".join(qualified(self.contract(table, checks))) + "\n")
        self.put_runner()

    def contract(self, table, checks):
        """The lines of one contract."""
        y = [f"dataset: bench/{table.replace('.', '/')}", "columns:"]
        nulls = [c for c in checks if c["kind"] == "nulls"]
        for c in nulls:
            y += [f"  - name: {c['col']}", "    checks:", "      - missing:", f"          name: {c['id']}", "          threshold:",
                  "            metric: percent", f"            must_be_less_than: {spec.NULL_PCT:g}"]
        if not nulls:
            y += ["  - name: run_id"]
        y += ["checks:"]
        for c in checks:
            if c["kind"] != "nulls":
                y += self.check(c)
        if any(c["kind"] == "freshness" for c in checks):
            y += ["variables:", "  AS_OF:", f"    default: \"{spec.AS_OF.replace(' ', 'T')}+00:00\""]
        return y

    def check(self, c):
        """The lines of one check on a whole dataset."""
        name = f"      name: {c['id']}"
        if c["kind"] == "dups":
            return ["  - duplicate:", name, f"      columns: [{', '.join(c['t']['key'])}]"]
        if c["kind"] == "freshness":
            return ["  - freshness:", name, "      column: started_at", "      now_variable: AS_OF", "      threshold:",
                    "        unit: hour", f"        must_be_less_than: {spec.FRESH_HOURS}"]
        self.custom.add(c["id"])
        if c["kind"] == "stale":
            return ["  - failed_rows:", name, "      expression: |",
                    f"        status = 'running' AND started_at < TIMESTAMP '{spec.AS_OF}' - INTERVAL {spec.STALE_HOURS} HOUR"]
        if c["kind"] == "success_rate":
            return ["  - metric:", name, "      expression: |", "        100.0 * COUNT(*) FILTER (WHERE status = 'success')",
                    "          / COUNT(*) FILTER (WHERE status IN ('success', 'failed'))", "      threshold:",
                    f"        must_be_greater_than: {spec.SUCCESS_PCT:g}"]
        return ["  - failed_rows:", name, "      query: |", indent(spec.fail_rows_sql(c).replace("\nORDER BY 1", ""), 8)]

    def parse(self, scale, out):
        return parse_lines(scale, out, r"(\S+/\S+).*(PASSED|FAILED)", "PASSED")


def qualified(lines):
    """Several checks of one type on one dataset each need a qualifier."""
    seen = {}
    for line in lines:
        yield line
        m = re.match(r"^  - (\w+):$", line)
        if m:
            n = seen[m[1]] = seen.get(m[1], 0) + 1
            if n > 1:
                yield f"      qualifier: q{n}"


class Soda4Api(Soda4):
    name = "soda4-api"
    note = "one Python process"

    def put_runner(self):
        self.put("run.py", RUN_ALL)

    def cmd(self, scale):
        return ["python", "run.py"]


class Soda4Cli(Soda4):
    name = "soda4-cli"
    note = "one process per contract (17 at S)"

    def put_runner(self):
        self.put("run.sh", RUN_EACH)

    def cmd(self, scale):
        return ["sh", "run.sh"]
