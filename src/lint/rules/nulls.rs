//! GG003: NOT IN a subquery that can return NULL. GG007: a condition that undoes an outer join. GG024: a comparison with NULL.

use sqlparser::ast::{BinaryOperator, CastKind, Expr, Query, UnaryOperator, Value};

use super::strict::{Sure, rejects};
use super::{Context, call, error, finding, place_of, quote, warn};
use crate::lint::scope::{Body, Clause, JoinKind, Origin, QueryId, Scope, ScopeId, Source};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule, Weight};

pub(super) fn not_in_null(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    context.each_expr(|_, _, _, expr| {
        let (tested, subquery) = match expr {
            Expr::InSubquery { expr, subquery, negated: true } => (expr, subquery),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => match walk::bare(expr) {
                Expr::InSubquery { expr, subquery, negated: false } => (expr, subquery),
                _ => return,
            },
            _ => return,
        };
        let Some(id) = id_of(context, subquery) else { return };
        let weight = match nullable(context, id, 0, 8) {
            Nullable::No => return,
            Nullable::Unknown => Weight::Warn,
            Nullable::Yes => Weight::Error,
        };
        let can = if weight == Weight::Error { "returns" } else { "may return" };
        let message = format!(
            "{} not in (...): the subquery {can} NULL, and then no row passes; use not exists, or add `is not null` inside",
            quote(tested)
        );
        findings.push(finding(Rule::NotInNull, weight, walk::place(tested), message));
    });
}

pub(super) fn compared_with_null(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    context.each_expr(|_, _, _, expr| {
        if let Some((tested, why)) = never_true(expr) {
            findings.push(error(Rule::ComparedWithNull, walk::place(tested), why));
        }
    });
}

/// What is compared with NULL in an expression that is true for no row, and what to write instead.
fn never_true(expr: &Expr) -> Option<(&Expr, String)> {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let (tested, instead) = match expr {
        Expr::BinaryOp { left, op: op @ (Eq | NotEq | Lt | LtEq | Gt | GtEq), right } => {
            let tested = if is_null(right) { left } else { Some(right).filter(|_| is_null(left))? };
            (tested, if *op == NotEq { "write `is not null`" } else { "write `is null`" })
        }
        Expr::Between { expr, low, high, .. } if is_null(low) || is_null(high) => (expr, "leave out the bound that is none"),
        Expr::InList { expr, list, negated: true } if list.iter().any(is_null) => (expr, "take NULL out of the list"),
        Expr::Case { operand: Some(operand), conditions, .. } if conditions.iter().any(|when| is_null(&when.condition)) => {
            (operand, "write `case when ... is null`")
        }
        _ => return None,
    };
    Some((tested, format!("{} is compared with NULL, which is true for no row: {instead}", quote(tested))))
}

fn is_null(expr: &Expr) -> bool {
    let expr = match walk::bare(expr) {
        Expr::Cast { expr, .. } => walk::bare(expr),
        expr => expr,
    };
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

fn id_of(context: &Context<'_, '_>, query: &Query) -> Option<QueryId> {
    context.scopes.queries().find(|(_, scope)| std::ptr::eq(scope.query, query)).map(|(id, _)| id)
}

/// Whether a value can be NULL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nullable {
    No,
    Unknown,
    Yes,
}

/// Whether the column of a query at that position can be NULL.
fn nullable(context: &Context<'_, '_>, query: QueryId, position: usize, depth: usize) -> Nullable {
    let arms = &context.scopes.query(query).arms;
    let of_arm = |body| match body {
        Body::Select(id) => {
            let scope = context.scopes.select(id);
            match scope.output.columns.get(position).map(|column| column.origin) {
                Some(Origin::Expr(id, expr)) if !scope.output.open => of_expr(context, id, expr, depth),
                _ => Nullable::Unknown,
            }
        }
        Body::Query(query) => nullable(context, query, position, depth),
        Body::Other(_) => Nullable::Unknown,
    };
    arms.iter().map(|arm| of_arm(arm.body)).max().unwrap_or(Nullable::Unknown)
}

fn of_expr<'a>(context: &Context<'_, 'a>, id: ScopeId, expr: &'a Expr, depth: usize) -> Nullable {
    if depth == 0 {
        return Nullable::Unknown;
    }
    let of = |expr: &'a Expr| of_expr(context, id, expr, depth - 1);
    match walk::bare(expr) {
        Expr::Value(value) if value.value == Value::Null => Nullable::Yes,
        Expr::Value(_) | Expr::TypedString(_) => Nullable::No,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => of_column(context, id, walk::bare(expr), depth - 1),
        Expr::Cast { expr, kind: CastKind::Cast | CastKind::DoubleColon, .. } | Expr::UnaryOp { expr, .. } => of(expr),
        Expr::Case { else_result: None, .. } => Nullable::Yes,
        Expr::Case { conditions, else_result: Some(other), .. } => {
            conditions.iter().map(|when| of(&when.result)).chain([of(other)]).max().unwrap_or(Nullable::Unknown)
        }
        Expr::Function(_) => {
            let (name, arguments) = call(expr).unwrap_or_default();
            match name.as_str() {
                "count" | "countif" | "count_if" | "row_number" | "rank" | "dense_rank" | "generate_uuid" | "struct" => Nullable::No,
                "coalesce" | "ifnull" | "nvl" => arguments.into_iter().map(of).min().unwrap_or(Nullable::Unknown),
                "nullif" => Nullable::Yes,
                "lower" | "upper" | "trim" | "date" | "abs" | "round" => arguments.first().map_or(Nullable::Unknown, |first| of(first)),
                _ => Nullable::Unknown,
            }
        }
        _ => Nullable::Unknown,
    }
}

fn of_column<'a>(context: &Context<'_, 'a>, id: ScopeId, expr: &'a Expr, depth: usize) -> Nullable {
    let Some((candidate, column)) = context.likely_column(id, Clause::Select, expr) else { return Nullable::Unknown };
    let certain = context.column(id, Clause::Select, expr).is_some();
    let scope = context.scopes.select(id);
    let needed = (candidate.relation, column.value.to_lowercase());
    let required = scope.conditions.iter().filter(|condition| keeps_only(scope, condition.clause)).any(|condition| {
        let rejected = rejects(context, id, condition.clause, condition.expr, Sure::Likely);
        rejected.iter().any(|(relation, name)| (*relation, name.to_lowercase()) == needed)
    });
    if required {
        return Nullable::No;
    }
    let relation = context.relation(candidate);
    if relation.optional {
        return if certain { Nullable::Yes } else { Nullable::Unknown };
    }
    match (&relation.source, relation.query()) {
        (Source::Table(path), _) if context.facts.is_not_null(path, &column.value) => Nullable::No,
        (_, Some(query)) => {
            let output = &context.scopes.query(query).output;
            let position = output.columns.iter().position(|own| own.is(&column.value)).filter(|_| !output.open);
            position.map_or(Nullable::Unknown, |position| nullable(context, query, position, depth))
        }
        _ => Nullable::Unknown,
    }
}

/// Whether a condition of that clause removes rows from the result.
fn keeps_only(scope: &Scope<'_>, clause: Clause) -> bool {
    match clause {
        Clause::Where | Clause::Qualify => true,
        Clause::On(first) => matches!(scope.relations[first].join.kind, JoinKind::Inner | JoinKind::Cross),
        _ => false,
    }
}

pub(super) fn outer_join_undone(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects().filter(|(_, scope)| !scope.opaque) {
        let mut told = Vec::new();
        for condition in scope.conditions.iter().filter(|condition| keeps_only(scope, condition.clause)) {
            for (index, _) in rejects(context, id, condition.clause, condition.expr, Sure::Certain) {
                let relation = &scope.relations[index];
                // A later inner join can only undo the joins before it.
                let before = !matches!(condition.clause, Clause::On(first) if first <= index);
                if relation.optional && before && !told.contains(&index) {
                    told.push(index);
                    findings.push(undone(scope, index, condition.clause, condition.expr));
                }
            }
        }
    }
}

fn undone(scope: &Scope<'_>, index: usize, clause: Clause, expr: &Expr) -> Finding {
    let relation = &scope.relations[index];
    let name = relation.name.unwrap_or("a subquery");
    let at = walk::place(expr).or_else(|| place_of(relation)).or_else(|| super::start(scope));
    let explicit = matches!(walk::bare(expr), Expr::IsNotNull(_));
    let remedy = if explicit || matches!(clause, Clause::On(_)) {
        "write an inner join if that is meant"
    } else {
        "move it into the `on`, or write an inner join"
    };
    let message = format!("{} removes the rows that the outer join keeps where `{name}` has no match: {remedy}", quote(expr));
    // Saying it outright, or unnesting, is more often meant so.
    let meant = explicit || matches!(relation.source, Source::Unnest | Source::Function) || clause != Clause::Where;
    if meant { warn(Rule::OuterJoinUndone, at, message) } else { error(Rule::OuterJoinUndone, at, message) }
}
