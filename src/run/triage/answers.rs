//! The answers to the questions of triage, as values.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::report::CheckReport;
use crate::model::table::{Table, Value};
use crate::model::triage::{Action, Failed, Unit};

/// The days of each attribute and kind.
pub(super) type Kinds = BTreeMap<(String, String), BTreeSet<Date>>;

/// What an output holds of a day on which its processor failed.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) output: String,
    /// The data is complete, and so the record out of date.
    pub(super) disproved: bool,
    /// Nothing is expected of the day.
    pub(super) excused: bool,
    /// Nothing that is due is wrong with the day.
    pub(super) sound: bool,
    /// Whether there are rows.
    pub(super) present: bool,
}

/// A kind of which every unit fails, and hardly any other does.
#[derive(Clone, Debug)]
pub(super) struct Concentration {
    pub(super) processor: String,
    pub(super) kind: (String, String),
    pub(super) failed: u64,
    pub(super) outside: (u64, u64),
}

/// How many entities failed in a unit.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    /// None where a band is for a phase that does not exist.
    pub(super) unit: Option<Unit>,
    pub(super) phase: Option<String>,
    /// The percentages of the band.
    pub(super) band: (u64, u64),
    pub(super) tried: u64,
    pub(super) failed: u64,
    pub(super) sample: String,
    /// Whether more failed than may.
    pub(super) above: bool,
    /// Whether fewer failed than usual.
    pub(super) below: bool,
}

/// A unit that succeeded and has no rows.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    pub(super) output: String,
    pub(super) unit: Unit,
    /// The key as text.
    pub(super) key: String,
}

#[derive(Debug)]
pub(super) struct Answers<'r> {
    reports: &'r [CheckReport],
}

impl<'r> Answers<'r> {
    pub(super) fn new(reports: &'r [CheckReport]) -> Self {
        Self { reports }
    }

    /// The rows of a query, of every time that it was asked.
    pub(super) fn rows(&self, query: &str) -> impl Iterator<Item = (&'r Table, &'r [Value])> {
        let tables = self.reports.iter().filter(move |report| report.query == query).filter_map(|report| report.rows.as_ref());
        tables.flat_map(|table| table.rows().map(move |row| (table, row)))
    }

    pub(super) fn failed(&self) -> Vec<Failed> {
        self.rows("failure/triage").filter_map(|(table, row)| failed(table, row)).collect()
    }

    /// Whether the query that lists what failed has answered.
    pub(super) fn is_known(&self) -> bool {
        self.reports.iter().any(|report| report.query == "failure/triage" && report.rows.is_some())
    }

    pub(super) fn held(&self) -> BTreeMap<Unit, Vec<Held>> {
        let mut found: BTreeMap<Unit, Vec<Held>> = BTreeMap::new();
        for (table, row) in self.rows("failure/against_data") {
            let Some(unit) = unit(table, row) else { continue };
            let [keys, complete, excused, pending] = ["keys", "complete", "excused", "pending"].map(|column| number(table, row, column));
            found.entry(unit).or_default().push(Held {
                output: text(table, row, "output").unwrap_or_default(),
                disproved: number(table, row, "disproved") > 0,
                excused: keys > 0 && excused == keys,
                sound: keys > 0 && complete.saturating_add(excused).saturating_add(pending) == keys,
                present: number(table, row, "present") > 0,
            });
        }
        found
    }

    /// The outputs whose spine lacks a day on which something failed.
    pub(super) fn without_keys(&self) -> impl Iterator<Item = &'r str> {
        let rows = self.rows("failure/against_data").filter(|(table, row)| number(table, row, "keys") == 0);
        rows.filter_map(|(table, row)| at(table, row, "output")?.as_text())
    }

    pub(super) fn concentrated(&self) -> Vec<Concentration> {
        let rows = self.rows("failure/by_kind").filter(|(table, row)| number(table, row, "concentrated") > 0);
        let read = |(table, row): (&Table, &[Value])| Concentration {
            processor: text(table, row, "processor").unwrap_or_default(),
            kind: kind(table, row),
            failed: number(table, row, "failed"),
            outside: (number(table, row, "failed_outside"), number(table, row, "tried_outside")),
        };
        rows.map(read).collect()
    }

    pub(super) fn rates(&self) -> Vec<Rate> {
        let read = |(table, row): (&Table, &[Value])| Rate {
            unit: unit(table, row),
            phase: text(table, row, "phase"),
            band: (number(table, row, "least_percent"), number(table, row, "allowed_percent")),
            tried: number(table, row, "tried"),
            failed: number(table, row, "failed"),
            sample: text(table, row, "sample").unwrap_or_default(),
            above: at(table, row, "accepted").is_some_and(|accepted| !accepted.is_null())
                && number(table, row, "accepted") < number(table, row, "tried"),
            below: number(table, row, "short") > 0,
        };
        self.rows("failure/rate_vs_expected").map(read).collect()
    }

    pub(super) fn lost(&self) -> Vec<Lost> {
        let read = |(table, row): (&Table, &[Value])| {
            let date = row.iter().find_map(|value| if let Value::Date(date) = value { Some(*date) } else { None });
            let end = table.position("processor").unwrap_or(row.len());
            let key = row[1..end].iter().map(Value::to_string).collect::<Vec<_>>().join("/");
            let unit = Unit { processor: text(table, row, "processor"), day: date? };
            Some(Lost { output: text(table, row, "output").unwrap_or_default(), unit, key })
        };
        self.rows("ledger/success_without_rows").filter_map(read).collect()
    }
}

fn failed(table: &Table, row: &[Value]) -> Option<Failed> {
    Some(Failed {
        unit: unit(table, row)?,
        state: text(table, row, "state").unwrap_or_default(),
        regressed: matches!(at(table, row, "succeeded_before"), Some(Value::Bool(true))),
        category: text(table, row, "category"),
        class: text(table, row, "failure_class"),
        // A word that is no action is for somebody to look at.
        action: text(table, row, "action").and_then(|word| Action::parse(&word)).unwrap_or(Action::Triage),
        group: text(table, row, "error_group").unwrap_or_default(),
        error: text(table, row, "error"),
    })
}

fn unit(table: &Table, row: &[Value]) -> Option<Unit> {
    let day = day(table, row)?;
    Some(Unit { processor: text(table, row, "processor"), day })
}

pub(super) fn day(table: &Table, row: &[Value]) -> Option<Date> {
    if let Some(Value::Date(day)) = at(table, row, "day") { Some(*day) } else { None }
}

/// An attribute and its value.
pub(super) fn kind(table: &Table, row: &[Value]) -> (String, String) {
    (text(table, row, "attribute").unwrap_or_default(), text(table, row, "kind").unwrap_or_default())
}

pub(super) fn at<'a>(table: &Table, row: &'a [Value], column: &str) -> Option<&'a Value> {
    table.position(column).map(|at| &row[at])
}

pub(super) fn text(table: &Table, row: &[Value], column: &str) -> Option<String> {
    at(table, row, column)?.as_text().map(str::to_owned)
}

pub(super) fn number(table: &Table, row: &[Value], column: &str) -> u64 {
    at(table, row, column).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}
