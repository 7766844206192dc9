//! What the linter is told about the tables, beyond what a statement says of them.

use std::collections::BTreeMap;

use super::scope::TablePath;
use super::script::Names;

/// What is known about the tables. Names of tables have as many parts as were declared and match longer ones.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The date column of tables that must be read within bounds.
    pub partitioned: Vec<(String, String)>,
    /// All columns of tables, where a schema is known.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Columns that are never NULL, by table.
    pub not_null: Vec<(String, String)>,
    /// Columns that together identify a row, by table.
    pub unique: Vec<(String, Vec<String>)>,
    /// Tables that hold what should exist.
    pub expected: Vec<String>,
    /// Tables that hold what does exist.
    pub held: Vec<String>,
    /// The status column of the run ledger.
    pub status: Option<Status>,
    /// Whether the rows are a work list: the query has a `[retry]`.
    pub drives_work: bool,
    /// What the script around the statement declares.
    pub names: Names,
}

/// The status column of a run ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The ledger.
    pub table: String,
    /// Its status column.
    pub column: String,
    /// Every label that the project declares for it.
    pub labels: Vec<String>,
}

impl Facts {
    /// The date column by which a table must be bounded.
    pub(super) fn partition_of(&self, path: &TablePath<'_>) -> Option<&str> {
        self.partitioned.iter().find(|(table, _)| path.is(table)).map(|(_, column)| column.as_str())
    }

    pub(super) fn columns_of(&self, path: &TablePath<'_>) -> Option<Vec<String>> {
        self.columns.iter().find(|(table, _)| path.is(table)).map(|(_, columns)| columns.clone())
    }

    pub(super) fn is_not_null(&self, path: &TablePath<'_>, column: &str) -> bool {
        self.not_null.iter().any(|(table, own)| path.is(table) && own.eq_ignore_ascii_case(column))
    }

    /// Whether these columns identify a row of a table.
    pub(super) fn is_unique(&self, path: &TablePath<'_>, columns: &[&str]) -> bool {
        let given = |wanted: &String| columns.iter().any(|column| column.eq_ignore_ascii_case(wanted));
        self.unique.iter().any(|(table, key)| path.is(table) && key.iter().all(given))
    }

    /// Whether a name is a variable or parameter of the script.
    pub(super) fn is_variable(&self, name: &str) -> bool {
        self.names.variables.iter().any(|variable| variable.eq_ignore_ascii_case(name))
    }
}
