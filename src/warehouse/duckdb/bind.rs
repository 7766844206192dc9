//! Statements bound on empty tables: an engine in memory that has the recorded columns and no rows.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;

use duckdb::{Config, Connection};

use super::super::{Answer, BindError, Interrupt};
use super::first_line;
use crate::model::catalogue::Target;
use crate::model::schema::Schema;
use crate::model::sql::{Dialect, Place, Sql, check_expression};

/// The type of a column of which nothing is known: it becomes whatever is asked of it.
const UNKNOWN: &str = "\"NULL\"";

/// What the engine says of each statement; none if it would run it.
pub(super) fn bind(target: &Target, schema: &Schema, statements: &[&Sql], interrupt: &Interrupt) -> duckdb::Result<Vec<Answer>> {
    let connection = connect(target)?;
    let mut types = BTreeMap::new();
    for (name, table) in &schema.tables {
        let columns = table.columns.iter().map(|(column, data_type, _)| {
            let known = types.entry(data_type.as_str()).or_insert_with(|| knows(&connection, data_type));
            format!("{} {}", quote(column), if *known { data_type } else { UNKNOWN })
        });
        // What cannot be made the engine will not find, and tables are looked for in the tree.
        let _ = create(&connection, name, &columns.collect::<Vec<String>>());
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let parts: Vec<&[&Sql]> = statements.chunks(statements.len().div_ceil(threads).max(1)).collect();
    let connections = parts.iter().map(|_| connection.try_clone()).collect::<duckdb::Result<Vec<Connection>>>()?;
    // The plans are thrown away.
    connections.iter().try_for_each(|connection| connection.execute_batch("pragma disable_optimizer"))?;
    connection.execute_batch("set lock_configuration = true")?;
    let answers = thread::scope(|scope| {
        let parts = connections.into_iter().zip(parts);
        let handles: Vec<_> = parts.map(|(connection, part)| scope.spawn(move || answers(&connection, part, interrupt))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect::<Vec<_>>()
    });
    Ok(answers.concat())
}

fn answers(connection: &Connection, statements: &[&Sql], interrupt: &Interrupt) -> Vec<Answer> {
    let answer = |sql: &&Sql| connection.prepare(sql.as_str()).err().and_then(|error| told(&error.to_string(), sql));
    statements.iter().take_while(|_| !interrupt.is_thrown()).map(answer).collect()
}

fn connect(target: &Target) -> duckdb::Result<Connection> {
    let config = Config::default().enable_autoload_extension(false)?.with("autoinstall_known_extensions", "false")?.threads(1)?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    for extension in &target.extensions {
        // Without it, what it brings is unknown, and not complained of.
        let _ = connection.execute_batch(&format!("load '{}'", extension.replace('\'', "''")));
    }
    connection.execute_batch("set enable_external_access = false")?;
    Ok(connection)
}

/// Whether this engine has a type of that name. It stands in a file that anyone may have edited, so it must pass the guard.
fn knows(connection: &Connection, data_type: &str) -> bool {
    let cast = format!("cast(null as {data_type})");
    check_expression(&cast, Dialect::DuckDb).is_ok() && connection.prepare(&format!("select {cast}")).is_ok()
}

fn create(connection: &Connection, name: &str, columns: &[String]) -> duckdb::Result<()> {
    let parts: Vec<String> = name.split('.').map(quote).collect();
    if columns.is_empty() {
        return Ok(());
    }
    if let [database, _, _] = parts.as_slice() {
        connection.execute_batch(&format!("attach if not exists ':memory:' as {database}"))?;
    }
    if let Some((_, schema)) = parts.split_last().filter(|(_, schema)| !schema.is_empty()) {
        connection.execute_batch(&format!("create schema if not exists {}", schema.join(".")))?;
    }
    connection.execute_batch(&format!("create table if not exists {} ({})", parts.join("."), columns.join(", ")))
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What the engine says against a statement; none where it lacks something that the warehouse can have: a function, a macro,
/// an extension, a table.
fn told(text: &str, sql: &Sql) -> Option<BindError> {
    let (class, _) = text.split_once(": ")?;
    if !["Binder Error", "Conversion Error", "Parser Error", "Invalid Input Error"].contains(&class) {
        return None;
    }
    let message = first_line(text.split("Candidate ").next().unwrap_or(text)).trim_end().to_owned();
    Some(BindError { message, at: place(text, sql), is_column: is_column(text) })
}

/// Whether a name is at fault, not a type.
fn is_column(text: &str) -> bool {
    ["not found in FROM clause", "does not have a column named", "Referenced table"].iter().any(|words| text.contains(words))
}

/// `LINE 7: ...` and, below, a caret under the fault. A long line is cut on the left; then its beginning is meant.
fn place(text: &str, sql: &Sql) -> Place {
    let told = || {
        let (number, rest) = text.split_once("\n\nLINE ")?.1.split_once(": ")?;
        let (shown, caret) = rest.split_once('\n')?;
        let line: usize = number.parse().ok()?;
        let before = caret.find('^')?.checked_sub("LINE : ".len() + number.len())?;
        let written = sql.as_str().lines().nth(line.checked_sub(1)?)?;
        let whole = shown.chars().take(before).eq(written.chars().take(before));
        Some(Place { line: line as u64, column: if whole { before as u64 + 1 } else { 1 } })
    };
    told().unwrap_or_default()
}
