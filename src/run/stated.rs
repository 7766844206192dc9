//! What a case states of its answer, and the snapshots that hold the rest.

use indexmap::IndexMap;

use super::snapshot::Trial;
use crate::error::Error;
use crate::model::fixture::Case;
use crate::model::query::Query;
use crate::model::sql::Dialect;
use crate::model::verdict::Verdict;
use crate::report::csv;
use crate::report::snapshot::{self, Snapshot};

/// How an outcome stands to what its case states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is what the case states, as far as the case states something.
    Kept,
    /// It is not.
    Differs {
        /// The field of the case.
        field: &'static str,
        /// What the case states.
        wanted: String,
        /// What was found.
        found: String,
    },
    /// It could not be judged, which the case does not expect.
    Undecided(String),
}

/// Compares the outcome of a case with what it states, and gives back the trial if there was one.
///
/// # Errors
/// What is wrong with the case, its warehouse or its query, or an interrupt.
pub fn compare(case: &Case, outcome: Result<Trial, Error>) -> Result<(Standing, Option<Trial>), Error> {
    let differs = |field, wanted: &str, found: String| Standing::Differs { field, wanted: wanted.to_owned(), found };
    match (&case.refused, outcome) {
        (_, Err(Error::Interrupted)) => Err(Error::Interrupted),
        (Some(words), Err(error)) if error.exit_status() == 2 => {
            let said = error.to_string();
            Ok((if said.contains(words) { Standing::Kept } else { differs("refused", words, said) }, None))
        }
        (Some(words), Ok(trial)) => Ok((differs("refused", words, said(&trial)), Some(trial))),
        (None, Err(error)) if error.exit_status() == 2 => Err(error),
        (_, Err(error)) => Ok((Standing::Undecided(error.to_string()), None)),
        (None, Ok(trial)) => {
            let verdict = trial.answer.report.verdict();
            let rows = trial.answer.rows.as_ref().map(csv::table).unwrap_or_default();
            let standing = match (case.verdict, &case.rows) {
                (None, _) if verdict == Verdict::Undecided => {
                    let findings = said(&trial).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
                    Standing::Undecided(findings.join("\n"))
                }
                (Some(wanted), _) if wanted != verdict => differs("verdict", &format!("verdict: {}", wanted.name()), said(&trial)),
                (_, Some(wanted)) if *wanted != rows => differs("rows", wanted, rows),
                _ => Standing::Kept,
            };
            Ok((standing, Some(trial)))
        }
    }
}

/// The verdict and the findings, without the rows.
fn said(trial: &Trial) -> String {
    let text = body(trial);
    text.split("\n\n").next().unwrap_or_default().to_owned()
}

fn body(trial: &Trial) -> String {
    snapshot::answer(trial.answer.rows.as_ref(), trial.answer.report.verdict(), trial.answer.findings())
}

/// The snapshot of an answer, and its name.
pub fn answer(case: &Case, trial: &Trial) -> (String, Snapshot) {
    let snapshot = Snapshot {
        source: case.file.clone(),
        description: case.name.clone(),
        expression: [&["gapgate run".to_owned(), case.query.clone()], case.args.as_slice()].concat().join(" "),
        body: body(trial),
    };
    (answer_name(case), snapshot)
}

/// The name of a case's snapshot.
pub fn answer_name(case: &Case) -> String {
    format!("{}/{}", case.query, case.slug())
}

/// The snapshot of a query's statements in one dialect, and its name: each that differs once, in the order of the cases.
pub fn statements<'a>(query: &Query, dialect: Dialect, trials: impl IntoIterator<Item = (&'a Case, &'a Trial)>) -> (String, Snapshot) {
    let mut first: IndexMap<&str, &str> = IndexMap::new();
    for (case, trial) in trials {
        for (_, sql) in trial.statements.iter().filter(|(other, _)| *other == dialect) {
            first.entry(sql).or_insert(&case.name);
        }
    }
    let snapshot = Snapshot {
        source: query.file.clone(),
        description: query.title.clone(),
        expression: format!("gapgate render {} --dialect {}", query.id, dialect.name()),
        body: snapshot::statements(first.into_iter().map(|(sql, name)| (name, sql))),
    };
    (statements_name(&query.id, dialect), snapshot)
}

/// The name of the snapshot of a query's statements.
pub fn statements_name(query: &str, dialect: Dialect) -> String {
    format!("{query}/sql_{}", dialect.name())
}
