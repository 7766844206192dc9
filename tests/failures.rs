//! Triage from outside: whether a human is needed, by which causes, and that nothing is called nothing that was not seen.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::cli::{answer, snapshot};

const PROJECT: &str = r#"
[project]
name = "shop"
as_of = "2024-03-02"

[targets.local]
engine = "duckdb"
load = "warehouse"

[seasons.2024]
start = 2024-01-01
end = 2024-02-29

[spines.days]
table = "calendar"
key = { day = "date" }
attributes = { season_type = "max(season_type)" }

[stages.raw.defaults]
spine = "days"
date = "day"

[outputs.orders]
stage = "raw"
table = "orders"
processor = "Orders"

[outputs.features]
stage = "raw"
table = "features"
processor = "Features"
not_expected = { first_days = 3 }

# Welcome where it is there.
[outputs.backup]
stage = "raw"
table = "backup"
rows = { min = 0, max = 9 }
processor = "Backup"
"#;

const RUNS: &str = r#"
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"], skipped = ["skipped"] }
started = "started"
finished = "ended"
error = "error"
category = { column = "category", infrastructure = ["timeout"], availability = ["no_input"], processing = ["bug"], permanent = ["gone"], expected = ["too_early"] }
entities = { done = "n_done", failed = "n_failed" }
"#;

/// Sixty days, the last six of them playoffs, all there; every unit ran once, on the morning after, and went well.
const WAREHOUSE: &str = "
create table calendar as
    select (date '2024-01-01' + n::int)::date as day, case when n >= 54 then 'playoffs' else 'regular' end as season_type from range(60) r(n);
create table orders as select day from calendar;
create table features as select day from calendar where day > '2024-01-03';
create table backup as select day from calendar where false;
create table runs (run varchar, processor varchar, day date, status varchar, started timestamp, ended timestamp, category varchar,
    error varchar, n_done integer, n_failed integer);
insert into runs select p || day, p, day, 'success', day + interval '30 hours', day + interval '31 hours', null, null, 270, 30
    from calendar, (values ('Orders'), ('Features')) as v (p) where p = 'Orders' or day > '2024-01-03';
";

fn project(changes: &[(&str, &str)], more: &str, damage: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let mut file = PROJECT.to_owned() + more;
    for (from, to) in changes {
        assert!(file.contains(from), "the project has no {from}");
        file = file.replace(from, to);
    }
    fs::write(dir.path().join("gapgate.toml"), file).expect("a project file");
    fs::create_dir(dir.path().join("warehouse")).expect("a folder");
    fs::write(dir.path().join("warehouse/10.sql"), format!("{WAREHOUSE};{damage};")).expect("a warehouse");
    dir
}

/// The SQL that lets the runs of a processor fail on days for which this holds, after they succeeded or instead.
fn fail(processor: &str, days: &str, category: &str, error: &str) -> String {
    let category = if category.is_empty() { "null".to_owned() } else { format!("'{category}'") };
    format!("update runs set status = 'failed', category = {category}, error = '{error}' where processor = '{processor}' and ({days});")
}

fn triage(dir: &Path, args: &[&str]) -> (i32, Value) {
    let args: Vec<&str> = ["failures", "--format", "json"].into_iter().chain(args.iter().copied()).collect();
    let (status, out, error) = answer(dir, &args);
    (status, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{status} {out}{error}")))
}

/// The table as it is where the project is, so that commands name no folder.
fn here(dir: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    command.current_dir(dir).arg("failures").env_remove("COLUMNS").env_remove("GAPGATE_TARGET").env("NO_COLOR", "1");
    String::from_utf8(command.output().expect("the program runs").stdout).expect("UTF-8")
}

#[test]
fn the_example_is_triaged() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nba");
    snapshot("failures", &here(&dir));
    let page = fs::read_to_string(dir.join("README.md")).expect("the page");
    let (_, first, _) = answer(&dir, &["failures", "-q"]);
    let first = first.split(';').next().unwrap_or_default();
    assert!(page.contains(first), "the page of the example does not say {first}");
}

/// Each cause as `action number what`.
fn causes(triage: &Value) -> Vec<String> {
    let cause = |cause: &Value| {
        let units = cause["units"].as_array().expect("units").len();
        format!("{} {units} {}", cause["action"].as_str().expect("an action"), cause["what"].as_str().expect("words"))
    };
    triage["causes"].as_array().expect("causes").iter().map(cause).collect()
}

fn advice(triage: &Value, action: &str) -> String {
    triage["advice"][action].as_str().unwrap_or_default().to_owned()
}

#[test]
fn nothing_that_failed_needs_nobody() {
    let dir = project(&[], RUNS, "");
    let (status, out, error) = answer(dir.path(), &["failures"]);
    assert_eq!((status, error.as_str()), (0, ""));
    assert_eq!(out.lines().next(), Some("nothing needs a human: nothing failed"), "{out}");
    let (status, triage) = triage(dir.path(), &[]);
    assert_eq!((status, &triage["needs_human"], &triage["verdict"]), (0, &Value::Bool(false), &Value::from("pass")));
}

#[test]
fn each_cause_is_a_line_with_its_action() {
    let lost = "delete from orders where day in ('2024-01-05', '2024-01-06', '2024-01-09', '2024-01-10', '2024-01-11', '2024-01-12', '2024-01-13', '2024-01-20');\
        delete from features where day = '2024-01-21';";
    let damage = [
        lost.to_owned(),
        fail("Orders", "day in ('2024-01-05', '2024-01-06')", "bug", "KeyError: ''id_7'' on line 12"),
        fail("Orders", "day = '2024-01-09'", "timeout", "no answer in 30 s"),
        fail("Orders", "day = '2024-01-10'", "no_input", "no file /in/2024-01-10.csv"),
        fail("Orders", "day = '2024-01-11'", "gone", "404"),
        fail("Orders", "day = '2024-01-12'", "", ""),
        fail("Orders", "day = '2024-01-13'", "odd", "what is this"),
        fail("Orders", "day = '2024-01-15'", "bug", "but the data is complete"),
        fail("Features", "day = '2024-01-21'", "too_early", "6 of 10 games"),
        // A regression, and a failure that a retry has settled.
        "insert into runs values ('x', 'Orders', '2024-01-20', 'failed', '2024-01-22', '2024-01-22', 'bug', 'late', null, null);"
            .to_owned(),
        "insert into runs values ('y', 'Orders', '2024-01-30', 'failed', '2024-01-30', '2024-01-30', 'bug', 'early', null, null);"
            .to_owned(),
        // Never tried, but by a backup that need not have anything.
        "insert into runs values ('z', 'Backup', '2024-01-30', 'failed', '2024-01-31', '2024-01-31', 'no_input', 'none', null, null);"
            .to_owned(),
    ];
    let dir = project(&[], RUNS, &damage.concat());
    let (status, found) = triage(dir.path(), &[]);
    let expected = [
        "stop 2 bug: keyerror: ? on line #",
        "stop 1 bug: late; had succeeded before",
        "triage 1 no category: (no message)",
        "triage 1 category odd is not mapped: what is this",
        "upstream 1 no_input: no file <path>",
        "permanent 1 gone: #",
        "retry 1 timeout: no answer in # s",
        "expected 1 too_early: # of # games",
        "stale 1 failed by the ledger, and nothing has to be there",
        "stale 1 failed by the ledger, and the data is complete",
        "stale 1 failed, and succeeded since",
    ];
    assert_eq!((status, causes(&found)), (1, expected.map(str::to_owned).to_vec()));
    assert_eq!(found["units"]["needing_human"], 7);
    assert_eq!(advice(&found, "retry"), format!("gapgate -C {} retry orders --from 2024-01-09 --to 2024-01-09", dir.path().display()));
    assert!(advice(&found, "upstream").ends_with("retry orders --from 2024-01-10 --to 2024-01-10 --waves"), "{found}");
    assert!(advice(&found, "permanent").contains("[[waivers]] output = \"orders\""), "{found}");
    let out = here(dir.path());
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    snapshot("failures_of_each_kind", &out);
    // What is suggested can be done.
    let (status, lines, error) =
        answer(dir.path(), &["retry", "orders", "--from", "2024-01-09", "--to", "2024-01-09", "--format", "lines"]);
    assert_eq!((status, lines.as_str()), (0, "2024-01-09\n"), "{error}");
    let (_, line, _) = answer(dir.path(), &["failures", "-q"]);
    assert_eq!(line, "needs a human: 7 units, 6 causes; 5 more to retry, expected or settled\n");
    let report = dir.path().join("report.json");
    let place = format!("json={}", report.display());
    assert_eq!(answer(dir.path(), &["failures", "--format", &place]).0, 1);
    let written: Value = serde_json::from_str(&fs::read_to_string(report).expect("a report")).expect("JSON");
    assert_eq!(written, found);
}

#[test]
fn a_kind_of_day_of_which_all_fail_is_to_be_fixed_and_not_retried() {
    let playoffs = |days: &str| {
        let lost = format!("delete from orders where {days}; delete from features where {days};");
        lost + &fail("Orders", days, "timeout", "no answer") + &fail("Features", days, "", "?")
    };
    let all = "day >= '2024-02-24'";
    let (status, found) = triage(project(&[], RUNS, &playoffs(all)).path(), &[]);
    let expected = ["stop 12 every season_type playoffs fails, nothing else does: 12 of 12 (0 of 105 others), Features, Orders"];
    assert_eq!((status, causes(&found)), (1, expected.map(str::to_owned).to_vec()));
    assert_eq!(found["advice"], serde_json::json!({}), "no retry is advised");
    // One that succeeds, days that fail elsewhere too, and a kind of two days are no such thing.
    for (days, retries) in [("day > '2024-02-24'", 5), ("day >= '2024-02-24' or day between '2024-02-01' and '2024-02-10'", 16)] {
        let (_, found) = triage(project(&[], RUNS, &playoffs(days)).path(), &["orders"]);
        assert_eq!(causes(&found), [format!("retry {retries} timeout: no answer")], "{days}");
    }
    let few = project(
        &[("max(season_type)", "case when max(day) > date '2024-02-27' then 'final' else 'other' end")],
        RUNS,
        &playoffs("day > '2024-02-27'"),
    );
    assert_eq!(causes(&triage(few.path(), &["orders"]).1), ["retry 2 timeout: no answer"]);
    // Where that is how it should be, it is.
    let expected = playoffs(all) + "update runs set category = 'too_early' where status = 'failed'";
    let (status, found) = triage(project(&[], RUNS, &expected).path(), &["orders"]);
    assert_eq!((status, causes(&found)), (0, vec!["expected 6 too_early: no answer".to_owned()]));
}

#[test]
fn the_data_decides_over_the_ledger_in_both_directions() {
    let eleven = "delete from orders where day between '2024-01-10' and '2024-01-20'";
    let dir = project(&[], RUNS, eleven);
    let (status, found) = triage(dir.path(), &["orders"]);
    assert_eq!((status, causes(&found)), (1, vec!["triage 11 succeeded by the ledger, and orders has no rows".to_owned()]));
    let (status, missing, _) = answer(dir.path(), &["gaps", "orders"]);
    assert!(status == 1 && missing.contains("orders: 11 missing"), "{missing}");
    let dir = project(&[], RUNS, &fail("Orders", "day = '2024-01-10'", "bug", "but it is there"));
    let (status, found) = triage(dir.path(), &[]);
    assert_eq!((status, causes(&found)), (0, vec!["stale 1 failed by the ledger, and the data is complete".to_owned()]));
    assert_eq!(answer(dir.path(), &["gaps", "orders"]).0, 0, "a record is no gap");
    let (_, list, _) = answer(dir.path(), &["retry", "orders", "--format", "lines"]);
    assert_eq!(list, "");
}

#[test]
fn what_is_not_expected_and_what_is_waived_is_quiet() {
    let early = "insert into runs select 'e' || day, 'Features', day, 'failed', day + interval '1 day', day + interval '1 day', C, 'too few games', 0, 9 \
        from calendar where day < '2024-01-04';";
    for (category, status, expected) in [
        ("'no_input'", 0, "expected 3 nothing is expected of these days, or not yet"),
        ("'bug'", 1, "stop 3 bug: too few games"),
        ("null", 1, "triage 3 no category: too few games"),
    ] {
        let (found_status, found) = triage(project(&[], RUNS, &early.replace('C', category)).path(), &["features"]);
        assert_eq!((found_status, causes(&found)), (status, vec![expected.to_owned()]));
    }
    // The morning after, before the rows are due.
    let due = [("processor = \"Orders\"", "processor = \"Orders\"\nexpected_by = \"2 days 07:00\"")];
    let damage = "delete from orders where day = '2024-02-29';".to_owned() + &fail("Orders", "day = '2024-02-29'", "no_input", "none");
    let late = project(&due, RUNS, &damage);
    let (status, found) = triage(late.path(), &["orders", "--as-of", "2024-03-02T06:59"]);
    assert_eq!((status, causes(&found)), (0, vec!["expected 1 nothing is expected of these days, or not yet".to_owned()]));
    let (status, found) = triage(late.path(), &["orders", "--as-of", "2024-03-02T07:01"]);
    assert_eq!((status, causes(&found)), (1, vec!["upstream 1 no_input: none".to_owned()]));
    let damage = "delete from orders where day = '2024-01-10';".to_owned() + &fail("Orders", "day = '2024-01-10'", "gone", "404");
    let waiver = |until: &str| {
        let keys = "keys = [\"2024-01-08..2024-01-10\"]\nreason = \"closed\"\nowner = \"ops\"";
        format!("{RUNS}\n[[waivers]]\noutput = \"orders\"\n{keys}\nuntil = {until}\n")
    };
    let (status, found) = triage(project(&[], &waiver("2024-12-31"), &damage).path(), &["orders"]);
    assert_eq!((status, causes(&found)), (0, vec!["expected 1 accepted by a waiver".to_owned()]));
    let (status, found) = triage(project(&[], &waiver("2024-03-01"), &damage).path(), &["orders"]);
    assert_eq!((status, causes(&found)), (1, vec!["permanent 1 gone: #".to_owned()]), "it has lapsed");
}

const BANDS: &str = "processor = \"Features\"\nmay_fail = [\"1: 90-100\", \"3: 60-75\", \"4: 40-50\", \"5: 30-40\", \"6: 25-30\"]";

/// So many of 300 fail in these weeks.
fn weeks(rates: &[(u32, u32)]) -> String {
    let week = |(week, percent): &(u32, u32)| {
        let days = format!("day between date '2024-01-01' + {} and date '2024-01-01' + {}", 7 * (week - 1), 7 * week - 1);
        format!("update runs set n_done = {}, n_failed = {} where processor = 'Features' and {days};", 300 - 3 * percent, 3 * percent)
    };
    rates.iter().map(week).collect()
}

#[test]
fn failure_rates_are_held_against_the_week_of_the_season() {
    let usual = [(1, 95), (2, 95), (3, 70), (4, 45), (5, 35), (6, 27), (7, 27), (8, 28), (9, 30)];
    let changed = |changes: &[(u32, u32)]| {
        let of = |week: u32, percent: u32| changes.iter().find(|(other, _)| *other == week).map_or((week, percent), |change| *change);
        weeks(&usual.map(|(week, percent)| of(week, percent)))
    };
    let bands = [("processor = \"Features\"", BANDS)];
    let (status, found) = triage(project(&bands, RUNS, &changed(&[])).path(), &[]);
    assert_eq!(
        (status, causes(&found).len(), &found["notes"]),
        (0, 0, &Value::Array(Vec::new())),
        "weeks 1 and 2 at 95% are as they should be"
    );
    let (status, found) = triage(project(&bands, RUNS, &changed(&[(8, 35)])).path(), &[]);
    assert_eq!((status, causes(&found)), (1, vec!["stop 7 Features in week 8: more fail than the 25 to 30 in 100 that may".to_owned()]));
    let (status, found) = triage(project(&bands, RUNS, &changed(&[(3, 10)])).path(), &[]);
    assert_eq!((status, causes(&found).len()), (0, 0));
    assert_eq!(
        found["notes"][0],
        "Features in week 3 fails less than usual: 30 of 300 failed, 10 in 100 on 2024-01-15, where at least 60 do"
    );
    // A small slate proves nothing, and of nothing nothing is known.
    let few = changed(&[]) + "update runs set n_done = 1, n_failed = 2 where processor = 'Features' and day = '2024-02-20'";
    let (status, found) = triage(project(&bands, RUNS, &few).path(), &[]);
    assert_eq!((status, &found["notes"][0]), (0, &Value::from("1 unit of so few entities that a failure rate proves nothing")));
    let nothing = changed(&[]) + "update runs set n_done = 0, n_failed = 0 where processor = 'Features' and day = '2024-02-20'";
    let (status, found) = triage(project(&bands, RUNS, &nothing).path(), &[]);
    assert_eq!((status, &found["undecided"][0]["why"]), (3, &Value::from("nothing was tried, or nothing counted in 1 unit")));
    assert_eq!(found["needs_human"], Value::Null);
}

#[test]
fn failure_rates_are_held_against_phases_of_a_table() {
    let with = |bands: &str| format!("processor = \"Features\"\nmay_fail = {{ bands = [{bands}], phases = \"phases\", least = 50 }}");
    let phases = "create table phases as select * from (values ('regular', date '2024-01-01', date '2024-02-23'), ('playoffs', date '2024-02-24', date '2024-02-29')) v (phase, \"start\", \"end\");";
    let ask =
        |bands: &str, damage: &str| triage(project(&[("processor = \"Features\"", &with(bands))], RUNS, damage).path(), &["features"]);
    let (status, found) = ask("\"regular: 5-10\", \"playoffs: 9\"", phases);
    assert_eq!((status, causes(&found)), (1, vec!["stop 6 Features in playoffs: more fail than the 9 in 100 that may".to_owned()]));
    let (status, found) = ask("\"regular: 5-10\", \"playofs: 20\"", phases);
    assert_eq!(status, 3);
    assert_eq!(found["undecided"][0]["why"], "there is a band for phase \"playofs\", which the table of phases does not have");
    assert_eq!(causes(&found), ["stop 6 Features in playoffs: more fail than the 0 in 100 that may"], "a phase without a band allows none");
    let twice = format!("{phases} insert into phases values ('finals', '2024-02-29', '2024-03-01');");
    let (status, found) = ask("\"regular: 10\", \"playoffs: 10\", \"finals: 10\"", &twice);
    assert_eq!((status, &found["undecided"][0]["why"]), (3, &Value::from("its day is in several phases in 2 units")));
    let (status, found) = ask("\"regular: 10\"", "");
    assert_eq!(status, 3, "{found}");
    assert!(found["undecided"].to_string().contains("phases"), "{found}");
}

#[test]
fn what_was_not_seen_is_not_called_nothing() {
    let cases: [(&str, i32, &str); 7] = [
        ("delete from runs", 3, "the run ledger has no run in scope"),
        ("drop table runs", 3, "there is no table runs"),
        ("alter table runs drop column category", 3, "category"),
        ("drop table orders", 3, "there is no table orders"),
        ("update runs set day = null where day = '2024-01-10'", 1, "triage 0 2 rows of the ledger without a date belong to no unit"),
        (
            "update runs set processor = null where day = '2024-01-10'",
            1,
            "triage 0 2 rows of the ledger without a processor belong to no unit",
        ),
        (
            "insert into runs values ('q', 'Orders', '2024-01-09', 'partial', '2024-01-01', '2024-01-01', null, null, 0, 0)",
            1,
            "triage 0 status partial has no meaning in [runs]: 1 row of the ledger",
        ),
    ];
    for (damage, status, expected) in cases {
        let dir = project(&[], RUNS, damage);
        let (found_status, found) = triage(dir.path(), &[]);
        let said = format!("{} {}", causes(&found).join("\n"), found["undecided"]);
        assert!(found_status == status && said.contains(expected), "{damage}: {found_status}, expected {expected}\n{said}");
        let (_, out, _) = answer(dir.path(), &["failures"]);
        assert!(!out.contains("nothing needs a human"), "{damage}: {out}");
    }
    // A schedule that is lost excuses nothing.
    let damage = fail("Orders", "day = '2024-01-10'", "no_input", "none") + "delete from calendar";
    let (status, found) = triage(project(&[], RUNS, &damage).path(), &["orders"]);
    assert_eq!((status, causes(&found)), (3, vec!["upstream 1 no_input: none".to_owned()]));
}

#[test]
fn a_stranger_is_seen_unless_somebody_else_is_asked_about() {
    let stranger = "insert into runs values ('s', 'Stranger', '2024-01-10', 'failed', '2024-01-11', '2024-01-11', 'timeout', 'no', null, null), \
        (null, null, '2024-01-10', 'failed', '2024-01-11', '2024-01-11', 'odd', 'who', null, null);";
    let dir = project(&[], RUNS, stranger);
    let (status, found) = triage(dir.path(), &[]);
    assert_eq!(status, 1);
    assert!(causes(&found).contains(&"retry 1 timeout: no".to_owned()), "{found}");
    assert_eq!(advice(&found, "retry"), "run it again; its processor fills no output of the catalogue");
    for args in [["orders"].as_slice(), &["--select", "orders"]] {
        let (_, found) = triage(dir.path(), args);
        assert!(causes(&found).iter().all(|cause| !cause.contains("timeout")), "{found}");
    }
    let (status, found) = triage(dir.path(), &["--from", "2024-01-11", "--to", "2024-01-20"]);
    assert_eq!((status, causes(&found).len()), (0, 0), "{found}");
}

#[test]
fn bad_input_is_refused_with_what_to_do() {
    let cases: [(&str, &str, &[&str], &str); 9] = [
        ("", "", &[], "the project declares no run ledger, so nothing tells what failed: add [runs] to gapgate.toml"),
        (RUNS, "", &["order"], "no stage, gate or output is named \"order\"; did you mean \"orders\"?"),
        (RUNS, "", &["--format", "xml"], "unknown format \"xml\""),
        (RUNS, "", &["--season", "2023"], "2023"),
        (RUNS, "may_fail = [\"three: 60-75\"]", &[], "weeks are numbers from 1 on"),
        (RUNS, "may_fail = [\"3: 60-175\"]", &[], "gapgate.toml:32: `may_fail`: \"3: 60-175\" is no band such as \"3: 60-75\""),
        (RUNS, "may_fail = { bands = [\"a: 5\"], phase = \"phases\" }", &[], "unknown key `phase`"),
        ("", "may_fail = [\"3: 60-75\"]", &[], "`may_fail` needs a run ledger that counts entities"),
        (RUNS, "may_fail = { bands = [\"3: 75\"], least = 0 }", &[], "`least` is at least 1"),
    ];
    for (runs, may_fail, args, expected) in cases {
        let with = format!("processor = \"Features\"\n{may_fail}");
        let dir = project(&[("processor = \"Features\"", &with)], runs, "");
        let args: Vec<&str> = ["failures"].into_iter().chain(args.iter().copied()).collect();
        let (status, out, error) = answer(dir.path(), &args);
        assert_eq!((status, out.as_str()), (2, ""), "{expected}\n{error}");
        assert!(error.contains(expected), "expected: {expected}\n{error}");
    }
    for (actions, expected) in [
        ("actions = { resource = \"wait\" }", "unknown word \"wait\"; known: stop, upstream, permanent, retry, expected"),
        ("actions = { resorce = \"stop\" }", "resorce"),
    ] {
        let (status, _, error) = answer(project(&[], &format!("{RUNS}{actions}\n"), "").path(), &["failures"]);
        assert!(status == 2 && error.contains(expected), "expected: {expected}\n{error}");
    }
    for (from, to, expected) in [
        ("attributes = { season_type =", "attributes = { day =", "names a column, weight or attribute twice"),
        ("attributes = { season_type =", "attributes = { season =", "has a name that reports use"),
        ("max(season_type)", "max(season_type); drop table orders", "`max(season_type); drop table orders`: "),
        (
            "table = \"calendar\"\nkey = { day = \"date\" }",
            "calendar = \"1 day\"\nkey = { day = \"date\" }",
            "`attributes` have no rows to look at",
        ),
    ] {
        let (status, _, error) = answer(project(&[(from, to)], RUNS, "").path(), &["failures"]);
        assert!(status == 2 && error.contains(expected), "expected: {expected}\n{error}");
    }
}

#[test]
fn a_project_says_what_its_classes_ask_for() {
    let damage = "delete from orders where day = '2024-01-10';".to_owned() + &fail("Orders", "day = '2024-01-10'", "timeout", "no answer");
    let more = format!("{RUNS}actions = {{ infrastructure = \"stop\" }}\n");
    let (status, found) = triage(project(&[], &more, &damage).path(), &[]);
    assert_eq!((status, causes(&found)), (1, vec!["stop 1 timeout: no answer".to_owned()]));
    // Without classes nothing is tried again before somebody has looked.
    let plain = RUNS.lines().filter(|line| !line.starts_with("category")).collect::<Vec<_>>().join("\n") + "\n";
    for category in ["", "category = \"category\"\n"] {
        let (status, found) = triage(project(&[], &(plain.clone() + category), &damage).path(), &[]);
        assert!(status == 1 && causes(&found)[0].starts_with("triage 1 "), "{found}");
    }
    // What was tried often enough is no longer to be tried again by itself.
    let again = "insert into runs select 'r' || n, 'Orders', '2024-01-10', 'failed', '2024-01-12', '2024-01-12', 'timeout', 'no answer', null, null from range(2) r(n);";
    let (status, found) = triage(project(&[], RUNS, &(damage + again)).path(), &[]);
    assert_eq!((status, causes(&found)), (1, vec!["stop 1 tried often enough: timeout: no answer".to_owned()]));
}

const QUIET: &str = "
[gates.quiet]
stage = \"raw\"
checks = [\"ledger/in_flight\", \"ledger/unusable_rows\"]
";

#[test]
fn a_clock_that_is_ahead_hides_no_run() {
    let running = "insert into runs select 'late', 'Orders', '2024-02-29', 'running', '2199-01-01', null, null, null, null, null";
    let more = RUNS.to_owned() + QUIET;
    let dir = project(&[("as_of = \"2024-03-02\"", "")], &more, running);
    let (status, out, error) = answer(dir.path(), &["gate", "quiet"]);
    assert_eq!(status, 1, "{out}{error}");
    for words in ["starts_in_future", "fail ledger/in_flight"] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let failed = project(&[("as_of = \"2024-03-02\"", "")], RUNS, &running.replace("'running'", "'failed'"));
    assert_eq!(answer(failed.path(), &["run", "failure/unresolved"]).0, 1);
    // Of an earlier moment it is not known.
    assert_eq!(answer(dir.path(), &["gate", "quiet", "--as-of", "2024-03-02"]).0, 0);
}

#[test]
fn moments_are_not_shifted_by_a_zone() {
    let zoned = RUNS.replace("[runs]", "[runs]\ntimezone = \"Asia/Tokyo\"") + QUIET;
    let dir = project(&[], &zoned, "alter table runs alter started type timestamptz");
    let (status, out, error) = answer(dir.path(), &["gate", "quiet"]);
    assert_eq!(status, 3, "{out}{error}");
    let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("which needs no zone; Asia/Tokyo would shift it -> remove `timezone` at gapgate.toml:42"), "{out}");
    assert_eq!(answer(dir.path(), &["doctor"]).0, 3);
    let (status, out, _) =
        answer(project(&[], &(RUNS.to_owned() + QUIET), "alter table runs alter started type timestamptz").path(), &["gate", "quiet"]);
    assert_eq!(status, 0, "{out}");
}
