//! Rules: a closed set of typed statements about a query's result.
//!
//! A rule says what must hold. NULL never satisfies a comparison, a comparison of types that do not compare is
//! undecided, and so is a share of nothing: 0 of 0 is unknown, not 100%. What it compares with is a constant, or the
//! value that a check gives to a parameter.

use std::cmp::Ordering;

use super::comparison::{Operand, Test};
use super::number::Decimal;
use super::report::Finding;
use super::table::{Table, Value};
use super::verdict::{Level, Verdict};

/// A rule with its weight.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What must hold.
    pub kind: RuleKind,
    /// How much it weighs when it does not.
    pub level: Level,
    /// The line of the header that declares it.
    pub line: usize,
}

/// What a rule states.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleKind {
    /// The result has no rows: every row is a fault.
    NoRows,
    /// The number of rows is within these bounds.
    RowCount {
        /// At least.
        min: Option<u64>,
        /// At most.
        max: Option<u64>,
    },
    /// These columns are never NULL.
    NotNull(Vec<String>),
    /// No two rows agree in these columns; NULL equals NULL here.
    Unique(Vec<String>),
    /// Every value of a column compares so with a constant.
    Compare {
        /// The column.
        column: String,
        /// The comparison.
        test: Test,
    },
    /// Every value of a column is one of these.
    OneOf {
        /// The column.
        column: String,
        /// The values.
        values: Vec<String>,
    },
    /// In every row a column is at least this share of another, decided on the exact numbers.
    Share {
        /// The numerator.
        column: String,
        /// The denominator.
        of: String,
        /// The least share, 0 to 1.
        at_least: Operand,
    },
    /// The rows classify keys: judged by class, against the catalogue.
    Classes,
}

impl Rule {
    /// Whether it has something to say of a result without rows.
    pub fn judges_emptiness(&self) -> bool {
        matches!(self.kind, RuleKind::NoRows | RuleKind::RowCount { .. } | RuleKind::Classes)
    }

    /// The parameters that it compares with.
    pub fn params(&self) -> Vec<&str> {
        let operands = match &self.kind {
            RuleKind::Compare { test, .. } => test.operands(),
            RuleKind::Share { at_least, .. } => vec![at_least],
            _ => Vec::new(),
        };
        operands.into_iter().filter_map(Operand::param).collect()
    }

    /// The rule with constants in the places of parameters; `None` if one of them has no value, so that it does not apply.
    pub fn bind(&self, value: &impl Fn(&str) -> Option<Value>) -> Option<Self> {
        let kind = match &self.kind {
            RuleKind::Compare { column, test } => RuleKind::Compare { column: column.clone(), test: test.bind(value)? },
            RuleKind::Share { column, of, at_least } => {
                RuleKind::Share { column: column.clone(), of: of.clone(), at_least: at_least.bind(value)? }
            }
            kind => kind.clone(),
        };
        Some(Self { kind, ..self.clone() })
    }

    /// Judges a result. An empty answer means that the rule holds.
    pub fn judge(&self, table: &Table) -> Vec<Finding> {
        let outcome = match &self.kind {
            RuleKind::NoRows => Ok(fault_count(table.len(), "row")),
            RuleKind::RowCount { min, max } => Ok(row_count(table.len() as u64, *min, *max)),
            RuleKind::NotNull(columns) => not_null(table, columns),
            RuleKind::Unique(columns) => unique(table, columns),
            RuleKind::Compare { column, test } => compare(table, column, test),
            RuleKind::OneOf { column, values } => one_of(table, column, values),
            RuleKind::Share { column, of, at_least } => return self.share(table, column, of, at_least),
            RuleKind::Classes => Ok(None),
        };
        match outcome {
            Ok(None) => Vec::new(),
            Ok(Some(message)) => vec![Finding::new(self.level.verdict(), self.name(), message)],
            Err(message) => vec![Finding::new(Verdict::Undecided, self.name(), message)],
        }
    }

    /// The rule's name, as headers write it.
    pub fn name(&self) -> &'static str {
        match &self.kind {
            RuleKind::NoRows => "no_rows",
            RuleKind::RowCount { .. } => "row_count",
            RuleKind::NotNull(_) => "not_null",
            RuleKind::Unique(_) => "unique",
            RuleKind::Compare { test, .. } => match test {
                Test::AtLeast(_) => "at_least",
                Test::AtMost(_) => "at_most",
                Test::Above(_) => "above",
                Test::Below(_) => "below",
                Test::Equals(_) => "equals",
                Test::Between(..) => "between",
            },
            RuleKind::OneOf { .. } => "one_of",
            RuleKind::Share { .. } => "share",
            RuleKind::Classes => "classes",
        }
    }

    /// The columns that the rule reads.
    pub fn columns(&self) -> Vec<&str> {
        match &self.kind {
            RuleKind::NoRows | RuleKind::RowCount { .. } | RuleKind::Classes => Vec::new(),
            RuleKind::NotNull(columns) | RuleKind::Unique(columns) => columns.iter().map(String::as_str).collect(),
            RuleKind::Compare { column, .. } | RuleKind::OneOf { column, .. } => vec![column],
            RuleKind::Share { column, of, .. } => vec![column, of],
        }
    }

    fn share(&self, table: &Table, column: &str, of: &str, at_least: &Operand) -> Vec<Finding> {
        let (Ok(part), Ok(whole)) = (position(table, column), position(table, of)) else {
            return vec![Finding::new(Verdict::Undecided, self.name(), format!("no column {column} or {of}"))];
        };
        let Some(at_least) = at_least.value().ok().and_then(Value::as_decimal) else {
            return vec![Finding::new(Verdict::Undecided, self.name(), format!("{at_least} is not a share"))];
        };
        let mut below = Vec::new();
        let mut unknown = Vec::new();
        for (number, row) in table.rows().enumerate() {
            match share_holds(&row[part], &row[whole], at_least) {
                Some(true) => {}
                Some(false) => below.push(format!("{} of {}", row[part], row[whole])),
                None => unknown.push(format!("row {}: {} of {}", number + 1, row[part], row[whole])),
            }
        }
        let mut findings = Vec::new();
        if let Some(first) = unknown.first() {
            let message = format!("{column} as a share of {of} is unknown in {}, as {first}", count(unknown.len(), "row"));
            findings.push(Finding::new(Verdict::Undecided, self.name(), message));
        }
        if let Some(first) = below.first() {
            let message = format!("{column} is less than {at_least} of {of} in {}, as {first}", count(below.len(), "row"));
            findings.push(Finding::new(self.level.verdict(), self.name(), message));
        }
        findings
    }
}

/// Whether `part >= at_least * whole`, on exact numbers; `None` for NULL, for what is no exact number and for 0 of 0.
fn share_holds(part: &Value, whole: &Value, at_least: Decimal) -> Option<bool> {
    let (part, whole) = (i128::from(part.as_int()?), i128::from(whole.as_int()?));
    let (numerator, denominator) = at_least.fraction();
    (whole != 0).then_some(part.checked_mul(denominator)? >= whole.checked_mul(numerator)?)
}

/// `1 row`, `2 rows`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn fault_count(n: usize, noun: &str) -> Option<String> {
    (n > 0).then(|| format!("{}, none expected", count(n, noun)))
}

fn row_count(n: u64, min: Option<u64>, max: Option<u64>) -> Option<String> {
    match (min, max) {
        (Some(min), _) if n < min => Some(format!("{n} rows, at least {min} expected")),
        (_, Some(max)) if n > max => Some(format!("{n} rows, at most {max} expected")),
        _ => None,
    }
}

fn position(table: &Table, column: &str) -> Result<usize, String> {
    table.position(column).ok_or_else(|| format!("no column {column}"))
}

fn not_null(table: &Table, columns: &[String]) -> Result<Option<String>, String> {
    for column in columns {
        let at = position(table, column)?;
        let nulls = table.rows().filter(|row| row[at].is_null()).count();
        if nulls > 0 {
            return Ok(Some(format!("{column} is NULL in {}", count(nulls, "row"))));
        }
    }
    Ok(None)
}

fn unique(table: &Table, columns: &[String]) -> Result<Option<String>, String> {
    let at: Vec<usize> = columns.iter().map(|column| position(table, column)).collect::<Result<_, _>>()?;
    let mut keys: Vec<Vec<&Value>> = table.rows().map(|row| at.iter().map(|i| &row[*i]).collect()).collect();
    keys.sort_by(|a, b| a.iter().zip(b).map(|(x, y)| x.order(y)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal));
    let twice = keys.windows(2).filter(|pair| pair[0] == pair[1]).count();
    Ok((twice > 0).then(|| format!("({}) occurs again in {}", columns.join(", "), count(twice, "row"))))
}

fn compare(table: &Table, column: &str, test: &Test) -> Result<Option<String>, String> {
    let at = position(table, column)?;
    let mut broken = 0;
    let mut first = None;
    for row in table.rows() {
        if !test.holds(&row[at]).map_err(|reason| format!("{column}: {reason}"))? {
            broken += 1;
            first = first.or(Some(&row[at]));
        }
    }
    Ok(first.map(|value| format!("{column} is {value}, not {}, in {}", test.describe(), count(broken, "row"))))
}

fn one_of(table: &Table, column: &str, values: &[String]) -> Result<Option<String>, String> {
    let at = position(table, column)?;
    let other: Vec<&Value> = table.rows().map(|row| &row[at]).filter(|value| !values.contains(&value.to_string())).collect();
    Ok(other.first().map(|value| format!("{column} is {value}, not one of {}, in {}", values.join(", "), count(other.len(), "row"))))
}

#[cfg(test)]
mod tests {
    use super::{Rule, RuleKind};
    use crate::model::comparison::{Operand, Test};
    use crate::model::table::{Column, Kind, Table, Value};
    use crate::model::verdict::{Level, Verdict};

    fn table(rows: &[[Value; 2]]) -> Table {
        let column = |name: &str| Column { name: name.into(), kind: Kind::Int };
        let mut table = Table::new(vec![column("n"), column("of")]);
        for row in rows {
            table.push(row.iter().cloned());
        }
        table
    }

    fn verdict(kind: RuleKind, rows: &[[Value; 2]]) -> Option<Verdict> {
        Rule { kind, level: Level::Fail, line: 1 }.judge(&table(rows)).iter().map(|finding| finding.verdict).max()
    }

    fn int(n: i64) -> Operand {
        Operand::Is(Value::Int(n))
    }

    fn compare(test: Test) -> RuleKind {
        RuleKind::Compare { column: "n".into(), test }
    }

    #[test]
    fn null_never_passes_a_comparison() {
        let null = [[Value::Null, Value::Int(1)]];
        for test in [Test::AtLeast(int(0)), Test::AtMost(int(9)), Test::Equals(int(1))] {
            assert_eq!(verdict(compare(test), &null), Some(Verdict::Fail));
        }
    }

    #[test]
    fn a_parameter_is_judged_by_its_value_and_a_rule_without_one_does_not_apply() {
        let param = || Operand::Param("least".into());
        let rule = |kind| Rule { kind, level: Level::Fail, line: 1 };
        let rows = table(&[[Value::Int(3), Value::Int(4)]]);
        let least = |value: Value| move |name: &str| (name == "least").then(|| value.clone());
        let judged = |kind: RuleKind, value| rule(kind).bind(&least(value)).expect("it applies").judge(&rows).len();
        let share = || RuleKind::Share { column: "n".into(), of: "of".into(), at_least: param() };
        assert_eq!(
            (judged(compare(Test::AtLeast(param())), Value::Int(3)), judged(compare(Test::AtLeast(param())), Value::Int(4))),
            (0, 1)
        );
        let number = |text: &str| Value::Decimal(Box::new(text.parse().expect("a number")));
        assert_eq!((judged(share(), number("0.75")), judged(share(), number("0.76"))), (0, 1));
        assert_eq!(judged(compare(Test::Between(Operand::Is(Value::Int(3)), param())), Value::Int(3)), 0);
        assert!(rule(share()).bind(&|_| None).is_none());
        assert_eq!(verdict(share(), &[[Value::Int(4), Value::Int(4)]]), Some(Verdict::Undecided), "it was never bound");
        assert_eq!(verdict(compare(Test::Below(param())), &[[Value::Int(4), Value::Int(4)]]), Some(Verdict::Undecided));
        assert_eq!(rule(share()).params(), ["least"]);
    }

    #[test]
    fn types_that_do_not_compare_are_undecided() {
        let rows = [[Value::text("12"), Value::Int(1)]];
        assert_eq!(verdict(compare(Test::AtLeast(int(0))), &rows), Some(Verdict::Undecided));
    }

    #[test]
    fn a_share_is_decided_on_integers() {
        let share = |n, of| {
            let kind = RuleKind::Share { column: "n".into(), of: "of".into(), at_least: int(1) };
            verdict(kind, &[[Value::Int(n), Value::Int(of)]])
        };
        assert_eq!(share(3_000, 3_000), None);
        assert_eq!(share(2_999, 3_000), Some(Verdict::Fail));
        assert_eq!(share(0, 0), Some(Verdict::Undecided));
    }

    #[test]
    fn each_rule_holds_and_breaks() {
        let rows = [[Value::Int(1), Value::Int(1)], [Value::Int(1), Value::Int(2)]];
        let cases = [
            (RuleKind::NoRows, Some(Verdict::Fail)),
            (RuleKind::RowCount { min: Some(2), max: Some(2) }, None),
            (RuleKind::RowCount { min: Some(3), max: None }, Some(Verdict::Fail)),
            (RuleKind::RowCount { min: None, max: Some(1) }, Some(Verdict::Fail)),
            (RuleKind::NotNull(vec!["n".into()]), None),
            (RuleKind::NotNull(vec!["gone".into()]), Some(Verdict::Undecided)),
            (RuleKind::Unique(vec!["n".into()]), Some(Verdict::Fail)),
            (RuleKind::Unique(vec!["n".into(), "of".into()]), None),
            (compare(Test::Equals(int(1))), None),
            (compare(Test::Above(int(1))), Some(Verdict::Fail)),
            (compare(Test::Below(int(2))), None),
            (compare(Test::Between(int(0), int(1))), None),
            (RuleKind::OneOf { column: "of".into(), values: vec!["1".into(), "2".into()] }, None),
            (RuleKind::OneOf { column: "of".into(), values: vec!["1".into()] }, Some(Verdict::Fail)),
        ];
        for (kind, expected) in cases {
            assert_eq!(verdict(kind.clone(), &rows), expected, "{kind:?}");
        }
    }
}
