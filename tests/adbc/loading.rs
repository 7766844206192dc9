//! Drivers that are found, or are none; and what the other tests need of them.

use std::fs;
use std::path::PathBuf;

use adbc_core::options::{AdbcVersion, OptionDatabase, OptionValue};
use adbc_core::{Connection as _, Database as _, Driver as _, LOAD_FLAG_DEFAULT, Statement as _};
use adbc_driver_manager::ManagedDriver;
use gapgate::load::project;
use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::{Kind, Table};
use gapgate::run::deadline_in;
use gapgate::warehouse::{self, Interrupt, QueryError, Warehouse};

use super::{assert_says, folder};
use crate::servers::address;

pub(crate) const DUCKDB: &str = "GAPGATE_TEST_ADBC_DUCKDB";
pub(crate) const DUCKDB_ENTRY: &str = "duckdb_adbc_init";
pub(crate) const POSTGRES: &str = "GAPGATE_TEST_ADBC_POSTGRESQL";
const SQLITE: &str = "GAPGATE_TEST_ADBC_SQLITE";

/// The library that a variable names.
pub(crate) fn driver(variable: &str, test: &str) -> Option<String> {
    address(variable, test)
}

/// Runs scripts by DuckDB's own driver, which gapgate itself would never do.
pub(crate) fn write(driver: &str, file: &str, scripts: &[String]) {
    let entry = Some(DUCKDB_ENTRY.as_bytes());
    let mut driver = ManagedDriver::load_from_name(driver, entry, AdbcVersion::V110, LOAD_FLAG_DEFAULT, None).expect("a driver");
    let path = (OptionDatabase::Other("path".to_owned()), OptionValue::String(file.to_owned()));
    let mut connection = driver.new_database_with_opts([path]).expect("a database").new_connection().expect("a connection");
    for script in scripts {
        let mut statement = connection.new_statement().expect("a statement");
        statement.set_sql_query(script).expect("a script");
        statement.execute_update().unwrap_or_else(|error| panic!("{error}\n{script}"));
    }
}

pub(super) fn open(target: &str, interrupt: &Interrupt) -> Box<dyn Warehouse> {
    let dir = folder(target);
    let project = project::load(dir.path()).unwrap_or_else(|error| panic!("{error}"));
    warehouse::open(&project.targets["t"], dir.path(), interrupt).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn ask(warehouse: &dyn Warehouse, text: &str) -> Result<Table, QueryError> {
    let sql = Sql::parse(text, warehouse.dialect()).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
    warehouse.query(&sql, deadline_in(60))
}

/// The one value of a statement, with its column's kind and its own type.
pub(super) fn one(warehouse: &dyn Warehouse, expression: &str) -> (Kind, String) {
    let table = ask(warehouse, &format!("select {expression} as v")).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let value = &table.rows().next().expect("a row")[0];
    (table.columns()[0].kind, format!("{} {value}", value.type_name()))
}

/// The reason of an error, and what to do.
pub(super) fn reason<T>(outcome: Result<T, QueryError>) -> String {
    match outcome.map(|_| ()).expect_err("it must fail") {
        QueryError::Explained { message, remedy } => format!("{message}; {remedy}"),
        error => error.to_string(),
    }
}

#[test]
fn what_is_no_driver_is_said_to_be_none() {
    let file = tempfile::Builder::new().suffix(".so").tempfile().expect("a file");
    fs::write(file.path(), "no library").expect("a file");
    let path = file.path().to_str().expect("UTF-8");
    for (driver, words) in [
        ("nowhere/x.so", ["there is no ADBC driver at", "nowhere/x.so"]),
        ("no_such_driver_4711", ["no ADBC driver is installed as `no_such_driver_4711`", "give the path"]),
        (path, ["cannot be loaded as an ADBC driver", "is it a shared library for this machine?"]),
    ] {
        assert_says(&format!("driver = {driver:?}\ndialect = \"postgres\""), 3, &words);
    }
}

#[test]
fn a_driver_without_its_entrypoint_is_not_found_in_the_library() {
    let Some(duckdb) = driver(DUCKDB, "a_driver_without_its_entrypoint_is_not_found_in_the_library") else { return };
    let target = format!("driver = {duckdb:?}\ndialect = \"duckdb\"");
    assert_says(&target, 3, &["cannot be loaded as an ADBC driver", "`entrypoint` names the function", "duckdb_adbc_init"]);
    assert_says(&format!("{target}\nentrypoint = \"no_such_function\""), 3, &["`entrypoint` names the function"]);
}

#[test]
fn a_manifest_names_a_driver() {
    let Some(sqlite) = driver(SQLITE, "a_manifest_names_a_driver") else { return };
    let dir = folder("driver = \"drivers/lite.toml\"\ndialect = \"postgres\"");
    fs::create_dir(dir.path().join("drivers")).expect("a folder");
    fs::write(dir.path().join("drivers/lite.toml"), format!("manifest_version = 1\n[Driver]\nshared = {sqlite:?}\n")).expect("a manifest");
    // SQLite speaks none of the dialects: its answers are refused before the first check.
    let (status, said) = super::doctor_in(dir.path());
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("syntax error") || said.contains("time zone is not UTC"), "{said}");
    assert!(PathBuf::from(sqlite).is_file());
}

#[test]
fn dialects_of_targets_are_theirs() {
    let dir = folder("driver = \"x\"\ndialect = \"databricks\"");
    assert_eq!(project::load(dir.path()).expect("a project").targets["t"].dialect, Dialect::Databricks);
}
