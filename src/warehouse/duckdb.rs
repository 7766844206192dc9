//! The embedded engine: a DuckDB file opened read-only, or a folder that is loaded into one.
//!
//! Statements can neither write, nor read files or the network, nor load extensions, unless the target grants it.

mod bind;
mod folder;
mod memory;
mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use duckdb::{AccessMode, Config, Connection};

use super::{Answer, Deadline, Interrupt, Inventory, QueryError, TableInfo, Warehouse};
use crate::error::Error;
use crate::model::catalogue::{Source, Target};
use crate::model::schema::Schema;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::{Kind, Table, Value};

pub(super) use memory::open as open_small;

/// A database file of so many bytes holds no table that is too large for one statement.
const SMALL: u64 = 32 << 20;

/// How often a running statement is looked after. An interrupt is repeated, for one that arrives before the engine has begun
/// is lost.
const PATIENCE: Duration = Duration::from_millis(50);

struct DuckDb {
    /// What further connections are made from; it runs nothing itself.
    origin: Mutex<Connection>,
    /// Connections that wait for a statement.
    idle: Mutex<Vec<Connection>>,
    interrupt: Interrupt,
    bytes: u64,
    /// Kept while the connection lives, where the folder's cache could not be written.
    _temporary: Option<tempfile::TempDir>,
}

/// Binds statements on empty tables of the recorded columns.
pub(super) fn bind(target: &Target, schema: &Schema, statements: &[&Sql], interrupt: &Interrupt) -> Result<Vec<Answer>, Error> {
    let answers = bind::bind(target, schema, statements, interrupt);
    if interrupt.is_thrown() {
        return Err(Error::Interrupted);
    }
    answers.map_err(|error| Error::Warehouse(format!("the tables of {} cannot be made: {}", schema.file, first_line(&error.to_string()))))
}

/// Opens the target's database file, or loads its folder first.
pub(super) fn open(target: &Target, project_dir: &Path, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    let (file, temporary) = match &target.source {
        Source::Folders(folders) => folder::database(folders, project_dir, interrupt)?,
        Source::Database(file) => (file.clone(), None),
        _ => {
            return Err(Error::Usage(format!("target `{}` has neither `database` nor `load`", target.name)));
        }
    };
    if !file.is_file() {
        return Err(Error::Warehouse(format!(
            "there is no database file at {}; check `database` of target `{}`",
            file.display(),
            target.name
        )));
    }
    let bytes = file.metadata().map_or(u64::MAX, |metadata| metadata.len());
    let connection = connect(&file, target).map_err(|error| Error::Warehouse(cannot_open(&file, &error)))?;
    let (origin, idle) = (Mutex::new(connection), Mutex::default());
    Ok(Box::new(DuckDb { origin, idle, interrupt: interrupt.clone(), bytes, _temporary: temporary }))
}

fn connect(file: &Path, target: &Target) -> duckdb::Result<Connection> {
    let mut config = Config::default()
        .access_mode(AccessMode::ReadOnly)?
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        // They wait for storage behind a network, and cost before they do.
        .with("async_threads", "0")?
        .with("temp_directory", spill().to_string_lossy())?;
    if let Some(memory) = &target.memory {
        config = config.max_memory(memory)?;
    }
    if let Some(threads) = target.threads {
        config = config.threads(i64::from(threads))?;
    }
    // The engine grants itself the database's own files by their real names only.
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    // Extensions are files, so what needs some is locked only after they are loaded.
    if target.extensions.is_empty() {
        config = config.enable_external_access(target.external_access)?.with("lock_configuration", "true")?;
        return Connection::open_with_flags(file, config);
    }
    let connection = Connection::open_with_flags(file, config)?;
    for extension in &target.extensions {
        connection.execute_batch(&format!("load '{}'", extension.replace('\'', "''")))?;
    }
    connection.execute_batch(&format!("set enable_external_access = {}; set lock_configuration = true", target.external_access))?;
    Ok(connection)
}

/// Where the engine puts what memory does not hold.
fn spill() -> PathBuf {
    std::env::temp_dir().join("gapgate-spill")
}

fn cannot_open(file: &Path, error: &duckdb::Error) -> String {
    let text = error.to_string();
    let file = file.display();
    if text.contains("lock on file") {
        let holder = text.split("held in ").nth(1).and_then(|rest| rest.split(" (").nth(1)).and_then(|rest| rest.split(')').next());
        let holder = holder.map(|pid| format!(" ({pid})")).unwrap_or_default();
        return format!("{file} is locked by another process{holder}; let it finish, or work on a copy");
    }
    format!("cannot open {file}: {}", first_line(&text))
}

impl Warehouse for DuckDb {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn query(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        let connection = self.connection()?;
        if self.interrupt.is_thrown() {
            return Err(QueryError::Interrupted);
        }
        if Instant::now() >= deadline.at {
            return Err(QueryError::Timeout(deadline.seconds));
        }
        let outcome = timed(&connection, &self.interrupt, deadline, |connection| values::fetch(connection, sql.as_str()));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        outcome.map_err(|error| self.reason(&error, deadline))
    }

    fn inventory(&self, _named: &[&str], deadline: Deadline) -> Result<(Inventory, Sql), QueryError> {
        let sql = Sql::parse(INVENTORY, Dialect::DuckDb).map_err(|refusal| QueryError::Engine(refusal.to_string()))?;
        let table = self.query(&sql, deadline)?;
        let mut inventory = Inventory::new();
        for row in table.rows() {
            let text = |at: usize| row[at].as_text().unwrap_or_default();
            let rows = row[5].as_int().and_then(|rows| u64::try_from(rows).ok());
            let column = (text(3).to_owned(), text(4).to_owned(), kind_of(text(4)));
            let (database, schema, name) = (text(0), text(1), text(2));
            let (full, longest) = (format!("{schema}.{name}"), format!("{database}.{schema}.{name}"));
            let shortest = if schema == "main" { name.to_owned() } else { full.clone() };
            for known in BTreeSet::from([full, longest, shortest.clone()]) {
                // Its tables have no partitions.
                let new = || TableInfo { name: shortest.clone(), rows, is_view: row[6] == Value::Bool(true), ..TableInfo::default() };
                inventory.entry(known.to_lowercase()).or_insert_with(new).columns.push(column.clone());
            }
        }
        Ok((inventory, sql))
    }

    /// A statement is spread over every processor as it is.
    fn at_once(&self) -> usize {
        2
    }

    fn may_be_large(&self) -> bool {
        self.bytes > SMALL
    }
}

/// Does some work on a connection, which is interrupted when the user does so, and at the deadline.
fn timed<T>(connection: &Connection, interrupt: &Interrupt, deadline: Deadline, work: impl FnOnce(&Connection) -> T) -> T {
    let handle = connection.interrupt_handle();
    let (finished, waits) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                if interrupt.is_thrown() || Instant::now() >= deadline.at {
                    handle.interrupt();
                }
            }
        });
        let outcome = work(connection);
        drop(finished);
        outcome
    })
}

const INVENTORY: &str = "\
select
    columns.database_name,
    columns.schema_name,
    columns.table_name,
    columns.column_name,
    columns.data_type,
    tables.estimated_size,
    tables.table_oid is null as is_view
from duckdb_columns() as columns
left join duckdb_tables() as tables
    on columns.table_oid = tables.table_oid
    and columns.database_oid = tables.database_oid
    and columns.schema_oid = tables.schema_oid
where not columns.internal
order by columns.database_name, columns.schema_name, columns.table_name, columns.column_index";

fn kind_of(data_type: &str) -> Kind {
    let name = data_type.split('(').next().unwrap_or_default();
    match name {
        "DATE" => Kind::Date,
        "BOOLEAN" => Kind::Bool,
        "FLOAT" | "DOUBLE" => Kind::Float,
        "DECIMAL" => Kind::Decimal,
        _ if name.starts_with("TIMESTAMP") => Kind::Timestamp,
        _ if name.ends_with("INT") || name == "INTEGER" || name == "UINTEGER" => Kind::Int,
        _ => Kind::Text,
    }
}

impl DuckDb {
    /// A connection for one statement; each takes one at a time.
    fn connection(&self) -> Result<Connection, QueryError> {
        if let Some(connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(connection);
        }
        let origin = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        origin.try_clone().map_err(|error| QueryError::Engine(first_line(&error.to_string())))
    }

    fn reason(&self, error: &duckdb::Error, deadline: Deadline) -> QueryError {
        let text = error.to_string();
        if !text.contains("INTERRUPT") {
            return QueryError::Engine(first_line(&text));
        }
        if self.interrupt.is_thrown() { QueryError::Interrupted } else { QueryError::Timeout(deadline.seconds) }
    }
}

/// What the engine says, without the statement that it repeats below.
fn first_line(text: &str) -> String {
    let text = text.split("\n\nLINE").next().unwrap_or(text);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect::<Vec<_>>().join(" ")
}
