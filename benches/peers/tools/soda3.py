"""Soda Core 3 (SodaCL). A dataset's name is resolved in the schema of its data source, so there is one data source, and one
`soda scan`, per schema."""
import spec
from tools.base import Tool, indent, parse_lines


class Soda3(Tool):
    name = "soda3"
    venv = "soda3"
    version_cmd = ["soda", "--version"]
    packages = ["soda-core", "soda-core-duckdb", "duckdb"]
    note = "pins duckdb 1.0; one scan (process) per schema"

    def generate(self, scale):
        # Usage statistics are switched off the documented way, in ~/.soda/config.yml, which is not configuration of the checks.
        (self.folder / "home/.soda").mkdir(parents=True)
        (self.folder / "home/.soda/config.yml").write_text("send_anonymous_usage_stats: false\nuser_cookie_id: none\n")
        schemas = {}
        for table, checks in spec.by_table(scale).items():
            schema, name = table.split(".")
            schemas.setdefault(schema, []).append(f"checks for {name}:")
            for c in checks:
                schemas[schema] += self.check(c)
        self.put("configuration.yml", "".join(
            f"data_source {s}:\n  type: duckdb\n  path: bench.duckdb\n  schema: {s}\n  read_only: true\n" for s in schemas))
        for s, lines in schemas.items():
            self.put(f"checks_{s}.yml", "\n".join(lines) + "\n")
        self.put("run.sh", "rc=0\n" + "".join(
            f"soda scan -d {s} -c configuration.yml -v \"NOW={spec.AS_OF}\" checks_{s}.yml || rc=1\n" for s in schemas) + "exit $rc\n")

    def check(self, c):
        """The lines of one check."""
        name = f"      name: {c['id']}"
        if c["kind"] == "nulls":
            return [f"  - missing_percent({c['col']}) < {spec.NULL_PCT:g}:", name]
        if c["kind"] == "dups":
            return [f"  - duplicate_count({', '.join(c['t']['key'])}) = 0:", name]
        if c["kind"] == "freshness":
            return [f"  - freshness(started_at) < {spec.FRESH_HOURS}h:", name]
        self.custom.add(c["id"])
        if c["kind"] == "stale":
            return ["  - failed rows:", name, "      fail condition: status = 'running' AND started_at < "
                    f"TIMESTAMP '{spec.AS_OF}' - INTERVAL {spec.STALE_HOURS} HOUR"]
        if c["kind"] == "success_rate":
            return [f"  - success_pct > {spec.SUCCESS_PCT:g}:", name, "      success_pct expression: 100.0 * "
                    "COUNT(*) FILTER (WHERE status = 'success') / COUNT(*) FILTER (WHERE status IN ('success', 'failed'))"]
        return ["  - failed rows:", name, "      fail query: |", indent(spec.fail_rows_sql(c).replace("\nORDER BY 1", ""), 8)]

    def cmd(self, scale):
        return ["env", "HOME=" + str(self.work(scale) / "home"), "sh", "run.sh"]

    def parse(self, scale, out):
        return parse_lines(scale, out, r"(\S+/\S+) \[(PASSED|FAILED)\]", "PASSED")
