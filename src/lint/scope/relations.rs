//! What a FROM reads: its relations, how they are joined, and what their names mean.

use sqlparser::ast::{
    FunctionArg, Ident, Join as JoinTree, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins,
};

use super::build::Builder;
use super::{Clause, Join, JoinKind, Relation, Role, ScopeId, Source, TablePath};
use crate::lint::walk;
use crate::model::sql::Dialect;

impl<'a> Builder<'a, '_> {
    pub(super) fn joined(&mut self, id: ScopeId, item: &'a TableWithJoins) {
        let since = self.selects[id.0].relations.len();
        self.factor(id, &item.relation, Join { kind: JoinKind::First, constraint: None, since });
        for join in &item.joins {
            self.join(id, join, since);
        }
    }

    pub(super) fn join(&mut self, id: ScopeId, join: &'a JoinTree, since: usize) {
        let (kind, constraint) = kind_of(&join.join_operator);
        let first = self.selects[id.0].relations.len();
        self.factor(id, &join.relation, Join { kind, constraint, since });
        let relations = &mut self.selects[id.0].relations;
        if matches!(kind, JoinKind::Left | JoinKind::Full) {
            relations[first..].iter_mut().for_each(|relation| relation.optional = true);
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            relations[since..first].iter_mut().for_each(|relation| relation.optional = true);
        }
        if let JoinOperator::AsOf { match_condition, .. } = &join.join_operator {
            self.condition(id, Clause::On(first), match_condition);
        }
        if let Some(JoinConstraint::On(expr)) = constraint {
            self.condition(id, Clause::On(first), expr);
        }
    }

    fn factor(&mut self, id: ScopeId, factor: &'a TableFactor, join: Join<'a>) {
        let (source, alias) = match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let arguments = args.as_ref().map(|args| args.args.as_slice());
                (self.named(id, name, arguments), alias)
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                // DuckDB sees the relations before it also without the word.
                let sees = *lateral || self.dialect == Dialect::DuckDb;
                let outer = if sees { Some(id) } else { self.selects[id.0].outer };
                (Source::Derived(self.query(subquery, Role::Derived, Some(id), outer)), alias)
            }
            TableFactor::UNNEST { alias, array_exprs, .. } => {
                self.expressions(id, Clause::From, array_exprs);
                (Source::Unnest, alias)
            }
            TableFactor::Function { args, alias, .. } => {
                self.expressions(id, Clause::From, args.iter().filter_map(walk::argument));
                (Source::Function, alias)
            }
            TableFactor::TableFunction { expr, alias } => {
                self.expressions(id, Clause::From, [expr]);
                (Source::Function, alias)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.nested(id, table_with_joins, join, alias.is_some());
                if alias.is_none() {
                    return;
                }
                (Source::Other, alias)
            }
            TableFactor::Pivot { table, alias, .. }
            | TableFactor::Unpivot { table, alias, .. }
            | TableFactor::MatchRecognize { table, alias, .. } => {
                let first = self.selects[id.0].relations.len();
                self.factor(id, table, join);
                self.selects[id.0].relations[first..].iter_mut().for_each(|relation| relation.hidden = true);
                self.selects[id.0].opaque = true;
                (Source::Other, alias)
            }
            TableFactor::JsonTable { alias, .. }
            | TableFactor::OpenJsonTable { alias, .. }
            | TableFactor::XmlTable { alias, .. }
            | TableFactor::SemanticView { alias, .. } => (Source::Other, alias),
            TableFactor::UnpivotExpr { .. } => (Source::Other, &None),
        };
        let named = alias.as_ref().map(|alias| alias.name.value.as_str());
        let implied = || match factor {
            TableFactor::Table { name, .. } => name.0.last()?.as_ident().and_then(|last| last.value.rsplit('.').next()),
            _ => None,
        };
        let mut relation = Relation {
            name: named.or_else(implied),
            alias: alias.as_ref().map(|alias| &alias.name),
            columns: Vec::new(),
            open: true,
            read: Vec::new(),
            source,
            join,
            optional: false,
            hidden: false,
            factor,
        };
        let given = alias.as_ref().map(column_names).unwrap_or_default();
        (relation.columns, relation.open) = self.columns_of(&relation, &given);
        self.selects[id.0].relations.push(relation);
    }

    /// `(a join b ...)`: its relations are those of the scope, unless an alias hides them.
    fn nested(&mut self, id: ScopeId, item: &'a TableWithJoins, join: Join<'a>, hidden: bool) {
        let first = self.selects[id.0].relations.len();
        self.factor(id, &item.relation, join);
        for inner in &item.joins {
            self.join(id, inner, first);
        }
        if hidden {
            self.selects[id.0].relations[first..].iter_mut().for_each(|relation| relation.hidden = true);
            self.selects[id.0].opaque = true;
        }
    }

    /// What a name in FROM means: a common table expression, an array of an earlier relation, a function, or a table.
    fn named(&mut self, id: ScopeId, name: &'a ObjectName, arguments: Option<&'a [FunctionArg]>) -> Source<'a> {
        if let Some(arguments) = arguments {
            self.expressions(id, Clause::From, arguments.iter().filter_map(walk::argument));
            return Source::Function;
        }
        let Some(path) = path(name, self.dialect) else { return Source::Other };
        if let [only] = path.parts[..]
            && let Some((_, query)) = self.ctes.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(only))
        {
            return Source::Cte(*query);
        }
        let is_array = self.dialect == Dialect::BigQuery && path.idents.len() > 1 && self.is_relation(id, path.parts[0]);
        if is_array { Source::Unnest } else { Source::Table(path) }
    }

    fn is_relation(&self, id: ScopeId, name: &str) -> bool {
        let mut scope = Some(id);
        while let Some(id) = scope {
            let own = &self.selects[id.0];
            if own.relations.iter().any(|relation| relation.name.is_some_and(|own| own.eq_ignore_ascii_case(name))) {
                return true;
            }
            scope = own.outer;
        }
        false
    }
}

pub(super) fn column_names(alias: &TableAlias) -> Vec<&str> {
    alias.columns.iter().map(|column| column.name.value.as_str()).collect()
}

/// The name of a table in its parts; none if a part is computed. BigQuery quotes several parts together.
fn path(name: &ObjectName, dialect: Dialect) -> Option<TablePath<'_>> {
    let idents: Vec<&Ident> = name.0.iter().map(|part| part.as_ident()).collect::<Option<_>>()?;
    let split = |ident: &&'_ Ident| -> usize { if dialect == Dialect::BigQuery { ident.value.matches('.').count() } else { 0 } };
    let parts: Vec<&str> = idents.iter().flat_map(|ident| ident.value.splitn(split(ident) + 1, '.')).collect();
    let wildcard = dialect == Dialect::BigQuery && parts.last().is_some_and(|last| last.ends_with('*'));
    Some(TablePath { parts, wildcard, idents })
}

fn kind_of(operator: &JoinOperator) -> (JoinKind, Option<&JoinConstraint>) {
    match operator {
        JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::StraightJoin(on) => (JoinKind::Inner, Some(on)),
        JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (JoinKind::Left, Some(on)),
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (JoinKind::Right, Some(on)),
        JoinOperator::FullOuter(on) => (JoinKind::Full, Some(on)),
        JoinOperator::CrossJoin(on) => (JoinKind::Cross, Some(on)),
        JoinOperator::Semi(on) | JoinOperator::LeftSemi(on) => (JoinKind::Semi, Some(on)),
        JoinOperator::Anti(on) | JoinOperator::LeftAnti(on) => (JoinKind::Anti, Some(on)),
        JoinOperator::CrossApply => (JoinKind::Cross, None),
        JoinOperator::AsOf { constraint, .. } => (JoinKind::Other, Some(constraint)),
        JoinOperator::RightSemi(on) | JoinOperator::RightAnti(on) => (JoinKind::Other, Some(on)),
        JoinOperator::OuterApply | JoinOperator::ArrayJoin | JoinOperator::LeftArrayJoin | JoinOperator::InnerArrayJoin => {
            (JoinKind::Other, None)
        }
    }
}
