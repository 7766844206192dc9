//! The corridor: plan, render, query, judge, collect. What a check could not find out is part of its report.

mod answer;
mod command;
pub mod comparison;
pub mod contract;
mod cost;
mod counts;
mod coverage;
mod empty;
mod inventory;
mod ledger;
pub mod progress;
pub mod reviewed;
pub mod snapshot;
pub mod stated;
pub mod triage;
mod waived;
pub mod waves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use crate::error::{Complaint, Error, did_you_mean};
use crate::model::catalogue::{Argument, CheckSpec, Gate, Output, Project};
use crate::model::query::{Library, ParamKind, Query};
use crate::model::report::{CheckReport, Finding, GateReport, StatementReport};
use crate::model::rule::{Rule, RuleKind};
use crate::model::scope::Scope;
use crate::model::sql::Sql;
use crate::model::table::{Column, Table};
use crate::model::verdict::Verdict;
use crate::render::{RenderError, Renderer};
use crate::warehouse::{Deadline, Inventory, QueryError, TableInfo, Warehouse};

pub use answer::{Answer, answer};
pub use command::{commands, is_there};
pub use cost::{Price, afford, prices};
pub use coverage::{cover, cover_all};

/// Everything that checks are run with.
#[derive(Debug)]
pub struct Session<'a> {
    /// The project.
    pub project: &'a Project,
    /// The queries.
    pub library: &'a Library,
    /// What is looked at.
    pub scope: &'a Scope,
    /// The warehouse.
    pub warehouse: &'a dyn Warehouse,
    /// When statements are cancelled.
    pub deadline: Deadline,
    /// How many checks run at the same time.
    pub jobs: usize,
    start: Instant,
    renderer: Renderer<'a>,
    inventory: OnceLock<Result<Inventory, String>>,
    overhead: Mutex<Vec<StatementReport>>,
    /// How many keys each spine has, as far as that was asked.
    spines: Mutex<BTreeMap<String, Finding>>,
    /// Whether rows are read even where the warehouse has counted them.
    scan: bool,
    /// Which outputs it has counted, as far as that was asked.
    counts: Mutex<BTreeMap<String, bool>>,
}

impl std::fmt::Debug for dyn Warehouse + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} warehouse", self.dialect().name())
    }
}

impl<'a> Session<'a> {
    /// A session on an open warehouse. Nothing is sent yet.
    pub fn new(project: &'a Project, library: &'a Library, scope: &'a Scope, warehouse: &'a dyn Warehouse, deadline: Deadline) -> Self {
        let renderer = Renderer::new(library, project, scope, warehouse.dialect());
        Self {
            project,
            library,
            scope,
            warehouse,
            deadline,
            jobs: warehouse.at_once(),
            start: Instant::now(),
            renderer,
            inventory: OnceLock::new(),
            overhead: Mutex::default(),
            spines: Mutex::default(),
            scan: false,
            counts: Mutex::default(),
        }
    }

    /// The statements that served no single check.
    pub fn statements(&self) -> Vec<StatementReport> {
        self.overhead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// At most so many checks at the same time; `None` leaves it to the warehouse.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Option<usize>) -> Self {
        self.jobs = jobs.unwrap_or(self.jobs);
        self
    }

    fn statement(&self, sql: &Sql, sent: Instant) -> StatementReport {
        self.since(sql.as_str().to_owned(), sent)
    }

    fn since(&self, sql: String, sent: Instant) -> StatementReport {
        StatementReport { sql, sent: sent.saturating_duration_since(self.start), elapsed: sent.elapsed(), bytes: None }
    }

    /// Counts a statement that served no single check.
    fn note(&self, statement: StatementReport) {
        self.overhead.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
    }

    /// Runs a statement that serves no single check.
    fn ask_aside(&self, sql: &Sql) -> Result<Table, QueryError> {
        let mut statements = Vec::new();
        let answer = self.ask(sql, &mut statements);
        self.overhead.lock().unwrap_or_else(PoisonError::into_inner).append(&mut statements);
        answer
    }

    /// Takes over what planning has rendered and guarded.
    pub fn adopt(&mut self, plans: &[Plan<'_>]) {
        plans.iter().flat_map(|plan| &plan.statements).for_each(|sql| self.renderer.adopt(sql));
    }

    /// Runs one statement and measures it.
    fn ask(&self, sql: &Sql, statements: &mut Vec<StatementReport>) -> Result<Table, QueryError> {
        let sent = Instant::now();
        let answer = self.warehouse.query(sql, self.deadline);
        // The warehouse remembers what it was told before it ran the statement.
        let estimate = answer.as_ref().ok().and_then(|_| self.warehouse.estimate(sql, self.deadline).ok().flatten());
        statements.push(StatementReport { bytes: estimate.map(|estimate| estimate.bytes), ..self.statement(sql, sent) });
        answer
    }

    /// Whether the catalogue names a table, which the engine names in full.
    pub fn is_catalogued(&self, table: &str) -> bool {
        let table = table.to_lowercase();
        inventory::named(self.project)
            .iter()
            .map(|name| name.to_lowercase())
            .any(|name| table == name || table.ends_with(&format!(".{name}")))
    }

    /// The tables that the warehouse holds, by lower-case name. They are asked for when they are first needed: to know how
    /// large tables are, or why a statement failed.
    ///
    /// # Errors
    /// Why the list could not be read.
    pub fn tables(&self) -> Result<&Inventory, &str> {
        let answer = self.inventory.get_or_init(|| {
            let sent = Instant::now();
            let (inventory, sql) =
                self.warehouse.inventory(&inventory::named(self.project), self.deadline).map_err(|error| error.to_string())?;
            self.note(self.statement(&sql, sent));
            Ok(inventory)
        });
        answer.as_ref().map_err(String::as_str)
    }

    /// What the warehouse says of a table, if it lists it.
    fn table(&self, name: &str) -> Option<&TableInfo> {
        self.tables().ok()?.get(&name.to_lowercase())
    }
}

/// One query with its arguments.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// The query.
    pub query: &'a Query,
    /// The arguments.
    pub args: IndexMap<String, Argument>,
    /// Where it is asked for.
    pub declared: String,
}

impl Check<'_> {
    /// Whether the query classifies keys, so that its answers are counted per output.
    pub fn classifies(&self) -> bool {
        self.query.rules.iter().any(|rule| rule.kind == RuleKind::Classes)
    }
}

/// A gate with its checks, every one rendered once to know that it can be.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// Its checks in order.
    pub checks: Vec<Check<'a>>,
    /// The statements that it renders to, as far as they do not depend on the size of the tables.
    pub statements: Vec<Sql>,
}

/// Binds and test-renders every check of these gates before anything is sent.
///
/// # Errors
/// [`Error::Complaints`]: unknown queries, wrong arguments, templates that fail, SQL that the guard refuses.
pub fn plan<'a>(
    project: &'a Project,
    library: &'a Library,
    scope: &'a Scope,
    dialect: crate::model::sql::Dialect,
    gates: &[&'a Gate],
) -> Result<Vec<Plan<'a>>, Error> {
    let renderer = Renderer::new(library, project, scope, dialect);
    let mut complaints = Vec::new();
    let mut plans = Vec::new();
    for gate in gates {
        let mut checks = Vec::new();
        for spec in &gate.checks {
            match bind(project, library, gate, spec) {
                Ok(bound) => checks.extend(bound),
                Err(complaint) => complaints.push(complaint),
            }
        }
        let mut statements = Vec::new();
        for check in &checks {
            match test_render(project, &renderer, check) {
                Ok(rendered) => statements.extend(rendered),
                Err(RenderError { complaint, .. }) => complaints.push(complaint),
            }
        }
        plans.push(Plan { gate, checks, statements });
    }
    complaints.extend(waived::complaints(project, plans.iter().flat_map(|plan| &plan.checks)));
    complaints.dedup();
    if complaints.is_empty() { Ok(plans) } else { Err(Error::Complaints(complaints)) }
}

/// The checks that one line of a gate stands for: one, or one for each output or spine.
fn bind<'a>(project: &Project, library: &'a Library, gate: &Gate, spec: &CheckSpec) -> Result<Vec<Check<'a>>, Complaint> {
    let query = library.query(&spec.query).map_err(|error| Complaint::at(&spec.declared, error.to_string()))?;
    if query.rules_for(&spec.args).is_empty() {
        let message = match query.rules.is_empty() {
            true => format!("{} has no rule, so as a check it could only say go; use it with `gapgate run`", query.id),
            false => {
                format!("without a value for {} no rule of {} applies, so it could only say go", query.open_bounds().join(" or "), query.id)
            }
        };
        return Err(Complaint::at(&spec.declared, message));
    }
    let check = |args: IndexMap<String, Argument>| Check { query, args, declared: spec.declared.clone() };
    let mut args = spec.args.clone();
    let open = |kind: ParamKind| {
        query.params.iter().find(|(name, param)| param.kind == kind && !spec.args.contains_key(*name)).map(|(name, _)| name.clone())
    };
    if query.params.contains_key("processors") && !args.contains_key("processors") {
        let processors = gate.outputs.iter().map(|output| project.outputs[output].processor.clone()).collect();
        args.insert("processors".to_owned(), Argument::List(processors));
    }
    if let Some(name) = open(ParamKind::Output) {
        return Ok(gate.outputs.iter().map(|output| check(with(&args, &name, Argument::Text(output.clone())))).collect());
    }
    if let Some(name) = open(ParamKind::Outputs) {
        if query.rules.iter().any(|rule| rule.kind == RuleKind::Classes) {
            return Ok(vec![check(with(&args, &name, Argument::List(gate.outputs.clone())))]);
        }
        let groups = by_spine(project, &gate.outputs);
        return Ok(groups.into_iter().map(|outputs| check(with(&args, &name, Argument::List(outputs)))).collect());
    }
    Ok(vec![check(args)])
}

fn with(args: &IndexMap<String, Argument>, name: &str, value: Argument) -> IndexMap<String, Argument> {
    let mut args = args.clone();
    args.insert(name.to_owned(), value);
    args
}

/// Outputs grouped by their spine, in order.
pub(crate) fn by_spine(project: &Project, outputs: &[String]) -> Vec<Vec<String>> {
    let mut groups: IndexMap<&str, Vec<String>> = IndexMap::new();
    for name in outputs {
        if let Some(output) = project.outputs.get(name) {
            groups.entry(&output.spine).or_default().push(name.clone());
        }
    }
    groups.into_values().collect()
}

/// The names of the outputs that a check is about.
fn outputs_of(check: &Check<'_>) -> Vec<String> {
    let named = check.query.params.iter().filter(|(_, param)| matches!(param.kind, ParamKind::Output | ParamKind::Outputs));
    let values = named.filter_map(|(name, _)| check.args.get(name));
    values
        .flat_map(|value| match value {
            Argument::Text(name) => vec![name.clone()],
            Argument::List(names) => names.clone(),
            _ => Vec::new(),
        })
        .collect()
}

/// The statements of a check in the batches in which small tables are asked for.
fn test_render(project: &Project, renderer: &Renderer<'_>, check: &Check<'_>) -> Result<Vec<Sql>, RenderError> {
    if !check.classifies() {
        return Ok(vec![renderer.render(check.query, &check.args)?]);
    }
    let render = |outputs: &[String]| renderer.render(check.query, &with(&check.args, "outputs", Argument::List(outputs.to_vec())));
    let mut statements = Vec::new();
    for batch in batches(project, check) {
        match render(&batch) {
            Ok(sql) => statements.push(sql),
            // One at a time finds the place of the fault.
            Err(_) => statements.extend(batch.iter().map(|output| render(std::slice::from_ref(output))).collect::<Result<Vec<_>, _>>()?),
        }
    }
    Ok(statements)
}

/// The outputs of a check that classifies keys, by statement, where tables are small.
fn batches(project: &Project, check: &Check<'_>) -> Vec<Vec<String>> {
    let groups = by_spine(project, &outputs_of(check));
    groups.iter().flat_map(|group| group.chunks(coverage::BATCH).map(<[String]>::to_vec)).collect()
}

/// Runs the checks of a gate. Whatever goes wrong makes a check undecided; so does Ctrl-C, which leaves those that are
/// finished as they are.
///
/// # Errors
/// [`Error::Complaints`] only: a probe that cannot be rendered.
pub fn gate(session: &Session<'_>, plan: &Plan<'_>) -> Result<GateReport, Error> {
    let run = |check: &Check<'_>| {
        let outcome = if check.classifies() { cover(session, check.query, &outputs_of(check)) } else { single(session, check) };
        match outcome {
            Err(Error::Interrupted) => Ok(CheckReport { findings: vec![Finding::interrupted()], ..begin(check) }),
            outcome => outcome,
        }
    };
    let gate = plan.gate;
    let mut checks: Vec<CheckReport> = examined(session, gate)?.into_iter().collect();
    checks.extend(side_by_side(session.jobs, &plan.checks, run).into_iter().collect::<Result<Vec<CheckReport>, Error>>()?);
    waived::note_unused(session, &mut checks);
    let stage = gate.stage.as_deref();
    let of_stage = session.project.outputs.values().filter(|output| stage == Some(output.stage.as_str()));
    let not_covered = of_stage.filter(|output| !gate.outputs.contains(&output.name)).map(|output| output.name.clone()).collect();
    Ok(GateReport {
        name: gate.name.clone(),
        stage: gate.stage.clone(),
        covered: gate.outputs.clone(),
        not_covered,
        checks,
        findings: Vec::new(),
        overridden: None,
    })
}

/// Whether all tables and columns that the outputs of a gate need are there, if it asks for that.
fn examined(session: &Session<'_>, gate: &Gate) -> Result<Option<CheckReport>, Error> {
    if !gate.examines {
        return Ok(None);
    }
    let named = |(subject, finding): (String, Finding)| Finding { message: format!("{subject}: {}", finding.message), ..finding };
    let mut found = Vec::new();
    let outcome = catalogue(session, &gate.outputs, &mut found);
    let mut findings: Vec<Finding> = found.into_iter().filter(|(_, finding)| finding.verdict > Verdict::Pass).map(named).collect();
    match outcome {
        Err(Error::Interrupted) => findings.push(Finding::interrupted()),
        outcome => outcome?,
    }
    // Without the list of tables nobody knows that all are there.
    let unread = session.tables().err().map(|error| Finding::undecided("catalogue", format!("the list of tables cannot be read: {error}")));
    Ok(Some(CheckReport {
        query: "catalogue".to_owned(),
        title: "All tables and columns of the catalogue are there".to_owned(),
        arguments: String::new(),
        findings: unread.map_or(findings, |unread| vec![unread]),
        coverage: Vec::new(),
        rows: None,
        statements: Vec::new(),
    }))
}

/// Works through the items, so many at the same time; the results are in the order of the items.
fn side_by_side<T: Sync, R: Send>(jobs: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        items.get(at).map(|item| (at, work(item)))
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let helpers: Vec<_> = (1..jobs.min(items.len())).map(|_| scope.spawn(|| std::iter::from_fn(take).collect::<Vec<_>>())).collect();
        let mut done: Vec<(usize, R)> = std::iter::from_fn(take).collect();
        for helper in helpers {
            // A panic is a fault of the program, and goes on where it would have without threads.
            done.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A report of which nothing is known yet.
fn begin(check: &Check<'_>) -> CheckReport {
    CheckReport {
        query: check.query.id.clone(),
        title: check.query.title.clone(),
        arguments: outputs_of(check).join(", "),
        findings: Vec::new(),
        coverage: Vec::new(),
        rows: None,
        statements: Vec::new(),
    }
}

/// Runs one check that is judged by its rules alone.
///
/// # Errors
/// [`Error::Interrupted`] only.
pub fn single(session: &Session<'_>, check: &Check<'_>) -> Result<CheckReport, Error> {
    let mut report = begin(check);
    let sql = match session.renderer.render(check.query, &check.args) {
        Ok(sql) => sql,
        Err(error) => {
            report.findings.push(Finding::undecided("render", error.to_string()));
            return Ok(report);
        }
    };
    if let Some(fault) = ledger::shifted(session, check.query) {
        report.findings.push(fault);
        return Ok(report);
    }
    match session.ask(&sql, &mut report.statements) {
        Ok(table) => {
            report.findings = waived::judge(session, check, &table);
            // No faults say nothing where nothing should exist, and nothing where nothing does.
            let outputs = if table.is_empty() { outputs_of(check) } else { Vec::new() };
            if let Some(output) = outputs.first() {
                let spine = spine_size(session, output)?;
                report.findings.extend((spine.verdict != Verdict::Pass).then_some(spine));
                report.findings.extend(empty::without_rows(session, &outputs)?);
            }
            report.findings.extend(ledger::emptiness(session, check, &table, report.verdict())?);
            report.rows = Some(table);
        }
        Err(QueryError::Interrupted) => return Err(Error::Interrupted),
        Err(error) => {
            let outputs = outputs_of(check);
            let faults = outputs.iter().filter_map(|name| inventory::fault(session, name));
            let known: Vec<Finding> = faults.chain(ledger::fault(session, check.query)).collect();
            // What may still run is never forgotten.
            let is_dropped = !known.is_empty() && !matches!(error, QueryError::Running { .. });
            report.findings = if is_dropped { known } else { vec![inventory::engine_finding(&error)] };
        }
    }
    Ok(report)
}

/// Judges a result: completeness and the column contract first, then every rule that applies to these arguments.
pub fn judge(query: &Query, args: &IndexMap<String, Argument>, table: &Table, key: &[Column]) -> Vec<Finding> {
    if let Some(finding) = unfit(query, table, key) {
        return vec![finding];
    }
    if table.is_empty() && !query.rules.is_empty() && !query.rules.iter().any(Rule::judges_emptiness) {
        let finding = Finding::undecided("empty", "the result has no rows, so its rules had nothing to compare");
        return vec![finding.with_remedy("if an empty result is fine, say so with a rule of kind row_count and min = 0")];
    }
    query.rules_for(args).iter().flat_map(|rule| rule.judge(table)).collect()
}

/// Why no rule can be asked of a result: it is not complete, or not what the query promises.
fn unfit(query: &Query, table: &Table, key: &[Column]) -> Option<Finding> {
    if table.is_truncated() {
        return Some(Finding::undecided("truncated", "the engine held rows back, so nothing can be concluded"));
    }
    query.check_contract(table, key).err().map(|message| Finding::undecided("columns", message))
}

/// The key columns of the spine that a check's outputs share.
pub(crate) fn key_columns(project: &Project, check: &Check<'_>) -> Vec<Column> {
    let output = outputs_of(check).first().and_then(|name| project.outputs.get(name));
    output.map(Output::key_columns).unwrap_or_default()
}

/// The check that classifies the keys of these outputs.
///
/// # Errors
/// [`Error::Usage`] if the library lacks it.
pub fn coverage_of<'a>(library: &'a Library, outputs: &[String]) -> Result<Check<'a>, Error> {
    let query = library.query("quality/coverage")?;
    let args = [("outputs".to_owned(), Argument::List(outputs.to_vec()))].into_iter().collect();
    Ok(Check { query, args, declared: String::new() })
}

/// A deadline so many seconds from now.
pub fn deadline_in(seconds: u64) -> Deadline {
    Deadline { at: Instant::now() + Duration::from_secs(seconds), seconds }
}

/// What the warehouse lacks of the catalogue, and which spines are empty: adds one finding for each output, spine and ledger.
///
/// # Errors
/// [`Error::Interrupted`] only; what was found before stays.
pub fn catalogue(session: &Session<'_>, outputs: &[String], findings: &mut Vec<(String, Finding)>) -> Result<(), Error> {
    let named = inventory::named(session.project);
    let examined = session.warehouse.examine(&named, session.deadline);
    findings.extend(examined.into_iter().map(|finding| (finding.rule.clone(), finding)));
    for name in outputs {
        let sound = || Finding::new(Verdict::Pass, "table", format!("{} is there with every column", session.project.outputs[name].table));
        let unknown = || session.tables().err().map(|_| Finding::undecided("table", "the list of tables cannot be read"));
        findings.push((name.clone(), inventory::fault(session, name).or_else(unknown).unwrap_or_else(sound)));
        findings.extend(inventory::trap(session, name).map(|finding| (name.clone(), finding)));
    }
    let mut spines: Vec<&str> = outputs.iter().map(|name| session.project.outputs[name].spine.as_str()).collect();
    spines.sort_unstable();
    spines.dedup();
    for spine in spines {
        let output = outputs.iter().find(|name| session.project.outputs[*name].spine == spine);
        let Some(output) = output else { continue };
        findings.push((format!("spine {spine}"), spine_size(session, output)?));
    }
    if let Some(ledger) = &session.project.runs {
        findings.push(("runs".to_owned(), ledger::mapping(session, ledger)));
        findings.extend(unseen_processors(session, outputs)?);
    }
    Ok(())
}

/// Whether the spine of an output has keys in scope. Each spine is counted once.
fn spine_size(session: &Session<'_>, output: &str) -> Result<Finding, Error> {
    let spine = session.project.outputs.get(output).map(|output| output.spine.clone()).unwrap_or_default();
    if let Some(known) = session.spines.lock().unwrap_or_else(PoisonError::into_inner).get(&spine) {
        return Ok(known.clone());
    }
    let found = count_keys(session, output)?;
    session.spines.lock().unwrap_or_else(PoisonError::into_inner).insert(spine, found.clone());
    Ok(found)
}

fn count_keys(session: &Session<'_>, output: &str) -> Result<Finding, Error> {
    let Some(query) = session.library.probe("_probe/spine") else { return Ok(Finding::undecided("spine", "the library lacks a probe")) };
    let args: IndexMap<String, Argument> = [("output".to_owned(), Argument::Text(output.to_owned()))].into_iter().collect();
    let answer = match session.renderer.render(query, &args) {
        Ok(sql) => session.ask(&sql, &mut Vec::new()),
        Err(error) => return Ok(Finding::undecided("spine", error.to_string())),
    };
    match answer {
        Ok(table) => Ok(match table.rows().next().and_then(|row| row[0].as_int()) {
            Some(0) | None => {
                Finding::undecided("spine", "has no keys in scope").with_remedy("load its source, or check the season and `where`")
            }
            Some(keys) => Finding::new(Verdict::Pass, "spine", format!("has {keys} keys in scope")),
        }),
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(inventory::engine_finding(&error)),
    }
}

/// Processors of the catalogue that the ledger has no attempt of: often a name spelled in two ways.
fn unseen_processors(session: &Session<'_>, outputs: &[String]) -> Result<Vec<(String, Finding)>, Error> {
    let Ok(attempts) = attempts(session)? else { return Ok(Vec::new()) };
    let seen: BTreeSet<&str> = attempts.rows().filter_map(|row| row[0].as_text()).collect();
    let unseen = |name: &&String| !seen.contains(session.project.outputs[*name].processor.as_str());
    let finding = |name: &String| {
        let processor = &session.project.outputs[name].processor;
        let hint = did_you_mean(processor, seen.iter().copied());
        let finding =
            Finding::new(Verdict::Warn, "runs", format!("the run ledger has no attempt of its processor `{processor}` in scope{hint}"));
        (name.clone(), finding.with_remedy("name it as the ledger does with `processor`, or leave it if it never ran"))
    };
    Ok(outputs.iter().filter(unseen).map(finding).collect())
}

/// Every attempt that the ledger has in scope, or why it cannot be asked.
fn attempts(session: &Session<'_>) -> Result<Result<Table, QueryError>, Error> {
    let query = session.library.query("recovery/attempts")?;
    let sql = session.renderer.render(query, &IndexMap::new()).map_err(|error| Error::Complaints(vec![error.complaint]))?;
    match session.ask_aside(&sql) {
        Err(QueryError::Interrupted) => Err(Error::Interrupted),
        answer => Ok(answer),
    }
}
