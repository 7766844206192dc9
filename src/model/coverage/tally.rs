//! Collects what statements say of one output.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::bound::{add, rule_fault, times};
use super::{Class, Coverage, Figure, KeyState, count_rows};
use crate::model::catalogue::{Output, Over, Waiver};
use crate::model::number::Decimal;
use crate::model::table::{Column, Table, Value};
use crate::model::verdict::Verdict;

/// Collects the rows of one output, from one statement or from several slices of its dates.
#[derive(Debug)]
pub struct Tally<'a> {
    pub(super) output: &'a Output,
    pub(super) figures: &'a [Figure],
    pub(super) waivers: Vec<(&'a Waiver, u64)>,
    pub(super) as_of: Date,
    pub(super) coverage: Coverage,
    pub(super) sums: BTreeMap<String, Sums>,
    pub(super) seasons: BTreeSet<String>,
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
        let key = &row[layout.key.clone()];
        let (verdict, reason) = if class.is_of_spine() && key.iter().any(Value::is_null) {
            (Verdict::Undecided, format!("the spine `{}` has rows without a key, of which nothing can be expected", self.output.spine))
        } else {
            self.explain(class, rows, &row[layout.weight], duplicates, figures)
        };
        let state = KeyState {
            key: key.into(),
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

    pub(super) fn numbers<'f>(&self, rule: usize, figures: &'f [Value]) -> (&'f Value, Option<&'f Value>) {
        let find = |wanted: Figure| self.figures.iter().position(|figure| *figure == wanted).map(|at| &figures[at]);
        (find(Figure::Numerator(rule)).unwrap_or(&Value::Null), find(Figure::Denominator(rule)))
    }
}
