//! Tables and columns, from the INFORMATION_SCHEMA of each dataset that the catalogue names.

use std::collections::BTreeSet;

use super::values::kind;
use crate::model::bigquery::BigQuery;
use crate::model::sql::{Dialect, Sql};
use crate::model::table::{Table, Value};
use crate::warehouse::{Inventory, QueryError, TableInfo};

/// A dataset: its project and its name.
pub(super) type Dataset = (String, String);

/// The datasets of these tables, which have names of one to three parts.
pub(super) fn datasets(target: &BigQuery, named: &[&str]) -> Vec<Dataset> {
    let names = named.iter().filter_map(|name| parts(target, name));
    let found: BTreeSet<Dataset> = names
        .filter(|[project, dataset, _]| is_plain(project) && is_plain(dataset))
        .map(|[project, dataset, _]| (project.to_owned(), dataset.to_owned()))
        .collect();
    found.into_iter().collect()
}

/// The place of a table among the resources of the server, if its name is one that can be part of an address.
pub(super) fn resource(target: &BigQuery, name: &str) -> Option<String> {
    let [project, dataset, table] = parts(target, name).filter(|parts| parts.iter().all(|part| is_plain(part)))?;
    Some(format!("projects/{project}/datasets/{dataset}/tables/{table}"))
}

fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':'))
}

/// Project, dataset and table of a name.
fn parts<'a>(target: &'a BigQuery, name: &'a str) -> Option<[&'a str; 3]> {
    match name.split('.').collect::<Vec<_>>()[..] {
        [table] => Some([&target.project, target.dataset.as_deref()?, table]),
        [dataset, table] => Some([&target.project, dataset, table]),
        [project, dataset, table] => Some([project, dataset, table]),
        _ => None,
    }
}

/// Names of the catalogue that are there in other letters only, which BigQuery tells apart: each with the right one.
pub(super) fn in_other_letters<'n>(target: &BigQuery, named: &[&'n str], there: &BTreeSet<String>) -> Vec<(&'n str, String)> {
    let other = |name: &&'n str| {
        let full = parts(target, name)?.join(".");
        let like = there.iter().find(|other| other.eq_ignore_ascii_case(&full))?;
        (!there.contains(&full)).then(|| (*name, like.clone()))
    };
    named.iter().filter_map(other).collect()
}

/// The statement that lists the columns of these datasets.
pub(super) fn statement(datasets: &[Dataset]) -> Result<Sql, QueryError> {
    let columns = |(project, dataset): &Dataset| {
        format!(
            "select table_catalog, table_schema, table_name, column_name, data_type, ordinal_position, is_partitioning_column\n\
             from `{project}.{dataset}`.INFORMATION_SCHEMA.COLUMNS"
        )
    };
    let parts: Vec<String> = datasets.iter().map(columns).collect();
    let parts = parts.join("\nunion all\n");
    // A union of its own is not said to be a query by every server.
    let text = format!("select * from (\n{parts}\n) as listed\norder by table_catalog, table_schema, table_name, ordinal_position");
    Sql::parse(&text, Dialect::BigQuery).map_err(|refusal| QueryError::Engine(refusal.to_string()))
}

/// Adds what such a statement found, and the names of the tables as they are written.
pub(super) fn absorb(inventory: &mut Inventory, there: &mut BTreeSet<String>, table: &Table, target: &BigQuery) {
    for row in table.rows() {
        // A server that answers with other columns than it was asked for names no tables.
        let text = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default();
        let (project, dataset, name) = (text(0), text(1), text(2));
        let mut names = vec![format!("{project}.{dataset}.{name}")];
        there.extend(names.iter().cloned());
        if project == target.project {
            names.push(format!("{dataset}.{name}"));
            names.extend((target.dataset.as_deref() == Some(dataset)).then(|| name.to_owned()));
        }
        let shortest = names.last().cloned().unwrap_or_default();
        for name in names {
            let new = || TableInfo { name: shortest.clone(), ..TableInfo::default() };
            let info: &mut TableInfo = inventory.entry(name.to_lowercase()).or_insert_with(new);
            if text(6) == "YES" {
                info.partition.push(text(3).to_owned());
            }
            info.columns.push((text(3).to_owned(), text(4).to_owned(), kind(text(4))));
        }
    }
}
