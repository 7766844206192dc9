//! What the ledger says, worked out unit by unit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};

use super::world::{DAYS, Row, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Failed,
    Skipped,
    Unknown,
    Success,
    Running,
}

#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) run: Option<String>,
    pub(super) state: State,
    pub(super) started: Option<DateTime>,
    pub(super) finished: Option<DateTime>,
    /// Rows written, entities done and failed, as the end of the run says.
    pub(super) counts: [Option<i64>; 3],
    pub(super) error: Option<&'static str>,
    pub(super) category: Option<&'static str>,
}

impl Attempt {
    pub(super) fn ended(&self) -> Option<DateTime> {
        self.finished.or(self.started)
    }
}

/// Each output and who fills it.
pub(super) const OUTPUTS: [(&str, &str); 4] = [("a", "A"), ("b1", "B"), ("b2", "B"), ("c", "C")];

/// Whether an output expects a day with so many games.
pub(super) fn expects(output: &str, day: Date, games: i64) -> bool {
    match output {
        "b1" => day != date(2024, 3, 4) && day != date(2024, 3, 25),
        "b2" => day != date(2024, 3, 4) && day != date(2024, 3, 7),
        "c" => games == 1,
        _ => true,
    }
}

pub(super) type Key = (Option<&'static str>, Date);

/// The attempts of each unit, the one that decides it first.
pub(super) struct Oracle<'a> {
    pub(super) world: &'a World,
    pub(super) units: BTreeMap<Key, Vec<Attempt>>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(world: &'a World, since: Option<DateTime>) -> Self {
        let mut runs: BTreeMap<(Key, Option<String>), Vec<&Row>> = BTreeMap::new();
        let in_scope = |day: &Date| (date(2024, 3, 1)..=date(2024, 3, 31)).contains(day);
        for row in world.rows.iter().filter(|row| row.started.is_none_or(|started| started <= world.as_of)) {
            let Some(day) = row.day.filter(in_scope) else { continue };
            let start = row.started.map(|started| started.strftime("%Y-%m-%d %H:%M:%S").to_string());
            let run = row.run.map(|run| format!("r{run}")).or(start);
            runs.entry(((row.processor, day), run)).or_default().push(row);
        }
        let mut units: BTreeMap<Key, Vec<Attempt>> = BTreeMap::new();
        for ((key, run), rows) in runs {
            let started = rows.iter().filter_map(|row| row.started).min();
            let counts = started.zip(since).is_none_or(|(started, since)| started >= since);
            if counts && rows.iter().all(|row| row.test != Some(true)) {
                units.entry(key).or_default().push(attempt(world, run, started, &rows));
            }
        }
        for attempts in units.values_mut() {
            attempts.sort_by_key(|attempt| {
                let time = attempt.started.or(attempt.finished);
                let skipped = attempt.state == State::Skipped;
                let end = (attempt.finished.is_some(), Reverse(attempt.finished), attempt.state == State::Success);
                (skipped, time.is_none(), Reverse(time), end, attempt.run.is_none(), Reverse(attempt.run.clone()))
            });
        }
        Self { world, units }
    }

    /// Whether a run that has not ended has taken more than four hours.
    pub(super) fn is_stale(&self, attempt: &Attempt) -> bool {
        let late = |started: DateTime| started.saturating_add(4.hours()) < self.world.as_of;
        attempt.state == State::Running && attempt.started.is_none_or(late)
    }

    pub(super) fn is_unresolved(&self, attempt: &Attempt) -> bool {
        matches!(attempt.state, State::Failed | State::Unknown) || self.is_stale(attempt)
    }

    /// A day is over, or its next morning has come.
    pub(super) fn is_due(&self, output: &str, day: Date) -> bool {
        let hour = if output == "c" { 7 } else { 0 };
        self.world.as_of_local() >= day.tomorrow().expect("a date").at(hour, 0, 0, 0)
    }

    /// The units that the catalogue expects, and whether they are due.
    pub(super) fn expected(&self) -> BTreeMap<Key, bool> {
        let mut units = BTreeMap::new();
        for (day, games) in DAYS {
            for (output, processor) in OUTPUTS.into_iter().filter(|(output, _)| expects(output, day, games)) {
                units.insert((Some(processor), day), self.is_due(output, day));
            }
        }
        units
    }

    /// Each expected unit in its state.
    pub(super) fn states(&self) -> BTreeMap<Key, &'static str> {
        let state = |(key, due): (Key, bool)| {
            let latest = self.units.get(&key).map(|attempts| &attempts[0]);
            let state = match latest.map(|latest| latest.state) {
                Some(State::Success) => "succeeded",
                Some(State::Failed) => "failed",
                Some(State::Unknown) => "unknown",
                Some(State::Running) if latest.is_some_and(|latest| self.is_stale(latest)) => "stale",
                Some(State::Running) => "running",
                _ if !due => "pending",
                Some(State::Skipped) => "skipped",
                None => "never_started",
            };
            (key, state)
        };
        self.expected().into_iter().map(state).collect()
    }
}

fn attempt(world: &World, run: Option<String>, started: Option<DateTime>, rows: &[&Row]) -> Attempt {
    let state = |row: &Row| state_of(world, row);
    let ends = rows.iter().filter(|row| state(row) != State::Running);
    let end = ends.min_by_key(|row| (row.ended.is_none(), Reverse(row.ended), state(row)));
    match end {
        Some(row) => {
            Attempt { run, state: state(row), started, finished: row.ended, counts: row.counts, error: row.error, category: row.category }
        }
        None => Attempt { run, state: State::Running, started, finished: None, counts: [None; 3], error: None, category: None },
    }
}

/// The state that a row speaks of; an end after the question is not known yet.
pub(super) fn state_of(world: &World, row: &Row) -> State {
    match row.status.map(str::to_lowercase).as_deref() {
        _ if row.ended.is_some_and(|ended| ended > world.as_of) => State::Running,
        Some("success" | "done") => State::Success,
        Some("failed") => State::Failed,
        Some("running") => State::Running,
        Some("skipped") => State::Skipped,
        _ => State::Unknown,
    }
}
