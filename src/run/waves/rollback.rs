//! A rollback of keys: which rows of which tables, downstream first, and how many they are. It asks and counts, and never more.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::super::{Session, cover_all, inventory};
use super::board::Board;
use super::keys::{self, SpineKey};
use super::lane::is_broken;
use super::relevant;
use crate::error::{Error, did_you_mean};
use crate::model::catalogue::{Output, Project};
use crate::model::coverage::{Class, Coverage};
use crate::model::plan::{State, plan};
use crate::model::rollback::{Kind, Rollback, Step};
use crate::model::table::Value;
use crate::model::verdict::Verdict;
use crate::render::extent::{Extent, Rows};
use crate::warehouse::QueryError;

/// What to take back.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The outputs.
    pub outputs: Vec<String>,
    /// Only keys of these dates.
    pub range: Option<(Date, Date)>,
    /// Only these keys: as text, or as ranges of dates.
    pub keys: Vec<String>,
    /// Only keys that are damaged: what has rows, and not the right ones.
    pub damaged: bool,
}

/// Counts the rows of the keys that are asked for, of all that read them, and of their runs.
///
/// # Errors
/// [`Error::Usage`] for a key that no output has; [`Error::Interrupted`].
pub fn rollback(session: &Session<'_>, asked: &Asked) -> Result<Rollback, Error> {
    let mut found = Rollback::default();
    let outputs = relevant(session.project, &asked.outputs, true);
    let (coverage, keys) = known(session, asked, &outputs, &mut found)?;
    check_keys(asked, &outputs, &keys)?;
    if !found.undecided.is_empty() {
        return Ok(found);
    }
    let damaged = damage(asked, &coverage);
    let board = Board::of_states(session, &outputs, keys, |output, key| {
        let wanted = asked.outputs.contains(&output.name) && asks_for(asked, key.date(), &key.text());
        let is_damaged = || damaged.get(&output.name).is_some_and(|keys| keys.contains(&key.text()));
        if wanted && (!asked.damaged || is_damaged()) { State::Broken } else { State::There }
    });
    let made = board.made(&plan(&board.graph, true));
    // What reads comes before what it reads.
    for (output, keys, numbers) in made.into_iter().rev() {
        let is_asked = asked.outputs.contains(&output.name);
        let mut extent = extent(session, asked, is_asked, output, &keys, &numbers);
        if is_asked && asked.damaged {
            add_foreign(&mut extent, asked, coverage.iter().find(|held| held.output == output.name));
        }
        if !extent.is_empty() {
            steps(session, output, &extent, !is_asked, &mut found)?;
        }
    }
    found.notes.extend(shared_processors(session.project, &found.steps));
    Ok(found)
}

type Known = (Vec<Coverage>, Vec<keys::Keys>);

/// What the outputs hold, as far as it matters, and the keys of their spines.
fn known(session: &Session<'_>, asked: &Asked, outputs: &[&Output], found: &mut Rollback) -> Result<Known, Error> {
    let judged: &[String] = if asked.damaged { &asked.outputs } else { &[] };
    let coverage = cover_all(session, session.library.query("quality/coverage")?, judged, &mut Vec::new())?;
    for held in &coverage {
        let open = held.findings.iter().filter(|finding| held.counts.is_empty() || finding.rule == "spine");
        found.undecided.extend(open.map(|finding| (held.output.clone(), finding.message.clone())));
        // Nobody knows whether such a key is damaged.
        let unjudged = held.keys.iter().find(|key| key.verdict == Verdict::Undecided && asks_for(asked, key.date(), &key.text()));
        found.undecided.extend(unjudged.map(|key| (held.output.clone(), format!("key {}: {}", key.text(), key.reason))));
    }
    let keys = keys::of_outputs(session, outputs)?;
    for (output, problem) in outputs.iter().zip(&keys).filter_map(|(output, keys)| Some((output, keys.as_ref().err()?))) {
        found.undecided.push((output.name.clone(), format!("its keys cannot be read: {}", problem.message)));
    }
    Ok((coverage, keys))
}

/// Whether a key is asked for by its date or its text.
fn asks_for(asked: &Asked, date: Option<Date>, text: &str) -> bool {
    let in_range = asked.range.is_none_or(|(from, to)| date.is_none_or(|date| (from..=to).contains(&date)));
    let named = |name: &String| match dates(name) {
        Some((from, to)) => date.is_some_and(|date| (from..=to).contains(&date)),
        None => name == text,
    };
    in_range && (asked.keys.is_empty() || asked.keys.iter().any(named))
}

/// `2022-02-18..2022-02-20`, or a date alone.
fn dates(name: &str) -> Option<(Date, Date)> {
    let (from, to) = name.split_once("..").unwrap_or((name, name));
    Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
}

fn check_keys(asked: &Asked, outputs: &[&Output], keys: &[keys::Keys]) -> Result<(), Error> {
    let of_asked = outputs.iter().zip(keys).filter(|(output, _)| asked.outputs.contains(&output.name));
    let known: Vec<&SpineKey> = of_asked.filter_map(|(_, keys)| keys.as_ref().ok()).flat_map(|keys| keys.iter()).collect();
    for name in &asked.keys {
        let alone = Asked { keys: vec![name.clone()], range: None, ..asked.clone() };
        if !known.iter().any(|key| asks_for(&alone, key.date(), &key.text())) {
            let texts: BTreeSet<String> = known.iter().map(|key| key.text()).collect();
            let hint = did_you_mean(name, texts.iter().map(String::as_str));
            return Err(Error::Usage(format!("--keys {name}: no key of {} is called so{hint}", asked.outputs.join(", "))));
        }
    }
    Ok(())
}

/// The damaged keys that have rows, by output.
fn damage(asked: &Asked, coverage: &[Coverage]) -> IndexMap<String, BTreeSet<String>> {
    let of_output = |held: &Coverage| held.keys.iter().filter(|key| is_broken(key) && key.rows > 0).map(|key| key.text()).collect();
    coverage.iter().filter(|_| asked.damaged).map(|held| (held.output.clone(), of_output(held))).collect()
}

/// The keys as conditions can name them. Whole runs of dates are taken where dates were asked for, so that rows on days that
/// the spine does not have go with them.
fn extent(session: &Session<'_>, asked: &Asked, is_asked: bool, output: &Output, keys: &[SpineKey], numbers: &[usize]) -> Extent {
    let by_date = asked.keys.is_empty() && !asked.damaged && output.date().is_some();
    if !by_date {
        return Extent { keys: numbers.iter().map(|number| keys[*number].values.clone()).collect(), ..Extent::default() };
    }
    let mut extent = Extent::default();
    for season in &session.scope.seasons {
        let in_season = |number: &&usize| keys[**number].date().is_some_and(|date| (season.start..=season.end).contains(&date));
        let chosen: Vec<usize> = numbers.iter().filter(in_season).copied().collect();
        if is_asked {
            let (from, to) = asked.range.map_or((season.start, season.end), |(from, to)| (from.max(season.start), to.min(season.end)));
            extent.ranges.extend((from <= to).then_some((from, to)));
            continue;
        }
        let dates = || chosen.iter().filter_map(|number| keys[*number].date());
        let Some((first, last)) = dates().min().zip(dates().max()) else { continue };
        let between = keys.iter().filter(|key| key.date().is_some_and(|date| (first..=last).contains(&date))).count();
        if between == chosen.len() {
            extent.ranges.push((first, last));
        } else {
            extent.keys.extend(chosen.iter().map(|number| keys[*number].values.clone()));
        }
    }
    extent
}

/// Rows that belong to no key of the spine are damage too.
fn add_foreign(extent: &mut Extent, asked: &Asked, held: Option<&Coverage>) {
    for state in held.iter().flat_map(|held| &held.keys) {
        match state.class {
            Class::Extra if asks_for(asked, state.date(), &state.text()) && !state.key.iter().any(Value::is_null) => {
                extent.keys.push(state.key.clone());
            }
            Class::NullKey if asked.keys.is_empty() => extent.without_key = true,
            _ => {}
        }
    }
}

/// The rows of an output, and the runs of its processor, counted. The rows of a view are those of other tables.
fn steps(session: &Session<'_>, output: &Output, extent: &Extent, downstream: bool, found: &mut Rollback) -> Result<(), Error> {
    let refused = |error: crate::render::RenderError| Error::Complaints(vec![error.complaint]);
    let is_view = inventory::is_view(session, output);
    if is_view && downstream {
        found.notes.push(format!("{} is a view, which follows what it reads; refresh it if it is materialized", output.table));
    } else if is_view {
        let why = format!("{} is a view, so its rows are those of other tables: roll back what it reads", output.table);
        found.undecided.push((output.name.clone(), why));
        return Ok(());
    }
    let data = (!is_view).then(|| session.renderer.rows_of(output, extent)).transpose().map_err(refused)?;
    let runs = match &session.project.runs {
        Some(ledger) => session.renderer.runs_of(ledger, &output.processor, extent).map_err(refused)?,
        None => None,
    };
    let both = [(Kind::Data, data), (Kind::Ledger, runs)];
    for (kind, Rows { table, count, delete }) in both.into_iter().filter_map(|(kind, rows)| Some((kind, rows?))) {
        let held = match session.ask_aside(&count) {
            Ok(rows) => rows.rows().next().and_then(|row| row[0].as_int()).and_then(|n| u64::try_from(n).ok()),
            Err(QueryError::Interrupted) => return Err(Error::Interrupted),
            Err(error) => {
                let fault = inventory::fault(session, &output.name).filter(|_| kind == Kind::Data);
                found.undecided.push((output.name.clone(), fault.unwrap_or_else(|| inventory::engine_finding(&error)).message));
                continue;
            }
        };
        let Some(rows) = held else {
            found.undecided.push((output.name.clone(), format!("the rows of {table} could not be counted")));
            continue;
        };
        found.steps.push(Step { output: output.name.clone(), downstream, kind, table, rows, statement: delete });
    }
    Ok(())
}

/// Processors whose runs are deleted although they fill other outputs as well.
fn shared_processors(project: &Project, steps: &[Step]) -> Vec<String> {
    let touched: BTreeSet<&String> =
        steps.iter().filter(|step| step.kind == Kind::Ledger && step.rows > 0).map(|step| &step.output).collect();
    let others = |output: &Output| {
        let also = project.outputs.values().filter(|other| other.processor == output.processor && !touched.contains(&other.name));
        also.map(|other| other.name.clone()).collect::<Vec<_>>()
    };
    let outputs = touched.iter().filter_map(|name| project.outputs.get(*name));
    outputs
        .map(|output| (output, others(output)))
        .filter(|(_, others)| !others.is_empty())
        .map(|(output, others)| format!("the runs of {} are those of {} too, whose rows stay", output.processor, others.join(", ")))
        .collect()
}
