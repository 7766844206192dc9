//! GG001: a table is read without a bound on its date column.

use sqlparser::ast::{BinaryOperator, Expr, GroupByExpr, SelectItem};

use super::{Context, error, place_of, warn};
use crate::lint::scope::{Body, Clause, JoinKind, Origin, QueryId, Reference, Role, Scope, ScopeId};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule};
use crate::model::sql::Dialect;

/// The columns by which BigQuery bounds a table besides its own.
const PSEUDO: [&str; 3] = ["_partitiontime", "_partitiondate", "_table_suffix"];

/// How well a condition bounds a column, from not at all to what prunes partitions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    None,
    /// By something that is only known when the statement runs.
    Late,
    /// Through an expression of the column.
    Wrapped,
    Sound,
}

pub(super) fn unbounded_scan(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects() {
        for (index, relation) in scope.relations.iter().enumerate() {
            let Some(path) = relation.table() else { continue };
            let Some(column) = context.facts.partition_of(path) else { continue };
            let bound = bound_of(context, id, index, column, 8);
            let name = relation.name.unwrap_or_default();
            let (at, rule) = (place_of(relation), Rule::UnboundedScan);
            let prunes_by_constants = context.dialect() == Dialect::BigQuery;
            findings.extend(match bound {
                Bound::None => Some(error(
                    rule,
                    at,
                    format!(
                        "`{path}` is read without a bound on its date column: add a condition on `{name}.{column}` in the scope that reads it"
                    ),
                )),
                Bound::Late if prunes_by_constants => Some(warn(
                    rule,
                    at,
                    format!(
                        "the bound of `{name}.{column}` comes from another query, so every partition of `{path}` is read: use a constant or a parameter"
                    ),
                )),
                Bound::Wrapped if prunes_by_constants => Some(warn(
                    rule,
                    at,
                    format!("`{name}.{column}` is bounded inside an expression, so every partition of `{path}` is read: compare the column itself"),
                )),
                _ => None,
            });
        }
    }
}

/// The best bound of a column of a relation, in its scope or in every scope that reads its rows.
fn bound_of(context: &Context<'_, '_>, id: ScopeId, relation: usize, column: &str, depth: usize) -> Bound {
    let scope = context.scopes.select(id);
    let own = scope.conditions.iter().filter(|condition| applies(scope, condition.clause, relation));
    let subject = Subject { context, id, relation, column };
    let best = own.map(|condition| subject.bound(condition.clause, condition.expr)).max().unwrap_or(Bound::None);
    if best > Bound::None || depth == 0 {
        return best;
    }
    let readers = handed_on(context, id, relation, column).map_or_else(Vec::new, |(query, name)| {
        readers(context, query).into_iter().map(|(reader, index)| bound_of(context, reader, index, &name, depth - 1)).collect()
    });
    readers.into_iter().min().unwrap_or(Bound::None)
}

/// Whether a condition of that clause removes rows of the relation before they are read.
fn applies(scope: &Scope<'_>, clause: Clause, relation: usize) -> bool {
    let Clause::On(first) = clause else { return clause == Clause::Where };
    let join = scope.relations[first].join;
    match join.kind {
        JoinKind::Inner | JoinKind::Cross | JoinKind::Semi => relation >= join.since,
        JoinKind::Left | JoinKind::Anti => relation >= first,
        JoinKind::Right => (join.since..first).contains(&relation),
        JoinKind::First | JoinKind::Full | JoinKind::Other => false,
    }
}

/// The name by which a query hands on a column of a relation, if a condition on it can be moved inside.
fn handed_on(context: &Context<'_, '_>, id: ScopeId, relation: usize, column: &str) -> Option<(QueryId, String)> {
    let scope = context.scopes.select(id);
    let mut query = scope.query;
    if is_cut(context, query) || has_windows(scope) || (super::is_grouped(scope) && !groups_by(context, id, relation, column)) {
        return None;
    }
    let is_it = |expr| {
        context
            .column(id, Clause::Select, expr)
            .is_some_and(|(found, name)| found.relation == relation && name.value.eq_ignore_ascii_case(column))
    };
    let position = scope.output.columns.iter().position(|output| match output.origin {
        Origin::Expr(_, expr) => is_it(expr),
        Origin::Star(_, index) => index == relation && output.is(column),
        Origin::Unknown => false,
    });
    let star = || scope.select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
    if position.is_none() && !(scope.output.open && star()) {
        return None;
    }
    // Operands of a union are read under the names of the first.
    while context.scopes.query(query).role == Role::Operand {
        query = context
            .scopes
            .queries()
            .find(|(_, outer)| outer.arms.iter().any(|arm| matches!(arm.body, Body::Query(inner) if inner == query)))?
            .0;
        if is_cut(context, query) {
            return None;
        }
    }
    let names = &context.scopes.query(query).output.columns;
    let name = position.and_then(|position| names.get(position)?.name.as_deref()).unwrap_or(column);
    Some((query, name.to_owned()))
}

fn is_cut(context: &Context<'_, '_>, query: QueryId) -> bool {
    let query = context.scopes.query(query);
    query.piped || query.query.limit_clause.is_some() || query.query.fetch.is_some()
}

fn has_windows(scope: &Scope<'_>) -> bool {
    let mut found = false;
    for (_, root) in &scope.expressions {
        walk::each(root, |expr| found |= matches!(expr, Expr::Function(function) if function.over.is_some()));
    }
    found
}

fn groups_by(context: &Context<'_, '_>, id: ScopeId, relation: usize, column: &str) -> bool {
    let scope = context.scopes.select(id);
    let GroupByExpr::Expressions(exprs, _) = &scope.select.group_by else { return true };
    exprs.iter().any(|expr| match walk::bare(expr) {
        // `group by 1`.
        Expr::Value(_) => true,
        expr => context
            .column(id, Clause::Select, expr)
            .is_some_and(|(found, name)| found.relation == relation && name.value.eq_ignore_ascii_case(column)),
    })
}

/// Every relation that is this query.
fn readers(context: &Context<'_, '_>, query: QueryId) -> Vec<(ScopeId, usize)> {
    let mut found = Vec::new();
    for (id, scope) in context.scopes.selects() {
        let own = scope.relations.iter().enumerate().filter(|(_, relation)| relation.query() == Some(query));
        found.extend(own.map(|(index, _)| (id, index)));
    }
    found
}

struct Subject<'c, 's, 'a> {
    context: &'c Context<'s, 'a>,
    id: ScopeId,
    relation: usize,
    column: &'c str,
}

impl<'a> Subject<'_, '_, 'a> {
    fn bound(&self, clause: Clause, expr: &'a Expr) -> Bound {
        let conjuncts = walk::conjuncts(expr);
        if conjuncts.len() > 1 {
            return conjuncts.into_iter().map(|part| self.bound(clause, part)).max().unwrap_or(Bound::None);
        }
        // One way around the bound is a way around it.
        let disjuncts = walk::disjuncts(expr);
        if disjuncts.len() > 1 {
            return disjuncts.into_iter().map(|part| self.bound(clause, part)).min().unwrap_or(Bound::None);
        }
        match walk::bare(expr) {
            Expr::BinaryOp { left, op, right } if is_comparison(op) => {
                self.pair(clause, left, [right.as_ref()]).max(self.pair(clause, right, [left.as_ref()]))
            }
            Expr::Between { expr, negated: false, low, high } => {
                let whole = self.pair(clause, expr, [low.as_ref()]).max(self.pair(clause, expr, [high.as_ref()]));
                whole.max(self.pair(clause, low, [expr.as_ref()])).max(self.pair(clause, high, [expr.as_ref()]))
            }
            Expr::InList { expr, list, negated: false } => self.pair(clause, expr, list),
            Expr::InUnnest { expr, array_expr, negated: false } => self.pair(clause, expr, [array_expr.as_ref()]),
            Expr::InSubquery { expr, negated: false, .. } => self.touches(clause, expr).min(Bound::Late),
            Expr::Like { expr, pattern, negated: false, .. } => self.pair(clause, expr, [pattern.as_ref()]),
            Expr::Function(function) if super::called(function) == "starts_with" => {
                let mut arguments = walk::arguments(function);
                arguments.next().map_or(Bound::None, |first| self.pair(clause, first, arguments))
            }
            Expr::IsNull(expr) => self.touches(clause, expr),
            _ => Bound::None,
        }
    }

    /// How well a comparison with these bounds the column, if `side` is it.
    fn pair(&self, clause: Clause, side: &'a Expr, others: impl IntoIterator<Item = &'a Expr>) -> Bound {
        let constant = others.into_iter().map(|other| self.constant(clause, other)).min().unwrap_or(Bound::None);
        self.touches(clause, side).min(constant)
    }

    /// Whether an expression is the column, or made of it.
    fn touches(&self, clause: Clause, expr: &'a Expr) -> Bound {
        let mut inner = walk::bare(expr);
        loop {
            inner = match inner {
                Expr::Cast { expr, .. } => walk::bare(expr),
                Expr::Function(function) if is_day_of(&super::called(function)) => match walk::arguments(function).next() {
                    Some(first) => walk::bare(first),
                    None => break,
                },
                _ => break,
            };
        }
        if self.is_column(clause, inner) {
            return Bound::Sound;
        }
        let mut made_of_it = false;
        walk::each(inner, |part| made_of_it |= self.is_column(clause, part));
        if made_of_it { Bound::Wrapped } else { Bound::None }
    }

    fn is_column(&self, clause: Clause, expr: &'a Expr) -> bool {
        let Some(resolution) = self.context.scopes.resolve_expr(self.id, clause, expr) else { return false };
        let named = resolution.column.is_some_and(|name| {
            name.value.eq_ignore_ascii_case(self.column) || PSEUDO.iter().any(|pseudo| name.value.eq_ignore_ascii_case(pseudo))
        });
        // The table is known to have it, so a name that could be of another relation would be refused as ambiguous.
        named && resolution.candidates.iter().any(|candidate| candidate.scope == self.id && candidate.relation == self.relation)
    }

    /// Whether an expression has the same value for every row, and is known before the statement runs.
    fn constant(&self, clause: Clause, expr: &'a Expr) -> Bound {
        let mut bound = Bound::Sound;
        if !walk::subqueries(expr).is_empty() {
            bound = Bound::Late;
        }
        for parts in self.context.scopes.names_in(expr) {
            let is_variable = parts.len() == 1 && self.context.facts.is_variable(&parts[0].value);
            if is_variable {
                continue;
            }
            let resolution = self.context.scopes.resolve(self.id, Reference { clause, parts });
            let constant = resolution.certain().is_some_and(|candidate| self.is_constants(candidate.scope, candidate.relation));
            match (resolution.is_unknown(), constant) {
                // A variable of the script or session.
                (true, _) => {}
                (false, true) => bound = Bound::Late.min(bound),
                (false, false) => return Bound::None,
            }
        }
        bound
    }

    /// Whether a relation is a query of written-out values, such as `(select date '2024-01-01' as first_day)`.
    fn is_constants(&self, id: ScopeId, relation: usize) -> bool {
        let scopes = self.context.scopes;
        let query = scopes.select(id).relations[relation].query();
        query.is_some_and(|query| {
            let arms = &scopes.query(query).arms;
            !arms.is_empty() && arms.iter().all(|arm| matches!(arm.body, Body::Select(scope) if scopes.select(scope).relations.is_empty()))
        })
    }
}

const fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::Eq | BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq)
}

/// Functions that keep the order of days, through which BigQuery prunes.
fn is_day_of(name: &str) -> bool {
    ["date", "datetime", "timestamp", "date_trunc", "timestamp_trunc", "datetime_trunc", "to_date"].contains(&name)
}
