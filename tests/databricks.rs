//! Databricks from outside: as whom it is asked, what Ctrl-C does, what wrong targets get, what doctor says.

mod faults;
pub(crate) mod workspace;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use self::workspace::{CLIENT_SECRET, CLIENT_TOKEN, TOKEN, Workspace, is_cancel, is_link, is_look, is_submit, is_token, refusal};
use crate::faults::{HOLED, WHOLE, edit};
use crate::server::{Fault, Reply, Request, Server};

const PROJECT: &str = r#"
[project]
name = "shop"
as_of = "2024-02-01"

[targets.lake]
engine = "databricks"
host = "ENDPOINT"
warehouse_id = "wh1"
catalog = "main"
schema = "shop"
CREDENTIALS

[seasons.2024]
start = 2024-01-01
end = 2024-01-31

[spines.days]
table = "shop.calendar"
key = { day = "date" }

[outputs.sales]
stage = "raw"
table = "shop.sales"
spine = "days"
date = "sold_on"

[gates.whole]
stage = "raw"
checks = ["shop/whole"]

[gates.holed]
stage = "raw"
checks = ["shop/holed"]
"#;

const PERSONAL: &str = "token = \"${GAPGATE_TEST_TOKEN}\"";
const CLIENT: &str = "client_id = \"client\"\nclient_secret = \"${GAPGATE_TEST_SECRET}\"";

fn project(endpoint: &str, credentials: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let text = PROJECT.replace("ENDPOINT", endpoint).replace("CREDENTIALS", credentials);
    fs::write(dir.path().join("gapgate.toml"), text).expect("a project file");
    fs::create_dir_all(dir.path().join("queries/shop")).expect("a folder");
    fs::write(dir.path().join("queries/shop/whole.sql"), WHOLE).expect("a query");
    fs::write(dir.path().join("queries/shop/holed.sql"), HOLED).expect("a query");
    dir
}

fn gapgate(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    command.arg("-C").arg(dir).env("NO_COLOR", "1").stdin(Stdio::null());
    command.env("GAPGATE_TEST_TOKEN", TOKEN).env("GAPGATE_TEST_SECRET", CLIENT_SECRET);
    for variable in ["HOST", "TOKEN", "WAREHOUSE_ID", "HTTP_PATH", "CLIENT_ID", "CLIENT_SECRET"] {
        command.env_remove(format!("DATABRICKS_{variable}"));
    }
    command
}

/// What the session says of itself, and five rows of everything else.
fn five_rows(sql: &str) -> workspace::Result {
    if sql.contains("current_timezone") {
        return session("Etc/UTC");
    }
    let row = |day: u32| vec![json!(format!("2024-01-0{day}")), json!(format!("{day}.000000001"))];
    workspace::Result { columns: vec![("day", "DATE", "DATE"), ("amount", "DECIMAL", "DECIMAL(38,9)")], rows: (1..=5).map(row).collect() }
}

fn session(zone: &str) -> workspace::Result {
    let columns = ["who", "catalog_name", "schema_name", "zone"].map(|name| (name, "STRING", "STRING"));
    workspace::Result { columns: columns.to_vec(), rows: vec![vec![json!("app@shop.example"), json!("main"), json!("shop"), json!(zone)]] }
}

fn run(dir: &TempDir, args: &[&str]) -> (i32, String) {
    let output = gapgate(dir.path()).args(args).output().expect("the program runs");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn always(when: fn(&Request) -> bool, change: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Fault {
    Fault { when: Box::new(when), times: usize::MAX, change: Box::new(move |_, reply| change(reply)) }
}

#[test]
fn a_personal_token_and_a_service_principal_both_get_the_right_answer() {
    for (credentials, tokens) in [(PERSONAL, 0), (CLIENT, 1)] {
        let (server, state) = workspace::start(false, |sql| Some(five_rows(sql)));
        let dir = project(&server.url(), credentials);
        assert_eq!(run(&dir, &["gate", "whole"]).0, 0);
        assert_eq!(run(&dir, &["gate", "holed"]).0, 1);
        assert_eq!((state.left_running(), state.cancelled()), (0, 0));
        assert_eq!(server.count(is_token), 2 * tokens, "one token serves all the statements of a run");
    }
}

#[test]
fn a_token_that_runs_out_early_is_made_anew_once() {
    let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
    server.misbehave(Fault { when: Box::new(is_submit), times: 1, change: Box::new(|_, _| refusal(401, "UNAUTHENTICATED", "expired")) });
    assert_eq!(run(&project(&server.url(), CLIENT), &["gate", "whole"]).0, 0);
    assert_eq!(server.count(is_token), 2);
    let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
    server.misbehave(always(is_submit, |_| refusal(401, "UNAUTHENTICATED", "expired")));
    let (status, text) = run(&project(&server.url(), CLIENT), &["gate", "whole"]);
    assert_eq!((status, server.count(is_token), server.count(is_submit)), (3, 2, 2), "{text}");
    assert!(text.contains("the token is wrong or has expired") && !text.contains(CLIENT_TOKEN), "{text}");
}

#[test]
fn a_token_may_end_at_once_or_never_and_its_servers_words_are_not_repeated() {
    for end in [json!("3600"), json!(3600.0), json!(0), json!(u64::MAX), json!(i64::MAX)] {
        let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
        server.misbehave(always(is_token, {
            let end = end.clone();
            move |reply| edit(reply, |answer| answer["expires_in"] = end.clone())
        }));
        let (status, text) = run(&project(&server.url(), CLIENT), &["gate", "whole"]);
        assert_eq!(status, 0, "{end}: {text}");
    }
    let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
    let repeat = |request: &Request, _| {
        Reply::json(401, &json!({"error": "invalid_client", "error_description": format!("you sent {}", request.headers["authorization"])}))
    };
    server.misbehave(Fault { when: Box::new(is_token), times: usize::MAX, change: Box::new(repeat) });
    let (status, text) = run(&project(&server.url(), CLIENT), &["gate", "whole"]);
    assert!(status == 3 && text.contains("you sent Basic ***") && !text.contains("Y2xpZW50"), "{text}");
}

#[test]
fn a_large_result_comes_by_links_without_the_token() {
    let (server, state) = workspace::start(true, |sql| Some(five_rows(sql)));
    let dir = project(&server.url(), PERSONAL);
    assert_eq!(run(&dir, &["gate", "whole"]).0, 0);
    assert_eq!((server.count(is_link), state.left_running()), (3, 0));
    // A link that has expired is asked for anew.
    server.misbehave(Fault { when: Box::new(is_link), times: 2, change: Box::new(|_, _| workspace::expired()) });
    assert_eq!(run(&dir, &["gate", "holed"]).0, 1);
    assert_eq!(server.count(is_link), 3 + 5);
}

#[test]
fn a_result_above_the_row_limit_is_undecided() {
    let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
    for gate in ["whole", "holed"] {
        let (status, text) = run(&project(&server.url(), &format!("{PERSONAL}\nmax_rows = 4")), &["gate", gate]);
        assert_eq!(status, 3, "{text}");
    }
    assert_eq!(run(&project(&server.url(), &format!("{PERSONAL}\nmax_rows = 5")), &["gate", "whole"]).0, 0);
    let limits = server
        .log()
        .iter()
        .filter(|(_, request)| is_submit(request))
        .map(|(_, request)| request.json()["row_limit"].clone())
        .collect::<Vec<_>>();
    assert_eq!(limits, [5, 5, 6].map(|limit| json!(limit)));
}

#[test]
fn another_zone_than_utc_is_undecided_before_anything_is_asked() {
    let (server, _) =
        workspace::start(false, |sql| Some(if sql.contains("current_timezone") { session("Asia/Tokyo") } else { five_rows(sql) }));
    let (status, text) = run(&project(&server.url(), PERSONAL), &["gate", "whole"]);
    assert_eq!((status, server.count(is_submit)), (3, 0), "{text}");
    assert!(text.contains("time zone Asia/Tokyo") && text.contains("set TIMEZONE to UTC"), "{text}");
}

/// A workspace whose second gate's statement never ends.
fn endless() -> (Server, Workspace) {
    workspace::start(false, |sql| (!sql.contains("shop.holed")).then(|| five_rows(sql)))
}

/// Runs all gates and presses Ctrl-C as soon as the server has had so many requests of a kind: exit status, report, and when it
/// was pressed.
fn interrupted(server: &Server, dir: &TempDir, kind: fn(&Request) -> bool, requests: usize) -> (Option<i32>, Json, Instant) {
    let mut command = gapgate(dir.path());
    let child = command.args(["gate", "--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
    let start = Instant::now();
    while server.count(kind) < requests {
        assert!(start.elapsed() < Duration::from_secs(20), "the statement is never asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pressed = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    let output = child.wait_with_output().expect("an end");
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("a report in JSON"), pressed)
}

fn assert_cancelled_within_a_second(server: &Server, pressed: Instant) {
    let cancelled = server.log().iter().find(|(_, request)| is_cancel(request)).map(|(at, _)| *at).expect("a cancellation");
    assert!(cancelled.duration_since(pressed) < Duration::from_secs(1), "{:?}", cancelled.duration_since(pressed));
}

#[test]
fn ctrl_c_cancels_the_statement_within_a_second_and_leaves_a_partial_report() {
    let (server, state) = endless();
    let dir = project(&server.url(), PERSONAL);
    // The session, the first gate, and several looks at the second.
    let (status, report, pressed) = interrupted(&server, &dir, is_look, 6);
    assert_cancelled_within_a_second(&server, pressed);
    assert_eq!((status, state.cancelled(), state.left_running()), (Some(130), 1, 0));
    let gate = |n: usize| (report["gates"][n]["verdict"].clone(), report["gates"][n]["checks"][0]["findings"][0]["rule"].clone());
    assert_eq!(gate(0).0, "pass", "{report}");
    assert_eq!(gate(1), (json!("undecided"), json!("interrupted")), "{report}");
}

#[test]
fn ctrl_c_while_the_statement_gets_its_name_cancels_it_too() {
    let (server, state) = endless();
    let slow = |reply| Reply::Slow(Duration::from_millis(700), Box::new(reply));
    server.misbehave(always(is_submit, slow));
    let dir = project(&server.url(), PERSONAL);
    let (status, _, pressed) = interrupted(&server, &dir, is_submit, 1);
    assert_cancelled_within_a_second(&server, pressed);
    assert_eq!((status, state.left_running()), (Some(130), 0));
}

#[test]
fn a_statement_whose_name_does_not_arrive_may_still_run_and_that_is_said() {
    let slow = |reply| Reply::Slow(Duration::from_secs(6), Box::new(reply));
    let (server, _) = endless();
    server.misbehave(always(is_submit, slow));
    let (status, report, _) = interrupted(&server, &project(&server.url(), PERSONAL), is_submit, 1);
    assert_eq!(status, Some(130), "{report}");
    assert!(report.to_string().contains("interrupted before the server named the statement, which may still run"), "{report}");
    // The first try is refused, and the second hangs.
    let (server, _) = endless();
    server.misbehave(Fault { when: Box::new(is_submit), times: 1, change: Box::new(|_, _| Reply::text(503, "")) });
    server.misbehave(always(is_submit, slow));
    let (status, text) = run(&project(&server.url(), PERSONAL), &["gate", "holed", "--timeout", "2"]);
    assert!(status == 3 && text.contains("it may run nevertheless"), "{text}");
    // Who is refused starts nothing.
    let (server, _) = endless();
    server.misbehave(always(is_submit, |_| Reply::text(503, "")));
    let (status, text) = run(&project(&server.url(), PERSONAL), &["gate", "holed", "--timeout", "2"]);
    assert!(status == 3 && !text.contains("may run"), "{text}");
}

#[test]
fn the_time_limit_cancels_and_what_cannot_be_cancelled_is_named() {
    let (server, state) = endless();
    let dir = project(&server.url(), PERSONAL);
    let (status, text) = run(&dir, &["gate", "holed", "--timeout", "1"]);
    assert_eq!((status, state.cancelled(), state.left_running()), (3, 1, 0), "{text}");
    assert!(text.contains("cancelled at the time limit of 1 s"), "{text}");
    server.misbehave(always(is_cancel, |_| refusal(403, "PERMISSION_DENIED", "no right to cancel")));
    let (status, text) = run(&dir, &["gate", "holed", "--timeout", "1"]);
    assert_eq!(status, 3, "{text}");
    assert!(text.contains("may still run") && text.contains("(statement 01ef-") && text.contains("query history"), "{text}");
}

#[test]
fn wrong_targets_are_the_users_to_correct() {
    for (credentials, status, says) in [
        ("", 2, "DATABRICKS_TOKEN"),
        ("token = \"${GAPGATE_TEST_UNSET}\"", 2, "needs GAPGATE_TEST_UNSET"),
        ("client_id = \"client\"", 2, "DATABRICKS_CLIENT_SECRET"),
        ("token = \"x\"\nmax_rows = \"many\"", 2, "`max_rows` is not a number"),
        ("token = \"x\"\nwarehouse = \"w\"", 2, "did you mean"),
        ("token = \"hush\\nhush\"", 3, "line breaks"),
        ("token = \"hush-hush\"", 3, "HTTP 401, UNAUTHENTICATED"),
        ("client_id = \"client\"\nclient_secret = \"hush-hush\"", 3, "invalid_client"),
    ] {
        let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
        let (found, text) = run(&project(&server.url(), credentials), &["gate", "whole"]);
        assert_eq!(found, status, "{credentials}: {text}");
        assert!(text.contains(says) && !text.contains("hush"), "{credentials}: {text}");
    }
    let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
    let dir = project(&server.url(), PERSONAL);
    let file = dir.path().join("gapgate.toml");
    let text = fs::read_to_string(&file).expect("a project file");
    for (from, to, status, says) in [
        ("\"wh1\"", "\"wh2\"", 3, "check `host` and `warehouse_id`"),
        (server.url().as_str(), "http://dbc-1.cloud.databricks.com", 2, "use https"),
        (server.url().as_str(), "http://127.0.0.1:9", 3, "check `host`, the network and the proxy"),
    ] {
        fs::write(&file, text.replace(from, to)).expect("a project file");
        let (found, said) = run(&dir, &["gate", "whole"]);
        assert_eq!(found, status, "{to}: {said}");
        assert!(said.contains(says), "{to}: {said}");
    }
}

/// What `information_schema` says of the tables.
fn columns(sql: &str) -> workspace::Result {
    if !sql.contains("information_schema") {
        return five_rows(sql);
    }
    let names = ["table_catalog", "table_schema", "table_name", "column_name", "full_data_type"].map(|name| (name, "STRING", "STRING"));
    let row = |table: &str, column: &str| vec![json!("main"), json!("shop"), json!(table), json!(column), json!("date"), json!("0")];
    let columns = [names.to_vec(), vec![("ordinal_position", "INT", "INT")]].concat();
    workspace::Result { columns, rows: vec![row("calendar", "day"), row("sales", "sold_on")] }
}

#[test]
fn doctor_says_as_whom_and_where_and_what_is_missing() {
    let (server, _) = workspace::start(false, |sql| Some(columns(sql)));
    let dir = project(&server.url(), PERSONAL);
    let (_, text) = run(&dir, &["doctor"]);
    for says in ["app@shop.example on SQL warehouse wh1, catalog main, schema shop", "shop.sales is there with every column"] {
        assert!(text.contains(says), "{text}");
    }
    let (server, _) = workspace::start(false, |sql| Some(five_rows(sql)));
    server.misbehave(always(is_submit, |_| refusal(403, "PERMISSION_DENIED", "User does not have USE CATALOG on Catalog 'main'")));
    let (status, text) = run(&project(&server.url(), PERSONAL), &["doctor"]);
    assert_eq!(status, 3, "{text}");
    assert!(text.contains("USE CATALOG on Catalog 'main'") && !text.contains(TOKEN), "{text}");
}

#[test]
fn a_list_of_tables_above_the_row_limit_is_none() {
    let (server, _) = workspace::start(false, |sql| Some(columns(sql)));
    let dir = project(&server.url(), &format!("{PERSONAL}\nmax_rows = 1"));
    let (status, text) = run(&dir, &["schema", "pull"]);
    assert!(status == 3 && text.contains("the list of its tables is cut off"), "{text}");
    assert!(!dir.path().join("schema").exists(), "a part of the schema was recorded");
}

#[test]
fn every_type_arrives_exactly() {
    let cases = [
        ("int", "LONG", "BIGINT", "9223372036854775807", "9223372036854775807"),
        ("decimal", "DECIMAL", "DECIMAL(38,37)", "1.2345678901234567890123456789012345678", "1.2345678901234567890123456789012345678"),
        ("float", "DOUBLE", "DOUBLE", "-Infinity", "-inf"),
        ("bool", "BOOLEAN", "BOOLEAN", "true", "true"),
        ("date", "DATE", "DATE", "2024-02-29", "2024-02-29"),
        ("timestamp", "TIMESTAMP", "TIMESTAMP", "2024-02-29T14:00:00.000001+02:00", "2024-02-29T12:00:00.000001"),
        ("timestamp", "TIMESTAMP", "TIMESTAMP_NTZ", "2024-02-29T12:00:00.000001", "2024-02-29T12:00:00.000001"),
        ("text", "ARRAY", "ARRAY<INT>", "[\"1\",\"2\"]", "\"[\"\"1\"\",\"\"2\"\"]\""),
        ("text", "MAP", "MAP<STRING,INT>", "{\"a\":\"1\"}", "\"{\"\"a\"\":\"\"1\"\"}\""),
        ("text", "BINARY", "BINARY", "YWI=", "YWI="),
    ];
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let result = move |sql: &str| {
        if sql.contains("current_timezone") {
            return Some(session("UTC"));
        }
        let columns = cases.iter().zip(names).map(|((_, type_name, type_text, ..), name)| (name, *type_name, *type_text)).collect();
        Some(workspace::Result { columns, rows: vec![cases.iter().map(|(.., sent, _)| json!(sent)).collect()] })
    };
    let (server, _) = workspace::start(false, result);
    let dir = project(&server.url(), PERSONAL);
    let columns: Vec<String> = cases.iter().zip(names).map(|((kind, ..), name)| format!("{name} = \"{kind}\"")).collect();
    let query =
        format!("/*---\ntitle = \"T\"\ndoc = \"x\"\n[columns]\n{}\n---*/\nselect {} from shop.t\n", columns.join("\n"), names.join(", "));
    fs::write(dir.path().join("queries/shop/types.sql"), query).expect("a query");
    let output = gapgate(dir.path()).args(["run", "shop/types", "--format", "csv"]).output().expect("the program runs");
    let expected: Vec<&str> = cases.iter().map(|(.., shown)| *shown).collect();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().nth(1), Some(expected.join(",").as_str()), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
