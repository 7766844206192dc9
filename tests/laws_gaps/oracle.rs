//! The same answers, read from the rows.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Row, World, date};
use crate::laws::asked::Answer;

pub(super) struct Oracle<'a> {
    pub(super) world: &'a World,
}

/// Which of the two tables.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Boxes,
    Summary,
}
pub(super) use Side::{Boxes, Summary};

type Names = BTreeSet<Option<i64>>;
/// A day, and a game and player, as far as they are known.
type Key = (Option<i64>, Option<(i64, i64)>);
/// How many rows each game and player has.
type Rows = BTreeMap<(i64, Option<i64>), usize>;

pub(super) fn text(value: Option<i64>) -> String {
    value.map_or("null".to_owned(), |value| value.to_string())
}

pub(super) fn number(value: f64) -> String {
    value.to_string()
}

impl Oracle<'_> {
    /// What the queries must say that compare keys, rows and figures.
    pub(super) fn of_keys(&self) -> Vec<Answer> {
        let summary = ("output", "summary");
        let by_both = ("by", "game,player");
        let by_season = ("by", "season");
        let ratios = [summary, ("lowest", "0.8"), ("highest", "1.25"), ("per", "games")];
        vec![
            Answer::new("reconcile/population", &[("output", "boxes"), ("other", "summary"), ("by", "player")], self.population()),
            Answer::new("gap/by_entity", &[summary, ("of", "boxes"), by_both], self.by_entity()),
            Answer::new("gap/order_violations", &[summary], self.order_violations()),
            Answer::new("gap/kind", &[summary], self.kinds()),
            Answer::new("gap/lookback", &[summary], self.lookback()),
            Answer::new("gap/impact", &[summary], self.impact()),
            Answer::new("gap/grid", &[("outputs", "boxes,summary")], self.grid()),
            Answer::new("reconcile/counts", &[summary, ("by", "player")], self.counts(true)),
            Answer::new("reconcile/counts", &[summary], self.counts(false)),
            Answer::new("reconcile/orphans", &[summary, ("parent", "boxes"), by_both], self.orphans()),
            Answer::new("reconcile/match_rate", &[summary, ("other", "boxes"), ("by", "player")], self.match_rate()),
            Answer::new(
                "reconcile/source_agreement",
                &[("output", "boxes"), ("other", "summary"), by_both, ("value", "points")],
                self.agreement(),
            ),
            Answer::new("quality/doubled_loads", &[("output", "grained")], self.doubled()),
            Answer::new("quality/distribution", &[summary, ("column", "points")], self.distribution()),
            Answer::new("quality/distinct_counts", &[summary, ("entity", "player")], self.distinct_players()),
            Answer::new("quality/zeros", &[summary, ("columns", "points"), by_season], self.zeros()),
            Answer::new("quality/constant_columns", &[summary, ("columns", "points"), by_season], self.constants()),
            Answer::new("quality/row_ratio", &ratios, self.row_ratios()),
            Answer::new("quality/nulls_over_time", &[summary, ("column", "points"), ("tolerance", "0.25")], self.null_shares()),
            Answer::new("freshness/tables", &[("outputs", "boxes,summary")], self.freshness()),
        ]
    }

    pub(super) fn rows(&self, side: Side) -> &[Row] {
        match side {
            Boxes => &self.world.boxes,
            Summary => &self.world.summary,
        }
    }

    /// Days with games of both seasons: each with its number of games, its season and its place in that.
    pub(super) fn spine(&self) -> BTreeMap<i64, (i64, usize)> {
        let season = |day: i64| self.world.seasons.iter().position(|(start, end)| (*start..=*end).contains(&day));
        self.world.games.iter().filter_map(|(day, games)| Some((*day, (*games, season(*day)?)))).collect()
    }

    /// A day is due once it is over.
    pub(super) fn due(&self) -> Vec<i64> {
        self.spine().into_keys().filter(|day| *day < self.world.today).collect()
    }

    /// The rows of a day; off days and days outside of the seasons are days like others.
    pub(super) fn of(&self, side: Side, day: i64) -> Vec<&Row> {
        self.rows(side).iter().filter(|row| row.day == Some(day)).collect()
    }

    pub(super) fn holds(&self, side: Side, day: i64) -> bool {
        !self.of(side, day).is_empty()
    }

    pub(super) fn players(&self, side: Side, day: i64) -> Names {
        self.of(side, day).iter().map(|row| row.player).collect()
    }

    /// Game and player of each row, as far as both are known.
    fn entities(&self, side: Side, day: i64) -> BTreeSet<(i64, i64)> {
        self.of(side, day).iter().filter_map(|row| Some((row.game, row.player?))).collect()
    }

    pub(super) fn days_in_scope(&self) -> std::ops::RangeInclusive<i64> {
        self.world.seasons[0].0..=self.world.seasons[1].1
    }

    fn population(&self) -> Vec<String> {
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

    fn by_entity(&self) -> Vec<String> {
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

    fn order_violations(&self) -> Vec<String> {
        let wrong = |day: &i64| self.holds(Summary, *day) && !self.holds(Boxes, *day);
        self.due().into_iter().filter(wrong).map(|day| format!("summary,{},boxes,{}", date(day), self.of(Summary, day).len())).collect()
    }

    fn kinds(&self) -> Vec<String> {
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

    fn lookback(&self) -> Vec<String> {
        let line = |day: i64| {
            let window = self.window(day);
            let missing: Vec<i64> = window.iter().copied().filter(|day| !self.holds(Boxes, *day)).collect();
            let (first, last) = (missing.first()?, missing.last()?);
            let (read, lost) = (window.len(), missing.len());
            Some(format!("summary,{},boxes,{read},{},{lost},{},{}", date(day), read - lost, date(*first), date(*last)))
        };
        self.due().into_iter().filter_map(line).collect()
    }

    fn impact(&self) -> Vec<String> {
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
    fn grid(&self) -> Vec<String> {
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

    fn counts(&self, by_player: bool) -> Vec<String> {
        let count = |side, day| if by_player { self.players(side, day).iter().flatten().count() } else { self.of(side, day).len() } as i64;
        let line = |day: i64| {
            let (own, other) = (count(Summary, day), count(Boxes, day));
            (own != other).then(|| format!("summary,boxes,{},{own},{other},{}", date(day), own - other))
        };
        self.due().into_iter().filter_map(line).collect()
    }

    fn orphans(&self) -> Vec<String> {
        let in_scope = |row: &&Row| row.day.is_none_or(|day| self.days_in_scope().contains(&day));
        let mut children: BTreeMap<Key, usize> = BTreeMap::new();
        for row in self.rows(Summary).iter().filter(in_scope) {
            *children.entry((row.day, row.player.map(|player| (row.game, player)))).or_default() += 1;
        }
        let parents: BTreeSet<(i64, (i64, i64))> =
            self.days_in_scope().flat_map(|day| self.entities(Boxes, day).into_iter().map(move |entity| (day, entity))).collect();
        let has_parents = self.days_in_scope().any(|day| self.holds(Boxes, day));
        let is_found = |(day, entity): &Key| day.zip(*entity).is_some_and(|key| parents.contains(&key));
        let any = children.keys().any(is_found);
        let line = |((day, entity), rows): (&Key, &usize)| {
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

    fn match_rate(&self) -> Vec<String> {
        let due = self.due();
        let all: usize = due.iter().map(|day| self.players(Summary, *day).len()).sum();
        let found: usize =
            due.iter().map(|day| self.players(Summary, *day).intersection(&self.players(Boxes, *day)).flatten().count()).sum();
        vec![format!("summary,boxes,{all},{found}")]
    }

    fn agreement(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let due = self.due();
        let keys = |side| self.rows(side).iter().map(|row| (row.day, row.player.map(|player| (row.game, player)))).collect::<BTreeSet<_>>();
        let in_scope = |day: Option<i64>| day.is_none_or(|day| self.days_in_scope().contains(&day));
        let of = |side, key: &Key| -> Vec<Option<i64>> {
            let own = |row: &&Row| (row.day, row.player.map(|player| (row.game, player))) == *key;
            self.rows(side).iter().filter(own).map(|row| row.points).collect()
        };
        let least = |values: &[Option<i64>]| text(values.iter().flatten().min().copied());
        let name = |(day, entity): &Key| {
            let day = day.map_or("null".to_owned(), |day| date(day).to_string());
            format!("{day},{}", entity.map_or("null".to_owned(), |(game, player)| format!("{game}/{player}")))
        };
        let (here, there) = (keys(Boxes), keys(Summary));
        for key in here.union(&there).filter(|(day, _)| in_scope(*day)) {
            let joins = key.0.is_some() && key.1.is_some();
            let (own, other) = (of(Boxes, key), of(Summary, key));
            let is_due = key.0.is_some_and(|day| due.contains(&day));
            let pairs = if joins { vec![(&own[..], &other[..])] } else { vec![(&own[..], &[][..]), (&[][..], &other[..])] };
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

    fn doubled(&self) -> Vec<String> {
        let mut groups: BTreeMap<Option<i64>, Rows> = BTreeMap::new();
        for row in self.rows(Summary).iter().filter(|row| row.day.is_none_or(|day| self.days_in_scope().contains(&day))) {
            *groups.entry(row.day).or_default().entry((row.game, row.player)).or_default() += 1;
        }
        let line = |(day, rows): (Option<i64>, Rows)| {
            let (all, distinct, least) = (rows.values().sum::<usize>(), rows.len(), *rows.values().min()?);
            let day = day.map_or("null".to_owned(), |day| date(day).to_string());
            (least > 1).then(|| format!("grained,{day},{all},{distinct},{least}"))
        };
        groups.into_iter().filter_map(line).collect()
    }
}
