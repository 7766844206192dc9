"""What is not timed in turns: versions, size on disk, cold start, and the statements that reach DuckDB."""
import csv
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import environments
from measure import environment, measure, timed

HERE = Path(__file__).resolve().parent
COLD_STARTS = 4                    # the first is not counted
csv.field_size_limit(1 << 30)      # a statement is one field


def facts_table(tools, scale, timeout):
    """-> markdown, one row per tool; every tool is run once."""
    lines = ["| tool | versions | install MB | cold start s (cpu) | statements sent | note |", "|---|---|---|---|---|---|"]
    for tool in tools:
        tool.prepare(scale)
        versions = ", ".join(f"{name} {version}" for name, version in installed(tool))
        size = f"{megabytes(environments.folder(tool.venv)):.0f}" if tool.venv else "-"
        lines.append(f"| {tool.name} | {versions or '-'} | {size} | {cold_start(tool, scale)} | {statements(tool, scale, timeout) or '-'} "
                     f"| {tool.note or '-'} |")
    return "\n".join(lines)


def installed(tool):
    """-> [(package, version)] of a tool's environment."""
    code = "import importlib.metadata as m, sys\nfor p in sys.argv[1:]: print(p, m.version(p))"
    if not tool.packages:
        return []
    out = subprocess.run([str(environments.python(tool.venv)), "-c", code, *tool.packages], capture_output=True, text=True).stdout
    return [line.split() for line in out.splitlines()]


def cold_start(tool, scale):
    """The median of a few starts that do no work."""
    if not tool.version_cmd:
        return "-"
    runs = [timed(tool.version_cmd, env=environment(tool), cwd=tool.work(scale), stdout=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL) for _ in range(COLD_STARTS)][1:]
    return "{wall:.2f} ({cpu:.2f})".format(**{k: statistics.median(r[k] for r in runs) for k in ("wall", "cpu")})


def statements(tool, scale, timeout):
    """How many statements one run sends to DuckDB; known only of tools that reach it from Python."""
    with tempfile.TemporaryDirectory(prefix="count_sql_") as folder:
        env = environment(tool)
        env.update(COUNT_SQL_DIR=folder, PYTHONPATH=str(HERE / "count_sql"))
        measure(tool, scale, timeout, env)
        n = 0
        for path in Path(folder).glob("*/duckdb_log_entries.csv"):
            with path.open(newline="") as f:
                n += sum(1 for row in csv.DictReader(f) if row["type"] == "QueryLog")
        return n


def megabytes(folder):
    """The room that a folder takes on disk; a file with several links counts once."""
    sizes = {}
    for root, _, files in os.walk(folder):
        for f in files:
            s = os.lstat(os.path.join(root, f))
            sizes[s.st_ino] = s.st_blocks * 512
    return sum(sizes.values()) / 1e6
