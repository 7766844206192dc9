//! gapgate tells, from the rows themselves, what a date-partitioned pipeline should hold and does not: which keys are missing,
//! half-loaded, doubled or late, whether the next stage may start, and what to re-run.
//!
//! # The map
//!
//! Four floors. A room imports only from floors below, which a test keeps so (`tests/house.rs`).
//!
//! | floor | room | what it is for |
//! |---|---|---|
//! | 1 | [`model`] | the words as types: [`Project`](model::catalogue::Project), [`Query`](model::query::Query), [`Sql`](model::sql::Sql), [`Table`](model::table::Table), [`Rule`](model::rule::Rule), [`Coverage`](model::coverage::Coverage), [`Report`](model::report::Report); pure |
//! | 1 | [`error`] | what stops a run before it begins, and its exit status |
//! | 2 | [`load`] | the project file, the query library, fixtures and the recorded tables of targets, from disk to validated model |
//! | 2 | [`render`] | a query and its arguments to one statement of a dialect |
//! | 2 | [`lint`] | the scopes of a statement, and the rules that find in its tree what would answer wrongly; pure |
//! | 2 | [`warehouse`] | the [`Warehouse`](warehouse::Warehouse) trait and one file per engine |
//! | 2 | [`report`] | one file per format, each a pure function of the report |
//! | 3 | [`run`](mod@run) | the corridor: plan, render, query, judge, collect; and cases of fixtures against what was reviewed |
//! | 3 | [`cli`] | the command line as types |
//! | 4 | [`command`] | one file per subcommand |
//!
//! The SQL is not here: `queries/` holds one file per question, with its parameters, the columns it must return and the rules that
//! judge it. `queries/_lib/coverage.sql` is the heart; `queries/_dialect/` holds the few things that engines spell differently.
//!
//! The way of `gapgate gate analytics`, and nothing flows back:
//!
//! ```text
//! arguments -> command::gate -> load::project, load::library, warehouse::open
//! run::plan    every check of the gate is bound and rendered once: nothing is sent before all of them can be
//! run::gate    render -> Sql -> Warehouse::query -> Table -> rules -> findings
//! report       the findings as text; their worst verdict is the exit status
//! ```
//!
//! `gapgate retry --waves` asks the same and plans: [`model::plan`] is the planner, pure and near-linear; `run/waves` tells it what
//! the outputs hold and what the run ledger says, and puts names to its numbers. `gapgate failures` asks the ledger and the data that it
//! speaks of, and `run/triage` puts what failed together by cause, with what to do about each ([`model::triage`]). `gapgate plan` counts what a rollback would delete; its
//! statements are text, and no [`Sql`](model::sql::Sql).
//!
//! `gapgate progress` reads what is done from the same coverage, and the pace from the run ledger; [`model::progress`] does the
//! arithmetic. With `--watch` the command looks again and again, each time as of a new moment.
//!
//! # What always holds
//!
//! - [`Sql::parse`](model::sql::Sql::parse) is the only door to an engine. Its fields are private, and it is one read-only statement.
//! - No program is run but the commands that a gate declares, and those by `gapgate gate` alone (`run/command`); no library is
//!   loaded but the ADBC driver that a target names.
//! - A check that fails or cannot run is data in the report; an [`Error`](error::Error) means that the run never began.
//! - [`Verdict::Undecided`](model::verdict::Verdict::Undecided) outranks a failure and is never a pass. Exit status 0 means that every
//!   check was computed from a complete result.
//! - Each key of a spine has exactly one [`Class`](model::coverage::Class), and the counts per class add up to the spine.
//! - NULL never passes a comparison, shares are decided on integers, and 0 of 0 is unknown.
//! - Nothing below `main` reads the clock or iterates over a hash map where order shows.
//!
//! # As a library
//!
//! ```
//! use gapgate::model::sql::{Dialect, Sql};
//!
//! assert!(Sql::parse("select count(*) from raw.events", Dialect::DuckDb).is_ok());
//! assert!(Sql::parse("with x as (delete from t returning *) select * from x", Dialect::DuckDb).is_err());
//! ```

pub mod cli;
pub mod command;
pub mod error;
pub mod lint;
pub mod load;
pub mod model;
pub mod render;
pub mod report;
pub mod run;
pub mod warehouse;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
