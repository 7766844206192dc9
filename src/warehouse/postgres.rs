//! Postgres: every statement is prepared and run by the extended protocol, which takes one at a time, in a READ ONLY
//! transaction that is rolled back.
//!
//! A role that may only read is the better guard: functions with side effects pass a read-only transaction.
#![doc = include_str!("postgres.md")]

mod bytes;
mod examine;
mod failure;
mod inventory;
mod keywords;
mod login;
mod text;
mod tls;
mod values;

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use self::keywords::Keywords;
use self::login::{Login, Session};
use self::values::Reader;
use super::waiting::Waiting;
use super::{Deadline, Interrupt, Inventory, QueryError, Warehouse};
use crate::error::Error;
use crate::model::catalogue::{Source, Target};
use crate::model::report::Finding;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::{Column, Table};

/// The longest that the server may take to accept that a statement is to be cancelled.
const CANCEL: Duration = Duration::from_secs(2);

/// How soon another connection is tried when the server has no room for one.
const CROWDED: Duration = Duration::from_millis(250);

struct Postgres {
    waiting: Waiting,
    login: Login,
    /// Connections that wait for a statement.
    idle: Mutex<Vec<Session>>,
}

/// Connects to the target's server.
pub(super) fn open(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    let wrong = |message: String| Error::Usage(format!("target `{}`: {message}", target.name));
    let Source::Remote(settings) = &target.source else {
        return Err(wrong("Postgres is reached over a network, so it has neither `database` nor `load`".to_owned()));
    };
    let keywords = Keywords::of(settings, |name| std::env::var(name).ok()).map_err(wrong)?;
    let login = Login::new(&keywords).map_err(wrong)?;
    let waiting = Waiting::new(interrupt).map_err(|error| Error::Warehouse(format!("cannot wait for a network: {error}")))?;
    // What a connection may take is the login's to say.
    let never = Deadline { at: Instant::now() + Duration::from_secs(86_400), seconds: 86_400 };
    let first = waiting.run(waiting.until(never, login.connect())).map_err(|_| Error::Interrupted)?;
    let first = first.map_err(|refused| Error::Warehouse(format!("target `{}`: {}", target.name, refused.message)))?;
    Ok(Box::new(Postgres { waiting, login, idle: Mutex::new(vec![first]) }))
}

impl Warehouse for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn query(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        self.waiting.run(async {
            let session = self.waiting.until(deadline, self.session(deadline)).await??;
            let cancel = session.client.cancel_token();
            let outcome = {
                let mut work = pin!(rows(&session.client, sql.as_str()));
                let outcome = self.waiting.until(deadline, &mut work).await;
                if outcome.is_err() {
                    let _ = tokio::time::timeout(CANCEL, cancel.cancel_query(self.login.encryption.connector.clone())).await;
                    // The server's answer to a cancelled statement is waited for, but not for long.
                    let _ = tokio::time::timeout(CANCEL, work).await;
                }
                outcome
            };
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(stopped) => {
                    session.close().await;
                    return Err(stopped);
                }
            };
            let ended = session.client.batch_execute("rollback").await;
            let table = outcome.and_then(|table| Ok(ended.map(|()| table)?)).map_err(|failed| self.reason(failed, deadline))?;
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
            Ok(table)
        })
    }

    fn inventory(&self, named: &[&str], deadline: Deadline) -> Result<(Inventory, Sql), QueryError> {
        let sql = Sql::parse(inventory::STATEMENT, Dialect::Postgres).map_err(|refusal| QueryError::Engine(refusal.to_string()))?;
        Ok((inventory::absorb(&self.query(&sql, deadline)?, named), sql))
    }

    fn examine(&self, named: &[&str], deadline: Deadline) -> Vec<Finding> {
        let ask = |text: &str| {
            let sql = Sql::parse(text, Dialect::Postgres).map_err(|refusal| QueryError::Engine(refusal.to_string()))?;
            self.query(&sql, deadline)
        };
        examine::findings(ask, named, &self.login.place).unwrap_or_else(|error| vec![error.finding("server")])
    }
}

/// Why a statement has no answer.
enum Failed {
    /// The server refused it, or the connection broke.
    Server(tokio_postgres::Error),
    /// Its answer cannot be read.
    Unreadable(String),
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl Postgres {
    /// A connection in a transaction of its own for one statement; each takes one at a time.
    async fn session(&self, deadline: Deadline) -> Result<Session, QueryError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if let Some(session) = idle {
                // A server may have closed it while it waited, which says nothing of the others.
                if session.client.batch_execute(&opening(deadline)).await.is_ok() {
                    return Ok(session);
                }
                continue;
            }
            match self.login.connect().await {
                Ok(session) => {
                    let begun = session.client.batch_execute(&opening(deadline)).await;
                    return begun.map(|()| session).map_err(|error| self.reason(error.into(), deadline));
                }
                // One of our own statements will end and leave its connection behind.
                Err(refused) if refused.full && self.login.has_others() => tokio::time::sleep(CROWDED).await,
                Err(refused) => return Err(QueryError::Engine(refused.message)),
            }
        }
    }

    fn reason(&self, failed: Failed, deadline: Deadline) -> QueryError {
        match failed {
            // Cancelled for its time, by a clock a little ahead of ours; or by somebody who asked for it.
            Failed::Server(error) if error.code() == Some(&SqlState::QUERY_CANCELED) && Instant::now() + CANCEL >= deadline.at => {
                QueryError::Timeout(deadline.seconds)
            }
            Failed::Server(error) => failure::of_statement(&error, &self.login.place),
            Failed::Unreadable(message) => QueryError::Engine(message),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let idle = std::mem::take(self.idle.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.waiting.run(async {
            for session in idle {
                session.close().await;
            }
        });
    }
}

/// How a transaction begins. What a role or a database may have set otherwise would change what a statement means
/// (`standard_conforming_strings`, `transform_null_equals`), how it reads in text (zone and styles), or leave rows out in
/// silence (`row_security`: with it off, a statement that would be filtered is an error).
fn opening(deadline: Deadline) -> String {
    let left = deadline.at.saturating_duration_since(Instant::now()).as_millis().clamp(1, 2_000_000_000);
    format!(
        "start transaction read only;
        set local statement_timeout = {left};
        set local standard_conforming_strings = on;
        set local transform_null_equals = off;
        set local row_security = off;
        set local timezone = 'UTC';
        set local datestyle = 'ISO, YMD';
        set local intervalstyle = 'postgres'"
    )
}

async fn rows(client: &Client, sql: &str) -> Result<Table, Failed> {
    let statement = client.prepare(sql).await?;
    let readers = readers(&statement).map_err(Failed::Unreadable)?;
    let columns =
        statement.columns().iter().zip(&readers).map(|(column, reader)| Column { name: column.name().to_owned(), kind: reader.kind });
    let mut table = Table::new(columns.collect());
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = pin!(client.query_raw(&statement, nothing).await?);
    while let Some(row) = rows.try_next().await? {
        let values = readers.iter().enumerate().map(|(at, reader)| reader.value(&row, at));
        table.push(values.collect::<Result<Vec<_>, String>>().map_err(Failed::Unreadable)?);
    }
    Ok(table)
}

fn readers(statement: &Statement) -> Result<Vec<Reader>, String> {
    let reader = |column: &tokio_postgres::Column| {
        let data_type = column.type_();
        let unreadable =
            || format!("column {} is of type {data_type}, which has no reading here: cast it to text in the query", column.name());
        Reader::of(data_type).ok_or_else(unreadable)
    };
    statement.columns().iter().map(reader).collect()
}
