"""Loads a folder of .sql, .csv and .parquet files, as gapgate's DuckDB targets have, into BigQuery or an emulator.

    load_bigquery.py ENDPOINT PROJECT FOLDER

The folder is run in DuckDB first, in the order of its names; then every table travels as one Parquet file through the
load API. A token for the real BigQuery is taken from BIGQUERY_TOKEN.
"""

import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from folder import in_duckdb, tables

ENDPOINT, PROJECT, FOLDER = sys.argv[1].rstrip("/"), sys.argv[2], Path(sys.argv[3])
# Tables without a schema of their own.
DATASET = "main_tables"


def call(method, url, body=None, kind="application/json"):
    request = urllib.request.Request(ENDPOINT + url, data=body, method=method, headers={"content-type": kind})
    if token := os.environ.get("BIGQUERY_TOKEN"):
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 409:
            return {}
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()[:500]}")


def column(name, data_type):
    """A column's name, its BigQuery type, and the expression that DuckDB writes it with."""
    kinds = {"DATE": "DATE", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64", "DOUBLE": "FLOAT64", "TIMESTAMP": "DATETIME", "VARCHAR": "STRING"}
    quoted = f'"{name}"'
    if data_type.endswith("INT") or data_type.endswith("INTEGER"):
        return name, "INT64", f"{quoted}::bigint as {quoted}"
    if data_type.startswith("DECIMAL"):
        return name, "NUMERIC", quoted
    if data_type == "TIMESTAMP WITH TIME ZONE":
        return name, "TIMESTAMP", quoted
    if data_type not in kinds:
        sys.exit(f"column {name} has type {data_type}, which is not known here")
    return name, kinds[data_type], quoted


def load(database, schema, table):
    dataset = DATASET if schema == "main" else schema
    described = database.execute(f'describe "{schema}"."{table}"').fetchall()
    columns = [column(name, data_type) for name, data_type, *_ in described]
    target = {"projectId": PROJECT, "datasetId": dataset, "tableId": table}
    fields = [{"name": name, "type": kind} for name, kind, _ in columns]
    call("POST", f"/bigquery/v2/projects/{PROJECT}/datasets", json.dumps({"datasetReference": {"projectId": PROJECT, "datasetId": dataset}}).encode())
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "table.parquet"
        expressions = ", ".join(expression for *_, expression in columns)
        database.execute(f"copy (select {expressions} from \"{schema}\".\"{table}\") to '{file}' (format parquet)")
        rows = file.read_bytes()
    configuration = {"load": {"destinationTable": target, "sourceFormat": "PARQUET", "writeDisposition": "WRITE_TRUNCATE", "schema": {"fields": fields}}}
    parts = [("application/json", json.dumps({"configuration": configuration}).encode()), ("application/octet-stream", rows)]
    body = b"".join(b"--cut\r\ncontent-type: " + kind.encode() + b"\r\n\r\n" + part + b"\r\n" for kind, part in parts) + b"--cut--\r\n"
    job = call("POST", f"/upload/bigquery/v2/projects/{PROJECT}/jobs?uploadType=multipart", body, "multipart/related; boundary=cut")
    while job["status"]["state"] != "DONE":
        time.sleep(0.5)
        reference = job["jobReference"]
        job = call("GET", f"/bigquery/v2/projects/{PROJECT}/jobs/{reference['jobId']}?location={reference.get('location', 'US')}")
    if failure := job["status"].get("errorResult"):
        sys.exit(f"{dataset}.{table}: {failure}")


def main():
    database = in_duckdb(FOLDER)
    found = tables(database)
    for schema, table in found:
        load(database, schema, table)
    print(f"{len(found)} tables of {FOLDER} are in project {PROJECT} at {ENDPOINT}")


main()
