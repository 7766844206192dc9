//! Fixtures: small warehouses, and the cases that say what a query answers on them.

use indexmap::IndexMap;

use super::verdict::Verdict;

/// The small warehouses of a project and what its queries should answer on them.
#[derive(Clone, Debug, Default)]
pub struct Fixtures {
    /// Warehouses by name, in order of name.
    pub warehouses: IndexMap<String, SmallWarehouse>,
    /// The cases of each query that has any, by the query's id, in the order of their file.
    pub cases: IndexMap<String, Vec<Case>>,
}

/// A folder of files that are loaded into memory.
#[derive(Clone, Debug)]
pub struct SmallWarehouse {
    /// Its files in the order in which they are loaded.
    pub parts: Vec<Part>,
    /// Its folder.
    pub folder: std::path::PathBuf,
}

/// One file of a small warehouse, or one table of a file that holds several.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file as the user knows it.
    pub file: String,
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// What is loaded.
    pub content: Content,
}

/// What a part holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A script of the user's. Lines of the engine's complaints are counted from the part's own.
    Script(String),
    /// Statements made from rows, whose lines mean nothing to the user.
    Rows(String),
    /// A CSV or Parquet file, by its path below the warehouse's folder.
    Data(std::path::PathBuf),
}

/// What a query answers on a small warehouse.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The query's id.
    pub query: String,
    /// What the case shows.
    pub name: String,
    /// The known ways to a wrong answer that it guards against.
    pub pitfalls: Vec<String>,
    /// The small warehouse, by name.
    pub warehouse: String,
    /// A script that is run after the warehouse is loaded.
    pub damage: Option<Part>,
    /// TOML that is added to the project file, and the line on which it begins.
    pub declare: Option<(String, usize)>,
    /// Arguments, as on the command line.
    pub args: Vec<String>,
    /// The seasons to look at; all if none is named.
    pub season: Vec<String>,
    /// The first date to look at.
    pub from: Option<String>,
    /// The last date to look at.
    pub to: Option<String>,
    /// The moment of the question; the project's own if not given.
    pub as_of: Option<String>,
    /// Columns whose values differ from run to run.
    pub redact: Vec<String>,
    /// The rows as CSV, where the case states them.
    pub rows: Option<String>,
    /// The worst of what the query's rules say, where the case states it.
    pub verdict: Option<Verdict>,
    /// Words of the message with which the query refuses the case.
    pub refused: Option<String>,
    /// The file that declares it; of a query without cases, the query's own.
    pub file: String,
    /// The line on which it is declared.
    pub line: usize,
}

impl Case {
    /// The warehouse that is meant where none is named.
    pub const CLEAN: &'static str = "clean";

    /// Whether some of its answer is left to a reviewed snapshot.
    pub fn needs_snapshot(&self) -> bool {
        self.refused.is_none() && (self.rows.is_none() || self.verdict.is_none())
    }

    /// Its name as the name of a file: letters and digits in lower case, what is between them a hyphen.
    ///
    /// ```
    /// use gapgate::model::fixture::Case;
    /// let case = Case { name: "Days off, and no games".to_owned(), ..Case::default() };
    /// assert_eq!(case.slug(), "days-off-and-no-games");
    /// ```
    pub fn slug(&self) -> String {
        const LONGEST: usize = 120;
        let words = self.name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let slug = words.collect::<Vec<_>>().join("-").to_lowercase();
        let end = slug.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST).last();
        slug[..end.unwrap_or(0)].trim_end_matches('-').to_owned()
    }
}
