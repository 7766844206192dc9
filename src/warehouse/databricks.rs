//! Databricks SQL over the Statement Execution REST API.
//!
//! A result is complete, or an error, or marked as truncated. What is no longer waited for is cancelled.
#![doc = include_str!("databricks.md")]

mod answer;
mod failure;
mod inventory;
mod login;
mod statement;
mod values;
mod workspace;

use std::sync::{Mutex, PoisonError};

use self::failure::PROTOCOL;
use self::statement::Statements;
use self::workspace::Workspace;
use super::rest::{Rest, Wire};
use super::{Deadline, Interrupt, Inventory, QueryError, Warehouse, whole};
use crate::error::Error;
use crate::model::catalogue::{Source, Target};
use crate::model::report::Finding;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::Table;
use crate::model::verdict::Verdict;

#[derive(Debug)]
struct Databricks {
    statements: Statements,
    /// As whom and where statements run, once that is known and in order.
    session: Mutex<Option<String>>,
}

/// Makes a client. Nothing is sent: wrong credentials are the first statement's to find out.
pub(super) fn open(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    let wrong = |message: String| Error::Usage(format!("target `{}`: {message}", target.name));
    let Source::Remote(settings) = &target.source else {
        return Err(wrong("Databricks is reached over a network, so it has neither `database` nor `load`".to_owned()));
    };
    let workspace = Workspace::of(settings, |name| std::env::var(name).ok()).map_err(wrong)?;
    let base = workspace.base.clone();
    let wire = Wire::new("databricks", &base, interrupt).map_err(|error| Error::Warehouse(format!("target `{}`: {error}", target.name)))?;
    let (tokens, renews) = login::tokens(&workspace.login, &base, &wire);
    let rest = Rest { wire, base, tokens, renews, protocol: &PROTOCOL };
    Ok(Box::new(Databricks { statements: Statements { rest, workspace }, session: Mutex::default() }))
}

impl Warehouse for Databricks {
    fn dialect(&self) -> Dialect {
        Dialect::Databricks
    }

    fn query(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        self.session(deadline)?;
        self.ask(sql, deadline)
    }

    fn inventory(&self, named: &[&str], deadline: Deadline) -> Result<(Inventory, Sql), QueryError> {
        let workspace = &self.statements.workspace;
        let sql = inventory::statement(named, workspace)?;
        let table = whole(self.query(&sql, deadline)?)?;
        Ok((inventory::absorb(&table, workspace), sql))
    }

    fn examine(&self, _named: &[&str], deadline: Deadline) -> Vec<Finding> {
        vec![match self.session(deadline) {
            Ok(session) => Finding::new(Verdict::Pass, "session", session),
            Err(error) => error.finding("session"),
        }]
    }
}

/// As whom and where a statement runs. It can change neither its zone nor any other setting.
const SESSION: &str = "\
select
    current_user() as who,
    current_catalog() as catalog_name,
    current_schema() as schema_name,
    current_timezone() as zone";

/// How the zone of UTC can be written.
const UTC: [&str; 8] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "+00:00", "Universal", "Zulu"];

impl Databricks {
    fn ask(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        self.statements.run(sql.as_str(), deadline.at).map_err(|failure| self.statements.rest.error(failure, deadline))
    }

    /// As whom and where statements run, in words. It is asked once, and nothing is asked before it is in order: the zone of a
    /// session decides which day a moment is of, and it must be the same in every engine.
    fn session(&self, deadline: Deadline) -> Result<String, QueryError> {
        let mut known = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref() {
            return Ok(known.clone());
        }
        let sql = Sql::parse(SESSION, Dialect::Databricks).map_err(|refusal| QueryError::Engine(refusal.to_string()))?;
        let table = self.ask(&sql, deadline)?;
        let Some([who, catalog, schema, zone]) = table.rows().next() else {
            return Err(QueryError::Engine("the workspace does not say who asks".to_owned()));
        };
        if !UTC.iter().any(|utc| zone.as_text() == Some(utc)) {
            let message = format!("statements run in the time zone {zone}, where moments are of other days than in UTC");
            let remedy = "set TIMEZONE to UTC in the SQL configuration parameters of the workspace's SQL warehouses".to_owned();
            return Err(QueryError::Explained { message, remedy });
        }
        let place = format!("{who} on SQL warehouse {}, catalog {catalog}, schema {schema}", self.statements.workspace.warehouse);
        *known = Some(place.clone());
        Ok(place)
    }
}
