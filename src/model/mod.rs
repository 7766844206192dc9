//! The words of the domain as types: pure values, no input or output, no clock.
//!
//! Everything above imports from here; nothing here imports from above.

pub mod adbc;
pub mod bigquery;
pub mod bytes;
pub mod catalogue;
pub mod chain;
pub mod change;
pub mod comparison;
pub mod coverage;
pub mod date;
pub mod fixture;
pub mod lint;
pub mod number;
pub mod places;
pub mod plan;
pub mod progress;
pub mod query;
pub mod reading;
pub mod record;
pub mod report;
pub mod retry;
pub mod rollback;
pub mod rule;
pub mod schedule;
pub mod schema;
pub mod scope;
pub mod settings;
pub mod span;
pub mod sql;
pub mod table;
pub mod triage;
pub mod verdict;
pub mod waiver;
