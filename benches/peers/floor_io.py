#!/usr/bin/env python3
"""What the checks cost inside DuckDB: bytes read, CPU, wall and peak memory of the bare statements, page cache dropped and warm.

  python floor_io.py S|M|F      run with the floor environment's Python; prints a markdown table

Each figure is of a fresh process with two threads. The statements are dates (rows per date), dates+nulls (and nulls), nodup (all
checks but duplicates, in one statement), dups-runs (duplicates in runs of 30 dates), dups (duplicates table by table) and fused
(all checks in one statement).
"""
import os
import resource
import subprocess
import sys
import time

import spec
from fused_sql import fused_sql

DAYS_PER_RUN = 30


def dates(scale, days):
    return [f"SELECT game_date, count(*) FROM {t['fq']} GROUP BY 1" for t in spec.tables(scale)]


def dates_and_nulls(scale, days):
    return [f"SELECT game_date, count(*), {', '.join(f'count({c})' for c in t['cols'])} FROM {t['fq']} GROUP BY 1" for t in spec.tables(scale)]


def duplicates(scale, days):
    return [duplicates_of(t) for t in spec.tables(scale)]


def duplicates_in_runs(scale, days):
    runs = [days[i:i + DAYS_PER_RUN] for i in range(0, len(days), DAYS_PER_RUN)]
    return [duplicates_of(t, f"WHERE game_date BETWEEN DATE '{r[0]}' AND DATE '{r[-1]}'") for t in spec.tables(scale) for r in runs]


def duplicates_of(t, where=""):
    return f"SELECT {', '.join(t['key'])}, count(*) FROM {t['fq']} {where} GROUP BY ALL HAVING count(*) > 1"


STATEMENTS = {
    "dates": dates,
    "dates+nulls": dates_and_nulls,
    "nodup": lambda scale, days: [fused_sql(scale, dups=False)],
    "dups-runs": duplicates_in_runs,
    "dups": duplicates,
    "fused": lambda scale, days: [fused_sql(scale)],
}


def run(kind, scale):
    """Run one kind in this process; print bytes read, CPU, wall and peak resident set."""
    import duckdb
    con = duckdb.connect(str(spec.database(scale)), read_only=True)
    con.execute("SET threads = 2")
    days = [r[0] for r in con.execute("SELECT game_date FROM ops.spine ORDER BY 1").fetchall()]
    read, used, start = bytes_read(), resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    for sql in STATEMENTS[kind](scale, days):
        con.execute(sql).fetchall()
    wall, now = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    print(bytes_read() - read, f"{cpu:.3f} {wall:.3f} {now.ru_maxrss / 1024:.0f}")


def bytes_read():
    """What this process has read so far, from the page cache or below it."""
    return int(next(line for line in open("/proc/self/io") if line.startswith("rchar")).split()[1])


def drop_cache(path):
    """Ask the system to forget the pages of a file."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def main():
    scale = sys.argv[1]
    if len(sys.argv) > 2:
        return run(sys.argv[2], scale)
    db = spec.database(scale)
    print(f"| statements ({scale}, file {db.stat().st_size / 1e6:.0f} MB) | page cache | MB read | cpu s | wall s | peak RSS MB |\n|---|---|---|---|---|---|")
    for kind in STATEMENTS:
        for cache in ("dropped", "warm"):
            if cache == "dropped":
                drop_cache(db)
            out = subprocess.run([sys.executable, __file__, scale, kind], capture_output=True, text=True, check=True).stdout
            read, cpu, wall, rss = out.split()
            print(f"| {kind} | {cache} | {int(read) / 1e6:.1f} | {float(cpu):.2f} | {float(wall):.2f} | {rss} |", flush=True)


if __name__ == "__main__":
    main()
