//! GG002: a column is compared with itself, mostly because a name binds inside although the outer one was meant.

use sqlparser::ast::{BinaryOperator, Expr, Ident, JoinConstraint};

use super::{Context, error, quote};
use crate::lint::scope::{Body, Clause, Reference, Role, Scope, ScopeId};
use crate::lint::walk::{self, Usage};
use crate::model::lint::{Finding, Rule};

pub(super) fn compared_with_itself(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    context.each_expr(|id, scope, clause, expr| {
        let (left, right) = match expr {
            Expr::BinaryOp { left, op, right } if is_comparison(op) => (left, right),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => (left, right),
            _ => return,
        };
        if let Some(inside) = is_same(context, id, scope, clause, left, right) {
            let why = match inside {
                Some(name) => format!("`{}` binds to `{}` of the subquery itself, not to the query around it: qualify it", name.1, name.0),
                None => "both sides are the same column".to_owned(),
            };
            findings.push(error(
                Rule::ComparedWithItself,
                walk::place(expr),
                format!("{} compares a column with itself: {why}", quote(expr)),
            ));
        }
    });
    outer_column_returned(context, findings);
}

/// Whether both sides are one column; with the relation and the name that binds to it although it stands in a subquery.
fn is_same<'a>(
    context: &Context<'_, 'a>,
    id: ScopeId,
    scope: &Scope<'a>,
    clause: Clause,
    left: &'a Expr,
    right: &'a Expr,
) -> Option<Option<(&'a str, &'a str)>> {
    let (left, right) = (walk::bare(left), walk::bare(right));
    let (Some(left_name), Some(right_name)) = (context.scopes.name_of(left), context.scopes.name_of(right)) else {
        return is_repeated(context, left, right).then_some(None);
    };
    let (long, short) = if left_name.len() >= right_name.len() { (left_name, right_name) } else { (right_name, left_name) };
    if !long.last()?.value.eq_ignore_ascii_case(&short.last()?.value) || has_using(scope) {
        return None;
    }
    if long.len() == short.len() {
        let equal = long.iter().zip(short).all(|(one, other)| one.value.eq_ignore_ascii_case(&other.value));
        return equal.then_some(None);
    }
    let [name] = short else { return None };
    binds_to(context, id, clause, long, name).map(|relation| scope.outer.map(|_| (relation, name.value.as_str())))
}

/// The relation of a qualified name, if the name alone means the same: the relation has that column, so it comes first.
fn binds_to<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, qualified: &'a [Ident], name: &'a Ident) -> Option<&'a str> {
    let whole = context.scopes.resolve(id, Reference { clause, parts: qualified });
    let own = whole.certain().filter(|own| own.scope == id)?;
    let is_column = whole.column.is_some_and(|column| column.value.eq_ignore_ascii_case(&name.value));
    let alone = context.scopes.resolve(id, Reference { clause, parts: std::slice::from_ref(name) });
    let elsewhere = alone.candidates.iter().any(|other| other.known && (other.scope, other.relation) != (own.scope, own.relation));
    let here = alone.candidates.iter().any(|other| (other.scope, other.relation) == (own.scope, own.relation));
    (is_column && here && !elsewhere && alone.output.is_none()).then(|| context.relation(own).name).flatten()
}

/// `lower(x) = lower(x)`: the same expression of at least one column twice, with nothing in it that varies.
fn is_repeated<'a>(context: &Context<'_, 'a>, left: &'a Expr, right: &'a Expr) -> bool {
    let (mut size, mut varies) = (0, false);
    walk::each(left, |expr| {
        size += 1;
        varies |= matches!(expr, Expr::Function(function) if ["rand", "random", "generate_uuid", "uuid", "now"].contains(&super::called(function).as_str()));
    });
    // Comparing trees recurses without protection.
    size < 40 && !varies && !context.scopes.names_in(left).is_empty() && walk::subqueries(left).is_empty() && left == right
}

fn has_using(scope: &Scope<'_>) -> bool {
    scope.relations.iter().any(|relation| matches!(relation.join.constraint, Some(JoinConstraint::Using(_) | JoinConstraint::Natural)))
}

const fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq, Spaceship};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | Spaceship)
}

/// `x in (select x from t)` where `t` has no such column: the subquery returns the row's own value.
fn outer_column_returned(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (_, query) in context.scopes.queries().filter(|(_, query)| query.role == Role::Expression(Usage::In)) {
        for arm in &query.arms {
            let Body::Select(id) = arm.body else { continue };
            let scope = context.scopes.select(id);
            let [only] = &scope.output.columns[..] else { continue };
            let crate::lint::scope::Origin::Expr(_, expr) = only.origin else { continue };
            let outer = context.column(id, Clause::Select, expr).filter(|(candidate, _)| candidate.scope != id);
            if let Some((candidate, name)) = outer.filter(|_| !scope.relations.is_empty() && !scope.output.open) {
                let from = context.relation(candidate).name.unwrap_or("the query around it");
                let message = format!(
                    "`{}` is no column of what this subquery reads, so it is that of `{from}`, and the row is compared with itself",
                    name.value
                );
                findings.push(error(Rule::ComparedWithItself, walk::place(expr), message));
            }
        }
    }
}
