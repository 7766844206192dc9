//! What the queries must say of how long runs take, how far each processor is, and when it will be done.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use super::held::is_known;
use super::oracle::{Attempt, Key, OUTPUTS, Oracle, State, expects};
use super::world::DAYS;
use super::{name, text};
use crate::laws::asked::shown;

const PROCESSORS: [&str; 3] = ["A", "B", "C"];

/// A run that is no skip, with its unit, its seconds, and its thousandths of a second per weight of the day.
type Timed<'a> = (&'a Key, &'a Attempt, Option<i64>, Option<i64>);

fn seconds(from: DateTime, to: DateTime) -> i64 {
    from.duration_until(to).as_secs()
}

/// The least value that so many percent do not exceed.
fn percentile(mut values: Vec<i64>, percent: usize) -> Option<i64> {
    values.sort_unstable();
    let n = values.len();
    (1..=n).find(|place| 100 * place >= percent * n).map(|place| values[place - 1])
}

fn rounded(value: f64) -> i64 {
    (value + 0.5).floor() as i64
}

impl Oracle<'_> {
    /// What the keys of a processor's day weigh: per game where its rows are counted so, or where all is asked per game.
    fn weight(&self, (processor, day): &Key, per_games: bool) -> Option<i64> {
        let games = DAYS.iter().find(|(of, _)| of == day)?.1;
        let own = OUTPUTS.iter().filter(|(output, of)| Some(*of) == *processor && expects(output, *day, games));
        let weight = |output: &str| {
            let of_key = if per_games || output == "b1" { games } else { 1 };
            if output == "b2" { 2 * of_key } else { of_key }
        };
        own.map(|(output, _)| weight(output)).max()
    }

    fn timed(&self, per_games: bool) -> Vec<Timed<'_>> {
        let known = self.units.iter().filter(|(key, _)| is_known(key.0));
        let runs = known.flat_map(|(key, attempts)| attempts.iter().map(move |attempt| (key, attempt)));
        let timed = |(key, attempt): (&'_ Key, &'_ Attempt)| {
            let seconds = attempt.started.zip(attempt.finished).map(|(started, finished)| seconds(started, finished));
            let per_weight = seconds.zip(self.weight(key, per_games)).map(|(seconds, weight)| (1000 * seconds).div_euclid(weight));
            (seconds, per_weight)
        };
        let runs = runs.filter(|(_, attempt)| attempt.state != State::Skipped);
        runs.map(|(key, attempt)| (key, attempt, timed((key, attempt)).0, timed((key, attempt)).1)).collect()
    }

    pub(super) fn durations(&self, per_games: bool) -> Vec<String> {
        let mut groups: BTreeMap<(Option<&str>, String), Vec<Timed<'_>>> = BTreeMap::new();
        for run in self.timed(per_games) {
            groups.entry((run.0.0, name(run.1.state))).or_default().push(run);
        }
        let line = |((processor, outcome), runs): ((Option<&str>, String), Vec<Timed<'_>>)| {
            let seconds: Vec<i64> = runs.iter().filter_map(|run| run.2).collect();
            let weighed: Vec<i64> = runs.iter().filter_map(|run| run.3).collect();
            let n = seconds.len() as f64;
            let mean = seconds.iter().sum::<i64>() as f64 / n;
            let spread = (seconds.iter().map(|seconds| (*seconds as f64 - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            let figures = [
                seconds.iter().min().copied(),
                percentile(seconds.clone(), 50),
                percentile(seconds.clone(), 95),
                seconds.iter().max().copied(),
                (!seconds.is_empty()).then(|| rounded(mean)),
                (seconds.len() > 1).then(|| rounded(spread)),
                percentile(weighed.clone(), 50),
                percentile(weighed, 95),
            ];
            format!("{},{outcome},{},{}", text(processor), runs.len(), figures.map(shown).join(","))
        };
        groups.into_iter().map(line).collect()
    }

    /// The successes of a processor per weight, as far as `counts` says.
    fn successes(&self, processor: &str, counts: impl Fn(&Attempt) -> bool) -> Vec<i64> {
        let own = |run: &&Timed<'_>| run.0.0 == Some(processor) && run.1.state == State::Success && counts(run.1);
        self.timed(false).iter().filter(own).filter_map(|run| run.3).collect()
    }

    pub(super) fn drift(&self, days: i64, times: i64) -> Vec<String> {
        let line = |processor: &str| {
            let is_recent = |attempt: &Attempt| attempt.started.is_some_and(|started| seconds(started, self.world.as_of) <= 86_400 * days);
            let (recent, earlier) = (self.successes(processor, is_recent), self.successes(processor, |attempt| !is_recent(attempt)));
            let counts = format!("{processor},{},{}", recent.len(), earlier.len());
            let (now, before) = (percentile(recent, 50)?, percentile(earlier, 50)?);
            Some(format!("{counts},{now},{before},{}", now > times * before))
        };
        PROCESSORS.into_iter().filter_map(line).collect()
    }

    pub(super) fn slow(&self, times: i64) -> Vec<String> {
        let line = |(key, attempt, seconds, per_weight): Timed<'_>| {
            let all = self.successes(key.0?, |_| true);
            let (compared, usual) = (all.len(), percentile(all, 50)?);
            let per_weight = per_weight.filter(|per_weight| *per_weight > times * usual)?;
            let run = format!("{},{},{},{}", text(key.0), key.1, shown(attempt.run.clone()), name(attempt.state));
            Some(format!("{run},{},{},{per_weight},{usual},{compared}", shown(seconds), shown(self.weight(key, false))))
        };
        self.timed(false).into_iter().filter_map(line).collect()
    }

    /// A processor's expected units: the day and the state of each.
    fn own(&self, processor: &str) -> Vec<(Date, &'static str)> {
        self.states().into_iter().filter(|((of, _), _)| *of == Some(processor)).map(|((_, day), state)| (day, state)).collect()
    }

    pub(super) fn progress(&self) -> Vec<String> {
        let expected = self.expected();
        let line = |processor: &str| {
            let own = self.own(processor);
            let count = |states: &[&str]| own.iter().filter(|(_, state)| states.contains(state)).count();
            let (due, done) = (own.len() - count(&["pending"]), count(&["succeeded"]));
            let elsewhere = self
                .units
                .iter()
                .filter(|(key, attempts)| key.0 == Some(processor) && !expected.contains_key(*key) && attempts[0].state == State::Success);
            let open = own.iter().filter(|(_, state)| !["succeeded", "pending"].contains(state)).map(|(day, _)| day).min();
            let last = own.iter().filter(|(_, state)| *state == "succeeded").map(|(day, _)| day).max();
            let counts =
                [own.len(), due, done, due - done, count(&["running"]), count(&["failed", "unknown", "stale"]), count(&["never_started"])];
            let counts = counts.map(|count| count.to_string()).join(",");
            let permille = (due > 0).then(|| 1000 * done / due.max(1));
            format!("{processor},{counts},{},{},{},{}", elsewhere.count(), shown(open), shown(last), shown(permille))
        };
        PROCESSORS.into_iter().map(line).collect()
    }

    /// When each expected unit of a processor was first completed.
    fn completions(&self, processor: &str) -> Vec<DateTime> {
        let expected = self.expected();
        let own = self.units.iter().filter(|(key, _)| key.0 == Some(processor) && expected.contains_key(*key));
        let first =
            |attempts: &Vec<Attempt>| attempts.iter().filter(|attempt| attempt.state == State::Success).filter_map(Attempt::ended).min();
        own.filter_map(|(_, attempts)| first(attempts)).collect()
    }

    /// The attempts of a processor, on whatever day.
    fn of_processor(&self, processor: &str) -> Vec<(Date, &Attempt)> {
        let own = self.units.iter().filter(|(key, _)| key.0 == Some(processor));
        own.flat_map(|(key, attempts)| attempts.iter().map(|attempt| (key.1, attempt))).collect()
    }

    fn first_start(&self, processor: &str) -> Option<DateTime> {
        let tried = self.of_processor(processor).into_iter().filter(|(_, attempt)| attempt.state != State::Skipped);
        tried.filter_map(|(_, attempt)| attempt.started).min()
    }

    /// The first start since the last pause of more than so many hours.
    fn beginning(&self, processor: &str, hours: i64) -> Option<DateTime> {
        let tried = self.of_processor(processor).into_iter().filter(|(_, attempt)| attempt.state != State::Skipped);
        let mut runs: Vec<(DateTime, DateTime)> =
            tried.filter_map(|(_, attempt)| Some((attempt.started?, attempt.finished.or(attempt.started)?))).collect();
        runs.sort();
        let (mut beginning, mut busy_until) = *runs.first()?;
        for (start, end) in runs {
            if seconds(busy_until, start) > 3600 * hours {
                beginning = start;
            }
            busy_until = busy_until.max(end);
        }
        Some(beginning)
    }

    pub(super) fn eta(&self, hours: i64, least: usize) -> Vec<String> {
        let measure = |processor: &str| {
            let own = self.own(processor);
            let due = own.iter().filter(|(_, state)| *state != "pending").count();
            let remaining = own.iter().filter(|(_, state)| !["pending", "succeeded"].contains(state)).count() as i64;
            let age = |moment: DateTime| seconds(moment, self.world.as_of);
            let mut ages: Vec<i64> = self.completions(processor).into_iter().map(age).collect();
            ages.sort_unstable();
            let whole = self.beginning(processor, hours).map(age);
            let span = whole.map(|whole| ages.get(least - 1).map_or(whole, |enough| whole.min(*enough.max(&(3600 * hours)))));
            // What ended as the span began was made before it, unless nothing was.
            let inside = |age: &&i64| span.is_some_and(|span| **age < span || (**age == span && span == whole.unwrap_or(0)));
            let completed = ages.iter().filter(inside).count() as i64;
            let left = match span {
                _ if remaining == 0 => Some(0),
                Some(span) if completed > 0 && span > 0 => Some((remaining * span + 60 * completed - 1).div_euclid(60 * completed)),
                _ => None,
            };
            (format!("{processor},{due},{remaining},{completed},{}", shown(span)), left)
        };
        let measured = PROCESSORS.map(measure);
        // Never is later than any minute.
        let latest =
            if measured.iter().any(|(_, left)| left.is_none()) { None } else { measured.iter().filter_map(|(_, left)| *left).max() };
        measured.into_iter().map(|(line, left)| format!("{line},{},{}", shown(left), left == latest)).collect()
    }

    /// The success of a processor that ended last, and the attempts after it.
    fn since_success(&self, processor: &str) -> (Option<(Date, &Attempt)>, Vec<&Attempt>) {
        let attempts = self.of_processor(processor);
        let successes = attempts.iter().filter(|(_, attempt)| attempt.state == State::Success);
        let last = successes.max_by_key(|(day, attempt)| (attempt.ended(), *day, attempt.run.clone())).copied();
        let end = last.and_then(|(_, attempt)| attempt.ended());
        let after =
            |attempt: &&Attempt| attempt.state != State::Skipped && end.is_none_or(|end| attempt.ended().is_some_and(|own| own > end));
        (last, attempts.into_iter().map(|(_, attempt)| attempt).filter(after).collect())
    }

    pub(super) fn recent(&self) -> Vec<String> {
        let line = |processor: &str| {
            let (last, after) = self.since_success(processor);
            let success = last.map(|(_, attempt)| attempt);
            let end = success.and_then(Attempt::ended);
            let age = end.map(|end| seconds(end, self.world.as_of).div_euclid(60));
            let lasted = success.and_then(|attempt| Some(seconds(attempt.started?, attempt.finished?)));
            let failures = after.iter().filter(|attempt| self.is_unresolved(attempt)).count();
            let rows = success.and_then(|attempt| attempt.counts[0]);
            let last = format!("{},{},{},{},{}", shown(end), shown(age), shown(last.map(|(day, _)| day)), shown(rows), shown(lasted));
            format!("{processor},{last},{},{failures}", after.len())
        };
        PROCESSORS.into_iter().map(line).collect()
    }

    pub(super) fn stalled(&self, minutes: i64, most: usize) -> Vec<String> {
        let line = |processor: &str| {
            let remaining = self.own(processor).iter().filter(|(_, state)| !["pending", "succeeded"].contains(state)).count();
            let completed = self.completions(processor).into_iter().max();
            let idle = completed.or(self.first_start(processor)).map(|since| seconds(since, self.world.as_of).div_euclid(60));
            let (_, after) = self.since_success(processor);
            let failures = after.iter().filter(|attempt| self.is_unresolved(attempt)).count();
            let running = self.own(processor).iter().filter(|(_, state)| *state == "running").count();
            let stalls = idle.is_none_or(|idle| idle >= minutes) || failures > most;
            let line = format!("{processor},{remaining},{},{},{failures},{running}", shown(completed), shown(idle));
            (remaining > 0 && stalls).then_some(line)
        };
        PROCESSORS.into_iter().filter_map(line).collect()
    }
}
