//! Every query of the library on small projects: the cases are data, in `fixtures/*/fixtures/cases`, and are run by the
//! means that users have for their own, `gapgate snapshot`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gapgate::error::Error;
use gapgate::load::{fixture, project};
use gapgate::model::catalogue::Project;
use gapgate::model::fixture::{Case, Fixtures};
use gapgate::model::query::Query;
use gapgate::model::sql::Dialect;
use gapgate::model::verdict::Verdict;
use gapgate::report::csv;
use gapgate::run::deadline_in;
use gapgate::run::snapshot::{Bench, Trial};
use gapgate::run::stated::{Standing, compare};
use gapgate::warehouse::Interrupt;
use serde::Deserialize;

use super::support::LIBRARY;

/// The dialects in which every query's statement is reviewed.
const DIALECTS: [Dialect; 2] = [Dialect::DuckDb, Dialect::BigQuery];

/// A project that has cases.
pub(crate) struct Proof {
    pub(crate) folder: PathBuf,
    project: Project,
    fixtures: Fixtures,
}

impl Proof {
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.fixtures.cases.values().flatten()
    }
}

/// The projects that have cases, in order.
pub(crate) fn proofs() -> Vec<Proof> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = fs::read_dir(fixtures).expect("the fixtures").map(|entry| entry.expect("a folder").path());
    let mut folders: Vec<PathBuf> = folders.filter(|folder| folder.join(fixture::CASES).is_dir()).collect();
    folders.sort();
    let read = |folder: PathBuf| Proof {
        project: project::load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
        fixtures: fixture::load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
        folder,
    };
    folders.into_iter().map(read).collect()
}

/// What cases of a project are run with.
fn bench<'a>(proof: &'a Proof, interrupt: &'a Interrupt) -> Bench<'a> {
    let Proof { project, fixtures, .. } = proof;
    Bench { project, library: &LIBRARY, fixtures, dialects: &DIALECTS, interrupt, deadline: deadline_in(600) }
}

fn query(case: &Case) -> &'static Query {
    LIBRARY.query(&case.query).unwrap_or_else(|error| panic!("{}: {error}", case.file))
}

/// What differs from what a case wants, if anything.
fn fault(case: &Case, outcome: Result<Trial, Error>) -> Option<String> {
    let head = format!("{}: {} {:?}\nfound", case.query, case.name, case.pitfalls);
    let rows = |trial: &Trial| trial.answer.rows.as_ref().map(csv::table).unwrap_or_default();
    match compare(case, outcome) {
        Err(error) => Some(format!("{head}\n{error}\n")),
        Ok((Standing::Kept, Some(trial))) if case.needs_snapshot() && !rows(&trial).is_empty() => {
            Some(format!("{head}\n{}wanted\nthe case to state its rows and its verdict\n", rows(&trial)))
        }
        Ok((Standing::Kept, _)) => None,
        Ok((Standing::Undecided(why), _)) => Some(format!("{head}\n{why}\n")),
        Ok((Standing::Differs { field, wanted, found }, trial)) => Some(format!(
            "{head}\n{found}\n{}wanted ({field})\n{wanted}\n",
            trial.filter(|_| field != "rows").map(|trial| rows(&trial)).unwrap_or_default()
        )),
    }
}

#[test]
fn every_query_answers_every_case() {
    let wanted = std::env::var("GAPGATE_CASES").unwrap_or_default();
    let proofs = proofs();
    let (mut number, mut faults) = (0, Vec::new());
    for proof in &proofs {
        let cases: Vec<(&Query, &Case)> =
            proof.cases().filter(|case| case.query.contains(&wanted)).map(|case| (query(case), case)).collect();
        let outcomes = bench(proof, &Interrupt::default()).run(&cases, 2);
        number += cases.len();
        faults.extend(cases.iter().zip(outcomes).filter_map(|((_, case), outcome)| fault(case, outcome)));
    }
    assert!(faults.is_empty(), "{} of {number} cases:\n{}", faults.len(), faults.join("\n"));
}

/// The cases of each query, refused ones left out.
fn answered(proofs: &[Proof]) -> BTreeMap<&str, Vec<&Case>> {
    let mut of_query: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for proof in proofs {
        for case in proof.cases().filter(|case| case.refused.is_none()) {
            let known = LIBRARY.queries.contains_key(case.query.as_str());
            assert!(known, "{}: {} has cases and is no query", proof.folder.display(), case.query);
            of_query.entry(&case.query).or_default().push(case);
        }
    }
    of_query
}

fn is_clean(case: &Case) -> bool {
    case.warehouse == Case::CLEAN && case.damage.is_none() && case.verdict == Some(Verdict::Pass)
}

#[test]
fn every_query_is_silent_on_clean_rows_and_every_rule_speaks() {
    let proofs = proofs();
    let of_query = answered(&proofs);
    for query in LIBRARY.queries.values() {
        let cases = of_query.get(query.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        assert!(cases.iter().any(|case| is_clean(case)), "{}: no case shows that it is silent on clean rows", query.id);
        let speaks = cases.iter().any(|case| matches!(case.verdict, Some(Verdict::Warn | Verdict::Fail)));
        assert_eq!(speaks, !query.rules.is_empty(), "{}: a query with rules needs a case that breaks them", query.id);
        let answers: BTreeSet<Option<&str>> = cases.iter().map(|case| case.rows.as_deref()).collect();
        assert!(answers.len() > 1, "{}: every case has the same answer", query.id);
    }
}

#[test]
fn every_query_is_reviewed_as_sql() {
    let proofs = proofs();
    // The first case on clean rows stands for its query.
    let mut first: BTreeMap<&str, (&Proof, &Case)> = BTreeMap::new();
    for proof in &proofs {
        for case in proof.cases().filter(|case| is_clean(case)) {
            first.entry(&case.query).or_insert((proof, case));
        }
    }
    for query in LIBRARY.queries.keys() {
        let (proof, case) = first.get(query.as_str()).unwrap_or_else(|| panic!("{query}: no fixtures"));
        let statements = bench(proof, &Interrupt::default()).statements(self::query(case), case);
        for (dialect, sql) in statements.unwrap_or_else(|error| panic!("{query}: {}: {error}", case.name)) {
            super::cli::snapshot(&format!("sql_{dialect}_{}", query.replace('/', "_")), &sql);
        }
    }
}

#[test]
fn every_query_is_read_only_and_without_a_warning_in_every_dialect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = ["examples/nba", "examples/commodity"].map(|example| root.join(example));
    for folder in proofs().iter().map(|proof| &proof.folder).chain(&examples) {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_gapgate"));
        let output = lint.arg("-C").arg(folder).args(["lint", "--strict"]).env_remove("GAPGATE_TARGET").output().expect("the program runs");
        assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
}

/// A known way to a wrong answer, and what guards against it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pitfall {
    what: String,
    guard: String,
}

#[test]
fn every_known_pitfall_is_guarded_against() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pitfalls.toml");
    let text = fs::read_to_string(file).expect("the pitfalls");
    let pitfalls: BTreeMap<String, Pitfall> = toml::from_str(&text).expect("the pitfalls are well-formed");
    let proofs = proofs();
    let named: BTreeSet<&str> = proofs.iter().flat_map(Proof::cases).flat_map(|case| &case.pitfalls).map(String::as_str).collect();
    for (id, pitfall) in &pitfalls {
        assert!(pitfall.guard != "cases" || named.contains(id.as_str()), "no case guards against {id}: {}", pitfall.what);
    }
    let incidents = super::incidents::ids();
    let unlisted: Vec<&&str> =
        named.iter().filter(|id| !pitfalls.contains_key(**id) && !incidents.iter().any(|known| known == **id)).collect();
    assert!(unlisted.is_empty(), "cases name what neither pitfalls.toml nor incidents.toml lists: {unlisted:?}");
}
