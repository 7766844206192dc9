//! The scope: what one run looks at. Seasons or a date range, the as-of moment, the project's zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A named range of dates, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// Its name, as in `2021-22`.
    pub name: String,
    /// First date.
    pub start: Date,
    /// Last date.
    pub end: Date,
}

/// What one run looks at. Seasons are in order and do not overlap.
#[derive(Clone, Debug)]
pub struct Scope {
    /// At least one, each whole, so that its opening days are its own however narrow the range is.
    pub seasons: Vec<Season>,
    /// Seasons of the project between these that are not looked at.
    pub others: Vec<Season>,
    /// The dates to look at, if not all of the seasons, both ends included.
    pub range: Option<(Date, Date)>,
    /// The moment of the question, in UTC.
    pub as_of: DateTime,
    /// Whether that is the present by this machine's clock, so that what the warehouse dates later is there all the same.
    pub is_now: bool,
    /// The project's zone.
    pub zone: TimeZone,
}

impl Scope {
    /// First date to look at.
    pub fn start(&self) -> Date {
        let first = self.seasons.first().map_or(Date::MIN, |season| season.start);
        self.range.map_or(first, |(from, _)| from.max(first))
    }

    /// Last date to look at.
    pub fn end(&self) -> Date {
        let last = self.seasons.last().map_or(Date::MAX, |season| season.end);
        self.range.map_or(last, |(_, to)| to.min(last))
    }

    /// The seasons of which the spine must have keys: looked at whole, and over or so long under way that some must exist.
    pub fn seasons_with_keys(&self) -> Vec<Season> {
        const UNDER_WAY: i32 = 14;
        let today = self.as_of_date();
        let due = |season: &&Season| {
            let whole = season.start >= self.start() && season.end <= self.end();
            let begun = season.start.checked_add(jiff::Span::new().days(UNDER_WAY)).is_ok_and(|date| date <= today);
            whole && (begun || season.end < today)
        };
        self.seasons.iter().filter(due).cloned().collect()
    }

    /// The seasons as far as they are looked at.
    pub fn seasons_in_range(&self) -> Vec<Season> {
        let cut = |season: &Season| Season { start: season.start.max(self.start()), end: season.end.min(self.end()), ..season.clone() };
        self.seasons.iter().map(cut).collect()
    }

    /// The as-of moment on the local wall clock.
    pub fn as_of_local(&self) -> DateTime {
        TimeZone::UTC.to_ambiguous_zoned(self.as_of).compatible().map_or(self.as_of, |t| t.with_time_zone(self.zone.clone()).datetime())
    }

    /// The last local date that the as-of moment has seen of: a midnight is the end of the day before.
    pub fn last_date(&self) -> Date {
        self.as_of_local().checked_sub(jiff::Span::new().nanoseconds(1)).map_or_else(|_| self.as_of_date(), |moment| moment.date())
    }

    /// The local date of the as-of moment.
    pub fn as_of_date(&self) -> Date {
        self.as_of_local().date()
    }
}

/// Reads `2024-06-30`, `2024-06-30T12:00` (local to `zone`), or an instant such as `2024-06-30T12:00Z`, as UTC.
///
/// A date alone means the end of that date, so that the whole day counts.
pub fn parse_as_of(text: &str, zone: &TimeZone) -> Result<DateTime, String> {
    moment(text, zone, |date| date.tomorrow())
}

/// The same for the beginning of something: a date alone means its start.
pub fn parse_since(text: &str, zone: &TimeZone) -> Result<DateTime, String> {
    moment(text, zone, Ok)
}

fn moment(text: &str, zone: &TimeZone, midnight_of: fn(Date) -> Result<Date, jiff::Error>) -> Result<DateTime, String> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(instant.to_zoned(TimeZone::UTC).datetime());
    }
    let local = match (text.contains(['T', ' ', ':']), text.parse::<Date>(), text.parse::<DateTime>()) {
        (false, Ok(date), _) => midnight_of(date).map_err(|e| e.to_string())?.to_datetime(Time::midnight()),
        (_, _, Ok(local)) => local,
        _ => {
            return Err(format!(
                "`{text}` is not a date such as 2024-06-30, a local time such as 2024-06-30T12:00 or an instant such as 2024-06-30T12:00Z"
            ));
        }
    };
    let instant = zone.to_ambiguous_zoned(local).compatible().map_err(|e| e.to_string())?;
    Ok(instant.with_time_zone(TimeZone::UTC).datetime())
}
