//! A ledger, and the moment and clock of the question.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::sample::select;

use crate::laws::asked::shown;

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
const RUN_DAYS: [Date; 6] = [date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 7), date(2024, 3, 8), date(2024, 3, 25), date(2023, 3, 7)];

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
    /// Rows written, and entities done and failed.
    pub(super) counts: [Option<i64>; 3],
    pub(super) error: Option<&'static str>,
    pub(super) category: Option<&'static str>,
    pub(super) phase: Option<&'static str>,
}

/// One row of an output's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) output: &'static str,
    pub(super) day: Option<Date>,
    pub(super) model: Option<&'static str>,
}

/// Moments are of the ledger's own clock; `local` says that it is the project's, else it is UTC.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) rows: Vec<Row>,
    pub(super) data: Vec<Held>,
    pub(super) as_of: DateTime,
    pub(super) since: Option<DateTime>,
    pub(super) local: bool,
}

/// A moment so many times seven hours into March, so that runs start together now and then.
pub(super) fn moment(n: i64, minutes: i64) -> DateTime {
    date(2024, 3, 5).at(0, 0, 0, 0).saturating_add((7 * n).hours()).saturating_add(minutes.minutes())
}

pub(super) fn worlds() -> impl Strategy<Value = World> {
    let since = prop_oneof![2 => Just(None), 1 => (0..40i64).prop_map(|n| Some(moment(n, 30)))];
    (prop::collection::vec(runs(), 1..25), 5..110i64, since, any::<bool>()).prop_map(|(runs, n, since, local)| {
        let rows = runs.into_iter().flatten().collect();
        World { rows, data: Vec::new(), as_of: moment(n, 5), since, local }
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
            let (counts, error, category, phase) = ([None; 3], None, None, Some("phase_1"));
            let end = Row { processor, run, day, status, started, ended, test, counts, error, category, phase };
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
        let days = DAYS.map(|(day, games)| format!("insert into days values ('{day}', {games});\n")).concat();
        let runs = self.rows.iter().map(Row::sql).collect();
        SCHEMA.to_owned() + &days + &insert("runs", runs) + &insert("rows_of", self.data.iter().map(Held::sql).collect())
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or("null".to_owned(), |value| format!("'{}'", value.to_string().replace('\'', "''")))
}

fn insert(table: &str, rows: Vec<String>) -> String {
    if rows.is_empty() { String::new() } else { format!("insert into {table} values\n{};\n", rows.join(",\n")) }
}

impl Row {
    fn sql(&self) -> String {
        let run = self.run.map(|run| format!("r{run}"));
        let who =
            [text(self.processor), text(run), text(self.day), text(self.status), text(self.started), text(self.ended), text(self.test)];
        let [rows, done, failed] = self.counts.map(shown);
        let what = [rows, done, failed, text(self.error), text(self.category), text(self.phase)];
        format!("({}, {})", who.join(", "), what.join(", "))
    }
}

impl Held {
    fn sql(&self) -> String {
        format!("('{}', {}, {})", self.output, text(self.day), text(self.model))
    }
}

const SCHEMA: &str = "create table days (day date, games integer);\ncreate table rows_of (output varchar, day date, model varchar);\n\
    create table runs (processor varchar, run varchar, day date, status varchar, started timestamp, ended timestamp, test boolean, \
    row_count integer, n_done integer, n_failed integer, message varchar, category varchar, phase varchar);\n";

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
attributes = { slate = "case when max(games) > 1 then 'full' else 'short' end" }
[spines.models]
values = { model = ["elo", "forest"] }
[spines.forecasts]
cross = ["models", "days"]
[outputs]
a = { stage = "all", table = "rows_of", where = "output = 'a'", rows = { exact = 2 }, spine = "days", processor = "A" }
b1 = { stage = "all", table = "rows_of", where = "output = 'b1'", rows = { min = 1, per = "games" }, spine = "days", processor = "B", not_expected = { first_keys = 1 } }
b2 = { stage = "all", table = "rows_of", where = "output = 'b2'", spine = "forecasts", processor = "B", not_expected = { dates = [2024-03-04, 2024-03-07] } }
c = { stage = "all", table = "rows_of", where = "output = 'c'", spine = "days", processor = "C", not_expected = { where = "games > 1" }, expected_by = "1 day 07:00" }
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success", "done"], failed = ["failed"], running = ["running"], skipped = ["skipped"] }
started = "started"
finished = "ended"
exclude = "test"
rows = "row_count"
entities = { done = "n_done", failed = "n_failed" }
error = "message"
category = { column = "category", infrastructure = ["timeout"], availability = ["no_data"], processing = ["bug"] }
phase = { column = "phase", all = ["phase_1"] }
"#;
