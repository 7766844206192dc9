//! The keys of every output's spine, in order.

use indexmap::IndexMap;
use jiff::civil::{Date, date};

use super::super::{Session, inventory, judge};
use crate::error::Error;
use crate::model::catalogue::{Argument, Output};
use crate::model::coverage::Coverage;
use crate::model::report::Finding;
use crate::model::table::Value;
use crate::warehouse::QueryError;

/// A key of a spine.
#[derive(Clone, Debug)]
pub(super) struct SpineKey {
    pub(super) values: Box<[Value]>,
    pub(super) season: Option<Box<str>>,
    pub(super) position: i64,
    pub(super) not_expected: bool,
}

impl SpineKey {
    pub(super) fn date(&self) -> Option<Date> {
        self.values.iter().find_map(|value| if let Value::Date(date) = value { Some(*date) } else { None })
    }

    /// Everything but the date.
    pub(super) fn entity(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().filter(|value| !matches!(value, Value::Date(_)))
    }

    pub(super) fn text(&self) -> String {
        self.values.iter().map(Value::to_string).collect::<Vec<_>>().join("/")
    }
}

/// Days since 1970-01-01.
pub(super) fn day_number(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

pub(super) type Keys = Result<std::sync::Arc<Vec<SpineKey>>, Finding>;

/// The keys of each output by day, or why nothing is known of it.
pub(super) fn read(session: &Session<'_>, outputs: &[&Output], coverage: &[Coverage]) -> Result<Vec<Keys>, Error> {
    let unknown = |held: &Coverage| {
        let finding = super::is_unknown(held).then(|| held.findings.first().cloned())?;
        Some(finding.unwrap_or_else(|| Finding::undecided("keys", "it could not be judged")))
    };
    let judged: Vec<&Output> =
        outputs.iter().zip(coverage).filter(|(_, held)| !super::is_unknown(held)).map(|(output, _)| *output).collect();
    let mut found = of_outputs(session, &judged)?.into_iter();
    let keys = coverage.iter().map(|held| unknown(held).map_or_else(|| found.next().unwrap_or_else(nothing), Err));
    Ok(keys.collect())
}

fn nothing() -> Keys {
    Err(Finding::undecided("keys", "its keys were not read"))
}

/// The keys of each output by day, or why they cannot be read. Outputs that expect the same keys of a spine share them.
pub(super) fn of_outputs(session: &Session<'_>, outputs: &[&Output]) -> Result<Vec<Keys>, Error> {
    let mut known: IndexMap<String, Keys> = IndexMap::new();
    let mut found = Vec::new();
    for output in outputs {
        let likeness = format!("{} {:?}", output.spine, output.not_expected);
        if !known.contains_key(&likeness) {
            known.insert(likeness.clone(), of_spine(session, output)?);
        }
        found.push(known[&likeness].clone());
    }
    Ok(found)
}

fn of_spine(session: &Session<'_>, output: &Output) -> Result<Keys, Error> {
    let Some(query) = session.library.probe("_probe/keys") else {
        return Ok(Err(Finding::undecided("keys", "the library lacks a probe")));
    };
    let args: IndexMap<String, Argument> = [("output".to_owned(), Argument::Text(output.name.clone()))].into_iter().collect();
    let sql = match session.renderer.render(query, &args) {
        Ok(sql) => sql,
        Err(error) => return Ok(Err(Finding::undecided("render", error.to_string()))),
    };
    let table = match session.ask_aside(&sql) {
        Ok(table) => table,
        Err(QueryError::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return Ok(Err(inventory::engine_finding(&error))),
    };
    if let Some(finding) = judge(query, &IndexMap::new(), &table, &output.key_columns()).pop() {
        return Ok(Err(finding));
    }
    let mut keys: Vec<SpineKey> = table.rows().map(|row| key(output.key.len(), row)).collect();
    keys.sort_by_key(SpineKey::date);
    Ok(Ok(keys.into()))
}

/// A row of the probe: the key, its season, its position, whether it is not expected.
fn key(columns: usize, row: &[Value]) -> SpineKey {
    SpineKey {
        values: row[..columns].into(),
        season: row[columns].as_text().map(Into::into),
        position: row[columns + 1].as_int().unwrap_or(0),
        not_expected: row[columns + 2].as_int() != Some(0),
    }
}
