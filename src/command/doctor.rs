//! `gapgate doctor`: what stands in the way of a gate, and what no gate looks at.

use std::fmt::Write as _;

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::Error;
use crate::model::report::Finding;
use crate::model::verdict::Verdict;
use crate::report::{self, Place};
use crate::run::{self, Session};

pub(super) fn run(common: &Common, environment: &Environment) -> Result<u8, Error> {
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, &[])?;
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    let mut findings = vec![connection(&session)];
    findings.extend(run::catalogue(&session, &outputs)?);
    findings.extend(advice(&setup, &outputs));
    let mut text = String::new();
    for (subject, finding) in &findings {
        let _ = writeln!(text, "{:<9} {subject}: {}", finding.verdict.name(), finding.message);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "{:<9}    -> {remedy}", "");
        }
    }
    report::write(&Place::Stdout, &text)?;
    Ok(findings.iter().map(|(_, finding)| finding.verdict).max().unwrap_or(Verdict::Undecided).exit_status(false))
}

type Named = (String, Finding);

fn connection(session: &Session<'_>) -> Named {
    let finding = match session.tables() {
        Ok(tables) => Finding::new(Verdict::Pass, "connection", format!("answers; {} names of tables can be seen", tables.len())),
        Err(error) => Finding::undecided("connection", error.to_owned()),
    };
    ("connection".to_owned(), finding)
}

/// What the project file leaves open. None of it stops a gate.
fn advice(setup: &Setup, outputs: &[String]) -> Vec<Named> {
    let mut findings = Vec::new();
    let mut warn = |subject: &str, message: String, remedy: &str| {
        findings.push((subject.to_owned(), Finding::new(Verdict::Warn, "catalogue", message).with_remedy(remedy)));
    };
    let uncovered: Vec<&str> =
        outputs.iter().filter(|name| !setup.project.gates.values().any(|gate| gate.outputs.contains(*name))).map(String::as_str).collect();
    if !uncovered.is_empty() {
        warn("gates", format!("no gate covers {}", uncovered.join(", ")), "add a gate for the stage, or name the outputs in one");
    }
    let without_grain: Vec<&str> =
        outputs.iter().filter(|name| setup.project.outputs[*name].grain.is_empty()).map(String::as_str).collect();
    if !without_grain.is_empty() {
        warn(
            "grain",
            format!("doubled rows cannot be told from others in {}", without_grain.join(", ")),
            "declare `grain`: the columns that, with the key, identify one row",
        );
    }
    let any_count: Vec<&str> = outputs
        .iter()
        .filter(|name| {
            let rows = &setup.project.outputs[*name].rows;
            rows.min.is_none() && rows.max.is_none()
        })
        .map(String::as_str)
        .collect();
    if !any_count.is_empty() {
        warn("rows", format!("one row makes a key complete in {}", any_count.join(", ")), "declare `rows`: how many a key should have");
    }
    if setup.project.runs.is_none() {
        warn(
            "runs",
            "no run ledger is declared, so attempts and failures are unknown".to_owned(),
            "add [runs] if processors record their runs in a table",
        );
    }
    findings
}
