//! The server's binary values: numbers exactly, dates and times as such, everything without a place as text in the server's
//! own spelling.

use std::error::Error;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind as TypeKind, Type};

use super::bytes::Bytes;
use super::text;
use crate::model::number::Decimal;
use crate::model::table::{Kind, Value};

/// Reads the values of one column.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) kind: Kind,
    data_type: Type,
    read: Read,
}

type Read = fn(&Type, Bytes<'_>) -> Option<Value>;

impl Reader {
    /// How a type is read; `None` for types whose values have no reading here, such as points and ranges.
    pub(super) fn of(data_type: &Type) -> Option<Self> {
        let (kind, read): (Kind, Read) = match data_type.kind() {
            TypeKind::Domain(base) => return Self::of(base),
            TypeKind::Enum(_) => (Kind::Text, plain),
            TypeKind::Array(element) => {
                let element = Self::of(element)?;
                return Some(Self { kind: Kind::Text, data_type: element.data_type, read: array });
            }
            TypeKind::Simple => simple(data_type)?,
            _ => return None,
        };
        Some(Self { kind, data_type: data_type.clone(), read })
    }

    /// The value of a row's column.
    ///
    /// # Errors
    /// The bytes are not what the type says.
    pub(super) fn value(&self, row: &Row, at: usize) -> Result<Value, String> {
        let cell = row.try_get::<_, Option<Cell<'_>>>(at).map_err(|error| error.to_string())?;
        let Some(Cell(raw)) = cell else { return Ok(Value::Null) };
        self.bytes(raw)
            .ok_or_else(|| format!("column {} has a value of type {} that cannot be read", row.columns()[at].name(), self.data_type))
    }

    pub(super) fn bytes(&self, raw: &[u8]) -> Option<Value> {
        (self.read)(&self.data_type, Bytes::new(raw))
    }
}

/// The bytes of a cell, of whatever type.
struct Cell<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn simple(data_type: &Type) -> Option<(Kind, Read)> {
    Some(match *data_type {
        Type::BOOL => (Kind::Bool, |_, mut raw| Some(Value::Bool(raw.u8()? != 0))),
        Type::INT2 => (Kind::Int, |_, mut raw| Some(Value::Int(raw.i16()?.into()))),
        Type::INT4 => (Kind::Int, |_, mut raw| Some(Value::Int(raw.i32()?.into()))),
        Type::INT8 => (Kind::Int, |_, mut raw| Some(Value::Int(raw.i64()?))),
        Type::OID => (Kind::Int, |_, mut raw| Some(Value::Int(raw.u32()?.into()))),
        Type::FLOAT4 => (Kind::Float, |_, mut raw| Some(Value::Float(f32::from_bits(raw.u32()?).into()))),
        Type::FLOAT8 => (Kind::Float, |_, mut raw| Some(Value::Float(f64::from_bits(raw.u64()?)))),
        Type::NUMERIC => (Kind::Decimal, |_, raw| numeric(raw)),
        Type::DATE => (Kind::Date, |_, mut raw| Some(day(raw.i32()?))),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => (Kind::Timestamp, |_, mut raw| Some(moment(raw.i64()?))),
        Type::TIME => (Kind::Text, |_, mut raw| Some(Value::text(text::time(raw.i64()?)))),
        Type::TIMETZ => (Kind::Text, |_, mut raw| Some(Value::text(text::time_with_zone(raw.i64()?, raw.i32()?)))),
        Type::INTERVAL => (Kind::Text, |_, mut raw| Some(Value::text(text::interval(raw.i64()?, raw.i32()?, raw.i32()?)))),
        Type::UUID => (Kind::Text, |_, raw| Some(Value::text(text::uuid(raw.rest())))),
        Type::BYTEA => (Kind::Text, |_, raw| Some(Value::text(text::hexadecimal(raw.rest())))),
        // One byte says the version of the format.
        Type::JSONB => (Kind::Text, |data_type, mut raw| if raw.u8()? == 1 { plain(data_type, raw) } else { None }),
        // Its padding is no part of the value, as in every comparison.
        Type::BPCHAR => (Kind::Text, |_, raw| Some(Value::text(std::str::from_utf8(raw.rest()).ok()?.trim_end_matches(' ')))),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::CHAR | Type::JSON | Type::XML | Type::UNKNOWN => (Kind::Text, plain),
        _ if data_type.name() == "citext" => (Kind::Text, plain),
        _ => return None,
    })
}

fn plain(_: &Type, raw: Bytes<'_>) -> Option<Value> {
    std::str::from_utf8(raw.rest()).ok().map(Value::text)
}

fn array(element: &Type, raw: Bytes<'_>) -> Option<Value> {
    let reader = Reader::of(element)?;
    text::array(raw, |raw| reader.bytes(raw)).map(Value::text)
}

/// Digits in groups of four, the first of which counts 10000^weight; the scale says how many digits behind the point are shown.
fn numeric(mut raw: Bytes<'_>) -> Option<Value> {
    let (groups, weight, sign, scale) = (raw.u16()?, raw.i16()?, raw.u16()?, usize::from(raw.u16()?));
    match sign {
        0xC000 => return Some(Value::Float(f64::NAN)),
        0xD000 => return Some(Value::Float(f64::INFINITY)),
        0xF000 => return Some(Value::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    let groups: Vec<u16> = (0..groups).map(|_| raw.u16()).collect::<Option<_>>()?;
    let group = |place: i32| usize::try_from(i32::from(weight) - place).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    let whole: String = (0..=i32::from(weight).max(0)).rev().map(|place| format!("{:04}", group(place))).collect();
    let mut rest: String =
        (1..=scale.div_ceil(4)).map(|place| format!("{:04}", group(-i32::try_from(place).unwrap_or(i32::MAX)))).collect();
    rest.truncate(scale);
    let whole = whole.trim_start_matches('0');
    let minus = if sign == 0x4000 { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    let text = format!("{minus}{}{point}{rest}", if whole.is_empty() { "0" } else { whole });
    Some(match (text.parse::<i64>(), text.parse::<Decimal>()) {
        (Ok(integer), _) => Value::Int(integer),
        (_, Ok(decimal)) => Value::Decimal(Box::new(decimal)),
        // More than 38 digits: exact as text only.
        _ => Value::text(text),
    })
}

const EPOCH: Date = date(2000, 1, 1);

fn day(days: i32) -> Value {
    match days {
        i32::MAX => Value::text("infinity"),
        i32::MIN => Value::text("-infinity"),
        // Years beyond 9999 are dates to the server only.
        days => {
            let day = Span::new().try_days(days).and_then(|span| EPOCH.checked_add(span));
            day.map_or_else(|_| Value::text(format!("day {days} after {EPOCH}")), Value::Date)
        }
    }
}

/// A timestamp, in UTC if it has a zone.
fn moment(micros: i64) -> Value {
    match micros {
        i64::MAX => Value::text("infinity"),
        i64::MIN => Value::text("-infinity"),
        micros => {
            let moment = EPOCH.at(0, 0, 0, 0).checked_add(SignedDuration::from_micros(micros));
            moment.map_or_else(|_| Value::text(format!("{micros} us after {EPOCH}")), |moment| Value::Timestamp(Box::new(moment)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, numeric};

    /// Header and groups as the server sends them.
    fn shown(weight: i16, sign: u16, scale: u16, groups: &[u16]) -> String {
        let count = u16::try_from(groups.len()).expect("few");
        let header = [count.to_be_bytes(), weight.to_be_bytes(), sign.to_be_bytes(), scale.to_be_bytes()];
        let raw: Vec<u8> = header.into_iter().chain(groups.iter().map(|group| group.to_be_bytes())).flatten().collect();
        let value = numeric(Bytes::new(&raw)).expect("a number");
        format!("{} {value}", value.type_name())
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(shown(0, 0, 0, &[]), "int 0");
        assert_eq!(shown(0, 0, 2, &[]), "decimal 0.00");
        assert_eq!(shown(1, 0x4000, 0, &[1, 2345]), "int -12345");
        assert_eq!(shown(1, 0, 0, &[1]), "int 10000");
        assert_eq!(shown(0, 0, 3, &[12, 3400]), "decimal 12.340");
        assert_eq!(shown(-1, 0x4000, 4, &[5]), "decimal -0.0005");
        assert_eq!(shown(-2, 0, 8, &[42]), "decimal 0.00000042");
        assert_eq!(shown(4, 0, 0, &[1000, 0, 0, 0, 1]), "decimal 10000000000000000001");
        assert_eq!(shown(10, 0, 0, &[1]), format!("text 1{}", "0".repeat(40)));
        assert_eq!(shown(-1, 0, 40, &[3333; 10]), format!("text 0.{}", "3".repeat(40)));
        assert_eq!(shown(0, 0xC000, 0, &[]), "float NaN");
    }
}
