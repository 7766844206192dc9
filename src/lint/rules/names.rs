//! Names and texts. GG012: a project in a table's name. GG013: a status label in a condition. GG014: `select *` at the
//! end. GG019: placeholders that nobody replaced.

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, Value};

use super::{Context, error, place_of, start, warn};
use crate::lint::read::Reading;
use crate::lint::scope::{Clause, Role, ScopeId};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule};
use crate::model::sql::{Dialect, Place};

pub(super) fn fixed_project(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    if context.dialect() != Dialect::BigQuery {
        return;
    }
    let mut told: Vec<&str> = Vec::new();
    for (_, scope) in context.scopes.selects() {
        for relation in &scope.relations {
            let Some(path) = relation.table().filter(|path| path.parts.len() > 2) else { continue };
            let project = path.parts[0];
            let is_catalogue = path.parts.iter().any(|part| part.eq_ignore_ascii_case("information_schema"));
            let public = project.eq_ignore_ascii_case("bigquery-public-data");
            if is_catalogue || public || told.contains(&project) || !context.is_written(project, place_of(relation)) {
                continue;
            }
            told.push(project);
            let message = format!(
                "the project `{project}` is written into the name of `{path}`, so the query cannot run elsewhere: leave it to the connection"
            );
            findings.push(warn(Rule::FixedProject, place_of(relation), message));
        }
    }
}

pub(super) fn fixed_label(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    let Some(status) = &context.facts.status else { return };
    context.each_expr(|id, _, clause, expr| {
        let (column, labels) = match expr {
            Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right } => (left, vec![right.as_ref()]),
            Expr::InList { expr, list, .. } => (expr, list.iter().collect()),
            _ => return,
        };
        if !is_status(context, id, clause, column) {
            return;
        }
        let is_written = |label: &&Expr| text(label).is_some_and(|text| context.is_written(&format!("'{text}'"), walk::place(label)));
        let written = labels.into_iter().find(is_written).and_then(text);
        if let Some(label) = written {
            let known = status.labels.iter().any(|own| own == label);
            let which = if known { "which [runs] maps already" } else { "which [runs] does not know" };
            let message = format!(
                "the label '{label}', {which}, is written into the query: use `runs.success` and its like, so that no label is forgotten"
            );
            findings.push(error(Rule::FixedLabel, walk::place(column), message));
        }
    });
}

fn is_status<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, expr: &'a Expr) -> bool {
    let Some(status) = &context.facts.status else { return false };
    context.column(id, clause, expr).is_some_and(|(candidate, column)| {
        let of_ledger = context.relation(candidate).table().is_some_and(|path| path.is(&status.table));
        of_ledger && column.value.eq_ignore_ascii_case(&status.column)
    })
}

fn text(expr: &Expr) -> Option<&str> {
    match walk::bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn select_star(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (_, scope) in context.scopes.selects() {
        let last = context.scopes.query(scope.query).role == Role::Statement;
        let star = scope.select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
        let tables: Vec<String> = scope
            .relations
            .iter()
            .filter(|relation| relation.open && !relation.hidden)
            .filter_map(|relation| relation.table().map(ToString::to_string))
            .collect();
        // A star over steps that name their columns is as good as the names.
        if last && star && scope.output.open && !tables.is_empty() {
            let message = format!("the columns of the result are those that `{}` happens to have: name them", tables.join("`, `"));
            findings.push(warn(Rule::SelectStar, start(scope), message));
        }
    }
}

/// Placeholders in the code and in the quoted texts of a file.
pub(in crate::lint) fn placeholders(text: &str, reading: &Reading) -> Vec<Finding> {
    let in_quotes = reading.quoted.iter().filter_map(|(at, value)| Some((*at, inside(value)?.to_owned(), true)));
    let in_code = reading.braced.iter().map(|(at, name)| (*at, name.clone(), false));
    let mut found: Vec<(Place, String, bool)> = in_quotes.chain(in_code).collect();
    // Tags can tear quotes apart, and then there are no tokens to look at.
    if reading.queries.is_empty() && !reading.problems.is_empty() && found.is_empty() {
        found.extend(in_lines(text));
    }
    found.sort();
    found.dedup_by(|one, other| one.0.line == other.0.line);
    let tell = |(at, name, is_quoted): (Place, String, bool)| {
        let message = if is_quoted {
            format!("`{name}` in quotes was never replaced by a value: the query compares with these very letters")
        } else {
            format!("`{name}` was never replaced: this is a template, lint what it renders to")
        };
        error(Rule::Placeholder, Some(at), message)
    };
    found.into_iter().map(tell).collect()
}

/// `{name}`, `${name}` or `{{ name }}` in a quoted text.
fn inside(value: &str) -> Option<&str> {
    if let Some(start) = value.find("{{") {
        let length = value[start..].find("}}")? + 2;
        return Some(&value[start..start + length]);
    }
    let mut rest = value;
    let mut offset = 0;
    loop {
        let start = rest.find('{')?;
        let end = start + rest[start..].find('}')?;
        let name = &rest[start + 1..end];
        let before = rest[..start].chars().next_back();
        // `\p{Lu}` is a class of characters, `$.{x}` a path.
        let is_regex = rest[..start].ends_with("\\p") || rest[..start].ends_with("\\P") || rest[..start].ends_with("\\x");
        if is_name(name) && !is_regex && before != Some('.') {
            let from = if before == Some('$') { start - 1 } else { start };
            return Some(&value[offset + from..offset + end + 1]);
        }
        offset += start + 1;
        rest = &rest[start + 1..];
    }
}

fn is_name(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// `{{ ... }}`, `{% ... %}` and `${...}` anywhere outside comments, wherever quotes begin and end.
fn in_lines(text: &str) -> Vec<(Place, String, bool)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("--").next().unwrap_or_default();
        let start = ["{{", "{%", "${"].iter().filter_map(|mark| Some((code.find(mark)?, *mark))).min();
        let Some((start, mark)) = start else { continue };
        let close = match mark {
            "{{" => "}}",
            "{%" => "%}",
            _ => "}",
        };
        let Some(length) = code[start..].find(close) else { continue };
        let name = &code[start..start + length + close.len()];
        let column = code[..start].chars().count() as u64 + 1;
        found.push((Place { line: number as u64 + 1, column }, name.chars().take(60).collect(), false));
    }
    found
}
