//! What changed from one recorded run to another: what got better, worse and new.

use std::collections::BTreeMap;

use serde::Serialize;

use super::coverage::Class;
use super::record::{Record, RecordedCheck, RecordedGate, RecordedOutput};
use super::verdict::Verdict;

/// What became of an output, or of a check that does not speak of outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The gate.
    pub gate: String,
    /// The output, or the query with its arguments.
    pub subject: String,
    /// What was said of it before; nothing if it was not looked at.
    pub before: Option<Verdict>,
    /// What is said of it now; nothing if it is not looked at any more.
    pub after: Option<Verdict>,
    /// Keys that were at fault and are not any more.
    pub fixed: Vec<String>,
    /// Keys that are at fault and were not.
    pub new: Vec<String>,
    /// Keys that are at fault in another way, with what they were and are.
    pub changed: Vec<(String, Class, Class)>,
    /// How many keys are at fault as they were.
    pub same: usize,
}

impl Change {
    /// Whether anything got worse: a key is newly at fault, or the verdict is worse than it was.
    pub fn is_worse(&self) -> bool {
        let unseen = self.before.is_none() && self.after.is_some_and(|after| after > Verdict::Warn);
        !self.new.is_empty() || self.before.zip(self.after).is_some_and(|(before, after)| after > before) || unseen
    }

    /// Whether anything is as it was not.
    pub fn is_change(&self) -> bool {
        self.before != self.after || !self.fixed.is_empty() || !self.new.is_empty() || !self.changed.is_empty()
    }
}

/// What became of every gate, output and check of two runs, in the order of the later one; what only the earlier one looked
/// at comes last.
pub fn changes(before: &Record, after: &Record) -> Vec<Change> {
    let later = after.gates.iter().flat_map(|gate| of_gate(&gate.gate, before.gate(&gate.gate), Some(gate)));
    let gone = before.gates.iter().filter(|gate| after.gate(&gate.gate).is_none());
    later.chain(gone.flat_map(|gate| of_gate(&gate.gate, Some(gate), None))).collect()
}

fn of_gate(name: &str, before: Option<&RecordedGate>, after: Option<&RecordedGate>) -> Vec<Change> {
    let (earlier, later) = (before.map(subjects).unwrap_or_default(), after.map(subjects).unwrap_or_default());
    let gone = earlier.iter().filter(|(subject, _)| find(&later, subject).is_none());
    let all = later.iter().chain(gone);
    all.map(|(subject, _)| change(name, subject, find(&earlier, subject), find(&later, subject))).collect()
}

fn find<'a>(among: &[(String, Subject<'a>)], name: &str) -> Option<Subject<'a>> {
    among.iter().find(|(known, _)| known == name).map(|(_, subject)| *subject)
}

/// What a verdict is about, and its keys if it has any.
#[derive(Clone, Copy)]
struct Subject<'a> {
    verdict: Verdict,
    output: Option<&'a RecordedOutput>,
}

fn subjects(gate: &RecordedGate) -> Vec<(String, Subject<'_>)> {
    gate.checks.iter().flat_map(of_check).collect()
}

fn of_check(check: &RecordedCheck) -> Vec<(String, Subject<'_>)> {
    let of_outputs = check.outputs.iter().map(|output| (output.output.clone(), Subject { verdict: output.verdict, output: Some(output) }));
    let mut found: Vec<_> = of_outputs.collect();
    let worst = check.outputs.iter().map(|output| output.verdict).max();
    // What is wrong with a check as a whole is no fault of an output.
    if worst.is_none_or(|worst| worst < check.verdict) {
        let name = if check.arguments.is_empty() { check.query.clone() } else { format!("{} ({})", check.query, check.arguments) };
        found.push((name, Subject { verdict: check.verdict, output: None }));
    }
    found
}

fn change(gate: &str, subject: &str, before: Option<Subject<'_>>, after: Option<Subject<'_>>) -> Change {
    let (earlier, later) = (faults(before), faults(after));
    let fixed = earlier.keys().filter(|key| after.is_some() && !later.contains_key(*key)).cloned().collect();
    let new = later.keys().filter(|key| before.is_some() && !earlier.contains_key(*key)).cloned().collect();
    let both = later.iter().filter_map(|(key, now)| Some((key, *earlier.get(key)?, *now)));
    let (same, changed): (Vec<_>, Vec<_>) = both.partition(|(_, was, now)| was == now);
    Change {
        gate: gate.to_owned(),
        subject: subject.to_owned(),
        before: before.map(|subject| subject.verdict),
        after: after.map(|subject| subject.verdict),
        fixed,
        new,
        changed: changed.into_iter().map(|(key, was, now)| (key.clone(), was, now)).collect(),
        same: same.len(),
    }
}

/// The keys that are at fault, with their class; what is pending or waived is not.
fn faults(subject: Option<Subject<'_>>) -> BTreeMap<String, Class> {
    let keys = subject.and_then(|subject| subject.output).map(|output| output.keys.as_slice()).unwrap_or_default();
    keys.iter().filter(|key| key.verdict > Verdict::Pass).map(|key| (key.text(), key.class)).collect()
}
