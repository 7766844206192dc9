//! What the queries must say that measure: counts, means, shares and the newest day.

use std::collections::{BTreeMap, BTreeSet};

use super::oracle::{Boxes, Oracle, Side, Summary, number, text};
use super::world::{Row, date};

impl Oracle<'_> {
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
