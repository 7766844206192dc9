//! Where the rows are: one trait, and one file per engine.
//!
//! Nothing but a [`Sql`], which is one read-only statement, is ever sent; the connection is read-only besides.

#[cfg(feature = "adbc")]
mod adbc;
#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "databricks")]
mod databricks;
#[cfg(feature = "duckdb")]
mod duckdb;
mod interrupt;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "bigquery", feature = "databricks"))]
mod rest;
#[cfg(feature = "postgres")]
mod waiting;

use std::time::Instant;

use crate::error::Error;
use crate::model::adbc::Adbc;
use crate::model::catalogue::{Source, Target};
use crate::model::fixture::{Part, SmallWarehouse};
use crate::model::report::Finding;
use crate::model::schema::Schema;
use crate::model::sql::{Dialect, Place, Sql};
use crate::model::table::Table;

pub use crate::model::schema::{Inventory, TableInfo};
pub use interrupt::Interrupt;

/// Why a statement has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It took too long and was cancelled.
    #[error("it was cancelled at the time limit of {0} s")]
    Timeout(u64),
    /// The user interrupted the run; the statement was cancelled.
    #[error("interrupted")]
    Interrupted,
    /// The engine refused it or failed.
    #[error("{0}")]
    Engine(String),
    /// The same, where it is known what to do about it.
    #[error("{message}")]
    Explained {
        /// What the engine says.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// It came to nothing, but may go on in the warehouse, so that it is not to be asked again.
    #[error("{message}")]
    Running {
        /// What happened, and what the statement is called there.
        message: String,
        /// How to end it.
        remedy: String,
    },
}

impl QueryError {
    /// What it means where it stands in the way of a whole target.
    #[cfg(any(feature = "adbc", feature = "bigquery", feature = "postgres", feature = "databricks"))]
    fn finding(&self, rule: &str) -> Finding {
        match self {
            Self::Explained { message, remedy } | Self::Running { message, remedy } => {
                Finding::undecided(rule, message).with_remedy(remedy)
            }
            error => Finding::undecided(rule, error.to_string()),
        }
    }
}

/// The list of tables, which is no list if the engine held some of it back: what is not in it would seem not to be there.
#[cfg(any(feature = "adbc", feature = "bigquery", feature = "databricks"))]
fn whole(list: Table) -> Result<Table, QueryError> {
    if !list.is_truncated() {
        return Ok(list);
    }
    let message = "the list of its tables is cut off, so that what is not in it may be there: raise `max_rows` of the target";
    Err(QueryError::Engine(message.to_owned()))
}

/// What a statement would read, by the engine's own word and without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Bytes.
    pub bytes: u64,
    /// The tables that it reads, those behind views included, as `project.dataset.table`.
    pub tables: Vec<String>,
}

/// What an engine has against a statement on tables of the recorded columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    /// What the engine says, in one line.
    pub message: String,
    /// Where in the statement; line 0 if the engine does not tell.
    pub at: Place,
    /// Whether a name means nothing; else two types do not go together.
    pub is_column: bool,
}

/// What an engine says of one statement; nothing if it would run it.
pub type Answer = Option<BindError>;

/// The longest that statements may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// The moment at which what runs is cancelled.
    pub at: Instant,
    /// The limit that the user set, in seconds, for messages.
    pub seconds: u64,
}

/// An engine to ask. It answers with a complete result or an error, never with less.
pub trait Warehouse: Send + Sync {
    /// The dialect of its statements.
    fn dialect(&self) -> Dialect;

    /// Runs one statement and fetches all of its rows.
    ///
    /// # Errors
    /// The engine's own, a time-out, or an interrupt; in the last two the statement is cancelled.
    fn query(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError>;

    /// Every table and view that can be seen, under each name by which it can be asked for, and how the list was asked for. Engines
    /// whose lists are per schema look where the `named` tables are.
    ///
    /// # Errors
    /// As [`Warehouse::query`].
    fn inventory(&self, named: &[&str], deadline: Deadline) -> Result<(Inventory, Sql), QueryError>;

    /// What a statement would read; `None` from engines that cannot tell before they have run it.
    ///
    /// # Errors
    /// As [`Warehouse::query`].
    fn estimate(&self, _sql: &Sql, _deadline: Deadline) -> Result<Option<Estimate>, QueryError> {
        Ok(None)
    }

    /// Whether it keeps exact counts of a table's rows for each date of this column, which a statement can read instead of the
    /// rows. What cannot be found out is a no.
    fn counts_by_date(&self, _table: &str, _column: &str, _deadline: Deadline) -> bool {
        false
    }

    /// The most bytes that the statements of a run may read; only of engines that estimate.
    fn cap(&self) -> Option<u64> {
        None
    }

    /// What stands in the way of asking it: credentials, permissions, places. The datasets are those of the `named` tables.
    fn examine(&self, _named: &[&str], _deadline: Deadline) -> Vec<Finding> {
        Vec::new()
    }

    /// How many statements it should be sent at the same time, unless the user says otherwise.
    fn at_once(&self) -> usize {
        4
    }

    /// Whether a table may be too large to look for duplicates in one statement. Only an engine that has no more memory
    /// than this machine needs to care.
    fn may_be_large(&self) -> bool {
        false
    }
}

/// Opens a target, read-only.
///
/// # Errors
/// [`Error::Usage`] for an engine that this build lacks, [`Error::Warehouse`] if it cannot be opened.
pub fn open(target: &Target, project_dir: &std::path::Path, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    if let Source::Unset(variable) = &target.source {
        return Err(Error::Usage(format!("target `{}` needs {variable}, which the environment does not have", target.name)));
    }
    if let Source::Adbc(adbc) = &target.source {
        return open_adbc(target, adbc, interrupt);
    }
    match target.dialect {
        #[cfg(feature = "duckdb")]
        Dialect::DuckDb => duckdb::open(target, project_dir, interrupt),
        #[cfg(feature = "bigquery")]
        Dialect::BigQuery => bigquery::open(target, interrupt),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => postgres::open(target, interrupt),
        #[cfg(feature = "databricks")]
        Dialect::Databricks => databricks::open(target, interrupt),
        dialect => {
            let _ = (project_dir, interrupt);
            Err(Error::Usage(format!(
                "target `{}` is a {} warehouse, which this build cannot reach; its SQL can be rendered with `gapgate render --dialect {}`",
                target.name,
                dialect.name(),
                dialect.name()
            )))
        }
    }
}

#[cfg(feature = "adbc")]
fn open_adbc(target: &Target, adbc: &Adbc, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    adbc::open(target, adbc, interrupt)
}

#[cfg(not(feature = "adbc"))]
fn open_adbc(target: &Target, _adbc: &Adbc, _interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    let name = &target.name;
    Err(Error::Usage(format!("target `{name}` needs an ADBC driver, which this build cannot load: build gapgate with `--features adbc`")))
}

/// A small warehouse in memory, with what a case adds to it. It is locked once it is loaded.
///
/// # Errors
/// [`Error::Complaints`] with file and line of what cannot be loaded, [`Error::Usage`] if this build has no embedded
/// engine, [`Error::Warehouse`] if it cannot be opened or loading takes too long, [`Error::Interrupted`].
pub fn open_small<'a>(
    small: &'a SmallWarehouse,
    more: impl IntoIterator<Item = &'a Part>,
    interrupt: &Interrupt,
    deadline: Deadline,
) -> Result<Box<dyn Warehouse>, Error> {
    #[cfg(feature = "duckdb")]
    return duckdb::open_small(small, more, interrupt, deadline);
    #[cfg(not(feature = "duckdb"))]
    {
        let _ = (small, more.into_iter().count(), interrupt, deadline);
        Err(Error::Usage("fixtures need the embedded engine, which this build lacks".to_owned()))
    }
}

/// What the engine of a target says of statements on empty tables of the recorded columns, one answer for each; none where it
/// would run them. Without a warehouse, and `None` where this build has no such engine.
///
/// # Errors
/// [`Error::Warehouse`] if the engine does not start, [`Error::Interrupted`].
pub fn bind(target: &Target, schema: &Schema, statements: &[&Sql], interrupt: &Interrupt) -> Result<Option<Vec<Answer>>, Error> {
    match target.dialect {
        #[cfg(feature = "duckdb")]
        Dialect::DuckDb => duckdb::bind(target, schema, statements, interrupt).map(Some),
        _ => {
            let _ = (schema, statements, interrupt);
            Ok(None)
        }
    }
}
