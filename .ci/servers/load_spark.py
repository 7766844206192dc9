"""Loads a folder of .sql, .csv and .parquet files, as gapgate's DuckDB targets have, into the Spark behind spark_statements.py.

    load_spark.py ENDPOINT FOLDER

The tables replace all that are there.
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

from folder import in_duckdb, tables

KINDS = {"VARCHAR": "string", "TIMESTAMP": "timestamp_ntz", "TIMESTAMP WITH TIME ZONE": "timestamp", "HUGEINT": "decimal(38, 0)"}
ROWS = 1000


def literal(text):
    """Every value travels as text, and is cast to its column's type on arrival."""
    if text is None:
        return "null"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def described(database, schema, table):
    name = f'"{schema}"."{table}"'
    columns = [(column, KINDS.get(kind, kind)) for column, kind, *_ in database.execute(f"describe {name}").fetchall()]
    rows = database.execute(f"select columns(*)::varchar from {name}").fetchall()
    parts = [rows[at : at + ROWS] for at in range(0, len(rows), ROWS)]
    texts = [", ".join(f"({', '.join(map(literal, row))})" for row in part) for part in parts]
    return {"schema": "default" if schema == "main" else schema, "name": table, "columns": columns, "rows": texts}


def main():
    endpoint, folder = sys.argv[1], Path(sys.argv[2])
    database = in_duckdb(folder)
    database.execute("set timezone = 'UTC'")
    found = [described(database, schema, table) for schema, table in tables(database)]
    request = urllib.request.Request(f"{endpoint}/tables", json.dumps({"tables": found}).encode(), {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=600).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"{endpoint}: {error.code} {error.read().decode()[:500]}")
    print(f"{len(found)} tables of {folder} are in Spark at {endpoint}")


main()
