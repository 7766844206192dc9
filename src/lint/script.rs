//! Scripts: what surrounds the queries of a file that is more than one query. Words decide, not a grammar, because the
//! linter wants the queries only.

use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Names that a script declares, and that are no columns in its queries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Variables and parameters, in lower case.
    pub variables: Vec<String>,
    /// Functions of its own, in lower case.
    pub functions: Vec<String>,
}

/// The query that a statement is or holds, from its first word on; none if it has none.
pub(super) fn queries<'t, 'a>(mut tokens: &'t [&'a TokenWithSpan], names: &mut Names) -> Option<&'t [&'a TokenWithSpan]> {
    loop {
        let word = word(tokens.first()?);
        tokens = match word.as_deref() {
            None if is_query(tokens) => return Some(tokens),
            Some("select" | "with" | "from" | "values") => return Some(tokens),
            Some("begin" | "loop" | "repeat" | "else") => &tokens[1..],
            Some("if" | "elseif" | "exception" | "when") => after(tokens, "then")?,
            Some("while" | "for") => {
                names.variables.extend(tokens.get(1).and_then(|token| self::word(token)));
                after(tokens, "do")?
            }
            Some("declare") => {
                let declared = tokens[1..].iter().take_while(|token| is_plain(token) || token.token == Token::Comma);
                names.variables.extend(declared.filter_map(|token| self::word(token)));
                return None;
            }
            Some("create") => return create(tokens, names),
            Some("insert") => return insert(tokens),
            Some("export") => return after(tokens, "as").filter(|rest| is_query(rest)),
            _ => return None,
        };
    }
}

/// What `insert` reads, unless it is given values.
fn insert<'t, 'a>(tokens: &'t [&'a TokenWithSpan]) -> Option<&'t [&'a TokenWithSpan]> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        if depth == 0 && is_query(&tokens[index..]) {
            return Some(&tokens[index..]);
        }
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ if depth == 0 && word(token).as_deref() == Some("values") => return None,
            _ => {}
        }
    }
    None
}

/// Whether a statement makes a function, whose body can be of another language.
pub(super) fn is_function(tokens: &[&TokenWithSpan]) -> bool {
    let mut words = tokens.iter().take(6).map_while(|token| word(token));
    words.next().is_some_and(|first| first == "create") && words.any(|word| word == "function")
}

fn create<'t, 'a>(tokens: &'t [&'a TokenWithSpan], names: &mut Names) -> Option<&'t [&'a TokenWithSpan]> {
    let kinds = ["table", "view", "function", "procedure", "model", "schema", "index"];
    let kind = tokens.iter().take(8).position(|token| word(token).is_some_and(|word| kinds.contains(&word.as_str())))?;
    match word(tokens[kind]).as_deref() {
        Some("table" | "view" | "model") => {
            let starts = outermost(tokens).filter(|index| word(tokens[*index]).as_deref() == Some("as"));
            starts.map(|index| &tokens[index + 1..]).find(|rest| is_query(rest))
        }
        Some("procedure") => {
            let parameters =
                tokens.iter().skip_while(|token| token.token != Token::LParen).take_while(|token| token.token != Token::RParen);
            names.variables.extend(parameters.filter_map(|token| word(token)));
            queries(after(tokens, "begin")?, names)
        }
        Some("function") => {
            let name = tokens[kind..].windows(2).find(|pair| pair[1].token == Token::LParen).and_then(|pair| word(pair[0]));
            names.functions.extend(name);
            None
        }
        _ => None,
    }
}

/// What follows the first such word outside brackets.
fn after<'t, 'a>(tokens: &'t [&'a TokenWithSpan], wanted: &str) -> Option<&'t [&'a TokenWithSpan]> {
    let index = outermost(tokens).find(|index| word(tokens[*index]).as_deref() == Some(wanted))?;
    Some(&tokens[index + 1..])
}

/// The positions outside brackets.
fn outermost<'t>(tokens: &'t [&TokenWithSpan]) -> impl Iterator<Item = usize> + 't {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(index, token)| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(index)
    })
}

/// Whether these tokens begin a query, in parentheses or not.
fn is_query(tokens: &[&TokenWithSpan]) -> bool {
    let mut solid = tokens.iter().skip_while(|token| token.token == Token::LParen);
    solid.next().and_then(|token| word(token)).is_some_and(|word| ["select", "with", "from"].contains(&word.as_str()))
}

/// An unquoted word in lower case.
fn word(token: &TokenWithSpan) -> Option<String> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        _ => None,
    }
}

/// A name that is no type: the names of `declare a, b int64` end where the type begins.
fn is_plain(token: &TokenWithSpan) -> bool {
    word(token).is_some()
}
