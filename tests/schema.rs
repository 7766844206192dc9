//! What a project records of its warehouse, and what `lint` finds by it when the warehouse is not at hand.

mod names;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The exit status of a lint that found something wrong.
const WRONG: i32 = 1;

fn gapgate(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    command.arg("-C").arg(dir).env("NO_COLOR", "1").env_remove("GAPGATE_TARGET").stdin(Stdio::null());
    command
}

fn answer(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = gapgate(dir).args(args).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A project with its warehouse and everything that a schema is checked by.
fn project() -> TempDir {
    let dir = TempDir::new().expect("a folder");
    copy(&Path::new(ROOT).join("tests/fixtures/schema"), dir.path());
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let place = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &place);
        } else {
            fs::copy(&entry, place).expect("a copy");
        }
    }
}

/// The same, recorded once, and with its warehouse gone.
fn recorded() -> TempDir {
    static RECORDED: LazyLock<TempDir> = LazyLock::new(|| {
        let dir = project();
        let (status, out, error) = answer(dir.path(), &["schema", "pull"]);
        assert_eq!((status, out.as_str()), (0, "schema/local.toml records 4 tables with 24 columns\n"), "{error}");
        fs::remove_dir_all(dir.path().join("warehouse")).expect("a folder");
        fs::remove_dir_all(dir.path().join(".gapgate")).expect("a cache");
        dir
    });
    let dir = TempDir::new().expect("a folder");
    copy(RECORDED.path(), dir.path());
    dir
}

fn change(dir: &TempDir, file: &str, from: &str, to: &str) {
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).expect("a file");
}

fn line_of(dir: &TempDir, file: &str, words: &str) -> usize {
    let text = fs::read_to_string(dir.path().join(file)).expect("a file");
    1 + text.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{file} has no line with {words}"))
}

/// What `lint` finds, each as `file:line: message`. It finds nothing but mismatches. The project file is looked at as a whole,
/// whichever queries are.
fn complaints(dir: &TempDir) -> Vec<String> {
    complaints_of(dir, &["lint", "own/late", "quality/coverage", "quality/null_rates", "failure/by_processor"])
}

fn complaints_of(dir: &TempDir, args: &[&str]) -> Vec<String> {
    let (status, out, error) = answer(dir.path(), args);
    let (findings, sum) = out.trim_end().rsplit_once('\n').unwrap_or(("", &out));
    assert!(error.is_empty() && sum.contains(" statements of "), "{out}{error}");
    let plain = |line: &str| line.contains(" GG023 error: ").then(|| line.replace(" GG023 error: ", " "));
    let lines = findings.lines().filter(|line| !line.contains(" GG903 warning: "));
    let complaints: Vec<String> = lines.map(|line| plain(line).unwrap_or_else(|| panic!("{out}"))).collect();
    assert_eq!(status, if complaints.is_empty() { 0 } else { WRONG }, "{out}");
    complaints
}

/// Changes files, and finds a complaint at each of these lines and no other. A line is told by words of it.
fn check(changes: &[(&str, &str, &str)], expected: &[(&str, &str, &str)]) {
    let dir = recorded();
    changes.iter().for_each(|(file, from, to)| change(&dir, file, from, to));
    let found = complaints(&dir);
    for (file, words, message) in expected {
        let place = format!("{file}:{}: ", line_of(&dir, file, words));
        let is_there = found.iter().any(|complaint| complaint.starts_with(&place) && complaint.contains(message));
        assert!(is_there, "{changes:?}\nexpected at {place}{message}\nfound {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{changes:?}\n{found:#?}");
    let refresh = "`gapgate schema pull --target local` refreshes schema/local.toml";
    assert!(found.iter().all(|complaint| complaint.contains(refresh)), "{found:#?}");
}

const FILE: &str = "gapgate.toml";
const SCHEMA: &str = "schema/local.toml";
const QUERY: &str = "queries/own/late.sql";

#[test]
fn a_recorded_project_is_without_fault_and_without_warehouse() {
    check(&[], &[]);
    assert_eq!(complaints_of(&recorded(), &["lint"]), Vec::<String>::new());
}

#[test]
fn the_file_reads_well_and_changes_only_with_the_warehouse() {
    let dir = project();
    answer(dir.path(), &["schema", "pull"]);
    let first = fs::read_to_string(dir.path().join(SCHEMA)).expect("a schema");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("schema_file", first));
    assert_eq!(answer(dir.path(), &["schema", "diff"]), (0, String::new(), String::new()));
    answer(dir.path(), &["schema", "pull"]);
    assert_eq!(fs::read_to_string(dir.path().join(SCHEMA)).expect("a schema"), first);
    let (status, out, _) = answer(dir.path(), &["schema", "pull", "--all"]);
    assert_eq!((status, out.as_str()), (0, "schema/local.toml records 5 tables with 25 columns\n"));
    assert!(fs::read_to_string(dir.path().join(SCHEMA)).expect("a schema").contains("[tables.\"unread\".columns]"));
    assert_eq!(complaints(&dir), Vec::<String>::new());
}

#[test]
fn a_renamed_column_is_named_where_the_project_file_says_it() {
    for (from, to) in [
        ("column = \"status\"", "column = \"success\""),
        ("processor = \"processor\"", "processor = \"processors\""),
        ("run = \"run_id\"", "run = \"id\""),
        ("date = \"day\"\nstatus", "date = \"days\"\nstatus"),
        ("finished = \"finished_at\"", "finished = \"finished\""),
        ("date = \"sold_on\"", "date = \"sold\""),
        ("date = \"day\"\ngrain", "date = \"returned_on\"\ngrain"),
        ("where = \"channel <>", "where = \"chanel <>"),
        ("    \"receipt\",", "    \"receipts\","),
        ("not_null = [\"amount\"]", "not_null = [\"amounts\"]"),
        ("not_null = [\"loaded_at\"]", "not_null = [\"load_at\"]"),
        ("ranges = { amount =", "ranges = { amounts ="),
        ("when amount > 0", "when amounts > 0"),
        ("nulls = [\"coupon\"]", "nulls = [\"coupons\"]"),
        ("cast(opened as date)", "cast(open as date)"),
        ("sum(shops)", "sum(shop)"),
        ("where = \"is_open\"", "where = \"is_opened\""),
        ("columns = [\"shop\"]", "columns = [\"shops\"]"),
        ("ticket = \"receipt\"", "ticket = \"number\""),
        ("loaded_at = \"loaded_at\"", "loaded_at = \"load_at\""),
        ("column = \"phase\"", "column = \"phases\""),
        ("column = \"category\"", "column = \"categories\""),
        ("done = \"done\"", "done = \"finished\""),
        ("failed = \"undone\"", "failed = \"lost\""),
        ("exclude = \"note", "exclude = \"notes"),
    ] {
        let line = to.lines().next().expect("a line");
        check(&[(FILE, from, to)], &[(FILE, line, "has no column")]);
    }
    let of_spine = "there is no column shop in `expected`, `members`; did you mean \"shops\"? (in queries/_lib/coverage.sql:";
    check(&[(FILE, "where = \"shops = 0\"", "where = \"shop = 0\"")], &[(FILE, "where = \"shop = 0\"", of_spine)]);
    check(&[(FILE, "due_when = \"shops", "due_when = \"shop")], &[(FILE, "due_when = \"shop", "did you mean \"shops\"?")]);
}

#[test]
fn a_column_that_the_warehouse_lost_is_named_at_every_line_that_reads_it() {
    check(
        &[(SCHEMA, "amount = {", "amounts = {")],
        &[
            (FILE, "not_null = [\"amount\"]", "raw.sales has no column amount; did you mean \"amounts\"?"),
            (FILE, "ranges = { amount", "raw.sales has no column amount; did you mean \"amounts\"?"),
            (FILE, "measures = ", "raw.sales has no column amount; did you mean \"amounts\"?"),
            (QUERY, "sold.amount,", "`sold` has no column amount; did you mean \"amounts\"?"),
            (QUERY, "where amount >=", "there is no column amount in `sold`, `latest`; did you mean \"amounts\"?"),
        ],
    );
    check(&[(SCHEMA, "shops = {", "stores = {")], &[(FILE, "weights = ", "ref.calendar has no column shops")]);
}

#[test]
fn a_column_of_another_type_is_named() {
    let date = |column: &str| format!("{column} = {{ type = \"DATE\", kind = \"date\" }}");
    let text = |column: &str| format!("{column} = {{ type = \"VARCHAR\", kind = \"text\" }}");
    let timestamp = |column: &str| format!("{column} = {{ type = \"TIMESTAMP\", kind = \"timestamp\" }}");
    let amount = "amount = { type = \"DECIMAL(18,3)\", kind = \"decimal\" }";
    check(
        &[(SCHEMA, &date("sold_on"), &text("sold_on"))],
        &[(FILE, "date = \"sold_on\"", "column sold_on of raw.sales is of type VARCHAR, but key column `day` is a date")],
    );
    check(
        &[(SCHEMA, amount, &text("amount"))],
        &[(FILE, "ranges = ", "column amount of raw.sales is of type VARCHAR, which does not compare with the numbers of its range")],
    );
    check(
        &[(SCHEMA, &timestamp("started_at"), "started_at = { type = \"BIGINT\", kind = \"int\" }")],
        &[(FILE, "started = ", "is of type BIGINT, but `started` of the run ledger is a timestamp")],
    );
    // Times in text are cast.
    check(&[(SCHEMA, &timestamp("started_at"), &text("started_at"))], &[]);
    check(
        &[(SCHEMA, &text("channel"), "channel = { type = \"BIGINT\", kind = \"int\" }")],
        &[
            (FILE, "where = \"channel", "column channel of raw.sales is of type BIGINT, which does not compare with 'test'"),
            (QUERY, "and channel = 'shop'", "column channel of raw.sales is of type BIGINT, which does not compare with 'shop'"),
        ],
    );
    check(&[(FILE, "sum(shops)", "sum(cast(shops as varchar))")], &[(FILE, "weights = ", "No function matches the given name")]);
}

#[test]
fn an_unrecorded_table_is_named_once() {
    check(
        &[(SCHEMA, "raw.sales", "raw.sale")],
        &[(FILE, "table = \"raw.sales\"", "table raw.sales is not recorded in schema/local.toml; did you mean \"raw.sale\"?")],
    );
    check(&[(SCHEMA, "ref.calendar", "ref.days")], &[(FILE, "table = \"ref.calendar\"", "table ref.calendar is not recorded")]);
    check(&[(SCHEMA, "ops_runs", "runs")], &[(FILE, "table = \"ops_runs\"", "table ops_runs is not recorded")]);
    check(&[(SCHEMA, "raw.returned", "raw.return")], &[(FILE, "schema = \"raw\"", "table raw.returned is not recorded")]);
    check(&[(QUERY, "from raw.returned", "from raw.refunds")], &[(QUERY, "from raw.refunds", "table raw.refunds is not recorded")]);
    check(&[(QUERY, "from raw.returned", "from refunds")], &[(QUERY, "from refunds", "table refunds is not recorded")]);
}

#[test]
fn what_a_query_of_the_project_says_is_named_at_its_own_line() {
    for (from, to, words) in [
        ("max(day)", "max(days)", "raw.returned has no column days; did you mean \"day\"?"),
        ("sold.customer.name", "sold.client.name", "`sold` has no column client"),
        ("= latest.number", "= latest.receipt", "`latest` has no column receipt"),
        ("= latest.number", "= last.number", "neither a table nor a column is called last"),
        ("where amount >=", "where amout >=", "there is no column amout in `sold`, `latest`; did you mean \"amount\"?"),
        ("> latest.last_day", "> upper(latest.last_day)", "No function matches the given name"),
        ("order by 1", "order by sold_at", "there is no column sold_at"),
    ] {
        check(&[(QUERY, from, to)], &[(QUERY, to, words)]);
    }
    // The engine gives no place for fields of structs.
    let dir = recorded();
    change(&dir, QUERY, "sold.customer.name", "sold.customer.nam");
    let found = complaints(&dir);
    let words = "late.sql: Binder Error: Could not find key \"nam\" in struct; correct it";
    assert!(matches!(found.as_slice(), [only] if only.contains(words)), "{found:#?}");
    check(&[("spines/days.sql", "cast(opened as", "cast(open as")], &[("spines/days.sql", "open as", "ref.calendar has no column open")]);
}

#[test]
fn a_comment_can_allow_a_mismatch() {
    let ask = |from: &str, to: &str| {
        let dir = recorded();
        change(&dir, QUERY, from, to);
        answer(dir.path(), &["lint", "own/late"]).1
    };
    let allow = "-- gapgate: allow GG023 because it is added tonight";
    let found = ask("    sold.amount,", "    sold.amounts,");
    assert!(found.contains("GG023 error: `sold` has no column amounts"), "{found}");
    for lost in [format!("    {allow}\n    sold.amounts,"), format!("    sold.amounts, {allow}")] {
        let found = ask("    sold.amount,", &lost);
        assert!(found.starts_with("nothing found in "), "{found}");
    }
    let found = ask("    sold.amount,", &format!("    sold.amount, {allow}"));
    assert!(found.contains("GG903 warning: GG023 is allowed here, but nothing of it is found"), "{found}");
    // Where nothing is recorded, nobody has looked.
    let dir = project();
    change(&dir, QUERY, "    sold.amount,", &format!("    sold.amount, {allow}"));
    assert!(answer(dir.path(), &["lint", "own/late"]).1.starts_with("nothing found in "));
}

#[test]
fn every_column_is_missed_where_it_is_written() {
    let dir = recorded();
    let schema = fs::read_to_string(dir.path().join(SCHEMA)).expect("a schema");
    let columns: Vec<&str> = schema.lines().filter(|line| line.contains("kind = ")).collect();
    assert_eq!(columns.len(), 24);
    for column in columns {
        let name = column.split(' ').next().expect("a name");
        // A shop's name and the ledger's are not told apart by the line alone; the table is enough for this.
        fs::write(dir.path().join(SCHEMA), schema.replacen(&format!("{column}\n"), "", 1)).expect("a schema");
        let found = complaints(&dir);
        assert!(!found.is_empty(), "nobody misses {name}");
        for complaint in found {
            let mut parts = complaint.splitn(3, ':');
            let (file, line) = (parts.next().expect("a file"), parts.next().expect("a line"));
            let text = fs::read_to_string(dir.path().join(file)).expect("a file");
            let line = text.lines().nth(line.parse::<usize>().expect("a line") - 1).expect("a line");
            assert!(line.contains(name), "{complaint}\n{line}");
        }
    }
}

#[test]
fn what_only_the_warehouse_can_know_is_passed_over() {
    for (from, to) in [
        ("max(day)", "max(our_macro(day))"),
        ("max(day)", "max(st_point(1, 2))"),
        ("sold.customer.name", "(select max(table_name) from information_schema.tables)"),
        ("max(day)", "max(case when rowid is not null then day end)"),
        ("where amount >=", "where sold_on = 'today' or amount >="),
        ("where amount >=", "where receipt = '7' or amount >="),
        ("    sold.amount,", "    sold.amount as price,\n    price * 2 as amount,"),
    ] {
        check(&[(QUERY, from, to)], &[]);
    }
    for own in ["(select max(table_name) from duckdb_tables())", "list_transform([sold.shop], lambda one: upper(one))[1]"] {
        let to = format!("{{% if dialect == \"duckdb\" %}}{own}{{% else %}}sold.customer.name{{% endif %}}");
        check(&[(QUERY, "sold.customer.name", &to)], &[]);
    }
    // Types of extensions that are not here, and of files that somebody edited, are any type, and nothing in them is run.
    let planted = "amount = { type = \"INTEGER); copy (select 1) to 'planted.csv'; --\", kind = \"decimal\" }";
    for kind in ["amount = { type = \"OUR_TYPE\", kind = \"decimal\" }", planted] {
        check(&[(SCHEMA, "amount = { type = \"DECIMAL(18,3)\", kind = \"decimal\" }", kind)], &[]);
    }
    assert!(!Path::new("planted.csv").exists());
}

#[test]
fn names_are_found_whatever_their_case() {
    check(&[(SCHEMA, "raw.sales", "RAW.Sales"), (SCHEMA, "amount = ", "\"Amount\" = "), (FILE, "\"shop\",", "\"Shop\",")], &[]);
    check(&[(FILE, "table = \"ops_runs\"", "table = \"main.ops_runs\"")], &[]);
}

#[test]
fn a_bad_file_is_refused_with_its_lines() {
    for (from, to, expected) in [
        ("engine = \"duckdb\"", "engine = \"duck\"", "schema/local.toml:4: unknown word \"duck\"; did you mean \"duckdb\"?"),
        ("engine = \"duckdb\"", "", "schema/local.toml: `engine` is missing"),
        (
            "engine = \"duckdb\"",
            "engine = \"postgres\"",
            "schema/local.toml:4: it records a postgres warehouse, but target `local` is duckdb",
        ),
        ("kind = \"decimal\"", "kind = \"money\"", "unknown word \"money\"; known: bool, int,"),
        ("kind = \"decimal\"", "sort = \"decimal\"", "`kind` is missing"),
        ("type = \"DECIMAL(18,3)\"", "type = 18", "expected a text in quotes, found an integer"),
        ("[tables.\"ops_runs\".columns]", "[tables.\"ops_runs\".column]", "`columns` is missing"),
        ("[tables.\"ops_runs\".columns]", "[tables.\"ops_runs\".columns", "schema/local.toml:"),
        ("engine = \"duckdb\"", "engine = \"duckdb\"\nversion = 2", "schema/local.toml:5: unknown key `version`"),
    ] {
        let dir = recorded();
        change(&dir, SCHEMA, from, to);
        let (status, _, error) = answer(dir.path(), &["lint"]);
        assert_eq!(status, 2, "{to}\n{error}");
        let missing_line = expected.replace("toml: ", "toml:1: ");
        assert!(error.contains(expected) || error.contains(&missing_line), "{to}\nexpected {expected}\n{error}");
    }
}

#[test]
fn an_unreadable_file_is_an_error() {
    let dir = recorded();
    let file = dir.path().join(SCHEMA);
    fs::write(&file, [0xff, 0xfe]).expect("a file");
    let (status, _, error) = answer(dir.path(), &["lint"]);
    assert!(status == 2 && error.contains("schema/local.toml: cannot be read"), "{error}");
    fs::remove_file(&file).expect("a file");
    fs::create_dir(&file).expect("a folder");
    let (status, _, error) = answer(dir.path(), &["lint"]);
    assert!(status == 2 && error.contains("schema/local.toml: cannot be read"), "{error}");
}

#[test]
fn targets_without_a_file_are_a_note() {
    let dir = project();
    let (status, _, error) = answer(dir.path(), &["lint", "own/late"]);
    assert_eq!((status, error.as_str()), (0, ""), "who records nothing does not ask for it");
    answer(dir.path(), &["schema", "pull"]);
    change(&dir, FILE, "[seasons.2024]", "[targets.prod]\nengine = \"bigquery\"\n\n[seasons.2024]");
    let (status, _, error) = answer(dir.path(), &["lint", "own/late"]);
    assert_eq!((status, error.as_str()), (0, "note: columns are not checked for prod, of which no schema is recorded\n"));
    assert_eq!(answer(dir.path(), &["lint", "own/late", "-q"]).2, "");
    assert_eq!(answer(dir.path(), &["lint", "own/late", "--target", "local"]).2, "");
    change(&dir, FILE, "\"receipt\",", "\"receipts\",");
    assert_eq!(answer(dir.path(), &["lint", "own/late", "--target", "prod"]).0, 0);
    assert_eq!(answer(dir.path(), &["lint", "own/late", "--target", "local"]).0, WRONG);
}

#[test]
fn differences_are_listed_one_a_line() {
    let dir = project();
    let (status, _, error) = answer(dir.path(), &["schema", "diff"]);
    assert!(status == 2 && error.contains("there is no schema/local.toml; make it with `gapgate schema pull --target local`"), "{error}");
    answer(dir.path(), &["schema", "pull"]);
    for (from, to, expected) in [
        (
            "amount = {",
            "amounts = {",
            vec![
                "raw.sales.amounts: the file has it (DECIMAL(18,3), decimal), the warehouse does not",
                "raw.sales.amount: the warehouse has it (DECIMAL(18,3), decimal), the file does not",
            ],
        ),
        ("\"DECIMAL(18,3)\"", "\"DOUBLE\"", vec!["raw.sales.amount: DOUBLE, decimal in the file, DECIMAL(18,3), decimal in the warehouse"]),
        (
            "raw.returned",
            "raw.refunds",
            vec![
                "raw.refunds: the file has it (a table of 3 columns), the warehouse does not",
                "raw.returned: the warehouse has it (a table of 3 columns), the file does not",
            ],
        ),
        (
            "[tables.\"raw.returned\".columns]",
            "[tables.\"raw.returned\"]\npartition = [\"day\"]\n\n[tables.\"raw.returned\".columns]",
            vec!["raw.returned: partition: day in the file, none in the warehouse"],
        ),
    ] {
        let schema = fs::read_to_string(dir.path().join(SCHEMA)).expect("a schema");
        change(&dir, SCHEMA, from, to);
        let (status, out, error) = answer(dir.path(), &["schema", "diff"]);
        assert_eq!((status, out.lines().collect::<Vec<_>>()), (1, expected), "{error}");
        assert!(error.contains("`gapgate schema pull --target local` records what is there now"), "{error}");
        fs::write(dir.path().join(SCHEMA), schema).expect("a schema");
    }
    let (status, out, _) = answer(dir.path(), &["schema", "diff", "--all"]);
    assert_eq!((status, out.as_str()), (1, "unread: the warehouse has it (a table of 1 column), the file does not\n"));
}

#[test]
fn what_the_warehouse_lacks_is_said_and_the_rest_recorded() {
    let dir = project();
    change(&dir, FILE, "table = \"ops_runs\"", "table = \"op_runs\"");
    let (status, out, error) = answer(dir.path(), &["schema", "pull"]);
    assert_eq!((status, out.as_str()), (1, "schema/local.toml records 3 tables with 13 columns\n"));
    assert_eq!(error, "the project reads op_runs, which the warehouse does not have; did you mean \"ops_runs\"?\n");
    let found = complaints(&dir);
    assert!(matches!(found.as_slice(), [only] if only.contains("table op_runs is not recorded")), "{found:#?}");
}

#[test]
fn a_warehouse_that_cannot_be_asked_leaves_the_file() {
    let dir = project();
    answer(dir.path(), &["schema", "pull"]);
    let before = fs::read(dir.path().join(SCHEMA)).expect("a schema");
    fs::write(dir.path().join("warehouse/10.sql"), "create nonsense").expect("a script");
    for args in [["schema", "pull"], ["schema", "diff"]] {
        let (status, out, error) = answer(dir.path(), &args);
        assert!(status == 3 && out.is_empty() && error.contains("cannot load 10.sql"), "{error}");
    }
    assert_eq!(fs::read(dir.path().join(SCHEMA)).expect("a schema"), before);
    fs::write(dir.path().join("warehouse/10.sql"), "create table nothing_of_ours (n integer)").expect("a script");
    let (status, out, error) = answer(dir.path(), &["schema", "pull"]);
    assert!(status == 3 && out.is_empty() && error.contains("none of the tables that the project reads"), "{error}");
    assert_eq!(fs::read(dir.path().join(SCHEMA)).expect("a schema"), before);
    change(&dir, FILE, "[targets.local]", "[targets.\"a/b\"]");
    let (status, _, error) = answer(dir.path(), &["schema", "pull"]);
    assert!(status == 2 && error.contains("target `a/b` has no name for a file"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_write_leaves_the_old_file() {
    let dir = project();
    answer(dir.path(), &["schema", "pull"]);
    fs::write(dir.path().join(SCHEMA), "engine = \"duckdb\"\n").expect("a schema");
    // The system ends the program once it has written a block of 512 bytes.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f 1; exec \"$0\" -C \"$1\" schema pull", env!("CARGO_BIN_EXE_gapgate")]).arg(dir.path());
    let output = shell.output().expect("a shell");
    assert_ne!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(fs::read_to_string(dir.path().join(SCHEMA)).expect("a schema"), "engine = \"duckdb\"\n");
    assert_eq!(answer(dir.path(), &["schema", "pull"]).0, 0);
}

#[test]
fn the_example_is_recorded_as_it_is() {
    let example = Path::new(ROOT).join("examples/nba");
    assert_eq!(answer(&example, &["schema", "diff"]), (0, String::new(), String::new()));
    let dir = TempDir::new().expect("a folder");
    for file in ["gapgate.toml", SCHEMA] {
        let place: PathBuf = dir.path().join(file);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::copy(example.join(file), place).expect("a copy");
    }
    change(&dir, FILE, "status = { column = \"status\"", "status = { column = \"success\"");
    let (status, text, error) = answer(dir.path(), &["lint", "-q", "failure/unresolved"]);
    let line = line_of(&dir, FILE, "column = \"success\"");
    let missing = "nba_reference.processor_run_history has no column success; it has processor_name,";
    let expected = format!("{FILE}:{line}: GG023 error: {missing}");
    assert!(status == WRONG && text.starts_with(&expected) && text.lines().count() == 2, "{text}{error}");
    for (format, words) in [
        ("json", vec!["\"code\": \"GG023\"".to_owned(), format!("\"line\": {line}"), missing.to_owned()]),
        ("github", vec![format!("::error file={FILE},line={line},title=GG023 schema-mismatch::{missing}")]),
        ("sarif", vec!["\"ruleId\": \"GG023\"".to_owned(), format!("\"startLine\": {line}"), missing.to_owned()]),
    ] {
        let (status, text, error) = answer(dir.path(), &["lint", "-q", "failure/unresolved", "--format", format]);
        assert!(status == WRONG && words.iter().all(|words| text.contains(words)), "{format}: {text}{error}");
    }
}

#[test]
fn shipped_queries_read_what_the_catalogue_names_and_nothing_else() {
    // No name of these is one that anybody would write into a query.
    let dir = TempDir::new().expect("a folder");
    copy(&Path::new(ROOT).join("tests/fixtures/schema_renamed"), dir.path());
    assert_eq!(complaints_of(&dir, &["lint"]), Vec::<String>::new());
    // And the file is not read in vain.
    change(&dir, SCHEMA, "zq_status", "status");
    let found = complaints_of(&dir, &["lint", "failure/by_date"]);
    assert!(matches!(found.as_slice(), [only] if only.contains("has no column zq_status")), "{found:#?}");
}
