//! The tables of a project's embedded warehouse, as DuckDB has them, and as the statements that make them elsewhere.

use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::Value;
use gapgate::run::deadline_in;
use gapgate::warehouse::Warehouse;

/// A table with its rows.
pub(crate) struct Rows {
    pub(crate) schema: String,
    pub(crate) name: String,
    /// Name, and type in DuckDB's words.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Every table and view of an embedded warehouse.
pub(crate) fn tables(duckdb: &dyn Warehouse) -> Vec<Rows> {
    let (inventory, _) = duckdb.inventory(&[], deadline_in(600)).expect("the list of tables");
    let mut tables = Vec::new();
    for (name, info) in &inventory {
        // Every table is listed by more and less of its name.
        let [schema, table] = name.split('.').collect::<Vec<_>>()[..] else { continue };
        let columns: Vec<(String, String)> = info.columns.iter().map(|(name, words, _)| (name.clone(), words.clone())).collect();
        let list: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let sql = format!("select {} from \"{schema}\".\"{table}\" order by all", list.join(", "));
        let sql = Sql::parse(&sql, Dialect::DuckDb).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        let found = duckdb.query(&sql, deadline_in(600)).unwrap_or_else(|error| panic!("{error}: {}", sql.as_str()));
        let rows = found.rows().map(<[Value]>::to_vec).collect();
        tables.push(Rows { schema: schema.to_owned(), name: table.to_owned(), columns, rows });
    }
    tables
}

impl Rows {
    /// Rows in lists of literals, so many at a time.
    pub(crate) fn batches(&self, dialect: Dialect, most: usize) -> impl Iterator<Item = String> {
        self.rows.chunks(most).map(move |rows| {
            let row = |row: &Vec<Value>| {
                let cells = row.iter().zip(&self.columns).map(|(value, (_, words))| literal(value, words, dialect));
                format!("({})", cells.collect::<Vec<_>>().join(", "))
            };
            rows.iter().map(row).collect::<Vec<_>>().join(",\n")
        })
    }

    /// The columns with their types in a dialect.
    pub(crate) fn declared(&self, dialect: Dialect) -> String {
        let column = |(name, words): &(String, String)| format!("{} {}", quoted(name, dialect), data_type(words, dialect));
        self.columns.iter().map(column).collect::<Vec<_>>().join(", ")
    }
}

pub(crate) fn quoted(name: &str, dialect: Dialect) -> String {
    let quote = if matches!(dialect, Dialect::BigQuery | Dialect::Databricks) { '`' } else { '"' };
    format!("{quote}{name}{quote}")
}

/// A type of DuckDB's in the words of another engine.
pub(crate) fn data_type(words: &str, dialect: Dialect) -> String {
    let (name, rest) = words.split_once('(').map_or((words, ""), |(name, rest)| (name, rest));
    let of = |postgres: &str, databricks: &str, bigquery: &str| {
        match dialect {
            Dialect::DuckDb => words,
            Dialect::Postgres => postgres,
            Dialect::Databricks => databricks,
            Dialect::BigQuery => bigquery,
            Dialect::Snowflake => panic!("nothing is loaded into Snowflake"),
        }
        .to_owned()
    };
    match name {
        "BOOLEAN" => of("boolean", "boolean", "bool"),
        "TINYINT" | "SMALLINT" | "INTEGER" | "UTINYINT" | "USMALLINT" => of("integer", "int", "int64"),
        "BIGINT" | "UINTEGER" => of("bigint", "bigint", "int64"),
        "HUGEINT" | "UBIGINT" | "UHUGEINT" => of("numeric(38, 0)", "decimal(38, 0)", "bignumeric"),
        "FLOAT" | "DOUBLE" => of("double precision", "double", "float64"),
        "DECIMAL" => of(&format!("numeric({rest}"), &format!("decimal({rest}"), "numeric"),
        "DATE" => of("date", "date", "date"),
        "TIMESTAMP WITH TIME ZONE" => of("timestamp with time zone", "timestamp", "timestamp"),
        name if name.starts_with("TIMESTAMP") => of("timestamp", "timestamp_ntz", "datetime"),
        "VARCHAR" | "TIME" | "UUID" | "JSON" => of("text", "string", "string"),
        other => panic!("no test knows a type like {other} in other engines yet"),
    }
}

fn literal(value: &Value, words: &str, dialect: Dialect) -> String {
    let own = data_type(words, dialect);
    match value {
        Value::Null => format!("cast(null as {own})"),
        Value::Bool(_) | Value::Int(_) => value.to_string(),
        Value::Float(number) if number.is_finite() => format!("cast('{number}' as {own})"),
        Value::Float(number) => format!("cast('{}' as {own})", number.to_string().replace("inf", "Infinity")),
        Value::Decimal(_) => format!("cast('{value}' as {own})"),
        Value::Date(day) => format!("date '{day}'"),
        Value::Timestamp(moment) => {
            let zone = if words.ends_with("TIME ZONE") { "+00:00" } else { "" };
            format!("cast('{}{zone}' as {own})", moment.strftime("%Y-%m-%d %H:%M:%S%.f"))
        }
        Value::Text(text) if matches!(dialect, Dialect::BigQuery | Dialect::Databricks) => {
            format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
    }
}
