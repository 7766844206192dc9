//! Dates and times. GG006: today of no zone. GG011: a date written into a condition. GG018: history up to and including
//! the day itself. GG021: BETWEEN two dates on a moment.

use sqlparser::ast::{BinaryOperator, DataType, Expr, Ident, TypedString, Value};

use super::{Context, call, quote, warn};
use crate::lint::scope::{Clause, ScopeId};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule};
use crate::model::sql::Dialect;

pub(super) fn today_without_zone(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    context.each_expr(|_, _, _, expr| {
        if !is_today(expr) {
            return;
        }
        let message = match context.dialect() {
            Dialect::BigQuery => format!(
                "{} is the day in UTC: name the zone, as in `current_date('America/New_York')`, or take the day as a parameter",
                quote(expr)
            ),
            _ => format!(
                "{} is the day in the session's time zone: name the zone (`now() at time zone '...'`), or take the day as a parameter",
                quote(expr)
            ),
        };
        findings.push(warn(Rule::TodayWithoutZone, walk::place(expr), message));
    });
}

/// Whether an expression is the day, or the wall-clock time, of a zone that is not named.
fn is_today(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { expr, data_type: DataType::Date | DataType::Date32, .. } => is_now(expr),
        Expr::Extract { field: sqlparser::ast::DateTimeField::Date, expr, .. } => is_now(expr),
        Expr::Function(_) => match call(expr) {
            Some((name, arguments)) => match (name.as_str(), &arguments[..]) {
                ("current_date" | "current_datetime" | "current_time" | "curdate" | "today", []) => true,
                ("date" | "to_date", [only]) => is_now(only),
                ("timestamp_trunc" | "date_trunc", [moment, part]) => {
                    is_now(moment) && is_day_or_longer(part) || is_now(part) && is_day_or_longer(moment)
                }
                _ => false,
            },
            None => false,
        },
        _ => false,
    }
}

/// Whether an expression is the present moment, which no zone changes.
fn is_now(expr: &Expr) -> bool {
    call(expr).is_some_and(|(name, arguments)| {
        arguments.is_empty()
            && ["current_timestamp", "now", "getdate", "transaction_timestamp", "get_current_timestamp"].contains(&name.as_str())
    })
}

fn is_day_or_longer(expr: &Expr) -> bool {
    let word = match walk::bare(expr) {
        Expr::Identifier(ident) => ident.value.to_lowercase(),
        expr => text(expr).unwrap_or_default().to_lowercase(),
    };
    ["day", "week", "isoweek", "month", "quarter", "year", "isoyear"].contains(&word.as_str())
}

pub(super) fn fixed_date(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (_, scope) in context.scopes.selects() {
        let conditions = scope.conditions.iter().map(|condition| condition.expr);
        let series = scope.expressions.iter().filter(|(clause, expr)| *clause == Clause::From && is_series(expr)).map(|(_, expr)| *expr);
        for root in conditions.chain(series) {
            let mut dates = Vec::new();
            walk::each(root, |expr| dates.extend(written_date(expr).map(|date| (expr, date))));
            let written = dates.into_iter().find(|(expr, date)| !is_sentinel(date) && context.is_written(date, walk::place(expr)));
            if let Some((expr, date)) = written {
                let message = format!("the date {date} is written into the query, so tomorrow it asks the same: take it as a parameter");
                findings.push(warn(Rule::FixedDate, walk::place(expr), message));
            }
        }
    }
}

fn is_series(expr: &Expr) -> bool {
    call(expr).is_some_and(|(name, _)| {
        ["generate_date_array", "generate_timestamp_array", "generate_series", "sequence", "range"].contains(&name.as_str())
    })
}

/// `2024-06-30` of `date '2024-06-30'`, `'2024-06-30'`, or `'2024-06-30 12:00:00'`.
fn written_date(expr: &Expr) -> Option<&str> {
    let text = text(expr)?;
    let (day, rest) = text.split_at_checked(10)?;
    let shape = day.bytes().enumerate().all(|(index, byte)| if index == 4 || index == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    (shape && (rest.is_empty() || rest.starts_with([' ', 'T']))).then_some(day)
}

/// Dates that mean "ever" and "never".
fn is_sentinel(date: &str) -> bool {
    !("1971".."2099").contains(&date)
}

/// What a text literal says.
fn text(expr: &Expr) -> Option<&str> {
    let value = match walk::bare(expr) {
        Expr::Value(value) | Expr::TypedString(TypedString { value, .. }) => &value.value,
        _ => return None,
    };
    match value {
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) | Value::TripleSingleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// Words in the names of dates up to which something is known, and of which a row speaks of the days before.
const HISTORY: [&str; 5] = ["cutoff", "cache_date", "training_date", "trained_on", "training_end"];

pub(super) fn same_day_leak(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects() {
        for condition in &scope.conditions {
            let Expr::BinaryOp { left, op, right } = walk::bare(condition.expr) else { continue };
            let (early, late) = match op {
                BinaryOperator::LtEq | BinaryOperator::Eq => (left, right),
                BinaryOperator::GtEq => (right, left),
                _ => continue,
            };
            let pair = |early, late| history_and_event(context, id, condition.clause, early, late);
            let found = pair(early, late).or_else(|| if *op == BinaryOperator::Eq { pair(late, early) } else { None });
            if let Some((history, event)) = found {
                let message = format!(
                    "{} lets in the day of the event itself: what is known by `{}` must be strictly before `{}`; write <",
                    quote(condition.expr),
                    history.value,
                    event.value
                );
                findings.push(warn(Rule::SameDayLeak, walk::place(condition.expr), message));
            }
        }
    }
}

/// The columns, if one is the date of history and the other that of an event of another relation.
fn history_and_event<'a>(
    context: &Context<'_, 'a>,
    id: ScopeId,
    clause: Clause,
    early: &'a Expr,
    late: &'a Expr,
) -> Option<(&'a Ident, &'a Ident)> {
    let (one, history) = context.column(id, clause, early)?;
    let (other, event) = context.column(id, clause, late)?;
    let is_history = |name: &Ident| HISTORY.iter().any(|word| name.value.to_lowercase().contains(word));
    let is_date = |name: &Ident| {
        let name = name.value.to_lowercase();
        name == "day" || name == "date" || name.ends_with("_date") || name.ends_with("_day")
    };
    let apart = (one.scope, one.relation) != (other.scope, other.relation);
    (apart && is_history(history) && !is_history(event) && is_date(event)).then_some((history, event))
}

pub(super) fn between_timestamp(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    context.each_expr(|id, _, clause, expr| {
        let Expr::Between { expr: subject, negated: false, high, .. } = expr else { return };
        let is_day = text(high).is_some_and(|text| text.len() == 10) && written_date(high).is_some();
        if is_day && is_moment(context, id, clause, subject) {
            let message = format!(
                "{} has a time of day, and BETWEEN ends at midnight when the last day begins: compare its date, or write < the day after",
                quote(subject)
            );
            findings.push(warn(Rule::BetweenTimestamp, walk::place(expr), message));
        }
    });
}

/// Whether an expression surely has a time of day: by its cast, or by the name of the column.
fn is_moment<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, expr: &'a Expr) -> bool {
    match walk::bare(expr) {
        Expr::Cast { data_type: DataType::Timestamp(..) | DataType::TimestampNtz(..) | DataType::Datetime(..), .. } => true,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            let (_, origin) = context.origin(id, clause, expr);
            match origin {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                    context.scopes.name_of(origin).and_then(<[Ident]>::last).is_some_and(|name| {
                        let name = name.value.to_lowercase();
                        ["_at", "_ts", "_timestamp", "_datetime"].iter().any(|ending| name.ends_with(ending))
                            || name == "timestamp"
                            || name == "datetime"
                    })
                }
                Expr::Cast { .. } => is_moment(context, id, clause, origin),
                _ => false,
            }
        }
        _ => false,
    }
}
