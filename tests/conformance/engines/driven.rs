//! The engines that are reached by ADBC drivers.

use std::path::PathBuf;

use gapgate::model::sql::Dialect;
use tempfile::TempDir;

use super::super::copy::{Rows, quoted};
use super::Engine;
use crate::adbc::loading::{DUCKDB, DUCKDB_ENTRY, driver, write};

/// The server of the other tests, by its driver.
#[cfg(feature = "postgres")]
pub(super) fn postgres(test: &str) -> Option<Box<dyn Engine>> {
    use crate::adbc::loading::POSTGRES;
    use crate::postgres::{Order, Server};
    let library = driver(POSTGRES, test)?;
    let server = Server::find(test)?;
    Some(Box::new(Postgres { library, engine: super::Postgres(server, Order::Bytes) }))
}

#[cfg(feature = "postgres")]
struct Postgres {
    library: String,
    engine: super::Postgres,
}

#[cfg(feature = "postgres")]
impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres by ADBC"
    }

    fn load(&self, place: &str, tables: &[Rows]) -> String {
        let target = self.engine.load(&format!("{place}_adbc"), tables);
        let url = target.lines().find_map(|line| line.strip_prefix("url = \"")?.strip_suffix('"')).expect("an address");
        let uri = format!("{url}?options=-c%20timezone%3DUTC%20-c%20default_transaction_read_only%3Don");
        format!("engine = \"adbc\"\ndriver = {:?}\ndialect = \"postgres\"\nuri = {uri:?}", self.library)
    }
}

/// Another version of DuckDB than the one that is built in.
pub(super) fn duckdb(test: &str) -> Option<Box<dyn Engine>> {
    let library = driver(DUCKDB, test)?;
    Some(Box::new(DuckDb { library, files: TempDir::new().expect("a folder") }))
}

struct DuckDb {
    library: String,
    files: TempDir,
}

impl Engine for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb by ADBC"
    }

    fn load(&self, place: &str, tables: &[Rows]) -> String {
        let dialect = Dialect::DuckDb;
        let mut scripts = Vec::new();
        for table in tables {
            let name = format!("{}.{}", quoted(&table.schema, dialect), quoted(&table.name, dialect));
            scripts.push(format!("create schema if not exists {}", quoted(&table.schema, dialect)));
            scripts.push(format!("create table {name} ({})", table.declared(dialect)));
            scripts.extend(table.batches(dialect, 1000).map(|rows| format!("insert into {name} values {rows}")));
        }
        let file: PathBuf = self.files.path().join(format!("{place}.duckdb"));
        write(&self.library, file.to_str().expect("UTF-8"), &scripts);
        let driver = format!("engine = \"adbc\"\ndriver = {:?}\nentrypoint = \"{DUCKDB_ENTRY}\"\ndialect = \"duckdb\"", self.library);
        format!("{driver}\noptions = {{ path = {file:?}, access_mode = \"READ_ONLY\" }}")
    }
}
