//! `gapgate render` and `gapgate run`: one query, as SQL or as rows.

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::{Error, did_you_mean};
use crate::model::catalogue::Argument;
use crate::model::sql::Dialect;
use crate::render::Renderer;
use crate::report::terminal::Style;
use crate::report::{self, Place, csv, jsonl, terminal};
use crate::run::{self, Check};

#[derive(Clone, Copy)]
enum Format {
    Table,
    Csv,
    Json,
    Jsonl,
}

const FORMATS: [(Format, &str); 4] = [(Format::Table, "table"), (Format::Csv, "csv"), (Format::Json, "json"), (Format::Jsonl, "jsonl")];

pub(super) fn render(common: &Common, environment: &Environment, id: &str, words: &[String], dialect: Option<&str>) -> Result<u8, Error> {
    let setup = Setup::load(common, environment)?;
    let query = setup.library.query(id)?;
    let args = options::arguments(query, words)?;
    let dialect = match dialect {
        None => setup.target.dialect,
        Some(name) => Dialect::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
            Error::Usage(format!("unknown dialect \"{name}\"{}; known: {}", did_you_mean(name, known.iter().copied()), known.join(", ")))
        })?,
    };
    let renderer = Renderer::new(&setup.library, &setup.project, &setup.scope, dialect);
    let sql = renderer.render(query, &args).map_err(|error| Error::Complaints(vec![error.complaint]))?;
    report::write(&Place::Stdout, &format!("{}\n", sql.as_str()))?;
    Ok(0)
}

pub(super) fn run(common: &Common, environment: &Environment, id: &str, words: &[String]) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    let query = setup.library.query(id)?;
    let args = options::arguments(query, words)?;
    // Wrong arguments are the user's to correct, before anything is asked.
    let renderer = Renderer::new(&setup.library, &setup.project, &setup.scope, setup.target.dialect);
    renderer.render(query, &args).map_err(|error| Error::Complaints(vec![error.complaint]))?;
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    let check = Check { query, args, declared: String::new() };
    if check.classifies() {
        return cover(common, &session, &check, formats);
    }
    let report = run::single(&session, &check)?;
    let rows = report.rows.clone().unwrap_or_default();
    for (format, place) in formats.into_iter().filter(|_| report.rows.is_some()) {
        report::write(&place, &text(&rows, format, common))?;
    }
    for finding in &report.findings {
        report::say(&format!("{} {}: {}", finding.verdict.name(), finding.rule, finding.message));
        finding.remedy.iter().for_each(|remedy| report::say(&format!("  -> {remedy}")));
    }
    Ok(report.verdict().exit_status(false))
}

fn text(rows: &crate::model::table::Table, format: Format, common: &Common) -> String {
    match format {
        Format::Table => format!(
            "{}\n{}\n",
            terminal::grid(rows, usize::MAX, Style::detect(common.verbose)),
            crate::model::rule::count(rows.len(), "row")
        ),
        Format::Csv => csv::table(rows),
        Format::Json => jsonl::array(rows),
        Format::Jsonl => jsonl::table(rows),
    }
}

/// A query that classifies keys is shown as its rows, and judged as in a gate.
fn cover(common: &Common, session: &run::Session<'_>, check: &Check<'_>, formats: Vec<(Format, Place)>) -> Result<u8, Error> {
    let rows = run::rows(session, check)?;
    for (format, place) in formats {
        report::write(&place, &text(&rows, format, common))?;
    }
    let outputs = match check.args.get("outputs") {
        Some(Argument::List(outputs)) => outputs.clone(),
        _ => Vec::new(),
    };
    let report = run::cover(session, check.query, &outputs)?;
    for output in &report.coverage {
        for finding in &output.findings {
            report::say(&format!("{} {}: {}", finding.verdict.name(), output.output, finding.message));
        }
    }
    Ok(report.verdict().exit_status(false))
}
