//! The linter: scopes and names, rules on their pages and cases, places, and what the command answers.

mod cases;
mod command;
mod scopes;
mod texts;
