//! The corridor: plan, render, query, judge, collect. What a check could not find out is part of its report.

mod answer;
mod command;
pub mod comparison;
pub mod contract;
mod cost;
mod counts;
mod coverage;
mod empty;
mod inventory;
mod ledger;
mod plan;
mod preflight;
pub mod progress;
pub mod reviewed;
mod session;
pub mod snapshot;
pub mod stated;
pub mod triage;
mod waived;
pub mod waves;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indexmap::IndexMap;

use crate::error::Error;
use crate::model::catalogue::Argument;
use crate::model::query::Query;
use crate::model::report::{CheckReport, Finding, GateReport};
use crate::model::rule::Rule;
use crate::model::table::{Column, Table};
use crate::model::verdict::Verdict;
use crate::warehouse::QueryError;

pub use answer::{Answer, answer};
pub use command::{commands, is_there};
pub use cost::{Price, afford, prices};
pub use coverage::{cover, cover_all};
pub use plan::{Check, Plan, coverage_of, plan};
pub use preflight::{catalogue, is_its_own_spine};
pub use session::{Session, deadline_in};

use plan::outputs_of;
pub(crate) use plan::{by_spine, key_columns};
use preflight::{examined, spine_size};

/// Runs the checks of a gate. Whatever goes wrong makes a check undecided; so does Ctrl-C, which leaves those that are
/// finished as they are.
///
/// # Errors
/// [`Error::Complaints`] only: a probe that cannot be rendered.
pub fn gate(session: &Session<'_>, plan: &Plan<'_>) -> Result<GateReport, Error> {
    let run = |check: &Check<'_>| {
        let outcome = if check.classifies() { cover(session, check.query, &outputs_of(check)) } else { single(session, check) };
        match outcome {
            Err(Error::Interrupted) => Ok(CheckReport { findings: vec![Finding::interrupted()], ..begin(check) }),
            outcome => outcome,
        }
    };
    let gate = plan.gate;
    let mut checks: Vec<CheckReport> = examined(session, gate)?.into_iter().collect();
    checks.extend(side_by_side(session.jobs, &plan.checks, run).into_iter().collect::<Result<Vec<CheckReport>, Error>>()?);
    waived::note_unused(session, &mut checks);
    let stage = gate.stage.as_deref();
    let of_stage = session.project.outputs.values().filter(|output| stage == Some(output.stage.as_str()));
    let not_covered = of_stage.filter(|output| !gate.outputs.contains(&output.name)).map(|output| output.name.clone()).collect();
    Ok(GateReport {
        name: gate.name.clone(),
        stage: gate.stage.clone(),
        covered: gate.outputs.clone(),
        not_covered,
        checks,
        findings: Vec::new(),
        overridden: None,
    })
}

/// Works through the items, so many at the same time; the results are in the order of the items.
fn side_by_side<T: Sync, R: Send>(jobs: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        items.get(at).map(|item| (at, work(item)))
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let helpers: Vec<_> = (1..jobs.min(items.len())).map(|_| scope.spawn(|| std::iter::from_fn(take).collect::<Vec<_>>())).collect();
        let mut done: Vec<(usize, R)> = std::iter::from_fn(take).collect();
        for helper in helpers {
            // A panic is a fault of the program, and goes on where it would have without threads.
            done.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A report of which nothing is known yet.
fn begin(check: &Check<'_>) -> CheckReport {
    CheckReport {
        query: check.query.id.clone(),
        title: check.query.title.clone(),
        arguments: outputs_of(check).join(", "),
        findings: Vec::new(),
        coverage: Vec::new(),
        rows: None,
        statements: Vec::new(),
    }
}

/// Runs one check that is judged by its rules alone.
///
/// # Errors
/// [`Error::Interrupted`] only.
pub fn single(session: &Session<'_>, check: &Check<'_>) -> Result<CheckReport, Error> {
    let mut report = begin(check);
    let sql = match session.renderer.render(check.query, &check.args) {
        Ok(sql) => sql,
        Err(error) => {
            report.findings.push(Finding::undecided("render", error.to_string()));
            return Ok(report);
        }
    };
    if let Some(fault) = ledger::shifted(session, check.query) {
        report.findings.push(fault);
        return Ok(report);
    }
    match session.ask(&sql, &mut report.statements) {
        Ok(table) => {
            report.findings = waived::judge(session, check, &table);
            // No faults say nothing where nothing should exist, and nothing where nothing does.
            let outputs = if table.is_empty() { outputs_of(check) } else { Vec::new() };
            if let Some(output) = outputs.first() {
                let spine = spine_size(session, output)?;
                report.findings.extend((spine.verdict != Verdict::Pass).then_some(spine));
                report.findings.extend(empty::without_rows(session, &outputs)?);
            }
            report.findings.extend(ledger::emptiness(session, check, &table, report.verdict())?);
            report.rows = Some(table);
        }
        Err(QueryError::Interrupted) => return Err(Error::Interrupted),
        Err(error) => {
            let outputs = outputs_of(check);
            let faults = outputs.iter().filter_map(|name| inventory::fault(session, name));
            let known: Vec<Finding> = faults.chain(ledger::fault(session, check.query)).collect();
            // What may still run is never forgotten.
            let is_dropped = !known.is_empty() && !matches!(error, QueryError::Running { .. });
            report.findings = if is_dropped { known } else { vec![inventory::engine_finding(&error)] };
        }
    }
    Ok(report)
}

/// Judges a result: completeness and the column contract first, then every rule that applies to these arguments.
pub fn judge(query: &Query, args: &IndexMap<String, Argument>, table: &Table, key: &[Column]) -> Vec<Finding> {
    if let Some(finding) = unfit(query, table, key) {
        return vec![finding];
    }
    if table.is_empty() && !query.rules.is_empty() && !query.rules.iter().any(Rule::judges_emptiness) {
        let finding = Finding::undecided("empty", "the result has no rows, so its rules had nothing to compare");
        return vec![finding.with_remedy("if an empty result is fine, say so with a rule of kind row_count and min = 0")];
    }
    query.rules_for(args).iter().flat_map(|rule| rule.judge(table)).collect()
}

/// Why no rule can be asked of a result: it is not complete, or not what the query promises.
fn unfit(query: &Query, table: &Table, key: &[Column]) -> Option<Finding> {
    if table.is_truncated() {
        return Some(Finding::undecided("truncated", "the engine held rows back, so nothing can be concluded"));
    }
    query.check_contract(table, key).err().map(|message| Finding::undecided("columns", message))
}
