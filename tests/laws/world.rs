//! A generated season, its outputs and their rows, and how they are written down as a project.

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
    waiver: Option<WaiverPlan>,
    /// Keys that rows of another table excuse.
    sick: Vec<Index>,
    damage: Vec<Damage>,
}

#[derive(Clone, Debug)]
struct WaiverPlan {
    at: Vec<Index>,
    as_range: bool,
    /// Days from the as-of date to its last.
    days: i64,
    rule: Option<&'static str>,
    /// Whether it is of every key, if it has a rule.
    of_all: bool,
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
    let due = select(vec![(None, 1, (0, 0)), (Some("18:30"), 0, (18, 30)), (Some("1 day 07:00"), 1, (7, 0)), (Some("3 days"), 3, (0, 0))]);
    let over = select(vec![Over::Key, Over::Month, Over::Season, Over::Output]);
    let share = (prop::option::weighted(0.5, (over, select(vec![50i64, 80, 90, 100]))), any::<bool>());
    let rules = vec!["missing", "partial", "excess", "duplicate", "extra", "null_key", "player", "points", "points", "known"];
    let rule = prop::option::weighted(0.5, select(rules));
    let waiver = (prop::collection::vec(any::<Index>(), 1..4), any::<bool>(), -3..3i64, rule, any::<bool>())
        .prop_map(|(at, as_range, days, rule, of_all)| WaiverPlan { at, as_range, days, rule, of_all });
    let waiver = (prop::option::weighted(0.4, waiver), prop::collection::vec(any::<Index>(), 0..3));
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
        waiver: waiver.0,
        sick: waiver.1,
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

/// What damage to an output is called.
pub(super) const KINDS: [&str; 7] = ["delete", "duplicate", "null value", "null key", "value", "foreign key", "draft"];

impl Damage {
    fn kind(&self) -> &'static str {
        match self {
            Self::Drop(_) | Self::Thin(_) => "delete",
            Self::Double(_) => "duplicate",
            Self::Blank(_) | Self::Nameless(_) => "null value",
            Self::Undated | Self::Unmodelled(_) => "null key",
            Self::Outside(_) | Self::Bench(_) => "value",
            Self::Foreign(..) | Self::Crowd(..) => "foreign key",
            Self::Draft(_) => "draft",
        }
    }
}

impl Plan {
    /// The kinds of damage done to its outputs.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.outputs.iter().flat_map(|output| &output.damage).map(Damage::kind).collect()
    }

    /// The same without any fault.
    pub(super) fn clean(mut self) -> Self {
        for games in self.days.iter_mut().filter(|games| **games == Games::Unknown) {
            *games = Games::Played(2);
        }
        self.outputs.iter_mut().for_each(|output| output.damage.clear());
        self.without_waivers()
    }

    /// The same without permission or excuse for any fault.
    pub(super) fn without_waivers(mut self) -> Self {
        self.outputs.iter_mut().for_each(|output| (output.waiver, output.sick) = (None, Vec::new()));
        self
    }

    /// The same with outputs of which no value of a row but its date is looked at.
    pub(super) fn of_dates(mut self) -> Self {
        for output in &mut self.outputs {
            (output.crossed, output.required, output.ranged, output.share) = (false, false, false, None);
            output.waiver.iter_mut().for_each(|waiver| waiver.rule = waiver.rule.filter(|rule| !["duplicate", "player"].contains(rule)));
        }
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
        let mut output = Output { name: format!("box_{number}"), plan: self.clone(), waiver: None, sick: Vec::new(), rows: Vec::new() };
        for (day, model, weight) in &keys {
            output.rows.extend((0..self.comfortable(*weight)).map(|player| Row::new(*day, model, player)));
        }
        if !keys.is_empty() {
            self.damage.iter().for_each(|damage| damage.inflict(&mut output.rows, &keys));
            output.sick = self.sick.iter().map(|index| index.get(&keys)).map(|(day, model, _)| (*day, *model)).collect();
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

    fn waiver(&self, plan: &WaiverPlan, keys: &[Key], as_of: DateTime) -> Waiver {
        let is_declared = |rule: &&str| match *rule {
            "points" => self.required || self.ranged,
            "known" => self.share.is_some(),
            _ => true,
        };
        let WaiverPlan { at, as_range, days, .. } = plan;
        let rule = plan.rule.filter(is_declared);
        let picked: Vec<&Key> = at.iter().map(|index| index.get(keys)).filter(|_| rule.is_none() || !plan.of_all).collect();
        let text = |(day, model, _): &&Key| if self.crossed { format!("{day}/{model}") } else { day.to_string() };
        let until = as_of.date().checked_add(days.days()).expect("a date");
        let ranges = picked.iter().filter(|_| *as_range).map(|(day, ..)| (*day, *day)).collect();
        let keys = picked.iter().filter(|_| !*as_range).map(text).collect();
        Waiver { keys, ranges, rule, until }
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
    pub(super) sick: Vec<(Date, &'static str)>,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone)]
pub(super) struct Waiver {
    pub(super) keys: Vec<String>,
    pub(super) ranges: Vec<(Date, Date)>,
    pub(super) rule: Option<&'static str>,
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
        sql += "create table league.sick (box text, sick_on date, name text);\n";
        // Each of them twice, and what is NULL or of another output excuses nothing.
        let sick = |output: &Output| {
            let row = |(day, model): &(Date, &str)| format!("('{}', '{day}', '{model}')", output.name);
            let rows: Vec<String> = output.sick.iter().map(row).collect();
            [rows.clone(), rows, vec![format!("('{}', null, null)", output.name), "('none', '2024-01-05', 'elo')".to_owned()]].concat()
        };
        insert(&mut sql, "sick", self.outputs.iter().flat_map(sick));
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
        let key = if plan.crossed { ", key = { model = \"name\" }" } else { "" };
        let sick = format!("{{ table = \"league.sick\", where = \"box = '{}'\", date = \"sick_on\"{key}, reason = \"sick\" }}", self.name);
        excused.extend((!self.sick.is_empty()).then(|| format!("excused = [{sick}]")));
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
            lines.extend(waiver.rule.map(|rule| format!("rule = \"{rule}\"")));
            lines.push("reason = \"known\"\nowner = \"the league\"".to_owned());
        }
        lines.join("\n") + "\n"
    }
}
