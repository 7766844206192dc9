"""Databricks' Statement Execution API in front of a local Spark: real SQL, no Unity Catalog, no credentials.

    spark_statements.py PORT

Besides the API it answers GET /ready, and POST /tables {"tables": [{"schema", "name", "columns": [[name, type]], "rows": [text]}]},
which replaces every table there is. Small tables are views on their rows, because files would take Spark a second each.
"""

import json
import sys
import threading
import traceback
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as t

PART = 1000

NAMES = {
    t.ByteType: "BYTE", t.ShortType: "SHORT", t.IntegerType: "INT", t.LongType: "LONG", t.FloatType: "FLOAT", t.DoubleType: "DOUBLE",
    t.DecimalType: "DECIMAL", t.StringType: "STRING", t.BooleanType: "BOOLEAN", t.DateType: "DATE", t.TimestampType: "TIMESTAMP",
    t.TimestampNTZType: "TIMESTAMP_NTZ", t.ArrayType: "ARRAY", t.MapType: "MAP", t.StructType: "STRUCT", t.BinaryType: "BINARY",
}


def start():
    options = {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "2", "spark.driver.memory": "2g",
        # Small plans are quicker interpreted than compiled.
        "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false", "spark.sql.catalogImplementation": "in-memory",
    }
    builder = SparkSession.builder.master("local[2]").appName("gapgate")
    for name, value in options.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


class Statements:
    def __init__(self, spark):
        self.spark = spark
        self.known = {}
        self.schemas = []

    def load(self, tables):
        for schema in self.schemas:
            self.spark.sql(f"drop database if exists `{schema}` cascade")
        self.schemas = sorted({table["schema"] for table in tables} - {"default"}) + ["information_schema"]
        for schema in self.schemas:
            self.spark.sql(f"create database if not exists `{schema}`")
        for table in self.spark.catalog.listTables("default"):
            self.spark.sql(f"drop {'view' if table.tableType == 'VIEW' else 'table'} default.`{table.name}`")
        described = []
        for table in tables:
            names = ", ".join(f"`{name}`" for name, _ in table["columns"])
            typed = ", ".join(f"cast(`{name}` as {kind}) as `{name}`" for name, kind in table["columns"])
            none = ", ".join(f"cast(null as {kind}) as `{name}`" for name, kind in table["columns"])
            parts = [f"select {typed} from values {rows} as given({names})" for rows in table["rows"]]
            query = " union all ".join(parts) or f"select {none} where false"
            name = f"`{table['schema']}`.`{table['name']}`"
            if len(parts) > 1:
                self.save(name, parts)
            else:
                self.spark.sql(f"create view {name} as {query}")
            described += [
                f"('spark_catalog', '{table['schema']}', '{table['name']}', '{name}', '{kind}', {at})"
                for at, (name, kind) in enumerate(table["columns"])
            ]
        columns = "table_catalog, table_schema, table_name, column_name, full_data_type, ordinal_position"
        self.spark.sql(f"create view information_schema.columns as select * from values {', '.join(described)} as given({columns})")
        self.spark.sql(
            "create view information_schema.tables as select distinct table_catalog, table_schema, table_name from information_schema.columns"
        )

    def save(self, name, parts):
        """A statement of all rows would be parsed and planned with each of them."""
        for at, part in enumerate(parts):
            rows = self.spark.sql(part).coalesce(1)
            if at == 0:
                rows.write.mode("overwrite").saveAsTable(name)
            else:
                rows.write.insertInto(name)

    def submit(self, body):
        name = str(uuid.uuid4())
        self.known[name] = {"state": "PENDING"}
        threading.Thread(target=self.run, args=(name, body), daemon=True).start()
        return name

    def run(self, name, body):
        statement = self.known[name]
        try:
            # There is no catalog `system` here.
            sql = body["statement"].replace("system.information_schema", "spark_catalog.information_schema")
            self.spark.sparkContext.setJobGroup(name, "statement", interruptOnCancel=True)
            session = self.spark.newSession()
            session.conf.set("spark.sql.session.timeZone", "UTC")
            session.sql(f"use `{body.get('schema', 'default')}`")
            found = session.sql(sql)
            fields = found.schema.fields
            places = [f"c{at}" for at in range(len(fields))]
            rows = [list(row) for row in found.toDF(*places).selectExpr(*[f"cast({place} as string) as {place}" for place in places]).collect()]
            statement["columns"] = [
                {
                    "name": field.name, "position": at, "type_name": NAMES.get(type(field.dataType), "USER_DEFINED_TYPE"),
                    "type_text": field.dataType.simpleString().upper(), "type_scale": getattr(field.dataType, "scale", 0),
                }
                for at, field in enumerate(fields)
            ]
            statement["rows"] = rows
            statement["state"] = "SUCCEEDED"
        except PySparkException as error:
            statement["error"] = {"error_code": "BAD_REQUEST", "message": str(error).split("JVM stacktrace")[0][:2000]}
            statement["state"] = "FAILED"
        except Exception:
            statement["error"] = {"error_code": "INTERNAL_ERROR", "message": traceback.format_exc()[-500:]}
            statement["state"] = "FAILED"

    def describe(self, name):
        statement = self.known[name]
        answer = {"statement_id": name, "status": {"state": statement["state"]}}
        if "error" in statement:
            answer["status"]["error"] = statement["error"]
        if statement["state"] == "SUCCEEDED":
            rows = statement["rows"]
            answer["manifest"] = {
                "format": "JSON_ARRAY", "schema": {"column_count": len(statement["columns"]), "columns": statement["columns"]},
                "total_row_count": len(rows), "total_chunk_count": -(-len(rows) // PART), "truncated": False,
            }
            answer["result"] = self.part(name, 0)
        return answer

    def part(self, name, part):
        rows = self.known[name]["rows"]
        here = rows[part * PART : (part + 1) * PART]
        answer = {"chunk_index": part, "row_offset": part * PART, "row_count": len(here), "data_array": here}
        if (part + 1) * PART < len(rows):
            answer["next_chunk_index"] = part + 1
        return answer

    def cancel(self, name):
        self.spark.sparkContext.cancelJobGroup(name)
        self.known[name]["state"] = "CANCELED"
        return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, status=200):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def respond(self, body):
        path = self.path.strip("/").split("/")
        statements = self.server.statements
        try:
            match (self.command, path):
                case ("GET", ["ready"]):
                    self.answer({})
                case ("POST", ["tables"]):
                    statements.load(body["tables"])
                    self.answer({})
                case ("POST", ["api", "2.0", "sql", "statements"]):
                    self.answer({"statement_id": statements.submit(body), "status": {"state": "PENDING"}})
                case ("GET", ["api", "2.0", "sql", "statements", name]):
                    self.answer(statements.describe(name))
                case ("GET", ["api", "2.0", "sql", "statements", name, "result", "chunks", part]):
                    self.answer(statements.part(name, int(part)))
                case ("POST", ["api", "2.0", "sql", "statements", name, "cancel"]):
                    self.answer(statements.cancel(name))
                case _:
                    self.answer({"error_code": "ENDPOINT_NOT_FOUND", "message": self.path}, 404)
        except Exception as error:
            self.answer({"error_code": "INTERNAL_ERROR", "message": f"{type(error).__name__}: {str(error)[:1000]}"}, 400)

    def do_GET(self):
        self.respond({})

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        self.respond(json.loads(self.rfile.read(length) or b"{}"))

    def log_message(self, *_):
        pass


def main():
    statements = Statements(start())
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.statements = statements
    server.serve_forever()


main()
