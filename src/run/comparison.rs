//! Every case of some queries against what it states and against the reviewed snapshots.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::reviewed::Shelf;
use super::snapshot::{Bench, Trial};
use super::stated::{self, Standing};
use crate::error::{Complaint, Error};
use crate::model::fixture::Case;
use crate::model::query::Query;
use crate::model::sql::Dialect;
use crate::report::review::{Item, Review, Trouble};
use crate::report::snapshot::Snapshot;
use crate::report::{csv, diff};

/// What to compare, and how to show it.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The queries.
    pub queries: Vec<&'a Query>,
    /// Dialects whose statements are compared for every query; those of the bench are where they were reviewed before.
    pub dialects: Vec<Dialect>,
    /// Leaves out shipped queries that have no cases and cannot do without, with a note.
    pub lenient: bool,
    /// Threads to run on.
    pub threads: usize,
    /// With colours.
    pub colour: bool,
    /// With the text of new snapshots.
    pub verbose: bool,
}

/// What was found, and what to write.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What was found.
    pub review: Review,
    /// What is new or different, by name.
    pub proposals: Vec<(String, Snapshot)>,
    /// What waits for a review that is not needed any more, by name.
    pub settled: Vec<String>,
}

type Cases<'a> = Vec<(&'a Query, Cow<'a, [Case]>)>;

/// Runs the cases and compares.
///
/// # Errors
/// [`Error::Complaints`] with everything that is wrong in a case, a warehouse, a query or a snapshot file;
/// [`Error::Interrupted`].
pub fn compare(bench: &Bench<'_>, shelf: &Shelf, wanted: &Wanted<'_>) -> Result<Comparison, Error> {
    let mut work = Work { bench, shelf, wanted, found: Comparison::default(), wrong: Vec::new(), names: IndexMap::new() };
    let cases = work.cases()?;
    let flat: Vec<(&Query, &Case)> = cases.iter().flat_map(|(query, cases)| cases.iter().map(|case| (*query, case))).collect();
    work.found.review.queries = cases.len();
    work.found.review.cases = flat.len();
    let mut outcomes = bench.run(&flat, wanted.threads).into_iter();
    for (query, cases) in &cases {
        work.query(query, cases, outcomes.by_ref().take(cases.len()).collect())?;
    }
    if work.wrong.is_empty() {
        return Ok(work.found);
    }
    work.wrong.sort();
    work.wrong.dedup();
    Err(Error::Complaints(work.wrong))
}

struct Work<'a> {
    bench: &'a Bench<'a>,
    shelf: &'a Shelf,
    wanted: &'a Wanted<'a>,
    found: Comparison,
    wrong: Vec<Complaint>,
    /// The names of the snapshots so far, with the names of their cases.
    names: IndexMap<String, String>,
}

impl<'a> Work<'a> {
    fn cases(&mut self) -> Result<Cases<'a>, Error> {
        let mut cases = Vec::new();
        for query in &self.wanted.queries {
            match self.bench.cases(query) {
                Ok(own) => cases.push((*query, own)),
                Err(error) if self.wanted.lenient && query.shipped => self.found.review.notes.push(error.to_string()),
                Err(error) => self.complain(error)?,
            }
        }
        if self.wrong.is_empty() { Ok(cases) } else { Err(Error::Complaints(std::mem::take(&mut self.wrong))) }
    }

    fn complain(&mut self, error: Error) -> Result<(), Error> {
        let Error::Complaints(complaints) = error else { return Err(error) };
        self.wrong.extend(complaints);
        Ok(())
    }

    fn query(&mut self, query: &Query, cases: &[Case], outcomes: Vec<Result<Trial, Error>>) -> Result<(), Error> {
        let mut trials: Vec<(&Case, Trial)> = Vec::new();
        let mut complete = true;
        for (case, outcome) in cases.iter().zip(outcomes) {
            let (standing, trial) = match stated::compare(case, outcome) {
                Ok(compared) => compared,
                Err(error) => {
                    complete = false;
                    self.complain(error)?;
                    continue;
                }
            };
            complete &= trial.is_some() || standing == Standing::Kept;
            match (&standing, &trial) {
                (Standing::Kept, Some(trial)) if case.needs_snapshot() => {
                    let (name, snapshot) = stated::answer(case, trial);
                    self.snapshot(query, name, snapshot)?;
                }
                _ => self.stated(query, case, standing),
            }
            trials.extend(trial.map(|trial| (case, trial)));
        }
        // Statements of all cases make one snapshot, so that some of them would look like a change.
        for dialect in self.dialects(query).into_iter().filter(|_| complete && !trials.is_empty()) {
            let (name, snapshot) = stated::statements(query, dialect, trials.iter().map(|(case, trial)| (*case, trial)));
            self.snapshot(query, name, snapshot)?;
        }
        Ok(())
    }

    /// What was reviewed once stays compared.
    fn dialects(&self, query: &Query) -> Vec<Dialect> {
        let reviewed = |dialect: &Dialect| self.shelf.entries().any(|(name, _)| name == stated::statements_name(&query.id, *dialect));
        let wanted = |dialect: &&Dialect| self.wanted.dialects.contains(dialect) || reviewed(dialect);
        self.bench.dialects.iter().filter(wanted).copied().collect()
    }

    fn stated(&mut self, query: &Query, case: &Case, standing: Standing) {
        let colour = self.wanted.colour;
        let (trouble, detail) = match standing {
            Standing::Kept => return,
            Standing::Undecided(why) => (Trouble::Undecided, why),
            Standing::Differs { field: "rows", wanted, found } => {
                let rows = diff::rows(&csv::cells(&wanted), &csv::cells(&found), &query.retry, colour);
                // Cells that are equal can be spelled differently.
                (Trouble::Differs, if rows.is_empty() { diff::lines(&wanted, &found, colour) } else { rows })
            }
            Standing::Differs { wanted, found, .. } => (Trouble::Differs, diff::lines(&wanted, &found, colour)),
        };
        let place = if case.line > 0 { format!("{}:{}", case.file, case.line) } else { case.file.clone() };
        self.found.review.items.push(Item { trouble, name: format!("{}: {} ({place})", case.query, case.name), detail });
    }

    fn snapshot(&mut self, query: &Query, name: String, snapshot: Snapshot) -> Result<(), Error> {
        if let Some(other) = self.names.insert(name.clone(), snapshot.description.clone()) {
            let message =
                format!("the snapshots of \"{other}\" and \"{}\" would have the same name {name}; rename one", snapshot.description);
            self.wrong.push(Complaint { file: snapshot.source, line: 0, message });
            return Ok(());
        }
        let entry = match self.shelf.get(&name) {
            Ok(entry) => entry,
            Err(error) => return self.complain(error),
        };
        let reviewed = entry.and_then(|entry| entry.reviewed.as_ref());
        let (trouble, detail) = match reviewed {
            Some(reviewed) if reviewed.body == snapshot.body => {
                self.found.review.equal += 1;
                self.found.settled.extend(entry.and_then(|entry| entry.pending.as_ref()).map(|_| name));
                return Ok(());
            }
            Some(reviewed) => (Trouble::Changed, diff::bodies(&reviewed.body, &snapshot.body, &query.retry, self.wanted.colour)),
            None => (Trouble::New, if self.wanted.verbose { snapshot.body.clone() } else { String::new() }),
        };
        self.found.review.items.push(Item { trouble, name: name.clone(), detail });
        self.found.proposals.push((name, snapshot));
        Ok(())
    }
}

/// The snapshots whose query or case is gone, by name, each with the reason.
pub fn stale(bench: &Bench<'_>, shelf: &Shelf) -> Vec<(String, String)> {
    let mut cases: IndexMap<&str, Option<Cow<'_, [Case]>>> = IndexMap::new();
    let mut found = Vec::new();
    for (name, _) in shelf.entries().filter(|(_, entry)| entry.reviewed.is_some() || entry.pending.is_some()) {
        let (id, leaf) = name.rsplit_once('/').unwrap_or(("", name));
        let Some(query) = bench.library.queries.get(id) else {
            found.push((name.to_owned(), format!("no query is named {id}")));
            continue;
        };
        if let Some(dialect) = leaf.strip_prefix("sql_") {
            found.extend(Dialect::parse(dialect).is_none().then(|| (name.to_owned(), format!("no dialect is named {dialect}"))));
            continue;
        }
        let cases = cases.entry(&query.id).or_insert_with(|| bench.cases(query).ok());
        match cases.as_ref().and_then(|cases| cases.iter().find(|case| case.slug() == leaf)) {
            Some(case) if case.needs_snapshot() => {}
            Some(case) => found.push((name.to_owned(), format!("{}:{} states the answer itself", case.file, case.line))),
            None => found.push((name.to_owned(), format!("no case of {id} has that name"))),
        }
    }
    found
}
