//! Spans of time in words: what users write, and what reports say.

/// The units that users write, with their seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

/// Reads `30s`, `5m`, `2h`, `1d`, or seconds alone; nothing is no span.
///
/// ```
/// use gapgate::model::span;
/// assert_eq!(span::parse("90s"), Some(90));
/// assert_eq!(span::parse("5 m"), Some(300));
/// assert_eq!(span::parse("0"), None);
/// assert_eq!(span::parse("soon"), None);
/// ```
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let seconds = if unit.is_empty() { Some(1) } else { UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| *seconds) };
    let number = digits.trim_end();
    let number: u64 = number.parse().ok().filter(|_| number.chars().all(|c| c.is_ascii_digit()))?;
    number.checked_mul(seconds?).filter(|seconds| *seconds > 0)
}

/// `3 d 4 h`, `16 h 10 min`, `12 min`, `45 s`: two units at most, rounded up, because it is said of what is still to come
/// or has been waited for.
///
/// ```
/// use gapgate::model::span;
/// assert_eq!(span::show(0), "0 s");
/// assert_eq!(span::show(45), "45 s");
/// assert_eq!(span::show(61), "2 min");
/// assert_eq!(span::show(3_600), "1 h");
/// assert_eq!(span::show(58_200), "16 h 10 min");
/// assert_eq!(span::show(86_400 + 3_601), "1 d 2 h");
/// ```
pub fn show(seconds: u64) -> String {
    let two = |large: u64, name: &str, small: u64, other: &str| {
        if small == 0 { format!("{large} {name}") } else { format!("{large} {name} {small} {other}") }
    };
    let (minutes, hours) = (seconds.div_ceil(60), seconds.div_ceil(3600));
    match () {
        () if seconds < 60 => format!("{seconds} s"),
        () if minutes < 60 => format!("{minutes} min"),
        () if minutes < 24 * 60 => two(minutes / 60, "h", minutes % 60, "min"),
        () => two(hours / 24, "d", hours % 24, "h"),
    }
}
