//! Expressions as trees: what stands below one, and where it begins. Nothing here recurses, because a chain of
//! operators is as deep as it is long. Subqueries are scopes of their own and are handed out, not entered.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, JsonPathElem,
    OrderByExpr, Query, Spanned, Subscript, WindowFrameBound, WindowSpec, WindowType,
};

use crate::model::sql::Place;

/// What stands directly below an expression.
#[derive(Clone, Copy, Debug)]
pub enum Child<'a> {
    /// A part of it.
    Expr(&'a Expr),
    /// A subquery.
    Query(&'a Query, Usage),
}

/// What an expression makes of a subquery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// `exists (...)`.
    Exists,
    /// `x in (...)`.
    In,
    /// Its one value, or an array of its values.
    Value,
}

/// The expression and everything below it, from left to right, subqueries left out.
pub fn each<'a>(root: &'a Expr, mut visit: impl FnMut(&'a Expr)) {
    each_child(root, &mut |child| {
        if let Child::Expr(expr) = child {
            visit(expr);
        }
    });
}

/// The subqueries of an expression, not those inside them.
pub fn subqueries(root: &Expr) -> Vec<(&Query, Usage)> {
    let mut found = Vec::new();
    each_child(root, &mut |child| {
        if let Child::Query(query, usage) = child {
            found.push((query, usage));
        }
    });
    found
}

fn each_child<'a>(root: &'a Expr, visit: &mut dyn FnMut(Child<'a>)) {
    let mut waiting = vec![Child::Expr(root)];
    let mut below = Vec::new();
    while let Some(child) = waiting.pop() {
        visit(child);
        if let Child::Expr(expr) = child {
            children(expr, &mut below);
            waiting.extend(below.drain(..).rev());
        }
    }
}

/// Where an expression begins, as far as the parser remembers: where its leftmost part does that has a place.
pub fn place(expr: &Expr) -> Option<Place> {
    let mut waiting = vec![expr];
    let mut below = Vec::new();
    while let Some(expr) = waiting.pop() {
        if let Some(place) = own_place(expr) {
            return Some(place);
        }
        children(expr, &mut below);
        waiting.extend(below.drain(..).rev().filter_map(|child| if let Child::Expr(expr) = child { Some(expr) } else { None }));
    }
    None
}

/// Where a node begins whose first token the parser keeps.
fn own_place(expr: &Expr) -> Option<Place> {
    let span = match expr {
        Expr::Identifier(ident) => ident.span,
        Expr::CompoundIdentifier(parts) => parts.first()?.span,
        Expr::Value(value) => value.span,
        Expr::TypedString(typed) => typed.value.span,
        Expr::Prefixed { prefix, .. } => prefix.span,
        Expr::Function(function) => function.name.span(),
        Expr::Case { case_token, .. } => case_token.0.span,
        Expr::Wildcard(token) => token.0.span,
        Expr::QualifiedWildcard(name, _) => name.span(),
        _ => return None,
    };
    let start = span.start;
    (start.line > 0).then_some(Place { line: start.line, column: start.column })
}

/// Puts what stands directly below an expression into `out`, in the order of the text.
pub fn children<'a>(expr: &'a Expr, out: &mut Vec<Child<'a>>) {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..)
        | Expr::MatchAgainst { .. } => {}
        Expr::CompoundFieldAccess { root, access_chain } => {
            out.push(Child::Expr(root));
            for access in access_chain {
                match access {
                    // The name of a field is no column.
                    AccessExpr::Dot(Expr::Identifier(_)) => {}
                    AccessExpr::Dot(expr) => out.push(Child::Expr(expr)),
                    AccessExpr::Subscript(Subscript::Index { index }) => out.push(Child::Expr(index)),
                    AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                        push_all(out, [lower_bound, upper_bound, stride].into_iter().flatten());
                    }
                }
            }
        }
        Expr::JsonAccess { value, path } => {
            out.push(Child::Expr(value));
            for element in &path.path {
                if let JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } = element {
                    out.push(Child::Expr(key));
                }
            }
        }
        Expr::IsFalse(expr)
        | Expr::IsNotFalse(expr)
        | Expr::IsTrue(expr)
        | Expr::IsNotTrue(expr)
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::IsUnknown(expr)
        | Expr::IsNotUnknown(expr)
        | Expr::IsJson { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Nested(expr)
        | Expr::Prefixed { value: expr, .. }
        | Expr::Named { expr, .. }
        | Expr::OuterJoin(expr)
        | Expr::Prior(expr) => out.push(Child::Expr(expr)),
        Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right)
        | Expr::BinaryOp { left, right, .. }
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. }
        | Expr::InUnnest { expr: left, array_expr: right, .. }
        | Expr::SimilarTo { expr: left, pattern: right, .. }
        | Expr::RLike { expr: left, pattern: right, .. }
        | Expr::AtTimeZone { timestamp: left, time_zone: right }
        | Expr::Position { expr: left, r#in: right } => push_all(out, [left.as_ref(), right.as_ref()]),
        Expr::Like { expr, pattern, escape_char, .. } | Expr::ILike { expr, pattern, escape_char, .. } => {
            push_all(out, [expr, pattern].into_iter().chain(escape_char).map(AsRef::as_ref));
        }
        Expr::InList { expr, list, .. } => push_all(out, std::iter::once(expr.as_ref()).chain(list)),
        Expr::InSubquery { expr, subquery, .. } => out.extend([Child::Expr(expr), Child::Query(subquery, Usage::In)]),
        Expr::Between { expr, low, high, .. } => push_all(out, [expr.as_ref(), low, high]),
        Expr::Convert { expr, styles, .. } => push_all(out, std::iter::once(expr.as_ref()).chain(styles)),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            push_all(out, std::iter::once(expr).chain(substring_from).chain(substring_for).map(AsRef::as_ref));
        }
        Expr::Trim { trim_what, expr, trim_characters, .. } => {
            let others = trim_characters.iter().flatten();
            push_all(out, trim_what.iter().chain([expr]).map(AsRef::as_ref).chain(others));
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            push_all(out, [expr, overlay_what, overlay_from].into_iter().chain(overlay_for).map(AsRef::as_ref));
        }
        Expr::Function(function) => function_children(function, out),
        Expr::Case { operand, conditions, else_result, .. } => {
            push_all(out, operand.iter().map(AsRef::as_ref));
            push_all(out, conditions.iter().flat_map(|when| [&when.condition, &when.result]));
            push_all(out, else_result.iter().map(AsRef::as_ref));
        }
        Expr::Exists { subquery, .. } => out.push(Child::Query(subquery, Usage::Exists)),
        Expr::Subquery(subquery) => out.push(Child::Query(subquery, Usage::Value)),
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => push_all(out, sets.iter().flatten()),
        Expr::Tuple(items) | Expr::Struct { values: items, .. } => push_all(out, items),
        Expr::Array(array) => push_all(out, &array.elem),
        Expr::Dictionary(fields) => push_all(out, fields.iter().map(|field| field.value.as_ref())),
        Expr::Map(map) => push_all(out, map.entries.iter().flat_map(|entry| [entry.key.as_ref(), &entry.value])),
        Expr::Interval(interval) => out.push(Child::Expr(&interval.value)),
        Expr::Lambda(lambda) => out.push(Child::Expr(&lambda.body)),
        Expr::MemberOf(member) => push_all(out, [member.value.as_ref(), &member.array]),
    }
}

/// The expressions among the arguments of a function, without names, options and what `over` says.
pub fn arguments(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        FunctionArguments::None | FunctionArguments::Subquery(_) => &[],
    };
    list.iter().filter_map(argument)
}

/// The expression of one argument; none for `*`.
pub fn argument(argument: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) = argument;
    if let FunctionArgExpr::Expr(expr) = arg { Some(expr) } else { None }
}

/// The expressions of a window: by what it is divided and ordered, and its bounds.
pub fn window(spec: &WindowSpec) -> impl Iterator<Item = &Expr> {
    let bounds = spec.window_frame.iter().flat_map(|frame| [Some(&frame.start_bound), frame.end_bound.as_ref()]).flatten();
    let bounds = bounds.filter_map(|bound| match bound {
        WindowFrameBound::Preceding(expr) | WindowFrameBound::Following(expr) => expr.as_deref(),
        WindowFrameBound::CurrentRow => None,
    });
    spec.partition_by.iter().chain(ordered(&spec.order_by)).chain(bounds)
}

fn function_children<'a>(function: &'a Function, out: &mut Vec<Child<'a>>) {
    for arguments in [&function.parameters, &function.args] {
        match arguments {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => out.push(Child::Query(query, Usage::Value)),
            FunctionArguments::List(list) => {
                push_all(out, list.args.iter().filter_map(argument));
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::Where(expr) | FunctionArgumentClause::Limit(expr) => out.push(Child::Expr(expr)),
                        FunctionArgumentClause::Having(bound) => out.push(Child::Expr(&bound.1)),
                        FunctionArgumentClause::OrderBy(order) => push_all(out, ordered(order)),
                        FunctionArgumentClause::IgnoreOrRespectNulls(_)
                        | FunctionArgumentClause::OnOverflow(_)
                        | FunctionArgumentClause::Separator(_)
                        | FunctionArgumentClause::JsonNullClause(_)
                        | FunctionArgumentClause::JsonReturningClause(_) => {}
                    }
                }
            }
        }
    }
    push_all(out, ordered(&function.within_group).chain(function.filter.as_deref()));
    if let Some(WindowType::WindowSpec(spec)) = &function.over {
        push_all(out, window(spec));
    }
}

fn ordered(order: &[OrderByExpr]) -> impl Iterator<Item = &Expr> {
    order.iter().map(|order| &order.expr)
}

fn push_all<'a>(out: &mut Vec<Child<'a>>, items: impl IntoIterator<Item = &'a Expr>) {
    out.extend(items.into_iter().map(Child::Expr));
}

/// The parts of a condition that must all hold: split at AND, through parentheses.
pub fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    split(expr, &BinaryOperator::And)
}

/// The parts of a condition of which one must hold: split at OR, through parentheses.
pub fn disjuncts(expr: &Expr) -> Vec<&Expr> {
    split(expr, &BinaryOperator::Or)
}

fn split<'a>(expr: &'a Expr, at: &BinaryOperator) -> Vec<&'a Expr> {
    let mut parts = Vec::new();
    let mut waiting = vec![expr];
    while let Some(expr) = waiting.pop() {
        match bare(expr) {
            Expr::BinaryOp { left, op, right } if op == at => waiting.extend([right.as_ref(), left]),
            part => parts.push(part),
        }
    }
    parts
}

/// The expression without the parentheses around it.
pub fn bare(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}
