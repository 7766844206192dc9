//! The project against the recorded tables of a target: every table, column and type that it reads, without a warehouse.
//!
//! The catalogue comes first, because its columns have lines of their own. Then every query is looked at as it is rendered:
//! by its tree, and where the engine of the target is part of this build, by binding it on empty tables.

mod statements;

use std::collections::BTreeSet;

use crate::error::{Complaint, Error, did_you_mean};
use crate::lint::names::{self, Fault, What};
use crate::load::schema::pull;
use crate::model::catalogue::{Project, Target};
use crate::model::query::{Library, Query};
use crate::model::reading;
use crate::model::schema::{Schema, in_main_schema};
use crate::model::scope::Scope;
use crate::model::sql::Dialect;
use crate::render::Origins;
use crate::warehouse::{self, BindError, Interrupt};

use statements::{Mended, SAMPLE, Source, Statement};

/// A project and what it records of one target.
#[derive(Debug)]
pub struct Contract<'a> {
    /// The project.
    pub project: &'a Project,
    /// The queries.
    pub library: &'a Library,
    /// What is looked at, which decides nothing but the dates in the statements.
    pub scope: &'a Scope,
    /// The target.
    pub target: &'a Target,
    /// What is recorded of it.
    pub schema: &'a Schema,
}

/// The tables that a project reads, by the names that it gives them: those of the catalogue, and those of its own queries and
/// spines as they are rendered in this dialect.
#[must_use]
pub fn tables(project: &Project, library: &Library, scope: &Scope, dialect: Dialect) -> BTreeSet<String> {
    let mut tables: BTreeSet<String> = reading::tables(project).into_iter().map(|(table, _)| table.to_owned()).collect();
    let queries: Vec<&Query> = library.queries.values().collect();
    let outputs: Vec<String> = project.outputs.keys().cloned().collect();
    for statement in statements::of(project, library, scope, dialect, &queries, &outputs) {
        for table in names::tables(&statement.sql) {
            let table = in_main_schema(dialect, &table);
            if !tables.iter().any(|known| known.eq_ignore_ascii_case(table)) {
                tables.insert(table.to_owned());
            }
        }
    }
    tables
}

/// What was complained of, so that it is not found again in every query.
#[derive(Debug, Default)]
struct Found {
    complaints: Vec<Complaint>,
    /// Tables that are not recorded, in lower case.
    tables: BTreeSet<String>,
    /// Columns that the catalogue names and their tables lack, in lower case.
    columns: BTreeSet<String>,
    /// Tables of which the catalogue reads something that cannot be, in lower case.
    doubtful: BTreeSet<String>,
}

impl Contract<'_> {
    /// Everything that these queries, asked of these outputs, and the catalogue itself read and the file does not record.
    ///
    /// # Errors
    /// [`Error::Warehouse`] if the embedded engine does not start, [`Error::Interrupted`].
    pub fn faults(&self, queries: &[&Query], outputs: &[String], interrupt: &Interrupt) -> Result<Vec<Complaint>, Error> {
        let mut found = Found::default();
        self.tables(&mut found);
        let conceded = self.columns(&mut found);
        let Self { project, library, scope, target, .. } = *self;
        let statements = statements::of(project, library, scope, target.dialect, queries, outputs);
        let texts: Vec<_> = statements.iter().map(|statement| &statement.sql).collect();
        let bound = warehouse::bind(target, &conceded, &texts, interrupt)?;
        let origins = Origins::new(library, project, scope, target.dialect);
        for (index, statement) in statements.iter().enumerate() {
            let engine = bound.as_ref().map(|answers| answers[index].as_ref());
            self.statement(statement, engine, &origins, &mut found);
        }
        found.complaints.sort();
        found.complaints.dedup();
        Ok(found.complaints)
    }

    /// Every table that the catalogue names must be recorded.
    fn tables(&self, found: &mut Found) {
        for (table, place) in reading::tables(self.project).into_iter().filter(|(table, _)| self.schema.table(table).is_none()) {
            let hint = did_you_mean(table, self.schema.tables.keys().map(String::as_str));
            let message = format!("table {table} is not recorded in {}{hint}", self.schema.file);
            found.complaints.push(self.complaint(place, &message, "correct the name, or load the table"));
            found.tables.insert(table.to_lowercase());
        }
    }

    /// Every column that the catalogue names must be recorded and of a type that serves. What is not is conceded in the
    /// schema that comes back.
    fn columns(&self, found: &mut Found) -> Schema {
        let mut conceded = self.schema.clone();
        for reading in reading::of_project(self.project) {
            let Some(fault) = self.schema.table(reading.table).and_then(|info| info.fault(&reading)) else { continue };
            let remedy = if fault.what == "column" { "correct the name" } else { &fault.remedy };
            found.complaints.push(self.complaint(reading.place, &fault.message, remedy));
            if fault.what == "column" {
                found.columns.insert(reading.text.to_lowercase());
            }
            found.doubtful.insert(reading.table.to_lowercase());
            conceded.concede(reading.table, reading.text, reading.role.kind());
        }
        conceded
    }

    /// Whether there is something wrong with the statement. `engine` is what binding it says, if it was bound.
    fn statement(&self, statement: &Statement<'_>, engine: Option<Option<&BindError>>, origins: &Origins<'_>, found: &mut Found) {
        let mut faults = names::faults(&statement.sql, self.schema);
        faults.retain(|fault| self.holds(fault, statement, engine, found));
        let explained = faults.iter().any(|fault| fault.what != What::Table);
        let error = engine.flatten().filter(|error| !explained && !error.message.contains(SAMPLE));
        if faults.is_empty() && error.is_none() {
            return;
        }
        let is_doubtful = self.reads_any_of(statement, &found.doubtful);
        for fault in faults.iter().filter(|fault| !fault.message.contains(SAMPLE)) {
            self.report(statement, fault, origins, is_doubtful, found);
        }
        if let Some(error) = error {
            let mended = statement.mended(self, origins, error.at, "");
            if !is_doubtful || (mended.written && error.is_column) {
                self.complain(statement, &mended, &error.message, "correct it", found);
            }
        }
    }

    /// Where an engine binds for real, it decides whether a name means something; the tree tells which, and all of them.
    fn holds(&self, fault: &Fault, statement: &Statement<'_>, engine: Option<Option<&BindError>>, found: &Found) -> bool {
        let is_conceded = || matches!(statement.source, Source::Reading(_)) || found.columns.contains(&fault.name.to_lowercase());
        let refuses = |answer: Option<&BindError>| answer.is_some_and(|error| error.is_column);
        fault.what != What::Column || engine.is_none_or(refuses) || is_conceded()
    }

    fn report(&self, statement: &Statement<'_>, fault: &Fault, origins: &Origins<'_>, is_doubtful: bool, found: &mut Found) {
        // Once for each table, however many queries read it.
        if fault.what == What::Table && !found.tables.insert(fault.name.to_lowercase()) {
            return;
        }
        let mended = statement.mended(self, origins, fault.at, &fault.name);
        if mended.written || !is_doubtful {
            let remedy = match fault.what {
                What::Table => "correct the name, or load the table",
                What::Column => "correct the name",
                What::Type => "compare it with a value of its type, or cast it",
            };
            self.complain(statement, &mended, &fault.message, remedy, found);
        }
    }

    fn complain(&self, statement: &Statement<'_>, mended: &Mended, message: &str, remedy: &str, found: &mut Found) {
        let complaint = self.complaint(&mended.place, &format!("{message}{}", mended.context), remedy);
        // To where it only leads, it leads once.
        let is_told = |known: &Complaint| (&known.file, known.line) == (&complaint.file, complaint.line);
        if mended.written || !found.complaints.iter().any(is_told) {
            found.complaints.push(complaint);
        }
        if let Source::Reading(reading) = statement.source {
            found.doubtful.insert(reading.table.to_lowercase());
        }
    }

    fn reads_any_of(&self, statement: &Statement<'_>, doubtful: &BTreeSet<String>) -> bool {
        let name = |table: &String| in_main_schema(self.target.dialect, table).to_lowercase();
        names::tables(&statement.sql).iter().any(|table| doubtful.contains(&name(table)))
    }

    fn complaint(&self, place: &str, message: &str, remedy: &str) -> Complaint {
        let (file, pull) = (&self.schema.file, pull(self.target));
        Complaint::at(place, format!("{message}; {remedy}; if the warehouse has changed, {pull} refreshes {file}"))
    }
}
