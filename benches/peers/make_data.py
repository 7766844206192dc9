#!/usr/bin/env python3
"""Build the benchmark's DuckDB file and its ground truth, deterministically.

  python make_data.py S|M|L|F      -> $BENCH_HOME/data/<scale>.duckdb and <scale>.truth.json; run with the floor environment's Python

S  the reference figures: 638 game dates 2021-10..2024-06 (72/215/205/146 a year), 6 raw tables at
   638/638, 5 analytics tables at 311/638 (34/91/112/74 a year), 5 precompute tables at 0/638,
   about 190 player rows a date, a run history of 20 processors
M  the same with 100 times the rows a date
L  1000 tables x 2000 dates x 4 rows
F  one fact table, 2000 dates x 100 000 rows = 200 million rows

No random numbers: every value is integer arithmetic on its own position. The truth file is written
from what was planted, then every check is run once in plain SQL and must agree with it.
"""
import datetime as dt
import json
import sys
import time

import duckdb

import spec

D = dt.date


def days(a, b):
    return [a + dt.timedelta(n) for n in range((b - a).days + 1)]


def thin(xs, keep):
    """keep `keep` of xs, dropping the others evenly"""
    n = len(xs)
    return [x for i, x in enumerate(xs) if (i + 1) * keep // n > i * keep // n]


def nba_dates():
    y = {
        2021: thin(days(D(2021, 10, 19), D(2021, 12, 31)), 72),
        2022: thin(days(D(2022, 1, 1), D(2022, 6, 16)) + days(D(2022, 10, 18), D(2022, 12, 31)), 215),
        2023: thin(days(D(2023, 1, 1), D(2023, 6, 12)) + days(D(2023, 10, 24), D(2023, 12, 31)), 205),
        2024: thin(days(D(2024, 1, 1), D(2024, 6, 17)), 146),
    }
    return y


def pick_blocks(xs, k):
    """k of xs, in runs of seven: a backfill that got part of the way"""
    order = sorted(range(len(xs)), key=lambda i: ((i // 7) * 7919 % 101, i))
    return sorted(xs[i] for i in order[:k])


def sql_dates(ds):
    return "(" + ", ".join(f"DATE '{d}'" for d in ds) + ")"


NULLS = ("CASE WHEN (di * 40503 + e * 2654435761 + {salt}) % 1000 < 3 THEN NULL ELSE {v} END")


def build_nba(con, mult):
    by_year = nba_dates()
    dates = [d for y in sorted(by_year) for d in by_year[y]]
    assert len(dates) == 638 and [len(by_year[y]) for y in sorted(by_year)] == [72, 215, 205, 146]
    got = [d for y, k in zip(sorted(by_year), (34, 91, 112, 74)) for d in pick_blocks(by_year[y], k)]
    assert len(got) == 311

    games = {d: 3 + (i * 5) % 13 for i, d in enumerate(dates)}
    exp_p = {d: (games[d] * 21 - 2) * mult for d in dates}       # 9 games -> 187 players
    exp_t = {d: games[d] * 2 * mult for d in dates}
    con.execute("CREATE SCHEMA ops")
    con.execute("CREATE TABLE ops.spine(game_date DATE, season INTEGER, games INTEGER, "
                "expected_players INTEGER, expected_teams INTEGER)")
    con.executemany("INSERT INTO ops.spine VALUES (?, ?, ?, ?, ?)",
                    [(d, d.year if d.month > 8 else d.year - 1, games[d], exp_p[d], exp_t[d]) for d in dates])
    con.execute("CREATE TEMP TABLE days AS SELECT *, row_number() OVER (ORDER BY game_date) AS di FROM ops.spine")

    nine = [d for d in dates if exp_p[d] == 187 * mult]
    nine_got = [d for d in got if exp_p[d] == 187 * mult]
    # the planted faults -------------------------------------------------------------------
    partial = {
        "raw.player_boxscores": {nine[3]: 1, nine[20]: 1},
        "raw.player_props": {nine[11]: exp_p[nine[11]] // 2},
        "analytics.player_game_summary": {nine_got[4]: 1},
    }
    dup_all = {"raw.gamebook": [nine[30]]}                                  # a whole date loaded twice
    dup_some = {"analytics.player_game_summary": (nine_got[9], 5)}          # five rows twice
    null_dates = {("raw.player_boxscores", "points"): dates[300:325],       # 25 dates entirely null
                  ("raw.team_boxscores", "pace"): dates[500:520],
                  ("analytics.player_game_summary", "usage_rate"): got[100:140]}
    narrow_null = {("raw.injury_report", "minutes"): dates[410:411]}        # one date only: 0.2 % + the usual
    one_failed = {"analytics.team_defense_game_summary": [got[50], got[150], got[250]]}

    for t in spec.tables("S"):
        fq = t["fq"]
        present = {"raw": dates, "analytics": got, "precompute": []}[t["schema"]]
        present = [d for d in present if d not in one_failed.get(fq, [])]
        salt = sum(map(ord, fq))
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {t['schema']}")

        def col(name, v, k):
            e = NULLS.format(salt=salt + k, v=v)
            bad = null_dates.get((fq, name)) or narrow_null.get((fq, name))
            if bad:
                e = f"CASE WHEN game_date IN {sql_dates(bad)} THEN NULL ELSE {e} END"
            return f"{e} AS {name}"

        if t["grain"] == "player":
            cols = ", ".join([
                "game_date", "'00' || (22000000 + di * 20 + e % games) AS game_id",
                "'player_' || lpad((e * 7 % 1000003)::VARCHAR, 6, '0') AS player_lookup",
                "'T' || lpad((e % 30)::VARCHAR, 2, '0') AS team_abbr",
                col("minutes", "((di * 31 + e * 17) % 4800) / 100.0", 1),
                col("points", "((di * 13 + e * 7) % 50)::INTEGER", 2),
                col("usage_rate", "((di * 57 + e * 101) % 4000) / 10000.0", 3),
                "CASE e % 3 WHEN 0 THEN 'gamebook' WHEN 1 THEN 'nbacom' ELSE 'espn' END AS source",
                "game_date::TIMESTAMP + INTERVAL 30 HOUR + INTERVAL (e % 3600) SECOND AS processed_at"])
            n = "expected_players"
        else:
            cols = ", ".join([
                "game_date", "'00' || (22000000 + di * 20 + e % games) AS game_id",
                "'T' || lpad(e::VARCHAR, 5, '0') AS team_abbr",
                col("pace", "90 + ((di * 31 + e * 17) % 2000) / 100.0", 1),
                col("off_rating", "95 + ((di * 13 + e * 7) % 3000) / 100.0", 2),
                col("def_rating", "95 + ((di * 57 + e * 11) % 3000) / 100.0", 3),
                "game_date::TIMESTAMP + INTERVAL 30 HOUR + INTERVAL (e % 3600) SECOND AS processed_at"])
            n = "expected_teams"
        keep = "TRUE"
        if fq in partial:
            keep = "CASE " + " ".join(f"WHEN game_date = DATE '{d}' THEN e < {k}" for d, k in partial[fq].items()) + " ELSE TRUE END"
        where = f"game_date IN {sql_dates(present)}" if present else "FALSE"
        con.execute(f"CREATE TABLE {fq} AS SELECT {cols} FROM (SELECT *, unnest(range({n})) AS e FROM days "
                    f"WHERE {where}) WHERE {keep} ORDER BY game_date")
        for d in dup_all.get(fq, []):
            con.execute(f"INSERT INTO {fq} SELECT * FROM {fq} WHERE game_date = DATE '{d}'")
        if fq in dup_some:
            d, k = dup_some[fq]
            con.execute(f"INSERT INTO {fq} SELECT * FROM {fq} WHERE game_date = DATE '{d}' ORDER BY player_lookup LIMIT {k}")

    # run history: 20 processors x 638 dates (x mult shards), failures, retries, running rows
    procs = [t["fq"] for t in spec.tables("S")] + ["ops.publisher", "ops.grader", "ops.exporter", "ops.alerter"]
    con.execute("CREATE TEMP TABLE procs(pi INTEGER, processor_name VARCHAR, stage VARCHAR)")
    con.executemany("INSERT INTO procs VALUES (?, ?, ?)",
                    [(i, p, p.split(".")[0]) for i, p in enumerate(procs)])
    con.execute(f"""
        CREATE TABLE ops.processor_run_history AS
        WITH base AS (
          SELECT pi, processor_name, stage, game_date, di, e AS shard,
                 (di * 31 + pi * 7 + e * 13) % 40 = 0 AS first_failed,
                 (di * 31 + pi * 7 + e * 13) % 400 = 0 AS second_failed
          FROM days, procs, range({mult}) r(e)),
        att AS (
          SELECT *, 1 AS attempt, CASE WHEN first_failed THEN 'failed' ELSE 'success' END AS status FROM base
          UNION ALL
          SELECT *, 2, CASE WHEN second_failed THEN 'failed' ELSE 'success' END FROM base WHERE first_failed)
        SELECT row_number() OVER (ORDER BY game_date, pi, shard, attempt) AS run_id, processor_name, stage, game_date,
               attempt, status,
               game_date::TIMESTAMP + INTERVAL 30 HOUR + INTERVAL (pi * 3 + attempt * 20) MINUTE AS started_at,
               game_date::TIMESTAMP + INTERVAL 30 HOUR + INTERVAL (pi * 3 + attempt * 20 + 2) MINUTE AS finished_at
        FROM att ORDER BY run_id""")
    as_of = f"TIMESTAMP '{spec.AS_OF}'"
    con.execute(f"""INSERT INTO ops.processor_run_history
        SELECT -i, 'analytics.player_game_summary', 'analytics', DATE '2024-06-17', 1, 'running',
               {as_of} - INTERVAL (i * 5) HOUR, NULL FROM range(1, 4) r(i)
        UNION ALL
        SELECT -10 - i, 'raw.player_boxscores', 'raw', DATE '2024-06-17', 1, 'running',
               {as_of} - INTERVAL (i * 20) MINUTE, NULL FROM range(1, 3) r(i)""")

    missing = {}
    for t in spec.tables("S"):
        have = {"raw": dates, "analytics": got, "precompute": []}[t["schema"]]
        lost = sorted(set(dates) - set(have) | set(one_failed.get(t["fq"], [])))
        if lost:
            missing[t["fq"]] = lost
    bad = {}
    for fq, ds in missing.items():
        bad[f"{fq}/completeness"] = [str(d) for d in ds]
    for fq, ds in partial.items():
        bad[f"{fq}/partial"] = sorted(str(d) for d in ds)
    for fq, c in null_dates:
        bad[f"{fq}/nulls:{c}"] = [str(d) for d in null_dates[(fq, c)]]
    for fq in dup_all:
        bad[f"{fq}/dups"] = [str(d) for d in dup_all[fq]]
    for fq, (d, k) in dup_some.items():
        bad[f"{fq}/dups"] = [str(d)]
    bad["ops/success_rate"] = []
    bad["ops/stale"] = [-1, -2, -3]
    bad["ops/stage_gap"] = [str(d) for d in one_failed["analytics.team_defense_game_summary"]]
    notes = ["raw.injury_report.minutes is null on the whole of one date; no table-level percentage sees it "
             "(it is not counted as planted): only a per-date null check would"]
    return bad, notes


def build_wide(con):
    n_dates, per = 2000, 4
    d0 = D(2019, 1, 1)
    dates = [d0 + dt.timedelta(i) for i in range(n_dates)]
    con.execute("CREATE SCHEMA ops")
    con.execute(f"CREATE TABLE ops.spine AS SELECT (DATE '{d0}' + i::INTEGER)::DATE AS game_date, "
                f"year(DATE '{d0}' + i::INTEGER) AS season, {per} AS expected_entities FROM range({n_dates}) r(i)")
    con.execute(f"CREATE TEMP TABLE base AS SELECT (DATE '{d0}' + di::INTEGER)::DATE AS game_date, di, e "
                f"FROM range({n_dates}) a(di), range({per}) b(e) ORDER BY di, e")
    bad = {}
    for s in ("raw", "analytics", "precompute"):
        con.execute(f"CREATE SCHEMA {s}")
    con.execute("BEGIN")
    for i, t in enumerate(spec.tables("L")):
        fq = t["fq"]
        where = []
        if i % 10 == 3:
            lost = [(i * 37 + 101 * j) % n_dates for j in range(i % 7 + 1)]
            where.append(f"di NOT IN ({', '.join(map(str, lost))})")
            bad[f"{fq}/completeness"] = sorted(str(dates[x]) for x in lost)
        if i % 50 == 7:
            x = (i * 53) % n_dates
            where.append(f"NOT (di = {x} AND e > 0)")
            bad[f"{fq}/partial"] = [str(dates[x])]
        c2 = f"CASE WHEN di % 25 = 3 THEN NULL ELSE ((di + e) % 97)::INTEGER END" if i % 25 == 5 else "((di + e) % 97)::INTEGER"
        if i % 25 == 5:
            bad[f"{fq}/nulls:c2"] = [str(dates[x]) for x in range(3, n_dates, 25)]
        con.execute(f"CREATE TABLE {fq} AS SELECT game_date, e::INTEGER AS entity_id, (di * 31 + e * {i + 1}) % 1000 / 10.0 AS c1, "
                    f"{c2} AS c2, 'v' || ((di + e + {i}) % 50) AS c3 FROM base"
                    + (" WHERE " + " AND ".join(where) if where else ""))
        if i % 40 == 11:
            x = (i * 71) % n_dates
            con.execute(f"INSERT INTO {fq} SELECT * FROM {fq} WHERE game_date = DATE '{dates[x]}'")
            bad[f"{fq}/dups"] = [str(dates[x])]
    con.execute("COMMIT")
    return bad, []


def build_fact(con):
    n_dates, per = 2000, 100_000
    d0 = D(2019, 1, 1)
    dates = [d0 + dt.timedelta(i) for i in range(n_dates)]
    con.execute("CREATE SCHEMA ops")
    con.execute("CREATE SCHEMA raw")
    con.execute(f"CREATE TABLE ops.spine AS SELECT (DATE '{d0}' + i::INTEGER)::DATE AS game_date, "
                f"year(DATE '{d0}' + i::INTEGER) AS season, {per} AS expected_entities FROM range({n_dates}) r(i)")
    lost, part, dup = [17, 400, 401, 402, 1999], 777, 1234
    con.execute("CREATE TABLE raw.fact_events(game_date DATE, entity_id BIGINT, c1 DOUBLE, c2 INTEGER, c3 SMALLINT)")
    step = 100
    for a in range(0, n_dates, step):
        con.execute(f"""INSERT INTO raw.fact_events
            SELECT (DATE '{d0}' + di::INTEGER)::DATE, (e * 48271 + di) % 2147483647,
                   CASE WHEN (di * 40503 + e * 7) % 1000 < 3 THEN NULL ELSE ((di * 31 + e * 17) % 100003) / 100.0 END,
                   CASE WHEN di % 50 = 7 THEN NULL ELSE ((di + e) % 997)::INTEGER END,
                   ((di + e) % 53)::SMALLINT
            FROM range({a}, {a + step}) x(di), range({per}) y(e)
            WHERE di NOT IN {tuple(lost)} AND NOT (di = {part} AND e > 0) ORDER BY di, e""")
    con.execute(f"INSERT INTO raw.fact_events SELECT * FROM raw.fact_events WHERE game_date = DATE '{dates[dup]}' LIMIT 10")
    bad = {"raw.fact_events/completeness": [str(dates[i]) for i in lost],
           "raw.fact_events/partial": [str(dates[part])],
           "raw.fact_events/nulls:c2": [str(d) for i, d in enumerate(dates) if i % 50 == 7],
           "raw.fact_events/dups": [str(dates[dup])]}
    return bad, []


def main():
    scale = sys.argv[1]
    db = spec.database(scale)
    db.parent.mkdir(parents=True, exist_ok=True)
    for p in (db, db.with_suffix(".duckdb.wal")):
        p.unlink(missing_ok=True)
    t0 = time.time()
    con = duckdb.connect(str(db))
    con.execute("SET preserve_insertion_order = true")
    build = {"S": lambda: build_nba(con, 1), "M": lambda: build_nba(con, 100),
             "L": lambda: build_wide(con), "F": lambda: build_fact(con)}
    bad, notes = build[scale]()
    con.execute("CHECKPOINT")
    con.close()
    t1 = time.time()

    con = duckdb.connect(str(db), read_only=True)
    checks = spec.checks(scale)
    ids = {c["id"] for c in checks}
    assert set(bad) <= ids, set(bad) - ids
    wrong, found_dates = [], 0
    for c in checks:
        rows = con.execute(spec.fail_rows_sql(c)).fetchall()
        if bool(rows) != (c["id"] in bad):
            wrong.append((c["id"], "planted" if c["id"] in bad else "not planted", rows[:3]))
        if c["kind"] in ("completeness", "partial", "stage_gap") and rows:
            got = [str(r[0]) for r in rows]
            if got != bad.get(c["id"]):
                wrong.append((c["id"], "other dates", got[:3]))
            found_dates += len(got)
    n_rows = con.execute("SELECT sum(estimated_size) FROM duckdb_tables()").fetchone()[0]
    con.close()
    truth = dict(scale=scale, as_of=spec.AS_OF, made_with=f"duckdb {duckdb.__version__}", rows=int(n_rows),
                 bytes=db.stat().st_size, checks=len(checks), planted=len(bad), fail=bad, notes=notes)
    spec.truth_file(scale).write_text(json.dumps(truth, indent=1))
    print(f"{scale}: {n_rows:,} rows, {db.stat().st_size / 1e6:.1f} MB, {len(checks)} checks, {len(bad)} planted to fail, "
          f"{found_dates} dates; built in {t1 - t0:.1f} s, verified in {time.time() - t1:.1f} s")
    if wrong:
        print("TRUTH DISAGREES:", *wrong, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()
