//! The catalogue: the validated project, declared once and used by every query.

mod repair;

use std::collections::BTreeSet;
use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::adbc::Adbc;
use super::bigquery::BigQuery;
use super::date::{Deadline, Step};
use super::number::Decimal;
use super::places::Places;
use super::scope::Season;
use super::settings::Settings;
use super::sql::Dialect;
use super::table::{Column, Kind};
use super::triage::{Action, Tolerance};
use super::verdict::Level;
use super::waiver::Waiver;

pub use repair::{After, Lookback, Reads, RetryPolicy};

/// A project: one pipeline, its warehouse targets, and what it should hold.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The folder of the project file; paths are relative to it.
    pub dir: PathBuf,
    /// The project file.
    pub file: PathBuf,
    /// The kind of run that is looked at, if not what the outputs declare.
    pub mode: Option<Mode>,
    /// The zone of dates and deadlines.
    pub zone: TimeZone,
    /// The moment at which a frozen warehouse was taken; the default of `--as-of`.
    pub as_of: Option<DateTime>,
    /// How many runs of gates stay on record; none if 0.
    pub keep_runs: usize,
    /// Warehouses, the first one is the default.
    pub targets: IndexMap<String, Target>,
    /// Seasons in order of time.
    pub seasons: Vec<Season>,
    /// Sources of expected keys.
    pub spines: IndexMap<String, Spine>,
    /// Stages in the order in which the pipeline runs them.
    pub stages: Vec<String>,
    /// Every table that a stage must fill.
    pub outputs: IndexMap<String, Output>,
    /// The run ledger, if there is one.
    pub runs: Option<Ledger>,
    /// Gates in the order of the project file.
    pub gates: IndexMap<String, Gate>,
    /// Accepted gaps.
    pub waivers: Vec<Waiver>,
    /// When another try is worth it.
    pub retry: RetryPolicy,
}

impl Project {
    /// The outputs of a stage, in the order of the project file.
    pub fn stage_outputs<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a Output> {
        self.outputs.values().filter(move |output| output.stage == stage)
    }

    /// Whether an output is filled by runs of the kind that is looked at.
    pub fn is_in_mode(&self, output: &str) -> bool {
        self.mode.as_ref().is_none_or(|mode| mode.outputs.iter().any(|name| name == output))
    }

    /// The position of a stage in the pipeline.
    pub fn stage_position(&self, stage: &str) -> usize {
        self.stages.iter().position(|name| name == stage).unwrap_or(usize::MAX)
    }

    /// The gates of these names and all that they require, each once and after those that it requires.
    pub fn with_required<'a>(&'a self, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a Gate> {
        fn add<'a>(project: &'a Project, name: &str, found: &mut Vec<&'a Gate>) {
            let Some(gate) = project.gates.get(name).filter(|gate| !found.iter().any(|known| known.name == gate.name)) else { return };
            gate.requires.iter().for_each(|required| add(project, required, found));
            found.push(gate);
        }
        let mut found = Vec::new();
        names.into_iter().for_each(|name| add(self, name, &mut found));
        found
    }

    /// The seasons that dates can fall in; one without name and end where the project declares none.
    pub fn all_seasons(&self) -> Vec<Season> {
        if self.seasons.is_empty() {
            let (start, end) = (jiff::civil::date(1900, 1, 1), jiff::civil::date(2199, 12, 31));
            return vec![Season { name: String::new(), start, end }];
        }
        self.seasons.clone()
    }
}

/// A kind of run with expectations of its own, which the outputs already have.
#[derive(Clone, Debug)]
pub struct Mode {
    /// Its name.
    pub name: String,
    /// The outputs that such a run fills.
    pub outputs: Vec<String>,
}

/// A warehouse to ask.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The dialect of its engine.
    pub dialect: Dialect,
    /// Where it is.
    pub source: Source,
    /// Whether statements may read files or the network.
    pub external_access: bool,
    /// Extensions that may be loaded.
    pub extensions: Vec<String>,
    /// The most memory that the engine may use, in its own spelling.
    pub memory: Option<String>,
    /// Threads of the engine.
    pub threads: Option<u32>,
}

impl Target {
    /// A target that grants its engine nothing beyond the rows.
    #[must_use]
    pub fn new(name: &str, dialect: Dialect, source: Source) -> Self {
        Self { name: name.to_owned(), dialect, source, external_access: false, extensions: Vec::new(), memory: None, threads: None }
    }

    /// The name of its engine, as the project file has it.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        if matches!(self.source, Source::Adbc(_)) { "adbc" } else { self.dialect.name() }
    }
}

/// Where a target's rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A database file, opened read-only.
    Database(PathBuf),
    /// Folders of SQL, CSV and Parquet files, loaded one after the other, once, and kept while they do not change.
    Folders(Vec<PathBuf>),
    /// Named by an environment variable that is not set.
    Unset(String),
    /// A BigQuery project.
    BigQuery(Box<BigQuery>),
    /// Behind a network, where the settings say.
    Remote(Settings),
    /// Behind an ADBC driver.
    Adbc(Box<Adbc>),
}

/// Where the keys that should exist come from.
#[derive(Clone, Debug)]
pub struct Spine {
    /// Its name.
    pub name: String,
    /// Its source.
    pub source: SpineSource,
    /// The key columns, one to six, in order.
    pub key: Vec<KeyColumn>,
    /// Aggregates per key, used as weights.
    pub weights: IndexMap<String, String>,
    /// Aggregates per key that say of what kind it is.
    pub attributes: IndexMap<String, String>,
    /// Keeps the rows of the source for which this holds.
    pub filter: Option<String>,
    /// Where it is declared.
    pub declared: String,
    /// Where its keys are.
    pub places: Places,
}

impl Spine {
    /// Where a key of its declaration stands.
    pub fn place(&self, path: &str) -> &str {
        self.places.of(path).unwrap_or(&self.declared)
    }

    /// The key column that is the date, if there is one.
    pub fn date(&self) -> Option<&KeyColumn> {
        self.key.iter().find(|column| column.kind == Kind::Date)
    }
}

/// One column of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name in the key.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The column or expression of the source that gives it.
    pub source: String,
}

/// The source of a spine.
#[derive(Clone, Debug)]
pub enum SpineSource {
    /// A table with one or more rows per key.
    Table(String),
    /// A SQL file of the project (its text), a query template that yields the key columns and weights.
    Sql {
        /// The file, for messages.
        file: PathBuf,
        /// Its text.
        text: String,
    },
    /// Dates by a step from an anchor.
    Calendar {
        /// The step.
        step: Step,
        /// The first date, or the date that all others are counted from; the scope's start if not given.
        anchor: Option<Date>,
        /// The last date, if the calendar ends before the scope.
        until: Option<Date>,
        /// ISO weekdays (1 = Monday) that count; empty means all.
        weekdays: Vec<i8>,
    },
    /// The keys that another output holds.
    Output(String),
    /// Every combination of the keys of other spines.
    Cross(Vec<String>),
    /// Written-out values of one column.
    Values(Vec<String>),
}

/// One table that a stage must fill.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: String,
    /// The table that holds its rows.
    pub table: String,
    /// The spine of its keys.
    pub spine: String,
    /// For each key column of the spine, in order: the column or expression of the table.
    pub key: Vec<KeyColumn>,
    /// Reads only the rows of the table for which this holds.
    pub filter: Option<String>,
    /// The columns that, with the key, identify one row.
    pub grain: Vec<String>,
    /// How many rows a key should have.
    pub rows: RowRange,
    /// Names that queries can be given for columns or expressions of the table.
    pub columns: IndexMap<String, String>,
    /// The column or expression that says when a row was written, in UTC.
    pub loaded_at: Option<String>,
    /// Columns that must not be NULL in any row.
    pub not_null: Vec<String>,
    /// Named aggregates per key.
    pub measures: IndexMap<String, String>,
    /// Bounds of column values: lowest and highest, both included.
    pub ranges: IndexMap<String, (Option<Decimal>, Option<Decimal>)>,
    /// Rules on measures, row counts and null shares.
    pub rules: Vec<OutputRule>,
    /// What it comes after.
    pub after: Vec<After>,
    /// The outputs that `after` means, by name.
    pub upstreams: Vec<String>,
    /// The same with what of them a key reads.
    pub reads: Vec<Reads>,
    /// How far back it reads its upstreams.
    pub lookback: Option<Lookback>,
    /// How many of its own earlier keys a key is made from.
    pub window: Option<u32>,
    /// Dates that its source never had: what is missing there stays so.
    pub unavailable: Vec<(Date, Date)>,
    /// Keys that are in the spine but not expected here.
    pub not_expected: NotExpected,
    /// Days after which rows are purged.
    pub retention: Option<i32>,
    /// When the rows of a key are due.
    pub expected_by: Deadline,
    /// A condition on the spine's key columns and weights: while it is false, the rows of a key are not due either.
    pub due_when: Option<String>,
    /// How much keys outside the spine weigh.
    pub extras: Level,
    /// The processor of the run ledger that fills it.
    pub processor: String,
    /// How many of the entities that a run tries may fail; none if not given.
    pub may_fail: Option<Tolerance>,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// Where it is declared: `gapgate.toml:12`.
    pub declared: String,
    /// Where its keys are, those that its stage gives it included.
    pub places: Places,
}

/// The first output of each spine and shape: what a template makes of it, it makes of all that are declared like it.
pub fn representatives(project: &Project, outputs: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let is_first = |name: &&String| project.outputs.get(*name).is_some_and(|output| seen.insert((&output.spine, output.shape())));
    outputs.iter().filter(is_first).cloned().collect()
}

impl Output {
    /// What it declares, without names and numbers: all that templates can branch on.
    fn shape(&self) -> String {
        let rules = self.rules.iter().map(|rule| {
            let subject = std::mem::discriminant(&rule.subject);
            (subject, rule.of.as_ref().map(std::mem::discriminant), rule.per.is_some(), rule.over, rule.skip_first_days.is_some())
        });
        let due = (self.due_when.is_some(), self.retention.is_some(), self.loaded_at.is_some());
        let excused = &self.not_expected;
        let excused = (
            excused.first_days.is_some(),
            excused.first_keys.is_some(),
            excused.ranges.len().min(2),
            excused.filter.is_some(),
            &excused.excuses,
        );
        let rows = (self.rows.min.is_some(), self.rows.max.is_some(), self.rows.min == self.rows.max, self.rows.per.is_some());
        let lists = [self.not_null.is_empty(), self.columns.is_empty(), self.measures.is_empty(), self.ranges.is_empty()];
        let read = (self.grain.len().min(2), self.filter.is_some(), self.upstreams.is_empty(), self.lookback.is_some());
        format!("{read:?} {rows:?} {lists:?} {due:?} {excused:?} {:?}", rules.collect::<Vec<_>>())
    }

    /// Where a key of its declaration stands.
    pub fn place(&self, path: &str) -> &str {
        self.places.of(path).unwrap_or(&self.declared)
    }

    /// Where its table is named, which can be by its schema.
    pub fn table_place(&self) -> &str {
        self.places.of("table").unwrap_or_else(|| self.place("schema"))
    }

    /// Where the column for a key column is named, which can be by the spine.
    pub fn key_place(&self, key: &KeyColumn) -> &str {
        let date = self.places.of("date").filter(|_| key.kind == Kind::Date);
        date.or_else(|| self.places.of(&format!("key.{}", key.name))).unwrap_or_else(|| self.place("spine"))
    }

    /// The key column that is the date, if there is one.
    pub fn date(&self) -> Option<&KeyColumn> {
        self.key.iter().find(|column| column.kind == Kind::Date)
    }

    /// The columns of its key, as results name them.
    pub fn key_columns(&self) -> Vec<Column> {
        self.key.iter().map(|column| Column { name: column.name.clone(), kind: column.kind }).collect()
    }
}

/// How many rows a key should have, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowRange {
    /// At least so many; 1 if not given.
    pub min: Option<Decimal>,
    /// At most so many.
    pub max: Option<Decimal>,
    /// Times this weight of the spine.
    pub per: Option<String>,
}

/// Keys that an output is not expected to hold although the spine has them.
#[derive(Clone, Debug, Default)]
pub struct NotExpected {
    /// The first so many days of each season.
    pub first_days: Option<i32>,
    /// The first so many spine dates of each season.
    pub first_keys: Option<u32>,
    /// Single dates and ranges.
    pub ranges: Vec<(Date, Date)>,
    /// A condition on the spine's key columns and weights.
    pub filter: Option<String>,
    /// Tables whose rows excuse keys that are missing.
    pub excuses: Vec<Excuse>,
}

/// A table with a row for each key that need not be there.
#[derive(Clone, Debug)]
pub struct Excuse {
    /// The table.
    pub table: String,
    /// For each key column of the spine, in order: the column or expression of the table.
    pub key: Vec<KeyColumn>,
    /// Reads only the rows of the table for which this holds.
    pub filter: Option<String>,
    /// Why such a key need not be there.
    pub reason: String,
    /// Where it is declared.
    pub declared: String,
}

/// A rule on what one scan of an output measures.
#[derive(Clone, Debug)]
pub struct OutputRule {
    /// What is measured.
    pub subject: Subject,
    /// How it is compared.
    pub bound: Bound,
    /// What it is a share of.
    pub of: Option<Denominator>,
    /// The weight that a `usual` denominator is normalised by.
    pub per: Option<String>,
    /// What is judged: each key, or sums.
    pub over: Over,
    /// Not judged in the first so many days of each season.
    pub skip_first_days: Option<i32>,
    /// How much it weighs.
    pub level: Level,
}

/// What a rule on an output measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The number of rows.
    Rows,
    /// A declared measure.
    Measure(String),
    /// The rows in which a column is NULL.
    Nulls(String),
}

impl Subject {
    /// Its name: a measure, a column, or `rows`.
    pub fn name(&self) -> &str {
        match self {
            Self::Rows => "rows",
            Self::Measure(name) | Self::Nulls(name) => name,
        }
    }

    /// The subject in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Rows => "rows".to_owned(),
            Self::Measure(name) => name.clone(),
            Self::Nulls(column) => format!("nulls of {column}"),
        }
    }
}

/// What a measured number is a share of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denominator {
    /// The number of rows.
    Rows,
    /// A declared measure.
    Measure(String),
    /// A weight of the spine.
    Weight(String),
    /// The median of the same number over the keys of the scope that have rows.
    Usual,
}

impl Denominator {
    /// The denominator in words.
    pub fn describe(&self) -> &str {
        match self {
            Self::Rows => "rows",
            Self::Measure(name) | Self::Weight(name) => name,
            Self::Usual => "usual",
        }
    }
}

/// A typed comparison with constants. NULL satisfies none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `>=`
    AtLeast(Decimal),
    /// `<=`
    AtMost(Decimal),
    /// `>`
    Above(Decimal),
    /// `<`
    Below(Decimal),
    /// `=`
    Equals(Decimal),
    /// Between two numbers, both included.
    Between(Decimal, Decimal),
}

impl Bound {
    /// The bound in words: `at least 0.99`.
    pub fn describe(&self) -> String {
        match self {
            Self::AtLeast(n) => format!("at least {n}"),
            Self::AtMost(n) => format!("at most {n}"),
            Self::Above(n) => format!("above {n}"),
            Self::Below(n) => format!("below {n}"),
            Self::Equals(n) => format!("exactly {n}"),
            Self::Between(low, high) => format!("between {low} and {high}"),
        }
    }

    /// The single comparisons that it consists of: operator and number.
    pub fn comparisons(&self) -> Vec<(&'static str, Decimal)> {
        match *self {
            Self::AtLeast(n) => vec![(">=", n)],
            Self::AtMost(n) => vec![("<=", n)],
            Self::Above(n) => vec![(">", n)],
            Self::Below(n) => vec![("<", n)],
            Self::Equals(n) => vec![("=", n)],
            Self::Between(low, high) => vec![(">=", low), ("<=", high)],
        }
    }
}

/// What a rule judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Each key.
    Key,
    /// The sum over each month.
    Month,
    /// The sum over each season.
    Season,
    /// The sum over the whole scope.
    Output,
}

impl Over {
    /// Every value with the word that names it.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Key, "key"), (Self::Month, "month"), (Self::Season, "season"), (Self::Output, "output")];
}

/// The run ledger: the table in which processors record their runs, mapped once.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The table.
    pub table: String,
    /// The column or expression of the run's identity.
    pub run: String,
    /// The processor.
    pub processor: String,
    /// The date that was processed.
    pub date: String,
    /// The status.
    pub status: String,
    /// The words for each state.
    pub success: Vec<String>,
    /// As above.
    pub failed: Vec<String>,
    /// As above.
    pub running: Vec<String>,
    /// As above.
    pub skipped: Vec<String>,
    /// When the run started.
    pub started: String,
    /// When the row was written; NULL while running.
    pub finished: Option<String>,
    /// Rows written.
    pub rows: Option<String>,
    /// Entities that the run got done.
    pub entities_done: Option<String>,
    /// Entities that the run could not do.
    pub entities_failed: Option<String>,
    /// The error's text.
    pub error: Option<String>,
    /// The failure category, and the class of failures that each of its words is of.
    pub category: Option<Labels>,
    /// What to do about each class of failures, in the order of [`FAILURE_CLASSES`].
    pub actions: IndexMap<String, Action>,
    /// The phase, and the stage that each of its words is of.
    pub phase: Option<Labels>,
    /// Reads only rows for which this holds.
    pub filter: Option<String>,
    /// Leaves out the runs that have a row for which this holds (as test runs); NULL does not.
    pub exclude: Option<String>,
    /// Runs that started before do not count, in UTC.
    pub since: Option<DateTime>,
    /// The zone of the ledger's times, if it is not UTC.
    pub zone: Option<TimeZone>,
    /// Where it is declared.
    pub declared: String,
    /// Where its keys are.
    pub places: Places,
}

impl Ledger {
    /// Where a key of its declaration stands.
    pub fn place(&self, path: &str) -> &str {
        self.places.of(path).unwrap_or(&self.declared)
    }
}

/// A column of words that mean something else in the project's own terms.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The column or expression.
    pub column: String,
    /// For each term, the words that stand for it. Case does not matter.
    pub words: IndexMap<String, Vec<String>>,
}

/// Why runs fail, as far as it decides what to do about it.
pub const FAILURE_CLASSES: [&str; 7] = ["infrastructure", "resource", "availability", "processing", "blocked", "permanent", "expected"];

/// A named set of checks that answers go or no-go for a stage.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// The stage that it looks at.
    pub stage: Option<String>,
    /// The outputs that it covers, by name; never empty.
    pub outputs: Vec<String>,
    /// Its checks.
    pub checks: Vec<CheckSpec>,
    /// Whether it checks that all tables and columns of its outputs are there.
    pub examines: bool,
    /// The commands that it runs, after its checks.
    pub commands: Vec<CommandSpec>,
    /// The gates that have to say go before it can.
    pub requires: Vec<String>,
    /// Where it is declared.
    pub declared: String,
}

impl Gate {
    /// Whether it looks at what its outputs hold, and not only at what a run needs before it begins.
    pub fn looks_at_rows(&self) -> bool {
        self.checks.iter().any(|check| !check.query.starts_with("gate/") && !check.query.starts_with("ledger/"))
    }
}

/// A program of the user's that a gate asks: 0 for go, 1 for no-go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// Its name in reports.
    pub name: String,
    /// The program and its arguments; there is no shell.
    pub words: Vec<String>,
    /// Seconds that it may take, besides the limit of the whole run.
    pub timeout: Option<u64>,
    /// Where it is declared.
    pub declared: String,
}

impl CommandSpec {
    /// How reports name it among the queries.
    pub fn id(&self) -> String {
        format!("command/{}", self.name)
    }

    /// Its words in a line, those with blanks in quotes.
    pub fn line(&self) -> String {
        let word = |word: &String| if word.is_empty() || word.contains(char::is_whitespace) { format!("{word:?}") } else { word.clone() };
        self.words.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// A check as a gate names it: a query and its arguments.
#[derive(Clone, Debug)]
pub struct CheckSpec {
    /// The query's id.
    pub query: String,
    /// Arguments by name.
    pub args: IndexMap<String, Argument>,
    /// Where it is declared.
    pub declared: String,
}

/// An argument as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// Text, a name or a date.
    Text(String),
    /// An integer.
    Int(i64),
    /// A decimal number.
    Number(Decimal),
    /// A truth value.
    Bool(bool),
    /// Several texts.
    List(Vec<String>),
}
