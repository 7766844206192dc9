//! Every query of the library, run by the program on small projects: the cases are data, in `fixtures/*/fixtures/cases`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gapgate::load::library;
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// A case; `fixtures/tiny/fixtures/README.md` says what the fields mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(skip)]
    project: PathBuf,
    #[serde(skip)]
    query: String,
    name: String,
    #[serde(default)]
    pitfalls: Vec<String>,
    #[serde(default = "clean")]
    warehouse: String,
    #[serde(default)]
    damage: String,
    #[serde(default)]
    declare: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    rows: String,
    #[serde(default)]
    verdict: String,
    refused: Option<String>,
}

fn clean() -> String {
    "clean".to_owned()
}

/// The projects that have cases.
fn projects() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = fs::read_dir(fixtures).expect("the fixtures").map(|entry| entry.expect("a folder").path());
    let mut projects: Vec<PathBuf> = folders.filter(|folder| folder.join("fixtures/cases").is_dir()).collect();
    projects.sort();
    projects
}

/// Every case of every project, in order of project, query and file.
fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    for project in projects() {
        let folder = project.join("fixtures/cases");
        for file in super::support::files(&folder, "toml") {
            let query = file.strip_prefix(&folder).expect("below").with_extension("").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&file).expect("the cases");
            let cases = toml::from_str::<Cases>(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).case;
            found.extend(cases.into_iter().map(|case| Case { project: project.clone(), query: query.clone(), ..case }));
        }
    }
    found
}

/// A copy of a case's project, with the case's rows where the project has the clean ones.
fn project(case: &Case) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    declare(case, &dir);
    let warehouse = dir.path().join("fixtures/warehouses/clean");
    copy(&case.project.join("fixtures/warehouses").join(&case.warehouse), &warehouse);
    if case.project.join("spines").is_dir() {
        copy(&case.project.join("spines"), &dir.path().join("spines"));
    }
    if !case.damage.is_empty() {
        fs::write(warehouse.join("99_damage.sql"), &case.damage).expect("the damage");
    }
    dir
}

/// Copies the files of a folder to a new one.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

/// Writes the project file of a case. Its rows stay loaded for other cases that have the same.
fn declare(case: &Case, dir: &TempDir) {
    let declared = fs::read_to_string(case.project.join("gapgate.toml")).expect("a project file");
    fs::write(dir.path().join("gapgate.toml"), format!("{declared}\n{}", case.declare)).expect("a project file");
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

/// The worst verdict that the program gave.
fn verdict(said: &str) -> &'static str {
    let worst_first = ["undecided", "fail", "warn"];
    let said = |word: &&str| said.lines().any(|line| line.starts_with(&format!("{word} ")));
    worst_first.into_iter().find(said).unwrap_or("pass")
}

/// Runs a case on a project with its rows; says what differs from what it wants, if anything.
fn fault(case: &Case, project: &TempDir) -> Option<String> {
    declare(case, project);
    let args = case.args.iter().map(String::as_str);
    let words: Vec<&str> = ["run", &case.query].into_iter().chain(args).chain(["--format", "csv"]).collect();
    let answer = gapgate(project, &words);
    let right = match &case.refused {
        Some(words) => answer.status == Some(2) && answer.said.contains(words),
        None => {
            let status = match case.verdict.as_str() {
                "pass" | "warn" => 0,
                "fail" => 1,
                "undecided" => 3,
                other => panic!("{}: {}: `{other}` is no verdict", case.query, case.name),
            };
            answer.rows == case.rows && verdict(&answer.said) == case.verdict && answer.status == Some(status)
        }
    };
    let wanted = case.refused.as_ref().unwrap_or(&case.rows);
    let found = || {
        format!(
            "{}: {} {:?}\nfound ({:?})\n{}{}wanted ({})\n{wanted}\n",
            case.query, case.name, case.pitfalls, answer.status, answer.rows, answer.said, case.verdict
        )
    };
    (!right).then(found)
}

#[test]
fn every_query_answers_every_case() {
    let wanted = std::env::var("GAPGATE_CASES").unwrap_or_default();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.query.contains(&wanted)).collect();
    let mut by_rows: BTreeMap<(&Path, &str, &str), Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        by_rows.entry((&case.project, &case.warehouse, &case.damage)).or_default().push(case);
    }
    let groups: Vec<Vec<&Case>> = by_rows.into_values().collect();
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let project = project(group[0]);
                    let found: Vec<String> = group.iter().filter_map(|case| fault(case, &project)).collect();
                    faults.lock().expect("the faults").extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().expect("the faults");
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

/// The SQL of each query as the first of its cases asks for it that the dialect has an answer to.
#[test]
fn the_sql_of_every_query_is_as_reviewed() {
    let cases = cases();
    for query in library::load(None).expect("the library").queries.into_keys() {
        for dialect in ["duckdb", "bigquery"] {
            let sql = cases.iter().filter(|case| case.query == query).find_map(|case| {
                let args = case.args.iter().map(String::as_str);
                let words: Vec<&str> = ["render", &query, "--dialect", dialect].into_iter().chain(args).collect();
                let answer = gapgate(&project(case), &words);
                (answer.status == Some(0)).then_some(answer.rows)
            });
            let sql = sql.unwrap_or_else(|| panic!("{query}: no case can be rendered for {dialect}"));
            super::cli::snapshot(&format!("sql_{dialect}_{}", query.replace('/', "_")), &sql);
        }
    }
}

#[test]
fn every_query_is_silent_on_clean_rows_and_every_rule_speaks() {
    let (library, cases) = (library::load(None).expect("the library"), cases());
    let mut of_query: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.refused.is_none()) {
        assert!(library.queries.contains_key(case.query.as_str()), "{}: {} has cases and is no query", case.project.display(), case.query);
        of_query.entry(&case.query).or_default().push(case);
    }
    for query in library.queries.values() {
        let cases = of_query.get(query.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let untouched = |case: &&&Case| case.warehouse == "clean" && case.damage.is_empty();
        assert!(
            cases.iter().any(|case| untouched(&case) && case.verdict == "pass"),
            "{}: no case shows that it is silent on clean rows",
            query.id
        );
        let speaks = cases.iter().any(|case| ["warn", "fail"].contains(&case.verdict.as_str()));
        assert_eq!(speaks, !query.rules.is_empty(), "{}: a query with rules needs a case that breaks them", query.id);
        let answers: std::collections::BTreeSet<&str> = cases.iter().map(|case| case.rows.as_str()).collect();
        assert!(answers.len() > 1, "{}: every case has the same answer", query.id);
    }
}

#[test]
fn every_query_is_read_only_in_every_dialect() {
    for project in projects() {
        let case = Case { project, ..toml::from_str("name = 'lint'").expect("a case") };
        let answer = gapgate(&self::project(&case), &["lint"]);
        assert_eq!(answer.status, Some(0), "{}", answer.said);
    }
}
