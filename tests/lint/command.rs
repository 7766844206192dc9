//! What `gapgate lint` answers: formats, exit statuses, projects and foreign files.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    dir
}

/// The exit status, and what went to standard output and standard error.
fn lint(dir: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    let output = command.current_dir(dir).arg("lint").args(words).env_remove("GAPGATE_TARGET").output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("a status"), text(output.stdout), text(output.stderr))
}

const FAULTY: &[u8] = b"select paid / amount as share\nfrom shop.orders\nwhere id = id\n";
const CLEAN: &[u8] = b"select order_id from shop.orders where day = @day\n";
const WARNED: &[u8] = b"select paid / amount as share from shop.orders";

#[test]
fn findings_have_place_code_and_remedy() {
    let dir = folder(&[("sql/b.sql", FAULTY), ("sql/deep/a.SQL", CLEAN), ("sql/notes.txt", b"where x = x")]);
    let (status, text, said) = lint(dir.path(), &["sql", "--dialect", "bigquery"]);
    assert_eq!((status, said.as_str()), (1, ""));
    let expected = "\
sql/b.sql:1:15: GG009 warning: nothing keeps the divisor `amount` from being zero: write `safe_divide(a, b)` or `a / nullif(b, 0)`
sql/b.sql:3:7: GG002 error: `id = id` compares a column with itself: both sides are the same column
1 error and 1 warning in 2 statements of 2 files
";
    assert_eq!(text, expected);
}

#[test]
fn warnings_fail_only_when_asked_to() {
    let dir = folder(&[("a.sql", WARNED), ("b.sql", CLEAN)]);
    assert_eq!(lint(dir.path(), &["a.sql", "--dialect", "bigquery"]).0, 0);
    assert_eq!(lint(dir.path(), &["a.sql", "--dialect", "bigquery", "--strict"]).0, 1);
    assert_eq!(lint(dir.path(), &["b.sql", "--dialect", "bigquery", "--strict"]).0, 0);
}

#[test]
fn programs_read_the_same_findings() {
    let dir = folder(&[("a, b:c.sql", FAULTY)]);
    let ask = |format| lint(dir.path(), &["a, b:c.sql", "--dialect", "bigquery", "--format", format]);
    let (status, json, _) = ask("json");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(status, 1);
    assert_eq!((&json["schema"], &json["errors"], &json["warnings"]), (&"gapgate.lint/1".into(), &1.into(), &1.into()));
    assert_eq!(
        (&json["findings"][1]["code"], &json["findings"][1]["line"], &json["findings"][1]["column"]),
        (&"GG002".into(), &3.into(), &7.into())
    );

    let (_, github, _) = ask("github");
    assert!(github.contains("::error file=a%2C b%3Ac.sql,line=3,col=7,title=GG002 compared-with-itself::`id = id` compares"), "{github}");

    let (_, sarif, _) = ask("sarif");
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    for result in run["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().expect("a level")));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%2C%20b%3Ac.sql");
        assert!(place["region"]["startLine"].as_u64() > Some(0) && place["region"]["startColumn"].as_u64() > Some(0));
        assert!(!result["message"]["text"].as_str().expect("a message").is_empty());
    }
}

#[test]
fn several_formats_go_to_several_places() {
    let dir = folder(&[("a.sql", FAULTY)]);
    let (status, text, _) = lint(dir.path(), &["a.sql", "--dialect", "bigquery", "--format", "text", "--format", "sarif=out.sarif"]);
    assert!(status == 1 && text.contains("GG002"));
    assert!(fs::read_to_string(dir.path().join("out.sarif")).expect("a report").contains("\"2.1.0\""));
    let (status, _, said) = lint(dir.path(), &["a.sql", "--dialect", "bigquery", "--format", "xml"]);
    assert!(status == 2 && said.contains("known: text, json, github, sarif"), "{said}");
}

/// A statement that the parser does not know, and one that it does.
const NEW: &[u8] = b"select a from t order a; select b from t where b = b";

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_linted() {
    for (bytes, words) in [
        (&b"select 1\nfrom caf\xe9"[..], "x.sql:2: GG900 error: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (&b"\xff\xfes\x00"[..], "x.sql: GG900 error: the file is UTF-16; save it as UTF-8"),
        (&b"select 'a"[..], "x.sql:1:9: GG900 error: unterminated string literal: close it"),
        (&b"select (1"[..], "x.sql:1:8: GG900 error: this bracket is never closed; brackets must match"),
    ] {
        let dir = folder(&[("a.sql", FAULTY), ("x.sql", bytes)]);
        let (status, text, _) = lint(dir.path(), &["a.sql", "x.sql", "--dialect", "bigquery"]);
        assert!(status == 2 && text.contains(words) && text.contains("GG002"), "{status} {text}");
    }
    let dir = folder(&[("bom.sql", b"\xef\xbb\xbfselect a from t")]);
    assert_eq!(lint(dir.path(), &["bom.sql", "--dialect", "bigquery"]).1, "nothing found in 1 statement of 1 file\n");
    let dir = folder(&[("typo.sql", b"-- the orders\nselec a from t"), ("script.sql", b"create table t (a int)"), ("new.sql", NEW)]);
    let (_, text, _) = lint(dir.path(), &["typo.sql", "--dialect", "bigquery"]);
    assert!(text.contains("typo.sql:2:1: GG901 warning: not read: no statement begins with `selec`"), "{text}");
    assert_eq!(lint(dir.path(), &["script.sql", "--dialect", "bigquery"]).1, "nothing found in 0 statements of 1 file\n");
    let (status, text, _) = lint(dir.path(), &["new.sql", "--dialect", "bigquery"]);
    assert!(status == 1 && text.contains("GG901 warning: not read: ") && text.contains("in 1 statement of 1 file, 1 not read"), "{text}");
}

#[test]
fn wrong_questions_get_an_answer() {
    let dir = folder(&[("a.sql", CLEAN), ("empty/notes.txt", b"")]);
    for (words, answer) in [
        (&["a.sql"][..], "name the dialect of the files: --dialect bigquery"),
        (&["a.sql", "--dialect", "bigqery"], "unknown dialect \"bigqery\"; did you mean \"bigquery\"?"),
        (&["b.sql", "--dialect", "bigquery"], "there is no file b.sql"),
        (&["empty", "--dialect", "bigquery"], "the folder empty holds no .sql file"),
        (&["a.sql", "--dialect", "bigquery", "--partitioned", "orders"], "--partitioned orders: write TABLE=COLUMN"),
        (&["--explain", "GG0099"], "no rule is called \"GG0099\""),
        (&["--explain", "cut-lists"], "did you mean \"cut-list\"?"),
        (&[], "gapgate.toml"),
    ] {
        let (status, text, said) = lint(dir.path(), words);
        assert!(status == 2 && text.is_empty() && said.contains(answer), "{words:?}: {status} {said}");
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let dir = folder(&[]);
    let (status, rules, _) = lint(dir.path(), &["--rules"]);
    assert_eq!(status, 0);
    assert_eq!(rules.lines().count(), gapgate::model::lint::Rule::ALL.len());
    assert!(rules.starts_with("GG001  unbounded-scan            a table is read without a bound on its date column\n"), "{rules}");
    for word in ["GG009", "gg009", "unguarded-division"] {
        assert!(lint(dir.path(), &["--explain", word]).1.starts_with("# GG009 unguarded-division: "));
    }
}

#[test]
fn tables_with_dates_can_be_named() {
    let dir = folder(&[("a.sql", b"select order_id from shop.orders")]);
    let (status, text, _) = lint(dir.path(), &["a.sql", "--dialect", "bigquery", "--partitioned", "shop.orders=day"]);
    assert!(status == 1 && text.contains("a.sql:1:22: GG001 error: `shop.orders` is read without a bound"), "{text}");
}

/// A project of one output, with a ledger, on DuckDB; its only own query is `own`.
fn project(query: &str) -> TempDir {
    folder(&[("gapgate.toml", PROJECT.as_bytes()), ("queries/own.sql", query.as_bytes())])
}

const PROJECT: &str = r#"
[project]
name = "shop"
timezone = "UTC"

[targets.local]
engine = "duckdb"
database = "shop.duckdb"

[seasons.2024]
start = 2024-01-01
end = 2024-12-31

[spines.days]
table = "raw.days"
key = { day = "date" }

[stages.raw]

[outputs.orders]
stage = "raw"
spine = "days"
table = "raw.orders"
date = "order_date"

[outputs.returns]
stage = "raw"
spine = "days"
table = "raw.returns"
date = "return_date"

[runs]
table = "ops.runs"
run = "run_id"
processor = "processor"
date = "data_date"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"], skipped = ["skipped"] }
started = "started_at"
"#;

const HEADER: &str = "/*---\ntitle = \"Own\"\ndoc = \"Own.\"\n[columns]\nn = \"any\"\n---*/\n";

#[test]
fn findings_of_a_template_name_its_own_line() {
    let query = format!(
        "{HEADER}{{%- set least = 3 %}}\nselect\n    orders.paid / orders.amount as n\nfrom raw.orders as orders\nwhere orders.order_date between {{{{ scope.start }}}} and {{{{ scope.end }}}}\n    and orders.paid >= {{{{ least }}}}\n    and orders.region = orders.region\norder by n\n"
    );
    let dir = project(&query);
    let (status, text, said) = lint(dir.path(), &["own"]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert!(text.contains("queries/own.sql:9: GG009 warning: nothing keeps the divisor `orders.amount`"), "{text}");
    assert!(text.contains("queries/own.sql:13: GG002 error: "), "{text}");
    assert!(text.ends_with("1 error and 1 warning in 5 statements of 1 file\n"), "{text}");
}

#[test]
fn a_project_tells_the_linter_of_its_tables() {
    for (body, rule) in [
        ("select order_id as n from raw.orders", "GG001 error: `raw.orders` is read without a bound on its date column"),
        (
            "select count(*) as n from ops.runs where data_date = {{ scope.start }} and status = 'success'",
            "GG013 error: the label 'success'",
        ),
        ("select order_id as n from raw.orders where order_date >= date '2024-05-01'", "GG011 warning: the date 2024-05-01"),
    ] {
        let dir = project(&format!("{HEADER}{body}\n"));
        let (_, text, _) = lint(dir.path(), &["own"]);
        assert!(text.contains(&format!("queries/own.sql:7: {rule}")), "{text}");
        // The same tables in a file of no library.
        fs::write(dir.path().join("foreign.sql"), body.replace("{{ scope.start }}", "$1")).expect("a file");
        let (_, text, said) = lint(dir.path(), &["foreign.sql"]);
        assert!(text.contains("foreign.sql:1:") && text.contains(rule), "{text} {said}");
    }
    // What the project fills in is not written into the query.
    let filled = "select count(*) as n from {{ runs.table | table }} where {{ runs.date }} = {{ scope.start }} and {{ runs.status }} in {{ runs.success | literals }}";
    let (status, text, _) = lint(project(&format!("{HEADER}{filled}\n")).path(), &["own"]);
    assert_eq!((status, text.as_str()), (0, "nothing found in 5 statements of 1 file\n"));
}

#[test]
fn a_list_of_work_is_never_cut() {
    let header = HEADER.replace("---*/", "[retry]\nkey = [\"n\"]\n---*/");
    let body = "select order_date as n from raw.orders where order_date = {{ scope.start }} order by n limit 1000";
    let (status, text, _) = lint(project(&format!("{header}{body}\n")).path(), &["own"]);
    assert!(status == 1 && text.contains("queries/own.sql:9: GG004 error: this list drives work"), "{text}");
}

#[test]
fn a_template_can_allow_a_finding() {
    let body = |comment: &str| {
        format!("{HEADER}select\n    {comment}\n    paid / amount as n\nfrom raw.orders\nwhere order_date = {{{{ scope.start }}}}\n")
    };
    let ask = |comment: &str| lint(project(&body(comment)).path(), &["own", "--strict"]);
    assert_eq!(ask("-- gapgate: allow GG009 because amount is never zero").1, "nothing found in 5 statements of 1 file\n");
    assert!(ask("-- gapgate: allow GG009").1.contains("queries/own.sql:8: GG902 error: GG009 is allowed without a reason"));
    let (status, text, _) = ask("-- gapgate: allow GG007 because of that");
    assert!(status == 1 && text.contains("queries/own.sql:8: GG903 warning: GG007 is allowed here"), "{text}");
}

#[test]
fn traps_of_engines_that_are_never_asked_are_none() {
    let body = "select count(*)::varchar as n from raw.orders where order_date = {{ scope.start }} having count(*) > 1";
    let dir = project(&format!("{HEADER}{body}\n"));
    assert!(!lint(dir.path(), &["own"]).1.contains("GG015"));
    let (status, text, _) = lint(dir.path(), &["own", "--dialect", "bigquery"]);
    assert!(status == 1 && text.contains("GG015 error: "), "{text}");
}

#[test]
fn templates_without_end_are_stopped() {
    for (body, words) in [
        (
            "{% for a in range(50000) %}{% for b in range(50000) %}{{ a * b }}{% endfor %}{% endfor %}select 1 as n",
            "takes more than 10000000 steps",
        ),
        (
            "{% set ns = namespace(text='x') %}{% for a in range(100) %}{% set ns.text %}{{ ns.text }}{{ ns.text }}{% endset %}{% endfor %}select {{ ns.text }} as n",
            "prints more than 64 MiB",
        ),
        ("{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}select {{ again(0) }} as n", "recursion"),
    ] {
        let (status, text, _) = lint(project(&format!("{HEADER}{body}\n")).path(), &["own"]);
        assert!(status == 2 && text.contains("queries/own.sql:7: GG900 error: ") && text.contains(words), "{status} {text}");
    }
}

#[test]
fn wrong_headers_and_templates_have_their_line() {
    for (query, words) in [
        ("select 1".to_owned(), "queries/own.sql:1: the file must begin with its header"),
        (format!("{HEADER}select {{{{ nobody }}}} as n\n"), "queries/own.sql:7: GG900 error: an undefined name is used"),
        (format!("{HEADER}select '{{{{ scope.start }}}}' as n\n"), "queries/own.sql: GG900 error: a value in quotes"),
        (format!("{HEADER}delete from raw.orders\n"), "queries/own.sql: GG900 error: the rendered SQL is refused"),
    ] {
        let (status, text, said) = lint(project(&query).path(), &["own"]);
        assert!(status == 2 && format!("{text}{said}").contains(words), "{status} {text} {said}");
    }
    let dir = project(&format!("{HEADER}select 1 as n\n"));
    fs::write(dir.path().join("queries/own.sql"), b"/*---\xff").expect("a file");
    let (status, _, said) = lint(dir.path(), &[]);
    assert!(status == 2 && said.contains("queries/own.sql:1: is not UTF-8"), "{said}");
    let (status, _, said) = lint(project(&format!("{HEADER}select 1 as n\n")).path(), &["gap/missing_key"]);
    assert!(status == 2 && said.contains("did you mean \"gap/missing_keys\"?"), "{said}");
}

#[test]
fn the_shipped_queries_pass_in_every_dialect() {
    let targets = ["bigquery", "postgres", "databricks"].map(|engine| format!("[targets.{engine}]\nengine = \"{engine}\"\n"));
    let toml = PROJECT.replace("[seasons.2024]", &format!("{}\n[seasons.2024]", targets.join("\n")));
    let dir = folder(&[("gapgate.toml", toml.as_bytes())]);
    let (status, text, said) = lint(dir.path(), &["--strict"]);
    assert!(status == 0 && text.starts_with("nothing found in "), "{status} {text} {said}");
}
