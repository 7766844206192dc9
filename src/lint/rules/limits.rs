//! GG004: a list is cut by LIMIT. GG005: what is counted was cut before.

use sqlparser::ast::{Expr, LimitClause, Query, Value};

use super::{Context, aggregates, called, error, finding, has_aggregates, start, warn};
use crate::lint::scope::{Body, Clause, QueryId, QueryScope, Role};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule, Weight};
use crate::model::sql::Place;

pub(super) fn cut_list(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, query) in context.scopes.queries() {
        let feeds_the_result = matches!(query.role, Role::Statement | Role::Cte(_) | Role::Derived | Role::Operand);
        let Some(limit) = limit(query.query).filter(|limit| feeds_the_result && limit.rows != Some(0)) else { continue };
        let at = limit.at.or_else(|| place(context, id));
        if context.facts.drives_work {
            let message =
                "this list drives work, and LIMIT leaves part of it out without a word: remove it, and judge the number by a rule";
            findings.push(error(Rule::CutList, at, message));
        } else if !is_ordered(query.query) && !is_one_row(context, query) {
            let message = "LIMIT without ORDER BY: which rows remain is left to chance, and nobody sees that some are missing";
            findings.push(warn(Rule::CutList, at, message));
        }
    }
}

pub(super) fn cut_before_count(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (_, scope) in context.scopes.selects() {
        let counted = scope.expressions.iter().filter(|(clause, _)| matches!(clause, Clause::Select | Clause::Having));
        let mut counts = counted.into_iter().flat_map(|(_, expr)| aggregates(expr)).filter(|function| called(function) == "count");
        let Some(count) = counts.next() else { continue };
        for relation in &scope.relations {
            let Some(query) = relation.query().map(|id| context.scopes.query(id)) else { continue };
            // One row asks whether there is any.
            let Some(limit) = limit(query.query).filter(|limit| limit.rows.is_none_or(|rows| rows > 1)) else { continue };
            let grouped = !matches!(&scope.select.group_by, sqlparser::ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
            if is_ordered(query.query) && (grouped || scope.relations.len() > 1) {
                continue;
            }
            let rows = limit.rows.map_or_else(|| "the limit".to_owned(), |rows| format!("{rows}"));
            let message = format!(
                "`{}` is cut by LIMIT, so this count stops at {rows}: count first, cut afterwards",
                relation.name.unwrap_or("the subquery")
            );
            let weight = if is_ordered(query.query) { Weight::Warn } else { Weight::Error };
            let at = walk::arguments(count).next().and_then(walk::place).or_else(|| start(scope));
            findings.push(finding(Rule::CutBeforeCount, weight, function_place(count).or(at), message));
        }
    }
}

fn function_place(function: &sqlparser::ast::Function) -> Option<Place> {
    let ident = function.name.0.first()?.as_ident()?;
    Some(crate::lint::read::place(ident.span.start)).filter(|at| at.line > 0)
}

/// How many rows a query may return at most, if that is written; none where the number is no literal.
struct Limit {
    rows: Option<u64>,
    at: Option<Place>,
}

fn limit(query: &Query) -> Option<Limit> {
    let expr = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => limit.as_ref(),
        Some(LimitClause::OffsetCommaLimit { limit, .. }) => Some(limit),
        None => None,
    };
    let fetch = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref());
    let expr = expr.or(fetch)?;
    let rows = match walk::bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.to_string().parse().ok(),
            Value::Null => return None,
            _ => None,
        },
        _ => None,
    };
    Some(Limit { rows, at: walk::place(expr) })
}

fn is_ordered(query: &Query) -> bool {
    query.order_by.is_some()
}

/// An aggregate over everything is one row, which a limit does not cut.
fn is_one_row(context: &Context<'_, '_>, query: &QueryScope<'_>) -> bool {
    let [arm] = query.arms[..] else { return false };
    let Body::Select(id) = arm.body else { return false };
    let scope = context.scopes.select(id);
    let ungrouped = matches!(&scope.select.group_by, sqlparser::ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    scope.relations.is_empty() || (ungrouped && has_aggregates(scope))
}

fn place(context: &Context<'_, '_>, id: QueryId) -> Option<Place> {
    context.scopes.arms_of(id).first().and_then(|scope| start(context.scopes.select(*scope)))
}
