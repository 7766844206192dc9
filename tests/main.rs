//! One integration binary: the guard, the laws, the queries, their snapshots, the command line, lint and the house itself.

mod adbc;
#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "duckdb")]
mod chain;
#[cfg(feature = "duckdb")]
mod cli;
#[cfg(feature = "duckdb")]
mod commodity;
#[cfg(feature = "duckdb")]
mod conformance;
#[cfg(all(feature = "bigquery", feature = "databricks"))]
mod databricks;
#[cfg(all(feature = "bigquery", feature = "duckdb"))]
mod emulator;
#[cfg(feature = "duckdb")]
mod failures;
#[cfg(feature = "bigquery")]
mod faults;
mod guard;
mod house;
#[cfg(feature = "duckdb")]
mod incidents;
#[cfg(feature = "duckdb")]
mod laws;
#[cfg(feature = "duckdb")]
mod laws_cadence;
#[cfg(feature = "duckdb")]
mod laws_gaps;
#[cfg(feature = "duckdb")]
mod laws_ledger;
mod laws_plan;
mod lint;
#[cfg(feature = "bigquery")]
mod live;
#[cfg(feature = "duckdb")]
mod modes;
#[cfg(feature = "bigquery")]
mod partitions;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(all(feature = "duckdb", unix))]
mod preflight;
#[cfg(feature = "duckdb")]
mod progress;
#[cfg(feature = "duckdb")]
mod queries;
#[cfg(feature = "duckdb")]
mod schema;
#[cfg(feature = "bigquery")]
mod server;
#[cfg(any(feature = "adbc", feature = "postgres", feature = "databricks"))]
mod servers;
#[cfg(feature = "duckdb")]
mod snapshot;
#[cfg(feature = "duckdb")]
mod support;
#[cfg(feature = "duckdb")]
mod waivers;
#[cfg(feature = "duckdb")]
mod waves;
