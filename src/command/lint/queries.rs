//! The queries of the library: header, template and guard in every dialect, and the rules on what they render to.

use std::cell::{LazyCell, OnceCell};
use std::collections::BTreeMap;
use std::thread;

use indexmap::IndexMap;

use crate::cli::Common;
use crate::command::{Setup, options};
use crate::error::Error;
use crate::lint::{self, Allowed, Facts, Linted};
use crate::model::catalogue::{Argument, representatives};
use crate::model::lint::{Finding, LintReport, Rule, Weight};
use crate::model::query::{ParamKind, Query};
use crate::model::rule::RuleKind;
use crate::model::sql::{Dialect, Place, Sql};
use crate::render::{Origins, RenderError, Renderer};

/// How many outputs are rendered in one statement.
const GROUP: usize = 12;

/// What the recorded tables say against the project, by file; none if nothing is recorded.
pub(in crate::command) type Mismatches = Option<Vec<(String, Finding)>>;

type Arguments = IndexMap<String, Argument>;

/// Findings by file, rule and line, so that what holds in several dialects or for several outputs is said once.
type Found = BTreeMap<(String, u64, Rule, String), Finding>;

/// The queries of these ids; all if there are none.
pub(super) fn named<'s>(setup: &'s Setup, ids: &[String]) -> Result<Vec<&'s Query>, Error> {
    match ids {
        [] => Ok(setup.library.queries.values().collect()),
        ids => ids.iter().map(|id| setup.library.query(id)).collect(),
    }
}

/// `base` is what holds for every query; `only` judges by one dialect instead of those of the targets. `mismatches` asks what the
/// recorded tables say against the project.
pub(super) fn lint<'s>(
    setup: &'s Setup,
    common: &Common,
    queries: &[&'s Query],
    base: &Facts,
    only: Option<Dialect>,
    mismatches: impl FnOnce() -> Result<Mismatches, Error> + Send,
) -> Result<LintReport, Error> {
    let outputs = options::outputs(common, &setup.project, &[])?;
    let shapes = representatives(&setup.project, &outputs);
    // What only another engine would trip over is no fault of a project that never asks it.
    let asked =
        |dialect| only.map_or_else(|| setup.project.targets.values().any(|target| target.dialect == dialect), |only| only == dialect);
    let in_dialect = |dialect| {
        let renderer = Renderer::new(&setup.library, &setup.project, &setup.scope, dialect);
        let (outputs, shapes, origins) = (&outputs, &shapes, OnceCell::new());
        let round = Round { setup, renderer: &renderer, origins, outputs, shapes, base, dialect, judged: asked(dialect) };
        queries.iter().map(|query| round.lint(query)).collect::<Vec<_>>()
    };
    let (results, mismatches) = thread::scope(|scope| {
        let looked = scope.spawn(mismatches);
        let handles: Vec<_> = Dialect::ALL.into_iter().map(|dialect| scope.spawn(move || in_dialect(dialect))).collect();
        let results: Vec<Vec<Told>> = handles.into_iter().map(joined).collect();
        (results, joined(looked))
    });
    Ok(together(queries, results, mismatches?))
}

fn joined<T>(handle: thread::ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What was found in one query in one dialect.
#[derive(Default)]
struct Told {
    found: Found,
    /// By the place of the comment in the template.
    allowed: BTreeMap<(String, u64), Allowed>,
    statements: usize,
}

fn together(queries: &[&Query], results: Vec<Vec<Told>>, mismatches: Mismatches) -> LintReport {
    let mut report = LintReport { files: queries.len(), ..LintReport::default() };
    let mut found = Found::new();
    let mut allowed: BTreeMap<(String, u64), Allowed> = BTreeMap::new();
    for told in results.into_iter().flatten() {
        report.statements += told.statements;
        for (key, finding) in told.found {
            found.entry(key).or_insert(finding);
        }
        for (key, own) in told.allowed {
            allowed.entry(key).and_modify(|known| known.used.extend(&own.used)).or_insert(own);
        }
    }
    report.findings = found.into_iter().map(|((file, ..), finding)| (file, finding)).collect();
    let allows = |allowed: &mut BTreeMap<(String, u64), Allowed>, file: &str, line, rule| {
        lint::excuse(allowed.iter_mut().filter(|((own, _), _)| own == file).map(|(_, own)| own), line, rule)
    };
    match mismatches {
        Some(mut mismatches) => {
            mismatches.retain(|(file, finding)| !allows(&mut allowed, file, finding.at.line, finding.rule));
            report.findings.extend(mismatches);
        }
        // Nobody has looked.
        None => allowed.values_mut().for_each(|own| own.used.push(Rule::SchemaMismatch)),
    }
    for ((file, _), own) in allowed {
        report.findings.extend(lint::unused(&[own]).into_iter().map(|finding| (file.clone(), finding)));
    }
    report
}

struct Round<'r, 's> {
    setup: &'s Setup,
    renderer: &'r Renderer<'s>,
    /// Most statements are without fault, and then nobody asks.
    origins: OnceCell<Origins<'s>>,
    outputs: &'r [String],
    /// The first output of each shape.
    shapes: &'r [String],
    base: &'r Facts,
    dialect: Dialect,
    judged: bool,
}

impl<'r, 's> Round<'r, 's> {
    /// One query in one dialect, rendered for every output where it takes any.
    fn lint(&self, query: &'s Query) -> Told {
        let mut told = Told::default();
        if query.template.contains("'{{") || query.template.contains("}}'") {
            let message = "a value in quotes: `{{ }}` prints the quotes itself, remove those around it";
            told.wrong(&query.file, 0, message.to_owned());
            return told;
        }
        if query.reads_ledger() && self.setup.project.runs.is_none() {
            return told;
        }
        let facts = Facts { drives_work: !query.retry.is_empty(), ..self.base.clone() };
        for outputs in self.rounds(query) {
            match self.render(query, &outputs) {
                Ok((args, sql)) => self.accept(query, &args, &sql, &facts, &mut told),
                // Which of them is at fault, and whether the others are sound, shows one by one.
                Err(_) if outputs.len() > 1 => {
                    for output in &outputs {
                        match self.render(query, std::slice::from_ref(output)) {
                            Ok((args, sql)) => self.accept(query, &args, &sql, &facts, &mut told),
                            Err(error) => self.refuse(error, &mut told),
                        }
                    }
                }
                Err(error) => self.refuse(error, &mut told),
            }
        }
        told
    }

    /// The outputs that a query is rendered for, together where it takes several: one round each. None if it takes none.
    fn rounds(&self, query: &Query) -> Vec<Vec<&'r str>> {
        let takes = |kind| query.params.values().any(|param| param.kind == kind);
        let classifies = query.rules.iter().any(|rule| rule.kind == RuleKind::Classes);
        // What outputs declare themselves is in the query that classifies their keys; the others differ by shape only.
        let outputs = if query.shipped && !classifies { self.shapes } else { self.outputs };
        let singles = || outputs.iter().map(|output| vec![output.as_str()]);
        if takes(ParamKind::Output) {
            return singles().collect();
        }
        if !takes(ParamKind::Outputs) {
            return vec![Vec::new()];
        }
        let mut by_spine: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for output in outputs {
            by_spine.entry(&self.setup.project.outputs[output].spine).or_default().push(output);
        }
        let groups = by_spine.values().flat_map(|outputs| outputs.chunks(GROUP)).map(<[&str]>::to_vec);
        // One alone can be rendered in another way than several.
        let first: Vec<Vec<&str>> = singles().take(1).collect();
        first.iter().cloned().chain(groups.filter(|group| !first.contains(group))).collect()
    }

    fn render(&self, query: &Query, outputs: &[&str]) -> Result<(Arguments, Sql), RenderError> {
        let args = arguments(query, outputs);
        let sql = self.renderer.render(query, &args)?;
        Ok((args, sql))
    }

    fn accept(&self, query: &'s Query, args: &Arguments, sql: &Sql, facts: &Facts, told: &mut Told) {
        told.statements += 1;
        if self.judged {
            self.judge(query, args, sql, facts, told);
        }
    }

    fn origins(&self) -> &Origins<'s> {
        let Setup { library, project, scope, .. } = self.setup;
        self.origins.get_or_init(|| Origins::new(library, project, scope, self.dialect))
    }

    fn refuse(&self, error: RenderError, told: &mut Told) {
        // A template can refuse an output that it has no answer for.
        if !error.refused {
            let message = format!("{} (rendered for {})", error.complaint.message, self.dialect.name());
            told.wrong(&error.complaint.file, error.complaint.line as u64, message);
        }
    }

    fn judge(&self, query: &'s Query, args: &Arguments, sql: &Sql, facts: &Facts, told: &mut Told) {
        let Ok(tree) = sql.tree() else { return };
        let lines: Vec<&str> = sql.as_str().lines().collect();
        let origin = LazyCell::new(|| self.origins().of(query, args, sql));
        let at = |place: Place| origin.as_ref()?.at(sql, place);
        let partials = self.setup.library.partials.values();
        // Most texts are in no template at all, which is quickly told.
        let is_somewhere = |text: &str| query.template.contains(text) || partials.clone().any(|partial| partial.contains(text));
        let line = |place: Place| at(place).and_then(|(file, line)| self.origins().line(query, file, line));
        let is_written = |text: &str, place: Place| is_somewhere(text) && line(place).is_some_and(|line| line.contains(text));
        let Linted { findings, allowed, .. } = lint::lint_query(&tree, sql.as_str(), self.dialect, facts, &is_written);
        for finding in findings {
            let (file, line) = at(finding.at).unwrap_or((&query.file, 0));
            let written = lines.get((finding.at.line as usize).wrapping_sub(1)).map(|line| line.trim()).unwrap_or_default();
            let message = match line {
                0 => format!("{} (in `{written}`, rendered for {})", finding.message, self.dialect.name()),
                _ => finding.message,
            };
            // Remedies differ by dialect; the line tells what is meant.
            let told_apart = if line == 0 { message.clone() } else { String::new() };
            let finding = Finding { at: Place { line, column: 0 }, message, ..finding };
            told.found.entry((file.to_owned(), line, finding.rule, told_apart)).or_insert(finding);
        }
        for mut own in allowed {
            let (file, line) = at(own.directive.at).unwrap_or((&query.file, 0));
            let meant = at(Place { line: own.line, column: 0 }).filter(|(other, _)| *other == file);
            own.directive.at = Place { line, column: 0 };
            own.line = meant.map_or(0, |(_, line)| line);
            told.allowed.entry((file.to_owned(), line)).and_modify(|known| known.used.extend(&own.used)).or_insert(own);
        }
    }
}

impl Told {
    fn wrong(&mut self, file: &str, line: u64, message: String) {
        let key = (file.to_owned(), line, Rule::Unreadable, message.clone());
        self.found.insert(key, Finding { at: Place { line, column: 0 }, rule: Rule::Unreadable, weight: Weight::Error, message });
    }
}

/// A value for every parameter without default. Texts are the parameter's own name, so that no two columns look the same.
fn arguments(query: &Query, outputs: &[&str]) -> Arguments {
    let value = |name: &str, kind: ParamKind| match kind {
        ParamKind::Output => outputs.first().map(|output| Argument::Text((*output).to_owned())),
        ParamKind::Outputs | ParamKind::Upstreams => Some(Argument::List(outputs.iter().map(|output| (*output).to_owned()).collect())),
        ParamKind::Text | ParamKind::Expression => Some(Argument::Text(name.to_owned())),
        ParamKind::Texts | ParamKind::Processors => Some(Argument::List(vec![name.to_owned()])),
        ParamKind::Int | ParamKind::Number => Some(Argument::Int(1)),
        ParamKind::Bool => Some(Argument::Bool(true)),
        ParamKind::Date | ParamKind::Moment => Some(Argument::Text("2024-01-01".to_owned())),
        ParamKind::Step => Some(Argument::Text("1 day".to_owned())),
    };
    let open = query.params.iter().filter(|(_, param)| param.default.is_none() && !param.optional);
    open.filter_map(|(name, param)| Some((name.clone(), value(name, param.kind)?))).collect()
}
