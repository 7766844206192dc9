//! Values as literals and names of a dialect.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Output, Value};

use crate::model::sql::{Dialect, is_keyword};

/// Prints a value as SQL: text is quoted, SQL from macros stands as it is, and what has no literal is an error.
/// Answers how many bytes it printed.
pub(super) fn write(out: &mut Output<'_>, value: &Value, dialect: Dialect) -> Result<usize, Error> {
    let text = literal(value, dialect)?;
    out.write_str(&text).map_err(Error::from)?;
    Ok(text.len())
}

fn literal(value: &Value, dialect: Dialect) -> Result<String, Error> {
    if value.is_safe() {
        return Ok(value.as_str().unwrap_or_default().to_owned());
    }
    match value.kind() {
        ValueKind::String => text(value.as_str().unwrap_or_default(), dialect),
        ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        ValueKind::None => Ok("null".to_owned()),
        ValueKind::Undefined => Err(Error::new(ErrorKind::UndefinedError, "a name without value cannot be printed")),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("a {kind} has no literal; use `| literals` for a list"))),
    }
}

/// A text literal. BigQuery, Databricks and Snowflake escape with backslashes, the others double the quote.
pub(super) fn text(text: &str, dialect: Dialect) -> Result<String, Error> {
    if text.contains('\0') {
        return Err(Error::new(ErrorKind::InvalidOperation, "a text with a zero byte has no literal"));
    }
    Ok(match dialect {
        Dialect::DuckDb | Dialect::Postgres => format!("'{}'", text.replace('\'', "''")),
        Dialect::BigQuery | Dialect::Databricks | Dialect::Snowflake => {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\r', "\\r");
            format!("'{escaped}'")
        }
    })
}

/// `date '2024-06-30'`, the same in every dialect.
pub(super) fn date(date: Date) -> Value {
    Value::from_safe_string(format!("date '{date}'"))
}

/// A timestamp without zone; BigQuery's type of that kind is `datetime`.
pub(super) fn timestamp(moment: DateTime, dialect: Dialect) -> Value {
    let word = if dialect == Dialect::BigQuery { "datetime" } else { "timestamp" };
    Value::from_safe_string(format!("{word} '{}'", moment.strftime("%Y-%m-%d %H:%M:%S")))
}

/// A name, quoted where the dialect needs it; dots separate its parts. SQL from macros stands as it is, and so does a
/// literal, so that a macro takes columns and values alike.
pub(super) fn identifier(value: &Value, dialect: Dialect) -> Result<Value, Error> {
    if value.is_safe() || value.kind() != ValueKind::String {
        return literal(value, dialect).map(Value::from_safe_string);
    }
    path(value.as_str().unwrap_or_default(), dialect)
}

/// The name of a table. Without its schema, a step of the statement could hide it, so the embedded engine is told that it
/// is a table of the main schema.
pub(super) fn table(value: &Value, dialect: Dialect) -> Result<Value, Error> {
    match value.as_str() {
        Some(name) if dialect == Dialect::DuckDb && !name.contains('.') => path(&format!("main.{name}"), dialect),
        _ => identifier(value, dialect),
    }
}

pub(super) fn path(name: &str, dialect: Dialect) -> Result<Value, Error> {
    let mut quoted = String::new();
    for (number, part) in name.split('.').enumerate() {
        let dot = if number > 0 { "." } else { "" };
        write!(quoted, "{dot}{}", quote(part, dialect)?).map_err(Error::from)?;
    }
    Ok(Value::from_safe_string(quoted))
}

fn quote(name: &str, dialect: Dialect) -> Result<String, Error> {
    let strange = |c: char| c.is_control() || matches!(c, '`' | '"' | '\\' | '\'');
    if name.is_empty() || name.contains(strange) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("`{name}` is not a name")));
    }
    let plain =
        !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !is_keyword(name) {
        return Ok(name.to_owned());
    }
    Ok(match dialect {
        Dialect::DuckDb | Dialect::Postgres => format!("\"{name}\""),
        Dialect::BigQuery | Dialect::Databricks => format!("`{name}`"),
        // Names without quotes are in capitals there, those of our own steps too; only a name that must be quoted in any case can be
        // in small letters.
        Dialect::Snowflake if plain => format!("\"{}\"", name.to_ascii_uppercase()),
        Dialect::Snowflake => format!("\"{name}\""),
    })
}

/// `('a', 'b')`
pub(super) fn list(value: &Value, dialect: Dialect) -> Result<Value, Error> {
    let items: Vec<String> = value.try_iter()?.map(|item| literal(&item, dialect)).collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "an empty list has no literal"));
    }
    Ok(Value::from_safe_string(format!("({})", items.join(", "))))
}
