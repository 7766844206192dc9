//! The scopes of a statement: what each SELECT reads, under which conditions, and which relation a column belongs to.
//!
//! Names are compared without regard to case. What the tree cannot tell stays open: a table whose columns nobody
//! declared could have any, so a name may have several candidates. Nothing here judges.

mod build;
mod columns;
mod names;
mod relations;

use std::borrow::Cow;

use sqlparser::ast::{Expr, Ident, JoinConstraint, Query, Select, SetOperator, SetQuantifier, TableFactor};

use super::walk::Usage;
use crate::model::sql::Dialect;

pub use names::{Candidate, Has, Reference, Resolution};

/// Which query of a statement, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(pub(super) usize);

/// Which SELECT of a statement, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub(super) usize);

/// The columns of a table, where somebody declared them; asked for each table that the statement names.
pub type Declared<'c> = dyn Fn(&TablePath<'_>) -> Option<Vec<String>> + 'c;

/// All scopes of one statement.
#[derive(Debug)]
pub struct Scopes<'a> {
    dialect: Dialect,
    queries: Vec<QueryScope<'a>>,
    selects: Vec<Scope<'a>>,
}

/// One query: the part from its WITH to its LIMIT.
#[derive(Debug)]
pub struct QueryScope<'a> {
    /// The tree.
    pub query: &'a Query,
    /// What the statement makes of it.
    pub role: Role<'a>,
    /// The scope in whose text it stands; none for the statement itself and its common table expressions.
    pub within: Option<ScopeId>,
    /// What it declares in its WITH, in order.
    pub ctes: Vec<QueryId>,
    /// The operands of its set operations; one if there are none.
    pub arms: Vec<Arm<'a>>,
    /// Its result.
    pub output: Output<'a>,
    /// Whether it goes through pipes (`|>`) that change its rows or columns.
    pub piped: bool,
}

/// What a statement makes of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// It is the statement.
    Statement,
    /// A common table expression of this name.
    Cte(&'a Ident),
    /// A relation of a FROM.
    Derived,
    /// An operand of a set operation, in parentheses.
    Operand,
    /// Part of an expression.
    Expression(Usage),
}

/// One operand of a set operation.
#[derive(Clone, Copy, Debug)]
pub struct Arm<'a> {
    /// How it is combined with those before it; none for the first.
    pub operator: Option<(SetOperator, SetQuantifier)>,
    /// What it is.
    pub body: Body<'a>,
}

/// What can be an operand.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// A SELECT.
    Select(ScopeId),
    /// A query in parentheses.
    Query(QueryId),
    /// Rows written out, or something that is no query.
    Other(&'a sqlparser::ast::SetExpr),
}

/// One SELECT.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The tree.
    pub select: &'a Select,
    /// The query that it is, or is an operand of.
    pub query: QueryId,
    /// The scope whose columns it can see besides its own.
    pub outer: Option<ScopeId>,
    /// What it reads, in the order of FROM.
    pub relations: Vec<Relation<'a>>,
    /// The conditions that a row must meet: WHERE, ON, HAVING and QUALIFY, split at their ANDs.
    pub conditions: Vec<Condition<'a>>,
    /// Every expression that is written in it, subqueries apart, and where.
    pub expressions: Vec<(Clause, &'a Expr)>,
    /// Its result.
    pub output: Output<'a>,
    /// Whether it holds something (pivot, match_recognize, pipes ...) whose relations or columns are not fully told.
    pub opaque: bool,
}

/// The part of a SELECT in which an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clause {
    /// The columns of the result.
    Select,
    /// Arguments of a relation, such as the array of UNNEST.
    From,
    /// The condition of a join, with the position of its right relation (the first, if it is several in parentheses).
    On(usize),
    /// WHERE, and the conditions of a pipe before anything else happens in it.
    Where,
    /// GROUP BY.
    GroupBy,
    /// HAVING.
    Having,
    /// WINDOW.
    Window,
    /// QUALIFY.
    Qualify,
    /// ORDER BY, and SORT BY and its like.
    OrderBy,
    /// LIMIT and OFFSET.
    Limit,
    /// A later part of a pipe: names may mean what the pipe made.
    Pipe,
}

/// A condition that every row of the scope must meet, in its clause. What ON says binds the null-extended side only.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// WHERE, HAVING, QUALIFY or ON.
    pub clause: Clause,
    /// The condition.
    pub expr: &'a Expr,
}

/// One relation of a FROM.
#[derive(Debug)]
pub struct Relation<'a> {
    /// By what its columns are qualified: the alias, or the last part of its name.
    pub name: Option<&'a str>,
    /// The alias, if it has one.
    pub alias: Option<&'a Ident>,
    /// The columns that it is known to have, in order.
    pub columns: Vec<Cow<'a, str>>,
    /// Whether it may have others.
    pub open: bool,
    /// Further columns that it has because the statement reads them from it.
    pub read: Vec<&'a str>,
    /// Where its rows come from.
    pub source: Source<'a>,
    /// How it is joined to those before it.
    pub join: Join<'a>,
    /// Whether an outer join can fill it with NULLs.
    pub optional: bool,
    /// Whether an alias around it, or a pivot, hides it from the rest of the scope.
    pub hidden: bool,
    /// The tree.
    pub factor: &'a TableFactor,
}

/// Where the rows of a relation come from.
#[derive(Debug)]
pub enum Source<'a> {
    /// A table or view.
    Table(TablePath<'a>),
    /// A common table expression.
    Cte(QueryId),
    /// A subquery.
    Derived(QueryId),
    /// The elements of an array, written with UNNEST or as a path such as `orders.items`.
    Unnest,
    /// A table function.
    Function,
    /// Anything else.
    Other,
}

/// The name of a table, its parts told apart also where quotes hold several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePath<'a> {
    /// Project or catalogue, schema, table: as many as were written.
    pub parts: Vec<&'a str>,
    /// Whether it ends in a star and stands for all tables of that beginning.
    pub wildcard: bool,
    /// The tree.
    pub idents: Vec<&'a Ident>,
}

/// How a relation is joined.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    /// The kind.
    pub kind: JoinKind,
    /// ON, USING, NATURAL or nothing.
    pub constraint: Option<&'a JoinConstraint>,
    /// The position of the first relation of the same FROM item: what stands before it is joined by a comma.
    pub since: usize,
}

/// The kinds of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// The first of FROM, or one after a comma.
    First,
    /// Rows that match.
    Inner,
    /// All rows of the left.
    Left,
    /// All rows of the right.
    Right,
    /// All rows of both.
    Full,
    /// Every pair.
    Cross,
    /// Rows of the left that have a match.
    Semi,
    /// Rows of the left that have none.
    Anti,
    /// A kind that is not told apart.
    Other,
}

/// The result of a query or SELECT.
#[derive(Clone, Debug, Default)]
pub struct Output<'a> {
    /// The columns that are known, in order.
    pub columns: Vec<Column<'a>>,
    /// Whether there may be others: a star over a relation that is not fully known.
    pub open: bool,
}

/// One column of a result.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// Its name; none if it was given none.
    pub name: Option<Cow<'a, str>>,
    /// What computes it.
    pub origin: Origin<'a>,
}

/// What a column of a result is made of.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// An expression of that scope.
    Expr(ScopeId, &'a Expr),
    /// The column of the same name of the relation at that position.
    Star(ScopeId, usize),
    /// Not told.
    Unknown,
}

impl<'a> Scopes<'a> {
    /// The scopes of a statement. `declared` tells the columns of tables; `&|_| None` if nothing.
    pub fn of(query: &'a Query, dialect: Dialect, declared: &Declared<'_>) -> Self {
        let mut scopes = build::build(query, dialect, declared);
        scopes.learn();
        scopes
    }

    /// A statement that is right tells of columns: what one part surely reads from a table, the table has in all parts.
    fn learn(&mut self) {
        let mut read: Vec<(Vec<&'a str>, &'a str)> = Vec::new();
        for (id, _) in self.selects() {
            for reference in self.references(id) {
                let resolution = self.resolve(id, reference);
                let Some((candidate, column)) = resolution.certain().zip(resolution.column) else { continue };
                let relation = &self.select(candidate.scope).relations[candidate.relation];
                if let Some(path) = relation.table().filter(|path| relation.open && !path.wildcard) {
                    read.push((path.parts.clone(), &column.value));
                }
            }
        }
        read.sort_unstable();
        read.dedup();
        for relation in self.selects.iter_mut().flat_map(|scope| &mut scope.relations) {
            if let Some(path) = relation.table().filter(|_| relation.open) {
                relation.read = read.iter().filter(|(parts, _)| *parts == path.parts).map(|(_, column)| *column).collect();
            }
        }
    }

    /// The dialect in which names were read.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Every query, each before those inside it.
    pub fn queries(&self) -> impl Iterator<Item = (QueryId, &QueryScope<'a>)> {
        self.queries.iter().enumerate().map(|(index, query)| (QueryId(index), query))
    }

    /// Every SELECT, each before those inside it.
    pub fn selects(&self) -> impl Iterator<Item = (ScopeId, &Scope<'a>)> {
        self.selects.iter().enumerate().map(|(index, scope)| (ScopeId(index), scope))
    }

    /// The query of that id.
    #[must_use]
    pub fn query(&self, id: QueryId) -> &QueryScope<'a> {
        &self.queries[id.0]
    }

    /// The SELECT of that id.
    #[must_use]
    pub fn select(&self, id: ScopeId) -> &Scope<'a> {
        &self.selects[id.0]
    }

    /// The statement itself.
    #[must_use]
    pub fn statement(&self) -> &QueryScope<'a> {
        &self.queries[0]
    }

    /// The SELECTs whose rows a query returns: all operands, also those in parentheses.
    #[must_use]
    pub fn arms_of(&self, id: QueryId) -> Vec<ScopeId> {
        let arm = |arm: &Arm<'a>| match arm.body {
            Body::Select(scope) => vec![scope],
            Body::Query(query) => self.arms_of(query),
            Body::Other(_) => Vec::new(),
        };
        self.query(id).arms.iter().flat_map(arm).collect()
    }
}

impl<'a> Relation<'a> {
    /// The query whose rows it is, if it is one.
    #[must_use]
    pub const fn query(&self) -> Option<QueryId> {
        match self.source {
            Source::Cte(query) | Source::Derived(query) => Some(query),
            _ => None,
        }
    }

    /// The table that it is, if it is one.
    #[must_use]
    pub const fn table(&self) -> Option<&TablePath<'a>> {
        match &self.source {
            Source::Table(path) => Some(path),
            _ => None,
        }
    }
}

impl TablePath<'_> {
    /// Whether another name, of fewer or more parts, can mean the same table: `sales` and `shop.sales`.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        let theirs = other.split('.').rev();
        let ours = self.parts.iter().rev();
        !other.is_empty() && ours.zip(theirs).all(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs))
    }
}

impl std::fmt::Display for TablePath<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parts.join("."))
    }
}

impl<'a> Output<'a> {
    /// The column of that name; the first, if there are several.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column<'a>> {
        self.columns.iter().find(|column| column.is(name))
    }
}

impl Column<'_> {
    /// Whether it has that name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}
