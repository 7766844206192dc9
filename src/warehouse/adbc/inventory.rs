//! The tables that the warehouse has, under each name by which they can be asked for.

use std::collections::BTreeSet;

use crate::model::sql::Dialect;
use crate::model::table::{Kind, Table, Value};
use crate::warehouse::{Inventory, QueryError, TableInfo};

/// Materialized views are in no `information_schema` of Postgres, and columns without a right neither.
const POSTGRES: &str = "\
select
    cast(current_database() as text) as catalog_name,
    cast(namespaces.nspname as text) as schema_name,
    cast(relations.relname as text) as table_name,
    cast(columns.attname as text) as column_name,
    format_type(columns.atttypid, columns.atttypmod) as data_type,
    true as is_here,
    pg_table_is_visible(relations.oid) as is_short
from pg_class as relations
inner join pg_namespace as namespaces on namespaces.oid = relations.relnamespace
inner join pg_attribute as columns on columns.attrelid = relations.oid
where relations.relkind in ('r', 'p', 'v', 'm', 'f')
    and columns.attnum > 0
    and not columns.attisdropped
    and namespaces.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and namespaces.nspname not like 'pg_temp_%'
order by schema_name, table_name, columns.attnum";

const DUCKDB: &str = "\
select
    table_catalog as catalog_name,
    table_schema as schema_name,
    table_name,
    column_name,
    data_type,
    table_catalog = current_database() as is_here,
    table_catalog = current_database() and table_schema = current_schema() as is_short
from information_schema.columns
where table_schema not in ('information_schema', 'pg_catalog')
order by catalog_name, schema_name, table_name, ordinal_position";

/// Every number is a NUMBER there, and the scale is listed apart.
const SNOWFLAKE_TYPE: &str = "\
case
        when data_type = 'NUMBER' then data_type || '(' || numeric_precision || ',' || numeric_scale || ')'
        else data_type
    end as data_type";

/// The statement that lists every column; where lists are per catalog or per dataset, of those that are named.
pub(super) fn statement(dialect: Dialect, named: &[&str]) -> String {
    match dialect {
        Dialect::Postgres => POSTGRES.to_owned(),
        Dialect::DuckDb => DUCKDB.to_owned(),
        Dialect::BigQuery | Dialect::Databricks | Dialect::Snowflake => {
            let places: BTreeSet<Vec<&str>> = named.iter().map(|name| place(name, dialect)).collect();
            let selects: Vec<String> = places.iter().map(|place| select(place, dialect)).collect();
            format!("{}\norder by catalog_name, schema_name, table_name, ordinal_position", selects.join("\nunion all\n"))
        }
    }
}

/// Where the list is that has a table: `project.dataset` or `dataset`; `catalog`, or nothing for the session's own.
fn place(name: &str, dialect: Dialect) -> Vec<&str> {
    let mut parts: Vec<&str> = name.split('.').collect();
    parts.pop();
    if dialect != Dialect::BigQuery {
        parts.pop();
    }
    parts
}

fn select(place: &[&str], dialect: Dialect) -> String {
    let prefix: String = place.iter().map(|part| format!("{}.", quoted(part, dialect))).collect();
    let is_here = place.len() < if dialect == Dialect::BigQuery { 2 } else { 1 };
    let is_short = if dialect == Dialect::BigQuery || !is_here { "false" } else { "table_schema = current_schema()" };
    let data_type = if dialect == Dialect::Snowflake { SNOWFLAKE_TYPE } else { "data_type" };
    format!(
        "select\n    table_catalog as catalog_name,\n    table_schema as schema_name,\n    table_name,\n    column_name,\n    {data_type},\n    \
        {is_here} as is_here,\n    {is_short} as is_short,\n    ordinal_position\nfrom {prefix}information_schema.columns"
    )
}

/// Snowflake keeps names in capitals that were written without quotes.
fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Snowflake if is_plain(name, |c| c.is_ascii_lowercase()) => format!("\"{}\"", name.to_ascii_uppercase()),
        Dialect::Snowflake => format!("\"{}\"", name.replace('"', "")),
        _ => format!("`{}`", name.replace('`', "")),
    }
}

/// A name of the warehouse's as the project has it, which is the other way round.
pub(super) fn folded(name: &str, dialect: Dialect) -> String {
    let is_folded = dialect == Dialect::Snowflake && is_plain(name, |c| c.is_ascii_uppercase());
    if is_folded { name.to_ascii_lowercase() } else { name.to_owned() }
}

/// Whether a name needs no quotes, and its letters are of that case.
fn is_plain(name: &str, is_letter: fn(char) -> bool) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '_')
}

/// The answer to [`statement`], by name.
///
/// # Errors
/// It has something else than names.
pub(super) fn absorb(table: &Table, dialect: Dialect) -> Result<Inventory, QueryError> {
    let mut inventory = Inventory::new();
    for row in table.rows() {
        let words =
            |at: usize| row[at].as_text().ok_or_else(|| QueryError::Engine(format!("the list of tables has {} for a name", row[at])));
        let text = |at: usize| words(at).map(|text| folded(text, dialect));
        let (catalog, schema, name) = (text(0)?, text(1)?, text(2)?);
        let column = (text(3)?, words(4)?.to_owned(), kind_of(words(4)?));
        let (longest, full) = (format!("{catalog}.{schema}.{name}"), format!("{schema}.{name}"));
        let [is_here, is_short] = [5, 6].map(|at| row[at] == Value::Bool(true));
        let names = [is_short.then_some(name), is_here.then_some(full), Some(longest)];
        let names: Vec<String> = names.into_iter().flatten().collect();
        for known in &names {
            let new = || TableInfo { name: names[0].clone(), ..TableInfo::default() };
            inventory.entry(known.to_lowercase()).or_insert_with(new).columns.push(column.clone());
        }
    }
    Ok(inventory)
}

/// The kind of a type by its first word, in whichever engine's words.
fn kind_of(words: &str) -> Kind {
    let word = words.split(['(', '<', ' ']).next().unwrap_or_default().to_ascii_uppercase();
    match word.as_str() {
        // Arrays are text.
        _ if words.ends_with(']') => Kind::Text,
        // What Snowflake makes of every integer.
        "NUMBER" if words.ends_with(",0)") => Kind::Int,
        "BOOL" | "BOOLEAN" => Kind::Bool,
        "TINYINT" | "SMALLINT" | "INT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER" | "UBIGINT"
        | "UHUGEINT" | "BYTEINT" | "INT2" | "INT4" | "INT8" | "INT64" | "LONG" | "SHORT" | "BYTE" => Kind::Int,
        "FLOAT" | "FLOAT4" | "FLOAT8" | "FLOAT64" | "DOUBLE" | "REAL" => Kind::Float,
        "DECIMAL" | "NUMERIC" | "BIGNUMERIC" | "NUMBER" => Kind::Decimal,
        "DATE" => Kind::Date,
        "DATETIME" => Kind::Timestamp,
        word if word.starts_with("TIMESTAMP") => Kind::Timestamp,
        _ => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::{folded, kind_of, quoted, statement};
    use crate::model::sql::{Dialect, Sql};
    use crate::model::table::Kind;

    #[test]
    fn every_list_passes_the_guard() {
        for dialect in Dialect::ALL {
            let text = statement(dialect, &["a.b.c", "b.c", "x.y.z"]);
            assert!(Sql::parse(&text, dialect).is_ok(), "{dialect}: {:?}\n{text}", Sql::parse(&text, dialect));
        }
    }

    #[test]
    fn names_in_capitals_are_those_without_quotes_in_snowflake() {
        for (name, dialect, found) in [
            ("GAME_DATE", Dialect::Snowflake, "game_date"),
            ("GameDate", Dialect::Snowflake, "GameDate"),
            ("MY TABLE", Dialect::Snowflake, "MY TABLE"),
            ("2024_GAMES", Dialect::Snowflake, "2024_GAMES"),
            ("GAME_DATE", Dialect::Postgres, "GAME_DATE"),
        ] {
            assert_eq!(folded(name, dialect), found);
            if dialect == Dialect::Snowflake {
                assert_eq!(quoted(found, dialect), format!("\"{name}\""), "and back again");
            }
        }
    }

    #[test]
    fn types_of_every_engine_have_a_kind() {
        for (words, kind) in [
            ("character varying(10)", Kind::Text),
            ("timestamp without time zone", Kind::Timestamp),
            ("TIMESTAMP_NTZ(9)", Kind::Timestamp),
            ("numeric(10,2)", Kind::Decimal),
            ("NUMBER(38,0)", Kind::Int),
            ("NUMBER(38,10)", Kind::Decimal),
            ("double precision", Kind::Float),
            ("INT64", Kind::Int),
            ("integer[]", Kind::Text),
            ("ARRAY<INT64>", Kind::Text),
            ("DATE", Kind::Date),
            ("boolean", Kind::Bool),
            ("interval", Kind::Text),
        ] {
            assert_eq!(kind_of(words), kind, "{words}");
        }
    }
}
