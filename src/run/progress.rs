//! How far outputs are: what their rows say, and what the run ledger says of the pace.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{Check, Session, coverage_of, side_by_side};
use crate::error::Error;
use crate::model::catalogue::{Argument, Output, Project};
use crate::model::progress::{OutputProgress, Progress, Pulse};
use crate::model::query::Library;
use crate::model::table::{Table, Value};
use crate::warehouse::QueryError;

/// The queries of the ledger that one look takes.
const QUERIES: [&str; 3] = ["progress/eta", "progress/recent", "progress/stalled"];

/// What to look at.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The outputs, in the order of their stages.
    pub outputs: Vec<String>,
    /// Runs that started before do not count for the pace, as the user wrote it.
    pub since: Option<String>,
    /// Seconds without a completion after which an output is stalled.
    pub patience: u64,
}

/// How far the wanted outputs are at the moment of the scope.
///
/// # Errors
/// [`Error::TooExpensive`], [`Error::Interrupted`]; [`Error::Usage`] if the library lacks a query.
pub fn progress(session: &Session<'_>, wanted: &Wanted) -> Result<Progress, Error> {
    let ledger = of_ledger(session.project, session.library, wanted)?;
    let coverage = coverage_of(session.library, &wanted.outputs)?;
    super::afford(session, ledger.iter().chain([&coverage]))?;
    let held = super::cover_all(session, coverage.query, &wanted.outputs, &mut Vec::new())?;
    let mut progress = Progress::default();
    let pulses = match pulses(session, &ledger)? {
        Ok(pulses) => pulses,
        Err(problem) => {
            progress.notes.push(format!("the pace is unknown, because the run ledger could not be asked: {problem}"));
            BTreeMap::new()
        }
    };
    for held in &held {
        let processor = session.project.runs.as_ref().map(|_| session.project.outputs[&held.output].processor.as_str());
        let pulse = processor.and_then(|processor| pulses.get(processor)).cloned();
        progress.outputs.push(OutputProgress::of(held, processor, pulse, wanted.patience));
    }
    Ok(progress)
}

/// The checks of the ledger; none without a ledger, or without an output that it could know by date.
fn of_ledger<'a>(project: &Project, library: &'a Library, wanted: &Wanted) -> Result<Vec<Check<'a>>, Error> {
    let dated = wanted.outputs.iter().map(|name| &project.outputs[name]).filter(|output| output.date().is_some());
    let mut processors: Vec<String> = dated.map(|output: &Output| output.processor.clone()).collect();
    processors.sort();
    processors.dedup();
    if project.runs.is_none() || processors.is_empty() {
        return Ok(Vec::new());
    }
    let check = |id: &&str| {
        let mut args: IndexMap<String, Argument> = [("processors".to_owned(), Argument::List(processors.clone()))].into_iter().collect();
        args.extend(wanted.since.iter().map(|since| ("since".to_owned(), Argument::Text(since.clone()))));
        args.insert("stale_after_minutes".to_owned(), Argument::Int(i64::from(project.retry.stale_after_minutes)));
        if *id == "progress/stalled" {
            // Whether it is one is decided by its own pace.
            args.insert("minutes".to_owned(), Argument::Int(0));
        }
        Ok(Check { query: library.query(id)?, args, declared: String::new() })
    };
    QUERIES.iter().map(check).collect()
}

type Pulses = BTreeMap<String, Pulse>;

/// What the ledger says of each processor, or why it says nothing.
fn pulses(session: &Session<'_>, checks: &[Check<'_>]) -> Result<Result<Pulses, String>, Error> {
    let mut pulses = Pulses::new();
    for (table, check) in side_by_side(session.jobs, checks, |check| ask(session, check)).into_iter().zip(checks) {
        let table = match table? {
            Ok(table) => table,
            Err(problem) => return Ok(Err(problem)),
        };
        for row in table.rows() {
            let row = Row { table: &table, row };
            let Some(processor) = row.at("processor").and_then(Value::as_text) else { continue };
            row.tell(&check.query.id, pulses.entry(processor.to_owned()).or_default());
        }
    }
    Ok(Ok(pulses))
}

fn ask(session: &Session<'_>, check: &Check<'_>) -> Result<Result<Table, String>, Error> {
    let sql = match session.renderer.render(check.query, &check.args) {
        Ok(sql) => sql,
        Err(error) => return Ok(Err(error.to_string())),
    };
    match session.ask(&sql, &mut Vec::new()) {
        Ok(table) if table.is_truncated() => Ok(Err("the engine held rows back".to_owned())),
        Ok(table) => Ok(check.query.check_contract(&table, &[]).map(|()| table)),
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(Err(super::ledger::fault(session, check.query).map_or_else(|| error.to_string(), |fault| fault.message))),
    }
}

struct Row<'t> {
    table: &'t Table,
    row: &'t [Value],
}

impl<'t> Row<'t> {
    fn at(&self, column: &str) -> Option<&'t Value> {
        self.table.position(column).map(|at| &self.row[at])
    }

    /// A number that is not negative, times so many.
    fn number(&self, column: &str, times: u64) -> Option<u64> {
        u64::try_from(self.at(column)?.as_int()?).ok()?.checked_mul(times)
    }

    fn tell(&self, query: &str, pulse: &mut Pulse) {
        match query {
            "progress/eta" => {
                pulse.remaining = self.number("remaining", 1).unwrap_or(0);
                pulse.completed = self.number("completed", 1).unwrap_or(0);
                pulse.window = self.number("seconds", 1);
            }
            "progress/recent" => {
                pulse.last_success = self.at("last_success").and_then(|value| match value {
                    Value::Timestamp(moment) => Some(**moment),
                    _ => None,
                });
                pulse.age = self.number("age_minutes", 60);
                pulse.failures = self.number("failures_since", 1).unwrap_or(0);
            }
            _ => {
                pulse.idle = self.number("idle_minutes", 60);
                pulse.running = self.number("running", 1).unwrap_or(0);
            }
        }
    }
}
