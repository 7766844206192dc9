//! One integration binary: the guard, the laws, the queries, the command line and the house itself.

mod cli;
mod guard;
mod house;
mod queries;
