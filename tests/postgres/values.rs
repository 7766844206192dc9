//! What the server's values become.

use gapgate::model::table::Kind;
use gapgate::warehouse::Interrupt;

use super::{Server, ask, one, reason};

#[test]
fn numbers_dates_and_times_are_exact() {
    let Some(server) = Server::find("numbers_dates_and_times_are_exact") else { return };
    let warehouse = server.open(&Interrupt::default());
    for (expression, kind, value) in [
        ("true", Kind::Bool, "bool true"),
        ("cast(-32768 as smallint)", Kind::Int, "int -32768"),
        ("cast(7 as integer)", Kind::Int, "int 7"),
        ("9223372036854775807", Kind::Int, "int 9223372036854775807"),
        ("cast(1.5 as real)", Kind::Float, "float 1.5"),
        ("cast(0.1 as double precision)", Kind::Float, "float 0.1"),
        ("cast('NaN' as double precision)", Kind::Float, "float NaN"),
        ("9223372036854775808", Kind::Decimal, "decimal 9223372036854775808"),
        ("0.10", Kind::Decimal, "decimal 0.10"),
        ("-12345678901234567890.12345678901234567", Kind::Decimal, "decimal -12345678901234567890.12345678901234567"),
        ("cast(0.000000000000000000000000000000000000001 as numeric)", Kind::Decimal, "text 0.000000000000000000000000000000000000001"),
        ("cast('1e60' as numeric)", Kind::Decimal, &format!("text 1{}", "0".repeat(60))),
        ("cast('NaN' as numeric)", Kind::Decimal, "float NaN"),
        ("cast('-Infinity' as numeric)", Kind::Decimal, "float -inf"),
        ("(select sum(n) from generate_series(1, 4) as n)", Kind::Int, "int 10"),
        ("(select sum(cast(n as bigint)) from generate_series(1, 4) as n)", Kind::Decimal, "int 10"),
        ("date '2024-02-29'", Kind::Date, "date 2024-02-29"),
        ("date '0044-03-15 BC'", Kind::Date, "date -000043-03-15"),
        ("cast('infinity' as date)", Kind::Date, "text infinity"),
        ("timestamp '2024-02-29 23:59:59.123456'", Kind::Timestamp, "timestamp 2024-02-29T23:59:59.123456"),
        ("timestamp with time zone '2024-07-01 01:30:00 America/New_York'", Kind::Timestamp, "timestamp 2024-07-01T05:30:00"),
        ("timestamp '1899-12-31 00:00:01'", Kind::Timestamp, "timestamp 1899-12-31T00:00:01"),
        ("cast('-infinity' as timestamp)", Kind::Timestamp, "text -infinity"),
        ("cast(timestamp with time zone '2024-07-01 22:00:00-04' as date)", Kind::Date, "date 2024-07-02"),
        ("null", Kind::Text, "null null"),
        ("cast(null as numeric)", Kind::Decimal, "null null"),
    ] {
        assert_eq!(one(warehouse.as_ref(), expression), (kind, value.to_owned()), "{expression}");
    }
    let huge = one(warehouse.as_ref(), "date '5874897-12-31'");
    assert_eq!(huge.0, Kind::Date, "{huge:?}");
    assert!(huge.1.starts_with("text day "), "{huge:?}");
}

#[test]
fn everything_else_is_text_as_the_server_spells_it() {
    let Some(server) = Server::find("everything_else_is_text_as_the_server_spells_it") else { return };
    server.run(
        "drop schema if exists spelled cascade; create schema spelled;
         create type spelled.mood as enum ('so so', 'fine');
         create domain spelled.code as char(3);
         create domain spelled.share as numeric(5, 2);
         create table spelled.t (m spelled.mood, c spelled.code, s spelled.share, ms spelled.mood[]);
         insert into spelled.t values ('so so', 'ab', 0.5, '{fine,NULL,so so}')",
    );
    let warehouse = server.open(&Interrupt::default());
    for expression in [
        "'it''s ü 🦀'",
        "cast('ab' as char(4))",
        "cast('name' as name)",
        "time '07:30:00.25'",
        "cast('24:00:00' as time)",
        "cast('07:30:00+02' as time with time zone)",
        "cast('07:30:00-03:30' as time with time zone)",
        "interval '1 year 2 months -3 days 04:05:06.7'",
        "interval '-1 month 1 day -00:00:01'",
        "interval '-1 day 2 hours'",
        "interval '0'",
        "interval '1 day'",
        "interval '100 hours'",
        "cast('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' as uuid)",
        "cast('{\"a\": [1, null]}' as json)",
        "cast('{\"b\": 1, \"a\": {}}' as jsonb)",
        "cast('\\xdeadbeef' as bytea)",
        "array[1, null, -3]",
        "array[[1, 2], [3, 4]]",
        "cast('[2:3]={7,8}' as integer[])",
        "cast('{}' as integer[])",
        "array['', 'null', 'a b', 'q\"uote', 'back\\slash', '{x}', null, 'plain']",
        "array[true, false]",
        "array[date '2024-02-29']",
        "array[timestamp '2024-02-29 12:00:00.5']",
        "array[1.50, 'NaN']",
        "array[0.5, 1e20, -1.5e-7, 123456789012345, 0.0001, '-Infinity', 'NaN']::double precision[]",
        "array[interval '1 day 1 hour']",
    ] {
        let (kind, value) = one(warehouse.as_ref(), expression);
        let (_, spelled) = one(warehouse.as_ref(), &format!("cast({expression} as text)"));
        assert_eq!((kind, value), (Kind::Text, spelled), "{expression}");
    }
    let table = ask(warehouse.as_ref(), "select m, c, s, ms from spelled.t").expect("rows");
    let kinds: Vec<Kind> = table.columns().iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [Kind::Text, Kind::Text, Kind::Decimal, Kind::Text]);
    let row: Vec<String> = table.rows().next().expect("a row").iter().map(ToString::to_string).collect();
    assert_eq!(row, ["so so", "ab", "0.50", "{fine,NULL,\"so so\"}"]);
    let unreadable = reason(ask(warehouse.as_ref(), "select 1 as a, point '(1, 2)' as b"));
    assert_eq!(unreadable, "column b is of type point, which has no reading here: cast it to text in the query");
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("the connection is still good").len(), 1);
}
