//! The statements by which a project is checked, and where a fault in one of them is to be mended.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::Contract;
use crate::model::catalogue::{Argument, Output, Project, SpineSource, representatives};
use crate::model::query::{Library, ParamKind, Query};
use crate::model::reading::{self, Reading};
use crate::model::scope::Scope;
use crate::model::sql::{Dialect, Place, Sql};
use crate::render::{Origins, Renderer};

/// What stands for a text that nobody gave; as a name it means nothing, and nothing is said about it.
pub(super) const SAMPLE: &str = "gapgate_sample";

/// One statement and what it was made from.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) sql: Sql,
    pub(super) source: Source<'a>,
}

/// What a statement was made from.
#[derive(Debug)]
pub(super) enum Source<'a> {
    /// One expression of the catalogue.
    Reading(Reading<'a>),
    /// A query, with the line of the gate that gives it these arguments, if one does.
    Query { query: &'a Query, args: IndexMap<String, Argument>, check: Option<String> },
}

/// Where a fault is to be mended.
#[derive(Debug)]
pub(super) struct Mended {
    pub(super) place: String,
    /// Whether what is wrong is written at that place; otherwise it only leads there.
    pub(super) written: bool,
    /// Where it was found, if that is elsewhere.
    pub(super) context: String,
}

/// The expressions of the catalogue, these queries for each of these outputs, and the checks of the gates.
pub(super) fn of<'a>(
    project: &'a Project,
    library: &'a Library,
    scope: &'a Scope,
    dialect: Dialect,
    queries: &[&'a Query],
    outputs: &[String],
) -> Vec<Statement<'a>> {
    let renderer = Renderer::new(library, project, scope, dialect);
    let mut statements = Vec::new();
    for reading in reading::of_project(project).into_iter().filter(|reading| !reading.is_name()) {
        // What cannot be rendered is complained of where all rendering is.
        statements.extend(renderer.reading(&reading).ok().map(|sql| Statement { sql, source: Source::Reading(reading) }));
    }
    // The columns of every output are looked at in the catalogue; what a shipped query makes of them differs by shape only.
    let shapes = representatives(project, outputs);
    let outputs_for = |query: &Query| if query.shipped { shapes.as_slice() } else { outputs };
    let samples = queries.iter().flat_map(|query| samples(query, outputs_for(query)).into_iter().map(|args| (*query, args, None)));
    let plans = super::super::plan(project, library, scope, dialect, &project.gates.values().collect::<Vec<_>>());
    let checks = plans.into_iter().flatten().flat_map(|plan| plan.checks).filter(|check| !check.classifies());
    let checks = checks.filter(|check| queries.iter().any(|query| query.id == check.query.id));
    let mut seen = BTreeSet::new();
    for (query, args, check) in samples.chain(checks.map(|check| (check.query, check.args, Some(check.declared)))) {
        let Ok(sql) = renderer.render(query, &args) else { continue };
        if seen.insert(sql.as_str().to_owned()) {
            statements.push(Statement { sql, source: Source::Query { query, args, check } });
        }
    }
    statements
}

/// Arguments for each output, where a query takes one; values that are required are samples.
fn samples(query: &Query, outputs: &[String]) -> Vec<IndexMap<String, Argument>> {
    let required = |output: &str| {
        let text = |text: &str| Some(Argument::Text(text.to_owned()));
        let value = |kind| match kind {
            ParamKind::Output => text(output),
            ParamKind::Outputs => Some(Argument::List(vec![output.to_owned()])),
            // Those that the output comes after.
            ParamKind::Upstreams => None,
            ParamKind::Text | ParamKind::Expression => text(SAMPLE),
            ParamKind::Texts => Some(Argument::List(vec![SAMPLE.to_owned()])),
            // All of the catalogue.
            ParamKind::Processors => Some(Argument::List(Vec::new())),
            ParamKind::Int | ParamKind::Number => Some(Argument::Int(1)),
            ParamKind::Bool => Some(Argument::Bool(true)),
            ParamKind::Date | ParamKind::Moment => text("2024-01-01"),
            ParamKind::Step => text("1 day"),
        };
        let open = query.params.iter().filter(|(_, param)| param.default.is_none() && !param.optional);
        open.filter_map(|(name, param)| Some((name.clone(), value(param.kind)?))).collect()
    };
    if query.params.values().any(|param| matches!(param.kind, ParamKind::Output | ParamKind::Outputs)) {
        return outputs.iter().map(|output| required(output)).collect();
    }
    vec![required("")]
}

impl Statement<'_> {
    /// Where a fault at a place of the statement is to be mended; `name` is what is wrong, if it is a name.
    pub(super) fn mended(&self, contract: &Contract<'_>, origins: &Origins<'_>, at: Place, name: &str) -> Mended {
        let (query, args, check) = match &self.source {
            Source::Reading(reading) => return Mended { place: reading.place.to_owned(), written: true, context: String::new() },
            Source::Query { query, args, check } => (query, args, check),
        };
        let origin = origins.of(query, args, &self.sql);
        let written = origin.as_ref().and_then(|origin| origin.at(&self.sql, at));
        let place = written.map(|(file, line)| format!("{file}:{line}"));
        let line = written.filter(|(file, _)| is_own(contract, query, file)).and_then(|(file, line)| origins.line(query, file, line));
        if let (Some(place), Some(_)) = (&place, line.filter(|line| line.contains(name))) {
            return Mended { place: place.clone(), written: true, context: String::new() };
        }
        if place.is_none() && !query.shipped {
            return Mended { place: query.file.clone(), written: true, context: String::new() };
        }
        if let Some(check) = check.as_ref().filter(|_| args.values().any(|value| names(value, name))) {
            return Mended { place: check.clone(), written: true, context: format!(" (asked of {})", query.id) };
        }
        let output = args.values().find_map(|value| match value {
            Argument::Text(text) => contract.project.outputs.get(text),
            Argument::List(texts) => texts.first().and_then(|text| contract.project.outputs.get(text)),
            _ => None,
        });
        let runs = contract.project.runs.as_ref().filter(|_| query.reads_ledger());
        // Without an output, it is asked of all.
        let mut outputs = contract.project.outputs.values().filter(|one| output.is_none_or(|output| output.name == one.name));
        let declared = outputs.find_map(|output| condition_place(output, name)).or(output.map(|output| output.declared.as_str()));
        let declared = declared.or(runs.map(|runs| runs.declared.as_str())).or(check.as_deref());
        let context = format!(" (in {})", place.as_ref().unwrap_or(&query.file));
        Mended { place: declared.unwrap_or(&query.file).to_owned(), written: false, context }
    }
}

/// Where an output says something of the columns of its spine that has this name in it.
fn condition_place<'o>(output: &'o Output, name: &str) -> Option<&'o str> {
    let conditions = [("not_expected.where", &output.not_expected.filter), ("due_when", &output.due_when)];
    let words = |text: &'o str| text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let says = |text: &'o Option<String>| !name.is_empty() && text.as_deref().is_some_and(|text| words(text).any(|word| word == name));
    conditions.into_iter().find(|(_, text)| says(text)).map(|(key, _)| output.place(key))
}

/// Whether a file is the project's own.
fn is_own(contract: &Contract<'_>, query: &Query, file: &str) -> bool {
    if query.file == file {
        return !query.shipped;
    }
    let is_spine = |source: &SpineSource| matches!(source, SpineSource::Sql { file: own, .. } if own.as_os_str() == file);
    contract.project.spines.values().any(|spine| is_spine(&spine.source)) || contract.project.dir.join(file).is_file()
}

fn names(value: &Argument, name: &str) -> bool {
    match value {
        Argument::Text(text) => text == name,
        Argument::List(texts) => texts.iter().any(|text| text == name),
        _ => false,
    }
}
