//! Cells as values: every type exactly, or not at all.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::answer::{Cell, Field};
use crate::model::number::Decimal;
use crate::model::table::{Column, Kind, Value};

/// The column of a field.
pub(super) fn column(field: &Field) -> Column {
    Column { name: field.name.clone(), kind: if is_array(field) { Kind::Text } else { kind(&field.data_type) } }
}

/// The kind of a type, in the words of results (`INTEGER`) and of statements (`INT64`, `NUMERIC(10, 2)`).
pub(super) fn kind(data_type: &str) -> Kind {
    match data_type.split(['(', '<']).next().unwrap_or_default().trim() {
        "BOOLEAN" | "BOOL" => Kind::Bool,
        "INTEGER" | "INT64" => Kind::Int,
        "FLOAT" | "FLOAT64" => Kind::Float,
        "NUMERIC" | "BIGNUMERIC" | "DECIMAL" | "BIGDECIMAL" => Kind::Decimal,
        "DATE" => Kind::Date,
        "DATETIME" | "TIMESTAMP" => Kind::Timestamp,
        _ => Kind::Text,
    }
}

fn is_array(field: &Field) -> bool {
    field.mode.as_deref() == Some("REPEATED")
}

/// The value of a cell, or a message that says why it is none of its column's.
pub(super) fn value(field: &Field, cell: Cell) -> Result<Value, String> {
    let text = match cell {
        Cell::Null => return Ok(Value::Null),
        Cell::Text(text) if !is_array(field) => text,
        Cell::Struct(_) | Cell::Array(_) if !is_array(field) && kind(&field.data_type) != Kind::Text => {
            return Err(format!("column {} is of type {}, which a list or record is not", field.name, field.data_type));
        }
        nested => return Ok(Value::text(written(&nested, field))),
    };
    let wrong = || format!("column {} is of type {}, which `{text}` is not", field.name, field.data_type);
    let read = match kind(&field.data_type) {
        Kind::Bool => text.to_ascii_lowercase().parse().ok().map(Value::Bool),
        Kind::Int => text.parse().ok().map(Value::Int),
        Kind::Float => float(&text).map(Value::Float),
        Kind::Decimal => return decimal(field, &text),
        Kind::Date => text.parse::<Date>().ok().filter(|_| text.len() == 10).map(Value::Date),
        Kind::Timestamp if field.data_type == "DATETIME" => datetime(&text).map(|at| Value::Timestamp(Box::new(at))),
        Kind::Timestamp => timestamp(&text).map(|at| Value::Timestamp(Box::new(at))),
        Kind::Text => return Ok(Value::Text(text)),
    };
    read.ok_or_else(wrong)
}

fn float(text: &str) -> Option<f64> {
    // `parse` takes NaN, inf and Infinity of either sign and any case, as BigQuery and its emulators spell them.
    text.parse().ok()
}

fn decimal(field: &Field, text: &str) -> Result<Value, String> {
    // Zeros behind the point, of which a BIGNUMERIC may have more than fit; those of an exponent are none.
    let is_plain = text.contains('.') && !text.contains(['e', 'E']);
    let digits = if is_plain { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    number(digits).map(|number| Value::Decimal(Box::new(number))).ok_or_else(|| {
        format!(
            "column {} holds {text}, which has more than 38 digits and cannot be kept exactly: cast it to numeric or string",
            field.name
        )
    })
}

/// A number without what only people write, such as `1_000`.
fn number(text: &str) -> Option<Decimal> {
    text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)).then(|| text.parse().ok()).flatten()
}

/// A day and a time, without a zone.
fn datetime(text: &str) -> Option<DateTime> {
    let (_, time) = text.split_once('T')?;
    time.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b)).then(|| text.parse().ok()).flatten()
}

/// Microseconds as an integer, or seconds with a point or an exponent: which one it is depends on server and request.
fn timestamp(text: &str) -> Option<DateTime> {
    let micros = if text.contains(['.', 'e', 'E']) { micros(text)? } else { text.parse::<i64>().ok()? };
    let at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_micros(micros)).ok()?;
    Some(at.to_zoned(TimeZone::UTC).datetime())
}

/// Seconds in decimal as microseconds; exact, because halves of a microsecond do not occur but from rounding.
fn micros(seconds: &str) -> Option<i64> {
    let (numerator, denominator) = number(seconds)?.fraction();
    let scaled = numerator.checked_mul(2_000_000)?;
    // Rounds to the nearest, also below zero.
    i64::try_from(scaled.checked_add(denominator)?.div_euclid(denominator.checked_mul(2)?)).ok()
}

/// Arrays and structs as JSON, with the names of the struct's fields.
fn written(cell: &Cell, field: &Field) -> String {
    let mut text = String::new();
    write_cell(&mut text, cell, field);
    text
}

fn write_cell(text: &mut String, cell: &Cell, field: &Field) {
    match cell {
        Cell::Null => text.push_str("null"),
        Cell::Text(value) if matches!(kind(&field.data_type), Kind::Int | Kind::Bool | Kind::Decimal) => text.push_str(value),
        Cell::Text(value) => {
            let _ = write!(text, "{}", serde_json::Value::from(value.as_ref()));
        }
        Cell::Array(cells) => {
            text.push('[');
            for (at, cell) in cells.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write_cell(text, cell, field);
            }
            text.push(']');
        }
        Cell::Struct(cells) => {
            text.push('{');
            let unnamed = Field::default();
            for (at, cell) in cells.iter().enumerate() {
                let inner = field.fields.get(at).unwrap_or(&unnamed);
                let _ = write!(text, "{}{}:", if at > 0 { "," } else { "" }, serde_json::Value::from(inner.name.as_str()));
                write_cell(text, cell, inner);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{column, value};
    use crate::model::table::{Kind, Value};
    use crate::warehouse::bigquery::answer::{Cell, Field};

    fn field(data_type: &str) -> Field {
        Field { name: "c".to_owned(), data_type: data_type.to_owned(), ..Field::default() }
    }

    fn read(data_type: &str, text: &str) -> Result<Value, String> {
        value(&field(data_type), Cell::Text(text.into()))
    }

    #[test]
    fn every_type_is_kept_exactly() {
        for (data_type, text, kind, shown) in [
            ("INTEGER", "9223372036854775807", Kind::Int, "9223372036854775807"),
            ("INT64", "-1", Kind::Int, "-1"),
            ("FLOAT", "0.1", Kind::Float, "0.1"),
            ("FLOAT64", "-Infinity", Kind::Float, "-inf"),
            ("FLOAT", "inf", Kind::Float, "inf"),
            ("FLOAT", "NaN", Kind::Float, "NaN"),
            ("NUMERIC", "12.340000001", Kind::Decimal, "12.340000001"),
            ("NUMERIC", "-0.5", Kind::Decimal, "-0.5"),
            ("NUMERIC", "1.5E10", Kind::Decimal, "15000000000"),
            ("NUMERIC", "1.5e-10", Kind::Decimal, "0.00000000015"),
            ("BIGNUMERIC", "0.00000000000000000000000000000000000001", Kind::Decimal, "0.00000000000000000000000000000000000001"),
            ("BIGNUMERIC", "12345678901234567890123456789012345678", Kind::Decimal, "12345678901234567890123456789012345678"),
            ("BOOLEAN", "true", Kind::Bool, "true"),
            ("DATE", "0001-01-01", Kind::Date, "0001-01-01"),
            ("DATETIME", "2024-02-29T12:00:00.000001", Kind::Timestamp, "2024-02-29T12:00:00.000001"),
            ("TIMESTAMP", "1709208000000001", Kind::Timestamp, "2024-02-29T12:00:00.000001"),
            ("TIMESTAMP", "1.709208000000001E9", Kind::Timestamp, "2024-02-29T12:00:00.000001"),
            ("TIMESTAMP", "1709208000.0", Kind::Timestamp, "2024-02-29T12:00:00"),
            ("TIMESTAMP", "-0.000001", Kind::Timestamp, "1969-12-31T23:59:59.999999"),
            ("TIMESTAMP", "-62135596800000000", Kind::Timestamp, "0001-01-01T00:00:00"),
            ("TIME", "12:00:00", Kind::Text, "12:00:00"),
            ("BYTES", "AQI=", Kind::Text, "AQI="),
            ("JSON", "{\"a\":1}", Kind::Text, "{\"a\":1}"),
            ("RANGE", "[2024-01-01, 2024-02-01)", Kind::Text, "[2024-01-01, 2024-02-01)"),
            ("INTERVAL", "0-0 1 0:0:0", Kind::Text, "0-0 1 0:0:0"),
            ("GEOGRAPHY", "POINT(1 2)", Kind::Text, "POINT(1 2)"),
        ] {
            assert_eq!(column(&field(data_type)).kind, kind, "{data_type}");
            let value = read(data_type, text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(value.to_string(), shown, "{data_type} {text}");
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        for (data_type, text) in [
            ("INTEGER", "1.5"),
            ("INTEGER", "9223372036854775808"),
            ("BOOLEAN", "1"),
            ("DATE", "2024-02-30"),
            ("DATE", "2024-02-01T00:00:00"),
            ("DATETIME", "2024-02-01"),
            ("TIMESTAMP", "yesterday"),
            ("FLOAT", "one"),
            ("DATETIME", "2024-02-01T00:00:00+02:00"),
            ("DATETIME", "2024-02-01T00:00:00[Europe/Berlin]"),
            ("TIMESTAMP", "1_0.0"),
            ("NUMERIC", "1_0"),
            ("NUMERIC", "0x1"),
            ("BIGNUMERIC", "123456789012345678901234567890123456789012"),
        ] {
            assert!(read(data_type, text).is_err(), "{data_type} {text}");
        }
    }

    #[test]
    fn arrays_and_structs_are_json() {
        let inner = Field { fields: vec![field("INTEGER"), Field { name: "d".to_owned(), ..field("STRING") }], ..field("RECORD") };
        let array = Field { mode: Some("REPEATED".to_owned()), ..inner };
        let cell: Cell = serde_json::from_str(r#"[{"v": {"f": [{"v": "1"}, {"v": "a\"b"}]}}, {"v": {"f": [{"v": null}, {"v": "c"}]}}]"#)
            .expect("a cell");
        assert_eq!(value(&array, cell).expect("a text").to_string(), r#"[{"c":1,"d":"a\"b"},{"c":null,"d":"c"}]"#);
        assert_eq!(column(&array).kind, Kind::Text);
        assert!(value(&field("DATE"), Cell::Array(Vec::new())).is_err() && value(&field("NUMERIC"), Cell::Struct(Vec::new())).is_err());
        assert!(value(&field("DATE"), Cell::Null).expect("a value").is_null());
    }
}
