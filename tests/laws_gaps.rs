//! What queries say of generated damage: two tables that should hold the same rows, one made from the other, are damaged
//! in every way, and each answer is compared with one that is read from the same rows here, one key at a time.

use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

use gapgate::model::catalogue::Argument;
use gapgate::model::scope::Scope;
use gapgate::model::table::Value;
use gapgate::run::{self, Check, Session};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use crate::support::{Fixture, LIBRARY, patience};
use oracle::Oracle;
use world::worlds;

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 12;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(20_240_523);
    }
    config
}

/// Two seasons of games, the box scores of each game, and the summary that is made from them.
mod world {
    use super::{Index, Strategy, any, prop, prop_oneof};
    use std::fmt::Write as _;

    /// Days are numbered from the first of the first season.
    #[derive(Clone, Debug)]
    pub(super) struct World {
        /// First and last day of each season.
        pub(super) seasons: [(i64, i64); 2],
        /// The question is asked at noon of this day.
        pub(super) today: i64,
        /// How many games were played on each day that has any.
        pub(super) games: Vec<(i64, i64)>,
        pub(super) boxes: Vec<Row>,
        pub(super) summary: Vec<Row>,
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Row {
        pub(super) day: Option<i64>,
        pub(super) game: i64,
        pub(super) player: Option<i64>,
        pub(super) points: Option<i64>,
    }

    /// What happens to one of the two tables.
    #[derive(Clone, Debug)]
    enum Damage {
        LoseDay(Index),
        LoseRow(Index),
        RepeatRow(Index),
        RepeatDay(Index),
        NamelessRow(Index),
        UndatedRow(Index),
        NoPoints(Index),
        OtherPoints(Index),
        Zero(Index),
        Foreign(i64, i64),
        Everything,
    }

    pub(super) fn worlds() -> impl Strategy<Value = World> {
        let days = prop::collection::vec(prop_oneof![1 => 0..=0i64, 4 => 1..=2i64], 12);
        let at = any::<Index>;
        let damages = || {
            let damage = prop_oneof![
                6 => at().prop_map(Damage::LoseDay),
                4 => at().prop_map(Damage::LoseRow),
                2 => at().prop_map(Damage::RepeatRow),
                4 => at().prop_map(Damage::RepeatDay),
                2 => at().prop_map(Damage::NamelessRow),
                2 => at().prop_map(Damage::UndatedRow),
                4 => at().prop_map(Damage::NoPoints),
                2 => at().prop_map(Damage::OtherPoints),
                2 => at().prop_map(Damage::Zero),
                3 => (-2..16i64, 7..9i64).prop_map(|(day, player)| Damage::Foreign(day, player)),
                1 => proptest::prelude::Just(Damage::Everything),
            ];
            prop::collection::vec(damage, 0..8)
        };
        (days, 4..8i64, 5..16i64, damages(), damages()).prop_map(|(days, first, today, box_damage, summary_damage)| {
            let seasons = [(0, first - 1), (first, 11)];
            let games: Vec<(i64, i64)> = (0..).zip(days).filter(|(_, games)| *games > 0).collect();
            let rows = |(day, count): &(i64, i64)| {
                let of_game = |(day, game): (i64, i64)| (1..=3).map(move |player| Row::new(day, 10 * day + game, 3 * game + player));
                (0..*count).map(|game| (*day, game)).flat_map(of_game).collect::<Vec<Row>>()
            };
            let clean: Vec<Row> = games.iter().flat_map(rows).collect();
            let (mut boxes, mut summary) = (clean.clone(), clean);
            box_damage.iter().for_each(|damage| damage.inflict(&mut boxes));
            summary_damage.iter().for_each(|damage| damage.inflict(&mut summary));
            World { seasons, today, games, boxes, summary }
        })
    }

    impl Row {
        fn new(day: i64, game: i64, player: i64) -> Self {
            Self { day: Some(day), game, player: Some(player), points: Some(10 + player) }
        }

        fn sql(&self) -> String {
            let number = |n: Option<i64>| n.map_or("null".to_owned(), |n| n.to_string());
            let day = self.day.map_or("null".to_owned(), |day| format!("'{}'", date(day)));
            format!("({day}, {}, {}, {})", self.game, number(self.player), number(self.points))
        }
    }

    impl Damage {
        fn inflict(&self, rows: &mut Vec<Row>) {
            if rows.is_empty() {
                return;
            }
            let day = |rows: &[Row], at: &Index| at.get(rows).day;
            let one = |rows: &mut Vec<Row>, at: &Index, change: fn(&mut Row)| {
                let index = at.index(rows.len());
                change(&mut rows[index]);
            };
            match self {
                Self::LoseDay(at) => {
                    let lost = day(rows, at);
                    rows.retain(|row| row.day != lost);
                }
                Self::LoseRow(at) => drop(rows.remove(at.index(rows.len()))),
                Self::RepeatRow(at) => rows.push(at.get(rows).clone()),
                Self::RepeatDay(at) => {
                    let again = day(rows, at);
                    rows.extend(rows.clone().into_iter().filter(|row| row.day == again));
                }
                Self::NamelessRow(at) => one(rows, at, |row| row.player = None),
                Self::UndatedRow(at) => one(rows, at, |row| row.day = None),
                Self::NoPoints(at) => one(rows, at, |row| row.points = None),
                Self::OtherPoints(at) => one(rows, at, |row| row.points = row.points.map(|points| points + 5)),
                Self::Zero(at) => one(rows, at, |row| row.points = Some(0)),
                Self::Foreign(day, player) => rows.push(Row::new(*day, 10 * *day, *player)),
                Self::Everything => rows.clear(),
            }
        }
    }

    pub(super) fn date(day: i64) -> jiff::civil::Date {
        jiff::civil::date(2024, 3, 1).checked_add(jiff::Span::new().days(day)).expect("a date")
    }

    impl World {
        pub(super) fn toml(&self) -> String {
            let mut toml = String::from(
                "[project]\nname = \"league\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n\
                 [spines.days]\ntable = \"league.games\"\nkey = { day = \"date\" }\nweights = { games = \"count(*)\" }\n\
                 [stages.raw]\n[stages.derived]\n\
                 [outputs.boxes]\nstage = \"raw\"\ntable = \"league.boxes\"\nspine = \"days\"\n\
                 [outputs.summary]\nstage = \"derived\"\ntable = \"league.summary\"\nspine = \"days\"\nafter = [\"boxes\"]\nlookback = 2\n\
                 [outputs.grained]\nstage = \"derived\"\ntable = \"league.summary\"\nspine = \"days\"\ngrain = [\"game\", \"player\"]\n[seasons]\n",
            );
            for (number, (start, end)) in self.seasons.iter().enumerate() {
                writeln!(toml, "s{number} = {{ start = {}, end = {} }}", date(*start), date(*end)).expect("memory");
            }
            toml
        }

        pub(super) fn sql(&self) -> String {
            let mut sql = String::from("begin;\ncreate schema league;\ncreate table league.games (day date, game integer);\n");
            for table in ["boxes", "summary"] {
                writeln!(sql, "create table league.{table} (day date, game integer, player integer, points integer);").expect("memory");
            }
            let games =
                self.games.iter().flat_map(|(day, games)| (0..*games).map(move |game| format!("('{}', {})", date(*day), 10 * day + game)));
            insert(&mut sql, "games", games.collect());
            insert(&mut sql, "boxes", self.boxes.iter().map(Row::sql).collect());
            insert(&mut sql, "summary", self.summary.iter().map(Row::sql).collect());
            sql + "commit;\n"
        }
    }

    fn insert(sql: &mut String, table: &str, rows: Vec<String>) {
        if !rows.is_empty() {
            writeln!(sql, "insert into league.{table} values\n{};", rows.join(",\n")).expect("memory");
        }
    }
}

/// The same answers, read from the rows.
mod oracle {
    use super::world::{Row, World, date};
    use super::{BTreeMap, BTreeSet};

    pub(super) struct Oracle<'a> {
        pub(super) world: &'a World,
    }

    /// Which of the two tables.
    #[derive(Clone, Copy)]
    pub(super) enum Side {
        Boxes,
        Summary,
    }
    use Side::{Boxes, Summary};

    type Names = BTreeSet<Option<i64>>;

    fn text(value: Option<i64>) -> String {
        value.map_or("null".to_owned(), |value| value.to_string())
    }

    fn number(value: f64) -> String {
        value.to_string()
    }

    impl Oracle<'_> {
        fn rows(&self, side: Side) -> &[Row] {
            match side {
                Boxes => &self.world.boxes,
                Summary => &self.world.summary,
            }
        }

        /// Days with games of both seasons: each with its number of games, its season and its place in that.
        fn spine(&self) -> BTreeMap<i64, (i64, usize)> {
            let season = |day: i64| self.world.seasons.iter().position(|(start, end)| (*start..=*end).contains(&day));
            self.world.games.iter().filter_map(|(day, games)| Some((*day, (*games, season(*day)?)))).collect()
        }

        /// A day is due once it is over.
        fn due(&self) -> Vec<i64> {
            self.spine().into_keys().filter(|day| *day < self.world.today).collect()
        }

        /// The rows of a day; off days and days outside of the seasons are days like others.
        fn of(&self, side: Side, day: i64) -> Vec<&Row> {
            self.rows(side).iter().filter(|row| row.day == Some(day)).collect()
        }

        fn holds(&self, side: Side, day: i64) -> bool {
            !self.of(side, day).is_empty()
        }

        fn players(&self, side: Side, day: i64) -> Names {
            self.of(side, day).iter().map(|row| row.player).collect()
        }

        /// Game and player of each row, as far as both are known.
        fn entities(&self, side: Side, day: i64) -> BTreeSet<(i64, i64)> {
            self.of(side, day).iter().filter_map(|row| Some((row.game, row.player?))).collect()
        }

        fn days_in_scope(&self) -> std::ops::RangeInclusive<i64> {
            self.world.seasons[0].0..=self.world.seasons[1].1
        }

        pub(super) fn population(&self) -> Vec<String> {
            let (mut lines, mut everybody) = (Vec::new(), [BTreeSet::new(), BTreeSet::new()]);
            for day in self.days_in_scope() {
                for (side, all) in [Boxes, Summary].into_iter().zip(&mut everybody) {
                    all.extend(self.players(side, day).into_iter().map(|player| (Some(day), player)));
                }
            }
            for (side, all) in [Boxes, Summary].into_iter().zip(&mut everybody) {
                all.extend(self.rows(side).iter().filter(|row| row.day.is_none()).map(|row| (None, row.player)));
            }
            let known = |(day, player): &&(Option<i64>, Option<i64>)| day.is_some() && player.is_some();
            let matched = everybody[0].intersection(&everybody[1]).filter(known).count();
            let reason = |player: Option<i64>| match player {
                None => "null_entity",
                Some(_) if matched == 0 && everybody.iter().all(|all| !all.is_empty()) => "nothing_matches",
                Some(_) => "absent",
            };
            for day in self.due() {
                let (here, there) = (self.players(Boxes, day), self.players(Summary, day));
                if here.is_empty() && there.is_empty() {
                    lines.push(format!("{},null,null,summary,no_rows", date(day)));
                }
                for (own, other, names) in [(&here, &there, "boxes,summary"), (&there, &here, "summary,boxes")] {
                    for player in own.iter().filter(|player| player.is_none() || !other.contains(*player)) {
                        lines.push(format!("{},{},{names},{}", date(day), text(*player), reason(*player)));
                    }
                }
            }
            lines
        }

        pub(super) fn by_entity(&self) -> Vec<String> {
            let line = |day: i64| {
                let named: BTreeSet<(i64, Option<i64>)> = self.of(Boxes, day).iter().map(|row| (row.game, row.player)).collect();
                let held: BTreeSet<(i64, Option<i64>)> = self.of(Summary, day).iter().map(|row| (row.game, row.player)).collect();
                // NULL is nobody: all that is nameless of a game is one, and never the same as another.
                let nobody = |all: &BTreeSet<(i64, Option<i64>)>| usize::from(all.iter().any(|(_, player)| player.is_none()));
                let known = |all: &BTreeSet<(i64, Option<i64>)>| all.iter().filter(|(_, player)| player.is_some()).count();
                let both = self.entities(Boxes, day).intersection(&self.entities(Summary, day)).count();
                let (expected, others) = (known(&named) + nobody(&named), known(&held) - both + nobody(&held));
                let faulty = both < expected || expected == 0 || others > 0;
                faulty.then(|| format!("summary,{},{expected},{both},{},{others}", date(day), expected - both))
            };
            self.due().into_iter().filter_map(line).collect()
        }

        pub(super) fn order_violations(&self) -> Vec<String> {
            let wrong = |day: &i64| self.holds(Summary, *day) && !self.holds(Boxes, *day);
            self.due().into_iter().filter(wrong).map(|day| format!("summary,{},boxes,{}", date(day), self.of(Summary, day).len())).collect()
        }

        pub(super) fn kinds(&self) -> Vec<String> {
            let spine = self.spine();
            let line = |day: i64| {
                let season = spine[&day].1;
                let (start, end) = self.world.seasons[season];
                let kind = match self.holds(Boxes, day) {
                    true => "raw_only,0,1,1",
                    false if (start..=end).any(|day| self.holds(Boxes, day)) => "no_data,0,1,0",
                    false => "never_collected,0,1,0",
                };
                format!("summary,{},{kind}", date(day))
            };
            self.due().into_iter().filter(|day| !self.holds(Summary, *day)).map(line).collect()
        }

        /// The days of the upstream that a day reads: the last two of its season before it.
        fn window(&self, day: i64) -> Vec<i64> {
            let spine = self.spine();
            let season = spine[&day].1;
            let before: Vec<i64> = spine.iter().filter(|(other, (_, of))| **other < day && *of == season).map(|(day, _)| *day).collect();
            before[before.len().saturating_sub(2)..].to_vec()
        }

        pub(super) fn lookback(&self) -> Vec<String> {
            let line = |day: i64| {
                let window = self.window(day);
                let missing: Vec<i64> = window.iter().copied().filter(|day| !self.holds(Boxes, *day)).collect();
                let (first, last) = (missing.first()?, missing.last()?);
                let (read, lost) = (window.len(), missing.len());
                Some(format!("summary,{},boxes,{read},{},{lost},{},{}", date(day), read - lost, date(*first), date(*last)))
            };
            self.due().into_iter().filter_map(line).collect()
        }

        pub(super) fn impact(&self) -> Vec<String> {
            let mut readers: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for day in self.due() {
                self.window(day)
                    .into_iter()
                    .filter(|read| !self.holds(Boxes, *read))
                    .for_each(|read| readers.entry(read).or_default().push(day));
            }
            let line = |(read, days): (i64, Vec<i64>)| {
                let held = days.iter().filter(|day| self.holds(Summary, **day)).count();
                format!("boxes,{},summary,{},{},{},{held}", date(read), date(days[0]), date(days[days.len() - 1]), days.len())
            };
            readers.into_iter().map(line).collect()
        }

        /// Lines for days on which the outputs do not stand alike: rows or none.
        pub(super) fn grid(&self) -> Vec<String> {
            let class = |side, day| if self.holds(side, day) { "ok" } else { "missing" };
            let lines = |day: i64| {
                let line = |side, name: &str| format!("{},{name},{},{}", date(day), class(side, day), self.of(side, day).len());
                vec![line(Boxes, "raw,boxes"), line(Summary, "derived,summary")]
            };
            let faulty = |day: &i64| !self.holds(Boxes, *day) || !self.holds(Summary, *day);
            let mut found: Vec<String> = self.due().into_iter().filter(faulty).flat_map(lines).collect();
            // Days that are not due yet have no line: rows that came early are as they should be.
            found.sort();
            found
        }

        pub(super) fn counts(&self, by_player: bool) -> Vec<String> {
            let count =
                |side, day| if by_player { self.players(side, day).iter().flatten().count() } else { self.of(side, day).len() } as i64;
            let line = |day: i64| {
                let (own, other) = (count(Summary, day), count(Boxes, day));
                (own != other).then(|| format!("summary,boxes,{},{own},{other},{}", date(day), own - other))
            };
            self.due().into_iter().filter_map(line).collect()
        }

        pub(super) fn orphans(&self) -> Vec<String> {
            let in_scope = |row: &&Row| row.day.is_none_or(|day| self.days_in_scope().contains(&day));
            let mut children: BTreeMap<(Option<i64>, Option<(i64, i64)>), usize> = BTreeMap::new();
            for row in self.rows(Summary).iter().filter(in_scope) {
                *children.entry((row.day, row.player.map(|player| (row.game, player)))).or_default() += 1;
            }
            let parents: BTreeSet<(i64, (i64, i64))> =
                self.days_in_scope().flat_map(|day| self.entities(Boxes, day).into_iter().map(move |entity| (day, entity))).collect();
            let has_parents = self.days_in_scope().any(|day| self.holds(Boxes, day));
            let is_found = |(day, entity): &(Option<i64>, Option<(i64, i64)>)| day.zip(*entity).is_some_and(|key| parents.contains(&key));
            let any = children.keys().any(is_found);
            let line = |((day, entity), rows): (&(Option<i64>, Option<(i64, i64)>), &usize)| {
                let reason = match () {
                    () if day.is_none() || entity.is_none() => "null_entity",
                    () if !has_parents => "no_parents",
                    () if !any => "nothing_matches",
                    () => "absent",
                };
                let name = entity.map_or("null".to_owned(), |(game, player)| format!("{game}/{player}"));
                format!("{},{name},{rows},{reason}", day.map_or("null".to_owned(), |day| date(day).to_string()))
            };
            children.iter().filter(|(key, _)| !is_found(key)).map(line).collect()
        }

        pub(super) fn match_rate(&self) -> Vec<String> {
            let due = self.due();
            let all: usize = due.iter().map(|day| self.players(Summary, *day).len()).sum();
            let found: usize =
                due.iter().map(|day| self.players(Summary, *day).intersection(&self.players(Boxes, *day)).flatten().count()).sum();
            vec![format!("summary,boxes,{all},{found}")]
        }

        pub(super) fn agreement(&self) -> Vec<String> {
            let mut lines = Vec::new();
            let due = self.due();
            let keys =
                |side| self.rows(side).iter().map(|row| (row.day, row.player.map(|player| (row.game, player)))).collect::<BTreeSet<_>>();
            let in_scope = |day: Option<i64>| day.is_none_or(|day| self.days_in_scope().contains(&day));
            let of = |side, key: &(Option<i64>, Option<(i64, i64)>)| -> Vec<Option<i64>> {
                let own = |row: &&Row| (row.day, row.player.map(|player| (row.game, player))) == *key;
                self.rows(side).iter().filter(own).map(|row| row.points).collect()
            };
            let least = |values: &[Option<i64>]| text(values.iter().flatten().min().copied());
            let name = |(day, entity): &(Option<i64>, Option<(i64, i64)>)| {
                let day = day.map_or("null".to_owned(), |day| date(day).to_string());
                format!("{day},{}", entity.map_or("null".to_owned(), |(game, player)| format!("{game}/{player}")))
            };
            let (here, there) = (keys(Boxes), keys(Summary));
            for key in here.union(&there).filter(|(day, _)| in_scope(*day)) {
                let joins = key.0.is_some() && key.1.is_some();
                let (own, other) = (of(Boxes, key), of(Summary, key));
                let is_due = key.0.is_some_and(|day| due.contains(&day));
                let pairs: Vec<(&[Option<i64>], &[Option<i64>])> =
                    if joins { vec![(&own, &other)] } else { vec![(&own, &[]), (&[], &other)] };
                for (own, other) in pairs.into_iter().filter(|(own, other)| !own.is_empty() || !other.is_empty()) {
                    let alone = if own.is_empty() { "summary" } else { "boxes" };
                    let found_in = if own.is_empty() || other.is_empty() { alone } else { "null" };
                    let finding = match () {
                        () if own.len() > 1 || other.len() > 1 => "repeated",
                        () if found_in != "null" && is_due => "only_in",
                        () if found_in != "null" || own == other => continue,
                        () => "differs",
                    };
                    lines.push(format!("{},{finding},{found_in},{},{}", name(key), least(own), least(other)));
                }
            }
            lines
        }

        pub(super) fn doubled(&self) -> Vec<String> {
            let mut groups: BTreeMap<Option<i64>, BTreeMap<(i64, Option<i64>), usize>> = BTreeMap::new();
            for row in self.rows(Summary).iter().filter(|row| row.day.is_none_or(|day| self.days_in_scope().contains(&day))) {
                *groups.entry(row.day).or_default().entry((row.game, row.player)).or_default() += 1;
            }
            let line = |(day, rows): (Option<i64>, BTreeMap<(i64, Option<i64>), usize>)| {
                let (all, distinct, least) = (rows.values().sum::<usize>(), rows.len(), *rows.values().min()?);
                let day = day.map_or("null".to_owned(), |day| date(day).to_string());
                (least > 1).then(|| format!("grained,{day},{all},{distinct},{least}"))
            };
            groups.into_iter().filter_map(line).collect()
        }

        /// The rows of a season, or of both, as far as something was due in it.
        fn by_season(&self) -> Vec<(String, Vec<&Row>)> {
            let spine = self.spine();
            let seasons: BTreeSet<usize> = self.due().into_iter().map(|day| spine[&day].1).collect();
            let of = |season: usize| {
                let (start, end) = self.world.seasons[season];
                let rows = self.rows(Summary).iter().filter(|row| row.day.is_some_and(|day| (start..=end).contains(&day)));
                (format!("s{season}"), rows.collect())
            };
            seasons.into_iter().map(of).collect()
        }

        pub(super) fn distribution(&self) -> Vec<String> {
            let line = |(season, rows): (String, Vec<&Row>)| {
                let points: Vec<i64> = rows.iter().filter_map(|row| row.points).collect();
                let mean = points.iter().sum::<i64>() as f64 / points.len() as f64;
                let mean = if points.is_empty() { "null".to_owned() } else { number(mean) };
                let (least, most) = (text(points.iter().min().copied()), text(points.iter().max().copied()));
                format!("summary,{season},{},{},{least},{mean},{most}", rows.len(), points.len())
            };
            self.by_season().into_iter().map(line).collect()
        }

        pub(super) fn distinct_players(&self) -> Vec<String> {
            let count = |rows: &[&Row]| rows.iter().filter_map(|row| row.player).collect::<BTreeSet<i64>>().len();
            self.by_season().into_iter().map(|(season, rows)| format!("summary,{season},{},{}", rows.len(), count(&rows))).collect()
        }

        pub(super) fn zeros(&self) -> Vec<String> {
            let line = |(season, rows): (String, Vec<&Row>)| {
                let points: Vec<i64> = rows.iter().filter_map(|row| row.points).collect();
                let zeros = points.iter().filter(|points| **points == 0).count();
                format!("summary,points,{season},{},{},{zeros},{}", rows.len(), points.len(), points.len() - zeros)
            };
            self.by_season().into_iter().map(line).collect()
        }

        pub(super) fn constants(&self) -> Vec<String> {
            let line = |(season, rows): (String, Vec<&Row>)| {
                let mut values: BTreeMap<Option<i64>, usize> = BTreeMap::new();
                rows.iter().for_each(|row| *values.entry(row.points).or_default() += 1);
                let most = values.values().max().copied().unwrap_or(0);
                // Of values that are as common, NULL is named, else the first as text.
                let of_most = values.iter().filter(|(_, rows)| **rows == most).map(|(value, _)| value.map(|value| value.to_string()));
                let name = of_most.min().flatten().unwrap_or("null".to_owned());
                format!("summary,points,{season},{},{},{name},{most},{}", rows.len(), values.len(), rows.len() - most)
            };
            self.by_season().into_iter().map(line).collect()
        }

        pub(super) fn row_ratios(&self) -> Vec<String> {
            let spine = self.spine();
            let rate = |day: i64| self.of(Summary, day).len() as f64 / spine[&day].0 as f64;
            let held: Vec<f64> = self.due().into_iter().filter(|day| self.holds(Summary, *day)).map(rate).collect();
            let usual = median(held);
            let line = |day: i64| {
                let ratio = usual.map(|usual| rate(day) / usual);
                let fine = ratio.is_some_and(|ratio| (0.8..=1.25).contains(&ratio));
                let value = |value: Option<f64>| value.map_or("null".to_owned(), number);
                let (rows, games) = (self.of(Summary, day).len(), spine[&day].0);
                (!fine).then(|| format!("summary,{},{rows},{games},{},{}", date(day), value(usual), value(ratio)))
            };
            self.due().into_iter().filter_map(line).collect()
        }

        pub(super) fn null_shares(&self) -> Vec<String> {
            let nulls = |day: i64| self.of(Summary, day).iter().filter(|row| row.points.is_none()).count();
            let share = |day: i64| nulls(day) as f64 / self.of(Summary, day).len() as f64;
            let held: Vec<i64> = self.due().into_iter().filter(|day| self.holds(Summary, *day)).collect();
            let usual = median(held.iter().map(|day| share(*day)).collect()).unwrap_or(0.0);
            let line = |day: i64| {
                format!("summary,{},{},{},{},{}", date(day), self.of(Summary, day).len(), nulls(day), number(share(day)), number(usual))
            };
            held.into_iter().filter(|day| share(*day) > usual + 0.25).map(line).collect()
        }

        pub(super) fn freshness(&self) -> Vec<String> {
            let due = self.due();
            let line = |(side, name): (Side, &str)| {
                let days = self.rows(side).iter().filter_map(|row| row.day);
                let newest = days.filter(|day| self.days_in_scope().contains(day) && *day <= self.world.today).max();
                let behind = due.iter().filter(|day| newest.is_none_or(|newest| **day > newest)).count();
                let day = |day: Option<i64>| day.map_or("null".to_owned(), |day| date(day).to_string());
                format!("{name},{},{},{behind},null,null", day(newest), day(due.last().copied()))
            };
            [(Boxes, "boxes"), (Summary, "summary")].into_iter().map(line).collect()
        }
    }

    /// The middle, or the mean of the two that are.
    fn median(mut values: Vec<f64>) -> Option<f64> {
        values.sort_by(f64::total_cmp);
        let (half, n) = (values.len() / 2, values.len());
        match n {
            0 => None,
            n if n % 2 == 1 => Some(values[half]),
            _ => Some(values[half - 1] + (values[half] - values[half - 1]) * 0.5),
        }
    }
}

/// The rows of a query, each as a line; `args` as on the command line, with `,` between several texts.
fn ask(fixture: &Fixture, scope: &Scope, query: &str, args: &[(&str, &str)]) -> Vec<String> {
    let session = Session::new(&fixture.project, &LIBRARY, scope, fixture.warehouse.as_ref(), patience());
    let query = LIBRARY.query(query).expect("it is shipped");
    let argument = |(name, value): &(&str, &str)| {
        use gapgate::model::query::ParamKind;
        let value = match query.params[*name].kind {
            ParamKind::Outputs | ParamKind::Upstreams | ParamKind::Texts => Argument::List(value.split(',').map(str::to_owned).collect()),
            ParamKind::Number => Argument::Number(value.parse().expect("a number")),
            _ => Argument::Text((*value).to_owned()),
        };
        ((*name).to_owned(), value)
    };
    let args: IndexMap<String, Argument> = args.iter().map(argument).collect();
    let report = run::single(&session, &Check { query, args, declared: String::new() }).expect("no interrupt");
    let rows = report.rows.unwrap_or_else(|| panic!("{}: {:?}", query.id, report.findings));
    let line = |row: &[Value]| row.iter().map(Value::to_string).collect::<Vec<String>>().join(",");
    let mut lines: Vec<String> = rows.rows().map(line).collect();
    // Engines differ in where they put NULL.
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is deleted, repeated, blanked, changed or added, each query says what the rows say.
    #[test]
    fn damage_changes_each_answer_as_the_rows_do(world in worlds()) {
        let fixture = Fixture::new(&world.toml(), &world.sql());
        let scope = fixture.scope(&format!("{}T12:00", world::date(world.today)));
        let oracle = Oracle { world: &world };
        let ask = |query: &str, args: &[(&str, &str)]| ask(&fixture, &scope, query, args);
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let summary = ("output", "summary");
        let by_both = ("by", "game,player");
        let by_season = ("by", "season");
        for (answer, expected, query) in [
            (ask("reconcile/population", &[("output", "boxes"), ("other", "summary"), ("by", "player")]), oracle.population(), "population"),
            (ask("gap/by_entity", &[summary, ("of", "boxes"), by_both]), oracle.by_entity(), "by_entity"),
            (ask("gap/order_violations", &[summary]), oracle.order_violations(), "order_violations"),
            (ask("gap/kind", &[summary]), oracle.kinds(), "kind"),
            (ask("gap/lookback", &[summary]), oracle.lookback(), "lookback"),
            (ask("gap/impact", &[summary]), oracle.impact(), "impact"),
            (ask("gap/grid", &[("outputs", "boxes,summary")]), oracle.grid(), "grid"),
            (ask("reconcile/counts", &[summary, ("by", "player")]), oracle.counts(true), "counts of players"),
            (ask("reconcile/counts", &[summary]), oracle.counts(false), "counts of rows"),
            (ask("reconcile/orphans", &[summary, ("parent", "boxes"), by_both]), oracle.orphans(), "orphans"),
            (ask("reconcile/match_rate", &[summary, ("other", "boxes"), ("by", "player")]), oracle.match_rate(), "match_rate"),
            (
                ask("reconcile/source_agreement", &[("output", "boxes"), ("other", "summary"), by_both, ("value", "points")]),
                oracle.agreement(),
                "source_agreement",
            ),
            (ask("quality/doubled_loads", &[("output", "grained")]), oracle.doubled(), "doubled_loads"),
            (ask("quality/distribution", &[summary, ("column", "points")]), oracle.distribution(), "distribution"),
            (ask("quality/distinct_counts", &[summary, ("entity", "player")]), oracle.distinct_players(), "distinct_counts"),
            (ask("quality/zeros", &[summary, ("columns", "points"), by_season]), oracle.zeros(), "zeros"),
            (ask("quality/constant_columns", &[summary, ("columns", "points"), by_season]), oracle.constants(), "constant_columns"),
            (ask("quality/row_ratio", &[summary, ("lowest", "0.8"), ("highest", "1.25"), ("per", "games")]), oracle.row_ratios(), "row_ratio"),
            (ask("quality/nulls_over_time", &[summary, ("column", "points"), ("tolerance", "0.25")]), oracle.null_shares(), "nulls_over_time"),
            (ask("freshness/tables", &[("outputs", "boxes,summary")]), oracle.freshness(), "freshness"),
        ] {
            prop_assert_eq!(answer, sorted(expected), "{}", query);
        }
    }
}
