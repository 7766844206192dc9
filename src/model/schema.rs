//! Tables as an engine knows them, and the file in which a project records those of a target.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::places::Places;
use super::reading::{Reading, Role};
use super::rule::count;
use super::sql::Dialect;
use super::table::Kind;
use crate::error::did_you_mean;

/// A table or view as the engine knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableInfo {
    /// The shortest name by which it can be asked for; the same under all of its names.
    pub name: String,
    /// Its rows by the engine's own estimate; `None` if it has none, as for views.
    pub rows: Option<u64>,
    /// Its columns: name, type in the engine's words, kind. A type that nobody knows is empty.
    pub columns: Vec<(String, String, Kind)>,
    /// The columns by which it is partitioned, in order; empty if it is not, or if the engine does not tell.
    pub partition: Vec<String>,
    /// Whether it is known to be a view, materialized or not, so that its rows are those of other tables.
    pub is_view: bool,
}

/// Tables by the name under which they can be asked for, in lower case.
pub type Inventory = BTreeMap<String, TableInfo>;

/// Why a column that the catalogue reads cannot be what it is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `column` if it is not there, `type` if it is of the wrong one.
    pub what: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl TableInfo {
    /// The column of that name, whatever its case.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&(String, String, Kind)> {
        self.columns.iter().find(|(column, ..)| column.eq_ignore_ascii_case(name))
    }

    /// What is wrong with a column that the catalogue reads of this table. Expressions are not looked at.
    #[must_use]
    pub fn fault(&self, reading: &Reading<'_>) -> Option<Fault> {
        if !reading.is_name() {
            return None;
        }
        let Some((name, data_type, kind)) = self.column(reading.text) else {
            let message = self.lacks(reading.table, reading.text);
            return Some(Fault { what: "column", message, remedy: format!("correct the column at {}, or the table", reading.place) });
        };
        if data_type.is_empty() {
            return None;
        }
        let (message, remedy) = misfit(reading, name, *kind)?;
        let message = format!("column {name} of {} is of type {data_type}, {message}", reading.table);
        Some(Fault { what: "type", message, remedy })
    }

    /// Whether the values of a column are moments whatever the zone, and not the readings of some clock.
    #[must_use]
    pub fn is_instant(&self, column: &str, dialect: Dialect) -> bool {
        let data_type = self.column(column).map(|(_, data_type, _)| data_type.to_lowercase()).unwrap_or_default();
        let zoned = ["with time zone", "with local time zone", "timestamptz", "timestamp_tz", "timestamp_ltz"];
        let bare = matches!(dialect, Dialect::BigQuery | Dialect::Databricks) && data_type == "timestamp";
        bare || zoned.iter().any(|words| data_type.contains(words))
    }

    /// That there is no such column, and what there is instead.
    #[must_use]
    pub fn lacks(&self, table: &str, column: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, ..)| name.as_str()).collect();
        let hint = did_you_mean(column, names.iter().copied());
        format!("{table} has no column {column}{hint}; it has {}", names.join(", "))
    }
}

/// Why a kind does not serve as what it is read as, and what to do.
fn misfit(reading: &Reading<'_>, name: &str, kind: Kind) -> Option<(String, String)> {
    let cast = |wanted: Kind, place: String| {
        let cast = format!("cast({name} as {})", wanted.name());
        let (how, hint) = match (kind, wanted) {
            (Kind::Timestamp, Kind::Date) => (cast, "; if it has a zone, convert it to the zone of the dates first"),
            (Kind::Int | Kind::Float | Kind::Decimal, Kind::Date) => ("EXPRESSION".to_owned(), ", where EXPRESSION makes a date of it"),
            _ => (cast, ""),
        };
        format!("store it as a {}, or cast it in the project file: {}{hint}", wanted.name(), place.replace("CAST", &how))
    };
    match reading.role {
        Role::Key(key, wanted) if !serves(kind, wanted) => {
            let message = format!("but key column `{key}` is a {}", wanted.name());
            Some((message, cast(wanted, format!("key = {{ {key} = \"CAST\" }}"))))
        }
        Role::SpineKey(key, wanted) if !serves(kind, wanted) => {
            let message = format!("but key column `{key}` is a {}", wanted.name());
            Some((message, cast(wanted, format!("key = {{ {key} = {{ type = \"{}\", from = \"CAST\" }} }}", wanted.name()))))
        }
        // Times of the ledger are cast wherever they are read.
        Role::Ledger(_, Some(Kind::Timestamp)) if matches!(kind, Kind::Date | Kind::Text) => None,
        Role::Ledger(key, Some(wanted)) if !serves(kind, wanted) => {
            let message = format!("but `{key}` of the run ledger is a {}", wanted.name());
            Some((message, cast(wanted, format!("{key} = \"CAST\""))))
        }
        Role::Range if matches!(kind, Kind::Text | Kind::Bool) => {
            let message = "which does not compare with the numbers of its range".to_owned();
            Some((message, "give the range to a number, or declare a measure that casts it".to_owned()))
        }
        _ => None,
    }
}

fn serves(kind: Kind, wanted: Kind) -> bool {
    kind == wanted || (kind.is_number() && wanted.is_number())
}

/// The tables of a target as its file in the project records them.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The target.
    pub target: String,
    /// The dialect of its engine, in whose words the types are.
    pub dialect: Dialect,
    /// The file as the user knows it.
    pub file: String,
    /// Tables by name, as the project writes it.
    pub tables: BTreeMap<String, TableInfo>,
    /// Where in the file they stand.
    pub places: Places,
}

impl Schema {
    /// The file of a target below the project's folder.
    #[must_use]
    pub fn file_of(target: &str) -> String {
        format!("schema/{target}.toml")
    }

    /// The recorded table of that name, whatever its case.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&TableInfo> {
        let name = self.key(name)?;
        self.tables.get(name)
    }

    /// Lets a column be there and of this kind, whatever is recorded, so that what was complained of once is not found again.
    pub fn concede(&mut self, table: &str, column: &str, kind: Option<Kind>) {
        let Some(name) = self.key(table).map(str::to_owned) else { return };
        let Some(info) = self.tables.get_mut(&name) else { return };
        let data_type = kind.filter(|_| self.dialect == Dialect::DuckDb).map_or("", duckdb_type).to_owned();
        let conceded = (column.to_owned(), data_type, kind.unwrap_or(Kind::Text));
        match info.columns.iter_mut().find(|(own, ..)| own.eq_ignore_ascii_case(column)) {
            Some(own) => *own = conceded,
            None => info.columns.push(conceded),
        }
    }

    fn key(&self, name: &str) -> Option<&str> {
        let known = |name: &str| {
            let exact = self.tables.get_key_value(name).map(|(own, _)| own);
            exact.or_else(|| self.tables.keys().find(|own| own.eq_ignore_ascii_case(name))).map(String::as_str)
        };
        known(name).or_else(|| known(in_main_schema(self.dialect, name)))
    }

    /// What the warehouse holds otherwise than the file records, table by table: everything in the file, and of what the file
    /// lacks the tables that are `wanted`.
    #[must_use]
    pub fn differences(&self, inventory: &Inventory, wanted: &BTreeSet<String>) -> Vec<Difference> {
        let missing = wanted.iter().filter(|name| self.table(name).is_none());
        let names: BTreeSet<&str> = self.tables.keys().chain(missing).map(String::as_str).collect();
        let look = |name: &str| differences(name, self.table(name), inventory.get(&name.to_lowercase()));
        names.into_iter().flat_map(look).collect()
    }
}

const fn duckdb_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "BOOLEAN",
        Kind::Int => "BIGINT",
        Kind::Float => "DOUBLE",
        Kind::Decimal => "DECIMAL(38, 9)",
        Kind::Text => "VARCHAR",
        Kind::Date => "DATE",
        Kind::Timestamp => "TIMESTAMP",
    }
}

/// The name without the schema that DuckDB looks in first; the rendered SQL always names it.
#[must_use]
pub fn in_main_schema(dialect: Dialect, name: &str) -> &str {
    let short = if dialect == Dialect::DuckDb { name.strip_prefix("main.") } else { None };
    short.filter(|short| !short.contains('.')).unwrap_or(name)
}

/// One thing in which a file and the warehouse differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A table, or a table and a column.
    pub what: String,
    /// What the file says of it; none if it does not know it.
    pub recorded: Option<String>,
    /// What the warehouse says of it; none if it does not have it.
    pub held: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, recorded, held } = self;
        match (recorded, held) {
            (None, Some(held)) => write!(f, "{what}: the warehouse has it ({held}), the file does not"),
            (Some(recorded), None) => write!(f, "{what}: the file has it ({recorded}), the warehouse does not"),
            (recorded, held) => {
                let say = |text: &Option<String>| text.clone().unwrap_or_default();
                write!(f, "{what}: {} in the file, {} in the warehouse", say(recorded), say(held))
            }
        }
    }
}

fn differences(name: &str, recorded: Option<&TableInfo>, held: Option<&TableInfo>) -> Vec<Difference> {
    let table = |info: &TableInfo| format!("a table of {}", count(info.columns.len(), "column"));
    let (Some(recorded), Some(held)) = (recorded, held) else {
        let (recorded, held) = (recorded.map(table), held.map(table));
        return if recorded.is_none() && held.is_none() { Vec::new() } else { vec![Difference { what: name.to_owned(), recorded, held }] };
    };
    let mut found = Vec::new();
    let mut compare = |what: String, recorded: Option<String>, held: Option<String>| {
        if recorded != held {
            found.push(Difference { what, recorded, held });
        }
    };
    let told = |column: Option<&(String, String, Kind)>| column.map(|(_, data_type, kind)| format!("{data_type}, {}", kind.name()));
    let lost = recorded.columns.iter().chain(held.columns.iter().filter(|(column, ..)| recorded.column(column).is_none()));
    for (column, ..) in lost {
        compare(format!("{name}.{column}"), told(recorded.column(column)), told(held.column(column)));
    }
    compare(format!("{name}: partition"), Some(list(&recorded.partition)), Some(list(&held.partition)));
    let order = |info: &TableInfo| info.columns.iter().map(|(column, ..)| column.clone()).collect::<Vec<String>>();
    let same: BTreeSet<String> = order(recorded).into_iter().collect();
    if same == order(held).into_iter().collect() {
        compare(format!("{name}: columns"), Some(list(&order(recorded))), Some(list(&order(held))));
    }
    found
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
