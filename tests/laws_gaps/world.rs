//! Two seasons of games, the box scores of each game, and the summary that is made from them.

use std::fmt::Write as _;

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::sample::{Index, select};

use crate::laws::asked::shown;

/// Days are numbered from the first of the first season.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// First and last day of each season.
    pub(super) seasons: [(i64, i64); 2],
    /// The question is asked at noon of this day.
    pub(super) today: i64,
    /// How many games were played on each day that has any.
    pub(super) games: Vec<(i64, i64)>,
    /// Days with a game that are in no season.
    pub(super) strays: Vec<i64>,
    pub(super) boxes: Vec<Row>,
    pub(super) summary: Vec<Row>,
    damages: Vec<Damage>,
    /// Games and rows before any damage.
    clean: (Vec<(i64, i64)>, Vec<Row>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) day: Option<i64>,
    pub(super) game: i64,
    pub(super) player: Option<i64>,
    pub(super) points: Option<i64>,
    /// Twice the mean of the player's last two points before the day, in the same season.
    pub(super) mean: Option<i64>,
    pub(super) mark: Option<&'static str>,
    /// Whether points and mean are said to be there.
    pub(super) flag: Option<bool>,
    /// The day on which the row was known.
    pub(super) known: Option<i64>,
}

/// What happens to one of the two tables.
#[derive(Clone, Debug)]
enum Damage {
    LoseDay(Index),
    /// Nothing came any more from a day on.
    LoseTail(i64),
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
    /// The row is said to be of another day.
    Move(Index, i64),
    /// The rows of a day are loaded in place of those of another day.
    CopyDay(Index, i64),
    Mean(Index, Option<i64>),
    Mark(Index, Option<&'static str>),
    Flag(Index, Option<bool>),
    /// The row was known so many days after its own.
    Known(Index, Option<i64>),
}

/// What damage is called; those that are not of rows are done to the games.
pub(super) const KINDS: [&str; 11] =
    ["delete", "duplicate", "null key", "null value", "value", "foreign key", "label", "flag", "moved", "unloaded season", "stray game"];

impl Damage {
    fn kind(&self) -> &'static str {
        match self {
            Self::LoseDay(_) | Self::LoseTail(_) | Self::LoseRow(_) | Self::Everything => "delete",
            Self::RepeatRow(_) | Self::RepeatDay(_) => "duplicate",
            Self::NamelessRow(_) | Self::UndatedRow(_) => "null key",
            Self::NoPoints(_) | Self::Mean(_, None) | Self::Known(_, None) => "null value",
            Self::OtherPoints(_) | Self::Zero(_) | Self::Mean(..) | Self::Known(..) => "value",
            Self::Foreign(..) => "foreign key",
            Self::Move(..) | Self::CopyDay(..) => "moved",
            Self::Mark(..) => "label",
            Self::Flag(..) => "flag",
        }
    }
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let at = any::<Index>;
    let of_keys = prop_oneof![
        6 => at().prop_map(Damage::LoseDay),
        2 => (3..12i64).prop_map(Damage::LoseTail),
        4 => at().prop_map(Damage::LoseRow),
        2 => at().prop_map(Damage::RepeatRow),
        4 => at().prop_map(Damage::RepeatDay),
        2 => at().prop_map(Damage::NamelessRow),
        2 => at().prop_map(Damage::UndatedRow),
        3 => (-2..16i64, 7..9i64).prop_map(|(day, player)| Damage::Foreign(day, player)),
        2 => (at(), 0..12i64).prop_map(|(row, day)| Damage::Move(row, day)),
        4 => (at(), 0..12i64).prop_map(|(row, day)| Damage::CopyDay(row, day)),
        1 => Just(Damage::Everything),
    ];
    let mark = select(vec![None, Some("test"), Some("Real"), Some("odd")]);
    let of_values = prop_oneof![
        7 => at().prop_map(Damage::NoPoints),
        2 => at().prop_map(Damage::OtherPoints),
        2 => at().prop_map(Damage::Zero),
        2 => (at(), prop::option::of(0..60i64)).prop_map(|(row, mean)| Damage::Mean(row, mean)),
        6 => (at(), mark).prop_map(|(row, mark)| Damage::Mark(row, mark)),
        2 => (at(), any::<Option<bool>>()).prop_map(|(row, flag)| Damage::Flag(row, flag)),
        5 => (at(), prop::option::weighted(0.8, -1..2i64)).prop_map(|(row, days)| Damage::Known(row, days)),
    ];
    (prop::collection::vec(of_keys, 0..6), prop::collection::vec(of_values, 0..10)).prop_map(|(keys, values)| [values, keys].concat())
}

pub(super) fn worlds() -> impl Strategy<Value = World> {
    let days = prop::collection::vec(prop_oneof![1 => 0..=0i64, 4 => 1..=2i64], 12);
    let strays = prop::collection::vec(prop_oneof![-368..-363i64, -5..0i64, 12..20i64, 375..380i64], 0..4);
    let unloaded = prop_oneof![8 => Just(None), 1 => Just(Some(0usize)), 1 => Just(Some(1))];
    (days, strays, unloaded, 4..8i64, 5..16i64, damages(), damages()).prop_map(
        |(days, strays, unloaded, first, today, of_boxes, of_summary)| {
            let seasons = [(0, first - 1), (first, 11)];
            let games: Vec<(i64, i64)> = (0..).zip(days).filter(|(_, games)| *games > 0).collect();
            let clean = clean(&games, first);
            let (mut boxes, mut summary) = (clean.clone(), clean.clone());
            of_boxes.iter().for_each(|damage| damage.inflict(&mut boxes));
            of_summary.iter().for_each(|damage| damage.inflict(&mut summary));
            let loaded = |(day, _): &(i64, i64)| unloaded != Some(usize::from(*day >= first));
            let left = games.iter().copied().filter(loaded).collect();
            World { seasons, today, games: left, strays, boxes, summary, damages: [of_boxes, of_summary].concat(), clean: (games, clean) }
        },
    )
}

/// Three players for each game, with what they had before.
fn clean(games: &[(i64, i64)], second_season: i64) -> Vec<Row> {
    let of_game = |(day, game): (i64, i64)| (1..=3).map(move |player| Row::new(day, 10 * day + game, 3 * game + player));
    let of_day = |(day, count): &(i64, i64)| (0..*count).map(|game| (*day, game)).flat_map(of_game).collect::<Vec<Row>>();
    let mut rows: Vec<Row> = games.iter().flat_map(of_day).collect();
    for at in 0..rows.len() {
        let (day, player) = (rows[at].day, rows[at].player);
        let same_season = |row: &&Row| (row.day >= Some(second_season)) == (day >= Some(second_season));
        let before: Vec<i64> =
            rows.iter().filter(|row| row.day < day && row.player == player).filter(same_season).filter_map(|row| row.points).collect();
        let last = &before[before.len().saturating_sub(2)..];
        rows[at].mean = (!last.is_empty()).then(|| 2 * last.iter().sum::<i64>() / last.len() as i64);
        rows[at].flag = Some(rows[at].mean.is_some());
    }
    rows
}

impl Row {
    fn new(day: i64, game: i64, player: i64) -> Self {
        let points = Some(10 + player + day);
        Self { day: Some(day), game, player: Some(player), points, mean: None, mark: Some("real"), flag: Some(false), known: Some(day - 1) }
    }

    fn sql(&self) -> String {
        let of_day = |day: Option<i64>| day.map_or("null".to_owned(), |day| format!("'{}'", date(day)));
        let (day, known, mark) = (of_day(self.day), of_day(self.known), shown(self.mark.map(|mark| format!("'{mark}'"))));
        let (player, points, mean) = (shown(self.player), shown(self.points), shown(self.mean.map(|twice| twice as f64 / 2.0)));
        format!("({day}, {}, {player}, {points}, {mean}, {mark}, {}, {known})", self.game, shown(self.flag))
    }
}

impl Damage {
    fn inflict(&self, rows: &mut Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        let one = |rows: &mut Vec<Row>, at: &Index, change: &dyn Fn(&mut Row)| {
            let index = at.index(rows.len());
            change(&mut rows[index]);
        };
        let of_day = |rows: &[Row], at: &Index| -> Vec<Row> {
            let day = at.get(rows).day;
            rows.iter().filter(|row| row.day == day).cloned().collect()
        };
        match self {
            Self::LoseDay(at) => {
                let lost = at.get(rows).day;
                rows.retain(|row| row.day != lost);
            }
            Self::LoseTail(first) => rows.retain(|row| row.day < Some(*first)),
            Self::LoseRow(at) => drop(rows.remove(at.index(rows.len()))),
            Self::RepeatRow(at) => rows.push(at.get(rows).clone()),
            Self::RepeatDay(at) => rows.extend(of_day(rows, at)),
            Self::NamelessRow(at) => one(rows, at, &|row| row.player = None),
            Self::UndatedRow(at) => one(rows, at, &|row| row.day = None),
            Self::NoPoints(at) => one(rows, at, &|row| row.points = None),
            Self::OtherPoints(at) => one(rows, at, &|row| row.points = row.points.map(|points| points + 5)),
            Self::Zero(at) => one(rows, at, &|row| row.points = Some(0)),
            Self::Foreign(day, player) => rows.push(Row::new(*day, 10 * *day, *player)),
            Self::Everything => rows.clear(),
            Self::Move(at, day) => one(rows, at, &|row| row.day = Some(*day)),
            Self::CopyDay(at, day) => {
                let copies = of_day(rows, at).into_iter().map(|row| Row { day: Some(*day), ..row });
                let copies: Vec<Row> = copies.collect();
                rows.retain(|row| row.day != Some(*day));
                rows.extend(copies);
            }
            Self::Mean(at, mean) => one(rows, at, &|row| row.mean = *mean),
            Self::Mark(at, mark) => one(rows, at, &|row| row.mark = *mark),
            Self::Flag(at, flag) => one(rows, at, &|row| row.flag = *flag),
            Self::Known(at, days) => one(rows, at, &|row| row.known = row.day.zip(*days).map(|(day, days)| day + days)),
        }
    }
}

pub(super) fn date(day: i64) -> jiff::civil::Date {
    jiff::civil::date(2024, 3, 1).checked_add(jiff::Span::new().days(day)).expect("a date")
}

impl World {
    /// The kinds of damage done to it.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let of_games = [(self.games != self.clean.0, "unloaded season"), (!self.strays.is_empty(), "stray game")];
        let of_games = of_games.into_iter().filter(|(is_done, _)| *is_done).map(|(_, kind)| kind);
        self.damages.iter().map(Damage::kind).chain(of_games).collect()
    }

    /// The same without any.
    pub(super) fn undamaged(&self) -> Self {
        let (games, rows) = self.clean.clone();
        Self { games, strays: Vec::new(), boxes: rows.clone(), summary: rows, damages: Vec::new(), ..self.clone() }
    }

    pub(super) fn toml(&self) -> String {
        let mut toml = String::from(
            "[project]\nname = \"league\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n\
             [spines.days]\ntable = \"league.games\"\nkey = { day = \"date\" }\nweights = { games = \"count(*)\" }\n\
             [stages.raw]\n[stages.derived]\n\
             [outputs.boxes]\nstage = \"raw\"\ntable = \"league.boxes\"\nspine = \"days\"\n\
             [outputs.summary]\nstage = \"derived\"\ntable = \"league.summary\"\nspine = \"days\"\nafter = [\"boxes\"]\nlookback = 2\n\
             [outputs.grained]\nstage = \"derived\"\ntable = \"league.summary\"\nspine = \"days\"\ngrain = [\"game\", \"player\"]\n\
             [outputs.evens]\nstage = \"raw\"\ntable = \"league.boxes\"\nspine = \"days\"\nwhere = \"player % 2 = 0\"\n\
             [outputs.others]\nstage = \"raw\"\ntable = \"league.boxes\"\nspine = \"days\"\nwhere = \"player % 2 = 1 or points is null\"\n[seasons]\n",
        );
        for (number, (start, end)) in self.seasons.iter().enumerate() {
            writeln!(toml, "s{number} = {{ start = {}, end = {} }}", date(*start), date(*end)).expect("memory");
        }
        toml
    }

    pub(super) fn sql(&self) -> String {
        let mut sql = String::from("begin;\ncreate schema league;\ncreate table league.games (day date, game integer);\n");
        let columns = "day date, game integer, player integer, points integer, mean double, mark varchar, flag boolean, known date";
        for table in ["boxes", "summary"] {
            writeln!(sql, "create table league.{table} ({columns});").expect("memory");
        }
        let strays = self.strays.iter().map(|day| (*day, 1));
        let of_day = |(day, games): (i64, i64)| (0..games).map(move |game| format!("('{}', {})", date(day), 10 * day + game));
        let games: Vec<String> = self.games.iter().copied().chain(strays).flat_map(of_day).collect();
        insert(&mut sql, "games", games);
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
