//! The plainest formats: one key a line for shell loops, and runs of keys.

use std::collections::BTreeSet;

use crate::model::retry::{RetryItem, Run, runs};
use crate::model::table::Value;

/// Each key once, without header, in order of time; the columns of a key are separated by tabs.
pub fn retry(list: &[RetryItem]) -> String {
    let mut lines: Vec<(Option<jiff::civil::Date>, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    for item in list {
        let line = item.key.iter().map(Value::to_string).collect::<Vec<_>>().join("\t");
        if seen.insert(line.clone()) {
            lines.push((item.date(), line));
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

/// Runs of neighbours in spine order: stage, output, first key, last key, number of keys, separated by tabs.
pub fn ranges(list: &[RetryItem]) -> String {
    let key = |item: &RetryItem| item.key.iter().map(Value::to_string).collect::<Vec<_>>().join("/");
    let line = |run: &Run<'_>| format!("{}\t{}\t{}\t{}\t{}\n", run.first.stage, run.first.output, key(run.first), key(run.last), run.keys);
    runs(list).iter().map(line).collect()
}
