//! From disk to validated model: the project file and the query library.
//!
//! Files are parsed first and validated after; every complaint names file and line, and all come at once.

mod header;
mod ledger;
pub mod library;
mod outputs;
mod parts;
pub mod project;
mod toml;
mod validate;

pub(crate) use parts::selects;
