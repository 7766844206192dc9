//! Which relations a condition keeps NULL rows of, and which it does not: three-valued logic over the tree.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, CastKind, Expr, UnaryOperator};

use super::{Context, called};
use crate::lint::scope::{Clause, ScopeId};
use crate::lint::walk;

/// Relations by position, with the columns that are seen to be needed.
pub(super) type Needed<'a> = BTreeSet<(usize, &'a str)>;

/// How sure it must be what a name means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sure {
    /// There is no other way to read it.
    Certain,
    /// It means this, if the relation has the column.
    Likely,
}

/// The columns of the scope's own relations that must not be NULL for the condition to be true.
pub(super) fn rejects<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, expr: &'a Expr, sure: Sure) -> Needed<'a> {
    let conjuncts = walk::conjuncts(expr);
    if conjuncts.len() > 1 {
        return conjuncts.into_iter().flat_map(|part| rejects(context, id, clause, part, sure)).collect();
    }
    let disjuncts = walk::disjuncts(expr);
    if disjuncts.len() > 1 {
        let sets = disjuncts.into_iter().map(|part| rejects(context, id, clause, part, sure));
        return sets.reduce(|all, other| &all & &other).unwrap_or_default();
    }
    let strict = |expr: &'a Expr| needs(context, id, clause, expr, sure);
    match walk::bare(expr) {
        Expr::BinaryOp { left, op, right } if is_strict(op) => &strict(left) | &strict(right),
        Expr::Between { expr, negated: false, low, high } => [expr, low, high].into_iter().flat_map(|expr| strict(expr)).collect(),
        Expr::Between { expr, .. }
        | Expr::InList { expr, .. }
        | Expr::InUnnest { expr, negated: false, .. }
        | Expr::InSubquery { expr, negated: false, .. }
        | Expr::IsNotNull(expr)
        | Expr::IsTrue(expr)
        | Expr::IsFalse(expr) => strict(expr),
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => &strict(expr) | &strict(pattern),
        // NOT turns true and false around and leaves NULL.
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match walk::bare(expr) {
            Expr::BinaryOp { left, op, right } if is_strict(op) => &strict(left) | &strict(right),
            Expr::Like { .. } | Expr::ILike { .. } | Expr::InList { .. } => rejects(context, id, clause, expr, sure),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => strict(expr),
            Expr::IsNull(expr) => strict(expr),
            _ => Needed::new(),
        },
        expr @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => strict(expr),
        _ => Needed::new(),
    }
}

/// The columns whose NULL makes an expression NULL.
fn needs<'a>(context: &Context<'_, 'a>, id: ScopeId, clause: Clause, expr: &'a Expr, sure: Sure) -> Needed<'a> {
    let mut needed = Needed::new();
    let mut waiting = vec![expr];
    while let Some(expr) = waiting.pop() {
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                let column = match sure {
                    Sure::Certain => context.column(id, clause, expr),
                    Sure::Likely => context.likely_column(id, clause, expr),
                };
                if let Some((found, name)) = column.filter(|(found, _)| found.scope == id) {
                    needed.insert((found.relation, name.value.as_str()));
                }
            }
            Expr::Nested(expr)
            | Expr::UnaryOp { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Floor { expr, .. }
            | Expr::Ceil { expr, .. }
            | Expr::Collate { expr, .. }
            | Expr::AtTimeZone { timestamp: expr, .. }
            | Expr::Cast { expr, kind: CastKind::Cast | CastKind::DoubleColon, .. } => waiting.push(expr),
            Expr::BinaryOp { left, op, right } if is_strict(op) || is_arithmetic(op) => waiting.extend([left.as_ref(), right]),
            Expr::Function(function) if function.over.is_none() && is_strict_function(&called(function)) => {
                waiting.extend(walk::arguments(function));
            }
            _ => {}
        }
    }
    needed
}

const fn is_strict(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

const fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide | Modulo)
}

/// Functions that are NULL wherever an argument is.
fn is_strict_function(name: &str) -> bool {
    const STRICT: &str = "
        abs round floor ceil ceiling trunc sqrt mod lower upper trim ltrim rtrim length char_length date datetime timestamp date_trunc
        timestamp_trunc datetime_trunc date_add date_sub date_diff datediff timestamp_add timestamp_sub timestamp_diff format_date
        year month day hour";
    STRICT.split_whitespace().any(|strict| strict == name)
}
