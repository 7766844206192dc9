//! What checks would read, asked before anything runs, and held against the cap.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Instant;

use indexmap::IndexMap;

use super::plan::{batches, with};
use super::{Check, Session, outputs_of, side_by_side};
use crate::error::Error;
use crate::model::bytes;
use crate::model::catalogue::Argument;
use crate::model::rule::count;
use crate::render::Part;
use crate::warehouse::QueryError;

/// What one check would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The check in words.
    pub check: String,
    /// Bytes, as far as they could be estimated.
    pub bytes: u64,
    /// The tables that it reads.
    pub tables: BTreeSet<String>,
    /// Why a statement has no estimate. It will fail for the same reason, and say so.
    pub unknown: Option<String>,
}

/// Refuses checks that would together read more than the warehouse's cap. Nothing is asked of engines without estimates.
///
/// # Errors
/// [`Error::TooExpensive`] with the estimate of every check, [`Error::Interrupted`].
pub fn afford<'c, 'a: 'c>(session: &Session<'_>, checks: impl IntoIterator<Item = &'c Check<'a>>) -> Result<(), Error> {
    let Some(cap) = session.warehouse.cap() else { return Ok(()) };
    let start = Instant::now();
    let prices = prices(session, checks)?;
    let sql = format!("-- dry runs for {}", count(prices.len(), "check"));
    session.note(session.since(sql, start));
    let sum = prices.iter().map(|price| price.bytes).fold(0u64, u64::saturating_add);
    if sum <= cap {
        return Ok(());
    }
    let mut text = format!("the checks would read {}, which is above the cap of {}; nothing was run\n", bytes::show(sum), bytes::show(cap));
    for price in &prices {
        let unknown = if price.unknown.is_some() { " and more: not every statement could be estimated" } else { "" };
        let _ = writeln!(text, "  {}: {}{unknown}", price.check, bytes::show(price.bytes));
    }
    text.push_str("narrow the scope or the selection, or raise --max-bytes or `max_bytes_billed` of the target");
    Err(Error::TooExpensive(text))
}

/// What each check would read, in order; empty if the engine cannot tell.
///
/// # Errors
/// [`Error::Interrupted`] only.
pub fn prices<'c, 'a: 'c>(session: &Session<'_>, checks: impl IntoIterator<Item = &'c Check<'a>>) -> Result<Vec<Price>, Error> {
    if session.warehouse.cap().is_none() {
        return Ok(Vec::new());
    }
    let checks: Vec<&Check<'_>> = checks.into_iter().collect();
    side_by_side(session.jobs, &checks, |check| price(session, check)).into_iter().collect()
}

fn price(session: &Session<'_>, check: &Check<'_>) -> Result<Price, Error> {
    let outputs = outputs_of(check).join(", ");
    let name = if outputs.is_empty() { check.query.id.clone() } else { format!("{} ({outputs})", check.query.id) };
    let mut price = Price { check: name, bytes: 0, tables: BTreeSet::new(), unknown: None };
    if !check.classifies() {
        price.add(session, check, &IndexMap::new())?;
        return Ok(price);
    }
    let about = |outputs: &[String]| Check { args: with(&check.args, "outputs", Argument::List(outputs.to_vec())), ..check.clone() };
    for batch in batches(session.project, check) {
        let counted = session.counted(&batch);
        if price.add(session, &about(&batch), &counted)? {
            continue;
        }
        // One output at fault makes a statement about many fail, and then each is asked for on its own.
        for output in &batch {
            let alone = about(std::slice::from_ref(output));
            let known = batch.len() > 1 && price.add(session, &alone, &counted)?;
            if !known && counted.contains_key(output) {
                session.scan_instead(output);
                price.add(session, &alone, &IndexMap::new())?;
            }
        }
    }
    Ok(price)
}

impl Price {
    /// Adds one statement; whether it has an estimate. What cannot be rendered is not sent either.
    fn add(&mut self, session: &Session<'_>, check: &Check<'_>, parts: &IndexMap<String, Part>) -> Result<bool, Error> {
        let Ok(sql) = session.renderer.render_parts(check.query, &check.args, parts) else { return Ok(false) };
        match session.warehouse.estimate(&sql, session.deadline) {
            Ok(estimate) => {
                self.bytes = self.bytes.saturating_add(estimate.as_ref().map_or(0, |estimate| estimate.bytes));
                self.tables.extend(estimate.into_iter().flat_map(|estimate| estimate.tables));
                Ok(true)
            }
            Err(QueryError::Interrupted) => Err(Error::Interrupted),
            Err(error) => {
                self.unknown.get_or_insert_with(|| error.to_string());
                Ok(false)
            }
        }
    }
}
