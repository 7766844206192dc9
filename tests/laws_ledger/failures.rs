//! What the queries must say of failures, of what was tried, and of the words of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use super::damage::MESSAGES;
use super::oracle::{Attempt, Key, Oracle, State, state_of};
use super::world::{DAYS, Row};
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

    /// In the first week half to all may fail, from the second on a tenth to a quarter.
    pub(super) fn failure_rates(&self) -> Vec<String> {
        let rate = |(processor, day): Key| {
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
            has_rate.then_some(Rate { processor, day, start, week, tried, failed })
        };
        let rates: Vec<Rate> = self.expected().into_keys().filter_map(rate).collect();
        rates.iter().map(|rate| rate.line(&rates)).collect()
    }

    /// What is to be done about every unit that is left.
    pub(super) fn triage(&self) -> Vec<String> {
        let line = |((processor, day), attempts): (&Key, &Vec<Attempt>)| {
            let latest = &attempts[0];
            if !self.is_unresolved(latest) {
                return None;
            }
            let category = latest.category.filter(|category| !category.is_empty());
            let (class, action) = match category.map(str::to_lowercase).as_deref() {
                Some("timeout") => (Some("infrastructure"), "retry"),
                Some("no_data") => (Some("availability"), "upstream"),
                _ => (None, "triage"),
            };
            let action = match latest.state {
                State::Running => "retry",
                State::Unknown => "triage",
                _ => action,
            };
            let since_success = attempts.iter().take_while(|attempt| attempt.state != State::Success);
            let failures = since_success.filter(|attempt| attempt.state != State::Skipped).count();
            let action = if action == "retry" && failures >= 3 { "stop" } else { action };
            let tried = attempts.iter().filter(|attempt| attempt.state != State::Skipped).count();
            let before = attempts.iter().any(|attempt| attempt.state == State::Success);
            let group = MESSAGES.iter().find(|(message, _)| Some(*message) == latest.error).map_or("(no message)", |(_, group)| group);
            let counts = format!("{action},{failures},{tried},{before},{}", shown(latest.ended()));
            let words = format!("{},{},{group},{}", shown(category), shown(class), shown(latest.error));
            Some(format!("{},{day},{},{counts},{words}", text(*processor), name(latest.state)))
        };
        self.units.iter().filter_map(line).collect()
    }

    /// With two units on either side, and a third of the others at most.
    pub(super) fn by_kind(&self) -> Vec<String> {
        let states = self.states();
        let mut lines = Vec::new();
        for processor in ["A", "B", "C"] {
            let tried: Vec<(Date, bool)> = states
                .iter()
                .filter(|((of, _), state)| *of == Some(processor) && ["succeeded", "failed", "unknown", "stale"].contains(state))
                .map(|((_, day), state)| (*day, *state != "succeeded"))
                .collect();
            for attribute in ["slate", "games", "season"] {
                let kind_of = |day: Date| {
                    let games = DAYS.iter().find(|(other, _)| *other == day).expect("a day of the spine").1;
                    match attribute {
                        "slate" => if games > 1 { "full" } else { "short" }.to_owned(),
                        "games" => games.to_string(),
                        _ => if day < date(2024, 3, 20) { "one" } else { "two" }.to_owned(),
                    }
                };
                let kinds: BTreeSet<String> = tried.iter().map(|(day, _)| kind_of(*day)).collect();
                for kind in kinds {
                    let (inside, outside): (Vec<_>, Vec<_>) = tried.iter().partition(|(day, _)| kind_of(*day) == kind);
                    let failed = |units: &[(Date, bool)]| units.iter().filter(|(_, failed)| *failed).count();
                    let (all, others) = (failed(&inside), failed(&outside));
                    let proof = inside.len() >= 2 && outside.len() >= 2;
                    let concentrated = if proof && all == inside.len() && 100 * others <= 33 * outside.len() { all } else { 0 };
                    let counts = format!("{},{all},{},{others},{concentrated}", inside.len(), outside.len());
                    lines.push(format!("{processor},{attribute},{kind},{counts}"));
                }
            }
        }
        lines
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

/// How many entities failed in a unit.
struct Rate {
    processor: Option<&'static str>,
    day: Date,
    /// The first day of its season.
    start: Date,
    week: i64,
    tried: Option<i64>,
    failed: Option<i64>,
}

impl Rate {
    fn is_small(&self) -> bool {
        self.tried.is_some_and(|tried| tried < 20)
    }

    fn line(&self, all: &[Self]) -> String {
        let (least, most) = if self.week == 1 { (50, 100) } else { (10, 25) };
        let alike =
            |other: &&Self| (other.processor, other.start, other.week) == (self.processor, self.start, self.week) && other.is_small();
        let pool = |of: fn(&Self) -> Option<i64>| all.iter().filter(alike).filter_map(of).sum::<i64>();
        let (pool_tried, pool_failed) = (pool(|rate| rate.tried), pool(|rate| rate.failed));
        let sample = match self.tried {
            None | Some(0) => "unknown",
            Some(20..) => "own",
            _ if pool_tried >= 20 => "pooled",
            _ => "small",
        };
        let rates = self.tried.zip(self.failed);
        // A day of few is at fault where all such days together are.
        let together = |broken: bool| if self.is_small() { pool_tried >= 20 && broken } else { true };
        let accepted = rates.map(|(tried, failed)| {
            let above = 100 * failed > most * tried && together(100 * pool_failed > most * pool_tried);
            if above { tried - failed + most * tried / 100 } else { tried }
        });
        let short = rates.map_or(0, |(tried, failed)| {
            let below = 100 * failed < least * tried && together(100 * pool_failed < least * pool_tried);
            if below { (least * tried + 99) / 100 - failed } else { 0 }
        });
        let numbers = [self.tried, self.failed].map(shown).join(",");
        format!("{},{},week {},{least},{most},{numbers},{sample},{},{short}", text(self.processor), self.day, self.week, shown(accepted))
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
