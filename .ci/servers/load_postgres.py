"""Loads a folder of .sql, .csv and .parquet files, as gapgate's DuckDB targets have, into Postgres.

    load_postgres.py URL FOLDER

Every table travels as a CSV file through psql; it replaces the one of its name.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from folder import in_duckdb, tables

KINDS = {"DOUBLE": "double precision", "FLOAT": "real", "VARCHAR": "text", "TINYINT": "smallint", "HUGEINT": "numeric(38)"}


def script(database, schema, table, file):
    name = f'"{"public" if schema == "main" else schema}"."{table}"'
    described = database.execute(f'describe "{schema}"."{table}"').fetchall()
    columns = ", ".join(f'"{column}" {KINDS.get(kind, kind)}' for column, kind, *_ in described)
    # An empty text is quoted, and NULL is not.
    database.execute(f"copy \"{schema}\".\"{table}\" to '{file}' (format csv, header, force_quote *)")
    return "\n".join([
        f"create schema if not exists {name.split('.')[0]};",
        f"drop table if exists {name};",
        f"create table {name} ({columns});",
        f"\\copy {name} from '{file}' with (format csv, header)",
        f"analyze {name};",
    ])


def main():
    url, folder = sys.argv[1], Path(sys.argv[2])
    database = in_duckdb(folder)
    database.execute("set timezone = 'UTC'")
    found = tables(database)
    with tempfile.TemporaryDirectory() as scratch:
        scripts = [script(database, schema, table, Path(scratch) / f"{n}.csv") for n, (schema, table) in enumerate(found)]
        options = ["-q", "-v", "ON_ERROR_STOP=1", "--single-transaction"]
        subprocess.run(["psql", url, *options], input="\n".join(scripts), text=True, check=True, env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})
    print(f"{len(found)} tables of {folder} are in {url.rsplit('@')[-1]}")


main()
