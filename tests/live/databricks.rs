//! A real workspace: `GAPGATE_LIVE_DATABRICKS=catalog.schema cargo test live::databricks -- --ignored`, with DATABRICKS_HOST,
//! DATABRICKS_WAREHOUSE_ID and a login in the environment. The schema is where names without one lead; nothing in it is read.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{asking, gapgate, said};
use crate::servers::address;

fn project(place: &str, columns: &str, sql: &str) -> TempDir {
    let (catalog, schema) = place.split_once('.').expect("GAPGATE_LIVE_DATABRICKS is catalog.schema");
    let text = format!(
        "[project]\nname = \"live\"\n[targets.live]\nengine = \"databricks\"\ncatalog = \"{catalog}\"\nschema = \"{schema}\"\n
        [seasons.one]\nstart = 2024-01-01\nend = 2024-01-01\n[spines.days]\ncalendar = \"1 day\"\n
        [outputs.words]\nstage = \"raw\"\ntable = \"{place}.gapgate_has_no_such_table\"\nspine = \"days\"\ndate = \"day\"\n"
    );
    asking(&text, columns, sql)
}

const QUERY: [&str; 6] = ["run", "live/query", "--format", "csv", "--timeout", "600"];

#[test]
#[ignore = "asks a Databricks workspace"]
fn every_type_arrives_exactly() {
    let Some(place) = address("GAPGATE_LIVE_DATABRICKS", "every_type_arrives_exactly") else { return };
    let cases = [
        ("int", "cast(9223372036854775807 as bigint)", "9223372036854775807"),
        ("float", "cast('-Infinity' as double)", "-inf"),
        ("decimal", "cast('1.2345678901234567890123456789012345678' as decimal(38, 37))", "1.2345678901234567890123456789012345678"),
        ("bool", "true", "true"),
        ("date", "date '2024-02-29'", "2024-02-29"),
        ("timestamp", "timestamp_ntz '2024-02-29 12:00:00.000001'", "2024-02-29T12:00:00.000001"),
        ("timestamp", "timestamp '2024-02-29 14:00:00.000001+02:00'", "2024-02-29T12:00:00.000001"),
        ("text", "'é'", "é"),
    ];
    let columns: Vec<String> = cases.iter().enumerate().map(|(n, (kind, ..))| format!("c{n} = \"{kind}\"")).collect();
    let items: Vec<String> = cases.iter().enumerate().map(|(n, (_, sql, _))| format!("{sql} as c{n}")).collect();
    let (status, out) = said(&project(&place, &columns.join("\n"), &format!("select {}", items.join(", "))), &QUERY);
    let expected: Vec<&str> = cases.iter().map(|(.., shown)| *shown).collect();
    assert_eq!(out.lines().nth(1), Some(expected.join(",").as_str()), "{out}");
    assert_eq!(status, Some(0), "{out}");
}

#[test]
#[ignore = "asks a Databricks workspace"]
fn all_parts_arrive_with_the_answer_and_by_links() {
    let Some(place) = address("GAPGATE_LIVE_DATABRICKS", "all_parts_arrive_with_the_answer_and_by_links") else { return };
    for width in [1, 400] {
        let sql = format!("select id as n, repeat('x', {width}) as t from range(1, 120001) order by n");
        let (status, out) = said(&project(&place, "n = \"int\"\nt = \"text\"", &sql), &QUERY);
        assert_eq!((status, out.lines().count()), (Some(0), 120_001));
    }
}

#[test]
#[ignore = "asks a Databricks workspace"]
fn errors_keep_their_reason() {
    let Some(place) = address("GAPGATE_LIVE_DATABRICKS", "errors_keep_their_reason") else { return };
    for (sql, says) in [
        (format!("select n from {place}.gapgate_has_no_such_table"), "TABLE_OR_VIEW_NOT_FOUND"),
        ("select no_such_column as n from range(1)".to_owned(), "UNRESOLVED_COLUMN"),
    ] {
        let (status, out) = said(&project(&place, "n = \"int\"", &sql), &QUERY);
        assert_eq!(status, Some(3), "{out}");
        assert!(out.contains(says), "{out}");
    }
    let (_, doctor) = said(&project(&place, "n = \"int\"", "select 1 as n"), &["doctor", "--timeout", "600"]);
    assert!(doctor.contains("on SQL warehouse") && doctor.contains("there is no table"), "{doctor}");
}

#[test]
#[ignore = "asks a Databricks workspace"]
fn the_time_limit_and_ctrl_c_cancel() {
    let Some(place) = address("GAPGATE_LIVE_DATABRICKS", "the_time_limit_and_ctrl_c_cancel") else { return };
    let sql = "select count(*) as n from range(1000000) as a cross join range(1000000) as b where a.id * b.id % 7 = 3";
    let dir = project(&place, "n = \"int\"", sql);
    let (status, out) = said(&dir, &["run", "live/query", "--timeout", "60"]);
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
