//! DuckDB by its own driver: values of every type, limits, faults in the middle of a result, and files that are read only.

use std::time::{Duration, Instant};

use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::Kind;
use gapgate::run::deadline_in;
use gapgate::warehouse::{Deadline, Interrupt, QueryError};
use tempfile::TempDir;

use super::loading::{DUCKDB, DUCKDB_ENTRY, ask, driver, one, open, reason, write};

fn target(library: &str, more: &str) -> String {
    format!("driver = {library:?}\nentrypoint = \"{DUCKDB_ENTRY}\"\ndialect = \"duckdb\"\n{more}")
}

#[test]
fn every_type_is_read_exactly_or_refused() {
    let Some(library) = driver(DUCKDB, "every_type_is_read_exactly_or_refused") else { return };
    let warehouse = open(&target(&library, "options = { path = \":memory:\" }"), &Interrupt::default());
    for (expression, kind, value) in [
        ("true", Kind::Bool, "bool true"),
        ("cast(-128 as tinyint)", Kind::Int, "int -128"),
        ("cast(255 as utinyint)", Kind::Int, "int 255"),
        ("cast(-32768 as smallint)", Kind::Int, "int -32768"),
        ("cast(65535 as usmallint)", Kind::Int, "int 65535"),
        ("cast(4294967295 as uinteger)", Kind::Int, "int 4294967295"),
        ("cast(9223372036854775807 as bigint)", Kind::Int, "int 9223372036854775807"),
        ("cast(18446744073709551615 as ubigint)", Kind::Int, "decimal 18446744073709551615"),
        ("cast(99999999999999999999999999999999999999 as hugeint)", Kind::Int, "decimal 99999999999999999999999999999999999999"),
        ("sum(1)", Kind::Int, "int 1"),
        ("cast(-0.10 as decimal(38, 2))", Kind::Decimal, "decimal -0.10"),
        ("cast(1.5 as float)", Kind::Float, "float 1.5"),
        ("cast(0.1 as double)", Kind::Float, "float 0.1"),
        ("cast('nan' as double)", Kind::Float, "float NaN"),
        ("cast('-infinity' as double)", Kind::Float, "float -inf"),
        ("'it''s ü 🦀'", Kind::Text, "text it's ü 🦀"),
        ("cast('b' as enum('a', 'b'))", Kind::Text, "text b"),
        ("date '2024-02-29'", Kind::Date, "date 2024-02-29"),
        ("date '0044-03-15 (BC)'", Kind::Date, "date -000043-03-15"),
        ("cast('2024-02-29 23:59:59' as timestamp_s)", Kind::Timestamp, "timestamp 2024-02-29T23:59:59"),
        ("cast('2024-02-29 23:59:59.123' as timestamp_ms)", Kind::Timestamp, "timestamp 2024-02-29T23:59:59.123"),
        ("timestamp '1899-12-31 00:00:00.000001'", Kind::Timestamp, "timestamp 1899-12-31T00:00:00.000001"),
        ("cast('2024-02-29 23:59:59.123456789' as timestamp_ns)", Kind::Timestamp, "timestamp 2024-02-29T23:59:59.123456789"),
        ("timestamp with time zone '2024-07-01 01:30:00-04'", Kind::Timestamp, "timestamp 2024-07-01T05:30:00"),
        ("time '07:30:00.25'", Kind::Text, "text 07:30:00.25"),
        ("cast('\\xDE\\xAD' as blob)", Kind::Text, "text dead"),
        ("[1, null, -3]", Kind::Text, "text [1, null, -3]"),
        ("{'a': 1, 'b': [date '2024-01-01']}", Kind::Text, "text {a: 1, b: [2024-01-01]}"),
        ("map {'k': 1.50}", Kind::Text, "text {k: 1.50}"),
        ("cast([1, 2] as integer[2])", Kind::Text, "text [1, 2]"),
        ("cast(null as decimal(9, 2))", Kind::Decimal, "null null"),
        ("cast(null as enum('a'))", Kind::Text, "null null"),
    ] {
        assert_eq!(one(warehouse.as_ref(), expression), (kind, value.to_owned()), "{expression}");
    }
    for (expression, name) in [("interval 1 day", "Interval"), ("union_value(a := 1)", "Union")] {
        let said = reason(ask(warehouse.as_ref(), &format!("select 1 as a, {expression} as b")));
        assert!(said.contains("column b is of type") && said.contains(name) && said.contains("cast it to text"), "{said}");
    }
    assert!(ask(warehouse.as_ref(), "select [interval 1 day] as b").is_err(), "nor inside of a list");
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a where false").expect("no rows").len(), 0);
}

#[test]
fn a_result_is_whole_or_an_error_or_said_to_be_cut() {
    let Some(library) = driver(DUCKDB, "a_result_is_whole_or_an_error_or_said_to_be_cut") else { return };
    let warehouse = open(&target(&library, "max_rows = 100000\noptions = { path = \":memory:\" }"), &Interrupt::default());
    let rows = |count: u64| ask(warehouse.as_ref(), &format!("select n, 'x' || n as t from range({count}) as r(n)"));
    for (asked, found, is_truncated) in [(0, 0, false), (100_000, 100_000, false), (100_001, 100_000, true)] {
        let table = rows(asked).expect("rows");
        assert_eq!((table.len(), table.is_truncated()), (found, is_truncated), "{asked}");
    }
    let sum: i64 = rows(100_000).expect("rows").rows().map(|row| row[0].as_int().expect("a number")).sum();
    assert_eq!(sum, 100_000 * 99_999 / 2);
    let broken =
        reason(ask(warehouse.as_ref(), "select cast(case when n > 90000 then 'x' else '1' end as integer) as v from range(95000) as r(n)"));
    assert!(broken.contains("Could not convert string 'x'"), "{broken}");
    let missing = reason(ask(warehouse.as_ref(), "select * from nowhere"));
    assert!(missing.contains("nowhere does not exist") && !missing.contains("LINE"), "{missing}");
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("another connection").len(), 1);
}

#[test]
fn a_statement_of_a_driver_ends_in_time() {
    let Some(library) = driver(DUCKDB, "a_statement_of_a_driver_ends_in_time") else { return };
    let interrupt = Interrupt::default();
    let warehouse = open(&target(&library, "options = { path = \":memory:\" }"), &interrupt);
    let endless = "select count(*) as n from range(1000000) as a cross join range(1000000) as b";
    let endless = Sql::parse(endless, Dialect::DuckDb).expect("a query");
    let start = Instant::now();
    let outcome = warehouse.query(&endless, Deadline { at: start + Duration::from_secs(1), seconds: 1 });
    assert_eq!(outcome, Err(QueryError::Timeout(1)));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("another connection").len(), 1);
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..2).map(|_| scope.spawn(|| warehouse.query(&endless, deadline_in(600)))).collect();
        std::thread::sleep(Duration::from_millis(500));
        let start = Instant::now();
        interrupt.throw();
        for asked in asked {
            assert_eq!(asked.join().expect("no panic"), Err(QueryError::Interrupted));
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    });
}

#[test]
fn a_file_is_listed_and_never_written_to() {
    let Some(library) = driver(DUCKDB, "a_file_is_listed_and_never_written_to") else { return };
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("w.duckdb");
    let file = file.to_str().expect("UTF-8");
    let scripts =
        ["create schema s", "create table s.sales (day date, amount decimal(9, 2))", "create view seen as select day from s.sales"];
    write(&library, file, &scripts.map(str::to_owned));
    let options = format!("options = {{ path = {file:?}, access_mode = \"READ_ONLY\" }}");
    let warehouse = open(&target(&library, &options), &Interrupt::default());
    let (inventory, _) = warehouse.inventory(&[], deadline_in(60)).expect("a list");
    let names: Vec<&str> = inventory.keys().map(String::as_str).collect();
    assert_eq!(names, ["main.seen", "s.sales", "seen", "w.main.seen", "w.s.sales"]);
    let columns: Vec<String> =
        inventory["s.sales"].columns.iter().map(|(name, words, kind)| format!("{name} {words} {}", kind.name())).collect();
    assert_eq!(columns, ["day DATE date", "amount DECIMAL(9,2) decimal"]);
    let short = open(&target(&library, &format!("max_rows = 2\n{options}")), &Interrupt::default());
    assert!(reason(short.inventory(&[], deadline_in(60))).contains("cut off"));
    let findings: Vec<String> = warehouse.examine(&[], deadline_in(60)).iter().map(|finding| finding.message.clone()).collect();
    assert!(findings[0].contains("ADBC is experimental") && findings[1].contains("cannot make a connection read-only"), "{findings:?}");
    let nowhere = open(&target(&library, "options = { path = \"/nowhere/x.duckdb\", access_mode = \"READ_ONLY\" }"), &Interrupt::default());
    let said = reason(ask(nowhere.as_ref(), "select 1 as a"));
    assert!(said.contains("/nowhere/x.duckdb") && said.contains("check `uri` and `options`"), "{said}");
    let unknown =
        open(&target(&library, "options = { api_token = \"hush-hush-4711\", \"hush-hush-4711\" = \"x\" }"), &Interrupt::default());
    let said = reason(ask(unknown.as_ref(), "select 1 as a"));
    assert!(!said.contains("hush-hush-4711"), "{said}");
}
