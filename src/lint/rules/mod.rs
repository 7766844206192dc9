//! The rules, in files by what they look at. Each is a function from the scopes of a statement to findings.

mod bounds;
mod dialects;
mod joins;
mod limits;
mod names;
mod nulls;
mod numbers;
mod same;
mod sections;
mod strict;
mod time;

use sqlparser::ast::{Expr, Function, Ident};

use super::IsWritten;
use super::facts::Facts;
use super::scope::{Candidate, Clause, Origin, Relation, Scope, ScopeId, Scopes};
use super::walk;
use crate::model::lint::{Finding, Rule, Weight};
use crate::model::sql::{Dialect, Place};

pub(super) use names::placeholders;

/// Applies every rule to one statement.
pub(super) fn check(scopes: &Scopes<'_>, facts: &Facts, is_written: &IsWritten<'_>) -> Vec<Finding> {
    let context = Context { scopes, facts, is_written };
    let mut findings = Vec::new();
    for rule in RULES {
        rule(&context, &mut findings);
    }
    findings
}

/// Placeholders are looked for in the text, before there is a tree.
const RULES: [fn(&Context<'_, '_>, &mut Vec<Finding>); 22] = [
    bounds::unbounded_scan,
    same::compared_with_itself,
    nulls::not_in_null,
    limits::cut_list,
    limits::cut_before_count,
    time::today_without_zone,
    nulls::outer_join_undone,
    joins::inner_join_from_expected,
    numbers::unguarded_division,
    numbers::number_as_text,
    time::fixed_date,
    names::fixed_project,
    names::fixed_label,
    names::select_star,
    dialects::dialect_trap,
    sections::several_questions,
    joins::fan_out,
    time::same_day_leak,
    numbers::rounded_verdict,
    time::between_timestamp,
    joins::success_absolves,
    nulls::compared_with_null,
];

/// What every rule is given.
struct Context<'s, 'a> {
    scopes: &'s Scopes<'a>,
    facts: &'s Facts,
    is_written: &'s IsWritten<'s>,
}

impl<'a> Context<'_, 'a> {
    fn dialect(&self) -> Dialect {
        self.scopes.dialect()
    }

    /// Whether a text in an expression is its author's own, and not filled in from the project or the scope of a run.
    fn is_written(&self, text: &str, at: Option<Place>) -> bool {
        (self.is_written)(text, at.unwrap_or_default())
    }

    /// The relation and column that an expression is, if it is nothing else and there is no other way to read it.
    fn column(&self, id: ScopeId, clause: Clause, expr: &'a Expr) -> Option<(Candidate, &'a Ident)> {
        let resolution = self.scopes.resolve_expr(id, clause, expr)?;
        Some((resolution.certain()?, resolution.column?))
    }

    /// The same where a query around could have the column as well: what is inside comes first, if it has it.
    fn likely_column(&self, id: ScopeId, clause: Clause, expr: &'a Expr) -> Option<(Candidate, &'a Ident)> {
        let resolution = self.scopes.resolve_expr(id, clause, expr)?;
        let mut own = resolution.candidates.iter().filter(|candidate| candidate.scope == id);
        match (own.next(), own.next()) {
            (Some(only), None) => Some((*only, resolution.column?)),
            _ => None,
        }
    }

    fn relation(&self, candidate: Candidate) -> &Relation<'a> {
        &self.scopes.select(candidate.scope).relations[candidate.relation]
    }

    /// The expression that computes a value, looked up through the columns of subqueries, and the scope it stands in.
    fn origin(&self, id: ScopeId, clause: Clause, expr: &'a Expr) -> (ScopeId, &'a Expr) {
        let (mut id, mut expr, mut clause) = (id, walk::bare(expr), clause);
        // A recursive query leads back to itself.
        for _ in 0..16 {
            let Some((candidate, column)) = self.column(id, clause, expr) else { break };
            let Some(query) = self.relation(candidate).query() else { break };
            // What a union computes differs by operand.
            let [_] = self.scopes.query(query).arms[..] else { break };
            match self.scopes.query(query).output.column(&column.value).map(|column| column.origin) {
                Some(Origin::Expr(inner, inner_expr)) => (id, expr, clause) = (inner, walk::bare(inner_expr), Clause::Select),
                _ => break,
            }
        }
        (id, expr)
    }

    /// Every expression of every scope, parts included.
    fn each_expr(&self, mut visit: impl FnMut(ScopeId, &Scope<'a>, Clause, &'a Expr)) {
        for (id, scope) in self.scopes.selects() {
            for (clause, root) in &scope.expressions {
                walk::each(root, |expr| visit(id, scope, *clause, expr));
            }
        }
    }
}

fn finding(rule: Rule, weight: Weight, at: Option<Place>, message: String) -> Finding {
    Finding { at: at.unwrap_or_default(), rule, weight, message }
}

fn warn(rule: Rule, at: Option<Place>, message: impl Into<String>) -> Finding {
    finding(rule, Weight::Warn, at, message.into())
}

fn error(rule: Rule, at: Option<Place>, message: impl Into<String>) -> Finding {
    finding(rule, Weight::Error, at, message.into())
}

/// An expression as it is written, cut where it is long.
fn quote(expr: &Expr) -> String {
    let mut size = 0;
    walk::each(expr, |_| size += 1);
    // Printing a tree recurses without protection.
    if size > 60 {
        return "this expression".to_owned();
    }
    let text = expr.to_string().replace('`', "");
    if text.chars().count() > 70 { format!("`{} ...`", text.chars().take(66).collect::<String>()) } else { format!("`{text}`") }
}

/// The name of a function without its qualifiers, in lower case.
fn called(function: &Function) -> String {
    let last = function.name.0.last().and_then(|part| part.as_ident());
    last.map(|ident| ident.value.to_lowercase()).unwrap_or_default()
}

/// The call that an expression is, by its name and with its arguments.
fn call(expr: &Expr) -> Option<(String, Vec<&Expr>)> {
    match walk::bare(expr) {
        Expr::Function(function) => Some((called(function), walk::arguments(function).collect())),
        _ => None,
    }
}

/// Where a scope begins.
fn start(scope: &Scope<'_>) -> Option<Place> {
    let at = super::read::place(scope.select.select_token.0.span.start);
    Some(at).filter(|at| at.line > 0).or_else(|| scope.relations.first().and_then(place_of))
}

/// Where a relation is named.
fn place_of(relation: &Relation<'_>) -> Option<Place> {
    let ident = relation.table().and_then(|path| path.idents.first().copied()).or(relation.alias)?;
    Some(super::read::place(ident.span.start)).filter(|at| at.line > 0)
}

/// Whether a function folds many rows into one.
fn is_aggregate(name: &str) -> bool {
    const AGGREGATES: &str = "
        count countif count_if sum sumif avg mean min max any_value array_agg string_agg group_concat listagg stddev stddev_pop stddev_samp
        variance var_pop var_samp approx_count_distinct approx_quantiles approx_top_count percentile_cont percentile_disc median mode
        logical_and logical_or bool_and bool_or bit_and bit_or bit_xor corr covar_pop covar_samp min_by max_by arg_min arg_max first last
        array_concat_agg hll_count grouping every collect_list collect_set json_agg quantile_cont quantile";
    AGGREGATES.split_whitespace().any(|aggregate| aggregate == name)
}

/// The aggregates among the parts of an expression; window functions are none.
fn aggregates(root: &Expr) -> Vec<&Function> {
    let mut found = Vec::new();
    walk::each(root, |expr| {
        if let Expr::Function(function) = expr
            && function.over.is_none()
            && is_aggregate(&called(function))
        {
            found.push(function);
        }
    });
    found
}

/// Whether a scope folds its rows.
fn is_grouped(scope: &Scope<'_>) -> bool {
    use sqlparser::ast::GroupByExpr;
    let groups = match &scope.select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(exprs, modifiers) => !exprs.is_empty() || !modifiers.is_empty(),
    };
    groups || has_aggregates(scope)
}

fn has_aggregates(scope: &Scope<'_>) -> bool {
    let judged = scope.expressions.iter().filter(|(clause, _)| matches!(clause, Clause::Select | Clause::Having | Clause::OrderBy));
    judged.into_iter().any(|(_, expr)| !aggregates(expr).is_empty())
}
