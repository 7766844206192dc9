//! Reads the tree of a statement and finds what would answer wrongly, cost too much or break elsewhere. Pure: a text or a
//! tree in, findings out; no file, no warehouse, no clock.
//!
//! A rule speaks only where the tree proves it: silence is cheaper than a false alarm. Every rule has a page in `pages/`,
//! whose examples are its tests.

mod adapt;
mod allow;
mod facts;
pub mod names;
mod pages;
pub mod read;
mod rules;
pub mod scope;
mod script;
pub mod walk;

use sqlparser::ast::Query;

use crate::model::lint::{Finding, Rule};
use crate::model::sql::{Dialect, Place};

pub use allow::{Allowed, Directive, excuse, unused};
pub use facts::{Facts, Status};
pub use pages::{page, title};
pub use script::Names;

use read::Comment;
use scope::Scopes;

/// What the linter found in one text.
#[derive(Debug, Default)]
pub struct Linted {
    /// What it found and nobody allowed, in the order of the text.
    pub findings: Vec<Finding>,
    /// The comments that allow a finding, and whether they did.
    pub allowed: Vec<Allowed>,
    /// How many queries were read.
    pub statements: usize,
    /// How many statements were not.
    pub unread: usize,
}

/// Lints a text of one or more statements, as found in a file.
#[must_use]
pub fn lint(text: &str, dialect: Dialect, facts: &Facts) -> Linted {
    let reading = read::read(text, dialect);
    let facts = Facts { names: reading.names.clone(), ..facts.clone() };
    let all = |query| inspect(query, dialect, &facts, &|_, _| true);
    let mut findings: Vec<Finding> = reading.queries.iter().flat_map(all).collect();
    once_per_project(&mut findings);
    let placeholders = rules::placeholders(text, &reading);
    let unread = reading.problems.len();
    // A placeholder tells better than the parser why a text cannot be read.
    let is_template = !placeholders.is_empty();
    findings.extend(placeholders);
    findings.extend(reading.problems.into_iter().filter(|_| !is_template));
    let (findings, mut allowed) = allow::apply(findings, &reading.comments);
    if unread > 0 {
        // Who knows what would have been found in the rest.
        allowed.clear();
    }
    Linted { findings, allowed, statements: reading.queries.len(), unread }
}

/// A script that names one project in every statement is told once.
fn once_per_project(findings: &mut Vec<Finding>) {
    let mut told: Vec<String> = Vec::new();
    findings.retain(|finding| {
        let project = finding.message.split('`').nth(1).filter(|_| finding.rule == Rule::FixedProject);
        let again = project.is_some_and(|project| told.iter().any(|told| told == project));
        told.extend(project.map(str::to_owned));
        !again
    });
}

/// Whether a text at a place of the SQL is its author's own, and was not filled in from elsewhere.
pub type IsWritten<'w> = dyn Fn(&str, Place) -> bool + 'w;

/// Lints one statement that was rendered and parsed before. `text` is its text, for the comments in it.
#[must_use]
pub fn lint_query(query: &Query, text: &str, dialect: Dialect, facts: &Facts, is_written: &IsWritten<'_>) -> Linted {
    let comments = if allow::is_mentioned(text) { read::comments(text, dialect) } else { Vec::<Comment>::new() };
    let (findings, allowed) = allow::apply(inspect(query, dialect, facts, is_written), &comments);
    Linted { findings, allowed, statements: 1, unread: 0 }
}

fn inspect(query: &Query, dialect: Dialect, facts: &Facts, is_written: &IsWritten<'_>) -> Vec<Finding> {
    let scopes = Scopes::of(query, dialect, &|path| facts.columns_of(path));
    rules::check(&scopes, facts, is_written)
}
