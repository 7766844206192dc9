//! BigQuery's SQL against an emulator: `.ci/servers/bigquery start`, `load examples/nba`, then with its endpoint in
//! GAPGATE_TEST_BIGQUERY. The live suite is the same against Google's own, and runs only where it is asked for by name.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::conformance::example::gates;

/// The endpoint, or a word that a test is skipped.
pub(crate) fn endpoint(test: &str) -> Option<String> {
    let endpoint = std::env::var("GAPGATE_TEST_BIGQUERY").ok();
    if endpoint.is_none() {
        // Not `eprintln`, which nobody sees when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped: {test} needs the endpoint of a BigQuery emulator in GAPGATE_TEST_BIGQUERY");
    }
    endpoint
}

/// The example with its target `emulator` at that endpoint.
fn example(endpoint: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nba");
    let text = fs::read_to_string(source.join("gapgate.toml")).expect("the example");
    let text = text.replace("http://127.0.0.1:9050", endpoint).replace("\"warehouse/\"", &format!("{:?}", source.join("warehouse")));
    fs::write(dir.path().join("gapgate.toml"), text).expect("a project file");
    dir
}

fn answer(dir: &Path, target: &str, args: &[&str]) -> (i32, String, String) {
    super::cli::answer(dir, &[&["--target", target], args].concat())
}

#[test]
fn the_example_says_the_same_as_on_the_embedded_engine() {
    let Some(endpoint) = endpoint("the example on BigQuery") else { return };
    let dir = example(&endpoint);
    for gate in ["raw", "analytics", "precompute"] {
        let args = ["gate", gate, "--format", "json"];
        let (status, report, errors) = answer(dir.path(), "emulator", &args);
        let (expected, reference, _) = answer(dir.path(), "local", &args);
        assert_eq!(status, expected, "{gate}: {errors}{report}");
        let (found, wanted) = (gates(&report), gates(&reference));
        assert_eq!(found[0]["checks"].as_array().map(Vec::len), wanted[0]["checks"].as_array().map(Vec::len));
        for (found, wanted) in found[0]["checks"].as_array().into_iter().flatten().zip(wanted[0]["checks"].as_array().into_iter().flatten())
        {
            assert_eq!(found, wanted, "gate {gate}, check {}", wanted["query"]);
        }
        assert_eq!(found, wanted, "gate {gate}");
    }
}

#[test]
fn lists_and_counts_are_the_same() {
    let Some(endpoint) = endpoint("lists on BigQuery") else { return };
    let dir = example(&endpoint);
    for args in [
        &["retry", "analytics", "--format", "lines"][..],
        &["retry", "analytics", "--format", "csv"],
        &["gaps", "analytics", "--by", "year", "--format", "csv"],
        &["run", "gap/extra_keys", "outputs=player_game_summary", "--format", "csv"],
    ] {
        let (status, found, errors) = answer(dir.path(), "emulator", args);
        let (expected, wanted, _) = answer(dir.path(), "local", args);
        assert_eq!((status, found), (expected, wanted), "{args:?}: {errors}");
    }
}

#[test]
fn doctor_finds_every_table() {
    let Some(endpoint) = endpoint("doctor on BigQuery") else { return };
    let dir = example(&endpoint);
    let (status, out, errors) = answer(dir.path(), "emulator", &["doctor"]);
    let (expected, reference, _) = answer(dir.path(), "local", &["doctor"]);
    assert_eq!(status, expected, "{out}{errors}");
    for line in reference.lines().filter(|line| line.contains("is there with every column") || line.contains("keys in scope")) {
        assert!(out.contains(line), "no {line:?} in\n{out}");
    }
}

#[test]
fn every_row_of_many_pages_arrives() {
    let Some(endpoint) = endpoint("50,000 rows from BigQuery") else { return };
    let dir = example(&endpoint);
    let folder: PathBuf = dir.path().join("queries/test");
    fs::create_dir_all(&folder).expect("a folder");
    let query = "/*---\ntitle = \"Rows\"\ndoc = \"x\"\n[columns]\nid = \"int\"\nday = \"date\"\n---*/\n\
        select n as id, date_add(date '2020-01-01', interval mod(n, 1000) day) as day\n\
        from unnest(generate_array(1, 50000)) as n\norder by id\n";
    fs::write(folder.join("rows.sql"), query).expect("a query");
    let (status, out, errors) = answer(dir.path(), "emulator", &["run", "test/rows", "--format", "csv"]);
    assert_eq!(status, 0, "{errors}");
    assert_eq!(out.lines().count(), 50_001);
    assert!(out.lines().skip(1).zip(1..).all(|(line, n): (&str, u32)| line.starts_with(&format!("{n},"))));
}

#[test]
fn what_is_not_there_is_undecided_with_the_servers_reason() {
    let Some(endpoint) = endpoint("missing tables on BigQuery") else { return };
    let dir = example(&endpoint);
    let file = dir.path().join("gapgate.toml");
    let text = fs::read_to_string(&file).expect("a project file");
    fs::write(&file, text.replace("table = \"nba_raw.nbac_schedule\"", "table = \"nba_rew.nbac_schedule\"")).expect("a project file");
    let (status, out, _) = answer(dir.path(), "emulator", &["gate", "analytics"]);
    assert_eq!(status, 3, "{out}");
    assert!(out.contains("there is no table nba_rew.nbac_schedule"), "{out}");
}
