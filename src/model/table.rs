//! A query's result as it came from the warehouse: typed columns and rows of values.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, DateTime};
use serde::{Serialize, Serializer};

use super::number::Decimal;

/// One cell. Kept small (24 bytes), because a result can have millions of them.
#[derive(Clone, Debug)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of up to 64 bits; wider ones are [`Value::Decimal`].
    Int(i64),
    /// A binary floating-point number.
    Float(f64),
    /// An exact number.
    Decimal(Box<Decimal>),
    /// Text, and every type that has no other place here, in the engine's own spelling.
    Text(Box<str>),
    /// A calendar date.
    Date(Date),
    /// A date and time without zone, or in UTC where the column has a zone.
    Timestamp(Box<DateTime>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integer, if this is one: also as a decimal without fraction that fits, and as a floating-point number that
    /// is small enough to be exact, because a column of several outputs takes the widest type of all.
    pub fn as_int(&self) -> Option<i64> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self {
            Self::Int(value) => Some(*value),
            #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53")]
            Self::Float(value) if value.fract() == 0.0 && value.abs() < EXACT => Some(*value as i64),
            Self::Decimal(value) if value.is_integer() => i64::try_from(value.fraction().0).ok(),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of the value's type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Decimal(_) => "decimal",
            Self::Text(_) => "text",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
        }
    }

    /// Compares as SQL does: `None` where either side is NULL, not a number, or the types do not compare.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Date(b)) => Some((**a).cmp(&b.to_datetime(jiff::civil::Time::midnight()))),
            (Self::Date(a), Self::Timestamp(b)) => Some(a.to_datetime(jiff::civil::Time::midnight()).cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            _ => match (self.as_decimal(), other.as_decimal()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => self.approximate()?.partial_cmp(&other.approximate()?),
            },
        }
    }

    /// A total order for putting rows in order: NULL first, then by type, then by value.
    pub fn order(&self, other: &Self) -> Ordering {
        self.compare(other).unwrap_or_else(|| self.rank().cmp(&other.rank()))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) | Self::Float(_) | Self::Decimal(_) => 2,
            Self::Date(_) | Self::Timestamp(_) => 3,
            Self::Text(_) => 4,
        }
    }

    /// The exact number, if this is one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(value) => Some(Decimal::from(*value)),
            Self::Decimal(value) => Some(**value),
            _ => None,
        }
    }

    fn approximate(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => self.as_decimal().map(Decimal::to_f64),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.is_null() && other.is_null() || self.compare(other) == Some(Ordering::Equal)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Date(value) => write!(f, "{value}"),
            Self::Timestamp(value) => write!(f, "{value}"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            // JSON has no exact decimals, infinities, dates or times: their text is exact.
            _ => serializer.collect_str(self),
        }
    }
}

/// The kind of a column, as far as rules can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Truth values.
    Bool,
    /// Integers.
    Int,
    /// Floating-point numbers.
    Float,
    /// Exact numbers.
    Decimal,
    /// Text and everything else.
    Text,
    /// Dates.
    Date,
    /// Dates with times.
    Timestamp,
}

impl Kind {
    /// Every kind with the word that names it.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Bool, "bool"),
        (Self::Int, "int"),
        (Self::Float, "float"),
        (Self::Decimal, "decimal"),
        (Self::Text, "text"),
        (Self::Date, "date"),
        (Self::Timestamp, "timestamp"),
    ];

    /// The word that names the kind.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("text", |(_, name)| name)
    }

    /// Whether it is one of the kinds of numbers, which compare with each other.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Decimal)
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(kind, _)| *kind)
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name as the statement gives it.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Kind,
}

/// A complete or truncated result: `columns`, and rows of as many values each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    cells: Vec<Value>,
    truncated: bool,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, cells: Vec::new(), truncated: false }
    }

    /// Adds one row; it must have one value per column.
    pub fn push(&mut self, row: impl IntoIterator<Item = Value>) {
        let before = self.cells.len();
        self.cells.extend(row);
        debug_assert_eq!(self.cells.len() - before, self.columns.len(), "one value per column");
    }

    /// The same without the rows at these positions.
    #[must_use]
    pub fn without(&self, rows: &BTreeSet<usize>) -> Self {
        let kept = self.rows().enumerate().filter(|(at, _)| !rows.contains(at));
        let cells = kept.flat_map(|(_, row)| row.iter().cloned()).collect();
        Self { columns: self.columns.clone(), cells, truncated: self.truncated }
    }

    /// Says that the engine held rows back. No rule passes on such a table.
    pub fn mark_truncated(&mut self) {
        self.truncated = true;
    }

    /// Whether the engine held rows back.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Value]> {
        self.cells.chunks_exact(self.columns.len().max(1))
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}
