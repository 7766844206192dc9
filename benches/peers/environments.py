"""The Python environments of the peers, by name, and how one that is missing is created.

An environment is a folder `$BENCH_HOME/venvs/<name>` made with `python -m venv` and filled by `pip install`. Several are needed
because the tools pin different versions of DuckDB.
"""
import subprocess
import sys

import spec

PACKAGES = {
    "floor": ["duckdb==1.5.6", "duckdb-cli==1.5.6"],        # also makes the data
    "duck2": ["duckdb==2.0.0"],                             # the floor again, with the DuckDB that gapgate carries
    "soda4": ["soda-duckdb==4.28.0", "duckdb==2.0.0"],
    "soda3": ["soda-core-duckdb==3.5.6", "setuptools<81"],
    "gx": ["great-expectations==1.24.1", "duckdb-engine", "duckdb==1.5.6", "sqlalchemy<2.1", "pandas"],
    "dbt": ["dbt-core==1.11.16", "dbt-duckdb==1.11.1", "duckdb==2.0.0"],
    "sqlmesh": ["sqlmesh==0.236.4", "duckdb==1.5.6"],
    "bigquery": ["google-cloud-bigquery==3.47.0"],          # for `pages`, not of the table
    "pointblank": ["pointblank[duckdb]==1.1.1", "polars==2.1.0", "duckdb==2.0.0"],
}


def folder(name):
    """The folder of an environment."""
    return spec.HOME / "venvs" / name


def python(name):
    """The Python of an environment."""
    return folder(name) / "bin/python"


def ready(name):
    """Whether an environment was installed to its end."""
    return (folder(name) / ".installed").exists()


def create(name):
    """Create and fill an environment that is not ready; returns whether it is ready now."""
    if ready(name):
        return True
    print(f"environment {name}: {' '.join(PACKAGES[name])}", file=sys.stderr, flush=True)
    steps = [[sys.executable, "-m", "venv", str(folder(name))],
             [str(python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES[name]]]
    for step in steps:
        if subprocess.run(step).returncode:
            print(f"environment {name} could not be made; its tools are left out", file=sys.stderr, flush=True)
            return False
    (folder(name) / ".installed").touch()
    return True
