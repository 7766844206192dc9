//! Warehouses behind ADBC drivers: what the project file may say, what a wrong driver says, what values become, and what ends a
//! statement.
//!
//! The drivers are libraries that variables name: `eval "$(.ci/servers/adbc start)"`.

#[cfg(feature = "adbc")]
mod duckdb;
#[cfg(feature = "adbc")]
pub(crate) mod loading;
#[cfg(all(feature = "adbc", feature = "postgres"))]
mod postgres;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use gapgate::load::project;
use gapgate::model::sql::Dialect;
use tempfile::TempDir;

const SECRET: &str = "hush-hush-4711";

fn folder(target: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let project = format!(
        "[project]\nname = \"p\"\n[targets.t]\nengine = \"adbc\"\n{target}\n[seasons.s]\nstart = 2024-01-01\nend = 2024-01-31\n
        [spines.days]\ncalendar = \"1 day\"\n[outputs.o]\nstage = \"raw\"\ntable = \"o\"\nspine = \"days\"\ndate = \"day\"\n"
    );
    fs::write(dir.path().join("gapgate.toml"), project).expect("a project file");
    dir
}

/// What `gapgate doctor` says with a target of these keys; never the secret.
fn doctor_in(dir: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    let output = command.arg("-C").arg(dir).arg("doctor").env("SECRET", SECRET).stdin(Stdio::null()).output().expect("the program runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(SECRET), "the secret is in the output: {said}");
    (output.status.code(), said)
}

fn assert_says(target: &str, status: i32, words: &[&str]) {
    let (found, said) = doctor_in(folder(target).path());
    assert_eq!(found, Some(status), "{target}\n{said}");
    for word in words {
        assert!(said.contains(word), "{target}\nlacks: {word}\n{said}");
    }
}

#[test]
fn a_target_of_a_driver_that_is_wrong_says_where() {
    let known = "known: dialect, driver, engine, entrypoint, max_rows, options, uri";
    for (target, words) in [
        ("dialect = \"postgres\"", "gapgate.toml:3: `driver` is missing"),
        ("driver = \"x\"", "gapgate.toml:3: `dialect` is missing"),
        (
            "driver = \"x\"\ndialect = \"oracle\"",
            "gapgate.toml:6: unknown word \"oracle\"; known: duckdb, bigquery, postgres, databricks, snowflake",
        ),
        ("driver = \"\"\ndialect = \"postgres\"", "gapgate.toml:5: this must not be empty"),
        ("driver = \"x\"\ndialect = \"postgres\"\nuri = \" \"", "gapgate.toml:7: this must not be empty"),
        ("driver = \"x\"\ndialect = \"postgres\"\nurl = \"y\"", known),
        ("driver = \"x\"\ndialect = \"postgres\"\ndatabase = \"y\"", known),
        ("driver = \"x\"\ndialect = \"postgres\"\nmax_rows = 0", "`max_rows` must be at least 1"),
        ("driver = \"x\"\ndialect = \"postgres\"\noptions = \"a\"", "expected a table, found a string"),
        ("driver = \"x\"\ndialect = \"postgres\"\noptions = { a = [1] }", "expected a text in quotes, found an array"),
        ("driver = \"x\"\ndialect = \"postgres\"\nuri = \"${NOWHERE\"", "`${` without `}`"),
        ("driver = \"x\"\ndialect = \"postgres\"\noptions = { a = \"${NOWHERE}\" }", "target `t` needs NOWHERE"),
    ] {
        assert_says(target, 2, &[words]);
    }
}

#[test]
fn snowflake_is_reached_by_a_driver_only() {
    let dir = folder("driver = \"x\"\ndialect = \"snowflake\"");
    assert_eq!(project::load(dir.path()).expect("a project").targets["t"].dialect, Dialect::Snowflake);
    let file = dir.path().join("gapgate.toml");
    let text = fs::read_to_string(&file).expect("a project file");
    fs::write(&file, text.replace("engine = \"adbc\"", "engine = \"snowflake\"")).expect("a project file");
    let (status, said) = doctor_in(dir.path());
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("gapgate.toml:4: unknown word \"snowflake\"; known: duckdb, bigquery, postgres, databricks, adbc"), "{said}");
}

#[test]
fn what_a_target_holds_is_never_shown() {
    let target =
        format!("driver = \"lib/x.so\"\ndialect = \"postgres\"\nuri = \"{SECRET}\"\noptions = {{ a = \"{SECRET}\", b = true, c = 5 }}");
    let dir = folder(&target);
    let project = project::load(dir.path()).unwrap_or_else(|error| panic!("{error}"));
    let shown = format!("{:?}", project.targets["t"]);
    assert!(!shown.contains(SECRET) && shown.contains("lib/x.so"), "{shown}");
    assert_eq!(project.targets["t"].engine(), "adbc");
}

#[cfg(not(feature = "adbc"))]
#[test]
fn a_build_without_drivers_says_how_to_get_one_with_them() {
    assert_says("driver = \"x\"\ndialect = \"postgres\"", 2, &["target `t` needs an ADBC driver", "build gapgate with `--features adbc`"]);
}
