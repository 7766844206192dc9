//! A retry plan for people: the waves in a table, then what cannot run, and what it waits for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::Cell;

use super::{Style, keep_whole, new_grid, right_align, trimmed, visible, wrap};
use crate::model::plan::Fate;
use crate::model::retry::runs;
use crate::model::rule::count;
use crate::model::schedule::{Schedule, Scheduled, Waiting};

/// Keys of an output that are shown without `--verbose`.
const KEYS: usize = 2;

/// Names of keys in one line.
const NAMES: usize = 3;

/// Ranges of keys in one cell.
const RANGES: usize = 3;

/// The plan; `only` is the wave that was asked for, if not all were.
pub fn schedule(schedule: &Schedule, only: Option<u32>, style: Style) -> String {
    let mut text = String::new();
    let waves: Vec<u32> = (1..=schedule.waves()).filter(|wave| only.is_none_or(|only| only == *wave)).collect();
    if !waves.is_empty() {
        let _ = writeln!(text, "{}\n", waves_grid(schedule, &waves, style));
    }
    if only.is_none() {
        for (fate, title) in [
            (Fate::Blocked, "blocked: what they read is missing, and not part of this plan"),
            (Fate::Lost, "not repairable"),
            (Fate::Unknown, "undecided: what they read could not be judged"),
            (Fate::Held, "held back"),
        ] {
            push_fate(&mut text, schedule, fate, title, style);
        }
        push_impact(&mut text, &schedule.impact, style);
    }
    text + &sum(schedule)
}

fn waves_grid(schedule: &Schedule, waves: &[u32], style: Style) -> String {
    let mut grid = new_grid(style);
    grid.set_header(["wave", "output", "keys", "which"]);
    for wave in waves {
        let keys: Vec<&Scheduled> = schedule.wave(*wave).collect();
        for of_output in keys.chunk_by(|a, b| a.item.output == b.item.output) {
            let stale = of_output.iter().filter(|key| key.stale).count();
            let note = if stale > 0 { format!(" ({stale} of them stale)") } else { String::new() };
            let which = ranges(of_output, style) + &note;
            grid.add_row([Cell::new(wave), Cell::new(&of_output[0].item.output), Cell::new(of_output.len()), Cell::new(visible(&which))]);
        }
    }
    right_align(&mut grid, [0, 2]);
    keep_whole(&mut grid, [0, 1, 2]);
    trimmed(&grid)
}

fn ranges(keys: &[&Scheduled], style: Style) -> String {
    let runs = runs(keys.iter().map(|key| &key.item));
    let shown = if style.verbose { runs.len() } else { RANGES };
    let names = runs
        .iter()
        .take(shown)
        .map(|run| if run.keys == 1 { run.first.text() } else { format!("{} to {} ({})", run.first.text(), run.last.text(), run.keys) });
    let more = if runs.len() > shown { format!(" and {} more", count(runs.len() - shown, "range")) } else { String::new() };
    names.collect::<Vec<_>>().join(", ") + &more
}

fn push_fate(text: &mut String, schedule: &Schedule, fate: Fate, title: &str, style: Style) {
    let mut by_output: BTreeMap<usize, Vec<&Scheduled>> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for key in schedule.keys.iter().filter(|key| key.fate == fate) {
        let at = names.iter().position(|name| *name == key.item.output).unwrap_or_else(|| {
            names.push(&key.item.output);
            names.len() - 1
        });
        by_output.entry(at).or_default().push(key);
    }
    if by_output.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for keys in by_output.values() {
        let _ = writeln!(text, "  {}: {}", keys[0].item.output, count(keys.len(), "key"));
        let shown = if style.verbose { keys.len() } else { KEYS };
        for key in keys.iter().take(shown) {
            push_key(text, key, style);
        }
        if keys.len() > shown {
            let _ = writeln!(text, "    and {} more; -v shows all, and so do csv and jsonl", keys.len() - shown);
        }
    }
    text.push('\n');
}

fn push_key(text: &mut String, key: &Scheduled, style: Style) {
    let own = key.note.clone().or_else(|| key.waits.is_empty().then(|| key.item.reason.to_string()));
    let waits = key.waits.iter().map(|wait| waiting(wait, style)).collect::<Vec<_>>().join("; ");
    let waits = Some(format!("waits for {waits}")).filter(|_| !key.waits.is_empty());
    let reasons = own.into_iter().chain(waits).collect::<Vec<_>>().join("; ");
    text.push_str(&wrap(&format!("    {} {reasons}", key.item.text()), "        ", style.width));
    let mut roots: Vec<String> = Vec::new();
    for root in key.waits.iter().map(root) {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    if let Some((first, more)) = roots.split_first().filter(|_| key.fate != Fate::Held) {
        let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
        text.push_str(&wrap(&format!("        begins with {first}{more}"), "            ", style.width));
    }
}

/// `prices 2024-01-02, 2024-01-03 and 2 more`
fn waiting(wait: &Waiting, style: Style) -> String {
    let shown = if style.verbose { wait.keys.len() } else { NAMES };
    let more = if wait.keys.len() > shown { format!(" and {} more", wait.keys.len() - shown) } else { String::new() };
    let names = wait.keys.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    format!("{} {names}{more}", wait.output).trim_end().to_owned()
}

/// Where a chain begins, and what is the matter there.
fn root(wait: &Waiting) -> String {
    let (output, key) = &wait.root;
    format!("{} ({})", format!("{output} {key}").trim_end(), wait.root_reason)
}

fn push_impact(text: &mut String, impact: &[Scheduled], style: Style) {
    let keys: Vec<&Scheduled> = impact.iter().collect();
    if keys.is_empty() {
        return;
    }
    let _ = writeln!(text, "stale once these are repaired: they are there, and read what is made again");
    for of_output in keys.chunk_by(|a, b| a.item.output == b.item.output) {
        let blocked = of_output.iter().filter(|key| key.fate == Fate::Blocked).count();
        let note = if blocked > 0 { format!("; {blocked} of them cannot run again yet") } else { String::new() };
        let line = format!("  {}: {}: {}{note}", of_output[0].item.output, count(of_output.len(), "key"), ranges(of_output, style));
        text.push_str(&wrap(&line, "    ", style.width));
    }
    text.push('\n');
}

fn sum(schedule: &Schedule) -> String {
    let number = |wanted: fn(&Fate) -> bool| schedule.keys.iter().filter(|key| wanted(&key.fate)).count();
    if schedule.keys.is_empty() {
        return if schedule.undecided.is_empty() { "nothing to re-run\n" } else { "nothing could be planned\n" }.to_owned();
    }
    let planned = schedule.planned().count();
    let parts = [
        (number(|fate| *fate == Fate::Wave(1)), "can run now"),
        (number(|fate| matches!(fate, Fate::Wave(2..))), "in later waves"),
        (number(|fate| *fate == Fate::Blocked), "blocked"),
        (number(|fate| *fate == Fate::Held), "held back"),
        (number(|fate| *fate == Fate::Lost), "not repairable"),
        (number(|fate| *fate == Fate::Unknown), "undecided"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let waves = usize::try_from(schedule.waves()).unwrap_or(usize::MAX);
    let planned = if planned == 0 { "none of them can run".to_owned() } else { format!("{planned} of them in {}", count(waves, "wave")) };
    format!("{} to re-run, {planned}: {}\n", count(schedule.keys.len(), "key"), parts.join(", "))
}
