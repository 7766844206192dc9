//! GG008: an inner join loses what is missing. GG017: rows are multiplied before they are counted. GG022: a success
//! absolves a failure that came after it.

use sqlparser::ast::{BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, UnaryOperator, Value};

use super::{Context, aggregates, call, called, is_grouped, place_of, start, warn};
use crate::lint::scope::{Clause, JoinKind, Relation, Role, Scope, ScopeId, TablePath};
use crate::lint::walk::{self, Usage};
use crate::model::lint::{Finding, Rule};

const EXPECTED: [&str; 6] = ["expected", "spine", "calendar", "expected_dates", "date_spine", "all_dates"];
const HELD: [&str; 8] = ["actual", "actuals", "held", "present", "found", "existing", "loaded", "actual_dates"];

pub(super) fn inner_join_from_expected(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects().filter(|(_, scope)| !scope.opaque) {
        let Some(expected) = scope.relations.iter().position(|relation| is_expected(context, relation)) else { continue };
        for (index, relation) in scope.relations.iter().enumerate().skip(1) {
            let right = relation.join.kind == JoinKind::Inner;
            let held = if index == expected { 0 } else { index };
            let pair = right && (index == expected || expected < index) && is_held(context, &scope.relations[held]);
            let by_name = is_called(&scope.relations[expected], &EXPECTED) && is_called(&scope.relations[held], &HELD);
            if pair && (by_name || counts_per_key(context, id, scope, expected)) {
                let name = |index: usize| scope.relations[index].name.unwrap_or("it");
                let message = format!(
                    "an inner join of `{}` and `{}` drops what is expected and not there, which is what should be found: start from `{0}` and write a left join",
                    name(expected),
                    name(held)
                );
                findings.push(warn(Rule::InnerJoinFromExpected, place_of(relation).or_else(|| start(scope)), message));
            }
        }
    }
}

fn is_called(relation: &Relation<'_>, names: &[&str]) -> bool {
    relation.name.is_some_and(|own| names.iter().any(|name| own.eq_ignore_ascii_case(name)))
}

fn is_expected(context: &Context<'_, '_>, relation: &Relation<'_>) -> bool {
    let declared = relation.table().is_some_and(|path| context.facts.expected.iter().any(|table| path.is(table)));
    declared || (relation.query().is_some() && is_called(relation, &EXPECTED))
}

fn is_held(context: &Context<'_, '_>, relation: &Relation<'_>) -> bool {
    let declared = relation.table().is_some_and(|path| {
        let is = |tables: &[String]| tables.iter().any(|table| path.is(table));
        is(&context.facts.held) && !is(&context.facts.expected)
    });
    declared || is_called(relation, &HELD)
}

/// Whether rows are counted per key of the relation, so that a key without rows would be a zero that nobody sees.
fn counts_per_key<'a>(context: &Context<'_, 'a>, id: ScopeId, scope: &Scope<'a>, expected: usize) -> bool {
    let GroupByExpr::Expressions(exprs, _) = &scope.select.group_by else { return false };
    let by_key = exprs
        .iter()
        .any(|expr| context.column(id, Clause::GroupBy, expr).is_some_and(|(found, _)| found.scope == id && found.relation == expected));
    let counted = |(_, expr): &(Clause, &'a Expr)| aggregates(expr).into_iter().any(|function| called(function).starts_with("count"));
    by_key && scope.expressions.iter().any(counted)
}

pub(super) fn fan_out(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects().filter(|(_, scope)| !scope.opaque && is_grouped(scope)) {
        let mut summed: Vec<usize> = Vec::new();
        for (clause, expr) in &scope.expressions {
            for function in aggregates(expr).into_iter().filter(|function| adds_up(function)) {
                let Some(relation) = only_relation(context, id, *clause, function) else { continue };
                if !summed.contains(&relation) {
                    summed.push(relation);
                }
            }
        }
        summed.sort_unstable();
        let pairs = summed.iter().flat_map(|one| summed.iter().map(move |other| (*one, *other))).filter(|(one, other)| one < other);
        for (one, other) in pairs {
            if multiplies(context, id, scope, one, other) {
                let name = |index: usize| scope.relations[index].name.unwrap_or("it");
                let message = format!(
                    "every row of `{}` meets every row of `{}` with the same key, so both counts are multiplied: count each in a query of its own, then join",
                    name(one),
                    name(other)
                );
                findings.push(warn(Rule::FanOut, place_of(&scope.relations[other]).or_else(|| start(scope)), message));
                break;
            }
        }
    }
}

/// Whether a row that occurs twice changes the result.
fn adds_up(function: &Function) -> bool {
    let distinct =
        matches!(&function.args, FunctionArguments::List(list) if list.duplicate_treatment == Some(DuplicateTreatment::Distinct));
    !distinct && ["count", "countif", "count_if", "sum", "avg"].contains(&called(function).as_str())
}

/// The relation of all columns in an aggregate, if it is one of the scope's own.
fn only_relation<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, function: &'a Function) -> Option<usize> {
    let mut relations = Vec::new();
    for argument in walk::arguments(function) {
        for parts in context.scopes.names_in(argument) {
            let resolution = context.scopes.resolve(id, crate::lint::scope::Reference { clause, parts });
            relations.push(resolution.certain().filter(|found| found.scope == id)?.relation);
        }
    }
    relations.dedup();
    if let [only] = relations[..] { Some(only) } else { None }
}

fn multiplies(context: &Context<'_, '_>, id: ScopeId, scope: &Scope<'_>, one: usize, other: usize) -> bool {
    let joined = |index: usize| matches!(scope.relations[index].join.kind, JoinKind::Inner | JoinKind::Left);
    if is_unique(context, id, scope, one) || is_unique(context, id, scope, other) || !joined(other) {
        return false;
    }
    let (first, second) = (&scope.relations[one], &scope.relations[other]);
    let same_table = first.table().zip(second.table()).is_some_and(|(one, other)| one.parts == other.parts);
    let partners = |index: usize| equalities(context, id, scope, index).into_iter().map(|(_, partner)| partner).collect::<Vec<_>>();
    let apart = !partners(other).contains(&one);
    let base = partners(one).into_iter().find(|partner| partners(other).contains(partner));
    // Two tables beside each other below a third, or one table against itself.
    (joined(one) && apart && base.is_some() && !is_array(first) && !is_array(second)) || (same_table && !apart)
}

fn is_array(relation: &Relation<'_>) -> bool {
    matches!(relation.source, crate::lint::scope::Source::Unnest | crate::lint::scope::Source::Function)
}

/// The columns of a relation that are equal to one of another, and that other.
fn equalities<'a>(context: &Context<'_, 'a>, id: ScopeId, scope: &Scope<'a>, relation: usize) -> Vec<(&'a str, usize)> {
    let mut found = Vec::new();
    for condition in &scope.conditions {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = walk::bare(condition.expr) else { continue };
        let column = |expr| context.column(id, condition.clause, expr).filter(|(found, _)| found.scope == id);
        let (Some((one, one_name)), Some((other, other_name))) = (column(left), column(right)) else { continue };
        if one.relation == relation && other.relation != relation {
            found.push((one_name.value.as_str(), other.relation));
        } else if other.relation == relation && one.relation != relation {
            found.push((other_name.value.as_str(), one.relation));
        }
    }
    found
}

/// Whether each key by which a relation is joined has one row at most.
fn is_unique(context: &Context<'_, '_>, id: ScopeId, scope: &Scope<'_>, relation: usize) -> bool {
    let columns: Vec<&str> = equalities(context, id, scope, relation).into_iter().map(|(column, _)| column).collect();
    let own = &scope.relations[relation];
    if let Some(path) = own.table() {
        return context.facts.is_unique(path, &columns);
    }
    // Folded or distinct queries are taken as unique by what they are joined on.
    own.query().is_some_and(|query| {
        let arms = context.scopes.arms_of(query);
        arms.into_iter().any(|arm| {
            let inner = context.scopes.select(arm);
            is_grouped(inner) || inner.select.distinct.is_some() || inner.select.qualify.is_some() || !reads_one_table(inner)
        })
    })
}

fn reads_one_table(scope: &Scope<'_>) -> bool {
    matches!(&scope.relations[..], [only] if only.table().is_some())
}

pub(super) fn success_absolves(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (id, scope) in context.scopes.selects() {
        for (inner, at) in absent(context, id, scope) {
            for (index, relation) in scope.relations.iter().enumerate() {
                let Some(own) = outcome(context, id, index) else { continue };
                let Some(other) = inner.clone().filter(|other| other.is_opposite(&own)) else { continue };
                let message = format!(
                    "a `{}` row with {} = '{}' at any time hides the '{}' of `{}`, also one that came later: let the latest attempt decide",
                    other.table,
                    other.column,
                    other.label,
                    own.label,
                    relation.name.unwrap_or("it")
                );
                findings.push(warn(Rule::SuccessAbsolves, at.or_else(|| start(scope)), message));
            }
        }
    }
}

/// A relation that is read for one outcome only.
#[derive(Clone, Debug)]
struct Outcome {
    table: String,
    column: String,
    label: String,
}

impl Outcome {
    fn is_opposite(&self, failed: &Self) -> bool {
        self.table == failed.table
            && self.column == failed.column
            && self.label != failed.label
            && is_success(&self.label)
            && !is_success(&failed.label)
    }
}

fn is_success(label: &str) -> bool {
    ["success", "succeeded", "ok", "done", "complete", "completed", "passed"].contains(&label.to_lowercase().as_str())
}

type Place = Option<crate::model::sql::Place>;

/// What a scope's rows must have no match in, by NOT EXISTS, NOT IN or an outer join, where no time is compared.
fn absent<'a>(context: &Context<'_, 'a>, id: ScopeId, scope: &Scope<'a>) -> Vec<(Option<Outcome>, Place)> {
    let mut found = Vec::new();
    for condition in &scope.conditions {
        let subquery = match walk::bare(condition.expr) {
            Expr::InSubquery { subquery, negated: true, .. } | Expr::Exists { subquery, negated: true } => subquery,
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => match walk::bare(expr) {
                Expr::InSubquery { subquery, negated: false, .. } | Expr::Exists { subquery, negated: false } => subquery,
                _ => continue,
            },
            Expr::IsNull(expr) => {
                let optional = context
                    .column(id, condition.clause, expr)
                    .filter(|(found, _)| found.scope == id && scope.relations[found.relation].optional);
                if let Some((candidate, _)) = optional.filter(|_| !compares_order(scope)) {
                    found.push((outcome(context, id, candidate.relation), walk::place(condition.expr)));
                }
                continue;
            }
            _ => continue,
        };
        let inner = context.scopes.queries().find(|(_, query)| std::ptr::eq(query.query, subquery.as_ref()));
        let Some((query, _)) = inner.filter(|(_, query)| matches!(query.role, Role::Expression(Usage::In | Usage::Exists))) else {
            continue;
        };
        if let [only] = context.scopes.arms_of(query)[..]
            && !compares_order(context.scopes.select(only))
        {
            found.push((outcome(context, only, 0), walk::place(condition.expr).or_else(|| start(context.scopes.select(only)))));
        }
    }
    found
}

/// Whether the scope looks at what came first: by comparison, by an extreme, or by numbering rows.
fn compares_order(scope: &Scope<'_>) -> bool {
    let mut found = false;
    for (_, root) in &scope.expressions {
        walk::each(root, |expr| {
            found |= matches!(
                expr,
                Expr::BinaryOp { op: BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq, .. }
            ) || matches!(expr, Expr::Function(function) if function.over.is_some())
                || call(expr).is_some_and(|(name, _)| ["max", "min", "max_by", "min_by", "arg_max", "array_agg"].contains(&name.as_str()));
        });
    }
    found
}

/// The one outcome that a relation is read for: `status = 'success'` in its scope, or inside the query that it is.
fn outcome(context: &Context<'_, '_>, id: ScopeId, relation: usize) -> Option<Outcome> {
    let scope = context.scopes.select(id);
    let own = scope.relations.get(relation)?;
    if let Some(query) = own.query() {
        let [only] = context.scopes.arms_of(query)[..] else { return None };
        let inner = context.scopes.select(only);
        return if reads_one_table(inner) && !compares_order(inner) { outcome(context, only, 0) } else { None };
    }
    let path: &TablePath<'_> = own.table()?;
    scope.conditions.iter().find_map(|condition| {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = walk::bare(condition.expr) else { return None };
        let (found, column) = context.column(id, condition.clause, left)?;
        let Expr::Value(value) = walk::bare(right) else { return None };
        let (Value::SingleQuotedString(label) | Value::DoubleQuotedString(label)) = &value.value else { return None };
        let is_status = ["status", "state", "outcome", "result"].iter().any(|word| column.value.to_lowercase().contains(word));
        let own = found.scope == id && found.relation == relation && is_status;
        own.then(|| Outcome { table: path.to_string(), column: column.value.to_lowercase(), label: label.clone() })
    })
}
