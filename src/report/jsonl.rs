//! stub
use crate::model::retry::RetryItem; use crate::model::table::Table;
/// x
pub fn retry(_: &[RetryItem]) -> String { String::new() }
/// x
pub fn retry_array(_: &[RetryItem]) -> String { String::new() }
/// x
pub fn table(_: &Table) -> String { String::new() }
/// x
pub fn array(_: &Table) -> String { String::new() }
