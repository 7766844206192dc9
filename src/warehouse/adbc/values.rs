//! Arrow's columns as values: numbers exactly, dates and times as such, what has no place as text. A type without a reading is an
//! error, never a guess.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type};
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array, FixedSizeBinaryArray, Float16Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray, NullArray, PrimitiveArray,
    StringArray, StringViewArray, Time32MillisecondArray, Time32SecondArray, Time64MicrosecondArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};

use super::text;
use crate::model::number::Decimal;
use crate::model::table::{Kind, Value};

/// What a column's type is where Arrow's own does not tell it: drivers say so in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As Arrow says.
    Plain,
    /// Exact numbers as text.
    Number,
    /// Text filled up with spaces that are no part of it.
    Padded,
    /// Bytes of a UUID.
    Uuid,
    /// Something else than what it looks like.
    Unknown,
}

const NUMBERS: [&str; 4] = ["numeric", "decimal", "number", "bignumeric"];

/// Types of Postgres that its driver gives as integers which they are not: an amount in cents, and 32 bits without sign.
const NO_INTEGERS: [&str; 2] = ["money", "oid"];

impl Spelling {
    /// What the metadata of a column says.
    pub(super) fn of(metadata: impl Fn(&str) -> Option<String>) -> Self {
        let declared = Self::declared(&metadata).unwrap_or_default().to_lowercase();
        match (metadata("ARROW:extension:name").as_deref(), metadata("POSTGRESQL:type").as_deref()) {
            (Some("arrow.opaque"), _) if NUMBERS.contains(&declared.as_str()) => Self::Number,
            (Some("arrow.opaque"), _) => Self::Unknown,
            (Some("arrow.uuid"), _) => Self::Uuid,
            (_, Some("bpchar")) => Self::Padded,
            (_, Some(declared)) if NO_INTEGERS.contains(&declared) => Self::Unknown,
            _ => Self::Plain,
        }
    }

    /// The type in the warehouse's own words, if the driver passes them on.
    pub(super) fn declared(metadata: impl Fn(&str) -> Option<String>) -> Option<String> {
        let opaque = metadata("ARROW:extension:metadata").and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let name = opaque.as_ref().and_then(|opaque| opaque.get("type_name")?.as_str());
        name.map(str::to_owned).or_else(|| metadata("POSTGRESQL:type"))
    }
}

/// `None` for a value that is none of the column's type.
type Read<'a> = Box<dyn Fn(usize) -> Option<Value> + 'a>;

/// Reads the values of one column of a batch.
pub(super) struct Reader<'a> {
    pub(super) kind: Kind,
    array: &'a dyn Array,
    read: Read<'a>,
}

/// The first of these types that an array is of.
macro_rules! readers {
    ($given:expr; $($type:ty: $kind:ident, |$array:ident, $row:ident| $value:expr;)*) => {
        None$(.or_else(|| typed::<$type>($given, Kind::$kind, |$array, $row| $value)))*
    };
}

impl<'a> Reader<'a> {
    /// How an array is read; `None` for types without a reading.
    pub(super) fn of(array: &'a dyn Array, spelling: Spelling) -> Option<Self> {
        match spelling {
            Spelling::Plain => simple(array)
                .or_else(|| moments(array))
                .or_else(|| decimal::<Decimal128Type>(array))
                .or_else(|| decimal::<Decimal256Type>(array))
                .or_else(|| decimal::<Decimal32Type>(array))
                .or_else(|| decimal::<Decimal64Type>(array))
                .or_else(|| dictionary(array))
                .or_else(|| text::is_nested(array).then(|| Self::new(array, Kind::Text, |row| text::nested(array, row).map(Value::text)))),
            Spelling::Number => Self::mapped(array, Kind::Decimal, number),
            Spelling::Padded => Self::mapped(array, Kind::Text, |text| Some(Value::text(text.trim_end_matches(' ')))),
            Spelling::Uuid => readers!(array; FixedSizeBinaryArray: Text, |array, row| Some(Value::text(text::uuid(array.value(row))));),
            // What is text to the driver is its own spelling; anything else are bytes that nobody can read.
            Spelling::Unknown => Self::mapped(array, Kind::Text, |text| Some(Value::text(text))),
        }
    }

    fn new(array: &'a dyn Array, kind: Kind, read: impl Fn(usize) -> Option<Value> + 'a) -> Self {
        Self { kind, array, read: Box::new(read) }
    }

    /// Text that stands for something.
    fn mapped(array: &'a dyn Array, kind: Kind, meaning: fn(&str) -> Option<Value>) -> Option<Self> {
        let is_text =
            array.as_any().is::<StringArray>() || array.as_any().is::<LargeStringArray>() || array.as_any().is::<StringViewArray>();
        let text = simple(array).filter(|_| is_text)?;
        Some(Self::new(array, kind, move |row| meaning((text.read)(row)?.as_text()?)))
    }

    /// The value of a row; `None` if it cannot be read.
    pub(super) fn value(&self, row: usize) -> Option<Value> {
        if self.array.is_null(row) { Some(Value::Null) } else { (self.read)(row) }
    }
}

fn typed<'a, A: Array + 'static>(array: &'a dyn Array, kind: Kind, read: fn(&A, usize) -> Option<Value>) -> Option<Reader<'a>> {
    let typed = array.as_any().downcast_ref::<A>()?;
    Some(Reader::new(array, kind, move |row| read(typed, row)))
}

fn simple(array: &dyn Array) -> Option<Reader<'_>> {
    readers! { array;
        StringArray: Text, |array, row| Some(Value::text(array.value(row)));
        LargeStringArray: Text, |array, row| Some(Value::text(array.value(row)));
        StringViewArray: Text, |array, row| Some(Value::text(array.value(row)));
        BooleanArray: Bool, |array, row| Some(Value::Bool(array.value(row)));
        Int64Array: Int, |array, row| Some(Value::Int(array.value(row)));
        Int32Array: Int, |array, row| Some(Value::Int(array.value(row).into()));
        Int16Array: Int, |array, row| Some(Value::Int(array.value(row).into()));
        Int8Array: Int, |array, row| Some(Value::Int(array.value(row).into()));
        UInt64Array: Int, |array, row| Some(exact(array.value(row).into(), 0));
        UInt32Array: Int, |array, row| Some(Value::Int(array.value(row).into()));
        UInt16Array: Int, |array, row| Some(Value::Int(array.value(row).into()));
        UInt8Array: Int, |array, row| Some(Value::Int(array.value(row).into()));
        Float64Array: Float, |array, row| Some(Value::Float(array.value(row)));
        Float32Array: Float, |array, row| Some(Value::Float(array.value(row).into()));
        Float16Array: Float, |array, row| Some(Value::Float(array.value(row).to_f64()));
        BinaryArray: Text, |array, row| Some(Value::text(text::hexadecimal(array.value(row))));
        LargeBinaryArray: Text, |array, row| Some(Value::text(text::hexadecimal(array.value(row))));
        BinaryViewArray: Text, |array, row| Some(Value::text(text::hexadecimal(array.value(row))));
        FixedSizeBinaryArray: Text, |array, row| Some(Value::text(text::hexadecimal(array.value(row))));
        NullArray: Text, |_array, _row| Some(Value::Null);
    }
}

/// Dates and times. What has a zone is in UTC already.
fn moments(array: &dyn Array) -> Option<Reader<'_>> {
    readers! { array;
        Date32Array: Date, |array, row| Some(day(array.value(row).into()));
        Date64Array: Date, |array, row| Some(array.value(row)).filter(|at| at % 86_400_000 == 0).map(|at| day(at / 86_400_000));
        TimestampSecondArray: Timestamp, |array, row| Some(moment(SignedDuration::from_secs(array.value(row))));
        TimestampMillisecondArray: Timestamp, |array, row| Some(moment(SignedDuration::from_millis(array.value(row))));
        TimestampMicrosecondArray: Timestamp, |array, row| Some(moment(SignedDuration::from_micros(array.value(row))));
        TimestampNanosecondArray: Timestamp, |array, row| Some(moment(SignedDuration::from_nanos(array.value(row))));
        Time32SecondArray: Text, |array, row| text::time(i64::from(array.value(row)) * 1_000_000_000).map(Value::text);
        Time32MillisecondArray: Text, |array, row| text::time(i64::from(array.value(row)) * 1_000_000).map(Value::text);
        Time64MicrosecondArray: Text, |array, row| text::time(array.value(row).checked_mul(1000)?).map(Value::text);
        Time64NanosecondArray: Text, |array, row| text::time(array.value(row)).map(Value::text);
    }
}

fn decimal<T: arrow_array::types::DecimalType>(array: &dyn Array) -> Option<Reader<'_>> {
    let typed = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    let kind = if typed.scale() <= 0 { Kind::Int } else { Kind::Decimal };
    Some(Reader::new(array, kind, move |row| number(&typed.value_as_string(row))))
}

/// A column that names its values once.
fn dictionary(array: &dyn Array) -> Option<Reader<'_>> {
    let dictionary = array.as_any_dictionary_opt()?;
    let values = Reader::of(dictionary.values().as_ref(), Spelling::Plain)?;
    let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
    Some(Reader::new(array, values.kind, move |row| values.value(*keys.get(row)?)))
}

/// Integers wider than 64 bits stay exact as decimals.
fn exact(unscaled: i128, scale: u8) -> Value {
    match i64::try_from(unscaled) {
        Ok(value) if scale == 0 => Value::Int(value),
        _ => Value::Decimal(Box::new(Decimal::new(unscaled, scale))),
    }
}

/// A number as text: exact up to 38 digits, and as text beyond.
fn number(text: &str) -> Option<Value> {
    if let Ok(integer) = text.parse() {
        return Some(Value::Int(integer));
    }
    if let Ok(decimal) = text.parse::<Decimal>() {
        return Some(Value::Decimal(Box::new(decimal)));
    }
    let is_number =
        text.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == '.') && text.contains(|c: char| c.is_ascii_digit());
    match text.to_ascii_lowercase().as_str() {
        "nan" => Some(Value::Float(f64::NAN)),
        "inf" | "infinity" => Some(Value::Float(f64::INFINITY)),
        "-inf" | "-infinity" => Some(Value::Float(f64::NEG_INFINITY)),
        _ => is_number.then(|| Value::text(text)),
    }
}

/// Infinity and years beyond 9999 are dates to the warehouse only.
fn day(days: i64) -> Value {
    let day: Option<Date> = Span::new().try_days(days).and_then(|span| date(1970, 1, 1).checked_add(span)).ok();
    day.map_or_else(|| Value::text(format!("day {days} after 1970-01-01")), Value::Date)
}

fn moment(since: SignedDuration) -> Value {
    let moment = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since);
    moment.map_or_else(|_| Value::text(format!("{} s after 1970-01-01", since.as_secs())), |moment| Value::Timestamp(Box::new(moment)))
}
