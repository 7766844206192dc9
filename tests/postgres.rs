//! Postgres: what values become, that nothing is written, what ends a statement, and what a failed connection says.
//!
//! Needs a server: `eval "$(.ci/servers/postgres start)"`.

mod connections;
mod values;

use std::thread;
use std::time::{Duration, Instant};

use gapgate::model::catalogue::{Source, Target};
use gapgate::model::settings::Settings;
use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::{Kind, Table};
use gapgate::run::deadline_in;
use gapgate::warehouse::{self, Deadline, Interrupt, QueryError, Warehouse};
use tokio_postgres::NoTls;

use super::servers::address;

const PASSWORD: &str = "hush-hush-4711";

/// Rows that take ages to count, and no room.
pub(crate) const ENDLESS: &str =
    "generate_series(1, 1000000) as a cross join generate_series(1, 1000000) as b cross join generate_series(1, 9)";

/// A server that a test may change; each test keeps to names of its own.
pub(crate) struct Server {
    url: String,
}

impl Server {
    pub(crate) fn find(test: &str) -> Option<Self> {
        address("GAPGATE_TEST_POSTGRES", test).map(|url| Self { url })
    }

    /// Runs a script as the owner of the server.
    pub(crate) fn run(&self, script: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.expect("the server of GAPGATE_TEST_POSTGRES");
            tokio::spawn(connection);
            let answers = client.simple_query(script).await.unwrap_or_else(|error| panic!("{:?}\n{script}", error.as_db_error()));
            let first = |answer| match answer {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            };
            answers.into_iter().filter_map(first).collect()
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// An empty database of the same server, in which text is ordered by its bytes or as in a dictionary.
    pub(crate) fn database(&self, name: &str, order: Order) -> Self {
        let provider = match order {
            Order::Bytes => "",
            Order::Dictionary => "locale_provider icu icu_locale 'en-US'",
        };
        self.run(&format!("drop database if exists {name} with (force)"));
        self.run(&format!("create database {name} template template0 {provider}"));
        let (server, _) = self.url.rsplit_once('/').expect("an address with a database");
        Self { url: format!("{server}/{name}") }
    }

    /// A role that may only read, made anew.
    fn role(&self, name: &str) {
        self.run(&format!("drop role if exists {name}; create role {name} login password '{PASSWORD}'"));
    }

    /// The address with another login.
    fn url_of(&self, user: &str, password: &str) -> String {
        let (_, place) = self.url.split_once('@').expect("an address with a login");
        format!("postgres://{user}:{password}@{place}")
    }

    fn host_and_port(&self) -> (&str, &str) {
        let (_, place) = self.url.split_once('@').expect("an address with a login");
        place.split_once('/').and_then(|(place, _)| place.split_once(':')).expect("a host and a port")
    }

    pub(crate) fn open(&self, interrupt: &Interrupt) -> Box<dyn Warehouse> {
        open(&[("url", &self.url)], interrupt).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// How text compares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Bytes,
    Dictionary,
}

fn target(settings: &[(&'static str, &str)]) -> Target {
    Target {
        name: "pg".into(),
        dialect: Dialect::Postgres,
        source: Source::Remote(settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect::<Settings>()),
        external_access: false,
        extensions: Vec::new(),
        memory: None,
        threads: None,
    }
}

fn open(settings: &[(&'static str, &str)], interrupt: &Interrupt) -> Result<Box<dyn Warehouse>, gapgate::error::Error> {
    warehouse::open(&target(settings), std::path::Path::new("."), interrupt)
}

fn sql(text: &str) -> Sql {
    Sql::parse(text, Dialect::Postgres).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
}

fn ask(warehouse: &dyn Warehouse, text: &str) -> Result<Table, QueryError> {
    warehouse.query(&sql(text), deadline_in(60))
}

/// The one value of a statement, with its column's kind and its own type.
fn one(warehouse: &dyn Warehouse, expression: &str) -> (Kind, String) {
    let table = ask(warehouse, &format!("select {expression} as v")).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let value = &table.rows().next().expect("a row")[0];
    (table.columns()[0].kind, format!("{} {value}", value.type_name()))
}

/// The reason of an error, and what to do.
fn reason<T>(outcome: Result<T, QueryError>) -> String {
    match outcome.map(|_| ()).expect_err("it must fail") {
        QueryError::Explained { message, remedy } => format!("{message}; {remedy}"),
        error => error.to_string(),
    }
}

#[test]
fn many_rows_arrive_whole_from_several_threads() {
    let Some(server) = Server::find("many_rows_arrive_whole_from_several_threads") else { return };
    ask_for_many_rows_at_once(server.open(&Interrupt::default()).as_ref());
}

/// Many rows in several threads, every one of which gets them all.
pub(crate) fn ask_for_many_rows_at_once(warehouse: &dyn Warehouse) {
    let statement = "select n, cast(n as text) as t, n * 1.5 as d, date '2000-01-01' + n as day from generate_series(1, 50000) as n";
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let table = ask(warehouse, statement).expect("rows");
                assert_eq!((table.len(), table.is_truncated()), (50_000, false));
                let sum: i64 = table.rows().map(|row| row[0].as_int().expect("a number")).sum();
                assert_eq!(sum, 50_000 * 50_001 / 2);
            });
        }
    });
}

#[test]
fn nothing_is_written_and_nothing_is_left_out_in_silence() {
    let Some(server) = Server::find("nothing_is_written_and_nothing_is_left_out_in_silence") else { return };
    server.run("drop schema if exists guarded cascade; create schema guarded");
    server.role("guarded_role");
    server.run(
        "create table guarded.t (a integer, owner text);
         insert into guarded.t values (1, 'guarded_role'), (2, 'other');
         create function guarded.meddle() returns integer language plpgsql
             as 'begin insert into guarded.log values (1); return 1; end';
         create table guarded.log (a integer);
         grant insert on guarded.log to guarded_role;
         grant usage on schema guarded to guarded_role;
         grant select on guarded.t to guarded_role;
         alter table guarded.t enable row level security;
         create policy own on guarded.t using (owner = current_user);
         alter role guarded_role set standard_conforming_strings = off;
         alter role guarded_role set transform_null_equals = on;
         alter role guarded_role set search_path = guarded;
         alter role guarded_role set timezone = 'Asia/Tokyo'",
    );
    let url = server.url_of("guarded_role", PASSWORD);
    let warehouse = open(&[("url", &url)], &Interrupt::default()).expect("a connection");
    let meddling = reason(ask(warehouse.as_ref(), "select meddle() as v"));
    assert!(meddling.contains("read-only transaction") && meddling.contains("25006"), "{meddling}");
    let filtered = reason(ask(warehouse.as_ref(), "select count(*) as n from guarded.t"));
    assert!(filtered.contains("row-level security") && filtered.contains("bypassrls"), "{filtered}");
    assert_eq!(server.run("select count(*) from guarded.log"), ["0"]);
    assert_eq!(one(warehouse.as_ref(), "length('a\\b')").1, "int 3", "a backslash is a letter like any other");
    assert_eq!(one(warehouse.as_ref(), "(null = null) is null").1, "bool true");
    let midnight = "cast(timestamp with time zone '2024-01-01 00:00:00+00' as text)";
    assert_eq!(one(warehouse.as_ref(), midnight).1, "text 2024-01-01 00:00:00+00");
}

#[test]
fn a_statement_ends_at_its_deadline_and_at_ctrl_c() {
    let Some(server) = Server::find("a_statement_ends_at_its_deadline_and_at_ctrl_c") else { return };
    let endless = format!("select count(*) as n from {ENDLESS} as endless_one");
    let endless = endless.as_str();
    let like = "query like '%endless_one%' and pid <> pg_backend_pid()";
    let running = || server.run(&format!("select count(*) from pg_stat_activity where state = 'active' and {like}"));
    let none_left = || {
        let start = Instant::now();
        while running() != ["0"] {
            assert!(start.elapsed() < Duration::from_secs(1), "the statement still runs");
            thread::sleep(Duration::from_millis(20));
        }
    };
    let interrupt = Interrupt::default();
    let warehouse = server.open(&interrupt);
    let start = Instant::now();
    assert_eq!(warehouse.query(&sql(endless), Deadline { at: start + Duration::from_secs(1), seconds: 1 }), Err(QueryError::Timeout(1)));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    none_left();
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("another connection").len(), 1);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..3).map(|_| scope.spawn(|| ask(warehouse.as_ref(), endless))).collect();
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
fn what_somebody_else_ends_is_said_so() {
    let Some(server) = Server::find("what_somebody_else_ends_is_said_so") else { return };
    let warehouse = server.open(&Interrupt::default());
    let endless = format!("select count(*) as n from {ENDLESS} as endless_two");
    thread::scope(|scope| {
        let asked = scope.spawn(|| reason(ask(warehouse.as_ref(), &endless)));
        while !asked.is_finished() {
            server.run("select pg_cancel_backend(pid) from pg_stat_activity where query like '%endless_two%' and pid <> pg_backend_pid()");
        }
        let said = asked.join().expect("no panic");
        assert!(said.contains("57014") && said.contains("somebody cancelled it"), "{said}");
    });
    let said = reason(ask(warehouse.as_ref(), "select 1 as one from \"Nowhere\""));
    assert!(said.contains("42P01") && said.contains("tells letters apart"), "{said}");
}

#[test]
fn the_list_of_tables_has_what_a_statement_can_name() {
    let Some(server) = Server::find("the_list_of_tables_has_what_a_statement_can_name") else { return };
    server.run(
        "drop schema if exists listed cascade; create schema listed;
         create domain listed.share as numeric(5, 2);
         create table listed.sales (sold_on date, amount numeric(9, 2), rate listed.share, \"At\" timestamp with time zone, gone integer);
         alter table listed.sales drop column gone;
         insert into listed.sales select date '2024-01-01' + n, n, 0 from generate_series(1, 300) as n;
         create table listed.parts (day date, n integer) partition by range (day);
         create table listed.parts_2024 partition of listed.parts for values from ('2024-01-01') to ('2025-01-01');
         insert into listed.parts select date '2024-01-01' + n, n from generate_series(1, 100) as n;
         create view listed.seen as select sold_on from listed.sales",
    );
    server.run("analyze listed.sales; analyze listed.parts");
    let url = format!("{}?options=-c%20search_path%3Dlisted", server.url);
    let warehouse = open(&[("url", &url)], &Interrupt::default()).expect("a connection");
    let (inventory, _) = warehouse.inventory(&[], deadline_in(60)).expect("a list");
    let sales = &inventory["listed.sales"];
    assert_eq!(sales.rows, Some(300));
    let columns: Vec<String> = sales.columns.iter().map(|(name, words, kind)| format!("{name}: {words}, {}", kind.name())).collect();
    let wanted =
        ["sold_on: date, date", "amount: numeric(9,2), decimal", "rate: listed.share, decimal", "At: timestamp with time zone, timestamp"];
    // The type is named without its schema where the path leads there.
    assert_eq!(columns, wanted.map(|column| column.replace("listed.", "")));
    assert_eq!((inventory["listed.parts"].rows, inventory["listed.seen"].rows), (Some(100), None));
    assert_eq!((&inventory["sales"], &inventory["postgres.listed.sales"]), (sales, sales));
    assert!(!inventory.keys().any(|name| name.contains("pg_class")), "{:?}", inventory.keys());
    assert_eq!((sales.is_view, inventory["listed.parts"].is_view, inventory["listed.seen"].is_view), (false, false, true));
    assert!(ask(warehouse.as_ref(), "select count(*) as n from sales").is_ok());
}

#[test]
fn names_that_differ_in_letters_are_different_tables() {
    let Some(server) = Server::find("names_that_differ_in_letters_are_different_tables") else { return };
    server.run(
        "drop schema if exists letters cascade; create schema letters;
         create table letters.sales (small integer); create table letters.\"Sales\" (large integer); create table letters.other (n integer)",
    );
    let warehouse = server.open(&Interrupt::default());
    let columns = |named: &[&str]| {
        let (inventory, _) = warehouse.inventory(named, deadline_in(60)).expect("a list");
        ["letters.sales", "letters.other"].map(|name| inventory.get(name).map(|info| info.columns[0].0.clone()))
    };
    let found = |sales: &str, other: Option<&str>| [Some(sales.to_owned()), other.map(str::to_owned)];
    assert_eq!(columns(&[]), found("small", Some("n")));
    assert_eq!(columns(&["letters.sales", "letters.other"]), found("small", Some("n")));
    assert_eq!(columns(&["letters.Sales", "letters.OTHER"]), found("large", None));
}
