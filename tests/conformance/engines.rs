//! The engines that are held against DuckDB. Each is a server that a variable names.

#[cfg(feature = "bigquery")]
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::MutexGuard;
#[cfg(feature = "databricks")]
use std::sync::{Mutex, PoisonError};

#[cfg(any(feature = "bigquery", feature = "postgres", feature = "databricks"))]
use gapgate::model::sql::Dialect;
#[cfg(any(feature = "bigquery", feature = "databricks"))]
use serde_json::{Value as Json, json};

#[cfg(feature = "adbc")]
mod driven;

use super::copy::Rows;
#[cfg(feature = "databricks")]
use super::copy::data_type;
#[cfg(any(feature = "bigquery", feature = "postgres"))]
use super::copy::quoted;
#[cfg(feature = "postgres")]
use crate::postgres::{Order, Server};
#[cfg(feature = "databricks")]
use crate::servers::address;

/// An engine that tables can be copied to.
pub(crate) trait Engine: Sync {
    fn name(&self) -> &'static str;

    /// Copies tables to a place of their own, and gives the keys of a target that finds them there.
    fn load(&self, place: &str, tables: &[Rows]) -> String;

    /// Gives back what the tables of a place take.
    fn unload(&self, _place: &str, _tables: &[Rows]) {}

    /// Whether it can be asked about the rows of a project.
    fn takes(&self, _project: &Path) -> bool {
        true
    }

    /// Keeps other tests away while this lives, where there is one place for all.
    fn alone(&self) -> Option<MutexGuard<'static, ()>> {
        None
    }

    /// How many places it can hold at the same time.
    fn at_once(&self) -> usize {
        2
    }

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
    #[cfg(feature = "postgres")]
    engines.extend(postgres(test));
    #[cfg(all(feature = "adbc", feature = "postgres"))]
    engines.extend(driven::postgres(test));
    #[cfg(feature = "adbc")]
    engines.extend(driven::duckdb(test));
    #[cfg(feature = "databricks")]
    engines.extend(spark(test));
    engines
}

/// Spark, behind Databricks' API.
#[cfg(feature = "databricks")]
fn spark(test: &str) -> Option<Box<dyn Engine>> {
    address("GAPGATE_TEST_SPARK", test).map(|endpoint| Box::new(Spark(endpoint)) as Box<dyn Engine>)
}

/// One server, once for each order of text.
#[cfg(feature = "postgres")]
fn postgres(test: &str) -> Vec<Box<dyn Engine>> {
    let engine = |order| Server::find(test).map(|server| Box::new(Postgres(server, order)) as Box<dyn Engine>);
    [Order::Bytes, Order::Dictionary].into_iter().filter_map(engine).collect()
}

/// A server, whose text is ordered by its bytes or as in a dictionary.
#[cfg(feature = "postgres")]
struct Postgres(Server, Order);

#[cfg(feature = "postgres")]
impl Engine for Postgres {
    fn name(&self) -> &'static str {
        match self.1 {
            Order::Bytes => "postgres",
            Order::Dictionary => "postgres, ordered as a dictionary",
        }
    }

    /// A database per place, because the projects name schemas of their own.
    fn load(&self, place: &str, tables: &[Rows]) -> String {
        let dialect = Dialect::Postgres;
        let database = self.0.database(&format!("{place}_{}", self.1 as u8), self.1);
        let mut script = String::new();
        for table in tables {
            let schema = if table.schema == "main" { "public" } else { &table.schema };
            let name = format!("{}.{}", quoted(schema, dialect), quoted(&table.name, dialect));
            script.push_str(&format!("create schema if not exists {};\n", quoted(schema, dialect)));
            script.push_str(&format!("create table {name} ({});\n", table.declared(dialect)));
            for rows in table.batches(dialect, 1000) {
                script.push_str(&format!("insert into {name} values {rows};\n"));
            }
        }
        database.run(&script);
        format!("engine = \"postgres\"\nurl = \"{}\"", database.url())
    }

    fn unload(&self, place: &str, _tables: &[Rows]) {
        self.0.run(&format!("drop database {place}_{} with (force)", self.1 as u8));
    }

    fn differences(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self.1 {
            Order::Bytes => &[],
            Order::Dictionary => &BY_DICTIONARY,
        }
    }
}

/// What the order of text decides: which row comes first, and which of several texts stands for all.
#[cfg(feature = "postgres")]
const BY_DICTIONARY: [(&str, &str, &str); 3] = [
    ("cadence/deviations", "as many models as expected, and not the expected ones", "`naive` is listed before `Naive`"),
    ("failure/by_category", "three successes do not multiply two failures", "`bug` is listed before `BUG`"),
    (
        "failure/error_groups",
        "what differs from run to run makes no group of its own",
        "the sample is the first message in a dictionary's order",
    ),
];

/// The emulator, at its endpoint.
#[cfg(feature = "bigquery")]
pub(crate) struct BigQuery(pub(crate) String);

#[cfg(feature = "bigquery")]
impl Engine for BigQuery {
    fn name(&self) -> &'static str {
        "bigquery (emulator)"
    }

    fn load(&self, place: &str, tables: &[Rows]) -> String {
        self.copy(place, tables, |_| "")
    }

    /// The emulator takes ten seconds for a thousand rows. Every query of this project has cases in others too.
    fn takes(&self, project: &Path) -> bool {
        !project.ends_with(super::LARGE)
    }

    fn differences(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &OF_THE_EMULATOR
    }

    /// It answers the slower the more it holds.
    fn unload(&self, place: &str, tables: &[Rows]) {
        let datasets: BTreeSet<&str> = tables.iter().map(dataset).collect();
        datasets.iter().for_each(|dataset| drop(self.run(place, &format!("drop schema {} cascade", quoted(dataset, Dialect::BigQuery)))));
    }
}

#[cfg(feature = "bigquery")]
const OF_THE_EMULATOR: [(&str, &str, &str); 5] = [
    ("gate/inventory", "a table that nobody covers is a warning", QUOTED_DATASET),
    ("gate/inventory", "a table that went away, and the one that took its place", QUOTED_DATASET),
    ("gate/inventory", "clean: every table is catalogued, and schemas of others are left alone", QUOTED_DATASET),
    ("gate/inventory", "unless it was said that it needs no output", QUOTED_DATASET),
    (
        "gate/quota",
        "refused: an engine without a list of jobs",
        "BigQuery keeps a list of jobs, so it is asked for it; the emulator has none",
    ),
];

#[cfg(feature = "bigquery")]
const QUOTED_DATASET: &str = "the emulator cannot read `raw`.INFORMATION_SCHEMA, a dataset in quotes, and breaks the statement";

#[cfg(feature = "bigquery")]
fn dataset(table: &Rows) -> &str {
    if table.schema == "main" { "main_tables" } else { &table.schema }
}

#[cfg(feature = "bigquery")]
impl BigQuery {
    /// A project per place, because the catalogues name datasets of their own; and after the columns of each table its partitions.
    pub(crate) fn copy(&self, place: &str, tables: &[Rows], partitions: impl Fn(&Rows) -> &'static str) -> String {
        let dialect = Dialect::BigQuery;
        for table in tables {
            let dataset = quoted(dataset(table), dialect);
            let name = format!("{dataset}.{}", quoted(&table.name, dialect));
            self.run(place, &format!("create schema if not exists {dataset}"));
            self.run(place, &format!("create or replace table {name} ({}) {}", table.declared(dialect), partitions(table)));
            table.batches(dialect, 1000).for_each(|rows| drop(self.run(place, &format!("insert into {name} values {rows}"))));
        }
        format!("engine = \"bigquery\"\nproject = \"{place}\"\ndataset = \"main_tables\"\nendpoint = \"{}\"", self.0)
    }

    /// Runs a statement, which gapgate itself would never send.
    fn run(&self, project: &str, sql: &str) -> Json {
        let url = format!("{}/bigquery/v2/projects/{project}/queries", self.0);
        let answer = post(&url, &json!({"query": sql, "useLegacySql": false}));
        let failed = !answer["error"].is_null() || answer["errors"].as_array().is_some_and(|errors| !errors.is_empty());
        assert!(!failed, "{sql}\n{answer}");
        answer
    }
}

#[cfg(any(feature = "bigquery", feature = "databricks"))]
fn post(url: &str, body: &Json) -> Json {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let send = async { reqwest::Client::builder().no_proxy().build()?.post(url).json(body).send().await?.json::<Json>().await };
    runtime.block_on(send).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// A local Spark at its endpoint.
#[cfg(feature = "databricks")]
struct Spark(String);

#[cfg(feature = "databricks")]
impl Engine for Spark {
    fn name(&self) -> &'static str {
        "databricks (Spark)"
    }

    /// It has one catalog only, whose tables are replaced.
    fn load(&self, _place: &str, tables: &[Rows]) -> String {
        let dialect = Dialect::Databricks;
        let table = |table: &Rows| {
            let schema = if table.schema == "main" { "default" } else { &table.schema };
            let columns: Vec<[String; 2]> = table.columns.iter().map(|(name, words)| [name.clone(), data_type(words, dialect)]).collect();
            json!({"schema": schema, "name": table.name, "columns": columns, "rows": table.batches(dialect, 1000).collect::<Vec<_>>()})
        };
        let answer = post(&format!("{}/tables", self.0), &json!({"tables": tables.iter().map(table).collect::<Vec<_>>()}));
        assert_eq!(answer, json!({}));
        let place = "warehouse_id = \"spark\"\ncatalog = \"spark_catalog\"\nschema = \"default\"\ntoken = \"none\"";
        format!("engine = \"databricks\"\nhost = \"{}\"\n{place}", self.0)
    }

    fn differences(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &[(
            "gate/quota",
            "refused: an engine without a list of jobs",
            "Databricks keeps a list of jobs, so it is asked for it; Spark has none",
        )]
    }

    fn at_once(&self) -> usize {
        1
    }

    fn alone(&self) -> Option<MutexGuard<'static, ()>> {
        static ONE: Mutex<()> = Mutex::new(());
        Some(ONE.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
