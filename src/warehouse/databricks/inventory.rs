//! The tables of the catalogs that the project names, from Unity Catalog's `information_schema`.

use std::collections::{BTreeMap, BTreeSet};

use super::values;
use super::workspace::Workspace;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::Table;
use crate::warehouse::{Inventory, QueryError, TableInfo};

/// One statement over the schemas that are named, catalog by catalog.
pub(super) fn statement(named: &[&str], workspace: &Workspace) -> Result<Sql, QueryError> {
    let mut schemas: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
    for name in named {
        let parts: Vec<&str> = name.split('.').collect();
        let (catalog, schema) = match parts[..] {
            [catalog, schema, _] => (Some(catalog.to_owned()), Some(schema)),
            [schema, _] => (workspace.catalog.clone(), Some(schema)),
            _ => (workspace.catalog.clone(), workspace.schema.as_deref()),
        };
        schemas.entry(catalog).or_default().extend(Some(schema.unwrap_or("default").to_lowercase()));
    }
    let selects: Vec<String> = schemas.iter().map(|(catalog, schemas)| select(catalog.as_deref(), schemas)).collect();
    let text = format!("{}\norder by table_catalog, table_schema, table_name, ordinal_position", selects.join("\nunion all\n"));
    Sql::parse(&text, Dialect::Databricks).map_err(|refusal| QueryError::Engine(refusal.to_string()))
}

fn select(catalog: Option<&str>, schemas: &BTreeSet<String>) -> String {
    let prefix = catalog.map(|catalog| format!("`{}`.", catalog.replace('`', "``"))).unwrap_or_default();
    let list: Vec<String> = schemas.iter().map(|schema| format!("'{}'", schema.replace('\\', "\\\\").replace('\'', "\\'"))).collect();
    format!(
        "select table_catalog, table_schema, table_name, column_name, full_data_type, ordinal_position\n\
        from {prefix}information_schema.columns\nwhere table_schema in ({})",
        list.join(", ")
    )
}

/// The tables by every name under which they can be asked for.
pub(super) fn absorb(table: &Table, workspace: &Workspace) -> Inventory {
    let mut inventory = Inventory::new();
    for row in table.rows() {
        let text = |at: usize| row[at].as_text().unwrap_or_default();
        let (catalog, schema, name, words) = (text(0), text(1), text(2), text(4));
        let mut names = vec![format!("{catalog}.{schema}.{name}")];
        if workspace.catalog.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(catalog)) {
            names.push(format!("{schema}.{name}"));
            names.extend(schema.eq_ignore_ascii_case(workspace.schema.as_deref().unwrap_or("default")).then(|| name.to_owned()));
        }
        let column = (text(3).to_owned(), words.to_owned(), values::kind_of(words));
        for name in &names {
            let new = || TableInfo { name: names[0].clone(), ..TableInfo::default() };
            inventory.entry(name.to_lowercase()).or_insert_with(new).columns.push(column.clone());
        }
    }
    inventory
}
