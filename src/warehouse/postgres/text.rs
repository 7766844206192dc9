//! Values of types without a place of their own, as the server spells them.

use std::fmt::Write as _;

use super::bytes::Bytes;
use crate::model::table::Value;

const SECOND: i64 = 1_000_000;

/// `07:30:00.25`
pub(super) fn time(micros: i64) -> String {
    let (seconds, fraction) = (micros / SECOND, micros % SECOND);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let _ = write!(text, ".{}", format!("{fraction:06}").trim_end_matches('0'));
    }
    text
}

/// `07:30:00+02`; the zone is in seconds west of UTC.
pub(super) fn time_with_zone(micros: i64, west: i32) -> String {
    let sign = if west > 0 { '-' } else { '+' };
    let west = west.unsigned_abs();
    let mut text = format!("{}{sign}{:02}", time(micros), west / 3600);
    if !west.is_multiple_of(3600) {
        let _ = write!(text, ":{:02}", west / 60 % 60);
    }
    if !west.is_multiple_of(60) {
        let _ = write!(text, ":{:02}", west % 60);
    }
    text
}

/// `1 year 2 mons -3 days +04:05:06`: a plus only behind a minus.
pub(super) fn interval(micros: i64, days: i32, months: i32) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut behind_minus = false;
    for (number, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if number != 0 {
            let plus = if behind_minus && number > 0 { "+" } else { "" };
            parts.push(format!("{plus}{number} {unit}{}", if number == 1 { "" } else { "s" }));
            behind_minus = number < 0;
        }
    }
    if micros != 0 || parts.is_empty() {
        let sign = match micros {
            ..0 => "-",
            _ if behind_minus => "+",
            _ => "",
        };
        parts.push(format!("{sign}{}", time(i64::try_from(micros.unsigned_abs()).unwrap_or(i64::MAX))));
    }
    parts.join(" ")
}

pub(super) fn uuid(raw: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in raw.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        let _ = write!(text, "{dash}{byte:02x}");
    }
    text
}

pub(super) fn hexadecimal(raw: &[u8]) -> String {
    raw.iter().fold("\\x".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `{1,NULL,"a b"}`, nested for several dimensions; `element` reads one value.
pub(super) fn array(mut raw: Bytes<'_>, element: impl Fn(&[u8]) -> Option<Value>) -> Option<String> {
    let (dimensions, _has_null, _oid) = (raw.i32()?, raw.i32()?, raw.u32()?);
    let mut bounds = Vec::new();
    for _ in 0..dimensions {
        bounds.push((usize::try_from(raw.i32()?).ok()?, raw.i32()?));
    }
    if bounds.is_empty() {
        return Some("{}".to_owned());
    }
    let mut text = String::new();
    if bounds.iter().any(|(_, first)| *first != 1) {
        for (length, first) in &bounds {
            let last = i64::from(*first) + i64::try_from(*length).ok()? - 1;
            let _ = write!(text, "[{first}:{last}]");
        }
        text.push('=');
    }
    let lengths: Vec<usize> = bounds.iter().map(|(length, _)| *length).collect();
    list(&mut raw, &lengths, &element, &mut text)?;
    Some(text)
}

fn list(raw: &mut Bytes<'_>, lengths: &[usize], element: &impl Fn(&[u8]) -> Option<Value>, text: &mut String) -> Option<()> {
    let (length, inner) = lengths.split_first()?;
    text.push('{');
    for at in 0..*length {
        if at > 0 {
            text.push(',');
        }
        if !inner.is_empty() {
            list(raw, inner, element, text)?;
            continue;
        }
        match usize::try_from(raw.i32()?) {
            Ok(bytes) => text.push_str(&quoted(&item(&element(raw.take(bytes)?)?))),
            // A length of -1.
            Err(_) => text.push_str("NULL"),
        }
    }
    text.push('}');
    Some(())
}

/// A value as it stands in an array.
fn item(value: &Value) -> String {
    match value {
        Value::Bool(truth) => if *truth { "t" } else { "f" }.to_owned(),
        Value::Float(number) => float(*number),
        Value::Timestamp(moment) => moment.to_string().replace('T', " "),
        value => value.to_string(),
    }
}

/// The shortest digits that mean the number, with an exponent where it would have many zeros.
fn float(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string().replace("inf", "Infinity");
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?))) {
        Some((digits, exponent)) if !(-4..15).contains(&exponent) => format!("{digits}e{exponent:+03}"),
        _ => number.to_string(),
    }
}

fn quoted(item: &str) -> String {
    let plain = !item.is_empty()
        && !item.eq_ignore_ascii_case("null")
        && !item.contains(|c: char| "{},\"\\".contains(c) || c.is_ascii_whitespace());
    if plain { item.to_owned() } else { format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::{SECOND, interval, time_with_zone};

    #[test]
    fn intervals_are_spelled_as_the_server_does() {
        assert_eq!(interval(0, 0, 0), "00:00:00");
        assert_eq!(interval(4 * 3600 * SECOND + 500_000, -3, 14), "1 year 2 mons -3 days +04:00:00.5");
        assert_eq!(interval(-SECOND, 1, -1), "-1 mons +1 day -00:00:01");
    }

    #[test]
    fn zones_count_westwards() {
        assert_eq!(time_with_zone(27_000 * SECOND, -7200), "07:30:00+02");
        assert_eq!(time_with_zone(0, 12_600), "00:00:00-03:30");
    }
}
