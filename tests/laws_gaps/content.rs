//! What the queries must say that look into the rows: values, marks, flags, ids, sizes and what is computed from others.

use std::collections::{BTreeMap, BTreeSet};

use super::oracle::{Boxes, Oracle, Side, Summary, number, text};
use super::world::{Row, date};
use crate::laws::asked::{Answer, shown};

/// How far off a stored mean may be.
const TOLERANCE: f64 = 0.015;

fn day(day: Option<i64>) -> String {
    shown(day.map(date))
}

impl Oracle<'_> {
    pub(super) fn of_content(&self) -> Vec<Answer> {
        let (summary, grained) = (("output", "summary"), ("output", "grained"));
        let stages = ("outputs", "boxes,summary,grained");
        let mean = [summary, ("source", "boxes"), ("entity", "player"), ("value", "points"), ("stored", "mean"), ("tolerance", "0.015")];
        let again = [summary, ("source", "boxes"), ("by", "player"), ("value", "mean"), ("of", "points"), ("tolerance", "0.015")];
        let with = |args: &[(&'static str, &'static str)], more: &[(&'static str, &'static str)]| [args, more].concat();
        let named_players = [summary, ("by", "game"), ("of", "player,points"), ("where", "points > 12"), ("least", "3"), ("most", "3")];
        let marks = ("marks", "mark=real,flag=true,points=0");
        let (known, event) = (("known_at", "known"), ("event_at", "day"));
        let mut answers = vec![
            Answer::new("freshness/frozen_inputs", &[summary, ("upstreams", "boxes")], self.frozen(0)),
            Answer::new("freshness/frozen_inputs", &[summary, ("upstreams", "boxes"), ("days", "1")], self.frozen(1)),
            Answer::new("gap/by_stage", &[stages, ("by", "season")], self.by_stage(true)),
            Answer::new("gap/by_stage", &[stages, ("by", "day")], self.by_stage(false)),
            Answer::new("gate/outside_seasons", &[summary], self.outside()),
            Answer::new("gate/spine_size", &[summary, ("weight", "games"), ("at_least", "10")], self.spine_size()),
            Answer::new("gate/sizes", &[summary, ("by", "game"), ("least", "3"), ("most", "3")], self.sizes()),
            Answer::new("gate/sizes", &named_players, self.players_of_games()),
            Answer::new("leakage/rolling_mean", &with(&mean, &[("window", "2")]), self.rolling(2, 2, true)),
            Answer::new(
                "leakage/rolling_mean",
                &with(&mean, &[("window", "3"), ("least", "1"), ("within_season", "false")]),
                self.rolling(3, 1, false),
            ),
            Answer::new("reconcile/recomputed", &with(&again, &[]), self.recomputed(2, false, 1)),
            Answer::new(
                "reconcile/recomputed",
                &with(&again, &[("how", "sum"), ("rows", "3"), ("every", "2")]),
                self.recomputed(3, true, 2),
            ),
            Answer::new("leakage/snapshot", &[summary, known, event], self.snapshot(false)),
            Answer::new("leakage/snapshot", &[summary, known, event, ("strictly", "true")], self.snapshot(true)),
            Answer::new("quality/convention", &[summary, marks], self.convention()),
            Answer::new("quality/copied_loads", &[summary, ("columns", "game,player,points")], self.copied()),
            Answer::new("quality/duplicates", &[grained], self.duplicates()),
            Answer::new("quality/id_reuse", &[summary, ("by", "game")], self.reused()),
            Answer::new("quality/labels", &[summary, ("column", "mark"), ("labels", "real,test")], self.labels()),
            Answer::new(
                "quality/null_rates",
                &[summary, ("columns", "points,mean,player")],
                self.nulls("summary", &["mean", "player", "points"]),
            ),
            Answer::new("quality/null_rates", &[grained], self.nulls("grained", &["game", "player"])),
            Answer::new("reconcile/flags", &[summary, ("flag", "flag"), ("content", "points,mean")], self.flags()),
            Answer::new("reconcile/union_of_sources", &[summary, ("sources", "evens,others"), ("by", "player")], self.union_of_sources()),
        ];
        if self.world.today >= self.world.seasons[1].0 {
            let args = [summary, ("entity", "player"), ("column", "points"), ("lowest", "0.8"), ("highest", "1.25")];
            answers.push(Answer::new("quality/year_over_year", &args, self.year_over_year()));
        }
        answers
    }

    /// Rows of the seasons, and those without a day.
    fn scanned(&self, side: Side) -> impl Iterator<Item = &Row> {
        self.rows(side).iter().filter(|row| row.day.is_none_or(|day| self.days_in_scope().contains(&day)))
    }

    fn season_of(&self, day: i64) -> Option<usize> {
        self.world.seasons.iter().position(|(start, end)| (*start..=*end).contains(&day))
    }

    /// The rows of the summary by what `of` makes of each.
    fn grouped<K: Ord>(&self, of: impl Fn(&Row) -> K) -> BTreeMap<K, Vec<&Row>> {
        let mut groups: BTreeMap<K, Vec<&Row>> = BTreeMap::new();
        self.scanned(Summary).for_each(|row| groups.entry(of(row)).or_default().push(row));
        groups
    }

    fn frozen(&self, days: i64) -> Vec<String> {
        let newest = |side| self.scanned(side).filter_map(|row| row.day).max();
        let Some(own) = newest(Summary) else { return Vec::new() };
        let theirs = newest(Boxes);
        let behind = theirs.map(|theirs| own - theirs);
        let line = format!("summary,boxes,{},{},{}", date(own), day(theirs), shown(behind));
        if behind.is_none_or(|behind| behind > days) { vec![line] } else { Vec::new() }
    }

    /// The outputs of each stage, all of which a day is counted of; nothing else is done to `grained` than to say its grain.
    fn by_stage(&self, by_season: bool) -> Vec<String> {
        let due = self.due();
        // By the grain of game and player, a row is there again or has no name.
        let faulty = |day: i64| {
            let rows = self.of(Summary, day);
            rows.iter().filter_map(|row| Some((row.game, row.player?))).collect::<BTreeSet<_>>().len() < rows.len()
        };
        let mut lines = Vec::new();
        for (stage, outputs, side) in [("raw", 1, Boxes), ("derived", 2, Summary)] {
            let mut periods: BTreeMap<String, [usize; 4]> = BTreeMap::new();
            for (day, (_, season)) in self.spine().into_iter().filter(|(day, _)| due.contains(day) || self.holds(side, *day)) {
                let period = if by_season { format!("s{season}") } else { date(day).to_string() };
                let counts = periods.entry(period).or_default();
                let holds = self.holds(side, day);
                let complete = holds && (outputs == 1 || !faulty(day));
                for (count, holds) in counts.iter_mut().zip([true, holds, !holds, complete]) {
                    *count += usize::from(holds);
                }
            }
            // The outputs of a stage read one table here, so that none holds what another does not.
            let line = |(period, [due, all, none, complete]): (String, [usize; 4])| {
                format!("{stage},{period},{outputs},{due},{all},0,{none},{complete}")
            };
            lines.extend(periods.into_iter().map(line));
        }
        lines
    }

    fn outside(&self) -> Vec<String> {
        let (start, end) = (self.world.seasons[0].0 - 366, self.world.seasons[1].1 + 366);
        let strays: BTreeSet<i64> = self.world.strays.iter().copied().filter(|day| (start..=end).contains(day)).collect();
        strays.into_iter().map(|day| format!("days,{},1", date(day))).collect()
    }

    fn spine_size(&self) -> Vec<String> {
        let spine = self.spine();
        let games: i64 = spine.values().map(|(games, _)| games).sum();
        let lost = |season: &usize| self.world.seasons[*season].1 < self.world.today && !spine.values().any(|(_, of)| of == season);
        let ends = [spine.keys().next().copied(), spine.keys().last().copied()].map(day).join(",");
        vec![format!("days,{},{games},{ends},{}", spine.len(), [0, 1].iter().filter(|season| lost(season)).count())]
    }

    fn sizes(&self) -> Vec<String> {
        let groups = self.grouped(|row| (row.day, row.game));
        let wrong = groups.into_iter().filter(|(_, rows)| rows.len() != 3);
        wrong.map(|((of, game), rows)| format!("summary,{},{game},{}", day(of), rows.len())).collect()
    }

    fn players_of_games(&self) -> Vec<String> {
        let mut groups: BTreeMap<_, BTreeSet<(i64, i64)>> = BTreeMap::new();
        for row in self.scanned(Summary) {
            if let Some(points) = row.points.filter(|points| *points > 12) {
                let players = groups.entry((row.day, row.game)).or_default();
                players.extend(row.player.map(|player| (player, points)));
            }
        }
        let wrong = groups.into_iter().filter(|(_, players)| players.len() != 3);
        wrong.map(|((of, game), players)| format!("summary,{},{game},{}", day(of), players.len())).collect()
    }

    /// The points of a player before a day, the last first; of one day the one with the fewest (`fewest`) or most first.
    fn before(&self, of: i64, player: Option<i64>, within_season: bool, fewest: bool) -> Vec<Option<i64>> {
        let counts = |row: &&Row| {
            let season = row.day.and_then(|day| self.season_of(day));
            let in_time = row.day.is_some_and(|day| day < of) && (!within_season || season == self.season_of(of));
            row.player == player && in_time
        };
        let mut rows: Vec<&Row> = self.rows(Boxes).iter().filter(counts).collect();
        // NULL is the greatest.
        rows.sort_by_key(|row| (row.day, row.points.is_none(), row.points));
        if fewest {
            rows.reverse();
            rows.sort_by_key(|row| (std::cmp::Reverse(row.day), row.points.is_none(), row.points));
        } else {
            rows.reverse();
        }
        rows.into_iter().map(|row| row.points).collect()
    }

    fn rolling(&self, window: usize, least: usize, within_season: bool) -> Vec<String> {
        let mut lines = BTreeSet::new();
        for row in self.scanned(Summary) {
            let Some(of) = row.day else { continue };
            let before = self.before(of, row.player, within_season, true);
            let known: Vec<i64> = before.iter().take(window).flatten().copied().collect();
            if known.len() < least {
                continue;
            }
            let computed = known.iter().sum::<i64>() as f64 / known.len() as f64;
            let stored = row.mean.map(|twice| twice as f64 / 2.0);
            let class = if stored.is_none() { "null" } else { "differs" };
            if stored.is_none_or(|stored| (stored - computed).abs() > TOLERANCE * computed.abs()) {
                lines.insert(format!("summary,{},{},{class},{},{}", date(of), text(row.player), shown(stored), number(computed)));
            }
        }
        lines.into_iter().collect()
    }

    fn recomputed(&self, window: usize, sum: bool, every: usize) -> Vec<String> {
        let spine: Vec<i64> = self.spine().into_keys().collect();
        let asked = spine.iter().enumerate().filter(|(at, _)| (at + 1) % every == 0).map(|(_, day)| *day);
        let due = self.due();
        let mut lines = Vec::new();
        for of in asked.filter(|day| due.contains(day)) {
            for row in self.of(Summary, of) {
                let before = if row.player.is_some() { self.before(of, row.player, true, false) } else { Vec::new() };
                let rows = &before[..window.min(before.len())];
                let known: Vec<i64> = rows.iter().flatten().copied().collect();
                let total = known.iter().sum::<i64>() as f64;
                let again = (!known.is_empty()).then(|| if sum { total } else { total / known.len() as f64 });
                let stored = row.mean.map(|twice| twice as f64 / 2.0);
                let agree = match (stored, again) {
                    (None, None) => true,
                    (Some(stored), Some(again)) => (stored - again).abs() <= TOLERANCE * again.abs(),
                    _ => false,
                };
                if !agree {
                    lines.push(format!("{},{},{},{},{}", date(of), text(row.player), shown(stored), shown(again), rows.len()));
                }
            }
        }
        lines
    }

    fn snapshot(&self, strictly: bool) -> Vec<String> {
        let class = |row: &Row| match row.day.zip(row.known) {
            None => "unknown",
            Some((event, known)) if known < event || (known == event && !strictly) => "ok",
            Some(_) => "leak",
        };
        let groups = self.grouped(|row| (row.day, class(row))).into_iter().filter(|((_, class), _)| *class != "ok");
        groups.map(|((of, class), rows)| format!("summary,{},{class},{}", day(of), rows.len())).collect()
    }

    fn convention(&self) -> Vec<String> {
        let marks = |row: &Row| {
            let others = [(row.flag == Some(true), "flag=true"), (row.points == Some(0), "points=0")];
            others.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark).collect::<Vec<_>>().join(", ")
        };
        let declared = |row: &Row| row.mark == Some("real");
        let of_day = self.grouped(|row| row.day);
        let groups = self.grouped(|row| (row.day, declared(row), marks(row)));
        let others = groups.into_iter().filter(|((_, declared, marks), _)| !declared && !marks.is_empty());
        let line = |((of, _, marks), rows): ((Option<i64>, bool, String), Vec<&Row>)| {
            format!("summary,{},{marks},{},{}", day(of), rows.len(), of_day[&of].iter().filter(|row| declared(row)).count())
        };
        others.map(line).collect()
    }

    fn copied(&self) -> Vec<String> {
        let content = |rows: &[&Row]| {
            let mut content: Vec<_> = rows.iter().map(|row| (row.game, row.player, row.points)).collect();
            content.sort_unstable();
            content
        };
        let days = self.grouped(|row| row.day);
        let line = |(of, rows): (&Option<i64>, &Vec<&Row>)| {
            let first = days.iter().filter(|(_, others)| content(others) == content(rows)).filter_map(|(day, _)| *day).min()?;
            let is_copy = of.is_some_and(|of| first < of) && rows.len() >= 2;
            is_copy.then(|| format!("summary,{},{},{}", day(*of), date(first), rows.len()))
        };
        days.iter().filter_map(line).collect()
    }

    fn duplicates(&self) -> Vec<String> {
        let groups = self.grouped(|row| (row.day, row.game, row.player)).into_iter().filter(|(_, rows)| rows.len() > 1);
        groups.map(|((of, game, player), rows)| format!("grained,{},{game}/{},{}", day(of), text(player), rows.len())).collect()
    }

    fn reused(&self) -> Vec<String> {
        let line = |(game, rows): (i64, Vec<&Row>)| {
            let days: BTreeSet<i64> = rows.iter().filter_map(|row| row.day).collect();
            let ends = days.first().zip(days.last()).map(|(first, last)| format!("{},{}", date(*first), date(*last)))?;
            (days.len() > 1).then(|| format!("summary,{game},{},{ends},{}", days.len(), rows.len()))
        };
        self.grouped(|row| row.game).into_iter().filter_map(line).collect()
    }

    fn labels(&self) -> Vec<String> {
        let found = self.grouped(|row| row.mark);
        let declared = [Some("real"), Some("test")];
        let unknown = found.iter().filter(|(mark, _)| !declared.contains(*mark)).map(|(mark, rows)| {
            let days = || rows.iter().filter_map(|row| row.day);
            format!("summary,{},unknown,{},{},{}", shown(*mark), rows.len(), day(days().min()), day(days().max()))
        });
        let absent = declared.iter().filter(|mark| !found.contains_key(*mark));
        unknown.chain(absent.map(|mark| format!("summary,{},absent,0,null,null", shown(*mark)))).collect()
    }

    fn nulls(&self, output: &str, columns: &[&str]) -> Vec<String> {
        let is_null = |row: &Row, column: &str| match column {
            "points" => row.points.is_none(),
            "mean" => row.mean.is_none(),
            "player" => row.player.is_none(),
            _ => false,
        };
        let rows: Vec<&Row> = self.scanned(Summary).collect();
        let line = |column: &&str| {
            let nulls = rows.iter().filter(|row| is_null(row, column)).count();
            format!("{output},{column},{},{nulls},{}", rows.len(), rows.len() - nulls)
        };
        columns.iter().map(line).collect()
    }

    fn flags(&self) -> Vec<String> {
        let line = |(of, rows): (Option<i64>, Vec<&Row>)| {
            let has_content = |row: &Row| row.points.is_some() && row.mean.is_some();
            let count = |flag: Option<bool>, content: Option<bool>| {
                let counts = |row: &&&Row| row.flag == flag && content.is_none_or(|content| has_content(row) == content);
                rows.iter().filter(counts).count()
            };
            let wrong = [count(Some(true), Some(false)), count(Some(false), Some(true)), count(None, None)];
            let counts = wrong.map(|count| count.to_string()).join(",");
            (wrong != [0; 3]).then(|| format!("summary,{},{},{},{counts}", day(of), rows.len(), count(Some(true), None)))
        };
        self.grouped(|row| row.day).into_iter().filter_map(line).collect()
    }

    fn union_of_sources(&self) -> Vec<String> {
        let source = |day: i64, counts: fn(&Row) -> bool| -> BTreeSet<i64> {
            self.of(Boxes, day).into_iter().filter(|row| counts(row)).filter_map(|row| row.player).collect()
        };
        let line = |of: i64| {
            let evens = source(of, |row| row.player.is_some_and(|player| player % 2 == 0));
            let others = source(of, |row| row.player.is_some_and(|player| player % 2 == 1) || row.points.is_none());
            let named = self.players(Summary, of);
            let is_in = |source: &BTreeSet<i64>, player: &Option<i64>| player.is_some_and(|player| source.contains(&player));
            let (here, there): (Vec<bool>, Vec<bool>) = named.iter().map(|player| (is_in(&evens, player), is_in(&others, player))).unzip();
            let covered = here.iter().zip(&there).filter(|(here, there)| **here || **there).count();
            let best = [here, there].map(|source| source.iter().filter(|found| **found).count()).into_iter().max();
            let uncovered = named.iter().filter(|player| !is_in(&evens, player) && !is_in(&others, player));
            let first = uncovered.map(|player| text(*player)).min();
            let faulty = covered < named.len() || named.is_empty();
            faulty.then(|| format!("{},{},{covered},{},{}", date(of), named.len(), shown(best), shown(first)))
        };
        self.due().into_iter().filter_map(line).collect()
    }

    fn year_over_year(&self) -> Vec<String> {
        let [(first, end), (start, last)] = self.world.seasons;
        let until = last.min(self.world.today);
        let figures = |from: i64, to: i64| {
            let rows: Vec<&Row> = self.rows(Summary).iter().filter(|row| row.day.is_some_and(|day| (from..=to).contains(&day))).collect();
            let points: Vec<i64> = rows.iter().filter_map(|row| row.points).collect();
            let distinct = |of: fn(&Row) -> Option<i64>| rows.iter().filter_map(|row| of(row)).collect::<BTreeSet<_>>().len() as f64;
            let mean = (!points.is_empty()).then(|| points.iter().sum::<i64>() as f64 / points.len() as f64);
            [Some(rows.len() as f64), Some(distinct(|row| row.day)), Some(distinct(|row| row.player)), mean]
        };
        let (now, before) = (figures(start, until), figures(first, end.min(first + until - start)));
        let line = |((figure, now), before): ((&str, Option<f64>), Option<f64>)| {
            let ratio = now.zip(before.filter(|before| *before != 0.0)).map(|(now, before)| now / before);
            format!("summary,s1,{figure},s0,{},{},{}", shown(now), shown(before), shown(ratio))
        };
        ["rows", "days", "entities", "mean"].into_iter().zip(now).zip(before).map(line).collect()
    }
}
