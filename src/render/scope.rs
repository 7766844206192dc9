//! What templates see around the outputs: the scope, the seasons before it, and the tables of the whole catalogue.

use minijinja::context;
use minijinja::value::Value;

use super::context::optional;
use super::literal;
use crate::model::catalogue::{Project, SpineSource};
use crate::model::scope::{Scope, Season};
use crate::model::sql::Dialect;

/// `declared` are all seasons of the project.
pub(super) fn scope(scope: &Scope, declared: &[Season], dialect: Dialect) -> Value {
    let season = |season: &Season| {
        let before = declared.iter().rev().find(|other| other.end < season.start).map(|before| season_before(scope, season, before));
        context! {
            name => season.name.as_str(),
            start => literal::date(season.start),
            end => literal::date(season.end),
            before => optional(before),
        }
    };
    context! {
        declared => declared.iter().map(season).collect::<Vec<Value>>(),
        narrowed => scope.range.is_some(),
        start => literal::date(scope.start()),
        end => literal::date(scope.end()),
        seasons => scope.seasons.iter().map(season).collect::<Vec<Value>>(),
        others => scope.others.iter().map(season).collect::<Vec<Value>>(),
        as_of => literal::timestamp(scope.as_of, dialect),
        as_of_date => literal::date(scope.as_of_date()),
    }
}

/// The season before another as far as that one has come: `end` and `until` are as many days after the starts of the two.
fn season_before(scope: &Scope, season: &Season, before: &Season) -> Value {
    let until = season.end.min(scope.as_of_date());
    let days = (until - season.start).get_days().max(0);
    let end = before.start.checked_add(jiff::Span::new().days(days)).unwrap_or(before.end).min(before.end);
    context! {
        name => before.name.as_str(),
        start => literal::date(before.start),
        end => literal::date(end),
        until => literal::date(until),
        begun => until >= season.start,
    }
}

/// Every table that the project names, and what it is called there.
pub(super) fn catalogue(project: &Project) -> Value {
    let entry = |name: &str, table: &str| {
        let (schema, table) = table.rsplit_once('.').unwrap_or(("", table));
        context! { name, schema, table }
    };
    let outputs = project.outputs.values().map(|output| entry(&output.name, &output.table));
    let spines = project.spines.values().filter_map(|spine| match &spine.source {
        SpineSource::Table(table) => Some(entry(&format!("spine {}", spine.name), table)),
        _ => None,
    });
    let runs = project.runs.iter().map(|ledger| entry("runs", &ledger.table));
    Value::from(outputs.chain(spines).chain(runs).collect::<Vec<Value>>())
}
