//! A query: one question, as a header and a SQL template.

use indexmap::IndexMap;

use crate::error::{Error, did_you_mean};

use super::catalogue::Argument;
use super::rule::Rule;
use super::table::{Column, Kind, Table, Value};

/// All queries by id, and the partial templates that they import.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Queries by id, in order of id.
    pub queries: IndexMap<String, Query>,
    /// Partial templates by path without ending: `_dialect/duckdb`, `_lib/spine`.
    pub partials: IndexMap<String, String>,
    /// Queries that the program asks for its own planning, by id; users do not see them.
    pub probes: IndexMap<String, Query>,
}

impl Library {
    /// A query of the program's own, by id.
    pub fn probe(&self, id: &str) -> Option<&Query> {
        self.probes.get(id)
    }

    /// The query of that id.
    ///
    /// # Errors
    /// [`Error::Usage`] with the nearest id.
    pub fn query(&self, id: &str) -> Result<&Query, Error> {
        self.queries.get(id).ok_or_else(|| {
            let hint = did_you_mean(id, self.queries.keys().map(String::as_str));
            Error::Usage(format!("no query is named \"{id}\"{hint}; `gapgate list` shows them all"))
        })
    }
}

/// One file of the library.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its path without ending: `quality/coverage`.
    pub id: String,
    /// What it finds, in one line.
    pub title: String,
    /// What one row is, and what to do with it.
    pub doc: String,
    /// What one decides by its answer; empty if the file does not say.
    pub decision: String,
    /// Parameters by name.
    pub params: IndexMap<String, Param>,
    /// The contract: what the result must look like.
    pub columns: Vec<Contract>,
    /// How the result is judged.
    pub rules: Vec<Rule>,
    /// The columns that name what to run again.
    pub retry: Vec<String>,
    /// The whole file, as its author wrote it.
    pub source: String,
    /// The template, preceded by as many empty lines as the header has, so that line numbers are the file's own.
    pub template: String,
    /// The file, for messages; shipped ones are named `queries/...` too.
    pub file: String,
    /// Whether it is shipped with the program or belongs to the project.
    pub shipped: bool,
}

/// A parameter of a query.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its type.
    pub kind: ParamKind,
    /// Whether it may have no value; templates then see `none`, and rules on it do not apply.
    pub optional: bool,
    /// What it is for.
    pub doc: String,
    /// Its value where the check gives none; without it the parameter is required, unless it is optional.
    pub default: Option<Argument>,
}

impl Param {
    /// What a rule compares with when the check gives this argument, if any.
    fn constant(&self, argument: Option<&Argument>) -> Option<Value> {
        match (self.kind, argument.or(self.default.as_ref())?) {
            (_, Argument::Int(number)) => Some(Value::Int(*number)),
            (_, Argument::Number(number)) => Some(Value::Decimal(Box::new(*number))),
            (_, Argument::Bool(truth)) => Some(Value::Bool(*truth)),
            (ParamKind::Date, Argument::Text(text)) => text.parse().ok().map(Value::Date),
            (_, Argument::Text(text)) => Some(Value::text(text.as_str())),
            (_, Argument::List(_)) => None,
        }
    }
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// One output of the catalogue.
    Output,
    /// Several outputs that share a spine.
    Outputs,
    /// Processors of the catalogue; an empty list stands for all of them.
    Processors,
    /// Several outputs of any spine; those that the output asked about comes after, if none is named.
    Upstreams,
    /// An SQL expression of the project.
    Expression,
    /// Text.
    Text,
    /// Several texts.
    Texts,
    /// An integer.
    Int,
    /// A decimal number.
    Number,
    /// A truth value.
    Bool,
    /// A date.
    Date,
    /// A date or time; an empty text stands for none.
    Moment,
    /// A length of time between dates, as calendars and cadences have it.
    Step,
}

impl ParamKind {
    /// Every kind with the word that names it.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Output, "output"),
        (Self::Outputs, "outputs"),
        (Self::Processors, "processors"),
        (Self::Upstreams, "upstreams"),
        (Self::Expression, "expression"),
        (Self::Text, "text"),
        (Self::Texts, "texts"),
        (Self::Int, "int"),
        (Self::Number, "number"),
        (Self::Bool, "bool"),
        (Self::Date, "date"),
        (Self::Moment, "moment"),
        (Self::Step, "step"),
    ];

    /// The word that names the kind.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("text", |(_, name)| name)
    }
}

/// One line of a column contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contract {
    /// A column of this name and kind; NULL only where it says so.
    Column {
        /// Its name.
        name: String,
        /// Its kind.
        kind: ColumnKind,
        /// Whether NULL is allowed.
        nullable: bool,
    },
    /// The key columns of the spine, by their own names and kinds; NULL allowed.
    Key,
    /// Any number of numeric columns whose names start with this prefix.
    Figures(String),
}

/// The kinds that a contract can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Exactly this kind.
    Is(Kind),
    /// Any kind of number.
    Number,
    /// Anything.
    Any,
}

impl ColumnKind {
    fn allows(self, kind: Kind) -> bool {
        match self {
            Self::Any => true,
            Self::Number => matches!(kind, Kind::Int | Kind::Float | Kind::Decimal),
            // Sums of integers are wider than 64 bits in some engines; the values decide whether they are integers.
            Self::Is(Kind::Int) => matches!(kind, Kind::Int | Kind::Decimal),
            Self::Is(wanted) => wanted == kind,
        }
    }

    /// The word that names the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Is(kind) => kind.name(),
            Self::Number => "number",
            Self::Any => "any",
        }
    }
}

impl Query {
    /// Whether its template reads the run ledger, so that a ledger without a run answers nothing.
    pub fn reads_ledger(&self) -> bool {
        let tags = self.template.split('{').skip(1).filter_map(|tag| tag.split('}').next());
        let mut words = tags.flat_map(|tag| tag.split(|c: char| !c.is_alphanumeric() && c != '_'));
        words.any(|word| word == "runs")
    }

    /// The rules as they judge a check with these arguments. One whose parameter has no value does not apply.
    pub fn rules_for(&self, args: &IndexMap<String, Argument>) -> Vec<Rule> {
        let value = |name: &str| self.params.get(name)?.constant(args.get(name));
        self.rules.iter().filter_map(|rule| rule.bind(&value)).collect()
    }

    /// Whether a key column of this name would stand in the result twice, because the query has a column of its own called so.
    pub fn hides(&self, name: &str) -> bool {
        let own = |line: &Contract| matches!(line, Contract::Column { name: own, .. } if own == name);
        self.columns.contains(&Contract::Key) && self.columns.iter().any(own)
    }

    /// The parameters without default that rules compare with.
    pub fn open_bounds(&self) -> Vec<&str> {
        let names = self.rules.iter().flat_map(Rule::params);
        names.filter(|name| self.params.get(*name).is_some_and(|param| param.default.is_none())).collect()
    }

    /// The names of its columns, as far as they are declared. `key` is the spine's key, where the contract speaks of it.
    pub fn column_names(&self, key: &[Column]) -> Vec<String> {
        let names = |line: &Contract| match line {
            Contract::Column { name, .. } => vec![name.clone()],
            Contract::Key => key.iter().map(|column| column.name.clone()).collect(),
            Contract::Figures(_) => Vec::new(),
        };
        self.columns.iter().flat_map(names).collect()
    }

    /// Compares a result with the contract. `key` is the spine's key, where the contract speaks of it.
    pub fn check_contract(&self, table: &Table, key: &[Column]) -> Result<(), String> {
        let mut expected = Vec::new();
        for line in &self.columns {
            match line {
                Contract::Column { name, kind, nullable } => expected.push((name.clone(), *kind, *nullable)),
                Contract::Key => expected.extend(key.iter().map(|c| (c.name.clone(), ColumnKind::Is(c.kind), true))),
                Contract::Figures(prefix) => expected.extend(
                    table
                        .columns()
                        .iter()
                        .filter(|c| c.name.starts_with(prefix.as_str()))
                        .map(|c| (c.name.clone(), ColumnKind::Number, true)),
                ),
            }
        }
        let twice = expected.iter().enumerate().find(|(at, (name, ..))| expected[..*at].iter().any(|(earlier, ..)| earlier == name));
        if let Some((_, (name, ..))) = twice {
            return Err(format!("key column {name} has the name of another column of {}: rename it in the project file", self.file));
        }
        let found: Vec<&str> = table.columns().iter().map(|column| column.name.as_str()).collect();
        let wanted: Vec<&str> = expected.iter().map(|(name, ..)| name.as_str()).collect();
        if found != wanted {
            return Err(format!("the columns are ({}), not ({}) as {} declares", found.join(", "), wanted.join(", "), self.file));
        }
        for (column, (name, kind, _)) in table.columns().iter().zip(&expected) {
            if !kind.allows(column.kind) {
                let remedy =
                    if key.iter().any(|column| column.name == *name) { ": cast it where the project file maps the key" } else { "" };
                let (found, wanted) = (column.kind.name(), kind.name());
                return Err(format!("column {name} is of type {found}, not {wanted} as {} declares{remedy}", self.file));
            }
        }
        let strict: Vec<usize> = expected.iter().enumerate().filter(|(_, (.., nullable))| !nullable).map(|(i, _)| i).collect();
        for (number, row) in table.rows().enumerate() {
            if let Some(i) = strict.iter().find(|i| row[**i].is_null()) {
                return Err(format!("column {} is NULL in row {}, which {} does not allow", wanted[*i], number + 1, self.file));
            }
        }
        Ok(())
    }
}
