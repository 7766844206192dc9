//! One query on its own: its rows, and what its rules say of them.

use super::{Check, Session, cover, outputs_of, single};
use crate::error::Error;
use crate::model::report::{CheckReport, Finding};
use crate::model::table::Table;
use crate::warehouse::QueryError;

/// What a query answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its rows, unless they could not be had.
    pub rows: Option<Table>,
    /// How they are judged.
    pub report: CheckReport,
}

impl Answer {
    /// Every finding with what it is about: an output, or else the rule.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        let of_outputs = self.report.coverage.iter().flat_map(|output| output.findings.iter().map(|f| (output.output.as_str(), f)));
        of_outputs.chain(self.report.findings.iter().map(|finding| (finding.rule.as_str(), finding)))
    }
}

/// Runs a check on its own. A query that classifies keys is shown as its rows, and judged as in a gate.
///
/// # Errors
/// [`Error::Interrupted`] only: whatever else goes wrong makes the answer undecided.
pub fn answer(session: &Session<'_>, check: &Check<'_>) -> Result<Answer, Error> {
    if !check.classifies() {
        let mut report = single(session, check)?;
        return Ok(Answer { rows: report.rows.take(), report });
    }
    let rows = rows(session, check)?;
    let mut report = cover(session, check.query, &outputs_of(check))?;
    let rows = rows.map_err(|finding| report.findings.push(finding)).ok();
    Ok(Answer { rows, report })
}

/// The rows as the warehouse gives them, or why it does not.
fn rows(session: &Session<'_>, check: &Check<'_>) -> Result<Result<Table, Finding>, Error> {
    let sql = match session.renderer.render(check.query, &check.args) {
        Ok(sql) => sql,
        Err(error) => return Ok(Err(Finding::undecided("render", error.to_string()))),
    };
    match session.ask(&sql, &mut Vec::new()) {
        Ok(table) => Ok(Ok(table)),
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(Err(super::inventory::engine_finding(&error))),
    }
}
