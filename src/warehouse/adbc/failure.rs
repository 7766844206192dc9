//! What a driver says when something fails, in one line, without what it repeats of secrets and statements.

use adbc_core::error::{Error, Status};

use crate::model::adbc::Adbc;
use crate::warehouse::QueryError;

/// What stands in a message for a secret.
const MASK: &str = "***";

/// Keys of connection strings whose values are nobody's secret.
const OPEN: [&str; 7] = ["host", "port", "dbname", "database", "server", "user", "driver"];

/// Texts that no message may repeat.
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    pub(super) fn of(adbc: &Adbc) -> Self {
        let uri = adbc.uri.iter().flat_map(|uri| secrets(uri.reveal()));
        let mut texts: Vec<String> = adbc.hidden.iter().map(|secret| secret.reveal().to_owned()).chain(uri).collect();
        let decoded: Vec<String> = texts.iter().map(|text| decoded(text)).collect();
        texts.extend(decoded);
        texts.retain(|text| !text.is_empty());
        // The longest first: a secret can hold another.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self(texts)
    }

    /// The driver's error, with what to do where that is known.
    pub(super) fn explained(&self, error: &Error, otherwise: &str) -> QueryError {
        let state: String = error.sqlstate.iter().map(|character| char::from(*character as u8)).collect();
        let has_state = state.chars().all(|character| character.is_ascii_alphanumeric()) && state != "00000";
        let code = if has_state { format!(" (SQLSTATE {state})") } else { String::new() };
        let message = format!("{}{code}", self.masked(&spoken(&error.message)));
        let remedy = match (state.as_str(), error.status) {
            ("42501", _) | (_, Status::Unauthorized) => "grant the login the right to read the table",
            (_, Status::Unauthenticated) => "check the login in `uri` and `options` of the target",
            _ => otherwise,
        };
        if remedy.is_empty() { QueryError::Engine(message) } else { QueryError::Explained { message, remedy: remedy.to_owned() } }
    }

    /// What a stream says that breaks off.
    pub(super) fn engine(&self, message: &str) -> QueryError {
        QueryError::Engine(self.masked(&spoken(message.trim_start_matches("C Data interface error: "))))
    }

    fn masked(&self, message: &str) -> String {
        self.0.iter().fold(message.to_owned(), |message, secret| masked(&message, secret))
    }
}

/// The message without the statement that some drivers repeat below it.
fn spoken(message: &str) -> String {
    let end = ["\nQuery was", "\nLINE "].iter().filter_map(|mark| message.find(mark)).min().unwrap_or(message.len());
    let text = one_line(&message[..end]);
    if text.is_empty() { "the driver failed and does not say why".to_owned() } else { text }
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A message without a secret; a short one is looked for as a whole word, or it would be found everywhere.
fn masked(message: &str, secret: &str) -> String {
    let is_in_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let mut shown = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(secret) {
        let (before, behind) = (&rest[..at], &rest[at + secret.len()..]);
        let before_it = before.chars().next_back().or_else(|| shown.chars().next_back());
        let is_part = secret.len() < 4 && (is_in_word(before_it) || is_in_word(behind.chars().next()));
        shown.push_str(before);
        shown.push_str(if is_part { secret } else { MASK });
        rest = behind;
    }
    shown + rest
}

/// The parts of an address that are secret: the password, and what is given by name behind a question mark. Where a character is out
/// of place a part of the password may have ended up anywhere, so all parts are.
fn secrets(uri: &str) -> Vec<String> {
    let named = |text: &str, between: &[char]| {
        let pairs = text.split(|c| between.contains(&c)).filter_map(|pair| pair.split_once('='));
        let hidden = pairs.filter(|(key, _)| !OPEN.contains(&key.trim().to_lowercase().as_str()));
        hidden.map(|(_, value)| value.trim().to_owned()).collect::<Vec<_>>()
    };
    let parts = || uri.split([':', '/', '@', '?', '&', '=', ';', ',', ' ', '\'', '"']).map(str::to_owned).collect();
    if !uri.contains(['@', '=']) {
        return Vec::new();
    }
    let rest = match uri.split_once("://") {
        Some((_, rest)) => rest,
        None if !uri.contains('@') && !uri.contains(['\'', '"']) => return named(uri, &[' ', ';', '?', '&']),
        None => uri,
    };
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (_, password) = login.split_once(':').unwrap_or((login, ""));
    if query.contains('@') || path.contains('@') || login.contains('@') || password.contains(':') || !is_host(host) {
        return parts();
    }
    let mut secrets = named(query, &['&', ';']);
    secrets.push(password.to_owned());
    secrets
}

/// `name`, `name:5432`, several of them with commas.
fn is_host(text: &str) -> bool {
    text.split(',').all(|host| {
        let (name, port) = host.rsplit_once(':').filter(|_| !host.ends_with(']')).unwrap_or((host, "0"));
        let is_name = name.starts_with('[') || name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        is_name && port.chars().all(|c| c.is_ascii_digit())
    })
}

/// The text with `%20` and the like decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use adbc_core::error::{Error, Status};

    use super::Hidden;
    use crate::model::adbc::{Adbc, Driver};
    use crate::model::bigquery::Secret;

    fn said(uri: &str, message: &str) -> String {
        let adbc = Adbc {
            driver: Driver::File(PathBuf::from("driver.so")),
            entrypoint: None,
            uri: Some(Secret::new(uri)),
            options: Vec::new(),
            hidden: vec![Secret::new("tok-4711")],
            max_rows: 1,
        };
        Hidden::of(&adbc).explained(&Error::with_message_and_status(message, Status::IO), "").to_string()
    }

    #[test]
    fn messages_keep_their_sense_and_no_secret() {
        for (uri, message, shown) in [
            (
                "postgres://me:hush%20hush@db:5432/shop?options=-c%20x%3Dy",
                "no \"hush hush\" or hush%20hush for me at db, -c x=y",
                "no \"***\" or *** for me at db, ***",
            ),
            ("postgres://me:a@db/shop", "a fatal a: role me may not; a", "*** fatal ***: role me may not; ***"),
            (
                "postgres://me:p@ss/word@db/shop",
                "could not translate host name \"ss\"; word@db",
                "could not translate host name \"***\"; ***@***",
            ),
            ("postgres://me:pa:ss@db/shop", "invalid port number: \"ss\"", "invalid port number: \"***\""),
            ("nonsense", "cannot open nonsense", "cannot open nonsense"),
            ("/data/file.db", "IO: cannot open /data/file.db", "IO: cannot open /data/file.db"),
            ("host=db password=hush user=me", "me at db: hush", "me at db: ***"),
            ("me:hush@account/DB?warehouse=W1", "DB.T: hush, tok-4711", "DB.T: ***, ***"),
            ("x", "broke\n\nQuery was: select 'p'", "broke"),
            ("x", "", "the driver failed and does not say why"),
        ] {
            assert_eq!(said(uri, message), shown, "{uri}");
        }
    }

    #[test]
    fn the_state_of_the_server_is_said() {
        let mut error = Error::with_message_and_status("no such table", Status::NotFound);
        for (at, character) in "42P01".bytes().enumerate() {
            error.sqlstate[at] = character as std::ffi::c_char;
        }
        assert_eq!(Hidden(Vec::new()).explained(&error, "").to_string(), "no such table (SQLSTATE 42P01)");
    }
}
