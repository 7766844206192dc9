//! The laws of the planner, on random graphs, against an oracle that writes out what every key reads.

use std::collections::{BTreeMap, BTreeSet};

use gapgate::model::plan::reach::{Event, spans_of_events};
use gapgate::model::plan::{Edge, Fate, Graph, Key, KeyId, Node, Plan, Reach, Shared, State, Waits, plan};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Two seasons with a break between them.
const SEASONS: [(i32, i32); 2] = [(0, 9), (14, 22)];

/// A graph with what the oracle needs to know of its edges.
#[derive(Clone, Debug)]
struct Sketch {
    outputs: Vec<Output>,
}

#[derive(Clone, Debug)]
struct Output {
    dated: bool,
    /// Whether its key has an entity beside the date.
    entities: bool,
    keys: Vec<(i32, u32, State)>,
    reads: Vec<Way>,
    window: Option<u32>,
}

#[derive(Clone, Debug)]
struct Way {
    upstream: usize,
    same_day: bool,
    lookback: u32,
    /// Days and entities, where the lookback counts events.
    events: Option<Vec<(i32, u32)>>,
}

fn season(day: i32) -> usize {
    SEASONS.iter().position(|(_, end)| day <= *end).expect("a day of a season")
}

fn day() -> impl Strategy<Value = i32> {
    prop_oneof![SEASONS[0].0..=SEASONS[0].1, SEASONS[1].0..=SEASONS[1].1]
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        12 => Just(State::There),
        1 => Just(State::Excused),
        8 => Just(State::Broken),
        1 => Just(State::Outside),
        1 => Just(State::Held),
        1 => Just(State::Pending),
        1 => Just(State::Lost),
        1 => Just(State::Unknown),
    ]
}

fn output(number: usize) -> impl Strategy<Value = Output> {
    let way =
        (0..number.max(1), any::<bool>(), 0..5u32, proptest::option::weighted(0.25, proptest::collection::vec((day(), 0..3u32), 0..12)));
    let ways = proptest::collection::vec(way, 0..=number.min(3));
    let keys = proptest::collection::btree_map((day(), 0..3u32), state(), 0..24);
    (proptest::bool::weighted(0.9), any::<bool>(), keys, ways, proptest::option::weighted(0.3, 0..4u32)).prop_map(
        |(dated, entities, keys, ways, window)| {
            let keys: BTreeMap<(i32, u32), State> = keys
                .into_iter()
                .map(|((day, entity), state)| ((if dated { day } else { 0 }, if entities { entity } else { 0 }), state))
                .collect();
            let mut seen = BTreeSet::new();
            let reads = ways.into_iter().filter(|(upstream, ..)| seen.insert(*upstream));
            let reads = reads.map(|(upstream, same_day, lookback, events)| Way { upstream, same_day, lookback, events });
            Output {
                dated,
                entities,
                keys: keys.into_iter().map(|((day, entity), state)| (day, entity, state)).collect(),
                reads: reads.collect(),
                window: window.filter(|_| dated),
            }
        },
    )
}

fn sketch() -> impl Strategy<Value = Sketch> {
    (1..6usize).prop_flat_map(|outputs| (0..outputs).map(output).collect::<Vec<_>>()).prop_map(|mut outputs| {
        outputs[0].reads.clear();
        // Events stand in for the keys of an upstream that knows dates alone.
        for at in 1..outputs.len() {
            for read in 0..outputs[at].reads.len() {
                let upstream = &outputs[outputs[at].reads[read].upstream];
                if !upstream.dated || upstream.entities || !outputs[at].dated {
                    outputs[at].reads[read].events = None;
                }
            }
        }
        Sketch { outputs }
    })
}

impl Sketch {
    fn graph(&self) -> Graph {
        let season_ends: Vec<i32> = SEASONS.iter().map(|(_, end)| *end).collect();
        let nodes = self.outputs.iter().enumerate().map(|(at, output)| {
            let keys = output.keys.iter().map(|(day, entity, state)| Key {
                day: *day,
                season: u16::try_from(season(*day)).expect("few seasons"),
                entity: *entity,
                state: *state,
            });
            let reads = output.reads.iter().flat_map(|way| self.edges(output, way, &season_ends));
            let identity: Vec<u32> = (0..3).collect();
            let own = output.window.map(|window| Edge {
                upstream: at,
                same_day: false,
                reach: Reach::Keys(window),
                shared: Shared { reader: identity.clone(), upstream: identity },
            });
            Node { dated: output.dated, keys: keys.collect(), reads: reads.chain(own).collect() }
        });
        Graph { nodes: nodes.collect(), season_ends }
    }

    fn edges(&self, reader: &Output, way: &Way, season_ends: &[i32]) -> Vec<Edge> {
        let upstream = &self.outputs[way.upstream];
        let both = reader.entities && upstream.entities;
        let identity: Vec<u32> = (0..3).collect();
        let shared = if both { Shared { reader: identity.clone(), upstream: identity.clone() } } else { Shared::default() };
        let plain = |same_day: bool, keys: u32| Edge { upstream: way.upstream, same_day, reach: Reach::Keys(keys), shared: shared.clone() };
        let Some(events) = &way.events else { return vec![plain(way.same_day, way.lookback)] };
        let events: Vec<Event> = events
            .iter()
            .map(|(day, entity)| Event { day: *day, season: u16::try_from(season(*day)).expect("few seasons"), entity: *entity })
            .collect();
        let keys: Vec<Key> =
            upstream.keys.iter().map(|(day, entity, state)| Key { day: *day, season: 0, entity: *entity, state: *state }).collect();
        let group = |entity: u32| if reader.entities { entity } else { 0 };
        let spans = spans_of_events(&keys, &events, way.lookback, group, season_ends);
        let groups = if reader.entities { identity } else { Vec::new() };
        let of_events = Edge {
            upstream: way.upstream,
            same_day: false,
            reach: Reach::Spans(spans),
            shared: Shared { reader: groups, upstream: Vec::new() },
        };
        vec![plain(way.same_day, 0), of_events]
    }

    /// Every key that a key reads, written out: in the order of its ways, then of time.
    fn read_by(&self, at: usize, key: usize) -> Vec<(usize, Vec<usize>)> {
        let reader = &self.outputs[at];
        let (day, entity, _) = reader.keys[key];
        let mut found = Vec::new();
        for way in &reader.reads {
            let upstream = &self.outputs[way.upstream];
            let fits = |other: u32| !(reader.entities && upstream.entities) || other == entity;
            let fitting: Vec<usize> = (0..upstream.keys.len()).filter(|other| fits(upstream.keys[*other].1)).collect();
            if !upstream.dated || !reader.dated {
                // A key without a date is of all days; it takes a way to read at all.
                let any = way.same_day || way.lookback > 0 || way.events.is_some() || !upstream.dated || !reader.dated;
                found.push((way.upstream, if any { fitting } else { Vec::new() }));
                continue;
            }
            let mut keys = BTreeSet::new();
            if way.same_day {
                keys.extend(fitting.iter().copied().filter(|other| upstream.keys[*other].0 == day));
            }
            let days: Vec<BTreeSet<i32>> = match &way.events {
                None => (0..3)
                    .map(|entity| fitting.iter().map(|at| upstream.keys[*at]).filter(|key| key.1 == entity).map(|key| key.0).collect())
                    .collect(),
                Some(events) => {
                    let mine = |other: u32| !reader.entities || other == entity;
                    let of = |entity: u32| events.iter().filter(move |event| event.1 == entity && mine(event.1)).map(|event| event.0);
                    (0..3).map(|entity| of(entity).collect()).collect()
                }
            };
            for (entity, days) in days.iter().enumerate() {
                let before: Vec<i32> = days.iter().copied().filter(|other| *other < day && season(*other) == season(day)).collect();
                let last: BTreeSet<i32> = before.iter().rev().take(way.lookback as usize).copied().collect();
                let of_entity = |other: &usize| way.events.is_some() || upstream.keys[*other].1 as usize == entity;
                keys.extend(fitting.iter().filter(|other| of_entity(other) && last.contains(&upstream.keys[**other].0)));
            }
            found.push((way.upstream, keys.into_iter().collect()));
        }
        if let Some(window) = reader.window {
            let own = |other: &usize| {
                let (earlier, of, _) = reader.keys[*other];
                of == entity && earlier < day && season(earlier) == season(day)
            };
            let mut keys: Vec<usize> = (0..reader.keys.len()).filter(own).collect();
            keys.drain(..keys.len().saturating_sub(window as usize));
            found.push((at, keys));
        }
        found
    }
}

/// What readers see of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    There,
    Wave(u32),
    Unknown,
    Blocked,
    Lost,
}

/// The plan by definition: each key from all that it reads, over and over again until nothing changes.
struct Oracle {
    seen: Vec<Vec<Seen>>,
    roots: Vec<Vec<KeyId>>,
    waits: Vec<Vec<BTreeMap<usize, Vec<u32>>>>,
}

fn oracle(sketch: &Sketch, with_impact: bool) -> Oracle {
    let mut oracle = Oracle { seen: Vec::new(), roots: Vec::new(), waits: Vec::new() };
    for (at, output) in sketch.outputs.iter().enumerate() {
        oracle.seen.push(Vec::new());
        oracle.roots.push(Vec::new());
        oracle.waits.push(Vec::new());
        for (number, (_, _, state)) in output.keys.iter().enumerate() {
            let reads = sketch.read_by(at, number);
            let all: Vec<(usize, usize)> = reads.iter().flat_map(|(node, keys)| keys.iter().map(move |key| (*node, *key))).collect();
            let worst = all.iter().map(|(node, key)| oracle.seen[*node][*key]).max().unwrap_or(Seen::There);
            let touched = all.iter().any(|(node, key)| matches!(oracle.seen[*node][*key], Seen::Wave(_)));
            let next = match worst {
                Seen::Wave(wave) => Seen::Wave(wave + 1),
                _ => Seen::Wave(1),
            };
            let seen = match (state, worst) {
                (State::Broken | State::Outside | State::Held, Seen::Lost) => Seen::Lost,
                (State::Broken, Seen::Blocked | Seen::Unknown) => worst,
                (State::Broken, _) => next,
                (State::Outside | State::Held | State::Pending, _) => Seen::Blocked,
                (State::Lost, _) => Seen::Lost,
                (State::Unknown, _) => Seen::Unknown,
                (State::There, Seen::There | Seen::Wave(_)) if with_impact && touched => next,
                (State::There | State::Excused, _) => Seen::There,
            };
            let id = |node: usize, key: usize| KeyId { node: u32::try_from(node).expect("few"), key: u32::try_from(key).expect("few") };
            let cause = all.iter().find(|(node, key)| worst >= Seen::Unknown && oracle.seen[*node][*key] == worst);
            let waiting = matches!(state, State::Broken | State::Outside | State::Held);
            let root = cause.filter(|_| waiting).map_or_else(|| id(at, number), |(node, key)| oracle.roots[*node][*key]);
            let mut waits: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
            for (node, key) in all.iter().filter(|(node, key)| oracle.seen[*node][*key] >= Seen::Unknown) {
                waits.entry(*node).or_default().push(id(*node, *key).key);
            }
            oracle.seen[at].push(seen);
            oracle.roots[at].push(root);
            oracle.waits[at].push(waits);
        }
    }
    oracle
}

fn compare(sketch: &Sketch, with_impact: bool) -> Result<(), TestCaseError> {
    let graph = sketch.graph();
    let found: Plan = plan(&graph, with_impact);
    let wanted = oracle(sketch, with_impact);
    let names = Waits::new(&graph, &found);
    for (at, output) in sketch.outputs.iter().enumerate() {
        for (number, (_, _, state)) in output.keys.iter().enumerate() {
            let id = KeyId { node: u32::try_from(at).expect("few"), key: u32::try_from(number).expect("few") };
            let fate = match (state, wanted.seen[at][number]) {
                (State::There | State::Broken, Seen::Wave(wave)) => Some(Fate::Wave(wave)),
                (State::Broken | State::Held, Seen::Lost) => Some(Fate::Lost),
                (State::Broken, Seen::Unknown) => Some(Fate::Unknown),
                (State::Broken, Seen::Blocked) => Some(Fate::Blocked),
                (State::Held, _) => Some(Fate::Held),
                _ => None,
            };
            prop_assert_eq!(found.fate(&graph, id), fate, "fate of {:?}", id);
            if matches!(fate, Some(Fate::Blocked | Fate::Lost | Fate::Unknown)) {
                prop_assert_eq!(found.root(id), wanted.roots[at][number], "root of {:?}", id);
                let waits: BTreeMap<usize, Vec<u32>> = names.of(id).into_iter().map(|wait| (wait.node, wait.keys)).collect();
                prop_assert_eq!(&waits, &wanted.waits[at][number], "waits of {:?}", id);
            }
        }
    }
    Ok(())
}

/// Whoever wants more asks for them: `PROPTEST_CASES=100000 cargo test laws_plan`.
fn runner() -> TestRunner {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn no_key_is_planned_before_what_it_needs_and_none_is_left_out_or_there_without_need() {
    runner()
        .run(&(sketch(), any::<bool>()), |(sketch, with_impact)| compare(&sketch, with_impact))
        .unwrap_or_else(|error| panic!("{error}"));
}

/// The random graphs reach everything that the planner can say.
#[test]
fn the_random_graphs_have_every_fate() {
    let mut runner = runner();
    let mut fates: BTreeSet<String> = BTreeSet::new();
    for _ in 0..500 {
        let sketch = sketch().new_tree(&mut runner).expect("a graph").current();
        let graph = sketch.graph();
        let plan = plan(&graph, true);
        for (node, output) in graph.nodes.iter().enumerate() {
            for (key, known) in output.keys.iter().enumerate() {
                let id = KeyId { node: u32::try_from(node).expect("few"), key: u32::try_from(key).expect("few") };
                fates.extend(plan.fate(&graph, id).map(|fate| format!("{:?} {fate:?}", known.state)));
            }
        }
    }
    for fate in
        ["Broken Wave(1)", "Broken Wave(4)", "There Wave(3)", "Broken Blocked", "Broken Lost", "Broken Unknown", "Held Held", "Held Lost"]
    {
        assert!(fates.contains(fate), "{fate} is never reached: {fates:?}");
    }
}
