//! Until which day each key of an upstream is read.

use super::{Edge, Key, Node, Reach};

/// From when until when a key is read, by one group of series; both days included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) key: u32,
    pub(super) group: u32,
    pub(super) from: i32,
    pub(super) last: i32,
}

/// Until which day an upstream key is read, by one group of the reader's series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The upstream key.
    pub key: u32,
    /// The group.
    pub group: u32,
    /// The last day.
    pub last: i32,
}

/// Something that happens to an entity on a day, as a game to a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The day.
    pub day: i32,
    /// Its season, by number.
    pub season: u16,
    /// The entity, by number.
    pub entity: u32,
}

/// Where the keys of an upstream whose key is the date alone are read by the last `count` events of each entity.
///
/// `group` is the group of the reader's series that an entity belongs to.
pub fn spans_of_events(upstream: &[Key], events: &[Event], count: u32, group: impl Fn(u32) -> u32, season_ends: &[i32]) -> Vec<Span> {
    let mut events = events.to_vec();
    events.sort_unstable_by_key(|event| (event.entity, event.day));
    events.dedup();
    let mut spans = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let later = events.get(at + count as usize).filter(|later| (later.entity, later.season) == (event.entity, event.season));
        let last = later.map_or(season_ends[event.season as usize], |later| later.day);
        if let Ok(key) = upstream.binary_search_by_key(&event.day, |key| key.day)
            && count > 0
        {
            spans.push(Span { key: number(key), group: group(event.entity), last });
        }
    }
    spans.sort_unstable_by_key(|span| (span.key, span.group, std::cmp::Reverse(span.last)));
    // Of the entities of a group the one that reads longest says until when the group does.
    spans.dedup_by_key(|span| (span.key, span.group));
    spans
}

/// The keys of the upstream that are `wanted`, in the order in which they are begun to be read.
pub(super) fn reads(edge: &Edge, upstream: &Node, reader_dated: bool, season_ends: &[i32], wanted: impl Fn(usize) -> bool) -> Vec<Read> {
    let from = |key: &Key| if upstream.dated { key.day + i32::from(!edge.same_day) } else { i32::MIN };
    let always = !upstream.dated || !reader_dated;
    let read = |number: usize, group: u32, last: i32| {
        let key = &upstream.keys[number];
        let last = if always { i32::MAX } else { last.max(if edge.same_day { key.day } else { i32::MIN }) };
        Read { key: self::number(number), group, from: from(key), last }
    };
    let mut reads: Vec<Read> = match &edge.reach {
        Reach::Spans(spans) => {
            let spans = spans.iter().filter(|span| wanted(span.key as usize));
            spans.map(|span| read(span.key as usize, span.group, span.last)).collect()
        }
        Reach::Keys(_) => {
            let wanted: Vec<usize> = (0..upstream.keys.len()).filter(|number| wanted(*number)).collect();
            if wanted.is_empty() {
                return Vec::new();
            }
            let last = last_days(edge, upstream, season_ends);
            wanted.into_iter().map(|number| read(number, edge.shared.of_upstream(upstream.keys[number].entity), last[number])).collect()
        }
    };
    reads.retain(|read| read.from <= read.last);
    reads.sort_by_key(|read| read.from);
    reads
}

/// The same for an output's own rows, with one entry for each key.
pub(super) fn by_key(edge: &Edge, node: &Node, season_ends: &[i32]) -> Vec<Read> {
    let last = last_days(edge, node, season_ends);
    let read = |(number, key): (usize, &Key)| Read {
        key: self::number(number),
        group: edge.shared.of_upstream(key.entity),
        from: key.day + 1,
        last: last[number],
    };
    node.keys.iter().enumerate().map(read).collect()
}

/// For each key the day of the key that is so many later in its series, or the end of the season if that has fewer.
/// On that day it is read for the last time.
fn last_days(edge: &Edge, upstream: &Node, season_ends: &[i32]) -> Vec<i32> {
    let Reach::Keys(count) = edge.reach else { return vec![i32::MIN; upstream.keys.len()] };
    let keys = &upstream.keys;
    if count == 0 {
        return vec![i32::MIN; keys.len()];
    }
    let mut series: Vec<u32> = (0..number(keys.len())).collect();
    if keys.iter().any(|key| key.entity != 0) {
        series.sort_by_key(|at| keys[*at as usize].entity);
    }
    let mut last = vec![0; keys.len()];
    for (place, at) in series.iter().enumerate() {
        let key = &keys[*at as usize];
        let later = series.get(place + count as usize).map(|later| &keys[*later as usize]);
        let later = later.filter(|later| (later.entity, later.season) == (key.entity, key.season));
        last[*at as usize] = later.map_or(season_ends[key.season as usize], |later| later.day);
    }
    last
}

#[expect(clippy::cast_possible_truncation, reason = "an output has fewer than 2^32 keys")]
fn number(at: usize) -> u32 {
    at as u32
}
