//! What checks are run with: the project, an open warehouse, and what has been asked of it so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::inventory;
use super::plan::Plan;
use crate::model::catalogue::Project;
use crate::model::query::Library;
use crate::model::report::{Finding, StatementReport};
use crate::model::scope::Scope;
use crate::model::sql::Sql;
use crate::model::table::Table;
use crate::render::Renderer;
use crate::warehouse::{Deadline, Inventory, QueryError, TableInfo, Warehouse};

/// Everything that checks are run with.
#[derive(Debug)]
pub struct Session<'a> {
    /// The project.
    pub project: &'a Project,
    /// The queries.
    pub library: &'a Library,
    /// What is looked at.
    pub scope: &'a Scope,
    /// The warehouse.
    pub warehouse: &'a dyn Warehouse,
    /// When statements are cancelled.
    pub deadline: Deadline,
    /// How many checks run at the same time.
    pub jobs: usize,
    start: Instant,
    pub(super) renderer: Renderer<'a>,
    inventory: OnceLock<Result<Inventory, String>>,
    overhead: Mutex<Vec<StatementReport>>,
    /// How many keys each spine has, as far as that was asked.
    pub(super) spines: Mutex<BTreeMap<String, Finding>>,
    /// Whether rows are read even where the warehouse has counted them.
    pub(super) scan: bool,
    /// Which outputs it has counted, as far as that was asked.
    pub(super) counts: Mutex<BTreeMap<String, bool>>,
}

impl std::fmt::Debug for dyn Warehouse + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} warehouse", self.dialect().name())
    }
}

impl<'a> Session<'a> {
    /// A session on an open warehouse. Nothing is sent yet.
    pub fn new(project: &'a Project, library: &'a Library, scope: &'a Scope, warehouse: &'a dyn Warehouse, deadline: Deadline) -> Self {
        let renderer = Renderer::new(library, project, scope, warehouse.dialect());
        Self {
            project,
            library,
            scope,
            warehouse,
            deadline,
            jobs: warehouse.at_once(),
            start: Instant::now(),
            renderer,
            inventory: OnceLock::new(),
            overhead: Mutex::default(),
            spines: Mutex::default(),
            scan: false,
            counts: Mutex::default(),
        }
    }

    /// The statements that served no single check.
    pub fn statements(&self) -> Vec<StatementReport> {
        self.overhead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// At most so many checks at the same time; `None` leaves it to the warehouse.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Option<usize>) -> Self {
        self.jobs = jobs.unwrap_or(self.jobs);
        self
    }

    pub(super) fn statement(&self, sql: &Sql, sent: Instant) -> StatementReport {
        self.since(sql.as_str().to_owned(), sent)
    }

    pub(super) fn since(&self, sql: String, sent: Instant) -> StatementReport {
        StatementReport { sql, sent: sent.saturating_duration_since(self.start), elapsed: sent.elapsed(), bytes: None }
    }

    /// Counts a statement that served no single check.
    pub(super) fn note(&self, statement: StatementReport) {
        self.overhead.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
    }

    /// Runs a statement that serves no single check.
    pub(super) fn ask_aside(&self, sql: &Sql) -> Result<Table, QueryError> {
        let mut statements = Vec::new();
        let answer = self.ask(sql, &mut statements);
        self.overhead.lock().unwrap_or_else(PoisonError::into_inner).append(&mut statements);
        answer
    }

    /// Takes over what planning has rendered and guarded.
    pub fn adopt(&mut self, plans: &[Plan<'_>]) {
        plans.iter().flat_map(|plan| &plan.statements).for_each(|sql| self.renderer.adopt(sql));
    }

    /// Runs one statement and measures it.
    pub(super) fn ask(&self, sql: &Sql, statements: &mut Vec<StatementReport>) -> Result<Table, QueryError> {
        let sent = Instant::now();
        let answer = self.warehouse.query(sql, self.deadline);
        // The warehouse remembers what it was told before it ran the statement.
        let estimate = answer.as_ref().ok().and_then(|_| self.warehouse.estimate(sql, self.deadline).ok().flatten());
        statements.push(StatementReport { bytes: estimate.map(|estimate| estimate.bytes), ..self.statement(sql, sent) });
        answer
    }

    /// Whether the catalogue names a table, which the engine names in full.
    pub fn is_catalogued(&self, table: &str) -> bool {
        let table = table.to_lowercase();
        inventory::named(self.project)
            .iter()
            .map(|name| name.to_lowercase())
            .any(|name| table == name || table.ends_with(&format!(".{name}")))
    }

    /// The tables that the warehouse holds, by lower-case name. They are asked for when they are first needed: to know how
    /// large tables are, or why a statement failed.
    ///
    /// # Errors
    /// Why the list could not be read.
    pub fn tables(&self) -> Result<&Inventory, &str> {
        let answer = self.inventory.get_or_init(|| {
            let sent = Instant::now();
            let (inventory, sql) =
                self.warehouse.inventory(&inventory::named(self.project), self.deadline).map_err(|error| error.to_string())?;
            self.note(self.statement(&sql, sent));
            Ok(inventory)
        });
        answer.as_ref().map_err(String::as_str)
    }

    /// What the warehouse says of a table, if it lists it.
    pub(super) fn table(&self, name: &str) -> Option<&TableInfo> {
        self.tables().ok()?.get(&name.to_lowercase())
    }
}

/// A deadline so many seconds from now.
pub fn deadline_in(seconds: u64) -> Deadline {
    Deadline { at: Instant::now() + Duration::from_secs(seconds), seconds }
}
