//! Walks the parsed tree and refuses what writes, locks, stores, or calls something that does more than compute.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, ObjectName, PipeOperator, Query, Select, SetExpr, Spanned, Statement, TableFactor, Visitor,
};

use super::{Dialect, Place, Refusal, functions, place, relations};

/// The visitor of one statement.
pub(super) struct Guard {
    dialect: Dialect,
}

impl Guard {
    pub(super) const fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }
}

type Flow = ControlFlow<Box<Refusal>>;

fn flow(result: Result<(), Refusal>) -> Flow {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(refusal) => ControlFlow::Break(Box::new(refusal)),
    }
}

fn refuse(at: Place, what: &'static str) -> Flow {
    flow(Err(Refusal::Construct { at, what }))
}

impl Visitor for Guard {
    type Break = Box<Refusal>;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Flow {
        // Printing or locating a whole tree recurses without protection, so only its kind is named.
        let what = match statement {
            Statement::Insert(_) => "an insert",
            Statement::Update(_) => "an update",
            Statement::Delete(_) => "a delete",
            Statement::Merge(_) => "a merge",
            _ => "a nested statement",
        };
        flow(Err(Refusal::Writes { at: Place::default(), what: what.to_owned() }))
    }

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        if let Some(lock) = query.locks.first() {
            return flow(Err(Refusal::Locks { lock: lock.to_string().to_lowercase() }));
        }
        let at = Place::default();
        if query.for_clause.is_some() {
            return refuse(at, "a for clause");
        }
        if query.settings.is_some() || query.format_clause.is_some() {
            return refuse(at, "a settings or format clause");
        }
        for operator in &query.pipe_operators {
            match operator {
                PipeOperator::Call { .. } => return refuse(at, "a call in a pipe"),
                // The parser skips whatever follows the names, brackets and functions included.
                PipeOperator::Drop { .. } => return refuse(at, "drop in a pipe"),
                _ => {}
            }
        }
        if has_table_command(&query.body) {
            return refuse(at, "the table command");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        let at = place(select.select_token.0.span.start);
        if select.into.is_some() {
            return flow(Err(Refusal::Into { at }));
        }
        for view in &select.lateral_views {
            let Expr::Function(function) = &view.lateral_view else {
                return refuse(at, "a lateral view of anything but a function");
            };
            flow(functions::check_table(&function.name, self.dialect))?;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        flow(relations::check(relation, self.dialect))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table { name, args: Some(args), .. } => {
                flow(functions::check_table(name, self.dialect))?;
                if args.settings.is_some() {
                    return refuse(place(name.span().start), "a settings clause");
                }
                ControlFlow::Continue(())
            }
            TableFactor::Table { name, with_hints, .. } if !with_hints.is_empty() => refuse(place(name.span().start), "a table hint"),
            TableFactor::Function { name, .. } => flow(functions::check_table(name, self.dialect)),
            // `table(...)` around a function is how Snowflake calls it here.
            TableFactor::TableFunction { expr: Expr::Function(function), .. } if self.dialect == Dialect::Snowflake => {
                flow(functions::check_table(&function.name, self.dialect))
            }
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::JsonTable { .. } => ControlFlow::Continue(()),
            TableFactor::TableFunction { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => refuse(Place::default(), "this kind of table function"),
        }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> Flow {
        match expression {
            Expr::Function(function) if function.uses_odbc_syntax => refuse(place(function.name.span().start), "a call in braces"),
            Expr::Function(function) => flow(functions::check_scalar(&function.name, self.dialect)),
            Expr::BinaryOp { op: BinaryOperator::PGCustomBinaryOperator(_) | BinaryOperator::Custom(_), .. } => {
                refuse(Place::default(), "an operator that is not built in")
            }
            Expr::CompoundIdentifier(parts) => flow(parts.iter().skip(1).try_for_each(|part| functions::check_field(part, self.dialect))),
            Expr::CompoundFieldAccess { access_chain, .. } => flow(access_chain.iter().try_for_each(|access| match access {
                AccessExpr::Dot(Expr::Identifier(field)) => functions::check_field(field, self.dialect),
                _ => Ok(()),
            })),
            Expr::Prefixed { prefix, .. } => refuse(place(prefix.span.start), "a character set before a string"),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// A chain of unions is deep on its left side, so it is walked without recursion.
fn has_table_command(body: &SetExpr) -> bool {
    let mut waiting = vec![body];
    while let Some(body) = waiting.pop() {
        match body {
            SetExpr::Table(_) => return true,
            SetExpr::SetOperation { left, right, .. } => waiting.extend([left.as_ref(), right.as_ref()]),
            _ => {}
        }
    }
    false
}
