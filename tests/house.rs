//! The house keeps its floors, its dialects agree, and what is shipped is in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::support::files;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Each room with its floor; a room imports from lower floors only.
const FLOORS: [(&str, u8); 10] = [
    ("model", 1),
    ("error", 0),
    ("load", 2),
    ("warehouse", 2),
    ("report", 2),
    ("render", 2),
    ("lint", 2),
    ("run", 3),
    ("cli", 3),
    ("command", 4),
];

fn floor(room: &str) -> u8 {
    FLOORS.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("room {room} has no floor")).1
}

#[test]
fn rooms_import_from_floors_below_only() {
    let src = Path::new(ROOT).join("src");
    for file in files(&src, "rs") {
        let relative = file.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        let room = relative.split(['/', '.']).next().expect("a room");
        if ["lib", "main"].contains(&room) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for (number, line) in text.lines().enumerate() {
            for other in line.split("crate::").skip(1).filter(|_| !line.trim_start().starts_with("//")) {
                let other = other.split([':', ';', ',', ' ', '}', ')']).next().expect("a word");
                assert!(
                    other == room || floor(other) < floor(room),
                    "{relative}:{}: {room} imports {other}, which is not on a floor below",
                    number + 1
                );
            }
        }
    }
}

#[test]
fn every_dialect_has_the_same_macros() {
    let macros = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a dialect");
        let heads = text
            .lines()
            .filter_map(|line| line.strip_prefix("{% macro "))
            .map(|line| line.split(" %}").next().unwrap_or_default().to_owned());
        heads.collect::<Vec<String>>()
    };
    let dialects = files(&Path::new(ROOT).join("queries/_dialect"), "sql");
    assert_eq!(dialects.len(), gapgate::model::sql::Dialect::ALL.len());
    let first = macros(&dialects[0]);
    assert!(!first.is_empty());
    for dialect in &dialects[1..] {
        assert_eq!(macros(dialect), first, "{} differs from {}", dialect.display(), dialects[0].display());
    }
}

#[test]
fn every_shipped_file_is_in_the_program() {
    let library = gapgate::load::library::load(None).expect("a library without fault");
    for file in files(&Path::new(ROOT).join("queries"), "sql") {
        let id = file
            .strip_prefix(Path::new(ROOT).join("queries"))
            .expect("below queries")
            .with_extension("")
            .to_string_lossy()
            .replace('\\', "/");
        let known = library.queries.contains_key(&id) || library.partials.contains_key(&id) || library.probe(&id).is_some();
        assert!(known, "{id} is not in the program; is the build older than the file?");
    }
}

/// A query without an oracle is believed, not known, to say what the rows say.
#[test]
fn every_query_is_asked_by_a_law() {
    let tests = Path::new(ROOT).join("tests");
    // The laws of coverage ask through what all tests share.
    let is_law = |path: &PathBuf| {
        let name = path.strip_prefix(&tests).expect("below tests").to_string_lossy();
        name.starts_with("laws") || name == "support.rs"
    };
    let text = |path: PathBuf| fs::read_to_string(path).expect("a source file");
    let laws: String = files(&tests, "rs").into_iter().filter(is_law).map(text).collect();
    let library = gapgate::load::library::load(None).expect("a library without fault");
    let unasked: Vec<&String> = library.queries.keys().filter(|id| !laws.contains(&format!("\"{id}\""))).collect();
    // It reads the list of jobs that only BigQuery has, and so cannot be asked here.
    assert_eq!(unasked, ["gate/quota"], "add an oracle to a law for what is new");
}

#[test]
fn queries_leave_verdicts_and_limits_to_others() {
    for file in files(&Path::new(ROOT).join("queries"), "sql") {
        let text = fs::read_to_string(&file).expect("a query").to_lowercase();
        let sql = text.split("---*/").last().unwrap_or_default();
        for word in ["limit ", "current_date", "now()", "duckdb", "bigquery", "nba_"] {
            let own_dialect = file.to_string_lossy().contains("_dialect");
            assert!(own_dialect || !sql.contains(word), "{} says `{word}`", file.display());
        }
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("a manifest");
    let mut section = "";
    let mut commented = false;
    let mut unexplained = BTreeMap::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if line.starts_with('#') {
            commented = true;
            continue;
        }
        // Neighbouring lines may share a comment, as serde and serde_json do.
        if section.ends_with("dependencies]") && line.contains('=') && !commented {
            unexplained.insert(line.to_owned(), section.to_owned());
        }
        if line.is_empty() {
            commented = false;
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:?}");
}
