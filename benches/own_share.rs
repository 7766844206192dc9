//! gapgate's own share of a run: load, render, lint, judge. Run with `cargo bench --profile dev`, which reuses the compiled engine.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use gapgate::lint::{self, Facts};
use gapgate::load::{library, project};
use gapgate::model::catalogue::Argument;
use gapgate::model::coverage::{Tally, figures};
use gapgate::model::plan::{Edge, Graph, Key, Node, Reach, Shared, State, Waits, plan};
use gapgate::model::scope::Scope;
use gapgate::model::sql::{Dialect, Sql};
use gapgate::model::table::{Column, Kind, Table, Value};
use gapgate::render::Renderer;
use indexmap::IndexMap;
use jiff::civil::date;

fn own_share(criterion: &mut Criterion) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nba");
    criterion.bench_function("load the example project and the library", |bencher| {
        bencher.iter(|| black_box((project::load(&dir).expect("a project"), library::load(Some(&dir)).expect("a library"))));
    });

    let project = project::load(&dir).expect("a project");
    let library = library::load(Some(&dir)).expect("a library");
    let as_of = project.as_of.expect("a frozen warehouse");
    let scope = Scope { seasons: project.all_seasons(), others: Vec::new(), range: None, as_of, is_now: false, zone: project.zone.clone() };
    let query = library.query("quality/coverage").expect("a query");
    let outputs: Vec<String> = project.outputs.keys().cloned().collect();
    let args: IndexMap<String, Argument> = [("outputs".to_owned(), Argument::List(outputs))].into_iter().collect();
    let renderer = Renderer::new(&library, &project, &scope, Dialect::DuckDb);
    criterion.bench_function("render coverage of 16 outputs, guard included", |bencher| {
        bencher.iter(|| black_box(renderer.render(query, &args).expect("a statement")));
    });

    let sql = renderer.render(query, &args).expect("a statement");
    criterion.bench_function("guard coverage of 16 outputs", |bencher| {
        bencher.iter(|| black_box(Sql::parse(sql.as_str(), Dialect::DuckDb).expect("a statement")));
    });

    let statements: Vec<&str> = include_str!("../tests/fixtures/lint/valid/bigquery.sql").split(";\n").collect();
    let files: Vec<String> = (0..500).map(|n| statements.iter().cycle().skip(n).take(5).copied().collect::<Vec<_>>().join(";\n")).collect();
    criterion.bench_function("lint 500 files of BigQuery SQL", |bencher| {
        bencher.iter(|| files.iter().map(|text| lint::lint(text, Dialect::BigQuery, &Facts::default()).statements).sum::<usize>());
    });

    let output = &project.outputs["nbac_schedule"];
    let legend = figures(output);
    let table = missing_keys(10_000, &output.name, legend.len());
    criterion.bench_function("judge 10,000 missing keys", |bencher| {
        bencher.iter(|| {
            let mut tally = Tally::new(
                output,
                &legend,
                vec![Column { name: "game_date".to_owned(), kind: Kind::Date }],
                &project.waivers,
                date(2024, 7, 1),
            );
            tally.absorb(&table).expect("a coverage result");
            black_box(tally.finish())
        });
    });
}

fn missing_keys(keys: i32, output: &str, figures: usize) -> Table {
    let names = ["output", "class", "period", "game_date", "position", "keys", "present", "held_rows", "weight", "duplicates"];
    let mut columns: Vec<Column> = names.iter().map(|name| Column { name: (*name).to_owned(), kind: Kind::Int }).collect();
    columns.extend((1..=figures).map(|n| Column { name: format!("figure_{n}"), kind: Kind::Int }));
    let mut table = Table::new(columns);
    for n in 0..keys {
        let day = date(2000, 1, 1).checked_add(jiff::Span::new().days(n)).expect("a date");
        let fixed = [
            Value::text(output),
            Value::text("missing"),
            Value::Null,
            Value::Date(day),
            Value::Int(i64::from(n)),
            Value::Int(1),
            Value::Int(0),
            Value::Int(0),
            Value::Int(5),
            Value::Int(0),
        ];
        table.push(fixed.into_iter().chain((0..figures).map(|_| Value::Null)));
    }
    table
}

fn plans(criterion: &mut Criterion) {
    for (name, outputs, dates) in [("plan 638 dates of 16 outputs", 16, 638), ("plan 1,000,000 keys of 16 outputs", 16, 62_500)] {
        let graph = graph(outputs, dates);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let plan = plan(&graph, true);
                black_box(Waits::new(&graph, &plan));
                plan.waves()
            });
        });
    }
}

/// Four layers of outputs, each reading all of the layer before with a lookback of 15; a third of the keys is broken.
fn graph(outputs: usize, dates: i32) -> Graph {
    let state = |output: usize, day: i32| match (usize::try_from(day).expect("a day") * 7 + output * 3) % 29 {
        0..=8 => State::Broken,
        9 if day % 5 == 0 => State::Outside,
        _ => State::There,
    };
    let node = |output: usize| {
        let layer = output / 4;
        let upstreams = if layer == 0 { 0..0 } else { (layer - 1) * 4..layer * 4 };
        let edge = |upstream: usize| Edge { upstream, same_day: true, reach: Reach::Keys(15), shared: Shared::default() };
        let key = |day: i32| Key { day, season: u16::try_from(day / 250).expect("few seasons"), entity: 0, state: state(output, day) };
        Node { dated: true, keys: (0..dates).map(key).collect(), reads: upstreams.map(edge).collect() }
    };
    Graph { nodes: (0..outputs).map(node).collect(), season_ends: (0..=dates / 250).map(|season| season * 250 + 249).collect() }
}

criterion_group!(benches, own_share, plans);
criterion_main!(benches);
