//! Coverage by BigQuery's own row counts per partition: when they are taken, that they are never believed where they cannot
//! be whole, and that the rows are read instead. That both say the same is a law, in `laws/counted.rs`.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::faults::bigquery::{self, is_dry_run, is_insert, is_results, refusal};
use crate::faults::{Change, SHOP, Step, gapgate};
use crate::server::{Fault, Reply, Request, Server};

const GATE: &str = "\n[gates.raw]\nstage = \"raw\"\n";

const COUNTS: &str = "INFORMATION_SCHEMA.PARTITIONS";

fn project(server: &Server) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    fs::write(dir.path().join("gapgate.toml"), format!("{SHOP}{GATE}").replace("ENDPOINT", &server.url())).expect("a project file");
    dir
}

/// `tables.get` of a table whose partitions are the days on which things were sold.
fn partitioned() -> Json {
    json!({"kind": "bigquery#table", "type": "TABLE", "numRows": "310", "timePartitioning": {"type": "DAY", "field": "sold_on"},
        "schema": {"fields": [{"name": "sold_on", "type": "DATE"}, {"name": "amount", "type": "NUMERIC"}]}})
}

/// What coverage answers: 31 keys, of which so many are missing and the others ok, with ten rows each.
fn keys(missing: usize) -> bigquery::Result {
    let names = ["output", "class", "period", "day", "excuse", "position", "keys", "present", "held_rows", "weight", "duplicates"];
    let kind = |name| match name {
        "output" | "class" | "period" => "STRING",
        "day" => "DATE",
        _ => "INTEGER",
    };
    let ok = 31 - missing;
    let row = |class: &str, day: Option<String>, position: Option<usize>, keys: usize, present: usize| {
        let number = |n: usize| json!(n.to_string());
        let place = position.map_or(Json::Null, number);
        let held = [number(0), place, number(keys), number(present), number(10 * present), Json::Null, number(0)];
        [vec![json!("sales"), json!(class), json!("2024"), json!(day)], held.to_vec()].concat()
    };
    let lost = (1..=missing).map(|day| row("missing", Some(format!("2024-01-{day:02}")), Some(day), 1, 0));
    let rows = lost.chain((ok > 0).then(|| row("ok", None, None, ok, ok))).collect();
    bigquery::Result { fields: names.map(|name| (name, kind(name))).to_vec(), rows }
}

/// Nothing is missing by the counts, and one key by the rows, so that the exit status tells which of them was asked.
fn apart(sql: &str) -> bigquery::Result {
    keys(if sql.contains(COUNTS) { 0 } else { 1 })
}

fn is_table(request: &Request) -> bool {
    request.method == "GET" && request.path.contains("/tables/")
}

fn counts(request: &Request) -> bool {
    request.json()["configuration"]["query"]["query"].as_str().is_some_and(|sql| sql.contains(COUNTS))
}

fn always(
    server: &Server,
    when: impl Fn(&Request) -> bool + Send + Sync + 'static,
    reply: impl Fn(Reply) -> Reply + Send + Sync + 'static,
) {
    server.misbehave(Fault { when: Box::new(when), times: usize::MAX, change: Box::new(move |_, right| reply(right)) });
}

/// A server that describes the table so, and a project on it.
fn cloud(table: Json, result: impl Fn(&str) -> bigquery::Result + Send + Sync + 'static) -> (Server, bigquery::Project, TempDir) {
    let (server, state) = bigquery::start(1_000_000, result);
    always(&server, is_table, move |_| Reply::json(200, &table));
    let dir = project(&server);
    (server, state, dir)
}

fn run(dir: &TempDir, args: &[&str]) -> (i32, String, String) {
    let output = gapgate(dir.path()).args(args).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Exit status of the gate, and how its output was counted.
fn gate(dir: &TempDir, more: &[&str]) -> (i32, Json) {
    let (status, out, errors) = run(dir, &[&["gate", "raw", "--format", "json"], more].concat());
    let report: Json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{errors}"));
    (status, report["gates"][0]["checks"][0]["outputs"][0]["counted_by"].clone())
}

const BY_COUNTS: (i32, &str) = (0, "partition");

fn by_rows() -> (i32, Json) {
    (1, Json::Null)
}

#[test]
fn days_that_are_partitions_are_counted_and_not_read() {
    let (server, state, dir) = cloud(partitioned(), apart);
    assert_eq!(gate(&dir, &[]), (BY_COUNTS.0, json!(BY_COUNTS.1)));
    assert_eq!((server.count(is_table), state.inserted()), (1, 1));
    assert!(server.log().iter().filter(|(_, request)| is_insert(request) || is_dry_run(request)).all(|(_, request)| counts(request)));
    let path = server.log().into_iter().find(|(_, request)| is_table(request)).expect("a description").1.path;
    assert_eq!(path, "/bigquery/v2/projects/demo/datasets/shop/tables/sales");
    let note = "counted by partition, no row was read (--scan reads them): sales";
    for args in [&["gate"][..], &["gate", "raw"], &["gaps"]] {
        let (status, out, errors) = run(&dir, args);
        assert_eq!(status, 0, "{out}{errors}");
        assert!(out.contains(note), "{args:?}: {out}");
    }
    let (_, page, _) = run(&dir, &["gate", "raw", "--format", "signoff"]);
    assert!(page.contains("## Counted by partition, no row read\n\n- sales\n"), "{page}");
}

#[test]
fn scan_reads_the_rows() {
    let (server, _, dir) = cloud(partitioned(), apart);
    assert_eq!(gate(&dir, &["--scan"]), by_rows());
    for args in [&["gate"][..], &["gaps"], &["retry"], &["retry", "--waves"], &["progress"], &["plan", "repair", "sales"]] {
        let (_, out, errors) = run(&dir, &[args, &["--scan"]].concat());
        assert!(!out.contains("counted by"), "{args:?}: {out}{errors}");
    }
    assert_eq!((server.count(is_table), server.count(counts)), (0, 0), "nothing is asked about counts");
    let missing = |args: &[&str]| run(&dir, args).1.contains("2024-01-01");
    assert!(missing(&["retry", "--scan", "--format", "lines"]) && !missing(&["retry", "--format", "lines"]));
    for args in [&["progress"][..], &["retry", "--waves"], &["plan", "repair", "sales"]] {
        let before = server.count(counts);
        run(&dir, args);
        assert!(server.count(counts) > before, "{args:?}");
    }
}

#[test]
fn tables_whose_partitions_are_not_their_days_are_read() {
    let changed = |place: &str, value: Json| {
        let mut table = partitioned();
        table[place] = value;
        table
    };
    for table in [
        changed("streamingBuffer", json!({"estimatedRows": "7", "oldestEntryTime": "1704067200000"})),
        changed("type", json!("VIEW")),
        changed("type", json!("EXTERNAL")),
        changed("type", json!("MATERIALIZED_VIEW")),
        changed("timePartitioning", json!({"type": "HOUR", "field": "sold_on"})),
        changed("timePartitioning", json!({"type": "DAY"})),
        changed("timePartitioning", json!({"type": "DAY", "field": "loaded_on"})),
        changed("timePartitioning", json!(null)),
        changed("schema", json!({"fields": [{"name": "sold_on", "type": "TIMESTAMP"}]})),
        json!({}),
        json!([]),
        json!({"type": 7}),
    ] {
        let (server, state, dir) = cloud(table.clone(), apart);
        assert_eq!(gate(&dir, &[]), by_rows(), "{table}");
        assert_eq!((state.inserted(), server.count(counts)), (1, 0), "{table}");
    }
}

#[test]
fn a_table_that_cannot_be_described_is_read() {
    let cases: [(&str, Change); 8] = [
        ("403", |_| refusal(403, "accessDenied", "Access Denied: Table demo:shop.sales: no bigquery.tables.get")),
        ("404", |_| refusal(404, "notFound", "Not found: Table demo:shop.sales")),
        ("500", |_| refusal(500, "backendError", "Backend error")),
        ("502 HTML", |_| Reply::text(502, "<html>Bad Gateway</html>")),
        ("429", |_| Reply::Whole(429, vec![("retry-after", "3600".to_owned())], String::new())),
        ("malformed JSON", |_| Reply::Whole(200, Vec::new(), "{\"type\": \"TABLE\",".to_owned())),
        ("no answer", |_| Reply::Reset),
        ("slow", |right| Reply::Slow(Duration::from_secs(20), Box::new(right))),
    ];
    for (name, change) in cases {
        let (server, state) = bigquery::start(1_000_000, apart);
        always(&server, is_table, change);
        let (dir, start) = (project(&server), Instant::now());
        assert_eq!(gate(&dir, &["--timeout", "8"]), by_rows(), "{name}");
        assert!(start.elapsed() < Duration::from_secs(6), "{name}: {:?}", start.elapsed());
        assert_eq!((state.inserted(), server.count(counts)), (1, 0), "{name}");
    }
}

/// Rows that are streamed meanwhile make the statement on the counts fail, as do missing rights to the list.
#[test]
fn where_the_counts_fail_the_rows_are_read() {
    const SENT: fn(&Request) -> bool = |request| is_insert(request) && counts(request);
    const PRICED: fn(&Request) -> bool = |request| is_dry_run(request) && counts(request);
    let cases: [(Step, Change); 4] = [
        (("a partition that is no day", SENT), |_| refusal(400, "invalidQuery", "Failed to parse input string \"__UNPARTITIONED__\"")),
        (("no right to run it", SENT), |_| refusal(403, "accessDenied", "no bigquery.tables.list")),
        (("no right to price it", PRICED), |_| refusal(403, "accessDenied", "no bigquery.tables.list")),
        (("a list that BigQuery has not", PRICED), |_| refusal(404, "notFound", "Not found")),
    ];
    for ((name, when), change) in cases {
        let (server, _, dir) = cloud(partitioned(), apart);
        always(&server, when, change);
        assert_eq!(gate(&dir, &[]), by_rows(), "{name}");
        let (status, out, _) = run(&dir, &["gate", "raw"]);
        assert!(status == 1 && out.contains("reads 1 MB") && !out.contains("counted by"), "{name}: {out}");
    }
    // What the statement says in the middle of its answer counts as little.
    let odd = |sql: &str| bigquery::Result { rows: vec![vec![Json::Null; 11]], ..apart(sql) };
    let (_server, _, dir) = cloud(partitioned(), move |sql| if sql.contains(COUNTS) { odd(sql) } else { apart(sql) });
    assert_eq!(gate(&dir, &[]), by_rows());
}

#[test]
fn one_table_that_fails_leaves_the_others_counted() {
    let (server, _, dir) = cloud(partitioned(), |sql| {
        let both = ["sales", "refunds"].into_iter().filter(|name| sql.contains(&format!("select '{name}' as output")));
        let of = |name: &str| apart(sql).rows.into_iter().map(|row| [vec![json!(name)], row[1..].to_vec()].concat()).collect::<Vec<_>>();
        bigquery::Result { rows: both.flat_map(of).collect(), ..apart(sql) }
    });
    add_refunds(&dir);
    let ask = || {
        let (status, out, errors) = run(&dir, &["gate", "raw", "--format", "json"]);
        let report: Json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{errors}"));
        let outputs = report["gates"][0]["checks"][0]["outputs"].clone();
        (status, [0, 1].map(|n| outputs[n]["counted_by"].clone()))
    };
    assert_eq!(ask(), (0, [json!("partition"), json!("partition")]));
    let of_refunds = |request: &Request| is_insert(request) && counts(request) && request.body.contains("table_name = 'refunds'");
    always(&server, of_refunds, |_| refusal(400, "invalidQuery", "Failed to parse input string \"__UNPARTITIONED__\""));
    assert_eq!(ask(), (1, [json!("partition"), Json::Null]));
}

/// Adds an output that is like the other one.
fn add_refunds(dir: &TempDir) {
    let file = dir.path().join("gapgate.toml");
    let text = fs::read_to_string(&file).expect("a project file");
    let refunds = "[outputs.refunds]\nstage = \"raw\"\ntable = \"shop.refunds\"\nspine = \"days\"\ndate = \"sold_on\"\n[gates.raw]";
    fs::write(&file, text.replace("[gates.raw]", refunds)).expect("a project file");
}

#[test]
fn descriptions_are_waited_for_in_vain_only_once() {
    let (server, _) = bigquery::start(1_000_000, apart);
    always(&server, is_table, |right| Reply::Slow(Duration::from_secs(20), Box::new(right)));
    let dir = project(&server);
    add_refunds(&dir);
    let (status, out, _) = run(&dir, &["gate", "raw", "--jobs", "1", "--timeout", "8"]);
    assert!(status == 3 || status == 1, "{out}");
    assert_eq!((server.count(is_table), server.count(counts)), (1, 0));
}

/// A list of partitions is empty for those who may not see it, too.
#[test]
fn where_nothing_is_counted_the_rows_are_asked() {
    let (_server, state, dir) = cloud(partitioned(), |sql| keys(if sql.contains(COUNTS) { 31 } else { 0 }));
    assert_eq!(gate(&dir, &[]), (0, Json::Null));
    assert_eq!(state.inserted(), 2);
    let (_server, _, dir) = cloud(partitioned(), |_| keys(31));
    let (status, out, _) = run(&dir, &["gate", "raw"]);
    assert!(status == 1 && out.contains("shop.sales has no rows in scope: 31 expected, 0 present, 31 missing"), "{out}");
}

#[test]
fn neither_counts_nor_rows_is_undecided() {
    let (server, _, dir) = cloud(partitioned(), apart);
    always(&server, is_insert, |_| refusal(403, "accessDenied", "no"));
    assert_eq!(gate(&dir, &[]).0, 3);
    let (server, state, dir) = cloud(partitioned(), apart);
    always(&server, is_results, |_| Reply::json(200, &json!({"jobComplete": false})));
    assert_eq!(gate(&dir, &["--timeout", "3"]).0, 3);
    assert_eq!((state.inserted(), state.cancelled()), (1, 1), "with the time used up the rows are not asked");
}

#[test]
fn what_counts_cost_is_held_against_the_cap() {
    let (server, state, dir) = cloud(partitioned(), apart);
    let (status, out, errors) = run(&dir, &["gate", "raw", "--max-bytes", "999999"]);
    assert_eq!((status, out.as_str(), state.inserted()), (4, "", 0), "{errors}");
    assert!(errors.contains("quality/coverage (sales): 1 MB"), "{errors}");
    assert!(server.log().iter().filter(|(_, request)| is_dry_run(request)).all(|(_, request)| counts(request)));
    // The counts take all that may be read, so the rows cannot be read instead.
    always(&server, is_results, |_| refusal(400, "invalidQuery", "Failed to parse input string"));
    let (status, out, _) = run(&dir, &["gate", "raw", "--max-bytes", "1MB"]);
    assert!(status == 3 && out.contains("overBudget"), "{out}");
}
