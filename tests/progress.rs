//! How far outputs are, from outside: counts, pace, stalls, exit statuses, and the watch that survives what happens.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::{WAREHOUSE, answer, gapgate, load, project, snapshot};

const RUNS: &str = r#"
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"] }
started = "started"
finished = "ended"

[gates.raw]
stage = "raw"
"#;

/// Runs of ten minutes each, one after the other until the as-of moment, for the first so many of the ten days.
fn ledger(done: usize, more: &str) -> String {
    format!(
        "create table runs as select 'sales' as processor, n::varchar as run, (date '2024-01-01' + n::int)::date as day, 'success' as status, \
         timestamp '2024-02-02 00:00' - to_minutes(10 * ({done} - n::int)) as started, \
         timestamp '2024-02-02 00:00' - to_minutes(10 * ({done} - n::int) - 10) as ended from range({done}) r(n);{more};"
    )
}

/// The ten days of which `done` are held, and the ledger of it.
fn filled(changes: &[(&str, &str)], done: usize, more: &str) -> TempDir {
    let dir = project(&[&[("\n[gates.raw]\nstage = \"raw\"\n", RUNS)], changes].concat());
    load(&dir, &format!("{WAREHOUSE}delete from sales where sold_on >= date '2024-01-01' + {done};{}", ledger(done, more)));
    dir
}

fn json(dir: &Path, args: &[&str]) -> (i32, serde_json::Value) {
    let (status, text, error) = answer(dir, &[&["progress", "--format", "json"], args].concat());
    (status, serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{fault}: {text}{error}")))
}

#[test]
fn the_table_tells_counts_pace_and_end() {
    let dir = filled(&[], 4, "");
    let (status, text, _) = answer(dir.path(), &["progress"]);
    assert_eq!(status, 1);
    snapshot("progress_small", &text);
    let (status, document) = json(dir.path(), &["raw"]);
    assert_eq!((status, &document["schema"], &document["verdict"]), (1, &"gapgate.progress/1".into(), &"fail".into()));
    let output = &document["outputs"][0];
    assert_eq!(output["keys"], serde_json::json!({"done": 4, "remaining": 6, "total": 10, "pending": 0, "waived": 0, "not_expected": 0}));
    // Four in forty minutes, six to go.
    assert_eq!((output["per_hour"].as_f64(), output["seconds_left"].as_u64()), (Some(6.0), Some(3600)), "{output}");
    assert_eq!((&output["state"], &output["seen_by"]), (&"under_way".into(), &"ledger".into()));
    assert_eq!(document["all"]["decides"], "sales");
    let (_, csv, _) = answer(dir.path(), &["progress", "sales", "--format", "csv"]);
    assert!(csv.contains("raw,sales,under way,4,6,10,0,0,0,6.00,3600,sales,2024-02-02T00:00:00,0,0,\n"), "{csv}");
}

#[test]
fn the_exit_status_says_whether_all_is_there() {
    let dir = filled(&[], 10, "");
    let (status, text, _) = answer(dir.path(), &["progress"]);
    assert!(status == 0 && text.contains("complete") && text.contains("10 of 10 keys done\n"), "{text}");
    let (status, text, _) = answer(dir.path(), &["progress", "-q"]);
    assert_eq!((status, text.as_str()), (0, "GO\n"));
    for (damage, status, words) in [
        ("delete from sales where sold_on = '2024-01-03'", 1, "9 of 10 keys done, 1 left"),
        ("delete from sales where sold_on = '2024-01-03'", 1, "the run ledger counts all of it as done"),
        ("insert into sales values (null, 1, 1)", 1, "faulty: 1 row without a key"),
        ("insert into sales values ('2024-01-20', 1, 1)", 0, "10 of 10 keys done"),
        ("drop table sales", 3, "undecided: there is no table sales"),
        ("delete from calendar", 3, "the spine `days` has no keys in scope"),
        ("drop table runs", 0, "the run ledger could not be asked: there is no table runs"),
    ] {
        load(&dir, &format!("{WAREHOUSE}{};{damage};", ledger(10, "")));
        let (found, text, error) = answer(dir.path(), &["progress", "sales", "--as-of", "2024-02-03"]);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(found == status && flat.contains(words), "{damage}: {found} {words}\n{text}{error}");
        assert!(status != 3 || (text.contains('?') && !text.contains("complete")), "{text}");
    }
}

#[test]
fn what_is_waived_not_due_or_not_expected_does_not_remain() {
    let waiver =
        "[[waivers]]\noutput = \"sales\"\nkeys = [\"2024-01-06\"]\nreason = \"closed\"\nowner = \"ops\"\nuntil = 2030-01-01\n[gates.raw]";
    let declared = "date = \"sold_on\"\nnot_expected = { dates = [2024-01-05] }\nexpected_by = \"1 day 07:00\"";
    let dir = filled(&[("date = \"sold_on\"", declared), ("[gates.raw]", waiver)], 4, "");
    let (status, document) = json(dir.path(), &["--as-of", "2024-01-09T12:00"]);
    let keys = &document["outputs"][0]["keys"];
    assert_eq!(*keys, serde_json::json!({"done": 4, "remaining": 2, "total": 6, "pending": 2, "waived": 1, "not_expected": 1}));
    assert_eq!(status, 1);
    let (_, text, _) = answer(dir.path(), &["progress", "--as-of", "2024-01-09T12:00"]);
    assert!(text.contains("4 of 6 keys done, 2 left (2 not due yet, 1 waived, 1 not expected besides)"), "{text}");
}

#[test]
fn without_a_ledger_or_a_run_nobody_knows_the_pace() {
    let dir = project(&[]);
    load(&dir, &format!("{WAREHOUSE}delete from sales where sold_on > '2024-01-04';"));
    let (status, document) = json(dir.path(), &[]);
    let output = &document["outputs"][0];
    assert_eq!((status, &output["state"], &output["processor"]), (1, &"open".into(), &serde_json::Value::Null));
    assert!(output["seconds_left"].is_null() && document["all"]["seconds_left"].is_null() && document["all"]["decides"] == "sales");
    let dir = filled(&[("date = \"sold_on\"", "date = \"sold_on\"\nprocessor = \"Other\"")], 4, "");
    let (_, document) = json(dir.path(), &[]);
    assert_eq!((&document["outputs"][0]["state"], &document["outputs"][0]["processor"]), (&"open".into(), &"Other".into()));
}

#[test]
fn a_stall_is_told_with_what_runs() {
    let dir = filled(&[], 4, "insert into runs values ('sales', 'x', '2024-01-05', 'running', '2024-02-02 00:00', null)");
    let asked = |more: &[&str]| {
        let (_, document) = json(dir.path(), more);
        let output = &document["outputs"][0];
        (output["state"].as_str().unwrap_or_default().to_owned(), output["reason"].as_str().unwrap_or_default().to_owned())
    };
    // A unit takes ten minutes, so that nothing is strange before five times as many.
    assert_eq!(asked(&["--as-of", "2024-02-02T00:49"]), ("under_way".to_owned(), String::new()));
    let stalled = ("stalled".to_owned(), "nothing completed for 51 min, 1 run under way".to_owned());
    assert_eq!(asked(&["--as-of", "2024-02-02T00:51"]), stalled);
    assert_eq!(asked(&["--as-of", "2024-02-02T00:51", "--stall-after", "2h"]), ("under_way".to_owned(), String::new()));
    let failures = (4..8).map(|n| format!("('sales', 'f{n}', '2024-01-0{n}', 'failed', '2024-02-02 00:01', '2024-02-02 00:02')"));
    let failures = format!("insert into runs values {}", failures.collect::<Vec<_>>().join(", "));
    load(&dir, &format!("{WAREHOUSE}delete from sales where sold_on >= '2024-01-05';{}", ledger(4, &failures)));
    assert_eq!(asked(&["--as-of", "2024-02-02T00:05"]), ("stalled".to_owned(), "4 failures since its last success".to_owned()));
    let (_, document) = json(dir.path(), &["--as-of", "2024-02-02T00:05", "--since", "2024-02-01T23:39"]);
    assert_eq!(document["outputs"][0]["keys"]["done"], 4, "since when runs count says nothing of rows");
}

/// Two processors do as many keys in the same time; the one with more left decides for the stage.
#[test]
fn the_slowest_output_decides_for_its_stage() {
    let more = "[outputs.totals]\nstage = \"raw\"\ntable = \"totals\"\nspine = \"days\"\n\n[runs]";
    let dir =
        filled(&[("[runs]", more)], 6, "insert into runs select 'totals', run, day, status, started, ended from runs where run < '2'");
    let tables = "create table totals as select day from calendar where day < '2024-01-03';";
    let runs = ledger(
        6,
        "insert into runs select 'totals', run, day, status, started + interval 40 minute, ended + interval 40 minute from runs where run < '2'",
    );
    load(&dir, &format!("{WAREHOUSE}delete from sales where sold_on >= '2024-01-07';{tables}{runs}"));
    let (_, document) = json(dir.path(), &[]);
    let (outputs, stage) = (&document["outputs"], &document["stages"][0]);
    // Four keys at six an hour, and eight at two in twenty minutes.
    assert_eq!((outputs[0]["seconds_left"].as_u64(), outputs[1]["seconds_left"].as_u64()), (Some(2400), Some(4800)), "{document}");
    assert_eq!((stage["seconds_left"].as_u64(), stage["decides"].as_str()), (Some(4800), Some("totals")));
    assert_eq!(stage["keys"]["done"], 8);
}

#[test]
fn a_gate_that_is_named_has_to_go_too() {
    let checks = "[gates.raw]\nstage = \"raw\"\nchecks = [\"quality/coverage\", \"failure/unresolved\"]";
    let failed = "insert into runs values ('sales', 'y', '2024-01-05', 'failed', '2024-02-02 00:00', '2024-02-02 00:00')";
    let renamed = ("[gates.raw]\nstage = \"raw\"", checks);
    let dir = filled(&[renamed], 10, failed);
    let (status, text, _) = answer(dir.path(), &["progress", "raw"]);
    assert!(status == 1 && text.contains("gate raw says NO-GO: failure/unresolved: "), "{status} {text}");
    let (status, text, _) = answer(dir.path(), &["progress", "sales"]);
    assert!(status == 0 && !text.contains("gate"), "the output is complete: {text}");
    let dir = filled(&[renamed], 10, "");
    let (status, text, _) = answer(dir.path(), &["progress", "raw"]);
    assert!(status == 0 && text.contains("gate raw says GO\n"), "{text}");
    let dir = filled(&[renamed], 9, failed);
    let (status, text, _) = answer(dir.path(), &["progress", "raw"]);
    assert!(status == 1 && !text.contains("gate"), "it is not asked before: {text}");
}

#[test]
fn wrong_flags_are_refused() {
    let dir = project(&[]);
    for (args, words) in [
        (&["progress", "ra"][..], "no stage, gate or output is named \"ra\"; did you mean \"raw\"?"),
        (&["progress", "--since", "soon"], "--since: `soon` is not a date"),
        (&["progress", "--watch", "soon"], "not a time such as 30s, 5m or 2h"),
        (&["progress", "--watch", "0"], "not a time such as 30s, 5m or 2h"),
        (&["progress", "--stall-after", "99999999999999999h"], "not a time such as 30s, 5m or 2h"),
        (&["progress", "--timeout", "soon"], "not a time such as 30s, 5m or 2h"),
        (&["progress", "--log", "x.log"], "--watch <TIME>"),
        (&["progress", "--format", "yaml"], "unknown format \"yaml\"; known: table, json, csv"),
        (&["progress", "--watch", "1s", "--format", "json"], "--watch has standard output for itself"),
        (&["progress", "--watch", "1s", "--log", "none/x.log"], "there is no folder none"),
    ] {
        let (status, _, error) = answer(dir.path(), args);
        assert!(status == 2 && error.contains(words), "{args:?}: {status} {error}");
    }
}

/// A project whose database is a file that this process fills.
fn with_database(done: usize) -> (TempDir, std::path::PathBuf) {
    let dir = project(&[("load = \"warehouse\"", "database = \"shop.duckdb\"")]);
    let file = dir.path().join("shop.duckdb");
    writer(&file).execute_batch(&format!("{WAREHOUSE}delete from sales where sold_on >= date '2024-01-01' + {done};")).expect("tables");
    (dir, file)
}

fn writer(file: &Path) -> duckdb::Connection {
    let start = Instant::now();
    loop {
        match duckdb::Connection::open(file) {
            Ok(connection) => return connection,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(30), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Fills so many days, the database locked for so long.
fn fill(file: &Path, days: std::ops::Range<usize>, locked: Duration) {
    let connection = writer(file);
    let days = format!("day >= date '2024-01-01' + {} and day < date '2024-01-01' + {}", days.start, days.end);
    connection
        .execute_batch(&format!("insert into sales select day, r.n, 10 * r.n from calendar, range(4) r(n) where {days}"))
        .expect("rows");
    std::thread::sleep(locked);
}

fn watch(dir: &Path, every: &str, more: &[&str]) -> Child {
    let args = [&["progress", "--watch", every], more].concat();
    gapgate(dir).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// Waits until a file has such a text.
fn until(file: &Path, words: &str) {
    let start = Instant::now();
    while !fs::read_to_string(file).is_ok_and(|text| text.contains(words)) {
        assert!(start.elapsed() < Duration::from_secs(60), "{words} never came: {:?}", fs::read_to_string(file));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_watch_goes_on_until_all_is_complete() {
    let (dir, file) = with_database(3);
    let (log, report) = (dir.path().join("watch.log"), dir.path().join("now.json"));
    let child = watch(dir.path(), "1s", &["raw", "--log", &log.display().to_string(), "--format", &format!("json={}", report.display())]);
    until(&log, "raw 3/10");
    fill(&file, 3..6, Duration::from_millis(2500));
    until(&log, "is locked by another process");
    until(&log, "raw 6/10");
    fill(&file, 6..10, Duration::ZERO);
    let output = child.wait_with_output().expect("an end");
    let (text, error) = (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(output.status.code(), Some(0), "{text}{error}");
    assert!(!text.contains('\u{1b}'), "nothing is drawn where there is no terminal: {text}");
    let logged = fs::read_to_string(&log).expect("a log");
    assert!(logged.ends_with("; gate raw GO; complete\n") && text.ends_with("; gate raw GO; complete\n"), "{logged}");
    let failed: Vec<&str> = logged.lines().filter(|line| line.contains("failed (last good poll at 20")).collect();
    assert!(!failed.is_empty() && failed.iter().all(|line| !line.contains("complete")), "{logged}");
    assert!(logged.contains("raw 6/10 ") && logged.contains("/h ready in "), "the pace is that of the polls: {logged}");
    let again = text.lines().filter(|line| line.contains("is locked")).count();
    assert_eq!(again, 1, "what is the same is said once: {text}");
    let document: serde_json::Value = serde_json::from_str(&fs::read_to_string(&report).expect("a report")).expect("JSON");
    assert_eq!((&document["verdict"], &document["outputs"][0]["keys"]["done"]), (&"pass".into(), &10.into()));
}

#[test]
fn a_watch_may_begin_before_there_is_anything_to_see() {
    let (dir, file) = with_database(10);
    let (hidden, log) = (dir.path().join("hidden"), dir.path().join("watch.log"));
    fs::rename(&file, &hidden).expect("a file");
    let child = watch(dir.path(), "1s", &["--log", &log.display().to_string()]);
    until(&log, "failed (no good poll yet): there is no database file at");
    fs::rename(&hidden, &file).expect("a file");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    writer(&file).execute_batch("drop table sales").expect("no table");
    fs::remove_file(&log).expect("the log");
    let child = watch(dir.path(), "1s", &["--log", &log.display().to_string()]);
    until(&log, "failed (no good poll yet): there is no table sales");
    writer(&file).execute_batch(&WAREHOUSE[WAREHOUSE.find("create table sales").expect("a table")..]).expect("a table");
    assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(0), "{:?}", fs::read_to_string(&log));
}

#[test]
fn a_quiet_watch_says_only_how_it_ends() {
    let (dir, file) = with_database(9);
    let child = watch(dir.path(), "1s", &["-q"]);
    fill(&file, 9..10, Duration::ZERO);
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()), (Some(0), "GO\n"));
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_watch_at_once() {
    let (dir, _file) = with_database(3);
    let log = dir.path().join("watch.log");
    let child = watch(dir.path(), "1h", &["--log", &log.display().to_string()]);
    until(&log, "raw 3/10");
    let start = Instant::now();
    interrupt(&child);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(start.elapsed() < Duration::from_secs(5) && String::from_utf8_lossy(&output.stderr).contains("interrupted"));
    assert!(fs::read_to_string(&log).expect("a log").ends_with('\n'), "half a line was logged");
}

#[test]
fn a_watch_whose_log_cannot_be_written_ends() {
    let (dir, _file) = with_database(3);
    let output = watch(dir.path(), "1s", &["--log", "/dev/full"]).wait_with_output().expect("an end");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && error.contains("cannot write /dev/full"), "{error}");
}

/// On a terminal, lines are drawn over, and the cursor is there again after the end and after Ctrl-C.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_drawn_over_and_restored() {
    for ends in [true, false] {
        let (dir, file) = with_database(3);
        let log = dir.path().join("watch.log");
        let command =
            format!("exec {} -C {} progress --watch 1s --log {}", env!("CARGO_BIN_EXE_gapgate"), dir.path().display(), log.display());
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("TERM", "xterm")
            .env_remove("CI")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` of util-linux gives a terminal");
        until(&log, "raw 3/10");
        if ends {
            fill(&file, 3..10, Duration::ZERO);
        } else {
            let of_watch = Command::new("pgrep").args(["-P", &child.id().to_string()]).output().expect("pgrep runs").stdout;
            let id = String::from_utf8(of_watch).expect("text");
            assert!(Command::new("kill").args(["-INT", id.trim()]).status().expect("kill runs").success());
        }
        let mut text = String::new();
        child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
        assert_eq!(child.wait().expect("an end").code(), Some(if ends { 0 } else { 130 }), "{text:?}");
        assert_eq!((text.matches("\u{1b}[?25l").count(), text.matches("\u{1b}[?25h").count()), (1, 1), "{text:?}");
        assert!(text.find("\u{1b}[?25l") < text.find("[####") && text.rfind("/10") < text.find("\u{1b}[?25h"), "{text:?}");
        if ends {
            assert!(text.contains("\u{1b}[4A") && text.contains("[################]") && text.contains("10/10 100%"), "{text:?}");
        }
    }
}
