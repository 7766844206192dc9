//! stub
use crate::model::report::Report;use crate::model::retry::RetryItem; use crate::model::table::Table;
/// x
pub fn report(_: &Report) -> String { String::new() }
/// x
pub fn retry(_: &[RetryItem]) -> String { String::new() }
/// x
pub fn table(_: &Table) -> String { String::new() }
