//! The section `[runs]` of the project file: the run ledger, mapped once.

use indexmap::IndexMap;
use jiff::tz::TimeZone;

use super::parts::zone;
use super::toml::{Fields, Node};
use crate::model::catalogue::{FAILURE_CLASSES, Labels, Ledger};
use crate::model::scope::parse_since;
use crate::model::triage::{Action, default_actions};

const STATES: [&str; 4] = ["success", "failed", "running", "skipped"];

/// `local` is the project's zone, in which `since` is written.
pub(super) fn ledger(fields: &Fields<'_>, local: &TimeZone) -> Option<Ledger> {
    let status = fields.require("status").and_then(|node| labels(&node, &STATES)).unwrap_or_else(nothing);
    let words = |state| status.words.get(state).cloned().unwrap_or_default();
    let entities = fields.get("entities").and_then(|node| node.fields());
    let count = |key| entities.as_ref().map(|entities| entities.required_text(key));
    let ledger = Ledger {
        table: fields.required_text("table"),
        run: fields.required_text("run"),
        processor: fields.required_text("processor"),
        date: fields.required_text("date"),
        success: words("success"),
        failed: words("failed"),
        running: words("running"),
        skipped: words("skipped"),
        status: status.column,
        started: fields.required_text("started"),
        finished: fields.text("finished"),
        rows: fields.text("rows"),
        entities_done: count("done"),
        entities_failed: count("failed"),
        error: fields.text("error"),
        category: fields.get("category").and_then(|node| category(&node)),
        actions: fields.get("actions").map_or_else(default_actions, |node| actions(&node)),
        phase: fields.get("phase").and_then(|node| phase(&node)),
        filter: fields.text("where"),
        exclude: fields.text("exclude"),
        since: fields.get("since").and_then(|node| since(&node, local)),
        zone: fields.get("timezone").and_then(|node| zone(&node)),
        declared: fields.place(),
        places: fields.places(),
    };
    entities.iter().for_each(Fields::finish);
    if let Some(node) = fields.get("status").filter(|node| node.is_table() && ledger.success.is_empty()) {
        node.complain("`success` is missing: list the words of the status column that mean success");
    }
    fields.finish();
    Some(ledger)
}

fn nothing() -> Labels {
    Labels { column: String::new(), words: IndexMap::new() }
}

/// `{ column = "status", success = ["success", "done"] }`, with these terms only.
fn labels(node: &Node<'_>, terms: &[&'static str]) -> Option<Labels> {
    let fields = node.fields()?;
    let column = fields.required_text("column");
    let given = terms.iter().filter_map(|term| Some(((*term).to_owned(), fields.get(term)?)));
    let words = words(given);
    fields.finish();
    Some(Labels { column, words })
}

/// A column, or a column and the class of failures of its words.
fn category(node: &Node<'_>) -> Option<Labels> {
    if node.is_text() {
        return Some(Labels { column: node.text()?, ..nothing() });
    }
    labels(node, &FAILURE_CLASSES)
}

/// `{ resource = "stop" }`: what to do about classes of failures, where that is not the usual.
fn actions(node: &Node<'_>) -> IndexMap<String, Action> {
    let mut actions = default_actions();
    let Some(fields) = node.fields() else { return actions };
    for class in FAILURE_CLASSES {
        if let Some(action) = fields.get(class).and_then(|node| node.word(&Action::DECLARED)) {
            actions.insert(class.to_owned(), action);
        }
    }
    fields.finish();
    actions
}

/// `{ column = "phase", raw = ["phase_2_raw", "phase_2"] }`; whether the terms are stages is known when those are.
fn phase(node: &Node<'_>) -> Option<Labels> {
    let fields = node.fields()?;
    let column = fields.required_text("column");
    let words = words(fields.entries().filter(|(stage, _)| stage != "column"));
    if words.is_empty() {
        node.complain("no stage is named: list the words of the phase column that stand for each, as in raw = [\"phase_2\"]");
    }
    Some(Labels { column, words })
}

/// The words of each term. One that stood for two terms would make the answer depend on their order.
fn words<'a>(terms: impl Iterator<Item = (String, Node<'a>)>) -> IndexMap<String, Vec<String>> {
    let mut found: IndexMap<String, Vec<String>> = IndexMap::new();
    for (term, node) in terms {
        let words = node.texts();
        for word in &words {
            let taken = |(_, words): &(&String, &Vec<String>)| words.iter().any(|other| other.to_lowercase() == word.to_lowercase());
            if let Some((other, _)) = found.iter().find(taken) {
                node.complain(format!("\"{word}\" stands for both `{other}` and `{term}`"));
            }
        }
        found.insert(term, words);
    }
    found
}

fn since(node: &Node<'_>, local: &TimeZone) -> Option<jiff::civil::DateTime> {
    parse_since(&node.moment()?, local).map_err(|message| node.complain(message)).ok()
}
