//! The columns of results: what a SELECT list makes of the relations below it.

use std::borrow::Cow;

use sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, ObjectName, RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind, TableFactor,
    WildcardAdditionalOptions,
};

use super::build::Builder;
use super::{Column, JoinKind, Origin, Output, Relation, ScopeId, Source};

impl<'a> Builder<'a, '_> {
    /// The result of a SELECT whose relations are complete.
    pub(super) fn projection(&self, id: ScopeId) -> Output<'a> {
        let scope = &self.selects[id.0];
        let mut output = Output::default();
        for item in &scope.select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => output.columns.push(Column { name: implied_name(expr), origin: Origin::Expr(id, expr) }),
                SelectItem::ExprWithAlias { expr, alias } => output.columns.push(named(alias, Origin::Expr(id, expr))),
                SelectItem::ExprWithAliases { aliases, .. } => {
                    output.columns.extend(aliases.iter().map(|alias| named(alias, Origin::Unknown)));
                }
                SelectItem::Wildcard(options) => {
                    let all = scope.relations.iter().enumerate().filter(|(_, relation)| in_star(relation));
                    self.star(id, all.map(|(index, _)| index), options, &mut output);
                    output.open |= scope.opaque;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    match scope.relations.iter().position(|relation| is_named(relation, name)) {
                        Some(index) => self.star(id, std::iter::once(index), options, &mut output),
                        None => output.open = true,
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => output.open = true,
            }
        }
        if scope.select.projection.is_empty() {
            output.open = true;
        }
        output
    }

    fn star(&self, id: ScopeId, relations: impl Iterator<Item = usize>, options: &'a WildcardAdditionalOptions, output: &mut Output<'a>) {
        let excluded = excluded(options);
        output.open |= options.opt_ilike.is_some();
        for index in relations {
            let relation = &self.selects[id.0].relations[index];
            output.open |= relation.open;
            let kept = relation.columns.iter().filter(|name| !excluded.iter().any(|other| other.eq_ignore_ascii_case(name)));
            output.columns.extend(kept.map(|name| starred(id, index, name.clone(), options)));
        }
    }

    /// The columns of a relation whose alias gives these names, and whether there may be others.
    pub(super) fn columns_of(&self, relation: &Relation<'a>, given: &[&'a str]) -> (Vec<Cow<'a, str>>, bool) {
        let own = relation.alias.map(|alias| alias.value.as_str()).filter(|_| given.is_empty());
        let (mut names, mut open) = match &relation.source {
            Source::Table(path) => match (self.declared)(path) {
                Some(names) => (names.into_iter().map(Cow::Owned).collect(), path.wildcard),
                None => (Vec::new(), true),
            },
            Source::Cte(query) | Source::Derived(query) => {
                let output = &self.queries[query.0].output;
                // Engines give names of their own to columns without one.
                let nameless = output.columns.iter().any(|column| column.name.is_none());
                (output.columns.iter().map(|column| column.name.clone().unwrap_or_default()).collect(), output.open || nameless)
            }
            Source::Unnest => {
                let offset = match relation.factor {
                    TableFactor::UNNEST { with_offset: true, with_offset_alias, .. } => {
                        Some(with_offset_alias.as_ref().map_or("offset", |alias| alias.value.as_str()))
                    }
                    _ => None,
                };
                // The elements can be structs, whose fields are columns too.
                (own.into_iter().chain(offset).map(Cow::Borrowed).collect(), true)
            }
            // What has one column names it like itself.
            Source::Function => (own.into_iter().map(Cow::Borrowed).collect(), true),
            Source::Other => (Vec::new(), true),
        };
        rename(&mut names, open, given);
        // Functions have no more columns than they are given names.
        open &= given.is_empty() || !matches!(relation.source, Source::Function | Source::Unnest);
        (names, open)
    }
}

/// A column that a star brings along, replaced or renamed.
fn starred<'a>(id: ScopeId, index: usize, name: Cow<'a, str>, options: &'a WildcardAdditionalOptions) -> Column<'a> {
    let replaced = options.opt_replace.iter().flat_map(|replace| &replace.items);
    if let Some(item) = replaced.into_iter().find(|item| item.column_name.value.eq_ignore_ascii_case(&name)) {
        return named(&item.column_name, Origin::Expr(id, &item.expr));
    }
    let renamed = match &options.opt_rename {
        Some(RenameSelectItem::Single(item)) => std::slice::from_ref(item),
        Some(RenameSelectItem::Multiple(items)) => items,
        None => &[],
    };
    match renamed.iter().find(|item| item.ident.value.eq_ignore_ascii_case(&name)) {
        Some(item) => named(&item.alias, Origin::Unknown),
        None => Column { name: Some(name), origin: Origin::Star(id, index) },
    }
}

/// `as t (a, b)` names the first columns anew.
pub(super) fn rename<'a>(names: &mut Vec<Cow<'a, str>>, open: bool, given: &[&'a str]) {
    if open && !given.is_empty() {
        // Which of the known columns lost their names cannot be told.
        names.clear();
    }
    names.drain(..given.len().min(names.len()));
    names.splice(0..0, given.iter().copied().map(Cow::Borrowed));
}

/// The name that a column has without being given one.
fn implied_name(expr: &Expr) -> Option<Cow<'_, str>> {
    match expr {
        Expr::Identifier(ident) => Some(Cow::Borrowed(ident.value.as_str())),
        Expr::CompoundIdentifier(parts) => parts.last().map(|last| Cow::Borrowed(last.value.as_str())),
        Expr::Nested(expr) => implied_name(expr),
        _ => None,
    }
}

fn named<'a>(name: &'a Ident, origin: Origin<'a>) -> Column<'a> {
    Column { name: Some(Cow::Borrowed(name.value.as_str())), origin }
}

fn in_star(relation: &Relation<'_>) -> bool {
    !relation.hidden && !matches!(relation.join.kind, JoinKind::Semi | JoinKind::Anti)
}

fn is_named(relation: &Relation<'_>, name: &ObjectName) -> bool {
    let last = name.0.last().and_then(|part| part.as_ident());
    !relation.hidden && relation.name.zip(last).is_some_and(|(own, last)| own.eq_ignore_ascii_case(&last.value))
}

fn excluded(options: &WildcardAdditionalOptions) -> Vec<&str> {
    let mut names = Vec::new();
    if let Some(except) = &options.opt_except {
        names.extend(std::iter::once(&except.first_element).chain(&except.additional_elements).map(|ident| ident.value.as_str()));
    }
    let objects = match &options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
        Some(ExcludeSelectItem::Multiple(names)) => names,
        None => &[],
    };
    names.extend(objects.iter().filter_map(|name| name.0.last()?.as_ident()).map(|ident| ident.value.as_str()));
    names
}
