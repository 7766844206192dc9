//! gapgate tells, from the rows themselves, what a date-partitioned pipeline should hold and does not.

pub mod cli;
pub mod command;
pub mod error;
pub mod load;
pub mod model;
pub mod render;
pub mod report;
pub mod run;
pub mod warehouse;
