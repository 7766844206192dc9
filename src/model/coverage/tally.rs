//! Collects what statements say of one output.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::bound::{add, rule_fault, times};
use super::{Class, Coverage, Figure, KeyState, count_rows, key_text};
use crate::model::catalogue::{Output, Over};
use crate::model::number::Decimal;
use crate::model::table::{Column, Table, Value};
use crate::model::verdict::Verdict;
use crate::model::waiver::{Faults, Waiver};

/// Collects the rows of one output, from one statement or from several slices of its dates.
#[derive(Debug)]
pub struct Tally<'a> {
    pub(super) output: &'a Output,
    pub(super) figures: &'a [Figure],
    /// The waivers of the output, what they accept of it, and how many keys they match.
    pub(super) waivers: Vec<(&'a Waiver, &'a Faults, u64)>,
    pub(super) as_of: Date,
    pub(super) coverage: Coverage,
    pub(super) sums: BTreeMap<String, Sums>,
    pub(super) seasons: BTreeSet<String>,
    /// How many keys rows of other tables excuse, by reason.
    pub(super) excused: BTreeMap<String, u64>,
}

/// One thing that is wrong with a key.
#[derive(Debug)]
struct Fault<'a> {
    /// The class of a key that has no other fault.
    class: Class,
    verdict: Verdict,
    /// What a waiver calls it: a class, a column, or what a rule measures.
    rule: &'a str,
    words: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub(super) rows: i128,
    pub(super) figures: Vec<Option<Value>>,
}

/// The columns of a coverage result by position: fixed ones, then the key, then fixed ones, then figures.
struct Layout {
    output: usize,
    class: usize,
    period: usize,
    key: std::ops::Range<usize>,
    excuse: usize,
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
            excuse: at("excuse")?,
            position: at("position")?,
            keys: at("keys")?,
            present: at("present")?,
            rows: at("held_rows")?,
            weight: at("weight")?,
            duplicates,
            figures: duplicates + 1,
        })
    }

    /// A row of a group that another row is of too. The statement groups by all that identifies a row.
    fn repeated<'r>(&self, mut rows: Vec<&'r [Value]>) -> Option<&'r [Value]> {
        let identity = [self.class, self.period].into_iter().chain(self.key.clone()).chain([self.excuse, self.position]);
        let identity: Vec<usize> = identity.collect();
        let order = |a: &[Value], b: &[Value]| identity.iter().map(|at| a[*at].order(&b[*at])).find(|order| order.is_ne());
        // They come in this order, or almost, which makes it quick.
        rows.sort_by(|a, b| order(a, b).unwrap_or(Ordering::Equal));
        rows.windows(2).find(|pair| order(pair[0], pair[1]).is_none()).map(|pair| pair[0])
    }
}

impl<'a> Tally<'a> {
    /// An empty tally. `figures` says what the statement's numbered figures mean for this output.
    pub fn new(output: &'a Output, figures: &'a [Figure], key: Vec<Column>, waivers: &'a [Waiver], as_of: Date) -> Self {
        let waivers = waivers.iter().filter_map(|waiver| Some((waiver, waiver.faults_of(&output.name)?, 0))).collect();
        let (coverage, sums) = (Coverage::empty(output, key), BTreeMap::new());
        Self { output, figures, waivers, as_of, coverage, sums, seasons: BTreeSet::new(), excused: BTreeMap::new() }
    }

    /// Takes in the rows of `table` that speak of this output. The table must have passed the query's contract.
    ///
    /// # Errors
    /// What no whole result of the query has: a row that is there twice, counts that contradict each other.
    pub fn absorb(&mut self, table: &Table) -> Result<(), String> {
        let layout = Layout::of(table, self.output.key.len())?;
        let rows: Vec<&[Value]> = table.rows().filter(|row| row[layout.output].as_text() == Some(&self.output.name)).collect();
        if let Some(row) = layout.repeated(rows.clone()) {
            let key = Some(&row[layout.key.clone()]).filter(|key| !key.iter().all(Value::is_null));
            let key = key.map(|key| format!(", key {}", key_text(key))).unwrap_or_default();
            return Err(format!("the result has a row of class {}{key} twice, so it is not whole", row[layout.class]));
        }
        rows.into_iter().try_for_each(|row| self.absorb_row(row, &layout))
    }

    fn absorb_row(&mut self, row: &[Value], layout: &Layout) -> Result<(), String> {
        let word = row[layout.class].as_text().unwrap_or_default();
        let class = Class::parse(word).ok_or_else(|| format!("unknown class `{word}`"))?;
        let figures = row.get(layout.figures..layout.figures + self.figures.len()).ok_or("a figure is missing")?;
        let count = |at: usize, name| row[at].as_int().filter(|n| *n >= 0).ok_or_else(|| format!("{name} is not a count"));
        let (keys, present) = (count(layout.keys, "keys")?, count(layout.present, "present")?);
        let (rows, duplicates) = (count(layout.rows, "held_rows")?, count(layout.duplicates, "duplicates")?);
        if self.contradicts(class, [keys, present, rows, duplicates], figures) {
            return Err(format!(
                "the result contradicts itself: class {word} with {keys} keys, {present} of them with rows, {rows} rows, {duplicates} of \
                 them again; so it is not whole"
            ));
        }
        let keys = keys.unsigned_abs();
        add_to(&mut self.coverage.rows, rows.unsigned_abs())?;
        if class.is_of_spine() {
            let season = row[layout.period].as_text().map(|period| period.split('|').next().unwrap_or_default());
            self.seasons.extend(season.filter(|season| !self.seasons.contains(*season)).map(str::to_owned));
        }
        if class.is_of_spine() && class != Class::NotExpected {
            add_to(&mut self.coverage.expected, keys)?;
            add_to(&mut self.coverage.present, present.unsigned_abs())?;
            self.sum(row[layout.period].as_text().unwrap_or_default(), rows, figures);
        }
        if let Some(excuse) = row[layout.excuse].as_int().filter(|excuse| *excuse > 0) {
            let excuse = usize::try_from(excuse).ok().and_then(|at| self.output.not_expected.excuses.get(at.checked_sub(1)?));
            let reason = excuse.ok_or("excuse is none of the catalogue's")?.reason.clone();
            add_to(self.excused.entry(reason).or_default(), keys)?;
        }
        if matches!(class, Class::Ok | Class::NotExpected) {
            return add_to(self.coverage.counts.entry(class).or_default(), keys);
        }
        let key = &row[layout.key.clone()];
        let faults = if class.is_of_spine() && key.iter().any(Value::is_null) {
            let words = format!("the spine `{}` has rows without a key, of which nothing can be expected", self.output.spine);
            vec![Fault { class, verdict: Verdict::Undecided, rule: "spine", words }]
        } else {
            self.faults(class, rows, &row[layout.weight], duplicates, figures)
        };
        let state = KeyState {
            key: key.into(),
            class,
            waived: None,
            // A class that no fault explains is not taken for sound.
            verdict: faults.iter().map(|fault| fault.verdict).max().unwrap_or(Verdict::Fail),
            position: row[layout.position].as_int(),
            rows,
            reason: in_order(&faults).into(),
        };
        let state = self.waive(state, faults);
        add_to(self.coverage.counts.entry(state.class).or_default(), keys)?;
        self.coverage.keys.push(state);
        Ok(())
    }

    /// Whether no whole result has a row of this class with so many keys, keys with rows, rows, and rows that are there again:
    /// the statement sums these over the keys of one group, each of which has the class by what it holds.
    fn contradicts(&self, class: Class, [keys, present, rows, duplicates]: [i64; 4], figures: &[Value]) -> bool {
        let least = &self.output.rows;
        let may_be_empty = least.per.is_some() || least.min.is_some_and(|min| min.fraction().0 <= 0);
        let faulty = |(figure, value): (&Figure, &Value)| {
            matches!(figure, Figure::Nulls(_) | Figure::Outside(_)) && value.as_int().is_some_and(|n| n > 0)
        };
        let of_class = match class {
            Class::Ok => duplicates > 0 || (present < keys && !may_be_empty) || self.figures.iter().zip(figures).any(faulty),
            Class::Pending | Class::Invalid => duplicates > 0,
            Class::Missing => present > 0,
            Class::Partial | Class::Excess | Class::Null => duplicates > 0 || present < keys,
            Class::Duplicate => duplicates == 0 || present < keys,
            Class::Extra | Class::NullKey => present < keys,
            Class::NotExpected => false,
            // It is ours to say.
            Class::Waived => true,
        };
        of_class || keys == 0 || present > keys || present > rows || (present == 0 && rows > 0) || duplicates > rows
    }

    fn sum(&mut self, period: &str, rows: i64, figures: &[Value]) {
        let sums = self.sums.entry(period.to_owned()).or_default();
        sums.rows += i128::from(rows);
        sums.figures.resize(figures.len(), None);
        for (sum, figure) in sums.figures.iter_mut().zip(figures) {
            *sum = add(sum.take(), figure);
        }
    }

    /// Takes out what waivers accept. What is left, if anything, decides.
    fn waive(&mut self, mut state: KeyState, faults: Vec<Fault<'a>>) -> KeyState {
        if self.waivers.is_empty() || state.verdict == Verdict::Pass {
            return state;
        }
        let (key, date, today) = (state.text(), state.date(), self.as_of);
        let mut used = vec![false; self.waivers.len()];
        let mut accept = |fault: &Fault<'_>| {
            for (at, (waiver, accepted, _)) in self.waivers.iter().enumerate() {
                if accepted.is_by(fault.rule) && accepted.is_of(&key, date) {
                    used[at] = true;
                    if waiver.holds(today) {
                        return Some(at);
                    }
                }
            }
            None
        };
        let (mut left, mut accepted): (Vec<Fault<'_>>, Vec<(Fault<'_>, usize)>) = (Vec::new(), Vec::new());
        for fault in faults {
            match accept(&fault) {
                Some(at) => accepted.push((fault, at)),
                None => left.push(fault),
            }
        }
        self.waivers.iter_mut().zip(used).for_each(|((.., uses), used)| *uses += u64::from(used));
        if accepted.is_empty() {
            return state;
        }
        state.waived = left.is_empty().then_some(state.class);
        // Foreign rows stay apart, or the classes of the spine would no longer add up to it.
        if state.class.is_of_spine() {
            state.class = left.iter().map(|fault| fault.class).max().unwrap_or(Class::Waived);
        }
        state.verdict = left.iter().map(|fault| fault.verdict).max().unwrap_or(Verdict::Pass);
        state.reason = self.reason(&left, &accepted).into();
        state
    }

    fn reason(&self, left: &[Fault<'_>], accepted: &[(Fault<'_>, usize)]) -> String {
        let by_waiver = self.waivers.iter().enumerate().filter_map(|(at, (waiver, ..))| {
            let words: Vec<&str> = accepted.iter().filter(|(_, by)| *by == at).map(|(fault, _)| fault.words.as_str()).collect();
            (!words.is_empty()).then(|| format!("{}; {}", words.join("; "), waiver.words()))
        });
        let accepted = by_waiver.collect::<Vec<_>>().join("; ");
        match left {
            [] => accepted,
            left => format!("{}; besides {accepted}", in_order(left)),
        }
    }

    /// What is wrong with a key, every fault named, and how much each weighs.
    fn faults(&self, class: Class, rows: i64, weight: &Value, duplicates: i64, figures: &[Value]) -> Vec<Fault<'a>> {
        let alone = |verdict, words| vec![Fault { class, verdict, rule: class.name(), words }];
        match class {
            Class::Missing => return alone(Verdict::Fail, "no rows".to_owned()),
            Class::Pending if rows == 0 => return alone(Verdict::Pass, "not due yet".to_owned()),
            Class::Pending => return alone(Verdict::Pass, format!("{}, not due yet", count_rows(rows))),
            Class::Extra => {
                return alone(self.output.extras.verdict(), format!("{} for a key that the spine does not have", count_rows(rows)));
            }
            Class::NullKey => return alone(Verdict::Fail, format!("{} without a key", count_rows(rows))),
            _ => {}
        }
        let mut faults = Vec::new();
        if duplicates > 0 {
            // How many there are is a fault of its own where they are too many.
            let all = if self.exceeds(rows, weight) { String::new() } else { format!("; {}", count_rows(rows)) };
            let words = format!("{} again by ({}){all}", count_rows(duplicates), self.output.grain.join(", "));
            faults.push(Fault { class: Class::Duplicate, verdict: Verdict::Fail, rule: Class::Duplicate.name(), words });
        }
        faults.extend(self.row_fault(class, rows, weight));
        for (figure, value) in self.figures.iter().zip(figures).filter(|(_, value)| value.as_int().is_some_and(|n| n > 0)) {
            let fault = |class, column: &'a String, what| {
                let words = format!("{column} is {what} in {value} of {}", count_rows(rows));
                Fault { class, verdict: Verdict::Fail, rule: column.as_str(), words }
            };
            match figure {
                Figure::Nulls(column) => faults.push(fault(Class::Null, column, "NULL")),
                Figure::Outside(column) => faults.push(fault(Class::Invalid, column, "out of range")),
                Figure::Numerator(_) | Figure::Denominator(_) => {}
            }
        }
        for (index, rule) in self.output.rules.iter().enumerate().filter(|(_, rule)| rule.over == Over::Key) {
            // In the opening days the statement leaves both numbers NULL: nothing to say then.
            let (number, of) = self.numbers(index, figures);
            if rule.skip_first_days.is_none() || !number.is_null() {
                let fault = rule_fault(rule, number, of);
                faults.extend(fault.map(|(verdict, words, _)| Fault { class: Class::Invalid, verdict, rule: rule.subject.name(), words }));
            }
        }
        faults
    }

    fn row_fault(&self, class: Class, rows: i64, weight: &Value) -> Option<Fault<'a>> {
        let range = &self.output.rows;
        if let (Some(per), true) = (&range.per, weight.is_null()) {
            let words = format!("{}, but {per} is NULL in the spine", count_rows(rows));
            return Some(Fault { class: Class::Invalid, verdict: Verdict::Undecided, rule: per, words });
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
            Class::Duplicate if self.exceeds(rows, weight) => return self.row_fault(Class::Excess, rows, weight),
            _ => return None,
        };
        let words = expected.map_or_else(|| count_rows(rows), |expected| format!("{}, {expected} expected", count_rows(rows)));
        Some(Fault { class, verdict: Verdict::Fail, rule: class.name(), words })
    }

    fn exceeds(&self, rows: i64, weight: &Value) -> bool {
        let units = if self.output.rows.per.is_some() { weight.as_int() } else { Some(1) };
        let most = self.output.rows.max.zip(units).and_then(|(max, units)| times(max, units, false));
        most.is_some_and(|most| i128::from(rows) > most)
    }

    pub(super) fn numbers<'f>(&self, rule: usize, figures: &'f [Value]) -> (&'f Value, Option<&'f Value>) {
        let find = |wanted: Figure| self.figures.iter().position(|figure| *figure == wanted).map(|at| &figures[at]);
        (find(Figure::Numerator(rule)).unwrap_or(&Value::Null), find(Figure::Denominator(rule)))
    }
}

/// # Errors
/// So many are beyond all measure.
fn add_to(sum: &mut u64, more: u64) -> Result<(), String> {
    *sum = sum.checked_add(more).ok_or("the result counts more than there can be")?;
    Ok(())
}

fn in_order(faults: &[Fault<'_>]) -> String {
    faults.iter().map(|fault| fault.words.as_str()).collect::<Vec<_>>().join("; ")
}
