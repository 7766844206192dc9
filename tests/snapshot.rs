//! `gapgate snapshot` from outside: what is new waits, what was accepted is compared, and what a bad fixture gets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gapgate::model::fixture::Case;
use gapgate::report::snapshot::Snapshot;
use gapgate::run::reviewed::{self, Entry, Shelf};
use tempfile::TempDir;

use super::support::files;

const PROJECT: &str = r#"
[project]
name = "small"

[targets.local]
engine = "duckdb"
load = "nowhere"

[targets.prod]
engine = "bigquery"

[seasons.2024]
start = 2024-01-01
end = 2024-01-31

[spines.days]
table = "calendar"
key = { day = "date" }

[outputs.sales]
stage = "raw"
table = "sales"
spine = "days"
date = "sold_on"
"#;

const QUERY: &str = r#"/*---
title = "Receipts of a high amount"
doc = "One row per receipt."
[params]
least = { type = "int", doc = "amounts from here on", default = 15 }
[columns]
sold_on = "date"
receipt = "int"
amount = "int?"
[[rule]]
kind = "no_rows"
level = "warn"
[retry]
key = ["sold_on", "receipt"]
---*/
select sold_on, receipt, amount
from sales
where sold_on between {{ scope.start }} and {{ scope.end }} and amount >= {{ least }}
order by sold_on, receipt
"#;

const ROWS: &str = r#"
[[table]]
name = "calendar"
columns = { day = "date" }
rows = [{ day = 2024-01-01 }, { day = 2024-01-02 }]

[[table]]
name = "sales"
columns = { sold_on = "date", receipt = "int", amount = "int?" }
rows = [
    { sold_on = 2024-01-01, receipt = 1, amount = 10 },
    { sold_on = 2024-01-01, receipt = 2, amount = 20 },
    { sold_on = 2024-01-02, receipt = 3, amount = 30 },
    { sold_on = 2024-01-02, receipt = 4 },
]
"#;

/// A project in a folder of its own, with one query and one small warehouse.
struct Small(TempDir);

impl Small {
    fn new() -> Self {
        let small = Self(TempDir::new().expect("a folder"));
        small.write("gapgate.toml", PROJECT).write("queries/own/high.sql", QUERY).write("fixtures/warehouses/clean/10_rows.toml", ROWS);
        small
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::create_dir_all(self.path(file).parent().expect("a folder")).expect("a folder");
        fs::write(self.path(file), text).expect("a file");
        self
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}\n{}", self.run("test").1))
    }

    fn cases(&self, cases: &str) -> &Self {
        self.write("fixtures/cases/own/high.toml", cases)
    }

    /// The files of snapshots, by their path below the folder.
    fn snapshots(&self) -> Vec<String> {
        let folder = self.path("snapshots");
        let below = |path: &PathBuf| path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
        ["snap", "new"]
            .iter()
            .flat_map(|ending| if folder.is_dir() { files(&folder, ending) } else { Vec::new() })
            .map(|path| below(&path))
            .collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
        command.arg("-C").arg(self.0.path()).arg("snapshot").env_remove("CI").env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn run(&self, words: &str) -> (i32, String) {
        said(self.command().args(words.split_whitespace()))
    }

    /// Runs, and holds the exit status and some words against what is expected.
    fn expect(&self, words: &str, status: i32, expected: &[&str]) -> String {
        let (found, text) = self.run(words);
        assert_eq!(found, status, "{words}\nexpected: {expected:?}\n{text}");
        for expected in expected {
            assert!(text.contains(expected), "{words}\nexpected: {expected}\n{text}");
        }
        text
    }
}

fn said(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().unwrap_or(-1), text(stdout) + &text(stderr))
}

#[test]
fn what_is_new_waits_and_what_is_accepted_is_equal() {
    let small = Small::new();
    small.expect(
        "test",
        1,
        &["new own/high/clean\n", "new own/high/sql_duckdb\n", "1 case of 1 query: 0 snapshots equal, 3 new", "snapshot review"],
    );
    assert_eq!(small.snapshots(), ["own/high/clean.snap.new", "own/high/sql_bigquery.snap.new", "own/high/sql_duckdb.snap.new"]);
    small.expect("test", 1, &["3 new"]);
    small.expect("accept", 0, &["accepted own/high/clean\n", "3 accepted, 0 removed"]);
    assert_eq!(small.snapshots(), ["own/high/clean.snap", "own/high/sql_bigquery.snap", "own/high/sql_duckdb.snap"]);
    small.expect("test", 0, &["1 case of 1 query: 3 snapshots equal\n"]);
    let expected = r#"---
source: "queries/own/high.sql"
description: "clean"
expression: "gapgate run own/high"
---
verdict: warn
warn no_rows: 2 rows, none expected

sold_on:date | receipt:int | amount:int
2024-01-01   | 2           | 20
2024-01-02   | 3           | 30
"#;
    assert_eq!(small.read("snapshots/own/high/clean.snap"), expected);
    assert!(small.read("snapshots/own/high/sql_bigquery.snap").contains("-- clean\nselect sold_on, receipt, amount\n"));
}

#[test]
fn a_change_is_shown_by_key_and_waits() {
    let small = Small::new();
    small.run("test");
    small.run("accept");
    let rows = ROWS.replace("receipt = 2, amount = 20", "receipt = 2, amount = 25").replace("receipt = 3", "receipt = 5");
    small.write("fixtures/warehouses/clean/10_rows.toml", rows);
    let diff = "changed own/high/clean
      sold_on:date | receipt:int | amount:int
    ~ 2024-01-01 | 2   amount: 20 -> 25
    - 2024-01-02 | 3 | 30
    + 2024-01-02 | 5 | 30

1 case of 1 query: 2 snapshots equal, 1 changed
";
    small.expect("test", 1, &[diff]);
    assert!(small.read("snapshots/own/high/clean.snap").contains("| 20"), "the reviewed one stays");
    assert!(small.read("snapshots/own/high/clean.snap.new").contains("| 25"));
    small.write("fixtures/warehouses/clean/10_rows.toml", ROWS).expect("test", 0, &[]);
    assert!(!small.path("snapshots/own/high/clean.snap.new").exists(), "what is as reviewed waits no more");
    small.write("queries/own/high.sql", QUERY.replace("amount >= {{ least }}", "amount > {{ least }}"));
    small.expect("test", 1, &["changed own/high/sql_duckdb\n", "- where sold_on between", "amount > 15", "2 changed"]);
    // Line ends of other systems and at the end of the file are no change.
    small.write("queries/own/high.sql", QUERY);
    let reviewed = small.read("snapshots/own/high/clean.snap");
    small.write("snapshots/own/high/clean.snap", reviewed.replace('\n', "\r\n") + "\r\n").expect("test", 0, &[]);
}

#[test]
fn nothing_is_written_under_ci() {
    let small = Small::new();
    let under_ci = |words: &str, ci: &str| said(small.command().args(words.split_whitespace()).env("CI", ci));
    let (status, text) = under_ci("test", "true");
    assert!(status == 1 && text.contains("CI is set, so nothing was written"), "{text}");
    assert!(!small.path("snapshots").exists());
    assert_eq!(under_ci("test", "false").0, 1);
    assert_eq!(small.snapshots().len(), 3);
    let (status, text) = under_ci("accept", "1");
    assert!(status == 2 && text.contains("CI is set, where nothing is accepted"), "{text}");
    small.run("accept");
    assert_eq!(under_ci("test", "true").0, 0);
    small.write("snapshots/own/high/clean.snap.new", small.read("snapshots/own/high/clean.snap"));
    assert_eq!(under_ci("test", "true").0, 0);
    assert_eq!(small.snapshots().len(), 4, "not even what waits in vain is removed");
}

#[test]
fn what_lost_its_query_or_case_is_stale() {
    let small = Small::new();
    small.cases("[[case]]\nname = \"One\"\n[[case]]\nname = \"Two\"\nargs = [\"least=25\"]\n").run("test");
    small.run("accept");
    let foreign = "---\nsource: tests/other.rs\nexpression: other\n---\ntext\n";
    small.write("snapshots/other.snap", foreign).write("snapshots/own/high/other.snap", foreign).expect("test", 0, &["4 snapshots equal"]);
    small.cases("[[case]]\nname = \"One\"\n");
    small.expect("test", 1, &["stale own/high/two\n    no case of own/high has that name\n", "accept --prune"]);
    small.cases("[[case]]\nname = \"One\"\nverdict = \"warn\"\nrows = \"sold_on,receipt,amount\\n2024-01-01,2,20\\n2024-01-02,3,30\\n\"\n");
    small.expect("test", 1, &["stale own/high/one\n    fixtures/cases/own/high.toml:1 states the answer itself"]);
    small.expect("accept", 0, &["stale own/high/one", "--prune removes it"]);
    fs::remove_file(small.path("fixtures/cases/own/high.toml")).expect("a file");
    fs::rename(small.path("queries/own/high.sql"), small.path("queries/own/low.sql")).expect("a file");
    small.expect("test", 1, &["stale own/high/sql_duckdb\n    no query is named own/high\n", "3 new, 4 stale"]);
    small.expect("test own/low", 1, &["3 new\n"]);
    small.expect("accept --prune", 0, &["removed own/high/two", "3 accepted, 4 removed"]);
    small.expect("test", 0, &[]);
    let left = ["other.snap", "own/high/other.snap", "own/low/clean.snap", "own/low/sql_bigquery.snap", "own/low/sql_duckdb.snap"];
    assert_eq!(small.snapshots(), left, "those of others are left alone");
}

#[test]
fn a_case_states_what_it_wants() {
    let small = Small::new();
    let case = "[[case]]\nname = \"x\"\n";
    for (more, status, expected) in [
        (
            "verdict = \"pass\"",
            1,
            "differs own/high: x (fixtures/cases/own/high.toml:1)\n    - verdict: pass\n    + verdict: warn\n    + warn no_rows: 2 rows",
        ),
        (
            "rows = \"sold_on,receipt,amount\\n2024-01-01,2,21\\n\"",
            1,
            "    ~ 2024-01-01 | 2   amount: 21 -> 20\n    + 2024-01-02 | 3 | 30\n",
        ),
        ("verdict = \"warn\"\nargs = [\"least=30\"]\nrows = \"sold_on,receipt,amount\\n2024-01-02,3,30\\n\"", 0, ""),
        ("damage = \"delete from sales\"\nverdict = \"pass\"\nrows = \"sold_on,receipt,amount\\n\"", 0, ""),
        ("refused = \"has no parameter\"\nargs = [\"most=1\"]", 0, ""),
        ("refused = \"is not of type int\"\nargs = [\"least=ten\"]", 0, ""),
        (
            "refused = \"declared twice\"\ndeclare = \"[outputs.sales]\"",
            1,
            "    - declared twice\n    + fixtures/cases/own/high.toml:4: duplicate key",
        ),
        ("refused = \"no\"", 1, "    - no\n    + verdict: warn"),
        (
            "declare = \"\"\"\n[seasons.2023]\nstart = 2023-01-01\nend = 2023-12-31\n\"\"\"\nrows = \"\"\nverdict = \"warn\"",
            1,
            "+ 2024-01-01 | 2 | 20",
        ),
    ] {
        small.cases(&format!("{case}{more}\n")).run("test");
        small.run("accept");
        let text = small.expect("test", status, &[expected]);
        assert_eq!(small.run("accept").1, "0 accepted, 0 removed\n", "nothing of it can be accepted\n{text}");
        fs::remove_dir_all(small.path("snapshots")).unwrap_or_default();
    }
}

#[test]
fn the_moment_of_the_question_is_fixed() {
    let small = Small::new();
    small.write(
        "queries/own/moment.sql",
        "/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\nday = \"date\"\n---*/\nselect {{ scope.as_of_date }} as day\n",
    );
    // The end of the last season, when everything is due, unless the project or the case says otherwise.
    let frozen = PROJECT.replace("name = \"small\"", "name = \"small\"\nas_of = \"2024-01-20T12:00\"");
    for (project, as_of, expected) in [
        (PROJECT, "", "2024-02-01"),
        (PROJECT, "as_of = 2024-01-05", "2024-01-06"),
        (PROJECT, "as_of = \"2024-01-05T10:00\"", "2024-01-05"),
        (&frozen, "", "2024-01-20"),
        (&frozen, "as_of = 2024-01-05", "2024-01-06"),
    ] {
        let case = format!("[[case]]\nname = \"x\"\n{as_of}\nverdict = \"pass\"\nrows = \"day\\n{expected}\\n\"\n");
        small.write("gapgate.toml", project).write("fixtures/cases/own/moment.toml", case);
        let text = small.expect("test own/moment --dialect duckdb", 1, &["1 new\n"]);
        assert!(!text.contains("differs"), "{as_of}\n{text}");
    }
    for flag in ["--as-of 2024-01-01", "--season 2024", "--from 2024-01-01"] {
        small.expect(&format!("test {flag}"), 2, &["a snapshot is of what its case says"]);
    }
}

#[test]
fn columns_that_differ_from_run_to_run_are_redacted() {
    let small = Small::new();
    small.write(
        "queries/own/high.sql",
        QUERY.replace("amount\nfrom", "cast(1000000 * random() as integer) as amount\nfrom").replace("and amount", "and 20"),
    );
    for cases in ["[[case]]\nname = \"x\"\nredact = [\"amount\"]\n", "redact = [\"amount\"]\n[[case]]\nname = \"x\"\n"] {
        small.cases(cases).run("test");
        small.expect("accept", 0, &[]);
        assert!(small.read("snapshots/own/high/x.snap").contains("\n2024-01-01   | 2           | [amount]\n"));
        small.expect("test", 0, &["3 snapshots equal"]);
    }
    small.cases("[[case]]\nname = \"x\"\n").expect("test", 1, &["    ~ 2024-01-01 | 2   amount: [amount] -> "]);
    small.cases("[[case]]\nname = \"x\"\nredact = [\"amout\"]\n");
    small.expect("test", 2, &["fixtures/cases/own/high.toml:1: own/high has no column amout to redact; did you mean \"amount\"?"]);
}

#[test]
fn what_cannot_be_judged_is_never_accepted() {
    let small = Small::new();
    for (query, expected) in [
        (
            QUERY.replace("select sold_on, receipt,", "select sold_on,"),
            "undecided columns: the columns are (sold_on, amount), not (sold_on, receipt, amount)",
        ),
        (QUERY.replace("amount\nfrom", "cast('x' || receipt as integer) as amount\nfrom"), "Could not convert"),
        (QUERY.replace("from sales", "from sold"), "sold does not exist"),
    ] {
        small.write("queries/own/high.sql", query);
        small.expect("test", 3, &["undecided own/high: clean (queries/own/high.sql)", expected, "verdict = \"undecided\""]);
        assert!(!small.path("snapshots/own/high/clean.snap.new").exists());
        small.run("accept");
        small.expect("test", 3, &[expected]);
    }
    let undecided = "[[case]]\nname = \"a table is gone\"\nwarehouse = \"clean\"\ndamage = \"drop table sales\"\nverdict = \"undecided\"\n";
    small.write("queries/own/high.sql", QUERY).cases(undecided).run("test");
    small.run("accept --prune");
    small.expect("test", 0, &["3 snapshots equal"]);
    assert!(small.read("snapshots/own/high/a-table-is-gone.snap").ends_with("no rows could be read\n"));
}

#[test]
fn every_warehouse_and_output_is_run_where_there_are_no_cases() {
    let small = Small::new();
    small
        .write("fixtures/warehouses/holed/10.toml", ROWS)
        .write("fixtures/warehouses/holed/20.sql", "delete from sales where receipt > 2;");
    small.expect("test gap/missing_keys", 1, &["new gap/missing_keys/clean-outputs-sales\n", "new gap/missing_keys/holed-outputs-sales\n"]);
    small.expect("accept", 0, &["4 accepted"]);
    assert!(small.read("snapshots/gap/missing_keys/holed-outputs-sales.snap").contains("sales       | 2024-01-02"));
    // What was reviewed once is tested without being named; the project has no ledger, so some can only be left out.
    small.expect("test", 1, &["4 cases of 2 queries: 4 snapshots equal, 4 new"]);
    small.expect("test --all", 1, &["not tested: ", "new quality/coverage/clean-outputs-sales"]);
    small.write("queries/own/high.sql", QUERY.replace(", default = 15", ""));
    small.expect(
        "test own/*",
        2,
        &["queries/own/high.sql: parameter `least` (int) has no default; give it cases in fixtures/cases/own/high.toml"],
    );
    small.expect("test own/hi", 2, &["no query is named \"own/hi\"; did you mean \"own/high\"?"]);
    small.expect("test own/high --dialect oracle", 2, &["unknown dialect \"oracle\""]);
}

#[test]
fn bad_fixtures_get_file_line_and_remedy() {
    let rows = |from: &str, to: &str| ROWS.replace(from, to);
    let toml = "fixtures/warehouses/clean/10_rows.toml";
    let cases = "fixtures/cases/own/high.toml";
    let sql = "fixtures/warehouses/clean/20.sql";
    for (file, text, expected) in [
        (toml, rows("amount = 20", "amount = \"20\""), "10_rows.toml:12: column `amount` is of type int, which a string is not"),
        (toml, rows("amount = 20", "amount = 2.5"), "10_rows.toml:12: 2.5 is not a whole number in range here"),
        (toml, rows("amount = 20", "amount = 99999999999999999999"), "10_rows.toml:12: 99999999999999999999 is not a whole number"),
        (
            toml,
            rows("{ day = 2024-01-01 }", "{ day = \"2024-01-01\" }"),
            "10_rows.toml:5: column `day` is of type date, which a string is not",
        ),
        (
            toml,
            rows("{ day = 2024-01-01 }", "{ day = 2024-01-01T10:00:00 }"),
            "10_rows.toml:5: column `day` is of type date, which 2024-01-01T10:00:00 is not",
        ),
        (toml, rows("receipt = 2, ", ""), "10_rows.toml:12: `receipt` is missing; a column that may be NULL is declared with int?"),
        (
            toml,
            rows("receipt = 2", "reciept = 2, receipt = 2"),
            "10_rows.toml:12: `columns` declares no `reciept`; did you mean \"receipt\"?",
        ),
        (toml, rows("receipt = \"int\"", "receipt = \"integer\""), "10_rows.toml:9: unknown column type \"integer\""),
        (toml, rows("[[table]]", "[[tables]]"), "unknown key `tables`; did you mean \"table\"?"),
        (
            toml,
            rows("name = \"sales\"", "name = \"calendar\""),
            "10_rows.toml:7: Catalog Error: Table with name \"calendar\" already exists",
        ),
        (toml, rows("name = \"sales\"", "name = sales"), "10_rows.toml:8:"),
        (
            sql,
            "-- rows;\nselect ';';\n\ncreate table a (n int);\ninsert into a\nvalues ('x');\n".to_owned(),
            "20.sql:6: Conversion Error: Could not convert string 'x'",
        ),
        (sql, "select 1;\nselect *\nfrom sales\nwhere nothing = 1;\n".to_owned(), "20.sql:4: Binder Error"),
        (sql, "select 1;\nselect * frm sales;\n".to_owned(), "20.sql:2: Parser Error"),
        (sql, "create table x as from read_csv('/etc/passwd')".to_owned(), "20.sql:1: Permission Error"),
        (sql, "copy sales to '/tmp/gapgate-must-not-be.csv'".to_owned(), "20.sql:1: Permission Error"),
        (sql, "set enable_external_access = true".to_owned(), "20.sql:1: Invalid Input Error"),
        ("fixtures/warehouses/clean/20.csv", format!("a,b\n{}x,2\n", "1,2\n".repeat(30_000)), "20.csv:30002: Conversion Error: CSV Error"),
        ("fixtures/warehouses/clean/20.parquet", "no rows".to_owned(), "fixtures/warehouses/clean/20.parquet: Invalid Input Error"),
        ("fixtures/warehouses/empty/notes.txt", String::new(), "fixtures/warehouses/empty: holds no .sql, .csv, .parquet or .toml file"),
        (
            cases,
            "[[case]]\nname = \"x\"\nwarehouse = \"cleen\"\n".to_owned(),
            "own/high.toml:3: there is no folder fixtures/warehouses/cleen; did you mean \"clean\"?",
        ),
        (
            cases,
            "[[case]]\nname = \"x\"\nverdict = \"good\"\n".to_owned(),
            "own/high.toml:3: unknown word \"good\"; known: pass, warn, fail, undecided",
        ),
        (cases, "[[case]]\nname = \"x\"\nrow = \"\"\n".to_owned(), "own/high.toml:3: unknown key `row`; did you mean \"rows\"?"),
        (cases, "[[case]]\nnam = \"x\"\n".to_owned(), "own/high.toml:1: `name` is missing"),
        (cases, "[[case]]\nname = \"x\"\n[[case]]\nname = \"x\"\n".to_owned(), "own/high.toml:3: the case at line 1 has this name too"),
        (
            cases,
            "[[case]]\nname = \"x y\"\n[[case]]\nname = \"X, y\"\n".to_owned(),
            "own/high.toml:3: its snapshot would have the name of that of the case at line 1: x-y",
        ),
        (cases, "[[case]]\nname = \"...\"\n".to_owned(), "own/high.toml:1: the name has no letter or digit"),
        (
            cases,
            "[[case]]\nname = \"x\"\nrefused = \"y\"\nverdict = \"pass\"\n".to_owned(),
            "own/high.toml:1: a query that refuses the case has neither",
        ),
        (
            cases,
            "[[case]]\nname = \"x\"\nargs = [\"most=1\"]\n".to_owned(),
            "own/high.toml:1: own/high has no parameter \"most\"; known: least",
        ),
        (
            "fixtures/cases/gap/missing_keys.toml",
            "[[case]]\nname = \"x\"\nargs = [\"outputs=sale\"]\n".to_owned(),
            "gap/missing_keys.toml:1: queries/gap/missing_keys.sql: no output is named \"sale\"; did you mean \"sales\"?",
        ),
        (cases, "[[case]]\nname = \"x\"\nas_of = \"soon\"\n".to_owned(), "own/high.toml:1: `soon` is not a date"),
        (
            cases,
            "[[case]]\nname = \"x\"\ndamage = \"\"\"\ndelete from sales;\ndelete from sold;\"\"\"\n".to_owned(),
            "own/high.toml:5: Catalog Error",
        ),
        (
            cases,
            "[[case]]\nname = \"x\"\ndeclare = '''\n[outputs.other]\nstag = \"raw\"\n'''\n".to_owned(),
            "own/high.toml:5: unknown key `stag`; did you mean \"stage\"?",
        ),
        (cases, "# nothing\n".to_owned(), "own/high.toml:1: `case` is missing"),
        (
            "fixtures/cases/own/hihg.toml",
            "[[case]]\nname = \"x\"\n".to_owned(),
            "fixtures/cases/own/hihg.toml: no query is named own/hihg; did you mean \"own/high\"?",
        ),
        (
            "snapshots/own/high/clean.snap",
            "verdict: warn\n".to_owned(),
            "snapshots/own/high/clean.snap:1: a snapshot begins with a line ---; remove the file",
        ),
        ("snapshots/own/high/clean.snap", "---\nsource: x\n".to_owned(), "snapshots/own/high/clean.snap:2: the header has no end"),
    ] {
        let small = Small::new();
        small.write(file, &text);
        let found = small.expect("test", 2, &[expected]);
        assert!(!found.contains("equal"), "{found}");
        assert!(small.snapshots().iter().all(|name| !name.ends_with(".new")), "nothing is written: {found}");
    }
    let csv = "fixtures/warehouses/clean/20.csv";
    Small::new().write(csv, b"a,b\n1,2\n3,\xff\n").expect(
        "test",
        2,
        &["fixtures/warehouses/clean/20.csv:3: Invalid Input Error: CSV Error"],
    );
    for (file, line) in [(sql, 3), (toml, 3), (cases, 3), ("queries/own/high.sql", 3), ("snapshots/own/high/clean.snap", 3)] {
        let small = Small::new();
        small.write(file, b"--\n--\n-- caf\xe9\n");
        small.expect("test", 2, &[&format!("{file}:{line}: is not UTF-8 from here on")]);
    }
}

#[test]
fn rows_of_every_type_and_format_are_loaded() {
    let small = Small::new();
    let table = r#"
[[table]]
name = "raw.kinds"
columns = { b = "bool?", i = "int?", f = "float?", d = "decimal?", t = "text?", day = "date?", moment = "timestamp?" }
rows = [
    { b = true, i = -9_223_372_036_854_775_808, f = 1e300, d = -12.50, t = "it's | \"so\"\n", day = 2024-02-29, moment = 2024-02-29T23:59:59.25 },
    { f = nan, t = "null" },
    { f = -inf, t = "" },
    {},
]
"#;
    let columns = "b = \"bool?\"\ni = \"int?\"\nf = \"float?\"\nd = \"decimal?\"\nt = \"text?\"\nday = \"date?\"\nmoment = \"timestamp?\"\nn = \"int?\"";
    let query = format!(
        "/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\n{columns}\n---*/\nselect b, i, f, d, t, day, moment, n from raw.kinds left join other.tiny on i is null and f is null and t is null left join small on small.m = n order by t is null, i is null, t desc\n"
    );
    small
        .write("fixtures/warehouses/clean/20.toml", table)
        .write("fixtures/warehouses/clean/other/10_tiny.csv", "n\n7\n")
        .write("queries/own/high.sql", query);
    let parquet = small.path("fixtures/warehouses/clean/30_small.parquet");
    let connection = duckdb::Connection::open_in_memory().expect("an engine");
    connection.execute_batch(&format!("copy (select 7 as m) to '{}'", parquet.display())).expect("a file");
    small.run("test");
    let found = small.read("snapshots/own/high/clean.snap.new");
    let cells = |number: usize| {
        let line = found.lines().nth(7 + number).unwrap_or_else(|| panic!("{found}"));
        line.split(" | ").map(str::trim).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(cells(0), "b:bool | i:int | f:float | d:decimal | t:text | day:date | moment:timestamp | n:int");
    let big = format!("1{}", "0".repeat(300));
    assert_eq!(
        cells(1),
        format!(r#"true | -9223372036854775808 | {big} | -12.500000000 | "it's | \"so\"\n" | 2024-02-29 | 2024-02-29T23:59:59.25 | null"#)
    );
    assert_eq!(cells(2), r#"null | null | NaN | null | "null" | null | null | null"#);
    assert_eq!(cells(3), r#"null | null | -inf | null | "" | null | null | null"#);
    assert_eq!(cells(4), "null | null | null | null | null | null | null | 7");
}

#[test]
fn a_case_leaves_no_trace_in_another() {
    let small = Small::new();
    let damaged = "[[case]]\nname = \"before\"\n[[case]]\nname = \"damage\"\ndamage = \"begin; delete from sales; commit; create schema extra\"\n[[case]]\nname = \"after\"\n";
    small.cases(damaged).run("test");
    small.run("accept");
    let body = |name: &str| small.read(&format!("snapshots/own/high/{name}.snap")).split("---\n").nth(2).map(str::to_owned);
    assert_eq!(body("before"), body("after"));
    assert_ne!(body("before"), body("damage"));
}

#[test]
fn insta_reads_what_is_written() {
    let small = Small::new();
    let name = r#"quotes \"double\", 'single': #1 - é | {x} & *"#;
    small.cases(&format!("[[case]]\nname = \"{name}\"\nargs = [\"least=1\"]\n")).run("test");
    small.run("accept");
    let read = |path: &Path| insta::Snapshot::from_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = small.path("snapshots/own/high/quotes-double-single-1-é-x.snap");
    let snapshot = read(&path);
    assert_eq!(snapshot.metadata().description(), Some(name.replace('\\', "").as_str()));
    assert_eq!(snapshot.metadata().expression(), Some("gapgate run own/high least=1"));
    assert_eq!(snapshot.metadata().source(), Some("fixtures/cases/own/high.toml"));
    let body = Snapshot::parse(&fs::read_to_string(&path).expect("a file")).expect("a snapshot").body;
    assert_eq!(snapshot.as_text().map(ToString::to_string), Some(body));
    // And the other way round: what insta writes is the same to us.
    snapshot.save(&path).expect("insta writes");
    assert!(small.read("snapshots/own/high/quotes-double-single-1-é-x.snap").contains("least=1"));
    small.expect("test", 0, &["3 snapshots equal"]);
}

#[test]
fn a_review_accepts_rejects_and_skips() {
    let small = Small::new();
    small.expect("review", 2, &["standard input is no terminal", "gapgate snapshot accept"]);
    small
        .cases("[[case]]\nname = \"1\"\n[[case]]\nname = \"2\"\n[[case]]\nname = \"3\"\n[[case]]\nname = \"4\"\n")
        .run("test own/high --dialect duckdb");
    let shelf = Shelf::read(small.0.path()).expect("the snapshots");
    let pending: Vec<(String, Entry)> = shelf.entries().map(|(name, entry)| (name.to_owned(), entry.clone())).collect();
    assert_eq!(pending.len(), 5);
    let heard = std::cell::RefCell::new(String::new());
    let say = |text: &str| {
        heard.borrow_mut().push_str(text);
        Ok(())
    };
    let show = |name: &str, _: &Entry| format!("<{name}>\n");
    reviewed::review(&shelf, &pending, show, &mut "a\nwhat?\nREJECT\ns\n".as_bytes(), say).expect("no fault");
    let heard = heard.into_inner();
    assert!(heard.contains("\n1 of 5: own/high/1 (new)\n<own/high/1>\n[a]ccept, [r]eject, [s]kip? "), "{heard}");
    assert!(heard.contains("4 of 5") && !heard.contains("5 of 5"), "the end of the input ends it: {heard}");
    assert!(heard.ends_with("1 accepted, 1 rejected, 3 left\n"), "{heard}");
    assert_eq!(small.snapshots(), ["own/high/1.snap", "own/high/3.snap.new", "own/high/4.snap.new", "own/high/sql_duckdb.snap.new"]);
    small.expect("accept own/high/3", 0, &["1 accepted"]);
    small.expect("accept own/*", 0, &["2 accepted"]);
    small.expect("accept other", 2, &["no snapshot is named \"other\""]);
}

#[test]
fn a_file_is_whole_or_not_there() {
    let small = Small::new();
    small.run("test");
    small.run("accept");
    let reviewed = small.read("snapshots/own/high/clean.snap");
    // A folder in the place of the file makes the last step of writing fail.
    fs::create_dir_all(small.path("snapshots/own/high/clean.snap.new/x")).expect("a folder");
    small.write("fixtures/warehouses/clean/10_rows.toml", ROWS.replace("amount = 20", "amount = 21"));
    small.expect("test", 3, &["cannot write", "clean.snap.new"]);
    assert_eq!(small.read("snapshots/own/high/clean.snap"), reviewed);
    let entries = fs::read_dir(small.path("snapshots/own/high")).expect("a folder").count();
    assert_eq!(entries, 4, "no half file is left");
}

#[cfg(unix)]
#[test]
fn an_interrupt_writes_nothing() {
    let small = Small::new();
    let slow = "/*---\ntitle = \"t\"\ndoc = \"d\"\n[columns]\nn = \"int\"\n---*/\nselect count(*) as n from range(3000000) as a(x), range(3000000) as b(y) where x * y % 7 = 3\n";
    small.write("queries/own/slow.sql", slow);
    let child = small
        .command()
        .args(["test", "--dialect", "duckdb"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!small.path("snapshots").exists());
    small.expect("test own/slow --dialect duckdb --timeout 1", 3, &["cancelled at the time limit of 1 s"]);
    small.write(
        "fixtures/warehouses/clean/20.sql",
        "create table x as select count(*) from range(3000000) as a(x), range(3000000) as b(y) where x * y % 7 = 3",
    );
    small.expect("test own/high --timeout 1", 3, &["20.sql: its loading was cancelled at the time limit of 1 s"]);
}

#[test]
fn the_example_is_as_reviewed() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nba");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    let (status, text) = said(command.arg("-C").arg(example).args(["snapshot", "test"]).env("CI", "1").env("NO_COLOR", "1"));
    assert_eq!(status, 0, "{text}\nif that is meant: gapgate -C examples/nba snapshot test, then review");
    assert_eq!(text, "5 cases of 2 queries: 13 snapshots equal\n");
}

#[test]
fn names_of_files_are_short_and_plain() {
    let slug = |name: &str| Case { name: name.to_owned(), ..Case::default() }.slug();
    assert_eq!(slug("Faulty: outputs=scores, by=season"), "faulty-outputs-scores-by-season");
    assert_eq!(slug(&"é".repeat(100)).len(), 120);
    assert_eq!(slug("../../etc"), "etc");
}
