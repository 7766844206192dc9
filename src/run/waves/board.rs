//! From outputs, keys and tries to the planner's graph, and from its plan back to names.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::Session;
use super::Wanted;
use super::keys::{Keys, SpineKey, day_number};
use super::lane::Lane;
use super::tries::Tries;
use crate::model::catalogue::{Lookback, Output};
use crate::model::coverage::{Class, Coverage};
use crate::model::plan::reach::{Event, spans_of_events};
use crate::model::plan::{Edge, Fate, Graph, KeyId, Node, Plan, Reach, Shared, State, Wait, Waits};
use crate::model::retry::RetryItem;
use crate::model::schedule::{Schedule, Scheduled, Waiting};

/// The keys of an output that a plan makes: the output, all of its keys, and the positions of those that are made.
pub(super) type Made<'a> = (&'a Output, Arc<Vec<SpineKey>>, Vec<usize>);

/// What keys are listed by: the wave, the rank of the output, the position of the key.
type Order = (u32, (usize, usize), usize);

/// The graph, and what its numbers stand for.
pub(super) struct Board<'a> {
    pub(super) graph: Graph,
    lanes: Vec<Lane<'a>>,
}

impl<'a> Board<'a> {
    pub(super) fn new(
        session: &'a Session<'_>,
        wanted: &Wanted,
        outputs: &[&'a Output],
        coverage: &'a [Coverage],
        keys: Vec<Keys>,
        tries: &Tries,
    ) -> Self {
        let mut board = Self::empty(session);
        for ((output, held), keys) in outputs.iter().zip(coverage).zip(keys) {
            let mut lane = Lane::new(session, output, keys);
            let mut node = lane.judge(session, wanted, held);
            lane.note_tries(session.project.retry, tries, &mut node, wanted.force);
            board.push(lane, node);
        }
        board
    }

    /// The same where the states are not those of the warehouse.
    pub(super) fn of_states(
        session: &Session<'_>,
        outputs: &[&'a Output],
        keys: Vec<Keys>,
        state: impl Fn(&Output, &SpineKey) -> State,
    ) -> Self {
        let mut board = Self::empty(session);
        for (output, keys) in outputs.iter().zip(keys) {
            let lane = Lane::new(session, output, keys);
            let node = lane.node(session, |_, key| state(output, key));
            board.push(lane, node);
        }
        board
    }

    fn empty(session: &Session<'_>) -> Self {
        let season_ends = session.scope.seasons.iter().map(|season| day_number(season.end)).collect();
        Self { graph: Graph { nodes: Vec::new(), season_ends }, lanes: Vec::new() }
    }

    fn push(&mut self, lane: Lane<'a>, mut node: Node) {
        node.reads = self.edges(&lane, &node);
        self.lanes.push(lane);
        self.graph.nodes.push(node);
    }

    /// The keys of each output that a plan makes, or makes again.
    pub(super) fn made(&self, plan: &Plan) -> Vec<Made<'a>> {
        let is_made = |at: usize, number: usize| matches!(plan.fate(&self.graph, id(at, number)), Some(Fate::Wave(_)));
        let of_lane = |(at, lane): (usize, &Lane<'a>)| {
            (lane.output, Arc::clone(&lane.keys), (0..lane.keys.len()).filter(|number| is_made(at, *number)).collect())
        };
        self.lanes.iter().enumerate().map(of_lane).collect()
    }

    fn edges(&self, reader: &Lane<'_>, node: &Node) -> Vec<Edge> {
        let number = |name: &String| self.lanes.iter().position(|lane| lane.output.name == *name);
        let mut edges = Vec::new();
        for reads in &reader.output.reads {
            let Some(upstream) = number(&reads.output) else { continue };
            let shared = shared(reader, &self.lanes[upstream]);
            let plain = |keys: u32| Edge { upstream, same_day: reads.same_day, reach: Reach::Keys(keys), shared: shared.clone() };
            match &reads.lookback {
                Lookback::Keys(count) => edges.push(plain(*count)),
                // The keys of an upstream with entities of its own are the events.
                Lookback::Events { count, .. } if self.lanes[upstream].output.key.len() > 1 => edges.push(plain(*count)),
                Lookback::Events { count, of } => {
                    edges.push(plain(0));
                    let Some(events) = number(of) else { continue };
                    // Of events that are not known nothing follows, so they are read themselves.
                    let unknown = Edge { upstream: events, shared: Shared::default(), ..plain(0) };
                    let known = self.graph.nodes[events].dated;
                    edges.push(if known { self.of_events(reader, upstream, events, *count) } else { unknown });
                }
            }
        }
        if let Some(window) = reader.output.window.filter(|_| node.dated) {
            let own: Vec<u32> = (0..).take(reader.entities.len()).collect();
            let shared = Shared { reader: own.clone(), upstream: own };
            edges.push(Edge { upstream: self.lanes.len(), same_day: false, reach: Reach::Keys(window), shared });
        }
        edges
    }

    fn of_events(&self, reader: &Lane<'_>, upstream: usize, events: usize, count: u32) -> Edge {
        let groups = shared(reader, &self.lanes[events]);
        let all = self.graph.nodes[events].keys.iter();
        let all: Vec<Event> = all.map(|key| Event { day: key.day, season: key.season, entity: key.entity }).collect();
        let group = |entity: u32| groups.upstream.get(entity as usize).copied().unwrap_or(0);
        let spans = spans_of_events(&self.graph.nodes[upstream].keys, &all, count, group, &self.graph.season_ends);
        Edge { upstream, same_day: false, reach: Reach::Spans(spans), shared: Shared { reader: groups.reader, upstream: Vec::new() } }
    }

    /// The wanted keys with their fates, in the order in which they run.
    pub(super) fn list(&self, plan: &Plan, schedule: &mut Schedule, with_stale: bool) {
        let waits = Waits::new(&self.graph, plan);
        let mut found: Vec<(Order, Scheduled)> = Vec::new();
        for (at, lane) in self.lanes.iter().enumerate() {
            for number in 0..lane.keys.len() {
                let id = id(at, number);
                let stale = self.graph.nodes[at].keys[number].state == State::There;
                let Some(fate) = self.fate(plan, id).filter(|_| with_stale || !stale) else { continue };
                let order = if let Fate::Wave(wave) = fate { wave } else { u32::MAX };
                found.push(((order, lane.rank, number), self.scheduled(&waits, id, fate)));
            }
        }
        found.sort_by_key(|(order, _)| *order);
        schedule.keys = found.into_iter().map(|(_, key)| key).collect();
    }

    /// The keys that become stale: all of them, or those that cannot be part of the plan.
    pub(super) fn list_impact(&self, plan: &Plan, schedule: &mut Schedule, planned: bool) {
        let waits = Waits::new(&self.graph, plan);
        let all = self.lanes.iter().enumerate().flat_map(|(at, lane)| (0..lane.keys.len()).map(move |number| id(at, number)));
        let there = |id: &KeyId| self.graph.nodes[id.node as usize].keys[id.key as usize].state == State::There;
        let reruns = all.filter(|id| !planned && there(id)).filter_map(|id| Some((id, plan.fate(&self.graph, id)?)));
        let stuck = plan.stuck().iter().map(|id| (*id, Fate::Blocked));
        schedule.impact = reruns.chain(stuck).map(|(id, fate)| self.scheduled(&waits, id, fate)).collect();
    }

    fn fate(&self, plan: &Plan, id: KeyId) -> Option<Fate> {
        let lane = &self.lanes[id.node as usize];
        // What is wanted and lost, or could not be judged, in itself.
        let own = || match self.graph.nodes[id.node as usize].keys[id.key as usize].state {
            State::Lost => Some(Fate::Lost),
            State::Unknown => Some(Fate::Unknown),
            _ => None,
        };
        let number = id.key as usize;
        let is_wanted = || lane.faults.contains_key(&number) && lane.wants(&lane.keys[number]);
        plan.fate(&self.graph, id).or_else(|| own().filter(|_| is_wanted()))
    }

    fn scheduled(&self, waits: &Waits<'_>, id: KeyId, fate: Fate) -> Scheduled {
        let (lane, number) = (&self.lanes[id.node as usize], id.key as usize);
        let key = &lane.keys[number];
        let fault = lane.faults.get(&number);
        let tried = lane.tries.get(&number);
        let waits = if matches!(fate, Fate::Wave(_)) { Vec::new() } else { waits.of(id) };
        let item = RetryItem {
            stage: lane.output.stage.clone(),
            output: lane.output.name.clone(),
            columns: Arc::clone(&lane.columns),
            key: key.values.clone(),
            class: fault.map_or(Class::Ok, |fault| fault.class),
            reason: fault.map_or_else(|| "reads what is repaired".into(), |fault| fault.reason.clone()),
            attempts: tried.map(|tried| tried.attempts),
            last: tried.map(|tried| tried.last.clone()).filter(|last| !last.is_empty()),
            position: Some(key.position),
        };
        Scheduled {
            item,
            table: lane.output.table.clone(),
            processor: lane.output.processor.clone(),
            fate,
            stale: fault.is_none(),
            waits: waits.into_iter().map(|wait| self.waiting(wait)).collect(),
            note: lane.notes.get(&number).cloned(),
            next_try: tried.and_then(|tried| tried.next),
        }
    }

    fn waiting(&self, wait: Wait) -> Waiting {
        let lane = &self.lanes[wait.node];
        let root = &self.lanes[wait.root.node as usize];
        Waiting {
            output: lane.output.name.clone(),
            keys: wait.keys.iter().filter_map(|key| Some(lane.keys.get(*key as usize)?.text())).collect(),
            root: (root.output.name.clone(), root.keys.get(wait.root.key as usize).map(SpineKey::text).unwrap_or_default()),
            root_reason: root.reason(wait.root.key as usize, self.graph.nodes[wait.root.node as usize].keys[wait.root.key as usize].state),
        }
    }
}

/// Which series of two outputs agree in the columns that both have, dates apart.
fn shared(reader: &Lane<'_>, upstream: &Lane<'_>) -> Shared {
    let names = |lane: &Lane<'_>| -> Vec<String> {
        let date = lane.output.date().map(|date| date.name.clone());
        lane.output.key.iter().map(|column| column.name.clone()).filter(|name| Some(name) != date.as_ref()).collect()
    };
    let (own, others) = (names(reader), names(upstream));
    let pairs: Vec<(usize, usize)> =
        own.iter().enumerate().filter_map(|(at, name)| Some((at, others.iter().position(|other| other == name)?))).collect();
    // Of an upstream of which nothing is known, every series is read by all.
    if pairs.is_empty() || upstream.unknown.is_some() {
        return Shared::default();
    }
    let mut groups: HashMap<Vec<String>, u32> = HashMap::new();
    let mut group = |entity: &Vec<String>, column: fn(&(usize, usize)) -> usize| {
        let values: Vec<String> = pairs.iter().map(|pair| entity.get(column(pair)).cloned().unwrap_or_default()).collect();
        let next = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        *groups.entry(values).or_insert(next)
    };
    Shared {
        reader: reader.entities.keys().map(|entity| group(entity, |pair| pair.0)).collect(),
        upstream: upstream.entities.keys().map(|entity| group(entity, |pair| pair.1)).collect(),
    }
}

fn id(node: usize, key: usize) -> KeyId {
    KeyId { node: u32::try_from(node).unwrap_or(u32::MAX), key: u32::try_from(key).unwrap_or(u32::MAX) }
}
