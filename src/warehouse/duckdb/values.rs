//! The engine's columns as values: integers of every width, decimals exactly, everything without a place as text.

use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, AsArray};
use duckdb::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};

use crate::model::number::Decimal;
use crate::model::table::{Column, Kind, Table, Value};

/// Runs a statement and fetches all rows, batch by batch.
pub(super) fn fetch(connection: &Connection, sql: &str) -> duckdb::Result<Table> {
    let mut statement = connection.prepare(sql)?;
    let stream = statement.stream_arrow([])?;
    let schema = stream.get_schema();
    let columns = schema.fields().iter().map(|field| Column { name: field.name().clone(), kind: kind(field.data_type()) });
    let mut table = Table::new(columns.collect());
    for batch in stream {
        let batch = batch?;
        let readers: Vec<Reader<'_>> = batch.columns().iter().map(Reader::new).collect();
        for row in 0..batch.num_rows() {
            table.push(readers.iter().map(|reader| reader.value(row)));
        }
    }
    Ok(table)
}

fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Boolean => Kind::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Int,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Kind::Int,
        DataType::Decimal128(_, 0) => Kind::Int,
        DataType::Decimal128(..) => Kind::Decimal,
        DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Date32 => Kind::Date,
        DataType::Timestamp(..) => Kind::Timestamp,
        _ => Kind::Text,
    }
}

type Read<'a> = Box<dyn Fn(usize) -> Value + 'a>;

/// Reads the values of one column of a batch.
struct Reader<'a> {
    array: &'a ArrayRef,
    read: Read<'a>,
}

macro_rules! integers {
    ($array:expr, $kind:ty) => {{
        let array = $array.as_primitive::<$kind>();
        Box::new(move |row| Value::Int(i64::from(array.value(row))))
    }};
}

impl<'a> Reader<'a> {
    fn new(array: &'a ArrayRef) -> Self {
        let read: Read<'a> = match array.data_type() {
            DataType::Boolean => {
                let array = array.as_boolean();
                Box::new(move |row| Value::Bool(array.value(row)))
            }
            DataType::Int8 => integers!(array, Int8Type),
            DataType::Int16 => integers!(array, Int16Type),
            DataType::Int32 => integers!(array, Int32Type),
            DataType::Int64 => integers!(array, Int64Type),
            DataType::UInt8 => integers!(array, UInt8Type),
            DataType::UInt16 => integers!(array, UInt16Type),
            DataType::UInt32 => integers!(array, UInt32Type),
            DataType::UInt64 => {
                let array = array.as_primitive::<UInt64Type>();
                Box::new(move |row| wide(i128::from(array.value(row)), 0))
            }
            DataType::Decimal128(_, scale) => {
                let array = array.as_primitive::<Decimal128Type>();
                let scale = u8::try_from(*scale).unwrap_or(0);
                Box::new(move |row| wide(array.value(row), scale))
            }
            DataType::Float32 => {
                let array = array.as_primitive::<Float32Type>();
                Box::new(move |row| Value::Float(f64::from(array.value(row))))
            }
            DataType::Float64 => {
                let array = array.as_primitive::<Float64Type>();
                Box::new(move |row| Value::Float(array.value(row)))
            }
            DataType::Date32 => {
                let array = array.as_primitive::<Date32Type>();
                Box::new(move |row| day(array.value(row)))
            }
            DataType::Timestamp(unit, _) => timestamps(array, *unit),
            DataType::Utf8 => {
                let array = array.as_string::<i32>();
                Box::new(move |row| Value::text(array.value(row)))
            }
            _ => formatted(array),
        };
        Self { array, read }
    }

    fn value(&self, row: usize) -> Value {
        if self.array.is_null(row) { Value::Null } else { (self.read)(row) }
    }
}

/// Integers wider than 64 bits stay exact as decimals.
fn wide(unscaled: i128, scale: u8) -> Value {
    match i64::try_from(unscaled) {
        Ok(value) if scale == 0 => Value::Int(value),
        _ => Value::Decimal(Box::new(Decimal::new(unscaled, scale))),
    }
}

fn day(days: i32) -> Value {
    let date: Option<Date> = Span::new().try_days(days).and_then(|span| date(1970, 1, 1).checked_add(span)).ok();
    // Infinity and years beyond 9999 are dates to the engine only.
    date.map_or_else(|| Value::text(format!("day {days} after 1970-01-01")), Value::Date)
}

fn timestamps(array: &ArrayRef, unit: TimeUnit) -> Read<'_> {
    let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
    let moment = move |since: SignedDuration| {
        epoch
            .checked_add(since)
            .map_or_else(|_| Value::text(format!("{} s after 1970-01-01", since.as_secs())), |moment| Value::Timestamp(Box::new(moment)))
    };
    match unit {
        TimeUnit::Second => {
            let array = array.as_primitive::<TimestampSecondType>();
            Box::new(move |row| moment(SignedDuration::from_secs(array.value(row))))
        }
        TimeUnit::Millisecond => {
            let array = array.as_primitive::<TimestampMillisecondType>();
            Box::new(move |row| moment(SignedDuration::from_millis(array.value(row))))
        }
        TimeUnit::Microsecond => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            Box::new(move |row| moment(SignedDuration::from_micros(array.value(row))))
        }
        TimeUnit::Nanosecond => {
            let array = array.as_primitive::<TimestampNanosecondType>();
            Box::new(move |row| moment(SignedDuration::from_nanos(array.value(row))))
        }
    }
}

/// Times, intervals, lists, structs, maps, enums, blobs: as text in the engine's own spelling.
fn formatted(array: &ArrayRef) -> Read<'_> {
    let array = Arc::clone(array);
    Box::new(move |row| {
        let options = FormatOptions::default().with_null("NULL");
        let formatter = ArrayFormatter::try_new(array.as_ref(), &options);
        Value::text(formatter.map_or_else(|error| error.to_string(), |formatter| formatter.value(row).to_string()))
    })
}
