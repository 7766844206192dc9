//! Which rows of a table a rollback means: a condition that is counted by and, in text that is only printed, deleted by.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{RenderError, Renderer, context, literal};
use crate::model::catalogue::{Ledger, Output};
use crate::model::sql::{Dialect, Sql, check_expression};
use crate::model::table::Value;

/// Some keys of an output: runs of dates, whatever is in them, and single keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extent {
    /// Dates, both ends included.
    pub ranges: Vec<(Date, Date)>,
    /// Keys.
    pub keys: Vec<Box<[Value]>>,
    /// The rows whose key is NULL, too.
    pub without_key: bool,
}

impl Extent {
    /// Whether it has no key at all.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.keys.is_empty() && !self.without_key
    }

    /// The dates that it has.
    fn dates(&self) -> Vec<Date> {
        let dates = self.keys.iter().flat_map(|key| key.iter());
        let mut dates: Vec<Date> = dates.filter_map(|value| if let Value::Date(date) = value { Some(*date) } else { None }).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    }
}

/// Rows of a table: how they are counted, and how they would be deleted.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The table as the dialect spells it.
    pub table: String,
    /// Counts them.
    pub count: Sql,
    /// Deletes them: a text for people, which no door to an engine takes.
    pub delete: String,
}

impl Renderer<'_> {
    /// The rows that an output has of these keys.
    ///
    /// # Errors
    /// An expression of the project file that cannot be rendered, or a value that has no literal.
    pub fn rows_of(&self, output: &Output, extent: &Extent) -> Result<Rows, RenderError> {
        let place = output.declared.as_str();
        let sources: Vec<String> = output
            .key
            .iter()
            .map(|column| Ok(context::source(self, &column.source, place)?.to_string()))
            .collect::<Result<_, RenderError>>()?;
        let date = output.key.iter().position(|column| column.kind == crate::model::table::Kind::Date);
        let mut parts: Vec<String> = Vec::new();
        if let Some(date) = date {
            parts.extend(extent.ranges.iter().map(|range| between(&sources[date], *range)));
        }
        parts.extend(self.keys(&sources, date, &extent.keys, place)?);
        if extent.without_key {
            parts.extend(sources.iter().map(|source| format!("{source} is null")));
        }
        let filter = output.filter.as_ref().map(|filter| self.expression(filter, place)).transpose()?;
        self.rows(&output.table, parts, filter.map(|filter| filter.to_string()).into_iter().collect(), place)
    }

    /// The runs of a processor for the dates of these keys; `None` if they have none.
    ///
    /// # Errors
    /// As [`Renderer::rows_of`].
    pub fn runs_of(&self, ledger: &Ledger, processor: &str, extent: &Extent) -> Result<Option<Rows>, RenderError> {
        let place = ledger.declared.as_str();
        let date = context::source(self, &ledger.date, place)?.to_string();
        let mut parts: Vec<String> = extent.ranges.iter().map(|range| between(&date, *range)).collect();
        let dates: Vec<String> = extent.dates().iter().map(|date| literal::date(*date).to_string()).collect();
        parts.extend((!dates.is_empty()).then(|| one_of(&date, &dates)));
        if parts.is_empty() {
            return Ok(None);
        }
        let name = literal::text(processor, self.dialect).map_err(|error| RenderError::at(place, super::describe(&error)))?;
        let mut all = vec![format!("{} = {name}", context::source(self, &ledger.processor, place)?)];
        all.extend(ledger.filter.as_ref().map(|filter| self.expression(filter, place)).transpose()?.map(|filter| filter.to_string()));
        self.rows(&ledger.table, parts, all, place).map(Some)
    }

    /// Rows for which one of `any` and all of `all` hold.
    fn rows(&self, table: &str, any: Vec<String>, all: Vec<String>, place: &str) -> Result<Rows, RenderError> {
        let fail = |message: String| RenderError::at(place, message);
        let any = if any.len() == 1 { any.concat() } else { format!("({})", any.join("\n    or ")) };
        let conditions: Vec<String> = [any].into_iter().chain(all.into_iter().map(|text| format!("({text})"))).collect();
        let condition = conditions.join("\n    and ");
        check_expression(&condition, self.dialect).map_err(|refusal| fail(refusal.to_string()))?;
        let table =
            literal::table(&minijinja::Value::from(table), self.dialect).map_err(|error| fail(super::describe(&error)))?.to_string();
        let count = Sql::parse(&format!("select count(*) as held_rows\nfrom {table}\nwhere {condition}"), self.dialect);
        let count = count.map_err(|refusal| fail(refusal.to_string()))?;
        Ok(Rows { count, delete: format!("delete from {table}\nwhere {condition};"), table })
    }

    /// Conditions that mean these keys; the dates of keys that are alike otherwise go in one list.
    fn keys(&self, sources: &[String], date: Option<usize>, keys: &[Box<[Value]>], place: &str) -> Result<Vec<String>, RenderError> {
        let mut lists: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        for key in keys {
            let literals: Vec<String> = key
                .iter()
                .map(|value| value_literal(value, self.dialect).ok_or_else(|| RenderError::at(place, format!("{value} has no literal"))))
                .collect::<Result<_, _>>()?;
            let rest = literals.iter().enumerate().filter(|(at, _)| Some(*at) != date);
            let rest = rest.map(|(at, literal)| format!("{} = {literal}", sources[at])).collect();
            lists.entry(rest).or_default().extend(date.map(|at| literals[at].clone()));
        }
        let condition = |(mut rest, dates): (Vec<String>, Vec<String>)| {
            rest.extend(date.map(|at| one_of(&sources[at], &dates)));
            if rest.len() == 1 { rest.concat() } else { format!("({})", rest.join(" and ")) }
        };
        Ok(lists.into_iter().map(condition).collect())
    }
}

fn between(date: &str, (from, to): (Date, Date)) -> String {
    if from == to { format!("{date} = date '{from}'") } else { format!("{date} between date '{from}' and date '{to}'") }
}

fn one_of(date: &str, literals: &[String]) -> String {
    match literals {
        [only] => format!("{date} = {only}"),
        literals => format!("{date} in ({})", literals.join(", ")),
    }
}

fn value_literal(value: &Value, dialect: Dialect) -> Option<String> {
    Some(match value {
        Value::Date(date) => literal::date(*date).to_string(),
        Value::Timestamp(moment) => literal::timestamp(**moment, dialect).to_string(),
        Value::Text(text) => literal::text(text, dialect).ok()?,
        Value::Int(_) | Value::Decimal(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Float(_) => return None,
    })
}
