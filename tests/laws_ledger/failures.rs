//! What the queries must say of failures, of what was tried, and of the words of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use super::damage::MESSAGES;
use super::oracle::{Attempt, Key, Oracle, State, state_of};
use super::world::Row;
use super::{name, text};
use crate::laws::asked::shown;

/// A word of the ledger, and of what.
type Label<'a> = (&'a str, Option<&'a str>);

/// An attempt that failed, its unit, and whether it decides that.
type Failure<'a> = (&'a Key, &'a Attempt, bool);

impl Oracle<'_> {
    fn failures(&self) -> impl Iterator<Item = Failure<'_>> {
        self.units.iter().flat_map(|(key, attempts)| {
            let failed = attempts.iter().enumerate().filter(|(_, attempt)| matches!(attempt.state, State::Failed | State::Unknown));
            failed.map(move |(place, attempt)| (key, attempt, place == 0))
        })
    }

    pub(super) fn by_category(&self) -> Vec<String> {
        let mut groups: BTreeMap<&str, Vec<Failure<'_>>> = BTreeMap::new();
        for failure in self.failures() {
            groups.entry(failure.1.category.filter(|category| !category.is_empty()).unwrap_or("uncategorised")).or_default().push(failure);
        }
        let line = |(category, failures): (&str, Vec<Failure<'_>>)| {
            let class = match category.to_lowercase().as_str() {
                "timeout" => Some("infrastructure"),
                "no_data" => Some("availability"),
                _ => None,
            };
            let days = days_of(&failures);
            let ends = [days.first(), days.last()].map(shown).join(",");
            let counts = format!("{},{},{},{}", failures.len(), deciding(&failures), processors_of(&failures), days.len());
            format!("{category},{},{counts},{ends},{}", shown(class), sample(&failures))
        };
        groups.into_iter().map(line).collect()
    }

    pub(super) fn error_groups(&self) -> Vec<String> {
        let mut groups: BTreeMap<&str, Vec<Failure<'_>>> = BTreeMap::new();
        for failure in self.failures() {
            let of = MESSAGES.iter().find(|(message, _)| Some(*message) == failure.1.error);
            groups.entry(of.map_or("(no message)", |(_, group)| group)).or_default().push(failure);
        }
        let line = |(group, failures): (&str, Vec<Failure<'_>>)| {
            let units = failures.iter().map(|(key, ..)| *key).collect::<BTreeSet<_>>().len();
            let times = || failures.iter().filter_map(|(_, attempt, _)| attempt.ended());
            let ends = [times().min(), times().max()].map(shown).join(",");
            let counts =
                format!("{},{units},{},{},{}", failures.len(), deciding(&failures), processors_of(&failures), days_of(&failures).len());
            format!("{group},{counts},{ends},{}", sample(&failures))
        };
        groups.into_iter().map(line).collect()
    }

    pub(super) fn never_started(&self) -> Vec<String> {
        let states = self.states();
        let line = |processor: &str| {
            let own = || states.iter().filter(|((of, _), _)| *of == Some(processor));
            let days: Vec<Date> = own().filter(|(_, state)| **state == "never_started").map(|((_, day), _)| *day).collect();
            let due = own().filter(|(_, state)| **state != "pending").count();
            Some(format!("{processor},{due},{},{},{}", days.len(), days.iter().min()?, days.iter().max()?))
        };
        ["A", "B", "C"].into_iter().filter_map(line).collect()
    }

    /// In the first week all may fail, from the second on a quarter.
    pub(super) fn failure_rates(&self) -> Vec<String> {
        let line = |(processor, day): Key| {
            let latest = self.units.get(&(processor, day))?.first()?;
            let [_, done, failed] = latest.counts;
            let tried = done.zip(failed).map(|(done, failed)| done + failed);
            let has_rate = match latest.state {
                State::Success => true,
                State::Failed | State::Unknown => tried.is_some(),
                _ => false,
            };
            let start = if day < date(2024, 3, 20) { date(2024, 3, 1) } else { date(2024, 3, 25) };
            let week = i64::from((day - start).get_days()) / 7 + 1;
            let percent = if week == 1 { 100 } else { 25 };
            let accepted = tried.zip(failed).map(|(tried, failed)| tried - (failed - percent * tried / 100).max(0));
            let numbers = [tried, failed, accepted].map(shown).join(",");
            has_rate.then(|| format!("{},{day},{week},{percent},{numbers}", text(processor)))
        };
        self.expected().into_keys().filter_map(line).collect()
    }

    pub(super) fn unknown_labels(&self) -> Vec<String> {
        let in_scope = |day: Date| (date(2024, 3, 1)..=date(2024, 3, 31)).contains(&day);
        let counts = |row: &&Row| row.test != Some(true) && row.started.is_none_or(|started| started <= self.world.as_of);
        let mut groups: BTreeMap<Label<'_>, Vec<(Date, &Row)>> = BTreeMap::new();
        for row in self.world.rows.iter().filter(counts) {
            let Some(day) = row.day.filter(|day| in_scope(*day)) else { continue };
            let is = |word: Option<&str>, known: &[&str]| word.is_some_and(|word| known.contains(&word.to_lowercase().as_str()));
            let failed = matches!(state_of(self.world, row), State::Failed | State::Unknown);
            let category = row.category.filter(|category| !category.is_empty());
            let unknown = [
                (!is(row.status, &["success", "done", "failed", "running", "skipped"])).then_some(("status", row.status)),
                (!is(row.phase, &["phase_1"])).then_some(("phase", row.phase)),
                (failed && category.is_some() && !is(category, &["timeout", "no_data", "bug"])).then_some(("category", category)),
            ];
            unknown.into_iter().flatten().for_each(|label| groups.entry(label).or_default().push((day, row)));
        }
        let line = |((kind, label), rows): (Label<'_>, Vec<(Date, &Row)>)| {
            let processors = rows.iter().filter_map(|(_, row)| row.processor).collect::<BTreeSet<_>>().len();
            let days = || rows.iter().map(|(day, _)| day);
            format!("{kind},{},{},{processors},{},{}", shown(label), rows.len(), shown(days().min()), shown(days().max()))
        };
        groups.into_iter().map(line).collect()
    }

    pub(super) fn attempts(&self) -> Vec<String> {
        let line = |((processor, day), attempts): (&Key, &Vec<Attempt>)| {
            let tried = attempts.iter().filter(|attempt| attempt.state != State::Skipped).count();
            format!("{},{day},{tried},{},{}", text(*processor), name(attempts[0].state), shown(attempts[0].started))
        };
        self.units.iter().map(line).collect()
    }
}

fn deciding(failures: &[Failure<'_>]) -> usize {
    failures.iter().filter(|(.., decides)| *decides).count()
}

fn processors_of(failures: &[Failure<'_>]) -> usize {
    failures.iter().filter_map(|(key, ..)| key.0).collect::<BTreeSet<_>>().len()
}

fn days_of(failures: &[Failure<'_>]) -> BTreeSet<Date> {
    failures.iter().map(|(key, ..)| key.1).collect()
}

fn sample(failures: &[Failure<'_>]) -> String {
    shown(failures.iter().filter_map(|(_, attempt, _)| attempt.error).min())
}
