//! Triage: the questions to the run ledger, and to the data that it speaks of.

mod answers;
mod beside;
mod sort;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::{Check, Session, afford, by_spine, side_by_side, single, spine_size};
use crate::error::Error;
use crate::model::catalogue::{Argument, Output, Project};
use crate::model::report::{CheckReport, Finding};
use crate::model::triage::{Tolerance, Triage};
use crate::model::verdict::Verdict;
use crate::warehouse::QueryError;

use answers::{Answers, Kinds, day, kind};
use sort::Sorter;

/// What to look at.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The outputs whose processors are looked at.
    pub outputs: Vec<String>,
    /// Every processor of the ledger, those that the catalogue does not know too.
    pub all: bool,
    /// The program with the flags that lead to this project, for the commands that are suggested.
    pub program: String,
}

/// What failed, by cause. The project must have a run ledger.
///
/// # Errors
/// [`Error::Interrupted`]; [`Error::TooExpensive`]; [`Error::Complaints`] if a query of the library is at fault.
pub fn triage(session: &Session<'_>, asked: &Asked) -> Result<Triage, Error> {
    let checks = checks(session, asked)?;
    afford(session, &checks)?;
    let reports = side_by_side(session.jobs, &checks, |check| single(session, check));
    let reports: Vec<CheckReport> = reports.into_iter().collect::<Result<_, _>>()?;
    let mut triage = Triage { undecided: undecided(&reports), ..Triage::default() };
    let answers = Answers::new(&reports);
    spines(session, &answers, &mut triage)?;
    let mut kinds: BTreeMap<String, Kinds> = BTreeMap::new();
    for processor in answers.concentrated().iter().map(|concentration| &concentration.processor) {
        if !kinds.contains_key(processor) {
            kinds.insert(processor.clone(), kinds_of(session, processor, &mut triage)?);
        }
    }
    Sorter { project: session.project, last: session.scope.last_date(), asked, answers: &answers, kinds }.sort(&mut triage);
    Ok(triage)
}

fn checks<'a>(session: &Session<'a>, asked: &Asked) -> Result<Vec<Check<'a>>, Error> {
    let project = session.project;
    let processors: BTreeSet<&String> = asked.outputs.iter().map(|name| &project.outputs[name].processor).collect();
    // An empty list stands for all.
    let named: Vec<String> = if asked.all { Vec::new() } else { processors.iter().map(|name| (*name).clone()).collect() };
    let number = |name: &str, value: u32| (name.to_owned(), Argument::Int(i64::from(value)));
    let dead = number("stale_after_minutes", project.retry.stale_after_minutes);
    let of_processors = ("processors".to_owned(), Argument::List(named.clone()));
    let tries = [number("cap", project.retry.attempts), number("wait_minutes", project.retry.wait_minutes)];
    let mut wanted = vec![("failure/triage", [vec![of_processors.clone(), dead.clone()], tries.to_vec()].concat())];
    for id in ["failure/unknown_labels", "ledger/unusable_rows", "failure/stale_records"] {
        wanted.push((id, vec![of_processors.clone()]));
    }
    let dated = dated(project, |output| asked.all || named.contains(&output.processor));
    if !dated.is_empty() {
        for outputs in by_spine(project, &dated) {
            let outputs = ("outputs".to_owned(), Argument::List(outputs));
            wanted.push(("failure/against_data", vec![outputs.clone(), dead.clone()]));
            wanted.push(("ledger/success_without_rows", vec![outputs]));
        }
        wanted.push(("failure/by_kind", vec![of_processors.clone(), dead]));
        wanted.push(("failure/never_started", vec![of_processors]));
        for (tolerance, processors) in tolerances(project, &dated) {
            wanted.push(("failure/rate_vs_expected", rates(tolerance, processors)));
        }
    }
    let check = |(id, args): (&str, Vec<(String, Argument)>)| {
        Ok(Check { query: session.library.query(id)?, args: args.into_iter().collect(), declared: String::new() })
    };
    wanted.into_iter().map(check).collect()
}

/// The outputs with a date in their key for which this holds.
fn dated(project: &Project, wanted: impl Fn(&Output) -> bool) -> Vec<String> {
    project.outputs.values().filter(|output| output.date().is_some() && wanted(output)).map(|output| output.name.clone()).collect()
}

/// Each tolerance, and the processors that it is for.
fn tolerances<'p>(project: &'p Project, outputs: &[String]) -> Vec<(&'p Tolerance, Vec<String>)> {
    let mut found: IndexMap<String, (&Tolerance, Vec<String>)> = IndexMap::new();
    for output in outputs.iter().map(|name| &project.outputs[name]) {
        let Some(tolerance) = &output.may_fail else { continue };
        let (_, processors) = found.entry(format!("{tolerance:?}")).or_insert((tolerance, Vec::new()));
        if !processors.contains(&output.processor) {
            processors.push(output.processor.clone());
        }
    }
    found.into_values().collect()
}

fn rates(tolerance: &Tolerance, processors: Vec<String>) -> Vec<(String, Argument)> {
    let mut args = vec![("processors", Argument::List(processors)), ("bands", Argument::List(tolerance.bands.clone()))];
    args.extend(tolerance.phases.clone().map(|phases| ("phases", Argument::Text(phases))));
    args.extend(tolerance.least.map(|least| ("least", Argument::Int(least))));
    args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What could not be judged, each reason once.
fn undecided(reports: &[CheckReport]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for report in reports {
        for finding in report.findings.iter().filter(|finding| finding.verdict == Verdict::Undecided && matters(report, finding)) {
            if found.iter().any(|(_, message)| *message == finding.message) {
                continue;
            }
            let subject = match finding.rule.as_str() {
                "runs" => "the run ledger".to_owned(),
                _ if report.arguments.is_empty() => report.query.clone(),
                _ => format!("{} ({})", report.query, report.arguments),
            };
            found.push((subject, finding.message.clone()));
        }
    }
    found
}

/// Rates are told by the rows themselves. That an output has no rows leaves what failed as it is, and makes what succeeded rows
/// of the answer.
fn matters(report: &CheckReport, finding: &Finding) -> bool {
    match report.query.as_str() {
        "failure/rate_vs_expected" => !["share", "empty"].contains(&finding.rule.as_str()),
        "failure/against_data" | "ledger/success_without_rows" => finding.rule != "rows",
        _ => true,
    }
}

/// That a spine has no key of a day excuses nothing where it has no keys at all.
fn spines(session: &Session<'_>, answers: &Answers, triage: &mut Triage) -> Result<(), Error> {
    let mut looked: BTreeSet<&str> = BTreeSet::new();
    for name in answers.without_keys() {
        let Some(output) = session.project.outputs.get(name) else { continue };
        if looked.insert(&output.spine) {
            let finding: Finding = spine_size(session, name)?;
            if finding.verdict != Verdict::Pass {
                triage.undecided.push((format!("spine `{}`", output.spine), finding.message));
            }
        }
    }
    Ok(())
}

/// What kind each day is of, by the spines that a processor fills.
fn kinds_of(session: &Session<'_>, processor: &str, triage: &mut Triage) -> Result<Kinds, Error> {
    let mut kinds = Kinds::new();
    for outputs in by_spine(session.project, &dated(session.project, |output| output.processor == processor)) {
        let answer = session.library.probe("_probe/kinds").and_then(|query| {
            let args: IndexMap<String, Argument> = [("output".to_owned(), Argument::Text(outputs[0].clone()))].into_iter().collect();
            session.renderer.render(query, &args).ok()
        });
        match answer.map(|sql| session.ask_aside(&sql)) {
            Some(Ok(table)) if !table.is_truncated() => {
                for row in table.rows() {
                    kinds.entry(kind(&table, row)).or_default().extend(day(&table, row));
                }
            }
            Some(Err(QueryError::Interrupted)) => return Err(Error::Interrupted),
            _ => triage.undecided.push((format!("the kinds of days of {processor}"), "they cannot be read".to_owned())),
        }
    }
    Ok(kinds)
}
