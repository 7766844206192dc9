//! A statement as a job: priced by a dry run, inserted under an id of our own, polled, fetched page by page, cancelled.
//!
//! Every call here can be repeated: an insert that the server has seen before is answered with a conflict, and the job is
//! attached to. `gcp-bigquery-client` gives the requests their types. Its own calls are not used: they lose the status and
//! `Retry-After` of an answer that is no JSON, and cannot read a column of type RANGE.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gcp_bigquery_client::model::dataset_reference::DatasetReference;
use gcp_bigquery_client::model::job::Job as JobRequest;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::answer::{Job, Page, Schema};
use super::auth::Authenticator;
use super::failure::{fault, of_job};
use super::values;
use crate::model::bigquery::BigQuery;
use crate::model::table::{Table, Value};
use crate::warehouse::rest::{Failure, Fault, Patience, Request, Rest, random};

/// Rows of a page; the server sends fewer where they are long.
const PAGE: u32 = 50_000;

/// How long the server may hold a poll back until there is something to say, in milliseconds.
const POLL: u32 = 10_000;

/// Pages without a row that are put up with.
const EMPTY_PAGES: usize = 20;

/// The calls to one project.
#[derive(Debug)]
pub(super) struct Jobs {
    pub(super) rest: Rest,
    /// The same credentials, for `doctor`.
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) target: BigQuery,
}

/// What a dry run says of a statement.
#[derive(Clone, Debug)]
pub(super) struct Priced {
    pub(super) bytes: u64,
    pub(super) tables: Vec<String>,
    /// Where the job would run.
    pub(super) location: Option<String>,
}

/// A job under way.
struct Run {
    id: String,
    location: Option<String>,
    until: Instant,
    /// Whether the server may still be working.
    running: bool,
    /// Whether the job may yet begin: the server has not said what became of it.
    unheard: bool,
}

impl Jobs {
    /// What the statement would read, if the server calls it a query.
    pub(super) fn price(&self, sql: &str, until: Instant) -> Result<Priced, Failure> {
        let job: Job = self.call(&self.insertion(sql, None, self.target.location.clone(), None)?, until)?;
        let location = job.job_reference.location.or_else(|| self.target.location.clone());
        let at = location.as_ref().map(|location| format!("job {}:{location}, dry run", self.target.project)).unwrap_or_default();
        let fail = |fault: Fault| Err(Failure::Failed(Fault { work: at.clone(), ..fault }));
        if let Some(reason) = job.status.error_result {
            return fail(of_job(reason));
        }
        let query = job.statistics.query;
        match query.statement_type.as_deref() {
            Some("SELECT") => {}
            Some(other) => return fail(fault("notASelect", format!("BigQuery calls this a statement of type {other}, not a query"))),
            None => return fail(fault("notASelect", "BigQuery does not say that this is a query")),
        }
        let bytes = query.total_bytes_processed.or(job.statistics.total_bytes_processed).and_then(|bytes| bytes.parse().ok());
        let Some(bytes) = bytes else { return fail(fault("noEstimate", "BigQuery does not say how much this would read")) };
        let name = |table: super::answer::TableReference| format!("{}.{}.{}", table.project_id, table.dataset_id, table.table_id);
        // BigQuery's own lists are nobody's tables.
        let tables = query.referenced_tables.into_iter().map(name).filter(|name| !name.contains("INFORMATION_SCHEMA"));
        Ok(Priced { bytes, tables: tables.collect(), location })
    }

    /// All rows of the statement. What still runs when this fails is cancelled.
    pub(super) fn run(&self, sql: &str, location: Option<String>, until: Instant) -> Result<Table, Failure> {
        self.rest.check(until)?;
        let mut run = Run { id: job_id(), location, until, running: false, unheard: false };
        let outcome = self.insert(sql, &mut run).and_then(|()| self.results(&mut run));
        let name = format!("job {}:{}.{}", self.target.project, run.location.as_deref().unwrap_or("?"), run.id);
        let Err(mut failure) = outcome else { return outcome };
        if let Failure::Failed(fault) = &mut failure {
            fault.work = name.clone();
        }
        match run.running.then(|| self.cancel(&run)) {
            Some(Err(reason)) => {
                let before = if let Failure::Failed(fault) = &failure { format!("{}; ", fault.message) } else { String::new() };
                let fault = fault("notCancelled", format!("{before}the job could not be cancelled and may still run: {reason}"));
                Err(Failure::Failed(Fault { work: name, running: true, ..fault }))
            }
            _ => Err(failure),
        }
    }

    fn insert(&self, sql: &str, run: &mut Run) -> Result<(), Failure> {
        let left = run.until.saturating_duration_since(Instant::now()).as_millis().max(1);
        let request = self.insertion(sql, Some(run.id.clone()), run.location.clone(), Some(left.to_string()))?;
        // From here on it may run, whether we hear of it or not.
        run.running = true;
        let job: Job = match self.rest.begin(&request, Patience::until(run.until), &mut run.unheard) {
            // An earlier try arrived, and its answer was lost.
            Err(Failure::Failed(fault)) if fault.status == 409 => {
                run.unheard = false;
                return Ok(());
            }
            // Only BigQuery itself knows, and only of this try; what stands between may have let the request pass.
            Err(failure) if failure.is_refusal() && !run.unheard => {
                run.running = false;
                return Err(failure);
            }
            answer => answer?,
        };
        run.unheard = false;
        run.location = job.job_reference.location.or(run.location.take());
        match job.status.error_result {
            Some(reason) => {
                run.running = false;
                Err(Failure::Failed(of_job(reason)))
            }
            None => Ok(()),
        }
    }

    /// A request to insert a job; without an id it is a dry run.
    fn insertion(&self, sql: &str, id: Option<String>, location: Option<String>, timeout: Option<String>) -> Result<Request, Failure> {
        let target = &self.target;
        let labels = target.labels.iter().map(|(name, value)| (name.clone(), value.clone()));
        let dataset = |dataset: &String| DatasetReference { project_id: target.project.clone(), dataset_id: dataset.clone() };
        let query = JobConfigurationQuery {
            query: sql.to_owned(),
            use_legacy_sql: Some(false),
            maximum_bytes_billed: Some(target.max_bytes.to_string()),
            default_dataset: target.dataset.as_ref().map(dataset),
            ..JobConfigurationQuery::default()
        };
        let configuration = JobConfiguration {
            dry_run: Some(id.is_none()),
            labels: Some(labels.chain([("tool".to_owned(), "gapgate".to_owned())]).collect()),
            job_timeout_ms: timeout,
            query: Some(query),
            ..JobConfiguration::default()
        };
        let job_reference = Some(JobReference { project_id: Some(target.project.clone()), job_id: id, location });
        let job = JobRequest { configuration: Some(configuration), job_reference, ..JobRequest::default() };
        let body = serde_json::to_vec(&job).map_err(|error| Failure::Failed(fault("request", error.to_string())))?;
        Ok(Request { method: Method::POST, path: self.path("jobs"), query: Vec::new(), body: Some(body) })
    }

    fn path(&self, rest: &str) -> String {
        format!("projects/{}/{rest}", self.target.project)
    }

    /// A request that reads.
    pub(super) fn reading(&self, rest: &str, query: Vec<(&'static str, String)>) -> Request {
        Request { method: Method::GET, path: self.path(rest), query, body: None }
    }

    fn results(&self, run: &mut Run) -> Result<Table, Failure> {
        let mut wait = Duration::from_millis(50);
        let first = loop {
            let page = self.page(run, None)?;
            match page.job_complete {
                Some(true) => break page,
                // Some leave out what is false; but what names no job is no page.
                None if page.job_reference.job_id.is_none() => return Err(inconsistent("the answer is no page of a result")),
                _ => {}
            }
            self.rest.pause(wait, run.until)?;
            wait = (wait * 3 / 2).min(Duration::from_secs(1));
        };
        run.running = false;
        self.check_errors(run, &first)?;
        let schema = first.schema.clone().filter(|schema| !schema.fields.is_empty());
        let schema = schema.ok_or_else(|| inconsistent("the result has no columns"))?;
        let total: u64 =
            first.total_rows.as_ref().and_then(|n| n.parse().ok()).ok_or_else(|| inconsistent("it is not said how many rows there are"))?;
        let mut table = Table::new(schema.fields.iter().map(values::column).collect());
        if total > self.target.max_rows {
            table.mark_truncated();
            return Ok(table);
        }
        self.fetch(run, first, &schema, total, &mut table)?;
        Ok(table)
    }

    /// The rows of this page and of all that follow it.
    fn fetch(&self, run: &Run, first: Page, schema: &Schema, total: u64, table: &mut Table) -> Result<(), Failure> {
        let mut tokens = BTreeSet::new();
        let mut empty = 0;
        // The job is finished, so that nothing more can go wrong with it.
        let known = first.errors.clone();
        let mut page = first;
        loop {
            check_page(&page, &run.id, schema, total)?;
            if page.errors.iter().any(|error| !known.contains(error)) {
                return Err(inconsistent("a page has errors that an earlier one had not"));
            }
            empty = if page.rows.is_empty() { empty + 1 } else { 0 };
            take_rows(&mut page, schema, table)?;
            let Some(token) = page.page_token.filter(|token| !token.is_empty()) else { break };
            if table.len() as u64 > total || empty > EMPTY_PAGES {
                return Err(inconsistent(format!("{total} rows were announced, and there is still more to fetch after {}", table.len())));
            }
            if !tokens.insert(token.clone()) {
                return Err(inconsistent("a page leads back to an earlier one"));
            }
            page = self.page(run, Some(token))?;
        }
        let held = table.len() as u64;
        if held == total { Ok(()) } else { Err(inconsistent(format!("{total} rows were announced and {held} were sent"))) }
    }

    fn page(&self, run: &Run, token: Option<String>) -> Result<Page, Failure> {
        let mut query = vec![("maxResults", PAGE.to_string()), ("timeoutMs", POLL.to_string())];
        query.push(("formatOptions.useInt64Timestamp", "true".to_owned()));
        query.extend(run.location.clone().map(|location| ("location", location)));
        query.extend(token.map(|token| ("pageToken", token)));
        self.call(&self.reading(&format!("queries/{}", run.id), query), run.until)
    }

    /// Some errors of a finished job are warnings; its status says which.
    fn check_errors(&self, run: &Run, page: &Page) -> Result<(), Failure> {
        let Some(reason) = page.errors.first() else { return Ok(()) };
        let failed = || Failure::Failed(of_job(reason.clone()));
        if page.schema.as_ref().is_none_or(|schema| schema.fields.is_empty()) {
            return Err(failed());
        }
        let query = run.location.clone().map(|location| ("location", location)).into_iter().collect();
        let job: Job = self.call(&self.reading(&format!("jobs/{}", run.id), query), run.until)?;
        if job.status.state == "DONE" && job.status.error_result.is_none() { Ok(()) } else { Err(failed()) }
    }

    /// Asks the server to stop a job.
    fn cancel(&self, run: &Run) -> Result<(), String> {
        let query = run.location.clone().map(|location| ("location", location)).into_iter().collect();
        let request = Request { method: Method::POST, path: self.path(&format!("jobs/{}/cancel", run.id)), query, body: Some(Vec::new()) };
        self.rest.farewell(&request, run.unheard)
    }

    /// Makes a call until it succeeds, cannot succeed, or the time is up.
    pub(super) fn call<T: DeserializeOwned>(&self, request: &Request, until: Instant) -> Result<T, Failure> {
        self.rest.call(request, until)
    }
}

fn inconsistent(message: impl Into<String>) -> Failure {
    fault("inconsistent", message).into()
}

/// Every page must be of the same result.
fn check_page(page: &Page, id: &str, schema: &Schema, total: u64) -> Result<(), Failure> {
    if page.job_complete != Some(true) {
        return Err(inconsistent("a page says that the job is not finished, which an earlier one said it was"));
    }
    if page.job_reference.job_id.as_ref().is_some_and(|other| other != id) {
        return Err(inconsistent("a page is of another job"));
    }
    if page.schema.as_ref().is_some_and(|other| other != schema) {
        return Err(inconsistent("the columns changed from one page to the next"));
    }
    if page.total_rows.as_ref().is_some_and(|rows| rows.parse() != Ok(total)) {
        return Err(inconsistent("the number of rows changed from one page to the next"));
    }
    Ok(())
}

fn take_rows(page: &mut Page, schema: &Schema, table: &mut Table) -> Result<(), Failure> {
    let mut values: Vec<Value> = Vec::with_capacity(schema.fields.len());
    for row in page.rows.drain(..) {
        if row.f.len() != schema.fields.len() {
            return Err(inconsistent(format!("a row has {} cells for {} columns", row.f.len(), schema.fields.len())));
        }
        for (field, holder) in schema.fields.iter().zip(row.f) {
            let value = values::value(field, holder.v).map_err(|message| Failure::Failed(fault("badValue", message)))?;
            values.push(value);
        }
        table.push(values.drain(..));
    }
    Ok(())
}

fn job_id() -> String {
    format!("gapgate_{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::job_id;

    #[test]
    fn no_two_jobs_have_the_same_id() {
        let ids: BTreeSet<String> = (0..1000).map(|_| job_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
