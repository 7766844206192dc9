//! The only door to an engine: a text becomes `Sql` when it is exactly one read-only statement. The check reads the
//! text twice, with a strict scanner of its own and with the parser, and refuses wherever the two could disagree
//! with the engine. It knows no schema, so views and unqualified user functions stay the engine's to guard.

mod functions;
mod grammar;
mod refusal;
mod relations;
mod scan;
mod shape;
mod split;
mod visit;

use std::{collections::VecDeque, fmt};

use sqlparser::{
    ast::{Query, Visit},
    keywords::ALL_KEYWORDS,
    parser::{Parser, ParserError},
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace},
};

pub use refusal::{Place, Refusal};
use scan::{Kind, Piece};
pub use split::statements;

/// Room for a union over a thousand tables, and small enough to check in an instant.
const MAX_BYTES: usize = 2 << 20;

/// How deep the parser may recurse; brackets are limited before.
const MAX_RECURSION: usize = 160;

/// The SQL dialect of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// DuckDB 2.
    DuckDb,
    /// GoogleSQL of BigQuery.
    BigQuery,
    /// PostgreSQL.
    Postgres,
    /// Databricks SQL and Spark SQL.
    Databricks,
    /// Snowflake: rendered and parsed, but never run yet.
    Snowflake,
}

impl Dialect {
    /// Every dialect, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::DuckDb, Self::BigQuery, Self::Postgres, Self::Databricks, Self::Snowflake];

    /// The name used in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::BigQuery => "bigquery",
            Self::Postgres => "postgres",
            Self::Databricks => "databricks",
            Self::Snowflake => "snowflake",
        }
    }

    /// The dialect of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Exactly one read-only statement.
///
/// ```
/// use gapgate::model::sql::{Dialect, Sql};
///
/// assert!(Sql::parse("select count(*) from shop.orders", Dialect::DuckDb).is_ok());
/// assert!(Sql::parse("select 1; drop table shop.orders", Dialect::DuckDb).is_err());
/// assert!(Sql::parse("select * from read_csv('/etc/passwd')", Dialect::DuckDb).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql {
    text: String,
    dialect: Dialect,
}

impl Sql {
    /// Accepts one read-only query. A closing semicolon, and what follows it, is dropped from the text.
    ///
    /// # Errors
    ///
    /// A `Refusal` that names what was found, where, and what to do.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, Refusal> {
        let pieces = read(text, dialect)?;
        let end = shape::statement(&pieces)?.unwrap_or(text.len());
        let text = &text[..end];
        inspect(&tree(text, &pieces, dialect)?, dialect)?;
        Ok(Self { text: text.trim().to_owned(), dialect })
    }

    /// The statement as a tree, parsed anew. Its places are those of [`Sql::as_str`].
    ///
    /// # Errors
    ///
    /// None that the text did not have before it was accepted.
    pub fn tree(&self) -> Result<Query, Refusal> {
        let mut parser =
            Parser::new(self.dialect.grammar()).with_recursion_limit(MAX_RECURSION).try_with_sql(&self.text).map_err(syntax)?;
        parser.parse_query().map(|query| *query).map_err(syntax)
    }

    /// The text to send to the engine. It may end in a line comment: put a line break before anything appended.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The dialect it was checked for.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Checks that the text is one scalar or aggregate expression that may be put between parentheses.
///
/// # Errors
///
/// A `Refusal`, by the same rules as for a whole statement; comments are refused as well.
pub fn check_expression(text: &str, dialect: Dialect) -> Result<(), Refusal> {
    let pieces = read(text, dialect)?;
    shape::expression(&pieces)?;
    let mut parser = parser(text, &pieces, dialect)?;
    let expression = parser.parse_expr().map_err(syntax)?;
    finish(&parser)?;
    inspect(&expression, dialect)
}

/// Whether a word is a keyword of some dialect, so that it must be quoted to serve as an identifier.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    ALL_KEYWORDS.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

fn read(text: &str, dialect: Dialect) -> Result<Vec<Piece<'_>>, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::TooLong { bytes: text.len(), limit: MAX_BYTES });
    }
    let pieces = scan::scan(text, dialect)?;
    shape::check(&pieces, dialect)?;
    Ok(pieces)
}

fn tree(text: &str, pieces: &[Piece<'_>], dialect: Dialect) -> Result<Query, Refusal> {
    let mut parser = parser(text, pieces, dialect)?;
    let query = parser.parse_query().map_err(syntax)?;
    finish(&parser)?;
    Ok(*query)
}

fn parser(text: &str, pieces: &[Piece<'_>], dialect: Dialect) -> Result<Parser<'static>, Refusal> {
    let grammar = dialect.grammar();
    let tokens = Tokenizer::new(grammar, text)
        .tokenize_with_location()
        .map_err(|error| Refusal::Syntax { at: place(error.location), message: lowered(&error.message) })?;
    let end = tokens.last().map_or(Place::default(), |token| place(token.span.end));
    agree(pieces.iter().filter(|piece| piece.start < end), &tokens)?;
    Ok(Parser::new(grammar).with_recursion_limit(MAX_RECURSION).with_tokens_with_locations(tokens))
}

/// Both readings must see the same strings, quoted names and comments at the same places.
fn agree<'a>(pieces: impl Iterator<Item = &'a Piece<'a>>, tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    let ours = pieces.filter(|piece| !matches!(piece.kind, Kind::Word | Kind::Symbol));
    let mut theirs: VecDeque<_> = tokens.iter().filter(|token| is_opaque(&token.token)).collect();
    for piece in ours {
        let same = theirs.pop_front().is_some_and(|token| {
            place(token.span.start) == piece.start && (piece.kind == Kind::LineComment || place(token.span.end) == piece.end)
        });
        if !same {
            return Err(Refusal::Ambiguous { at: piece.start, what: "this quote or comment", remedy: "rewrite it" });
        }
    }
    match theirs.front() {
        None => Ok(()),
        Some(token) => Err(Refusal::Ambiguous { at: place(token.span.start), what: "this quote", remedy: "rewrite it" }),
    }
}

fn is_opaque(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_some(),
        Token::Whitespace(space) => {
            matches!(space, Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_))
        }
        Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::TripleSingleQuotedByteStringLiteral(_)
        | Token::TripleDoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::TripleSingleQuotedRawStringLiteral(_)
        | Token::TripleDoubleQuotedRawStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::QuoteDelimitedStringLiteral(_)
        | Token::NationalQuoteDelimitedStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_) => true,
        // Only `0x1f` comes this far: the scanner refuses `x'1f'`.
        Token::HexStringLiteral(_) => false,
        _ => false,
    }
}

/// Nothing may follow: the parser itself would stop silently at some words, such as `end`.
fn finish(parser: &Parser<'_>) -> Result<(), Refusal> {
    let next = parser.peek_token_ref();
    if next.token == Token::EOF {
        return Ok(());
    }
    Err(Refusal::Trailing { at: place(next.span.start), found: next.token.to_string() })
}

fn inspect<T: Visit>(tree: &T, dialect: Dialect) -> Result<(), Refusal> {
    tree.visit(&mut visit::Guard::new(dialect)).break_value().map_or(Ok(()), |refusal| Err(*refusal))
}

fn place(location: Location) -> Place {
    Place { line: location.line, column: location.column }
}

/// The parser writes the place at the end of its message.
fn syntax(error: ParserError) -> Refusal {
    let message = match error {
        ParserError::RecursionLimitExceeded => return Refusal::TooDeep { at: Place::default() },
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let (message, at) = message.rsplit_once(" at Line: ").map_or((message.as_str(), None), |(front, back)| {
        let mut numbers = back.split(", Column: ").map(|number| number.trim().parse().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(line), Some(column)) => (front, Some(Place { line, column })),
            _ => (message.as_str(), None),
        }
    });
    Refusal::Syntax { at: at.unwrap_or_default(), message: lowered(message) }
}

fn lowered(message: &str) -> String {
    let mut rest = message.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}
