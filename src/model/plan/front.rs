//! What is being read while days go by: the highest level of it, for each group of series.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::reach::Read;
use super::{KeyId, Need, UNKNOWN};

/// One front for each group of series.
#[derive(Debug)]
pub(super) struct Fronts(Vec<Front>);

impl Fronts {
    pub(super) fn new(groups: usize) -> Self {
        Self((0..groups).map(|_| Front::default()).collect())
    }

    /// A key is read from now on.
    pub(super) fn open(&mut self, read: &Read, level: u32) {
        let front = &mut self.0[read.group as usize];
        front.open.push((level, Reverse(read.key), read.last));
        if level < UNKNOWN {
            front.planned_until = front.planned_until.max(read.last);
        }
    }

    /// What a key of this group reads on this day. Days never go back.
    pub(super) fn meet(&mut self, group: u32, day: i32, upstream: usize, need: &mut Need) {
        let front = &mut self.0[group as usize];
        while front.open.peek().is_some_and(|(.., last)| *last < day) {
            front.open.pop();
        }
        if let Some((level, Reverse(key), _)) = front.open.peek() {
            let cause = KeyId::new(upstream, *key as usize);
            // An output can be read in two ways; the earlier key of the two is named.
            let earlier = need.cause.is_some_and(|known| known.node == cause.node && cause < known);
            if *level > need.level || (*level == need.level && earlier) {
                *need = Need { level: *level, cause: Some(cause), ..*need };
            }
        }
        need.touched |= front.planned_until >= day;
    }
}

/// Keys by level, the first of a level on top, each with the last day on which it is read.
#[derive(Debug)]
struct Front {
    open: BinaryHeap<(u32, Reverse<u32>, i32)>,
    /// The last day on which a key that is part of the plan is read.
    planned_until: i32,
}

impl Default for Front {
    fn default() -> Self {
        Self { open: BinaryHeap::new(), planned_until: i32::MIN }
    }
}
