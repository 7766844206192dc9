//! The plainest formats: one key a line for shell loops, and runs of keys.

use std::collections::BTreeSet;

use crate::model::retry::{RetryItem, Run, runs};
use crate::model::schedule::{Schedule, Scheduled};
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
    ranges_of(list).into_iter().collect()
}

fn ranges_of<'a>(list: impl IntoIterator<Item = &'a RetryItem>) -> Vec<String> {
    let line =
        |run: &Run<'_>| format!("{}\t{}\t{}\t{}\t{}\n", run.first.stage, run.first.output, run.first.text(), run.last.text(), run.keys);
    runs(list).iter().map(line).collect()
}

/// The keys that a plan runs, in the order in which they run: wave, output, and the columns of the key, separated by tabs.
pub fn waves<'a>(keys: impl IntoIterator<Item = &'a Scheduled>) -> String {
    let line = |key: &Scheduled| {
        let columns = key.item.key.iter().map(Value::to_string);
        let wave = key.wave().map(|wave| wave.to_string());
        let fields: Vec<String> = wave.into_iter().chain([key.item.output.clone()]).chain(columns).collect();
        fields.join("\t") + "\n"
    };
    keys.into_iter().filter(|key| key.wave().is_some()).map(line).collect()
}

/// The same as runs of neighbours in spine order: wave, stage, output, first key, last key, number of keys.
pub fn wave_ranges(schedule: &Schedule, waves: impl IntoIterator<Item = u32>) -> String {
    let mut text = String::new();
    for wave in waves {
        for line in ranges_of(schedule.wave(wave).map(|key| &key.item)) {
            text.push_str(&format!("{wave}\t{line}"));
        }
    }
    text
}
