//! Text of a warehouse's on a terminal: what a terminal would obey is shown, not done.

use std::borrow::Cow;

/// The text with every control character but line break and tab, and every character that turns the direction of writing, as
/// `\x1b` or `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// The same, where our own colours stay what they are.
pub(super) fn visible_in_colour(text: &str) -> Cow<'_, str> {
    let mut parts = text.split('\u{1b}');
    let mut shown = visible(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        match part.split_once('m').filter(|(code, _)| is_colour(code)) {
            Some((code, rest)) => shown.extend(["\u{1b}", code, "m", &visible(rest)]),
            None => shown.extend(["\\x1b", &visible(part)]),
        }
    }
    Cow::Owned(shown)
}

/// `[32`, `[38;5;10`, and the ends of both.
fn is_colour(code: &str) -> bool {
    let Some(code) = code.strip_prefix('[') else { return false };
    let is_plain = matches!(code, "0" | "39") || (code.len() == 2 && code.starts_with('3'));
    let number = code.strip_prefix("38;5;").unwrap_or(if is_plain { code } else { "" });
    !number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push(shown: &mut String, c: char) {
    match u32::from(c) {
        code if is_obeyed(c) && code < 0x100 => shown.push_str(&format!("\\x{code:02x}")),
        code if is_obeyed(c) => shown.push_str(&format!("\\u{{{code:x}}}")),
        _ => shown.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::{visible, visible_in_colour};

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let text = "a\tb\nc \u{1b}[2J\u{1b}[32mGO\r\u{7}\u{9b}2J \u{202e}x\u{2066} \u{7f} für";
        assert_eq!(visible(text), "a\tb\nc \\x1b[2J\\x1b[32mGO\\x0d\\x07\\x9b2J \\u{202e}x\\u{2066} \\x7f für");
    }

    #[test]
    fn only_colours_are_left() {
        let ours = "\u{1b}[32mGO\u{1b}[0m \u{1b}[38;5;10mpass\u{1b}[39m";
        assert_eq!(visible_in_colour(ours), ours);
        let others = "\u{1b}[2J\u{1b}[8m\u{1b}]0;x\u{7}\u{1b}m\u{1b}[38;5;m\u{1b}[3;Hm";
        assert!(!visible_in_colour(others).contains(char::is_control), "{:?}", visible_in_colour(others));
    }
}
