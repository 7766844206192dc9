//! Which relations may be read: tables and views, but no file in their clothes and no catalogue of secrets.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned};

use super::{Dialect, Refusal, place};

const FILE: &str = "can be read as a file";
const SECRETS: &str = "can hold secrets or other people's statements";

/// The last part of a file's name; DuckDB joins the parts of `data.csv` with a dot and looks for the file.
const EXTENSIONS: &str = "
        csv tsv psv txt parquet pq json ndjson jsonl geojson arrow arrows feather ipc orc avro xlsx xls xml yaml yml
        toml db ddb duckdb ducklake sqlite sqlite3 gz zst zstd bz2 xz zip lz4 snappy shp gpkg fgb kml vortex lance
        sql";

/// Spark reads `csv.x` as the file x.
const FORMATS: &str = "
        csv json parquet orc avro delta text binaryfile iceberg xml jdbc kafka hudi image libsvm org cloudfiles
        deltasharing excel protobuf snowflake bigquery redshift";

/// The catalogue of Postgres, less what holds passwords, connection strings, statements of others, or statistics.
const POSTGRES_CATALOGUE: &str = "
        pg_class pg_namespace pg_attribute pg_attrdef pg_tables pg_views pg_matviews pg_indexes pg_index pg_type
        pg_enum pg_constraint pg_description pg_inherits pg_partitioned_table pg_sequences pg_database pg_tablespace
        pg_collation pg_stat_user_tables pg_stat_all_tables pg_statio_user_tables pg_timezone_names
        pg_timezone_abbrevs pg_am pg_depend";

/// The catalogue views of DuckDB without settings, secrets and logs.
const DUCKDB_CATALOGUE: &str = "
        duckdb_tables duckdb_columns duckdb_views duckdb_schemas duckdb_constraints duckdb_indexes duckdb_types";

const INFORMATION_SCHEMA_SECRETS: &str = "
        user_mapping_options foreign_server_options foreign_data_wrapper_options foreign_table_options
        column_options user_mappings foreign_servers";

/// Checks the name of a table or view.
pub(super) fn check(name: &ObjectName, dialect: Dialect) -> Result<(), Refusal> {
    let refuse = |why| Refusal::Relation { at: place(name.span().start), name: name.to_string(), why };
    let mut idents = Vec::new();
    for part in &name.0 {
        match part {
            ObjectNamePart::Identifier(ident) => idents.push(ident),
            ObjectNamePart::Function(_) => return Err(refuse("is computed from an expression")),
        }
    }
    if hides_the_next(&idents, dialect) {
        return Err(refuse("hides the table that follows"));
    }
    if idents.iter().any(|ident| is_string(ident, dialect)) || is_path(&idents, dialect) {
        return Err(refuse(FILE));
    }
    let joined = idents.iter().map(|ident| ident.value.to_ascii_lowercase()).collect::<Vec<_>>().join(".");
    let parts: Vec<_> = joined.split('.').collect();
    if is_file(&parts, &idents, dialect) {
        return Err(refuse(FILE));
    }
    if is_secret(&parts, dialect) { Err(refuse(SECRETS)) } else { Ok(()) }
}

/// To the engine the table is what comes next, which the parser takes for an alias.
fn hides_the_next(idents: &[&Ident], dialect: Dialect) -> bool {
    let word = match dialect {
        Dialect::Postgres => "only",
        Dialect::Databricks => "stream",
        Dialect::DuckDb | Dialect::BigQuery | Dialect::Snowflake => return false,
    };
    matches!(idents, [ident] if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case(word))
}

fn is_string(ident: &Ident, dialect: Dialect) -> bool {
    match ident.quote_style {
        None => false,
        Some('"') => matches!(dialect, Dialect::BigQuery | Dialect::Databricks),
        Some('`') => matches!(dialect, Dialect::DuckDb | Dialect::Postgres | Dialect::Snowflake),
        Some(_) => true,
    }
}

/// Whether a name has characters of paths, addresses and globs.
fn is_path(idents: &[&Ident], dialect: Dialect) -> bool {
    let last = idents.len().saturating_sub(1);
    idents.iter().enumerate().any(|(index, ident)| {
        let mut value = ident.value.as_str();
        if dialect == Dialect::BigQuery {
            // Wildcard tables end in a star, and projects can belong to a domain.
            value = if index == last { value.strip_suffix('*').unwrap_or(value) } else { value };
            return value.contains(['/', '\\', '*', '?', '[', ']', '%', '~', '\'', '"', ';', '(']) || value.starts_with('.');
        }
        value.contains(['/', '\\', ':', '*', '?', '[', ']', '{', '}', '%', '~', '\'', '"', '`', ';', '(', '<', '>', '|'])
            || value.starts_with('.')
            || value.is_empty()
    })
}

fn is_file(parts: &[&str], idents: &[&Ident], dialect: Dialect) -> bool {
    let extended = |parts: &[&str]| match parts {
        [_, rest @ ..] => rest.iter().any(|part| listed(EXTENSIONS, part)),
        [] => false,
    };
    match dialect {
        Dialect::DuckDb => parts.len() > 1 && parts.last().is_some_and(|last| listed(EXTENSIONS, last)),
        Dialect::Databricks => {
            let quoted = idents.iter().any(|ident| extended(&ident.value.to_ascii_lowercase().split('.').collect::<Vec<_>>()));
            quoted || matches!(idents, [format, _] if listed(FORMATS, &format.value.to_ascii_lowercase()))
        }
        Dialect::BigQuery | Dialect::Postgres | Dialect::Snowflake => false,
    }
}

fn is_secret(parts: &[&str], dialect: Dialect) -> bool {
    let (last, schema) = match parts {
        [.., schema, last] => (*last, *schema),
        [last] => (*last, ""),
        [] => return true,
    };
    match dialect {
        Dialect::Postgres => {
            let catalogue = last.starts_with("pg_") || schema.starts_with("pg_");
            let mapping = schema == "information_schema" && last.starts_with('_');
            mapping
                || listed(INFORMATION_SCHEMA_SECRETS, last)
                || (catalogue && !listed(POSTGRES_CATALOGUE, last))
                || last.starts_with("_pg_")
        }
        Dialect::DuckDb => {
            let catalogue = last.starts_with("duckdb_") || last.starts_with("pragma_");
            (catalogue && !listed(DUCKDB_CATALOGUE, last)) || last == "pg_settings"
        }
        Dialect::Databricks => last.contains("secret") && schema == "information_schema",
        // What others asked, and as whom they came.
        Dialect::Snowflake => {
            listed("account_usage organization_usage reader_account_usage", schema)
                || (schema == "information_schema" && last.contains("secret"))
        }
        Dialect::BigQuery => false,
    }
}

fn listed(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|listed| listed == name.trim())
}
