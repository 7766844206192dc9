//! Valid BigQuery that the parser does not know yet, said in words that it does. Tried where a statement could not be
//! parsed as it stands; places stay those of the text. What is left out matters to no rule.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// The tokens without what the parser stumbles over.
pub(super) fn adapt(tokens: &[&TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut adapted = Vec::with_capacity(tokens.len());
    let mut index = 0;
    // Whether each open bracket holds the arguments of a function.
    let mut calls: Vec<bool> = Vec::new();
    while let Some(token) = tokens.get(index) {
        let rest = &tokens[index..];
        match token.token {
            Token::LParen => calls.push(is_call(tokens, index)),
            Token::RParen => drop(calls.pop()),
            _ => {}
        }
        let skipped = typed_literal(tokens, index)
            .or_else(|| table_argument(tokens, index, calls.last() == Some(&true)))
            .or_else(|| safe_call(rest))
            .or_else(|| time_travel(rest))
            .or_else(|| outer_union(rest));
        if let Some(skipped) = skipped.filter(|skipped| *skipped > 0) {
            index += skipped;
            continue;
        }
        let mut token: TokenWithSpan = (*token).clone();
        if is_shift(rest) {
            token.token = Token::Ampersand;
        } else if is_empty_struct(rest) {
            token.token = Token::make_word("struct_", None);
        }
        adapted.push(token);
        index += 1;
    }
    adapted
}

/// `array<struct<a int64>>[...]`: the type, so that the values stay. Of `struct<...>(...)` the word stays too.
fn typed_literal(tokens: &[&TokenWithSpan], index: usize) -> Option<usize> {
    let is = |at: usize, name: &str| tokens.get(at).and_then(|token| word(token)).is_some_and(|word| word == name);
    let (first, opens) = match () {
        () if is(index, "array") => (index + 1, Token::LBracket),
        () if index > 0 && is(index - 1, "struct") => (index, Token::LParen),
        () => return None,
    };
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(first) {
        depth += match &token.token {
            Token::Lt => 1,
            Token::Gt => -1,
            Token::ShiftRight => -2,
            Token::Word(_) | Token::Comma | Token::Period | Token::LParen | Token::RParen | Token::Number(..) => 0,
            _ => return None,
        };
        if depth <= 0 {
            let literal = tokens.get(at + 1).is_some_and(|next| next.token == opens);
            return (depth == 0 && literal && at > first).then_some(at + 1 - index);
        }
    }
    None
}

/// The word before the argument in `f(table x)` and `f(model x)`.
fn table_argument(tokens: &[&TokenWithSpan], index: usize, in_call: bool) -> Option<usize> {
    let word = word(tokens[index])?;
    let first = in_call && matches!(tokens[index.checked_sub(1)?].token, Token::LParen | Token::Comma | Token::RArrow);
    let named = match &tokens.get(index + 1)?.token {
        Token::Word(next) => next.quote_style.is_some() || next.keyword == Keyword::NoKeyword,
        _ => false,
    };
    (first && named && (word == "table" || word == "model")).then_some(1)
}

/// Whether a bracket holds the arguments of a function, and not a query or a list.
fn is_call(tokens: &[&TokenWithSpan], index: usize) -> bool {
    let named = index.checked_sub(1).is_some_and(|before| match &tokens[before].token {
        Token::Word(word) => !["in", "from", "join", "as", "on", "and", "or", "not", "exists", "all", "any", "using", "over", "union"]
            .contains(&word.value.to_lowercase().as_str()),
        _ => false,
    });
    let query = tokens.get(index + 1).and_then(|next| word(next)).is_some_and(|next| next == "select" || next == "with");
    named && !query
}

/// `safe.` before the name of a function.
fn safe_call(tokens: &[&TokenWithSpan]) -> Option<usize> {
    let [safe, dot, name, open, ..] = tokens else { return None };
    let is_safe =
        word(safe)? == "safe" && dot.token == Token::Period && matches!(name.token, Token::Word(_)) && open.token == Token::LParen;
    is_safe.then_some(2)
}

/// `for system_time as of ...`, up to what ends it.
fn time_travel(tokens: &[&TokenWithSpan]) -> Option<usize> {
    let words: Vec<String> = tokens.iter().take(4).map_while(|token| word(token)).collect();
    if words != ["for", "system_time", "as", "of"] {
        return None;
    }
    let ends = [
        "where", "join", "inner", "left", "right", "full", "cross", "on", "group", "order", "limit", "union", "qualify", "having", "window",
    ];
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate().skip(4) {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return Some(index),
            Token::RParen => depth -= 1,
            Token::Comma if depth == 0 => return Some(index),
            _ if depth == 0 && word(token).is_some_and(|word| ends.contains(&word.as_str())) => return Some(index),
            _ => {}
        }
    }
    Some(tokens.len())
}

/// The words before the operator in `full outer union all by name`.
fn outer_union(tokens: &[&TokenWithSpan]) -> Option<usize> {
    let first = word(tokens.first()?).filter(|word| ["full", "left", "inner", "outer"].contains(&word.as_str()))?;
    let second = word(tokens.get(1)?)?;
    let is_set = |word: &str| ["union", "except", "intersect"].contains(&word);
    let third = tokens.get(2).and_then(|token| word(token)).unwrap_or_default();
    match () {
        () if is_set(&second) => Some(1),
        () if first != "outer" && second == "outer" && is_set(&third) => Some(2),
        () => None,
    }
}

/// `a << 1` and `a >> 1`: some operator will do.
fn is_shift(tokens: &[&TokenWithSpan]) -> bool {
    let operand = |token: &&TokenWithSpan| matches!(token.token, Token::Number(..) | Token::Word(_) | Token::LParen);
    match tokens.first().map(|token| &token.token) {
        Some(Token::ShiftLeft) => true,
        Some(Token::ShiftRight) => tokens.get(1).is_some_and(operand),
        _ => false,
    }
}

/// `struct()`, which is a function without arguments to the parser.
fn is_empty_struct(tokens: &[&TokenWithSpan]) -> bool {
    let [first, open, close, ..] = tokens else { return false };
    word(first).is_some_and(|word| word == "struct") && open.token == Token::LParen && close.token == Token::RParen
}

fn word(token: &TokenWithSpan) -> Option<String> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        _ => None,
    }
}
