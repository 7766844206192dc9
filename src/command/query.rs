//! `gapgate render` and `gapgate run`: one query, as SQL or as rows.

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::Error;
use crate::load::arguments;
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
    let args = arguments::parse(query, words)?;
    let dialect = match dialect {
        None => setup.target.dialect,
        Some(name) => options::dialect(name)?,
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
    let args = arguments::parse(query, words)?;
    // Wrong arguments are the user's to correct, before anything is asked.
    let renderer = Renderer::new(&setup.library, &setup.project, &setup.scope, setup.target.dialect);
    renderer.render(query, &args).map_err(|error| Error::Complaints(vec![error.complaint]))?;
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    let check = Check { query, args, declared: String::new() };
    run::afford(&session, [&check])?;
    let answer = run::answer(&session, &check)?;
    for (format, place) in formats {
        let Some(rows) = &answer.rows else { continue };
        report::write(&place, &text(rows, format, common))?;
    }
    for (subject, finding) in answer.findings() {
        report::say(&format!("{} {subject}: {}", finding.verdict.name(), finding.message));
        finding.remedy.iter().for_each(|remedy| report::say(&format!("  -> {remedy}")));
    }
    Ok(answer.report.verdict().exit_status(false))
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
