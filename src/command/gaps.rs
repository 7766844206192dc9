//! `gapgate gaps`: what is missing, as ranges of dates or by period.

use indexmap::IndexMap;

use super::{Environment, Setup, options};
use crate::cli::{Common, Period};
use crate::error::Error;
use crate::model::catalogue::Argument;
use crate::model::coverage::{Class, Coverage};
use crate::model::report::{Finding, GateReport, Report};
use crate::model::retry::{RetryItem, retry_list};
use crate::model::table::Table;
use crate::model::verdict::Verdict;
use crate::report::terminal::{Style, answer};
use crate::report::{self, Place, csv, json, jsonl, terminal};
use crate::run::{self, Check, Session};

#[derive(Clone, Copy)]
enum Format {
    Table,
    Json,
    Csv,
}

const FORMATS: [(Format, &str); 3] = [(Format::Table, "table"), (Format::Json, "json"), (Format::Csv, "csv")];

pub(super) fn run(common: &Common, environment: &Environment, names: &[String], by: Option<Period>) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, names)?;
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    let coverage = run::coverage_of(&setup.library, &outputs)?;
    let by_period = by.map(|period| by_period(&session, &outputs, period)).transpose()?.unwrap_or_default();
    run::afford(&session, by_period.iter().chain([&coverage]))?;
    let mut checks = vec![run::cover(&session, coverage.query, &outputs)?];
    for check in &by_period {
        let mut counted = run::single(&session, check)?;
        // What is wrong is for the coverage to say, which knows of waivers and of keys that no period has.
        let is_new = checks[0].verdict() < Verdict::Undecided;
        counted.findings.retain(|finding| is_new && finding.verdict == Verdict::Undecided);
        checks.push(counted);
    }
    let gate = GateReport {
        name: "gaps".to_owned(),
        stage: None,
        covered: outputs,
        not_covered: Vec::new(),
        checks,
        findings: Vec::new(),
        overridden: None,
    };
    let statements = session.statements();
    let report = Report::of(setup.header(), vec![gate], setup.start.elapsed(), statements);
    for (format, place) in formats {
        let text = match (format, by) {
            _ if common.quiet && place == Place::Stdout => format!("{}\n", answer(report.verdict())),
            (Format::Table, None) => terminal::gaps(&report, &missing(&report), Style::detect(common.verbose)),
            (Format::Json, None) => json::report(&report),
            (Format::Csv, None) => csv::retry(&missing(&report)),
            (_, Some(_)) => period_text(&report, format, Style::detect(common.verbose)),
        };
        report::write(&place, &text)?;
    }
    Ok(report.verdict().exit_status(false))
}

/// The keys without any rows.
fn missing(report: &Report) -> Vec<RetryItem> {
    let coverage: Vec<Coverage> = report.gates.iter().flat_map(|gate| &gate.checks).flat_map(|check| check.coverage.clone()).collect();
    let mut list = retry_list(&coverage, |_, _| None);
    list.retain(|item| item.class == Class::Missing);
    list
}

/// The checks that count by period, one for each spine.
fn by_period<'a>(session: &Session<'a>, outputs: &[String], period: Period) -> Result<Vec<Check<'a>>, Error> {
    let query = session.library.query("gap/coverage_by_period")?;
    let check = |outputs: Vec<String>| {
        let by = ("by".to_owned(), Argument::Text(period.name().to_owned()));
        let args: IndexMap<String, Argument> = [("outputs".to_owned(), Argument::List(outputs)), by].into_iter().collect();
        Check { query, args, declared: String::new() }
    };
    Ok(run::by_spine(session.project, outputs).into_iter().map(check).collect())
}

/// What a table by period does not show: keys that no period has, and what could not be judged.
fn say_besides(coverage: &[Coverage]) {
    for output in coverage {
        let is_shown = |finding: &Finding| finding.rule == "empty" || Class::parse(&finding.rule).is_some_and(Class::is_of_spine);
        let besides = output.findings.iter().filter(|finding| match finding.verdict {
            Verdict::Undecided => true,
            verdict => verdict > Verdict::Pass && !is_shown(finding),
        });
        besides.for_each(|finding| report::say(&format!("gapgate: {}: {}", output.output, finding.message)));
    }
}

/// The rows of all spines one after the other; what could not be judged is said beside them.
fn period_text(report: &Report, format: Format, style: Style) -> String {
    let mut rows: Option<Table> = None;
    for check in report.gates.iter().flat_map(|gate| &gate.checks) {
        say_besides(&check.coverage);
        for finding in &check.findings {
            report::say(&format!("gapgate: {}: {}", check.arguments, finding.message));
        }
        for row in check.rows.iter().flat_map(Table::rows) {
            let columns = check.rows.as_ref().map(|rows| rows.columns().to_vec()).unwrap_or_default();
            rows.get_or_insert_with(|| Table::new(columns)).push(row.iter().cloned());
        }
    }
    let rows = rows.unwrap_or_default();
    match format {
        Format::Table => terminal::periods(&rows, &report.gates[0].covered, style) + "\n",
        Format::Json => jsonl::array(&rows),
        Format::Csv => csv::table(&rows),
    }
}
