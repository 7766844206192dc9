//! Why a text was refused. Only words: the rules live beside it.

use std::fmt;

use thiserror::Error;

/// A place in a text; line and column count characters from 1, and 0 means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return formatter.write_str("statement");
        }
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is nothing to run.
    #[error("statement: it is empty; write one select")]
    Empty,
    /// The text is not SQL of this dialect, as far as the parser knows it.
    #[error("{at}: cannot be parsed: {message}")]
    Syntax {
        /// Where.
        at: Place,
        /// The parser's complaint.
        message: String,
    },
    /// The text is longer than any statement should be.
    #[error("statement: {bytes} bytes are more than the limit of {limit}; split the query")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The text nests, or strings operators together, beyond what can be checked.
    #[error("{at}: nested too deeply; name the inner parts in a with clause")]
    TooDeep {
        /// Where.
        at: Place,
    },
    /// A character that can make a reader and an engine see different texts.
    #[error("{at}: character U+{:04X} is not allowed {context}; remove it", u32::from(*character))]
    Character {
        /// Where.
        at: Place,
        /// Which.
        character: char,
        /// Where it is not allowed.
        context: &'static str,
    },
    /// A spelling that engines, versions or settings read differently.
    #[error("{at}: {what} can be read in two ways; {remedy}")]
    Ambiguous {
        /// Where.
        at: Place,
        /// What.
        what: &'static str,
        /// What to write.
        remedy: &'static str,
    },
    /// A quote, comment or bracket is not closed.
    #[error("{at}: {what} is not closed; close it")]
    Unclosed {
        /// Where it opens.
        at: Place,
        /// What.
        what: &'static str,
    },
    /// More than one statement.
    #[error("{at}: a second statement follows; keep exactly one")]
    SeveralStatements {
        /// Where the first one ends.
        at: Place,
    },
    /// Something follows the query or expression.
    #[error("{at}: \"{found}\" follows where the text should end; remove it")]
    Trailing {
        /// Where.
        at: Place,
        /// The first word too many.
        found: String,
    },
    /// The statement is not a query.
    #[error("{at}: \"{found}\" does not start a query; write a select")]
    NotAQuery {
        /// Where.
        at: Place,
        /// Its first word.
        found: String,
    },
    /// A statement that writes, inside the query.
    #[error("{at}: {what} would write; only select is allowed")]
    Writes {
        /// Where.
        at: Place,
        /// What.
        what: String,
    },
    /// A lock on rows.
    #[error("statement: it locks rows ({lock}); remove the clause")]
    Locks {
        /// The clause.
        lock: String,
    },
    /// A result that goes into a table or file.
    #[error("{at}: \"into\" would store the result; remove it")]
    Into {
        /// Where.
        at: Place,
    },
    /// A function that does more than compute.
    #[error("{at}: function {name} {why}; use only functions that compute")]
    Function {
        /// Where.
        at: Place,
        /// Its name as written.
        name: String,
        /// What it does.
        why: &'static str,
    },
    /// A function in FROM that is not on the list.
    #[error("{at}: function {name} is not known to be harmless in from; use a table, a view or a series function")]
    TableFunction {
        /// Where.
        at: Place,
        /// Its name as written.
        name: String,
    },
    /// A relation that is a file or holds secrets.
    #[error("{at}: relation {name} {why}; name a table or a view")]
    Relation {
        /// Where.
        at: Place,
        /// Its name as written.
        name: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// A clause outside plain queries.
    #[error("{at}: {what} is not allowed; write it as a plain select")]
    Construct {
        /// Where.
        at: Place,
        /// What.
        what: &'static str,
    },
    /// A comment inside an expression could hide what follows it.
    #[error("{at}: a comment is not allowed in an expression; remove it")]
    Comment {
        /// Where.
        at: Place,
    },
}
