//! `gapgate list` and `gapgate show`: the library for people.

use std::fmt::Write as _;

use crate::cli::Common;
use crate::error::Error;
use crate::load::library;
use crate::model::catalogue::Argument;
use crate::model::query::{Contract, Query};
use crate::report::terminal::{self, Style};
use crate::report::{self, Place};

pub(super) fn list(common: &Common) -> Result<u8, Error> {
    let library = library::load(Some(&common.directory))?;
    report::write(&Place::Stdout, &terminal::queries(library.queries.values(), Style::detect(false)))?;
    Ok(0)
}

pub(super) fn show(common: &Common, id: &str) -> Result<u8, Error> {
    let library = library::load(Some(&common.directory))?;
    report::write(&Place::Stdout, &describe(library.query(id)?))?;
    Ok(0)
}

fn describe(query: &Query) -> String {
    let mut text = format!("{}\n{}\n\n{}\n", query.id, query.title, query.doc.trim());
    let mut section = |name: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(text, "\n{name}\n{}\n", lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"));
        }
    };
    section(
        "parameters",
        query
            .params
            .iter()
            .map(|(name, param)| {
                let default = param.default.as_ref().map(|value| format!(" [default: {}]", argument(value))).unwrap_or_default();
                format!("{name} ({}): {}{default}", param.kind.name(), param.doc)
            })
            .collect(),
    );
    section("columns", query.columns.iter().map(contract).collect());
    section(
        "rules",
        query
            .rules
            .iter()
            .map(|rule| {
                let columns = rule.columns().join(", ");
                let on = if columns.is_empty() { String::new() } else { format!(" on {columns}") };
                format!("{}{on}: {}", rule.name(), rule.level.verdict().name())
            })
            .collect(),
    );
    section("retry by", if query.retry.is_empty() { Vec::new() } else { vec![query.retry.join(", ")] });
    let _ = writeln!(text, "\n{}", query.file);
    let _ = writeln!(text, "{}", query.template.trim());
    text
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

fn contract(line: &Contract) -> String {
    match line {
        Contract::Column { name, kind, nullable } => format!("{name}: {}{}", kind.name(), if *nullable { ", may be NULL" } else { "" }),
        Contract::Key => "the key columns of the spine".to_owned(),
        Contract::Figures(prefix) => format!("{prefix}N: numbers"),
    }
}
