//! What the run ledger says of each processor and day: how often it was tried, and whether another try is worth it.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::super::{Check, Session, single};
use crate::error::Error;
use crate::model::catalogue::{Argument, Output, RetryPolicy};
use crate::model::report::CheckReport;
use crate::model::schedule::Schedule;
use crate::model::table::{Table, Value};
use crate::model::verdict::Verdict;

/// The tries of one processor on one day.
#[derive(Clone, Debug, Default)]
pub(super) struct Try {
    pub(super) attempts: u64,
    /// How the latest ended.
    pub(super) last: String,
    /// Failures since the latest success; 0 if the latest attempt succeeded.
    pub(super) failures: u64,
    pub(super) next: Option<DateTime>,
    /// What `[runs] category` makes of the latest failure.
    pub(super) class: Option<String>,
    pub(super) error: Option<String>,
    /// Whether the latest attempt has not ended and may still do so.
    pub(super) is_running: bool,
}

impl Try {
    /// The error without what differs from key to key: numbers, and what is quoted.
    pub(super) fn kind(&self) -> String {
        let mut kind = String::new();
        let mut quoted = false;
        for c in self.error.as_deref().unwrap_or("no message").chars() {
            match c {
                '\'' | '"' | '`' => quoted = !quoted,
                _ if quoted => {}
                '0'..='9' if kind.ends_with('#') => {}
                '0'..='9' => kind.push('#'),
                c => kind.push(c),
            }
        }
        kind.chars().take(80).collect()
    }
}

/// What the ledger knows; `None` without one.
#[derive(Debug, Default)]
pub(super) struct Tries {
    known: Option<BTreeMap<(String, Date), Try>>,
    /// The moment of the question on the clock of the ledger.
    pub(super) now: DateTime,
}

impl Tries {
    /// The tries at a key; none is an answer too. `None` without a ledger.
    pub(super) fn of(&self, output: &Output, date: Option<Date>) -> Option<Try> {
        Some(self.known.as_ref()?.get(&(output.processor.clone(), date?)).cloned().unwrap_or_default())
    }
}

/// Asks the ledger. That it has no runs is no reason to plan nothing; that it cannot be asked is said.
pub(super) fn read(session: &Session<'_>, outputs: &[&Output], schedule: &mut Schedule) -> Result<Tries, Error> {
    let Some(ledger) = &session.project.runs else { return Ok(Tries::default()) };
    let processors: BTreeSet<&String> = outputs.iter().map(|output| &output.processor).collect();
    let processors = Argument::List(processors.into_iter().cloned().collect());
    let policy: RetryPolicy = session.project.retry;
    let number = |name: &str, value: u32| (name.to_owned(), Argument::Int(i64::from(value)));
    let of_processors: IndexMap<String, Argument> = [("processors".to_owned(), processors)].into_iter().collect();
    let mut with_policy = of_processors.clone();
    with_policy.extend([number("wait_minutes", policy.wait_minutes), number("stale_after_minutes", policy.stale_after_minutes)]);
    let attempts = ask(session, "recovery/attempts", of_processors)?;
    let units = ask(session, "recovery/units", with_policy)?;
    let zone = ledger.zone.clone().unwrap_or(TimeZone::UTC);
    let now = TimeZone::UTC.to_ambiguous_zoned(session.scope.as_of).compatible().map(|now| now.with_time_zone(zone).datetime());
    let mut tries = Tries { known: None, now: now.unwrap_or(session.scope.as_of) };
    match (&attempts.rows, &units.rows) {
        (Some(attempts), Some(units)) => tries.known = Some(fold(attempts, units)),
        _ => {
            let problems = attempts.findings.iter().chain(&units.findings).filter(|finding| finding.verdict == Verdict::Undecided);
            let problem = problems.map(|finding| finding.message.clone()).next().unwrap_or_default();
            schedule.undecided.push(("the run ledger".to_owned(), format!("attempts are unknown, so nothing is held back: {problem}")));
        }
    }
    Ok(tries)
}

fn ask(session: &Session<'_>, id: &str, args: IndexMap<String, Argument>) -> Result<CheckReport, Error> {
    single(session, &Check { query: session.library.query(id)?, args, declared: String::new() })
}

fn fold(attempts: &Table, units: &Table) -> BTreeMap<(String, Date), Try> {
    let mut known: BTreeMap<(String, Date), Try> = BTreeMap::new();
    for row in attempts.rows() {
        let Some(unit) = unit(attempts, row) else { continue };
        let last = text(attempts, row, "last_state").unwrap_or_default();
        let is_running = last == "running";
        known.insert(unit, Try { attempts: number(attempts, row, "attempts"), last, is_running, ..Try::default() });
    }
    for row in units.rows() {
        let Some(unit) = unit(units, row) else { continue };
        let known = known.entry(unit).or_default();
        known.failures = number(units, row, "failures");
        known.next = at(units, row, "next_try").and_then(|value| if let Value::Timestamp(next) = value { Some(**next) } else { None });
        known.class = text(units, row, "failure_class");
        known.error = text(units, row, "error");
        // What should have ended long ago is dead.
        known.is_running = false;
    }
    known
}

fn unit(table: &Table, row: &[Value]) -> Option<(String, Date)> {
    let Some(Value::Date(day)) = at(table, row, "day") else { return None };
    Some((text(table, row, "processor")?, *day))
}

fn at<'a>(table: &Table, row: &'a [Value], column: &str) -> Option<&'a Value> {
    table.position(column).map(|at| &row[at])
}

fn text(table: &Table, row: &[Value], column: &str) -> Option<String> {
    at(table, row, column)?.as_text().map(str::to_owned)
}

fn number(table: &Table, row: &[Value], column: &str) -> u64 {
    at(table, row, column).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}
