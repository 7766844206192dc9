//! Postgres by its driver: the same values as by the engine that is built in, and the same ends.

use std::thread;
use std::time::{Duration, Instant};

use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::Kind;
use gapgate::run::deadline_in;
use gapgate::warehouse::{Deadline, Interrupt, QueryError, Warehouse};

use super::SECRET;
use super::loading::{POSTGRES, ask, driver, one, open, reason};
use crate::postgres::{ENDLESS, Server, ask_for_many_rows_at_once};

struct Place {
    library: String,
    server: Server,
}

impl Place {
    fn find(test: &str) -> Option<Self> {
        let (library, server) = (driver(POSTGRES, test), Server::find(test));
        Some(Self { library: library?, server: server? })
    }

    fn target(&self, uri: &str) -> String {
        format!("driver = {:?}\ndialect = \"postgres\"\nuri = {uri:?}", self.library)
    }

    fn open(&self, interrupt: &Interrupt) -> Box<dyn Warehouse> {
        open(&self.target(&in_utc(self.server.url())), interrupt)
    }
}

/// Whatever the server's own zone is.
pub(super) fn in_utc(url: &str) -> String {
    format!("{url}?options=-c%20timezone%3DUTC")
}

#[test]
fn values_are_those_of_the_engine_that_is_built_in() {
    let Some(place) = Place::find("values_are_those_of_the_engine_that_is_built_in") else { return };
    let interrupt = Interrupt::default();
    let (own, driven) = (place.server.open(&interrupt), place.open(&interrupt));
    let expressions = [
        "true",
        "cast(-32768 as smallint)",
        "cast(7 as integer)",
        "9223372036854775807",
        "cast(1.5 as real)",
        "cast(0.1 as double precision)",
        "cast('NaN' as double precision)",
        "9223372036854775808",
        "0.10",
        "-12345678901234567890.12345678901234567",
        "cast(0.000000000000000000000000000000000000001 as numeric)",
        "cast('1e60' as numeric)",
        "cast('NaN' as numeric)",
        "(select sum(n) from generate_series(1, 4) as n)",
        "(select sum(cast(n as bigint)) from generate_series(1, 4) as n)",
        "(select avg(n) from generate_series(1, 4) as n)",
        "date '2024-02-29'",
        "date '0044-03-15 BC'",
        "timestamp '2024-02-29 23:59:59.123456'",
        "timestamp with time zone '2024-07-01 01:30:00 America/New_York'",
        "timestamp '1899-12-31 00:00:01'",
        "cast(timestamp with time zone '2024-07-01 22:00:00-04' as date)",
        "cast(null as numeric)",
        "cast('ab' as char(4))",
        "cast('name' as name)",
        "'it''s ü 🦀'",
        "time '07:30:00.25'",
        "cast('24:00:00' as time)",
        "cast('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' as uuid)",
        "cast('{\"a\": [1, null]}' as json)",
    ];
    for expression in expressions {
        assert_eq!(one(driven.as_ref(), expression), one(own.as_ref(), expression), "{expression}");
    }
    for expression in ["cast('infinity' as date)", "cast('infinity' as timestamp)"] {
        assert!(one(driven.as_ref(), expression).1.starts_with("text "), "an infinite date is none");
    }
    assert_eq!(one(driven.as_ref(), "array[1, null, -3]"), (Kind::Text, "text [1, null, -3]".to_owned()));
    for (expression, name) in [
        ("point '(1, 2)'", "point"),
        ("cast('10.0.0.1' as inet)", "inet"),
        ("cast(1 as money)", "money"),
        ("cast(4294967295 as oid)", "oid"),
        ("interval '1 day'", "interval"),
        ("cast('10:00+02' as time with time zone)", "timetz"),
    ] {
        let said = reason(ask(driven.as_ref(), &format!("select 1 as a, {expression} as b")));
        assert_eq!(said, format!("column b is of type {name}, which has no reading here; cast it to text in the query"));
    }
}

#[test]
fn many_rows_of_a_driver_arrive_whole_from_several_threads() {
    let Some(place) = Place::find("many_rows_of_a_driver_arrive_whole_from_several_threads") else { return };
    ask_for_many_rows_at_once(place.open(&Interrupt::default()).as_ref());
}

#[test]
fn what_fails_keeps_its_state_and_no_secret() {
    let Some(place) = Place::find("what_fails_keeps_its_state_and_no_secret") else { return };
    let warehouse = place.open(&Interrupt::default());
    for (statement, words) in [
        ("select * from nowhere", ["relation \"nowhere\" does not exist", "(SQLSTATE 42P01)"]),
        ("select 1 / 0 as v", ["division by zero", "(SQLSTATE 22012)"]),
        // In the middle of the rows the driver keeps the words only.
        ("select 1 / (n - 90000) as v from generate_series(1, 100000) as n", ["division by zero", ""]),
    ] {
        let said = reason(ask(warehouse.as_ref(), statement));
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("Query was"), "{statement}\n{said}");
        assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("another connection").len(), 1);
    }
    let (start, server) = place.server.url().split_once("//").and_then(|(_, rest)| rest.split_once('@')).expect("a login");
    let user = start.split(':').next().expect("a user");
    for (uri, words) in [
        (format!("postgres://{user}:{SECRET}@{server}"), "password authentication failed"),
        (format!("postgres://{user}:{SECRET}@127.0.0.1:1/x"), "check `uri` and `options`"),
        (format!("postgres://{user}:{SECRET}/x@{server}"), "check `uri` and `options`"),
        (format!("postgres://{user}:{SECRET} x@{server}"), "unexpected spaces"),
        (format!("nonsense://{user}:{SECRET}@{server}"), "missing \"=\""),
    ] {
        let said = reason(ask(open(&place.target(&uri), &Interrupt::default()).as_ref(), "select 1 as a"));
        assert!(said.contains(words) && !said.contains(SECRET), "{uri}\n{said}");
    }
}

#[test]
fn another_zone_than_utc_is_refused() {
    let Some(place) = Place::find("another_zone_than_utc_is_refused") else { return };
    for zone in ["America/New_York", "Europe/London", "Asia/Tokyo"] {
        let uri = format!("{}?options=-c%20timezone%3D{}", place.server.url(), zone.replace('/', "%2F"));
        let said = reason(ask(open(&place.target(&uri), &Interrupt::default()).as_ref(), "select 1 as a"));
        assert!(said.contains("time zone is not UTC") && said.contains("timezone%3DUTC"), "{zone}: {said}");
    }
}

#[test]
fn a_statement_of_a_driver_is_cancelled_in_the_server() {
    let Some(place) = Place::find("a_statement_of_a_driver_is_cancelled_in_the_server") else { return };
    let server = &place.server;
    let endless = Sql::parse(&format!("select count(*) as n from {ENDLESS} as endless_adbc"), Dialect::Postgres).expect("a query");
    let like = "query like '%endless_adbc%' and pid <> pg_backend_pid()";
    let running = || server.run(&format!("select count(*) from pg_stat_activity where state = 'active' and {like}"));
    let none_left = || {
        let start = Instant::now();
        while running() != ["0"] {
            assert!(start.elapsed() < Duration::from_secs(1), "the statement still runs");
            thread::sleep(Duration::from_millis(20));
        }
    };
    let interrupt = Interrupt::default();
    let warehouse = place.open(&interrupt);
    let start = Instant::now();
    let outcome = warehouse.query(&endless, Deadline { at: start + Duration::from_secs(1), seconds: 1 });
    assert_eq!(outcome, Err(QueryError::Timeout(1)));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    none_left();
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("another connection").len(), 1);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..3).map(|_| scope.spawn(|| warehouse.query(&endless, deadline_in(600)))).collect();
        while running() != ["3"] {
            thread::sleep(Duration::from_millis(20));
        }
        interrupt.throw();
        none_left();
        for asked in asked {
            assert_eq!(asked.join().expect("no panic"), Err(QueryError::Interrupted));
        }
    });
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a"), Err(QueryError::Interrupted));
}

#[test]
fn the_list_of_a_driver_has_views_and_partitions() {
    let Some(place) = Place::find("the_list_of_a_driver_has_views_and_partitions") else { return };
    place.server.run(
        "drop schema if exists driven cascade; create schema driven;
         create table driven.sales (sold_on date, amount numeric(9, 2), gone integer);
         alter table driven.sales drop column gone;
         create table driven.parts (day date, n integer) partition by range (day);
         create view driven.seen as select sold_on from driven.sales;
         create materialized view driven.kept as select sold_on from driven.sales",
    );
    let warehouse = open(&place.target(&format!("{}%20-c%20search_path%3Ddriven", in_utc(place.server.url()))), &Interrupt::default());
    let (inventory, _) = warehouse.inventory(&[], deadline_in(60)).expect("a list");
    for name in ["sales", "driven.sales", "postgres.driven.sales", "driven.parts", "driven.seen", "driven.kept"] {
        assert!(inventory.contains_key(name), "{name}: {:?}", inventory.keys());
    }
    let columns: Vec<String> =
        inventory["sales"].columns.iter().map(|(name, words, kind)| format!("{name}: {words}, {}", kind.name())).collect();
    assert_eq!(columns, ["sold_on: date, date", "amount: numeric(9,2), decimal"]);
    assert!(!inventory.keys().any(|name| name.contains("pg_class")), "{:?}", inventory.keys());
}
