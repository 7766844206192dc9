//! The real services, asked only where someone says so: `GAPGATE_LIVE_BIGQUERY=my-project cargo test live -- --ignored`, with
//! Application Default Credentials that may run jobs in that project. It reads public data, and little of it.

#[cfg(feature = "databricks")]
mod databricks;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A project of checks on public data in the US, and an output for the catalogue's sake.
const PROJECT: &str = r#"
[project]
name = "live"

[targets.live]
engine = "bigquery"
project = "${GAPGATE_LIVE_BIGQUERY}"
max_bytes_billed = "100 MB"

[seasons.one]
start = 2024-01-01
end = 2024-01-01

[spines.days]
calendar = "1 day"

[outputs.words]
stage = "raw"
table = "bigquery-public-data.samples.shakespeare"
spine = "days"
date = "corpus_date"

[gates.raw]
stage = "raw"
"#;

fn project(columns: &str, sql: &str) -> TempDir {
    asking(PROJECT, columns, sql)
}

/// A project of this text with one query.
fn asking(text: &str, columns: &str, sql: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    fs::write(dir.path().join("gapgate.toml"), text).expect("a project file");
    fs::create_dir_all(dir.path().join("queries/live")).expect("a folder");
    let query = format!("/*---\ntitle = \"Live\"\ndoc = \"x\"\n[columns]\n{columns}\n---*/\n{sql}\n");
    fs::write(dir.path().join("queries/live/query.sql"), query).expect("a query");
    dir
}

fn gapgate(dir: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    command.arg("-C").arg(dir.path()).args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

fn run(dir: &TempDir, args: &[&str]) -> (Option<i32>, String) {
    assert!(std::env::var_os("GAPGATE_LIVE_BIGQUERY").is_some(), "GAPGATE_LIVE_BIGQUERY must name the project that pays");
    said(dir, args)
}

/// The exit status, and both outputs.
fn said(dir: &TempDir, args: &[&str]) -> (Option<i32>, String) {
    let output = gapgate(dir, args).output().expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

const QUERY: [&str; 4] = ["run", "live/query", "--format", "csv"];

#[test]
#[ignore = "asks Google's BigQuery"]
fn every_type_arrives_exactly() {
    let cases = [
        ("int", "cast(9223372036854775807 as int64)", "9223372036854775807"),
        ("float", "cast('-inf' as float64)", "-inf"),
        ("decimal", "numeric '12.340000001'", "12.340000001"),
        ("decimal", "bignumeric '0.00000000000000000000000000000000000001'", "0.00000000000000000000000000000000000001"),
        ("bool", "true", "true"),
        ("date", "date '2024-02-29'", "2024-02-29"),
        ("timestamp", "datetime '2024-02-29 12:00:00.000001'", "2024-02-29T12:00:00.000001"),
        ("timestamp", "timestamp '2024-02-29 14:00:00.000001+02:00'", "2024-02-29T12:00:00.000001"),
        ("text", "time '12:00:00'", "12:00:00"),
        ("text", "b'ab'", "YWI="),
        ("text", "json '{\"a\":1}'", "\"{\"\"a\"\":1}\""),
        ("text", "[1, 2]", "\"[1,2]\""),
    ];
    let columns: Vec<String> = cases.iter().enumerate().map(|(n, (kind, ..))| format!("c{n} = \"{kind}\"")).collect();
    let items: Vec<String> = cases.iter().enumerate().map(|(n, (_, sql, _))| format!("{sql} as c{n}")).collect();
    let (status, out) = run(&project(&columns.join("\n"), &format!("select {}", items.join(", "))), &QUERY);
    let expected: Vec<&str> = cases.iter().map(|(.., shown)| *shown).collect();
    assert_eq!(out.lines().nth(1), Some(expected.join(",").as_str()), "{out}");
    assert_eq!(status, Some(0), "{out}");
}

#[test]
#[ignore = "asks Google's BigQuery"]
fn all_pages_arrive() {
    let dir = project("n = \"int\"", "select n from unnest(generate_array(1, 120000)) as n order by n");
    let (status, out) = run(&dir, &QUERY);
    assert_eq!((status, out.lines().count()), (Some(0), 120_001));
}

#[test]
#[ignore = "asks Google's BigQuery"]
fn the_cap_is_kept_before_anything_runs() {
    let dir = project("n = \"int\"", "select sum(word_count) as n from `bigquery-public-data.samples.shakespeare`");
    let (status, out) = run(&dir, &["run", "live/query", "--max-bytes", "1"]);
    assert_eq!(status, Some(4), "{out}");
    assert_eq!(run(&dir, &QUERY).0, Some(0));
}

#[test]
#[ignore = "asks Google's BigQuery"]
fn errors_keep_their_reason() {
    for (sql, says) in [
        ("select n from no_such_dataset.no_such_table", "otFound"),
        ("select no_such_column as n from `bigquery-public-data.samples.shakespeare`", "invalidQuery"),
    ] {
        let (status, out) = run(&project("n = \"int\"", sql), &QUERY);
        assert_eq!(status, Some(3), "{out}");
        assert!(out.contains(says), "{out}");
    }
    let (_, doctor) = run(&project("n = \"int\"", "select 1 as n"), &["doctor"]);
    assert!(doctor.contains("takes jobs in US") && doctor.contains("samples is there, in US"), "{doctor}");
}

#[test]
#[ignore = "asks Google's BigQuery"]
fn the_time_limit_and_ctrl_c_cancel() {
    let dir = project(
        "n = \"int\"",
        "select count(*) as n from unnest(generate_array(1, 1000000)) as a, unnest(generate_array(1, 1000000)) as b",
    );
    let (status, out) = run(&dir, &["run", "live/query", "--timeout", "10"]);
    assert_eq!(status, Some(3), "{out}");
    assert!(out.contains("cancelled at the time limit"), "{out}");
    let child = gapgate(&dir, &["run", "live/query"]).stdout(Stdio::null()).spawn().expect("the program runs");
    std::thread::sleep(Duration::from_secs(8));
    let pressed = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130));
    assert!(pressed.elapsed() < Duration::from_secs(5));
}

/// Of a table of your own that is partitioned by day: `GAPGATE_LIVE_DAYS=project.dataset.table=column`, in the US.
#[test]
#[ignore = "asks Google's BigQuery"]
fn counts_by_partition_say_what_the_rows_say() {
    let Ok(named) = std::env::var("GAPGATE_LIVE_DAYS") else {
        let _ = writeln!(std::io::stderr(), "skipped: GAPGATE_LIVE_DAYS names no table that is partitioned by day");
        return;
    };
    let (table, column) = named.split_once('=').expect("project.dataset.table=column");
    let output = format!("table = \"{table}\"\nspine = \"days\"\ndate = \"{column}\"");
    let text = PROJECT.replace("table = \"bigquery-public-data.samples.shakespeare\"\nspine = \"days\"\ndate = \"corpus_date\"", &output);
    let dir = asking(
        &text.replace("start = 2024-01-01\nend = 2024-01-01", "start = 2000-01-01\nend = 2049-12-31"),
        "n = \"int\"",
        "select 1 as n",
    );
    let ask = |more: &[&str]| {
        let output = gapgate(&dir, &[&["gaps", "--format", "json"], more].concat()).output().expect("the program runs");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        report["gates"][0]["checks"][0]["outputs"][0].clone()
    };
    let (mut counted, read) = (ask(&[]), ask(&["--scan"]));
    let how = counted.as_object_mut().expect("an output").remove("counted_by");
    assert_eq!((how, counted), (Some("partition".into()), read));
}
