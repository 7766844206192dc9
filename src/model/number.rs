//! Exact numbers: decimals of the warehouse and thresholds of the project file, compared without rounding.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A decimal number: `unscaled / 10^scale`, exact up to 38 digits.
///
/// ```
/// use gapgate::model::number::Decimal;
/// let tenth: Decimal = "0.10".parse().unwrap();
/// assert_eq!(tenth, "0.1".parse().unwrap());
/// assert_eq!(tenth.to_string(), "0.10");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    unscaled: i128,
    scale: u8,
}

impl Decimal {
    /// `unscaled / 10^scale`.
    pub fn new(unscaled: i128, scale: u8) -> Self {
        Self { unscaled, scale }
    }

    /// The nearest binary floating-point number.
    pub fn to_f64(self) -> f64 {
        // Through the text, because dividing two rounded halves would round twice.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Whether the number has no fractional part.
    pub fn is_integer(self) -> bool {
        10i128.checked_pow(u32::from(self.scale)).is_some_and(|unit| self.unscaled % unit == 0)
    }

    /// Numerator and denominator in lowest terms; the denominator is positive.
    pub fn fraction(self) -> (i128, i128) {
        let unit = 10i128.checked_pow(u32::from(self.scale)).unwrap_or(i128::MAX);
        let divisor = greatest_common_divisor(self.unscaled.unsigned_abs(), unit.unsigned_abs()).max(1);
        let divisor = i128::try_from(divisor).unwrap_or(1);
        (self.unscaled / divisor, unit / divisor)
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self::new(i128::from(value), 0)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (whole, rest) = self.split();
        let (other_whole, other_rest) = other.split();
        whole.cmp(&other_whole).then_with(|| compare_fractions(&rest, &other_rest))
    }
}

impl Decimal {
    /// The floor, and the digits of the non-negative rest behind the point.
    fn split(self) -> (i128, String) {
        let Some(unit) = 10i128.checked_pow(u32::from(self.scale)) else {
            // More than 38 fractional digits: the whole part of any i128 is then 0 or, below zero, -1.
            let rest = if self.unscaled < 0 { i128::MAX + self.unscaled + 1 } else { self.unscaled };
            return (-i128::from(self.unscaled < 0), format!("{rest:0>width$}", width = usize::from(self.scale)));
        };
        let rest = self.unscaled.rem_euclid(unit);
        let digits = if self.scale == 0 { String::new() } else { format!("{rest:0>width$}", width = usize::from(self.scale)) };
        (self.unscaled.div_euclid(unit), digits)
    }
}

/// Compares digits behind the point; the shorter one is as if padded with zeros.
fn compare_fractions(left: &str, right: &str) -> Ordering {
    left.trim_end_matches('0').cmp(right.trim_end_matches('0'))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, rest) = digits.split_at(digits.len() - scale);
        if rest.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{rest}") }
    }
}

/// A text that is not a plain decimal number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number of at most 38 digits")]
pub struct NotDecimal(String);

impl FromStr for Decimal {
    type Err = NotDecimal;

    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        let bad = || NotDecimal(text.to_owned());
        let plain = text.replace('_', "");
        let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa.to_owned(), exponent.parse::<i32>().map_err(|_| bad())?),
            None => (plain, 0),
        };
        let (whole, rest) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
        if !rest.bytes().all(|b| b.is_ascii_digit()) || rest.len() > 38 {
            return Err(bad());
        }
        let unscaled: i128 = format!("{whole}{rest}").parse().map_err(|_| bad())?;
        let scale = i32::try_from(rest.len()).map_err(|_| bad())? - exponent;
        match u8::try_from(scale) {
            Ok(scale) if scale <= 38 => Ok(Self::new(unscaled, scale)),
            Ok(_) => Err(bad()),
            Err(_) if scale < 0 => {
                let factor = 10i128.checked_pow(scale.unsigned_abs()).ok_or_else(bad)?;
                Ok(Self::new(unscaled.checked_mul(factor).ok_or_else(bad)?, 0))
            }
            Err(_) => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn orders_exactly() {
        for (low, high) in [("-1.5", "-1.4"), ("0.1", "0.10001"), ("2.9999", "3"), ("-0.001", "0"), ("1e2", "100.5")] {
            assert!(decimal(low) < decimal(high), "{low} < {high}");
        }
        assert_eq!(decimal("1.50"), decimal("1.5"));
        assert_eq!(decimal("1e-2"), decimal("0.01"));
    }

    #[test]
    fn gives_a_fraction_in_lowest_terms() {
        assert_eq!(decimal("0.9").fraction(), (9, 10));
        assert_eq!(decimal("18").fraction(), (18, 1));
        assert_eq!(decimal("-0.25").fraction(), (-1, 4));
    }

    #[test]
    fn refuses_what_is_no_decimal() {
        for text in ["", "one", "1.2.3", "0x10", "1e99", "nan"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }
}
