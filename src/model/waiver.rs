//! Waivers: gaps that somebody accepts, for a reason and until a day.

use indexmap::IndexMap;
use jiff::civil::Date;

use super::table::{Table, Value};

/// An accepted gap.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// What is accepted.
    pub accepts: Accepts,
    /// Why.
    pub reason: String,
    /// Who.
    pub owner: String,
    /// The last date on which it holds.
    pub until: Date,
    /// Where it is declared.
    pub declared: String,
}

/// What a waiver accepts.
#[derive(Clone, Debug)]
pub enum Accepts {
    /// Faults of an output.
    Keys(Faults),
    /// Rows that a check finds.
    Rows {
        /// The query of the check.
        check: String,
        /// A row is meant if it agrees in every column of one of these.
        rows: Vec<IndexMap<String, Cell>>,
    },
}

/// Faults of an output: of these keys, by this rule, or by this rule of these keys.
#[derive(Clone, Debug)]
pub struct Faults {
    /// The output.
    pub output: String,
    /// Keys as text, a column each joined by `/`. Without keys and ranges, every key is meant.
    pub keys: Vec<String>,
    /// Ranges of dates, both ends included.
    pub ranges: Vec<(Date, Date)>,
    /// What is wrong: a class, a column, or what a rule measures. Without it, whatever is wrong.
    pub rule: Option<String>,
}

/// What a column of a row must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// This, as reports show it.
    Text(String),
    /// A date between two, both included.
    Dates(Date, Date),
}

impl Waiver {
    /// Whether it holds on this day.
    pub fn holds(&self, day: Date) -> bool {
        day <= self.until
    }

    /// The faults of this output that it accepts.
    pub fn faults_of(&self, output: &str) -> Option<&Faults> {
        match &self.accepts {
            Accepts::Keys(faults) if faults.output == output => Some(faults),
            _ => None,
        }
    }

    /// `waived by the desk until 2027-06-30: exhibition`
    pub fn words(&self) -> String {
        format!("waived by {} until {}: {}", self.owner, self.until, self.reason)
    }

    /// Whether it is about what this query finds.
    pub fn is_of_check(&self, query: &str) -> bool {
        matches!(&self.accepts, Accepts::Rows { check, .. } if check == query)
    }

    /// Whether it can match anything of these dates. What has no date is of all of them.
    pub fn concerns(&self, from: Date, to: Date) -> bool {
        let overlaps = |first: Date, last: Date| first <= to && last >= from;
        let text = |text: &str| {
            let date = text.split('/').find_map(|part| part.parse::<Date>().ok());
            date.is_none_or(|date| overlaps(date, date))
        };
        match &self.accepts {
            Accepts::Keys(faults) => {
                let ranges = faults.ranges.iter().any(|(first, last)| overlaps(*first, *last));
                faults.is_of_all_keys() || ranges || faults.keys.iter().any(|key| text(key))
            }
            Accepts::Rows { rows, .. } => rows.iter().any(|row| {
                row.values().all(|cell| match cell {
                    Cell::Text(value) => text(value),
                    Cell::Dates(first, last) => overlaps(*first, *last),
                })
            }),
        }
    }

    /// `player_game_summary, 2022-02-18`
    pub fn describe(&self) -> String {
        match &self.accepts {
            Accepts::Keys(faults) => {
                let rule = faults.rule.as_ref().map(|rule| format!("rule {rule}"));
                let ranges = faults.ranges.iter().map(|(from, to)| format!("{from} to {to}"));
                [faults.output.clone()]
                    .into_iter()
                    .chain(rule)
                    .chain(faults.keys.iter().cloned())
                    .chain(ranges)
                    .collect::<Vec<_>>()
                    .join(", ")
            }
            Accepts::Rows { check, rows } => {
                let cell = |(name, cell): (&String, &Cell)| match cell {
                    Cell::Text(text) => format!("{name} {text}"),
                    Cell::Dates(from, to) => format!("{name} {from} to {to}"),
                };
                let rows = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" "));
                [check.clone()].into_iter().chain(rows).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The positions of the rows that it accepts; none if it is not about rows.
    pub fn rows_of<'t>(&'t self, table: &'t Table) -> impl Iterator<Item = usize> + 't {
        let patterns = match &self.accepts {
            Accepts::Rows { rows, .. } => rows.as_slice(),
            Accepts::Keys(_) => &[],
        };
        let agrees = |row: &[Value], (name, cell): (&String, &Cell)| {
            let value = table.position(name).map(|at| &row[at]);
            match (value, cell) {
                (Some(Value::Date(date)), Cell::Dates(from, to)) => from <= date && date <= to,
                (Some(value), Cell::Text(text)) => !value.is_null() && value.to_string() == *text,
                _ => false,
            }
        };
        let is_meant = move |row: &[Value]| patterns.iter().any(|pattern| pattern.iter().all(|column| agrees(row, column)));
        table.rows().enumerate().filter(move |(_, row)| is_meant(row)).map(|(at, _)| at)
    }
}

impl Faults {
    /// Whether it names no key.
    pub fn is_of_all_keys(&self) -> bool {
        self.keys.is_empty() && self.ranges.is_empty()
    }

    /// Whether it is about this key.
    pub fn is_of(&self, key: &str, date: Option<Date>) -> bool {
        let in_range = |(from, to): &(Date, Date)| date.is_some_and(|date| (*from..=*to).contains(&date));
        self.is_of_all_keys() || self.keys.iter().any(|own| own == key) || self.ranges.iter().any(in_range)
    }

    /// Whether it is about what is wrong by this rule.
    pub fn is_by(&self, rule: &str) -> bool {
        self.rule.as_ref().is_none_or(|own| own == rule)
    }

    /// A key that both accept by the same rule.
    pub fn shared(&self, other: &Self) -> Option<String> {
        if self.output != other.output || self.rule != other.rule {
            return None;
        }
        let of_ranges = |from: &Self, with: &Self| {
            let date = |key: &&String| with.is_of(key, key.split('/').find_map(|part| part.parse().ok()));
            let overlap = |(from, to): &(Date, Date)| {
                with.ranges.iter().find(|(first, last)| first <= to && last >= from).map(|(first, _)| first.max(from).to_string())
            };
            from.keys.iter().find(date).cloned().or_else(|| from.ranges.iter().find_map(overlap))
        };
        match self.is_of_all_keys() || other.is_of_all_keys() {
            true => Some("every key".to_owned()),
            false => of_ranges(self, other).or_else(|| of_ranges(other, self)),
        }
    }
}
