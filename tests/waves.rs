//! Retry plans and rollbacks from outside: what is said, printed and written, and that nothing is executed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::cli::{answer, snapshot};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const PROJECT: &str = r#"
[project]
name = "shop"
as_of = "2024-02-01"

[targets.local]
engine = "duckdb"
load = "warehouse"

[seasons.2024]
start = 2024-01-01
end = 2024-01-31

[spines.days]
table = "calendar"
key = { day = "date" }

[spines.shops]
values = { shop = ["north", "south"] }

[spines.shop_days]
cross = ["shops", "days"]

[stages.raw.defaults]
spine = "days"
date = "day"

[stages.marts.defaults]
spine = "days"
date = "day"

[outputs.orders]
stage = "raw"
table = "orders"
processor = "orders_loader"

[outputs.visits]
stage = "raw"
table = "visits"
spine = "shop_days"

[outputs.revenue]
stage = "marts"
table = "revenue"
after = ["orders"]
lookback = 2

[outputs.forecast]
stage = "marts"
table = "forecast"
after = [{ output = "revenue", lookback = 0 }]

[gates.raw]
stage = "raw"
"#;

const WAREHOUSE: &str = "
create table calendar as select (date '2024-01-01' + n::int)::date as day from range(10) r(n);
create table orders as select day, n from calendar, range(3) r(n);
create table visits as select day, shop from calendar, (values ('north'), ('south')) v(shop);
create table revenue as select day from calendar;
create table forecast as select day from calendar;
";

const RUNS: &str = r#"
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"] }
started = "started"
finished = "ended"
error = "error"
category = { column = "category", permanent = ["gone"] }
"#;

/// The project with more at its end, and its warehouse after some damage.
fn project(more: &str, damage: &str) -> TempDir {
    changed(&[], more, damage)
}

fn changed(changes: &[(&str, &str)], more: &str, damage: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let mut file = PROJECT.to_owned();
    for (from, to) in changes {
        assert!(file.contains(from), "the project has no {from}");
        file = file.replace(from, to);
    }
    fs::write(dir.path().join("gapgate.toml"), file + more).expect("a project file");
    fs::create_dir(dir.path().join("warehouse")).expect("a folder");
    fs::write(dir.path().join("warehouse/10.sql"), format!("{WAREHOUSE};{damage};")).expect("a warehouse");
    dir
}

fn example() -> PathBuf {
    Path::new(ROOT).join("examples/nba")
}

/// Status, wave and key of every wanted key: `blocked revenue 2024-01-03`, `1 orders 2024-01-03`.
fn plan(dir: &Path, args: &[&str]) -> (i32, Vec<String>, Vec<Value>) {
    let all: Vec<&str> = ["retry"].into_iter().chain(args.iter().copied()).chain(["--waves", "--format", "jsonl"]).collect();
    let (status, out, error) = answer(dir, &all);
    let keys: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}{error}"))).collect();
    let text = |key: &Value| {
        let when = key["wave"].as_u64().map_or_else(|| key["status"].as_str().unwrap_or_default().to_owned(), |wave| wave.to_string());
        let parts: Vec<&str> = key["key"].as_object().expect("a key").values().filter_map(Value::as_str).collect();
        format!("{when} {} {}", key["output"].as_str().unwrap_or_default(), parts.join("/"))
    };
    (status, keys.iter().map(text).collect(), keys)
}

#[test]
fn precompute_waits_for_analytics_and_comes_in_waves_once_that_is_complete() {
    let dir = example();
    let (status, all, keys) = plan(&dir, &["precompute"]);
    assert_eq!((status, all.len()), (0, 5 * 596));
    assert!(all.iter().all(|key| key.starts_with("blocked ")));
    let first = &keys[0];
    assert_eq!(first["key"]["game_date"], "2021-11-02");
    assert_eq!(first["waits_for"][0]["output"], "player_game_summary");
    let week = ["2021-10-26", "2021-10-27", "2021-10-28", "2021-10-29", "2021-10-30", "2021-10-31", "2021-11-01"];
    assert_eq!(first["waits_for"][0]["keys"], serde_json::json!(week));
    let stored = keys.iter().find(|key| key["output"] == "ml_feature_store_v2").expect("its keys");
    assert_eq!(stored["waits_for"][0]["root"]["output"], "player_game_summary", "the chain begins in analytics");
    let (status, all, keys) = plan(&dir, &["precompute", "--target", "complete"]);
    assert_eq!((status, all.len()), (0, 5 * 596));
    let wave = |output: &str| -> Vec<u64> {
        let of_output = keys.iter().filter(|key| key["output"] == output).map(|key| key["wave"].as_u64().unwrap_or(0));
        of_output.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    };
    let order = [
        ("team_defense_zone_analysis", 1),
        ("player_shot_zone_analysis", 1),
        ("player_composite_factors", 2),
        ("player_daily_cache", 3),
        ("ml_feature_store_v2", 4),
    ];
    for (output, expected) in order {
        assert_eq!(wave(output), [expected], "{output}");
    }
    assert!(all.is_sorted_by_key(|key| key.split(' ').next().map(str::to_owned)), "wave by wave");
    assert_eq!(answer(&dir, &["--target", "complete", "gate", "analytics"]).0, 0);
}

#[test]
fn plans_read_well() {
    let dir = example();
    for (name, args) in [
        ("waves_blocked", vec!["retry", "precompute", "--waves", "--season", "2021-22"]),
        ("waves_complete", vec!["retry", "precompute", "--waves", "--target", "complete"]),
        ("waves_all_stages", vec!["retry", "--waves", "--season", "2021-22"]),
        ("waves_ranges", vec!["retry", "precompute", "--waves", "--target", "complete", "--format", "ranges"]),
        ("plan_rollback", vec!["plan", "rollback", "player_game_summary", "--keys", "2022-03-06"]),
        ("plan_repair", vec!["plan", "repair", "analytics", "--season", "2022-23"]),
    ] {
        snapshot(name, &answer(&dir, &args).1);
    }
}

#[test]
fn a_wave_needs_only_what_is_there_or_comes_before() {
    let lost = "delete from orders where day = '2024-01-04'; delete from revenue where day in ('2024-01-03', '2024-01-05', '2024-01-09');
        delete from forecast where day = '2024-01-09'";
    let dir = project("", lost);
    // The orders are not selected: what reads them waits.
    let (status, all, keys) = plan(dir.path(), &["marts"]);
    assert_eq!(status, 0);
    assert_eq!(all, ["1 revenue 2024-01-03", "1 revenue 2024-01-09", "2 forecast 2024-01-09", "blocked revenue 2024-01-05"]);
    assert_eq!(keys[3]["waits_for"][0]["keys"], serde_json::json!(["2024-01-04"]));
    let (_, all, _) = plan(dir.path(), &[]);
    let expected = ["1 orders 2024-01-04", "1 revenue 2024-01-03", "1 revenue 2024-01-09", "2 revenue 2024-01-05", "2 forecast 2024-01-09"];
    assert_eq!(all, expected);
    // A range leaves out keys, not what they read.
    let (_, all, _) = plan(dir.path(), &["marts", "--from", "2024-01-05", "--to", "2024-01-06"]);
    assert_eq!(all, ["blocked revenue 2024-01-05"]);
    // What is there and reads the order of the 4th: that day, and the two after it.
    let (_, all, keys) = plan(dir.path(), &["orders", "--with-impact"]);
    let made_again =
        ["1 orders 2024-01-04", "2 revenue 2024-01-04", "2 revenue 2024-01-06", "3 forecast 2024-01-04", "3 forecast 2024-01-06"];
    assert_eq!(all, made_again);
    assert!(keys[1..].iter().all(|key| key["stale"] == true));
    let (_, out, _) = answer(dir.path(), &["retry", "orders", "--waves", "--impact"]);
    assert!(out.contains("revenue: 2 keys: 2024-01-04, 2024-01-06"), "{out}");
}

#[test]
fn windows_events_and_entities_reach_as_far_as_declared() {
    // A key of the window's output waits for its own earlier keys.
    let own = "delete from revenue where day between '2024-01-03' and '2024-01-05'";
    let dir = changed(&[("after = [\"orders\"]\nlookback = 2", "after = [\"orders\"]\nwindow = 1")], "", own);
    let (_, all, _) = plan(dir.path(), &["revenue"]);
    assert_eq!(all, ["1 revenue 2024-01-03", "2 revenue 2024-01-04", "3 revenue 2024-01-05"]);
    // The last visit of each shop before the day: that of the south was on the 2nd.
    let events = [
        ("spine = \"shop_days\"", "spine = \"visit_days\""),
        ("after = [\"orders\"]\nlookback = 2", "after = [\"orders\"]\nlookback = { events = 1, of = \"visits\" }"),
        ("[spines.shop_days]", "[spines.visit_days]\ntable = \"visits\"\nkey = { day = \"date\", shop = \"text\" }\n\n[spines.shop_days]"),
    ];
    let rare =
        "delete from visits where shop = 'south' and day > '2024-01-02'; delete from orders where day in ('2024-01-02', '2024-01-07');
        delete from revenue where day in ('2024-01-06', '2024-01-08', '2024-01-10')";
    let (_, all, keys) = plan(changed(&events, "", rare).path(), &["revenue"]);
    assert_eq!(all, ["blocked revenue 2024-01-06", "blocked revenue 2024-01-08", "blocked revenue 2024-01-10"]);
    let waits: Vec<&Value> = keys.iter().map(|key| &key["waits_for"][0]["keys"]).collect();
    assert_eq!(
        waits,
        [&serde_json::json!(["2024-01-02"]), &serde_json::json!(["2024-01-02", "2024-01-07"]), &serde_json::json!(["2024-01-02"])]
    );
    // Shops are read one by one where the reader knows them too, and all together where it does not.
    let by_shop =
        "delete from visits where shop = 'south' and day = '2024-01-02'; delete from revenue where day in ('2024-01-03', '2024-01-09')";
    let reads_visits = [("after = [\"orders\"]\nlookback = 2", "after = [\"visits\"]\nlookback = 1")];
    let (_, all, keys) = plan(changed(&reads_visits, "", by_shop).path(), &["revenue"]);
    assert_eq!(all, ["1 revenue 2024-01-09", "blocked revenue 2024-01-03"]);
    assert_eq!(keys[1]["waits_for"][0]["keys"], serde_json::json!(["south/2024-01-02"]));
}

#[test]
fn what_is_excused_is_not_planned_and_what_is_lost_is_said() {
    let lost =
        "delete from orders where day in ('2024-01-02', '2024-01-08'); delete from revenue where day in ('2024-01-03', '2024-01-09')";
    let dir = changed(&[("table = \"orders\"", "table = \"orders\"\nunavailable = [\"2024-01-01..2024-01-02\"]")], "", lost);
    let (status, all, keys) = plan(dir.path(), &[]);
    assert_eq!(status, 0);
    let expected = ["1 orders 2024-01-08", "2 revenue 2024-01-09", "not_repairable orders 2024-01-02", "not_repairable revenue 2024-01-03"];
    assert_eq!(all, expected);
    assert_eq!(keys[2]["note"], "the source never had it");
    assert_eq!(keys[3]["waits_for"][0]["root"]["reason"], "the source never had it");
    // What was purged cannot be read again; what nobody expects, or a waiver covers, is no reason to wait.
    let purged = changed(&[("table = \"orders\"", "table = \"orders\"\nretention = \"26 days\"")], "", lost);
    let (_, all, keys) = plan(purged.path(), &["marts"]);
    assert_eq!(all, ["not_repairable revenue 2024-01-03", "blocked revenue 2024-01-09"]);
    assert!(keys[0]["waits_for"][0]["root"]["reason"].as_str().is_some_and(|why| why.contains("26 days")), "{}", keys[0]);
    let waiver =
        "[[waivers]]\noutput = \"orders\"\nkeys = [\"2024-01-02\", \"2024-01-08\"]\nreason = \"r\"\nowner = \"o\"\nuntil = 2024-12-31\n";
    assert_eq!(plan(project(waiver, lost).path(), &[]).1, ["1 revenue 2024-01-03", "1 revenue 2024-01-09"]);
    let young = changed(&[("table = \"orders\"", "table = \"orders\"\nnot_expected = { first_days = 8 }")], "", lost);
    assert_eq!(plan(young.path(), &[]).1, ["1 revenue 2024-01-03", "1 revenue 2024-01-09"]);
    // What is not due is neither planned nor there.
    let late = changed(&[("as_of = \"2024-02-01\"", "as_of = \"2024-01-08T12:00\"")], "", lost);
    let (_, all, _) = plan(late.path(), &["marts"]);
    assert_eq!(all, ["blocked revenue 2024-01-03"]);
}

#[test]
fn the_ledger_holds_back_what_was_tried_enough() {
    let runs = "delete from orders;
        create table runs (run text, processor text, day date, status text, started timestamp, ended timestamp, error text, category text);
        insert into runs select 'a' || n, 'orders_loader', '2024-01-01', 'failed', timestamp '2024-01-20' + to_days(n::int), timestamp '2024-01-20' + to_days(n::int), 'no 7', 'x' from range(3) r(n);
        insert into runs values ('b', 'orders_loader', '2024-01-02', 'failed', '2024-02-01 23:30:00', '2024-02-01 23:40:00', 'no 8', 'x'),
            ('c', 'orders_loader', '2024-01-03', 'running', '2024-02-01 23:50:00', null, null, null),
            ('d', 'orders_loader', '2024-01-04', 'running', '2024-01-30 23:50:00', null, null, null),
            ('e', 'orders_loader', '2024-01-05', 'failed', '2024-01-20', '2024-01-20', 'it is gone', 'gone'),
            ('f', 'orders_loader', '2024-01-06', 'success', '2024-01-20', '2024-01-20', null, null)";
    let policy = "[retry]\nattempts = 3\nwait_minutes = 60\n";
    let dir = project(&format!("{RUNS}{policy}"), runs);
    let (status, all, keys) = plan(dir.path(), &["orders", "--to", "2024-01-06"]);
    assert_eq!(status, 0);
    let expected = [
        "1 orders 2024-01-04",
        "1 orders 2024-01-06",
        "held orders 2024-01-01",
        "held orders 2024-01-02",
        "held orders 2024-01-03",
        "not_repairable orders 2024-01-05",
    ];
    assert_eq!(all, expected);
    let note = |at: usize| keys[at]["note"].as_str().unwrap_or_default().to_owned();
    assert!(note(2).starts_with("failed 3 times, and 3 are the most: no 7"), "{}", note(2));
    assert_eq!(note(3), "next try not before 2024-02-02 00:40");
    assert_eq!(note(4), "a run of it is under way");
    assert_eq!(note(5), "failed for good: it is gone");
    assert_eq!((keys[0]["attempts"].as_i64(), keys[1]["last"].as_str()), (Some(1), Some("success")));
    let (_, all, _) = plan(dir.path(), &["orders", "--to", "2024-01-03", "--force"]);
    assert_eq!(all, ["1 orders 2024-01-01", "1 orders 2024-01-02", "held orders 2024-01-03"]);
    // What fails everywhere in the same way is no accident.
    let storm = "delete from orders;
        create table runs (run text, processor text, day date, status text, started timestamp, ended timestamp, error text, category text);
        insert into runs select 'a' || day, 'orders_loader', day, 'failed', timestamp '2024-01-20', timestamp '2024-01-20', 'no file orders/' || day, 'x' from calendar where day < '2024-01-06'";
    let dir = project(&format!("{RUNS}[retry]\nstorm = {{ alike = 5 }}\n"), storm);
    let (_, all, keys) = plan(dir.path(), &["orders"]);
    assert_eq!(all.iter().filter(|key| key.starts_with("held ")).count(), 5);
    assert_eq!(keys[5]["note"], "5 keys failed alike (no file orders/#-#-#): stop and fix, then --force");
}

#[test]
fn what_cannot_be_judged_is_never_an_empty_plan() {
    for (damage, args, expected) in [
        ("drop table orders", vec!["retry", "orders", "--waves"], "orders could not be judged: there is no table orders"),
        (
            "drop table orders; delete from revenue where day = '2024-01-03'",
            vec!["retry", "marts", "--waves"],
            "orders could not be judged",
        ),
        ("delete from calendar", vec!["retry", "orders", "--waves"], "the spine `days` has no keys in scope"),
        ("drop table calendar", vec!["retry", "--waves"], "there is no table calendar"),
    ] {
        let (status, out, error) = answer(project("", damage).path(), &args);
        assert_eq!(status, 3, "{damage}\n{out}{error}");
        assert!(error.contains(expected) && !out.contains("nothing to re-run"), "{damage}\n{out}{error}");
    }
    let (_, all, keys) = plan(project("", "drop table orders; delete from revenue where day = '2024-01-03'").path(), &["marts"]);
    assert_eq!(all, ["undecided revenue 2024-01-03"]);
    assert!(keys[0]["waits_for"][0]["root"]["reason"].as_str().is_some_and(|why| why.contains("there is no table orders")));
    // The same where keys have entities, and where it is the events that are not known.
    let by_shop = "\n[outputs.baskets]\nstage = \"marts\"\ntable = \"baskets\"\nspine = \"shop_days\"\nafter = [\"visits\"]\n";
    let dir = project(
        by_shop,
        "drop table visits; create table baskets as select day, v.shop from calendar, (values ('north'), ('south')) v(shop) where day > '2024-01-01'",
    );
    assert_eq!(plan(dir.path(), &["baskets"]).1, ["undecided baskets north/2024-01-01", "undecided baskets south/2024-01-01"]);
    let events = [("after = [\"orders\"]\nlookback = 2", "after = [\"orders\"]\nlookback = { events = 1, of = \"visits\" }")];
    let dir = changed(&events, "", "drop table visits; delete from revenue where day = '2024-01-03'");
    assert_eq!(plan(dir.path(), &["revenue"]).1, ["undecided revenue 2024-01-03"]);
    // A ledger that cannot be asked would hold nothing back.
    let (status, _, error) = answer(project(RUNS, "delete from orders").path(), &["retry", "orders", "--waves"]);
    assert!(status == 3 && error.contains("attempts are unknown, so nothing is held back"), "{error}");
    let (status, out, _) = answer(project("", "").path(), &["retry", "--waves"]);
    assert_eq!((status, out.as_str()), (0, "nothing to re-run\n"));
}

#[test]
fn graphs_that_make_no_sense_are_refused() {
    for (changes, expected) in [
        (
            vec![("processor = \"orders_loader\"", "after = [\"forecast\"]")],
            "these outputs come after one another in a circle: orders after forecast after revenue after orders; correct `after`",
        ),
        (
            vec![("lookback = 2", "lookback = 40")],
            "the lookback of 40 keys of `orders` that `revenue` reads is longer than any season, which has 31 at most",
        ),
        (vec![("lookback = 2", "window = 40")], "the window of 40 keys of `revenue`"),
        (vec![("after = [\"orders\"]", "after = [\"order\"]")], "no upstream output is named \"order\"; did you mean \"orders\"?"),
        (vec![("output = \"revenue\"", "outptu = \"revenue\"")], "unknown key `outptu`; did you mean \"output\"?"),
        (vec![("lookback = 2", "lookback = { events = 2, of = \"visit\" }")], "are of no output \"visit\"; did you mean \"visits\"?"),
        (vec![("lookback = 2", "lookback = { events = 2, of = \"forecast\" }")], "the key of `forecast` has no date and entity"),
        (vec![("lookback = 2", "lookback = { events = 2, of = \"revenue\" }")], "in a circle: revenue after revenue"),
        (vec![("lookback = 2", "lookback = { games = 2 }")], "`events` is missing"),
        (
            vec![
                ("[stages.marts.defaults]", "[stages.base]\n\n[stages.marts.defaults]"),
                ("stage = \"raw\"\ntable = \"visits\"\nspine = \"shop_days\"", "stage = \"base\"\ntable = \"visits\"\nspine = \"shops\""),
                ("after = [\"orders\"]", "after = [\"visits\"]"),
            ],
            "a lookback from `revenue` to `visits` needs dates, and the key of `visits` has none",
        ),
        (vec![("[gates.raw]", "[retry]\nattempts = 0\n[gates.raw]")], "`attempts` is at least 1"),
        (vec![("[gates.raw]", "[retry]\nattempt = 5\n[gates.raw]")], "unknown key `attempt`; did you mean \"attempts\"?"),
    ] {
        let (status, _, error) = answer(changed(&changes, "", "").path(), &["retry", "--waves"]);
        assert_eq!(status, 2, "{changes:?}\n{error}");
        assert!(error.contains(expected) && error.contains("gapgate.toml:"), "{changes:?}\nexpected: {expected}\n{error}");
    }
}

#[test]
fn every_format_has_every_key() {
    let lost = "delete from visits where day in ('2024-01-02', '2024-01-03', '2024-01-06'); delete from revenue where day = '2024-01-03'";
    let dir = project("", lost);
    let text = |args: &[&str]| {
        let all: Vec<&str> = ["retry", "--waves"].into_iter().chain(args.iter().copied()).collect();
        let (status, out, error) = answer(dir.path(), &all);
        assert_eq!(status, 0, "{args:?} {error}");
        out
    };
    assert_eq!(text(&["--format", "lines"]).lines().count(), 7);
    assert!(text(&["--format", "lines"]).starts_with("1\tvisits\tnorth\t2024-01-02\n"));
    let ranges = "1\traw\tvisits\tnorth/2024-01-02\tnorth/2024-01-03\t2\n1\traw\tvisits\tsouth/2024-01-02\tsouth/2024-01-03\t2\n\
        1\traw\tvisits\tnorth/2024-01-06\tnorth/2024-01-06\t1\n1\traw\tvisits\tsouth/2024-01-06\tsouth/2024-01-06\t1\n\
        1\tmarts\trevenue\t2024-01-03\t2024-01-03\t1\n";
    assert_eq!(text(&["--format", "ranges"]), ranges);
    assert_eq!(text(&["--format", "csv"]).lines().count(), 8);
    let json: Value = serde_json::from_str(&text(&["--format", "json"])).expect("JSON");
    assert_eq!((json["waves"].as_i64(), json["complete"].as_bool(), json["keys"].as_array().map(Vec::len)), (Some(1), Some(true), Some(7)));
    let airflow = text(&["--format", "airflow"]);
    let run: Value = serde_json::from_str(airflow.lines().next().expect("a line")).expect("JSON");
    assert_eq!((airflow.lines().count(), run["logical_date"].as_str()), (7, Some("2024-01-02T00:00:00Z")));
    assert_eq!(run["conf"]["partition_key"], "2024-01-02|north", "dimensions in the order of their names");
    let dagster = text(&["--format", "dagster"]);
    let backfill: Value = serde_json::from_str(dagster.lines().next().expect("a line")).expect("JSON");
    assert_eq!(backfill["backfillParams"]["partitionNames"].as_array().map(Vec::len), Some(6));
    assert_eq!(backfill["backfillParams"]["assetSelection"][0]["path"][0], "visits");
    let matrix: Value = serde_json::from_str(&text(&["--format", "github-matrix"])).expect("JSON");
    assert_eq!(matrix["waves"][0]["include"].as_array().map(Vec::len), Some(5));
    let single: Value = serde_json::from_str(&text(&["--format", "github-matrix", "--wave", "1"])).expect("JSON");
    assert_eq!(single["include"][0]["key_shop"], "north");
    assert_eq!(text(&["--format", "lines", "--wave", "2"]), "");
    let commands = text(&["--command", "run {output} --shop x --date {date}", "--select", "revenue"]);
    assert_eq!(commands, "run revenue --shop x --date 2024-01-03\n");
    let ranges = text(&["--command", "run {shop} {from} {to} # {keys}", "--select", "visits"]);
    assert_eq!(ranges.lines().next(), Some("run north 2024-01-02 2024-01-03 # 2"));
}

#[test]
fn templates_and_folders_are_looked_at_before_anything_is_asked() {
    let dir = project("", "delete from orders where day = '2024-01-02'");
    fs::create_dir(dir.path().join("full")).expect("a folder");
    fs::write(dir.path().join("full/wave-09.tsv"), "").expect("a file");
    let full = dir.path().join("full").display().to_string();
    let nowhere = dir.path().join("no/where").display().to_string();
    for (args, expected) in [
        (
            vec!["--command", "run {outptu}"],
            "--command: no placeholder of output `orders` is named {outptu}; did you mean \"output\"?; known: {output}",
        ),
        (vec!["--command", "run {shop}"], "no placeholder of output `orders` is named {shop}"),
        (vec!["--command", "run '{day}'"], "write {day} without quotes"),
        (vec!["--format", "commands"], "needs a template"),
        (vec!["--format", "junit"], "unknown format \"junit\""),
        (vec!["--out-dir", &full], "is not an empty folder"),
        (vec!["--out-dir", &nowhere], "there is no folder"),
        (vec!["--wave", "0"], "0 is not in"),
    ] {
        let all: Vec<&str> = ["retry", "orders", "visits", "--waves"].into_iter().chain(args.iter().copied()).collect();
        let (status, out, error) = answer(dir.path(), &all);
        assert_eq!((status, out.as_str()), (2, ""), "{args:?} {error}");
        assert!(error.contains(expected), "{args:?}\nexpected: {expected}\n{error}");
    }
    assert_eq!(answer(dir.path(), &["retry", "--wave", "1"]).0, 2, "waves are asked for by name");
    assert!(!dir.path().join(".gapgate").exists(), "nothing was run");
}

#[test]
fn each_wave_has_a_file_of_its_own() {
    let dir = project("", "delete from orders where day = '2024-01-02'; delete from revenue where day = '2024-01-03'");
    let folder = dir.path().join("waves");
    let place = folder.display().to_string();
    let args = ["retry", "--waves", "--out-dir", &place, "--command", "run {output} {date}"];
    let (status, out, error) = answer(dir.path(), &args);
    assert_eq!((status, out.as_str()), (0, ""), "{error}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a file");
    assert_eq!(read("wave-01.sh"), "run orders 2024-01-02\n");
    assert_eq!(read("wave-02.sh"), "run revenue 2024-01-03\n");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 2);
    assert_eq!(answer(dir.path(), &args).0, 2, "a second plan does not go over the first");
    let left: Vec<_> = fs::read_dir(dir.path()).expect("a folder").filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".gapgate-")), "{left:?}");
}

/// Rows of every table of the loaded warehouse.
fn rows(dir: &Path) -> Vec<(String, i64)> {
    let connection = duckdb::Connection::open(database(dir)).expect("a database");
    let count = |table: &str| {
        let sql = format!("select count(*) from {table}");
        (table.to_owned(), connection.query_row(&sql, [], |row| row.get(0)).expect("a count"))
    };
    ["orders", "visits", "revenue", "forecast", "runs"].map(count).to_vec()
}

fn database(dir: &Path) -> PathBuf {
    let cache = fs::read_dir(dir.join(".gapgate/cache")).expect("a cache");
    let mut files = cache.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "duckdb"));
    files.next().expect("a database")
}

/// A warehouse with a run for each day of the orders and of the forecast.
const RAN: &str = "create table runs (run text, processor text, day date, status text, started timestamp, ended timestamp, error text, category text);
    insert into runs select p || day, p, day, 'success', day + interval 1 day, day + interval 1 day, null, null from calendar, (values ('orders_loader'), ('forecast')) v(p)";

#[test]
fn a_rollback_is_counted_and_printed_and_never_executed() {
    let dir = project(RUNS, RAN);
    let (status, script, error) = answer(dir.path(), &["plan", "rollback", "orders", "--keys", "2024-01-04,2024-01-07..2024-01-08"]);
    assert_eq!(status, 0, "{error}");
    snapshot("plan_rollback_small", &script);
    let before = rows(dir.path());
    assert_eq!(before.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [30, 20, 10, 10, 20], "nothing was executed");
    // What reads comes before what it reads.
    let at = |text: &str| script.find(text).unwrap_or_else(|| panic!("no {text} in\n{script}"));
    assert!(
        at("delete from \"main\".forecast") < at("delete from \"main\".revenue")
            && at(".revenue\nwhere") < at("delete from \"main\".orders")
    );
    // Run by hand, it deletes what it counted, and then there is nothing left to delete.
    let connection = duckdb::Connection::open(database(dir.path())).expect("a database");
    connection.execute_batch(&script).unwrap_or_else(|error| panic!("{error}\n{script}"));
    drop(connection);
    // The orders of three days; the revenue of those and of the two days after each; the forecasts of these; runs of the first and last.
    let after: Vec<i64> = rows(dir.path()).iter().map(|(_, n)| *n).collect();
    assert_eq!(after, [30 - 9, 20, 10 - 7, 10 - 7, 20 - 3 - 7]);
    let json = answer(dir.path(), &["plan", "rollback", "orders", "--keys", "2024-01-04", "--format", "json"]);
    assert_eq!((json.0, json.1.as_str()), (1, ""), "{}", json.2);
    assert!(json.2.contains("there is nothing to delete; 0 rows were counted"), "{}", json.2);
}

#[test]
fn a_season_goes_with_its_extras_and_a_repair_takes_only_what_is_damaged() {
    let dir = project(RUNS, &format!("{RAN}; insert into orders values ('2024-01-20', 1)"));
    let (_, json, _) = answer(dir.path(), &["plan", "rollback", "orders", "--season", "2024", "--format", "json"]);
    let plan: Value = serde_json::from_str(&json).expect("JSON");
    let counts: Vec<(&str, &str, i64)> = plan["steps"].as_array().expect("steps").iter().map(step).collect();
    let expected = [
        ("forecast", "data", 10),
        ("forecast", "ledger", 10),
        ("revenue", "data", 10),
        ("revenue", "ledger", 0),
        ("orders", "data", 31),
        ("orders", "ledger", 10),
    ];
    assert_eq!(counts, expected);
    let damage = "insert into orders values ('2024-01-20', 1), (null, 2); delete from orders where day = '2024-01-09' and n > 0; delete from orders where day = '2024-01-02'";
    let dir = changed(&[("table = \"orders\"", "table = \"orders\"\nrows = 3")], RUNS, &format!("{RAN}; {damage}"));
    let (status, json, error) = answer(dir.path(), &["plan", "repair", "orders", "--format", "json"]);
    assert_eq!(status, 0, "{error}");
    let plan: Value = serde_json::from_str(&json).expect("JSON");
    let counts: Vec<(&str, &str, i64)> = plan["steps"].as_array().expect("steps").iter().map(step).collect();
    // One row of the 9th, one of a day without key in the spine, one without a day; what read the 9th; no missing day.
    let expected = [
        ("forecast", "data", 2),
        ("forecast", "ledger", 2),
        ("revenue", "data", 2),
        ("revenue", "ledger", 0),
        ("orders", "data", 3),
        ("orders", "ledger", 1),
    ];
    assert_eq!(counts, expected, "{json}");
}

fn step(step: &Value) -> (&str, &str, i64) {
    (step["output"].as_str().unwrap_or_default(), step["kind"].as_str().unwrap_or_default(), step["rows"].as_i64().unwrap_or(-1))
}

#[test]
fn rollbacks_that_cannot_be_are_refused() {
    for (more, damage, args, status, expected) in [
        ("", "", vec!["plan", "rollback", "orders"], 2, "say what to roll back: --season, --from and --to, or --keys"),
        ("", "", vec!["plan", "rollback"], 2, "<NAMES>..."),
        ("", "", vec!["plan", "rollback", "order", "--season", "2024"], 2, "did you mean \"orders\"?"),
        ("", "", vec!["plan", "rollback", "orders", "--keys", "2024-01-25"], 2, "--keys 2024-01-25: no key of orders is called so"),
        ("", "", vec!["plan", "rollback", "visits", "--keys", "west/2024-01-02"], 2, "no key of visits is called so"),
        ("", "", vec!["plan", "repair", "orders"], 1, "there is nothing to delete"),
        (
            "",
            "delete from orders; delete from revenue; delete from forecast",
            vec!["plan", "rollback", "orders", "--season", "2024"],
            1,
            "there is nothing to delete; 0 rows",
        ),
        (
            "",
            "drop table forecast",
            vec!["plan", "rollback", "orders", "--season", "2024"],
            3,
            "forecast could not be counted, so there is no script: there is no table forecast",
        ),
        ("", "drop table orders", vec!["plan", "repair", "orders"], 3, "there is no table orders"),
        ("", "insert into calendar values (null)", vec!["plan", "repair", "orders"], 3, "the spine `days` has rows without a key"),
        (RUNS, "", vec!["plan", "rollback", "orders", "--season", "2024"], 3, "could not be counted"),
        (
            "",
            "alter table orders rename to orders_there; create view orders as select * from orders_there",
            vec!["plan", "rollback", "orders", "--season", "2024"],
            3,
            "orders is a view, so its rows are those of other tables",
        ),
        ("", "drop table calendar", vec!["plan", "rollback", "orders", "--season", "2024"], 3, "its keys cannot be read"),
    ] {
        let (found, out, error) = answer(project(more, damage).path(), &args);
        assert_eq!((found, out.as_str()), (status, ""), "{args:?} {damage}\n{error}");
        assert!(error.contains(expected), "{args:?} {damage}\nexpected: {expected}\n{error}");
    }
}

#[test]
fn a_view_follows_what_is_rolled_back() {
    let dir = project("", "alter table revenue rename to revenue_there; create view revenue as select * from revenue_there");
    let (status, script, error) = answer(dir.path(), &["plan", "rollback", "orders", "--keys", "2024-01-04"]);
    assert_eq!(status, 0, "{error}");
    assert!(
        script.contains("revenue is a view, which follows what it reads") && !script.contains("delete from \"main\".revenue"),
        "{script}"
    );
    assert!(script.contains("delete from \"main\".orders"), "{script}");
}

/// The same rows in every dialect: a text that no door to an engine takes.
#[test]
fn deletes_are_text_in_every_dialect() {
    use gapgate::load::{library, project};
    use gapgate::model::scope::Scope;
    use gapgate::model::sql::{Dialect, Sql};
    use gapgate::model::table::Value as Cell;
    use gapgate::render::Renderer;
    use gapgate::render::extent::Extent;
    use jiff::civil::date;
    let project = project::load(&Path::new(ROOT).join("examples/commodity")).expect("a project");
    let library = library::load(None).expect("a library");
    let as_of = project.as_of.expect("a frozen warehouse");
    let scope = Scope { seasons: project.all_seasons(), others: Vec::new(), range: None, as_of, is_now: false, zone: project.zone.clone() };
    let key = |commodity: &str, day| [Cell::text(commodity), Cell::text("naive"), Cell::Date(day)].into();
    let (first, second) = (date(2024, 5, 1), date(2024, 5, 2));
    let extent = Extent {
        ranges: vec![(date(2024, 1, 1), date(2024, 1, 31))],
        keys: vec![key("Coffee", first), key("Coffee", second), key("O'Neil", first)],
        without_key: true,
    };
    let mut all = String::new();
    for dialect in Dialect::ALL {
        let rows = Renderer::new(&library, &project, &scope, dialect).rows_of(&project.outputs["points"], &extent).expect("rows");
        assert!(Sql::parse(&rows.delete, dialect).is_err(), "{}", rows.delete);
        all.push_str(&format!("-- {}\n{};\n{}\n\n", dialect.name(), rows.count.as_str(), rows.delete));
    }
    snapshot("plan_dialects", &all);
}
