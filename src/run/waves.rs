//! The retry plan: what every output of the graph holds, what the run ledger says of it, and what follows.

mod board;
mod keys;
mod lane;
pub mod rollback;
mod tries;

use jiff::civil::Date;

use super::{Session, cover_all};
use crate::error::Error;
use crate::model::catalogue::{Output, Project};
use crate::model::coverage::{Class, Coverage};
use crate::model::plan::order::{order, readers, with_upstreams};
use crate::model::plan::plan;
use crate::model::report::Finding;
use crate::model::schedule::Schedule;
use crate::model::verdict::Verdict;

use board::Board;

/// What to plan.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The outputs whose keys are to be run again.
    pub outputs: Vec<String>,
    /// Only keys of these dates.
    pub range: Option<(Date, Date)>,
    /// Looks for keys that are there and become stale.
    pub impact: bool,
    /// Makes them part of the plan.
    pub with_impact: bool,
    /// Plans what was tried too often, or just now, too.
    pub force: bool,
}

/// Plans what is broken of the wanted outputs. The scope of the session must hold whole seasons, because a key of a range
/// may read keys before it.
///
/// # Errors
/// [`Error::Interrupted`]; [`Error::Complaints`] if a query of the library is at fault.
pub fn schedule(session: &Session<'_>, wanted: &Wanted) -> Result<Schedule, Error> {
    let outputs = relevant(session.project, &wanted.outputs, wanted.impact || wanted.with_impact);
    let names: Vec<String> = outputs.iter().map(|output| output.name.clone()).collect();
    let coverage = cover_all(session, session.library.query("quality/coverage")?, &names, &mut Vec::new())?;
    let mut schedule = Schedule::default();
    let keys = keys::read(session, &outputs, &coverage)?;
    let tries = tries::read(session, &outputs, &mut schedule)?;
    for (output, finding) in outputs.iter().zip(&coverage).flat_map(|(output, held)| undecided(wanted, output, held)) {
        schedule.undecided.push((output, finding.message.clone()));
    }
    for (held, keys) in coverage.iter().zip(&keys).filter(|(held, _)| !is_unknown(held)) {
        let problem = keys.as_ref().err().map(|problem| format!("its keys cannot be read: {}", problem.message));
        schedule.undecided.extend(problem.map(|problem| (held.output.clone(), problem)));
    }
    schedule.notes.extend(coverage.iter().filter(|held| wanted.outputs.contains(&held.output)).filter_map(foreign));
    schedule.undecided.dedup();
    let board = Board::new(session, wanted, &outputs, &coverage, keys, &tries);
    let plan_without = plan(&board.graph, false);
    let listed = (wanted.impact || wanted.with_impact).then(|| plan(&board.graph, true));
    match &listed {
        Some(with_impact) if wanted.with_impact => board.list(with_impact, &mut schedule, true),
        _ => board.list(&plan_without, &mut schedule, false),
    }
    if let Some(with_impact) = &listed {
        board.list_impact(with_impact, &mut schedule, wanted.with_impact);
    }
    Ok(schedule)
}

/// These outputs with all that they read, and with all that reads them where that is asked; upstreams first.
fn relevant<'p>(project: &'p Project, names: &[String], downstream: bool) -> Vec<&'p Output> {
    let catalogue = &project.outputs;
    let number = |name: &String| catalogue.get_index_of(name);
    let reads: Vec<Vec<usize>> = catalogue.values().map(|output| output.needs().filter_map(number).collect()).collect();
    let mut start: Vec<usize> = names.iter().filter_map(number).collect();
    if downstream {
        let below = with_upstreams(&readers(&reads), &start);
        start = (0..reads.len()).filter(|at| below[*at]).collect();
    }
    let relevant = with_upstreams(&reads, &start);
    let ordered = order(&reads).expect("a circle is refused when the project is loaded");
    ordered.into_iter().filter(|at| relevant[*at]).map(|at| &catalogue[at]).collect()
}

/// What of an output could not be judged, as far as it leaves the plan open.
fn undecided<'c>(wanted: &Wanted, output: &Output, held: &'c Coverage) -> Vec<(String, &'c Finding)> {
    let is_wanted = wanted.outputs.contains(&output.name);
    let open = |finding: &&Finding| {
        let of_keys = is_unknown(held) || finding.rule == "spine";
        // That nothing of an upstream is due or expected is known, so it decides.
        finding.verdict == Verdict::Undecided && (is_wanted || of_keys)
    };
    held.findings.iter().filter(open).map(|finding| (output.name.clone(), finding)).collect()
}

/// Whether nothing is known of an output's keys.
fn is_unknown(held: &Coverage) -> bool {
    held.counts.is_empty()
}

fn foreign(held: &Coverage) -> Option<String> {
    let (extra, null) = (held.count(Class::Extra), held.count(Class::NullKey));
    (extra + null > 0).then(|| format!("{}: no re-run mends {extra} extra keys and {null} without a key", held.output))
}
