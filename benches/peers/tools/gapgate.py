"""gapgate: one project file, one gate, one JSON report.

DRAFT. `generate` and `parse` follow the intended shape of the project file and of the report; whatever the binary settles
otherwise is changed in the templates, `output`, `shape` and the `..._verdict` functions, each of which knows one part of it.
"""
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
RUNS = """
[runs]
table = "ops.processor_run_history"
run = "run_id"
processor = "processor_name"
date = "game_date"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"] }
started = "started_at"
finished = "finished_at"
"""
GATES = """
[gates.%(gate)s]
stage = "*"
checks = [%(checks)s]
"""
STAGE_CHECKS = ["quality/coverage"]
OPS_CHECKS = {                       # the shipped query, and its arguments, that answers each check on the run history
    "ops/success_rate": ("failure/success_rate", f"above = {spec.SUCCESS_PCT / 100:g}"),
    "ops/stale": ("progress/stale", f"hours = {spec.STALE_HOURS}"),
    "ops/freshness": ("progress/freshness", f"hours = {spec.FRESH_HOURS}"),
    "ops/stage_gap": ("gap/stage", 'stage = "analytics"'),
}
VERDICT = {"pass": True, "fail": False}
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

    def cmd(self, scale):
        return [str(binary()), "gate", GATE, "--season", SEASON, "--as-of", spec.AS_OF.replace(" ", "T") + "Z",
                "--format", "json=report.json", "--format", "terminal"]

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
    ops = scale in ("S", "M")
    checks = STAGE_CHECKS + ([query for query, _ in OPS_CHECKS.values()] if ops else [])
    return "".join(parts) + (RUNS if ops else "") + GATES % dict(gate=GATE, checks=", ".join(f'"{c}"' for c in checks))


def output(t, usual):
    """One output: its stage and table, and what differs from the defaults of its stage."""
    own = "".join(line + "\n" for line in shape(t) if line not in usual)
    return f'\n[outputs.{t["name"]}]\nstage = "{t["schema"]}"\ntable = "{t["fq"]}"\n{own}'


def shape(t):
    """What an output is besides its name, one line each: grain, expected rows, and the share of nulls that a column may reach."""
    grain = ", ".join(f'"{k}"' for k in t["key"])
    nulls = ", ".join(f"{c} = {spec.NULL_PCT / 100:g}" for c in t["cols"])
    return ('date = "game_date"', 'spine = "games"', f"grain = [{grain}]",
            f'rows = {{ min = {spec.PARTIAL_RATIO}, per = "{t["expected"]}" }}', f"nulls_below = {{ {nulls} }}")


# The report --------------------------------------------------------------------------------------------------------------


def verdicts(scale, report):
    """-> {check id: passed}. A check is evaluated only if the report says so: an output, rule or query that is not in it, or is
    undecided, is left out."""
    got = {}
    for c in spec.checks(scale):
        if c["id"] in OPS_CHECKS:
            verdict = query_verdict(report, OPS_CHECKS[c["id"]][0])
        elif c["kind"] == "nulls":
            verdict = nulls_verdict(report, c["t"]["name"], c["col"])
        else:
            verdict = class_verdict(report, c["t"]["name"], CLASS[c["kind"]])
        if verdict is not None:
            got[c["id"]] = verdict
    return got


def class_verdict(report, name, wanted):
    """Whether no key of an output has a class."""
    o = report.get("outputs", {}).get(name)
    return None if o is None else o["counts"].get(wanted, 0) == 0


def nulls_verdict(report, name, column):
    """Whether the rule on the nulls of a column passed."""
    rules = report.get("outputs", {}).get(name, {}).get("rules", [])
    return next((VERDICT.get(r["verdict"]) for r in rules if r["column"] == column), None)


def query_verdict(report, query):
    """Whether a query's check passed."""
    return next((VERDICT.get(c["verdict"]) for c in report.get("checks", []) if c["query"] == query), None)


def keys(report, name, wanted):
    """The keys of an output that have a class."""
    return [k["key"] for k in report.get("outputs", {}).get(name, {}).get("keys", []) if k["class"] == wanted]
