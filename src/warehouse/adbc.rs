//! Any warehouse behind an ADBC driver, a shared library that is loaded into this process. Experimental.
//!
//! A result is complete, or an error, or marked as truncated. Drivers block, so every call has a thread of its own that is not
//! waited for beyond the deadline.
#![doc = include_str!("adbc.md")]

mod driver;
mod failure;
mod inventory;
mod link;
mod text;
mod values;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};

use self::link::Link;
use super::{Deadline, Interrupt, Inventory, QueryError, Warehouse, whole};
use crate::error::Error;
use crate::model::adbc::Adbc;
use crate::model::catalogue::Target;
use crate::model::report::Finding;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::{Table, Value};
use crate::model::verdict::Verdict;

struct Driven {
    dialect: Dialect,
    link: Arc<Link>,
    interrupt: Interrupt,
    /// Whether it is known that statements run in UTC.
    in_utc: Mutex<bool>,
}

/// Loads the driver. The warehouse is connected to by the first statement, within its time.
pub(super) fn open(target: &Target, adbc: &Adbc, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    let driver = driver::load(adbc).map_err(|message| Error::Warehouse(format!("target `{}`: {message}", target.name)))?;
    let link = Arc::new(Link::new(driver, adbc.clone(), target.dialect));
    Ok(Box::new(Driven { dialect: target.dialect, link, interrupt: interrupt.clone(), in_utc: Mutex::default() }))
}

impl Warehouse for Driven {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn query(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        self.check_zone(deadline)?;
        self.ask(sql, deadline)
    }

    fn inventory(&self, named: &[&str], deadline: Deadline) -> Result<(Inventory, Sql), QueryError> {
        let sql = self.sql(&inventory::statement(self.dialect, named))?;
        Ok((inventory::absorb(&whole(self.query(&sql, deadline)?)?, self.dialect)?, sql))
    }

    fn examine(&self, _named: &[&str], deadline: Deadline) -> Vec<Finding> {
        if let Err(error) = self.check_zone(deadline) {
            return vec![error.finding("driver")];
        }
        let answers = format!("{} answers; ADBC is experimental", self.link.name());
        vec![Finding::new(Verdict::Pass, "driver", answers), read_only(self.link.is_read_only())]
    }

    fn at_once(&self) -> usize {
        if self.is_in_this_process() { 2 } else { 4 }
    }

    fn may_be_large(&self) -> bool {
        self.is_in_this_process()
    }
}

/// What keeps statements from writing, besides our own reading of them.
fn read_only(is_read_only: bool) -> Finding {
    if is_read_only {
        return Finding::new(Verdict::Pass, "rights", "the driver keeps the connection read-only");
    }
    let message = "the driver cannot make a connection read-only, so only gapgate's own check and the login's rights keep it from writing";
    Finding::new(Verdict::Warn, "rights", message).with_remedy("connect with a login that may only read, and nothing to do if it is one")
}

impl Driven {
    /// DuckDB's driver is the engine itself.
    fn is_in_this_process(&self) -> bool {
        self.dialect == Dialect::DuckDb
    }

    fn sql(&self, text: &str) -> Result<Sql, QueryError> {
        Sql::parse(text, self.dialect).map_err(|refusal| QueryError::Engine(refusal.to_string()))
    }

    fn ask(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        let (link, text) = (Arc::clone(&self.link), sql.as_str().to_owned());
        worker::in_time(&self.interrupt, deadline, move |cancel| link.fetch(&text, cancel))
    }

    /// Refuses a session whose zone is not UTC: there a moment can be of another day than in every other engine. It cannot be set,
    /// because nothing but queries is sent.
    fn check_zone(&self, deadline: Deadline) -> Result<(), QueryError> {
        let mut in_utc = self.in_utc.lock().unwrap_or_else(PoisonError::into_inner);
        if *in_utc {
            return Ok(());
        }
        let table = self.ask(&self.sql(&zone_probe(self.dialect))?, deadline)?;
        if !table.rows().next().is_some_and(|row| row[0] == Value::Bool(true)) {
            let message = "the session's time zone is not UTC, so moments would be of other days than in other engines".to_owned();
            return Err(QueryError::Explained { message, remedy: zone_remedy(self.dialect).to_owned() });
        }
        *in_utc = true;
        Ok(())
    }
}

/// Whether moments of winter and summer that are written without a zone are those of UTC.
fn zone_probe(dialect: Dialect) -> String {
    let moment = |text: &str| match dialect {
        Dialect::DuckDb | Dialect::Postgres => format!("cast('{text}' as timestamp with time zone)"),
        Dialect::BigQuery | Dialect::Databricks => format!("cast('{text}' as timestamp)"),
        Dialect::Snowflake => format!("cast('{text}' as timestamp_ltz)"),
    };
    let same = |day: &str| format!("{} = {}", moment(&format!("{day} 00:00:00")), moment(&format!("{day} 00:00:00+00:00")));
    format!("select {} and {} as is_utc", same("2024-01-01"), same("2024-07-01"))
}

fn zone_remedy(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::DuckDb => "run gapgate with TZ=UTC",
        Dialect::Postgres => "add options=-c%20timezone%3DUTC to `uri`, or set the login's timezone to UTC",
        Dialect::BigQuery | Dialect::Databricks | Dialect::Snowflake => {
            "set the session's or the warehouse's time zone to UTC, by an option of the driver"
        }
    }
}
