//! The waivers of the project file, and what they must agree on with the rest of it.

use indexmap::IndexMap;
use jiff::civil::Date;

use super::toml::{Fields, Node};
use crate::error::{Complaint, unknown};
use crate::model::catalogue::{Output, Project};
use crate::model::coverage::Class;
use crate::model::table::Kind;
use crate::model::waiver::{Accepts, Cell, Faults, Waiver};

/// Reads one waiver.
pub(super) fn waiver(fields: &Fields<'_>) -> Option<Waiver> {
    let accepts = match (fields.text("output"), fields.text("check")) {
        (Some(output), None) => keys(fields, output),
        (None, Some(check)) => rows(fields, check),
        _ => {
            fields.complain("a waiver is either of an `output` (with `keys`, a `rule`, or both) or of a `check` (with `rows`)");
            None
        }
    };
    // An excuse that nobody gives, or for nothing, is none.
    let said = |key: &'static str| {
        let text = fields.required_text(key);
        if text.trim().is_empty() && fields.get(key).is_some() {
            fields.complain(format!("`{key}` of a waiver is empty"));
        }
        text
    };
    let (reason, owner) = (said("reason"), said("owner"));
    let until = fields.require("until").and_then(|node| node.date());
    fields.finish();
    Some(Waiver { accepts: accepts?, reason, owner, until: until?, declared: fields.place() })
}

fn keys(fields: &Fields<'_>, output: String) -> Option<Accepts> {
    let (mut keys, mut ranges) = (Vec::new(), Vec::new());
    for node in fields.get("keys").map(|node| node.list()).unwrap_or_default() {
        match cell(&node)? {
            Cell::Text(text) => keys.push(text),
            Cell::Dates(from, to) => ranges.push((from, to)),
        }
    }
    let rule = fields.text("rule");
    if keys.is_empty() && ranges.is_empty() && rule.is_none() {
        fields.complain("a waiver names `keys`, such as [\"2022-02-18\", \"2022-12-24..2022-12-26\"], or a `rule`, or both");
    }
    Some(Accepts::Keys(Faults { output, keys, ranges, rule }))
}

fn rows(fields: &Fields<'_>, check: String) -> Option<Accepts> {
    let nodes = fields.require("rows")?.list();
    let row = |node: &Node<'_>| {
        let fields = node.fields()?;
        if fields.is_empty() {
            fields.complain("a row without columns would be every row; name what tells it apart: { processor = \"A\", day = 2024-01-01 }");
        }
        fields.entries().map(|(name, node)| Some((name, cell(&node)?))).collect::<Option<IndexMap<String, Cell>>>()
    };
    let rows = nodes.iter().map(row).collect::<Option<Vec<_>>>()?;
    if rows.is_empty() {
        fields.complain("`rows` names no row");
    }
    Some(Accepts::Rows { check, rows })
}

/// A value as reports show it, or a range of dates.
fn cell(node: &Node<'_>) -> Option<Cell> {
    let text = match node {
        _ if node.is_date() => node.date()?.to_string(),
        _ if node.is_number() => node.number()?.to_string(),
        _ if node.is_bool() => node.boolean()?.to_string(),
        _ => node.text()?,
    };
    let Some((from, to)) = text.split_once("..") else { return Some(Cell::Text(text)) };
    match (from.trim().parse::<Date>(), to.trim().parse::<Date>()) {
        (Ok(from), Ok(to)) if from > to => node.complain(format!("`{text}` ends before it begins")),
        (Ok(from), Ok(to)) => return Some(Cell::Dates(from, to)),
        _ => node.complain(format!("`{text}` is not a range of dates such as 2022-02-18..2022-02-20")),
    }
    None
}

/// Waivers of what is not there, and pairs of which one contradicts the other.
pub(super) fn complaints(project: &Project) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = project
        .waivers
        .iter()
        .flat_map(|waiver| of(project, waiver).into_iter().map(|message| Complaint::at(&waiver.declared, message)))
        .collect();
    for (at, waiver) in project.waivers.iter().enumerate() {
        let Accepts::Keys(faults) = &waiver.accepts else { continue };
        for earlier in &project.waivers[..at] {
            if let Some(key) = earlier.faults_of(&faults.output).and_then(|other| faults.shared(other)) {
                let message = format!("the waiver at {} accepts {key} of {} too; keep one of them", earlier.declared, faults.output);
                complaints.push(Complaint::at(&waiver.declared, message));
            }
        }
    }
    complaints
}

fn of(project: &Project, waiver: &Waiver) -> Vec<String> {
    match &waiver.accepts {
        Accepts::Keys(faults) => match project.outputs.get(&faults.output) {
            Some(output) => faults_of(output, faults),
            None => vec![unknown("output", &faults.output, project.outputs.keys().map(String::as_str))],
        },
        Accepts::Rows { check, .. } if check == "quality/coverage" => {
            vec!["what quality/coverage finds is accepted by `output` and `keys` or `rule`".to_owned()]
        }
        Accepts::Rows { check, .. } => {
            let checks: Vec<&str> = project.gates.values().flat_map(|gate| &gate.checks).map(|check| check.query.as_str()).collect();
            if checks.contains(&check.as_str()) { Vec::new() } else { vec![unknown("check of a gate", check, checks.into_iter())] }
        }
    }
}

fn faults_of(output: &Output, faults: &Faults) -> Vec<String> {
    let rules = rules_of(output);
    let rule = faults.rule.iter().filter(|rule| !rules.contains(&rule.as_str())).map(|rule| unknown("rule", rule, rules.iter().copied()));
    let keys = faults.keys.iter().filter_map(|key| {
        let parts: Vec<&str> = key.split('/').collect();
        let dates = output.key.iter().zip(&parts).filter(|(column, _)| column.kind == Kind::Date && parts.len() == output.key.len());
        let wrong = dates.map(|(_, part)| *part).find(|part| *part != "null" && part.parse::<Date>().is_err())?;
        Some(format!("`{wrong}` is not a date; write it as 2024-06-30"))
    });
    rule.chain(keys).collect()
}

/// What can be wrong with a key of an output: a class, a column, or what a rule measures.
fn rules_of(output: &Output) -> Vec<&str> {
    let classes = [Class::Missing, Class::Partial, Class::Excess, Class::Duplicate, Class::Extra, Class::NullKey];
    let classes = classes.iter().map(|class| class.name());
    let columns = output.not_null.iter().chain(&output.grain).chain(output.ranges.keys()).map(String::as_str);
    let mut rules: Vec<&str> = classes.chain(columns).chain(output.rules.iter().map(|rule| rule.subject.name())).collect();
    let mut seen = std::collections::BTreeSet::new();
    rules.retain(|rule| seen.insert(*rule));
    rules
}
