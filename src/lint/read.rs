//! From a text to the queries in it. A file can hold a script: what is no query, and holds none, is skipped.
//!
//! A statement that the parser does not know is said and left out; only what no engine could read is an error.

use sqlparser::ast::Query;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

use super::adapt::adapt;
use super::script::{self, Names};
use crate::model::lint::{Finding, Rule, Weight};
use crate::model::sql::{Dialect, Place};

/// Longer texts are data, not SQL that someone reads.
const MAX_BYTES: usize = 8 << 20;

/// Brackets inside brackets.
const MAX_BRACKETS: usize = 120;

/// A run of operators makes a tree as deep as it is long.
const MAX_RUN: usize = 8_000;

/// A chain of unions is a tree as deep.
const MAX_UNIONS: usize = 2_000;

/// How deep the parser may recurse; its stack grows as it needs.
const MAX_RECURSION: usize = 400;

/// What a text holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// Its queries, also those inside `create ... as` and `insert`.
    pub queries: Vec<Query>,
    /// What could not be read.
    pub problems: Vec<Finding>,
    /// Its comments.
    pub comments: Vec<Comment>,
    /// What the script declares.
    pub names: Names,
    /// The literals and quoted names, for what hides in them; the bodies of functions are none.
    pub quoted: Vec<(Place, String)>,
    /// What stands in braces in the code, which no dialect reads.
    pub braced: Vec<(Place, String)>,
    /// How many statements are no queries.
    pub skipped: usize,
}

/// A comment and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What it says, without its marks.
    pub text: String,
    /// Where it begins.
    pub at: Place,
    /// Whether there is code before it on its line.
    pub trails: bool,
}

/// Reads a text of one or more statements.
#[must_use]
pub fn read(text: &str, dialect: Dialect) -> Reading {
    let mut reading = Reading::default();
    if text.len() > MAX_BYTES {
        let message = format!("{} bytes are more than the limit of {MAX_BYTES}; split the file", text.len());
        reading.problem(Rule::Unreadable, Place::default(), message);
        return reading;
    }
    let tokens = match Tokenizer::new(dialect.grammar(), text).tokenize_with_location() {
        Ok(tokens) => tokens,
        Err(error) => {
            reading.untokenized(&error);
            return reading;
        }
    };
    reading.collect(&tokens);
    let solid: Vec<&TokenWithSpan> = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect();
    for statement in solid.split(|token| token.token == Token::SemiColon).filter(|statement| !statement.is_empty()) {
        reading.collect_texts(statement);
        match script::queries(statement, &mut reading.names) {
            Some(query) => reading.query(query, dialect),
            None => reading.skipped += 1,
        }
    }
    if reading.queries.is_empty() && reading.problems.is_empty() {
        reading.unknown(&solid);
    }
    reading
}

impl Reading {
    fn problem(&mut self, rule: Rule, at: Place, message: String) {
        let weight = if rule == Rule::Unreadable { Weight::Error } else { Weight::Warn };
        self.problems.push(Finding { at, rule, weight, message });
    }

    /// A text without any query that begins with a word that no engine knows is hardly meant so.
    fn unknown(&mut self, tokens: &[&TokenWithSpan]) {
        let Some(TokenWithSpan { token: Token::Word(word), span }) = tokens.first() else { return };
        if word.keyword == Keyword::NoKeyword && word.quote_style.is_none() {
            let message = format!("not read: no statement begins with `{}`", word.value);
            self.problem(Rule::NotRead, place(span.start), message);
        }
    }

    fn untokenized(&mut self, error: &TokenizerError) {
        let at = place(error.location);
        if error.message.to_lowercase().starts_with("unterminated") || error.message.starts_with("Unexpected EOF") {
            self.problem(Rule::Unreadable, at, format!("{}: close it", error.message.to_lowercase()));
        } else {
            self.problem(Rule::NotRead, at, format!("this text was not read: {}", error.message.to_lowercase()));
        }
    }

    fn collect(&mut self, tokens: &[TokenWithSpan]) {
        let mut code_on_line = 0;
        for token in tokens {
            let at = place(token.span.start);
            match &token.token {
                Token::Whitespace(Whitespace::SingleLineComment { comment: text, .. } | Whitespace::MultiLineComment(text)) => {
                    self.comments.push(Comment { text: text.trim().to_owned(), at, trails: code_on_line == at.line });
                }
                Token::Whitespace(_) | Token::EOF => {}
                _ => code_on_line = token.span.end.line,
            }
        }
    }

    fn collect_texts(&mut self, statement: &[&TokenWithSpan]) {
        if script::is_function(statement) {
            return;
        }
        for (index, token) in statement.iter().enumerate() {
            let at = place(token.span.start);
            if let Some(text) = quoted(&token.token) {
                self.quoted.push((at, text.to_owned()));
            }
            if let Some(text) = braced(&statement[index..]) {
                self.braced.push((at, text));
            }
        }
    }

    fn query(&mut self, tokens: &[&TokenWithSpan], dialect: Dialect) {
        let at = tokens.first().map_or(Place::default(), |first| place(first.span.start));
        match shape(tokens) {
            Shape::Sound => {}
            Shape::Unbalanced(at, what) => return self.problem(Rule::Unreadable, at, format!("{what}; brackets must match")),
            Shape::TooDeep(at) => {
                let message = "not read: nested too deeply, or too long a run of operators; name the inner parts in a with clause";
                return self.problem(Rule::NotRead, at, message.to_owned());
            }
        }
        let tree = parse(tokens.iter().map(|token| (*token).clone()).collect(), dialect);
        let tree = tree.or_else(|error| match dialect {
            Dialect::BigQuery => parse(adapt(tokens), dialect).map_err(|_| error),
            _ => Err(error),
        });
        match tree {
            Ok(query) => self.queries.push(query),
            Err(error) => {
                let (found, message) = split_error(error);
                self.problem(Rule::NotRead, if found.line > 0 { found } else { at }, format!("not read: {message}"));
            }
        }
    }
}

fn parse(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Result<Query, ParserError> {
    let mut parser = Parser::new(dialect.grammar()).with_recursion_limit(MAX_RECURSION).with_tokens_with_locations(tokens);
    let query = parser.parse_query()?;
    let next = parser.peek_token_ref();
    if next.token == Token::EOF {
        return Ok(*query);
    }
    let Location { line, column } = next.span.start;
    Err(ParserError::ParserError(format!("`{}` is not expected here at Line: {line}, Column: {column}", next.token)))
}

/// `{name}`, `{{ ...` or `{% ...`: a placeholder or a tag of a template.
fn braced(tokens: &[&TokenWithSpan]) -> Option<String> {
    let [open, next, rest @ ..] = tokens else { return None };
    let touches = open.span.end == next.span.start;
    match (&open.token, &next.token) {
        (Token::LBrace, Token::LBrace) if touches => Some("{{ ... }}".to_owned()),
        (Token::LBrace, Token::Mod) if touches => Some("{% ... %}".to_owned()),
        (Token::LBrace, Token::Word(word)) if word.quote_style.is_none() => {
            rest.first().filter(|close| close.token == Token::RBrace).map(|_| format!("{{{}}}", word.value))
        }
        _ => None,
    }
}

enum Shape {
    Sound,
    Unbalanced(Place, &'static str),
    TooDeep(Place),
}

/// Whether brackets match, and the tree stays shallow enough to walk and drop.
fn shape(tokens: &[&TokenWithSpan]) -> Shape {
    let mut open: Vec<(&TokenWithSpan, usize)> = Vec::new();
    let (mut run, mut unions) = (0, 0);
    for token in tokens {
        let closes = |opening: Token| open.last().is_some_and(|(last, _)| last.token == opening);
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                open.push((token, run));
                run = 0;
            }
            Token::RParen if !closes(Token::LParen) => return Shape::Unbalanced(place(token.span.start), "`)` closes nothing"),
            Token::RBracket if !closes(Token::LBracket) => return Shape::Unbalanced(place(token.span.start), "`]` closes nothing"),
            Token::RParen | Token::RBracket | Token::RBrace => run = open.pop().map_or(0, |(_, run)| run) + 1,
            Token::Comma => run = 0,
            Token::Word(word) if matches!(word.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS) => {
                unions += 1;
                run = 0;
            }
            _ => run += 1,
        }
        if open.len() > MAX_BRACKETS || run > MAX_RUN || unions > MAX_UNIONS {
            return Shape::TooDeep(place(token.span.start));
        }
    }
    match open.first() {
        Some((token, _)) => Shape::Unbalanced(place(token.span.start), "this bracket is never closed"),
        None => Shape::Sound,
    }
}

fn quoted(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if word.quote_style.is_some() => Some(&word.value),
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::TripleSingleQuotedString(text)
        | Token::TripleDoubleQuotedString(text)
        | Token::SingleQuotedRawStringLiteral(text)
        | Token::DoubleQuotedRawStringLiteral(text)
        | Token::TripleSingleQuotedRawStringLiteral(text)
        | Token::TripleDoubleQuotedRawStringLiteral(text)
        | Token::EscapedStringLiteral(text) => Some(text),
        _ => None,
    }
}

pub(super) fn place(location: Location) -> Place {
    Place { line: location.line, column: location.column }
}

/// The parser writes the place at the end of its message.
fn split_error(error: ParserError) -> (Place, String) {
    let message = match error {
        ParserError::RecursionLimitExceeded => return (Place::default(), "nested too deeply".to_owned()),
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let Some((front, back)) = message.rsplit_once(" at Line: ") else { return (Place::default(), message) };
    let mut numbers = back.split(", Column: ").map(|number| number.trim().parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(line), Some(column)) => (Place { line, column }, front.to_owned()),
        _ => (Place::default(), message),
    }
}

/// The comments of a text; none if it cannot be read.
#[must_use]
pub fn comments(text: &str, dialect: Dialect) -> Vec<Comment> {
    let mut reading = Reading::default();
    if let Ok(tokens) = Tokenizer::new(dialect.grammar(), text).tokenize_with_location() {
        reading.collect(&tokens);
    }
    reading.comments
}
