//! The retry planner: which broken keys can run now, which must wait for which, and which cannot be repaired at all.
//!
//! Pure, and near-linear in the number of keys: what a key reads is never written out key by key. Each upstream key knows
//! instead until which day it is read ([`reach`]), and one pass over the days keeps what is being read (`front`). A key is
//! at the level of its wave, and what cannot run is at a level above all waves, so a key's level follows from the highest
//! of those that it reads.

mod front;
pub mod order;
pub mod reach;
mod waits;

use front::Fronts;
use reach::{Read, reads};

pub use waits::{Wait, Waits};

/// One key of an output, as far as plans care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its date, in days since 1970-01-01; of no meaning where the output has no dates.
    pub day: i32,
    /// Its season, by number.
    pub season: u16,
    /// Everything in the key but the date, by number: keys of one entity are a series in time.
    pub entity: u32,
    /// What is known of it.
    pub state: State,
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Its rows are there.
    There,
    /// Nobody expects it, or its fault is accepted: nobody waits for it, and it is never run again.
    Excused,
    /// Not as it should be, and wanted.
    Broken,
    /// Not as it should be, but not selected.
    Outside,
    /// Wanted, but held back: tried too often or just now.
    Held,
    /// Not due yet.
    Pending,
    /// It cannot be had any more, or never could.
    Lost,
    /// It could not be judged.
    Unknown,
}

/// An output with its keys in order of time.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Whether its keys have dates. One without dates reads every key of its upstreams, and every key of its readers reads it.
    pub dated: bool,
    /// Its keys, ordered by day; each entity has a day once.
    pub keys: Vec<Key>,
    /// What it reads. Its own rows are read last.
    pub reads: Vec<Edge>,
}

impl Node {
    /// The day from which a key reads.
    fn day(&self, key: &Key) -> i32 {
        if self.dated { key.day } else { i32::MAX }
    }
}

/// What the keys of an output read of another one, or of itself.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The number of the output that is read: lower than the reader's, or the reader's own.
    pub upstream: usize,
    /// Whether a key reads the key of its own day; never so of its own output.
    pub same_day: bool,
    /// How far back it reads.
    pub reach: Reach,
    /// Which of its series read which.
    pub shared: Shared,
}

/// How many keys before its own day a key reads, in its own season.
#[derive(Clone, Debug)]
pub enum Reach {
    /// The last so many of each series of the upstream.
    Keys(u32),
    /// These: until which day each upstream key is read, and by which group of series.
    Spans(Vec<reach::Span>),
}

/// Series of two outputs that agree in the columns that both have, by the number of their group. An empty list puts every
/// entity in group 0.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The group of each entity of the reader.
    pub reader: Vec<u32>,
    /// The group of each entity of the upstream.
    pub upstream: Vec<u32>,
}

impl Shared {
    fn groups(&self) -> usize {
        self.reader.iter().chain(&self.upstream).max().map_or(1, |group| *group as usize + 1)
    }

    fn of_reader(&self, entity: u32) -> u32 {
        self.reader.get(entity as usize).copied().unwrap_or(0)
    }

    fn of_upstream(&self, entity: u32) -> u32 {
        self.upstream.get(entity as usize).copied().unwrap_or(0)
    }
}

/// The outputs, upstreams first, and the last day of each season.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The outputs; each reads only those before it, or itself.
    pub nodes: Vec<Node>,
    /// The last day of each season, by number.
    pub season_ends: Vec<i32>,
}

/// A key by the number of its output and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    /// The output.
    pub node: u32,
    /// The key.
    pub key: u32,
}

impl KeyId {
    fn new(node: usize, key: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "numbers of outputs and of their keys are below 2^32")]
        Self { node: node as u32, key: key as u32 }
    }
}

/// What becomes of a key that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It runs in this wave, counted from 1; the first one can run now.
    Wave(u32),
    /// It waits for keys that are not part of the plan.
    Blocked,
    /// It is held back itself.
    Held,
    /// It reads something that cannot be had any more, or it is lost itself.
    Lost,
    /// It reads something that could not be judged, or could not be judged itself.
    Unknown,
}

/// Above every wave: what could not be judged, what is blocked, what is lost. The worst of what a key reads decides.
const UNKNOWN: u32 = u32::MAX - 2;
const BLOCKED: u32 = u32::MAX - 1;
const LOST: u32 = u32::MAX;

/// What a key reads, summed up.
#[derive(Clone, Copy, Debug, Default)]
struct Need {
    /// The highest level of all that it reads.
    level: u32,
    /// The first key of that level.
    cause: Option<KeyId>,
    /// Whether it reads a key that the plan makes again.
    touched: bool,
}

/// The level of every key, and the roots of what cannot run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// By output and key: 0 for what is there, its wave, or more.
    levels: Vec<Vec<u32>>,
    /// By output and key: where its chain of reasons ends.
    roots: Vec<Vec<KeyId>>,
    /// Keys that are there and that the plan makes stale, but that cannot run again.
    stuck: Vec<KeyId>,
}

/// Plans the broken keys. `with_impact` adds the keys that are there already and read what is repaired, which makes them
/// stale, and those that read them in turn.
pub fn plan(graph: &Graph, with_impact: bool) -> Plan {
    let mut plan = Plan::default();
    for (at, node) in graph.nodes.iter().enumerate() {
        let mut needs = vec![Need::default(); node.keys.len()];
        for edge in node.reads.iter().filter(|edge| edge.upstream != at) {
            debug_assert!(edge.upstream < at, "upstreams come first");
            meet(graph, edge, &plan.levels[edge.upstream], node, &mut needs);
        }
        let own: Vec<&Edge> = node.reads.iter().filter(|edge| edge.upstream == at).collect();
        plan.settle(graph, at, &own, &mut needs, with_impact);
    }
    plan
}

/// What the keys of `node` read over one edge, added to their needs.
fn meet(graph: &Graph, edge: &Edge, levels: &[u32], node: &Node, needs: &mut [Need]) {
    let upstream = &graph.nodes[edge.upstream];
    let open = reads(edge, upstream, node.dated, &graph.season_ends, |key| levels[key] > 0);
    if open.is_empty() {
        return;
    }
    let mut fronts = Fronts::new(edge.shared.groups());
    let mut next = open.iter().peekable();
    for (key, need) in node.keys.iter().zip(needs) {
        let day = node.day(key);
        while let Some(read) = next.next_if(|read| read.from <= day) {
            fronts.open(read, levels[read.key as usize]);
        }
        fronts.meet(edge.shared.of_reader(key.entity), day, edge.upstream, need);
    }
}

impl Plan {
    /// The levels of an output's keys, one after the other, because a key may read earlier ones of its own.
    fn settle(&mut self, graph: &Graph, at: usize, own: &[&Edge], needs: &mut [Need], with_impact: bool) {
        let node = &graph.nodes[at];
        let windows: Vec<Vec<Read>> = own.iter().map(|edge| reach::by_key(edge, node, &graph.season_ends)).collect();
        let mut fronts: Vec<Fronts> = own.iter().map(|edge| Fronts::new(edge.shared.groups())).collect();
        let mut levels = Vec::with_capacity(node.keys.len());
        let mut roots = Vec::with_capacity(node.keys.len());
        for (number, key) in node.keys.iter().enumerate() {
            let need = &mut needs[number];
            for (front, edge) in fronts.iter_mut().zip(own) {
                front.meet(edge.shared.of_reader(key.entity), node.day(key), at, need);
            }
            let level = level(key.state, need, with_impact);
            if with_impact && key.state == State::There && need.touched && level == 0 {
                self.stuck.push(KeyId::new(at, number));
            }
            if level > 0 {
                fronts.iter_mut().zip(&windows).for_each(|(front, window)| front.open(&window[number], level));
            }
            levels.push(level);
            roots.push(self.root_of(KeyId::new(at, number), key.state, need, &roots));
        }
        self.levels.push(levels);
        self.roots.push(roots);
    }

    fn root_of(&self, own: KeyId, state: State, need: &Need, before: &[KeyId]) -> KeyId {
        let waits = matches!(state, State::Broken | State::Outside | State::Held | State::There) && need.level >= UNKNOWN;
        let Some(cause) = need.cause.filter(|_| waits) else { return own };
        let of_node = self.roots.get(cause.node as usize).map_or(before, Vec::as_slice);
        of_node[cause.key as usize]
    }

    /// What becomes of a key; `None` if it is not wanted.
    pub fn fate(&self, graph: &Graph, id: KeyId) -> Option<Fate> {
        let level = self.levels[id.node as usize][id.key as usize];
        match (graph.nodes[id.node as usize].keys[id.key as usize].state, level) {
            (State::There, 1..UNKNOWN) | (State::Broken, 0..UNKNOWN) => Some(Fate::Wave(level)),
            (State::Broken | State::Held, LOST) => Some(Fate::Lost),
            (State::Broken, UNKNOWN) => Some(Fate::Unknown),
            (State::Broken, _) => Some(Fate::Blocked),
            (State::Held, _) => Some(Fate::Held),
            _ => None,
        }
    }

    /// Where the chain of reasons ends for which a key cannot run: the key itself, if nothing that it reads is a reason.
    pub fn root(&self, id: KeyId) -> KeyId {
        self.roots[id.node as usize][id.key as usize]
    }

    /// Keys that are there and that the plan makes stale, but that cannot be run again.
    pub fn stuck(&self) -> &[KeyId] {
        &self.stuck
    }

    /// The number of waves.
    pub fn waves(&self) -> u32 {
        self.levels.iter().flatten().copied().filter(|level| *level < UNKNOWN).max().unwrap_or(0)
    }

    /// Whether a key is missing and not part of the plan, so that others wait for it in vain.
    fn blocks(&self, node: usize, key: usize) -> bool {
        self.levels[node][key] >= UNKNOWN
    }
}

/// The level of a key by its state and what it reads.
fn level(state: State, need: &Need, with_impact: bool) -> u32 {
    match state {
        State::Broken | State::Outside | State::Held if need.level == LOST => LOST,
        State::Broken if need.level >= UNKNOWN => need.level,
        State::Broken => need.level + 1,
        State::Outside | State::Held | State::Pending => BLOCKED,
        State::Lost => LOST,
        State::Unknown => UNKNOWN,
        State::There if with_impact && need.touched && need.level < UNKNOWN => need.level + 1,
        State::There | State::Excused => 0,
    }
}
