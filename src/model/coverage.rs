//! Coverage: what an output holds of what it should, one class per key.
//!
//! The warehouse classifies; this module counts, applies waivers, judges sums, and puts it all in words.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::catalogue::{Bound, Denominator, Output, OutputRule, Over, Subject, Waiver};
use super::number::Decimal;
use super::report::Finding;
use super::rule::count;
use super::scope::Season;
use super::table::{Column, Kind, Table, Value};
use super::verdict::{Level, Verdict};

/// What can be said of a key of an output. A key of the spine has exactly one of the first ten, the worst that applies;
/// their counts add up to the spine. The last two are for rows that belong to no key of the spine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// As it should be.
    Ok,
    /// The output is not expected to hold it: bootstrap, retention, or declared so.
    NotExpected,
    /// Not due yet.
    Pending,
    /// Not as it should be, and accepted by a waiver.
    Waived,
    /// A value is out of its range, or a measure breaks a rule.
    Invalid,
    /// A required column is NULL in at least one row.
    Null,
    /// Too few rows.
    Partial,
    /// Too many rows, all distinct.
    Excess,
    /// The grain occurs twice.
    Duplicate,
    /// No rows.
    Missing,
    /// Rows for a key that the spine does not have.
    Extra,
    /// Rows whose key is NULL.
    NullKey,
}

impl Class {
    /// Every class with the word that names it.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Ok, "ok"),
        (Self::NotExpected, "not_expected"),
        (Self::Pending, "pending"),
        (Self::Waived, "waived"),
        (Self::Invalid, "invalid"),
        (Self::Null, "null"),
        (Self::Partial, "partial"),
        (Self::Excess, "excess"),
        (Self::Duplicate, "duplicate"),
        (Self::Missing, "missing"),
        (Self::Extra, "extra"),
        (Self::NullKey, "null_key"),
    ];

    /// The word that names the class.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The class of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(class, _)| *class)
    }

    /// Whether the class belongs to a key of the spine.
    pub fn is_of_spine(self) -> bool {
        self < Self::Extra
    }

    /// Whether a key of this class should be run again.
    pub fn needs_repair(self) -> bool {
        (Self::Invalid..=Self::Missing).contains(&self)
    }
}

/// What a numbered figure of the coverage statement means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Rows in which the column is NULL.
    Nulls(String),
    /// Rows in which the column is outside its range.
    Outside(String),
    /// The measured number of the output's rule of that position.
    Numerator(usize),
    /// What it is compared with, for rules with a denominator.
    Denominator(usize),
}

/// One key that is not simply ok.
#[derive(Clone, Debug)]
pub struct KeyState {
    /// Its values, in the order of the spine's key.
    pub key: Box<[Value]>,
    /// Its class.
    pub class: Class,
    /// What it would be without a waiver.
    pub waived: Option<Class>,
    /// Its weight in the verdict.
    pub verdict: Verdict,
    /// Its place in the order of the spine, counted from 1 among the keys that differ from it in nothing but the date;
    /// none for keys that are not of the spine.
    pub position: Option<i64>,
    /// The rows it has.
    pub rows: i64,
    /// Why it has its class.
    pub reason: Box<str>,
}

impl KeyState {
    /// The key as one text, its values joined by `/`.
    pub fn text(&self) -> String {
        key_text(&self.key)
    }

    /// The first date of the key.
    pub fn date(&self) -> Option<Date> {
        key_date(&self.key)
    }
}

fn key_text(key: &[Value]) -> String {
    key.iter().map(Value::to_string).collect::<Vec<_>>().join("/")
}

fn key_date(key: &[Value]) -> Option<Date> {
    key.iter().find_map(|value| match value {
        Value::Date(date) => Some(*date),
        _ => None,
    })
}

/// What one output holds.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Its name.
    pub output: String,
    /// Its stage.
    pub stage: String,
    /// Its table.
    pub table: String,
    /// The columns of its key.
    pub key: Vec<Column>,
    /// How many keys have each class, in order of [`Class`].
    pub counts: BTreeMap<Class, u64>,
    /// Keys of the spine that are expected here: all but those that are declared not to be.
    pub expected: u64,
    /// Expected keys that have at least one row.
    pub present: u64,
    /// Rows in scope, those of foreign keys included.
    pub rows: u64,
    /// Every key that is not ok, in order.
    pub keys: Vec<KeyState>,
    /// What the rules say.
    pub findings: Vec<Finding>,
}

impl Coverage {
    /// The coverage of an output that could not be judged.
    pub fn undecided(output: &Output, finding: Finding) -> Self {
        let mut coverage = Self::empty(output, Vec::new());
        coverage.findings.push(finding);
        coverage
    }

    fn empty(output: &Output, key: Vec<Column>) -> Self {
        Self {
            output: output.name.clone(),
            stage: output.stage.clone(),
            table: output.table.clone(),
            key,
            counts: BTreeMap::new(),
            expected: 0,
            present: 0,
            rows: 0,
            keys: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The worst of its findings.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass)
    }

    /// How many keys have this class.
    pub fn count(&self, class: Class) -> u64 {
        self.counts.get(&class).copied().unwrap_or(0)
    }

    /// `638 expected, 311 present, 327 missing`
    pub fn in_numbers(&self) -> String {
        format!("{} expected, {} present, {} missing", self.expected, self.present, self.count(Class::Missing))
    }

    /// The keys that should be run again.
    pub fn repairs(&self) -> impl Iterator<Item = &KeyState> {
        self.keys.iter().filter(|key| key.class.needs_repair() && key.verdict >= Verdict::Fail)
    }
}

/// Collects the rows of one output, from one statement or from several slices of its dates.
#[derive(Debug)]
pub struct Tally<'a> {
    output: &'a Output,
    figures: &'a [Figure],
    waivers: Vec<(&'a Waiver, u64)>,
    as_of: Date,
    coverage: Coverage,
    sums: BTreeMap<String, Sums>,
    seasons: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    rows: i128,
    figures: Vec<Option<Value>>,
}

/// The columns of a coverage result by position: fixed ones, then the key, then fixed ones, then figures.
struct Layout {
    output: usize,
    class: usize,
    period: usize,
    key: std::ops::Range<usize>,
    position: usize,
    keys: usize,
    present: usize,
    rows: usize,
    weight: usize,
    duplicates: usize,
    figures: usize,
}

impl Layout {
    fn of(table: &Table, key: usize) -> Result<Self, String> {
        let at = |name: &str| table.position(name).ok_or_else(|| format!("no column {name}"));
        let period = at("period")?;
        let duplicates = at("duplicates")?;
        Ok(Self {
            output: at("output")?,
            class: at("class")?,
            period,
            key: period + 1..period + 1 + key,
            position: at("position")?,
            keys: at("keys")?,
            present: at("present")?,
            rows: at("held_rows")?,
            weight: at("weight")?,
            duplicates,
            figures: duplicates + 1,
        })
    }
}

impl<'a> Tally<'a> {
    /// An empty tally. `figures` says what the statement's numbered figures mean for this output.
    pub fn new(output: &'a Output, figures: &'a [Figure], key: Vec<Column>, waivers: &'a [Waiver], as_of: Date) -> Self {
        let waivers = waivers.iter().filter(|waiver| waiver.output == output.name).map(|waiver| (waiver, 0)).collect();
        Self { output, figures, waivers, as_of, coverage: Coverage::empty(output, key), sums: BTreeMap::new(), seasons: BTreeSet::new() }
    }

    /// Takes in the rows of `table` that speak of this output. The table must have passed the query's contract.
    pub fn absorb(&mut self, table: &Table) -> Result<(), String> {
        let layout = Layout::of(table, self.output.key.len())?;
        for row in table.rows().filter(|row| row[layout.output].as_text() == Some(&self.output.name)) {
            self.absorb_row(row, &layout)?;
        }
        Ok(())
    }

    fn absorb_row(&mut self, row: &[Value], layout: &Layout) -> Result<(), String> {
        let word = row[layout.class].as_text().unwrap_or_default();
        let class = Class::parse(word).ok_or_else(|| format!("unknown class `{word}`"))?;
        let keys = row[layout.keys].as_int().and_then(|n| u64::try_from(n).ok()).ok_or("keys is not a count")?;
        let rows = row[layout.rows].as_int().ok_or("held_rows is not a count")?;
        self.coverage.rows += u64::try_from(rows).map_err(|_| "held_rows is negative")?;
        let figures = row.get(layout.figures..layout.figures + self.figures.len()).ok_or("a figure is missing")?;
        if class.is_of_spine() {
            let season = row[layout.period].as_text().map(|period| period.split('|').next().unwrap_or_default());
            self.seasons.extend(season.filter(|season| !self.seasons.contains(*season)).map(str::to_owned));
        }
        if class.is_of_spine() && class != Class::NotExpected {
            self.coverage.expected += keys;
            self.coverage.present += row[layout.present].as_int().and_then(|n| u64::try_from(n).ok()).ok_or("present is not a count")?;
            self.sum(row[layout.period].as_text().unwrap_or_default(), rows, figures);
        }
        if matches!(class, Class::Ok | Class::NotExpected) {
            *self.coverage.counts.entry(class).or_default() += keys;
            return Ok(());
        }
        let duplicates = row[layout.duplicates].as_int().unwrap_or(0);
        let (verdict, reason) = self.explain(class, rows, &row[layout.weight], duplicates, figures);
        let state = KeyState {
            key: row[layout.key.clone()].into(),
            class,
            waived: None,
            verdict,
            position: row[layout.position].as_int(),
            rows,
            reason: reason.into(),
        };
        let state = self.waive(state);
        *self.coverage.counts.entry(state.class).or_default() += keys;
        self.coverage.keys.push(state);
        Ok(())
    }

    fn sum(&mut self, period: &str, rows: i64, figures: &[Value]) {
        let sums = self.sums.entry(period.to_owned()).or_default();
        sums.rows += i128::from(rows);
        sums.figures.resize(figures.len(), None);
        for (sum, figure) in sums.figures.iter_mut().zip(figures) {
            *sum = add(sum.take(), figure);
        }
    }

    fn waive(&mut self, mut state: KeyState) -> KeyState {
        if state.verdict == Verdict::Pass || state.class == Class::Pending {
            return state;
        }
        for (waiver, used) in &mut self.waivers {
            let date = state.date();
            let matches = waiver.keys.contains(&state.text())
                || waiver.ranges.iter().any(|(from, to)| date.is_some_and(|date| (*from..=*to).contains(&date)));
            if matches {
                *used += 1;
                if waiver.until >= self.as_of {
                    state.waived = Some(state.class);
                    // Foreign rows stay apart, or the classes of the spine would no longer add up to it.
                    if state.class.is_of_spine() {
                        state.class = Class::Waived;
                    }
                    state.verdict = Verdict::Pass;
                    state.reason = format!("{}; waived by {} until {}: {}", state.reason, waiver.owner, waiver.until, waiver.reason).into();
                    return state;
                }
            }
        }
        state
    }

    /// Why a key has its class, every fault named, and how much it weighs.
    fn explain(&self, class: Class, rows: i64, weight: &Value, duplicates: i64, figures: &[Value]) -> (Verdict, String) {
        match class {
            Class::Missing => return (Verdict::Fail, "no rows".to_owned()),
            Class::Pending => {
                return (Verdict::Pass, if rows == 0 { "not due yet".to_owned() } else { format!("{}, not due yet", count_rows(rows)) });
            }
            Class::Extra => return (self.output.extras.verdict(), format!("{} for a key that the spine does not have", count_rows(rows))),
            Class::NullKey => return (Verdict::Fail, format!("{} without a key", count_rows(rows))),
            _ => {}
        }
        let mut faults: Vec<(Verdict, String)> = Vec::new();
        if duplicates > 0 {
            faults.push((Verdict::Fail, format!("{} again by ({})", count_rows(duplicates), self.output.grain.join(", "))));
        }
        faults.extend(self.row_fault(class, rows, weight));
        for (figure, value) in self.figures.iter().zip(figures) {
            let n = value.as_int().unwrap_or(0);
            match figure {
                Figure::Nulls(column) if n > 0 => faults.push((Verdict::Fail, format!("{column} is NULL in {n} of {}", count_rows(rows)))),
                Figure::Outside(column) if n > 0 => {
                    faults.push((Verdict::Fail, format!("{column} is out of range in {n} of {}", count_rows(rows))))
                }
                _ => {}
            }
        }
        for (index, rule) in self.output.rules.iter().enumerate().filter(|(_, rule)| rule.over == Over::Key) {
            // In the opening days the statement leaves both numbers NULL: nothing to say then.
            let (number, of) = self.numbers(index, figures);
            if rule.skip_first_days.is_none() || !number.is_null() {
                faults.extend(rule_fault(rule, number, of).map(|(verdict, message, _)| (verdict, message)));
            }
        }
        let verdict = faults.iter().map(|(verdict, _)| *verdict).max().unwrap_or(Verdict::Fail);
        (verdict, faults.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; "))
    }

    fn row_fault(&self, class: Class, rows: i64, weight: &Value) -> Option<(Verdict, String)> {
        let range = &self.output.rows;
        if let (Some(per), true) = (&range.per, weight.is_null()) {
            return Some((Verdict::Undecided, format!("{}, but {per} is NULL in the spine", count_rows(rows))));
        }
        let bound = |per_unit: Option<Decimal>, up: bool| {
            let bound = times(per_unit?, if range.per.is_some() { weight.as_int()? } else { 1 }, up)?;
            Some(if range.min == range.max {
                format!("exactly {bound}")
            } else {
                format!("at {} {bound}", if up { "least" } else { "most" })
            })
        };
        let expected = match class {
            Class::Partial => bound(range.min.or(Some(Decimal::from(1))), true),
            Class::Excess => bound(range.max, false),
            // A doubled key is the fault; its row count is another only where it is too high.
            Class::Duplicate => bound(range.max, false).filter(|_| self.exceeds(rows, weight)),
            _ => return None,
        };
        Some((Verdict::Fail, expected.map_or_else(|| count_rows(rows), |expected| format!("{}, {expected} expected", count_rows(rows)))))
    }

    fn exceeds(&self, rows: i64, weight: &Value) -> bool {
        let units = if self.output.rows.per.is_some() { weight.as_int() } else { Some(1) };
        let most = self.output.rows.max.zip(units).and_then(|(max, units)| times(max, units, false));
        most.is_some_and(|most| i128::from(rows) > most)
    }

    fn numbers<'f>(&self, rule: usize, figures: &'f [Value]) -> (&'f Value, Option<&'f Value>) {
        let find = |wanted: Figure| self.figures.iter().position(|figure| *figure == wanted).map(|at| &figures[at]);
        (find(Figure::Numerator(rule)).unwrap_or(&Value::Null), find(Figure::Denominator(rule)))
    }

    /// Judges what was collected, each of these seasons included: one for which the spine has no key cannot be judged.
    pub fn finish_with(self, seasons: &[Season]) -> Coverage {
        let dated = self.output.key.iter().any(|column| column.kind == Kind::Date);
        let absent = seasons.iter().filter(|season| dated && !season.name.is_empty() && !self.seasons.contains(&season.name));
        let absent: Vec<&str> = absent.map(|season| season.name.as_str()).collect();
        let finding = (!absent.is_empty() && !self.seasons.is_empty()).then(|| {
            let message = format!("the spine `{}` has no keys in season {}", self.output.spine, absent.join(", "));
            Finding::undecided("spine", message).with_remedy("load its source, or leave the season out with --season")
        });
        let mut coverage = self.finish();
        coverage.findings.extend(finding);
        coverage
    }

    /// Judges what was collected.
    pub fn finish(mut self) -> Coverage {
        self.coverage.keys.sort_by(|a, b| {
            let by_value = || a.key.iter().zip(&b.key).map(|(x, y)| x.order(y)).find(|o| o.is_ne());
            a.date().cmp(&b.date()).then_with(|| by_value().unwrap_or(Ordering::Equal))
        });
        let mut findings = self.presence();
        findings.extend(self.class_findings());
        findings.extend(self.sum_findings());
        findings.extend(self.waiver_findings());
        self.coverage.findings = findings;
        self.coverage
    }

    fn presence(&self) -> Vec<Finding> {
        let coverage = &self.coverage;
        let spine = &self.output.spine;
        if coverage.expected == 0 && coverage.count(Class::NotExpected) == 0 {
            let message = format!("the spine `{spine}` has no keys in scope, so nothing can be compared");
            return vec![
                Finding::undecided("spine", message)
                    .with_remedy(format!("load the source of `{spine}`, or check the season and the spine's filter")),
            ];
        }
        if coverage.expected == 0 {
            let message = format!("none of the {} keys in scope is expected", coverage.count(Class::NotExpected));
            return vec![Finding::undecided("expected", message).with_remedy("widen the scope, or check `not_expected` and `retention`")];
        }
        if coverage.expected == coverage.count(Class::Pending) {
            let message = format!("none of the {} in scope is due yet", count_of(coverage.expected, "key"));
            return vec![Finding::undecided("expected", message).with_remedy("ask again later, or check the as-of moment")];
        }
        if coverage.rows == 0 && coverage.count(Class::Missing) > 0 {
            let message = format!("{} has no rows in scope: {}", coverage.table, coverage.in_numbers());
            return vec![Finding::new(Verdict::Fail, "empty", message)];
        }
        Vec::new()
    }

    fn class_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (class, name) in Class::ALL.iter().rev() {
            let of_class: Vec<&KeyState> = self.coverage.keys.iter().filter(|key| key.class == *class).collect();
            // Keys of a class can differ in weight: what failed and what could not be judged are two findings.
            for verdict in [Verdict::Undecided, Verdict::Fail, Verdict::Warn, Verdict::Pass] {
                let keys: Vec<&KeyState> = of_class.iter().copied().filter(|key| key.verdict == verdict).collect();
                findings.extend(keys.first().and_then(|first| self.class_finding(*class, name, verdict, first, keys.len())));
            }
        }
        findings
    }

    fn class_finding(&self, class: Class, name: &str, verdict: Verdict, first: &KeyState, keys: usize) -> Option<Finding> {
        let coverage = &self.coverage;
        let silent = (verdict == Verdict::Pass && class != Class::Waived) || (class == Class::Missing && coverage.rows == 0);
        let message = match class {
            Class::NullKey => first.reason.to_string(),
            Class::Extra => {
                format!("{} with rows that the spine does not have, as {} ({})", count(keys, "key"), first.text(), count_rows(first.rows))
            }
            Class::Missing => format!("{}, as {}", coverage.in_numbers(), first.text()),
            _ => format!("{} {}, as {}: {}", count(keys, "key"), in_words(name), first.text(), first.reason),
        };
        (!silent).then(|| Finding::new(verdict, name, message))
    }

    fn sum_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, rule) in self.output.rules.iter().enumerate().filter(|(_, rule)| rule.over != Over::Key) {
            for (period, sums) in self.periods(rule.over) {
                if sums.rows == 0 {
                    continue;
                }
                let figures: Vec<Value> = sums.figures.into_iter().map(|figure| figure.unwrap_or(Value::Null)).collect();
                let (number, of) = self.numbers(index, &figures);
                if let Some((verdict, message, name)) = rule_fault(rule, number, of) {
                    let place = if period.is_empty() { String::new() } else { format!(" in {period}") };
                    findings.push(Finding::new(verdict, name, format!("{message}{place}")));
                }
            }
        }
        findings
    }

    /// The sums regrouped by what the rule judges. Periods arrive as `season|month`.
    fn periods(&self, over: Over) -> BTreeMap<String, Sums> {
        let mut regrouped: BTreeMap<String, Sums> = BTreeMap::new();
        for (period, sums) in &self.sums {
            let (season, month) = period.split_once('|').unwrap_or((period, ""));
            let name = match over {
                Over::Month => month,
                Over::Season => season,
                Over::Output | Over::Key => "",
            };
            let group = regrouped.entry(name.to_owned()).or_default();
            group.rows += sums.rows;
            group.figures.resize(sums.figures.len(), None);
            for (sum, figure) in group.figures.iter_mut().zip(&sums.figures) {
                *sum = add(sum.take(), figure.as_ref().unwrap_or(&Value::Null));
            }
        }
        regrouped
    }

    fn waiver_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (waiver, used) in &self.waivers {
            let place = &waiver.declared;
            if *used == 0 {
                let message = format!("the waiver at {place} matches no faulty key in scope");
                findings.push(Finding::new(Verdict::Warn, "waiver", message).with_remedy("remove it if the gap is closed"));
            } else if waiver.until < self.as_of {
                let message = format!(
                    "the waiver at {place} lapsed on {} and no longer covers {}: {}",
                    waiver.until,
                    count_of(*used, "key"),
                    waiver.reason
                );
                findings.push(
                    Finding::new(Verdict::Fail, "waiver", message)
                        .with_remedy(format!("close the gap, or ask {} to renew it", waiver.owner)),
                );
            }
        }
        findings
    }
}

/// What is wrong by the rule, if anything: verdict, words, and the name of the subject.
fn rule_fault(rule: &OutputRule, number: &Value, of: Option<&Value>) -> Option<(Verdict, String, String)> {
    let name = rule.subject.describe();
    let whole = rule.of.as_ref().map(Denominator::describe);
    let figure = match (of, whole) {
        (Some(of), Some(whole)) => format!("{name} is {number} of {of} {whole}"),
        _ => format!("{name} is {number}"),
    };
    match bound_holds(&rule.bound, number, rule.of.as_ref().map(|_| of.unwrap_or(&Value::Null))) {
        Some(true) => None,
        Some(false) => {
            let share = whole.map(|whole| format!(" of {whole}")).unwrap_or_default();
            Some((rule.level.verdict(), format!("{figure}, not {}{share}", rule.bound.describe()), name))
        }
        None if rule.level == Level::Allow => None,
        None => Some((Verdict::Undecided, format!("{figure}, which cannot be judged"), name)),
    }
}

/// Whether `number` (as a share of `of`) satisfies the bound; `None` for NULL and for shares of nothing.
///
/// Exact numbers are compared exactly: `a / b >= n / d` as `a * d >= n * b`.
fn bound_holds(bound: &Bound, number: &Value, of: Option<&Value>) -> Option<bool> {
    let finite = |value: &Value| !matches!(value, Value::Float(value) if !value.is_finite());
    if !finite(number) || !of.is_none_or(finite) {
        return None;
    }
    let mut holds = true;
    for (operator, threshold) in bound.comparisons() {
        let order = match of {
            None => number.compare(&Value::Decimal(Box::new(threshold)))?,
            Some(of) if of.compare(&Value::Int(0))? == Ordering::Equal => return None,
            Some(of) => share_order(number, of, threshold)?,
        };
        holds &= match operator {
            ">=" => order.is_ge(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            _ => order.is_eq(),
        };
    }
    Some(holds)
}

fn share_order(number: &Value, of: &Value, threshold: Decimal) -> Option<Ordering> {
    let (numerator, denominator) = threshold.fraction();
    if let (Some(a), Some(b)) = (number.as_int(), of.as_int()) {
        return Some(i128::from(a).checked_mul(denominator)?.cmp(&i128::from(b).checked_mul(numerator)?));
    }
    let float = |value: &Value| value.to_string().parse::<f64>().ok();
    float(number)?.partial_cmp(&(float(of)? * threshold.to_f64()))
}

/// The least whole number at or above `per_unit * weight`, or the greatest at or below it.
fn times(per_unit: Decimal, weight: i64, up: bool) -> Option<i128> {
    let (numerator, denominator) = per_unit.fraction();
    let product = numerator.checked_mul(i128::from(weight))?;
    let floor = product.div_euclid(denominator);
    Some(floor + i128::from(up && product.rem_euclid(denominator) != 0))
}

fn add(sum: Option<Value>, value: &Value) -> Option<Value> {
    let Some(sum) = sum else { return (!value.is_null()).then(|| value.clone()) };
    Some(match (sum.as_int(), value.as_int()) {
        _ if value.is_null() => sum,
        (Some(a), Some(b)) => a.checked_add(b).map_or(Value::Null, Value::Int),
        _ => {
            let float = |value: &Value| value.to_string().parse::<f64>().unwrap_or(f64::NAN);
            Value::Float(float(&sum) + float(value))
        }
    })
}

fn count_rows(n: i64) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{n} rows") }
}

fn count_of(n: u64, noun: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

fn in_words(class: &str) -> String {
    class.replace('_', " ")
}

/// What a coverage statement must measure for an output, in the order of its figures.
pub fn figures(output: &Output) -> Vec<Figure> {
    // A NULL in the grain would be neither a duplicate nor distinct, so the grain is required too.
    let required: BTreeSet<&String> = output.not_null.iter().chain(&output.grain).collect();
    let ordered = output.not_null.iter().chain(&output.grain).filter({
        let mut left = required;
        move |column| left.remove(column)
    });
    let mut figures: Vec<Figure> = ordered.cloned().map(Figure::Nulls).collect();
    figures.extend(output.ranges.keys().cloned().map(Figure::Outside));
    for (index, rule) in output.rules.iter().enumerate() {
        figures.push(Figure::Numerator(index));
        if rule.of.is_some() {
            figures.push(Figure::Denominator(index));
        }
    }
    figures
}

/// Whether the rules of an output need sums by season and month.
pub fn needs_periods(output: &Output) -> bool {
    output.rules.iter().any(|rule| matches!(rule.over, Over::Month | Over::Season))
}

/// The columns whose NULLs the rules of an output count.
pub fn null_subjects(output: &Output) -> impl Iterator<Item = &String> {
    output.rules.iter().filter_map(|rule| match &rule.subject {
        Subject::Nulls(column) => Some(column),
        _ => None,
    })
}
