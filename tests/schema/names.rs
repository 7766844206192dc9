//! Names and comparisons of statements against recorded tables, per dialect: what cannot be is found, and nothing else.

use std::collections::BTreeMap;

use gapgate::lint::names::{faults, tables};
use gapgate::model::places::Places;
use gapgate::model::schema::{Schema, TableInfo};
use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::Kind;

const BIGQUERY: Dialect = Dialect::BigQuery;
const POSTGRES: Dialect = Dialect::Postgres;
const DATABRICKS: Dialect = Dialect::Databricks;

fn schema(dialect: Dialect) -> Schema {
    let text = if matches!(dialect, BIGQUERY | DATABRICKS) { "STRING" } else { "text" };
    let table = |name: &str, columns: &[(&str, &str, Kind)]| {
        let columns = columns.iter().map(|(name, data_type, kind)| ((*name).to_owned(), (*data_type).to_owned(), *kind)).collect();
        (name.to_owned(), TableInfo { name: name.to_owned(), columns, ..TableInfo::default() })
    };
    let tables = BTreeMap::from([
        table(
            "shop.orders",
            &[
                ("id", "INT64", Kind::Int),
                ("day", "DATE", Kind::Date),
                ("status", text, Kind::Text),
                ("paid", "BOOL", Kind::Bool),
                ("payload", "JSON", Kind::Text),
                ("address", "STRUCT<city STRING>", Kind::Text),
            ],
        ),
        table("shop.items", &[("order_id", "INT64", Kind::Int), ("price", "FLOAT64", Kind::Float), ("parts", "ARRAY<INT64>", Kind::Text)]),
    ]);
    Schema { target: "prod".to_owned(), dialect, file: "schema/prod.toml".to_owned(), tables, places: Places::default() }
}

/// `expected` is `line:column name` for each fault, in order.
fn check(dialect: Dialect, sql: &str, expected: &[&str]) {
    let parsed = Sql::parse(sql, dialect).unwrap_or_else(|refusal| panic!("{sql}: {refusal}"));
    let found: Vec<String> =
        faults(&parsed, &schema(dialect)).iter().map(|fault| format!("{}:{} {}", fault.at.line, fault.at.column, fault.name)).collect();
    assert_eq!(found, expected, "{dialect}: {sql}");
}

#[test]
fn unknown_columns_and_tables_are_found_in_every_clause() {
    for dialect in [BIGQUERY, POSTGRES, DATABRICKS] {
        for (sql, expected) in [
            ("select ident from shop.orders", vec!["1:8 ident"]),
            ("select o.ident\nfrom shop.orders as o\nwhere o.days > date '2024-01-01'", vec!["1:8 ident", "3:7 days"]),
            ("select id from shop.orders group by id having max(dai) > date '2024-01-01'", vec!["1:51 dai"]),
            ("select id from shop.orders order by stat", vec!["1:37 stat"]),
            ("select 1 from shop.orders as o inner join shop.items as i on o.id = i.ident", vec!["1:69 ident"]),
            ("select 1 from shop.orders as o inner join shop.items as i on o.id = x.order_id", vec!["1:69 x"]),
            ("with a as (select id as n from shop.orders) select id from a", vec!["1:52 id"]),
            ("with a as (select * from shop.orders) select a.id, a.idd from a", vec!["1:52 idd"]),
            ("select n from (select count(*) as n from shop.orders where dy = date '2024-01-01') as x", vec!["1:60 dy"]),
            ("select id from shop.orders where id in (select order_id from shop.items where prize > 1)", vec!["1:79 prize"]),
            ("select row_number() over (partition by statu order by day) as n from shop.orders", vec!["1:40 statu"]),
            ("select sum(case when payed then 1 else 0 end) as n from shop.orders", vec!["1:22 payed"]),
            ("select id from shop.orders union all select idd from shop.orders", vec!["1:45 idd"]),
            ("select id from shop.order", vec!["1:16 shop.order"]),
            ("select x from shop.order as o, shop.items as i where i.prize > 1", vec!["1:15 shop.order", "1:54 prize"]),
            ("select id from nothing.orders", vec!["1:16 nothing.orders"]),
        ] {
            check(dialect, sql, &expected);
        }
    }
}

#[test]
fn what_is_there_is_left_alone() {
    for dialect in [BIGQUERY, POSTGRES, DATABRICKS] {
        for sql in [
            "select ID, Day from SHOP.Orders",
            "select o.* from shop.orders as o where o.id = (select max(order_id) from shop.items where order_id = o.id)",
            "with a as (select *, 1 as one from shop.orders) select id, one from a where one = 1 order by one, id",
            "with a (x, y) as (select id, day from shop.orders) select x, y from a",
            "select id from shop.orders as o where exists (select 1 from shop.items as i where i.order_id = id and price > 1)",
            "select count(*) as n, day as d from shop.orders group by d order by n, day",
            "select current_date, current_timestamp, extract(year from day) from shop.orders",
            "select x.n from (select count(*) as n from shop.orders) as x cross join shop.items",
            "select * from shop.orders inner join shop.items on id = order_id where price > 1 and status = 'paid'",
            "select sum(price) over w as s from shop.items window w as (partition by order_id order by price)",
            "select table_name from information_schema.tables",
            "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) select i from n",
            "select case id when 1 then 'one' else status end as label from shop.orders",
            "select cast(day as timestamp) as t from shop.orders where day between date '2024-01-01' and date '2024-01-31'",
            "select id as key, status as value from shop.orders where id = 3 and day = '2024-01-01' and status <> '3'",
        ] {
            check(dialect, sql, &[]);
        }
    }
}

#[test]
fn each_dialect_keeps_its_own_names() {
    for sql in [
        "select _partitiontime, _table_suffix from shop.orders",
        "select id from `shop.events_*` where whatever = 1",
        "select id from `other.shop.orders` where whatever = 1",
        "select address.city, address.anything from shop.orders",
        "select part from shop.items, unnest(parts) as part",
        "select part from shop.items as i, unnest(i.parts) as part with offset as at where at = 0",
        "select id, date_trunc(day, month) as m, date_diff(day, day, week) as w from shop.orders",
        "select array_agg(struct(id, day as d) order by day limit 1)[offset(0)].d from shop.orders",
        "select * except (id), id * 2 as id from shop.orders",
        "select date_sub(day, interval 1 day), format_date('%Y', day), safe_divide(id, 2) from shop.orders qualify row_number() over (order by id) = 1",
        "from shop.orders |> where id > 1 |> aggregate count(*) as n group by day |> where n > 1",
        "select * from (select id, status from shop.orders) pivot (count(id) for status in ('a', 'b')) where a > 1",
        "select job_id from `region-us`.INFORMATION_SCHEMA.JOBS",
        "select o from shop.orders as o",
        "select json_value(payload, '$.a'), to_json_string(o) from shop.orders as o",
    ] {
        check(BIGQUERY, sql, &[]);
    }
    for sql in [
        "select ctid, xmin, tableoid from shop.orders",
        "select id from shop.orders where day > current_date - interval '3 days' and payload ->> 'a' = 'b'",
        "select n from shop.orders cross join lateral (select id + 1 as n) as x",
        "select n from generate_series(1, 3) as n",
        "select x.v, s from shop.orders cross join unnest(array[1, 2]) as x(v) cross join unnest(array['a']) as s",
        "select relname from pg_catalog.pg_class",
        "select count(*) filter (where paid) as n, percentile_cont(0.5) within group (order by id) from shop.orders",
        "select distinct on (status) status, id from shop.orders order by status, id",
        "select session_user, localtimestamp, o.status::text from shop.orders as o",
    ] {
        check(POSTGRES, sql, &[]);
    }
    for sql in [
        "select _metadata.file_path from shop.orders",
        "select transform(parts, x -> x + price) as p, filter(parts, (x, i) -> i > 1) from shop.items",
        "select part from shop.items lateral view explode(parts) t as part",
        "select id * 2 as double, double + 1 as more from shop.orders",
        "select payload:a.b::int as b, address.city from shop.orders",
        "select datediff(day, day, current_date()) as days, date_add(day, 1) from shop.orders",
        "select id from system.access.audit",
    ] {
        check(DATABRICKS, sql, &[]);
    }
    check(DATABRICKS, "select id * 2 as double, doubl + 1 as more from shop.orders", &["1:26 doubl"]);
    check(BIGQUERY, "select id * 2 as twice, twice + 1 as more from shop.orders", &["1:25 twice"]);
    check(POSTGRES, "select count(*) as n from shop.orders having n > 1", &["1:46 n"]);
    check(BIGQUERY, "select part from shop.items, unnest(part) as part", &[]);
    check(BIGQUERY, "select status.city from shop.orders as o where o.address.city = 'x' and p.address.city = 'x'", &["1:73 p"]);
}

#[test]
fn types_that_do_not_compare_are_found() {
    for dialect in [BIGQUERY, POSTGRES, DATABRICKS] {
        for (condition, found) in [
            ("id = 'Final'", true),
            ("'Final' <> id", true),
            ("id in (1, 'Final')", true),
            ("id between 'a' and 'b'", true),
            ("id = -1", false),
            ("id > 1.5", false),
            ("day = 'Final'", true),
            ("day >= '2024-01-01'", false),
            ("paid = 'maybe'", true),
            ("status = '3'", false),
            ("payload = 'Final'", false),
            ("status in ('a', 'b')", false),
            ("id is null", false),
            ("lower(status) = 'x'", false),
        ] {
            let sql = format!("select 1 from shop.orders where {condition}");
            let column =
                condition.split(|c: char| !c.is_alphanumeric()).find(|word| ["id", "day", "paid"].contains(word)).unwrap_or_default();
            let count = if condition.contains("between") && found { 1 } else { usize::from(found) };
            let parsed = Sql::parse(&sql, dialect).expect("a statement");
            let faults = faults(&parsed, &schema(dialect));
            assert!(
                faults.iter().all(|fault| fault.name == column) && (faults.len() >= count) == (count > 0 || faults.is_empty()),
                "{faults:?}"
            );
            assert_eq!(!faults.is_empty(), found, "{dialect}: {condition}: {faults:?}");
        }
        for sql in [
            "with a as (select id as n, status from shop.orders) select 1 from a where n = 'Final'",
            "with a as (select * from shop.orders), b as (select * from a) select 1 from b as x where x.id = 'Final'",
            "select 1 from (select o.id from shop.orders as o) as x where x.id = 'Final'",
        ] {
            let faults = faults(&Sql::parse(sql, dialect).expect("a statement"), &schema(dialect));
            assert_eq!(faults.len(), 1, "{dialect}: {sql}");
            assert!(faults[0].message.starts_with("column id of shop.orders is of type INT64, which does not compare with 'Final'"));
        }
        // What a union, an expression or another name makes of a column is another type.
        for sql in [
            "with a as (select id as n from shop.orders union all select status from shop.orders) select 1 from a where n = 'Final'",
            "select 1 from (select cast(id as char(3)) as id from shop.orders) as x where id = 'Final'",
            "with a (status, id) as (select id, status from shop.orders) select 1 from a where id = 'Final'",
        ] {
            check(dialect, sql, &[]);
        }
    }
    // Strict engines convert neither way, the others do.
    for (dialect, sql, expected) in [
        (BIGQUERY, "select 1 from shop.orders where id = '3'", vec!["1:33 id"]),
        (POSTGRES, "select 1 from shop.orders where id = '3'", vec![]),
        (DATABRICKS, "select 1 from shop.orders where id = '3'", vec![]),
        (BIGQUERY, "select 1 from shop.orders where status = 3", vec!["1:33 status"]),
        (POSTGRES, "select 1 from shop.orders where status = 3", vec!["1:33 status"]),
        (DATABRICKS, "select 1 from shop.orders where status = 3", vec![]),
        (BIGQUERY, "select 1 from shop.orders where status >= date '2024-01-01'", vec!["1:33 status"]),
        (BIGQUERY, "select 1 from shop.orders where payload = 3", vec![]),
    ] {
        check(dialect, sql, &expected);
    }
}

#[test]
fn tables_are_told_by_the_names_that_a_statement_gives_them() {
    let sql = "with a as (select 1 from x.t) select * from a, X.u as v, (select 1 from `p-1.x.w`) as z, information_schema.tables, `x.e_*`";
    assert_eq!(tables(&Sql::parse(sql, BIGQUERY).expect("a statement")), ["x.t", "X.u", "p-1.x.w"]);
}
