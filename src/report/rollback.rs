//! A rollback as a script for people to read and run, with the counts above each statement, or as JSON.

use std::fmt::Write as _;

use serde_json::json;

use crate::model::report::Header;
use crate::model::rollback::{Kind, Rollback};
use crate::model::rule::count;
use crate::model::sql::Dialect;

/// The name and version of the JSON format.
pub const VERSION: &str = "gapgate.rollback/1";

/// The script. `what` says in words what it takes back.
pub fn sql(rollback: &Rollback, header: &Header, dialect: Dialect, what: &str) -> String {
    let mut text = String::new();
    let _ =
        writeln!(text, "-- {what}: {} on {} ({}), as of {} {}", header.project, header.target, header.engine, header.as_of, header.zone);
    let _ = writeln!(text, "-- {}", sum(rollback));
    let _ = writeln!(text, "-- Nothing was executed. Counted just now; count again before you run it.");
    for note in &rollback.notes {
        let _ = writeln!(text, "-- Note: {note}.");
    }
    let (begin, end) = transaction(dialect);
    let _ = writeln!(text, "\n{begin}");
    for step in &rollback.steps {
        let role = if step.downstream { "downstream, " } else { "" };
        let rows = count(usize::try_from(step.rows).unwrap_or(usize::MAX), "row");
        let what = if step.kind == Kind::Ledger { "runs of its processor, " } else { "" };
        let _ = writeln!(text, "\n-- {}: {role}{what}{rows} of {}", step.output, step.table);
        if step.rows > 0 {
            let _ = writeln!(text, "{}", step.statement);
        }
    }
    let _ = writeln!(text, "\n{end}");
    text
}

/// One statement after the other is no transaction everywhere.
fn transaction(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::DuckDb | Dialect::BigQuery | Dialect::Snowflake => ("begin transaction;", "commit transaction;"),
        Dialect::Postgres => ("begin;", "commit;"),
        Dialect::Databricks => {
            ("-- Databricks commits each statement by itself: run all of them, in this order.", "-- End. Each statement can be run again.")
        }
    }
}

fn sum(rollback: &Rollback) -> String {
    let rows = |kind: Kind, downstream: bool| {
        let steps = rollback.steps.iter().filter(|step| step.kind == kind && step.downstream == downstream);
        steps.map(|step| step.rows).fold(0, u64::saturating_add)
    };
    let runs = rows(Kind::Ledger, false) + rows(Kind::Ledger, true);
    format!("{} data rows, {} rows downstream, {runs} rows of the run ledger", rows(Kind::Data, false), rows(Kind::Data, true))
}

/// The steps as one object.
pub fn json(rollback: &Rollback, header: &Header, what: &str) -> String {
    let step = |step: &crate::model::rollback::Step| {
        json!({
            "output": step.output,
            "downstream": step.downstream,
            "kind": step.kind.name(),
            "table": step.table,
            "rows": step.rows,
            "statement": step.statement,
        })
    };
    let document = json!({
        "format": VERSION,
        "what": what,
        "header": header,
        "rows": rollback.rows(),
        "steps": rollback.steps.iter().map(step).collect::<Vec<_>>(),
        "notes": rollback.notes,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
