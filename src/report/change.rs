//! What changed between two runs, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::terminal::{Style, change_grid, wrap};
use crate::model::change::Change;
use crate::model::record::Record;

/// The keys that are named before they are only counted.
const KEYS: usize = 12;

/// Two runs and what changed between them.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The earlier run and its name.
    pub before: (&'a str, &'a Record),
    /// The later run and its name.
    pub after: (&'a str, &'a Record),
    /// What became of every output and check.
    pub changes: &'a [Change],
}

/// What changed, and the keys that did.
pub fn text(comparison: &Comparison<'_>, style: Style) -> String {
    let Comparison { before, after, changes } = comparison;
    let mut text = format!("from {} to {}\n", told(before), told(after));
    if !before.1.is_like(after.1) {
        text.push_str("the two did not look at the same gates, target or seasons: what only one looked at is neither better nor worse\n");
    }
    let changed: Vec<&Change> = changes.iter().filter(|change| change.is_change()).collect();
    if changed.is_empty() {
        let _ = writeln!(text, "\nnothing changed in {} outputs and checks", changes.len());
        return text;
    }
    let _ = writeln!(text, "\n{}", change_grid(&changed, style));
    for change in changed {
        let lists =
            [("new", change.new.clone()), ("changed", change.changed.iter().map(in_words).collect()), ("fixed", change.fixed.clone())];
        for (name, keys) in lists.into_iter().filter(|(_, keys)| !keys.is_empty()) {
            let shown = if style.verbose { keys.len() } else { KEYS };
            let more = if keys.len() > shown { format!(" and {} more; -v shows all", keys.len() - shown) } else { String::new() };
            let listed = keys.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
            text.push_str(&wrap(&format!("{} {name}: {listed}{more}", change.subject), "  ", style.width));
        }
    }
    text
}

fn told((name, record): &(&str, &Record)) -> String {
    format!("{name} ({}, as of {})", record.verdict.name(), record.as_of)
}

fn in_words((key, was, now): &(String, crate::model::coverage::Class, crate::model::coverage::Class)) -> String {
    format!("{key} ({} to {})", was.name(), now.name())
}

/// The same for programs.
pub fn json(comparison: &Comparison<'_>) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        from: &'a str,
        to: &'a str,
        alike: bool,
        worse: bool,
        changes: &'a [Change],
    }
    let Comparison { before, after, changes } = comparison;
    let document = Document {
        schema: "gapgate.diff/1",
        from: before.0,
        to: after.0,
        alike: before.1.is_like(after.1),
        worse: changes.iter().any(Change::is_worse),
        changes,
    };
    serde_json::to_string_pretty(&document).expect("plain texts and numbers") + "\n"
}
