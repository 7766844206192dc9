//! The laws that always hold, on generated warehouses: each is compared with an oracle that reads the same rows and
//! shares no code with what it judges.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` widen the search; without them every run looks at the same cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Instant;

use gapgate::error::Error;
use gapgate::load::library;
use gapgate::model::catalogue::Argument;
use gapgate::model::coverage::{Class, Coverage, Figure, Tally, figures};
use gapgate::model::query::Library;
use gapgate::model::report::{CheckReport, Finding, GateReport};
use gapgate::model::retry::retry_list;
use gapgate::model::scope::Scope;
use gapgate::model::table::{Table, Value};
use gapgate::model::verdict::Verdict;
use gapgate::render::{Part, Renderer};
use gapgate::run::{self, Check, Session, cover};
use gapgate::warehouse::{Deadline, QueryError};
use jiff::civil::Date;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use crate::support::{Fixture, LIBRARY, StandIn, coverage_query, patience};
use oracle::Answer;
use world::{Output, Plan, Row, World, plans};

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(20_240_311);
    }
    config
}

/// A generated season, its outputs and their rows, and how they are written down as a project.
mod world {
    use std::collections::BTreeMap;
    use std::fmt::Write;

    use gapgate::model::scope::Scope;
    use jiff::ToSpan;
    use jiff::civil::{Date, DateTime, date};
    use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
    use proptest::sample::{Index, select};

    use crate::support::Fixture;

    pub(super) const MODELS: [&str; 2] = ["elo", "forest"];

    /// The first date. Clocks change in New York on 10 March, which most seasons reach.
    pub(super) fn day(offset: i64) -> Date {
        date(2024, 2, 26).checked_add(offset.days()).expect("a date")
    }

    /// What is drawn; a world follows from it without chance.
    #[derive(Clone, Debug)]
    pub(super) struct Plan {
        first: i64,
        pause: i64,
        second: Option<i64>,
        days: Vec<Games>,
        as_of: (i64, i8),
        looked_at: LookedAt,
        outputs: Vec<OutputPlan>,
        /// Whether all outputs are declared alike, so that they are compared with the spine at once.
        alike: bool,
    }

    /// The games of one date.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Games {
        Played(i64),
        /// Of the spine, with weight 0.
        Weightless,
        /// Of the spine, with a weight that is NULL.
        Unknown,
        /// Not of the spine.
        Postponed,
    }

    #[derive(Clone, Copy, Debug)]
    enum LookedAt {
        All,
        First,
        Last,
    }

    /// What a rule on the share of known points looks at.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) enum Over {
        Key,
        Month,
        Season,
        Output,
    }

    #[derive(Clone, Debug)]
    pub(super) struct OutputPlan {
        /// Whether the key is date and model.
        pub(super) crossed: bool,
        /// Least and most rows, in tenths.
        pub(super) size: (Option<i64>, Option<i64>),
        /// Whether the size is per game.
        pub(super) per: bool,
        /// Whether points must not be NULL.
        pub(super) required: bool,
        /// Whether points lie within 0 and 80.
        pub(super) ranged: bool,
        pub(super) first_days: Option<i64>,
        pub(super) first_keys: Option<i64>,
        pub(super) closed: Option<(i64, i64)>,
        pub(super) retention: Option<i64>,
        /// As the project file writes it, in days, and at which hour and minute.
        pub(super) due: (Option<&'static str>, i64, (i8, i8)),
        /// The least share of known points, in percent.
        pub(super) share: Option<(Over, i64)>,
        /// Which of its two measures is declared first.
        known_first: bool,
        pub(super) extras: &'static str,
        waiver: Option<(Vec<Index>, bool, i64)>,
        damage: Vec<Damage>,
    }

    #[derive(Clone, Debug)]
    enum Damage {
        Drop(Index),
        Thin(Index),
        Double(Index),
        Crowd(Index, i64),
        Blank(Index),
        Outside(Index),
        Nameless(Index),
        Bench(Index),
        Draft(Index),
        Foreign(i64, bool),
        Undated,
        Unmodelled(Index),
    }

    pub(super) fn plans() -> impl Strategy<Value = Plan> {
        let games = prop_oneof![
            6 => Just(Games::Postponed),
            8 => (1..=4i64).prop_map(Games::Played),
            1 => Just(Games::Weightless),
            1 => Just(Games::Unknown),
        ];
        let looked_at = prop_oneof![4 => Just(LookedAt::All), 1 => Just(LookedAt::First), 1 => Just(LookedAt::Last)];
        let as_of = (0..45i64, select(vec![0i8, 6, 12, 20]));
        let drawn = (3..=20i64, 0..=4i64, prop::option::of(3..=14i64), prop::collection::vec(games, 40), as_of, looked_at);
        (drawn, prop::collection::vec(output_plans(), 2..=3), any::<bool>()).prop_map(
            |((first, pause, second, days, as_of, looked_at), outputs, alike)| Plan {
                first,
                pause,
                second,
                days,
                as_of,
                looked_at,
                outputs,
                alike,
            },
        )
    }

    fn output_plans() -> impl Strategy<Value = OutputPlan> {
        let sizes = vec![
            (None, None),
            (None, Some(25)),
            (Some(0), None),
            (Some(0), Some(20)),
            (Some(10), Some(10)),
            (Some(15), Some(30)),
            (Some(20), None),
            (Some(20), Some(20)),
            (Some(20), Some(35)),
        ];
        let shape = (any::<bool>(), select(sizes), prop::bool::weighted(0.7), any::<bool>(), any::<bool>());
        let excused = (
            prop::option::weighted(0.25, 1..6i64),
            prop::option::weighted(0.2, 1..4i64),
            prop::option::weighted(0.25, (0..30i64, 0..4i64)),
            prop::option::weighted(0.2, 3..40i64),
        );
        let due =
            select(vec![(None, 1, (0, 0)), (Some("18:30"), 0, (18, 30)), (Some("1 day 07:00"), 1, (7, 0)), (Some("3 days"), 3, (0, 0))]);
        let over = select(vec![Over::Key, Over::Month, Over::Season, Over::Output]);
        let share = (prop::option::weighted(0.5, (over, select(vec![50i64, 80, 90, 100]))), any::<bool>());
        let waiver = prop::option::weighted(0.4, (prop::collection::vec(any::<Index>(), 1..4), any::<bool>(), -3..3i64));
        let extras = select(vec!["warn", "warn", "fail", "allow"]);
        let damage = prop::collection::vec(damages(), 0..8);
        (shape, excused, due, share, extras, waiver, damage).prop_map(|(shape, excused, due, share, extras, waiver, damage)| OutputPlan {
            crossed: shape.0,
            size: shape.1,
            per: shape.2,
            required: shape.3,
            ranged: shape.4,
            first_days: excused.0,
            first_keys: excused.1,
            closed: excused.2,
            retention: excused.3,
            due,
            share: share.0,
            known_first: share.1,
            extras,
            waiver,
            damage,
        })
    }

    fn damages() -> impl Strategy<Value = Damage> {
        let at = any::<Index>;
        prop_oneof![
            3 => at().prop_map(Damage::Drop),
            2 => at().prop_map(Damage::Thin),
            2 => at().prop_map(Damage::Double),
            2 => (at(), 1..5i64).prop_map(|(key, rows)| Damage::Crowd(key, rows)),
            2 => at().prop_map(Damage::Blank),
            1 => at().prop_map(Damage::Outside),
            1 => at().prop_map(Damage::Nameless),
            1 => at().prop_map(Damage::Bench),
            1 => at().prop_map(Damage::Draft),
            2 => (-3..43i64, any::<bool>()).prop_map(|(offset, ghost)| Damage::Foreign(offset, ghost)),
            1 => Just(Damage::Undated),
            1 => at().prop_map(Damage::Unmodelled),
        ]
    }

    impl Plan {
        /// The same without any fault.
        pub(super) fn clean(mut self) -> Self {
            for games in self.days.iter_mut().filter(|games| **games == Games::Unknown) {
                *games = Games::Played(2);
            }
            self.outputs.iter_mut().for_each(|output| output.damage.clear());
            self.without_waivers()
        }

        /// The same without permission for any fault.
        pub(super) fn without_waivers(mut self) -> Self {
            self.outputs.iter_mut().for_each(|output| output.waiver = None);
            self
        }

        pub(super) fn without_retention(mut self) -> Self {
            self.outputs.iter_mut().for_each(|output| output.retention = None);
            self
        }

        pub(super) fn world(&self) -> World {
            let mut seasons = vec![(day(0), day(self.first - 1))];
            if let Some(days) = self.second {
                let start = self.first + self.pause;
                seasons.push((day(start), day(start + days - 1)));
            }
            let looked_at = match self.looked_at {
                LookedAt::All => 0..seasons.len(),
                LookedAt::First => 0..1,
                LookedAt::Last => seasons.len() - 1..seasons.len(),
            };
            let mut world = World { seasons, looked_at, schedule: self.schedule(), outputs: Vec::new(), as_of: self.as_of() };
            let declared = |plan: &OutputPlan| if self.alike { plan.like(&self.outputs[0]) } else { plan.clone() };
            world.outputs = self.outputs.iter().enumerate().map(|(number, plan)| declared(plan).output(number, &world)).collect();
            world
        }

        fn as_of(&self) -> DateTime {
            day(self.as_of.0).at(self.as_of.1, 0, 0, 0)
        }

        fn schedule(&self) -> Vec<Game> {
            let game = |day, played, weight| Game { day, played, weight };
            let of_day = |(offset, games): (i64, &Games)| match games {
                Games::Played(games) => (0..*games).map(|_| game(day(offset), true, Some(1))).collect(),
                Games::Weightless => vec![game(day(offset), true, Some(0))],
                Games::Unknown => vec![game(day(offset), true, None)],
                Games::Postponed => vec![game(day(offset), false, Some(1))],
            };
            (0..).zip(&self.days).flat_map(of_day).collect()
        }
    }

    impl OutputPlan {
        /// Declared like another; what is wrong with it, and what the comparison does not look at, stays its own.
        fn like(&self, other: &Self) -> Self {
            let (waiver, damage) = (self.waiver.clone(), self.damage.clone());
            Self { extras: self.extras, known_first: self.known_first, waiver, damage, ..other.clone() }
        }

        fn output(&self, number: usize, world: &World) -> Output {
            let keys = world.keys(self.crossed);
            let mut output = Output { name: format!("box_{number}"), plan: self.clone(), waiver: None, rows: Vec::new() };
            for (day, model, weight) in &keys {
                output.rows.extend((0..self.comfortable(*weight)).map(|player| Row::new(*day, model, player)));
            }
            if !keys.is_empty() {
                self.damage.iter().for_each(|damage| damage.inflict(&mut output.rows, &keys));
                output.waiver = self.waiver.as_ref().map(|waiver| self.waiver(waiver, &keys, world.as_of));
            }
            output
        }

        /// How many rows a key has if nothing is wrong.
        fn comfortable(&self, weight: Option<i64>) -> i64 {
            let units = if self.per { weight.unwrap_or(2) } else { 1 };
            let least = (self.size.0.unwrap_or(10) * units + 9) / 10;
            if least == 0 && units > 0 { 1 } else { least }
        }

        fn waiver(&self, (at, as_range, days): &(Vec<Index>, bool, i64), keys: &[Key], as_of: DateTime) -> Waiver {
            let picked: Vec<&Key> = at.iter().map(|index| index.get(keys)).collect();
            let text = |(day, model, _): &&Key| if self.crossed { format!("{day}/{model}") } else { day.to_string() };
            let until = as_of.date().checked_add(days.days()).expect("a date");
            let ranges = picked.iter().filter(|_| *as_range).map(|(day, ..)| (*day, *day)).collect();
            let keys = picked.iter().filter(|_| !*as_range).map(text).collect();
            Waiver { keys, ranges, until }
        }
    }

    impl Damage {
        fn inflict(&self, rows: &mut Vec<Row>, keys: &[Key]) {
            let key = |index: &Index| {
                let (day, model, _) = index.get(keys);
                (*day, *model)
            };
            let is_of = |(day, model): (Date, &str), row: &Row| row.day == Some(day) && row.model.as_deref() == Some(model);
            let find = |rows: &[Row], index: &Index| rows.iter().position(|row| is_of(key(index), row));
            match self {
                Self::Drop(index) => rows.retain(|row| !is_of(key(index), row)),
                Self::Thin(index) => drop(find(rows, index).map(|at| rows.remove(at))),
                Self::Double(index) => rows.extend(find(rows, index).map(|at| rows[at].clone())),
                Self::Crowd(index, more) => rows.extend((0..*more).map(|n| Row::new(key(index).0, key(index).1, 50 + n))),
                Self::Draft(index) => rows.extend((0..5).map(|_| Row { draft: true, ..Row::new(key(index).0, key(index).1, 0) })),
                Self::Bench(index) => rows.iter_mut().filter(|row| is_of(key(index), row)).for_each(|row| row.minutes = Some(0)),
                Self::Foreign(offset, ghost) => rows.push(Row::new(day(*offset), if *ghost { "ghost" } else { MODELS[0] }, 90)),
                Self::Undated => rows.push(Row { day: None, ..Row::new(day(0), MODELS[0], 91) }),
                Self::Unmodelled(index) => rows.push(Row { model: None, ..Row::new(key(index).0, MODELS[0], 92) }),
                Self::Blank(index) | Self::Outside(index) | Self::Nameless(index) => {
                    if let Some(row) = find(rows, index).map(|at| &mut rows[at]) {
                        match self {
                            Self::Blank(_) => row.points = None,
                            Self::Outside(_) => row.points = Some(999),
                            _ => row.player = None,
                        }
                    }
                }
            }
        }
    }

    /// Date, model and weight; the model is the first one where the key has none.
    type Key = (Date, &'static str, Option<i64>);

    pub(super) struct World {
        pub(super) seasons: Vec<(Date, Date)>,
        pub(super) looked_at: std::ops::Range<usize>,
        pub(super) schedule: Vec<Game>,
        pub(super) outputs: Vec<Output>,
        /// Local time.
        pub(super) as_of: DateTime,
    }

    pub(super) struct Game {
        pub(super) day: Date,
        pub(super) played: bool,
        pub(super) weight: Option<i64>,
    }

    #[derive(Clone)]
    pub(super) struct Output {
        pub(super) name: String,
        pub(super) plan: OutputPlan,
        pub(super) waiver: Option<Waiver>,
        pub(super) rows: Vec<Row>,
    }

    #[derive(Clone)]
    pub(super) struct Waiver {
        pub(super) keys: Vec<String>,
        pub(super) ranges: Vec<(Date, Date)>,
        pub(super) until: Date,
    }

    #[derive(Clone, Debug)]
    pub(super) struct Row {
        pub(super) day: Option<Date>,
        pub(super) model: Option<String>,
        pub(super) game: i64,
        pub(super) player: Option<i64>,
        pub(super) points: Option<i64>,
        pub(super) minutes: Option<i64>,
        pub(super) draft: bool,
    }

    impl Row {
        pub(super) fn new(day: Date, model: &str, player: i64) -> Self {
            let model = Some(model.to_owned());
            Self { day: Some(day), model, game: player % 2, player: Some(player), points: Some(10), minutes: Some(20), draft: false }
        }

        fn sql(&self) -> String {
            let text = |text: Option<String>| text.map_or("null".to_owned(), |text| format!("'{text}'"));
            let number = |n: Option<i64>| n.map_or("null".to_owned(), |n| n.to_string());
            let (day, model) = (text(self.day.map(|day| day.to_string())), text(self.model.clone()));
            let (game, player, draft) = (self.game, number(self.player), self.draft);
            format!("({day}, {model}, {game}, {player}, {}, {}, {draft})", number(self.points), number(self.minutes))
        }
    }

    impl World {
        pub(super) fn fixture(&self) -> Fixture {
            Fixture::new(&self.toml(), &self.sql())
        }

        pub(super) fn scope(&self, fixture: &Fixture) -> Scope {
            self.scope_at(fixture, self.as_of)
        }

        pub(super) fn scope_at(&self, fixture: &Fixture, as_of: DateTime) -> Scope {
            let mut scope = fixture.scope(&as_of.to_string());
            scope.seasons = scope.seasons[self.looked_at.clone()].to_vec();
            scope
        }

        /// The seasons that are looked at.
        pub(super) fn in_scope(&self) -> &[(Date, Date)] {
            &self.seasons[self.looked_at.clone()]
        }

        /// The weight of each date on which games were played, in season or not.
        pub(super) fn weights(&self) -> BTreeMap<Date, Option<i64>> {
            let mut weights: BTreeMap<Date, Option<i64>> = BTreeMap::new();
            for game in self.schedule.iter().filter(|game| game.played) {
                let weight = weights.entry(game.day).or_default();
                *weight = game.weight.map(|more| weight.unwrap_or(0) + more).or(*weight);
            }
            weights
        }

        fn keys(&self, crossed: bool) -> Vec<Key> {
            let in_season = |day: &Date| self.seasons.iter().any(|(start, end)| (*start..=*end).contains(day));
            let models = if crossed { &MODELS[..] } else { &MODELS[..1] };
            let days = self.weights().into_iter().filter(|(day, _)| in_season(day));
            days.flat_map(|(day, weight)| models.iter().map(move |model| (day, *model, weight))).collect()
        }

        pub(super) fn toml(&self) -> String {
            let mut toml = String::from(
                "[project]\nname = \"league\"\ntimezone = \"America/New_York\"\n\n\
                 [targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n\n\
                 [spines.games]\ntable = \"league.schedule\"\nwhere = \"status = 'played'\"\nkey = { day = \"date\" }\n\
                 weights = { games = \"sum(n)\" }\n\n\
                 [spines.models]\nvalues = { model = [\"elo\", \"forest\"] }\n\n\
                 [spines.forecasts]\ncross = [\"games\", \"models\"]\n\n[seasons]\n",
            );
            for (number, (start, end)) in self.seasons.iter().enumerate() {
                writeln!(toml, "s{number} = {{ start = {start}, end = {end} }}").expect("memory");
            }
            self.outputs.iter().for_each(|output| toml += &output.toml());
            toml
        }

        pub(super) fn sql(&self) -> String {
            let mut sql = String::from("begin;\ncreate schema league;\ncreate table league.schedule (day date, status text, n integer);\n");
            let game = |game: &Game| {
                let status = if game.played { "played" } else { "postponed" };
                format!("('{}', '{status}', {})", game.day, game.weight.map_or("null".to_owned(), |n| n.to_string()))
            };
            insert(&mut sql, "schedule", self.schedule.iter().map(game));
            for output in &self.outputs {
                let name = &output.name;
                let columns = "played_on date, model text, game integer, player integer, points integer, minutes integer, draft boolean";
                writeln!(sql, "create table league.{name} ({columns});").expect("memory");
                insert(&mut sql, name, output.rows.iter().map(Row::sql));
            }
            sql + "commit;\n"
        }
    }

    fn insert(sql: &mut String, table: &str, rows: impl Iterator<Item = String>) {
        let rows: Vec<String> = rows.collect();
        if !rows.is_empty() {
            writeln!(sql, "insert into league.{table} values\n{};", rows.join(",\n")).expect("memory");
        }
    }

    impl Output {
        /// Another table of the same kind.
        pub(super) fn variant(&self, name: &str, rows: Vec<Row>) -> Self {
            Self { name: format!("{}_{name}", self.name), rows, ..self.clone() }
        }

        fn toml(&self) -> String {
            let plan = &self.plan;
            let spine = if plan.crossed { "forecasts" } else { "games" };
            let mut lines = vec![
                format!("\n[outputs.{}]\nstage = \"facts\"\ntable = \"league.{}\"\nspine = \"{spine}\"", self.name, self.name),
                "date = \"played_on\"\nwhere = \"not draft\"\ngrain = [\"game\", \"player\"]".to_owned(),
                format!("extras = \"{}\"", plan.extras),
            ];
            let tenths = |n: i64| format!("{}.{}", n / 10, n % 10);
            let mut rows: Vec<String> = Vec::new();
            rows.extend(plan.size.0.map(|n| format!("min = {}", tenths(n))));
            rows.extend(plan.size.1.map(|n| format!("max = {}", tenths(n))));
            rows.extend(plan.per.then(|| "per = \"games\"".to_owned()));
            lines.push(format!("rows = {{ {} }}", rows.join(", ")));
            lines.extend(plan.required.then(|| "not_null = [\"points\"]".to_owned()));
            lines.extend(plan.ranged.then(|| "ranges = { points = [0, 80] }".to_owned()));
            let mut excused: Vec<String> = Vec::new();
            excused.extend(plan.first_days.map(|n| format!("first_days = {n}")));
            excused.extend(plan.first_keys.map(|n| format!("first_keys = {n}")));
            excused.extend(plan.closed.map(|(from, more)| format!("dates = [\"{}..{}\"]", day(from), day(from + more))));
            lines.push(format!("not_expected = {{ {} }}", excused.join(", ")));
            lines.extend(plan.retention.map(|days| format!("retention = \"{days} days\"")));
            lines.extend(plan.due.0.map(|due| format!("expected_by = \"{due}\"")));
            if let Some((over, percent)) = plan.share {
                let over = format!("{over:?}").to_lowercase();
                let count = |name: &str, rows: &str| format!("{name} = \"sum(case when {rows} then 1 else 0 end)\"");
                let played = count("played", "minutes > 0");
                let known = count("known", "minutes > 0 and points is not null");
                let (first, second) = if plan.known_first { (known, played) } else { (played, known) };
                lines.push(format!("measures = {{ {first}, {second} }}"));
                let share = format!("{}.{:02}", percent / 100, percent % 100);
                lines.push(format!("rules = [{{ measure = \"known\", at_least = {share}, of = \"played\", over = \"{over}\" }}]"));
            }
            if let Some(waiver) = &self.waiver {
                let ranges = waiver.ranges.iter().map(|(from, to)| format!("{from}..{to}"));
                let keys: Vec<String> = waiver.keys.iter().cloned().chain(ranges).map(|key| format!("\"{key}\"")).collect();
                lines.push(format!("\n[[waivers]]\noutput = \"{}\"\nkeys = [{}]\nuntil = {}", self.name, keys.join(", "), waiver.until));
                lines.push("reason = \"known\"\nowner = \"the league\"".to_owned());
            }
            lines.join("\n") + "\n"
        }
    }
}

/// What an output holds of what it should, read from the generated rows one key at a time.
mod oracle {
    use std::collections::{BTreeMap, BTreeSet};

    use gapgate::model::verdict::Verdict;
    use jiff::ToSpan;
    use jiff::civil::{Date, DateTime};

    use super::world::{MODELS, Output, Over, Row, World};

    /// What there is to compare.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Answer {
        /// Class, rows and place in the spine of every key that is neither ok nor not expected.
        pub(super) keys: BTreeMap<String, (String, i64, Option<i64>)>,
        /// Keys per class.
        pub(super) counts: BTreeMap<String, u64>,
        /// Keys that have a class of the spine.
        pub(super) spine: u64,
        pub(super) expected: u64,
        pub(super) present: u64,
        pub(super) rows: u64,
        pub(super) verdict: Verdict,
        /// The keys to run again.
        pub(super) repairs: BTreeSet<String>,
    }

    type Key = (Option<Date>, Option<String>);

    pub(super) fn answer(world: &World, output: &Output) -> Answer {
        Oracle { world, output, as_of: world.as_of }.answer()
    }

    struct Oracle<'a> {
        world: &'a World,
        output: &'a Output,
        as_of: DateTime,
    }

    /// A key of the spine.
    struct Expected {
        day: Date,
        weight: Option<i64>,
        /// Its number among all keys and among those of its season, from 1.
        position: i64,
        in_season: i64,
        season: usize,
    }

    impl Oracle<'_> {
        fn answer(&self) -> Answer {
            let (spine, held) = (self.spine(), self.held());
            let keys: BTreeSet<&Key> = spine.keys().chain(held.keys()).collect();
            let nothing = Vec::new();
            let rows = held.values().map(|rows| rows.len() as u64).sum();
            let mut answer = Answer {
                keys: BTreeMap::new(),
                counts: BTreeMap::new(),
                spine: spine.len() as u64,
                expected: 0,
                present: 0,
                rows,
                verdict: Verdict::Pass,
                repairs: BTreeSet::new(),
            };
            let mut waived = Vec::new();
            for key in keys {
                let (expected, rows) = (spine.get(key), held.get(key).unwrap_or(&nothing));
                let mut class = self.class(key, expected, rows);
                let mut verdict = self.weigh(class, expected, rows);
                if expected.is_some() && class != "not_expected" {
                    answer.expected += 1;
                    answer.present += u64::from(!rows.is_empty());
                }
                if verdict > Verdict::Pass && self.is_in_waiver(key) {
                    waived.push(key);
                    if self.waiver_holds() {
                        (class, verdict) = (if expected.is_some() { "waived" } else { class }, Verdict::Pass);
                    }
                }
                *answer.counts.entry(class.to_owned()).or_default() += 1;
                answer.verdict = answer.verdict.max(verdict);
                if ["invalid", "null", "partial", "excess", "duplicate", "missing"].contains(&class) && verdict >= Verdict::Fail {
                    answer.repairs.insert(self.text(key));
                }
                if !["ok", "not_expected"].contains(&class) {
                    let state = (class.to_owned(), rows.len() as i64, expected.map(|key| key.position));
                    answer.keys.insert(self.text(key), state);
                }
            }
            let pending = answer.counts.get("pending").copied().unwrap_or(0);
            let nothing_due = answer.expected == pending || self.a_season_has_no_key(&spine);
            let nothing_expected = if nothing_due { Verdict::Undecided } else { Verdict::Pass };
            let waivers = match &self.output.waiver {
                Some(_) if waived.is_empty() && !self.waiver_is_in_scope() => Verdict::Pass,
                Some(_) if waived.is_empty() => Verdict::Warn,
                Some(_) if !self.waiver_holds() => Verdict::Fail,
                _ => Verdict::Pass,
            };
            answer.verdict = answer.verdict.max(nothing_expected).max(waivers).max(self.sums(&spine, &held));
            answer
        }

        /// The keys of the seasons that are looked at.
        fn spine(&self) -> BTreeMap<Key, Expected> {
            let mut spine = BTreeMap::new();
            let models: Vec<Option<String>> =
                if self.output.plan.crossed { MODELS.iter().map(|model| Some((*model).to_owned())).collect() } else { vec![None] };
            let mut position = 0;
            for (season, (start, end)) in self.world.in_scope().iter().enumerate() {
                for (at, (day, weight)) in self.world.weights().range(*start..=*end).enumerate() {
                    position += 1;
                    for model in &models {
                        let key = Expected { day: *day, weight: *weight, position, in_season: at as i64 + 1, season };
                        spine.insert((Some(*day), model.clone()), key);
                    }
                }
            }
            spine
        }

        /// The rows of each key, as far as they lie between the first and the last date.
        fn held(&self) -> BTreeMap<Key, Vec<&Row>> {
            let scope = self.world.in_scope();
            let (start, end) = (scope[0].0, scope[scope.len() - 1].1);
            let mut held: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
            for row in self.output.rows.iter().filter(|row| !row.draft && row.day.is_none_or(|day| start <= day && day <= end)) {
                held.entry((row.day, row.model.clone().filter(|_| self.output.plan.crossed))).or_default().push(row);
            }
            held
        }

        fn class(&self, key: &Key, expected: Option<&Expected>, rows: &[&Row]) -> &'static str {
            let plan = &self.output.plan;
            let Some(expected) = expected else {
                let has_null = key.0.is_none() || (plan.crossed && key.1.is_none());
                return if has_null { "null_key" } else { "extra" };
            };
            let units = if plan.per { expected.weight } else { Some(1) };
            let tenths = rows.len() as i64 * 10;
            let too_few = units.is_some_and(|units| tenths < plan.size.0.unwrap_or(10) * units);
            let late = if self.is_due(expected.day) { None } else { Some("pending") };
            if self.is_excused(expected) {
                return "not_expected";
            }
            if rows.is_empty() {
                return if too_few || units.is_none() { late.unwrap_or("missing") } else { "ok" };
            }
            match units {
                _ if repeated(rows) => "duplicate",
                None => "invalid",
                Some(units) if plan.size.1.is_some_and(|most| tenths > most * units) => "excess",
                _ if too_few => late.unwrap_or("partial"),
                _ if self.has_null(rows) => "null",
                _ if self.is_outside(rows) || self.share_of_key(rows).is_some() => "invalid",
                _ => "ok",
            }
        }

        /// The worst that can be said of the key, whatever its class is.
        fn weigh(&self, class: &str, expected: Option<&Expected>, rows: &[&Row]) -> Verdict {
            match class {
                "ok" | "not_expected" | "pending" => Verdict::Pass,
                "extra" => match self.output.plan.extras {
                    "allow" => Verdict::Pass,
                    "warn" => Verdict::Warn,
                    _ => Verdict::Fail,
                },
                "missing" | "null_key" => Verdict::Fail,
                _ => {
                    let unknown = self.output.plan.per && expected.is_some_and(|key| key.weight.is_none());
                    let unknown = if unknown { Verdict::Undecided } else { Verdict::Fail };
                    unknown.max(self.share_of_key(rows).unwrap_or(Verdict::Fail))
                }
            }
        }

        fn is_due(&self, day: Date) -> bool {
            let (_, days, (hour, minute)) = self.output.plan.due;
            day.checked_add(days.days()).expect("a date").at(hour, minute, 0, 0) <= self.as_of
        }

        fn is_excused(&self, key: &Expected) -> bool {
            let plan = &self.output.plan;
            let start = self.world.in_scope()[key.season].0;
            let after = |date: Date, days: i64| date.checked_add(days.days()).expect("a date");
            plan.first_days.is_some_and(|days| key.day < after(start, days))
                || plan.first_keys.is_some_and(|keys| key.in_season <= keys)
                || plan.closed.is_some_and(|(from, more)| (super::world::day(from)..=super::world::day(from + more)).contains(&key.day))
                || plan.retention.is_some_and(|days| key.day < after(self.as_of.date(), -days))
        }

        fn has_null(&self, rows: &[&Row]) -> bool {
            rows.iter().any(|row| row.player.is_none() || (self.output.plan.required && row.points.is_none()))
        }

        fn is_outside(&self, rows: &[&Row]) -> bool {
            self.output.plan.ranged && rows.iter().any(|row| row.points.is_some_and(|points| !(0..=80).contains(&points)))
        }

        fn share_of_key(&self, rows: &[&Row]) -> Option<Verdict> {
            let (_, percent) = self.output.plan.share.filter(|(over, _)| *over == Over::Key)?;
            too_small(rows.iter().copied(), percent)
        }

        /// Rules on sums: over the expected keys of a month, of a season, or all.
        fn sums(&self, spine: &BTreeMap<Key, Expected>, held: &BTreeMap<Key, Vec<&Row>>) -> Verdict {
            let Some((over, percent)) = self.output.plan.share.filter(|(over, _)| *over != Over::Key) else { return Verdict::Pass };
            let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
            for (key, expected) in spine.iter().filter(|(_, expected)| !self.is_excused(expected)) {
                let name = match over {
                    Over::Month => expected.day.strftime("%Y-%m").to_string(),
                    Over::Season => expected.season.to_string(),
                    Over::Output | Over::Key => String::new(),
                };
                groups.entry(name).or_default().extend(held.get(key).into_iter().flatten());
            }
            let groups = groups.values().filter(|rows| !rows.is_empty());
            groups.filter_map(|rows| too_small(rows.iter().copied(), percent)).max().unwrap_or(Verdict::Pass)
        }

        fn text(&self, key: &Key) -> String {
            let day = key.0.map_or("null".to_owned(), |day| day.to_string());
            if self.output.plan.crossed { format!("{day}/{}", key.1.as_deref().unwrap_or("null")) } else { day }
        }

        fn is_in_waiver(&self, key: &Key) -> bool {
            let in_range = |(from, to): &(Date, Date)| key.0.is_some_and(|day| *from <= day && day <= *to);
            self.output.waiver.as_ref().is_some_and(|waiver| waiver.keys.contains(&self.text(key)) || waiver.ranges.iter().any(in_range))
        }

        /// Over, or two weeks under way, and not a single key, although the spine has keys of other seasons.
        fn a_season_has_no_key(&self, spine: &BTreeMap<Key, Expected>) -> bool {
            let today = self.as_of.date();
            let begun = |(start, end): &(Date, Date)| *end < today || start.saturating_add(14.days()) <= today;
            let has_key = |season: usize| spine.values().any(|key| key.season == season);
            !spine.is_empty() && self.world.in_scope().iter().enumerate().any(|(at, season)| begun(season) && !has_key(at))
        }

        /// Whether some key or range of the waiver lies in the dates that are looked at; a key without date always does.
        fn waiver_is_in_scope(&self) -> bool {
            let scope = self.world.in_scope();
            let (start, end) = (scope[0].0, scope[scope.len() - 1].1);
            let key_in_scope = |key: &String| {
                let day = key.split('/').find_map(|part| part.parse::<Date>().ok());
                day.is_none_or(|day| start <= day && day <= end)
            };
            self.output.waiver.as_ref().is_some_and(|waiver| {
                waiver.keys.iter().any(key_in_scope) || waiver.ranges.iter().any(|(from, to)| *from <= end && *to >= start)
            })
        }

        fn waiver_holds(&self) -> bool {
            self.output.waiver.as_ref().is_some_and(|waiver| self.as_of.date() <= waiver.until)
        }
    }

    fn repeated(rows: &[&Row]) -> bool {
        let distinct: BTreeSet<_> = rows.iter().map(|row| (row.game, row.player)).collect();
        distinct.len() < rows.len()
    }

    /// What is wrong with the share of known points: it is too small, or a share of nothing.
    fn too_small<'a>(rows: impl Iterator<Item = &'a Row>, percent: i64) -> Option<Verdict> {
        let played: Vec<&Row> = rows.filter(|row| row.minutes.is_some_and(|minutes| minutes > 0)).collect();
        let known = played.iter().filter(|row| row.points.is_some()).count() as i64;
        match played.len() as i64 {
            0 => Some(Verdict::Undecided),
            played if known * 100 < percent * played => Some(Verdict::Fail),
            _ => None,
        }
    }
}

/// What gapgate says, in the words of the oracle.
fn seen(coverage: &Coverage) -> Answer {
    let retry = retry_list([coverage], |_, _| None);
    let repairs: BTreeSet<String> = retry.iter().map(|item| item.key.iter().map(Value::to_string).collect::<Vec<_>>().join("/")).collect();
    assert_eq!(repairs.len(), retry.len(), "no key is listed twice");
    let keys: BTreeMap<_, _> =
        coverage.keys.iter().map(|key| (key.text(), (key.class.name().to_owned(), key.rows, key.position))).collect();
    assert_eq!(keys.len(), coverage.keys.len(), "no key has two classes");
    Answer {
        keys,
        counts: coverage.counts.iter().map(|(class, keys)| (class.name().to_owned(), *keys)).collect(),
        spine: coverage.counts.iter().filter(|(class, _)| class.is_of_spine()).map(|(_, keys)| keys).sum(),
        expected: coverage.expected,
        present: coverage.present,
        rows: coverage.rows,
        verdict: coverage.verdict(),
        repairs,
    }
}

/// The keys of a class.
fn of_class(coverage: &Coverage, class: Class) -> BTreeSet<String> {
    coverage.keys.iter().filter(|key| key.class == class).map(|key| key.text()).collect()
}

fn rules(coverage: &Coverage) -> Vec<&str> {
    coverage.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// Puts changed outputs behind each output of a world, and answers for each output which one it is made from.
fn with_variants(world: &mut World, edit: impl Fn(&Output) -> Vec<Vec<Row>>) -> Vec<usize> {
    let mut bases = Vec::new();
    let mut outputs = Vec::new();
    for base in &world.outputs {
        let at = outputs.len();
        outputs.push(base.clone());
        outputs.extend(edit(base).into_iter().enumerate().map(|(n, rows)| base.variant(&n.to_string(), rows)));
        bases.resize(outputs.len(), at);
    }
    world.outputs = outputs;
    bases
}

fn picks() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 2)
}

proptest! {
    #![proptest_config(config())]

    /// Laws 6, 7 and 12, and every class, count and verdict besides.
    #[test]
    fn every_key_has_the_class_that_its_rows_give_it(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let found = fixture.cover(&scope);
        prop_assert_eq!(found.len(), world.outputs.len());
        for (coverage, output) in found.iter().zip(&world.outputs) {
            prop_assert_eq!(seen(coverage), oracle::answer(&world, output), "left is gapgate, right the oracle: {}", &output.name);
            let missing = retry_list([coverage], |_, _| None).iter().filter(|item| item.class == Class::Missing).count();
            prop_assert_eq!(missing as u64, coverage.count(Class::Missing));
        }
    }

    /// One statement for several outputs says of each what its own statement says.
    #[test]
    fn asking_together_is_asking_alone(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let session = Session::new(&fixture.project, &LIBRARY, &scope, fixture.warehouse.as_ref(), patience());
        for coverage in fixture.cover(&scope) {
            let alone = cover(&session, coverage_query(), std::slice::from_ref(&coverage.output)).expect("no interrupt").coverage;
            prop_assert_eq!(whole(&alone[0]), whole(&coverage));
        }
    }

    /// Law 1.
    #[test]
    fn deleting_an_expected_row_never_improves_a_verdict(plan in plans(), picks in picks()) {
        let mut world = plan.clean().world();
        let bases = with_variants(&mut world, |base| {
            let picked = picks.iter().filter(|_| !base.rows.is_empty()).map(|pick| pick.index(base.rows.len()));
            let mut variants = vec![Vec::new()];
            for at in picked {
                let without_row = |(n, row): (usize, &Row)| (n != at).then(|| row.clone());
                variants.push(base.rows.iter().enumerate().filter_map(without_row).collect());
                variants.push(base.rows.iter().filter(|row| row.day != base.rows[at].day).cloned().collect());
            }
            variants
        });
        let fixture = world.fixture();
        let found = fixture.cover(&world.scope(&fixture));
        for (coverage, base) in found.iter().zip(bases) {
            let before = &found[base];
            prop_assert!(coverage.verdict() >= before.verdict(), "{}: {:?} before, {:?} after", coverage.output, before.findings, coverage.findings);
            prop_assert_eq!(coverage.expected, before.expected);
            let clean = if before.expected == 0 { Verdict::Undecided } else { Verdict::Pass };
            prop_assert_eq!(before.verdict(), clean, "a clean output passes: {:?}", &before.findings);
        }
    }

    /// Law 2.
    #[test]
    fn adding_a_duplicate_or_foreign_row_never_improves_a_verdict(plan in plans(), picks in picks(), offset in -3..43i64) {
        let mut world = plan.without_waivers().world();
        let bases = with_variants(&mut world, |base| {
            let copies = picks.iter().filter(|_| !base.rows.is_empty()).map(|pick| pick.get(&base.rows).clone());
            let foreign = [Row::new(world::day(offset), "ghost", 70), Row { day: None, ..Row::new(world::day(offset), "elo", 70) }];
            foreign.into_iter().chain(copies).filter(|row| is_duplicate_or_foreign(base, row)).map(|row| [base.rows.clone(), vec![row]].concat()).collect()
        });
        let fixture = world.fixture();
        let found = fixture.cover(&world.scope(&fixture));
        for (coverage, base) in found.iter().zip(bases) {
            let before = &found[base];
            prop_assert!(coverage.verdict() >= before.verdict(), "{}: {:?} before, {:?} after", coverage.output, before.findings, coverage.findings);
            prop_assert_eq!(of_class(coverage, Class::Missing), of_class(before, Class::Missing));
        }
    }

    /// Law 3.
    #[test]
    fn a_row_without_key_is_a_finding_and_closes_no_gap(plan in plans(), offset in 0..30i64) {
        let mut world = plan.without_waivers().world();
        let bases = with_variants(&mut world, |base| {
            let undated = Row { day: None, ..Row::new(world::day(offset), "elo", 80) };
            let keyless = Row { model: None, ..undated.clone() };
            let mut variants = vec![[base.rows.clone(), vec![undated.clone()]].concat(), [base.rows.clone(), vec![undated, keyless]].concat()];
            if base.plan.crossed {
                let day = world::day(0);
                variants.push([base.rows.clone(), vec![Row { model: None, ..Row::new(day, "elo", 81) }]].concat());
            }
            variants
        });
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let found = fixture.cover(&scope);
        for ((at, coverage), base) in found.iter().enumerate().zip(bases).filter(|((at, _), base)| at != base) {
            let before = &found[base];
            let outside = at == base + 3 && scope.start() > world::day(0);
            prop_assert_eq!(of_class(coverage, Class::Missing), of_class(before, Class::Missing));
            prop_assert_eq!(seen(coverage).repairs, seen(before).repairs);
            let finding = coverage.findings.iter().find(|finding| finding.rule == "null_key");
            prop_assert!(outside || finding.is_some_and(|finding| finding.verdict == Verdict::Fail), "{:?}", coverage.findings);
        }
    }

    /// Law 4: what is complete is not for the ledger to say, and in the ledger the latest attempt decides.
    #[test]
    fn retries_never_change_completeness(plan in plans(), attempts in prop::collection::vec((any::<Index>(), attempts()), 1..12)) {
        let world = plan.world();
        let mut split: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
        for (pick, attempts) in &attempts {
            split.entry(pick.get(&world.schedule).day).or_default().extend(attempts);
        }
        let decisive = |attempts: &Vec<&'static str>| attempts.iter().rfind(|status| **status != "skipped").or(attempts.last()).copied();
        let latest: BTreeMap<Date, Vec<&str>> = split.iter().map(|(day, attempts)| (*day, decisive(attempts).into_iter().collect())).collect();
        let toml = world.toml() + LEDGER;
        let mut answers = Vec::new();
        for ledger in [&latest, &split] {
            let fixture = Fixture::new(&toml, &(world.sql() + &ledger_sql(ledger)));
            let scope = world.scope(&fixture);
            answers.push(fixture.cover(&scope).iter().map(whole).collect::<Vec<_>>());
            let of_scope = latest.iter().filter(|(day, _)| scope.start() <= **day && **day <= scope.end());
            let open: Vec<(String, String)> = of_scope
                .filter(|(_, latest)| ["failed", "running"].contains(&latest[0]))
                .map(|(day, latest)| (day.to_string(), latest[0].to_owned()))
                .collect();
            let rows = ask(&fixture, &scope, "failure/unresolved", None);
            let found: Vec<(String, String)> = rows.rows().map(|row| (row[1].to_string(), row[2].to_string())).collect();
            prop_assert_eq!(found, open);
        }
        prop_assert_eq!(&answers[0], &answers[1]);
    }

    /// Laws 6 and 7, for the queries that list gaps: they say what coverage says.
    #[test]
    fn the_lists_of_gaps_agree_with_coverage(plan in plans()) {
        let world = plan.without_waivers().world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        for coverage in fixture.cover(&scope) {
            let keys = |query: &str, from: usize, class: Option<&str>| -> BTreeSet<String> {
                let rows = ask(&fixture, &scope, query, Some(&coverage.output));
                let rows = rows.rows().filter(|row| class.is_none_or(|class| row[1].as_text() == Some(class)));
                rows.map(|row| row[from..from + coverage.key.len()].iter().map(Value::to_string).collect::<Vec<_>>().join("/")).collect()
            };
            prop_assert_eq!(keys("gap/missing_keys", 1, None), of_class(&coverage, Class::Missing));
            prop_assert_eq!(keys("gap/extra_keys", 2, Some("extra")), of_class(&coverage, Class::Extra));
            prop_assert_eq!(keys("gap/extra_keys", 2, Some("null_key")), of_class(&coverage, Class::NullKey));
        }
    }

    /// Law 10.
    #[test]
    fn time_turns_pending_into_missing_and_never_missing_into_ok(plan in plans(), hours in 1..400i64) {
        let world = plan.without_waivers().without_retention().world();
        let fixture = world.fixture();
        let later = world.as_of.checked_add(jiff::ToSpan::hours(hours)).expect("a moment");
        let before = fixture.cover(&world.scope(&fixture));
        let after = fixture.cover(&world.scope_at(&fixture, later));
        for (before, after) in before.iter().zip(&after) {
            let mut due = BTreeMap::new();
            for (key, (class, ..)) in seen(before).keys {
                due.insert(key, class);
            }
            let now: BTreeMap<String, String> = seen(after).keys.into_iter().map(|(key, (class, ..))| (key, class)).collect();
            prop_assert_eq!(due.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>(), "no key becomes ok, none stops being so");
            for (key, class) in &due {
                let allowed: &[&str] = if class == "pending" { &["pending", "missing", "partial"] } else { &[class] };
                prop_assert!(allowed.contains(&now[key].as_str()), "{key} was {class} and became {}", now[key]);
            }
            prop_assert!(before.verdict() <= after.verdict());
        }
    }

    /// Coverage of parts adds up to the coverage of the whole.
    #[test]
    fn looking_in_parts_is_looking_at_the_whole(plan in plans(), cuts in prop::collection::btree_set(0..40i64, 0..5), shuffle in any::<bool>()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let renderer = Renderer::new(&LIBRARY, &fixture.project, &scope, fixture.warehouse.dialect());
        for coverage in fixture.cover(&scope) {
            let output = &fixture.project.outputs[&coverage.output];
            let figures: Vec<Figure> = figures(output);
            let key = coverage.key.clone();
            let mut waivers = fixture.project.waivers.clone();
            waivers.retain(|waiver| waiver.concerns(scope.start(), scope.end()));
            let mut tally = Tally::new(output, &figures, key, &waivers, scope.as_of_date());
            for part in parts(&scope, &cuts, shuffle) {
                let args = [("outputs".to_owned(), Argument::List(vec![output.name.clone()]))].into_iter().collect();
                let parts = [(output.name.clone(), part)].into_iter().collect();
                let sql = renderer.render_parts(coverage_query(), &args, &parts).expect("it renders");
                tally.absorb(&fixture.warehouse.query(&sql, patience()).expect("it runs")).expect("it fits");
            }
            prop_assert_eq!(whole(&tally.finish()), whole(&coverage));
        }
    }

    /// The same where the corridor decides itself, because tables seem large.
    #[test]
    fn a_large_table_is_judged_like_a_small_one(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let large = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer.map(|table| magnified(&table))).with_list(|_, list| {
            list.map(|(mut inventory, sql)| {
                inventory.values_mut().for_each(|table| table.rows = Some(50_000_000));
                (inventory, sql)
            })
        });
        let large = large.large();
        let small = fixture.cover(&scope);
        for (in_parts, at_once) in fixture.cover_with(&scope, &large).iter().zip(&small) {
            prop_assert_eq!(whole(in_parts), whole(at_once));
        }
        prop_assert!(large.asked() >= world.outputs.len() + 2, "each was probed first");
    }

    /// Law 11.
    #[test]
    fn shares_are_decided_on_integers(pairs in prop::collection::vec((0..6usize, 1..1_000_000_000_000i64, -1..=1i64), 30)) {
        let judged = shares(&pairs);
        for (threshold, part, of, class) in judged {
            let (numerator, denominator, _) = THRESHOLDS[threshold];
            let holds = i128::from(part) * i128::from(denominator) >= i128::from(of) * i128::from(numerator);
            prop_assert_eq!(class, if holds { Class::Ok } else { Class::Invalid }, "{} of {}", part, of);
        }
    }
}

fn attempts() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(vec!["success", "failed", "running", "skipped"]), 1..5)
}

/// A ledger in which each date has these attempts, one after the other.
fn ledger_sql(attempts: &BTreeMap<Date, Vec<&str>>) -> String {
    let row = |day: &Date, n: usize, status: &str| {
        format!("('{day}.{n}', 'box_0', date '{day}', '{status}', timestamp '2024-02-01 00:{n:02}:00')")
    };
    let rows = attempts.iter().flat_map(|(day, attempts)| attempts.iter().enumerate().map(move |(n, status)| row(day, n, status)));
    let rows: Vec<String> = rows.collect();
    format!("create table league.runs as from (values {}) as runs (run, processor, day, status, started);", rows.join(", "))
}

/// The rows of a query, about one output or about all.
fn ask(fixture: &Fixture, scope: &Scope, query: &str, output: Option<&str>) -> Table {
    let session = Session::new(&fixture.project, &LIBRARY, scope, fixture.warehouse.as_ref(), patience());
    let query = LIBRARY.query(query).expect("it is shipped");
    let args = output.map(|output| ("outputs".to_owned(), Argument::List(vec![output.to_owned()]))).into_iter().collect();
    let report = run::single(&session, &Check { query, args, declared: String::new() }).expect("no interrupt");
    report.rows.unwrap_or_else(|| panic!("{:?}", report.findings))
}

/// Everything that a report could say of an output.
fn whole(coverage: &Coverage) -> (Answer, Vec<(String, String, Verdict)>, Vec<Finding>) {
    let keys = coverage.keys.iter().map(|key| (key.text(), key.reason.to_string(), key.verdict)).collect();
    (seen(coverage), keys, coverage.findings.clone())
}

/// Whether a row added to the output is a copy of one, or belongs to no key.
fn is_duplicate_or_foreign(output: &Output, row: &Row) -> bool {
    let copies = |other: &Row| other.day == row.day && other.model == row.model && other.player == row.player && other.game == row.game;
    row.day.is_none() || output.rows.iter().any(copies) || (output.plan.crossed && row.model.as_deref() == Some("ghost"))
}

/// Parts that cut the scope before the given days; the rows without key are in one of them.
fn parts(scope: &Scope, cuts: &BTreeSet<i64>, shuffle: bool) -> Vec<Part> {
    let (start, end) = (scope.start(), scope.end());
    let cuts: Vec<Date> = cuts.iter().map(|cut| world::day(*cut)).filter(|cut| start < *cut && *cut <= end).collect();
    let starts = [start].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().map(|cut| cut.yesterday().expect("a date")).chain([end]);
    let ranges: Vec<(Date, Date)> = starts.zip(ends).collect();
    let (even, odd): (Vec<_>, Vec<_>) = ranges.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let mut groups: Vec<Vec<(Date, Date)>> = if shuffle {
        [even, odd].into_iter().map(|group| group.into_iter().map(|(_, range)| *range).collect()).collect()
    } else {
        ranges.into_iter().map(|range| vec![range]).collect()
    };
    groups.retain(|group| !group.is_empty());
    let part = |(at, ranges)| Part { ranges, without_null_key: at > 0, known_distinct: false };
    groups.into_iter().enumerate().map(part).collect()
}

/// The rows per date times a hundred thousand, so that few dates make a run.
fn magnified(table: &Table) -> Table {
    let names: Vec<&str> = table.columns().iter().map(|column| column.name.as_str()).collect();
    if names != ["day", "held_rows"] {
        return table.clone();
    }
    let mut large = Table::new(table.columns().to_vec());
    for row in table.rows() {
        large.push([row[0].clone(), Value::Int(row[1].as_int().expect("a count") * 100_000)]);
    }
    large
}

const LEDGER: &str = r#"
[runs]
table = "league.runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"], skipped = ["skipped"] }
started = "started"
"#;

/// Numerator, denominator, and how the project file writes it.
const THRESHOLDS: [(i64, i64, &str); 6] =
    [(1, 1, "1"), (999, 1000, "0.999"), (99, 100, "0.99"), (19, 20, "0.95"), (1, 2, "0.5"), (333, 1000, "0.333")];

/// Each part and whole as a key of its own; the part misses its threshold by `off`, if at all.
fn shares(pairs: &[(usize, i64, i64)]) -> Vec<(usize, i64, i64, Class)> {
    let mut toml = project("[seasons]\nall = { start = 2024-01-01, end = 2024-12-31 }\n");
    let mut sql = "begin;\ncreate schema league;\n".to_owned();
    for (at, (_, _, text)) in THRESHOLDS.iter().enumerate() {
        toml += &format!(
            "[spines.days_{at}]\ntable = \"league.shares_{at}\"\nkey = {{ day = \"date\" }}\n\
             [outputs.shares_{at}]\nstage = \"facts\"\ntable = \"league.shares_{at}\"\nspine = \"days_{at}\"\n\
             measures = {{ kept = \"sum(kept)\", total = \"sum(total)\" }}\n\
             rules = [{{ measure = \"kept\", at_least = {text}, of = \"total\" }}]\n"
        );
        sql += &format!("create table league.shares_{at} (day date, kept bigint, total bigint);\n");
    }
    let (mut asked, mut rows) = (Vec::new(), vec![Vec::new(); THRESHOLDS.len()]);
    for (number, (threshold, of, off)) in pairs.iter().enumerate() {
        let (numerator, denominator, _) = THRESHOLDS[*threshold];
        let exact = i128::from(*of) * i128::from(numerator) / i128::from(denominator);
        let part = (i64::try_from(exact).expect("below the whole") + off).clamp(0, *of);
        let day = Date::constant(2024, 1, 1).checked_add(jiff::ToSpan::days(number as i64)).expect("a date");
        rows[*threshold].push(format!("('{day}', {part}, {of})"));
        asked.push((*threshold, day, part, *of));
    }
    for (at, rows) in rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        sql += &format!("insert into league.shares_{at} values {};\n", rows.join(", "));
    }
    let fixture = Fixture::new(&toml, &(sql + "commit;"));
    let found = fixture.cover(&fixture.scope("2025-01-31"));
    let class =
        |threshold: usize, day: Date| found[threshold].keys.iter().find(|key| key.date() == Some(day)).map_or(Class::Ok, |key| key.class);
    asked.into_iter().map(|(threshold, day, part, of)| (threshold, part, of, class(threshold, day))).collect()
}

/// A project file with one target and what is added to it.
fn project(more: &str) -> String {
    format!("[project]\nname = \"league\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n{more}")
}

/// Three dates, one output, nothing wrong.
fn small() -> (String, String) {
    let toml = project(
        "[seasons]\nall = { start = 2024-01-01, end = 2024-01-31 }\n\
         [spines.games]\ntable = \"league.schedule\"\nkey = { day = \"date\" }\nweights = { games = \"sum(n)\" }\n\
         [outputs.box]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\ngrain = [\"player\"]\n\
         not_null = [\"points\"]\nrows = { exact = 2, per = \"games\" }\n[gates.facts]\nstage = \"facts\"\n",
    );
    let sql = "create schema league;\n\
         create table league.schedule as from (values (date '2024-01-02', 1), (date '2024-01-03', 1), (date '2024-01-05', 1)) as games (day, n);\n\
         create table league.box as select day, player, 10 as points from league.schedule, (values ('ann'), ('bob')) as players (player);\n"
        .to_owned();
    (toml, sql)
}

/// What one output holds after a change of the small project: of its file, and of its warehouse.
fn changed(change: impl Fn(String) -> String, more: &str) -> Coverage {
    let (toml, sql) = small();
    let fixture = Fixture::new(&change(toml), &(sql + more));
    fixture.cover(&fixture.scope("2024-02-01")).remove(0)
}

/// Law 5: each has its own name, and none passes.
#[test]
fn what_cannot_be_judged_is_told_apart() {
    let same = |toml: String| toml;
    let cases = [
        (
            "empty target",
            changed(same, "delete from league.box;"),
            "empty",
            Verdict::Fail,
            "has no rows in scope: 3 expected, 0 present, 3 missing",
        ),
        ("empty spine", changed(same, "delete from league.schedule;"), "spine", Verdict::Undecided, "`games` has no keys in scope"),
        ("no table", changed(same, "drop table league.box;"), "table", Verdict::Undecided, "no table league.box"),
        (
            "no spine table",
            changed(same, "drop table league.schedule;"),
            "table",
            Verdict::Undecided,
            "spine `games`: there is no table league.schedule",
        ),
        ("no column", changed(same, "alter table league.box drop column points;"), "column", Verdict::Undecided, "has no column points"),
        (
            "no key column",
            changed(same, "alter table league.box rename day to played_on;"),
            "column",
            Verdict::Undecided,
            "has no column day",
        ),
        ("text date", changed(same, "alter table league.box alter day type text;"), "type", Verdict::Undecided, "is of type VARCHAR"),
        (
            "timestamp",
            changed(same, "alter table league.box alter day type timestamp;"),
            "type",
            Verdict::Undecided,
            "is of type TIMESTAMP",
        ),
        (
            "text date of the spine",
            changed(same, "alter table league.schedule alter day type text;"),
            "type",
            Verdict::Undecided,
            "spine `games`",
        ),
        (
            "nothing expected",
            changed(|toml| toml.replace("not_null", "not_expected = { first_days = 31 }\nnot_null"), ""),
            "expected",
            Verdict::Undecided,
            "none of the 3 keys in scope is expected",
        ),
    ];
    for (name, coverage, rule, verdict, words) in &cases {
        let finding = coverage.findings.first().unwrap_or_else(|| panic!("{name}: no finding"));
        assert_eq!((finding.rule.as_str(), finding.verdict), (*rule, *verdict), "{name}: {finding:?}");
        assert!(finding.message.contains(words), "{name}: {finding:?}");
        assert_eq!(coverage.verdict(), *verdict, "{name}");
    }
}

/// Law 5, for what an engine does.
#[test]
fn what_an_engine_does_not_answer_is_told_apart() {
    let (toml, sql) = small();
    let fixture = Fixture::new(&toml, &sql);
    let scope = fixture.scope("2024-02-01");
    type Spoil = fn(Table) -> Result<Table, QueryError>;
    let cases: [(Spoil, &str); 6] = [
        (|_| Err(QueryError::Timeout(30)), "timeout"),
        (|_| Err(QueryError::Engine("Permission Error: not yours".to_owned())), "engine"),
        (truncated, "truncated"),
        (|_| Ok(Table::default()), "columns"),
        (without_a_column, "columns"),
        (|table| Ok(Table::new(table.columns().to_vec())), "spine"),
    ];
    for (spoil, rule) in cases {
        let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer.and_then(spoil));
        let coverage = fixture.cover_with(&scope, &engine).remove(0);
        assert_eq!(rules(&coverage), [rule], "{:?}", coverage.findings);
        assert_eq!(coverage.verdict(), Verdict::Undecided);
    }
}

fn truncated(mut table: Table) -> Result<Table, QueryError> {
    table.mark_truncated();
    Ok(table)
}

fn without_a_column(table: Table) -> Result<Table, QueryError> {
    let left = table.columns().len() - 1;
    let mut less = Table::new(table.columns()[..left].to_vec());
    table.rows().for_each(|row| less.push(row[..left].iter().cloned()));
    Ok(less)
}

/// Law 5: the time limit of the embedded engine itself, and the interrupt.
#[test]
fn a_limit_that_has_passed_is_a_timeout_and_an_interrupt_ends_the_run() {
    let (toml, sql) = small();
    let fixture = Fixture::new(&toml, &sql);
    let scope = fixture.scope("2024-02-01");
    let passed = Deadline { at: Instant::now(), seconds: 1 };
    let session = Session::new(&fixture.project, &LIBRARY, &scope, fixture.warehouse.as_ref(), passed);
    let report = cover(&session, coverage_query(), &["box".to_owned()]).expect("no interrupt");
    assert_eq!(rules(&report.coverage[0]), ["timeout"]);
    let engine = StandIn::new(fixture.warehouse.as_ref(), |_, _| Err(QueryError::Interrupted));
    let session = Session::new(&fixture.project, &LIBRARY, &scope, &engine, patience());
    assert!(matches!(cover(&session, coverage_query(), &["box".to_owned()]), Err(Error::Interrupted)));
}

/// Law 9, and an example of every class in words.
#[test]
fn every_class_is_reached() {
    let fixture =
        Fixture::new(include_str!("fixtures/laws/every_class/gapgate.toml"), include_str!("fixtures/laws/every_class/warehouse.sql"));
    let coverage = fixture.cover(&fixture.scope("2024-01-16T12:00")).remove(0);
    let found: Vec<String> = coverage.keys.iter().map(|key| format!("{} {}: {}", key.text(), key.class.name(), key.reason)).collect();
    let wanted: Vec<&str> = include_str!("fixtures/laws/every_class/keys.txt").lines().collect();
    assert_eq!(found, wanted);
    let counts: Vec<(&str, u64)> = coverage.counts.iter().map(|(class, keys)| (class.name(), *keys)).collect();
    assert_eq!(counts.len(), Class::ALL.len(), "{counts:?}");
    assert!(counts.iter().all(|(class, keys)| *keys == if *class == "ok" { 3 } else { 1 }), "{counts:?}");
    assert_eq!(coverage.in_numbers(), "11 expected, 8 present, 1 missing");
}

/// Law 9: the generator itself reaches every class, so the laws above are about all of them.
#[test]
fn the_generator_reaches_every_class() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(config());
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..config().cases {
        let plan: Plan = plans().new_tree(&mut runner).expect("a plan").current();
        let world = plan.world();
        for (class, keys) in world.outputs.iter().flat_map(|output| oracle::answer(&world, output).counts) {
            *reached.entry(class).or_default() += keys;
        }
    }
    let missed: Vec<&str> = Class::ALL.iter().map(|(_, name)| *name).filter(|name| !reached.contains_key(*name)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}; reached: {reached:?}");
}

/// Law 11.
#[test]
fn almost_all_is_not_all() {
    let toml = |over: &str| {
        project(&format!(
            "[seasons]\nall = {{ start = 2024-01-01, end = 2024-01-31 }}\n[spines.days]\ntable = \"league.box\"\nkey = {{ day = \"date\" }}\n\
             [outputs.box]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"days\"\n\
             measures = {{ known = \"count(points)\", played = \"count(*)\" }}\n\
             rules = [{{ measure = \"known\", at_least = 1, of = \"played\", over = \"{over}\" }}]\n"
        ))
    };
    let sql = "create schema league;\n\
        create table league.box as select date '2024-01-02' as day, case when n < 2999 then n end as points from range(3000) as rows (n);";
    for over in ["key", "month", "season", "output"] {
        let fixture = Fixture::new(&toml(over), sql);
        let coverage = fixture.cover(&fixture.scope("2024-02-01")).remove(0);
        assert_eq!(coverage.verdict(), Verdict::Fail, "{over}");
        let message = &coverage.findings[0].message;
        assert!(message.contains("known is 2999 of 3000 played, not at least 1 of played"), "{message}");
        assert!(!message.contains("100%"), "{message}");
    }
}

/// A gate of three statements: two spines, and a query of the project's own.
fn gated() -> (Fixture, Library) {
    let (toml, sql) = small();
    let toml = toml
        + "checks = [\"quality/coverage\", \"own/repeated\"]\n\
           [spines.models]\nvalues = { model = [\"elo\", \"forest\"] }\n[spines.forecasts]\ncross = [\"games\", \"models\"]\n\
           [outputs.forecast]\nstage = \"facts\"\ntable = \"league.forecast\"\nspine = \"forecasts\"\n\
           [outputs.summary]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\n";
    let sql =
        sql + "create table league.forecast as select day, model from league.schedule, (values ('elo'), ('forest')) as models (model);\n";
    let fixture = Fixture::new(&toml, &sql);
    let dir = fixture.project.dir.join("queries/own");
    fs::create_dir_all(&dir).expect("a folder");
    fs::write(dir.join("repeated.sql"), include_str!("fixtures/laws/repeated.sql")).expect("a query");
    let library = library::load(Some(&fixture.project.dir)).unwrap_or_else(|error| panic!("{error}"));
    (fixture, library)
}

fn run_gate(fixture: &Fixture, library: &Library, engine: &StandIn<'_>) -> Result<GateReport, Error> {
    let scope = fixture.scope("2024-02-01");
    let gate = &fixture.project.gates["facts"];
    let plans = run::plan(&fixture.project, library, &scope, fixture.warehouse.dialect(), &[gate])?;
    let session = Session::new(&fixture.project, library, &scope, engine, patience());
    run::gate(&session, &plans[0])
}

/// What every check of a gate found, for comparison with a run on which nothing failed.
fn found(report: &GateReport) -> Vec<(Vec<Finding>, Option<Table>, String)> {
    let check = |check: &CheckReport| {
        let coverage: Vec<_> = check.coverage.iter().map(whole).collect();
        (check.findings.clone(), check.rows.clone(), format!("{coverage:?}"))
    };
    report.checks.iter().map(check).collect()
}

/// Law 14: an engine that fails from some statement on never lets a gate pass.
#[test]
fn a_gate_never_passes_on_an_engine_that_went_away() {
    let (fixture, library) = gated();
    let healthy = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer);
    let report = run_gate(&fixture, &library, &healthy).expect("no interrupt");
    assert_eq!(report.verdict(), Verdict::Pass, "{report:?}");
    let statements = healthy.asked();
    assert_eq!(statements, 3, "two spines, one query");
    for first in 0..statements {
        for error in [QueryError::Timeout(30), QueryError::Engine("connection lost".to_owned())] {
            let (on_query, on_list) = (error.clone(), error.clone());
            let engine = StandIn::new(fixture.warehouse.as_ref(), move |n, answer| if n < first { answer } else { Err(on_query.clone()) })
                .with_list(move |n, list| if n < first { list } else { Err(on_list.clone()) });
            let report = run_gate(&fixture, &library, &engine).expect("no interrupt");
            assert_eq!(report.verdict(), Verdict::Undecided, "{error} from statement {first} on");
            assert_eq!(report.verdict().exit_status(false), 3);
        }
        let engine =
            StandIn::new(fixture.warehouse.as_ref(), move |n, answer| if n < first { answer } else { Err(QueryError::Interrupted) })
                .with_list(move |n, list| if n < first { list } else { Err(QueryError::Interrupted) });
        let outcome = run_gate(&fixture, &library, &engine);
        assert!(matches!(outcome, Err(Error::Interrupted)), "interrupted from statement {first} on");
    }
}

/// Law 14: one statement that fails is made good by another one in full, or the gate is undecided.
#[test]
fn a_gate_never_passes_on_less_than_complete_answers() {
    let (fixture, library) = gated();
    let healthy = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer);
    let complete = found(&run_gate(&fixture, &library, &healthy).expect("no interrupt"));
    type Spoil = fn(Table) -> Result<Table, QueryError>;
    let spoils: [Spoil; 5] = [
        |_| Err(QueryError::Timeout(30)),
        |_| Err(QueryError::Engine("busy".to_owned())),
        truncated,
        without_a_column,
        |_| Ok(Table::default()),
    ];
    for (kind, spoil) in spoils.into_iter().enumerate() {
        let mut last = usize::MAX;
        for spoiled in 0.. {
            let engine =
                StandIn::new(fixture.warehouse.as_ref(), move |n, answer| if n == spoiled { answer.and_then(spoil) } else { answer })
                    .with_list(move |n, list| if n == spoiled { Err(QueryError::Engine("busy".to_owned())) } else { list });
            let report = run_gate(&fixture, &library, &engine).expect("no interrupt");
            let healed = report.verdict() == Verdict::Pass && found(&report) == complete;
            assert!(healed || report.verdict() == Verdict::Undecided, "spoil {kind} of statement {spoiled}: {report:?}");
            if spoiled >= engine.asked() {
                last = spoiled;
                break;
            }
        }
        assert!(last >= 3, "every statement was spoiled once");
    }
}

/// Law 14: empty answers to every statement are no reason to go.
#[test]
fn a_gate_never_passes_on_nothing() {
    let (fixture, library) = gated();
    let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer.map(|table| Table::new(table.columns().to_vec())));
    assert_eq!(run_gate(&fixture, &library, &engine).expect("no interrupt").verdict(), Verdict::Undecided);
    let none = GateReport { name: "none".to_owned(), stage: None, covered: Vec::new(), not_covered: Vec::new(), checks: Vec::new() };
    assert_eq!(none.verdict(), Verdict::Undecided);
}

/// Law 12: what a waiver says of rows outside the spine adds no key to it.
#[test]
fn a_waiver_of_foreign_rows_adds_nothing_to_the_spine() {
    let waiver = "[[waivers]]\noutput = \"box\"\nkeys = [\"2024-01-04..2024-01-06\"]\nreason = \"exhibition\"\nowner = \"the league\"\nuntil = 2024-12-31\n";
    let coverage = changed(|toml| toml + waiver, "insert into league.box values (date '2024-01-04', 'cy', 3);");
    let answer = seen(&coverage);
    assert_eq!((answer.spine, answer.expected, answer.present), (3, 3, 3), "{:?}", answer.counts);
    assert_eq!(coverage.verdict(), Verdict::Pass, "{:?}", coverage.findings);
}

/// A key that needs no rows is ok without them, and still not present.
#[test]
fn a_key_without_rows_is_never_present() {
    let coverage =
        changed(|toml| toml, "update league.schedule set n = 0 where day = '2024-01-05'; delete from league.box where day = '2024-01-05';");
    assert_eq!(coverage.verdict(), Verdict::Pass, "{:?}", coverage.findings);
    assert_eq!(coverage.in_numbers(), "3 expected, 2 present, 0 missing");
}

/// Outputs that are compared with the spine at once may name their measures in different orders.
#[test]
fn measures_keep_their_names_whatever_their_order() {
    let output = |name: &str, measures: &str| {
        format!(
            "[outputs.{name}]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\nmeasures = {{ {measures} }}\n\
             rules = [{{ measure = \"ones\", at_least = 1, of = \"twos\" }}]\n"
        )
    };
    let (toml, sql) = small();
    let toml = toml
        + &output("first", "ones = \"count(*)\", twos = \"2 * count(*)\"")
        + &output("second", "twos = \"2 * count(*)\", ones = \"count(*)\"");
    let fixture = Fixture::new(&toml, &sql);
    let found = fixture.cover(&fixture.scope("2024-02-01"));
    let invalid: Vec<u64> = found.iter().map(|coverage| coverage.count(Class::Invalid)).collect();
    assert_eq!(invalid, [0, 3, 3]);
}

/// Looking at fewer dates excuses no key: the first days of a season are those of the season.
#[test]
fn a_narrower_scope_excuses_no_key() {
    for excused in ["first_days = 1", "first_keys = 1"] {
        let (toml, sql) = small();
        let toml = toml.replace("not_null", &format!("not_expected = {{ {excused} }}\nnot_null"));
        let fixture = Fixture::new(&toml, &(sql + "delete from league.box where day = '2024-01-03';"));
        let status = |dates: &[&str]| {
            let mut gate = std::process::Command::new(env!("CARGO_BIN_EXE_gapgate"));
            gate.arg("-C").arg(&fixture.project.dir).args(["gate", "facts", "--as-of", "2024-02-01", "--quiet"]).args(dates);
            gate.output().expect("it starts").status.code()
        };
        assert_eq!(status(&[]), Some(1), "{excused}");
        assert_eq!(status(&["--from", "2024-01-03"]), Some(1), "{excused}, with the missing date as the first one");
    }
}

/// The names that a statement gives to its steps hide no table.
#[test]
fn a_table_that_is_called_expected_is_still_a_table() {
    let toml = |toml: String| {
        toml.replace("\"league.box\"", "\"expected\"")
            .replace("grain = [\"player\"]\nnot_null = [\"points\"]\nrows = { exact = 2, per = \"games\" }", "")
    };
    let coverage = changed(toml, "create table expected (day date);");
    assert_eq!((coverage.count(Class::Missing), coverage.verdict()), (3, Verdict::Fail), "{:?}", coverage.findings);
}
