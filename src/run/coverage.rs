//! Coverage checks: outputs that share a spine go in one statement, large ones are looked at in parts.

use std::time::Instant;

use jiff::civil::Date;

use indexmap::IndexMap;

use super::{Session, by_spine, inventory, judge};
use crate::error::Error;
use crate::model::catalogue::{Argument, Denominator, Output};
use crate::model::coverage::{Coverage, Figure, Tally, figures};
use crate::model::query::Query;
use crate::model::report::{CheckReport, Finding, StatementReport};
use crate::model::rule::count;
use crate::model::table::{Kind, Table};
use crate::model::waiver::Waiver;
use crate::render::Part;
use crate::warehouse::QueryError;

/// The most outputs of one statement.
pub(super) const BATCH: usize = 50;

/// Rows above which duplicates are looked for in parts: the hash tables of more would not stay in the processor's cache.
const LARGE: u64 = 1_000_000;

/// Rows of one part; measured in benches/peers.
const PART: u64 = 250_000;

/// Examines outputs with a query that classifies keys.
///
/// # Errors
/// [`Error::Interrupted`] only.
pub fn cover(session: &Session<'_>, query: &Query, outputs: &[String]) -> Result<CheckReport, Error> {
    let mut statements = Vec::new();
    let coverage = cover_all(session, query, outputs, &mut statements)?;
    Ok(CheckReport {
        query: query.id.clone(),
        title: query.title.clone(),
        arguments: String::new(),
        findings: Vec::new(),
        coverage,
        rows: None,
        statements,
    })
}

/// What each of these outputs holds, in the given order.
///
/// # Errors
/// [`Error::Interrupted`] only.
pub fn cover_all(
    session: &Session<'_>,
    query: &Query,
    outputs: &[String],
    statements: &mut Vec<StatementReport>,
) -> Result<Vec<Coverage>, Error> {
    let mut found: IndexMap<String, Coverage> = IndexMap::new();
    for group in by_spine(session.project, outputs) {
        let (large, small): (Vec<String>, Vec<String>) = group.into_iter().partition(|name| is_large(session, name));
        for batch in batches(session, &small) {
            let parts = session.counted(&batch).into_iter().map(|(name, part)| (name, vec![part])).collect();
            let work = Work { session, query, parts };
            found.extend(work.batch(&batch, statements)?);
        }
        if !large.is_empty() {
            found.extend(cover_large(session, query, &large, statements)?);
        }
    }
    Ok(outputs.iter().filter_map(|name| found.swap_remove(name)).collect())
}

/// So many outputs at a time that their rows together do not make one large statement.
fn batches(session: &Session<'_>, names: &[String]) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    let mut rows = 0;
    for name in names {
        let more = estimate(session, name);
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && rows + more <= LARGE => {
                batch.push(name.clone());
                rows += more;
            }
            _ => {
                batches.push(vec![name.clone()]);
                rows = more;
            }
        }
    }
    batches
}

fn estimate(session: &Session<'_>, name: &str) -> u64 {
    if !session.warehouse.may_be_large() {
        return 0;
    }
    let output = session.project.outputs.get(name);
    output.and_then(|output| session.table(&output.table)?.rows).unwrap_or(0)
}

/// Whether duplicates are better looked for in parts. That needs a date in the key, and a grain to look at.
fn is_large(session: &Session<'_>, name: &str) -> bool {
    let Some(output) = session.project.outputs.get(name) else { return false };
    let dated = output.key.iter().any(|column| column.kind == Kind::Date);
    session.warehouse.may_be_large() && dated && !output.grain.is_empty() && estimate(session, name) > LARGE
}

struct Work<'s, 'a> {
    session: &'s Session<'a>,
    query: &'s Query,
    parts: IndexMap<String, Vec<Part>>,
}

impl Work<'_, '_> {
    /// One statement for all; if it fails, one for each, so that a fault stays with the output that has it. What may still run is
    /// not asked again, and said.
    fn batch(&self, names: &[String], statements: &mut Vec<StatementReport>) -> Result<Vec<(String, Coverage)>, Error> {
        let outputs: Vec<&Output> = names.iter().filter_map(|name| self.session.project.outputs.get(name)).collect();
        match self.tables(names, statements)? {
            Ok(tables) => {
                let judged = outputs.iter().map(|output| (output.name.clone(), self.judge(output, &tables))).collect();
                self.with_unseen(judged, statements)
            }
            Err(finding) if finding.rule == "running" || Instant::now() >= self.session.deadline.at => {
                let finding = if names.len() > 1 { together(finding, names.len()) } else { finding };
                Ok(self.undecided(&outputs, &finding))
            }
            Err(_) if names.len() > 1 => {
                let mut found = Vec::new();
                for name in names {
                    found.extend(self.batch(std::slice::from_ref(name), statements)?);
                }
                Ok(found)
            }
            // The rows can say what the counts did not, unless it is too much, or too late.
            Err(finding) if names.iter().any(|name| self.counts(name)) && !["timeout", "truncated"].contains(&finding.rule.as_str()) => {
                names.iter().for_each(|name| self.session.scan_instead(name));
                self.scanning().batch(names, statements)
            }
            Err(finding) => Ok(self.undecided(&outputs, &finding)),
        }
    }

    fn undecided(&self, outputs: &[&Output], finding: &Finding) -> Vec<(String, Coverage)> {
        outputs.iter().map(|output| (output.name.clone(), undecided(self.session, output, finding.clone()))).collect()
    }

    /// The same where no rows were counted of an output: a list that the user may not see is empty too. Reading what is not
    /// there takes nothing.
    fn with_unseen(
        &self,
        judged: Vec<(String, Coverage)>,
        statements: &mut Vec<StatementReport>,
    ) -> Result<Vec<(String, Coverage)>, Error> {
        let is_unseen = |coverage: &Coverage| coverage.counted && coverage.rows == 0;
        let unseen: Vec<String> = judged.iter().filter(|(_, held)| is_unseen(held)).map(|(name, _)| name.clone()).collect();
        if unseen.is_empty() {
            return Ok(judged);
        }
        let mut seen: IndexMap<String, Coverage> = self.scanning().batch(&unseen, statements)?.into_iter().collect();
        Ok(judged.into_iter().map(|(name, held)| (name.clone(), seen.swap_remove(&name).unwrap_or(held))).collect())
    }

    /// The same work on the rows themselves.
    fn scanning(&self) -> Self {
        Self { session: self.session, query: self.query, parts: IndexMap::new() }
    }

    /// Whether the warehouse's own counts stand for the rows of an output.
    fn counts(&self, name: &str) -> bool {
        self.parts.get(name).is_some_and(|parts| parts.iter().any(|part| part.counted))
    }

    /// The results of every round of parts; outputs have one part a round.
    fn tables(&self, names: &[String], statements: &mut Vec<StatementReport>) -> Result<Result<Vec<Table>, Finding>, Error> {
        let rounds = names.iter().map(|name| self.parts.get(name).map_or(1, Vec::len)).max().unwrap_or(1);
        let mut tables = Vec::new();
        for round in 0..rounds {
            let part = |name: &String| Some((name.clone(), self.parts.get(name)?.get(round)?.clone()));
            let parts: IndexMap<String, Part> = names.iter().filter_map(part).collect();
            let in_round: Vec<String> = names.iter().filter(|name| round == 0 || parts.contains_key(*name)).cloned().collect();
            match self.table(&in_round, &parts, statements) {
                Ok(table) => tables.push(table),
                Err(Outcome::Interrupted) => return Err(Error::Interrupted),
                Err(Outcome::Finding(finding)) => return Ok(Err(finding)),
            }
        }
        Ok(Ok(tables))
    }

    fn table(&self, names: &[String], parts: &IndexMap<String, Part>, statements: &mut Vec<StatementReport>) -> Result<Table, Outcome> {
        let args: IndexMap<String, Argument> = [("outputs".to_owned(), Argument::List(names.to_vec()))].into_iter().collect();
        let sql = self
            .session
            .renderer
            .render_parts(self.query, &args, parts)
            .map_err(|error| Outcome::Finding(Finding::undecided("render", error.to_string())))?;
        let table = self.session.ask(&sql, statements)?;
        let key = names.first().map(|name| self.session.project.outputs[name].key_columns()).unwrap_or_default();
        match judge(self.query, &IndexMap::new(), &table, &key).pop() {
            Some(finding) => Err(Outcome::Finding(finding)),
            None => Ok(table),
        }
    }

    fn judge(&self, output: &Output, tables: &[Table]) -> Coverage {
        let figures: Vec<Figure> = figures(output);
        let scope = self.session.scope;
        let waivers: Vec<Waiver> =
            self.session.project.waivers.iter().filter(|waiver| waiver.concerns(scope.start(), scope.end())).cloned().collect();
        let mut tally = Tally::new(output, &figures, output.key_columns(), &waivers, self.session.scope.last_date());
        for table in tables {
            if let Err(message) = tally.absorb(table) {
                let remedy = "ask again; if it says the same, something between here and the tables spoils answers";
                return Coverage::undecided(output, Finding::undecided("result", message).with_remedy(remedy));
            }
        }
        Coverage { counted: self.counts(&output.name), ..tally.finish_with(&self.session.scope.seasons_with_keys()) }
    }
}

/// An output whose statement failed: what the list of tables says of it is clearer than the engine's words, unless they are of
/// something that may still run.
fn undecided(session: &Session<'_>, output: &Output, finding: Finding) -> Coverage {
    let known = if finding.rule == "running" { None } else { inventory::fault(session, &output.name) };
    Coverage::undecided(output, known.unwrap_or(finding))
}

/// Why a statement of so many outputs failed, which need not be the fault of each.
fn together(finding: Finding, outputs: usize) -> Finding {
    let message = format!("{}; {} were asked in this one statement", finding.message, count(outputs, "output"));
    let remedy = match finding.rule.as_str() {
        "timeout" => Some("find the slow one with `gapgate gaps NAME`, narrow the scope, or raise --timeout".to_owned()),
        _ => finding.remedy,
    };
    Finding { message, remedy, ..finding }
}

enum Outcome {
    Interrupted,
    Finding(Finding),
}

impl From<QueryError> for Outcome {
    fn from(error: QueryError) -> Self {
        if error == QueryError::Interrupted { Self::Interrupted } else { Self::Finding(inventory::engine_finding(&error)) }
    }
}

/// Large outputs: first each run of dates is asked whether any row of it occurs twice, which takes little; then one
/// statement looks at everything, and another, with duplicates counted per key, at the runs that have some.
fn cover_large(
    session: &Session<'_>,
    query: &Query,
    names: &[String],
    statements: &mut Vec<StatementReport>,
) -> Result<Vec<(String, Coverage)>, Error> {
    let mut found = Vec::new();
    let mut probed = Vec::new();
    let mut parts = IndexMap::new();
    for name in names {
        let output = &session.project.outputs[name];
        match suspects(session, output, statements) {
            Ok(suspects) => {
                parts.insert(name.clone(), split(session, output, suspects));
                probed.push(name.clone());
            }
            Err(Outcome::Interrupted) => return Err(Error::Interrupted),
            Err(Outcome::Finding(finding)) => found.push((name.clone(), undecided(session, output, finding))),
        }
    }
    let work = Work { session, query, parts };
    for batch in probed.chunks(BATCH) {
        found.extend(work.batch(batch, statements)?);
    }
    Ok(found)
}

/// The parts of an output: all that is known to be distinct, and the suspect runs of dates.
fn split(session: &Session<'_>, output: &Output, suspects: Vec<(Date, Date)>) -> Vec<Part> {
    // A median over the scope cannot be put together from parts.
    let whole = output.rules.iter().any(|rule| rule.of == Some(Denominator::Usual));
    if whole && !suspects.is_empty() {
        return vec![Part::default()];
    }
    let distinct = Part { ranges: complement(session, &suspects), known_distinct: true, ..Part::default() };
    if suspects.is_empty() {
        return vec![Part { ranges: Vec::new(), ..distinct }];
    }
    vec![distinct, Part { ranges: suspects, without_null_key: true, ..Part::default() }]
}

/// The dates of the scope that are in none of these ranges, which are in order.
fn complement(session: &Session<'_>, ranges: &[(Date, Date)]) -> Vec<(Date, Date)> {
    let mut rest = Vec::new();
    let mut from = session.scope.start();
    for (start, end) in ranges {
        if from < *start {
            rest.push((from, start.yesterday().unwrap_or(*start)));
        }
        from = end.tomorrow().unwrap_or(*end);
    }
    if from <= session.scope.end() {
        rest.push((from, session.scope.end()));
    }
    rest
}

/// The runs of dates in which some row occurs twice by the grain, in order.
fn suspects(session: &Session<'_>, output: &Output, statements: &mut Vec<StatementReport>) -> Result<Vec<(Date, Date)>, Outcome> {
    let dates = row_counts(session, output, statements)?;
    let mut suspects = Vec::new();
    for (from, to) in runs(&dates) {
        let part = Part { ranges: vec![(from, to)], without_null_key: true, ..Part::default() };
        let table = probe(session, "_probe/distinct", output, part, statements)?;
        let row = table.rows().next().ok_or_else(|| unusable("the probe for duplicates has no row"))?;
        if row[0] != row[1] {
            suspects.push((from, to));
        }
    }
    Ok(suspects)
}

/// The rows of each date of the scope.
fn row_counts(session: &Session<'_>, output: &Output, statements: &mut Vec<StatementReport>) -> Result<Vec<(Date, u64)>, Outcome> {
    let table = probe(session, "_probe/dates", output, Part { without_null_key: true, ..Part::default() }, statements)?;
    let row = |row: &[crate::model::table::Value]| match row {
        [crate::model::table::Value::Date(date), rows] => Ok((*date, rows.as_int().and_then(|n| u64::try_from(n).ok()).unwrap_or(0))),
        _ => Err(unusable("the probe for dates has no dates")),
    };
    table.rows().map(row).collect()
}

fn unusable(message: &str) -> Outcome {
    Outcome::Finding(Finding::undecided("probe", message))
}

/// Neighbouring dates with about [`PART`] rows together.
fn runs(dates: &[(Date, u64)]) -> Vec<(Date, Date)> {
    let mut runs: Vec<(Date, Date)> = Vec::new();
    let mut rows = PART;
    for (date, more) in dates {
        if rows + more > PART {
            runs.push((*date, *date));
            rows = 0;
        }
        rows += more;
        if let Some(run) = runs.last_mut() {
            run.1 = *date;
        }
    }
    runs
}

fn probe(session: &Session<'_>, id: &str, output: &Output, part: Part, statements: &mut Vec<StatementReport>) -> Result<Table, Outcome> {
    let query = session.library.probe(id).ok_or_else(|| unusable("the library lacks a probe"))?;
    let args: IndexMap<String, Argument> = [("output".to_owned(), Argument::Text(output.name.clone()))].into_iter().collect();
    let parts: IndexMap<String, Part> = [(output.name.clone(), part)].into_iter().collect();
    let sql = session
        .renderer
        .render_parts(query, &args, &parts)
        .map_err(|error| Outcome::Finding(Finding::undecided("render", error.to_string())))?;
    Ok(session.ask(&sql, statements)?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{PART, runs};

    #[test]
    fn runs_have_no_gap_and_no_overlap() {
        let dates: Vec<_> = (0..10).map(|n| (date(2024, 1, 1).saturating_add(jiff::Span::new().days(n)), PART / 3)).collect();
        let runs = runs(&dates);
        assert_eq!(runs.len(), 4);
        assert_eq!((runs[0].0, runs[3].1), (date(2024, 1, 1), date(2024, 1, 10)));
        assert!(runs.windows(2).all(|pair| pair[0].1.tomorrow().ok() == Some(pair[1].0)));
    }
}
