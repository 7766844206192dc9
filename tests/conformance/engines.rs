//! The engines that are held against DuckDB. Each is a server that a variable names.

#[cfg(feature = "bigquery")]
use gapgate::model::sql::Dialect;
#[cfg(feature = "bigquery")]
use serde_json::{Value as Json, json};

use super::copy::Rows;
#[cfg(feature = "bigquery")]
use super::copy::quoted;

/// An engine that tables can be copied to.
pub(crate) trait Engine: Sync {
    fn name(&self) -> &'static str;

    /// Copies tables to a place of their own, and gives the keys of a target that finds them there.
    fn load(&self, place: &str, tables: &[Rows]) -> String;

    /// Cases that it answers differently, and why that is no fault of ours: query, case, reason.
    fn differences(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &[]
    }
}

/// Every engine whose server can be reached.
pub(crate) fn all(test: &str) -> Vec<Box<dyn Engine>> {
    let mut engines: Vec<Box<dyn Engine>> = Vec::new();
    #[cfg(feature = "bigquery")]
    engines.extend(crate::emulator::endpoint(test).map(|endpoint| Box::new(BigQuery(endpoint)) as Box<dyn Engine>));
    engines
}

/// The emulator, at its endpoint.
#[cfg(feature = "bigquery")]
struct BigQuery(String);

#[cfg(feature = "bigquery")]
impl Engine for BigQuery {
    fn name(&self) -> &'static str {
        "bigquery (emulator)"
    }

    /// A project per place, because the catalogues name datasets of their own.
    fn load(&self, place: &str, tables: &[Rows]) -> String {
        let dialect = Dialect::BigQuery;
        for table in tables {
            let dataset = if table.schema == "main" { "main_tables" } else { &table.schema };
            let name = format!("{}.{}", quoted(dataset, dialect), quoted(&table.name, dialect));
            self.run(place, &format!("create schema if not exists {}", quoted(dataset, dialect)));
            self.run(place, &format!("create or replace table {name} ({})", table.declared(dialect)));
            table.batches(dialect, 1000).for_each(|rows| drop(self.run(place, &format!("insert into {name} values {rows}"))));
        }
        format!("engine = \"bigquery\"\nproject = \"{place}\"\ndataset = \"main_tables\"\nendpoint = \"{}\"", self.0)
    }
}

#[cfg(feature = "bigquery")]
impl BigQuery {
    /// Runs a statement, which gapgate itself would never send.
    fn run(&self, project: &str, sql: &str) -> Json {
        let url = format!("{}/bigquery/v2/projects/{project}/queries", self.0);
        let body = json!({"query": sql, "useLegacySql": false});
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let send = async { reqwest::Client::builder().no_proxy().build()?.post(url).json(&body).send().await?.json::<Json>().await };
        let answer = runtime.block_on(send).expect("an answer of the emulator");
        let failed = !answer["error"].is_null() || answer["errors"].as_array().is_some_and(|errors| !errors.is_empty());
        assert!(!failed, "{sql}\n{answer}");
        answer
    }
}
