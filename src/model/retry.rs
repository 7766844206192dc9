//! The retry list: the keys to run again, a view of what the checks found. There is no second path to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::coverage::{Class, Coverage, KeyState};
use super::table::{Column, Value};

/// One key to run again.
#[derive(Clone, Debug)]
pub struct RetryItem {
    /// The output's stage.
    pub stage: String,
    /// The output.
    pub output: String,
    /// The columns of the key.
    pub columns: Arc<[Column]>,
    /// The key.
    pub key: Box<[Value]>,
    /// Its class.
    pub class: Class,
    /// Why it has it.
    pub reason: Box<str>,
    /// Attempts that the run ledger knows of; `None` without a ledger.
    pub attempts: Option<u64>,
    /// The state of the latest attempt.
    pub last: Option<String>,
    /// The key's place in the order of its spine.
    pub position: Option<i64>,
}

impl RetryItem {
    /// The key as one text, its values joined by `/`.
    pub fn text(&self) -> String {
        self.key.iter().map(Value::to_string).collect::<Vec<_>>().join("/")
    }

    /// What is tried as one: the date, or the key where it has none.
    fn unit(&self) -> String {
        self.date().map_or_else(|| self.text(), |date| date.to_string())
    }

    /// The key's date.
    pub fn date(&self) -> Option<Date> {
        self.key.iter().find_map(|value| if let Value::Date(date) = value { Some(*date) } else { None })
    }
}

/// A few dates of a list, to be tried before all of it.
#[derive(Clone, Debug)]
pub struct Sample {
    chosen: BTreeSet<String>,
    /// How many dates the list has.
    pub all: usize,
}

impl Sample {
    /// At most so many dates of these keys, spread evenly: each part of a long list has its share, and the same list has the same
    /// sample.
    pub fn of<'a>(items: impl IntoIterator<Item = &'a RetryItem>, most: usize) -> Self {
        let units: BTreeSet<String> = items.into_iter().map(RetryItem::unit).collect();
        let (all, most) = (units.len(), most.min(units.len()));
        let taken: BTreeSet<usize> = (0..most).map(|n| (2 * n + 1) * all / (2 * most)).collect();
        let chosen = units.into_iter().enumerate().filter(|(at, _)| taken.contains(at)).map(|(_, unit)| unit).collect();
        Self { chosen, all }
    }

    /// Whether it has the date of a key.
    pub fn takes(&self, item: &RetryItem) -> bool {
        self.chosen.contains(&item.unit())
    }
}

/// The keys to run again, in the order in which `coverage` gives their outputs, each in the order of its spine.
///
/// `attempts` answers, for an output and a date, what the run ledger knows.
pub fn retry_list<'a>(
    coverage: impl IntoIterator<Item = &'a Coverage>,
    attempts: impl Fn(&str, Option<Date>) -> Option<(u64, String)>,
) -> Vec<RetryItem> {
    let mut list = Vec::new();
    for coverage in coverage {
        let columns: Arc<[Column]> = coverage.key.as_slice().into();
        // What the spine holds without a key is none that could be run.
        let keys = coverage.repairs().filter(|state| !state.key.iter().any(Value::is_null));
        list.extend(keys.map(|state| item(coverage, state, Arc::clone(&columns), &attempts)));
    }
    list
}

fn item(
    coverage: &Coverage,
    state: &KeyState,
    columns: Arc<[Column]>,
    attempts: &impl Fn(&str, Option<Date>) -> Option<(u64, String)>,
) -> RetryItem {
    let known = attempts(&coverage.output, state.date());
    RetryItem {
        stage: coverage.stage.clone(),
        output: coverage.output.clone(),
        columns,
        key: state.key.clone(),
        class: state.class,
        reason: state.reason.clone(),
        attempts: known.as_ref().map(|(attempts, _)| *attempts),
        last: known.map(|(_, last)| last).filter(|last| !last.is_empty()),
        position: state.position,
    }
}

/// Neighbours in the order of the spine that share everything but the date, as first and last.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The first key.
    pub first: &'a RetryItem,
    /// The last key.
    pub last: &'a RetryItem,
    /// How many keys it has.
    pub keys: usize,
}

/// Joins neighbours in spine order into runs; days off, which the spine does not have, do not split one.
pub fn runs<'a>(list: impl IntoIterator<Item = &'a RetryItem>) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    // The run that an item may continue, by output and by everything in its key but the date.
    let mut open: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for item in list {
        let rest =
            item.key.iter().filter(|value| !matches!(value, Value::Date(_))).map(Value::to_string).collect::<Vec<_>>().join("\u{1f}");
        let at = open.entry((&item.output, rest)).or_insert(usize::MAX);
        let neighbours = |run: &Run<'a>| run.last.position.zip(item.position).is_some_and(|(a, b)| a.checked_add(1) == Some(b));
        match runs.get_mut(*at).filter(|run| neighbours(run)) {
            Some(run) => {
                run.last = item;
                run.keys += 1;
            }
            None => {
                *at = runs.len();
                runs.push(Run { first: item, last: item, keys: 1 });
            }
        }
    }
    runs
}
