//! What the catalogue reads of tables: every column and expression, and the line of the project file that says so.

use super::catalogue::{Excuse, Ledger, Output, Project, Spine, SpineSource, Subject};
use super::table::Kind;

/// A column, or an expression over the columns, of one table.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The table as the project file names it.
    pub table: &'a str,
    /// The column or expression as it is written.
    pub text: &'a str,
    /// What it is for.
    pub role: Role<'a>,
    /// Where it is written.
    pub place: &'a str,
}

/// What a column or expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// The column of an output for a key column of that name.
    Key(&'a str, Kind),
    /// The column of a spine's source for a key column of that name.
    SpineKey(&'a str, Kind),
    /// A column with a lowest and highest value.
    Range,
    /// A column of the run ledger, by its key in the project file; none where its type does not matter.
    Ledger(&'static str, Option<Kind>),
    /// A column or expression of any type.
    Any,
}

impl Role<'_> {
    /// The kind that the column must be of, if that is known.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Key(_, kind) | Self::SpineKey(_, kind) => Some(kind),
            Self::Range => Some(Kind::Float),
            Self::Ledger(_, kind) => kind,
            Self::Any => None,
        }
    }
}

impl Reading<'_> {
    /// Whether it is the name of a column and nothing else; expressions are left to the engine.
    #[must_use]
    pub fn is_name(&self) -> bool {
        is_name(self.text)
    }
}

/// Whether a text is a name and no expression. Names with other signs in them are written in quotes, as expressions.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The tables that the catalogue names, each with the first line that does; ordered as the file is.
#[must_use]
pub fn tables(project: &Project) -> Vec<(&str, &str)> {
    let spines = project.spines.values().filter_map(|spine| match &spine.source {
        SpineSource::Table(table) => Some((table.as_str(), spine.place("table"))),
        _ => None,
    });
    let outputs = project.outputs.values().map(|output| (output.table.as_str(), output.table_place()));
    let ledger = project.runs.iter().map(|ledger| (ledger.table.as_str(), ledger.place("table")));
    let mut found: Vec<(&str, &str)> = Vec::new();
    let excuses = project.outputs.values().flat_map(|output| &output.not_expected.excuses);
    let excuses = excuses.map(|excuse| (excuse.table.as_str(), excuse.declared.as_str()));
    for (table, place) in spines.chain(outputs).chain(ledger).chain(excuses) {
        if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(table)) {
            found.push((table, place));
        }
    }
    found
}

/// Everything that the catalogue reads.
#[must_use]
pub fn of_project(project: &Project) -> Vec<Reading<'_>> {
    let spines = project.spines.values().flat_map(|spine| of_spine(project, spine));
    let outputs = project.outputs.values().flat_map(of_output);
    let excuses = project.outputs.values().flat_map(|output| &output.not_expected.excuses).flat_map(of_excuse);
    let outputs = outputs.chain(excuses);
    spines.chain(outputs).chain(project.runs.iter().flat_map(of_ledger)).collect()
}

/// What is read of an output's table.
#[must_use]
pub fn of_output(output: &Output) -> Vec<Reading<'_>> {
    let read = |text, role, place| Reading { table: &output.table, text, role, place };
    let at = |path: String| output.place(&path);
    let nulls = output.rules.iter().filter_map(|rule| match &rule.subject {
        Subject::Nulls(column) => Some(read(column.as_str(), Role::Any, at(format!("rules.nulls.{column}")))),
        _ => None,
    });
    let keys = output.key.iter().map(|key| read(key.source.as_str(), Role::Key(&key.name, key.kind), output.key_place(key)));
    keys.chain(output.filter.iter().map(|text| read(text.as_str(), Role::Any, output.place("where"))))
        .chain(output.grain.iter().map(|text| read(text.as_str(), Role::Any, at(format!("grain.{text}")))))
        .chain(output.not_null.iter().map(|text| read(text.as_str(), Role::Any, at(format!("not_null.{text}")))))
        .chain(output.ranges.keys().map(|text| read(text.as_str(), Role::Range, at(format!("ranges.{text}")))))
        .chain(output.columns.iter().map(|(name, text)| read(text.as_str(), Role::Any, at(format!("columns.{name}")))))
        .chain(output.loaded_at.iter().map(|text| read(text.as_str(), Role::Any, output.place("loaded_at"))))
        .chain(output.measures.iter().map(|(name, text)| read(text.as_str(), Role::Any, at(format!("measures.{name}")))))
        .chain(nulls)
        .collect()
}

/// What is read of a table whose rows excuse keys.
pub fn of_excuse(excuse: &Excuse) -> impl Iterator<Item = Reading<'_>> {
    let read = |text, role| Reading { table: &excuse.table, text, role, place: &excuse.declared };
    let keys = excuse.key.iter().map(move |key| read(key.source.as_str(), Role::Key(&key.name, key.kind)));
    keys.chain(excuse.filter.iter().map(move |text| read(text.as_str(), Role::Any)))
}

/// What is read of a spine's source, where that is a table.
#[must_use]
pub fn of_spine<'a>(project: &'a Project, spine: &'a Spine) -> Vec<Reading<'a>> {
    let table = match &spine.source {
        SpineSource::Table(table) => table.as_str(),
        SpineSource::Output(name) => project.outputs.get(name).map_or("", |output| output.table.as_str()),
        _ => return Vec::new(),
    };
    let read = |text, role, place| Reading { table, text, role, place };
    let at = |path: String| spine.place(&path);
    let keys = spine.key.iter().map(|key| {
        let role = Role::SpineKey(&key.name, key.kind);
        read(key.source.as_str(), role, at(format!("key.{}.from", key.name)))
    });
    keys.chain(spine.weights.iter().map(|(name, text)| read(text.as_str(), Role::Any, at(format!("weights.{name}")))))
        .chain(spine.attributes.iter().map(|(name, text)| read(text.as_str(), Role::Any, at(format!("attributes.{name}")))))
        .chain(spine.filter.iter().map(|text| read(text.as_str(), Role::Any, spine.place("where"))))
        .collect()
}

/// What is read of the run ledger.
#[must_use]
pub fn of_ledger(ledger: &Ledger) -> Vec<Reading<'_>> {
    let columns = [
        ("run", Some(&ledger.run), None),
        ("processor", Some(&ledger.processor), None),
        ("date", Some(&ledger.date), Some(Kind::Date)),
        ("status.column", Some(&ledger.status), None),
        ("started", Some(&ledger.started), Some(Kind::Timestamp)),
        ("finished", ledger.finished.as_ref(), Some(Kind::Timestamp)),
        ("rows", ledger.rows.as_ref(), Some(Kind::Int)),
        ("entities.done", ledger.entities_done.as_ref(), Some(Kind::Int)),
        ("entities.failed", ledger.entities_failed.as_ref(), Some(Kind::Int)),
        ("error", ledger.error.as_ref(), None),
        ("category.column", ledger.category.as_ref().map(|labels| &labels.column), None),
        ("phase.column", ledger.phase.as_ref().map(|labels| &labels.column), None),
    ];
    let read = |text, role, key| Reading { table: &ledger.table, text, role, place: ledger.place(key) };
    let columns = columns.into_iter().filter_map(|(key, text, kind)| Some(read(text?.as_str(), Role::Ledger(key, kind), key)));
    let conditions = [("where", &ledger.filter), ("exclude", &ledger.exclude)].into_iter();
    let conditions = conditions.filter_map(|(key, text)| Some(read(text.as_ref()?.as_str(), Role::Any, key)));
    columns.chain(conditions).collect()
}
