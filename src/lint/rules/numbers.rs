//! GG009: a divisor that can be zero. GG010: a number leaves as text. GG020: a rounded share decides.

use sqlparser::ast::{BinaryOperator, DataType, Expr, Value};

use super::{Context, aggregates, call, called, finding, quote, warn};
use crate::lint::scope::{Clause, Origin, Role, Scope, ScopeId};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule, Weight};
use crate::model::sql::Dialect;

pub(super) fn unguarded_division(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects() {
        for (clause, root) in &scope.expressions {
            for (divisor, guards) in divisions(root) {
                if let Some(divisor) = dangerous(context, id, scope, *clause, divisor, &guards) {
                    let remedy = match context.dialect() {
                        Dialect::BigQuery => "write `safe_divide(a, b)` or `a / nullif(b, 0)`",
                        _ => "write `a / nullif(b, 0)`",
                    };
                    let message = format!("nothing keeps the divisor {} from being zero: {remedy}", quote(divisor));
                    findings.push(warn(Rule::UnguardedDivision, walk::place(divisor).or_else(|| walk::place(root)), message));
                }
            }
        }
    }
}

/// The divisors in an expression, each with the conditions of the branches that it stands in.
fn divisions(root: &Expr) -> Vec<(&Expr, Vec<&Expr>)> {
    let mut found = Vec::new();
    let mut waiting = vec![(root, Vec::new())];
    let mut below = Vec::new();
    while let Some((expr, guards)) = waiting.pop() {
        match expr {
            Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, right, .. } => {
                found.push((walk::bare(right), guards.clone()));
            }
            Expr::BinaryOp { op: BinaryOperator::And, .. } => {
                let parts = walk::conjuncts(expr);
                // A condition of a thousand parts guards nothing that anyone reads.
                let guarding = if parts.len() <= 32 { parts.len() } else { 0 };
                for (index, part) in parts.iter().enumerate() {
                    let others = parts[..guarding].iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| *other);
                    waiting.push((*part, guards.iter().copied().chain(others).collect()));
                }
                continue;
            }
            Expr::Case { operand: None, conditions, else_result, .. } => {
                // A branch is reached only where those before it were not true.
                let mut before = guards.clone();
                for when in conditions {
                    waiting.push((&when.condition, before.clone()));
                    before.push(&when.condition);
                    waiting.push((&when.result, before.clone()));
                }
                waiting.extend(else_result.iter().map(|other| (other.as_ref(), before.clone())));
                continue;
            }
            Expr::Function(_) => {
                if let Some((name, arguments)) = call(expr)
                    && matches!(name.as_str(), "if" | "iff" | "div" | "mod")
                {
                    if name == "div" || name == "mod" {
                        found.extend(arguments.get(1).map(|divisor| (walk::bare(divisor), guards.clone())));
                    } else if let Some((condition, branches)) = arguments.split_first() {
                        let within: Vec<&Expr> = guards.iter().copied().chain([*condition]).collect();
                        waiting.push((condition, guards.clone()));
                        waiting.extend(branches.iter().map(|branch| (*branch, within.clone())));
                        continue;
                    }
                }
            }
            _ => {}
        }
        walk::children(expr, &mut below);
        waiting.extend(below.drain(..).filter_map(|child| match child {
            walk::Child::Expr(child) => Some((child, guards.clone())),
            walk::Child::Query(..) => None,
        }));
    }
    found
}

/// The divisor, if it could be zero and neither its branch nor the rows' conditions look at it.
fn dangerous<'a>(
    context: &Context<'_, 'a>,
    id: ScopeId,
    scope: &Scope<'a>,
    clause: Clause,
    divisor: &'a Expr,
    guards: &[&'a Expr],
) -> Option<&'a Expr> {
    let (origin_scope, origin) = context.origin(id, clause, divisor);
    if is_safe(context, divisor, scope) || is_safe(context, origin, context.scopes.select(origin_scope)) {
        return None;
    }
    let conditions = scope.conditions.iter().filter(|condition| condition.clause != clause).map(|condition| condition.expr);
    let mut looks = guards.iter().copied().chain(conditions);
    let seen = looks.any(|condition| mentions(context, condition, divisor));
    // Whatever filters the rows of a subquery may keep zero out as well.
    let filtered = origin_scope != id
        && context.scopes.select(origin_scope).conditions.iter().any(|condition| mentions(context, condition.expr, origin));
    (!seen && !filtered).then_some(divisor)
}

/// Whether a condition speaks of the divisor, or of a column in it.
fn mentions<'a>(context: &Context<'_, 'a>, condition: &'a Expr, divisor: &'a Expr) -> bool {
    let columns = context.scopes.names_in(divisor);
    let last = |parts: &[sqlparser::ast::Ident]| parts.last().map(|part| part.value.to_lowercase());
    let mentioned: Vec<_> = context.scopes.names_in(condition).into_iter().map(last).collect();
    let by_name = columns.into_iter().any(|parts| mentioned.contains(&last(parts)));
    let counts = |expr: &'a Expr| aggregates(expr).into_iter().any(|function| called(function).starts_with("count"));
    by_name || (counts(divisor) && counts(condition))
}

/// Whether an expression is surely not zero, or NULL instead.
fn is_safe(context: &Context<'_, '_>, expr: &Expr, scope: &Scope<'_>) -> bool {
    match walk::bare(expr) {
        Expr::Value(value) => !matches!(&value.value, Value::Number(digits, _) if digits.to_string().parse::<f64>() == Ok(0.0)),
        Expr::Cast { expr, .. } | Expr::UnaryOp { expr, .. } => is_safe(context, expr, scope),
        Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } => is_safe(context, left, scope) && is_safe(context, right, scope),
        Expr::BinaryOp { left, op: BinaryOperator::Plus, right } => is_positive(left) || is_positive(right),
        Expr::BinaryOp { op: BinaryOperator::Minus | BinaryOperator::Divide, left, right } => {
            context.scopes.names_in(left).is_empty() && context.scopes.names_in(right).is_empty()
        }
        Expr::Function(function) if function.over.is_some() => {
            // A window holds at least the row itself.
            called(function) == "count" && walk::arguments(function).next().is_none() || called(function) == "row_number"
        }
        Expr::Function(_) => {
            let (name, arguments) = call(expr).unwrap_or_default();
            match name.as_str() {
                "nullif" | "nullifzero" | "exp" | "row_number" | "pi" => true,
                "greatest" => arguments.iter().any(|argument| is_positive(argument)),
                // `count(*)` and `count(0)`, which count the rows.
                "count" => arguments.iter().all(|argument| matches!(walk::bare(argument), Expr::Value(_))) && groups(scope),
                "coalesce" | "ifnull" | "if" | "round" | "abs" | "float64" => {
                    arguments.iter().all(|argument| is_safe(context, argument, scope))
                }
                "pow" | "power" | "sqrt" => arguments.first().is_some_and(|first| is_safe(context, first, scope)),
                _ => arguments.iter().all(|argument| matches!(walk::bare(argument), Expr::Value(_))) && !arguments.is_empty(),
            }
        }
        // A measure in disguise: a scalar subquery, an array element and the like cannot be judged.
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => false,
        Expr::Case { .. } => true,
        _ => true,
    }
}

/// Each group has at least one row.
fn groups(scope: &Scope<'_>) -> bool {
    use sqlparser::ast::GroupByExpr;
    !matches!(&scope.select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty())
}

fn is_positive(expr: &Expr) -> bool {
    matches!(walk::bare(expr), Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits.to_string().parse::<f64>().is_ok_and(|number| number > 0.0)))
}

pub(super) fn number_as_text(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects() {
        if context.scopes.query(scope.query).role != Role::Statement {
            continue;
        }
        for column in &scope.output.columns {
            let Origin::Expr(_, expr) = column.origin else { continue };
            let (origin_scope, expr) = context.origin(id, Clause::Select, expr);
            if let Some(number) = number_within(context, origin_scope, expr) {
                let name = column.name.as_deref().unwrap_or("a column");
                let message = format!(
                    "`{name}` is the number {} as text, which sorts as words and compares wrongly: return the number, and format it where it is shown",
                    quote(number)
                );
                findings.push(warn(Rule::NumberAsText, walk::place(expr), message));
            }
        }
    }
}

/// The number in a cast to text, or in a text put together around it.
fn number_within<'a>(context: &Context<'_, 'a>, id: ScopeId, expr: &'a Expr) -> Option<&'a Expr> {
    match walk::bare(expr) {
        Expr::Cast { expr, data_type, .. } if is_text(data_type) => Some(walk::bare(expr)).filter(|inner| is_number(context, id, inner)),
        Expr::BinaryOp { op: BinaryOperator::StringConcat, left, right } => {
            number_within(context, id, left).or_else(|| number_within(context, id, right)).filter(|_| ends_in_percent(expr))
        }
        Expr::Function(_) => {
            let (name, arguments) = call(expr)?;
            let percent = arguments.last().is_some_and(|last| ends_in_percent(last));
            match name.as_str() {
                "concat" if percent => arguments.into_iter().find_map(|argument| {
                    Some(walk::bare(argument))
                        .filter(|inner| is_number(context, id, inner))
                        .or_else(|| number_within(context, id, argument))
                }),
                "format" if arguments.len() == 2 => Some(walk::bare(arguments[1])).filter(|inner| is_number(context, id, inner)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn ends_in_percent(expr: &Expr) -> bool {
    match walk::bare(expr) {
        Expr::Value(value) => {
            matches!(&value.value, Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) if text.trim() == "%")
        }
        Expr::BinaryOp { right, .. } => ends_in_percent(right),
        _ => false,
    }
}

const fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::String(_) | DataType::Text | DataType::Varchar(_) | DataType::Char(_) | DataType::CharacterVarying(_))
}

/// Whether an expression is a measured number, not an identifier that happens to be one.
fn is_number<'a>(context: &Context<'_, 'a>, id: ScopeId, expr: &'a Expr) -> bool {
    let (_, expr) = context.origin(id, Clause::Select, expr);
    match walk::bare(expr) {
        Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Multiply, .. } => true,
        Expr::Function(function) => {
            function.over.is_none()
                && ["count", "countif", "count_if", "sum", "avg", "round", "safe_divide", "approx_count_distinct"]
                    .contains(&called(function).as_str())
        }
        _ => false,
    }
}

pub(super) fn rounded_verdict(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    context.each_expr(|id, _, clause, expr| {
        let (left, right) = match expr {
            Expr::BinaryOp { left, op, right } if is_ordering(op) => (left.as_ref(), right.as_ref()),
            Expr::Between { expr, low, .. } => (expr.as_ref(), low.as_ref()),
            _ => return,
        };
        for (side, other) in [(left, right), (right, left)] {
            let Some(threshold) = number(other) else { continue };
            let (_, origin) = context.origin(id, clause, side);
            if is_rounded_share(context, id, clause, origin) {
                let whole = threshold == 100.0 || threshold == 1.0;
                let weight = if whole { Weight::Error } else { Weight::Warn };
                let message = format!(
                    "{} is rounded before it is compared with {threshold}, so 2,999 of 3,000 can pass for all: compare the counts",
                    quote(side)
                );
                findings.push(finding(Rule::RoundedVerdict, weight, walk::place(expr), message));
            }
        }
    });
}

const fn is_ordering(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

fn number(expr: &Expr) -> Option<f64> {
    match walk::bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.to_string().parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// `round(100 * a / b, 1)`: rounding of something divided, whichever query divides it.
fn is_rounded_share<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, expr: &'a Expr) -> bool {
    let Some((name, arguments)) = call(expr) else { return false };
    let Some(first) = arguments.first().filter(|_| name == "round") else { return false };
    let (_, inner) = context.origin(id, clause, first);
    let mut divides = false;
    walk::each(inner, |part| {
        divides |=
            matches!(part, Expr::BinaryOp { op: BinaryOperator::Divide, .. }) || call(part).is_some_and(|(name, _)| name == "safe_divide");
    });
    divides
}
