//! Rows that waivers accept: they are taken out of an answer before its rules look at it.

use std::collections::BTreeSet;

use super::{Check, Session, judge as judge_all, key_columns, unfit};
use crate::error::{Complaint, did_you_mean};
use crate::model::catalogue::Project;
use crate::model::coverage::lapsed;
use crate::model::report::{CheckReport, Finding};
use crate::model::rule::count;
use crate::model::table::Table;
use crate::model::verdict::Verdict;
use crate::model::waiver::{Accepts, Waiver};

/// Judges an answer without the rows that waivers accept, and says which these are.
pub(super) fn judge(session: &Session<'_>, check: &Check<'_>, table: &Table) -> Vec<Finding> {
    let key = key_columns(session.project, check);
    if let Some(finding) = unfit(check.query, table, &key) {
        return vec![finding];
    }
    let (accepted, mut findings) = accepted(session, check, table);
    let rest = table.without(&accepted);
    if accepted.is_empty() || !rest.is_empty() {
        findings.extend(judge_all(check.query, &check.args, &rest, &key));
    } else {
        // Where every row is accepted, only rules on how many there are have something left to judge.
        let rules = check.query.rules_for(&check.args);
        findings.extend(rules.iter().filter(|rule| rule.judges_emptiness()).flat_map(|rule| rule.judge(&rest)));
    }
    findings
}

/// The rows that waivers accept, and what is to be said of these waivers.
fn accepted(session: &Session<'_>, check: &Check<'_>, table: &Table) -> (BTreeSet<usize>, Vec<Finding>) {
    let (mut accepted, mut findings) = (BTreeSet::new(), Vec::new());
    for waiver in of_check(session.project, &check.query.id) {
        let rows: Vec<usize> = waiver.rows_of(table).filter(|row| !accepted.contains(row)).collect();
        if rows.is_empty() {
            continue;
        }
        if waiver.holds(session.scope.last_date()) {
            findings.push(Finding::new(Verdict::Pass, "waived", format!("{} {}", count(rows.len(), "row"), waiver.words())));
            accepted.extend(rows);
        } else {
            findings.push(lapsed(waiver, &count(rows.len(), "row")));
        }
    }
    (accepted, findings)
}

/// Warns of waivers of which no row was found, where their dates were looked at.
pub(super) fn note_unused(session: &Session<'_>, checks: &mut [CheckReport]) {
    let scope = session.scope;
    for waiver in session.project.waivers.iter().filter(|waiver| waiver.concerns(scope.start(), scope.end())) {
        let of_waiver = || checks.iter().filter(|check| waiver.is_of_check(&check.query));
        let used = of_waiver().any(|check| check.rows.as_ref().is_none_or(|rows| waiver.rows_of(rows).next().is_some()));
        if let Some(check) = checks.iter_mut().rfind(|check| !used && waiver.is_of_check(&check.query)) {
            let message = format!("the waiver at {} matches no row", waiver.declared);
            check.findings.push(Finding::new(Verdict::Warn, "waiver", message).with_remedy("remove it if the gap is closed"));
        }
    }
}

fn of_check<'p>(project: &'p Project, query: &str) -> impl Iterator<Item = &'p Waiver> {
    project.waivers.iter().filter(move |waiver| waiver.is_of_check(query))
}

/// Waivers of rows by columns that their query does not have.
pub(super) fn complaints<'c>(project: &Project, checks: impl Iterator<Item = &'c Check<'c>>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for check in checks {
        for waiver in of_check(project, &check.query.id) {
            let Accepts::Rows { rows, .. } = &waiver.accepts else { continue };
            let columns = check.query.column_names(&key_columns(project, check));
            for name in rows.iter().flat_map(|row| row.keys()).filter(|name| !columns.contains(name)) {
                let hint = did_you_mean(name, columns.iter().map(String::as_str));
                let message = format!("{} has no column \"{name}\"{hint}; it has {}", check.query.id, columns.join(", "));
                complaints.push(Complaint::at(&waiver.declared, message));
            }
        }
    }
    complaints
}
