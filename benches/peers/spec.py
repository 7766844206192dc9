"""The one shared check list. Every tool adapter renders exactly this list in its own idiom.

A check is a dict: id, kind, table, and what that kind needs. Kinds:

  completeness   every spine date has at least one row in the table
  partial        on dates that are present, rows >= 90 % of the spine's expected rows
  nulls          share of nulls in one column < 1 %
  dups           no key occurs twice
  success_rate   success / (success + failed) > 99 % in the run history
  stale          no row 'running' for more than 2 hours at the as-of moment
  freshness      newest started_at within 24 hours of the as-of moment
  stage_gap      no date on which some, but not all, analytics tables have rows

The as-of moment is fixed (AS_OF) so that a run next year gives the same verdicts.
"""
import os
import tempfile
from pathlib import Path

AS_OF = "2024-06-30 12:00:00"
NULL_PCT = 1.0          # must be < this
PARTIAL_RATIO = 0.9     # rows/expected must be >= this
SUCCESS_PCT = 99.0      # must be > this
STALE_HOURS = 2
FRESH_HOURS = 24

RETRY_CHECK = "analytics.player_game_summary/completeness"     # whose missing dates a user would want listed, at S and M

HOME = Path(os.environ.get("BENCH_HOME", Path(tempfile.gettempdir()) / "bench"))

P_COLS = ["minutes", "points", "usage_rate"]
T_COLS = ["pace", "off_rating", "def_rating"]

# (schema, table, grain)
NBA_TABLES = [
    ("raw", "player_boxscores", "player"),
    ("raw", "gamebook", "player"),
    ("raw", "player_props", "player"),
    ("raw", "injury_report", "player"),
    ("raw", "shot_zones", "player"),
    ("raw", "team_boxscores", "team"),
    ("analytics", "player_game_summary", "player"),
    ("analytics", "upcoming_player_game_context", "player"),
    ("analytics", "team_offense_game_summary", "team"),
    ("analytics", "team_defense_game_summary", "team"),
    ("analytics", "upcoming_team_game_context", "team"),
    ("precompute", "player_shot_zone_analysis", "player"),
    ("precompute", "player_composite_factors", "player"),
    ("precompute", "player_daily_cache", "player"),
    ("precompute", "ml_feature_store", "player"),
    ("precompute", "team_defense_zone_analysis", "team"),
]


def database(scale):
    """The data of a scale."""
    return HOME / "data" / f"{scale}.duckdb"


def truth_file(scale):
    """What was planted in it."""
    return HOME / "data" / f"{scale}.truth.json"


def memory_limit(scale):
    """DuckDB's memory limit at a scale, for every tool that can set it; None: the default. At F the duplicate check
    alone would take most of a machine's memory."""
    return "8GB" if scale == "F" else None


def tables(scale):
    """-> list of dicts: schema, name, fq, key columns, null-checked columns, spine's expected-rows column"""
    out = []
    if scale in ("S", "M"):
        for schema, name, grain in NBA_TABLES:
            out.append(dict(
                schema=schema, name=name, fq=f"{schema}.{name}", grain=grain,
                key=["game_date", "player_lookup" if grain == "player" else "team_abbr"],
                cols=P_COLS if grain == "player" else T_COLS,
                expected="expected_players" if grain == "player" else "expected_teams"))
    elif scale == "L":
        for i in range(1000):
            schema = "raw" if i < 400 else "analytics" if i < 700 else "precompute"
            name = f"t{i:04d}"
            out.append(dict(schema=schema, name=name, fq=f"{schema}.{name}", grain="entity",
                            key=["game_date", "entity_id"], cols=["c1", "c2", "c3"],
                            expected="expected_entities"))
    elif scale == "F":
        out.append(dict(schema="raw", name="fact_events", fq="raw.fact_events", grain="entity",
                        key=["game_date", "entity_id"], cols=["c1", "c2", "c3"],
                        expected="expected_entities"))
    else:
        raise SystemExit(f"unknown scale {scale!r} (S, M, L, F)")
    return out


def checks(scale):
    """-> list of dicts: the shared check list of a scale."""
    out = []
    for t in tables(scale):
        fq = t["fq"]
        out.append(dict(id=f"{fq}/completeness", kind="completeness", t=t))
        out.append(dict(id=f"{fq}/partial", kind="partial", t=t))
        for c in t["cols"]:
            out.append(dict(id=f"{fq}/nulls:{c}", kind="nulls", t=t, col=c))
        out.append(dict(id=f"{fq}/dups", kind="dups", t=t))
    if scale in ("S", "M"):
        h = dict(schema="ops", name="processor_run_history", fq="ops.processor_run_history")
        out.append(dict(id="ops/success_rate", kind="success_rate", t=h))
        out.append(dict(id="ops/stale", kind="stale", t=h))
        out.append(dict(id="ops/freshness", kind="freshness", t=h))
        out.append(dict(id="ops/stage_gap", kind="stage_gap", t=h,
                        tables=[t["fq"] for t in tables(scale) if t["schema"] == "analytics"]))
    return out


def by_table(scale):
    """-> {table: its checks}, in the order of the check list."""
    out = {}
    for c in checks(scale):
        out.setdefault(c["t"]["fq"], []).append(c)
    return out


def fail_rows_sql(c):
    """Plain SQL returning the offending rows of a check (no rows = pass): what a user writes when a tool offers nothing
    closer, and what the runs with one query per check use."""
    k, fq = c["kind"], c["t"]["fq"]
    if k == "completeness":
        return (f"SELECT s.game_date FROM ops.spine s\n"
                f"LEFT JOIN (SELECT DISTINCT game_date FROM {fq}) t ON t.game_date = s.game_date\n"
                f"WHERE t.game_date IS NULL\nORDER BY 1")
    if k == "partial":
        return (f"SELECT t.game_date, count(*) AS n, any_value(s.{c['t']['expected']}) AS expected\n"
                f"FROM {fq} t JOIN ops.spine s ON s.game_date = t.game_date\n"
                f"GROUP BY t.game_date\n"
                f"HAVING count(*) < {PARTIAL_RATIO} * any_value(s.{c['t']['expected']})\nORDER BY 1")
    if k == "nulls":
        return (f"SELECT 100.0 * count(*) FILTER (WHERE {c['col']} IS NULL) / nullif(count(*), 0) AS null_pct\n"
                f"FROM {fq}\nHAVING null_pct >= {NULL_PCT}")
    if k == "dups":
        keys = ", ".join(c["t"]["key"])
        return f"SELECT {keys}, count(*) AS n\nFROM {fq}\nGROUP BY {keys}\nHAVING count(*) > 1"
    if k == "success_rate":
        return (f"SELECT 100.0 * count(*) FILTER (WHERE status = 'success')\n"
                f"  / nullif(count(*) FILTER (WHERE status IN ('success', 'failed')), 0) AS success_pct\n"
                f"FROM {fq}\nHAVING success_pct <= {SUCCESS_PCT}")
    if k == "stale":
        return (f"SELECT run_id, processor_name, started_at\nFROM {fq}\n"
                f"WHERE status = 'running'\n"
                f"  AND started_at < TIMESTAMP '{AS_OF}' - INTERVAL {STALE_HOURS} HOUR")
    if k == "freshness":
        return (f"SELECT max(started_at) AS newest\nFROM {fq}\n"
                f"HAVING newest IS NULL OR newest < TIMESTAMP '{AS_OF}' - INTERVAL {FRESH_HOURS} HOUR")
    if k == "stage_gap":
        u = "\nUNION ALL ".join(f"SELECT DISTINCT game_date FROM {fq}" for fq in c["tables"])
        return (f"SELECT game_date, count(*) AS tables_present\nFROM (\n{u}\n)\n"
                f"GROUP BY game_date\nHAVING count(*) < {len(c['tables'])}\nORDER BY 1")
    raise ValueError(k)
