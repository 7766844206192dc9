//! What must be there for the run ledger to answer at all: its table and columns, a run in scope, and days to expect.

use indexmap::IndexMap;
use jiff::tz::TimeZone;

use super::{Check, Session, inventory, outputs_of, spine_size};
use crate::error::Error;
use crate::model::catalogue::{Argument, Ledger, Output};
use crate::model::query::{ParamKind, Query};
use crate::model::reading;
use crate::model::report::Finding;
use crate::model::table::{Kind, Table};
use crate::model::verdict::Verdict;
use crate::warehouse::QueryError;

/// Of a ledger without a single run of these processors in scope nothing can be concluded: neither from a result without
/// rows nor, where the catalogue says what should have run, from rows that say that nothing did. And where the catalogue
/// expects no day of a processor, that nothing is wrong says nothing either.
pub(super) fn emptiness(session: &Session<'_>, check: &Check<'_>, table: &Table, verdict: Verdict) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    if session.project.runs.is_none() || !check.query.reads_ledger() {
        return Ok(findings);
    }
    let expects = |kind| matches!(kind, ParamKind::Processors | ParamKind::Outputs);
    let driven_by_catalogue = check.query.params.values().any(|param| expects(param.kind));
    if table.is_empty() || (driven_by_catalogue && verdict != Verdict::Pass) {
        findings.extend(no_runs(session, check)?);
    }
    if matches!(verdict, Verdict::Pass | Verdict::Warn) && !check.query.rules.is_empty() {
        for output in outputs_by_spine(session, check) {
            let mut spine = spine_size(session, &output.name)?;
            spine.message = format!("spine `{}` {}", output.spine, spine.message);
            findings.extend((spine.verdict != Verdict::Pass).then_some(spine));
        }
    }
    Ok(findings)
}

fn no_runs(session: &Session<'_>, check: &Check<'_>) -> Result<Option<Finding>, Error> {
    let Some(query) = session.library.probe("_probe/runs") else {
        return Ok(Some(Finding::undecided("runs", "the library lacks a probe")));
    };
    let mut args: IndexMap<String, Argument> = check.args.clone();
    args.insert("processors".to_owned(), Argument::List(processors(session, check)));
    args.retain(|name, _| query.params.contains_key(name));
    let sql = session.renderer.render(query, &args).map_err(|error| Error::Complaints(vec![error.complaint]))?;
    match session.ask_aside(&sql) {
        Ok(table) if table.rows().next().and_then(|row| row[0].as_int()) == Some(0) => {
            let finding = Finding::undecided("runs", "the run ledger has no run in scope, so nothing can be concluded from it");
            Ok(Some(finding.with_remedy("check the mapping in [runs] with its `where`, `exclude` and `since`, and the scope")))
        }
        Ok(_) => Ok(None),
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(Some(inventory::engine_finding(&error))),
    }
}

/// The processors that a check is about; none stands for all that the ledger has.
fn processors(session: &Session<'_>, check: &Check<'_>) -> Vec<String> {
    let named = named(check);
    if !named.is_empty() {
        return named;
    }
    let outputs = outputs_by_spine(session, check);
    let of_outputs = outputs_of(check).into_iter().filter_map(|name| session.project.outputs.get(&name));
    if outputs.is_empty() {
        return of_outputs.map(|output| output.processor.clone()).collect();
    }
    session.project.outputs.values().map(|output| output.processor.clone()).collect()
}

fn named(check: &Check<'_>) -> Vec<String> {
    match check.args.get("processors") {
        Some(Argument::List(names)) => names.clone(),
        Some(Argument::Text(name)) => vec![name.clone()],
        _ => Vec::new(),
    }
}

/// One output for each spine whose days are expected of the processors of a check.
fn outputs_by_spine<'s>(session: &'s Session<'_>, check: &Check<'_>) -> Vec<&'s Output> {
    if !check.query.params.values().any(|param| param.kind == ParamKind::Processors) {
        return Vec::new();
    }
    let named = named(check);
    let dated = |output: &&Output| output.key.iter().any(|column| column.kind == Kind::Date);
    let outputs = session.project.outputs.values().filter(dated);
    let asked = outputs.filter(|output| named.is_empty() || named.contains(&output.processor));
    let spines: IndexMap<&str, &Output> = asked.map(|output| (output.spine.as_str(), output)).collect();
    spines.into_values().collect()
}

/// Why a query of the ledger cannot be answered, if that can be told from the list of tables.
pub(super) fn fault(session: &Session<'_>, query: &Query) -> Option<Finding> {
    let ledger = session.project.runs.as_ref().filter(|_| query.reads_ledger())?;
    session.tables().ok()?;
    Some(mapping(session, ledger)).filter(|finding| finding.verdict != Verdict::Pass)
}

/// That times which need no zone would be shifted by the one that `[runs]` declares. Nobody asks where none is declared.
pub(super) fn shifted(session: &Session<'_>, query: &Query) -> Option<Finding> {
    let ledger = session.project.runs.as_ref().filter(|_| query.reads_ledger())?;
    instants(session, ledger)
}

fn instants(session: &Session<'_>, ledger: &Ledger) -> Option<Finding> {
    let zone = ledger.zone.as_ref().filter(|zone| **zone != TimeZone::UTC)?;
    let info = session.table(&ledger.table)?;
    let mut columns = [Some(&ledger.started), ledger.finished.as_ref()].into_iter().flatten();
    let column = columns.find(|column| info.is_instant(column, session.warehouse.dialect()))?;
    let (_, data_type, _) = info.column(column)?;
    let zone = zone.iana_name().unwrap_or("another zone");
    let message = format!("column {column} of {} is of type {data_type}, which needs no zone; {zone} would shift it", ledger.table);
    Some(Finding::undecided("runs", message).with_remedy(format!("remove `timezone` at {}", ledger.place("timezone"))))
}

/// Whether the table and the columns that `[runs]` names are there.
pub(super) fn mapping(session: &Session<'_>, ledger: &Ledger) -> Finding {
    let Ok(tables) = session.tables() else { return Finding::undecided("runs", "the list of tables cannot be read") };
    let fault = inventory::reading_fault(tables, &ledger.table, &reading::of_ledger(ledger)).or_else(|| instants(session, ledger));
    fault.unwrap_or_else(|| Finding::new(Verdict::Pass, "runs", format!("{} is there with every column", ledger.table)))
}
