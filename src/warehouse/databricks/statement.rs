//! One statement: submitted, looked at until it is done, fetched part by part, and cancelled if anything goes wrong.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::answer::{Chunk, Column, Link, Manifest, Row, Statement};
use super::failure::{PROTOCOL, fault, inconsistent, is_too_large_for_an_answer, of_statement};
use super::values;
use super::workspace::Workspace;
use crate::model::table::{Table, Value};
use crate::warehouse::rest::{FAREWELL, Failure, Fault, Patience, Request, Rest};

/// The first and the longest wait between two looks at a statement.
const LOOK: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How many links are asked for, for one part of a result.
const LINKS: u32 = 4;

const STATEMENTS: &str = "/api/2.0/sql/statements";

/// The statements of one SQL warehouse.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) rest: Rest,
    pub(super) workspace: Workspace,
}

/// A statement under way.
struct Run {
    until: Instant,
    id: Option<String>,
    /// Whether the server may still be working on it.
    running: bool,
}

impl Statements {
    /// All rows of the statement. What still runs when this fails is cancelled.
    pub(super) fn run(&self, sql: &str, until: Instant) -> Result<Table, Failure> {
        self.rest.check(until)?;
        let mut run = Run { until, id: None, running: false };
        let outcome = self.rows(sql, &mut run);
        let Err(mut failure) = outcome else { return outcome };
        let work = run.id.as_ref().map(|id| format!("statement {id}")).unwrap_or_default();
        if let Failure::Failed(fault) = &mut failure {
            fault.work.clone_from(&work);
        }
        match run.running.then(|| self.cancel(&run)) {
            Some(Err(reason)) => {
                let before = if let Failure::Failed(fault) = &failure { format!("{}; ", fault.message) } else { String::new() };
                let fault = fault("notCancelled", format!("{before}the statement could not be cancelled and may still run: {reason}"));
                Err(Failure::Failed(Fault { work, running: true, ..fault }))
            }
            _ => Err(failure),
        }
    }

    fn rows(&self, sql: &str, run: &mut Run) -> Result<Table, Failure> {
        let statement = match self.finish(sql, "INLINE", run) {
            // The statement only reads, so that running it again does no harm.
            Err(Failure::Failed(fault)) if is_too_large_for_an_answer(&fault) => self.finish(sql, "EXTERNAL_LINKS", run)?,
            finished => finished?,
        };
        let manifest = statement.manifest.ok_or_else(|| inconsistent("the result is not described"))?;
        let columns = &manifest.schema.columns;
        if columns.is_empty() {
            return Err(inconsistent("the result has no columns").into());
        }
        if let Some(count) = manifest.schema.column_count.filter(|count| *count != columns.len()) {
            return Err(inconsistent(format!("{count} columns were announced and {} are described", columns.len())).into());
        }
        let mut table = Table::new(columns.iter().map(values::column).collect());
        let total = manifest.total_row_count;
        if manifest.truncated || total > self.workspace.max_rows {
            table.mark_truncated();
            return Ok(table);
        }
        let mut chunk = statement.result.unwrap_or_default();
        let mut index = 0;
        while let Some(next) = self.take(run, chunk, &mut index, &manifest, &mut table)? {
            // A part can only be followed by the next one, so the way through them ends.
            if next != index || next >= manifest.total_chunk_count || table.len() as u64 >= total {
                let (last, count) = (index.saturating_sub(1), manifest.total_chunk_count);
                return Err(inconsistent(format!("part {next} follows part {last} of {count}")).into());
            }
            chunk = self.chunk(run, next)?;
        }
        // An empty result has one part or none.
        let parts = manifest.total_chunk_count;
        if index.max(1) != parts.max(1) {
            return Err(inconsistent(format!("{parts} parts were announced and {index} were sent")).into());
        }
        let held = table.len() as u64;
        if held == total { Ok(table) } else { Err(inconsistent(format!("{total} rows were announced and {held} were sent")).into()) }
    }

    /// Submits the statement and waits until it is done.
    fn finish(&self, sql: &str, disposition: &str, run: &mut Run) -> Result<Statement, Failure> {
        let mut statement = self.submit(sql, disposition, run)?;
        let id = statement.statement_id.clone();
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(inconsistent("the statement has no id").into());
        }
        run.id = Some(id.clone());
        run.running = true;
        let look = reading(format!("{STATEMENTS}/{id}"));
        let (mut wait, longest) = LOOK;
        while !self.is_done(&statement, run)? {
            self.rest.pause(wait, run.until)?;
            wait = (wait * 3 / 2).min(longest);
            statement = self.rest.call(&look, run.until)?;
            if statement.statement_id != id {
                return Err(inconsistent("the answer is about another statement").into());
            }
        }
        Ok(statement)
    }

    fn submit(&self, sql: &str, disposition: &str, run: &Run) -> Result<Statement, Failure> {
        let workspace = &self.workspace;
        // Without waiting the answer comes at once, and with it the id that a cancellation needs.
        let mut body = json!({
            "warehouse_id": workspace.warehouse, "statement": sql, "wait_timeout": "0s", "on_wait_timeout": "CONTINUE",
            "disposition": disposition, "format": "JSON_ARRAY", "row_limit": workspace.max_rows.saturating_add(1),
        });
        for (key, value) in [("catalog", &workspace.catalog), ("schema", &workspace.schema)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        let body = Some(body.to_string().into_bytes());
        let request = Request { method: Method::POST, path: STATEMENTS.to_owned(), query: Vec::new(), body };
        // What is under way gets a name, so that it can be stopped.
        let patience = Patience { until: run.until, interruptible: true, grace: FAREWELL };
        let mut begun = false;
        let answer = self.rest.begin(&request, patience, &mut begun);
        answer.map_err(|failure| if begun { nameless(failure) } else { failure })
    }

    fn is_done(&self, statement: &Statement, run: &mut Run) -> Result<bool, Failure> {
        let status = &statement.status;
        let refusal = || status.error.clone().unwrap_or_default();
        let fault = match status.state.as_str() {
            "PENDING" | "RUNNING" => return Ok(false),
            "SUCCEEDED" if status.error.is_none() => {
                run.running = false;
                return Ok(true);
            }
            "SUCCEEDED" => of_statement(refusal()),
            "FAILED" => of_statement(refusal()),
            "CANCELED" | "CLOSED" => fault("stopped", format!("the statement was stopped: {}", refusal().message)),
            other => return Err(inconsistent(format!("the statement is said to be {other}")).into()),
        };
        run.running = false;
        Err(fault.into())
    }

    fn cancel(&self, run: &Run) -> Result<(), String> {
        let path = format!("{STATEMENTS}/{}/cancel", run.id.as_deref().unwrap_or_default());
        self.rest.farewell(&Request { method: Method::POST, path, query: Vec::new(), body: Some(b"{}".to_vec()) }, false)
    }

    fn chunk(&self, run: &Run, index: u64) -> Result<Chunk, Failure> {
        let id = run.id.as_deref().unwrap_or_default();
        self.rest.call(&reading(format!("{STATEMENTS}/{id}/result/chunks/{index}")), run.until)
    }

    /// Adds the rows of an answer, which has them or says where they are; what comes next, if anything does. `index` is the
    /// part that is expected, and then the one behind it.
    fn take(&self, run: &Run, chunk: Chunk, index: &mut u64, whole: &Manifest, table: &mut Table) -> Result<Option<u64>, Failure> {
        let Some(links) = chunk.external_links else {
            check((chunk.chunk_index, chunk.row_offset, chunk.row_count), *index, whole, table)?;
            add(chunk.data_array.unwrap_or_default(), chunk.row_count, &whole.schema.columns, table)?;
            *index += 1;
            return Ok(chunk.next_chunk_index);
        };
        let mut next = None;
        for link in links {
            check((link.chunk_index, link.row_offset, link.row_count), *index, whole, table)?;
            next = link.next_chunk_index;
            let (count, rows) = (link.row_count, self.fetch(run, link)?);
            add(rows, count, &whole.schema.columns, table)?;
            *index += 1;
        }
        Ok(next)
    }

    /// The rows behind a link. A link that has expired is asked for anew.
    fn fetch(&self, run: &Run, mut link: Link) -> Result<Vec<Row>, Failure> {
        let is_safe = |link: &Link| link.external_link.starts_with("https://") || self.workspace.base.starts_with("http://");
        let mut asked = 1;
        loop {
            if !is_safe(&link) {
                return Err(fault("noLink", "a part of the result is offered without encryption").into());
            }
            let refused = match self.rest.again(run.until, || self.rest.fetch(&link.external_link, &link.http_headers, run.until).map(read))
            {
                Err(Failure::Failed(fault)) if (400..500).contains(&fault.status) && fault.most_tries() == 1 && asked < LINKS => fault,
                outcome => return outcome,
            };
            asked += 1;
            let links = self.chunk(run, link.chunk_index)?.external_links.unwrap_or_default();
            let place = |link: &Link| (link.chunk_index, link.row_offset, link.row_count);
            let anew = links.into_iter().find(|other| place(other) == place(&link));
            link = anew.ok_or_else(|| inconsistent(format!("a part of the result has changed; {}", refused.message)))?;
        }
    }
}

/// Why there is no name of a statement that may run. Without it nobody can stop it, and that is said.
fn nameless(failure: Failure) -> Failure {
    let before = match failure {
        Failure::Failed(fault) => {
            let message = format!("{}; it may run nevertheless, under a name that did not arrive", fault.message);
            return Fault { message, running: true, ..fault }.into();
        }
        Failure::TimedOut => "the time was up",
        Failure::Interrupted => "the run was interrupted",
    };
    let fault = fault("notCancelled", format!("{before} before the server named the statement, which may still run"));
    Fault { running: true, ..fault }.into()
}

fn reading(path: String) -> Request {
    Request { method: Method::GET, path, query: Vec::new(), body: None }
}

/// The rows that a store sends. Its refusal is told by the status only, since its words may repeat the link.
fn read(answer: crate::warehouse::rest::Answer) -> Result<Vec<Row>, Fault> {
    if !answer.is_success() {
        let fault = fault("noLink", format!("the store of the result answers with status {}", answer.status));
        return Err(Fault { status: answer.status, retry_after: answer.retry_after, ..fault });
    }
    serde_json::from_slice(&answer.body).map_err(|error| Fault::unreadable(&PROTOCOL, &error))
}

/// Whether this is the part that comes next, and of the length that it was announced with.
fn check((part, offset, rows): (u64, u64, u64), index: u64, whole: &Manifest, table: &Table) -> Result<(), Fault> {
    if part != index || offset != table.len() as u64 {
        return Err(inconsistent(format!("part {part} begins at row {offset}, where part {index} should at row {}", table.len())));
    }
    match whole.chunks.iter().find(|announced| announced.chunk_index == part).map(|announced| announced.row_count) {
        Some(announced) if announced != rows => {
            Err(inconsistent(format!("part {part} was announced with {announced} rows and has {rows}")))
        }
        _ => Ok(()),
    }
}

fn add(rows: Vec<Row>, count: u64, columns: &[Column], table: &mut Table) -> Result<(), Fault> {
    if rows.len() as u64 != count {
        return Err(inconsistent(format!("{count} rows were announced for a part and {} were sent", rows.len())));
    }
    for row in rows {
        if row.len() != columns.len() {
            return Err(inconsistent(format!("a row has {} cells for {} columns", row.len(), columns.len())));
        }
        let values = columns.iter().zip(row).map(|(column, text)| values::value(column, text));
        let values = values.collect::<Result<Vec<Value>, String>>();
        table.push(values.map_err(|message| fault("badValue", message))?);
    }
    Ok(())
}
