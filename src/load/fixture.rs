//! Fixtures from disk: `fixtures/warehouses/<name>/` and `fixtures/cases/<query id>.toml`.

use std::path::Path;

use indexmap::IndexMap;

use super::toml::{Document, Fields, Node};
use super::{rows, text};
use crate::error::{Complaint, Error, did_you_mean};
use crate::model::fixture::{Case, Content, Fixtures, Part, SmallWarehouse};
use crate::model::verdict::Verdict;

/// The folder of the small warehouses, one folder each.
pub const WAREHOUSES: &str = "fixtures/warehouses";

/// The folder of the cases, a file for each query.
pub const CASES: &str = "fixtures/cases";

const VERDICTS: [(Verdict, &str); 4] =
    [(Verdict::Pass, "pass"), (Verdict::Warn, "warn"), (Verdict::Fail, "fail"), (Verdict::Undecided, "undecided")];

/// Reads the fixtures of the project in `dir`. Without any, there are none.
///
/// # Errors
/// [`Error::Complaints`] with everything that is wrong in any of their files.
pub fn load(dir: &Path) -> Result<Fixtures, Error> {
    let mut complaints = Vec::new();
    let warehouses = warehouses(dir, &mut complaints);
    let cases = cases(dir, &warehouses, &mut complaints);
    if complaints.is_empty() { Ok(Fixtures { warehouses, cases }) } else { Err(Error::Complaints(complaints)) }
}

fn warehouses(dir: &Path, complaints: &mut Vec<Complaint>) -> IndexMap<String, SmallWarehouse> {
    let mut found = IndexMap::new();
    let Ok(entries) = std::fs::read_dir(dir.join(WAREHOUSES)) else { return found };
    for folder in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let parts = warehouse(dir, &folder).unwrap_or_else(|more| {
            complaints.extend(more);
            Vec::new()
        });
        found.insert(text::relative(&folder, &dir.join(WAREHOUSES)), SmallWarehouse { parts, folder });
    }
    found.sort_keys();
    found
}

fn warehouse(dir: &Path, folder: &Path) -> Result<Vec<Part>, Vec<Complaint>> {
    let place = text::relative(folder, dir);
    let complaint = |message: String| vec![Complaint { file: place.clone(), line: 0, message }];
    let files = text::files(folder, &["sql", "csv", "parquet", "toml"]).map_err(|error| complaint(format!("cannot be read: {error}")))?;
    if files.is_empty() {
        return Err(complaint("holds no .sql, .csv, .parquet or .toml file".to_owned()));
    }
    let (mut parts, mut complaints) = (Vec::new(), Vec::new());
    for path in &files {
        match parts_of(path, &text::relative(path, dir), folder) {
            Ok(more) => parts.extend(more),
            Err(more) => complaints.extend(more),
        }
    }
    if complaints.is_empty() { Ok(parts) } else { Err(complaints) }
}

fn parts_of(path: &Path, file: &str, folder: &Path) -> Result<Vec<Part>, Vec<Complaint>> {
    let part = |content| vec![Part { file: file.to_owned(), line: 1, content }];
    let read = || text::read(path, file).map_err(|complaint| vec![complaint]);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("sql") => Ok(part(Content::Script(read()?))),
        Some("toml") => rows::parse(file, &read()?),
        _ => Ok(part(Content::Data(path.strip_prefix(folder).unwrap_or(path).to_owned()))),
    }
}

fn cases(dir: &Path, warehouses: &IndexMap<String, SmallWarehouse>, complaints: &mut Vec<Complaint>) -> IndexMap<String, Vec<Case>> {
    let mut found = IndexMap::new();
    let root = dir.join(CASES);
    let Ok(files) = text::files(&root, &["toml"]) else { return found };
    for path in files {
        let query = text::relative(&path, &root).trim_end_matches(".toml").to_owned();
        let file = text::relative(&path, dir);
        let outcome = text::read(&path, &file).map_err(|complaint| vec![complaint]);
        match outcome.and_then(|text| parse(&query, &file, &text, warehouses)) {
            Ok(cases) => drop(found.insert(query, cases)),
            Err(more) => complaints.extend(more),
        }
    }
    found
}

/// Reads the cases of one query.
fn parse(query: &str, file: &str, text: &str, warehouses: &IndexMap<String, SmallWarehouse>) -> Result<Vec<Case>, Vec<Complaint>> {
    let document = Document::new(file, text, 1);
    let tree = document.parse();
    let root = Fields::new(&document, tree.get_ref(), 0);
    let redact = root.texts("redact");
    let nodes = root.require("case").map(|node| node.list()).unwrap_or_default();
    let reader = CaseReader { query, file, warehouses, redact: &redact };
    let mut cases: Vec<Case> = Vec::new();
    for node in &nodes {
        let Some(case) = node.fields().map(|fields| reader.read(node, &fields)) else { continue };
        if let Some(other) = cases.iter().find(|other| other.name == case.name) {
            node.complain(format!("the case at line {} has this name too", other.line));
        } else if let Some(other) =
            cases.iter().find(|other| case.needs_snapshot() && other.needs_snapshot() && other.slug() == case.slug())
        {
            let message =
                format!("its snapshot would have the name of that of the case at line {}: {}; rename one", other.line, case.slug());
            node.complain(message);
        }
        cases.push(case);
    }
    root.finish();
    drop(nodes);
    drop(root);
    let complaints = document.complaints();
    if complaints.is_empty() { Ok(cases) } else { Err(complaints) }
}

struct CaseReader<'a> {
    query: &'a str,
    file: &'a str,
    warehouses: &'a IndexMap<String, SmallWarehouse>,
    redact: &'a [String],
}

impl CaseReader<'_> {
    fn read(&self, node: &Node<'_>, fields: &Fields<'_>) -> Case {
        let script = |node: Node<'_>| {
            let content = Content::Script(node.text()?);
            Some(Part { file: self.file.to_owned(), line: node.text_line(), content })
        };
        let case = Case {
            query: self.query.to_owned(),
            name: fields.required_text("name"),
            pitfalls: fields.texts("pitfalls"),
            warehouse: self.warehouse(fields),
            damage: fields.get("damage").and_then(script),
            declare: fields.get("declare").and_then(|node| Some((node.text()?, node.text_line()))),
            args: fields.texts("args"),
            season: fields.texts("season"),
            from: fields.get("from").and_then(|node| node.moment()),
            to: fields.get("to").and_then(|node| node.moment()),
            as_of: fields.get("as_of").and_then(|node| node.moment()),
            redact: [self.redact, &fields.texts("redact")].concat(),
            rows: fields.text("rows"),
            verdict: fields.get("verdict").and_then(|node| node.word(&VERDICTS)),
            refused: fields.text("refused"),
            file: self.file.to_owned(),
            line: node.line(),
        };
        if case.needs_snapshot() && case.slug().is_empty() && !case.name.is_empty() {
            fields.complain("the name has no letter or digit, so its snapshot would have none either");
        }
        if case.refused.is_some() && (case.rows.is_some() || case.verdict.is_some()) {
            fields.complain("a query that refuses the case has neither `rows` nor `verdict`: remove them, or `refused`");
        }
        fields.finish();
        case
    }

    fn warehouse(&self, fields: &Fields<'_>) -> String {
        let node = fields.get("warehouse");
        let name = node.and_then(|node| node.text()).unwrap_or_else(|| Case::CLEAN.to_owned());
        if !self.warehouses.contains_key(&name) {
            let hint = did_you_mean(&name, self.warehouses.keys().map(String::as_str));
            let message = format!("there is no folder {WAREHOUSES}/{name}{hint}");
            node.map_or_else(|| fields.complain(&message), |node| node.complain(&message));
        }
        name
    }
}
