//! The keys of a target behind an ADBC driver.

use std::path::Path;

use super::parts::expand;
use super::toml::{Fields, Node};
use crate::model::adbc::{Adbc, Driver};
use crate::model::bigquery::Secret;
use crate::model::catalogue::Source;
use crate::model::sql::Dialect;

/// Endings of the files that drivers are.
const LIBRARIES: [&str; 4] = [".so", ".dylib", ".dll", ".toml"];

/// Words in the names of options whose values are nobody's business, wherever they come from.
const PRIVATE: [&str; 8] = ["pass", "pwd", "secret", "token", "key", "credential", "auth", "private"];

/// The dialect of the warehouse and how it is reached. `None` if that was complained of.
pub(super) fn source(fields: &Fields<'_>, dir: &Path) -> Option<(Dialect, Source)> {
    let words: Vec<(Dialect, &str)> = Dialect::ALL.iter().map(|dialect| (*dialect, dialect.name())).collect();
    let mut reader = Reader { unset: None, complained: false };
    let dialect = fields.require("dialect").and_then(|node| node.word(&words));
    let driver = fields.require("driver").and_then(|node| reader.filled(&node)).map(|name| driver(&name, dir));
    let entrypoint = fields.get("entrypoint").and_then(|node| reader.filled(&node));
    let uri = fields.get("uri").and_then(|node| reader.filled(&node)).map(Secret::new);
    let (options, hidden) = fields.get("options").and_then(|node| node.fields()).map(|fields| reader.options(&fields)).unwrap_or_default();
    let max_rows = fields.positive("max_rows").unwrap_or(Adbc::MAX_ROWS);
    let dialect = dialect?;
    if reader.complained {
        return None;
    }
    if let Some(variable) = reader.unset {
        return Some((dialect, Source::Unset(variable)));
    }
    Some((dialect, Source::Adbc(Box::new(Adbc { driver: driver?, entrypoint, uri, options, hidden, max_rows }))))
}

/// Values with the environment's in them, and the first variable that it lacks.
struct Reader {
    unset: Option<String>,
    complained: bool,
}

impl Reader {
    fn expanded(&mut self, node: &Node<'_>) -> Option<String> {
        match expand(node) {
            Some(Ok(text)) => return Some(text),
            Some(Err(variable)) => drop(self.unset.get_or_insert(variable)),
            None => self.complained = true,
        }
        None
    }

    fn filled(&mut self, node: &Node<'_>) -> Option<String> {
        let text = self.expanded(node)?;
        if text.trim().is_empty() {
            node.complain("this must not be empty");
            self.complained = true;
        }
        Some(text)
    }

    /// The options, and the values of those that are secret.
    fn options(&mut self, fields: &Fields<'_>) -> (Vec<(String, Secret)>, Vec<Secret>) {
        let (mut options, mut hidden) = (Vec::new(), Vec::new());
        for (name, node) in fields.entries() {
            let Some(value) = self.option(&node) else { continue };
            let is_from_outside = node.is_text() && node.text().is_some_and(|text| text.contains("${"));
            let lower = name.to_lowercase();
            if is_from_outside || PRIVATE.iter().any(|word| lower.contains(word)) {
                hidden.push(Secret::new(value.clone()));
            }
            options.push((name, Secret::new(value)));
        }
        (options, hidden)
    }

    /// Drivers take every option as text.
    fn option(&mut self, node: &Node<'_>) -> Option<String> {
        let value = match node {
            node if node.is_bool() => node.boolean().map(|value| value.to_string()),
            node if node.is_number() => node.number().map(|value| value.to_string()),
            node => return self.expanded(node),
        };
        self.complained |= value.is_none();
        value
    }
}

fn driver(name: &str, dir: &Path) -> Driver {
    let is_file = name.contains(['/', '\\']) || LIBRARIES.iter().any(|ending| name.ends_with(ending));
    if is_file { Driver::File(dir.join(name)) } else { Driver::Named(name.to_owned()) }
}
