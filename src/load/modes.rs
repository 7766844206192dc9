//! Modes: what a run of a kind (backfill, daily, same day) expects other than what the outputs declare.

use indexmap::IndexMap;

use super::gates::matching;
use super::toml::Fields;
use crate::error::{Error, did_you_mean};
use crate::model::catalogue::{Gate, Output};

/// A mode as the file declares it.
#[derive(Debug)]
pub(super) struct Mode<'a> {
    fields: Fields<'a>,
    /// For every output that it does not name.
    defaults: Option<Fields<'a>>,
    /// For single outputs.
    named: IndexMap<String, Fields<'a>>,
}

impl<'a> Mode<'a> {
    pub(super) fn new(fields: Fields<'a>) -> Self {
        let defaults = fields.get("defaults").and_then(|node| node.fields());
        let named = fields.get("outputs").and_then(|node| node.fields());
        let named: IndexMap<String, Fields<'a>> =
            named.iter().flat_map(Fields::entries).filter_map(|(name, node)| Some((name, node.fields()?))).collect();
        fields.get("only");
        fields.finish();
        for fields in named.values().chain(&defaults) {
            fields.get("stage").into_iter().for_each(|node| node.complain("an output is of the same stage in every mode"));
        }
        Self { fields, defaults, named }
    }

    /// What counts instead of what an output declares, the first before the second.
    pub(super) fn of(&self, output: &str) -> impl Iterator<Item = &Fields<'a>> {
        self.named.get(output).into_iter().chain(&self.defaults)
    }

    /// The outputs that a run of this kind fills; all if it does not say.
    pub(super) fn outputs(&self, outputs: &IndexMap<String, Output>) -> Vec<String> {
        for (name, fields) in self.named.iter().filter(|(name, _)| !outputs.contains_key(*name)) {
            let hint = did_you_mean(name, outputs.keys().map(String::as_str));
            fields.complain(format!("no output is named \"{name}\"{hint}"));
        }
        let Some(node) = self.fields.get("only") else { return outputs.keys().cloned().collect() };
        let found: Vec<String> = node.list().iter().flat_map(|node| matching(node, outputs)).collect();
        if found.is_empty() {
            node.complain("`only` names no output, so there would be nothing to look at");
        }
        found
    }
}

/// That no mode has this name.
pub(super) fn unknown(modes: &IndexMap<String, Mode<'_>>, name: &str) -> Error {
    let known: Vec<&str> = modes.keys().map(String::as_str).collect();
    let list =
        if known.is_empty() { "the project declares none; add [modes.NAME]".to_owned() } else { format!("known: {}", known.join(", ")) };
    Error::Usage(format!("no mode is named \"{name}\"{}; {list}", did_you_mean(name, known.iter().copied())))
}

/// The gates as far as they cover these outputs. A gate of which nothing is left is none, and nothing requires it.
pub(super) fn cut(gates: &mut IndexMap<String, Gate>, outputs: &[String]) {
    for gate in gates.values_mut() {
        gate.outputs.retain(|output| outputs.contains(output));
    }
    gates.retain(|_, gate| !gate.outputs.is_empty());
    let left: Vec<String> = gates.keys().cloned().collect();
    for gate in gates.values_mut() {
        gate.requires.retain(|required| left.contains(required));
    }
}
