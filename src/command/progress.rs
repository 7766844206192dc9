//! `gapgate progress`: how far outputs are, how fast, and until when.

use jiff::Timestamp;

use super::{Environment, Setup, gate, options, watch};
use crate::cli::{self, Common};
use crate::error::Error;
use crate::model::progress::Progress;
use crate::model::report::Header;
use crate::model::scope::parse_since;
use crate::report::terminal::{Style, answer};
use crate::report::{self, Place, csv, progress, terminal};
use crate::run::progress::{Wanted, progress as look_at};

#[derive(Clone, Copy)]
pub(super) enum Format {
    Table,
    Json,
    Csv,
}

const FORMATS: [(Format, &str); 3] = [(Format::Table, "table"), (Format::Json, "json"), (Format::Csv, "csv")];

pub(super) fn run(common: &Common, environment: &Environment, args: &cli::Progress) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    if let Some(since) = &args.since {
        parse_since(since, &setup.project.zone).map_err(|message| Error::Usage(format!("--since: {message}")))?;
    }
    let outputs = options::outputs(common, &setup.project, &args.names)?;
    let gates = args.names.iter().filter(|name| setup.project.gates.contains_key(*name)).cloned().collect();
    let wanted = Wanted { outputs, since: args.since.clone(), patience: args.stall_after };
    let mut watched = Watched { common, environment, setup, wanted, gates };
    if let Some(every) = args.watch {
        return watch::run(&mut watched, every, &formats, args.log.as_deref());
    }
    let progress = watched.look(environment.now)?;
    for (format, place) in &formats {
        let quiet = common.quiet && *place == Place::Stdout;
        let text = if quiet { format!("{}\n", answer(progress.verdict())) } else { watched.text(&progress, *format) };
        report::write(place, &text)?;
    }
    Ok(progress.verdict().exit_status(false))
}

/// What is looked at, once or again and again.
pub(super) struct Watched<'a> {
    pub(super) common: &'a Common,
    pub(super) environment: &'a Environment,
    pub(super) setup: Setup,
    pub(super) wanted: Wanted,
    gates: Vec<String>,
}

impl Watched<'_> {
    /// How far everything is at a moment, or at the fixed one of the project or of `--as-of`. The warehouse is opened for it
    /// and closed again, so that others can write in between.
    pub(super) fn look(&mut self, now: Timestamp) -> Result<Progress, Error> {
        let Self { common, environment, setup, wanted, gates } = self;
        setup.scope = options::scope(common, &setup.project, now)?;
        let mut progress = {
            let warehouse = setup.open(environment)?;
            look_at(&setup.session(warehouse.as_ref(), common), wanted)?
        };
        // A gate that lacks outputs does not go; one that has them may have other reasons not to.
        if progress.is_filled() {
            progress.gates = gates.iter().map(|name| gate::ask(setup, common, environment, name)).collect::<Result<_, _>>()?;
        }
        Ok(progress)
    }

    /// Whether the run ledger is always asked as of the same moment.
    pub(super) fn is_fixed(&self) -> bool {
        let project = &self.setup.project;
        project.runs.is_some() && (self.common.as_of.is_some() || project.as_of.is_some())
    }

    pub(super) fn header(&self) -> Header {
        self.setup.header()
    }

    pub(super) fn text(&self, progress: &Progress, format: Format) -> String {
        match format {
            Format::Table => terminal::progress::table(progress, &self.header(), Style::detect(self.common.verbose)),
            Format::Json => progress::json(progress, &self.header()),
            Format::Csv => csv::progress(progress),
        }
    }
}
