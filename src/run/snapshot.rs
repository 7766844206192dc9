//! Cases: a query on a small warehouse, asked as everywhere else, and its statement in each dialect.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;

use super::{Answer, Check, Session, answer};
use crate::error::{Complaint, Error, did_you_mean};
use crate::load::fixture::{CASES, WAREHOUSES};
use crate::load::scope::Words;
use crate::load::{self, arguments, project};
use crate::model::catalogue::{Argument, Project};
use crate::model::fixture::{Case, Fixtures};
use crate::model::query::{Library, ParamKind, Query};
use crate::model::scope::{Scope, parse_as_of};
use crate::model::sql::{Dialect, Sql};
use crate::model::table::{Table, Value};
use crate::model::verdict::Verdict;
use crate::render::{RenderError, Renderer};
use crate::warehouse::{self, Deadline, Interrupt, Warehouse};

/// What cases are run with.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// The project; of its targets nothing but the dialects matters.
    pub project: &'a Project,
    /// The queries.
    pub library: &'a Library,
    /// The small warehouses and the cases.
    pub fixtures: &'a Fixtures,
    /// The dialects for which statements are rendered.
    pub dialects: &'a [Dialect],
    /// Thrown by the user.
    pub interrupt: &'a Interrupt,
    /// When statements are cancelled.
    pub deadline: Deadline,
}

/// The outcome of one case.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What the query answers, with redacted columns.
    pub answer: Answer,
    /// Its statement in each dialect of the bench, in order; a comment where the query has none in that dialect.
    pub statements: Vec<(Dialect, String)>,
}

/// Warehouses by name that no case has changed.
type Loaded = RefCell<IndexMap<String, Rc<dyn Warehouse>>>;

impl Bench<'_> {
    /// The cases of a query: those of its file, or else every small warehouse with its default arguments, once for each
    /// output that it does not refuse.
    ///
    /// # Errors
    /// [`Error::Complaints`] if the query has neither cases nor what it takes to run without.
    pub fn cases(&self, query: &Query) -> Result<Cow<'_, [Case]>, Error> {
        if let Some(cases) = self.fixtures.cases.get(&query.id) {
            return Ok(Cow::Borrowed(cases));
        }
        let complain = |message: String| complaint(&query.file, 0, format!("{message}; give it cases in {CASES}/{}.toml", query.id));
        let open: Vec<_> = query.params.iter().filter(|(_, param)| param.default.is_none()).collect();
        let words: Vec<Vec<String>> = match open.as_slice() {
            [] => vec![Vec::new()],
            [(name, param)] if matches!(param.kind, ParamKind::Output | ParamKind::Outputs) => {
                self.project.outputs.keys().map(|output| vec![format!("{name}={output}")]).collect()
            }
            [.., (name, param)] => return Err(complain(format!("parameter `{name}` ({}) has no default", param.kind.name()))),
        };
        let mut cases = Vec::new();
        for args in words {
            let case = |warehouse: &str| Case {
                query: query.id.clone(),
                name: [&[warehouse.to_owned()], args.as_slice()].concat().join(", "),
                warehouse: warehouse.to_owned(),
                args: args.clone(),
                file: query.file.clone(),
                ..Case::default()
            };
            match Bound::new(self, query, &case("")) {
                Ok(_) => cases.extend(self.fixtures.warehouses.keys().map(|name| case(name))),
                Err(Unbound { refused: true, .. }) => {}
                Err(unbound) => return Err(unbound.error),
            }
        }
        if cases.is_empty() {
            return Err(complain(format!("no folder of {WAREHOUSES} or no output is there to run it on")));
        }
        Ok(Cow::Owned(cases))
    }

    /// Runs cases on so many threads, and answers in their order.
    pub fn run(&self, cases: &[(&Query, &Case)], threads: usize) -> Vec<Result<Trial, Error>> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            let loaded = Loaded::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some((query, case)) = cases.get(number) else { break };
                let outcome = self.trial(query, case, &loaded);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((number, outcome));
            }
        };
        std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(number, _)| *number);
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }

    fn trial(&self, query: &Query, case: &Case, loaded: &Loaded) -> Result<Trial, Error> {
        if self.interrupt.is_thrown() {
            return Err(Error::Interrupted);
        }
        let bound = Bound::new(self, query, case).map_err(|unbound| unbound.error)?;
        // What is wrong in any dialect is known before anything is run.
        let statements = bound.statements(self, query)?;
        let warehouse = self.warehouse(case, loaded)?;
        let mut session = Session::new(&bound.project, self.library, &bound.scope, warehouse.as_ref(), self.deadline);
        session.renderer.adopt(&bound.sql);
        let mut answer = answer(&session, &Check { query, args: bound.args.clone(), declared: String::new() })?;
        let judged = answer.report.verdict() != Verdict::Undecided;
        answer.rows = answer.rows.map(|rows| redact(rows, case, judged)).transpose()?;
        Ok(Trial { answer, statements })
    }

    /// A case's statement in each dialect, without running it.
    ///
    /// # Errors
    /// What is wrong with the case or the query.
    pub fn statements(&self, query: &Query, case: &Case) -> Result<Vec<(Dialect, String)>, Error> {
        Bound::new(self, query, case).map_err(|unbound| unbound.error)?.statements(self, query)
    }

    fn warehouse(&self, case: &Case, loaded: &Loaded) -> Result<Rc<dyn Warehouse>, Error> {
        let known = loaded.borrow().get(&case.warehouse).filter(|_| case.damage.is_none()).cloned();
        if let Some(warehouse) = known {
            return Ok(warehouse);
        }
        let small = self.fixtures.warehouses.get(&case.warehouse);
        let small = small.ok_or_else(|| complaint(&case.file, case.line, format!("there is no folder {WAREHOUSES}/{}", case.warehouse)))?;
        let warehouse: Rc<dyn Warehouse> = warehouse::open_small(small, &case.damage, self.interrupt, self.deadline)?.into();
        if case.damage.is_none() {
            loaded.borrow_mut().insert(case.warehouse.clone(), Rc::clone(&warehouse));
        }
        Ok(warehouse)
    }
}

/// A case with its project, scope and arguments, all of which have been found right.
struct Bound<'a> {
    project: Cow<'a, Project>,
    scope: Scope,
    args: IndexMap<String, Argument>,
    /// The statement for the embedded engine.
    sql: Sql,
}

struct Unbound {
    error: Error,
    /// The template refuses the arguments: they are at fault, not the query.
    refused: bool,
}

impl From<Error> for Unbound {
    fn from(error: Error) -> Self {
        Self { error, refused: false }
    }
}

impl<'a> Bound<'a> {
    fn new(bench: &Bench<'a>, query: &Query, case: &Case) -> Result<Self, Unbound> {
        let here = |message: String| complaint(&case.file, case.line, message);
        let project = match &case.declare {
            None => Cow::Borrowed(bench.project),
            Some((text, line)) => Cow::Owned(project::load_with(&bench.project.dir, text, &case.file, *line)?),
        };
        let scope = scope(&project, case).map_err(here)?;
        let args = arguments::parse(query, &case.args).map_err(|error| here(error.to_string()))?;
        let sql = Renderer::new(bench.library, &project, &scope, Dialect::DuckDb).render(query, &args).map_err(|error| match error {
            RenderError { refused: true, complaint } => {
                Unbound { error: here(format!("{} refuses the case: {}", query.id, complaint.message)), refused: true }
            }
            // Without a line it may be the arguments that are wrong.
            RenderError { complaint, .. } if complaint.line == 0 && case.line > 0 => {
                here(format!("{}: {}", complaint.file, complaint.message)).into()
            }
            RenderError { complaint, .. } => Error::Complaints(vec![complaint]).into(),
        })?;
        Ok(Self { project, scope, args, sql })
    }

    fn statements(&self, bench: &Bench<'_>, query: &Query) -> Result<Vec<(Dialect, String)>, Error> {
        let statement = |dialect: &Dialect| {
            if *dialect == Dialect::DuckDb {
                return Ok((*dialect, self.sql.as_str().to_owned()));
            }
            match Renderer::new(bench.library, &self.project, &self.scope, *dialect).render(query, &self.args) {
                Ok(sql) => Ok((*dialect, sql.as_str().to_owned())),
                // Not every engine can be asked everything.
                Err(RenderError { refused: true, complaint }) => Ok((*dialect, format!("-- refused: {}\n", complaint.message))),
                Err(error) => Err(Error::Complaints(vec![error.complaint])),
            }
        };
        bench.dialects.iter().map(statement).collect()
    }
}

/// What the case looks at, as of its moment or the project's. Without either it is the end of the last season, when
/// everything is due: the clock would give another answer every day.
fn scope(project: &Project, case: &Case) -> Result<Scope, String> {
    let as_of = match (&case.as_of, project.as_of) {
        (Some(text), _) => parse_as_of(text, &project.zone)?,
        (None, Some(as_of)) => as_of,
        (None, None) => {
            let end = project.all_seasons().last().map(|season| season.end.to_string());
            parse_as_of(&end.unwrap_or_default(), &project.zone)?
        }
    };
    let words = Words { seasons: &case.season, from: case.from.as_deref(), to: case.to.as_deref(), prefix: "" };
    load::scope::scope(project, words, as_of)
}

/// The rows with `[column]` for the values that differ from run to run. Where the columns are not what the query
/// declares, that is for the findings to say.
fn redact(rows: Table, case: &Case, judged: bool) -> Result<Table, Error> {
    if let Some(name) = case.redact.iter().find(|name| judged && rows.position(name).is_none()) {
        let known: Vec<&str> = rows.columns().iter().map(|column| column.name.as_str()).collect();
        let message = format!("{} has no column {name} to redact{}", case.query, did_you_mean(name, known.iter().copied()));
        return Err(complaint(&case.file, case.line, format!("{message}; known: {}", known.join(", "))));
    }
    let hidden = |name: &String| case.redact.contains(name).then(|| Value::text(format!("[{name}]")));
    let hidden: Vec<Option<Value>> = rows.columns().iter().map(|column| hidden(&column.name)).collect();
    let mut redacted = Table::new(rows.columns().to_vec());
    for row in rows.rows() {
        redacted.push(row.iter().zip(&hidden).map(|(value, hidden)| hidden.clone().unwrap_or_else(|| value.clone())));
    }
    Ok(redacted)
}

fn complaint(file: &str, line: usize, message: impl Into<String>) -> Error {
    Error::Complaints(vec![Complaint { file: file.to_owned(), line, message: message.into() }])
}
