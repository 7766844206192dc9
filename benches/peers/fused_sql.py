"""All checks of a scale as one hand-written statement: every table is read once, and all verdicts come back together."""
import spec


def fused_sql(scale, dups=True):
    """-> SQL with one row per check: id, ok, figure, dates. `dups=False` leaves the duplicate checks out."""
    ops = scale in ("S", "M")
    steps = [per_date_step(scale, dups), names_step(scale), grid_step(scale), JUDGED] + ([OPS_STEPS % ops_values(scale)] if ops else [])
    answers = TABLE_ANSWERS % vars(spec) + (DUPS_ANSWER if dups else "") + (OPS_ANSWERS % vars(spec) if ops else "")
    return "WITH " + ",\n".join(steps) + "\n" + answers


def per_date_step(scale, dups):
    """Rows, nulls and duplicate rows of each date of each table."""
    scans = []
    for t in spec.tables(scale):
        # With one key column beside the date, its distinct count per date is that of the whole key.
        rest = next(k for k in t["key"] if k != "game_date")
        nulls = ", ".join(f"count(*) - count({c}) AS null{i}" for i, c in enumerate(t["cols"]))
        dup = f"count(*) - count(DISTINCT {rest})" if dups else "0"
        scans.append(f"SELECT '{t['fq']}' AS t, game_date, count(*) AS n, {nulls}, {dup} AS dup FROM {t['fq']} GROUP BY game_date")
    return "per_date AS MATERIALIZED (\n" + "\nUNION ALL ".join(scans) + "\n)"


def names_step(scale):
    """The tables, with the column of the spine that holds their expected rows."""
    return "m(t, expected, cols) AS (VALUES " + ", ".join(
        f"('{t['fq']}', '{t['expected']}', {t['cols']!r})" for t in spec.tables(scale)) + ")"


def grid_step(scale):
    """Every spine date of every table, with what the table holds on it."""
    columns = sorted({t["expected"] for t in spec.tables(scale)})
    expected = "CASE m.expected " + " ".join(f"WHEN '{c}' THEN s.{c}" for c in columns) + " END"
    return f"""grid AS (
  SELECT m.t, m.cols, s.game_date, {expected} AS expected, p.n, p.null0, p.null1, p.null2, p.dup
  FROM m CROSS JOIN ops.spine s LEFT JOIN per_date p ON p.t = m.t AND p.game_date = s.game_date
)"""


JUDGED = f"""a AS (
  SELECT t, any_value(cols) AS cols, coalesce(sum(n), 0) AS n,
    list(game_date ORDER BY game_date) FILTER (WHERE n IS NULL) AS missing,
    list(game_date ORDER BY game_date) FILTER (WHERE n < {spec.PARTIAL_RATIO} * expected) AS part,
    100.0 * sum(null0) / sum(n) AS p0, 100.0 * sum(null1) / sum(n) AS p1, 100.0 * sum(null2) / sum(n) AS p2,
    list(game_date ORDER BY game_date) FILTER (WHERE dup > 0) AS dups
  FROM grid GROUP BY t
)"""

OPS_STEPS = """h AS (
  SELECT 100.0 * count(*) FILTER (WHERE status = 'success') / count(*) FILTER (WHERE status IN ('success', 'failed')) AS pct,
    count(*) FILTER (WHERE status = 'running' AND started_at < TIMESTAMP '%(AS_OF)s' - INTERVAL %(STALE_HOURS)s HOUR) AS stale,
    max(started_at) AS newest
  FROM ops.processor_run_history
),
gap AS (
  SELECT list(game_date ORDER BY game_date) AS dates FROM (
    SELECT game_date FROM per_date WHERE t LIKE 'analytics.%%' GROUP BY game_date HAVING count(*) < %(analytics)s)
)"""

TABLE_ANSWERS = """SELECT t || '/completeness' AS id, missing IS NULL AS ok, len(missing) AS figure, missing AS dates FROM a
UNION ALL SELECT t || '/partial', part IS NULL, len(part), part FROM a
UNION ALL SELECT t || '/nulls:' || cols[1], coalesce(p0 < %(NULL_PCT)s, true), p0, NULL FROM a
UNION ALL SELECT t || '/nulls:' || cols[2], coalesce(p1 < %(NULL_PCT)s, true), p1, NULL FROM a
UNION ALL SELECT t || '/nulls:' || cols[3], coalesce(p2 < %(NULL_PCT)s, true), p2, NULL FROM a
"""

DUPS_ANSWER = "UNION ALL SELECT t || '/dups', dups IS NULL, len(dups), dups FROM a\n"

OPS_ANSWERS = """UNION ALL SELECT 'ops/success_rate', pct > %(SUCCESS_PCT)s, pct, NULL FROM h
UNION ALL SELECT 'ops/stale', stale = 0, stale, NULL FROM h
UNION ALL SELECT 'ops/freshness', newest >= TIMESTAMP '%(AS_OF)s' - INTERVAL %(FRESH_HOURS)s HOUR, NULL, NULL FROM h
UNION ALL SELECT 'ops/stage_gap', dates IS NULL, len(dates), dates FROM gap
"""


def ops_values(scale):
    """The settings of `spec.py`, and how many analytics tables there are."""
    return dict(vars(spec), analytics=sum(t["schema"] == "analytics" for t in spec.tables(scale)))
