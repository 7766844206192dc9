//! A small warehouse in memory: loaded from fixtures, then locked.
//!
//! Its scripts may come with a project that is checked out and tested unseen. They are the user's own as those of a
//! `load` folder are, but can reach nothing of the machine: only the folder's own data files are read, and what they
//! write is gone with the process.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use duckdb::{Config, Connection};

use super::super::{Deadline, Interrupt, Warehouse};
use super::{DuckDb, first_line, folder, spill, timed};
use crate::error::{Complaint, Error};
use crate::model::fixture::{Content, Part, SmallWarehouse};
use crate::model::sql::{Dialect, statements};

/// Loads the parts of a small warehouse, and then those of a case.
pub(in super::super) fn open<'a>(
    small: &'a SmallWarehouse,
    more: impl IntoIterator<Item = &'a Part>,
    interrupt: &Interrupt,
    deadline: Deadline,
) -> Result<Box<dyn Warehouse>, Error> {
    let failed = |error: duckdb::Error| Error::Warehouse(format!("cannot open a warehouse in memory: {}", first_line(&error.to_string())));
    let connection = connect(small).map_err(failed)?;
    for part in small.parts.iter().chain(more) {
        let outcome = timed(&connection, interrupt, deadline, |connection| load(connection, part, &small.folder));
        if interrupt.is_thrown() {
            return Err(Error::Interrupted);
        }
        if outcome.is_err() && Instant::now() >= deadline.at {
            return Err(Error::Warehouse(format!("{}: its loading was cancelled at the time limit of {} s", part.file, deadline.seconds)));
        }
        outcome?;
    }
    connection.execute_batch("set lock_configuration = true").map_err(failed)?;
    let (origin, idle) = (Mutex::new(connection), Mutex::default());
    Ok(Box::new(DuckDb { origin, idle, interrupt: interrupt.clone(), bytes: 0, _temporary: None }))
}

/// One thread is quick to start, and leaves the order of rows to no chance.
fn connect(small: &SmallWarehouse) -> duckdb::Result<Connection> {
    let config = Config::default()
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("temp_directory", spill().to_string_lossy())?
        .threads(1)?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    let data = |part: &Part| match &part.content {
        Content::Data(name) => Some(format!("'{}'", small.folder.join(name).to_string_lossy().replace('\'', "''"))),
        _ => None,
    };
    let allowed: Vec<String> = small.parts.iter().filter_map(data).collect();
    connection.execute_batch(&format!("set allowed_paths = [{}]; set enable_external_access = false", allowed.join(", ")))?;
    Ok(connection)
}

fn load(connection: &Connection, part: &Part, folder: &Path) -> Result<(), Error> {
    let run = |sql: &str, line: &dyn Fn(&str) -> usize| {
        connection.execute_batch(sql).map_err(|error| {
            let text = error.to_string();
            Error::Complaints(vec![Complaint { file: part.file.clone(), line: line(&text), message: first_line(&text) }])
        })
    };
    match &part.content {
        Content::Rows(sql) => run(sql, &|_| part.line),
        Content::Data(name) => run(&folder::table(&folder.join(name), name), &|text| number_after(text, "Line: ").unwrap_or(0)),
        Content::Script(script) => {
            let statements = statements(script, Dialect::DuckDb).unwrap_or_else(|| vec![(1, script)]);
            let place = |line: usize, text: &str| part.line + line + number_after(text, "\nLINE ").unwrap_or(1) - 2;
            statements.into_iter().try_for_each(|(line, sql)| run(sql, &|text| place(line, text)))
        }
    }
}

/// The number that follows a word in what the engine says.
fn number_after(text: &str, word: &str) -> Option<usize> {
    let (_, rest) = text.split_once(word)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
