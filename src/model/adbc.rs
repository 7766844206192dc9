//! What a target says of an ADBC driver: which one, and with what to open it.

use std::path::PathBuf;

use super::bigquery::Secret;

/// A warehouse behind an ADBC driver as a target of the project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adbc {
    /// The driver.
    pub driver: Driver,
    /// The name of its first function, where that is none of the usual ones.
    pub entrypoint: Option<String>,
    /// Where the warehouse is, as the driver wants it written.
    pub uri: Option<Secret>,
    /// Options of the database by their names, in the order of the file.
    pub options: Vec<(String, Secret)>,
    /// Values of options that no message may repeat. What of the `uri` is secret, it tells itself.
    pub hidden: Vec<Secret>,
    /// The most rows of one result; nothing is judged from a longer one.
    pub max_rows: u64,
}

/// A shared library that speaks to a kind of warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Driver {
    /// The library, or a manifest that names it.
    File(PathBuf),
    /// A name by which it was installed.
    Named(String),
}

impl Adbc {
    /// Far more keys than a gate has, and no burden to hold.
    pub const MAX_ROWS: u64 = 1_000_000;
}
