//! `gapgate lint`: every query's header, template and rendered SQL, without a warehouse.

use indexmap::IndexMap;

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::{Complaint, Error};
use crate::model::catalogue::{Argument, Project};
use crate::model::query::{ParamKind, Query};
use crate::model::sql::Dialect;
use crate::render::Renderer;
use crate::report::{self, Place};

pub(super) fn run(common: &Common, environment: &Environment, ids: &[String]) -> Result<u8, Error> {
    let setup = Setup::load(common, environment)?;
    let queries: Vec<&Query> = match ids {
        [] => setup.library.queries.values().collect(),
        ids => ids.iter().map(|id| setup.library.query(id)).collect::<Result<_, _>>()?,
    };
    let outputs = options::outputs(common, &setup.project, &[])?;
    let mut complaints: Vec<Complaint> = Vec::new();
    for dialect in Dialect::ALL {
        let renderer = Renderer::new(&setup.library, &setup.project, &setup.scope, dialect);
        for query in &queries {
            complaints.extend(faults(&setup.project, &renderer, query, &outputs, dialect));
        }
    }
    complaints.sort();
    complaints.dedup();
    if !complaints.is_empty() {
        return Err(Error::Complaints(complaints));
    }
    let dialects: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
    report::write(
        &Place::Stdout,
        &format!(
            "{} without fault, each rendered for {}\n",
            crate::model::rule::count(queries.len(), "query").replace("querys", "queries"),
            dialects.join(", ")
        ),
    )?;
    Ok(0)
}

/// What is wrong with a query in one dialect, rendered for every output where it takes one.
fn faults(project: &Project, renderer: &Renderer<'_>, query: &Query, outputs: &[String], dialect: Dialect) -> Vec<Complaint> {
    if query.template.contains("'{{") || query.template.contains("}}'") {
        return vec![Complaint {
            file: query.file.clone(),
            line: 0,
            message: "a value in quotes: `{{ }}` prints the quotes itself, remove those around it".to_owned(),
        }];
    }
    if query.reads_ledger() && project.runs.is_none() {
        return Vec::new();
    }
    let arguments = |output: Option<&String>| {
        let value = |kind: ParamKind| match (kind, output) {
            (ParamKind::Output, Some(output)) => Some(Argument::Text(output.clone())),
            (ParamKind::Outputs, Some(output)) => Some(Argument::List(vec![output.clone()])),
            (ParamKind::Text, _) => Some(Argument::Text("x".to_owned())),
            (ParamKind::Texts, _) => Some(Argument::List(vec!["x".to_owned()])),
            (ParamKind::Int, _) => Some(Argument::Int(1)),
            (ParamKind::Number, _) => Some(Argument::Int(1)),
            (ParamKind::Bool, _) => Some(Argument::Bool(true)),
            (ParamKind::Date | ParamKind::Moment, _) => Some(Argument::Text("2024-01-01".to_owned())),
            (ParamKind::Step, _) => Some(Argument::Text("1 day".to_owned())),
            _ => None,
        };
        let open = query.params.iter().filter(|(_, param)| param.default.is_none());
        open.filter_map(|(name, param)| Some((name.clone(), value(param.kind)?))).collect::<IndexMap<_, _>>()
    };
    let takes_output = query.params.values().any(|param| matches!(param.kind, ParamKind::Output | ParamKind::Outputs));
    let rounds: Vec<Option<&String>> = if takes_output { outputs.iter().map(Some).collect() } else { vec![None] };
    let fault = |output| renderer.render(query, &arguments(output)).err().filter(|error| !error.refused).map(|error| error.complaint);
    let mut complaints: Vec<Complaint> = rounds.into_iter().filter_map(fault).collect();
    for complaint in &mut complaints {
        complaint.message = format!("{} (rendered for {})", complaint.message, dialect.name());
    }
    complaints
}
