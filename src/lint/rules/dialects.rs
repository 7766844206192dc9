//! GG015: what the parser lets through and the engine does not, or reads otherwise.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Distinct, Expr, Function, SelectItem, SetOperator, SetQuantifier, WildcardAdditionalOptions,
};

use super::{Context, aggregates, call, called, error, quote, start};
use crate::lint::scope::{Body, Scope};
use crate::lint::walk;
use crate::model::lint::{Finding, Rule};
use crate::model::sql::{Dialect, Place};

pub(super) fn dialect_trap(context: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    let mut trap = |at: Option<Place>, what: String, remedy: &str| {
        findings.push(error(Rule::DialectTrap, at, format!("{}: {what}: {remedy}", context.dialect())));
    };
    context.each_expr(|_, _, _, expr| {
        if let Some((what, remedy)) = in_expr(context, expr) {
            trap(walk::place(expr), what, &remedy);
        }
    });
    for (_, query) in context.scopes.queries() {
        for arm in &query.arms {
            if let Some((operator, quantifier)) = arm.operator
                && let Some((what, remedy)) = in_set(context.dialect(), operator, quantifier)
            {
                let at = if let Body::Select(id) = arm.body { start(context.scopes.select(id)) } else { None };
                trap(at, what, remedy);
            }
        }
    }
    for (_, scope) in context.scopes.selects() {
        if let Some((what, remedy)) = in_select(context.dialect(), scope) {
            trap(start(scope), what.to_owned(), remedy);
        }
    }
}

fn in_set(dialect: Dialect, operator: SetOperator, quantifier: SetQuantifier) -> Option<(String, &'static str)> {
    if dialect != Dialect::BigQuery {
        return None;
    }
    match (operator, quantifier) {
        (SetOperator::Union, SetQuantifier::None) => Some(("there is no bare UNION".to_owned(), "write UNION ALL or UNION DISTINCT")),
        (SetOperator::Except | SetOperator::Intersect, SetQuantifier::None | SetQuantifier::All) => {
            Some((format!("there is {operator} DISTINCT only"), "write DISTINCT, or compare counts per row"))
        }
        _ => None,
    }
}

fn in_select(dialect: Dialect, scope: &Scope<'_>) -> Option<(&'static str, &'static str)> {
    let stars = scope.select.projection.iter().filter_map(|item| match item {
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => Some(options),
        _ => None,
    });
    let except = |options: &WildcardAdditionalOptions| options.opt_except.is_some();
    let exclude = |options: &WildcardAdditionalOptions| options.opt_exclude.is_some();
    let mut stars = stars;
    match dialect {
        Dialect::BigQuery | Dialect::Databricks | Dialect::Snowflake if matches!(scope.select.distinct, Some(Distinct::On(_))) => {
            Some(("DISTINCT ON is not known here", "number the rows and keep the first: qualify row_number() over (...) = 1"))
        }
        Dialect::BigQuery if stars.any(exclude) => Some(("`* exclude` is not known here", "write `* except (...)`")),
        Dialect::DuckDb if stars.any(except) => Some(("`* except` is not known here", "write `* exclude (...)`")),
        Dialect::Postgres if scope.select.qualify.is_some() => {
            Some(("QUALIFY is not known here", "filter the number of the row in a query around it"))
        }
        Dialect::Postgres if stars.any(|options| except(options) || exclude(options)) => {
            Some(("a star with exceptions is not known here", "name the columns"))
        }
        _ => None,
    }
}

fn in_expr(context: &Context<'_, '_>, expr: &Expr) -> Option<(String, String)> {
    let dialect = context.dialect();
    let trap = |what: String, remedy: &str| Some((what, remedy.to_owned()));
    match (dialect, expr) {
        (Dialect::BigQuery, Expr::Cast { kind: CastKind::DoubleColon, expr: inner, data_type, .. }) => trap(
            format!("`::` is no cast here ({})", quote(expr)),
            &format!("write cast({} as {data_type})", quote(inner).trim_matches('`')),
        ),
        (Dialect::BigQuery, Expr::Cast { data_type: DataType::Text | DataType::Varchar(_) | DataType::DoublePrecision, .. }) => {
            trap(format!("{} casts to a type of other engines", quote(expr)), "write string or float64")
        }
        (Dialect::BigQuery, Expr::ILike { .. }) => trap("ILIKE is not known here".to_owned(), "write lower(x) like '...'"),
        (Dialect::BigQuery, Expr::SimilarTo { .. }) => trap("SIMILAR TO is not known here".to_owned(), "write regexp_contains(x, r'...')"),
        (Dialect::BigQuery, Expr::BinaryOp { op: BinaryOperator::PGRegexMatch | BinaryOperator::PGRegexIMatch, .. }) => {
            trap("`~` does not match here".to_owned(), "write regexp_contains(x, r'...')")
        }
        (Dialect::BigQuery, Expr::InSubquery { expr: tested, subquery, .. }) if matches!(walk::bare(tested), Expr::Tuple(_)) => {
            let inner = context.scopes.queries().find(|(_, query)| std::ptr::eq(query.query, subquery.as_ref()));
            let columns = inner.map_or(0, |(_, query)| query.output.columns.len());
            (columns > 1).then(|| {
                (format!("IN takes a subquery of one column here, not of {columns}"), "write exists, or select a struct".to_owned())
            })
        }
        (Dialect::Postgres, Expr::BinaryOp { left, op: BinaryOperator::Divide, right }) if is_whole(left) && is_whole(right) => {
            trap(format!("{} divides whole numbers, which cuts off the fraction here", quote(expr)), "multiply by 1.0 first")
        }
        (_, Expr::Function(function)) => in_function(context, function, expr),
        _ => None,
    }
}

/// Counts and whole literals: their quotient is whole in Postgres.
fn is_whole(expr: &Expr) -> bool {
    match walk::bare(expr) {
        Expr::Function(function) => match called(function).as_str() {
            "count" => true,
            "nullif" => walk::arguments(function).next().is_some_and(is_whole),
            _ => false,
        },
        Expr::Value(value) => matches!(&value.value, sqlparser::ast::Value::Number(digits, _) if digits.to_string().parse::<i64>().is_ok()),
        Expr::BinaryOp { left, op: BinaryOperator::Multiply | BinaryOperator::Plus | BinaryOperator::Minus, right } => {
            is_whole(left) && is_whole(right) && !aggregates(expr).is_empty()
        }
        _ => false,
    }
}

fn in_function(context: &Context<'_, '_>, function: &Function, expr: &Expr) -> Option<(String, String)> {
    let dialect = context.dialect();
    let name = called(function);
    let qualified = function.name.0.len() > 1;
    if qualified || context.facts.names.functions.contains(&name) {
        return None;
    }
    if dialect == Dialect::BigQuery && function.filter.is_some() {
        return Some(("aggregates have no FILTER here".to_owned(), "write countif(...) or sum(if(...))".to_owned()));
    }
    if dialect == Dialect::BigQuery && name == "date_trunc" && first_is_text(expr) {
        return Some((format!("{} has the order of Postgres", quote(expr)), "write date_trunc(day, month)".to_owned()));
    }
    let foreign: &[(&str, &str)] = match dialect {
        Dialect::BigQuery => &[
            ("datediff", "write date_diff(later, earlier, day)"),
            ("dateadd", "write date_add(day, interval n day)"),
            ("date_part", "write extract(part from x)"),
            ("to_char", "write format_date or format_timestamp"),
            ("getdate", "write current_timestamp()"),
            ("generate_series", "write unnest(generate_array(...))"),
            ("count_if", "write countif(...)"),
            ("median", "write approx_quantiles(x, 2)[offset(1)]"),
            ("listagg", "write string_agg(...)"),
        ],
        Dialect::Postgres => &[
            ("safe_divide", "write a / nullif(b, 0)"),
            ("countif", "write count(*) filter (where ...)"),
            ("count_if", "write count(*) filter (where ...)"),
            ("ifnull", "write coalesce"),
            ("date_diff", "subtract the dates"),
            ("datediff", "subtract the dates"),
            ("timestamp_diff", "subtract, and extract(epoch from ...)"),
            ("format_date", "write to_char"),
            ("approx_quantiles", "write percentile_cont within group"),
        ],
        Dialect::DuckDb => &[
            ("safe_divide", "write a / nullif(b, 0)"),
            ("timestamp_diff", "write date_diff('second', a, b)"),
            ("datetime_diff", "write date_diff('second', a, b)"),
            ("format_date", "write strftime"),
            ("generate_date_array", "write range(a, b, interval 1 day)"),
            ("approx_quantiles", "write quantile_cont"),
        ],
        Dialect::Databricks => &[
            ("safe_divide", "write try_divide"),
            ("countif", "write count_if"),
            ("timestamp_diff", "write timestampdiff"),
            ("format_date", "write date_format"),
            ("generate_series", "write explode(sequence(...))"),
            ("generate_date_array", "write sequence(a, b, interval 1 day)"),
            ("approx_quantiles", "write percentile_approx"),
        ],
        Dialect::Snowflake => &[
            ("safe_divide", "write a / nullif(b, 0)"),
            ("countif", "write count_if"),
            ("date_diff", "write datediff(day, a, b)"),
            ("timestamp_diff", "write timestampdiff"),
            ("format_date", "write to_char"),
            ("generate_series", "write flatten(input => array_generate_range(...))"),
            ("generate_date_array", "write flatten(input => array_generate_range(...))"),
            ("approx_quantiles", "write approx_percentile"),
        ],
    };
    let (_, remedy) = foreign.iter().find(|(foreign, _)| *foreign == name)?;
    Some((format!("there is no function {name}"), (*remedy).to_owned()))
}

fn first_is_text(expr: &Expr) -> bool {
    let first = call(expr).and_then(|(_, arguments)| arguments.first().copied());
    first.is_some_and(|first| matches!(first, Expr::Value(value) if value.value.clone().into_string().is_some()))
}
