//! From disk to validated model: the project file, the query library, the recorded tables of targets, and the fixtures on which
//! queries are proven.
//!
//! Files are parsed first and validated after; every complaint names file and line, and all come at once.

mod adbc;
pub mod arguments;
mod bigquery;
pub mod fixture;
mod gates;
mod header;
mod ledger;
pub mod library;
mod modes;
mod outputs;
mod parts;
pub mod project;
pub mod records;
mod remote;
mod rows;
pub mod schema;
pub mod scope;
pub(crate) mod text;
mod toml;
mod upstream;
mod validate;
mod waivers;

pub(crate) use parts::selects;

/// Whether a name is the pattern or, where the pattern has `*`, is one that it stands for.
pub(crate) fn resembles(pattern: &str, name: &str) -> bool {
    pattern == name || glob::Pattern::new(pattern).is_ok_and(|glob| glob.matches(name))
}
