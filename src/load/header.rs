//! The header of a query file: TOML in the leading block comment.

use std::cmp::Ordering;

use indexmap::IndexMap;

use super::parts::argument;
use super::toml::{Document, Fields, Node};
use crate::error::Complaint;
use crate::model::catalogue::Argument;
use crate::model::comparison::{Operand, Test};
use crate::model::date::Step;
use crate::model::query::{ColumnKind, Contract, Param, ParamKind, Query};
use crate::model::rule::{Rule, RuleKind};
use crate::model::table::{Kind, Value};
use crate::model::verdict::Level;

const OPENING: &str = "/*---";
const CLOSING: &str = "---*/";

/// Reads one query file. `id` is its path without ending, `file` its name in messages.
pub(super) fn parse(id: &str, file: &str, text: &str, shipped: bool) -> Result<Query, Vec<Complaint>> {
    let complaint = |line, message: &str| vec![Complaint { file: file.to_owned(), line, message: message.to_owned() }];
    let body = text.trim_start();
    let skipped = text.len() - body.len();
    let Some(rest) = body.strip_prefix(OPENING) else {
        return Err(complaint(1, "the file must begin with its header: /*--- then TOML, then ---*/"));
    };
    let Some((header, template)) = rest.split_once(CLOSING) else {
        return Err(complaint(1, "the header has no end: close it with ---*/"));
    };
    let lines_before = text[..skipped].matches('\n').count();
    let document = Document::new(file, header, 1 + lines_before);
    let tree = document.parse();
    let fields = Fields::new(&document, tree.get_ref(), 0);
    let mut query = read(id, file, &fields, shipped);
    fields.finish();
    check_columns(&query, &fields);
    check_params(&query, &fields);
    if template.trim().is_empty() {
        document.complain(header.len(), "there is no SQL below the header");
    }
    drop(fields);
    text.clone_into(&mut query.source);
    let empty_lines = "\n".repeat(lines_before + header.matches('\n').count());
    query.template = format!("{empty_lines}{template}");
    let complaints = document.complaints();
    if complaints.is_empty() { Ok(query) } else { Err(complaints) }
}

fn read(id: &str, file: &str, fields: &Fields<'_>, shipped: bool) -> Query {
    let params = fields.get("params").and_then(|node| node.fields());
    let columns = fields.get("columns").and_then(|node| node.fields());
    let rules = fields.get("rule").map(|node| node.list()).unwrap_or_default();
    if columns.as_ref().is_none_or(Fields::is_empty) {
        fields.complain("`[columns]` is missing: the names and types that the result must have");
    }
    Query {
        id: id.to_owned(),
        title: fields.required_text("title"),
        doc: fields.required_text("doc"),
        decision: fields.text("decision").unwrap_or_default(),
        params: params.map(|fields| fields.entries().filter_map(param).collect()).unwrap_or_default(),
        columns: columns.map(|fields| fields.entries().filter_map(contract).collect()).unwrap_or_default(),
        rules: rules.iter().filter_map(rule).collect(),
        retry: fields.get("retry").and_then(|node| node.fields()).map(|fields| retry(&fields)).unwrap_or_default(),
        source: String::new(),
        template: String::new(),
        file: file.to_owned(),
        shipped,
    }
}

fn retry(fields: &Fields<'_>) -> Vec<String> {
    let key = fields.texts("key");
    fields.finish();
    key
}

fn param((name, node): (String, Node<'_>)) -> Option<(String, Param)> {
    let fields = node.fields()?;
    let (kind, optional) = fields.require("type").and_then(|node| param_kind(&node)).unzip();
    let doc = fields.required_text("doc");
    let default = fields.get("default").and_then(|node| {
        let value = argument(&node)?;
        if let Some(kind) = kind.filter(|kind| !fits(*kind, &value)) {
            node.complain(format!("the default is not of type {}", kind.name()));
        }
        Some(value)
    });
    if default.is_some() && optional == Some(true) {
        fields.complain(format!("parameter `{name}` has a default, so it is never without value: remove the ?"));
    }
    fields.finish();
    Some((name, Param { kind: kind?, optional: optional?, doc, default }))
}

/// `number`, or `number?` for a parameter that may have no value.
fn param_kind(node: &Node<'_>) -> Option<(ParamKind, bool)> {
    let text = node.text()?;
    let (word, optional) = text.strip_suffix('?').map_or((text.as_str(), false), |word| (word, true));
    let kind = ParamKind::ALL.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind);
    if kind.is_none() {
        let known: Vec<&str> = ParamKind::ALL.iter().map(|(_, name)| *name).collect();
        let hint = crate::error::did_you_mean(word, known.iter().copied());
        node.complain(format!("unknown word \"{text}\"{hint}; known: {}, each with ? if it may have no value", known.join(", ")));
    }
    Some((kind?, optional))
}

/// Whether a value can be given for a parameter of this kind.
pub(super) fn fits(kind: ParamKind, value: &Argument) -> bool {
    match kind {
        ParamKind::Output | ParamKind::Text | ParamKind::Expression | ParamKind::Moment => matches!(value, Argument::Text(_)),
        ParamKind::Outputs | ParamKind::Processors | ParamKind::Upstreams | ParamKind::Texts => {
            matches!(value, Argument::List(_) | Argument::Text(_))
        }
        ParamKind::Int => matches!(value, Argument::Int(_)),
        ParamKind::Number => matches!(value, Argument::Int(_) | Argument::Number(_)),
        ParamKind::Bool => matches!(value, Argument::Bool(_)),
        ParamKind::Date => matches!(value, Argument::Text(text) if text.parse::<jiff::civil::Date>().is_ok()),
        ParamKind::Step => matches!(value, Argument::Text(text) if Step::parse(text).is_some()),
    }
}

fn contract((name, node): (String, Node<'_>)) -> Option<Contract> {
    let text = node.text()?;
    match text.as_str() {
        "key" => return Some(Contract::Key),
        "figures" => return Some(Contract::Figures(name)),
        _ => {}
    }
    let (word, nullable) = text.strip_suffix('?').map_or((text.as_str(), false), |word| (word, true));
    let kind = match word {
        "number" => Some(ColumnKind::Number),
        "any" => Some(ColumnKind::Any),
        word => Kind::parse(word).map(ColumnKind::Is),
    };
    if kind.is_none() {
        let known: Vec<&str> = Kind::ALL.iter().map(|(_, name)| *name).chain(["number", "any", "key", "figures"]).collect();
        node.complain(format!(
            "unknown column type \"{text}\"{}; known: {}, each with ? if NULL is allowed",
            crate::error::did_you_mean(word, known.iter().copied()),
            known.join(", ")
        ));
    }
    Some(Contract::Column { name, kind: kind?, nullable })
}

const RULES: [&str; 13] = [
    "no_rows",
    "row_count",
    "not_null",
    "unique",
    "at_least",
    "at_most",
    "above",
    "below",
    "equals",
    "between",
    "one_of",
    "share",
    "classes",
];

fn rule(node: &Node<'_>) -> Option<Rule> {
    let fields = node.fields()?;
    let names: Vec<(&str, &str)> = RULES.iter().map(|name| (*name, *name)).collect();
    let kind = fields.require("kind").and_then(|node| node.word(&names));
    let levels = [(Level::Allow, "allow"), (Level::Warn, "warn"), (Level::Fail, "fail")];
    let level = fields.get("level").and_then(|node| node.word(&levels)).unwrap_or(Level::Fail);
    let kind = rule_kind(kind?, &fields);
    fields.finish();
    Some(Rule { kind: kind?, level, line: node.line() })
}

fn rule_kind(kind: &str, fields: &Fields<'_>) -> Option<RuleKind> {
    let column = || fields.require("column").and_then(|node| node.text());
    let columns = || fields.require("columns").map(|node| node.texts());
    let value = |key| fields.require(key).and_then(|node: Node<'_>| operand(&node));
    let compare = |test: fn(Operand) -> Test| Some(RuleKind::Compare { column: column()?, test: test(value("value")?) });
    match kind {
        "no_rows" => Some(RuleKind::NoRows),
        "row_count" => {
            let (min, max) = (fields.get("min").and_then(|n| n.integer()), fields.get("max").and_then(|n| n.integer()));
            match (min, max) {
                (None, None) => fields.complain("a rule on the number of rows needs `min`, `max` or both"),
                (Some(min), Some(max)) if min > max => fields.complain("`min` is above `max`, so the rule could never hold"),
                _ => {}
            }
            Some(RuleKind::RowCount { min, max })
        }
        "not_null" => Some(RuleKind::NotNull(columns()?)),
        "unique" => Some(RuleKind::Unique(columns()?)),
        "at_least" => compare(Test::AtLeast),
        "at_most" => compare(Test::AtMost),
        "above" => compare(Test::Above),
        "below" => compare(Test::Below),
        "equals" => compare(Test::Equals),
        "between" => {
            let (low, high) = (value("low")?, value("high")?);
            if let (Operand::Is(low), Operand::Is(high)) = (&low, &high)
                && low.compare(high) == Some(Ordering::Greater)
            {
                fields.complain("`low` is above `high`, so the rule could never hold");
            }
            Some(RuleKind::Compare { column: column()?, test: Test::Between(low, high) })
        }
        "one_of" => Some(RuleKind::OneOf { column: column()?, values: fields.require("values")?.texts() }),
        "share" => {
            let of = fields.require("of").and_then(|node| node.text());
            Some(RuleKind::Share { column: column()?, of: of?, at_least: value("at_least")? })
        }
        _ => Some(RuleKind::Classes),
    }
}

/// A constant, or `{ param = "least" }`.
fn operand(node: &Node<'_>) -> Option<Operand> {
    if !node.is_table() {
        return constant(node).map(Operand::Is);
    }
    let fields = node.fields()?;
    let name = fields.required_text("param");
    fields.finish();
    Some(Operand::Param(name))
}

fn constant(node: &Node<'_>) -> Option<Value> {
    if node.is_date() {
        return node.date().map(Value::Date);
    }
    if node.is_text() {
        let text = node.text()?;
        return Some(text.parse().map_or_else(|_| Value::text(text.clone()), Value::Date));
    }
    if node.is_bool() {
        return node.boolean().map(Value::Bool);
    }
    node.number().map(|number| Value::Decimal(Box::new(number)))
}

/// Every column that a rule or the retry key names must be in the contract.
fn check_columns(query: &Query, fields: &Fields<'_>) {
    let mut declared = IndexMap::new();
    let mut open = false;
    for line in &query.columns {
        match line {
            Contract::Column { name, .. } => drop(declared.insert(name.as_str(), ())),
            Contract::Key | Contract::Figures(_) => open = true,
        }
    }
    let named = query.rules.iter().flat_map(|rule| rule.columns().into_iter().map(move |column| (rule.name(), column)));
    let retry = query.retry.iter().map(|column| ("retry", column.as_str()));
    for (user, column) in named.chain(retry).filter(|(_, column)| !open && !declared.contains_key(column)) {
        let hint = crate::error::did_you_mean(column, declared.keys().copied());
        fields.complain(format!("{user} names column \"{column}\", which [columns] does not declare{hint}"));
    }
}

/// Every parameter that a rule compares with must be declared, with one value.
fn check_params(query: &Query, fields: &Fields<'_>) {
    for (rule, name) in query.rules.iter().flat_map(|rule| rule.params().into_iter().map(move |name| (rule.name(), name))) {
        match query.params.get(name).map(|param| param.kind) {
            Some(ParamKind::Int | ParamKind::Number | ParamKind::Text | ParamKind::Date | ParamKind::Bool) => {}
            Some(kind) => fields.complain(format!("{rule} compares with parameter \"{name}\", which is of type {}", kind.name())),
            None => {
                let hint = crate::error::did_you_mean(name, query.params.keys().map(String::as_str));
                fields.complain(format!("{rule} compares with parameter \"{name}\", which [params] does not declare{hint}"));
            }
        }
    }
}
