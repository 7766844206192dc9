//! Whether a number, or a share, is within its bound: exactly, never rounded.

use std::cmp::Ordering;

use crate::model::catalogue::{Bound, Denominator, OutputRule};
use crate::model::number::Decimal;
use crate::model::table::Value;
use crate::model::verdict::{Level, Verdict};

/// What is wrong by the rule, if anything: verdict, words, and the name of the subject.
pub(super) fn rule_fault(rule: &OutputRule, number: &Value, of: Option<&Value>) -> Option<(Verdict, String, String)> {
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
pub(super) fn times(per_unit: Decimal, weight: i64, up: bool) -> Option<i128> {
    let (numerator, denominator) = per_unit.fraction();
    let product = numerator.checked_mul(i128::from(weight))?;
    let floor = product.div_euclid(denominator);
    Some(floor + i128::from(up && product.rem_euclid(denominator) != 0))
}

pub(super) fn add(sum: Option<Value>, value: &Value) -> Option<Value> {
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
