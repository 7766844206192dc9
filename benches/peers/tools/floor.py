"""What DuckDB itself needs: the same checks as hand-written SQL.

  fused-cli   one statement for every check, one native DuckDB command-line process
  fused-py    the same statement from the duckdb Python package
  floor-py    one statement for everything but duplicates, then duplicates table by table in runs of dates, so that the
              hash tables stay small
  seq-py      one statement per check, one Python process, one connection
  seq20-cli   one native process per table (16) and per history check (4): 20 processes at S
  seq-cli     one native process per check: the way a runbook of copied queries is worked through
"""
import re

import environments
import spec
from fused_sql import fused_sql
from tools.base import Tool, parse_rows

CONNECT = """import duckdb

con = duckdb.connect("bench.duckdb", read_only=True%(config)s)
ok = True


def show(check, passed, figure, dates):
    global ok
    ok = ok and passed
    print(check, str(passed).lower(), figure, ";".join(map(str, dates)), sep="|")


"""
FUSED = """for check, passed, figure, dates in con.execute(open("gate.sql").read()).fetchall():
    show(check, passed, figure, dates or [])
"""
DUPLICATES = """DAYS_PER_RUN = 30
TABLES = %(tables)r
days = [r[0] for r in con.execute("SELECT DISTINCT game_date FROM ops.spine ORDER BY 1").fetchall()]
rows = {r[0] + "." + r[1]: r[2] for r in con.execute(
    "SELECT schema_name, table_name, estimated_size FROM duckdb_tables()").fetchall()}
for table, key in TABLES:
    step = DAYS_PER_RUN if rows[table] > 2_000_000 else len(days)
    bad = set()
    for i in range(0, len(days), step):
        run = days[i:i + step]
        bad.update(r[0] for r in con.execute(f"SELECT DISTINCT game_date FROM (SELECT {key} FROM {table} "
            f"WHERE game_date BETWEEN DATE '{run[0]}' AND DATE '{run[-1]}' GROUP BY {key} HAVING count(*) > 1)").fetchall())
    show(table + "/dups", not bad, len(bad), sorted(bad))
"""
SEQUENCE = """import glob
for path in sorted(glob.glob("checks/*.sql")):
    sql = open(path).read()
    rows = con.execute(sql).fetchall()
    show(sql.split("\\n")[0][3:], not rows, "", (r[0] for r in rows))
"""
EXIT = "raise SystemExit(not ok)\n"


class Floor(Tool):
    """Hand-written SQL, run by DuckDB's own client or Python package."""
    venv = "floor"
    packages = ["duckdb", "duckdb-cli"]

    @property
    def native(self):
        """The folder of the native binary, not the package's Python wrapper."""
        return next(environments.folder("floor").glob("lib/python3*/site-packages/duckdb_cli"))

    def generate(self, scale):
        self.custom = {c["id"] for c in spec.checks(scale)}
        self.write(scale)

    def write(self, scale):
        """Write the project; what `generate` is to other adapters."""
        raise NotImplementedError

    def put_python(self, scale, body):
        """A script that connects, shows the checks of `body` and exits with the verdict."""
        config = f', config={{"memory_limit": "{spec.memory_limit(scale)}"}}' if spec.memory_limit(scale) else ""
        self.put("gate.py", CONNECT % dict(config=config) + body + EXIT)

    def put_checks(self, scale):
        """One file per check: its id as a comment, then its statement."""
        for i, c in enumerate(spec.checks(scale)):
            self.put(f"checks/{i:04d}.sql", f"-- {c['id']}\n{spec.fail_rows_sql(c)};\n")

    def parse(self, scale, out):
        return parse_rows(out)

    def retry_text(self, scale, out):
        m = re.search(re.escape(spec.RETRY_CHECK) + r"(.*?)(?=\n\S+/\w|\Z)", out, re.S)
        return m[1] if m else ""


class FusedCli(Floor):
    name = "fused-cli"
    version_cmd = ["duckdb", "--version"]
    note = "one statement"

    def write(self, scale):
        limit = spec.memory_limit(scale)
        self.put("gate.sql", (f"SET memory_limit = '{limit}';\n" if limit else "") + fused_sql(scale) + ";\n")

    def cmd(self, scale):
        return ["sh", "-c", f"exec {self.native}/duckdb -readonly -csv bench.duckdb < gate.sql"]


class FusedPy(Floor):
    name = "fused-py"
    version_cmd = ["python", "-c", "import duckdb; print(duckdb.__version__)"]
    note = "one statement"

    def write(self, scale):
        self.put("gate.sql", fused_sql(scale) + ";\n")
        self.put_python(scale, FUSED)

    def cmd(self, scale):
        return ["python", "gate.py"]


class FloorPy(FusedPy):
    name = "floor-py"
    version_cmd = None
    note = "one statement, and one per table and run of 30 dates for duplicates"

    def write(self, scale):
        self.put("gate.sql", fused_sql(scale, dups=False) + ";\n")
        self.put_python(scale, FUSED + DUPLICATES % dict(tables=[(t["fq"], ", ".join(t["key"])) for t in spec.tables(scale)]))


class SeqPy(FusedPy):
    name = "seq-py"
    version_cmd = None
    note = "one statement per check, one process"

    def write(self, scale):
        self.put_checks(scale)
        self.put_python(scale, SEQUENCE)


class SeqCli(Floor):
    name = "seq-cli"
    scales = ("S", "M", "F")
    note = "one process per check"

    def write(self, scale):
        self.put_checks(scale)
        self.put("run.sh", 'for f in checks/*.sql; do\n  head -1 "$f"\n  duckdb -readonly -csv -noheader bench.duckdb < "$f"\ndone\n')

    def cmd(self, scale):
        return ["env", f"PATH={self.native}:/usr/bin:/bin", "sh", "run.sh"]

    def parse(self, scale, out):
        """A check has passed when no row follows its id."""
        got, current = {}, None
        for line in out.splitlines():
            m = re.match(r"-- (\S+/\S+)$", line)
            if m:
                current = m[1]
                got[current] = True
            elif line.strip() and current:
                got[current] = False
        return got


class Seq20Cli(Floor):
    name = "seq20-cli"
    scales = ("S", "M")
    note = "one process per table or history check"
    SHOWN = {"nulls": "null_pct", "success_rate": "success_pct", "stale": "run_id", "freshness": "newest"}

    def write(self, scale):
        groups = {}
        for c in spec.checks(scale):
            groups.setdefault(c["id"] if c["id"].startswith("ops/") else c["t"]["fq"], []).append(c)
        for i, checks in enumerate(groups.values()):
            self.put(f"checks/{i:02d}.sql", "\nUNION ALL\n".join(map(self.answer, checks)) + ";\n")
        self.put("run.sh", 'for f in checks/*.sql; do\n  duckdb -readonly -csv -noheader bench.duckdb < "$f"\ndone\n')

    def answer(self, c):
        """A check as one row: id, ok, what was found."""
        rows = spec.fail_rows_sql(c).replace("\nORDER BY 1", "")
        shown = self.SHOWN.get(c["kind"], "game_date")
        return f"SELECT '{c['id']}' AS id, count(*) = 0 AS ok, list({shown})::VARCHAR AS what FROM (\n{rows}\n)"

    def cmd(self, scale):
        return ["env", f"PATH={self.native}:/usr/bin:/bin", "sh", "run.sh"]


class Duck2:
    """The same with DuckDB 2.0; the data keeps the storage version it was written with."""
    venv = "duck2"
    packages = ["duckdb"]


class FusedPy2(Duck2, FusedPy):
    name = "fused-py-duck2"
    note = "one statement, DuckDB 2.0"


class FloorPy2(Duck2, FloorPy):
    name = "floor-py-duck2"
    note = "as floor-py, DuckDB 2.0"
