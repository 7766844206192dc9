//! Makes the scopes of a statement, in the order in which names become visible.

use sqlparser::ast::{
    Cte, Distinct, Expr, GroupByExpr, GroupByWithModifier, LimitClause, NamedWindowExpr, OrderBy, OrderByExpr, OrderByKind, PipeOperator,
    Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, WildcardAdditionalOptions,
};

use super::columns::rename;
use super::relations::column_names;
use super::{Arm, Body, Clause, Column, Condition, Declared, Origin, Output, QueryId, QueryScope, Role, Scope, ScopeId, Scopes};
use crate::lint::walk::{self, conjuncts};
use crate::model::sql::Dialect;

pub(super) fn build<'a>(query: &'a Query, dialect: Dialect, declared: &Declared<'_>) -> Scopes<'a> {
    let mut builder = Builder { dialect, declared, queries: Vec::new(), selects: Vec::new(), ctes: Vec::new() };
    builder.query(query, Role::Statement, None, None);
    Scopes { dialect, queries: builder.queries, selects: builder.selects }
}

pub(super) struct Builder<'a, 'c> {
    pub(super) dialect: Dialect,
    pub(super) declared: &'c Declared<'c>,
    pub(super) queries: Vec<QueryScope<'a>>,
    pub(super) selects: Vec<Scope<'a>>,
    /// The common table expressions that can be named here; the last of a name hides those before it.
    pub(super) ctes: Vec<(&'a str, QueryId)>,
}

impl<'a> Builder<'a, '_> {
    fn reserve(&mut self, query: &'a Query, role: Role<'a>, within: Option<ScopeId>) -> QueryId {
        let id = QueryId(self.queries.len());
        // A recursive query can read itself before its columns are known.
        let output = Output { columns: Vec::new(), open: true };
        self.queries.push(QueryScope { query, role, within, ctes: Vec::new(), arms: Vec::new(), output, piped: false });
        id
    }

    /// `outer` is the scope whose columns the query can see.
    pub(super) fn query(&mut self, query: &'a Query, role: Role<'a>, within: Option<ScopeId>, outer: Option<ScopeId>) -> QueryId {
        let id = self.reserve(query, role, within);
        self.fill(id, outer);
        id
    }

    fn fill(&mut self, id: QueryId, outer: Option<ScopeId>) {
        let query = self.queries[id.0].query;
        let visible = self.ctes.len();
        if let Some(with) = &query.with {
            self.with(id, &with.cte_tables, with.recursive, outer);
        }
        self.queries[id.0].piped = query.pipe_operators.iter().any(changes_columns);
        let arms = self.arms(id, &query.body, outer);
        self.queries[id.0].arms = arms;
        self.queries[id.0].output = self.result(id);
        self.ctes.truncate(visible);
    }

    fn with(&mut self, id: QueryId, ctes: &'a [Cte], recursive: bool, outer: Option<ScopeId>) {
        let declare = |builder: &mut Self, cte: &'a Cte| {
            let reserved = builder.reserve(&cte.query, Role::Cte(&cte.alias.name), None);
            builder.queries[id.0].ctes.push(reserved);
            reserved
        };
        if recursive {
            // Each can name all of them, itself included.
            let ids: Vec<QueryId> = ctes.iter().map(|cte| declare(self, cte)).collect();
            self.ctes.extend(ctes.iter().zip(&ids).map(|(cte, id)| (cte.alias.name.value.as_str(), *id)));
            ids.into_iter().zip(ctes).for_each(|(id, cte)| self.fill_cte(id, cte, outer));
        } else {
            for cte in ctes {
                let id = declare(self, cte);
                self.fill_cte(id, cte, outer);
                self.ctes.push((cte.alias.name.value.as_str(), id));
            }
        }
    }

    fn fill_cte(&mut self, id: QueryId, cte: &'a Cte, outer: Option<ScopeId>) {
        self.fill(id, outer);
        let given = column_names(&cte.alias);
        let output = &mut self.queries[id.0].output;
        if !given.is_empty() {
            let mut names = output.columns.iter().map(|column| column.name.clone().unwrap_or_default()).collect();
            rename(&mut names, output.open, &given);
            output.columns.resize(names.len(), Column { name: None, origin: Origin::Unknown });
            output.columns.iter_mut().zip(names).for_each(|(column, name)| column.name = Some(name));
        }
    }

    /// A chain of unions is deep on its left side, so it is walked without recursion.
    fn arms(&mut self, id: QueryId, body: &'a SetExpr, outer: Option<ScopeId>) -> Vec<Arm<'a>> {
        let mut arms = Vec::new();
        let mut waiting = vec![(body, None)];
        while let Some((body, operator)) = waiting.pop() {
            let body = match body {
                SetExpr::SetOperation { left, op, set_quantifier, right } => {
                    waiting.push((right, Some((*op, *set_quantifier))));
                    waiting.push((left, operator));
                    continue;
                }
                SetExpr::Select(select) => Body::Select(self.select(select, id, outer)),
                SetExpr::Query(query) => Body::Query(self.query(query, Role::Operand, None, outer)),
                other => Body::Other(other),
            };
            arms.push(Arm { operator, body });
        }
        arms
    }

    /// The columns of a query are those of its first operand.
    fn result(&self, id: QueryId) -> Output<'a> {
        let query = &self.queries[id.0];
        let mut output = match query.arms.first().map(|arm| arm.body) {
            Some(Body::Select(scope)) => self.selects[scope.0].output.clone(),
            Some(Body::Query(query)) => self.queries[query.0].output.clone(),
            _ => Output { columns: Vec::new(), open: true },
        };
        output.open |= query.piped;
        output
    }

    fn select(&mut self, select: &'a Select, query: QueryId, outer: Option<ScopeId>) -> ScopeId {
        let id = ScopeId(self.selects.len());
        let opaque = self.queries[query.0].piped || !select.lateral_views.is_empty() || !select.connect_by.is_empty();
        self.selects.push(Scope {
            select,
            query,
            outer,
            relations: Vec::new(),
            conditions: Vec::new(),
            expressions: Vec::new(),
            output: Output::default(),
            opaque,
        });
        for item in &select.from {
            self.joined(id, item);
        }
        self.lateral_views(id, select);
        self.clauses(id, select);
        let tree = self.queries[query.0].query;
        // What orders and limits a union sees its columns only.
        if matches!(tree.body.as_ref(), SetExpr::Select(_)) {
            self.tail(id, tree);
        }
        self.enter_subqueries(id);
        self.selects[id.0].output = self.projection(id);
        id
    }

    fn lateral_views(&mut self, id: ScopeId, select: &'a Select) {
        self.expressions(id, Clause::From, select.lateral_views.iter().map(|view| &view.lateral_view));
    }

    fn clauses(&mut self, id: ScopeId, select: &'a Select) {
        self.items(id, Clause::Select, &select.projection);
        if let Some(Distinct::On(exprs)) = &select.distinct {
            self.expressions(id, Clause::Select, exprs);
        }
        for (clause, condition) in [
            (Clause::Where, &select.prewhere),
            (Clause::Where, &select.selection),
            (Clause::Having, &select.having),
            (Clause::Qualify, &select.qualify),
        ] {
            condition.iter().for_each(|expr| self.condition(id, clause, expr));
        }
        let (grouped, modifiers) = match &select.group_by {
            GroupByExpr::All(modifiers) => (&[][..], modifiers),
            GroupByExpr::Expressions(exprs, modifiers) => (exprs.as_slice(), modifiers),
        };
        let sets = modifiers.iter().filter_map(|modifier| match modifier {
            GroupByWithModifier::GroupingSets(expr) => Some(expr),
            _ => None,
        });
        self.expressions(id, Clause::GroupBy, grouped.iter().chain(sets));
        let windows = select.named_window.iter().filter_map(|window| match &window.1 {
            NamedWindowExpr::WindowSpec(spec) => Some(spec),
            NamedWindowExpr::NamedWindow(_) => None,
        });
        self.expressions(id, Clause::Window, windows.flat_map(walk::window));
        let sorted = select.sort_by.iter().map(|order| &order.expr);
        self.expressions(id, Clause::OrderBy, select.cluster_by.iter().chain(&select.distribute_by).chain(sorted));
    }

    /// What follows the body of a query: ORDER BY, LIMIT and pipes.
    fn tail(&mut self, id: ScopeId, query: &'a Query) {
        if let Some(OrderBy { kind: OrderByKind::Expressions(order), .. }) = &query.order_by {
            self.ordered(id, order);
        }
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                self.expressions(id, Clause::Limit, limit.iter().chain(offset.iter().map(|offset| &offset.value)).chain(limit_by));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => self.expressions(id, Clause::Limit, [offset, limit]),
            None => {}
        }
        let mut changed = false;
        for operator in &query.pipe_operators {
            changed |= changes_columns(operator);
            self.pipe(id, operator, changed);
        }
    }

    fn pipe(&mut self, id: ScopeId, operator: &'a PipeOperator, changed: bool) {
        match operator {
            PipeOperator::Where { expr } if !changed => self.condition(id, Clause::Where, expr),
            PipeOperator::Where { expr } => self.expressions(id, Clause::Pipe, [expr]),
            PipeOperator::Limit { expr, offset } => self.expressions(id, Clause::Limit, std::iter::once(expr).chain(offset)),
            PipeOperator::OrderBy { exprs } if !changed => self.ordered(id, exprs),
            PipeOperator::OrderBy { exprs } => self.expressions(id, Clause::Pipe, exprs.iter().map(|order| &order.expr)),
            PipeOperator::Select { exprs } | PipeOperator::Extend { exprs } => self.items(id, Clause::Pipe, exprs),
            PipeOperator::Set { assignments } => self.expressions(id, Clause::Pipe, assignments.iter().map(|set| &set.value)),
            PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
                self.expressions(id, Clause::Pipe, full_table_exprs.iter().chain(group_by_expr).map(|item| &item.expr.expr));
            }
            PipeOperator::Union { queries, .. } | PipeOperator::Intersect { queries, .. } | PipeOperator::Except { queries, .. } => {
                for query in queries {
                    self.query(query, Role::Operand, Some(id), self.selects[id.0].outer);
                }
            }
            PipeOperator::Join(join) => self.join(id, join, 0),
            PipeOperator::Pivot { aggregate_functions, .. } => {
                self.expressions(id, Clause::Pipe, aggregate_functions.iter().map(|item| &item.expr));
            }
            PipeOperator::As { .. }
            | PipeOperator::Call { .. }
            | PipeOperator::Drop { .. }
            | PipeOperator::Rename { .. }
            | PipeOperator::TableSample { .. }
            | PipeOperator::Unpivot { .. } => {}
        }
    }

    fn items(&mut self, id: ScopeId, clause: Clause, items: &'a [SelectItem]) {
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr)
                | SelectItem::ExprWithAlias { expr, .. }
                | SelectItem::ExprWithAliases { expr, .. }
                | SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => self.expressions(id, clause, [expr]),
                SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
                    self.expressions(id, clause, replaced(options));
                }
            }
        }
    }

    fn ordered(&mut self, id: ScopeId, order: &'a [OrderByExpr]) {
        self.expressions(id, Clause::OrderBy, order.iter().map(|order| &order.expr));
    }

    pub(super) fn condition(&mut self, id: ScopeId, clause: Clause, expr: &'a Expr) {
        self.expressions(id, clause, [expr]);
        self.selects[id.0].conditions.extend(conjuncts(expr).into_iter().map(|expr| Condition { clause, expr }));
    }

    pub(super) fn expressions(&mut self, id: ScopeId, clause: Clause, exprs: impl IntoIterator<Item = &'a Expr>) {
        self.selects[id.0].expressions.extend(exprs.into_iter().map(|expr| (clause, expr)));
    }

    fn enter_subqueries(&mut self, id: ScopeId) {
        let found: Vec<_> = self.selects[id.0].expressions.iter().flat_map(|(_, expr)| walk::subqueries(expr)).collect();
        for (query, usage) in found {
            self.query(query, Role::Expression(usage), Some(id), Some(id));
        }
    }
}

fn replaced(options: &WildcardAdditionalOptions) -> impl Iterator<Item = &Expr> {
    options.opt_replace.iter().flat_map(|replace| &replace.items).map(|item| &item.expr)
}

/// Whether names mean something else after it than before it.
const fn changes_columns(operator: &PipeOperator) -> bool {
    !matches!(
        operator,
        PipeOperator::Where { .. } | PipeOperator::Limit { .. } | PipeOperator::OrderBy { .. } | PipeOperator::TableSample { .. }
    )
}
