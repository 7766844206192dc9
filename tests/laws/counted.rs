//! The counts that a warehouse keeps of its rows say of every key what the rows say.

use std::collections::BTreeSet;

use gapgate::model::catalogue::Argument;
use gapgate::model::coverage::{Class, counts_suffice};
use gapgate::model::sql::Dialect;
use gapgate::render::{Part, Renderer};
use gapgate::run::{Session, cover};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert_eq, proptest};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::world::{Plan, World, day, plans};
use super::{config, whole};
use crate::support::{Fixture, LIBRARY, StandIn, coverage_query, patience};

const GRAIN: &str = "where = \"not draft\"\ngrain = [\"game\", \"player\"]\n";

/// Worlds whose outputs are judged by nothing but how many rows each date has, all drafts and doubles included.
fn dated(plan: &Plan, usual: bool) -> (World, String) {
    let world = plan.clone().of_dates().world();
    let of_usual = ", { measure = \"rows\", at_least = 0.7, of = \"usual\", level = \"warn\" }";
    let rules = format!(
        "rules = [{{ measure = \"rows\", at_most = 4, of = \"games\", over = \"season\" }}{}]\n",
        if usual { of_usual } else { "" }
    );
    let toml = world.toml();
    assert!(toml.contains(GRAIN), "{toml}");
    let toml = toml.replace(GRAIN, &rules);
    (world, toml)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases * 2, ..config() })]

    #[test]
    fn counts_say_what_the_rows_say(plan in plans(), range in prop::option::of((-2..30i64, 0..20i64)), large in any::<bool>()) {
        let (world, toml) = dated(&plan, true);
        let fixture = Fixture::new(&toml, &world.sql());
        let mut scope = world.scope(&fixture);
        scope.range = range.map(|(from, more)| (day(from), day(from + more))).filter(|(from, to)| *from <= scope.end() && *to >= scope.start());
        let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer).counting();
        let engine = if large { engine.large() } else { engine };
        for (counted, read) in fixture.cover_with(&scope, &engine).iter().zip(fixture.cover(&scope)) {
            prop_assert_eq!(whole(counted), whole(&read));
            // Where no row was counted, the rows are asked too.
            prop_assert_eq!((counted.counted, read.counted), (read.rows > 0, false));
        }
    }
}

#[test]
fn the_worlds_of_dates_reach_every_class_that_counts_can_tell() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let plan = plans().new_tree(&mut runner).expect("a world").current();
        let (world, toml) = dated(&plan, true);
        let fixture = Fixture::new(&toml, &world.sql());
        let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer).counting();
        let found = fixture.cover_with(&world.scope(&fixture), &engine);
        seen.extend(found.iter().filter(|coverage| coverage.counted).flat_map(|coverage| coverage.counts.keys().copied()));
    }
    let untold = [Class::Null, Class::Duplicate];
    let wanted = Class::ALL.iter().map(|(class, _)| *class).filter(|class| !untold.contains(class));
    assert_eq!(seen, wanted.collect());
}

/// What is read of an output besides its dates keeps it from being counted; what is not, does not.
#[test]
fn only_outputs_of_dates_are_counted() {
    let head = "[project]\nname = \"league\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\n\
        [seasons]\nall = { start = 2024-01-01, end = 2024-01-31 }\n\
        [spines.games]\ntable = \"league.schedule\"\nkey = { day = \"date\" }\nweights = { games = \"sum(n)\" }\n\
        [spines.models]\nvalues = { model = [\"elo\"] }\n[spines.forecasts]\ncross = [\"games\", \"models\"]\n\
        [outputs.box]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\ndate = \"played_on\"\n\
        [gates.facts]\nstage = \"facts\"\n";
    let sql = "create schema league;\n\
        create table league.schedule as select (date '2024-01-01' + n::int)::date as day, 1 as n from range(31) r(n);\n\
        create table league.box as select day as played_on, 'elo' as model, 1 as player, 2 as points from league.schedule;\n\
        create table main.box as from league.box;\n";
    let suffices = |from: &str, to: &str| {
        assert!(head.contains(from), "{from}");
        let fixture = Fixture::new(&head.replacen(from, to, 1), sql);
        let scope = fixture.scope("2024-02-01");
        let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer).counting();
        let session = Session::new(&fixture.project, &LIBRARY, &scope, &engine, patience());
        let report = cover(&session, coverage_query(), &["box".to_owned()]).expect("no interrupt");
        let counted = report.statements.iter().any(|statement| statement.sql.contains("rows_of_date"));
        assert_eq!((report.coverage[0].counted, counts_suffice(&fixture.project.outputs["box"])), (counted, counted), "{to}");
        assert!(report.coverage[0].rows > 0, "{to}: {:?}", report.coverage[0].findings);
        counted
    };
    let date = "date = \"played_on\"";
    for more in [
        "rows = { min = 1, max = 3, per = \"games\" }",
        "rules = [{ measure = \"rows\", at_least = 1 }, { measure = \"rows\", at_least = 0.5, of = \"usual\", per = \"games\" }]",
        "measures = { points = \"sum(points)\" }",
        "columns = { score = \"points\" }\nloaded_at = \"played_on\"",
        "not_expected = { first_days = 3, where = \"games = 0\" }\nretention = \"900 days\"\nexpected_by = \"1 day\"",
    ] {
        assert!(suffices(date, &format!("{date}\n{more}")), "{more}");
    }
    for more in [
        "where = \"points > 0\"",
        "grain = [\"player\"]",
        "grain = [\"played_on\"]",
        "not_null = [\"points\"]",
        "ranges = { points = [0, 9] }",
        "rules = [{ nulls = \"points\", at_most = 0 }]",
        "measures = { points = \"sum(points)\" }\nrules = [{ measure = \"points\", at_least = 1 }]",
        "measures = { points = \"sum(points)\" }\nrules = [{ measure = \"rows\", at_least = 0.1, of = \"points\" }]",
    ] {
        assert!(!suffices(date, &format!("{date}\n{more}")), "{more}");
    }
    assert!(!suffices(date, "date = \"cast(played_on as date)\""), "an expression is no column");
    assert!(!suffices("\"league.box\"", "\"box\""), "counts are kept by schema");
    assert!(!suffices("spine = \"games\"", "spine = \"forecasts\""), "the key has more than the date");
}

/// The emulator counts the rows of its partitions when it is asked for them.
#[cfg(feature = "bigquery")]
#[test]
fn partitions_of_the_emulator_say_what_its_rows_say() {
    use serde_json::Value as Json;

    use crate::cli::answer;
    use crate::conformance::{copy, engines::BigQuery};

    let Some(endpoint) = crate::emulator::endpoint("partitions of BigQuery") else { return };
    let mut runner = TestRunner::deterministic();
    let (mut classes, mut counted, mut seen) = (BTreeSet::new(), 0, BTreeSet::new());
    for number in 0..200 {
        let plan = plans().new_tree(&mut runner).expect("a world").current();
        let (world, toml) = dated(&plan, false);
        let fixture = Fixture::new(&toml, &world.sql());
        let held = fixture.cover(&world.scope(&fixture));
        let known = seen.len();
        seen.extend(held.iter().filter(|coverage| coverage.rows > 0).flat_map(|coverage| coverage.counts.keys().copied()));
        // The emulator is slow: only worlds with a class that those before had not.
        if seen.len() == known {
            continue;
        }
        let days = |table: &copy::Rows| if table.name.starts_with("box") { "partition by played_on" } else { "" };
        let place = format!("days{}x{number}", std::process::id());
        let target = BigQuery(endpoint.clone()).copy(&place, &copy::tables(fixture.warehouse.as_ref()), days);
        // With a dataset by default the emulator misreads the names of its own lists.
        let target = target.replace("dataset = \"main_tables\"\n", "");
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("gapgate.toml"), format!("{toml}\n[targets.other]\n{target}\n")).expect("a project file");
        std::fs::create_dir(dir.path().join("warehouse")).expect("a folder");
        std::fs::write(dir.path().join("warehouse/10.sql"), world.sql()).expect("a script");
        let as_of = world.as_of.to_string();
        let ask = |target: &str, more: &[&str]| {
            let words = [&["gaps", "--format", "json", "--as-of", &as_of, "--target", target], more].concat();
            let (status, out, errors) = answer(dir.path(), &words);
            let report: Json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{errors}"));
            (status, report["gates"][0]["checks"][0]["outputs"].clone())
        };
        let (status, mut found) = ask("other", &[]);
        for output in found.as_array_mut().expect("outputs") {
            let was = output.as_object_mut().expect("an output").remove("counted_by");
            assert_eq!(was.is_some(), output["rows"] != 0, "{output}");
            counted += usize::from(was.is_some());
            classes.extend(
                output["classes"].as_object().expect("classes").iter().filter(|(_, keys)| **keys != 0).map(|(name, _)| name.clone()),
            );
        }
        let found = (status, found);
        assert_eq!(found, ask("other", &["--scan"]), "counted, and read\n{toml}");
        assert_eq!(found, ask("local", &[]), "on BigQuery, and on DuckDB\n{toml}");
    }
    let wanted = ["ok", "missing", "partial", "excess", "extra", "null_key", "pending", "not_expected"];
    assert!(counted > 3 && wanted.iter().all(|name| classes.contains(*name)), "{counted} outputs were counted, with {classes:?}");
}

/// The statement passes the guard, and nobody takes it for one that reads a table without bounds.
#[test]
fn the_statement_on_partitions_is_reviewed() {
    let toml = "[project]\nname = \"shop\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\n\
        [seasons]\nspring = { start = 2024-01-01, end = 2024-05-31 }\nautumn = { start = 2024-09-01, end = 2024-12-31 }\n\
        [spines.days]\ntable = \"shop.calendar\"\nkey = { day = \"date\" }\nweights = { shops = \"count(distinct shop_id)\" }\n\
        [outputs.sales]\nstage = \"raw\"\ntable = \"my-project.shop.Sales\"\nspine = \"days\"\ndate = \"sold_on\"\n\
        rows = { min = 10, per = \"shops\" }\n\
        [outputs.refunds]\nstage = \"raw\"\ntable = \"shop.refunds\"\nspine = \"days\"\ndate = \"order\"\ngrain = [\"receipt\"]\n";
    let fixture = Fixture::new(toml, "create table nothing (n int);");
    let scope = fixture.scope("2025-01-01");
    let args = [("outputs".to_owned(), Argument::List(vec!["sales".to_owned(), "refunds".to_owned()]))].into_iter().collect();
    // Counts do not suffice for the second one, whatever is asked for.
    let parts = ["sales", "refunds"].map(|name| (name.to_owned(), Part { counted: true, ..Part::default() })).into_iter().collect();
    let render = |dialect| {
        let renderer = Renderer::new(&LIBRARY, &fixture.project, &scope, dialect);
        renderer.render_parts(coverage_query(), &args, &parts).unwrap_or_else(|error| panic!("{dialect}: {error}"))
    };
    assert!(Dialect::ALL.map(render).iter().all(|sql| sql.as_str().matches("sum(counted.rows_of_date)").count() == 2));
    let sql = render(Dialect::BigQuery);
    crate::cli::snapshot("coverage_counted_bigquery", sql.as_str());
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("counted.sql"), sql.as_str()).expect("a file");
    let tables = "shop.refunds=order,my-project.shop.Sales=sold_on";
    let mut lint = std::process::Command::new(env!("CARGO_BIN_EXE_gapgate"));
    let words = ["lint", "counted.sql", "--dialect", "bigquery", "--partitioned", tables];
    let output = lint.current_dir(dir.path()).args(words).output().expect("the program runs");
    let found = String::from_utf8(output.stdout).expect("UTF-8");
    let others: Vec<&str> = found.lines().filter(|line| line.contains(": GG") && !line.contains(": GG011 warning")).collect();
    // The dates are those of the seasons, which a rendered statement has in it.
    assert_eq!((output.status.code(), others, found.contains("GG011")), (Some(0), Vec::new(), true), "{found}");
}
