//! What tests of the whole corridor share: a project on disk with its embedded warehouse, and an engine that answers as
//! a test wants it to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use gapgate::load::{library, project};
use gapgate::model::catalogue::Project;
use gapgate::model::coverage::Coverage;
use gapgate::model::query::{Library, Query};
use gapgate::model::scope::{Scope, parse_as_of};
use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::Table;
use gapgate::run::{Session, cover, deadline_in};
use gapgate::warehouse::{self, Deadline, Interrupt, Inventory, QueryError, Warehouse};
use tempfile::TempDir;

/// The shipped queries, read once.
pub(crate) static LIBRARY: LazyLock<Library> = LazyLock::new(|| library::load(None).expect("the shipped library is sound"));

/// The query that classifies keys.
pub(crate) fn coverage_query() -> &'static Query {
    LIBRARY.query("quality/coverage").expect("it is shipped")
}

/// A limit that no test reaches.
pub(crate) fn patience() -> Deadline {
    deadline_in(600)
}

/// A project whose warehouse is one SQL script.
pub(crate) struct Fixture {
    pub(crate) project: Project,
    pub(crate) warehouse: Box<dyn Warehouse>,
    _dir: TempDir,
}

impl Fixture {
    /// Writes the project file and the script to a folder of their own, loads and opens them.
    pub(crate) fn new(toml: &str, sql: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(dir.path().join("warehouse")).expect("a folder");
        fs::write(dir.path().join("gapgate.toml"), toml).expect("a project file");
        fs::write(dir.path().join("warehouse/10.sql"), sql).expect("a script");
        let project = project::load(dir.path()).unwrap_or_else(|error| panic!("{error}\n{toml}"));
        let target = project.targets.values().next().expect("a target");
        let warehouse = warehouse::open(target, dir.path(), &Interrupt::default()).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        Self { project, warehouse, _dir: dir }
    }

    /// All seasons, as of a local date or time.
    pub(crate) fn scope(&self, as_of: &str) -> Scope {
        let as_of = parse_as_of(as_of, &self.project.zone).expect("a moment");
        Scope {
            seasons: self.project.all_seasons(),
            others: Vec::new(),
            range: None,
            as_of,
            is_now: false,
            zone: self.project.zone.clone(),
        }
    }

    /// What every output holds.
    pub(crate) fn cover(&self, scope: &Scope) -> Vec<Coverage> {
        self.cover_with(scope, self.warehouse.as_ref())
    }

    /// The same, with another engine to ask.
    pub(crate) fn cover_with(&self, scope: &Scope, warehouse: &dyn Warehouse) -> Vec<Coverage> {
        let outputs: Vec<String> = self.project.outputs.keys().cloned().collect();
        let session = Session::new(&self.project, &LIBRARY, scope, warehouse, patience());
        cover(&session, coverage_query(), &outputs).expect("no interrupt").coverage
    }
}

type Answer = Result<Table, QueryError>;
type List = Result<(Inventory, Sql), QueryError>;

/// A real engine whose answers a test may change. Statements are numbered from 0; the list of tables is one of them.
pub(crate) struct StandIn<'a> {
    engine: &'a dyn Warehouse,
    asked: AtomicUsize,
    answer: Box<dyn Fn(usize, Answer) -> Answer + Send + Sync + 'a>,
    list: Box<dyn Fn(usize, List) -> List + Send + Sync + 'a>,
    large: bool,
    counts: bool,
}

impl<'a> StandIn<'a> {
    /// Changes the answers to queries.
    pub(crate) fn new(engine: &'a dyn Warehouse, answer: impl Fn(usize, Answer) -> Answer + Send + Sync + 'a) -> Self {
        Self { engine, asked: AtomicUsize::new(0), answer: Box::new(answer), list: Box::new(|_, list| list), large: false, counts: false }
    }

    /// Changes the list of tables too.
    pub(crate) fn with_list(mut self, list: impl Fn(usize, List) -> List + Send + Sync + 'a) -> Self {
        self.list = Box::new(list);
        self
    }

    /// Says that its tables may be large.
    pub(crate) fn large(mut self) -> Self {
        self.large = true;
        self
    }

    /// Says that it keeps counts of its rows.
    pub(crate) fn counting(mut self) -> Self {
        self.counts = true;
        self
    }

    /// How many statements it was sent.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Warehouse for StandIn<'_> {
    fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    fn query(&self, sql: &Sql, deadline: Deadline) -> Answer {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        (self.answer)(number, self.engine.query(sql, deadline))
    }

    fn inventory(&self, named: &[&str], deadline: Deadline) -> List {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        (self.list)(number, self.engine.inventory(named, deadline))
    }

    fn counts_by_date(&self, _table: &str, _column: &str, _deadline: Deadline) -> bool {
        self.counts
    }

    fn may_be_large(&self) -> bool {
        self.large || self.engine.may_be_large()
    }
}

/// Every file below a folder whose name ends so, in order.
pub(crate) fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
