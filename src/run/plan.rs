//! Which checks a gate stands for, each of them rendered once before anything is sent.

use indexmap::IndexMap;

use super::{coverage, waived};
use crate::error::{Complaint, Error};
use crate::model::catalogue::{Argument, CheckSpec, Gate, Output, Project};
use crate::model::query::{Library, ParamKind, Query};
use crate::model::rule::RuleKind;
use crate::model::scope::Scope;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::Column;
use crate::render::{RenderError, Renderer};

/// One query with its arguments.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// The query.
    pub query: &'a Query,
    /// The arguments.
    pub args: IndexMap<String, Argument>,
    /// Where it is asked for.
    pub declared: String,
}

impl Check<'_> {
    /// Whether the query classifies keys, so that its answers are counted per output.
    pub fn classifies(&self) -> bool {
        self.query.rules.iter().any(|rule| rule.kind == RuleKind::Classes)
    }
}

/// A gate with its checks, every one rendered once to know that it can be.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// Its checks in order.
    pub checks: Vec<Check<'a>>,
    /// The statements that it renders to, as far as they do not depend on the size of the tables.
    pub statements: Vec<Sql>,
}

/// Binds and test-renders every check of these gates before anything is sent.
///
/// # Errors
/// [`Error::Complaints`]: unknown queries, wrong arguments, templates that fail, SQL that the guard refuses.
pub fn plan<'a>(
    project: &'a Project,
    library: &'a Library,
    scope: &'a Scope,
    dialect: Dialect,
    gates: &[&'a Gate],
) -> Result<Vec<Plan<'a>>, Error> {
    let renderer = Renderer::new(library, project, scope, dialect);
    let mut complaints = Vec::new();
    let mut plans = Vec::new();
    for gate in gates {
        let mut checks = Vec::new();
        for spec in &gate.checks {
            match bind(project, library, gate, spec) {
                Ok(bound) => checks.extend(bound),
                Err(complaint) => complaints.push(complaint),
            }
        }
        let mut statements = Vec::new();
        for check in &checks {
            match test_render(project, &renderer, check) {
                Ok(rendered) => statements.extend(rendered),
                Err(RenderError { complaint, .. }) => complaints.push(complaint),
            }
        }
        plans.push(Plan { gate, checks, statements });
    }
    complaints.extend(waived::complaints(project, plans.iter().flat_map(|plan| &plan.checks)));
    complaints.dedup();
    if complaints.is_empty() { Ok(plans) } else { Err(Error::Complaints(complaints)) }
}

/// The checks that one line of a gate stands for: one, or one for each output or spine.
fn bind<'a>(project: &Project, library: &'a Library, gate: &Gate, spec: &CheckSpec) -> Result<Vec<Check<'a>>, Complaint> {
    let query = library.query(&spec.query).map_err(|error| Complaint::at(&spec.declared, error.to_string()))?;
    if query.rules_for(&spec.args).is_empty() {
        let message = match query.rules.is_empty() {
            true => format!("{} has no rule, so as a check it could only say go; use it with `gapgate run`", query.id),
            false => {
                format!("without a value for {} no rule of {} applies, so it could only say go", query.open_bounds().join(" or "), query.id)
            }
        };
        return Err(Complaint::at(&spec.declared, message));
    }
    let check = |args: IndexMap<String, Argument>| Check { query, args, declared: spec.declared.clone() };
    let mut args = spec.args.clone();
    let open = |kind: ParamKind| {
        query.params.iter().find(|(name, param)| param.kind == kind && !spec.args.contains_key(*name)).map(|(name, _)| name.clone())
    };
    if query.params.contains_key("processors") && !args.contains_key("processors") {
        let processors = gate.outputs.iter().map(|output| project.outputs[output].processor.clone()).collect();
        args.insert("processors".to_owned(), Argument::List(processors));
    }
    if let Some(name) = open(ParamKind::Output) {
        return Ok(gate.outputs.iter().map(|output| check(with(&args, &name, Argument::Text(output.clone())))).collect());
    }
    if let Some(name) = open(ParamKind::Outputs) {
        if query.rules.iter().any(|rule| rule.kind == RuleKind::Classes) {
            return Ok(vec![check(with(&args, &name, Argument::List(gate.outputs.clone())))]);
        }
        let groups = by_spine(project, &gate.outputs);
        return Ok(groups.into_iter().map(|outputs| check(with(&args, &name, Argument::List(outputs)))).collect());
    }
    Ok(vec![check(args)])
}

pub(super) fn with(args: &IndexMap<String, Argument>, name: &str, value: Argument) -> IndexMap<String, Argument> {
    let mut args = args.clone();
    args.insert(name.to_owned(), value);
    args
}

/// Outputs grouped by their spine, in order.
pub(crate) fn by_spine(project: &Project, outputs: &[String]) -> Vec<Vec<String>> {
    let mut groups: IndexMap<&str, Vec<String>> = IndexMap::new();
    for name in outputs {
        if let Some(output) = project.outputs.get(name) {
            groups.entry(&output.spine).or_default().push(name.clone());
        }
    }
    groups.into_values().collect()
}

/// The names of the outputs that a check is about.
pub(super) fn outputs_of(check: &Check<'_>) -> Vec<String> {
    let named = check.query.params.iter().filter(|(_, param)| matches!(param.kind, ParamKind::Output | ParamKind::Outputs));
    let values = named.filter_map(|(name, _)| check.args.get(name));
    values
        .flat_map(|value| match value {
            Argument::Text(name) => vec![name.clone()],
            Argument::List(names) => names.clone(),
            _ => Vec::new(),
        })
        .collect()
}

/// The statements of a check in the batches in which small tables are asked for.
fn test_render(project: &Project, renderer: &Renderer<'_>, check: &Check<'_>) -> Result<Vec<Sql>, RenderError> {
    if !check.classifies() {
        return Ok(vec![renderer.render(check.query, &check.args)?]);
    }
    let render = |outputs: &[String]| renderer.render(check.query, &with(&check.args, "outputs", Argument::List(outputs.to_vec())));
    let mut statements = Vec::new();
    for batch in batches(project, check) {
        match render(&batch) {
            Ok(sql) => statements.push(sql),
            // One at a time finds the place of the fault.
            Err(_) => statements.extend(batch.iter().map(|output| render(std::slice::from_ref(output))).collect::<Result<Vec<_>, _>>()?),
        }
    }
    Ok(statements)
}

/// The outputs of a check that classifies keys, by statement, where tables are small.
pub(super) fn batches(project: &Project, check: &Check<'_>) -> Vec<Vec<String>> {
    let groups = by_spine(project, &outputs_of(check));
    groups.iter().flat_map(|group| group.chunks(coverage::BATCH).map(<[String]>::to_vec)).collect()
}

/// The key columns of the spine that a check's outputs share.
pub(crate) fn key_columns(project: &Project, check: &Check<'_>) -> Vec<Column> {
    let output = outputs_of(check).first().and_then(|name| project.outputs.get(name));
    output.map(Output::key_columns).unwrap_or_default()
}

/// The check that classifies the keys of these outputs.
///
/// # Errors
/// [`Error::Usage`] if the library lacks it.
pub fn coverage_of<'a>(library: &'a Library, outputs: &[String]) -> Result<Check<'a>, Error> {
    let query = library.query("quality/coverage")?;
    let args = [("outputs".to_owned(), Argument::List(outputs.to_vec()))].into_iter().collect();
    Ok(Check { query, args, declared: String::new() })
}
