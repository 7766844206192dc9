//! Coverage: what an output holds of what it should, one class per key.
//!
//! The warehouse classifies; this module counts, applies waivers, judges sums, and puts it all in words.

mod bound;
mod counts;
mod findings;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::catalogue::{Output, Over, Subject};
use super::report::Finding;
use super::rule::count;
use super::table::{Column, Value};
use super::verdict::Verdict;

pub use counts::counts_suffice;
pub(crate) use findings::lapsed;
pub use tally::Tally;

/// What can be said of a key of an output. A key of the spine has exactly one of the first ten, the worst that applies;
/// their counts add up to the spine. The last two are for rows that belong to no key of the spine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// A value is out of its range, a measure breaks a rule, or the spine's own row has no key or no weight.
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
    /// Whether the warehouse's own counts said how many rows each date has, and none was read.
    pub counted: bool,
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
            counted: false,
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

fn count_rows(n: i64) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{n} rows") }
}

fn count_of(n: u64, noun: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

fn in_words(class: &str) -> String {
    class.replace('_', " ")
}
