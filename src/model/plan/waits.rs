//! What a key waits for in vain: the keys by name, and where each chain begins.

use super::reach::{Read, reads};
use super::{Graph, KeyId, Plan};

/// Keys of one output that a key reads, that are missing, and that are not part of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The output that lacks them.
    pub node: usize,
    /// The keys, in order of time; at least one.
    pub keys: Vec<u32>,
    /// Where the chain of the first of them begins.
    pub root: KeyId,
}

/// What every key waits for, by output and edge; made once, to be asked for single keys.
#[derive(Debug)]
pub struct Waits<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    edges: Vec<Vec<Blockers>>,
}

impl<'a> Waits<'a> {
    /// Looks at every edge of the graph once.
    pub fn new(graph: &'a Graph, plan: &'a Plan) -> Self {
        let of_node = |node: &super::Node| {
            let of_edge = |edge: &super::Edge| {
                let upstream = &graph.nodes[edge.upstream];
                let reads = reads(edge, upstream, node.dated, &graph.season_ends, |key| plan.blocks(edge.upstream, key));
                Blockers::new(reads)
            };
            node.reads.iter().map(of_edge).collect()
        };
        Self { graph, plan, edges: graph.nodes.iter().map(of_node).collect() }
    }

    /// What a key waits for, by output in the order in which it reads them.
    pub fn of(&self, id: KeyId) -> Vec<Wait> {
        let node = &self.graph.nodes[id.node as usize];
        let key = &node.keys[id.key as usize];
        let mut waits: Vec<Wait> = Vec::new();
        for (edge, blockers) in node.reads.iter().zip(&self.edges[id.node as usize]) {
            let keys = blockers.read_on(edge.shared.of_reader(key.entity), node.day(key));
            let Some(first) = keys.first() else { continue };
            let root = self.plan.root(KeyId::new(edge.upstream, *first as usize));
            // An output can be read in two ways: the key of the same day, and the keys of events before it.
            match waits.iter_mut().find(|wait| wait.node == edge.upstream) {
                None => waits.push(Wait { node: edge.upstream, keys, root }),
                Some(wait) => {
                    wait.keys.extend(keys);
                    wait.keys.sort_unstable();
                    wait.keys.dedup();
                    wait.root = self.plan.root(KeyId::new(edge.upstream, wait.keys[0] as usize));
                }
            }
        }
        waits
    }
}

/// Reads of missing keys, by group and then by time.
#[derive(Debug)]
struct Blockers {
    reads: Vec<Read>,
    /// The last day on which this one or an earlier one of its group is read.
    until: Vec<i32>,
}

impl Blockers {
    fn new(mut reads: Vec<Read>) -> Self {
        reads.sort_by_key(|read| (read.group, read.from));
        let mut until: Vec<i32> = Vec::with_capacity(reads.len());
        for (at, read) in reads.iter().enumerate() {
            let before = at.checked_sub(1).filter(|before| reads[*before].group == read.group).map_or(i32::MIN, |before| until[before]);
            until.push(before.max(read.last));
        }
        Self { reads, until }
    }

    /// The keys that this group reads on this day, in order.
    fn read_on(&self, group: u32, day: i32) -> Vec<u32> {
        let start = self.reads.partition_point(|read| read.group < group);
        let end = self.reads.partition_point(|read| (read.group, read.from) <= (group, day));
        let mut keys: Vec<u32> = Vec::new();
        for at in (start..end).rev().take_while(|at| self.until[*at] >= day) {
            if self.reads[at].last >= day {
                keys.push(self.reads[at].key);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}
