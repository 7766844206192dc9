//! Whether the catalogue can be asked about at all: tables, columns, spines and the ledger are there.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use indexmap::IndexMap;

use super::{Session, inventory, ledger};
use crate::error::{Error, did_you_mean};
use crate::lint::names;
use crate::model::catalogue::{Argument, Gate};
use crate::model::report::{CheckReport, Finding};
use crate::model::sql::Sql;
use crate::model::table::Table;
use crate::model::verdict::Verdict;
use crate::warehouse::QueryError;

/// Whether all tables and columns that the outputs of a gate need are there, if it asks for that.
pub(super) fn examined(session: &Session<'_>, gate: &Gate) -> Result<Option<CheckReport>, Error> {
    if !gate.examines {
        return Ok(None);
    }
    let named = |(subject, finding): (String, Finding)| Finding { message: format!("{subject}: {}", finding.message), ..finding };
    let mut found = Vec::new();
    let outcome = catalogue(session, &gate.outputs, &mut found);
    let mut findings: Vec<Finding> = found.into_iter().filter(|(_, finding)| finding.verdict > Verdict::Pass).map(named).collect();
    match outcome {
        Err(Error::Interrupted) => findings.push(Finding::interrupted()),
        outcome => outcome?,
    }
    // Without the list of tables nobody knows that all are there.
    let unread = session.tables().err().map(|error| Finding::undecided("catalogue", format!("the list of tables cannot be read: {error}")));
    Ok(Some(CheckReport {
        query: "catalogue".to_owned(),
        title: "All tables and columns of the catalogue are there".to_owned(),
        arguments: String::new(),
        findings: unread.map_or(findings, |unread| vec![unread]),
        coverage: Vec::new(),
        rows: None,
        statements: Vec::new(),
    }))
}

/// What the warehouse lacks of the catalogue, and which spines are empty: adds one finding for each output, spine and ledger.
///
/// # Errors
/// [`Error::Interrupted`] only; what was found before stays.
pub fn catalogue(session: &Session<'_>, outputs: &[String], findings: &mut Vec<(String, Finding)>) -> Result<(), Error> {
    let named = inventory::named(session.project);
    let examined = session.warehouse.examine(&named, session.deadline);
    findings.extend(examined.into_iter().map(|finding| (finding.rule.clone(), finding)));
    for name in outputs {
        let sound = || Finding::new(Verdict::Pass, "table", format!("{} is there with every column", session.project.outputs[name].table));
        let unknown = || session.tables().err().map(|_| Finding::undecided("table", "the list of tables cannot be read"));
        findings.push((name.clone(), inventory::fault(session, name).or_else(unknown).unwrap_or_else(sound)));
        findings.extend(inventory::trap(session, name).map(|finding| (name.clone(), finding)));
    }
    let mut spines: Vec<&str> = outputs.iter().map(|name| session.project.outputs[name].spine.as_str()).collect();
    spines.sort_unstable();
    spines.dedup();
    for spine in spines {
        let output = outputs.iter().find(|name| session.project.outputs[*name].spine == spine);
        let Some(output) = output else { continue };
        findings.push((format!("spine {spine}"), spine_size(session, output)?));
    }
    if let Some(ledger) = &session.project.runs {
        findings.push(("runs".to_owned(), ledger::mapping(session, ledger)));
        findings.extend(unseen_processors(session, outputs)?);
    }
    Ok(())
}

/// Whether the spine of an output has keys in scope. Each spine is counted once.
pub(super) fn spine_size(session: &Session<'_>, output: &str) -> Result<Finding, Error> {
    let spine = session.project.outputs.get(output).map(|output| output.spine.clone()).unwrap_or_default();
    if let Some(known) = session.spines.lock().unwrap_or_else(PoisonError::into_inner).get(&spine) {
        return Ok(known.clone());
    }
    let found = count_keys(session, output)?;
    session.spines.lock().unwrap_or_else(PoisonError::into_inner).insert(spine, found.clone());
    Ok(found)
}

/// The statement that reads the keys of an output's spine and nothing else.
fn keys_of(session: &Session<'_>, output: &str) -> Result<Sql, String> {
    let query = session.library.probe("_probe/spine").ok_or("the library lacks a probe")?;
    let args: IndexMap<String, Argument> = [("output".to_owned(), Argument::Text(output.to_owned()))].into_iter().collect();
    session.renderer.render(query, &args).map_err(|error| error.to_string())
}

/// Whether the spine of an output is read from the output's own table, so that none of its keys can be missing.
pub fn is_its_own_spine(session: &Session<'_>, output: &str) -> bool {
    let Ok(keys) = keys_of(session, output) else { return false };
    let table = session.project.outputs[output].table.to_lowercase();
    // The embedded engine is told the schema even where the project is not.
    names::tables(&keys).iter().map(|read| read.to_lowercase()).any(|read| read == table || read.strip_prefix("main.") == Some(&table))
}

fn count_keys(session: &Session<'_>, output: &str) -> Result<Finding, Error> {
    let answer = match keys_of(session, output) {
        Ok(sql) => session.ask(&sql, &mut Vec::new()),
        Err(message) => return Ok(Finding::undecided("spine", message)),
    };
    match answer {
        Ok(table) => Ok(match table.rows().next().and_then(|row| row[0].as_int()) {
            Some(0) | None => {
                Finding::undecided("spine", "has no keys in scope").with_remedy("load its source, or check the season and `where`")
            }
            Some(keys) => Finding::new(Verdict::Pass, "spine", format!("has {keys} keys in scope")),
        }),
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(inventory::engine_finding(&error)),
    }
}

/// Processors of the catalogue that the ledger has no attempt of: often a name spelled in two ways.
fn unseen_processors(session: &Session<'_>, outputs: &[String]) -> Result<Vec<(String, Finding)>, Error> {
    let Ok(attempts) = attempts(session)? else { return Ok(Vec::new()) };
    let seen: BTreeSet<&str> = attempts.rows().filter_map(|row| row[0].as_text()).collect();
    let unseen = |name: &&String| !seen.contains(session.project.outputs[*name].processor.as_str());
    let finding = |name: &String| {
        let processor = &session.project.outputs[name].processor;
        let hint = did_you_mean(processor, seen.iter().copied());
        let finding =
            Finding::new(Verdict::Warn, "runs", format!("the run ledger has no attempt of its processor `{processor}` in scope{hint}"));
        (name.clone(), finding.with_remedy("name it as the ledger does with `processor`, or leave it if it never ran"))
    };
    Ok(outputs.iter().filter(unseen).map(finding).collect())
}

/// Every attempt that the ledger has in scope, or why it cannot be asked.
fn attempts(session: &Session<'_>) -> Result<Result<Table, QueryError>, Error> {
    let query = session.library.query("recovery/attempts")?;
    let sql = session.renderer.render(query, &IndexMap::new()).map_err(|error| Error::Complaints(vec![error.complaint]))?;
    match session.ask_aside(&sql) {
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        answer => Ok(answer),
    }
}
