//! The laws of what goes by a cadence, on generated warehouses: spines, and each query that compares dates with one
//! another, against oracles that look at every row and share no code with what they judge.

mod oracle;

use std::collections::BTreeMap;

use gapgate::model::catalogue::Argument;
use gapgate::model::scope::{Scope, Season};
use gapgate::run::{self, Check, Session};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use crate::laws::config;
use crate::support::{Fixture, LIBRARY, patience};

/// Steps as the project file writes them: so many days, or so many months.
const STEPS: [(&str, i64, i64); 12] = [
    ("daily", 1, 0),
    ("weekly", 7, 0),
    ("biweekly", 14, 0),
    ("monthly", 0, 1),
    ("quarterly", 0, 3),
    ("semiannual", 0, 6),
    ("annual", 0, 12),
    ("10 days", 10, 0),
    ("3 weeks", 21, 0),
    ("2 months", 0, 2),
    ("5 months", 0, 5),
    ("2 years", 0, 24),
];

/// A day of 2022 to 2025 and around, month ends and leap days often.
fn days() -> impl Strategy<Value = Date> {
    let ends = (2021i16..=2025, 1i8..=12).prop_map(|(year, month)| date(year, month, 1).last_of_month());
    prop_oneof![
        3 => ends.clone(),
        1 => ends.prop_map(|end| end.yesterday().expect("a date")),
        1 => Just(date(2024, 2, 29)),
        3 => (0i64..1_600).prop_map(|n| date(2021, 6, 1).saturating_add(n.days())),
    ]
}

/// The `k`-th date from the anchor: months keep the anchor's day of the month, or take the last one there is.
fn nth(anchor: Date, (_, days, months): (&str, i64, i64), k: i64) -> Date {
    let month = i64::from(anchor.year()) * 12 + i64::from(anchor.month()) - 1 + k * months;
    let first = date(i16::try_from(month / 12).expect("a year"), i8::try_from(month % 12 + 1).expect("a month"), 1);
    let day = anchor.day().min(first.days_in_month());
    date(first.year(), first.month(), day).saturating_add((k * days).days())
}

fn session<'a>(fixture: &'a Fixture, scope: &'a Scope) -> Session<'a> {
    Session::new(&fixture.project, &LIBRARY, scope, fixture.warehouse.as_ref(), patience())
}

/// The rows of a query as text.
fn ask(session: &Session<'_>, query: &str, args: &[(&str, Argument)]) -> Vec<Vec<String>> {
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let check = Check { query: LIBRARY.query(query).expect("it is shipped"), args, declared: String::new() };
    let report = run::single(session, &check).expect("no interrupt");
    let table = report.rows.unwrap_or_else(|| panic!("{query}: {:?}", report.findings));
    let mut rows: Vec<Vec<String>> = table.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    rows.sort();
    rows
}

fn text(text: &str) -> Argument {
    Argument::Text(text.to_owned())
}

fn texts(words: &[&str]) -> Argument {
    Argument::List(words.iter().map(|word| (*word).to_owned()).collect())
}

proptest! {
    #![proptest_config(config())]

    /// Every key of a cadence is its anchor and so many steps, whatever part of the seasons is looked at.
    #[test]
    fn a_cadence_is_its_anchor_and_so_many_steps(
        cadences in prop::collection::vec((select(STEPS.to_vec()), days(), 0usize..3), 4),
        (start, length, pause) in (days(), 0i64..500, 0i64..200),
        narrowed in prop::option::of((-50i64..600, 0i64..400)),
    ) {
        let end = start.saturating_add(length.days());
        let second = (end.saturating_add((pause + 1).days()), end.saturating_add((pause + 90).days()));
        let mut toml = format!(
            "[project]\nname = \"steps\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n\
             [seasons]\none = {{ start = {start}, end = {end} }}\ntwo = {{ start = {}, end = {} }}\n",
            second.0, second.1
        );
        for (n, ((step, ..), anchor, first_keys)) in cadences.iter().enumerate() {
            toml += &format!("[spines.c{n}]\ncadence = {{ step = \"{step}\", anchor = {anchor} }}\nkey = {{ day = \"date\" }}\n");
            toml += &format!("[outputs.o{n}]\nstage = \"s\"\ntable = \"nothing\"\nspine = \"c{n}\"\nnot_expected = {{ first_keys = {first_keys} }}\n");
        }
        let fixture = Fixture::new(&toml, "create table nothing (day date);");
        let mut scope = fixture.scope("2030-01-01");
        scope.range = narrowed.map(|(from, more)| (start.saturating_add(from.days()), start.saturating_add((from + more).days())));
        let seasons = [(start, end), second];
        if let Some((from, to)) = scope.range {
            scope.seasons.retain(|season| season.start <= to && season.end >= from);
        }
        let looked_at = |season: &&(Date, Date)| scope.seasons.iter().any(|Season { start, .. }| *start == season.0);
        if scope.seasons.is_empty() {
            return Ok(());
        }
        let session = session(&fixture, &scope);
        for (n, (step, anchor, first_keys)) in cadences.iter().enumerate() {
            let keys: Vec<Date> = (0..).map(|k| nth(*anchor, *step, k)).take_while(|day| *day <= second.1).collect();
            let of_season = |(from, to): &(Date, Date)| {
                let days = keys.iter().filter(|day| *from <= **day && **day <= *to).skip(*first_keys);
                days.filter(|day| scope.range.is_none_or(|(from, to)| from <= **day && **day <= to)).map(ToString::to_string).collect::<Vec<_>>()
            };
            let expected: Vec<String> = seasons.iter().filter(looked_at).flat_map(of_season).collect();
            let found = ask(&session, "gap/missing_keys", &[("outputs", text(&format!("o{n}")))]);
            let found: Vec<String> = found.into_iter().map(|row| row[1].clone()).collect();
            prop_assert_eq!(found, expected, "{:?} from {}", step, anchor);
        }
    }
}

/// A row of forecasts; days are counted from the start of the season.
#[derive(Clone, Debug)]
struct Forecast {
    model: Option<&'static str>,
    day: Option<i64>,
    /// The day of the cutoff, before the forecast's own or around it.
    cutoff: Option<i64>,
    flag: Option<bool>,
    used: Option<&'static str>,
    number: Option<i64>,
}

/// A row of models: name, day, version.
type Model = (Option<&'static str>, Option<i64>, &'static str);

#[derive(Clone, Debug)]
struct World {
    forecasts: Vec<Forecast>,
    models: Vec<Model>,
    /// Where the cadence begins, and its step in days.
    anchor: i64,
    step: i64,
}

const START: Date = date(2024, 1, 29);
/// The last day of the season; the as-of moment is noon of another day.
const LAST: i64 = 40;
const TODAY: i64 = 24;

fn worlds() -> impl Strategy<Value = World> {
    let model = || select(vec![Some("a"), Some("a"), Some("b"), Some("b"), Some("ghost"), None]);
    let day = |last| prop_oneof![12 => (-2..last).prop_map(Some), 1 => Just(None)];
    let version = || select(vec!["v0", "v1", "v2", "v3"]);
    let forecast = (model(), day(30i64), prop::option::weighted(0.9, -45..4i64), prop::option::weighted(0.9, any::<bool>()));
    let forecast = (forecast, prop::option::weighted(0.9, version()), prop::option::weighted(0.9, 0..6i64)).prop_map(
        |((model, day, back, flag), used, number)| {
            let cutoff = back.map(|back| day.unwrap_or(0) + back);
            Forecast { model, day, cutoff, flag, used, number }
        },
    );
    let trained = (model(), day(44i64), version());
    (prop::collection::vec(forecast, 0..40), prop::collection::vec(trained, 0..14), -3..9i64, 5..12i64)
        .prop_map(|(forecasts, models, anchor, step)| World { forecasts, models, anchor, step })
}

fn day(n: i64) -> Date {
    START.saturating_add(n.days())
}

/// As a row shows it.
fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or("null".to_owned(), |value| value.to_string())
}

fn literal<T: ToString>(value: Option<T>) -> String {
    value.map_or("null".to_owned(), |value| format!("'{}'", value.to_string()))
}

/// Rows that a statement would see: those of the season and those without a date.
fn is_seen(day: Option<i64>) -> bool {
    day.is_none_or(|day| (0..=LAST).contains(&day))
}

impl World {
    fn fixture(&self) -> Fixture {
        let toml = format!(
            "[project]\nname = \"models\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n\
             [seasons]\nall = {{ start = {START}, end = {} }}\n\
             [spines.names]\nvalues = {{ model = [\"a\", \"b\"] }}\n[spines.days]\ncalendar = \"1 day\"\nkey = {{ day = \"date\" }}\n\
             [spines.retraining]\ncadence = {{ step = \"{} days\", anchor = {} }}\nkey = {{ day = \"date\" }}\n\
             [spines.forecasts]\ncross = [\"names\", \"days\"]\n[spines.models]\ncross = [\"names\", \"retraining\"]\n\
             [outputs.forecasts]\nstage = \"s\"\ntable = \"forecasts\"\nspine = \"forecasts\"\n\
             [outputs.models]\nstage = \"s\"\ntable = \"models\"\nspine = \"models\"\n",
            day(LAST),
            self.step,
            day(self.anchor)
        );
        let mut sql = "create table forecasts (model varchar, day date, cutoff date, flag boolean, used varchar, number integer);\n\
                       create table models (model varchar, day date, version varchar);\n"
            .to_owned();
        let forecast = |row: &Forecast| {
            let (model, day_of, cutoff) = (literal(row.model), literal(row.day.map(day)), literal(row.cutoff.map(day)));
            let (flag, used, number) = (shown(row.flag), literal(row.used), shown(row.number));
            format!("({model}, {day_of}, {cutoff}, {flag}, {used}, {number})")
        };
        let model = |(model, of, version): &Model| format!("({}, {}, '{version}')", literal(*model), literal(of.map(day)));
        let rows = [
            ("forecasts", self.forecasts.iter().map(forecast).collect::<Vec<String>>()),
            ("models", self.models.iter().map(model).collect()),
        ];
        for (table, rows) in rows.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            sql += &format!("insert into {table} values {};\n", rows.join(", "));
        }
        Fixture::new(&toml, &sql)
    }

    fn seen(&self) -> impl Iterator<Item = &Forecast> {
        self.forecasts.iter().filter(|row| is_seen(row.day))
    }

    /// Rows of forecasts by key, and by what `class` says of each; `none` for those of which there is nothing to say.
    fn classed(&self, class: impl Fn(&Forecast) -> Option<&'static str>) -> BTreeMap<[String; 3], Vec<&Forecast>> {
        let mut groups: BTreeMap<[String; 3], Vec<&Forecast>> = BTreeMap::new();
        for row in self.seen() {
            if let Some(class) = class(row) {
                groups.entry([shown(row.model), shown(row.day.map(day)), class.to_owned()]).or_default().push(row);
            }
        }
        groups
    }

    /// The slots of the cadence within the season.
    fn slots(&self) -> Vec<i64> {
        (0..).map(|k| self.anchor + k * self.step).take_while(|day| *day <= LAST).filter(|day| *day >= 0).collect()
    }
}

fn row(words: &[&str], more: &[String]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain(more.iter().cloned()).collect()
}

fn sorted(rows: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 2, ..config() })]

    /// What the queries say of cutoffs, flags, ages, versions, slots, numbers and names is what every row says.
    #[test]
    fn queries_say_what_every_row_says(world in worlds(), least in 0..3i64) {
        let fixture = world.fixture();
        let mut scope = fixture.scope("2024-01-01");
        scope.as_of = day(TODAY).at(12, 0, 0, 0);
        let (forecasts, models) = (("output", text("forecasts")), ("output", text("models")));
        let cutoff = ("cutoff", text("cutoff"));
        let session = session(&fixture, &scope);
        let of = |query: &str, args: &[(&str, Argument)]| ask(&session, query, args);
        prop_assert_eq!(of("leakage/cutoff", &[forecasts.clone(), cutoff.clone()]), oracle::cutoff(&world));
        prop_assert_eq!(of("leakage/flag", &[forecasts.clone(), cutoff.clone(), ("flag", text("flag"))]), oracle::flag(&world));
        for (step, months) in [("1 month", Some(1)), ("9 days", None)] {
            let args = [forecasts.clone(), cutoff.clone(), ("most", text(step)), ("least_days", Argument::Int(least))];
            prop_assert_eq!(of("cadence/age", &args), oracle::age(&world, months, least));
        }
        for strictly in [false, true] {
            let named = [("used", text("used")), ("version", text("version")), ("strictly", Argument::Bool(strictly))];
            let args = [vec![forecasts.clone(), ("source", text("models"))], named.to_vec()].concat();
            prop_assert_eq!(of("cadence/newest_at_or_before", &args), oracle::newest(&world, strictly));
        }
        prop_assert_eq!(of("cadence/deviations", std::slice::from_ref(&models)), oracle::deviations(&world));
        prop_assert_eq!(of("cadence/due", std::slice::from_ref(&models)), oracle::due(&world));
        let numbers = [forecasts.clone(), ("number", text("number")), ("last", Argument::Int(4))];
        prop_assert_eq!(of("quality/sequence", &numbers), oracle::sequence(&world));
        prop_assert_eq!(of("daily/unchanged", &[forecasts.clone(), ("columns", texts(&["number"]))]), oracle::unchanged(&world));
        let shared = [models.clone(), ("identity", texts(&["version"])), ("of", texts(&["model"]))];
        prop_assert_eq!(of("identity/shared", &shared), oracle::shared(&world));
        let sides = [forecasts, ("other", text("models")), ("columns", texts(&["model"]))];
        prop_assert_eq!(of("identity/one_sided", &sides), oracle::one_sided(&world));
    }
}
