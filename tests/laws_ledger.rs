//! The laws of the run ledger, on generated ledgers: what its queries fold is compared with an oracle that reads the same
//! rows, one unit after the other, and shares no code with them.

use std::collections::{BTreeMap, BTreeSet};

use gapgate::model::catalogue::Argument;
use gapgate::model::scope::Scope;
use gapgate::model::table::{Table, Value};
use gapgate::run::{self, Check, Session};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use proptest::test_runner::RngSeed;

use crate::support::{Fixture, LIBRARY, patience};
use oracle::{Attempt, Oracle, State};
use world::{World, worlds};

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 20;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(20_240_310);
    }
    config
}

/// A ledger, and the moment and clock of the question.
mod world {
    use jiff::civil::{Date, DateTime, date};
    use jiff::tz::TimeZone;
    use jiff::{Timestamp, ToSpan};
    use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
    use proptest::sample::select;

    /// Days of two seasons, with their games.
    pub(super) const DAYS: [(Date, i64); 6] = [
        (date(2024, 3, 4), 1),
        (date(2024, 3, 5), 2),
        (date(2024, 3, 7), 1),
        (date(2024, 3, 11), 3),
        (date(2024, 3, 25), 1),
        (date(2024, 3, 26), 1),
    ];

    /// Days of runs: those that some processor expects, a day off, and one outside the seasons.
    const RUN_DAYS: [Date; 6] =
        [date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 7), date(2024, 3, 8), date(2024, 3, 25), date(2023, 3, 7)];

    /// One row of the ledger.
    #[derive(Clone, Debug)]
    pub(super) struct Row {
        pub(super) processor: Option<&'static str>,
        pub(super) run: Option<u8>,
        pub(super) day: Option<Date>,
        pub(super) status: Option<&'static str>,
        pub(super) started: Option<DateTime>,
        pub(super) ended: Option<DateTime>,
        pub(super) test: Option<bool>,
    }

    /// Moments are of the ledger's own clock; `local` says that it is the project's, else it is UTC.
    #[derive(Clone, Debug)]
    pub(super) struct World {
        pub(super) rows: Vec<Row>,
        pub(super) as_of: DateTime,
        pub(super) since: Option<DateTime>,
        pub(super) local: bool,
    }

    /// A moment so many times seven hours into March, so that runs start together now and then.
    fn moment(n: i64, minutes: i64) -> DateTime {
        date(2024, 3, 5).at(0, 0, 0, 0).saturating_add((7 * n).hours()).saturating_add(minutes.minutes())
    }

    pub(super) fn worlds() -> impl Strategy<Value = World> {
        let since = prop_oneof![2 => Just(None), 1 => (0..40i64).prop_map(|n| Some(moment(n, 30)))];
        (prop::collection::vec(runs(), 1..25), 5..110i64, since, any::<bool>()).prop_map(|(runs, n, since, local)| {
            let rows = runs.into_iter().flatten().collect();
            World { rows, as_of: moment(n, 5), since, local }
        })
    }

    /// The rows of a run: one or two, now and then twice.
    fn runs() -> impl Strategy<Value = Vec<Row>> {
        let processor = prop_oneof![15 => select(vec!["A", "B", "C", "Stranger"]).prop_map(Some), 1 => Just(None)];
        let day = prop_oneof![15 => select(RUN_DAYS.to_vec()).prop_map(Some), 1 => Just(None)];
        let words = vec!["success", "SUCCESS", "done", "failed", "Failed", "running", "skipped", "partial"];
        let status = prop_oneof![15 => select(words).prop_map(Some), 1 => Just(None)];
        let started = prop_oneof![15 => (0..60i64).prop_map(Some), 1 => Just(None)];
        let lasts = select(vec![None, Some(0), Some(5), Some(5), Some(300), Some(6000)]);
        let test = select(vec![None, None, None, Some(false), Some(false), Some(true)]);
        let run = prop_oneof![4 => (0..3u8).prop_map(Some), 1 => Just(None)];
        (processor, day, run, status, started, lasts, test, any::<(bool, bool)>()).prop_map(
            |(processor, day, run, status, started, lasts, test, (begins, twice))| {
                let started = started.map(|n| moment(n, 0));
                let ended = lasts.map(|minutes: i64| started.unwrap_or(moment(10, 0)).saturating_add(minutes.minutes()));
                let end = Row { processor, run, day, status, started, ended, test };
                let start = Row { status: Some("running"), ended: None, test: None, ..end.clone() };
                let mut rows = vec![end.clone()];
                rows.extend(begins.then_some(start));
                rows.extend((begins && twice).then_some(end));
                rows
            },
        )
    }

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").expect("a zone")
    }

    impl World {
        /// A moment of the ledger's clock in UTC.
        pub(super) fn instant(&self, moment: DateTime) -> Timestamp {
            let zone = if self.local { zone() } else { TimeZone::UTC };
            zone.to_ambiguous_zoned(moment).compatible().expect("a moment").timestamp()
        }

        /// The as-of moment by the project's clock.
        pub(super) fn as_of_local(&self) -> DateTime {
            self.instant(self.as_of).to_zoned(zone()).datetime()
        }

        pub(super) fn toml(&self) -> String {
            let zone = if self.local { "timezone = \"America/New_York\"\n" } else { "" };
            format!("{PROJECT}{zone}")
        }

        pub(super) fn sql(&self) -> String {
            let text = |value: Option<String>| value.map_or("null".to_owned(), |value| format!("'{value}'"));
            let row = |row: &Row| {
                let run = text(row.run.map(|run| format!("r{run}")));
                let (processor, status) = (text(row.processor.map(str::to_owned)), text(row.status.map(str::to_owned)));
                let (started, ended) = (text(row.started.map(|t| t.to_string())), text(row.ended.map(|t| t.to_string())));
                let (day, test) = (text(row.day.map(|day| day.to_string())), text(row.test.map(|test| test.to_string())));
                format!("insert into runs values ({processor}, {run}, {day}, {status}, {started}, {ended}, {test});\n")
            };
            let days = DAYS.map(|(day, games)| format!("insert into days values ('{day}', {games});\n")).concat();
            SCHEMA.to_owned() + &days + &self.rows.iter().map(row).collect::<String>()
        }
    }

    const SCHEMA: &str = "create table days (day date, games integer);\ncreate table rows_of (day date, model varchar);\n\
        create table runs (processor varchar, run varchar, day date, status varchar, started timestamp, ended timestamp, test boolean);\n";

    const PROJECT: &str = r#"
[project]
name = "ledger"
timezone = "America/New_York"
[targets.local]
engine = "duckdb"
load = "warehouse/"
threads = 1
[seasons]
one = { start = 2024-03-01, end = 2024-03-17 }
two = { start = 2024-03-25, end = 2024-03-31 }
[spines.days]
table = "days"
key = { day = "date" }
weights = { games = "sum(games)" }
[spines.models]
values = { model = ["elo", "forest"] }
[spines.forecasts]
cross = ["models", "days"]
[outputs]
a = { stage = "all", table = "rows_of", spine = "days", processor = "A" }
b1 = { stage = "all", table = "rows_of", spine = "days", processor = "B", not_expected = { first_keys = 1 } }
b2 = { stage = "all", table = "rows_of", spine = "forecasts", processor = "B", not_expected = { dates = [2024-03-04, 2024-03-07] } }
c = { stage = "all", table = "rows_of", spine = "days", processor = "C", not_expected = { where = "games > 1" }, expected_by = "1 day 07:00" }
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success", "done"], failed = ["failed"], running = ["running"], skipped = ["skipped"] }
started = "started"
finished = "ended"
exclude = "test"
"#;
}

/// What the ledger says, worked out unit by unit.
mod oracle {
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
    }

    impl Attempt {
        pub(super) fn ended(&self) -> Option<DateTime> {
            self.finished.or(self.started)
        }
    }

    pub(super) type Key = (Option<&'static str>, Date);

    /// The attempts of each unit, the one that decides it first.
    pub(super) struct Oracle<'a> {
        world: &'a World,
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

        /// The units that the catalogue expects, and whether they are due.
        pub(super) fn expected(&self) -> BTreeMap<Key, bool> {
            let now = self.world.as_of_local();
            let mut units = BTreeMap::new();
            for (day, games) in DAYS {
                let tomorrow = day.tomorrow().expect("a date");
                let of_day = now >= tomorrow.at(0, 0, 0, 0);
                units.insert((Some("A"), day), of_day);
                // Two outputs: the first season's opening day is expected by neither, the third day by one.
                if day != date(2024, 3, 4) {
                    units.insert((Some("B"), day), of_day);
                }
                if games == 1 {
                    units.insert((Some("C"), day), now >= tomorrow.at(7, 0, 0, 0));
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
        let unknown_yet = |row: &Row| row.ended.is_some_and(|ended| ended > world.as_of);
        let state = |row: &Row| match row.status.map(str::to_lowercase).as_deref() {
            _ if unknown_yet(row) => State::Running,
            Some("success" | "done") => State::Success,
            Some("failed") => State::Failed,
            Some("running") => State::Running,
            Some("skipped") => State::Skipped,
            _ => State::Unknown,
        };
        let ends = rows.iter().filter(|row| state(row) != State::Running);
        let end = ends.min_by_key(|row| (row.ended.is_none(), Reverse(row.ended), state(row)));
        match end {
            Some(row) => Attempt { run, state: state(row), started, finished: row.ended },
            None => Attempt { run, state: State::Running, started, finished: None },
        }
    }
}

struct Asked<'a> {
    session: Session<'a>,
    since: Option<String>,
}

impl Asked<'_> {
    /// The rows of a query in the scope of this run.
    fn rows(&self, query: &str, more: &[(&str, Argument)]) -> Table {
        let query = LIBRARY.query(query).expect("it is shipped");
        let since = self.since.iter().filter(|_| query.params.contains_key("since"));
        let since = since.map(|since| ("since".to_owned(), Argument::Text(since.clone())));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let check = Check { query, args: since.chain(more).collect(), declared: String::new() };
        let report = run::single(&self.session, &check).expect("no interrupt");
        report.rows.unwrap_or_else(|| panic!("{:?}", report.findings))
    }

    /// Some columns of a query as text, every row of it.
    fn texts(&self, query: &str, columns: &[&str]) -> BTreeSet<Vec<String>> {
        let table = self.rows(query, &[]);
        let at: Vec<usize> = columns.iter().map(|column| table.position(column).expect("a column")).collect();
        let found: BTreeSet<Vec<String>> = table.rows().map(|row| at.iter().map(|at| row[*at].to_string()).collect()).collect();
        assert_eq!(found.len(), table.len(), "{query} lists a row twice");
        found
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(|| Value::Null.to_string(), |value| value.to_string())
}

fn key_text(key: &oracle::Key) -> Vec<String> {
    vec![text(key.0), key.1.to_string()]
}

/// The units for which something holds of their attempts, the deciding one first, with what is said of each.
fn units(oracle: &Oracle<'_>, say: impl Fn(&[Attempt]) -> Option<Vec<String>>) -> BTreeSet<Vec<String>> {
    let unit = |(key, attempts): (&oracle::Key, &Vec<Attempt>)| Some([key_text(key), say(attempts)?].concat());
    oracle.units.iter().filter_map(unit).collect()
}

fn count(attempts: &[Attempt], holds: impl Fn(&Attempt) -> bool) -> String {
    attempts.iter().filter(|attempt| holds(attempt)).count().to_string()
}

fn name(state: State) -> String {
    format!("{state:?}").to_lowercase()
}

/// Counts of the expected units by state, for each value of `of`.
fn counted<K: Ord>(oracle: &Oracle<'_>, of: impl Fn(&oracle::Key) -> K) -> BTreeMap<K, BTreeMap<&'static str, i64>> {
    let mut counts: BTreeMap<K, BTreeMap<&'static str, i64>> = BTreeMap::new();
    for (key, state) in oracle.states() {
        *counts.entry(of(&key)).or_default().entry(state).or_default() += 1;
    }
    counts
}

fn open(world: &World) -> (Fixture, Scope) {
    let fixture = Fixture::new(&world.toml(), &world.sql());
    let scope = fixture.scope(&world.instant(world.as_of).to_string());
    (fixture, scope)
}

fn asked<'a>(world: &World, fixture: &'a Fixture, scope: &'a Scope) -> Asked<'a> {
    let session = Session::new(&fixture.project, &LIBRARY, scope, fixture.warehouse.as_ref(), patience());
    Asked { session, since: world.since.map(|since| world.instant(since).to_string()) }
}

proptest! {
    #![proptest_config(config())]

    /// Law 6, and what each folding query says of a unit: retries, repeated rows, words in other letters, rows that are
    /// not known yet and rows in any order change nothing that they should not.
    #[test]
    fn what_is_folded_is_what_the_rows_say(world in worlds()) {
        let (fixture, scope) = open(&world);
        let asked = asked(&world, &fixture, &scope);
        let oracle = Oracle::new(&world, world.since);
        let is = |state: State| move |attempt: &Attempt| attempt.state == state;

        let unresolved = units(&oracle, |attempts| {
            let tried = count(attempts, |attempt| attempt.state != State::Skipped);
            let before = attempts.iter().any(is(State::Success));
            oracle.is_unresolved(&attempts[0]).then(|| vec![name(attempts[0].state), tried, before.to_string()])
        });
        prop_assert_eq!(&asked.texts("failure/unresolved", &["processor", "day", "state", "attempts", "succeeded_before"]), &unresolved);

        let failed = |attempt: &Attempt| matches!(attempt.state, State::Failed | State::Unknown);
        let regressions = units(&oracle, |attempts| (failed(&attempts[0]) && attempts.iter().any(is(State::Success))).then(Vec::new));
        prop_assert_eq!(asked.texts("failure/regressions", &["processor", "day"]), regressions);

        let settled = units(&oracle, |attempts| {
            (attempts[0].state == State::Success && attempts.iter().any(failed)).then(|| vec![count(attempts, failed)])
        });
        prop_assert_eq!(asked.texts("failure/stale_records", &["processor", "day", "failed_attempts"]), settled);

        let tries = units(&oracle, |attempts| {
            let since_success = attempts.iter().take_while(|attempt| attempt.state != State::Success);
            let failures = since_success.filter(|attempt| attempt.state != State::Skipped).count();
            oracle.is_unresolved(&attempts[0]).then(|| vec![failures.to_string(), (failures >= 3).to_string()])
        });
        prop_assert_eq!(asked.texts("recovery/units", &["processor", "day", "failures", "exhausted"]), tries);

        let stale = oracle.units.iter().flat_map(|(key, attempts)| {
            let stale = attempts.iter().enumerate().filter(|(_, attempt)| oracle.is_stale(attempt));
            stale.map(|(place, attempt)| [key_text(key), vec![text(attempt.run.clone()), (place > 0).to_string()]].concat()).collect::<Vec<_>>()
        });
        prop_assert_eq!(asked.texts("ledger/stale_runs", &["processor", "day", "run", "superseded"]), stale.collect::<BTreeSet<_>>());

        let ever = Oracle::new(&world, None);
        let under_way = ever.units.iter().flat_map(|(key, attempts)| {
            let running = attempts.iter().filter(|attempt| attempt.state == State::Running && !ever.is_stale(attempt));
            running.map(|attempt| [key_text(key), vec![text(attempt.run.clone())]].concat()).collect::<Vec<_>>()
        });
        prop_assert_eq!(asked.texts("ledger/in_flight", &["processor", "day", "run"]), under_way.collect::<BTreeSet<_>>());
    }

    /// Each expected unit is in one state, whoever counts; and the lists of what is left are exactly what is left.
    #[test]
    fn what_is_expected_is_counted_once(world in worlds()) {
        let (fixture, scope) = open(&world);
        let asked = asked(&world, &fixture, &scope);
        let oracle = Oracle::new(&world, world.since);
        let states = oracle.states();

        let by_date = asked.rows("failure/by_date", &[]);
        let columns = ["succeeded", "failed", "unknown", "stale", "running", "skipped", "never_started", "pending"];
        let expected = counted(&oracle, |key| key.1);
        prop_assert_eq!(by_date.len(), expected.len());
        for (row, (day, counts)) in by_date.rows().zip(&expected) {
            let at = |column: &str| &row[by_date.position(column).expect("a column")];
            prop_assert_eq!(at("day"), &Value::Date(*day));
            for column in columns {
                prop_assert_eq!(at(column).as_int(), Some(counts.get(column).copied().unwrap_or(0)), "{} {}", day, column);
            }
            prop_assert_eq!(at("expected").as_int(), Some(counts.values().sum::<i64>()));
        }

        let by_processor = counted(&oracle, |key| key.0);
        let ended = |processor: Option<&str>, counts: &dyn Fn(&Attempt) -> bool| {
            let of = oracle.units.iter().filter(|(key, _)| key.0 == processor && states.contains_key(*key));
            of.flat_map(|(_, attempts)| attempts).filter(|attempt| counts(attempt)).count()
        };
        let rates = by_processor.iter().map(|(processor, counts)| {
            let due: i64 = counts.iter().filter(|(state, _)| **state != "pending").map(|(_, count)| count).sum();
            let done = counts.get("succeeded").copied().unwrap_or(0);
            let attempts = ended(*processor, &|attempt| attempt.state == State::Success || oracle.is_unresolved(attempt));
            let successes = ended(*processor, &|attempt| attempt.state == State::Success);
            vec![text(*processor), due.to_string(), done.to_string(), attempts.to_string(), successes.to_string()]
        });
        let columns = ["processor", "due", "succeeded", "attempts", "succeeded_attempts"];
        prop_assert_eq!(asked.texts("failure/by_processor", &columns), rates.collect::<BTreeSet<_>>());

        let never = states.iter().filter(|(_, state)| **state == "never_started").map(|(key, _)| key_text(key));
        let never: BTreeSet<Vec<String>> = never.collect();
        let listed = asked.texts("recovery/never_attempted", &["processor", "day"]);
        prop_assert_eq!(&listed, &never);
        let unresolved = asked.texts("recovery/units", &["processor", "day"]);
        prop_assert_eq!(unresolved.intersection(&listed).count(), 0);
        let known = |key: &&Vec<String>| ["A", "B", "C"].contains(&key[0].as_str());
        let days: BTreeSet<Vec<String>> = unresolved.iter().filter(known).chain(&listed).map(|key| vec![key[1].clone()]).collect();
        prop_assert_eq!(asked.texts("recovery/dates", &["day"]), days);
    }

    /// A unit is completed once, in the hour of its first success, and the hours add up to the units.
    #[test]
    fn a_unit_is_completed_once(world in worlds()) {
        let (fixture, scope) = open(&world);
        let asked = asked(&world, &fixture, &scope);
        let oracle = Oracle::new(&world, world.since);
        let expected = oracle.expected();
        let known = |key: &oracle::Key| ["A", "B", "C"].map(Some).contains(&key.0);
        let mut completed: BTreeMap<(Option<&str>, DateTime), i64> = BTreeMap::new();
        for (key, attempts) in oracle.units.iter().filter(|(key, _)| expected.contains_key(*key)) {
            let ends = attempts.iter().filter(|attempt| attempt.state == State::Success).filter_map(Attempt::ended);
            if let Some(first) = ends.min() {
                let hour = first.with().minute(0).second(0).build().expect("an hour");
                *completed.entry((key.0, hour)).or_default() += 1;
            }
        }
        let hours = 1 + world.as_of.duration_since(date_of_first(&world)).as_hours();
        let table = asked.rows("progress/throughput", &[("hours", Argument::Int(hours))]);
        let silent = !oracle.units.keys().any(known);
        prop_assert_eq!(table.len(), if silent { 0 } else { 3 * usize::try_from(hours).expect("hours") });
        let mut total: BTreeMap<String, i64> = BTreeMap::new();
        for row in table.rows() {
            let Value::Timestamp(hour) = &row[1] else { panic!("{row:?}") };
            let processor = ["A", "B", "C"].into_iter().find(|name| row[0].as_text() == Some(name));
            prop_assert_eq!(row[2].as_int(), Some(completed.get(&(processor, **hour)).copied().unwrap_or(0)), "{} {}", row[0], hour);
            let sum = total.entry(row[0].to_string()).or_default();
            *sum += row[2].as_int().expect("a number");
            prop_assert_eq!(row[4].as_int(), Some(*sum));
        }
        prop_assert_eq!(total.values().sum::<i64>(), completed.values().sum::<i64>());
    }
}

/// Before every run.
fn date_of_first(world: &World) -> DateTime {
    let first = world.rows.iter().filter_map(|row| row.started.or(row.ended)).min().unwrap_or(world.as_of);
    let day: Date = first.date();
    day.at(0, 0, 0, 0).min(world.as_of).saturating_sub(1.hours())
}
