//! What a result without rows means: no faults in what is there, or nothing there to have any.

use indexmap::IndexMap;

use super::{Session, inventory};
use crate::error::Error;
use crate::model::catalogue::Argument;
use crate::model::report::Finding;
use crate::model::table::Value;
use crate::warehouse::QueryError;

/// One finding for each output that has no rows in scope.
pub(super) fn without_rows(session: &Session<'_>, outputs: &[String]) -> Result<Vec<Finding>, Error> {
    let Some(query) = session.library.probe("_probe/held") else {
        return Ok(vec![Finding::undecided("rows", "the library lacks a probe")]);
    };
    let args: IndexMap<String, Argument> = [("outputs".to_owned(), Argument::List(outputs.to_vec()))].into_iter().collect();
    let answer = match session.renderer.render(query, &args) {
        Ok(sql) => session.ask(&sql, &mut Vec::new()),
        Err(error) => return Ok(vec![Finding::undecided("rows", error.to_string())]),
    };
    let empty = |name: &Value| Finding::undecided("rows", format!("{name} has no rows in scope, so there was nothing to look at"));
    match answer {
        Ok(table) => Ok(table.rows().filter(|row| row[1].as_int() != Some(1)).map(|row| empty(&row[0])).collect()),
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(vec![inventory::engine_finding(&error)]),
    }
}
