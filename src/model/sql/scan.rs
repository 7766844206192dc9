//! Cuts a text into words, quoted pieces, comments and symbols as the engine does, and refuses every spelling on
//! which engines, versions or settings disagree. It knows nothing of grammar.

use super::{Dialect, Place, Refusal};

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A quoted identifier.
    Name,
    /// A string literal, with its prefix.
    Text,
    LineComment,
    BlockComment,
    Symbol,
}

/// A piece of text, as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) offset: usize,
    pub(super) start: Place,
    pub(super) end: Place,
}

impl Piece<'_> {
    pub(super) fn is(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }

    /// An unquoted word, in lower case.
    pub(super) fn word(&self) -> Option<String> {
        (self.kind == Kind::Word).then(|| self.text.to_ascii_lowercase())
    }
}

/// How a string literal is read.
#[derive(Clone, Copy)]
struct Quoting {
    /// Offset and place of its prefix.
    start: (usize, Place),
    backslash: bool,
}

/// Cuts the whole text.
pub(super) fn scan(text: &str, dialect: Dialect) -> Result<Vec<Piece<'_>>, Refusal> {
    check_characters(text)?;
    if let (Dialect::Databricks, Some(offset)) = (dialect, text.find("${")) {
        let at = place_of(text, offset);
        return Err(Refusal::Ambiguous { at, what: "${", remedy: "the engine would substitute a variable, so drop it" });
    }
    let mut scanner = Scanner { text, dialect, offset: 0, place: Place { line: 1, column: 1 }, pieces: Vec::new() };
    while let Some(next) = scanner.peek() {
        scanner.step(next)?;
    }
    Ok(scanner.pieces)
}

/// Control characters are refused everywhere, even in strings; a line may end in `\n` or `\r\n`.
fn check_characters(text: &str) -> Result<(), Refusal> {
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let line_end = character == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n');
        if character.is_control() && !matches!(character, '\n' | '\t') && !line_end {
            return Err(Refusal::Character { at: place_of(text, offset), character, context: "anywhere" });
        }
    }
    Ok(())
}

fn place_of(text: &str, offset: usize) -> Place {
    text[..offset].chars().fold(Place { line: 1, column: 1 }, Place::after)
}

impl Place {
    fn after(self, character: char) -> Self {
        match character {
            '\n' => Self { line: self.line + 1, column: 1 },
            _ => Self { column: self.column + 1, ..self },
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    dialect: Dialect,
    offset: usize,
    place: Place,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.place = self.rest()[..bytes].chars().fold(self.place, Place::after);
        self.offset += bytes;
    }

    fn mark(&self) -> (usize, Place) {
        (self.offset, self.place)
    }

    fn push(&mut self, kind: Kind, (offset, start): (usize, Place)) -> &'a str {
        let text = &self.text[offset..self.offset];
        self.pieces.push(Piece { kind, text, offset, start, end: self.place });
        text
    }

    fn step(&mut self, next: char) -> Result<(), Refusal> {
        use Dialect::{BigQuery, Databricks, DuckDb, Postgres, Snowflake};
        let start = self.mark();
        match (next, self.dialect) {
            (' ' | '\t' | '\n' | '\r', _) => self.skip(1),
            ('-', _) if self.rest().starts_with("--") => self.line_comment()?,
            ('#', BigQuery) => self.line_comment()?,
            ('/', _) if self.rest().starts_with("/*") => self.block_comment()?,
            ('/', Snowflake) if self.rest().starts_with("//") => return Err(self.ambiguous("a comment of two slashes", "write two dashes")),
            ('-', Snowflake) if self.rest().starts_with("->>") => {
                return Err(Refusal::Construct { at: self.place, what: "the flow from one statement to the next" });
            }
            ('\'', _) | ('"', BigQuery | Databricks) => {
                // Spark can be set to read double quotes as names, where a backslash escapes nothing.
                let backslash = matches!(self.dialect, BigQuery | Snowflake) || (self.dialect == Databricks && next == '\'');
                self.string(next, Quoting { start, backslash })?;
            }
            ('"', DuckDb | Postgres | Snowflake) | ('`', BigQuery | Databricks) => self.name(next)?,
            ('$', DuckDb | Postgres) => self.placeholder()?,
            // Behind an @ Snowflake has files.
            ('`' | '\\', _) | ('$', BigQuery | Databricks | Snowflake) | ('@', Snowflake) => return Err(self.stray(next, "here")),
            _ if next == '_' || next.is_alphanumeric() => self.word()?,
            _ if next.is_ascii_punctuation() => {
                self.skip(1);
                self.push(Kind::Symbol, start);
            }
            _ => return Err(self.stray(next, "outside a string")),
        }
        Ok(())
    }

    fn stray(&self, character: char, context: &'static str) -> Refusal {
        Refusal::Character { at: self.place, character, context }
    }

    fn ambiguous(&self, what: &'static str, remedy: &'static str) -> Refusal {
        Refusal::Ambiguous { at: self.place, what, remedy }
    }

    fn line_comment(&mut self) -> Result<(), Refusal> {
        let start = self.mark();
        let line = self.rest().split('\n').next().unwrap_or_default().trim_end_matches('\r');
        if line.contains("/*") || line.contains("*/") {
            return Err(self.ambiguous("a comment mark inside a comment", "remove the inner mark"));
        }
        if line.ends_with('\\') {
            return Err(self.ambiguous("a comment that ends in a backslash", "remove the backslash"));
        }
        self.visible(line, "in a comment")?;
        self.skip(line.len());
        self.push(Kind::LineComment, start);
        Ok(())
    }

    fn block_comment(&mut self) -> Result<(), Refusal> {
        let (start, rest) = (self.mark(), self.rest());
        let Some(close) = rest[2..].find("*/").map(|close| close + 2) else {
            return Err(Refusal::Unclosed { at: self.place, what: "a comment" });
        };
        if rest[2..=close].contains("/*") {
            return Err(self.ambiguous("a comment mark inside a comment", "remove the inner mark"));
        }
        if rest[2..].starts_with(['!', '+']) {
            return Err(self.ambiguous("a comment with instructions for the engine", "remove it"));
        }
        self.visible(&rest[..close], "in a comment")?;
        self.skip(close + 2);
        self.push(Kind::BlockComment, start);
        Ok(())
    }

    fn visible(&self, text: &str, context: &'static str) -> Result<(), Refusal> {
        match text.chars().find(|character| is_invisible(*character)) {
            None => Ok(()),
            Some(character) => Err(self.stray(character, context)),
        }
    }

    fn name(&mut self, quote: char) -> Result<(), Refusal> {
        let start = self.mark();
        self.skip(1);
        loop {
            let Some(end) = self.rest().find(quote) else {
                return Err(Refusal::Unclosed { at: start.1, what: "a quoted name" });
            };
            let part = &self.rest()[..end];
            self.visible(part, "in a name")?;
            if let Some(character) = part.chars().find(|c| *c == '\\' || (c.is_whitespace() && *c != ' ')) {
                return Err(self.stray(character, "in a name"));
            }
            self.skip(end + 1);
            if self.peek() != Some(quote) {
                break;
            }
            if self.dialect == Dialect::BigQuery {
                return Err(self.ambiguous("a doubled quote", "use another name"));
            }
            self.skip(1);
        }
        if self.offset - start.0 == 2 {
            return Err(Refusal::Construct { at: start.1, what: "an empty name" });
        }
        self.push(Kind::Name, start);
        Ok(())
    }

    fn string(&mut self, quote: char, quoting: Quoting) -> Result<(), Refusal> {
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        let close = if self.dialect == Dialect::BigQuery && self.rest().starts_with(triple) { triple } else { &triple[..1] };
        self.skip(close.len());
        loop {
            let Some(character) = self.peek() else {
                return Err(Refusal::Unclosed { at: quoting.start.1, what: "a string" });
            };
            if character == '\\' {
                self.backslash(quote, quoting)?;
            } else if !self.rest().starts_with(close) {
                self.skip(character.len_utf8());
            } else {
                self.skip(close.len());
                if close.len() == 3 || self.peek() != Some(quote) {
                    break;
                }
                if self.dialect == Dialect::BigQuery {
                    return Err(self.ambiguous("a doubled quote", "write a backslash before the inner quote"));
                }
                self.skip(1);
            }
        }
        self.push(Kind::Text, quoting.start);
        Ok(())
    }

    /// Without escapes, a backslash before a quote is the one spelling that settings and prefixes read differently.
    fn backslash(&mut self, quote: char, quoting: Quoting) -> Result<(), Refusal> {
        let run = self.rest().len() - self.rest().trim_start_matches('\\').len();
        if !quoting.backslash {
            if run % 2 == 1 && self.rest()[run..].starts_with(quote) {
                return Err(self.ambiguous("a backslash before a quote", "keep the two apart, or use chr(92)"));
            }
            self.skip(run);
            return Ok(());
        }
        self.skip(1);
        self.skip(self.peek().map_or(0, char::len_utf8));
        Ok(())
    }

    fn placeholder(&mut self) -> Result<(), Refusal> {
        let start = self.mark();
        let word = self.rest()[1..].trim_start_matches(|c: char| c == '_' || c.is_alphanumeric());
        if word.starts_with('$') {
            return Err(self.ambiguous("a dollar quote", "use single quotes"));
        }
        self.skip(1);
        self.push(Kind::Symbol, start);
        Ok(())
    }

    fn word(&mut self) -> Result<(), Refusal> {
        let start = self.mark();
        let dollar = matches!(self.dialect, Dialect::DuckDb | Dialect::Postgres);
        let rest = self.rest();
        let after = rest.trim_start_matches(|c: char| c == '_' || c.is_alphanumeric() || (dollar && c == '$'));
        let word = &rest[..rest.len() - after.len()];
        self.visible(word, "in a name")?;
        if !word.is_ascii() && (word.to_uppercase().is_ascii() || word.to_lowercase().is_ascii()) {
            return Err(self.ambiguous("a letter that turns into another one in upper case", "quote the name"));
        }
        let prefix = word.to_ascii_lowercase();
        if prefix == "u" && (after.starts_with("&'") || after.starts_with("&\"")) {
            return Err(self.ambiguous("a string with unicode escapes", "write the characters themselves"));
        }
        self.skip(word.len());
        let Some(quote) = after.chars().next().filter(|next| matches!(next, '\'' | '"' | '`')) else {
            self.push(Kind::Word, start);
            return Ok(());
        };
        self.before_quote(&prefix, quote, start)
    }

    /// A word that touches a quote may be a prefix of the string.
    fn before_quote(&mut self, prefix: &str, quote: char, start: (usize, Place)) -> Result<(), Refusal> {
        use Dialect::{BigQuery, Postgres};
        const PREFIXES: [&str; 9] = ["b", "e", "n", "q", "r", "x", "br", "rb", "nq"];
        match (prefix, quote, self.dialect) {
            ("e", '\'', Postgres) => self.string(quote, Quoting { start, backslash: true }),
            ("b" | "r", '\'' | '"', BigQuery) | ("b", '\'', Postgres) => self.string(quote, Quoting { start, backslash: false }),
            _ if PREFIXES.contains(&prefix) => Err(self.ambiguous("this string prefix", "use a plain string, or a space before a name")),
            _ if prefix.starts_with(|first: char| first.is_ascii_digit()) => {
                Err(self.ambiguous("a number that touches a quote", "put a space between"))
            }
            _ => {
                self.push(Kind::Word, start);
                Ok(())
            }
        }
    }
}

/// Characters that show nothing, or change the order in which text is shown.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}
