//! The tables that a database has, under each name by which they can be asked for.

use std::collections::BTreeMap;

use crate::model::table::{Kind, Table, Value};
use crate::warehouse::{Inventory, TableInfo};

/// Every table and view with its columns; the rows of a partitioned table are those of its partitions. The last column says
/// whether the name alone leads there.
pub(super) const STATEMENT: &str = "\
with recursive partitions as (
    select inhparent as root, inhrelid as part
    from pg_inherits
    union all
    select partitions.root, pg_inherits.inhrelid
    from partitions
    inner join pg_inherits on pg_inherits.inhparent = partitions.part
),

partition_rows as (
    select partitions.root, sum(parts.reltuples) as row_estimate
    from partitions
    inner join pg_class as parts on parts.oid = partitions.part
    where parts.relkind = 'r' and parts.reltuples >= 0
    group by partitions.root
),

partition_columns as (
    select
        keys.partrelid as root,
        string_agg(cast(parts.attname as text), chr(10) order by keys.place) as names
    from (
        select partrelid, cast(unnest(partattrs) as smallint) as attnum, generate_series(1, partnatts) as place
        from pg_partitioned_table
    ) as keys
    inner join pg_attribute as parts on parts.attrelid = keys.partrelid and parts.attnum = keys.attnum
    group by keys.partrelid
)

select
    current_database() as database_name,
    namespaces.nspname as schema_name,
    relations.relname as table_name,
    columns.attname as column_name,
    format_type(columns.atttypid, columns.atttypmod) as data_type,
    coalesce(bases.typname, types.typname) as base_type,
    cast(case
        when relations.relkind = 'p' then partition_rows.row_estimate
        when relations.relkind in ('r', 'm') and relations.reltuples >= 0 then relations.reltuples
    end as bigint) as row_estimate,
    pg_table_is_visible(relations.oid) as is_visible,
    partition_columns.names as partition_columns,
    relations.relkind in ('v', 'm') as is_view
from pg_class as relations
inner join pg_namespace as namespaces on namespaces.oid = relations.relnamespace
inner join pg_attribute as columns on columns.attrelid = relations.oid
inner join pg_type as types on types.oid = columns.atttypid
left join pg_type as bases on bases.oid = types.typbasetype
left join partition_rows on partition_rows.root = relations.oid
left join partition_columns on partition_columns.root = relations.oid
where relations.relkind in ('r', 'p', 'v', 'm', 'f')
    and columns.attnum > 0
    and not columns.attisdropped
    and namespaces.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and namespaces.nspname not like 'pg_temp_%'
order by schema_name, table_name, columns.attnum";

/// The answer to [`STATEMENT`], by name. Postgres tells letters apart: of names that differ in nothing else, and of one that the
/// project writes otherwise, what the project means by it is there, or nothing.
pub(super) fn absorb(table: &Table, named: &[&str]) -> Inventory {
    let mut exact: BTreeMap<String, TableInfo> = BTreeMap::new();
    for row in table.rows() {
        let text = |at: usize| row[at].as_text().unwrap_or_default();
        let (database, schema, name) = (text(0), text(1), text(2));
        let column = (text(3).to_owned(), text(4).to_owned(), kind_of(text(5)));
        let rows = row[6].as_int().and_then(|rows| u64::try_from(rows).ok());
        let mut names = vec![format!("{schema}.{name}"), format!("{database}.{schema}.{name}")];
        if row[7] == Value::Bool(true) {
            names.insert(0, name.to_owned());
        }
        let partition: Vec<String> = text(8).split('\n').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for name in &names {
            let is_view = row[9] == Value::Bool(true);
            let new = || TableInfo { name: names[0].clone(), rows, columns: Vec::new(), partition: partition.clone(), is_view };
            exact.entry(name.clone()).or_insert_with(new).columns.push(column.clone());
        }
    }
    let is_meant = |name: &String| {
        let mut alike = named.iter().filter(|asked| asked.to_lowercase() == name.to_lowercase()).peekable();
        alike.peek().is_none() || alike.any(|asked| asked == name)
    };
    let mut inventory = Inventory::new();
    // In reverse, small letters come first: what is written without quotes.
    for (name, info) in exact.into_iter().rev().filter(|(name, _)| is_meant(name)) {
        inventory.entry(name.to_lowercase()).or_insert(info);
    }
    inventory
}

fn kind_of(type_name: &str) -> Kind {
    match type_name {
        "bool" => Kind::Bool,
        "int2" | "int4" | "int8" | "oid" => Kind::Int,
        "float4" | "float8" => Kind::Float,
        "numeric" => Kind::Decimal,
        "date" => Kind::Date,
        "timestamp" | "timestamptz" => Kind::Timestamp,
        _ => Kind::Text,
    }
}
