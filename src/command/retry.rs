//! `gapgate retry`: the keys to re-run.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::{Environment, Setup, options};
use crate::cli::{Common, Retry};
use crate::error::Error;
use crate::model::catalogue::{Argument, Project};
use crate::model::coverage::{Class, Coverage};
use crate::model::report::Finding;
use crate::model::retry::{RetryItem, Sample, retry_list};
use crate::model::rule::count;
use crate::model::table::{Table, Value};
use crate::model::verdict::Verdict;
use crate::report::terminal::Style;
use crate::report::{self, csv, jsonl, lines, terminal};
use crate::run::{self, Check, Session};

#[derive(Clone, Copy)]
enum Format {
    Table,
    Lines,
    Csv,
    Jsonl,
    Json,
    Ranges,
}

const FORMATS: [(Format, &str); 6] = [
    (Format::Table, "table"),
    (Format::Lines, "lines"),
    (Format::Csv, "csv"),
    (Format::Jsonl, "jsonl"),
    (Format::Json, "json"),
    (Format::Ranges, "ranges"),
];

/// The list is the answer, so a list with entries is no failure: 0 if it is complete, 3 if an output could not be judged.
pub(super) fn run(common: &Common, environment: &Environment, args: &Retry) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, &args.names)?;
    if formats.iter().any(|(format, _)| matches!(format, Format::Lines)) {
        same_columns(&setup.project, &outputs)?;
    }
    let warehouse = setup.open(environment)?;
    let session = setup.session(warehouse.as_ref(), common);
    run::afford(&session, [&run::coverage_of(&setup.library, &outputs)?])?;
    let mut statements = Vec::new();
    let coverage = run::cover_all(&session, setup.library.query("quality/coverage")?, &outputs, &mut statements)?;
    let attempts = attempts(&session, &outputs)?;
    let mut list = retry_list(&coverage, |output, date| attempts.of(setup.project.outputs.get(output)?.processor.as_str(), date?));
    let left_out = args.sample.map(|most| most as usize).and_then(|most| {
        let sample = Sample::of(&list, most);
        list.retain(|item| sample.takes(item));
        sampled(most, sample.all, "")
    });
    if formats.iter().any(|(format, _)| matches!(format, Format::Lines | Format::Ranges)) {
        plain_keys(&list)?;
    }
    for (format, place) in formats {
        report::write(&place, &text(&list, nothing(&coverage), format, common))?;
    }
    left_out.iter().for_each(|note| report::say(&format!("gapgate: {note}")));
    let undecided: Vec<(&Coverage, &Finding)> = coverage
        .iter()
        .flat_map(|output| output.findings.iter().map(move |finding| (output, finding)))
        .filter(|(_, finding)| finding.verdict == Verdict::Undecided)
        .collect();
    for (output, finding) in &undecided {
        let how = match output.expected {
            0 => "is not part of the list, because it could not be judged",
            _ => "is in the list only as far as it could be judged",
        };
        report::say(&format!("gapgate: {} {how}: {}", output.output, finding.message));
    }
    for output in &coverage {
        let foreign = [Class::Extra, Class::NullKey].map(|class| output.count(class));
        if foreign != [0, 0] {
            let [extra, null] = foreign;
            report::say(&format!("gapgate: {}: no re-run mends {extra} extra keys and {null} without a key", output.output));
        }
    }
    if let Some(problem) = &attempts.problem {
        report::say(&format!("gapgate: attempts are unknown: {problem}"));
    }
    Ok(if undecided.is_empty() { 0 } else { 3 })
}

/// What is said beside a sample, so that nobody takes it for the list.
pub(super) fn sampled(most: usize, all: usize, of: &str) -> Option<String> {
    (most < all).then(|| format!("a sample: {most} of {}{of}; without --sample all are listed", count(all, "date")))
}

/// Lines say nothing of columns, so a loop over keys of different ones would take one for another.
fn same_columns(project: &Project, outputs: &[String]) -> Result<(), Error> {
    let columns = |name: &String| {
        let names: Vec<&str> = project.outputs[name].key.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    };
    let first = outputs.first().map(|name| (name, columns(name)));
    let other = outputs.iter().map(|name| (name, columns(name))).find(|(_, own)| first.as_ref().is_some_and(|(_, columns)| columns != own));
    match first.zip(other) {
        None => Ok(()),
        Some(((one, columns), (other, others))) => Err(Error::Usage(format!(
            "--format lines: the keys of {one} ({columns}) and {other} ({others}) have different columns; name outputs of one kind, or use csv or jsonl"
        ))),
    }
}

/// A tab or line break in a key would make two keys of one, and any other control character is for a terminal to obey.
pub(super) fn plain_keys<'a>(list: impl IntoIterator<Item = &'a RetryItem>) -> Result<(), Error> {
    let broken = |item: &&RetryItem| item.key.iter().any(|value| value.to_string().contains(char::is_control));
    list.into_iter().find(broken).map_or(Ok(()), |item| {
        let message = "has a tab, line break or other control character in it";
        Err(Error::Usage(format!("a key of {} {message}, {:?}: use csv or jsonl", item.output, item.text())))
    })
}

/// What an empty list says.
fn nothing(coverage: &[Coverage]) -> &'static str {
    match () {
        () if coverage.iter().all(|output| output.verdict() < Verdict::Undecided) => "nothing to re-run\n",
        () if coverage.iter().all(|output| output.expected == 0) => "nothing could be told\n",
        () => "nothing to re-run in what could be judged\n",
    }
}

fn text(list: &[RetryItem], nothing: &str, format: Format, common: &Common) -> String {
    match format {
        Format::Table if list.is_empty() => nothing.to_owned(),
        Format::Table => terminal::retry(list, Style::detect(common.verbose)),
        Format::Lines => lines::retry(list),
        Format::Csv => csv::retry(list),
        Format::Jsonl => jsonl::retry(list),
        Format::Json => jsonl::retry_array(list),
        Format::Ranges => lines::ranges(list),
    }
}

/// What the run ledger knows of each processor and date.
#[derive(Default)]
struct Attempts {
    known: Option<BTreeMap<(String, Date), (u64, String)>>,
    problem: Option<String>,
}

impl Attempts {
    /// Attempts and the state of the latest; none yet is an answer too. `None` without a ledger.
    fn of(&self, processor: &str, date: Date) -> Option<(u64, String)> {
        let known = self.known.as_ref()?;
        Some(known.get(&(processor.to_owned(), date)).cloned().unwrap_or_default())
    }
}

fn attempts(session: &Session<'_>, outputs: &[String]) -> Result<Attempts, Error> {
    if session.project.runs.is_none() {
        return Ok(Attempts::default());
    }
    let query = session.library.query("recovery/attempts")?;
    let processors: Vec<String> = outputs.iter().map(|output| session.project.outputs[output].processor.clone()).collect();
    let args: IndexMap<String, Argument> = [("processors".to_owned(), Argument::List(processors))].into_iter().collect();
    let report = run::single(session, &Check { query, args, declared: String::new() })?;
    match (report.rows, report.findings.into_iter().find(|finding| finding.verdict == Verdict::Undecided)) {
        (Some(rows), None) => Ok(Attempts { known: Some(rows.rows().filter_map(|row| attempt(&rows, row)).collect()), problem: None }),
        (_, finding) => Ok(Attempts { known: None, problem: finding.map(|finding| finding.message) }),
    }
}

fn attempt(table: &Table, row: &[Value]) -> Option<((String, Date), (u64, String))> {
    let at = |name: &str| table.position(name).map(|at| &row[at]);
    let Some(Value::Date(date)) = at("day") else { return None };
    let count = u64::try_from(at("attempts")?.as_int()?).ok()?;
    Some(((at("processor")?.as_text()?.to_owned(), *date), (count, at("last_state")?.as_text()?.to_owned())))
}
