"""gapgate: one project file, one gate, one JSON report; the checks on the run history are four queries of the project's own."""
import json
import os
import subprocess
from pathlib import Path

import spec
from tools.base import Tool

HERE = Path(__file__).resolve().parent
GATE = "bench"
SEASON = "all"

PROJECT = """[project]
name = "bench"
timezone = "UTC"

[targets.local]
engine = "duckdb"
database = "bench.duckdb"

[seasons.%(season)s]
start = %(start)s
end = %(end)s

[spines.games]
table = "ops.spine"
key = { game_date = "date" }
weights = { %(weights)s }
"""
GATES = """
[gates.%(gate)s]
outputs = "*"
checks = [%(checks)s]
"""
QUERY = """/*---
title = "%(title)s"
doc = "The offending rows."
[columns]
%(columns)s
[[rule]]
kind = "no_rows"
---*/
%(sql)s
"""
OPS_COLUMNS = {                      # what each check on the run history returns
    "success_rate": 'success_pct = "number?"', "freshness": 'newest = "timestamp?"',
    "stale": 'run_id = "int"\nprocessor_name = "text"\nstarted_at = "timestamp"', "stage_gap": 'game_date = "date"\ntables_present = "int"',
}
VERDICT = {"pass": True, "warn": True, "fail": False}
CLASS = {"completeness": "missing", "partial": "partial", "dups": "duplicate"}      # the class of a key that fails a check
DATES = {"S": ("2021-10-19", "2024-06-30"), "M": ("2021-10-19", "2024-06-30"),
         "L": ("2019-01-01", "2024-06-30"), "F": ("2019-01-01", "2024-06-30")}


class Gapgate(Tool):
    name = "gapgate"
    note = "one process"

    @property
    def bin(self):
        return binary().parent

    @property
    def version_cmd(self):
        return [str(binary()), "--version"]

    def available(self):
        return binary() is not None and binary().exists()

    def generate(self, scale):
        self.put("gapgate.toml", project_file(scale))
        for c in ops_checks(scale):
            sql = spec.fail_rows_sql(c)
            self.put(f"queries/{c['id']}.sql", QUERY % dict(title=c["id"], columns=OPS_COLUMNS[c["kind"]], sql=sql))
            self.custom.add(c["id"])

    def cmd(self, scale):
        return [str(binary()), "gate", GATE, "--season", SEASON, "--as-of", spec.AS_OF.replace(" ", "T") + "Z",
                "--format", "json=report.json"]

    def clean(self, scale):
        (self.work(scale) / "report.json").unlink(missing_ok=True)

    def report(self, scale):
        """The JSON report of the last run; empty if there is none."""
        try:
            return json.loads((self.work(scale) / "report.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def parse(self, scale, out):
        return verdicts(scale, self.report(scale))

    def retry_text(self, scale, out):
        output = spec.RETRY_CHECK.split("/")[0].split(".")[1]
        return " ".join(keys(self.report(scale), output, "missing"))


def binary():
    """$GAPGATE, or what `cargo build` leaves in the dev profile's folder."""
    if "GAPGATE" in os.environ:
        return Path(os.environ["GAPGATE"]).resolve()
    if not hasattr(binary, "found"):
        r = subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"], cwd=HERE, capture_output=True, text=True)
        binary.found = Path(json.loads(r.stdout)["target_directory"]) / "debug/gapgate" if r.returncode == 0 else None
    return binary.found


# The project file --------------------------------------------------------------------------------------------------------


def project_file(scale):
    """gapgate.toml for a scale: what most tables of a stage share is said once, as the stage's defaults."""
    tables = spec.tables(scale)
    weights = ", ".join(f'{t} = "sum({t})"' for t in dict.fromkeys(t["expected"] for t in tables))
    start, end = DATES[scale]
    parts = [PROJECT % dict(season=SEASON, start=start, end=end, weights=weights)]
    for stage in dict.fromkeys(t["schema"] for t in tables):
        own = [t for t in tables if t["schema"] == stage]
        shapes = [shape(t) for t in own]
        usual = max(shapes, key=shapes.count)
        parts.append(f"\n[stages.{stage}.defaults]\n" + "\n".join(usual) + "\n")
        parts += [output(t, usual) for t in own]
    checks = ["quality/coverage"] + [c["id"] for c in ops_checks(scale)]
    return "".join(parts) + GATES % dict(gate=GATE, checks=", ".join(f'"{c}"' for c in checks))


def ops_checks(scale):
    """The checks on the run history."""
    return [c for c in spec.checks(scale) if c["kind"] in OPS_COLUMNS]


def output(t, usual):
    """One output: its stage and table, and what differs from the defaults of its stage."""
    own = "".join(line + "\n" for line in shape(t) if line not in usual)
    return f'\n[outputs.{t["name"]}]\nstage = "{t["schema"]}"\n{own}'


def shape(t):
    """What an output is besides its name, one line each: grain, expected rows, and the share of nulls that a column may reach."""
    grain = ", ".join(f'"{k}"' for k in t["key"] if k != "game_date")
    nulls = ", ".join(f'"{c}"' for c in t["cols"])
    return (f'schema = "{t["schema"]}"', 'date = "game_date"', 'spine = "games"', f"grain = [{grain}]",
            f'rows = {{ min = {spec.PARTIAL_RATIO}, per = "{t["expected"]}" }}',
            f'rules = [{{ nulls = [{nulls}], below = {spec.NULL_PCT / 100:g}, over = "output" }}]')


# The report --------------------------------------------------------------------------------------------------------------


def verdicts(scale, report):
    """-> {check id: passed}. A check is evaluated only if the report says so: an output or query that is not in it, or is undecided,
    is left out."""
    checks = [c for g in report.get("gates", []) for c in g["checks"]]
    outputs = {o["output"]: o for c in checks for o in c["outputs"]}
    queries = {c["query"]: VERDICT.get(c["verdict"]) for c in checks}
    got = {}
    for c in spec.checks(scale):
        o = outputs.get(c["t"]["name"])
        if c["kind"] in OPS_COLUMNS:
            got[c["id"]] = queries.get(c["id"])
        elif o is None or o["verdict"] not in VERDICT:
            continue
        elif c["kind"] == "nulls":
            got[c["id"]] = not any(f["rule"] == f"nulls of {c['col']}" for f in o["findings"])
        else:
            got[c["id"]] = o["classes"].get(CLASS[c["kind"]], 0) == 0
    return {k: v for k, v in got.items() if v is not None}


def keys(report, name, wanted):
    """The dates of an output that have a class."""
    outputs = [o for g in report.get("gates", []) for c in g["checks"] for o in c["outputs"]]
    return [k["key"]["game_date"] for o in outputs if o["output"] == name for k in o["keys"] if k["class"] == wanted]
