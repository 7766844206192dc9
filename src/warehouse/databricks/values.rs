//! The server's texts as values, by the type that the manifest gives the column.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::answer::Column as Declared;
use crate::model::number::Decimal;
use crate::model::table::{Column, Kind, Value};

/// A column of the result.
pub(super) fn column(declared: &Declared) -> Column {
    Column { name: declared.name.clone(), kind: kind(declared) }
}

/// The kind of a type in the server's words, such as `DECIMAL(10,2)` or `bigint`.
pub(super) fn kind_of(words: &str) -> Kind {
    match words.split(['(', '<', ' ']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
        "BOOLEAN" => Kind::Bool,
        "BYTE" | "SHORT" | "INT" | "INTEGER" | "LONG" | "TINYINT" | "SMALLINT" | "BIGINT" => Kind::Int,
        "FLOAT" | "DOUBLE" | "REAL" => Kind::Float,
        "DECIMAL" | "NUMERIC" => Kind::Decimal,
        "DATE" => Kind::Date,
        "TIMESTAMP" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" => Kind::Timestamp,
        _ => Kind::Text,
    }
}

fn kind(declared: &Declared) -> Kind {
    // Types that came later have no name of their own here, and their text says what they are.
    let by_name = kind_of(&declared.type_name);
    let kind = if by_name == Kind::Text && declared.type_name != "STRING" { kind_of(&declared.type_text) } else { by_name };
    if kind == Kind::Decimal && declared.type_scale == 0 { Kind::Int } else { kind }
}

/// The value that a text stands for.
///
/// # Errors
/// It is none of the column's type.
pub(super) fn value(declared: &Declared, text: Option<String>) -> Result<Value, String> {
    let Some(text) = text else { return Ok(Value::Null) };
    let value = match kind(declared) {
        Kind::Bool => text.parse().ok().map(Value::Bool),
        Kind::Int => integer(&text),
        Kind::Float => text.parse().ok().map(Value::Float),
        Kind::Decimal => text.parse().ok().map(|number: Decimal| Value::Decimal(Box::new(number))),
        Kind::Date => day(&text),
        Kind::Timestamp => moment(&text).map(|moment| Value::Timestamp(Box::new(moment))),
        Kind::Text => return Ok(Value::text(text)),
    };
    value.ok_or_else(|| format!("`{text}` in column {} is no {}", declared.name, kind(declared).name()))
}

/// Integers wider than 64 bits stay exact as decimals.
fn integer(text: &str) -> Option<Value> {
    let wide = || text.parse::<i128>().ok().map(|number| Value::Decimal(Box::new(Decimal::new(number, 0))));
    text.parse().ok().map(Value::Int).or_else(wide)
}

/// Years beyond 9999 are dates to the server only.
fn day(text: &str) -> Option<Value> {
    let beyond = text.starts_with('+') || text.starts_with('-');
    text.parse::<Date>().ok().map(Value::Date).or_else(|| beyond.then(|| Value::text(text)))
}

/// A moment with an offset becomes UTC; one without is taken as it is.
fn moment(text: &str) -> Option<DateTime> {
    let zoned = text.parse::<Timestamp>().ok().map(|moment| TimeZone::UTC.to_datetime(moment));
    zoned.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{Declared, column, value};

    fn read(type_name: &str, type_text: &str, scale: u32, text: &str) -> Result<String, String> {
        let declared = Declared { name: "v".into(), type_name: type_name.into(), type_text: type_text.into(), type_scale: scale };
        let value = value(&declared, Some(text.to_owned()))?;
        Ok(format!("{}: {} {value}", column(&declared).kind.name(), value.type_name()))
    }

    #[test]
    fn texts_become_what_the_manifest_says() {
        for (type_name, type_text, scale, text, found) in [
            ("BOOLEAN", "BOOLEAN", 0, "true", "bool: bool true"),
            ("LONG", "BIGINT", 0, "9223372036854775807", "int: int 9223372036854775807"),
            ("DECIMAL", "DECIMAL(38,0)", 0, "9223372036854775808", "int: decimal 9223372036854775808"),
            ("DECIMAL", "DECIMAL(10,2)", 2, "-0.10", "decimal: decimal -0.10"),
            ("DOUBLE", "DOUBLE", 0, "1.5E-7", "float: float 0.00000015"),
            ("DOUBLE", "DOUBLE", 0, "NaN", "float: float NaN"),
            ("DOUBLE", "DOUBLE", 0, "-Infinity", "float: float -inf"),
            ("DATE", "DATE", 0, "2024-02-29", "date: date 2024-02-29"),
            ("DATE", "DATE", 0, "+12024-02-29", "date: text +12024-02-29"),
            ("TIMESTAMP", "TIMESTAMP", 0, "2024-07-01T01:30:00.250-04:00", "timestamp: timestamp 2024-07-01T05:30:00.25"),
            ("TIMESTAMP", "TIMESTAMP", 0, "2024-07-01T05:30:00.000Z", "timestamp: timestamp 2024-07-01T05:30:00"),
            ("USER_DEFINED_TYPE", "TIMESTAMP_NTZ", 0, "2024-07-01T05:30:00.000", "timestamp: timestamp 2024-07-01T05:30:00"),
            ("TIMESTAMP_NTZ", "TIMESTAMP_NTZ", 0, "2024-07-01 05:30:00", "timestamp: timestamp 2024-07-01T05:30:00"),
            ("STRING", "STRING", 0, "2024", "text: text 2024"),
            ("ARRAY", "ARRAY<INT>", 0, "[\"1\"]", "text: text [\"1\"]"),
            ("INTERVAL", "INTERVAL DAY", 0, "1 00:00", "text: text 1 00:00"),
        ] {
            assert_eq!(read(type_name, type_text, scale, text).as_deref(), Ok(found), "{type_name} {text}");
        }
        for (type_name, text) in
            [("INT", "1.5"), ("INT", ""), ("BOOLEAN", "yes"), ("DATE", "soon"), ("TIMESTAMP", "12:00"), ("DOUBLE", "x")]
        {
            assert!(read(type_name, type_name, 0, text).is_err(), "{type_name} {text}");
        }
    }
}
