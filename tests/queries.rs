//! Every query of the library, run by the program on a tiny project that is clean and on one that is faulty.

use std::path::Path;
use std::process::Command;

use gapgate::load::library;
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

/// A case of `fixtures/queries.toml`, which says what the fields mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    query: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    clean: String,
    #[serde(default)]
    faulty: String,
    #[serde(default)]
    verdict: String,
    refused: Option<String>,
}

impl Case {
    fn name(&self) -> String {
        format!("{} {}", self.query, self.args.join(" "))
    }
}

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(fixtures().join("queries.toml")).expect("the cases");
    toml::from_str::<Cases>(&text).expect("the cases are well-formed").case
}

/// A copy of the tiny project with the rows of one variant.
fn project(variant: &str) -> TempDir {
    let tiny = fixtures().join("tiny");
    let dir = tempfile::tempdir().expect("a folder");
    let copy = |from: &Path, to: &str| std::fs::copy(from, dir.path().join(to)).expect("a copy");
    copy(&tiny.join("gapgate.toml"), "gapgate.toml");
    std::fs::create_dir(dir.path().join("warehouse")).expect("a folder");
    for entry in std::fs::read_dir(tiny.join(variant)).expect("the variant") {
        let entry = entry.expect("a file");
        copy(&entry.path(), &format!("warehouse/{}", entry.file_name().display()));
    }
    dir
}

struct Answer {
    status: Option<i32>,
    rows: String,
    said: String,
}

fn gapgate(project: &TempDir, words: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    let output = command.arg("-C").arg(project.path()).args(words).env_remove("GAPGATE_TARGET").output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Answer { status: output.status.code(), rows: text(output.stdout), said: text(output.stderr) }
}

fn run(project: &TempDir, case: &Case) -> Answer {
    let args = case.args.iter().map(String::as_str);
    let words: Vec<&str> = ["run", &case.query].into_iter().chain(args).chain(["--format", "csv"]).collect();
    gapgate(project, &words)
}

/// The worst verdict that the program gave.
fn verdict(said: &str) -> &'static str {
    let worst_first = ["undecided", "fail", "warn"];
    let said = |word: &&str| said.lines().any(|line| line.starts_with(&format!("{word} ")));
    worst_first.into_iter().find(said).unwrap_or("pass")
}

/// Runs every case on a variant, and says of each that differs what was found and what was not.
fn check(variant: &str, rows: impl Fn(&Case) -> String, verdict_of: impl Fn(&Case) -> String) {
    let project = project(variant);
    let mut faults = String::new();
    for case in cases().into_iter().filter(|case| case.refused.is_none()) {
        let answer = run(&project, &case);
        let wanted = (rows(&case), verdict_of(&case));
        let found = (answer.rows, verdict(&answer.said).to_owned());
        if found != wanted || answer.status != Some(i32::from(wanted.1 == "fail")) {
            faults += &format!("{}: found {found:#?}, not {wanted:#?}; {:?}, {}\n", case.name(), answer.status, answer.said);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn nothing_is_wrong_with_the_clean_project() {
    let header = |case: &Case| case.faulty.lines().next().unwrap_or_default().to_owned();
    check("clean", |case| format!("{}\n{}", header(case), case.clean), |_| "pass".to_owned());
}

#[test]
fn every_fault_of_the_faulty_project_is_found() {
    check("faulty", |case| case.faulty.clone(), |case| case.verdict.clone());
}

#[test]
fn arguments_without_an_answer_are_refused() {
    let project = project("clean");
    for case in cases() {
        let Some(words) = &case.refused else { continue };
        let answer = run(&project, &case);
        assert!(answer.status == Some(2) && answer.said.contains(words), "{}: {}", case.name(), answer.said);
    }
}

#[test]
fn every_query_has_a_case_and_every_rule_speaks() {
    let (library, cases) = (library::load(None).expect("the library"), cases());
    for query in library.queries.values() {
        let of_query: Vec<&Case> = cases.iter().filter(|case| case.query == query.id && case.refused.is_none()).collect();
        assert!(!of_query.is_empty(), "{} has no case in tests/fixtures/queries.toml", query.id);
        let speaks = of_query.iter().any(|case| case.verdict != "pass");
        assert_eq!(speaks, !query.rules.is_empty(), "{}: a query with rules needs a case that breaks them", query.id);
    }
}

#[test]
fn every_query_is_read_only_in_every_dialect() {
    let answer = gapgate(&project("clean"), &["lint"]);
    assert_eq!(answer.status, Some(0), "{}", answer.said);
}
