//! How far outputs are, how fast, and until when: arithmetic on what the rows and the run ledger say.
//!
//! What is done and what remains is told by the rows alone; the ledger tells the pace, and what is under way.

mod polls;

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::coverage::{Class, Coverage, KeyState};
use super::rule::count;
use super::span;
use super::verdict::Verdict;

pub use polls::Polls;

/// Failures since the latest success above which a processor is not expected to go on by itself.
const FAILURES: u64 = 3;

/// How many times as long as usual a key may take before its output counts as stalled.
const USUAL: u64 = 5;

/// What can be said of an output as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing remains, and nothing is wrong.
    Complete,
    /// Keys remain, and some were completed lately.
    UnderWay,
    /// Keys remain, and none was completed for some time.
    Stalled,
    /// Keys remain, and nothing is known of the pace.
    Open,
    /// No key remains to be run, but the output is not as it should be.
    Faulty,
    /// It could not be judged.
    Undecided,
}

impl State {
    /// The words that name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::UnderWay => "under way",
            Self::Stalled => "stalled",
            Self::Open => "open",
            Self::Faulty => "faulty",
            Self::Undecided => "undecided",
        }
    }
}

/// Keys of a spine by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Due, and as they should be.
    pub done: u64,
    /// Due, and to be run.
    pub remaining: u64,
    /// Both together.
    pub total: u64,
    /// Not due yet.
    pub pending: u64,
    /// Faulty, and accepted by a waiver.
    pub waived: u64,
    /// Declared not to be expected.
    pub not_expected: u64,
}

impl Counts {
    /// What an output holds of what it should.
    pub fn of(coverage: &Coverage) -> Self {
        let (pending, waived) = (coverage.count(Class::Pending), coverage.count(Class::Waived));
        let total = coverage.expected.saturating_sub(pending.saturating_add(waived));
        let remaining = u64::try_from(coverage.repairs().count()).unwrap_or(u64::MAX);
        let not_expected = coverage.count(Class::NotExpected);
        Self { done: total.saturating_sub(remaining), remaining, total, pending, waived, not_expected }
    }

    /// The share that is done, in percent and never rounded up; `None` of nothing.
    pub fn percent(&self) -> Option<u64> {
        u64::try_from((100 * u128::from(self.done)).checked_div(u128::from(self.total))?).ok()
    }

    fn add(self, other: Self) -> Self {
        Self {
            done: self.done.saturating_add(other.done),
            remaining: self.remaining.saturating_add(other.remaining),
            total: self.total.saturating_add(other.total),
            pending: self.pending.saturating_add(other.pending),
            waived: self.waived.saturating_add(other.waived),
            not_expected: self.not_expected.saturating_add(other.not_expected),
        }
    }
}

/// What the run ledger says of a processor. Spans are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Units, a date each, that remain by its own word.
    pub remaining: u64,
    /// Units that it completed for the first time within the window.
    pub completed: u64,
    /// The window; `None` if it never ran.
    pub window: Option<u64>,
    /// The end of its latest success, on the ledger's clock.
    pub last_success: Option<DateTime>,
    /// How long ago that was.
    pub age: Option<u64>,
    /// How long ago it completed a unit for the first time, or first ran.
    pub idle: Option<u64>,
    /// Its runs under way.
    pub running: u64,
    /// How often it failed since its latest success.
    pub failures: u64,
}

impl Pulse {
    /// Why nothing more is expected of it, if so.
    fn stall(&self, patience: u64) -> Option<String> {
        let idle = self.idle.or(self.age)?;
        let busy = self.window.map(|window| window.saturating_sub(idle));
        let usual = busy.and_then(|busy| busy.checked_div(self.completed)).unwrap_or(0);
        if idle >= patience.max(USUAL * usual) {
            let runs = match usize::try_from(self.running).unwrap_or(usize::MAX) {
                0 => "no run".to_owned(),
                running => count(running, "run"),
            };
            return Some(format!("nothing completed for {}, {runs} under way", span::show(idle)));
        }
        (self.failures > FAILURES).then(|| format!("{} failures since its last success", self.failures))
    }
}

/// Where a pace was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the run ledger.
    Ledger,
    /// In the rows themselves, from poll to poll.
    Polls,
}

/// How fast an output is completed, idle hours included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Keys an hour.
    pub per_hour: f64,
    /// Seconds until the last key is done.
    pub seconds_left: u64,
    /// Where it was seen.
    pub source: Source,
}

impl Pace {
    /// The pace at which so many units took so many seconds, for `units` with `keys` that remain. `None` where nothing was
    /// completed, or in no time.
    fn new(completed: u64, seconds: u64, units: u64, keys: u64, source: Source) -> Option<Self> {
        if completed == 0 || seconds == 0 || units == 0 {
            return None;
        }
        let left = units as f64 * seconds as f64 / completed as f64;
        Some(Self { per_hour: 3600.0 * keys as f64 / left, seconds_left: left.ceil() as u64, source })
    }
}

/// How far one output is.
#[derive(Clone, Debug)]
pub struct OutputProgress {
    /// Its name.
    pub output: String,
    /// Its stage.
    pub stage: String,
    /// Who fills it, where there is a run ledger.
    pub processor: Option<String>,
    /// Its keys; `None` where they could not be counted.
    pub counts: Option<Counts>,
    /// The verdict on its coverage.
    pub verdict: Verdict,
    /// What can be said of it.
    pub state: State,
    /// Why it is stalled, faulty or undecided.
    pub reason: Option<String>,
    /// What the run ledger says.
    pub pulse: Option<Pulse>,
    /// Its pace, unless it is unknown or nothing remains.
    pub pace: Option<Pace>,
}

impl OutputProgress {
    /// What the rows and the run ledger say of an output. It is stalled once nothing was completed for `patience` seconds.
    pub fn of(coverage: &Coverage, processor: Option<&str>, pulse: Option<Pulse>, patience: u64) -> Self {
        // Rows of keys that the spine does not have are no answer to how much there should be.
        let counts = (coverage.expected + coverage.count(Class::NotExpected) > 0).then(|| Counts::of(coverage));
        let remaining = counts.map_or(0, |counts| counts.remaining);
        let verdict = coverage.verdict();
        let worst = coverage.findings.iter().find(|finding| finding.verdict == verdict).map(|finding| finding.message.clone());
        let stall = pulse.as_ref().filter(|_| remaining > 0).and_then(|pulse| pulse.stall(patience));
        let has_run = pulse.as_ref().is_some_and(|pulse| pulse.idle.or(pulse.age).is_some());
        let (state, reason) = match () {
            () if verdict == Verdict::Undecided => (State::Undecided, worst),
            () if remaining == 0 && verdict == Verdict::Fail => (State::Faulty, worst),
            () if remaining == 0 => (State::Complete, None),
            () if stall.is_some() => (State::Stalled, stall),
            () if has_run => (State::UnderWay, None),
            () => (State::Open, None),
        };
        let settled = pulse.as_ref().is_some_and(|pulse| pulse.remaining == 0 && has_run);
        let reason = match reason {
            Some(reason) if state == State::Stalled && settled => Some(format!("{reason}; the run ledger counts all of it as done")),
            reason => reason,
        };
        let own = |pulse: &Pulse| Pace::new(pulse.completed, pulse.window?, dates(coverage), remaining, Source::Ledger);
        let pace = pulse.as_ref().filter(|_| state == State::UnderWay).and_then(own);
        let (output, stage) = (coverage.output.clone(), coverage.stage.clone());
        Self { output, stage, processor: processor.map(str::to_owned), counts, verdict, state, reason, pulse, pace }
    }

    fn remaining(&self) -> u64 {
        self.counts.map_or(0, |counts| counts.remaining)
    }
}

/// The distinct dates of the keys that remain: a processor does all keys of a date at once.
fn dates(coverage: &Coverage) -> u64 {
    let dates: BTreeSet<Date> = coverage.repairs().filter_map(KeyState::date).collect();
    u64::try_from(dates.len()).unwrap_or(u64::MAX)
}

/// Several outputs together.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum<'a> {
    /// What they are together.
    pub name: &'a str,
    /// Their keys; `None` where some could not be counted.
    pub counts: Option<Counts>,
    /// Keys an hour of all that have some left; `None` where that is not known of each.
    pub per_hour: Option<f64>,
    /// Seconds until the slowest is done; `None` where that is not known of each.
    pub seconds_left: Option<u64>,
    /// The slowest, or the first of which nobody knows when it will be done.
    pub decides: Option<&'a str>,
}

/// These outputs as one: the slowest decides.
fn sum<'a>(name: &'a str, outputs: impl Iterator<Item = &'a OutputProgress> + Clone) -> Sum<'a> {
    let counts = outputs.clone().map(|output| output.counts).reduce(|a, b| Some(a?.add(b?))).flatten();
    let open = outputs.filter(|output| output.state != State::Complete);
    let unknown = open.clone().find(|output| output.pace.is_none());
    let slowest = open.clone().filter_map(|output| Some((output.pace?.seconds_left, output))).max_by_key(|(left, _)| *left);
    let known = unknown.is_none();
    Sum {
        name,
        counts,
        per_hour: slowest.filter(|_| known).map(|_| open.filter_map(|output| output.pace).map(|pace| pace.per_hour).sum()),
        seconds_left: if known { Some(slowest.map_or(0, |(left, _)| left)) } else { None },
        decides: unknown.or(slowest.map(|(_, output)| output)).map(|output| output.output.as_str()),
    }
}

/// What a gate says once its outputs are complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateAnswer {
    /// Its name.
    pub gate: String,
    /// Its verdict, that of the gates which it requires included.
    pub verdict: Verdict,
    /// Why it does not go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far outputs are at one moment.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The outputs in the order of their stages.
    pub outputs: Vec<OutputProgress>,
    /// The gates that were asked, which they are once every output is complete.
    pub gates: Vec<GateAnswer>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Progress {
    /// The worst of the outputs and gates. Of nothing it is undecided.
    pub fn verdict(&self) -> Verdict {
        let gates = self.gates.iter().map(|gate| gate.verdict);
        let worst = self.outputs.iter().map(|output| output.verdict).max().unwrap_or(Verdict::Undecided);
        gates.chain([worst]).max().unwrap_or(worst)
    }

    /// Whether not one output could be counted.
    pub fn sees_nothing(&self) -> bool {
        self.outputs.iter().all(|output| output.counts.is_none())
    }

    /// The first reason of an output that is stalled, faulty or undecided.
    pub fn reason(&self) -> &str {
        self.outputs.iter().find_map(|output| output.reason.as_deref()).unwrap_or("there is no output")
    }

    /// Whether every output holds all that it should. What gates say beyond that is not asked.
    pub fn is_filled(&self) -> bool {
        !self.outputs.is_empty() && self.outputs.iter().all(|output| output.state == State::Complete)
    }

    /// The stages, each as one.
    pub fn stages(&self) -> Vec<Sum<'_>> {
        let mut names: Vec<&str> = self.outputs.iter().map(|output| output.stage.as_str()).collect();
        names.dedup();
        names.into_iter().map(|name| sum(name, self.outputs.iter().filter(move |output| output.stage == name))).collect()
    }

    /// Everything as one.
    pub fn whole(&self) -> Sum<'_> {
        sum("all", self.outputs.iter())
    }
}
