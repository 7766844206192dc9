//! One file per subcommand. Each turns arguments into a call of the corridor and a report, and answers an exit status.

mod diff;
mod doctor;
mod failures;
mod gaps;
mod gate;
mod lint;
mod list;
mod options;
mod plan;
mod progress;
mod query;
mod retry;
mod schema;
mod snapshot;
mod watch;
mod waves;

use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use jiff::Timestamp;

use crate::cli::{Cli, Command, Common};
use crate::error::Error;
use crate::load::{library, project};
use crate::model::catalogue::{Project, Target};
use crate::model::query::Library;
use crate::model::report::Header;
use crate::model::scope::Scope;
use crate::model::verdict::Verdict;
use crate::report;
use crate::run::{Session, deadline_in};
use crate::warehouse::{self, Interrupt, Warehouse};

/// What the program brings along: nothing below reads the clock or handles signals.
#[derive(Debug)]
pub struct Environment {
    /// The present moment.
    pub now: Timestamp,
    /// Tells it again, for what goes on for long.
    pub clock: fn() -> Timestamp,
    /// Who runs it, as the system knows them.
    pub user: String,
    /// Thrown by Ctrl-C.
    pub interrupt: Interrupt,
}

/// Carries out a command line and answers the exit status. Errors go to standard error.
pub fn run(cli: &Cli, environment: &Environment) -> u8 {
    let outcome = match &cli.command {
        Command::Gate(args) => gate::run(&cli.common, environment, args),
        Command::Diff { from, to, list } => diff::run(&cli.common, from.as_deref(), to.as_deref(), *list),
        Command::Gaps { names, by } => gaps::run(&cli.common, environment, names, *by),
        Command::Failures { names } => failures::run(&cli.common, environment, names),
        Command::Progress(args) => progress::run(&cli.common, environment, args),
        Command::Retry(args) if args.waves => waves::run(&cli.common, environment, args),
        Command::Retry(args) => retry::run(&cli.common, environment, args),
        Command::Plan(plan) => plan::run(&cli.common, environment, plan),
        Command::Doctor => doctor::run(&cli.common, environment),
        Command::List => list::list(&cli.common),
        Command::Show { query } => list::show(&cli.common, query),
        Command::Render { query, args, dialect } => query::render(&cli.common, environment, query, args, dialect.as_deref()),
        Command::Lint(args) => lint::run(&cli.common, environment, args),
        Command::Schema(action) => schema::run(&cli.common, environment, action),
        Command::Snapshot(action) => snapshot::run(&cli.common, environment, action),
        Command::Run { query, args } => query::run(&cli.common, environment, query, args),
    };
    match outcome {
        // What Ctrl-C left undecided has an exit status of its own.
        Ok(status) if status == Verdict::Undecided.exit_status(false) && environment.interrupt.is_thrown() => {
            report::say(&format!("gapgate: {}", Error::Interrupted));
            Error::Interrupted.exit_status()
        }
        Ok(status) => status,
        Err(error) => {
            report::say(&format!("gapgate: {error}"));
            // The statement that Ctrl-C ended may have an error of its own to tell.
            let is_ended = matches!(error, Error::Warehouse(_)) && environment.interrupt.is_thrown();
            if is_ended { Error::Interrupted.exit_status() } else { error.exit_status() }
        }
    }
}

/// The project, its library, what to look at, and whom to ask.
struct Setup {
    project: Project,
    library: Library,
    scope: Scope,
    target: Target,
    start: Instant,
}

impl Setup {
    fn load(common: &Common, environment: &Environment) -> Result<Self, Error> {
        let start = Instant::now();
        let (project, library) = thread::scope(|scope| {
            // Neither needs the other.
            let library = scope.spawn(|| library::load(Some(&common.directory)));
            (project::load_in(&common.directory, common.mode.as_deref()), library.join())
        });
        let project = project?;
        let library = library.unwrap_or_else(|panic| resume_unwind(panic))?;
        let scope = options::scope(common, &project, environment.now)?;
        let target = options::target(common, &project)?;
        Ok(Self { project, library, scope, target, start })
    }

    fn open(&self, environment: &Environment) -> Result<Box<dyn Warehouse>, Error> {
        warehouse::open(&self.target, &self.project.dir, &environment.interrupt)
    }

    fn session<'a>(&'a self, warehouse: &'a dyn Warehouse, common: &Common) -> Session<'a> {
        self.session_of(&self.scope, warehouse, common)
    }

    /// The same for another scope than the one that was asked for.
    fn session_of<'a>(&'a self, scope: &'a Scope, warehouse: &'a dyn Warehouse, common: &Common) -> Session<'a> {
        Session::new(&self.project, &self.library, scope, warehouse, deadline_in(common.timeout))
            .with_jobs(common.jobs)
            .with_scan(common.scan)
    }

    fn header(&self) -> Header {
        Header {
            project: self.project.name.clone(),
            target: self.target.name.clone(),
            engine: self.target.engine().to_owned(),
            seasons: self.scope.seasons_in_range(),
            as_of: self.scope.as_of_local().strftime("%Y-%m-%d %H:%M").to_string(),
            mode: self.project.mode.as_ref().map(|mode| mode.name.clone()),
            zone: self.project.zone.iana_name().unwrap_or("UTC").to_owned(),
        }
    }
}
