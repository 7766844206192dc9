//! What the catalogue says against what the warehouse holds: a missing table or column is named before it is asked for.

use super::Session;
use crate::error::did_you_mean;
use crate::model::catalogue::{Excuse, Output, Project, Spine, SpineSource};
use crate::model::reading::{self, Reading};
use crate::model::report::Finding;
use crate::model::schema::{Inventory, TableInfo};
use crate::model::verdict::Verdict;
use crate::warehouse::QueryError;

/// The tables that the catalogue names.
pub(super) fn named(project: &Project) -> Vec<&str> {
    let spines = project.spines.values().filter_map(|spine| match &spine.source {
        SpineSource::Table(table) => Some(table.as_str()),
        _ => None,
    });
    let outputs = project.outputs.values().map(|output| output.table.as_str());
    let excuses = project.outputs.values().flat_map(|output| &output.not_expected.excuses).map(|excuse| excuse.table.as_str());
    outputs.chain(spines).chain(excuses).chain(project.runs.iter().map(|ledger| ledger.table.as_str())).collect()
}

/// Why an output cannot be judged, if that can be told from the list of tables.
pub(super) fn fault(session: &Session<'_>, output: &str) -> Option<Finding> {
    let output = session.project.outputs.get(output)?;
    // Without a list the statement itself will say what is wrong.
    let tables = session.tables().ok()?;
    output_fault(tables, output).or_else(|| spine_fault(session, tables, &session.project.spines[&output.spine]))
}

/// What makes an output that can be judged dearer than it need be.
pub(super) fn trap(session: &Session<'_>, output: &str) -> Option<Finding> {
    let output = session.project.outputs.get(output)?;
    let column = session.table(&output.table)?.partition.first()?.to_lowercase();
    let mut sources = output.key.iter().map(|key| &key.source).chain(&output.filter);
    if sources.any(|source| source.to_lowercase().contains(&column)) {
        return None;
    }
    let message = format!("{} is partitioned by {column}, which neither its key nor its `where` names", output.table);
    let remedy = "every statement may read all partitions: make it the output's `date`, or bound it in `where`";
    Some(Finding::new(Verdict::Warn, "partitions", message).with_remedy(remedy))
}

/// Whether an output is known to be a view.
pub(super) fn is_view(session: &Session<'_>, output: &Output) -> bool {
    session.table(&output.table).is_some_and(|info| info.is_view)
}

fn output_fault(tables: &Inventory, output: &Output) -> Option<Finding> {
    let excuse = |excuse: &Excuse| reading_fault(tables, &excuse.table, &reading::of_excuse(excuse).collect::<Vec<_>>());
    reading_fault(tables, &output.table, &reading::of_output(output)).or_else(|| output.not_expected.excuses.iter().find_map(excuse))
}

/// What is wrong with a table, or with the first of the columns that are read of it.
pub(super) fn reading_fault(tables: &Inventory, table: &str, readings: &[Reading<'_>]) -> Option<Finding> {
    let info = match find(tables, table) {
        Ok(info) => info,
        Err(finding) => return Some(finding),
    };
    let fault = readings.iter().find_map(|reading| info.fault(reading))?;
    Some(Finding::undecided(fault.what, fault.message).with_remedy(fault.remedy))
}

fn spine_fault(session: &Session<'_>, tables: &Inventory, spine: &Spine) -> Option<Finding> {
    let project = session.project;
    let fault = match &spine.source {
        SpineSource::Table(table) => reading_fault(tables, table, &reading::of_spine(project, spine)),
        SpineSource::Output(name) => output_fault(tables, project.outputs.get(name)?),
        SpineSource::Cross(parts) => return parts.iter().find_map(|part| spine_fault(session, tables, project.spines.get(part)?)),
        _ => None,
    };
    fault.map(|finding| finding.with_context(&spine.name))
}

impl Finding {
    fn with_context(mut self, spine: &str) -> Self {
        self.message = format!("spine `{spine}`: {}", self.message);
        self
    }
}

/// The table of that name.
fn find<'t>(tables: &'t Inventory, name: &str) -> Result<&'t TableInfo, Finding> {
    tables.get(&name.to_lowercase()).ok_or_else(|| {
        let hint = did_you_mean(name, tables.keys().map(String::as_str));
        Finding::undecided("table", format!("there is no table {name}{hint}"))
            .with_remedy("create or load it, or correct `table` in the project file")
    })
}

/// An engine's error as a finding, with what to do where that is known.
pub(super) fn engine_finding(error: &QueryError) -> Finding {
    let finding = Finding::undecided("engine", error.to_string());
    match error {
        QueryError::Explained { remedy, .. } => finding.with_remedy(remedy),
        QueryError::Running { message, remedy } => Finding::undecided("running", message).with_remedy(remedy),
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
