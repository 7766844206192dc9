//! `gapgate gate`: go or no-go for a stage.

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::Error;
use crate::model::catalogue::Gate;
use crate::model::report::{GateReport, Report};
use crate::report::terminal::{Style, answer};
use crate::report::{self, Place, csv, json, junit, terminal};
use crate::run;

#[derive(Clone, Copy)]
enum Format {
    Table,
    Json,
    Junit,
    Csv,
}

const FORMATS: [(Format, &str); 4] = [(Format::Table, "table"), (Format::Json, "json"), (Format::Junit, "junit"), (Format::Csv, "csv")];

pub(super) fn run(common: &Common, environment: &Environment, name: Option<&str>, strict: bool) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    let gates = options::gates(common, &setup.project, name)?;
    let report = check(&setup, common, environment, &gates)?;
    for (format, place) in formats {
        if common.quiet && place == Place::Stdout {
            report::write(&place, &format!("{}\n", answer(report.verdict())))?;
            continue;
        }
        let text = match format {
            Format::Table => terminal::report(&report, Style::detect(common.verbose)),
            Format::Json => json::report(&report),
            Format::Junit => junit::report(&report),
            Format::Csv => csv::report(&report),
        };
        report::write(&place, &text)?;
    }
    Ok(report.verdict().exit_status(strict))
}

/// Plans every gate before the first statement is sent, then runs them in order.
fn check(setup: &Setup, common: &Common, environment: &Environment, gates: &[Gate]) -> Result<Report, Error> {
    let borrowed: Vec<&Gate> = gates.iter().collect();
    // Opening takes the engine longer than planning takes us, and neither needs the other.
    let (plans, warehouse) = std::thread::scope(|scope| {
        let opening = scope.spawn(|| setup.open(environment));
        let plans = run::plan(&setup.project, &setup.library, &setup.scope, setup.target.dialect, &borrowed);
        (plans, opening.join())
    });
    let plans = plans?;
    let warehouse = warehouse.map_err(|_| Error::Warehouse("opening the target failed without a reason".to_owned()))??;
    let mut session = setup.session(warehouse.as_ref(), common);
    session.adopt(&plans);
    let gates: Vec<GateReport> = plans.iter().map(|plan| run::gate(&session, plan)).collect::<Result<_, _>>()?;
    let statements = session.statements();
    Ok(Report { header: setup.header(), gates, findings: Vec::new(), elapsed: setup.start.elapsed(), statements })
}
