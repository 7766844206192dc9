//! The gates of the project file: what they cover, and their checks, which are queries, the catalogue, or commands.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;

use super::parts::{argument, selects};
use super::toml::{Fields, Node};
use crate::model::catalogue::{CheckSpec, CommandSpec, Gate, Output};
use crate::model::span;

pub(super) fn gate(name: &str, fields: &Fields<'_>, outputs: &IndexMap<String, Output>) -> Gate {
    let stage = fields.text("stage");
    let patterns = fields.get("outputs");
    let names = match &patterns {
        Some(node) => node.list().iter().flat_map(|node| matching(node, outputs)).collect(),
        None => outputs
            .values()
            .filter(|output| stage.as_ref().is_none_or(|stage| output.stage == *stage))
            .map(|output| output.name.clone())
            .collect(),
    };
    let mut covered: Vec<String> = names;
    let mut seen = BTreeSet::new();
    covered.retain(|name| seen.insert(name.clone()));
    if covered.is_empty() {
        fields.complain(format!("gate `{name}` covers no output; name its `stage` or its `outputs`"));
    }
    let listed: Vec<Listed> = match fields.get("checks") {
        Some(node) => node.list().iter().filter_map(check).collect(),
        None => vec![Listed::Query(CheckSpec { query: "quality/coverage".to_owned(), args: IndexMap::new(), declared: fields.place() })],
    };
    if listed.is_empty() {
        fields.complain(format!("gate `{name}` has no checks, so it could only say go"));
    }
    let requires = fields.texts("requires");
    fields.finish();
    let mut gate = Gate {
        name: name.to_owned(),
        stage,
        outputs: covered,
        checks: Vec::new(),
        examines: false,
        commands: Vec::new(),
        requires,
        declared: fields.place(),
    };
    for check in listed {
        match check {
            Listed::Query(check) => gate.checks.push(check),
            Listed::Catalogue => gate.examines = true,
            Listed::Command(command) => {
                if gate.commands.iter().any(|known| known.name == command.name) {
                    fields.complain(format!("gate `{name}` has two commands named \"{}\"; give them a `name` each", command.name));
                }
                gate.commands.push(command);
            }
        }
    }
    gate
}

/// The outputs of a pattern: a name, `stage.*`, or `*`.
pub(super) fn matching(node: &Node<'_>, outputs: &IndexMap<String, Output>) -> Vec<String> {
    let Some(pattern) = node.text() else { return Vec::new() };
    let found: Vec<String> = outputs.values().filter(|output| selects(&pattern, output)).map(|output| output.name.clone()).collect();
    if found.is_empty() {
        let hint = crate::error::did_you_mean(&pattern, outputs.keys().map(String::as_str));
        node.complain(format!("\"{pattern}\" names no output{hint}"));
    }
    found
}

/// One line of the checks of a gate.
enum Listed {
    Query(CheckSpec),
    Catalogue,
    Command(CommandSpec),
}

/// The word that stands for the examination of the catalogue among the queries, which have a folder.
const CATALOGUE: &str = "catalogue";

fn check(node: &Node<'_>) -> Option<Listed> {
    if node.is_text() {
        let query = node.text()?;
        let is_catalogue = query == CATALOGUE;
        let query = CheckSpec { query, args: IndexMap::new(), declared: node.place() };
        return Some(if is_catalogue { Listed::Catalogue } else { Listed::Query(query) });
    }
    let fields = node.fields()?;
    if fields.get("command").is_some() {
        return command(&fields).map(Listed::Command);
    }
    let query = fields.required_text("query");
    let args = fields.entries().filter(|(name, _)| name != "query");
    let args = args.filter_map(|(name, node)| Some((name, argument(&node)?))).collect();
    Some(Listed::Query(CheckSpec { query, args, declared: node.place() }))
}

/// `{ command = ["./check_deploy.sh", "--fast"], timeout = "30s", name = "deployed" }`
fn command(fields: &Fields<'_>) -> Option<CommandSpec> {
    let node = fields.get("command")?;
    if !node.is_list() {
        node.complain("write a command as a list of words, because there is no shell: command = [\"./check.sh\", \"--fast\"]");
        return None;
    }
    let words = node.texts();
    let program = words.first().filter(|program| !program.trim().is_empty());
    if program.is_none() || words.iter().any(|word| word.contains('\0')) {
        node.complain("a command begins with the name of a program, and has no zero byte");
    }
    let timeout = fields.get("timeout").and_then(|node| {
        let text = node.text()?;
        let seconds = span::parse(&text);
        if seconds.is_none() {
            node.complain(format!("`{text}` is not a time such as 30s, 5m or 2h"));
        }
        seconds
    });
    let named = fields.get("name").and_then(|node| {
        let name = node.text()?;
        let sound = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
        if !sound {
            node.complain(format!("\"{name}\" is no name for a command; use letters, digits, - and _"));
        }
        sound.then_some(name)
    });
    fields.finish();
    let file = Path::new(program?).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Some(CommandSpec { name: named.or(file).unwrap_or_else(|| "command".to_owned()), words, timeout, declared: fields.place() })
}
