//! `gapgate failures`: what failed, whether it needs a human, and what to do about each cause.

use super::{Environment, Setup, options};
use crate::cli::Common;
use crate::error::Error;
use crate::report::terminal::{self, Style};
use crate::report::{self, Place};
use crate::run::triage::{Asked, triage};

#[derive(Clone, Copy)]
enum Format {
    Table,
    Json,
}

const FORMATS: [(Format, &str); 2] = [(Format::Table, "table"), (Format::Json, "json")];

/// 0 nothing needs a human, 1 something does, 3 something could not be judged.
pub(super) fn run(common: &Common, environment: &Environment, names: &[String]) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, names)?;
    if setup.project.runs.is_none() {
        let remedy = "add [runs] to gapgate.toml, with the table in which processors record their runs";
        return Err(Error::Usage(format!("the project declares no run ledger, so nothing tells what failed: {remedy}")));
    }
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    let all = names.is_empty() && common.select.is_empty();
    let answer = triage(&session, &Asked { outputs, all, program: program(common) })?;
    let header = setup.header();
    for (format, place) in formats {
        let text = match format {
            _ if common.quiet && place == Place::Stdout => format!("{}\n", terminal::triage::answer(&answer)),
            Format::Table => terminal::triage::triage(&answer, &header, Style::detect(common.verbose)),
            Format::Json => report::triage::json(&answer, &header),
        };
        report::write(&place, &text)?;
    }
    Ok(answer.verdict().exit_status(false))
}

/// How the program was called, as far as it decides which warehouse is asked, for the commands that are suggested.
fn program(common: &Common) -> String {
    let directory = (common.directory != std::path::Path::new(".")).then(|| format!(" -C {}", common.directory.display()));
    let target = common.target.as_ref().map(|target| format!(" --target {target}"));
    ["gapgate".to_owned()].into_iter().chain(directory).chain(target).collect()
}
