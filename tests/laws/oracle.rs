//! What an output holds of what it should, read from the generated rows one key at a time.

use std::collections::{BTreeMap, BTreeSet};

use gapgate::model::verdict::Verdict;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::world::{MODELS, Output, Over, Row, Waiver, World};

/// The classes of faults, from the least to the worst.
const SEVERITY: [&str; 6] = ["invalid", "null", "partial", "excess", "duplicate", "missing"];

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

/// The class and the rows of each key of the spine.
pub(super) fn classes(world: &World, output: &Output) -> Vec<(Expected, Option<String>, &'static str, usize)> {
    let oracle = Oracle { world, output, as_of: world.as_of };
    let held = oracle.held();
    let classed = |(key, expected): (Key, Expected)| {
        let rows = held.get(&key).map_or(&[][..], Vec::as_slice);
        let class = oracle.class(&key, Some(&expected), rows);
        (expected, key.1, class, rows.len())
    };
    oracle.spine().into_iter().map(classed).collect()
}

struct Oracle<'a> {
    world: &'a World,
    output: &'a Output,
    as_of: DateTime,
}

/// A key of the spine.
pub(super) struct Expected {
    pub(super) day: Date,
    weight: Option<i64>,
    /// Its number among all keys and among those of its season, from 1.
    pub(super) position: i64,
    in_season: i64,
    /// Its number among those that are looked at.
    pub(super) season: usize,
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
                let mut faults = self.faults(class, expected, rows);
                let all = faults.len();
                faults.retain(|(_, rule, _)| self.output.waiver.as_ref().is_some_and(|waiver| waiver.rule.is_some_and(|own| own != *rule)));
                if faults.len() < all {
                    waived.push(key);
                }
                if faults.len() < all && self.waiver_holds() {
                    let worst = faults.iter().max_by_key(|(class, ..)| SEVERITY.iter().position(|name| name == class));
                    class = if expected.is_some() { worst.map_or("waived", |(class, ..)| class) } else { class };
                    verdict = faults.iter().map(|(.., verdict)| *verdict).max().unwrap_or(Verdict::Pass);
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
        let (sums, sums_waived) = self.waive_sums(self.sums(&spine, &held));
        let waivers = match &self.output.waiver {
            Some(_) if sums_waived => {
                if self.waiver_holds() {
                    Verdict::Pass
                } else {
                    Verdict::Fail
                }
            }
            Some(_) if waived.is_empty() && !self.waiver_is_in_scope() => Verdict::Pass,
            Some(_) if waived.is_empty() => Verdict::Warn,
            Some(_) if !self.waiver_holds() => Verdict::Fail,
            _ => Verdict::Pass,
        };
        answer.verdict = answer.verdict.max(nothing_expected).max(waivers).max(sums);
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

    /// Everything that is wrong with a key: the class that it would have alone, what a waiver calls it, how much it weighs.
    fn faults(&self, class: &'static str, expected: Option<&Expected>, rows: &[&Row]) -> Vec<(&'static str, &'static str, Verdict)> {
        if expected.is_none() || class == "missing" {
            return vec![(class, class, self.weigh(class, expected, rows))];
        }
        let mut faults = Vec::new();
        let mut add = |is_so: bool, class: &'static str, rule: &'static str, verdict: Verdict| {
            faults.extend(is_so.then_some((class, rule, verdict)));
        };
        let plan = &self.output.plan;
        let units = if plan.per { expected.and_then(|key| key.weight) } else { Some(1) };
        let too_many = units.zip(plan.size.1).is_some_and(|(units, most)| rows.len() as i64 * 10 > most * units);
        add(repeated(rows), "duplicate", "duplicate", Verdict::Fail);
        add(units.is_none(), "invalid", "games", Verdict::Undecided);
        add(too_many, "excess", "excess", Verdict::Fail);
        add(class == "partial", "partial", "partial", Verdict::Fail);
        add(self.lacks_points(rows), "null", "points", Verdict::Fail);
        add(rows.iter().any(|row| row.player.is_none()), "null", "player", Verdict::Fail);
        add(self.is_outside(rows), "invalid", "points", Verdict::Fail);
        if let Some(verdict) = self.share_of_key(rows) {
            add(true, "invalid", "known", verdict);
        }
        faults
    }

    /// Whether a row of another table excuses a key.
    fn is_sick(&self, key: &Key) -> bool {
        let is_of = |(day, model): &(Date, &str)| key.0 == Some(*day) && key.1.as_deref().is_none_or(|own| own == *model);
        self.output.sick.iter().any(is_of)
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
        if self.is_excused(expected) || (rows.is_empty() && self.is_sick(key)) {
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
            _ if rows.iter().any(|row| row.player.is_none()) || (self.lacks_points(rows) && late.is_none()) => "null",
            _ if self.is_outside(rows) || self.share_of_key(rows).is_some() => "invalid",
            // Points may come after their row; who played may not.
            _ if self.lacks_points(rows) => "pending",
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

    fn lacks_points(&self, rows: &[&Row]) -> bool {
        self.output.plan.required && rows.iter().any(|row| row.points.is_none())
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

    /// Sums are of all keys, so only a waiver of every key and of what they measure accepts them.
    fn waive_sums(&self, verdict: Verdict) -> (Verdict, bool) {
        let is_of_sums = |waiver: &Waiver| waiver.rule == Some("known") && waiver.keys.is_empty() && waiver.ranges.is_empty();
        let waived = verdict > Verdict::Pass && self.output.waiver.as_ref().is_some_and(is_of_sums);
        (if waived && self.waiver_holds() { Verdict::Pass } else { verdict }, waived)
    }

    fn text(&self, key: &Key) -> String {
        let day = key.0.map_or("null".to_owned(), |day| day.to_string());
        if self.output.plan.crossed { format!("{day}/{}", key.1.as_deref().unwrap_or("null")) } else { day }
    }

    fn is_in_waiver(&self, key: &Key) -> bool {
        let in_range = |(from, to): &(Date, Date)| key.0.is_some_and(|day| *from <= day && day <= *to);
        let is_meant = |waiver: &Waiver| {
            let of_all = waiver.keys.is_empty() && waiver.ranges.is_empty();
            of_all || waiver.keys.contains(&self.text(key)) || waiver.ranges.iter().any(in_range)
        };
        self.output.waiver.as_ref().is_some_and(is_meant)
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
            let of_all = waiver.keys.is_empty() && waiver.ranges.is_empty();
            of_all || waiver.keys.iter().any(key_in_scope) || waiver.ranges.iter().any(|(from, to)| *from <= end && *to >= start)
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
