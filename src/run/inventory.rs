//! What the catalogue says against what the warehouse holds: a missing table or column is named before it is asked for.

use std::collections::BTreeMap;

use super::Session;
use crate::error::did_you_mean;
use crate::model::catalogue::{KeyColumn, Output, Spine, SpineSource};
use crate::model::report::Finding;
use crate::model::table::Kind;
use crate::warehouse::{QueryError, TableInfo};

/// Why an output cannot be judged, if that can be told from the list of tables.
pub(super) fn fault(session: &Session<'_>, output: &str) -> Option<Finding> {
    let output = session.project.outputs.get(output)?;
    // Without a list the statement itself will say what is wrong.
    let tables = session.tables().ok()?;
    output_fault(tables, output).or_else(|| spine_fault(session, tables, &session.project.spines[&output.spine]))
}

fn output_fault(tables: &BTreeMap<String, TableInfo>, output: &Output) -> Option<Finding> {
    let info = match find(tables, &output.table) {
        Ok(info) => info,
        Err(finding) => return Some(finding),
    };
    let named = output.columns.values().chain(&output.loaded_at);
    let required = output.grain.iter().chain(&output.not_null).chain(output.ranges.keys()).chain(named);
    let columns = output.key.iter().map(|column| &column.source).chain(required);
    for column in columns.filter(|column| is_name(column)) {
        if info.column(column).is_none() {
            return Some(missing_column(&output.table, column, info, &output.declared));
        }
    }
    let ranges = output.ranges.keys().filter_map(|column| info.column(column));
    for (name, data_type, kind) in ranges {
        if matches!(kind, Kind::Text | Kind::Bool) {
            let message =
                format!("column {name} of {} is of type {data_type}, which does not compare with the numbers of its range", output.table);
            return Some(Finding::undecided("type", message).with_remedy("give the range to a number, or declare a measure that casts it"));
        }
    }
    output.key.iter().find_map(|key| key_fault(&output.table, key, info, "key = { NAME = \"cast(COLUMN as date)\" }"))
}

/// A key column whose type does not compare with the key's.
fn key_fault(table: &str, key: &KeyColumn, info: &TableInfo, remedy: &str) -> Option<Finding> {
    let (name, data_type, kind) = info.column(&key.source)?;
    let fits = match key.kind {
        Kind::Date | Kind::Timestamp | Kind::Text | Kind::Bool => *kind == key.kind,
        Kind::Int | Kind::Float | Kind::Decimal => matches!(kind, Kind::Int | Kind::Float | Kind::Decimal),
    };
    if fits {
        return None;
    }
    let message = format!("column {name} of {table} is of type {data_type}, but key column `{}` is a {}", key.name, key.kind.name());
    Some(Finding::undecided("type", message).with_remedy(format!(
        "store it as a {}, or cast it in the project file: {}",
        key.kind.name(),
        remedy.replace("NAME", &key.name).replace("COLUMN", name)
    )))
}

fn spine_fault(session: &Session<'_>, tables: &BTreeMap<String, TableInfo>, spine: &Spine) -> Option<Finding> {
    match &spine.source {
        SpineSource::Table(table) => {
            let info = match find(tables, table) {
                Ok(info) => info,
                Err(finding) => return Some(finding.with_context(&spine.name)),
            };
            let missing = spine.key.iter().map(|column| &column.source).find(|column| is_name(column) && info.column(column).is_none());
            if let Some(column) = missing {
                return Some(missing_column(table, column, info, &spine.declared).with_context(&spine.name));
            }
            let remedy = "key = { NAME = { type = \"date\", from = \"cast(COLUMN as date)\" } }";
            spine.key.iter().find_map(|key| key_fault(table, key, info, remedy)).map(|finding| finding.with_context(&spine.name))
        }
        SpineSource::Output(name) => {
            output_fault(tables, session.project.outputs.get(name)?).map(|finding| finding.with_context(&spine.name))
        }
        SpineSource::Cross(parts) => parts.iter().find_map(|part| spine_fault(session, tables, session.project.spines.get(part)?)),
        _ => None,
    }
}

impl Finding {
    fn with_context(mut self, spine: &str) -> Self {
        self.message = format!("spine `{spine}`: {}", self.message);
        self
    }
}

/// The table of that name.
///
/// # Errors
/// A finding that names the nearest one.
pub(crate) fn find<'t>(tables: &'t BTreeMap<String, TableInfo>, name: &str) -> Result<&'t TableInfo, Finding> {
    tables.get(&name.to_lowercase()).ok_or_else(|| {
        let hint = did_you_mean(name, tables.keys().map(String::as_str));
        Finding::undecided("table", format!("there is no table {name}{hint}"))
            .with_remedy("create or load it, or correct `table` in the project file")
    })
}

fn missing_column(table: &str, column: &str, info: &TableInfo, declared: &str) -> Finding {
    let names: Vec<&str> = info.columns.iter().map(|(name, ..)| name.as_str()).collect();
    let hint = did_you_mean(column, names.iter().copied());
    let message = format!("{table} has no column {column}{hint}; it has {}", names.join(", "));
    Finding::undecided("column", message).with_remedy(format!("correct the column at {declared}, or the table"))
}

/// Whether a source is a plain column; expressions are left to the engine.
pub(crate) fn is_name(source: &str) -> bool {
    source.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// An engine's error as a finding, with what to do where that is known.
pub(super) fn engine_finding(error: &QueryError) -> Finding {
    let finding = Finding::undecided("engine", error.to_string());
    match error {
        QueryError::Timeout(_) => Finding::undecided("timeout", error.to_string()).with_remedy("narrow the scope, or raise --timeout"),
        QueryError::Engine(text) if text.contains("Conversion Error") || text.contains("Cannot compare") => {
            finding.with_remedy("two types do not compare: cast one of them in the project file or the query")
        }
        QueryError::Engine(text) if text.contains("Out of Memory") => {
            finding.with_remedy("give the target more `memory`, or narrow the scope")
        }
        _ => finding,
    }
}
