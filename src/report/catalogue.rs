//! The library for people: one query as text, all of them as a page.

use std::fmt::Write as _;

use crate::model::catalogue::Argument;
use crate::model::query::{Contract, Library, Query};

/// What a query asks, takes, returns and demands, and its template.
pub fn query(query: &Query) -> String {
    let mut text = format!("{}\n{}\n\n{}\n", query.id, query.title, query.doc.trim());
    let mut section = |name: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(text, "\n{name}\n{}\n", lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"));
        }
    };
    section("decision", if query.decision.is_empty() { Vec::new() } else { vec![query.decision.clone()] });
    section("parameters", params(query).into_iter().map(|[name, kind, doc]| format!("{name} ({kind}): {doc}")).collect());
    section("columns", columns(query));
    section("rules", rules(query));
    section("retry by", if query.retry.is_empty() { Vec::new() } else { vec![query.retry.join(", ")] });
    let _ = writeln!(text, "\n{}", query.file);
    let _ = writeln!(text, "{}", query.template.trim());
    text
}

/// Every query in Markdown, folder by folder.
pub fn page(library: &Library) -> String {
    let mut text = String::new();
    let mut folder = "";
    for query in library.queries.values() {
        let own = query.id.split('/').next().unwrap_or_default();
        if own != folder {
            let _ = writeln!(text, "{}## {own}", if folder.is_empty() { "" } else { "\n" });
            folder = own;
        }
        let _ = write!(text, "\n{}", entry(query));
    }
    text
}

fn entry(query: &Query) -> String {
    let mut text = format!("### {}\n\n**{}.** {}\n", query.id, query.title, paragraph(&query.doc));
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = write!(text, "\n- {name}: {value}");
        }
    };
    line("decision", query.decision.clone());
    let params = params(query).into_iter().map(|[name, kind, doc]| format!("`{name}` ({kind}) {doc}"));
    line("parameters", params.collect::<Vec<_>>().join("; "));
    line("columns", columns(query).iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "));
    line("rules", rules(query).join("; "));
    line("retry by", query.retry.join(", "));
    text.push('\n');
    text
}

fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Name, type and meaning of each parameter.
fn params(query: &Query) -> Vec<[String; 3]> {
    let line = |(name, param): (&String, &crate::model::query::Param)| {
        let default = param.default.as_ref().map(|value| format!(" [default: {}]", argument(value))).unwrap_or_default();
        let optional = if param.optional { ", optional" } else { "" };
        [name.clone(), format!("{}{optional}", param.kind.name()), format!("{}{default}", param.doc)]
    };
    query.params.iter().map(line).collect()
}

fn columns(query: &Query) -> Vec<String> {
    let line = |line: &Contract| match line {
        Contract::Column { name, kind, nullable } => format!("{name}: {}{}", kind.name(), if *nullable { ", may be NULL" } else { "" }),
        Contract::Key => "the key columns of the spine".to_owned(),
        Contract::Figures(prefix) => format!("{prefix}N: numbers"),
    };
    query.columns.iter().map(line).collect()
}

fn rules(query: &Query) -> Vec<String> {
    let line = |rule: &crate::model::rule::Rule| {
        let columns = rule.columns().join(", ");
        let on = if columns.is_empty() { String::new() } else { format!(" on {columns}") };
        let params = rule.params().join(", ");
        let with = if params.is_empty() { String::new() } else { format!(" with {params}") };
        format!("{}{on}{with}: {}", rule.name(), rule.level.verdict().name())
    };
    query.rules.iter().map(line).collect()
}

fn argument(value: &Argument) -> String {
    match value {
        Argument::Text(text) => text.clone(),
        Argument::Int(number) => number.to_string(),
        Argument::Number(number) => number.to_string(),
        Argument::Bool(truth) => truth.to_string(),
        Argument::List(items) => items.join(","),
    }
}
