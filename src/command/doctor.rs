//! `gapgate doctor`: what stands in the way of a gate, and what no gate looks at.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::Error;
use crate::model::bytes;
use crate::model::catalogue::{CommandSpec, Gate};
use crate::model::report::Finding;
use crate::model::verdict::Verdict;
use crate::report::{self, Place, visible};
use crate::run::{self, Session};

pub(super) fn run(common: &Common, environment: &Environment) -> Result<u8, Error> {
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, &[])?;
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    let mut findings = vec![connection(&session)];
    let outcome = examine(&setup, &session, &outputs, &mut findings);
    let mut text = String::new();
    for (subject, finding) in &findings {
        let _ = writeln!(text, "{:<9} {subject}: {}", finding.verdict.name(), finding.message);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "{:<9}    -> {remedy}", "");
        }
    }
    report::write(&Place::Stdout, &visible(&text))?;
    outcome?;
    Ok(findings.iter().map(|(_, finding)| finding.verdict).max().unwrap_or(Verdict::Undecided).exit_status(false))
}

type Named = (String, Finding);

/// Ctrl-C leaves what was found before.
fn examine(setup: &Setup, session: &Session<'_>, outputs: &[String], findings: &mut Vec<Named>) -> Result<(), Error> {
    run::catalogue(session, outputs, findings)?;
    findings.extend(cost(setup, session)?);
    findings.extend(commands(setup));
    findings.extend(advice(setup, session, outputs));
    Ok(())
}

fn connection(session: &Session<'_>) -> Named {
    let finding = match session.tables() {
        Ok(tables) => Finding::new(Verdict::Pass, "connection", format!("answers; {} names of tables can be seen", tables.len())),
        Err(error) => Finding::undecided("connection", error.to_owned()),
    };
    ("connection".to_owned(), finding)
}

/// What each gate would read, and from where besides the catalogue; of engines that can tell.
fn cost(setup: &Setup, session: &Session<'_>) -> Result<Vec<Named>, Error> {
    let Some(cap) = session.warehouse.cap() else { return Ok(Vec::new()) };
    let gates: Vec<&Gate> = setup.project.gates.values().collect();
    let plans = run::plan(&setup.project, &setup.library, &setup.scope, setup.target.dialect, &gates)?;
    let mut findings = Vec::new();
    for plan in &plans {
        let prices = run::prices(session, &plan.checks)?;
        let sum = prices.iter().map(|price| price.bytes).fold(0, u64::saturating_add);
        let what = format!("would read {} of at most {}", bytes::show(sum), bytes::show(cap));
        let finding = match prices.iter().find_map(|price| Some((price, price.unknown.as_ref()?))) {
            Some((price, reason)) => Finding::undecided("cost", format!("{} cannot be estimated: {reason}", price.check)),
            None if sum > cap => Finding::new(Verdict::Fail, "cost", what).with_remedy("narrow the scope, or raise `max_bytes_billed`"),
            None => Finding::new(Verdict::Pass, "cost", what),
        };
        findings.push((format!("gate {}", plan.gate.name), finding));
        let tables: BTreeSet<&String> = prices.iter().flat_map(|price| &price.tables).collect();
        let others: Vec<&str> = tables.into_iter().filter(|table| !session.is_catalogued(table)).map(String::as_str).collect();
        if !others.is_empty() {
            let finding = Finding::new(Verdict::Warn, "tables", format!("reads {}, which the catalogue does not name", others.join(", ")));
            findings
                .push((format!("gate {}", plan.gate.name), finding.with_remedy("nothing to do if views or queries of yours read them")));
        }
    }
    Ok(findings)
}

/// Whether the programs of the gates' commands are there. None is run.
fn commands(setup: &Setup) -> Vec<Named> {
    let commands = setup.project.gates.values().flat_map(|gate| gate.commands.iter().map(move |command| (gate, command)));
    let finding = |(gate, command): (&Gate, &CommandSpec)| {
        let program = command.words.first().map(String::as_str).unwrap_or_default();
        let finding = match run::is_there(command, &setup.project.dir) {
            true => Finding::new(Verdict::Pass, "command", format!("command {} is there: {}", command.name, command.line())),
            false => Finding::undecided("command", format!("command {}: there is no {program}", command.name))
                .with_remedy("paths are relative to the project's folder; other programs are looked for in PATH"),
        };
        (format!("gate {}", gate.name), finding)
    };
    commands.map(finding).collect()
}

/// What the project file leaves open. None of it stops a gate.
fn advice(setup: &Setup, session: &Session<'_>, outputs: &[String]) -> Vec<Named> {
    let mut findings = Vec::new();
    let mut warn = |subject: &str, message: String, remedy: &str| {
        findings.push((subject.to_owned(), Finding::new(Verdict::Warn, "catalogue", message).with_remedy(remedy)));
    };
    let uncovered: Vec<&str> = outputs
        .iter()
        .filter(|name| !setup.project.gates.values().any(|gate| gate.looks_at_rows() && gate.outputs.contains(*name)))
        .map(String::as_str)
        .collect();
    if !uncovered.is_empty() {
        warn("gates", format!("no gate covers {}", uncovered.join(", ")), "add a gate for the stage, or name the outputs in one");
    }
    let tautologies: Vec<&str> = outputs.iter().filter(|name| run::is_its_own_spine(session, name)).map(String::as_str).collect();
    if !tautologies.is_empty() {
        warn(
            "spine",
            format!("the table is the source of its own spine, so that none of its keys can be missing, in {}", tautologies.join(", ")),
            "take the spine from elsewhere; of a schedule, which has no other, ask `gate/spine_size`",
        );
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
