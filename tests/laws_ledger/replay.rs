//! Ledgers of backfills that are over, asked as of moments when they were not: what was said then of the end is held
//! against the end.

use std::fmt::Write as _;

use gapgate::model::progress::{Progress, State};
use gapgate::model::scope::Scope;
use gapgate::run::Session;
use gapgate::run::progress::{Wanted, progress};
use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::config;
use crate::support::{Fixture, LIBRARY, patience};

/// Shares of a backfill that are done when the question is asked, in percent.
const MOMENTS: [usize; 4] = [10, 25, 50, 90];

/// Units of a backfill: a tenth of them is enough to judge a pace by.
const UNITS: usize = 600;

const PROCESSORS: [&str; 3] = ["P", "Q", "R"];

/// How a processor works. Steady, but every run takes another time, some fail and are tried again, some are repeated for
/// nothing, and now and then nothing runs.
#[derive(Clone, Debug)]
struct Worker {
    /// Seconds of a run.
    pace: i64,
    /// Of a hundred runs, so many fail.
    failing: u64,
    /// What failed is tried again at once, or once all else is done.
    at_once: bool,
    /// After so many runs nothing runs for as long as some of them take.
    rest: (usize, i64),
    /// Units that were done long before, at another pace.
    before: usize,
    seed: u64,
}

fn workers() -> impl Strategy<Value = Worker> {
    let before = prop_oneof![Just(0usize), Just(200)];
    (40..900i64, 0..6u64, any::<bool>(), (5..12usize, 0..5i64), before, 1..u64::MAX)
        .prop_map(|(pace, failing, at_once, rest, before, seed)| Worker { pace, failing, at_once, rest, before, seed })
}

/// One run: its unit, when it began and ended, and whether it succeeded.
type Run = (usize, DateTime, DateTime, bool);

fn beginning() -> DateTime {
    date(2024, 3, 1).at(6, 0, 0, 0)
}

impl Worker {
    /// A number below `most`.
    fn chance(&mut self, most: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) % most
    }

    fn runs(mut self) -> Vec<Run> {
        let earlier = |unit: usize| {
            let start = date(2024, 1, 5).at(0, 0, 0, 0).saturating_add((7 * i64::try_from(unit).expect("small")).seconds());
            (unit, start, start.saturating_add(6.seconds()), true)
        };
        let mut runs: Vec<Run> = (0..self.before).map(earlier).collect();
        let mut queue: std::collections::VecDeque<usize> = (self.before..self.before + UNITS).collect();
        let (mut now, mut number) = (beginning(), 0);
        while let Some(unit) = queue.pop_front() {
            number += 1;
            let seconds = self.pace * (70 + i64::try_from(self.chance(61)).expect("small")) / 100;
            let end = now.saturating_add(seconds.seconds());
            let (fails, again) = (self.chance(100) < self.failing, self.chance(100) < 3);
            runs.push((unit, now, end, !fails));
            now = end.saturating_add(1.second());
            match fails {
                true if self.at_once => queue.push_front(unit),
                true => queue.push_back(unit),
                false if again => {
                    runs.push((unit, now, now.saturating_add(seconds.seconds()), true));
                    now = now.saturating_add(seconds.seconds());
                }
                false => {}
            }
            if number % self.rest.0 == 0 {
                now = now.saturating_add((self.pace * self.rest.1).seconds());
            }
        }
        runs
    }
}

/// When each unit of the backfill was first done, in order.
fn completions(runs: &[Run]) -> Vec<DateTime> {
    let mut first: std::collections::BTreeMap<usize, DateTime> = std::collections::BTreeMap::new();
    for (unit, _, end, _) in runs.iter().filter(|run| run.3 && run.1 >= beginning()) {
        let known = first.entry(*unit).or_insert(*end);
        *known = (*known).min(*end);
    }
    let mut ends: Vec<DateTime> = first.into_values().collect();
    ends.sort_unstable();
    ends
}

/// What every processor ran, and the moments at which the question is asked.
struct Replay {
    runs: Vec<Vec<Run>>,
    moments: Vec<DateTime>,
    before: Vec<usize>,
}

impl Replay {
    fn of(workers: &[Worker]) -> Self {
        let before = workers.iter().map(|worker| worker.before).collect();
        let runs: Vec<Vec<Run>> = workers.iter().cloned().map(Worker::runs).collect();
        let slowest = runs.iter().map(|runs| completions(runs)).max_by_key(|ends| ends.last().copied()).expect("a worker");
        let moments = MOMENTS.iter().map(|percent| slowest[slowest.len() * percent / 100 - 1].saturating_add(20.seconds())).collect();
        Self { runs, moments, before }
    }

    /// An output for each processor and moment, which holds what was done by then.
    fn open(&self) -> Fixture {
        let mut toml = PROJECT.to_owned();
        let mut sql = "create table runs (processor varchar, run varchar, day date, status varchar, started timestamp, ended timestamp);\n\
                       insert into runs values\n"
            .to_owned();
        let mut rows = Vec::new();
        for (processor, runs) in PROCESSORS.iter().zip(&self.runs) {
            let row = |(at, (unit, start, end, succeeds)): (usize, &Run)| {
                let day = day(*unit);
                let status = if *succeeds { "success" } else { "failed" };
                format!("('{processor}', '{at}', '{day}', '{status}', '{start}', '{end}')")
            };
            rows.extend(runs.iter().enumerate().map(row));
        }
        let _ = writeln!(sql, "{};", rows.join(",\n"));
        for (number, (processor, before)) in PROCESSORS.iter().zip(&self.before).enumerate() {
            let units = before + UNITS;
            let last = day(units - 1);
            let _ = writeln!(
                sql,
                "create table days_{processor} as select cast(unnest(range(date '2021-01-01', date '{last}' + 1, interval 1 day)) as date) as day;"
            );
            let _ = writeln!(toml, "[spines.{processor}]\ntable = \"days_{processor}\"\nkey = {{ day = \"date\" }}");
            for (at, moment) in self.moments.iter().enumerate() {
                let table = format!("held_{number}_{at}");
                let _ = writeln!(
                    sql,
                    "create table {table} as select distinct day from runs where processor = '{processor}' and status = 'success' and ended <= timestamp '{moment}';"
                );
                let _ = writeln!(
                    toml,
                    "[outputs.{processor}{at}]\nstage = \"all\"\ntable = \"{table}\"\nspine = \"{processor}\"\nprocessor = \"{processor}\""
                );
            }
        }
        Fixture::new(&toml, &sql)
    }

    /// What is said at one of the moments, so much later.
    fn ask(&self, fixture: &Fixture, at: usize, later: SignedDuration) -> Progress {
        let as_of = self.moments[at].saturating_add(later);
        let scope = Scope { as_of, ..fixture.scope("2024-03-01") };
        let session = Session::new(&fixture.project, &LIBRARY, &scope, fixture.warehouse.as_ref(), patience());
        let outputs = PROCESSORS.iter().take(self.runs.len()).map(|processor| format!("{processor}{at}")).collect();
        progress(&session, &Wanted { outputs, since: None, patience: 600 }).expect("no interrupt")
    }
}

fn day(unit: usize) -> jiff::civil::Date {
    date(2021, 1, 1).saturating_add(i64::try_from(unit).expect("small").days())
}

const PROJECT: &str = r#"
[project]
name = "replay"
[targets.local]
engine = "duckdb"
load = "warehouse/"
[seasons]
all = { start = 2021-01-01, end = 2023-12-31 }
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"] }
started = "started"
finished = "ended"
"#;

/// By how much of the truth an estimate is off.
fn error(said: u64, truth: i64) -> f64 {
    (said as f64 - truth as f64).abs() / truth as f64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 2, ..config() })]

    /// Once a tenth is done, the end is known to 15% of the time that is left: of each output, and of all by the slowest.
    #[test]
    fn the_end_is_known_once_a_tenth_is_done(workers in prop::collection::vec(workers(), 3)) {
        let replay = Replay::of(&workers);
        let fixture = replay.open();
        for (at, moment) in replay.moments.iter().enumerate() {
            let progress = replay.ask(&fixture, at, SignedDuration::ZERO);
            let mut last = 0;
            for (output, runs) in progress.outputs.iter().zip(&replay.runs) {
                let ends = completions(runs);
                let (done, left) = (ends.partition_point(|end| end <= moment), ends.iter().filter(|end| *end > moment).count());
                prop_assert_eq!(output.counts.map(|counts| counts.remaining), Some(left as u64), "{:?}", output);
                let truth = moment.duration_until(*ends.last().expect("units")).as_secs();
                if left == 0 {
                    prop_assert_eq!(output.state, State::Complete);
                    continue;
                }
                // Of less than a tenth nothing is claimed, nor of the last few, which can be one failure.
                if done * 10 < UNITS || left * 20 < UNITS {
                    continue;
                }
                last = last.max(truth);
                let said = output.pace.map(|pace| pace.seconds_left);
                prop_assert!(said.is_some_and(|said| error(said, truth) <= 0.15), "{} at {moment}: {said:?}, not {truth} s", output.output);
            }
            let (whole, slowest) = (progress.whole(), last);
            prop_assert!(whole.seconds_left.is_some_and(|said| error(said, slowest) <= 0.15), "{whole:?}, not {slowest} s");
            prop_assert_eq!(&progress.stages()[0].seconds_left, &whole.seconds_left);
        }
    }

    /// A backfill that stops has no end, whatever its pace was; one that rests as it always did goes on.
    #[test]
    fn a_stop_is_a_stall(worker in workers()) {
        let mut replay = Replay::of(std::slice::from_ref(&worker));
        for runs in &mut replay.runs {
            runs.retain(|run| run.2 <= replay.moments[2]);
        }
        let fixture = replay.open();
        let usual = 2 * worker.pace;
        for (later, stalls) in [(20, false), (usual.min(500), false), (10 * usual + 700, true), (86_400 * 3, true)] {
            let progress = replay.ask(&fixture, 2, SignedDuration::from_secs(later));
            let output = &progress.outputs[0];
            prop_assert_eq!(output.state, if stalls { State::Stalled } else { State::UnderWay }, "{} s later: {:?}", later, output);
            prop_assert_eq!(output.pace.is_none(), stalls);
            prop_assert_eq!(progress.whole().seconds_left.is_none(), stalls);
        }
    }
}
