//! BigQuery from outside: what it costs, what Ctrl-C does, what wrong targets get, what doctor says.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::faults::bigquery::{self, is_cancel, is_dry_run, is_insert, is_results, refusal};
use crate::faults::{each, edit, five_rows, gapgate, project};
use crate::server::{Fault, Reply, Request, Server};

/// A server whose statements read a megabyte each, and a project on it.
fn cloud(result: impl Fn(&str) -> bigquery::Result + Send + Sync + 'static) -> (Server, bigquery::Project, TempDir) {
    let (server, state) = bigquery::start(1_000_000, result);
    let dir = project(&server.url());
    (server, state, dir)
}

fn run(dir: &TempDir, args: &[&str]) -> (i32, String, String) {
    let output = gapgate(dir.path()).args(args).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Writes the project file with one thing changed.
fn change(dir: &TempDir, from: &str, to: &str) {
    let file = dir.path().join("gapgate.toml");
    let text = fs::read_to_string(&file).expect("a project file");
    assert!(text.contains(from), "the project has no {from}");
    fs::write(&file, text.replace(from, to)).expect("a project file");
}

fn always(when: fn(&Request) -> bool, change: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Fault {
    Fault { when: Box::new(when), times: usize::MAX, change: Box::new(move |_, reply| change(reply)) }
}

/// Text without the line breaks of the report.
fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_would_cost_too_much_is_refused_before_anything_runs() {
    let (_server, state, dir) = cloud(five_rows);
    let (status, out, errors) = run(&dir, &["gate", "--max-bytes", "1"]);
    assert_eq!((status, out.as_str()), (4, ""), "{errors}");
    assert_eq!(state.inserted(), 0);
    for line in ["would read 2 MB, which is above the cap of 1 byte", "shop/whole: 1 MB", "shop/holed: 1 MB", "--max-bytes"] {
        assert!(errors.contains(line), "{errors}");
    }
    // Each would fit, and both together do not.
    assert_eq!(run(&dir, &["gate", "--max-bytes", "1.5MB"]).0, 4);
    assert_eq!(run(&dir, &["gate", "--max-bytes", "2MB"]).0, 1);
    assert_eq!(run(&dir, &["run", "shop/whole", "--max-bytes", "999999"]).0, 4);
    assert_eq!(run(&dir, &["gaps", "--max-bytes", "1"]).0, 4);
    assert_eq!(run(&dir, &["gaps", "--by", "month", "--max-bytes", "1"]).0, 4);
    assert_eq!(run(&dir, &["retry", "--max-bytes", "1"]).0, 4);
    let (status, report, _) = run(&dir, &["gate", "whole", "--format", "json"]);
    let report: Json = serde_json::from_str(&report).expect("JSON");
    assert_eq!((status, &report["gates"][0]["checks"][0]["estimated_bytes"]), (0, &json!(1_000_000)));
}

#[test]
fn a_statement_that_the_server_does_not_call_a_query_is_not_run() {
    let (server, state, dir) = cloud(five_rows);
    server.misbehave(always(is_dry_run, |reply| reply.map(|body| body.replace("\"SELECT\"", "\"INSERT\""))));
    let (status, out, _) = run(&dir, &["gate", "whole"]);
    assert_eq!((status, state.inserted()), (3, 0));
    assert!(in_a_line(&out).contains("a statement of type INSERT, not a query"), "{out}");
}

#[test]
fn a_result_above_the_row_limit_is_undecided() {
    let (_server, _, dir) = cloud(five_rows);
    change(&dir, "project = \"demo\"", "project = \"demo\"\nmax_rows = 4");
    for gate in ["whole", "holed"] {
        let (status, out, _) = run(&dir, &["gate", gate]);
        assert_eq!(status, 3, "{out}");
        assert!(out.contains("the engine held rows back"), "{out}");
    }
}

/// What is not in a list that was cut off is not gone, and what was recorded stays.
#[test]
fn a_list_of_tables_above_the_row_limit_is_none() {
    let (server, _, dir) = cloud(columns_of_sales);
    assert_eq!(run(&dir, &["schema", "pull"]).0, 1, "the tables of the gates' own queries are not there");
    let recorded = || fs::read_to_string(dir.path().join("schema/cloud.toml")).expect("a schema");
    let before = recorded();
    change(&dir, "project = \"demo\"", "project = \"demo\"\nmax_rows = 1");
    for args in [["schema", "pull"], ["schema", "diff"]] {
        let (status, out, errors) = run(&dir, &args);
        assert!(status == 3 && errors.contains("the list of its tables is cut off"), "{args:?}: {out}{errors}");
    }
    assert_eq!(recorded(), before);
    let is_lost = |request: &Request| is_insert(request) && !request.body.contains("INFORMATION_SCHEMA");
    server.misbehave(always(is_lost, |_| refusal(403, "quotaExceeded", "Quota exceeded")));
    let (status, out, _) = run(&dir, &["gaps"]);
    assert!(status == 3 && out.contains("quotaExceeded") && !out.contains("there is no table"), "{out}");
}

/// Runs all gates and presses Ctrl-C as soon as the server has had so many requests of a kind: exit status, report, what is
/// said besides, and when it was pressed.
fn interrupted(server: &Server, dir: &TempDir, kind: fn(&Request) -> bool, requests: usize) -> (Option<i32>, Json, String, Instant) {
    let (status, out, errors, pressed) = pressed(server, dir, &["gate", "--format", "json"], kind, requests);
    (status, serde_json::from_str(&out).expect("a report in JSON"), errors, pressed)
}

/// The same for any command, with what it prints.
fn pressed(
    server: &Server,
    dir: &TempDir,
    args: &[&str],
    kind: fn(&Request) -> bool,
    requests: usize,
) -> (Option<i32>, String, String, Instant) {
    let mut command = gapgate(dir.path());
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program runs");
    let start = Instant::now();
    while server.count(kind) < requests {
        assert!(start.elapsed() < Duration::from_secs(20), "the statement is never asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pressed = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    let output = child.wait_with_output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr), pressed)
}

/// The pages of the first gate's five rows, and the first one of the second gate's.
const WITHIN_THE_SECOND: usize = 4;

/// The second gate's statement takes longer than anyone waits.
fn slow_to_the_second(sql: &str) -> bigquery::Result {
    if sql.contains("shop.holed") {
        std::thread::sleep(Duration::from_secs(30));
    }
    five_rows(sql)
}

#[test]
fn ctrl_c_cancels_the_job_within_a_second_and_leaves_a_partial_report() {
    let (server, state, dir) = cloud(slow_to_the_second);
    let (status, report, errors, pressed) = interrupted(&server, &dir, is_results, WITHIN_THE_SECOND);
    let cancelled = server.log().iter().find(|(_, request)| is_cancel(request)).map(|(at, _)| *at).expect("a cancellation");
    assert!(cancelled.duration_since(pressed) < Duration::from_secs(1), "{:?}", cancelled.duration_since(pressed));
    assert_eq!((status, state.cancelled(), state.inserted()), (Some(130), 1, 2));
    assert!(errors.contains("interrupted"), "{errors}");
    assert_eq!(report["verdict"], "undecided");
    let gate = |n: usize| (report["gates"][n]["verdict"].clone(), report["gates"][n]["checks"][0].clone());
    let ((first, whole), (second, holed)) = (gate(0), gate(1));
    assert_eq!((first, whole["rows"]["rows"].as_array().map(Vec::len)), (json!("pass"), Some(5)));
    assert_eq!((second, &holed["findings"][0]["rule"]), (json!("undecided"), &json!("interrupted")));
}

#[test]
fn after_ctrl_c_in_a_dry_run_nothing_is_begun() {
    let (server, state, dir) = cloud(five_rows);
    server.misbehave(always(is_dry_run, |reply| Reply::Slow(Duration::from_secs(30), Box::new(reply))));
    let (status, report, ..) = interrupted(&server, &dir, is_dry_run, 1);
    assert_eq!((status, state.inserted(), state.cancelled()), (Some(130), 0, 0));
    for gate in report["gates"].as_array().expect("gates") {
        assert_eq!(gate["checks"][0]["findings"][0]["rule"], "interrupted", "{report}");
    }
}

#[test]
fn ctrl_c_names_the_job_that_it_could_not_cancel() {
    let (server, _, dir) = cloud(slow_to_the_second);
    server.misbehave(always(is_cancel, |_| refusal(403, "accessDenied", "no right to cancel")));
    let (status, report, ..) = interrupted(&server, &dir, is_results, WITHIN_THE_SECOND);
    let finding = report["gates"][1]["checks"][0]["findings"][0]["message"].as_str().unwrap_or_default();
    assert_eq!(status, Some(130));
    assert!(finding.contains("may still run") && finding.contains("demo:EU.gapgate_"), "{report}");
}

#[test]
fn ctrl_c_names_it_whatever_was_asked() {
    for args in [&["doctor"][..], &["schema", "pull"], &["gaps"], &["retry"]] {
        let (server, _, dir) = cloud(five_rows);
        change(&dir, "[gates.whole]", "[outputs.returns]\nstage = \"raw\"\ntable = \"shop.returns\"\nspine = \"days\"\n[gates.whole]");
        server.misbehave(always(is_results, |_| Reply::json(200, &json!({"jobComplete": false}))));
        server.misbehave(always(is_cancel, |_| refusal(403, "accessDenied", "no right to cancel")));
        let (status, out, errors, _) = pressed(&server, &dir, args, is_results, 1);
        assert_eq!(status, Some(130), "{args:?}: {out}{errors}");
        let text = in_a_line(&(out + &errors));
        assert!(
            text.contains("may still run") && text.contains("(job demo:EU.gapgate_") && !text.contains("was cancelled"),
            "{args:?}: {text}"
        );
    }
}

#[test]
fn a_job_that_cannot_be_cancelled_is_named() {
    let (server, _, dir) = cloud(five_rows);
    server.misbehave(always(is_results, |_| Reply::json(200, &json!({"jobComplete": false}))));
    server.misbehave(always(is_cancel, |_| refusal(403, "accessDenied", "no right to cancel")));
    let (status, out, _) = run(&dir, &["gate", "whole", "--timeout", "1"]);
    assert_eq!(status, 3);
    let line = in_a_line(&out);
    assert!(line.contains("may still run") && line.contains("(job demo:EU.gapgate_") && line.contains("`bq cancel`"), "{out}");
}

#[test]
fn a_job_that_may_yet_begin_is_asked_for_until_it_can_be_cancelled() {
    let slow = |reply| Reply::Slow(Duration::from_secs(20), Box::new(reply));
    let unknown = |_: &Request, _| refusal(404, "notFound", "Not found: Job");
    for (times, said) in [(2, false), (usize::MAX, true)] {
        let (server, _, dir) = cloud(five_rows);
        server.misbehave(always(is_insert, slow));
        server.misbehave(Fault { when: Box::new(is_cancel), times, change: Box::new(unknown) });
        let (status, out, _) = run(&dir, &["gate", "whole", "--timeout", "1"]);
        let line = in_a_line(&out);
        assert_eq!((status, line.contains("may still run"), line.contains("(job demo:EU.gapgate_")), (3, said, said), "{out}");
        assert!(server.count(is_cancel) > 2, "{out}");
    }
    // Once its insert is answered, what is not there has ended.
    let (server, _, dir) = cloud(five_rows);
    server.misbehave(always(is_results, |_| Reply::json(200, &json!({"jobComplete": false}))));
    server.misbehave(Fault { when: Box::new(is_cancel), times: usize::MAX, change: Box::new(unknown) });
    let (status, out, _) = run(&dir, &["gate", "whole", "--timeout", "1"]);
    assert_eq!((status, server.count(is_cancel), out.contains("may still run")), (3, 1, false), "{out}");
}

#[test]
fn a_refusal_after_a_lost_answer_leaves_no_job_running() {
    let (server, state, dir) = cloud(five_rows);
    server.misbehave(Fault { when: Box::new(is_insert), times: 1, change: Box::new(|_, _| Reply::Reset) });
    server.misbehave(always(is_insert, |_| refusal(403, "quotaExceeded", "Quota exceeded")));
    let (status, out, _) = run(&dir, &["gate", "whole"]);
    assert_eq!((status, state.inserted(), state.cancelled()), (3, 1, 1), "{out}");
    assert!(in_a_line(&out).contains("quotaExceeded"), "{out}");
}

#[test]
fn a_refusal_with_the_status_of_a_success_is_told_at_once() {
    for kind in [is_dry_run, is_insert, is_results] {
        let (server, _, dir) = cloud(five_rows);
        let body = json!({"error": {"code": 403, "message": "Access Denied", "errors": [{"reason": "accessDenied"}]}});
        server.misbehave(always(kind, move |_| Reply::json(200, &body)));
        let (status, out, _) = run(&dir, &["gate", "whole", "--timeout", "60"]);
        assert_eq!((status, server.count(kind)), (3, 1), "{out}");
        assert!(in_a_line(&out).contains("accessDenied: Access Denied"), "{out}");
    }
}

#[test]
fn an_answer_without_end_is_given_up() {
    let (server, _, dir) = cloud(five_rows);
    let body = " ".repeat(65 << 20);
    server.misbehave(always(is_results, move |_| Reply::text(200, &body)));
    let (status, out, _) = run(&dir, &["gate", "whole"]);
    assert!(status == 3 && in_a_line(&out).contains("the answer is longer than"), "{out}");
}

#[test]
fn a_warning_of_a_dry_run_is_no_failure() {
    let (server, _, dir) = cloud(five_rows);
    let warn = |reply| edit(reply, |job| job["status"]["errors"] = json!([{"reason": "deprecated", "message": "it is old"}]));
    server.misbehave(always(is_dry_run, warn));
    assert_eq!(run(&dir, &["gate", "whole"]).0, 0);
}

#[test]
fn no_server_is_undecided_and_says_so() {
    let (status, out, _) = run(&project("http://127.0.0.1:9"), &["gate", "whole"]);
    assert_eq!(status, 3);
    let line = in_a_line(&out);
    assert!(line.contains("there is no connection") && line.contains("check the network"), "{out}");
}

#[test]
fn wrong_targets_are_the_users_to_correct() {
    let address = "http://127.0.0.1:9";
    let labels = "labels = { team = \"desk\" }";
    for (from, to, says) in [
        ("project = \"demo\"", "project = \"no/such\"", "is the id of a project"),
        (address, "http://bigquery.example.com", "use https"),
        (address, "ftp://x", "`endpoint` is an address"),
        (labels, "labels = { Team = \"desk\" }", "lower-case letters"),
        (labels, "max_bytes_billed = \"ten\"", "is not an amount of data"),
        (labels, "max_bytes_bill = 1", "did you mean \"max_bytes_billed\""),
        (labels, "credentials = \"none\"", "exclude each other"),
        (labels, "max_rows = 0", "must be at least 1"),
        (labels, "job_timeout = 9223372036854775807", "gapgate.toml:11: `job_timeout` is in seconds, at most 86400"),
        (labels, "dataset = \"a.b\"", "is the name of one dataset"),
        ("${GAPGATE_TEST_TOKEN}", "${GAPGATE_TEST_UNSET}", "needs GAPGATE_TEST_UNSET"),
    ] {
        let dir = project(address);
        change(&dir, from, to);
        let (status, out, errors) = run(&dir, &["gate", "whole"]);
        assert_eq!(status, 2, "{to}: {out}{errors}");
        assert!(errors.contains(says), "{to}: {errors}");
    }
}

#[test]
fn doctor_says_as_whom_where_and_at_what_cost() {
    let (_server, _, dir) = cloud(columns_of_sales);
    let (_, out, _) = run(&dir, &["doctor"]);
    for line in [
        "credentials: the token of the target",
        "project demo takes jobs in EU",
        "shop is there, in EU",
        "would read 1 MB of at most 100 GB",
    ] {
        assert!(out.contains(line), "no {line:?} in\n{out}");
    }
    change(&dir, "project = \"demo\"", "project = \"demo\"\nlocation = \"US\"");
    let (status, out, _) = run(&dir, &["doctor"]);
    assert_eq!(status, 3);
    assert!(out.contains("set `location = \"EU\"`"), "{out}");
}

#[test]
fn doctor_warns_of_partitions_that_are_not_pruned_and_of_names_in_other_letters() {
    let (_server, _, dir) = cloud(columns_of_sales);
    let (status, out, _) = run(&dir, &["doctor"]);
    assert!(!out.contains("is partitioned by") && !out.contains("is written"), "{out}");
    let doctor = |result: fn(&str) -> bigquery::Result| {
        let (_server, _, dir) = cloud(result);
        run(&dir, &["doctor"])
    };
    let (other, out, _) =
        doctor(|sql| columns(sql, [("calendar", "day", "NO"), ("sales", "sold_on", "NO"), ("sales", "loaded_on", "YES")].as_slice()));
    assert_eq!(other, status, "{out}");
    assert!(out.contains("warn      sales: shop.sales is partitioned by loaded_on, which neither its key nor its `where` names"), "{out}");
    let (other, out, _) = doctor(|sql| columns(sql, [("calendar", "day", "NO"), ("Sales", "sold_on", "YES")].as_slice()));
    assert_eq!(other, 3);
    assert!(out.contains("undecided table: shop.sales is written demo.shop.Sales"), "{out}");
}

fn columns_of_sales(sql: &str) -> bigquery::Result {
    columns(sql, &[("calendar", "day", "NO"), ("sales", "sold_on", "YES")])
}

/// What INFORMATION_SCHEMA says of these tables and columns, and whether they are partitioned by them.
fn columns(sql: &str, known: &[(&str, &str, &str)]) -> bigquery::Result {
    if !sql.contains("INFORMATION_SCHEMA") {
        return five_rows(sql);
    }
    let names = ["table_catalog", "table_schema", "table_name", "column_name", "data_type", "ordinal_position", "is_partitioning_column"];
    let row = |(table, column, partitions): &(&str, &str, &str)| {
        ["demo", "shop", table, column, "DATE", "1", partitions].iter().map(|text| json!(text)).collect()
    };
    let kind = |name: &'static str| (name, if name == "ordinal_position" { "INTEGER" } else { "STRING" });
    bigquery::Result { fields: names.map(kind).to_vec(), rows: known.iter().map(row).collect() }
}

/// What nobody may read of the accounts below.
const HIDDEN: [&str; 4] = ["ya29.very-secret-token", "client-very-secret", "refresh-very-secret", "subject-very-secret"];

/// Application Default Credentials of the kinds that exchange something for a token.
fn accounts(url: &str, dir: &TempDir) -> [(Json, &'static str); 3] {
    let [_, secret, refresh, subject] = HIDDEN;
    fs::write(dir.path().join("subject"), subject).expect("a file");
    let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": secret, "refresh_token": refresh,
        "token_uri": format!("{url}/token")});
    let workload = json!({"type": "external_account", "audience": "//iam.googleapis.com/p", "token_url": format!("{url}/token"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": {"file": dir.path().join("subject")}});
    let impersonated = json!({"type": "impersonated_service_account", "source_credentials": user,
        "service_account_impersonation_url": format!("{url}/v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken")});
    [(user, "a user"), (workload, "a workload identity"), (impersonated, "an impersonated service account")]
}

fn run_as(account: &Json, dir: &TempDir, args: &[&str]) -> (Option<i32>, String) {
    let path = dir.path().join("credentials.json");
    fs::write(&path, account.to_string()).expect("a file");
    let output = gapgate(dir.path()).args(args).env("GOOGLE_APPLICATION_CREDENTIALS", &path).output().expect("it runs");
    (output.status.code(), in_a_line(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat())))
}

fn with_default_credentials(result: fn(&str) -> bigquery::Result) -> (Server, TempDir) {
    let (server, _, dir) = cloud(result);
    change(&dir, "token = \"${GAPGATE_TEST_TOKEN}\"", "credentials = \"default\"");
    (server, dir)
}

#[test]
fn default_credentials_of_every_kind_are_found() {
    let (server, dir) = with_default_credentials(columns_of_sales);
    for (account, says) in accounts(&server.url(), &dir) {
        let (status, text) = run_as(&account, &dir, &["gate", "whole"]);
        assert_eq!(status, Some(0), "{says}: {text}");
        let (_, doctor) = run_as(&account, &dir, &["doctor"]);
        assert!(doctor.contains(&format!("credentials: {says}, ")) && doctor.contains("GOOGLE_APPLICATION_CREDENTIALS"), "{doctor}");
    }
}

fn is_token(request: &Request) -> bool {
    request.path == "/token" || request.path.ends_with(":generateAccessToken")
}

/// Whatever the servers of tokens answer, it ends in a token or in a reason, and repeats nothing.
#[test]
fn servers_of_tokens_that_misbehave_are_told_without_their_words() {
    type Change = fn(&Request, Reply) -> Reply;
    let cases: [(&str, Change, Option<i32>); 8] = [
        ("400", |request, _| Reply::text(400, &format!("you sent {} {:?}", request.body, request.headers)), Some(3)),
        ("500", |request, _| Reply::json(500, &json!({"error": request.body, "more": request.headers})), Some(3)),
        ("a text", |_, reply| reply.map(|body| json!(body).to_string()), Some(3)),
        ("a token in another place", |_, reply| edit(reply, |body| body["expires_in"] = json!(HIDDEN[0])), None),
        ("no end", |_, reply| edit(reply, |body| body["expires_in"] = json!(u64::MAX)), None),
        ("an end in the past", |_, reply| edit(reply, |body| body["expireTime"] = json!("2001-01-01T00:00:00Z")), None),
        ("an end that is none", |_, reply| edit(reply, |body| body["expireTime"] = json!(HIDDEN[0])), None),
        ("the end at once", |_, reply| edit(reply, |body| body["expires_in"] = json!(0)), None),
    ];
    each(&cases, |(name, change, status)| {
        let (server, dir) = with_default_credentials(five_rows);
        server.misbehave(Fault { when: Box::new(is_token), times: usize::MAX, change: Box::new(*change) });
        for (account, says) in accounts(&server.url(), &dir) {
            let (found, text) = run_as(&account, &dir, &["gate", "whole", "--timeout", "3"]);
            assert!(status.is_none_or(|_| found == *status) && [Some(0), Some(3)].contains(&found), "{name}, {says}: {found:?} {text}");
            assert!(!HIDDEN.iter().any(|secret| text.contains(&secret[..12])), "{name}, {says}: a secret is told: {text}");
            assert!(!text.contains("panicked"), "{name}, {says}: {text}");
        }
    });
}

#[test]
fn a_token_that_ends_at_once_is_not_asked_for_without_pause() {
    let (server, dir) = with_default_credentials(five_rows);
    server.misbehave(always(is_token, |reply| edit(reply, |body| body["expires_in"] = json!(5))));
    server.misbehave(always(is_results, |_| Reply::json(200, &json!({"jobComplete": false}))));
    for (account, says) in accounts(&server.url(), &dir) {
        let before = server.count(is_token);
        let (status, text) = run_as(&account, &dir, &["gate", "whole", "--timeout", "2"]);
        let asked = server.count(is_token) - before;
        assert!(status == Some(3) && asked < 10, "{says} asked for {asked} tokens: {text}");
    }
}

#[test]
fn a_default_token_that_was_revoked_is_made_anew_once() {
    let (server, dir) = with_default_credentials(five_rows);
    let (user, _) = &accounts(&server.url(), &dir)[0];
    let revoked = |_: &Request, _| refusal(401, "authError", "Request had invalid authentication credentials.");
    server.misbehave(Fault { when: Box::new(is_insert), times: 1, change: Box::new(revoked) });
    let (status, text) = run_as(user, &dir, &["gate", "whole"]);
    assert_eq!((status, server.count(is_token)), (Some(0), 2), "{text}");
}

#[test]
fn credentials_that_are_none_are_named_with_what_to_do() {
    let (_server, state, dir) = cloud(five_rows);
    change(&dir, "token = \"${GAPGATE_TEST_TOKEN}\"", "credentials = \"default\"");
    let path = dir.path().join("credentials.json");
    for text in [None, Some("not json"), Some("{\"type\": \"service_account\", \"private_key\": \"very-secret-key\"}")] {
        if let Some(text) = text {
            fs::write(&path, text).expect("a file");
        }
        let output = gapgate(dir.path()).args(["gate", "whole"]).env("GOOGLE_APPLICATION_CREDENTIALS", &path).output().expect("it runs");
        let out = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!((output.status.code(), state.inserted()), (Some(3), 0), "{out}");
        assert!(in_a_line(&out).contains("gcloud auth application-default login"), "{out}");
        assert!(!out.contains("very-secret-key"), "{out}");
    }
}
