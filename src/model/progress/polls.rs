//! The pace as it is seen from poll to poll, where no ledger tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{OutputProgress, Pace, Progress, Source, State, USUAL};
use crate::model::span;

/// Seconds after which what was seen no longer counts.
const MEMORY: u64 = 86_400;

/// What was seen of each output.
#[derive(Debug, Default)]
pub struct Polls {
    tracks: BTreeMap<String, Track>,
}

/// How many keys were done, whenever that changed; the first sample is where the pace is counted from.
#[derive(Debug)]
struct Track {
    samples: Vec<(Timestamp, u64)>,
}

impl Polls {
    /// Remembers a poll, and tells the pace of the outputs of which the ledger tells none, or says that they are stalled.
    /// An output of which nothing is known is stalled once nothing was completed for `patience` seconds.
    pub fn absorb(&mut self, at: Timestamp, progress: &mut Progress, patience: u64) {
        for output in &mut progress.outputs {
            let Some(counts) = output.counts else { continue };
            let track = self.tracks.entry(output.output.clone()).or_insert_with(|| Track { samples: vec![(at, counts.done)] });
            track.add(at, counts.done);
            if output.remaining() > 0 && matches!(output.state, State::Open | State::Stalled) {
                track.judge(at, output, patience);
            }
        }
    }
}

impl Track {
    fn add(&mut self, at: Timestamp, done: u64) {
        let last = self.samples.last().map_or(done, |(_, done)| *done);
        if done < last {
            // Rows were taken back: what was before is no pace.
            self.samples = vec![(at, done)];
        } else if done > last {
            self.samples.push((at, done));
        }
        while self.samples.len() > 1 && seconds(self.samples[1].0, at) > MEMORY {
            self.samples.remove(0);
        }
    }

    fn judge(&self, at: Timestamp, output: &mut OutputProgress, patience: u64) {
        let (Some((begin, first)), Some((end, last))) = (self.samples.first(), self.samples.last()) else { return };
        let (completed, idle) = (last - first, seconds(*end, at));
        let usual = seconds(*begin, *end).checked_div(completed).unwrap_or(0);
        let rests = idle >= patience.max(USUAL * usual);
        if completed > 0 && !rests {
            let left = output.remaining();
            output.state = State::UnderWay;
            output.reason = None;
            output.pace = Pace::new(completed, seconds(*begin, at), left, left, Source::Polls);
        } else if rests && output.state == State::Open {
            output.state = State::Stalled;
            output.reason = Some(format!("nothing completed for {} of watching", span::show(idle)));
        }
    }
}

/// Whole seconds from one moment to a later one.
fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Polls;
    use crate::model::progress::{Counts, OutputProgress, Progress, Source, State};
    use crate::model::verdict::Verdict;

    /// Polls so many seconds after the first, each with the keys that are done of a hundred; the state and seconds left after each.
    fn seen(polls: &[(i64, u64)], state: State) -> Vec<(State, Option<u64>)> {
        let mut memory = Polls::default();
        let poll = |(after, done): &(i64, u64)| {
            let counts = Counts { done: *done, remaining: 100 - done, total: 100, ..Counts::default() };
            let output = OutputProgress {
                output: "sales".to_owned(),
                stage: "raw".to_owned(),
                processor: None,
                counts: Some(counts),
                verdict: Verdict::Fail,
                state,
                reason: None,
                pulse: None,
                pace: None,
            };
            let mut progress = Progress { outputs: vec![output], ..Progress::default() };
            memory.absorb(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(*after), &mut progress, 600);
            let output = progress.outputs.remove(0);
            assert!(output.pace.is_none_or(|pace| pace.source == Source::Polls));
            (output.state, output.pace.map(|pace| pace.seconds_left))
        };
        polls.iter().map(poll).collect()
    }

    #[test]
    fn the_pace_counts_from_the_first_poll_idle_time_included() {
        let open = (State::Open, None);
        let under_way = |left| (State::UnderWay, Some(left));
        // Ten in 100 s, then none for as long, and then ten more at once.
        let polls = [(0, 0), (100, 10), (200, 10), (210, 20)];
        assert_eq!(seen(&polls, State::Open), [open, under_way(900), under_way(1800), under_way(840)]);
        // The ledger says that nothing goes on, but rows come.
        assert_eq!(seen(&polls[..2], State::Stalled), [(State::Stalled, None), under_way(900)]);
        // Where the ledger knows the pace, it is the ledger's.
        assert_eq!(seen(&polls[..2], State::UnderWay), [(State::UnderWay, None); 2]);
    }

    #[test]
    fn what_rests_too_long_is_stalled_and_may_go_on() {
        let polls = [(0, 0), (599, 0), (600, 0), (700, 1)];
        let states: Vec<State> = seen(&polls, State::Open).into_iter().map(|(state, _)| state).collect();
        assert_eq!(states, [State::Open, State::Open, State::Stalled, State::UnderWay]);
        // A key takes 500 s, so that ten minutes are nothing.
        let slow = [(0, 0), (500, 1), (1000, 2), (1700, 2), (3600, 2)];
        let states: Vec<State> = seen(&slow, State::Open).into_iter().map(|(state, _)| state).collect();
        assert_eq!(states[1..], [State::UnderWay, State::UnderWay, State::UnderWay, State::Stalled]);
    }

    #[test]
    fn rows_that_are_taken_back_begin_a_new_pace() {
        let polls = [(0, 50), (100, 60), (200, 0), (300, 10)];
        let left: Vec<Option<u64>> = seen(&polls, State::Open).into_iter().map(|(_, left)| left).collect();
        assert_eq!(left, [None, Some(400), None, Some(900)]);
    }
}
