//! From a query and its arguments to one statement of a dialect.
//!
//! What a template prints becomes a literal of the dialect, names go through `ident`, macros and `set` blocks yield SQL,
//! and there is no other way to print text. An undefined name is an error. The result passes the guard or is nothing.

mod context;
pub mod extent;
mod functions;
mod ledger;
mod literal;
mod origin;
mod scope;

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use jiff::civil::Date;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::error::{Complaint, did_you_mean};
use crate::model::catalogue::{Argument, Output, Project};
use crate::model::date::Step;
use crate::model::query::{Library, ParamKind, Query};
use crate::model::reading::Reading;
use crate::model::scope::{Scope, parse_since};
use crate::model::sql::{Dialect, Sql, check_expression};
use crate::model::table::Kind;

/// A statement of fifty outputs takes some ten thousand steps, so this many are a loop gone wrong; they take half a second.
const MAX_STEPS: u64 = 10_000_000;

/// What a template may print, all captured pieces included; the guard accepts far less.
const MAX_PRINTED: usize = 64 << 20;

pub use origin::{Origin, Origins};

/// Why a query could not be rendered. Always the fault of a file or an argument, never of the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{complaint}")]
pub struct RenderError {
    /// What is wrong, and where.
    pub complaint: Complaint,
    /// The template itself refuses the arguments, with `fail`: they are at fault, not the query.
    pub refused: bool,
}

impl RenderError {
    /// At a place such as `gapgate.toml:12`.
    fn at(place: &str, message: impl Into<String>) -> Self {
        Self { complaint: Complaint::at(place, message), refused: false }
    }

    fn new(file: &str, line: usize, message: impl fmt::Display) -> Self {
        Self { complaint: Complaint { file: file.to_owned(), line, message: message.to_string() }, refused: false }
    }
}

/// A part of an output's dates: coverage of parts adds up to the coverage of the whole, because the key has the date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Only these ranges of dates; all of the scope if empty.
    pub ranges: Vec<(Date, Date)>,
    /// Leaves out the rows whose date is NULL, because another part has them.
    pub without_null_key: bool,
    /// Does not look for duplicates, because it is known that there are none.
    pub known_distinct: bool,
    /// Takes the warehouse's own counts of the rows of each date, where they suffice, instead of reading the rows.
    pub counted: bool,
}

/// Renders queries for one project, scope and dialect.
pub struct Renderer<'a> {
    project: &'a Project,
    scope: &'a Scope,
    dialect: Dialect,
    environment: Environment<'a>,
    /// Every table that the project names.
    catalogue: Value,
    /// Whether templates are marked line by line, to tell where the text comes from; it is not SQL then.
    marked: bool,
    /// Statements that passed the guard before, by their text.
    guarded: BTreeMap<String, Sql>,
}

impl fmt::Debug for Renderer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

impl<'a> Renderer<'a> {
    /// Makes the template environment once; rendering many checks then costs little.
    pub fn new(library: &'a Library, project: &'a Project, scope: &'a Scope, dialect: Dialect) -> Self {
        let (environment, catalogue) = (environment(library, dialect, false), scope::catalogue(project));
        Self { project, scope, dialect, environment, catalogue, marked: false, guarded: BTreeMap::new() }
    }

    fn with_marks(library: &'a Library, project: &'a Project, scope: &'a Scope, dialect: Dialect) -> Self {
        Self { environment: environment(library, dialect, true), marked: true, ..Self::new(library, project, scope, dialect) }
    }

    /// A statement that reads nothing but one column or expression of a table, as the project file has it.
    ///
    /// # Errors
    /// What is wrong with the expression, at its own place.
    pub fn reading(&self, reading: &Reading<'_>) -> Result<Sql, RenderError> {
        let fail = |error: &dyn fmt::Display| RenderError::at(reading.place, error.to_string());
        let expression = self.expression(reading.text, reading.place)?;
        let table = literal::table(&Value::from(reading.table), self.dialect).map_err(|error| fail(&describe(&error)))?;
        Sql::parse(&format!("select\n({expression}) as value\nfrom {table}"), self.dialect).map_err(|refusal| fail(&refusal))
    }

    /// One statement for the query with these arguments.
    ///
    /// # Errors
    /// A wrong, missing or unknown argument, an error in the template, or a text that the guard refuses.
    pub fn render(&self, query: &Query, args: &IndexMap<String, Argument>) -> Result<Sql, RenderError> {
        self.render_parts(query, args, &IndexMap::new())
    }

    /// Takes over a statement that passed the guard already, so that it is not guarded again when it is sent.
    pub fn adopt(&mut self, sql: &Sql) {
        self.guarded.insert(sql.as_str().to_owned(), sql.clone());
    }

    /// The same where outputs are looked at in part; `parts` is by output.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn render_parts(
        &self,
        query: &Query,
        args: &IndexMap<String, Argument>,
        parts: &IndexMap<String, Part>,
    ) -> Result<Sql, RenderError> {
        let text = self.text(query, args, parts)?;
        if let Some(sql) = self.guarded.get(&text) {
            return Ok(sql.clone());
        }
        Sql::parse(&text, self.dialect)
            .map_err(|refusal| RenderError::new(&query.file, 0, format!("the rendered SQL is refused: {refusal}")))
    }

    fn text(&self, query: &Query, args: &IndexMap<String, Argument>, parts: &IndexMap<String, Part>) -> Result<String, RenderError> {
        let mut values: BTreeMap<String, Value> = BTreeMap::new();
        values.insert("scope".into(), scope::scope(self.scope, &self.project.seasons, self.dialect));
        values.insert("catalogue".into(), self.catalogue.clone());
        values.insert("runs".into(), self.ledger()?);
        values.insert("dialect".into(), Value::from(self.dialect.name()));
        if let Some(name) = args.keys().find(|name| !query.params.contains_key(*name)) {
            let hint = did_you_mean(name, query.params.keys().map(String::as_str));
            let known: Vec<&str> = query.params.keys().map(String::as_str).collect();
            return Err(RenderError::new(&query.file, 0, format!("no parameter is named \"{name}\"{hint}; known: {}", known.join(", "))));
        }
        for (name, param) in &query.params {
            let value = match args.get(name).or(param.default.as_ref()) {
                Some(value) => self.argument(query, name, param.kind, value, parts)?,
                None if param.kind == ParamKind::Upstreams => self.each(query, &self.upstreams(query, args), parts)?,
                None if param.optional => Value::from(()),
                None => {
                    let message = format!("parameter `{name}` ({}) has no value: {}", param.kind.name(), param.doc);
                    return Err(RenderError::new(&query.file, 0, message));
                }
            };
            values.insert(name.clone(), value);
        }
        let marked = self.marked.then(|| origin::mark(&query.file, &query.template));
        let source = marked.as_deref().unwrap_or(&query.template);
        let template = self.environment.template_from_named_str(&query.file, source).map_err(|error| self.fault(query, &error))?;
        let text = template.render(Value::from(values)).map_err(|error| self.fault(query, &error))?;
        Ok(tidy(&text))
    }

    fn argument(
        &self,
        query: &Query,
        name: &str,
        kind: ParamKind,
        value: &Argument,
        parts: &IndexMap<String, Part>,
    ) -> Result<Value, RenderError> {
        let wrong = || RenderError::new(&query.file, 0, format!("parameter `{name}` must be of type {}, not {value:?}", kind.name()));
        Ok(match (kind, value) {
            (ParamKind::Output, Argument::Text(output)) => self.output(query, output, parts)?,
            (ParamKind::Outputs, Argument::Text(output)) => self.outputs(query, std::slice::from_ref(output), parts)?,
            (ParamKind::Outputs, Argument::List(outputs)) => self.outputs(query, outputs, parts)?,
            (ParamKind::Processors, Argument::Text(processor)) => self.processors(query, std::slice::from_ref(processor))?,
            (ParamKind::Processors, Argument::List(processors)) => self.processors(query, processors)?,
            (ParamKind::Upstreams, Argument::Text(output)) => self.each(query, std::slice::from_ref(output), parts)?,
            (ParamKind::Upstreams, Argument::List(outputs)) => self.each(query, outputs, parts)?,
            (ParamKind::Expression, Argument::Text(text)) => self
                .expression(text, &query.file)
                .map_err(|error| RenderError::new(&query.file, 0, format!("parameter `{name}`: {}", error.complaint.message)))?,
            (ParamKind::Text, Argument::Text(text)) => Value::from(text.as_str()),
            (ParamKind::Texts, Argument::Text(text)) => Value::from(vec![text.clone()]),
            (ParamKind::Texts, Argument::List(texts)) => Value::from(texts.clone()),
            (ParamKind::Int, Argument::Int(number)) => Value::from(*number),
            (ParamKind::Number, Argument::Int(number)) => Value::from(*number),
            (ParamKind::Number, Argument::Number(number)) => Value::from_safe_string(number.to_string()),
            (ParamKind::Bool, Argument::Bool(truth)) => Value::from(*truth),
            (ParamKind::Date, Argument::Text(text)) => literal::date(text.parse().map_err(|_| wrong())?),
            (ParamKind::Moment, Argument::Text(text)) => self.moment(query, name, text)?,
            (ParamKind::Step, Argument::Text(text)) => context::step(
                Step::parse(text)
                    .ok_or_else(|| RenderError::new(&query.file, 0, format!("parameter `{name}`: {}", Step::unknown(text))))?,
            ),
            _ => return Err(wrong()),
        })
    }

    fn output(&self, query: &Query, name: &str, parts: &IndexMap<String, Part>) -> Result<Value, RenderError> {
        let output = self.declared(query, name)?;
        context::output(self, output, &parts.get(name).cloned().unwrap_or_default(), 1)
    }

    /// Outputs of any spine.
    fn each(&self, query: &Query, names: &[String], parts: &IndexMap<String, Part>) -> Result<Value, RenderError> {
        Ok(Value::from(names.iter().map(|name| self.output(query, name, parts)).collect::<Result<Vec<Value>, _>>()?))
    }

    /// The outputs that the output asked about comes after.
    fn upstreams(&self, query: &Query, args: &IndexMap<String, Argument>) -> Vec<String> {
        let asked = query.params.iter().find(|(_, param)| param.kind == ParamKind::Output);
        let name = asked.and_then(|(name, param)| args.get(name).or(param.default.as_ref()));
        let output = if let Some(Argument::Text(name)) = name { self.project.outputs.get(name) } else { None };
        output.map(|output| output.upstreams.clone()).unwrap_or_default()
    }

    fn declared(&self, query: &Query, name: &str) -> Result<&Output, RenderError> {
        let output = self.project.outputs.get(name).ok_or_else(|| {
            let hint = did_you_mean(name, self.project.outputs.keys().map(String::as_str));
            RenderError::new(&query.file, 0, format!("no output is named \"{name}\"{hint}"))
        })?;
        match output.key.iter().find(|column| query.hides(&column.name)) {
            Some(column) => {
                let message =
                    format!("key column `{}` of output `{name}` has the name of a column of {}: rename it", column.name, query.id);
                Err(RenderError::at(&self.project.spines[&output.spine].declared, message))
            }
            None => Ok(output),
        }
    }

    /// Outputs with the number of the group of those that are declared alike.
    fn outputs(&self, query: &Query, names: &[String], parts: &IndexMap<String, Part>) -> Result<Value, RenderError> {
        let outputs: Vec<&Output> = names.iter().map(|name| self.declared(query, name)).collect::<Result<_, _>>()?;
        if let Some(other) = outputs.iter().find(|output| output.spine != outputs[0].spine) {
            let message = format!(
                "the outputs of one statement must share a spine; {} has `{}`, {} has `{}`",
                outputs[0].name, outputs[0].spine, other.name, other.spine
            );
            return Err(RenderError::new(&query.file, 0, message));
        }
        if outputs.is_empty() {
            return Err(RenderError::new(&query.file, 0, "the list of outputs is empty"));
        }
        let mut groups: IndexMap<String, ()> = IndexMap::new();
        let values = outputs.iter().map(|output| {
            let part = parts.get(&output.name).cloned().unwrap_or_default();
            let group = groups.insert_full(context::likeness(output, &part), ()).0 + 1;
            context::output(self, output, &part, group)
        });
        Ok(Value::from(values.collect::<Result<Vec<Value>, _>>()?))
    }

    /// Processors of the catalogue by name, all if none is named.
    fn processors(&self, query: &Query, names: &[String]) -> Result<Value, RenderError> {
        let known = || self.project.outputs.values().map(|output| output.processor.as_str());
        if let Some(name) = names.iter().find(|name| known().all(|processor| processor != name.as_str())) {
            let message = format!("no output is filled by a processor named \"{name}\"{}", did_you_mean(name, known()));
            return Err(RenderError::new(&query.file, 0, message));
        }
        let asked = |output: &&Output| names.is_empty() || names.contains(&output.processor);
        let outputs: Vec<&Output> = self.project.outputs.values().filter(asked).collect();
        if !outputs.iter().any(|output| output.key.iter().any(|column| column.kind == Kind::Date)) {
            let message = "none of these processors fills an output with a date in its key, so no day can be expected of them";
            return Err(RenderError { refused: true, ..RenderError::new(&query.file, 0, message) });
        }
        ledger::processors(self, &outputs, names.is_empty())
    }

    /// A moment on the clock of the run ledger; an empty text is none.
    fn moment(&self, query: &Query, name: &str, text: &str) -> Result<Value, RenderError> {
        if text.is_empty() {
            return Ok(Value::from(()));
        }
        let moment = parse_since(text, &self.scope.zone)
            .map_err(|message| RenderError::new(&query.file, 0, format!("parameter `{name}`: {message}")))?;
        let literal = |ledger| ledger::on_clock(self, ledger, moment);
        Ok(self.project.runs.as_ref().map_or_else(|| literal::timestamp(moment, self.dialect), literal))
    }

    fn ledger(&self) -> Result<Value, RenderError> {
        self.project.runs.as_ref().map_or(Ok(Value::from(())), |ledger| ledger::ledger(self, ledger))
    }

    /// An expression of the project file as SQL: rendered with the dialect's macros, and guarded on its own.
    fn expression(&self, text: &str, declared: &str) -> Result<Value, RenderError> {
        let fail = |message: String| RenderError::at(declared, message);
        let rendered = if text.contains("{{") || text.contains("{%") {
            let source = format!("{{%- import \"dialect\" as sql %}}{text}");
            self.environment.render_named_str("expression", &source, ()).map_err(|error| fail(describe(&error)))?
        } else {
            text.to_owned()
        };
        if !self.marked {
            check_expression(&rendered, self.dialect).map_err(|refusal| fail(format!("`{}`: {refusal}", rendered.trim())))?;
        }
        Ok(Value::from_safe_string(rendered.trim().to_owned()))
    }

    /// A SQL file of the project as a subquery.
    fn subquery(&self, file: &str, text: &str) -> Result<Value, RenderError> {
        let fail = |error: &minijinja::Error| RenderError::new(file, error.line().unwrap_or(0), describe(error));
        let scope = scope::scope(self.scope, &self.project.seasons, self.dialect);
        let values = minijinja::context! { scope, dialect => self.dialect.name() };
        let marked = self.marked.then(|| origin::mark(file, text));
        let template = self.environment.template_from_named_str(file, marked.as_deref().unwrap_or(text)).map_err(|error| fail(&error))?;
        let text = template.render(values).map_err(|error| fail(&error))?;
        if self.marked {
            return Ok(Value::from_safe_string(origin::without_semicolon(&text)));
        }
        let sql = Sql::parse(text.trim().trim_end_matches(';'), self.dialect).map_err(|refusal| RenderError::new(file, 0, refusal))?;
        Ok(Value::from_safe_string(sql.as_str().to_owned()))
    }

    fn fault(&self, query: &Query, error: &minijinja::Error) -> RenderError {
        let file = match error.name() {
            Some(name) if name == query.file => query.file.clone(),
            Some(name) => format!("queries/{}.sql", partial(name, self.dialect)),
            None => query.file.clone(),
        };
        RenderError { refused: functions::is_refusal(error), ..RenderError::new(&file, error.line().unwrap_or(0), describe(error)) }
    }
}

const TOO_LONG: &str = "the template prints more than 64 MiB; does a text in it double in a loop?";

/// How many bytes one render has printed so far.
struct Printed(usize);

/// The error in one line, with its cause.
fn describe(error: &minijinja::Error) -> String {
    let detail = error.detail().map(str::to_owned).unwrap_or_default();
    if functions::is_refusal(error) {
        return detail;
    }
    let what = match error.kind() {
        ErrorKind::UndefinedError => "an undefined name is used".to_owned(),
        ErrorKind::OutOfFuel => return format!("the template takes more than {MAX_STEPS} steps; does a loop in it multiply?"),
        kind => kind.to_string(),
    };
    if detail.is_empty() { what } else { format!("{what}: {detail}") }
}

/// Where an import leads: `dialect` is the engine's own file, `spine` is `_lib/spine`.
fn partial(name: &str, dialect: Dialect) -> String {
    match name {
        "dialect" => format!("_dialect/{}", dialect.name()),
        name if name.starts_with('_') => name.to_owned(),
        name => format!("_lib/{name}"),
    }
}

fn environment<'a>(library: &'a Library, dialect: Dialect, marked: bool) -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("sql".into()));
    environment.set_fuel(Some(MAX_STEPS));
    environment.set_formatter(move |out, state, value| {
        let printed = state.get_or_insert_extension(Printed(0));
        printed.0 += literal::write(out, value, dialect)?;
        if printed.0 <= MAX_PRINTED { Ok(()) } else { Err(Error::new(ErrorKind::InvalidOperation, TOO_LONG)) }
    });
    // Each of these would turn text into SQL without a look.
    for filter in ["safe", "escape", "e", "tojson", "urlencode", "join", "format", "string", "pprint"] {
        environment.remove_filter(filter);
    }
    environment.add_function("fail", functions::fail);
    environment.add_function("shared_key", functions::shared_key);
    environment.add_filter("ident", move |value: &Value| literal::identifier(value, dialect));
    environment.add_filter("table", move |value: &Value| literal::table(value, dialect));
    environment.add_filter("literals", move |value: &Value| literal::list(value, dialect));
    let partials = library.partials.clone();
    environment.set_loader(move |name| {
        let id = partial(name, dialect);
        let mark = |text: &String| if marked { origin::mark(&format!("queries/{id}.sql"), text) } else { text.clone() };
        Ok(partials.get(&id).map(mark))
    });
    environment
}

/// Without the empty lines that template tags leave behind.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let repeated = line.is_empty() && lines.last().is_none_or(|last| last.is_empty());
        if !repeated {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_owned()
}
