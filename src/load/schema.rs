//! The file in which a project records the tables of a target: `schema/TARGET.toml`, made by `gapgate schema pull`.
//!
//! Tables come in order of name, so that it changes only where the warehouse did; columns in their own order, because
//! that is what `select *` returns.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

use super::toml::{Document, Fields, Node};
use crate::error::{Complaint, Error};
use crate::model::catalogue::Target;
use crate::model::places::Places;
use crate::model::schema::{Schema, TableInfo};
use crate::model::sql::Dialect;
use crate::model::table::Kind;

/// What the project in `dir` records of a target; `None` if it records nothing.
///
/// # Errors
/// [`Error::Complaints`] with everything that is wrong in the file.
pub fn load(dir: &Path, target: &Target) -> Result<Option<Schema>, Error> {
    let file = Schema::file_of(&target.name);
    let text = match std::fs::read_to_string(dir.join(&file)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("cannot be read: {error}; make it anew with {}", pull(target));
            return Err(Error::Complaints(vec![Complaint { file, line: 0, message }]));
        }
    };
    let document = Document::new(file.clone(), &text, 1);
    let tree = document.parse();
    let schema = read(&Fields::new(&document, tree.get_ref(), 0), target, file);
    let complaints = document.complaints();
    if complaints.is_empty() { Ok(Some(schema)) } else { Err(Error::Complaints(complaints)) }
}

/// The command that records a target.
#[must_use]
pub fn pull(target: &Target) -> String {
    format!("`gapgate schema pull --target {}`", target.name)
}

fn read(fields: &Fields<'_>, target: &Target, file: String) -> Schema {
    let engines: Vec<(Dialect, &str)> = Dialect::ALL.iter().map(|dialect| (*dialect, dialect.name())).collect();
    if let Some(node) = fields.require("engine")
        && let Some(engine) = node.word(&engines)
        && engine != target.dialect
    {
        node.complain(format!("it records a {engine} warehouse, but target `{}` is {}: {}", target.name, target.dialect, pull(target)));
    }
    let tables = fields.get("tables").and_then(|node| node.fields());
    let places = tables.as_ref().map_or_else(Places::default, Fields::places);
    let tables = tables.iter().flat_map(|tables| tables.entries().collect::<Vec<_>>());
    let tables = tables.filter_map(|(name, node)| Some((name.clone(), table(&name, &node)?))).collect();
    fields.finish();
    Schema { target: target.name.clone(), dialect: target.dialect, file, tables, places }
}

fn table(name: &str, node: &Node<'_>) -> Option<TableInfo> {
    let fields = node.fields()?;
    let columns = fields.require("columns").and_then(|node| node.fields());
    let info = TableInfo {
        name: name.to_owned(),
        rows: None,
        columns: columns.map(|columns| columns.entries().filter_map(column).collect()).unwrap_or_default(),
        partition: fields.texts("partition"),
        is_view: false,
    };
    fields.finish();
    Some(info)
}

fn column((name, node): (String, Node<'_>)) -> Option<(String, String, Kind)> {
    let fields = node.fields()?;
    let data_type = fields.required_text("type");
    let kinds: Vec<(Kind, &str)> = Kind::ALL.to_vec();
    let kind = fields.require("kind").and_then(|node| node.word(&kinds));
    fields.finish();
    Some((name, data_type, kind?))
}

/// The text of the file.
#[must_use]
pub fn write(schema: &Schema) -> String {
    let Schema { target, dialect, tables, .. } = schema;
    let mut text = format!(
        "# The tables of target `{target}`, by which `gapgate lint` checks queries without a warehouse.\n\
         # Made by `gapgate schema pull`, which writes it anew; `gapgate schema diff` compares.\n\n\
         engine = {}\n",
        quoted(dialect.name())
    );
    for (name, info) in tables {
        let name = quoted(name);
        if !info.partition.is_empty() {
            let columns: Vec<String> = info.partition.iter().map(|column| quoted(column)).collect();
            let _ = write!(text, "\n[tables.{name}]\npartition = [{}]\n", columns.join(", "));
        }
        let _ = write!(text, "\n[tables.{name}.columns]\n");
        for (column, data_type, kind) in &info.columns {
            let _ = writeln!(text, "{} = {{ type = {}, kind = {} }}", key(column), quoted(data_type), quoted(kind.name()));
        }
    }
    text
}

fn key(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain { name.to_owned() } else { quoted(name) }
}

/// A text of TOML. Names and types can hold quotes and anything else.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
