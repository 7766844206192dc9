//! Names and comparisons of a statement that cannot be, by the tables that a project has recorded.
//!
//! What the tree does not decide is passed over: tables of foreign databases, fields of structs, pseudo-columns, pivots.

mod types;

use super::scope::{Has, Reference, Relation, Resolution, ScopeId, Scopes, TablePath};
use crate::error::did_you_mean;
use crate::model::schema::{Schema, TableInfo, in_main_schema};
use crate::model::sql::{Dialect, Place, Sql};

/// Something that the recorded tables do not have, or do not compare with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where in the statement.
    pub at: Place,
    /// What it is.
    pub what: What,
    /// The table or column as it is written.
    pub name: String,
    /// What is wrong, without a remedy.
    pub message: String,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A table that is not recorded.
    Table,
    /// A name that means nothing.
    Column,
    /// Two types that do not compare.
    Type,
}

/// Everything in a statement that cannot be, in the order of the text.
#[must_use]
pub fn faults(sql: &Sql, schema: &Schema) -> Vec<Fault> {
    let Ok(query) = sql.tree() else { return Vec::new() };
    let recorded = |path: &TablePath<'_>| table(schema, path);
    let columns = |path: &TablePath<'_>| Some(recorded(path)?.columns.iter().map(|(name, ..)| name.clone()).collect());
    let scopes = Scopes::of(&query, sql.dialect(), &columns);
    let mut faults = Vec::new();
    for (id, scope) in scopes.selects() {
        faults.extend(scope.relations.iter().filter_map(|relation| missing_table(relation, schema)));
        if scope.opaque {
            continue;
        }
        faults.extend(scopes.references(id).into_iter().filter_map(|reference| missing_column(&scopes, id, reference)));
        faults.extend(types::faults(&scopes, id, schema));
    }
    faults.sort();
    faults.dedup();
    faults
}

/// The tables that a statement reads, by the names that it gives them; those of the engine itself left out.
#[must_use]
pub fn tables(sql: &Sql) -> Vec<String> {
    let Ok(query) = sql.tree() else { return Vec::new() };
    let dialect = sql.dialect();
    let scopes = Scopes::of(&query, dialect, &|_| None);
    let relations = scopes.selects().flat_map(|(_, scope)| &scope.relations);
    let paths = relations.filter_map(Relation::table).filter(|path| !path.wildcard && !is_system(path, dialect));
    paths.map(ToString::to_string).collect()
}

fn table<'s>(schema: &'s Schema, path: &TablePath<'_>) -> Option<&'s TableInfo> {
    schema.table(&path.to_string()).filter(|_| !path.wildcard)
}

fn missing_table(relation: &Relation<'_>, schema: &Schema) -> Option<Fault> {
    let path = relation.table()?;
    if path.wildcard || is_system(path, schema.dialect) || table(schema, path).is_some() {
        return None;
    }
    // Databases of which nothing is recorded may be out of the engine's sight.
    let database = path.parts.len().checked_sub(2).map(|at| path.parts[..at].join(".").to_lowercase() + ".");
    let is_foreign = |database: &String| !schema.tables.keys().any(|name| name.to_lowercase().starts_with(database));
    if path.parts.len() > 2 && database.is_some_and(|database| is_foreign(&database)) {
        return None;
    }
    let name = in_main_schema(schema.dialect, &path.to_string()).to_owned();
    let hint = did_you_mean(&name, schema.tables.keys().map(String::as_str));
    let start = path.idents.first()?.span.start;
    let message = format!("table {name} is not recorded in {}{hint}", schema.file);
    Some(Fault { at: Place { line: start.line, column: start.column }, what: What::Table, name, message })
}

/// Views of the engine's own catalogue, which no schema records.
fn is_system(path: &TablePath<'_>, dialect: Dialect) -> bool {
    let lower: Vec<String> = path.parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let last = lower.last().map_or("", String::as_str);
    let engines_own = match dialect {
        Dialect::DuckDb => last.starts_with("duckdb_") || last.starts_with("sqlite_") || last.starts_with("pg_"),
        Dialect::Postgres => last.starts_with("pg_"),
        Dialect::BigQuery => last.starts_with("__"),
        Dialect::Databricks => lower.first().is_some_and(|first| first == "system"),
        Dialect::Snowflake => lower.first().is_some_and(|first| first == "snowflake"),
    };
    engines_own || lower.iter().any(|part| part == "information_schema" || part == "pg_catalog")
}

fn missing_column(scopes: &Scopes<'_>, id: ScopeId, reference: Reference<'_>) -> Option<Fault> {
    let first = reference.parts.first()?;
    if reference.parts.iter().any(|part| is_special(&part.value, scopes.dialect())) {
        return None;
    }
    let resolution = scopes.resolve(id, reference);
    let (written, message) = if resolution.is_unknown() {
        (first, unknown(scopes, id, &first.value, reference.parts.len() > 1))
    } else {
        let (relation, column) = lacking(scopes, &resolution)?;
        let hint = did_you_mean(column, relation.columns.iter().map(AsRef::as_ref));
        (reference.parts.last()?, format!("{} has no column {column}{hint}", told(relation)))
    };
    let start = first.span.start;
    Some(Fault { at: Place { line: start.line, column: start.column }, what: What::Column, name: written.value.clone(), message })
}

/// The relation that a qualified name means, if it surely lacks the column.
fn lacking<'s, 'a>(scopes: &'s Scopes<'a>, resolution: &Resolution<'a>) -> Option<(&'s Relation<'a>, &'a str)> {
    let candidate = resolution.certain().filter(|candidate| !candidate.known)?;
    let relation = &scopes.select(candidate.scope).relations[candidate.relation];
    let column = resolution.column?;
    (relation.has(&column.value) == Has::No).then_some((relation, column.value.as_str()))
}

/// A name that nothing in sight has.
fn unknown(scopes: &Scopes<'_>, id: ScopeId, name: &str, qualifies: bool) -> String {
    let visible = |id: ScopeId| scopes.select(id).relations.iter().filter(|relation| !relation.hidden);
    let outwards = std::iter::successors(Some(id), |id| scopes.select(*id).outer);
    let known = outwards.flat_map(visible).flat_map(|relation| {
        let relations = relation.name.filter(|_| qualifies);
        relation.columns.iter().map(AsRef::as_ref).chain(relations)
    });
    let hint = did_you_mean(name, known);
    let own: Vec<String> = visible(id).map(told).collect();
    match own.as_slice() {
        [] => format!("nothing is called {name} here{hint}"),
        [only] if !qualifies => format!("{only} has no column {name}{hint}"),
        all if qualifies => format!("neither a table nor a column is called {name} in {}{hint}", all.join(", ")),
        all => format!("there is no column {name} in {}{hint}", all.join(", ")),
    }
}

fn told(relation: &Relation<'_>) -> String {
    let table = relation.table().map(ToString::to_string);
    table.unwrap_or_else(|| relation.name.map_or_else(|| "the subquery".to_owned(), |name| format!("`{name}`")))
}

/// Names that engines have besides those of columns: pseudo-columns, and functions without parentheses.
fn is_special(name: &str, dialect: Dialect) -> bool {
    const ALL: &str = "
        current_date current_time current_timestamp current_datetime current_user current_role current_catalog current_schema
        current_database session_user user localtime localtimestamp sysdate default all rowid excluded";
    const POSTGRES: &str = "ctid oid xmin xmax cmin cmax tableoid system_user";
    let listed = |words: &str| words.split_whitespace().any(|word| word.eq_ignore_ascii_case(name));
    match dialect {
        _ if listed(ALL) => true,
        Dialect::BigQuery | Dialect::Databricks => name.starts_with('_'),
        Dialect::Postgres => listed(POSTGRES),
        Dialect::Snowflake => false,
        Dialect::DuckDb => matches!(name.to_ascii_lowercase().as_str(), "filename" | "file_row_number"),
    }
}
