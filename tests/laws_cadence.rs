//! The laws of what goes by a cadence, on generated warehouses: spines, and each query that compares dates with one
//! another, against oracles that look at every row and share no code with what they judge.

use std::collections::{BTreeMap, BTreeSet};

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
    fn classed<'w>(&'w self, class: impl Fn(&Forecast) -> Option<&'static str>) -> BTreeMap<[String; 3], Vec<&'w Forecast>> {
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

mod oracle {
    use super::{BTreeMap, BTreeSet, Forecast, LAST, TODAY, ToSpan, World, day, is_seen, row, shown, sorted};

    pub(super) fn cutoff(world: &World) -> Vec<Vec<String>> {
        let class = |row: &Forecast| match row.day.zip(row.cutoff) {
            None => Some("unknown"),
            Some((day, cutoff)) => (cutoff >= day).then_some("leak"),
        };
        sorted(world.classed(class).into_iter().map(|(key, rows)| {
            let cutoffs = || rows.iter().filter_map(|row| row.cutoff);
            let ends = [shown(cutoffs().min().map(day)), shown(cutoffs().max().map(day))];
            row(&["forecasts"], &[&key[..], &[rows.len().to_string()], &ends].concat())
        }))
    }

    pub(super) fn flag(world: &World) -> Vec<Vec<String>> {
        let class = |row: &Forecast| {
            let leaks = row.day.zip(row.cutoff).map(|(day, cutoff)| cutoff >= day)?;
            match row.flag {
                None => Some("no_flag"),
                Some(flag) if flag == leaks => None,
                Some(flag) => Some(if flag { "false_alarm" } else { "hidden" }),
            }
        };
        sorted(world.classed(class).into_iter().map(|(key, rows)| row(&["forecasts"], &[&key[..], &[rows.len().to_string()]].concat())))
    }

    /// `months` is the longest age; `None` stands for 9 days.
    pub(super) fn age(world: &World, months: Option<i64>, least: i64) -> Vec<Vec<String>> {
        let class = |row: &Forecast| {
            let Some((of, cutoff)) = row.day.zip(row.cutoff) else { return Some("unknown") };
            let too_old = match months {
                Some(months) => day(cutoff + 1).saturating_add(months.months()) <= day(of),
                None => of - cutoff > 9,
            };
            if of - cutoff < least { Some("young") } else { too_old.then_some("stale") }
        };
        sorted(world.classed(class).into_iter().map(|(key, rows)| {
            let ages = || rows.iter().filter_map(|row| Some(row.day? - row.cutoff?));
            let ends = [shown(ages().min()), shown(ages().max())];
            row(&["forecasts"], &[&key[..], &[rows.len().to_string()], &ends].concat())
        }))
    }

    pub(super) fn newest(world: &World, strictly: bool) -> Vec<Vec<String>> {
        let mut uses: BTreeMap<(Option<&str>, Option<i64>, Option<&str>), usize> = BTreeMap::new();
        world.seen().for_each(|row| *uses.entry((row.model, row.day, row.used)).or_default() += 1);
        let judge = |((model, of, used), rows): ((Option<&str>, Option<i64>, Option<&str>), usize)| {
            let offers: Vec<(i64, &str)> = world
                .models
                .iter()
                .filter(|(name, trained, _)| name.is_some() && *name == model && trained.is_some_and(|trained| trained <= LAST))
                .map(|(_, trained, version)| (trained.expect("it was just seen"), *version))
                .collect();
            let there = |trained: i64| of.is_some_and(|of| if strictly { trained < of } else { trained <= of });
            let newest = offers.iter().map(|(trained, _)| *trained).filter(|trained| there(*trained)).max();
            let of_used = || offers.iter().filter(|(_, version)| used == Some(*version)).map(|(trained, _)| *trained);
            let class = match newest {
                None => "none",
                Some(newest) if of_used().any(|trained| trained == newest) => return None,
                Some(_) if of_used().next().is_none() => "unknown",
                Some(newest) if of_used().any(|trained| trained < newest) => "older",
                Some(_) => "newer",
            };
            let version = offers.iter().filter(|(trained, _)| newest == Some(*trained)).map(|(_, version)| *version).max();
            let key = [shown(model), shown(of.map(day)), class.to_owned(), shown(used)];
            Some(row(&["forecasts"], &[&key[..], &[shown(version), shown(newest.map(day)), rows.to_string()]].concat()))
        };
        sorted(uses.into_iter().filter_map(judge))
    }

    pub(super) fn deviations(world: &World) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut held: BTreeMap<(Option<&str>, Option<i64>), usize> = BTreeMap::new();
        world.models.iter().filter(|(_, day, _)| is_seen(*day)).for_each(|(model, day, _)| *held.entry((*model, *day)).or_default() += 1);
        let mut say = |model: Option<&str>, key: Option<i64>, class: &str, done: Option<i64>, late: Option<i64>, rows: usize| {
            let more = [shown(model), shown(key.map(day)), class.to_owned(), shown(done.map(day)), shown(late), rows.to_string()];
            found.push(row(&["models"], &more));
        };
        let slots = world.slots();
        for ((model, of), rows) in &held {
            let known = matches!(model, Some("a" | "b"));
            let slot = slots.iter().rev().find(|slot| known && of.is_some_and(|of| **slot <= of));
            let earlier = held
                .keys()
                .any(|(other, day)| other == model && day.is_some_and(|day| slot.is_some_and(|slot| *slot <= day) && Some(day) < *of));
            match (of, slot) {
                (Some(of), _) if *of > TODAY => say(*model, Some(*of), "future", Some(*of), None, *rows),
                (_, None) => say(*model, *of, "unexpected", *of, None, *rows),
                (Some(of), Some(slot)) => {
                    if earlier || *rows > 1 {
                        say(*model, Some(*slot), "repeated", Some(*of), None, *rows);
                    }
                    if !earlier && of > slot {
                        say(*model, Some(*slot), "late", Some(*of), Some(of - slot), *rows);
                    }
                }
                (None, Some(_)) => {}
            }
        }
        for model in ["a", "b"] {
            for (n, slot) in slots.iter().enumerate().filter(|(_, slot)| **slot < TODAY) {
                let end = slots.get(n + 1).copied().unwrap_or(LAST + 1).min(TODAY + 1);
                if !(*slot..end).any(|day| held.contains_key(&(Some(model), Some(day)))) {
                    say(Some(model), Some(*slot), "missing", None, Some(TODAY - slot), 0);
                }
            }
        }
        sorted(found.into_iter())
    }

    pub(super) fn due(world: &World) -> Vec<Vec<String>> {
        let slots = world.slots();
        let of_model = |model: &str| {
            let done = world.models.iter().filter(|(name, ..)| *name == Some(model)).filter_map(|(_, day, _)| *day);
            let last = done.filter(|day| (0..=TODAY).contains(day)).max();
            let due = || slots.iter().copied().filter(|slot| *slot < TODAY);
            let behind = due().filter(|slot| last.is_none_or(|last| *slot > last)).count();
            let next = slots.iter().copied().find(|slot| *slot >= TODAY);
            let more = [shown(due().max().map(day)), shown(last.map(day)), shown(next.map(day)), behind.to_string()];
            row(&["models", model], &more)
        };
        sorted(["a", "b"].into_iter().map(of_model))
    }

    /// Numbers 1 to 4, each once.
    pub(super) fn sequence(world: &World) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (key, rows) in world.classed(|_| Some("")) {
            let mut say = |class: &str, from: Option<i64>, to: Option<i64>, rows: usize| {
                let more = [key[0].clone(), key[1].clone(), class.to_owned(), shown(from), shown(to), rows.to_string()];
                found.push(row(&["forecasts"], &more));
            };
            let times = |number: Option<i64>| rows.iter().filter(|row| row.number == number).count();
            let mut start = None;
            for number in 1..=5 {
                if number < 5 && times(Some(number)) == 0 {
                    start = start.or(Some(number));
                } else if let Some(start) = start.take() {
                    say("missing", Some(start), Some(number - 1), 0);
                }
            }
            for number in [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(5)] {
                match (number, times(number)) {
                    (_, 0) => {}
                    (None, n) => say("null", None, None, n),
                    (Some(0 | 5), n) => say("outside", number, number, n),
                    (_, n) if n > 1 => say("repeated", number, number, n),
                    _ => {}
                }
            }
        }
        sorted(found.into_iter())
    }

    /// Runs of days of a model that hold the same numbers.
    pub(super) fn unchanged(world: &World) -> Vec<Vec<String>> {
        let mut series: BTreeMap<Option<&str>, BTreeMap<i64, Vec<Option<i64>>>> = BTreeMap::new();
        for row in world.seen() {
            if let Some(day) = row.day {
                series.entry(row.model).or_default().entry(day).or_default().push(row.number);
            }
        }
        let mut found = Vec::new();
        for (model, mut days) in series {
            days.values_mut().for_each(|numbers| numbers.sort_unstable());
            let days: Vec<_> = days.into_iter().collect();
            for run in days.chunk_by(|(_, before), (_, after)| before == after).filter(|run| run.len() > 1) {
                let ends = [shown(Some(day(run[0].0))), shown(run.last().map(|(last, _)| day(*last)))];
                found.push(row(&["forecasts", &shown(model)], &[&ends[..], &[run.len().to_string()]].concat()));
            }
        }
        sorted(found.into_iter())
    }

    /// Versions that stand for several models.
    pub(super) fn shared(world: &World) -> Vec<Vec<String>> {
        let mut models: BTreeMap<&str, (BTreeSet<Option<&str>>, usize)> = BTreeMap::new();
        for (model, _, version) in world.models.iter().filter(|(_, day, _)| is_seen(*day)) {
            let entry = models.entry(version).or_default();
            entry.0.insert(*model);
            entry.1 += 1;
        }
        sorted(models.into_iter().filter(|(_, (names, _))| names.len() > 1).map(|(version, (names, rows))| {
            let names: BTreeSet<String> = names.into_iter().map(shown).collect();
            let ends = [shown(names.first()), shown(names.last())];
            row(&["models", version], &[&[names.len().to_string()], &ends[..], &[rows.to_string()]].concat())
        }))
    }

    /// Names that only one side has.
    pub(super) fn one_sided(world: &World) -> Vec<Vec<String>> {
        let forecasts: Vec<(String, Option<i64>)> = world.seen().map(|row| (shown(row.model), row.day)).collect();
        let models = world.models.iter().filter(|(_, day, _)| is_seen(*day)).map(|(model, day, _)| (shown(*model), *day));
        let sides = [("forecasts", forecasts), ("models", models.collect())];
        let mut found = Vec::new();
        for (n, (side, rows)) in sides.iter().enumerate() {
            let names: BTreeSet<&String> = rows.iter().map(|(name, _)| name).collect();
            for name in names.into_iter().filter(|name| !sides[1 - n].1.iter().any(|(other, _)| other == *name)) {
                let days = || rows.iter().filter(|(other, _)| other == name).map(|(_, day)| *day);
                let ends = [shown(days().flatten().min().map(day)), shown(days().flatten().max().map(day))];
                found.push(row(&[side, name], &[&[days().count().to_string()], &ends[..], &["null".to_owned()]].concat()));
            }
        }
        sorted(found.into_iter())
    }
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
