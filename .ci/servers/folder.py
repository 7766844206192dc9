"""A folder of .sql, .csv and .parquet files, as gapgate's DuckDB targets have, as tables of a DuckDB in memory."""

import re

import duckdb


def in_duckdb(folder):
    """The folder, run in the order of its names."""
    database = duckdb.connect()
    database.execute(f"set file_search_path = '{folder}'")
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".sql":
            database.execute(path.read_text())
        elif path.suffix in (".csv", ".parquet"):
            table = re.sub(r"^[0-9]+[_-]*", "", path.stem) or path.stem
            schema = "_".join(path.relative_to(folder).parent.parts) or "main"
            database.execute(f'create schema if not exists "{schema}"')
            database.execute(f"create table \"{schema}\".\"{table}\" as from read_{path.suffix[1:]}('{path}')")
    return database


def tables(database):
    """Schema and name of every table."""
    return database.execute("select schema_name, table_name from duckdb_tables() where not internal and not temporary order by all").fetchall()
