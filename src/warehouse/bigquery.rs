//! BigQuery over its REST API.
//!
//! Every statement is first priced by a dry run, which also says whether the server takes it for a query, and is run only
//! if it fits what is left of the cap. A result is complete, or an error, or marked as truncated.
#![doc = include_str!("bigquery.md")]

mod answer;
mod auth;
mod failure;
mod inventory;
mod job;
mod partitions;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::answer::{Dataset, TableResource};
use self::auth::Authenticator;
use self::failure::{PROTOCOL, fault};
use self::job::{Jobs, Priced};
use super::rest::{Failure, Request, Rest, Wire};
use super::{Deadline, Estimate, Interrupt, Inventory, QueryError, Warehouse, whole};
use crate::error::Error;
use crate::model::bigquery::Credentials;
use crate::model::bytes;
use crate::model::catalogue::{Source, Target};
use crate::model::report::Finding;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::Table;
use crate::model::verdict::Verdict;

/// The longest that a description of a table is waited for: the table can do without it.
const DESCRIPTION: Duration = Duration::from_secs(10);

/// Google's own server.
const GOOGLE: &str = "https://bigquery.googleapis.com";

#[derive(Debug)]
struct BigQuery {
    jobs: Jobs,
    /// Dry runs by statement: the same text is priced, or refused, once.
    priced: Mutex<BTreeMap<String, Result<Priced, QueryError>>>,
    /// Bytes that the statements sent so far may read.
    spent: AtomicU64,
    /// The tables that the inventory found, as they are written.
    there: Mutex<BTreeSet<String>>,
    /// Whether a description of a table was waited for in vain, so that no other one is.
    undescribed: AtomicBool,
}

/// Makes a client. Nothing is sent: wrong credentials are the first statement's to find out.
pub(super) fn open(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, Error> {
    let Source::BigQuery(place) = &target.source else {
        return Err(Error::Usage(format!("target `{}` is not in BigQuery: it has `database` or `load`", target.name)));
    };
    let base = format!("{}/bigquery/v2/", place.endpoint.as_deref().unwrap_or(GOOGLE));
    let wire = Wire::new("bigquery", &base, interrupt).map_err(|error| Error::Warehouse(format!("target `{}`: {error}", target.name)))?;
    let authenticator = Arc::new(Authenticator::new(place.credentials.clone(), wire.secrets().clone()));
    let giver = Arc::clone(&authenticator);
    let give = move |anew| {
        let authenticator = Arc::clone(&giver);
        Box::pin(async move { authenticator.token(anew).await }) as Pin<Box<_>>
    };
    let renews = place.credentials == Credentials::Default;
    let rest = Rest { wire, base, tokens: Box::new(give), renews, protocol: &PROTOCOL };
    let jobs = Jobs { rest, authenticator, target: (**place).clone() };
    Ok(Box::new(BigQuery {
        jobs,
        priced: Mutex::default(),
        spent: AtomicU64::new(0),
        there: Mutex::default(),
        undescribed: AtomicBool::new(false),
    }))
}

impl Warehouse for BigQuery {
    fn dialect(&self) -> Dialect {
        Dialect::BigQuery
    }

    fn query(&self, sql: &Sql, deadline: Deadline) -> Result<Table, QueryError> {
        let limit = self.limit(deadline);
        let priced = self.price(sql, limit)?;
        self.spend(priced.bytes)?;
        self.jobs.run(sql.as_str(), priced.location, limit.at).map_err(|failure| self.jobs.rest.error(failure, limit))
    }

    fn inventory(&self, named: &[&str], deadline: Deadline) -> Result<(Inventory, Sql), QueryError> {
        let target = &self.jobs.target;
        let datasets = inventory::datasets(target, named);
        let (mut inventory, mut there) = (Inventory::new(), BTreeSet::new());
        if datasets.is_empty() {
            return Err(QueryError::Engine("the catalogue names no dataset: write tables as dataset.table, or set `dataset`".to_owned()));
        }
        let sql = inventory::statement(&datasets)?;
        match self.query(&sql, deadline).and_then(whole) {
            Ok(table) => inventory::absorb(&mut inventory, &mut there, &table, target),
            Err(error @ QueryError::Running { .. }) => return Err(error),
            Err(error) if datasets.len() == 1 && !is_missing(&error) => return Err(error),
            // One dataset that is missing must not hide the others.
            Err(_) => {
                for dataset in &datasets {
                    match self.query(&inventory::statement(std::slice::from_ref(dataset))?, deadline).and_then(whole) {
                        Ok(table) => inventory::absorb(&mut inventory, &mut there, &table, target),
                        Err(error) if is_missing(&error) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        *self.there.lock().unwrap_or_else(PoisonError::into_inner) = there;
        Ok((inventory, sql))
    }

    fn estimate(&self, sql: &Sql, deadline: Deadline) -> Result<Option<Estimate>, QueryError> {
        let priced = self.price(sql, self.limit(deadline))?;
        Ok(Some(Estimate { bytes: priced.bytes, tables: priced.tables }))
    }

    fn counts_by_date(&self, table: &str, column: &str, deadline: Deadline) -> bool {
        let Some(path) = inventory::resource(&self.jobs.target, table) else { return false };
        if self.undescribed.load(Ordering::Relaxed) {
            return false;
        }
        let limit = self.limit(deadline).at;
        // At most a quarter of the time, so that enough is left for reading the rows.
        let patience = limit.saturating_duration_since(Instant::now()) / 4;
        let until = limit.min(Instant::now() + patience.min(DESCRIPTION));
        let request = Request { path, ..self.jobs.reading("", Vec::new()) };
        match self.jobs.call::<TableResource>(&request, until) {
            Ok(table) => partitions::are_days_of(&table, column),
            Err(failure) => {
                self.undescribed.fetch_or(!failure.is_final(), Ordering::Relaxed);
                false
            }
        }
    }

    fn cap(&self) -> Option<u64> {
        Some(self.jobs.target.max_bytes)
    }

    fn examine(&self, named: &[&str], deadline: Deadline) -> Vec<Finding> {
        let limit = self.limit(deadline);
        let (target, who) = (&self.jobs.target, self.jobs.authenticator.describe());
        let mut findings = Vec::new();
        let answer = self.jobs.price("select 1 as one", limit.at);
        match answer {
            Ok(priced) => {
                findings.push(Finding::new(Verdict::Pass, "credentials", who));
                let place = priced.location.map(|location| format!(" in {location}")).unwrap_or_default();
                findings.push(Finding::new(Verdict::Pass, "jobs", format!("project {} takes jobs{place}", target.project)));
            }
            Err(failure) => {
                let finding = self.jobs.rest.error(failure, limit).finding("credentials");
                findings.push(Finding { message: format!("{who}: {}", finding.message), ..finding });
                return findings;
            }
        }
        findings.extend(inventory::datasets(target, named).iter().map(|dataset| self.place(dataset, limit)));
        let there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        findings.extend(inventory::in_other_letters(target, named, &there).into_iter().map(|(name, right)| {
            let message = format!("{name} is written {right}, and BigQuery tells large letters from small ones in names of tables");
            Finding::undecided("table", message).with_remedy("write it so in the project file")
        }));
        findings
    }
}

impl BigQuery {
    /// The run's limit, or the target's own for one job.
    fn limit(&self, deadline: Deadline) -> Deadline {
        let own = self.jobs.target.job_timeout.map(|seconds| Deadline { at: Instant::now() + Duration::from_secs(seconds), seconds });
        own.filter(|own| own.at < deadline.at).unwrap_or(deadline)
    }

    fn price(&self, sql: &Sql, limit: Deadline) -> Result<Priced, QueryError> {
        let known = || self.priced.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known().get(sql.as_str()) {
            return answer.clone();
        }
        let answer = self.jobs.price(sql.as_str(), limit.at);
        let lasts = answer.as_ref().err().is_none_or(Failure::is_final);
        let answer = answer.map_err(|failure| self.jobs.rest.error(failure, limit));
        if lasts {
            known().insert(sql.as_str().to_owned(), answer.clone());
        }
        answer
    }

    /// Takes the bytes off what is left of the cap. A gate was refused as a whole before; this holds for statements that
    /// could not be foreseen, such as the search for what made another fail.
    fn spend(&self, more: u64) -> Result<(), QueryError> {
        let cap = self.jobs.target.max_bytes;
        let within = |spent: u64| spent.checked_add(more).filter(|sum| *sum <= cap);
        let spent = self.spent.fetch_update(Ordering::SeqCst, Ordering::SeqCst, within);
        spent.map(drop).map_err(|spent| {
            let [more, spent, cap] = [more, spent, cap].map(bytes::show);
            fault("overBudget", format!("it would read {more} after {spent} before it, above the cap of {cap}")).into_error()
        })
    }

    /// Whether a dataset is where the jobs run.
    fn place(&self, (project, name): &inventory::Dataset, limit: Deadline) -> Finding {
        let request = Request { path: format!("projects/{project}/datasets/{name}"), ..self.jobs.reading("", Vec::new()) };
        let location = match self.jobs.call::<Dataset>(&request, limit.at) {
            Ok(dataset) => dataset.location,
            Err(failure) => {
                let finding = self.jobs.rest.error(failure, limit).finding("dataset");
                return Finding { message: format!("{name}: {}", finding.message), ..finding };
            }
        };
        match &self.jobs.target.location {
            Some(wanted) if !location.is_empty() && !wanted.eq_ignore_ascii_case(&location) => {
                let message = format!("{name} is in {location}, and the target's jobs run in {wanted}, where it is not found");
                Finding::undecided("dataset", message).with_remedy(format!("set `location = \"{location}\"`"))
            }
            _ => Finding::new(Verdict::Pass, "dataset", format!("{name} is there, in {location}")),
        }
    }
}

/// Whether the server says that something is not there.
fn is_missing(error: &QueryError) -> bool {
    matches!(error, QueryError::Explained { message, .. } if message.contains("notFound"))
}
