//! `gapgate schema`: records the tables of a target in the project, and compares; and what they say against the project.

use std::collections::{BTreeMap, BTreeSet};

use super::lint::Mismatches;
use super::{Environment, Setup, options};
use crate::cli::{self, Common};
use crate::error::{Complaint, Error, did_you_mean};
use crate::load::schema;
use crate::model::catalogue::Target;
use crate::model::lint::{Finding, Rule, Weight};
use crate::model::places::Places;
use crate::model::query::Query;
use crate::model::rule::count;
use crate::model::schema::{Inventory, Schema};
use crate::model::sql::{self, Dialect};
use crate::report::{self, Place};
use crate::run::contract::{self, Contract};
use crate::run::deadline_in;
use crate::warehouse::QueryError;

pub(super) fn run(common: &Common, environment: &Environment, action: &cli::Schema) -> Result<u8, Error> {
    match action {
        cli::Schema::Pull { all } => pull(common, environment, *all),
        cli::Schema::Diff { all } => diff(common, environment, *all),
    }
}

/// Records the tables that the project reads, or all of them.
fn pull(common: &Common, environment: &Environment, all: bool) -> Result<u8, Error> {
    let setup = Setup::load(common, environment)?;
    let file = file(&setup.target)?;
    let inventory = inventory(&setup, common, environment)?;
    let mut wanted = contract::tables(&setup.project, &setup.library, &setup.scope, setup.target.dialect);
    if all {
        add_others(&mut wanted, &inventory);
    }
    let (found, missing): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|name| inventory.contains_key(&name.to_lowercase()));
    if found.is_empty() {
        let message = format!("the warehouse shows none of the tables that the project reads, so {file} is left as it was");
        return Err(Error::Warehouse(message));
    }
    let tables: BTreeMap<_, _> = found.into_iter().map(|name| (name.clone(), inventory[&name.to_lowercase()].clone())).collect();
    let columns = tables.values().map(|info| info.columns.len()).sum();
    let recorded = format!("{file} records {} with {}", count(tables.len(), "table"), count(columns, "column"));
    let schema = Schema { target: setup.target.name.clone(), dialect: setup.target.dialect, file, tables, places: Places::default() };
    let path = setup.project.dir.join(&schema.file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| Error::Write { place: folder.display().to_string(), source })?;
    }
    report::write(&Place::File(path), &schema::write(&schema))?;
    report::write(&Place::Stdout, &format!("{recorded}\n"))?;
    for name in &missing {
        let hint = did_you_mean(name, inventory.keys().map(String::as_str));
        report::say(&format!("the project reads {name}, which the warehouse does not have{hint}"));
    }
    Ok(u8::from(!missing.is_empty()))
}

/// Says in what the file and the warehouse differ.
fn diff(common: &Common, environment: &Environment, all: bool) -> Result<u8, Error> {
    let setup = Setup::load(common, environment)?;
    let file = file(&setup.target)?;
    let recorded = schema::load(&setup.project.dir, &setup.target)?;
    let recorded = recorded.ok_or_else(|| Error::Usage(format!("there is no {file}; make it with {}", schema::pull(&setup.target))))?;
    let inventory = inventory(&setup, common, environment)?;
    let mut wanted = contract::tables(&setup.project, &setup.library, &setup.scope, setup.target.dialect);
    if all {
        add_others(&mut wanted, &inventory);
    }
    let differences = recorded.differences(&inventory, &wanted);
    let text: String = differences.iter().map(|difference| format!("{difference}\n")).collect();
    report::write(&Place::Stdout, &text)?;
    if !differences.is_empty() {
        report::say(&format!("{file} and the warehouse differ; {} records what is there now", schema::pull(&setup.target)));
    }
    Ok(u8::from(!differences.is_empty()))
}

/// The file of a target, whose name must serve as that of a file.
fn file(target: &Target) -> Result<String, Error> {
    let plain = target.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) && !target.name.starts_with('.');
    let refused = || Error::Usage(format!("target `{}` has no name for a file; use letters, digits, _ and -", target.name));
    plain.then(|| Schema::file_of(&target.name)).ok_or_else(refused)
}

fn inventory(setup: &Setup, common: &Common, environment: &Environment) -> Result<Inventory, Error> {
    let warehouse = setup.open(environment)?;
    let named = contract::tables(&setup.project, &setup.library, &setup.scope, setup.target.dialect);
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let answer = warehouse.inventory(&named, deadline_in(common.timeout));
    answer.map(|(inventory, _)| inventory).map_err(|error| match error {
        QueryError::Interrupted => Error::Interrupted,
        error => Error::Warehouse(format!("the tables of target `{}` cannot be listed: {error}", setup.target.name)),
    })
}

/// Every table of the warehouse under its shortest name, unless the project reads it under another.
fn add_others(wanted: &mut BTreeSet<String>, inventory: &Inventory) {
    let known: BTreeSet<&str> = wanted.iter().filter_map(|name| Some(inventory.get(&name.to_lowercase())?.name.as_str())).collect();
    let others: BTreeSet<String> = inventory.values().map(|info| info.name.clone()).filter(|name| !known.contains(name.as_str())).collect();
    wanted.extend(others);
}

/// What the project and these queries read and the recorded targets do not have: of the target that was named, or of all, and if a
/// dialect was, of those that speak it. `None` if nothing is recorded.
pub(super) fn mismatches(
    setup: &Setup,
    common: &Common,
    environment: &Environment,
    queries: &[&Query],
    dialect: Option<Dialect>,
) -> Result<Mismatches, Error> {
    let outputs = options::outputs(common, &setup.project, &[])?;
    let named = |target: &&Target| common.target.is_none() || target.name == setup.target.name;
    let spoken = |target: &&Target| dialect.is_none_or(|dialect| target.dialect == dialect);
    let (mut complaints, mut recorded, mut unrecorded) = (Vec::new(), false, Vec::new());
    for target in setup.project.targets.values().filter(named).filter(spoken) {
        let Some(schema) = schema::load(&setup.project.dir, target)? else {
            unrecorded.push(target.name.as_str());
            continue;
        };
        recorded = true;
        let Setup { project, library, scope, .. } = setup;
        let contract = Contract { project, library, scope, target, schema: &schema };
        complaints.extend(contract.faults(queries, &outputs, &environment.interrupt)?);
    }
    if recorded && !unrecorded.is_empty() && !common.quiet {
        report::say(&format!("note: columns are not checked for {}, of which no schema is recorded", unrecorded.join(", ")));
    }
    complaints.sort();
    complaints.dedup();
    Ok(recorded.then(|| complaints.into_iter().map(finding).collect()))
}

fn finding(Complaint { file, line, message }: Complaint) -> (String, Finding) {
    let at = sql::Place { line: line as u64, column: 0 };
    (file, Finding { at, rule: Rule::SchemaMismatch, weight: Weight::Error, message })
}
