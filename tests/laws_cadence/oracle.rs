//! What every row says, by looking at every row: the answers that the queries must give.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;

use super::{Forecast, LAST, TODAY, World, day, is_seen, row, shown, sorted};

/// A model, a day and what was used then.
type Use<'a> = (Option<&'a str>, Option<i64>, Option<&'a str>);

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
    let mut uses: BTreeMap<Use<'_>, usize> = BTreeMap::new();
    world.seen().for_each(|row| *uses.entry((row.model, row.day, row.used)).or_default() += 1);
    let judge = |((model, of, used), rows): (Use<'_>, usize)| {
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
