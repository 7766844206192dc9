//! Calendar arithmetic of spines and deadlines: cadences with month ends right, and local deadlines.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan, tz::TimeZone};
use serde::Serialize;

use crate::error::did_you_mean;

/// A step between the keys of a calendar or cadence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// So many days.
    Days(i32),
    /// So many calendar months, counted from the anchor, so that 31 January is followed by 28 February and 31 March.
    Months(i32),
}

impl Step {
    /// The cadences that have a name.
    pub const NAMED: [(&'static str, Self); 7] = [
        ("daily", Self::Days(1)),
        ("weekly", Self::Days(7)),
        ("biweekly", Self::Days(14)),
        ("monthly", Self::Months(1)),
        ("quarterly", Self::Months(3)),
        ("semiannual", Self::Months(6)),
        ("annual", Self::Months(12)),
    ];

    /// A named cadence, or a text such as `1 day`, `2 weeks`, `3 months`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((_, step)) = Self::NAMED.iter().find(|(name, _)| *name == text) {
            return Some(*step);
        }
        let (count, unit) = text.trim().split_once(' ')?;
        let count: i32 = count.parse().ok().filter(|n| (1..=10_000).contains(n))?;
        match unit.trim().trim_end_matches('s') {
            "day" => Some(Self::Days(count)),
            "week" => Some(Self::Days(count * 7)),
            "month" => Some(Self::Months(count)),
            "year" => Some(Self::Months(count * 12)),
            _ => None,
        }
    }

    /// What to say of a text that is no step.
    pub fn unknown(text: &str) -> String {
        let named: Vec<&str> = Self::NAMED.iter().map(|(name, _)| *name).collect();
        let hint = did_you_mean(text, named.iter().copied());
        format!("unknown step \"{text}\"{hint}; write it as \"2 weeks\" or one of {}", named.join(", "))
    }

    /// The `n`-th date from the anchor. `None` beyond the calendar.
    pub fn nth(self, anchor: Date, n: i32) -> Option<Date> {
        let span: Span = match self {
            Self::Days(days) => days.checked_mul(n)?.days(),
            Self::Months(months) => months.checked_mul(n)?.months(),
        };
        anchor.checked_add(span).ok()
    }

    /// The numbers `first..=last` of the steps from the anchor that fall within `start..=end`; `None` if there is none.
    pub fn between(self, anchor: Date, start: Date, end: Date) -> Option<(i32, i32)> {
        let first = self.first_at_or_after(anchor, start);
        let mut last = self.first_at_or_after(anchor, end);
        if self.nth(anchor, last).is_none_or(|date| date > end) {
            last -= 1;
        }
        (first <= last).then_some((first, last))
    }

    fn first_at_or_after(self, anchor: Date, date: Date) -> i32 {
        let days = (date - anchor).get_days();
        let estimate = match self {
            Self::Days(step) => days / step,
            Self::Months(step) => days / (31 * step),
        };
        let mut n = estimate - 2;
        while self.nth(anchor, n).is_some_and(|d| d < date) {
            n += 1;
        }
        n
    }
}

/// When a key's rows are due: so many days after its date, at a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Days after the key's date.
    pub days: i32,
    /// The local time of that day.
    pub time: Time,
}

impl Default for Deadline {
    /// The end of the key's own day.
    fn default() -> Self {
        Self { days: 1, time: Time::midnight() }
    }
}

impl Deadline {
    /// A text such as `1 day 07:00`, `2 days`, or `18:30` (the same day).
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, time) = match words.as_slice() {
            [time] => ("0", *time),
            [days, "day" | "days"] => (*days, "00:00"),
            [days, "day" | "days", time] => (*days, *time),
            _ => return None,
        };
        let days = days.parse().ok().filter(|n| (0..=3650).contains(n))?;
        Some(Self { days, time: time.parse().ok()? })
    }

    /// The moment, in UTC, at which the rows of `date` are due. Daylight saving is the zone's own business.
    pub fn due(self, date: Date, zone: &TimeZone) -> Option<DateTime> {
        let local = date.checked_add(self.days.days()).ok()?.to_datetime(self.time);
        let instant = zone.to_ambiguous_zoned(local).compatible().ok()?;
        Some(instant.with_time_zone(TimeZone::UTC).datetime())
    }

    /// The last date whose rows are due at `as_of` (UTC); later keys are pending.
    pub fn last_due(self, as_of: DateTime, zone: &TimeZone) -> Option<Date> {
        let mut date = as_of.date().checked_sub((self.days - 2).days()).ok()?;
        while self.due(date, zone)? > as_of {
            date = date.yesterday().ok()?;
        }
        Some(date)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::TimeZone};

    use super::{Deadline, Step};

    #[test]
    fn months_count_from_the_anchor() {
        let month = Step::parse("monthly").expect("a cadence");
        let dates: Vec<_> = (0..4).filter_map(|n| month.nth(date(2024, 1, 31), n)).collect();
        assert_eq!(dates, [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]);
    }

    #[test]
    fn steps_between_two_dates_are_exact() {
        let week = Step::parse("weekly").expect("a cadence");
        assert_eq!(week.between(date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 22)), Some((1, 3)));
        assert_eq!(week.between(date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 7)), None);
        let month = Step::parse("1 month").expect("a cadence");
        assert_eq!(month.between(date(2018, 1, 31), date(2024, 2, 29), date(2024, 2, 29)), Some((73, 73)));
        assert_eq!(month.between(date(2024, 6, 1), date(2024, 1, 1), date(2024, 3, 1)), Some((-5, -3)));
    }

    #[test]
    fn a_deadline_follows_the_zone() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let deadline = Deadline::parse("1 day 07:00").expect("a deadline");
        // 07:00 in New York is 12:00 UTC in winter and 11:00 in summer.
        assert_eq!(deadline.due(date(2024, 1, 9), &zone), Some(date(2024, 1, 10).at(12, 0, 0, 0)));
        assert_eq!(deadline.due(date(2024, 7, 9), &zone), Some(date(2024, 7, 10).at(11, 0, 0, 0)));
        assert_eq!(deadline.last_due(date(2024, 1, 10).at(11, 59, 0, 0), &zone), Some(date(2024, 1, 8)));
        assert_eq!(deadline.last_due(date(2024, 1, 10).at(12, 0, 0, 0), &zone), Some(date(2024, 1, 9)));
    }
}
