//! Snapshots: an answer or a statement as text, in a file as insta writes it, so that its tools work on them too.
//!
//! ```text
//! ---
//! source: queries/orders/orphans.sql
//! description: "nothing is wrong"
//! expression: "gapgate run orders/orphans least=3"
//! ---
//! verdict: fail
//! fail no_rows: 1 row, none expected
//!
//! order_id:int | amount:decimal | placed_at:timestamp
//! 7            | 9.50           | [placed_at]
//! ```

use std::fmt;

use crate::model::report::Finding;
use crate::model::table::{Column, Table, Value};
use crate::model::verdict::Verdict;

/// What every expression of ours begins with; other snapshots in the folder are none of our business.
const PROGRAM: &str = "gapgate ";

/// One reviewed or pending file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The file that declares what is shown.
    pub source: String,
    /// What it shows.
    pub description: String,
    /// The command that shows it.
    pub expression: String,
    /// The text that is compared, without line breaks at its end.
    pub body: String,
}

impl Snapshot {
    /// Whether it was written by this program.
    pub fn is_ours(&self) -> bool {
        self.expression.starts_with(PROGRAM)
    }

    /// Reads a file. Line ends of other systems, and those at the end, do not count.
    ///
    /// # Errors
    /// The line that is wrong, counted from 1, and why.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let text = text.replace("\r\n", "\n");
        let mut snapshot = Self::default();
        let Some(header) = text.strip_prefix("---\n") else {
            return Err((1, "a snapshot begins with a line ---".to_owned()));
        };
        let (header, body) = header
            .split_once("\n---\n")
            .or_else(|| header.strip_suffix("\n---").map(|header| (header, "")))
            .ok_or_else(|| (text.lines().count().max(1), "the header has no end: a line ---".to_owned()))?;
        for line in header.lines() {
            let Some((key, value)) = line.split_once(": ") else { continue };
            match key {
                "source" => snapshot.source = unquoted(value),
                "description" => snapshot.description = unquoted(value),
                "expression" => snapshot.expression = unquoted(value),
                _ => {}
            }
        }
        snapshot.body = body.trim_end().to_owned();
        Ok(snapshot)
    }
}

/// The file's text.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        writeln!(f, "---\nsource: {}", quoted(&self.source))?;
        writeln!(f, "description: {}\nexpression: {}", quoted(&self.description), quoted(&self.expression))?;
        writeln!(f, "---\n{}", self.body)
    }
}

/// A YAML scalar of one line. Every JSON text is one, so that is how they are written; insta may write them plainer.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    match value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => serde_json::from_str(value).unwrap_or_else(|_| value.to_owned()),
    }
}

/// An answer as text: the verdict, the findings with what they are about, and the rows.
pub fn answer<'a>(rows: Option<&Table>, verdict: Verdict, findings: impl IntoIterator<Item = (&'a str, &'a Finding)>) -> String {
    let mut lines = vec![format!("verdict: {}", verdict.name())];
    for (subject, finding) in findings {
        let message = finding.message.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.push(format!("{} {subject}: {}", finding.verdict.name(), without_lines(&message)));
    }
    lines.push(String::new());
    match rows {
        Some(rows) => lines.extend(aligned(rows)),
        None => lines.push("no rows could be read".to_owned()),
    }
    lines.join("\n").trim_end().to_owned()
}

/// Places of the project file move with every edit above them, which changes nothing.
fn without_lines(message: &str) -> String {
    let mut parts = message.split(".toml:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + ".toml" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

const SEPARATOR: &str = " | ";

/// The header and the rows as lines, cells of a column below each other. NULL is `null`; a text that could be taken for
/// something else is in quotes.
fn aligned(rows: &Table) -> Vec<String> {
    let name = |column: &Column| format!("{}:{}", cell(&Value::text(column.name.as_str())), column.kind.name());
    let header = rows.columns().iter().map(name).collect();
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows.rows().map(|row| row.iter().map(cell).collect())).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.columns().len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join(SEPARATOR).trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

fn cell(value: &Value) -> String {
    let Value::Text(text) = value else { return value.to_string() };
    let plain = !text.is_empty() && **text != *"null" && text.trim() == &**text && !text.contains(['|', '"', '\\']);
    if plain && !text.chars().any(char::is_control) { text.to_string() } else { serde_json::Value::from(&**text).to_string() }
}

/// A table of cells as text, with the names of its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, with as many cells.
    pub rows: Vec<Vec<String>>,
}

/// The lines before the rows of an answer, and the rows; `None` where the text is no answer.
pub fn parts(body: &str) -> Option<(Vec<&str>, Cells)> {
    let mut lines = body.lines();
    let said: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let columns = lines.next().map(cells).unwrap_or_default();
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    let whole = said.first()?.starts_with("verdict: ") && rows.iter().all(|row| row.len() == columns.len());
    whole.then_some((said, Cells { columns, rows }))
}

/// The cells of a line. What is in quotes is kept as written.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            '|' if !quoted => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        cell.push(c);
    }
    cells.push(cell.trim().to_owned());
    cells
}

/// Statements as text, each below the case that is the first to have it.
pub fn statements<'a>(statements: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let titled = |(title, sql): (&str, &str)| format!("-- {}\n{sql}", title.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.into_iter().map(titled).collect::<Vec<_>>().join("\n\n")
}
