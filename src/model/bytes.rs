//! Amounts of data, as people write and read them: `20 GB`, `1.5 TiB`, `750000`.

use super::number::Decimal;

/// Units of a thousand, and of 1,024; a letter alone is a unit of a thousand.
const UNITS: [(&str, u64); 13] = [
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("pb", 1_000_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// The number of bytes that a text such as `20GB` means; a number alone is bytes. `None` if it means none.
///
/// ```
/// use gapgate::model::bytes;
/// assert_eq!(bytes::parse("1.5 MB"), Some(1_500_000));
/// assert_eq!(bytes::parse("20 parsecs"), None);
/// ```
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (numerator, denominator) = number.parse::<Decimal>().ok()?.fraction();
    let unit = match unit.trim() {
        "" => 1,
        name => UNITS.iter().find(|(known, _)| *known == name)?.1,
    };
    u64::try_from(numerator.checked_mul(i128::from(unit))? / denominator).ok()
}

/// The number of bytes in the largest unit of a thousand of which there is one, with at most two digits behind the point.
/// It is rounded up, so that an amount above a limit never reads like the limit.
///
/// ```
/// use gapgate::model::bytes;
/// assert_eq!(bytes::show(20_000_000_001), "20.01 GB");
/// assert_eq!(bytes::show(12), "12 bytes");
/// ```
pub fn show(bytes: u64) -> String {
    let units = [(1_000_000_000_000_000, "PB"), (1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    };
    let hundredths = bytes.div_ceil(unit / 100);
    let number = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{} {name}", number.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::{parse, show};

    #[test]
    fn reads_amounts() {
        for (text, bytes) in
            [("0", 0), ("1", 1), ("20GB", 20_000_000_000), ("20 gb", 20_000_000_000), ("1 KiB", 1024), ("0.5k", 500), ("1_000", 1000)]
        {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "GB", "-1", "1 GBit", "1e3", "99999 PB", "1.2.3", "ten"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn shows_amounts_never_too_small() {
        let cases = [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1 kB"), (1_001, "1.01 kB"), (1_500_000, "1.5 MB")];
        for (bytes, text) in cases {
            assert_eq!(show(bytes), text);
        }
    }
}
