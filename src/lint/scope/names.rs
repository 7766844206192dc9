//! Which relation a name belongs to.

use sqlparser::ast::{Expr, Function, Ident};

use super::{Clause, Column, Origin, Relation, ScopeId, Scopes, Source};
use crate::lint::walk::{self, Child};
use crate::model::sql::Dialect;

/// A name that stands for a column, or for a whole relation, in the text of one scope.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// Where it stands.
    pub clause: Clause,
    /// Its parts: a column, or a relation and a column; further ones are fields.
    pub parts: &'a [Ident],
}

/// A relation that can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The scope whose relation it is: the name's own or one outside it.
    pub scope: ScopeId,
    /// Its position in that scope.
    pub relation: usize,
    /// Whether the relation is known to have the column, by what it is or by what the statement reads; otherwise it could.
    pub known: bool,
}

/// What a name can mean.
#[derive(Clone, Debug, Default)]
pub struct Resolution<'a> {
    /// The column's name; none if a whole relation is meant.
    pub column: Option<&'a Ident>,
    /// The relations that can be meant, from the inside out. Empty: no relation has it.
    pub candidates: Vec<Candidate>,
    /// The position of the result's column of that name, where the clause can see it.
    pub output: Option<usize>,
}

impl Resolution<'_> {
    /// The one relation that is meant, if there is no other way to read the name.
    #[must_use]
    pub fn certain(&self) -> Option<Candidate> {
        match self.candidates[..] {
            [only] if self.output.is_none() => Some(only),
            _ => None,
        }
    }

    /// Whether the name means nothing that is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.candidates.is_empty() && self.output.is_none()
    }
}

impl<'a> Scopes<'a> {
    /// The names in the text of a scope, subqueries apart. Parameters, parts of dates and lambda variables are none.
    #[must_use]
    pub fn references(&self, id: ScopeId) -> Vec<Reference<'a>> {
        let mut found = Vec::new();
        for (clause, expr) in &self.select(id).expressions {
            names(expr, self.dialect(), &mut |parts| found.push(Reference { clause: *clause, parts }));
        }
        found
    }

    /// The names in one expression, subqueries apart.
    #[must_use]
    pub fn names_in(&self, expr: &'a Expr) -> Vec<&'a [Ident]> {
        let mut found = Vec::new();
        names(expr, self.dialect(), &mut |parts| found.push(parts));
        found
    }

    /// The parts of an expression that is nothing but a name.
    #[must_use]
    pub fn name_of(&self, expr: &'a Expr) -> Option<&'a [Ident]> {
        name(walk::bare(expr))
    }

    /// What a name means, if it stands in that clause of that scope.
    #[must_use]
    pub fn resolve(&self, id: ScopeId, reference: Reference<'a>) -> Resolution<'a> {
        let Some((first, rest)) = reference.parts.split_first() else { return Resolution::default() };
        if let Some(resolution) = self.qualified(id, reference.parts) {
            return resolution;
        }
        let mut resolution = Resolution { column: Some(first), candidates: self.holders(id, &first.value), output: None };
        if rest.is_empty() && self.sees_output(reference.clause) {
            resolution.output = self.select(id).output.columns.iter().position(|column| column.is(&first.value) && is_renamed(column));
        }
        if resolution.output.is_some() && reference.clause == Clause::OrderBy {
            resolution.candidates.clear();
        }
        resolution
    }

    /// What an expression means if it is nothing but a name.
    #[must_use]
    pub fn resolve_expr(&self, id: ScopeId, clause: Clause, expr: &'a Expr) -> Option<Resolution<'a>> {
        Some(self.resolve(id, Reference { clause, parts: name(walk::bare(expr))? }))
    }

    /// `relation.column`, or `schema.relation.column`, or a whole relation by its name.
    fn qualified(&self, id: ScopeId, parts: &'a [Ident]) -> Option<Resolution<'a>> {
        let mut at = Some(id);
        while let Some(id) = at {
            let scope = self.select(id);
            for (index, relation) in scope.relations.iter().enumerate().filter(|(_, relation)| !relation.hidden) {
                let Some(taken) = qualifier(relation, parts) else { continue };
                let known = parts.get(taken).is_some_and(|column| relation.has(&column.value) == Has::Yes);
                let whole = parts.len() == taken;
                // A column can have the name of its relation: `from day as day`.
                if whole && (relation.has(&parts[0].value) == Has::Yes || !self.holds_itself(relation)) {
                    continue;
                }
                let candidates = vec![Candidate { scope: id, relation: index, known: known || whole }];
                return Some(Resolution { column: parts.get(taken), candidates, output: None });
            }
            at = scope.outer;
        }
        None
    }

    /// Whether a relation's name alone can stand for its row or its value.
    fn holds_itself(&self, relation: &Relation<'a>) -> bool {
        !matches!(self.dialect(), Dialect::Databricks | Dialect::Snowflake) || matches!(relation.source, Source::Unnest)
    }

    /// The relations that have, or could have, a column of that name; a scope that surely has it hides those outside.
    fn holders(&self, id: ScopeId, name: &str) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let scope = self.select(id);
            let visible = scope.relations.iter().enumerate().filter(|(_, relation)| !relation.hidden);
            let own: Vec<(usize, Has)> = visible.map(|(index, relation)| (index, relation.has(name))).collect();
            let holding = own.iter().filter(|(_, has)| *has == Has::Yes);
            let before = candidates.len();
            candidates.extend(holding.map(|(relation, _)| Candidate { scope: id, relation: *relation, known: true }));
            if candidates.len() > before {
                break;
            }
            let open = own.into_iter().filter(|(_, has)| *has == Has::Maybe);
            candidates.extend(open.map(|(relation, _)| Candidate { scope: id, relation, known: false }));
            at = scope.outer;
        }
        candidates
    }

    /// Whether the names that SELECT gives can be used in a clause. Postgres keeps them from most.
    const fn sees_output(&self, clause: Clause) -> bool {
        match clause {
            Clause::OrderBy | Clause::GroupBy | Clause::Pipe => true,
            Clause::Having | Clause::Qualify => !matches!(self.dialect, Dialect::Postgres),
            Clause::Select | Clause::Where => matches!(self.dialect, Dialect::DuckDb | Dialect::Databricks | Dialect::Snowflake),
            Clause::From | Clause::On(_) | Clause::Window | Clause::Limit => false,
        }
    }
}

/// Whether a relation has a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// It does.
    Yes,
    /// Nobody told.
    Maybe,
    /// It does not.
    No,
}

impl Relation<'_> {
    /// Whether it has a column of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> Has {
        let known = self.columns.iter().map(AsRef::as_ref).chain(self.read.iter().copied());
        if known.into_iter().any(|column: &str| column.eq_ignore_ascii_case(name)) {
            return Has::Yes;
        }
        if self.open { Has::Maybe } else { Has::No }
    }
}

/// Whether a result's column has a name of its own, other than that of the column it shows.
fn is_renamed(column: &Column<'_>) -> bool {
    match column.origin {
        Origin::Expr(_, expr) => name(walk::bare(expr)).and_then(<[Ident]>::last).is_none_or(|last| !column.is(&last.value)),
        Origin::Star(..) => false,
        Origin::Unknown => true,
    }
}

/// How many parts of a name qualify, if they name this relation: `t.x`, or `schema.t.x` where it has no alias.
fn qualifier(relation: &Relation<'_>, parts: &[Ident]) -> Option<usize> {
    if relation.name?.eq_ignore_ascii_case(&parts[0].value) {
        return Some(1);
    }
    let path = relation.table().filter(|_| relation.alias.is_none())?;
    (2..=path.parts.len().min(parts.len())).find(|taken| {
        let ours = &path.parts[path.parts.len() - taken..];
        ours.iter().zip(parts).all(|(ours, theirs)| ours.eq_ignore_ascii_case(&theirs.value))
    })
}

/// The parts of a name.
fn name(expr: &Expr) -> Option<&[Ident]> {
    match expr {
        Expr::Identifier(ident) => Some(std::slice::from_ref(ident)),
        Expr::CompoundIdentifier(parts) => Some(parts),
        _ => None,
    }
}

fn names<'a>(root: &'a Expr, dialect: Dialect, visit: &mut dyn FnMut(&'a [Ident])) {
    let mut waiting = vec![root];
    let mut below = Vec::new();
    while let Some(expr) = waiting.pop() {
        if let Some(parts) = name(expr) {
            if !parts[0].value.starts_with('@') {
                visit(parts);
            }
            continue;
        }
        if let Expr::Lambda(lambda) = expr {
            let is_variable = |name: &Ident| lambda.params.iter().any(|variable| variable.name.value.eq_ignore_ascii_case(&name.value));
            // As deep as the parser let lambdas nest.
            names(&lambda.body, dialect, &mut |parts| {
                if !is_variable(&parts[0]) {
                    visit(parts)
                }
            });
            continue;
        }
        walk::children(expr, &mut below);
        let part = if let Expr::Function(function) = expr { date_part(function, dialect) } else { None };
        let exprs = below.drain(..).rev().filter_map(|child| if let Child::Expr(expr) = child { Some(expr) } else { None });
        waiting.extend(exprs.filter(|child| !part.is_some_and(|part| std::ptr::eq(part, *child))));
    }
}

const DATE_PARTS: &str = "
    microsecond millisecond second minute hour day dayofweek dayofyear week isoweek month quarter year isoyear decade century
    sunday monday tuesday wednesday thursday friday saturday date time";

/// The argument that names a part of a date, such as `month` in `date_trunc(day, month)`, which is no column.
fn date_part(function: &Function, dialect: Dialect) -> Option<&Expr> {
    let called = function.name.0.last()?.as_ident()?.value.to_ascii_lowercase();
    let takes_part = ["trunc", "diff", "last_day", "dateadd", "date_add", "date_sub", "timestampadd", "week", "bucket"];
    if !takes_part.iter().any(|word| called.contains(word)) {
        return None;
    }
    let mut arguments = walk::arguments(function);
    let argument = match dialect {
        // It comes last, but for a time zone, and columns can be called so too.
        Dialect::BigQuery if called != "week" => arguments.skip(1).filter(|argument| is_date_part(argument)).last(),
        _ => arguments.next(),
    };
    argument.filter(|argument| is_date_part(argument))
}

fn is_date_part(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.quote_style.is_none() && DATE_PARTS.split_whitespace().any(|part| part.eq_ignore_ascii_case(&ident.value)))
}
