//! GG016: several questions in one result, told apart by a label.

use sqlparser::ast::{Expr, SetOperator, Value};

use super::{Context, has_aggregates, is_grouped, start, warn};
use crate::lint::scope::{Body, Origin, Scope};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule};

pub(super) fn several_questions(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for (_, query) in context.scopes.queries() {
        let unions = query.arms.iter().skip(1).all(|arm| matches!(arm.operator, Some((SetOperator::Union, _))));
        let select = |body| if let Body::Select(id) = body { Some(context.scopes.select(id)) } else { None };
        let Some(arms) = query.arms.iter().map(|arm| select(arm.body)).collect::<Option<Vec<_>>>() else { continue };
        // Rows that are written out are no answers.
        if !unions || arms.len() < 2 || arms.iter().any(|arm| arm.relations.is_empty()) {
            continue;
        }
        let width = arms.iter().map(|arm| arm.output.columns.len()).min().unwrap_or(0);
        let Some(label) = (0..width).find(|position| is_label(&arms, *position)) else { continue };
        let kinds = arms.iter().map(|arm| kind(arm)).collect::<Vec<_>>();
        let differ = kinds.iter().any(|kind| *kind != kinds[0]);
        if differ && (0..width).any(|position| position != label && is_padded(&arms, position)) {
            let labels: Vec<&str> = arms.iter().filter_map(|arm| literal(arm, label)).collect();
            let message = format!(
                "{} questions in one result ('{}'): rows of different kinds cannot be judged by one rule; make a query of each",
                arms.len(),
                labels.join("', '")
            );
            findings.push(warn(Rule::SeveralQuestions, start(arms[0]), message));
        }
    }
}

/// Whether each operand writes another text there.
fn is_label(arms: &[&Scope<'_>], position: usize) -> bool {
    let mut labels: Vec<&str> = arms.iter().filter_map(|arm| literal(arm, position)).collect();
    labels.sort_unstable();
    labels.dedup();
    labels.len() == arms.len()
}

fn literal<'a>(arm: &Scope<'a>, position: usize) -> Option<&'a str> {
    match expr(arm, position)? {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn expr<'a>(arm: &Scope<'a>, position: usize) -> Option<&'a Expr> {
    match arm.output.columns.get(position)?.origin {
        Origin::Expr(_, expr) => Some(walk::bare(expr)),
        _ => None,
    }
}

/// Whether some operands fill a column that others leave empty.
fn is_padded(arms: &[&Scope<'_>], position: usize) -> bool {
    let empty = |arm: &&Scope<'_>| {
        let mut inner = expr(arm, position);
        while let Some(Expr::Cast { expr, .. }) = inner {
            inner = Some(walk::bare(expr));
        }
        matches!(inner, Some(Expr::Value(value)) if matches!(&value.value, Value::Null) || matches!(&value.value, Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) if text.is_empty()))
    };
    let empties = arms.iter().filter(|arm| empty(arm)).count();
    empties > 0 && empties < arms.len()
}

/// What one row of an operand is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Everything together.
    Total,
    /// A group.
    Group,
    /// A row as it is stored.
    Row,
}

fn kind(arm: &Scope<'_>) -> Kind {
    use sqlparser::ast::GroupByExpr;
    let ungrouped = matches!(&arm.select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    match (is_grouped(arm), ungrouped && has_aggregates(arm)) {
        (_, true) => Kind::Total,
        (true, _) => Kind::Group,
        _ => Kind::Row,
    }
}
