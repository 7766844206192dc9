//! The laws of the run ledger, on generated ledgers: what its queries fold is compared with an oracle that reads the same
//! rows, one unit after the other, and shares no code with them.

mod damage;
mod failures;
mod held;
mod oracle;
mod pace;
mod replay;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use gapgate::model::catalogue::Argument;
use gapgate::model::scope::Scope;
use gapgate::model::table::{Table, Value};
use gapgate::run::{self, Check, Session};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use proptest::prelude::{ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::{RngSeed, TestCaseError};

use crate::laws::asked::{Answer, ask, assert_damage_reaches};
use crate::support::{Fixture, LIBRARY, patience};
use damage::{Damaged, KINDS, damaged_worlds};
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

/// A question with the moment since when runs count, if the world has one.
fn since(world: &World, query: &'static str, args: &[(&'static str, &str)], lines: Vec<String>) -> Answer {
    let since = world.since.map(|since| world.instant(since).to_string());
    let since = since.iter().map(|since| ("since", since.as_str()));
    Answer::new(query, &since.chain(args.iter().copied()).collect::<Vec<_>>(), lines)
}

/// What is said of failures, of what was tried, and of words.
fn of_failures(world: &World) -> Vec<Answer> {
    let (own, ever) = (Oracle::new(world, world.since), Oracle::new(world, None));
    vec![
        since(world, "failure/by_category", &[], own.by_category()),
        since(world, "failure/error_groups", &[], own.error_groups()),
        since(world, "failure/never_started", &[], own.never_started()),
        since(world, "failure/rate_vs_expected", &[("bands", "1: 50-100,2: 10-25")], own.failure_rates()),
        since(world, "failure/triage", &[], own.triage()),
        since(world, "failure/by_kind", &[("least", "2"), ("percent_outside", "33")], own.by_kind()),
        Answer::new("failure/unknown_labels", &[], ever.unknown_labels()),
        Answer::new("ledger/unusable_rows", &[], ever.unusable_rows()),
        since(world, "recovery/attempts", &[], own.attempts()),
    ]
}

/// What is said of the ledger beside what is held.
fn of_rows(world: &World) -> Vec<Answer> {
    let (own, ever) = (Oracle::new(world, world.since), Oracle::new(world, None));
    let on_days = ("outputs", "a,b1,c");
    vec![
        Answer::new("ledger/processors", &[], ever.processors()),
        since(world, "failure/against_data", &[on_days], own.against_data(&["a", "b1", "c"])),
        since(world, "failure/against_data", &[("outputs", "b2")], own.against_data(&["b2"])),
        Answer::new("ledger/row_count_agreement", &[], ever.row_counts(false)),
        Answer::new("ledger/row_count_agreement", &[("runs_add_up", "true")], ever.row_counts(true)),
        Answer::new("ledger/rows_without_success", &[on_days], ever.rows_without_success(&["a", "b1", "c"])),
        Answer::new("ledger/rows_without_success", &[("outputs", "b2")], ever.rows_without_success(&["b2"])),
        since(world, "ledger/success_without_rows", &[on_days], own.success_without_rows(&["a", "b1", "c"])),
        since(world, "ledger/success_without_rows", &[("outputs", "b2")], own.success_without_rows(&["b2"])),
        since(world, "ledger/zero_row_success", &[], own.empty_successes()),
    ]
}

/// What is said of how long runs take, how far they are, and when they will be done.
fn of_pace(world: &World) -> Vec<Answer> {
    let own = Oracle::new(world, world.since);
    vec![
        since(world, "performance/duration_drift", &[("recent_days", "5"), ("times", "2")], own.drift(5, 2)),
        since(world, "performance/durations", &[], own.durations(false)),
        since(world, "performance/durations", &[("per", "games")], own.durations(true)),
        since(world, "performance/slow_dates", &[("times", "2")], own.slow(2)),
        since(world, "progress/by_processor", &[], own.progress()),
        since(world, "progress/eta", &[("hours", "500")], own.eta(500, 50)),
        since(world, "progress/eta", &[("hours", "30"), ("least_units", "2")], own.eta(30, 2)),
        since(world, "progress/recent", &[], own.recent()),
        since(world, "progress/stalled", &[("minutes", "2000"), ("failures", "1")], own.stalled(2000, 1)),
    ]
}

/// Asks each question in the world, and says where the first answer differs.
fn compared(world: &World, answers: Vec<Answer>) -> Result<(), TestCaseError> {
    let (fixture, scope) = open(world);
    for Answer { query, args, lines } in answers {
        prop_assert_eq!(ask(&fixture, &scope, query, &args), lines, "left is {} {:?}, right the oracle", query, args);
    }
    Ok(())
}

/// Ledgers in which all was well before something happened, and now and then any other.
fn any_worlds() -> impl Strategy<Value = World> {
    prop_oneof![3 => damaged_worlds().prop_map(|damaged| damaged.world), 1 => worlds()]
}

// Whatever happens to a ledger, or to what it speaks of, each query says what the rows say.
proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 2, ..config() })]

    #[test]
    fn damage_changes_what_is_said_of_failures(world in any_worlds()) {
        compared(&world, of_failures(&world))?;
    }

    #[test]
    fn damage_changes_what_is_said_of_rows(world in any_worlds()) {
        compared(&world, of_rows(&world))?;
    }

    #[test]
    fn damage_changes_what_is_said_of_pace(world in any_worlds()) {
        compared(&world, of_pace(&world))?;
    }
}

#[test]
fn damage_of_every_kind_reaches_every_answer() {
    let of = |world: &World| [of_failures(world), of_rows(world), of_pace(world)].into_iter().flatten().collect();
    assert_damage_reaches(damaged_worlds(), Damaged::kinds, &KINDS, |damaged| [of(&damaged.clean), of(&damaged.world)], 10);
}

/// Before every run.
fn date_of_first(world: &World) -> DateTime {
    let first = world.rows.iter().filter_map(|row| row.started.or(row.ended)).min().unwrap_or(world.as_of);
    let day: Date = first.date();
    day.at(0, 0, 0, 0).min(world.as_of).saturating_sub(1.hours())
}
