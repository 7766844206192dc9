//! The scope: what one run looks at. Seasons or a date range, the as-of moment, the project's zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde::Serialize;

/// A named range of dates, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// At least one.
    pub seasons: Vec<Season>,
    /// The moment of the question, in UTC.
    pub as_of: DateTime,
    /// The project's zone.
    pub zone: TimeZone,
}

impl Scope {
    /// First date of the first season.
    pub fn start(&self) -> Date {
        self.seasons.first().map_or(Date::MIN, |season| season.start)
    }

    /// Last date of the last season.
    pub fn end(&self) -> Date {
        self.seasons.last().map_or(Date::MAX, |season| season.end)
    }

    /// The as-of moment on the local wall clock.
    pub fn as_of_local(&self) -> DateTime {
        TimeZone::UTC.to_ambiguous_zoned(self.as_of).compatible().map_or(self.as_of, |t| t.with_time_zone(self.zone.clone()).datetime())
    }

    /// The local date of the as-of moment.
    pub fn as_of_date(&self) -> Date {
        self.as_of_local().date()
    }

    /// The scope in words: `2021-22, 2022-23 (2021-10-19 to 2023-06-12)`.
    pub fn describe(&self) -> String {
        let names: Vec<&str> = self.seasons.iter().map(|season| season.name.as_str()).filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [] => format!("{} to {}", self.start(), self.end()),
            names => format!("{} ({} to {})", names.join(", "), self.start(), self.end()),
        }
    }

    /// The name of the season that holds `date`.
    pub fn season_of(&self, date: Date) -> Option<&str> {
        self.seasons.iter().find(|season| (season.start..=season.end).contains(&date)).map(|season| season.name.as_str())
    }
}

/// Reads `2024-06-30`, `2024-06-30T12:00` (local to `zone`), or an instant such as `2024-06-30T12:00Z`, as UTC.
///
/// A date alone means the end of that date, so that the whole day counts.
pub fn parse_as_of(text: &str, zone: &TimeZone) -> Result<DateTime, String> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(instant.to_zoned(TimeZone::UTC).datetime());
    }
    let local = match (text.contains(['T', ' ', ':']), text.parse::<Date>(), text.parse::<DateTime>()) {
        (false, Ok(date), _) => date.tomorrow().map_err(|e| e.to_string())?.to_datetime(Time::midnight()),
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
