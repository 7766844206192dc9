//! What each SELECT reads, and which relation each name belongs to.

use gapgate::lint::scope::{Scopes, Source, TablePath};
use gapgate::model::sql::Dialect;
use sqlparser::dialect::{BigQueryDialect, DatabricksDialect, DuckDbDialect, PostgreSqlDialect, SnowflakeDialect};
use sqlparser::parser::Parser;

/// The relations of every scope, then every name with what it can mean: `x = t?` could be of t, `x = t` is, `x = ^t` of an outer scope.
fn told(sql: &str, dialect: Dialect) -> String {
    let grammar: &dyn sqlparser::dialect::Dialect = match dialect {
        Dialect::BigQuery => &BigQueryDialect,
        Dialect::DuckDb => &DuckDbDialect,
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Databricks => &DatabricksDialect,
        Dialect::Snowflake => &SnowflakeDialect,
    };
    let query = Parser::new(grammar).try_with_sql(sql).and_then(|mut parser| parser.parse_query()).expect("a query");
    let declared = |path: &TablePath<'_>| path.is("shop.orders").then(|| vec!["id".to_owned(), "day".to_owned()]);
    let scopes = Scopes::of(&query, dialect, &declared);
    let mut lines = Vec::new();
    for (id, scope) in scopes.selects() {
        let source = |source: &Source<'_>| match source {
            Source::Table(path) => format!("table {path}"),
            Source::Cte(_) => "cte".to_owned(),
            Source::Derived(_) => "query".to_owned(),
            Source::Unnest => "array".to_owned(),
            Source::Function => "function".to_owned(),
            Source::Other => "other".to_owned(),
        };
        let relations = scope.relations.iter().map(|relation| {
            let mark = if relation.optional { "?" } else { "" };
            format!("{}{mark}: {}", relation.name.unwrap_or("-"), source(&relation.source))
        });
        let mut parts: Vec<String> = vec![format!("[{}]", relations.collect::<Vec<_>>().join(", "))];
        for reference in scopes.references(id) {
            let resolution = scopes.resolve(id, reference);
            let name: Vec<&str> = reference.parts.iter().map(|part| part.value.as_str()).collect();
            let mut meanings: Vec<String> = resolution.output.iter().map(|position| format!("#{}", position + 1)).collect();
            meanings.extend(resolution.candidates.iter().map(|candidate| {
                let relation = &scopes.select(candidate.scope).relations[candidate.relation];
                let outer = if candidate.scope == id { "" } else { "^" };
                format!("{outer}{}{}", relation.name.unwrap_or("-"), if candidate.known { "" } else { "?" })
            }));
            parts.push(format!("{} = {}", name.join("."), meanings.join("|")));
        }
        lines.push(parts.join("; "));
    }
    lines.join("\n")
}

fn check(dialect: Dialect, sql: &str, expected: &[&str]) {
    assert_eq!(told(sql, dialect), expected.join("\n"), "{sql}");
}

#[test]
fn ctes_hide_tables_and_are_hidden_by_inner_ones() {
    check(
        Dialect::BigQuery,
        "with t as (select a from x.t), u as (with t as (select b from t) select b from t) select a, b from t cross join u, y.t as w",
        &["[t: table x.t]; a = t", "[t: cte]; b = ", "[t: cte]; b = t", "[t: cte, u: cte, w: table y.t]; a = t; b = u"],
    );
    check(
        Dialect::DuckDb,
        "with recursive n as (select 1 as i union all select i + 1 from n where i < 9) select i from n",
        &["[]", "[n: cte]; i = n?; i = n?", "[n: cte]; i = n"],
    );
}

#[test]
fn correlated_names_bind_inside_first() {
    check(
        Dialect::Postgres,
        "select id from shop.orders as o where exists (select 1 from returns where returns.order_id = id and day = o.day)",
        &[
            "[o: table shop.orders]; id = o",
            "[returns: table returns]; returns.order_id = returns; id = returns?|^o; day = returns?|^o; o.day = ^o",
        ],
    );
    check(
        Dialect::BigQuery,
        "select 1 from shop.returns as r where r.x in (select id from shop.orders where id = r.id)",
        &["[r: table shop.returns]; r.x = r", "[orders: table shop.orders]; id = orders; id = orders; r.id = ^r"],
    );
}

#[test]
fn arrays_paths_and_wildcards_of_bigquery() {
    check(
        Dialect::BigQuery,
        "select event.name, o from `my-project.shop.events_*` as e, e.params as event, unnest(e.items) as item with offset as o \
         where _table_suffix > '20240101' and exists (select 1 from event.tags as tag where tag = 'x')",
        &[
            "[e: table my-project.shop.events_*, event: array, item: array]; e.items = e?; event.name = event?; o = item; \
             _table_suffix = e?|event?|item?",
            "[tag: array]; tag = tag",
        ],
    );
    check(Dialect::BigQuery, "select date_trunc(month, month), x.y.z from p.d.x", &["[x: table p.d.x]; month = x; x.y.z = x"]);
    check(
        Dialect::BigQuery,
        "select d.orders.id from shop.d.orders where id = @id",
        &["[orders: table shop.d.orders]; d.orders.id = orders; id = orders"],
    );
}

#[test]
fn joins_subqueries_and_lateral() {
    check(
        Dialect::DuckDb,
        "select * from a left join (b join c on b.i = c.i) on a.i = b.i full join (select 1 as k) as d on k = a.i",
        &["[a?: table a, b?: table b, c?: table c, d?: query]; b.i = b; c.i = c; a.i = a; b.i = b; k = d; a.i = a", "[]"],
    );
    check(
        Dialect::Postgres,
        "select n from shop.orders as o cross join lateral (select count(*) as n from items where items.id = o.id) as i",
        &["[o: table shop.orders, i: query]; n = i", "[items: table items]; items.id = items; o.id = ^o"],
    );
    check(
        Dialect::Databricks,
        "select transform(xs, x -> x + y) as zs, datediff(day, a, b) from t where zs is null",
        &["[t: table t]; xs = t; y = t; a = t; b = t; zs = #1|t?"],
    );
}

#[test]
fn names_given_by_select_are_seen_where_the_engine_sees_them() {
    let sql = "select day as d, count(*) as n from shop.orders group by d having n > 1 order by n, day";
    let bigquery = "[orders: table shop.orders]; day = orders; n = #2; d = #1; n = #2; day = orders";
    check(Dialect::BigQuery, sql, &[bigquery]);
    check(Dialect::Postgres, sql, &[&bigquery.replacen("n = #2; ", "n = ; ", 1)]);
}

#[test]
fn pipes_keep_their_conditions_until_columns_change() {
    check(
        Dialect::BigQuery,
        "from shop.orders |> where day > date '2024-01-01' |> aggregate count(*) as n group by day |> where n > 1",
        &["[orders: table shop.orders]; day = orders; day = orders; n = "],
    );
}

#[test]
fn stars_bring_the_columns_that_are_known() {
    check(
        Dialect::DuckDb,
        "with o as (select * exclude (day) from shop.orders) select id, day from o join (select *, 1 as one from t) as u on one = id",
        &["[orders: table shop.orders]", "[o: cte, u: query]; one = u; id = o; id = o; day = u?", "[t: table t]"],
    );
}

#[test]
fn what_one_part_reads_the_table_has_in_all_parts() {
    check(
        Dialect::BigQuery,
        "select day from ops.runs where status = 'failed' and day not in (select day from ops.runs where status = 'ok')",
        &["[runs: table ops.runs]; day = runs; status = runs; day = runs", "[runs: table ops.runs]; day = runs; status = runs"],
    );
}
