//! `gapgate snapshot test | review | accept`: what queries answer on small warehouses, and what was reviewed.

use std::io::IsTerminal;

use super::{Environment, options};
use crate::cli::{self, Common};
use crate::error::{Complaint, Error, did_you_mean};
use crate::load::{fixture, library, project, resembles};
use crate::model::catalogue::Project;
use crate::model::fixture::Fixtures;
use crate::model::query::{Library, Query};
use crate::model::sql::Dialect;
use crate::report::review::{Item, Trouble};
use crate::report::snapshot::Snapshot;
use crate::report::{self, Place, diff};
use crate::run::comparison::{self, Wanted};
use crate::run::deadline_in;
use crate::run::reviewed::{self, Entry, Shelf};
use crate::run::snapshot::Bench;
use crate::run::stated;

pub(super) fn run(common: &Common, environment: &Environment, action: &cli::Snapshot) -> Result<u8, Error> {
    if !common.season.is_empty() || common.from.is_some() || common.to.is_some() || common.as_of.is_some() || !common.select.is_empty() {
        let message = "a snapshot is of what its case says, so --season, --from, --to, --as-of and --select are of no use here";
        return Err(Error::Usage(format!("{message}; give the case `as_of` or `declare`")));
    }
    let desk = Desk::load(common)?;
    match action {
        cli::Snapshot::Test { queries, all, dialect } => desk.test(common, environment, queries, *all, dialect),
        cli::Snapshot::Review { pattern } => desk.review(environment, pattern.as_deref()),
        cli::Snapshot::Accept { pattern, prune } => desk.accept(environment, pattern.as_deref(), *prune),
    }
}

/// Everything that snapshots are made of and compared with.
struct Desk {
    project: Project,
    library: Library,
    fixtures: Fixtures,
    shelf: Shelf,
}

impl Desk {
    fn load(common: &Common) -> Result<Self, Error> {
        let dir = &common.directory;
        let (project, library, fixtures) = (project::load(dir)?, library::load(Some(dir))?, fixture::load(dir)?);
        let gone = |id: &&String| !library.queries.contains_key(*id);
        let complain = |id: &String| Complaint {
            file: format!("{}/{id}.toml", fixture::CASES),
            line: 0,
            message: format!(
                "no query is named {id}{}; rename the file, or remove it",
                did_you_mean(id, library.queries.keys().map(String::as_str))
            ),
        };
        let complaints: Vec<Complaint> = fixtures.cases.keys().filter(gone).map(complain).collect();
        if !complaints.is_empty() {
            return Err(Error::Complaints(complaints));
        }
        Ok(Self { shelf: Shelf::read(dir)?, project, library, fixtures })
    }

    fn bench<'a>(&'a self, environment: &'a Environment, dialects: &'a [Dialect], timeout: u64) -> Bench<'a> {
        Bench {
            project: &self.project,
            library: &self.library,
            fixtures: &self.fixtures,
            dialects,
            interrupt: &environment.interrupt,
            deadline: deadline_in(timeout),
        }
    }

    fn test(&self, common: &Common, environment: &Environment, names: &[String], all: bool, dialects: &[String]) -> Result<u8, Error> {
        let formats = options::formats(common, &[((), "table")])?;
        let colour = report::colours() && formats.iter().all(|(_, place)| *place == Place::Stdout);
        let mut known: Vec<Dialect> = dialects.iter().map(|name| options::dialect(name)).collect::<Result<_, _>>()?;
        if known.is_empty() {
            known = self.project.targets.values().map(|target| target.dialect).collect();
        }
        known.sort_unstable();
        known.dedup();
        let reviewed = |dialect: &Dialect| self.shelf.entries().any(|(name, _)| name == stated::statements_name(query_of(name), *dialect));
        let others = Dialect::ALL.into_iter().filter(|dialect| dialects.is_empty() && !known.contains(dialect) && reviewed(dialect));
        let rendered: Vec<Dialect> = known.iter().copied().chain(others).collect();
        let wanted = Wanted {
            queries: self.select(names, all)?,
            dialects: known,
            lenient: all,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            colour,
            verbose: common.verbose,
        };
        let bench = self.bench(environment, &rendered, common.timeout);
        let mut found = comparison::compare(&bench, &self.shelf, &wanted)?;
        let stale = comparison::stale(&bench, &self.shelf)
            .into_iter()
            .filter(|(name, _)| names.is_empty() || names.iter().any(|pattern| is_of(pattern, name)));
        found.review.items.extend(stale.map(|(name, detail)| Item { trouble: Trouble::Stale, name, detail }));
        found.review.ci = is_ci();
        if !found.review.ci {
            found.proposals.iter().try_for_each(|(name, snapshot)| self.shelf.propose(name, snapshot))?;
            found.settled.iter().try_for_each(|name| self.shelf.reject(name))?;
        }
        let text = if common.quiet { found.review.figures() } else { found.review.text(colour) };
        formats.iter().try_for_each(|(_, place)| report::write(place, &text))?;
        Ok(found.review.exit_status())
    }

    /// The queries of these names and patterns; without any, those that the project has to do with.
    fn select(&self, names: &[String], all: bool) -> Result<Vec<&Query>, Error> {
        let queries = || self.library.queries.values();
        for name in names {
            if !queries().any(|query| resembles(name, &query.id)) {
                self.library.query(name)?;
            }
        }
        let reviewed = |query: &Query| self.shelf.entries().any(|(name, entry)| entry.reviewed.is_some() && query_of(name) == query.id);
        let own = |query: &&Query| all || !query.shipped || self.fixtures.cases.contains_key(&query.id) || reviewed(query);
        let named = |query: &&Query| names.iter().any(|name| resembles(name, &query.id));
        let selected: Vec<&Query> = if names.is_empty() { queries().filter(own).collect() } else { queries().filter(named).collect() };
        if selected.is_empty() {
            let message = "the project has no query of its own in queries/ and no cases in fixtures/cases/";
            return Err(Error::Usage(format!("{message}; --all tests the shipped queries on its warehouses")));
        }
        Ok(selected)
    }

    fn accept(&self, environment: &Environment, pattern: Option<&str>, prune: bool) -> Result<u8, Error> {
        let (pending, stale) = self.pending(environment, pattern)?;
        for (name, _) in &pending {
            self.shelf.accept(name)?;
            report::write(&Place::Stdout, &format!("accepted {name}\n"))?;
        }
        for (name, why) in &stale {
            if prune {
                self.shelf.remove(name)?;
            }
            report::write(&Place::Stdout, &format!("{} {name}: {why}\n", if prune { "removed" } else { "stale" }))?;
        }
        let removed = if prune { stale.len() } else { 0 };
        report::write(&Place::Stdout, &format!("{} accepted, {removed} removed\n", pending.len()))?;
        if stale.len() > removed {
            report::say("gapgate: what is stale was left alone; --prune removes it");
        }
        Ok(0)
    }

    fn review(&self, environment: &Environment, pattern: Option<&str>) -> Result<u8, Error> {
        if !std::io::stdin().is_terminal() {
            let message = "standard input is no terminal, so nobody can be asked";
            return Err(Error::Usage(format!("{message}; use `gapgate snapshot accept`")));
        }
        let (pending, _) = self.pending(environment, pattern)?;
        // It is the terminal that is waited for, not a warehouse; and each file is whole or not there.
        environment.interrupt.on_throw(|| std::process::exit(i32::from(Error::Interrupted.exit_status())));
        let show = |name: &str, entry: &Entry| {
            let body = |snapshot: &Option<Snapshot>| snapshot.as_ref().map(|snapshot| snapshot.body.clone()).unwrap_or_default();
            let query = self.library.queries.get(query_of(name));
            let key = query.map(|query| query.retry.as_slice()).unwrap_or_default();
            diff::bodies(&body(&entry.reviewed), &body(&entry.pending), key, report::colours())
        };
        reviewed::review(&self.shelf, &pending, show, &mut std::io::stdin().lock(), |text| report::write(&Place::Stdout, text))?;
        Ok(0)
    }

    /// What waits for a review, and what is stale with the reason, of the names that the pattern means.
    fn pending(&self, environment: &Environment, pattern: Option<&str>) -> Result<(Vec<(String, Entry)>, Stale), Error> {
        if is_ci() {
            return Err(Error::Usage("CI is set, where nothing is accepted: review the snapshots yourself, and commit them".to_owned()));
        }
        let meant = |name: &str| pattern.is_none_or(|pattern| is_of(pattern, name));
        let entries: Vec<(&str, &Entry)> = self.shelf.entries().filter(|(name, _)| meant(name)).collect();
        if let Some(pattern) = pattern.filter(|_| entries.is_empty()) {
            let known = self.shelf.entries().map(|(name, _)| name);
            return Err(Error::Usage(format!("no snapshot is named \"{pattern}\"{}", did_you_mean(pattern, known))));
        }
        let broken = |(name, entry): &(&str, &Entry)| entry.broken.clone().filter(|_| self.library.queries.contains_key(query_of(name)));
        let broken: Vec<Complaint> = entries.iter().filter_map(broken).collect();
        if !broken.is_empty() {
            return Err(Error::Complaints(broken));
        }
        let stale = comparison::stale(&self.bench(environment, &[], 600), &self.shelf);
        let sound = |(name, entry): &(&str, &Entry)| entry.pending.is_some() && stale.iter().all(|(other, _)| other != name);
        let pending = entries.into_iter().filter(sound).map(|(name, entry)| (name.to_owned(), entry.clone())).collect();
        Ok((pending, stale.into_iter().filter(|(name, _)| meant(name)).collect()))
    }
}

/// The names of snapshots, each with the reason why nothing makes it any more.
type Stale = Vec<(String, String)>;

/// The id in the name of a snapshot.
fn query_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(id, _)| id)
}

/// Whether a pattern means this snapshot, or its query.
fn is_of(pattern: &str, name: &str) -> bool {
    resembles(pattern, name) || resembles(pattern, query_of(name))
}

/// Whether a machine runs this, as most of them say.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}
