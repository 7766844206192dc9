//! Comparisons of a recorded column with a written value that can never be of its type: `game_status = 'Final'` where the
//! status is a number.

use sqlparser::ast::{BinaryOperator, Expr, Query, TableFactor, UnaryOperator, Value};

use super::super::scope::{Clause, Column, Origin, QueryId, ScopeId, Scopes, Source};
use super::super::walk;
use super::{Fault, What, table};
use crate::model::schema::Schema;
use crate::model::sql::{Dialect, Place};
use crate::model::table::Kind;

/// A chain of subqueries is followed so far down to the table.
const DEPTH: usize = 32;

/// A column as its table has it.
#[derive(Clone, Copy)]
struct Typed<'s> {
    table: &'s str,
    column: &'s str,
    data_type: &'s str,
    kind: Kind,
}

/// A written value.
enum Literal<'a> {
    Text(&'a str),
    Number,
    Date,
}

/// The comparisons of one SELECT that cannot be.
pub(super) fn faults(scopes: &Scopes<'_>, id: ScopeId, schema: &Schema) -> Vec<Fault> {
    let mut found = Vec::new();
    for (clause, root) in &scopes.select(id).expressions {
        walk::each(root, |expr| {
            for (one, other) in compared(expr) {
                let column = |expr| typed(scopes, schema, id, *clause, expr, DEPTH);
                let (column, value, written) = match (column(one), literal(other), column(other), literal(one)) {
                    (Some(column), Some(value), ..) => (column, value, other),
                    (_, _, Some(column), Some(value)) => (column, value, one),
                    _ => continue,
                };
                if clashes(column, &value, schema.dialect) {
                    let at = walk::place(one).or_else(|| walk::place(other)).unwrap_or(Place { line: 0, column: 0 });
                    let Typed { table, column: name, data_type, .. } = column;
                    let message = format!("column {name} of {table} is of type {data_type}, which does not compare with {written}");
                    found.push(Fault { at, what: What::Type, name: column.column.to_owned(), message });
                }
            }
        });
    }
    found
}

/// The pairs that an expression compares.
fn compared(expr: &Expr) -> Vec<(&Expr, &Expr)> {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    match expr {
        Expr::BinaryOp { left, op: Eq | NotEq | Lt | LtEq | Gt | GtEq, right } => vec![(left, right)],
        Expr::InList { expr, list, .. } => list.iter().map(|item| (expr.as_ref(), item)).collect(),
        Expr::Between { expr, low, high, .. } => vec![(expr, low), (expr, high)],
        _ => Vec::new(),
    }
}

fn literal(expr: &Expr) -> Option<Literal<'_>> {
    match walk::bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(Literal::Text(text)),
            Value::Number(..) => Some(Literal::Number),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
            literal(expr).filter(|literal| matches!(literal, Literal::Number))
        }
        Expr::TypedString(typed) if typed.data_type.to_string().eq_ignore_ascii_case("date") => Some(Literal::Date),
        _ => None,
    }
}

/// Whether the two can in no row be compared, or fail to be. A text with a digit is left to the engine.
fn clashes(column: Typed<'_>, value: &Literal<'_>, dialect: Dialect) -> bool {
    const MOMENTS: &str = "epoch infinity -infinity now today tomorrow yesterday";
    const NUMBERS: &str = "nan infinity -infinity inf -inf";
    const TRUTHS: &str = "true false t f yes no y n on off";
    // These engines convert neither numbers to text nor text to numbers on their own.
    let strict = matches!(dialect, Dialect::BigQuery | Dialect::Postgres);
    let reads = |text: &str, words: &str| {
        let text = text.trim();
        text.contains(|c: char| c.is_ascii_digit()) || words.split_whitespace().any(|word| word.eq_ignore_ascii_case(text))
    };
    match (column.kind, value) {
        (kind, Literal::Text(text)) if kind.is_number() => dialect == Dialect::BigQuery || !reads(text, NUMBERS),
        (Kind::Date | Kind::Timestamp, Literal::Text(text)) => !reads(text, MOMENTS),
        (Kind::Bool, Literal::Text(text)) => !reads(text, TRUTHS),
        (Kind::Text, Literal::Number | Literal::Date) => strict && is_text(column.data_type),
        (kind, Literal::Date) => strict && (kind.is_number() || kind == Kind::Bool),
        _ => false,
    }
}

/// Kinds are text also where nothing better is known of a type.
fn is_text(data_type: &str) -> bool {
    let name = data_type.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
    ["string", "text", "varchar", "character varying", "char", "character"].contains(&name.as_str())
}

/// The table's column that an expression is, if it is nothing else; through subqueries that pass it on.
fn typed<'s>(scopes: &Scopes<'_>, schema: &'s Schema, id: ScopeId, clause: Clause, expr: &Expr, depth: usize) -> Option<Typed<'s>> {
    let resolution = scopes.resolve_expr(id, clause, expr)?;
    let candidate = resolution.certain().filter(|candidate| candidate.known)?;
    relation_column(scopes, schema, candidate.scope, candidate.relation, &resolution.column?.value, depth)
}

fn relation_column<'s>(
    scopes: &Scopes<'_>,
    schema: &'s Schema,
    id: ScopeId,
    relation: usize,
    name: &str,
    depth: usize,
) -> Option<Typed<'s>> {
    let relation = &scopes.select(id).relations[relation];
    if is_renamed(relation.factor) {
        return None;
    }
    match &relation.source {
        Source::Table(path) => {
            let info = table(schema, path)?;
            let (column, data_type, kind) = info.column(name).filter(|(_, data_type, _)| !data_type.is_empty())?;
            Some(Typed { table: &info.name, column, data_type, kind: *kind })
        }
        Source::Cte(query) | Source::Derived(query) => query_column(scopes, schema, *query, name, depth.checked_sub(1)?),
        _ => None,
    }
}

/// A column of a query that is one SELECT: of a union, each part could have another type.
fn query_column<'s>(scopes: &Scopes<'_>, schema: &'s Schema, id: QueryId, name: &str, depth: usize) -> Option<Typed<'s>> {
    let query = scopes.query(id);
    let Column { origin, .. } = query.output.column(name).filter(|_| query.arms.len() == 1)?;
    match *origin {
        Origin::Expr(scope, expr) => typed(scopes, schema, scope, Clause::Select, expr, depth),
        Origin::Star(scope, relation) if !has_own_names(scopes, query.query) => {
            relation_column(scopes, schema, scope, relation, name, depth)
        }
        _ => None,
    }
}

/// `from t as x (a, b)` gives the columns other names.
fn is_renamed(factor: &TableFactor) -> bool {
    let (TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. }) = factor else { return true };
    alias.as_ref().is_some_and(|alias| !alias.columns.is_empty())
}

/// `with x (a, b) as (...)` does too.
fn has_own_names(scopes: &Scopes<'_>, query: &Query) -> bool {
    let ctes = scopes.queries().flat_map(|(_, scope)| &scope.query.with).flat_map(|with| &with.cte_tables);
    ctes.into_iter().any(|cte| std::ptr::eq(cte.query.as_ref(), query) && !cte.alias.columns.is_empty())
}
