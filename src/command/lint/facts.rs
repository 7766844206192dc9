//! What a project file tells the linter about its tables.

use crate::error::Error;
use crate::lint::{Facts, Status};
use crate::model::catalogue::{Ledger, Output, Project, Spine, SpineSource};
use crate::model::reading::is_name;
use crate::model::table::Kind;

/// What holds for every query of a project.
pub(super) fn of_project(project: &Project) -> Facts {
    let mut facts = Facts::default();
    for output in project.outputs.values() {
        add_output(&mut facts, output);
    }
    for spine in project.spines.values() {
        add_spine(&mut facts, spine);
    }
    if let Some(ledger) = &project.runs {
        add_ledger(&mut facts, ledger);
    }
    facts
}

/// The tables of `--partitioned TABLE=COLUMN`.
pub(super) fn partitioned(words: &[String]) -> Result<Vec<(String, String)>, Error> {
    let pair = |word: &String| {
        let pair = word.split_once('=').filter(|(table, column)| !table.is_empty() && !column.is_empty());
        let (table, column) = pair.ok_or_else(|| Error::Usage(format!("--partitioned {word}: write TABLE=COLUMN")))?;
        Ok((table.to_owned(), column.to_owned()))
    };
    words.iter().map(pair).collect()
}

fn add_output(facts: &mut Facts, output: &Output) {
    let table = || output.table.clone();
    let date = output.key.iter().find(|column| column.kind == Kind::Date).map(|column| &column.source);
    facts.partitioned.extend(date.filter(|source| is_name(source)).map(|source| (table(), source.clone())));
    facts.not_null.extend(output.not_null.iter().map(|column| (table(), column.clone())));
    if !output.grain.is_empty() {
        let key = output.key.iter().map(|column| &column.source).chain(&output.grain);
        facts.unique.push((table(), key.cloned().collect()));
    }
    facts.held.push(table());
}

fn add_spine(facts: &mut Facts, spine: &Spine) {
    let SpineSource::Table(table) = &spine.source else { return };
    let date = spine.date().map(|column| &column.source).filter(|source| is_name(source));
    facts.partitioned.extend(date.map(|source| (table.clone(), source.clone())));
    facts.expected.push(table.clone());
}

fn add_ledger(facts: &mut Facts, ledger: &Ledger) {
    if is_name(&ledger.date) {
        facts.partitioned.push((ledger.table.clone(), ledger.date.clone()));
    }
    if is_name(&ledger.status) {
        let labels = [&ledger.success, &ledger.failed, &ledger.running, &ledger.skipped].into_iter().flatten().cloned().collect();
        facts.status = Some(Status { table: ledger.table.clone(), column: ledger.status.clone(), labels });
    }
}
