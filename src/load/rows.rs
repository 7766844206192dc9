//! Rows written out in TOML, each column with its type, as the statements that make their tables.
//!
//! ```toml
//! [[table]]
//! name = "raw.orders"
//! columns = { order_id = "int", ordered_on = "date", amount = "decimal?" }
//! rows = [
//!     { order_id = 1, ordered_on = 2024-01-01, amount = 9.50 },
//!     { order_id = 2, ordered_on = 2024-01-02 },                      # no amount: NULL
//! ]
//! ```

use indexmap::IndexMap;
use jiff::civil::Date;

use super::toml::{Document, Fields, Node};
use crate::error::{Complaint, did_you_mean};
use crate::model::fixture::{Content, Part};
use crate::model::table::Kind;

/// A part for each table of the file.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Part>, Vec<Complaint>> {
    let document = Document::new(file, text, 1);
    let tree = document.parse();
    let root = Fields::new(&document, tree.get_ref(), 0);
    let nodes = root.require("table").map(|node| node.list()).unwrap_or_default();
    let part = |node: &Node<'_>| Some(Part { file: file.to_owned(), line: node.line(), content: Content::Rows(table(&node.fields()?)?) });
    let parts = nodes.iter().filter_map(part).collect();
    root.finish();
    let complaints = document.complaints();
    if complaints.is_empty() { Ok(parts) } else { Err(complaints) }
}

/// The type of a column, and whether it may be NULL.
type Columns = IndexMap<String, (Kind, bool)>;

fn table(fields: &Fields<'_>) -> Option<String> {
    let name = fields.require("name").and_then(|node| node.text());
    let columns = fields.require("columns").and_then(|node| node.fields());
    let columns: Option<Columns> = columns.map(|fields| fields.entries().filter_map(column).collect());
    let nodes = fields.get("rows").map(|node| node.list()).unwrap_or_default();
    fields.finish();
    let (name, columns) = (name?, columns?);
    let rows: Vec<Option<String>> = nodes.iter().map(|node| row(node, &columns)).collect();
    let rows: Vec<String> = rows.into_iter().collect::<Option<_>>()?;
    Some(statements(&name, &columns, &rows))
}

fn column((name, node): (String, Node<'_>)) -> Option<(String, (Kind, bool))> {
    let text = node.text()?;
    let (word, nullable) = text.strip_suffix('?').map_or((text.as_str(), false), |word| (word, true));
    let kind = Kind::parse(word);
    if kind.is_none() {
        let known: Vec<&str> = Kind::ALL.iter().map(|(_, name)| *name).collect();
        let hint = did_you_mean(word, known.iter().copied());
        node.complain(format!("unknown column type \"{text}\"{hint}; known: {}, each with ? if NULL is allowed", known.join(", ")));
    }
    Some((name, (kind?, nullable)))
}

/// The values of a row in the order of the columns, in brackets.
fn row(node: &Node<'_>, columns: &Columns) -> Option<String> {
    let fields = node.fields()?;
    let mut given: IndexMap<String, Node<'_>> = fields.entries().collect();
    let mut values = Vec::new();
    for (name, (kind, nullable)) in columns {
        values.push(match given.swap_remove(name) {
            Some(node) => literal(&node, name, *kind),
            None if *nullable => Some("null".to_owned()),
            None => {
                node.complain(format!("`{name}` is missing; a column that may be NULL is declared with {}?", kind.name()));
                None
            }
        });
    }
    for (name, node) in given {
        let hint = did_you_mean(&name, columns.keys().map(String::as_str));
        node.complain(format!("`columns` declares no `{name}`{hint}"));
    }
    Some(format!("({})", values.into_iter().collect::<Option<Vec<String>>>()?.join(", ")))
}

/// Digits after the point that a decimal keeps.
const SCALE: usize = 9;

/// A value in the spelling of the embedded engine. What is in quotes takes the type of its column.
fn literal(node: &Node<'_>, column: &str, kind: Kind) -> Option<String> {
    let refuse = |what: String| {
        node.complain(what);
        None
    };
    let quoted = |text: &str| Some(format!("'{}'", text.replace('\'', "''")));
    match kind {
        Kind::Text if node.is_text() => {
            let text = node.text()?;
            if text.contains('\0') {
                refuse("the embedded engine has no text with the character of code 0".to_owned())
            } else {
                quoted(&text)
            }
        }
        Kind::Bool if node.is_bool() => node.boolean().map(|truth| truth.to_string()),
        Kind::Int if node.is_number() => node.integer::<i64>().map(|number| number.to_string()),
        Kind::Float if node.is_number() => quoted(&node.float()?.to_string()),
        Kind::Decimal if node.is_number() => {
            let text = node.number()?.to_string();
            let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
            if digits > SCALE {
                refuse(format!("a decimal keeps {SCALE} digits after the point, and {text} has more"))
            } else {
                quoted(&text)
            }
        }
        Kind::Date if node.is_date() => match node.moment()? {
            text if text.parse::<Date>().is_ok() && text.len() == 10 => quoted(&text),
            text => refuse(format!("column `{column}` is of type date, which {text} is not; write it as 2024-06-30")),
        },
        Kind::Timestamp if node.is_date() => match node.moment()? {
            text if text.contains('T') && !text.ends_with('Z') && !text.get(10..).is_some_and(|time| time.contains(['+', '-'])) => {
                quoted(&text)
            }
            text => refuse(format!(
                "column `{column}` is of type timestamp, which {text} is not; write it as 2024-06-30T12:00:00, without zone"
            )),
        },
        _ => refuse(format!("column `{column}` is of type {}, which {} is not", kind.name(), node.describe())),
    }
}

fn statements(name: &str, columns: &Columns, rows: &[String]) -> String {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (schema, table) = name.rsplit_once('.').unwrap_or(("main", name));
    let table = format!("{}.{}", quote(schema), quote(table));
    let column = |(name, (kind, nullable)): (&String, &(Kind, bool))| {
        format!("{} {}{}", quote(name), type_name(*kind), if *nullable { "" } else { " not null" })
    };
    let columns: Vec<String> = columns.iter().map(column).collect();
    let mut sql = format!("create schema if not exists {}; create table {table} ({});", quote(schema), columns.join(", "));
    if !rows.is_empty() {
        sql.push_str(&format!(" insert into {table} values {};", rows.join(", ")));
    }
    sql
}

fn type_name(kind: Kind) -> String {
    match kind {
        Kind::Bool => "boolean".to_owned(),
        Kind::Int => "bigint".to_owned(),
        Kind::Float => "double".to_owned(),
        Kind::Decimal => format!("decimal(38, {SCALE})"),
        Kind::Text => "varchar".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Timestamp => "timestamp".to_owned(),
    }
}
