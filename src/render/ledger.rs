//! What templates see of the run ledger, and of the units, a processor and a day each, that the catalogue expects to run.

use indexmap::IndexMap;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use minijinja::context;
use minijinja::value::Value;

use super::context::{not_expected, optional, source, spine_value};
use super::{RenderError, Renderer, literal};
use crate::model::catalogue::{Labels, Ledger, Output};
use crate::model::table::Kind;

pub(super) fn ledger(renderer: &Renderer<'_>, ledger: &Ledger) -> Result<Value, RenderError> {
    let place = ledger.declared.as_str();
    let column = |text: &String| source(renderer, text, place);
    let maybe = |text: &Option<String>| Ok(optional(text.as_ref().map(column).transpose()?));
    let condition = |text: &Option<String>| Ok(optional(text.as_ref().map(|text| renderer.expression(text, place)).transpose()?));
    let labels = |labels: &Option<Labels>| maybe(&labels.as_ref().map(|labels| labels.column.clone()));
    Ok(context! {
        table => ledger.table.as_str(),
        run => column(&ledger.run)?,
        processor => column(&ledger.processor)?,
        date => column(&ledger.date)?,
        status => column(&ledger.status)?,
        success => ledger.success.clone(),
        failed => ledger.failed.clone(),
        running => ledger.running.clone(),
        skipped => ledger.skipped.clone(),
        known => [&ledger.success, &ledger.failed, &ledger.running, &ledger.skipped].into_iter().flatten().cloned().collect::<Vec<String>>(),
        started => column(&ledger.started)?,
        finished => maybe(&ledger.finished)?,
        rows => maybe(&ledger.rows)?,
        entities_done => maybe(&ledger.entities_done)?,
        entities_failed => maybe(&ledger.entities_failed)?,
        error => maybe(&ledger.error)?,
        category => labels(&ledger.category)?,
        classes => terms(&ledger.category),
        actions => ledger.actions.iter().map(|(class, action)| context! { class => class.as_str(), action => action.name() }).collect::<Vec<Value>>(),
        phase => labels(&ledger.phase)?,
        stages => terms(&ledger.phase),
        filter => condition(&ledger.filter)?,
        exclude => condition(&ledger.exclude)?,
        since => optional(ledger.since.map(|moment| on_clock(renderer, ledger, moment))),
        as_of => on_clock(renderer, ledger, renderer.scope.as_of),
        is_now => renderer.scope.is_now,
    })
}

fn terms(labels: &Option<Labels>) -> Vec<Value> {
    let words = labels.iter().flat_map(|labels| &labels.words).filter(|(_, words)| !words.is_empty());
    words.map(|(name, words)| context! { name => name.as_str(), words => words.clone() }).collect()
}

/// The ledger's times are local to its own zone; a moment is compared on the same clock.
pub(super) fn on_clock(renderer: &Renderer<'_>, ledger: &Ledger, utc: DateTime) -> Value {
    let local = ledger.zone.as_ref().and_then(|zone| {
        let moment = TimeZone::UTC.to_ambiguous_zoned(utc).compatible().ok()?;
        Some(moment.with_time_zone(zone.clone()).datetime())
    });
    literal::timestamp(local.unwrap_or(utc), renderer.dialect)
}

/// Processors and what they are expected to run: their spines, and on each the groups of those that expect the same days
/// of it. A processor whose outputs have no date in their key has no units. `all` says that none was named.
pub(super) fn processors(renderer: &Renderer<'_>, outputs: &[&Output], all: bool) -> Result<Value, RenderError> {
    let (dated, undated): (Vec<&Output>, Vec<&Output>) = outputs.iter().partition(|output| date_of(output).is_some());
    let names = distinct(&dated);
    let others: Vec<String> = distinct(&undated).into_iter().filter(|name| !names.contains(name)).collect();
    let mut spines: IndexMap<&str, IndexMap<String, Vec<&Output>>> = IndexMap::new();
    for output in &dated {
        spines.entry(&output.spine).or_default().entry(likeness(output)).or_default().push(output);
    }
    let spine = |(name, groups): (&str, IndexMap<String, Vec<&Output>>)| {
        let spine = &renderer.project.spines[name];
        let date_name = spine.date().map(|column| Value::from(column.name.as_str()));
        let groups = groups.values().map(|outputs| group(renderer, outputs)).collect::<Result<Vec<Value>, _>>()?;
        Ok(context! { spine => spine_value(renderer, spine)?, date_name => optional(date_name), groups })
    };
    Ok(context! {
        all,
        names,
        others,
        spines => spines.into_iter().map(spine).collect::<Result<Vec<Value>, RenderError>>()?,
        outputs => dated.iter().map(|output| table(renderer, output)).collect::<Result<Vec<Value>, RenderError>>()?,
    })
}

fn date_of(output: &Output) -> Option<&str> {
    output.key.iter().find(|column| column.kind == Kind::Date).map(|column| column.source.as_str())
}

/// The processors of these outputs, each once.
fn distinct(outputs: &[&Output]) -> Vec<String> {
    let names: IndexMap<&String, ()> = outputs.iter().map(|output| (&output.processor, ())).collect();
    names.into_keys().cloned().collect()
}

/// What outputs of a spine must agree in to expect the same days of it, and weigh them alike.
fn likeness(output: &Output) -> String {
    format!("{:?} {:?} {:?} {:?}", output.not_expected, output.retention, output.expected_by, output.rows.per)
}

fn group(renderer: &Renderer<'_>, outputs: &[&Output]) -> Result<Value, RenderError> {
    let first = outputs[0];
    Ok(context! {
        processors => distinct(outputs),
        not_expected => not_expected(renderer, first)?,
        first_keys => optional(first.not_expected.first_keys.map(Value::from)),
        last_due => optional(first.expected_by.last_due(renderer.scope.as_of, &renderer.scope.zone).map(literal::date)),
        per => optional(first.rows.per.as_ref().map(|per| Value::from(per.as_str()))),
    })
}

/// Where the rows of a dated output are.
fn table(renderer: &Renderer<'_>, output: &Output) -> Result<Value, RenderError> {
    let place = output.declared.as_str();
    Ok(context! {
        name => output.name.as_str(),
        processor => output.processor.as_str(),
        table => output.table.as_str(),
        date => optional(date_of(output).map(|date| source(renderer, date, place)).transpose()?),
        filter => optional(output.filter.as_ref().map(|text| renderer.expression(text, place)).transpose()?),
    })
}
