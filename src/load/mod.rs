//! From disk to validated model: the project file and the query library.
//!
//! Files are parsed first and validated after; every complaint names file and line, and all come at once.

pub mod library;
pub mod project;
mod header;
mod outputs;
mod parts;
mod toml;
mod validate;
