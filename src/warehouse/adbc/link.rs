//! The database that a driver opened, its connections, and the rows of one statement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use adbc_core::error::Error;
use adbc_core::options::{OptionConnection, OptionDatabase, OptionValue};
use adbc_core::{Connection as _, Database as _, Driver as _, Optionable as _, Statement as _};
use adbc_driver_manager::{ManagedConnection, ManagedDatabase, ManagedDriver};
use arrow_array::{RecordBatch, RecordBatchReader};

use super::driver;
use super::failure::Hidden;
use super::inventory::folded;
use super::values::{Reader, Spelling};
use super::worker::Cancel;
use crate::model::adbc::Adbc;
use crate::model::sql::Dialect;
use crate::model::table::{Column, Table};
use crate::warehouse::QueryError;

pub(super) struct Link {
    driver: ManagedDriver,
    adbc: Adbc,
    dialect: Dialect,
    hidden: Hidden,
    database: Mutex<Option<ManagedDatabase>>,
    /// Connections that wait for a statement.
    idle: Mutex<Vec<ManagedConnection>>,
    /// Whether every connection so far took the option of being read-only.
    read_only: AtomicBool,
}

impl Link {
    pub(super) fn new(driver: ManagedDriver, adbc: Adbc, dialect: Dialect) -> Self {
        let hidden = Hidden::of(&adbc);
        Self { driver, adbc, dialect, hidden, database: Mutex::default(), idle: Mutex::default(), read_only: AtomicBool::new(true) }
    }

    /// The driver, for messages.
    pub(super) fn name(&self) -> String {
        driver::shown(&self.adbc.driver)
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.read_only.load(Ordering::SeqCst)
    }

    /// All rows of a statement, up to the target's limit. Its connection serves again only if nothing went wrong.
    ///
    /// # Errors
    /// The driver's own, and a type that has no reading here.
    pub(super) fn fetch(&self, sql: &str, cancel: &Cancel) -> Result<Table, QueryError> {
        let mut connection = self.connection().map_err(|error| self.hidden.explained(&error, "check `uri` and `options` of the target"))?;
        let failed = |error: Error| self.hidden.explained(&error, "");
        let mut statement = connection.new_statement().map_err(failed)?;
        cancel.offer(statement.get_cancel_handle());
        statement.set_sql_query(sql).map_err(failed)?;
        let table = self.rows(statement.execute().map_err(failed)?, cancel)?;
        drop(statement);
        if !table.is_truncated() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(table)
    }

    fn connection(&self) -> Result<ManagedConnection, Error> {
        if let Some(connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(connection);
        }
        let mut connection = self.database()?.new_connection()?;
        let asked = connection.set_option(OptionConnection::ReadOnly, OptionValue::String("true".to_owned()));
        self.read_only.fetch_and(asked.is_ok(), Ordering::SeqCst);
        Ok(connection)
    }

    fn database(&self) -> Result<ManagedDatabase, Error> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = database.as_ref() {
            return Ok(database.clone());
        }
        let uri = self.adbc.uri.iter().map(|uri| (OptionDatabase::Uri, uri));
        let others = self.adbc.options.iter().map(|(name, value)| (OptionDatabase::from(name.as_str()), value));
        let options = uri.chain(others).map(|(name, value)| (name, OptionValue::String(value.reveal().to_owned())));
        let opened = self.driver.clone().new_database_with_opts(options)?;
        Ok(database.insert(opened).clone())
    }

    /// A stream that breaks off is an error, never a shorter result.
    fn rows(&self, stream: Box<dyn RecordBatchReader + Send + '_>, cancel: &Cancel) -> Result<Table, QueryError> {
        let schema = stream.schema();
        let mut columns = Vec::new();
        let mut spellings = Vec::new();
        for field in schema.fields() {
            let metadata = |key: &str| field.metadata().get(key).map(|value| value.to_string());
            let spelling = Spelling::of(metadata);
            let empty = arrow_array::new_empty_array(field.data_type());
            let kind = Reader::of(empty.as_ref(), spelling).map(|reader| reader.kind).ok_or_else(|| {
                let declared = Spelling::declared(metadata).unwrap_or_else(|| field.data_type().to_string());
                let message = format!("column {} is of type {declared}, which has no reading here", field.name());
                QueryError::Explained { message, remedy: "cast it to text in the query".to_owned() }
            })?;
            columns.push(Column { name: folded(field.name(), self.dialect), kind });
            spellings.push(spelling);
        }
        let mut table = Table::new(columns);
        let limit = usize::try_from(self.adbc.max_rows).unwrap_or(usize::MAX);
        for batch in stream {
            let batch = batch.map_err(|error| self.hidden.engine(&error.to_string()))?;
            if cancel.is_stopped() {
                return Err(QueryError::Interrupted);
            }
            let room = limit - table.len();
            absorb(&mut table, &batch, &spellings, room).map_err(QueryError::Engine)?;
            if batch.num_rows() > room {
                table.mark_truncated();
                break;
            }
        }
        Ok(table)
    }
}

/// Adds the rows of a batch, at most so many.
fn absorb(table: &mut Table, batch: &RecordBatch, spellings: &[Spelling], most: usize) -> Result<(), String> {
    if batch.num_columns() != spellings.len() {
        return Err(format!("the driver sent {} columns where it had told of {}", batch.num_columns(), spellings.len()));
    }
    let changed = |at: usize| format!("column {} changed its type from batch to batch", table.columns()[at].name);
    let readers = batch.columns().iter().zip(spellings).enumerate();
    let readers = readers.map(|(at, (array, spelling))| {
        let reader = Reader::of(array.as_ref(), *spelling).ok_or_else(|| changed(at))?;
        if reader.kind == table.columns()[at].kind { Ok(reader) } else { Err(changed(at)) }
    });
    let readers: Vec<Reader<'_>> = readers.collect::<Result<_, String>>()?;
    for row in 0..batch.num_rows().min(most) {
        let values = readers.iter().enumerate().map(|(at, reader)| {
            reader.value(row).ok_or_else(|| format!("column {} has a value that cannot be read", table.columns()[at].name))
        });
        let values = values.collect::<Result<Vec<_>, String>>()?;
        table.push(values);
    }
    Ok(())
}
