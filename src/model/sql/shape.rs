//! What can be told from the pieces of a text before it is parsed: one statement, balanced and shallow brackets, and
//! a second net for what must not appear however the parser would read it.

use super::{
    Dialect, Place, Refusal, functions,
    scan::{Kind, Piece},
};

/// Brackets inside brackets.
const MAX_BRACKETS: usize = 64;

/// A tree from one run of operators is as deep as the run is long, and dropping it needs that much stack.
const MAX_DEPTH: usize = 4_000;

/// Checks that hold for statements and expressions alike.
pub(super) fn check(pieces: &[Piece<'_>], dialect: Dialect) -> Result<(), Refusal> {
    let solid: Vec<_> = pieces.iter().filter(|piece| !piece.is_comment()).collect();
    if solid.is_empty() {
        return Err(Refusal::Empty);
    }
    check_brackets(&solid)?;
    for (index, piece) in solid.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| solid[index]);
        check_pair(before, piece, solid.get(index + 1).copied(), dialect)?;
    }
    Ok(())
}

/// The offset of the closing semicolon, if there is one.
pub(super) fn statement(pieces: &[Piece<'_>]) -> Result<Option<usize>, Refusal> {
    let mut solid = pieces.iter().filter(|piece| !piece.is_comment());
    let first = solid.clone().find(|piece| !piece.is("("));
    let starts = ["select", "with", "from", "values"];
    if let Some(first) = first.filter(|first| !first.word().is_some_and(|word| starts.contains(&word.as_str()))) {
        if first.is(";") {
            return Err(Refusal::Empty);
        }
        return Err(Refusal::NotAQuery { at: first.start, found: excerpt(first.text) });
    }
    let end = solid.find(|piece| piece.is(";"));
    match (end, solid.next()) {
        (Some(end), Some(_)) => Err(Refusal::SeveralStatements { at: end.start }),
        (end, _) => Ok(end.map(|end| end.offset)),
    }
}

/// An expression has no comment and no semicolon, so whatever is written around it stays in force.
pub(super) fn expression(pieces: &[Piece<'_>]) -> Result<(), Refusal> {
    for piece in pieces {
        if piece.is_comment() {
            return Err(Refusal::Comment { at: piece.start });
        }
        if piece.is(";") {
            return Err(Refusal::SeveralStatements { at: piece.start });
        }
    }
    Ok(())
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

/// An open bracket or `case`, and how deep the tree of what it holds can be.
struct Level<'a> {
    open: Option<&'a Piece<'a>>,
    /// Pieces since the last separator: a chain of operators is no deeper.
    run: usize,
    /// Set operations, joins and branches, which can chain across separators.
    links: usize,
    /// The deepest bracket closed since the last separator.
    inner: usize,
    deepest: usize,
}

impl<'a> Level<'a> {
    const fn new(open: Option<&'a Piece<'a>>) -> Self {
        Self { open, run: 0, links: 0, inner: 0, deepest: 0 }
    }

    fn separate(&mut self) {
        self.deepest = self.deepest.max(self.run + self.inner);
        (self.run, self.inner) = (0, 0);
    }

    fn link(&mut self) {
        self.separate();
        self.links += 1;
    }

    fn is_case(&self) -> bool {
        self.open.is_some_and(|open| open.kind == Kind::Word)
    }
}

struct Levels<'a> {
    outer: Vec<Level<'a>>,
    level: Level<'a>,
}

impl<'a> Levels<'a> {
    fn open(&mut self, piece: &'a Piece<'a>) -> Result<(), Refusal> {
        self.outer.push(std::mem::replace(&mut self.level, Level::new(Some(piece))));
        if self.outer.len() > MAX_BRACKETS { Err(Refusal::TooDeep { at: piece.start }) } else { Ok(()) }
    }

    /// Ends the current level; what it held counts as one piece of the level around it.
    fn close(&mut self) {
        if let Some(outer) = self.outer.pop() {
            let mut closed = std::mem::replace(&mut self.level, outer);
            closed.separate();
            self.level.inner = self.level.inner.max(closed.deepest + closed.links + 1);
            self.level.run += 1;
        }
    }

    /// A `case` without `end` is a column of that name.
    fn close_cases(&mut self) {
        while self.level.is_case() {
            self.close();
        }
    }

    fn step(&mut self, piece: &'a Piece<'a>) -> Result<(), Refusal> {
        match (piece.kind, piece.text) {
            (Kind::Symbol, "(" | "[" | "{") => self.open(piece)?,
            (Kind::Symbol, ")" | "]" | "}") => {
                self.close_cases();
                if !self.level.open.is_some_and(|open| matches(open.text, piece.text)) {
                    return Err(Refusal::Trailing { at: piece.start, found: piece.text.to_owned() });
                }
                self.close();
            }
            (Kind::Symbol, ",") => self.level.separate(),
            (Kind::Word, word) => match word.to_ascii_lowercase().as_str() {
                "case" => self.open(piece)?,
                "end" if self.level.is_case() => self.close(),
                "when" | "then" | "else" if self.level.is_case() => self.level.link(),
                "select" | "union" | "except" | "intersect" | "minus" | "join" => self.level.link(),
                _ => self.level.run += 1,
            },
            _ => self.level.run += 1,
        }
        let Level { run, links, .. } = self.level;
        if run.max(links) > MAX_DEPTH { Err(Refusal::TooDeep { at: piece.start }) } else { Ok(()) }
    }
}

fn check_brackets(solid: &[&Piece<'_>]) -> Result<(), Refusal> {
    let mut levels = Levels { outer: Vec::new(), level: Level::new(None) };
    for piece in solid {
        levels.step(piece)?;
    }
    levels.close_cases();
    if let Some(open) = levels.level.open {
        return Err(Refusal::Unclosed { at: open.start, what: "a bracket" });
    }
    levels.level.separate();
    if levels.level.deepest + levels.level.links > MAX_DEPTH * 2 {
        return Err(Refusal::TooDeep { at: Place::default() });
    }
    Ok(())
}

fn matches(open: &str, close: &str) -> bool {
    matches!((open, close), ("(", ")") | ("[", "]") | ("{", "}"))
}

fn check_pair(before: Option<&Piece<'_>>, piece: &Piece<'_>, after: Option<&Piece<'_>>, dialect: Dialect) -> Result<(), Refusal> {
    let at = piece.start;
    let is_field = before.is_some_and(|before| before.is("."));
    let next = after.and_then(Piece::word).unwrap_or_default();
    match piece.kind {
        Kind::Text if after.is_some_and(|after| after.kind == Kind::Text) => {
            Err(Refusal::Ambiguous { at, what: "two strings side by side", remedy: "join them with ||" })
        }
        Kind::Text if after.is_some_and(|after| after.is("(")) => {
            Err(Refusal::Ambiguous { at, what: "a string before a parenthesis", remedy: "drop the quotes" })
        }
        Kind::Word | Kind::Name if after.is_some_and(|after| after.is("(")) => functions::check_call(piece, dialect),
        Kind::Word => match (piece.text.to_ascii_lowercase().as_str(), next.as_str()) {
            ("into", _) if !is_field => Err(Refusal::Into { at }),
            ("insert", "overwrite" | "into") | ("delete", "from") | ("merge" | "copy" | "replace", "into") => {
                Err(Refusal::Writes { at, what: format!("\"{} {next}\"", piece.text) })
            }
            ("using", _) if after.is_some_and(|after| after.kind == Kind::Text) => {
                Err(Refusal::Construct { at, what: "a script named with using" })
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}
