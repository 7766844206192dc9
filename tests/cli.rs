//! The program from outside: answers, exit statuses, snapshots of what people see, and what a bad input gets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::support::LIBRARY;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub(crate) fn gapgate(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    command.arg("-C").arg(dir).env_remove("COLUMNS").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

fn example() -> PathBuf {
    Path::new(ROOT).join("examples/nba")
}

pub(crate) fn answer(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = gapgate(dir).args(args).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A small project: a calendar of ten days, a table that has them all, a gate.
pub(crate) fn project(changes: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let mut file = PROJECT.to_owned();
    for (from, to) in changes {
        assert!(file.contains(from), "the project has no {from}");
        file = file.replace(from, to);
    }
    fs::write(dir.path().join("gapgate.toml"), file).expect("a project file");
    fs::create_dir(dir.path().join("warehouse")).expect("a folder");
    load(&dir, WAREHOUSE);
    dir
}

pub(crate) fn load(dir: &TempDir, sql: &str) {
    fs::write(dir.path().join("warehouse/10.sql"), sql).expect("a warehouse");
}

const PROJECT: &str = r#"
[project]
name = "small"
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
weights = { shops = "sum(shops)" }

[outputs.sales]
stage = "raw"
table = "sales"
spine = "days"
date = "sold_on"
grain = ["receipt"]
rows = { min = 1, max = 4, per = "shops" }
not_null = ["amount"]
ranges = { amount = [0, 100] }

[gates.raw]
stage = "raw"
"#;

pub(crate) const WAREHOUSE: &str = "
create table calendar as select (date '2024-01-01' + n::int)::date as day, 2 as shops from range(10) r(n);
create table sales as select day as sold_on, r.n as receipt, 10 * r.n as amount from calendar, range(4) r(n);
";

/// Compares a text with the reviewed one.
pub(crate) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // Times differ from run to run.
    settings.add_filter(r"\d+ ms", "[time] ms");
    settings.add_filter(r#""(elapsed_ms|own_ms)": [\d.e-]+"#, r#""$1": "[time]""#);
    settings.add_filter(r#" time="[\d.]+""#, r#" time="[time]""#);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_example_gives_its_reference_figures() {
    let dir = example();
    assert_eq!(answer(&dir, &["gate", "raw"]).0, 0);
    assert_eq!(answer(&dir, &["gate", "precompute"]).0, 1);
    assert_eq!(answer(&dir, &["gate"]).0, 1);
    let (status, out, _) = answer(&dir, &["gate", "analytics"]);
    assert_eq!(status, 1);
    assert!(out.contains("638 expected, 311 present, 327 missing"), "{out}");
    let (status, lines, _) = answer(&dir, &["retry", "analytics", "--format", "lines"]);
    assert_eq!((status, lines.lines().count()), (0, 445));
    let (_, lead, _) = answer(&dir, &["retry", "player_game_summary", "--format", "lines"]);
    assert_eq!(lead.lines().count(), 327 + 3, "the missing dates and the damaged ones");
    assert!(lead.lines().zip(lead.lines().skip(1)).all(|(a, b)| a < b), "each once, in order");
    let (_, json, _) = answer(&dir, &["gaps", "player_game_summary", "--by", "year", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let figures: Vec<_> = rows.as_array().expect("rows").iter().map(|row| (row["expected"].as_i64(), row["present"].as_i64())).collect();
    assert_eq!(figures, [(72, 34), (215, 91), (205, 112), (146, 74)].map(|(a, b)| (Some(a), Some(b))));
}

#[test]
fn reports_read_well() {
    let dir = example();
    for (name, args) in [
        ("gate_raw", vec!["gate", "raw"]),
        ("gate_analytics", vec!["gate", "analytics"]),
        ("gate_precompute", vec!["gate", "precompute"]),
        ("gates_at_a_glance", vec!["gate"]),
        ("gate_csv", vec!["gate", "analytics", "--format", "csv", "--season", "2021-22"]),
        ("gate_json", vec!["gate", "analytics", "--format", "json", "--from", "2022-02-20", "--to", "2022-03-10"]),
        ("gate_junit", vec!["gate", "analytics", "--format", "junit", "--from", "2022-02-20", "--to", "2022-03-10"]),
        ("gaps", vec!["gaps", "analytics"]),
        ("progress", vec!["progress"]),
        ("gaps_by_year", vec!["gaps", "--by", "year"]),
        ("retry_table", vec!["retry", "team_defense_game_summary", "--to", "2021-11-30"]),
        ("retry_ranges", vec!["retry", "analytics", "--season", "2021-22", "--format", "ranges"]),
        ("doctor", vec!["doctor"]),
        ("list", vec!["list"]),
        ("show", vec!["show", "quality/coverage"]),
    ] {
        snapshot(name, &answer(&dir, &args).1);
    }
}

#[test]
fn help_texts() {
    for command in [
        "",
        "gate",
        "diff",
        "gaps",
        "failures",
        "progress",
        "retry",
        "plan",
        "plan rollback",
        "plan repair",
        "doctor",
        "list",
        "show",
        "render",
        "lint",
        "run",
        "schema",
        "schema pull",
        "schema diff",
        "snapshot",
        "snapshot test",
        "snapshot review",
        "snapshot accept",
    ] {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let name = if command.is_empty() { "gapgate".to_owned() } else { command.replace(' ', "_") };
        snapshot(&format!("help_{name}"), &answer(&example(), &args).1);
    }
}

#[test]
fn the_page_of_queries_is_fresh() {
    const MARK: &str = "<!-- below: gapgate list --format markdown -->\n";
    let folder = Path::new(ROOT).join("queries");
    let page = fs::read_to_string(folder.join("README.md")).expect("the page");
    let (head, listed) = page.split_once(MARK).expect("the mark above the list");
    let (status, now, error) = answer(&folder, &["list", "--format", "markdown"]);
    assert_eq!(status, 0, "{error}");
    assert!(listed == now, "queries/README.md is not what `gapgate list --format markdown` prints; put that below its mark");
    for id in head.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let is_there = id.starts_with("gapgate ") || LIBRARY.queries.contains_key(id.split(' ').next().unwrap_or_default());
        assert!(is_there, "queries/README.md names `{id}`, which is no query");
    }
}

#[test]
fn coverage_of_three_outputs_per_dialect() {
    let dir = example();
    for dialect in ["duckdb", "bigquery", "postgres", "databricks", "snowflake"] {
        let all = "outputs=player_game_summary,team_offense_game_summary,upcoming_team_game_context";
        let (status, sql, error) = answer(&dir, &["render", "quality/coverage", "--dialect", dialect, all]);
        assert_eq!(status, 0, "{error}");
        snapshot(&format!("coverage_{dialect}"), &sql);
    }
}

#[test]
fn a_clean_project_goes_and_damage_is_told_apart() {
    let clean = project(&[]);
    assert_eq!(answer(clean.path(), &["gate", "raw"]).0, 0);
    for (damage, status, expected) in [
        ("delete from sales where sold_on = '2024-01-03'", 1, "10 expected, 9 present, 1 missing, as 2024-01-03"),
        ("delete from sales where sold_on = '2024-01-03' and receipt > 0", 1, "1 key partial, as 2024-01-03: 1 row, at least 2 expected"),
        ("insert into sales select * from sales where sold_on = '2024-01-03'", 1, "1 key duplicate, as 2024-01-03"),
        (
            "insert into sales select '2024-01-03', n, 1 from range(10, 20) r(n)",
            1,
            "1 key excess, as 2024-01-03: 14 rows, at most 8 expected",
        ),
        ("update sales set amount = null where sold_on = '2024-01-03'", 1, "amount is NULL in 4 of 4 rows"),
        ("update sales set receipt = null where sold_on = '2024-01-03' and receipt = 1", 1, "receipt is NULL in 1 of 4 rows"),
        ("update sales set amount = 101 where sold_on = '2024-01-03' and receipt = 1", 1, "amount is out of range in 1"),
        ("update sales set sold_on = null where sold_on = '2024-01-03' and receipt = 1", 1, "1 row without a key"),
        ("insert into sales values ('2024-01-20', 1, 1)", 0, "1 key with rows that the spine does not have, as 2024-01-20"),
        ("delete from sales", 1, "sales has no rows in scope: 10 expected, 0 present, 10 missing"),
        ("delete from calendar", 3, "the spine `days` has no keys in scope"),
        ("update calendar set shops = null where day = '2024-01-03'", 3, "shops is NULL in the spine"),
        ("alter table sales rename column receipt to receipt_id", 3, "sales has no column receipt; did you mean \"receipt_id\"?"),
        ("alter table sales rename to sale", 3, "there is no table sales; did you mean \"sale\"?"),
        ("alter table calendar rename column day to date", 3, "calendar has no column day"),
        ("drop table calendar", 3, "spine `days`: there is no table calendar"),
        ("alter table sales alter sold_on type varchar", 3, "column sold_on of sales is of type VARCHAR, but key column `day` is a date"),
        ("alter table sales alter amount type varchar", 3, "column amount of sales is of type VARCHAR, which does not compare"),
    ] {
        load(&clean, &format!("{WAREHOUSE};{damage};"));
        let (found, out, error) = answer(clean.path(), &["gate", "raw"]);
        let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(found, status, "{damage}\n{out}{error}");
        assert!(flat.contains(expected), "{damage}\nexpected: {expected}\n{out}{error}");
    }
}

#[test]
fn what_two_files_declare_is_refused() {
    let dir = project(&[("[project]", "include = [\"more.toml\"]\n[project]")]);
    for (section, line) in [
        ("gates.raw", "outputs = [\"sales\"]"),
        ("seasons.2024", "start = 2024-01-01\nend = 2024-01-31"),
        ("spines.days", "calendar = \"1 day\""),
        ("outputs.sales", "stage = \"raw\"\ntable = \"sales\"\nspine = \"days\""),
        ("targets.local", "engine = \"duckdb\"\nload = \"warehouse\""),
    ] {
        fs::write(dir.path().join("more.toml"), format!("[{section}]\n{line}\n")).expect("a file");
        let (status, _, error) = answer(dir.path(), &["gate"]);
        assert_eq!((status, error.trim_end()), (2, format!("gapgate: more.toml:1: {section} is declared twice").as_str()));
    }
}

#[test]
fn wrong_files_and_flags_exit_with_2_and_say_where() {
    for (changes, args, expected) in [
        (vec![("stage = \"raw\"\ntable", "stag = \"raw\"\ntable")], vec!["gate"], "unknown key `stag`; did you mean \"stage\"?"),
        (vec![("spine = \"days\"", "spine = \"day\"")], vec!["gate"], "gapgate.toml:19: no spine is named \"day\"; did you mean \"days\"?"),
        (vec![("per = \"shops\"", "per = \"shop\"")], vec!["gate"], "no weight of spine `days` is named \"shop\""),
        (vec![("start = 2024-01-01", "start = 2024-13-01")], vec!["gate"], "gapgate.toml:11:"),
        (vec![("start = 2024-01-01", "start = \"soon\"")], vec!["gate"], "`soon` is not a date"),
        (vec![("end = 2024-01-31", "end = 2023-01-31")], vec!["gate"], "ends before it starts"),
        (vec![("engine = \"duckdb\"", "engine = \"duck\"")], vec!["gate"], "unknown word \"duck\"; did you mean \"duckdb\"?"),
        (vec![("ranges = { amount", "ranges = { amoun = [1], amount")], vec!["gate"], "write a range as [lowest, highest]"),
        (vec![("amount = [0, 100]", "amount = { min = 2, max = 1 }")], vec!["gate"], "gapgate.toml:27: `min` is above `max`"),
        (vec![("amount = [0, 100]", "amount = {}")], vec!["gate"], "gapgate.toml:27: write `min`, `max` or both"),
        (
            vec![("rows = { min = 1, max = 4, per = \"shops\" }", "rows = -1")],
            vec!["gate"],
            "gapgate.toml:25: a number of rows is not negative",
        ),
        (
            vec![("rows = { min = 1, max = 4, per = \"shops\" }", "rows = 1.5")],
            vec!["gate"],
            "gapgate.toml:25: the exact number of rows is a whole one",
        ),
        (
            vec![("table = \"calendar\"", "table = \"calendar\"\nwhere = \"1 = 1) union (select 1\"")],
            vec!["gate"],
            "gapgate.toml:16: `1 = 1) union (select 1`: ",
        ),
        (vec![("not_null = [\"amount\"]", "columns = { net = \"amount; drop\" }")], vec!["gate"], "gapgate.toml:26: `amount; drop`: "),
        (vec![("not_null = [\"amount\"]", "loaded_at = \"now(\"")], vec!["gate"], "gapgate.toml:26: `now(`: "),
        (
            vec![("not_null = [\"amount\"]", "after = [\"sale\"]")],
            vec!["gate"],
            "no upstream output is named \"sale\"; did you mean \"sales\"?",
        ),
        (
            vec![("not_null = [\"amount\"]", "rules = [{ nulls = [\"amount\"], at_most = 5 }]")],
            vec!["gate"],
            "gapgate.toml:26: NULLs are compared as a share of the rows, from 0 to 1",
        ),
        (
            vec![("table = \"calendar\"\n", "calendar = { step = \"1 day\", weekdays = [] }\n")],
            vec!["gate"],
            "gapgate.toml:15: `weekdays` names no day",
        ),
        (
            vec![("table = \"calendar\"\n", "calendar = { step = \"1 day\", from = 2024-01-09, until = 2024-01-02 }\n")],
            vec!["gate"],
            "gapgate.toml:15: `until` is before `from`",
        ),
        (
            vec![("table = \"calendar\"\nkey = { day = \"date\" }", "values = { shop = [\"a\", \"b\", \"a\"] }")],
            vec!["gate"],
            "gapgate.toml:15: `values` names \"a\" twice",
        ),
        (
            vec![("table = \"calendar\"\nkey = { day = \"date\" }", "values = { shop = [] }")],
            vec!["gate"],
            "gapgate.toml:15: `values` names no key",
        ),
        (vec![("[seasons.2024]", "[seasons.\"\"]")], vec!["gate"], "gapgate.toml:10: seasons.\"\": a name is not empty"),
        (vec![("[seasons.2024]", "[seasons.\"2024|25\"]")], vec!["gate"], "gapgate.toml:10: seasons.\"2024|25\": a name is not empty"),
        (vec![("name = \"small\"", "name = \"\"")], vec!["gate"], "gapgate.toml:2: `name` of the project is empty"),
        (
            vec![("load = \"warehouse\"", "load = \"warehouse\"\nmemory = \"lots\"")],
            vec!["gate"],
            "gapgate.toml:9: `lots` is not an amount of memory",
        ),
        (vec![("load = \"warehouse\"", "load = \"warehouse\"\nthreads = 0")], vec!["gate"], "gapgate.toml:9: `threads` must be at least 1"),
        (
            vec![("not_null = [\"amount\"]", "not_expected = { dates = [\"2024-01-05..2024-01-02\"] }")],
            vec!["gate"],
            "gapgate.toml:26: `2024-01-05..2024-01-02` ends before it begins",
        ),
        (
            vec![("not_null = [\"amount\"]", "not_expected = { first_days = -3 }")],
            vec!["gate"],
            "gapgate.toml:26: -3 is not a whole number in range",
        ),
        (vec![("name = \"small\"", "name = \"${HOME}\"")], vec!["gate"], "${...} is read in [targets] only"),
        (vec![("name = \"small\"", "name = \"small")], vec!["gate"], "gapgate.toml:3:"),
        (
            vec![("[gates.raw]\nstage = \"raw\"", "[gates.raw]\nstage = \"raw\"\nchecks = [\"quality/cover\"]")],
            vec!["gate"],
            "no query is named \"quality/cover\"; did you mean \"quality/coverage\"?",
        ),
        (vec![("[gates.raw]\nstage = \"raw\"", "[gates.raw]\nstage = \"raw\"\nchecks = []")], vec!["gate"], "has no checks"),
        (vec![("[gates.raw]\nstage = \"raw\"", "[gates.raw]\noutputs = [\"sale\"]")], vec!["gate"], "\"sale\" names no output"),
        (vec![("day = \"date\"", "class = \"date\"")], vec!["gate"], "a name that reports use"),
        (
            vec![("table = \"calendar\"\n", "cadence = { step = \"semi-annual\", anchor = 2024-01-31 }\n")],
            vec!["gate"],
            "gapgate.toml:15: unknown step \"semi-annual\"; did you mean \"semiannual\"?",
        ),
        (
            vec![("table = \"calendar\"\n", "cadence = \"monthly\"\n")],
            vec!["gate"],
            "gapgate.toml:15: `anchor` is missing: the date that the others are counted from",
        ),
        (
            vec![("table = \"calendar\"\n", "calendar = { step = \"2 days\", weekdays = [\"mon\"] }\n")],
            vec!["gate"],
            "gapgate.toml:15: `from` is missing",
        ),
        (
            vec![("date = \"sold_on\"", "date = \"sold_on\"\ndue_when = \"shops > 0) or (1 = 1\"")],
            vec!["gate"],
            "gapgate.toml:24: `shops > 0) or (1 = 1`: ",
        ),
        (
            vec![("grain = [\"receipt\"]", "grain = [\"receipt id\"]")],
            vec!["gate"],
            "gapgate.toml:24: `receipt id`: 1:9: \"id\" follows where the text should end; remove it, or quote it if it is one name: '\"receipt id\"'",
        ),
        (vec![], vec!["gate", "ra"], "no gate is named \"ra\"; did you mean \"raw\"?"),
        (vec![], vec!["gate", "--season", "2023"], "no season is named \"2023\""),
        (vec![], vec!["gate", "--from", "2025-01-01"], "no season has a date in that range"),
        (vec![], vec!["gate", "--from", "1 May"], "--from: `1 May` is not a date"),
        (vec![], vec!["gate", "--as-of", "soon"], "--as-of: `soon` is not a date"),
        (vec![], vec!["gate", "--target", "prod"], "no target is named \"prod\""),
        (vec![], vec!["gate", "--select", "tag:x"], "--select tag:x names no output"),
        (vec![], vec!["gate", "--select", "!sales"], "the selection holds no output"),
        (vec![], vec!["gate", "--format", "yaml"], "unknown format \"yaml\""),
        (vec![], vec!["gate", "--format", "json", "--format", "csv"], "only one format can go to standard output"),
        (vec![], vec!["gate", "--bogus"], "unexpected argument '--bogus'"),
        (vec![], vec!["run", "gap/missing_key"], "did you mean \"gap/missing_keys\"?"),
        (vec![], vec!["run", "gap/missing_keys"], "parameter `outputs` (outputs) has no value"),
        (vec![], vec!["run", "gap/missing_keys", "outputs=sale"], "no output is named \"sale\"; did you mean \"sales\"?"),
        (vec![], vec!["run", "gap/missing_keys", "output=sales"], "has no parameter \"output\""),
        (
            vec![],
            vec!["run", "cadence/age", "output=sales", "cutoff=sold_on", "most=fortnight"],
            "parameter `most`: unknown step \"fortnight\"",
        ),
        (vec![], vec!["render", "gap/missing_keys", "outputs=sales", "--dialect", "oracle"], "unknown dialect \"oracle\""),
    ] {
        let dir = project(&changes);
        let (status, out, error) = answer(dir.path(), &args);
        assert_eq!(status, 2, "{changes:?} {args:?}\n{out}{error}");
        assert!(error.contains(expected), "{changes:?} {args:?}\nexpected: {expected}\n{error}");
        assert!(!dir.path().join(".gapgate").exists() || !out.contains("GO"), "something was run");
    }
}

#[test]
fn wrong_mappings_of_the_ledger_say_where() {
    let runs = r#"
[runs]
table = "runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"] }
started = "started"
"#;
    for (from, to, expected) in [
        ("", "phase = { column = \"phase\", rew = [\"p1\"] }", "no stage is named \"rew\"; known: raw"),
        ("", "phase = { column = \"phase\" }", "gapgate.toml:37: no stage is named: list the words of the phase column"),
        ("", "phase = { raw = [\"p1\"] }", "`column` is missing"),
        ("", "phase = \"phase\"", "expected a table, found a string"),
        ("failed = [\"failed\"]", "failed = [\"failed\", \"SUCCESS\"]", "\"SUCCESS\" stands for both `success` and `failed`"),
        ("failed = [\"failed\"]", "failde = [\"failed\"]", "unknown key `failde`; did you mean \"failed\"?"),
        ("success = [\"success\"], ", "", "`success` is missing: list the words"),
        ("", "category = { column = \"category\", infra = [\"timeout\"] }", "unknown key `infra`; did you mean"),
        ("", "since = \"soon\"", "gapgate.toml:37: `soon` is not a date"),
        ("", "since = 7", "expected a date or time"),
        ("", "entities = { done = \"done\" }", "`failed` is missing"),
        ("", "exclude = \"1 = 1) or (select 1\"", "gapgate.toml:37: `1 = 1) or (select 1`: "),
        ("", "excluded = \"test_mode\"", "unknown key `excluded`; did you mean \"exclude\"?"),
    ] {
        assert!(runs.contains(from), "the section has no {from}");
        let section = if from.is_empty() { format!("{runs}{to}") } else { runs.replace(from, to) };
        let dir = project(&[("[gates.raw]", &format!("{section}\n[gates.raw]"))]);
        let (status, _, error) = answer(dir.path(), &["gate"]);
        assert_eq!(status, 2, "{to}\n{error}");
        assert!(error.contains(expected), "{to}\nexpected: {expected}\n{error}");
    }
}

/// What a terminal would obey is shown, and programs get what is there.
#[test]
fn nothing_of_the_warehouse_is_obeyed_by_a_terminal() {
    let dir = project(&[("key = { day = \"date\" }", "key = { shop = \"text\" }"), ("date = \"sold_on\"\n", "")]);
    load(
        &dir,
        "create table calendar as select 'a' || chr(27) || '[2Jwhole: GO' as shop, 1 as shops; create table sales (shop text, receipt int, amount int);",
    );
    fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
    let query = |id: &str, select: &str| {
        let text = format!("/*---\ntitle = \"x\"\ndoc = \"x\"\n[columns]\nshop = \"text\"\n---*/\nselect {select} as shop from calendar");
        fs::write(dir.path().join(format!("queries/own/{id}.sql")), text).expect("a query");
    };
    query("names", "calendar.shop");
    query("broken", "cast(cast(calendar.shop as int) as text)");
    let shown = "a\\x1b[2Jwhole: GO";
    for args in [&["run", "own/names"][..], &["run", "own/broken"], &["gate", "raw", "-v"], &["gaps"], &["retry"], &["retry", "--waves"]] {
        let (_, out, error) = answer(dir.path(), args);
        let text = out + &error;
        assert!(text.contains(shown) && !text.contains('\u{1b}'), "{args:?}: {text:?}");
    }
    let (_, csv, _) = answer(dir.path(), &["run", "own/names", "--format", "csv"]);
    assert_eq!(csv, "shop\na\u{1b}[2Jwhole: GO\n");
    for args in [&["--format", "lines"][..], &["--format", "ranges"], &["--waves", "--format", "lines"], &["--waves", "--format", "ranges"]]
    {
        let (status, out, error) = answer(dir.path(), &[&["retry"], args].concat());
        assert!(status == 2 && out.is_empty() && error.contains("other control character in it"), "{args:?}: {out:?}{error:?}");
    }
}

/// A table by period says what `gaps` says, also of what no period has.
#[test]
fn gaps_by_period_have_the_status_of_gaps() {
    let waiver = "[[waivers]]\noutput = \"sales\"\nkeys = [\"2024-01-03\"]\nreason = \"x\"\nowner = \"x\"\nuntil = 2024-12-31\n[gates.raw]";
    let extras = ("not_null", "extras = \"fail\"\nnot_null");
    for (change, damage, status, says) in [
        (("", ""), "", 0, ""),
        (("", ""), "delete from sales where sold_on = '2024-01-03';", 1, ""),
        (("[gates.raw]", waiver), "delete from sales where sold_on = '2024-01-03';", 0, ""),
        (
            ("", ""),
            "insert into calendar values (null, 2);",
            3,
            "gapgate: sales: 1 key invalid, as null: the spine `days` has rows without a key",
        ),
        (("", ""), "insert into sales values (null, 1, 10);", 1, "gapgate: sales: 1 row without a key"),
        (extras, "insert into sales values ('2024-01-20', 1, 10);", 1, "gapgate: sales: 1 key with rows that the spine does not have"),
        (("", ""), "drop table sales;", 3, "gapgate: sales: there is no table sales"),
    ] {
        let changes = if change.0.is_empty() { vec![] } else { vec![change] };
        let dir = project(&changes);
        load(&dir, &format!("{WAREHOUSE}{damage}"));
        assert_eq!(answer(dir.path(), &["gate", "raw"]).0, status, "{damage}");
        assert_eq!(answer(dir.path(), &["gaps"]).0, status, "{damage}");
        for by in ["year", "season", "month"] {
            let (found, out, error) = answer(dir.path(), &["gaps", "--by", by]);
            assert_eq!(found, status, "{damage} by {by}: {out}{error}");
            assert!(
                if says.is_empty() { error.is_empty() } else { error.starts_with(says) && error.lines().count() == 1 },
                "{damage}: {error}"
            );
        }
    }
}

/// What the spine holds without a key cannot be run, and an empty list says no more than is known.
#[test]
fn a_retry_list_has_keys_only_and_says_what_could_not_be_told() {
    let dir = project(&[]);
    load(&dir, &format!("{WAREHOUSE}insert into calendar values (null, 2);"));
    for (format, expected) in [("lines", ""), ("ranges", ""), ("json", "[]\n"), ("table", "nothing to re-run in what could be judged\n")] {
        let (status, out, error) = answer(dir.path(), &["retry", "--format", format]);
        assert_eq!((status, out.as_str()), (3, expected), "{format}");
        assert!(error.contains("sales is in the list only as far as it could be judged: 1 key invalid, as null"), "{error}");
    }
    let (status, out, _) = answer(dir.path(), &["progress"]);
    assert!(status == 3 && !out.contains("complete"), "{out}");
    load(&dir, &format!("{WAREHOUSE}drop table sales;"));
    let (status, out, error) = answer(dir.path(), &["retry"]);
    assert_eq!((status, out.as_str()), (3, "nothing could be told\n"), "{error}");
}

#[test]
fn lines_do_not_mix_keys_of_different_columns() {
    let dir = Path::new(ROOT).join("tests/fixtures/tiny");
    let (status, lines, error) = answer(&dir, &["retry", "scores", "forecasts", "--format", "lines"]);
    assert!(status == 2 && lines.is_empty(), "{status} {lines}");
    assert!(error.contains("the keys of scores (game_date) and forecasts (model, game_date) have different columns"), "{error}");
    assert_eq!(answer(&dir, &["retry", "forecasts", "--format", "lines"]).0, 0);
}

#[test]
fn several_complaints_come_at_once() {
    let dir = project(&[("end = 2024-01-31", "ende = 2024-01-31"), ("grain = [\"receipt\"]", "grain = 7"), ("rows = {", "row = {")]);
    let (status, _, error) = answer(dir.path(), &["gate"]);
    assert_eq!(status, 2);
    for expected in ["unknown key `ende`", "expected a text in quotes, found an integer", "unknown key `row`"] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn wrong_queries_are_named_with_file_and_line() {
    let header = "/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\nn = \"int\"\n[[rule]]\nkind = \"no_rows\"\n---*/\n";
    for (text, expected) in [
        ("select 1 as n".to_owned(), "queries/own/q.sql:1: the file must begin with its header"),
        ("/*---\ntitle = 1\n".to_owned(), "the header has no end"),
        (header.replace("no_rows", "no_row") + "select 1 as n", "queries/own/q.sql:7: unknown word \"no_row\"; did you mean \"no_rows\"?"),
        (header.replace("n = \"int\"", "n = \"integer\"") + "select 1 as n", "queries/own/q.sql:5: unknown column type \"integer\""),
        (header.replace("kind = \"no_rows\"", "kind = \"not_null\"\ncolumns = [\"m\"]") + "select 1 as n", "names column \"m\""),
        (
            header.replace("kind = \"no_rows\"", "kind = \"at_least\"\ncolumn = \"n\"\nvalue = { param = \"least\" }") + "select 1 as n",
            "at_least compares with parameter \"least\", which [params] does not declare",
        ),
        (
            header
                .replace("kind = \"no_rows\"", "kind = \"at_least\"\ncolumn = \"n\"\nvalue = { param = \"names\" }")
                .replace("[columns]", "[params]\nnames = { type = \"texts\", doc = \"d\" }\n[columns]")
                + "select 1 as n",
            "at_least compares with parameter \"names\", which is of type texts",
        ),
        (
            header.replace("[columns]", "[params]\nn = { type = \"int?\", doc = \"d\", default = 1 }\n[columns]") + "select 1 as n",
            "queries/own/q.sql:5: parameter `n` has a default, so it is never without value",
        ),
        (
            header.replace("[columns]", "[params]\nn = { type = \"integer\", doc = \"d\" }\n[columns]") + "select 1 as n",
            "queries/own/q.sql:5: unknown word \"integer\"; did you mean \"int\"?",
        ),
        (header.replace("\"no_rows\"", "\"row_count\"") + "select 1 as n", "a rule on the number of rows needs `min`, `max` or both"),
        (
            header.replace("\"no_rows\"", "\"row_count\"\nmin = 2\nmax = 1") + "select 1 as n",
            "queries/own/q.sql:6: `min` is above `max`, so the rule could never hold",
        ),
        (
            header.replace("\"no_rows\"", "\"between\"\ncolumn = \"n\"\nlow = 5\nhigh = 1") + "select 1 as n",
            "queries/own/q.sql:6: `low` is above `high`, so the rule could never hold",
        ),
        (format!("{header}select {{{{ nothing }}}} as n"), "queries/own/q.sql:9: an undefined name is used"),
        (format!("{header}select {{% if %}} as n"), "queries/own/q.sql:9:"),
        (format!("{header}delete from sales"), "the rendered SQL is refused"),
        (format!("{header}select 1 as n; select 2"), "the rendered SQL is refused"),
    ] {
        let dir = project(&[]);
        fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
        fs::write(dir.path().join("queries/own/q.sql"), &text).expect("a query");
        let (status, _, error) = answer(dir.path(), &["run", "own/q"]);
        assert_eq!(status, 2, "{text}\n{error}");
        assert!(error.contains(expected), "{text}\nexpected: {expected}\n{error}");
    }
}

#[test]
fn a_query_of_the_project_is_judged_and_its_contract_kept() {
    let header =
        "/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\nn = \"int\"\n[[rule]]\nkind = \"at_least\"\ncolumn = \"n\"\nvalue = 1\n---*/\n";
    for (sql, status, expected) in [
        ("select 1 as n", 0, ""),
        ("select 0 as n", 1, "n is 0, not at least 1"),
        ("select cast(null as integer) as n", 3, "column n is NULL in row 1"),
        ("select 'one' as n", 3, "column n is of type text, not int"),
        ("select 1 as m", 3, "the columns are (m), not (n)"),
        ("select n from gone", 3, "gone does not exist"),
        ("select cast('x' as integer) as n", 3, "Could not convert"),
    ] {
        let dir = project(&[]);
        fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
        fs::write(dir.path().join("queries/own/q.sql"), format!("{header}{sql}")).expect("a query");
        let (found, _, error) = answer(dir.path(), &["run", "own/q"]);
        assert_eq!(found, status, "{sql}\n{error}");
        assert!(error.contains(expected), "{sql}\n{error}");
    }
}

#[test]
fn a_rule_compares_with_what_the_check_says_and_a_gate_needs_one_that_applies() {
    let query = "/*---\ntitle = \"t\"\ndoc = \"d\"\n[params]\nleast = { type = \"number?\", doc = \"d\" }\n[columns]\nn = \"int\"\n\
                 [[rule]]\nkind = \"at_least\"\ncolumn = \"n\"\nvalue = { param = \"least\" }\n---*/\nselect 3 as n";
    let with_check = |check: &str| {
        let dir = project(&[("[gates.raw]\nstage = \"raw\"", &format!("[gates.raw]\nstage = \"raw\"\nchecks = [{check}]"))]);
        fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
        fs::write(dir.path().join("queries/own/q.sql"), query).expect("a query");
        dir
    };
    for (check, args, status, expected) in [
        ("{ query = \"own/q\", least = 3 }", vec!["gate", "raw"], 0, "GO"),
        ("{ query = \"own/q\", least = 3.5 }", vec!["gate", "raw"], 1, "n is 3, not at least 3.5"),
        ("\"own/q\"", vec!["gate", "raw"], 2, "without a value for least no rule of own/q applies"),
        ("\"quality/coverage\"", vec!["run", "own/q"], 0, "3"),
        ("\"quality/coverage\"", vec!["run", "own/q", "least=4"], 1, "n is 3, not at least 4"),
        ("\"quality/coverage\"", vec!["show", "own/q"], 0, "least (number, optional): d"),
        ("\"quality/coverage\"", vec!["show", "own/q"], 0, "at_least on n with least: fail"),
    ] {
        let (found, out, error) = answer(with_check(check).path(), &args);
        assert_eq!(found, status, "{check} {args:?}\n{out}{error}");
        assert!(out.contains(expected) || error.contains(expected), "{check} {args:?}\n{out}{error}");
    }
}

#[test]
fn a_failing_check_does_not_stop_the_others() {
    let dir = project(&[("[gates.raw]\nstage = \"raw\"", "[gates.raw]\nstage = \"raw\"\nchecks = [\"own/q\", \"quality/coverage\"]")]);
    fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
    fs::write(
        dir.path().join("queries/own/q.sql"),
        "/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\nn = \"int\"\n[[rule]]\nkind = \"no_rows\"\n---*/\nselect n from gone",
    )
    .expect("a query");
    let (status, out, _) = answer(dir.path(), &["gate", "raw"]);
    assert_eq!(status, 3, "{out}");
    assert!(out.contains("undecided own/q") && out.contains("pass quality/coverage"), "{out}");
}

#[test]
fn pending_turns_into_missing_at_the_deadline() {
    let dir = project(&[("date = \"sold_on\"", "date = \"sold_on\"\nexpected_by = \"1 day 07:00\"")]);
    load(&dir, &format!("{WAREHOUSE};delete from sales where sold_on = '2024-01-10';"));
    let (status, out, _) = answer(dir.path(), &["gate", "raw", "--as-of", "2024-01-11T06:59"]);
    assert!(status == 0 && out.contains("1 pending"), "{out}");
    let (status, out, _) = answer(dir.path(), &["gate", "raw", "--as-of", "2024-01-11T07:00"]);
    assert!(status == 1 && out.contains("1 missing"), "{out}");
}

/// What is not known yet when the row is written is pending until it is due; a condition on the key can delay that.
#[test]
fn nulls_are_pending_until_they_are_due() {
    let damage = format!("{WAREHOUSE};update sales set amount = null where sold_on = '2024-01-10';");
    for (due, as_of, status, expected) in [
        ("expected_by = \"1 day 07:00\"", "2024-01-11T06:59", 0, "1 pending"),
        ("expected_by = \"1 day 07:00\"", "2024-01-11T07:00", 1, "amount is NULL in 4 of 4 rows"),
        ("due_when = \"day < date '2024-01-10'\"", "2024-01-31", 0, "1 pending"),
        ("due_when = \"shops = 2\"", "2024-01-31", 1, "amount is NULL in 4 of 4 rows"),
        // Of a condition that is NULL nobody knows, so nothing is excused.
        ("due_when = \"nullif(shops, 2) = 2\"", "2024-01-31", 1, "amount is NULL in 4 of 4 rows"),
    ] {
        let dir = project(&[("date = \"sold_on\"", &format!("date = \"sold_on\"\n{due}"))]);
        load(&dir, &damage);
        let (found, out, error) = answer(dir.path(), &["gate", "raw", "--as-of", as_of]);
        assert!(found == status && out.contains(expected), "{due} {as_of}\n{out}{error}");
    }
}

#[test]
fn a_spine_can_be_the_keys_of_an_output_whose_spine_is_a_cross_product() {
    let more = "[spines.shops]\nvalues = { shop = [\"a\", \"b\"] }\n[spines.shop_days]\ncross = [\"shops\", \"days\"]\n\
                [spines.products]\nvalues = { product = [\"x\"] }\n[spines.all]\ncross = [\"products\", \"shop_days\"]\n\
                [spines.opened]\noutput = \"visits\"\n\
                [outputs.visits]\nstage = \"raw\"\ntable = \"visits\"\nspine = \"all\"\n\
                [outputs.orders]\nstage = \"raw\"\ntable = \"orders\"\nspine = \"opened\"\n[gates.raw]";
    let dir = project(&[("[gates.raw]", more)]);
    let tables = "create table visits as select day, s.shop, 'x' as product from calendar, (values ('a'), ('b')) s(shop);\
                  create table orders as select * from visits where day <> '2024-01-02' or shop <> 'b';";
    load(&dir, &format!("{WAREHOUSE};{tables}"));
    let (status, out, error) = answer(dir.path(), &["gate", "raw"]);
    assert_eq!(status, 1, "{out}{error}");
    assert!(out.contains("20 expected, 19 present, 1 missing, as x/b/2024-01-02"), "{out}");
}

#[test]
fn a_folder_is_loaded_once_and_again_when_it_changes() {
    let dir = project(&[]);
    let cached = || {
        fs::read_dir(dir.path().join(".gapgate/cache"))
            .expect("a cache")
            .filter_map(Result::ok)
            .map(|entry| entry.file_name())
            .collect::<Vec<_>>()
    };
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    let first = cached();
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    assert_eq!(cached(), first);
    load(&dir, &format!("{WAREHOUSE};delete from sales;"));
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 1);
    assert_eq!((cached().len(), cached() == first), (1, false));
    load(&dir, "create table nonsense (;");
    let (status, _, error) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 3 && error.contains("cannot load 10.sql"), "{error}");
    assert_eq!(cached().len(), 1, "nothing half-loaded is left");
}

#[test]
fn csv_files_become_tables() {
    let dir = project(&[("table = \"calendar\"", "table = \"ref.calendar\"")]);
    fs::create_dir(dir.path().join("warehouse/ref")).expect("a folder");
    fs::write(dir.path().join("warehouse/ref/05_calendar.csv"), "day,shops\n2024-01-01,2\n2024-01-02,2\n").expect("a file");
    let (status, out, error) = answer(dir.path(), &["gate", "raw"]);
    assert_eq!(status, 0, "{out}{error}");
    assert!(out.contains("8 extra"), "{out}");
}

#[test]
fn missing_and_broken_databases_are_undecided() {
    let dir = project(&[("load = \"warehouse\"", "database = \"none.duckdb\"")]);
    let (status, _, error) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 3 && error.contains("there is no database file at"), "{error}");
    fs::write(dir.path().join("none.duckdb"), "this is no database").expect("a file");
    let (status, _, error) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 3 && error.contains("cannot open"), "{error}");
}

#[test]
fn reports_go_to_files_whole_or_not_at_all() {
    let dir = project(&[]);
    let file = dir.path().join("report.json");
    let (status, out, _) = answer(dir.path(), &["gate", "raw", "-q", "--format", "table", "--format", &format!("json={}", file.display())]);
    assert_eq!((status, out.as_str()), (0, "GO\n"));
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).expect("a report")).expect("JSON");
    assert_eq!(report["verdict"], "pass");
    let nowhere = format!("json={}", dir.path().join("gone/report.json").display());
    let (status, _, error) = answer(dir.path(), &["gate", "raw", "--format", &nowhere]);
    assert!(status == 2 && error.contains("there is no folder"), "{error}");
    let own = dir.path().join("gapgate.toml");
    let (status, _, error) = answer(dir.path(), &["gate", "raw", "--format", &format!("json={}", own.display())]);
    assert!(status == 2 && error.contains("would be overwritten"), "{error}");
    assert!(fs::read_to_string(own).expect("the project file").contains("[project]"), "it was overwritten");
}

#[test]
fn a_project_file_that_is_no_toml_is_told_in_few_words() {
    let dir = project(&[]);
    let noise: String = (0..500).map(|n| format!("}} line {n} of = [ something else\n")).collect();
    fs::write(dir.path().join("gapgate.toml"), noise).expect("a file");
    let (status, _, error) = answer(dir.path(), &["gate"]);
    assert!(status == 2 && error.contains("is this a TOML file?") && error.lines().count() < 12, "{error}");
}

#[test]
fn the_doctor_names_outputs_whose_spine_is_their_own_table() {
    let told = "the table is the source of its own spine, so that none of its keys can be missing, in sales\n";
    let (of_calendar, of_sales) = ("key = { day = \"date\" }", "key = { day = { type = \"date\", from = \"sold_on\" } }");
    for (source, key, is_told) in [
        ("table = \"calendar\"", of_calendar, false),
        ("table = \"sales\"", of_sales, true),
        ("table = \"main.Sales\"", of_sales, true),
        ("sql = \"own.sql\"", of_calendar, true),
    ] {
        let weight = if is_told { ("sum(shops)", "count(*)") } else { ("sum(shops)", "sum(shops)") };
        let dir = project(&[("table = \"calendar\"", source), (of_calendar, key), weight]);
        fs::write(dir.path().join("own.sql"), "with days as (select sold_on as day from sales) select day from days").expect("a spine");
        let (status, out, error) = answer(dir.path(), &["doctor"]);
        assert_eq!((status, out.contains(told)), (0, is_told), "{source}\n{out}{error}");
    }
}

#[test]
fn the_doctor_names_processors_that_the_ledger_never_saw() {
    let dir = TempDir::new().expect("a folder");
    let file = fs::read_to_string(example().join("gapgate.toml")).expect("the example");
    fs::write(dir.path().join("gapgate.toml"), file.replace("\"NbacScheduleProcessor\"", "\"NbacSchedulProcessor\"")).expect("a file");
    std::os::unix::fs::symlink(example().join("warehouse"), dir.path().join("warehouse")).expect("a link");
    let (_, out, _) = answer(dir.path(), &["doctor"]);
    assert!(out.contains("no attempt of its processor `NbacSchedulProcessor`"), "{out}");
    assert!(out.contains("did you mean \"NbacScheduleProcessor\"?"), "{out}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let dir = project(&[]);
    let (status, _, error) = answer(dir.path(), &["gate", "raw", "--format", "json=/dev/full"]);
    assert!(status != 0 && error.contains("cannot write"), "{error}");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let output = gapgate(dir.path()).args(["gate", "raw"]).stdout(full).output().expect("the program runs");
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn a_reader_that_leaves_early_changes_nothing() {
    for (gate, expected) in [("raw", 0), ("analytics", 1)] {
        let mut child =
            gapgate(&example()).args(["gate", gate]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(expected), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
    }
}

/// A query that takes minutes, so that it must be cancelled.
fn slow_project() -> TempDir {
    let dir = project(&[]);
    fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
    let sql = "select count(*) as n from range(3000000) as a(x), range(3000000) as b(y) where x * y % 7 = 3";
    fs::write(dir.path().join("queries/own/slow.sql"), format!("/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\nn = \"int\"\n---*/\n{sql}"))
        .expect("a query");
    dir
}

#[test]
fn a_time_limit_cancels_and_is_undecided() {
    let dir = slow_project();
    let start = Instant::now();
    let (status, _, error) = answer(dir.path(), &["run", "own/slow", "--timeout", "1"]);
    assert_eq!(status, 3, "{error}");
    assert!(error.contains("cancelled at the time limit of 1 s"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[cfg(unix)]
#[test]
fn an_interrupt_cancels_what_is_running() {
    let dir = slow_project();
    let child =
        gapgate(dir.path()).args(["run", "own/slow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
}

#[test]
fn a_database_that_another_process_writes_is_undecided() {
    // The loading of a folder holds the only connection that writes; a copy of its file stands for a user's database.
    let dir = project(&[]);
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    let cache = fs::read_dir(dir.path().join(".gapgate/cache"))
        .expect("a cache")
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .next()
        .expect("a file");
    let database = dir.path().join("shop.duckdb");
    fs::copy(cache, &database).expect("a copy");
    let config = duckdb::Config::default();
    let writer = duckdb::Connection::open_with_flags(&database, config).expect("a writer");
    let locked = project(&[("load = \"warehouse\"", &format!("database = \"{}\"", database.display()))]);
    let (status, _, error) = answer(locked.path(), &["gate", "raw"]);
    assert!(status == 3 && error.contains("is locked by another process"), "{error}");
    drop(writer);
    assert_eq!(answer(locked.path(), &["gate", "raw"]).0, 0);
}

/// A few dates to try first: spread over the list, always the same, and never taken for all of it.
#[test]
fn a_sample_is_spread_over_the_list_and_says_so() {
    let dir = project(&[]);
    load(&dir, &format!("{WAREHOUSE}delete from sales;"));
    for (most, days) in [("1", vec!["06"]), ("3", vec!["02", "06", "09"]), ("4", vec!["02", "04", "07", "09"])] {
        let (status, text, note) = answer(dir.path(), &["retry", "--sample", most, "--format", "lines"]);
        let expected: String = days.iter().map(|day| format!("2024-01-{day}\n")).collect();
        assert_eq!((status, text.as_str()), (0, expected.as_str()));
        assert!(note.contains(&format!("a sample: {most} of 10 dates; without --sample all are listed")), "{note}");
        let (status, text, note) = answer(dir.path(), &["retry", "--waves", "--sample", most, "--format", "lines"]);
        let expected: String = days.iter().map(|day| format!("1\tsales\t2024-01-{day}\n")).collect();
        assert_eq!((status, text.as_str()), (0, expected.as_str()));
        assert!(note.contains(&format!("a sample: {most} of 10 dates in wave 1")), "{note}");
    }
    let (status, text, note) = answer(dir.path(), &["retry", "--sample", "10", "--format", "lines"]);
    assert!(status == 0 && text.lines().count() == 10 && note.is_empty(), "all of it is no sample: {text} {note}");
    load(&dir, WAREHOUSE);
    let (status, text, note) = answer(dir.path(), &["retry", "--sample", "3"]);
    assert!(status == 0 && text == "nothing to re-run\n" && note.is_empty(), "{text} {note}");
    for args in [&["--sample", "0"][..], &["--sample", "few"], &["--waves", "--sample", "1", "--out-dir", "x"]] {
        assert_eq!(answer(dir.path(), &[&["retry"], args].concat()).0, 2, "{args:?}");
    }
}
