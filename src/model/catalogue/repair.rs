//! What decides in which order, and how often, keys are run again.

use super::Output;

impl Output {
    /// The names of the outputs that must be known before it: what it reads, and the events that its lookback counts.
    pub fn needs(&self) -> impl Iterator<Item = &String> {
        self.reads.iter().flat_map(|reads| {
            let events = if let Lookback::Events { of, .. } = &reads.lookback { Some(of) } else { None };
            [&reads.output].into_iter().chain(events)
        })
    }
}

/// What an output comes after, as the project file says it.
#[derive(Clone, Debug)]
pub struct After {
    /// Upstream outputs by name or pattern (`raw.*`).
    pub pattern: String,
    /// How far back they are read, if not as far as the output says.
    pub lookback: Option<Lookback>,
    /// Whether the key of the same day is read.
    pub same_day: bool,
}

/// How far back an output reads, in the season of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookback {
    /// So many keys of each series of the upstream before the key's own day; dates, where the date is all of its key.
    Keys(u32),
    /// For each entity in the key of another output, the days of so many of its keys, as of the games of a player.
    Events {
        /// How many.
        count: u32,
        /// The output whose keys are the events.
        of: String,
    },
}

impl Lookback {
    /// How many keys or events.
    pub fn count(&self) -> u32 {
        match self {
            Self::Keys(count) | Self::Events { count, .. } => *count,
        }
    }
}

/// An upstream of an output, and what of it a key reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The upstream output.
    pub output: String,
    /// The keys before its own day.
    pub lookback: Lookback,
    /// Whether the key of the same day is read.
    pub same_day: bool,
}

/// When another try is worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Failures since the latest success after which a key is not tried again.
    pub attempts: u32,
    /// Minutes to wait after a failure.
    pub wait_minutes: u32,
    /// So many keys of an output that failed alike are no accident.
    pub alike: u32,
    /// So many failures of an output's keys, all together, are enough.
    pub failures: u32,
    /// After so many minutes a run that has not ended counts as dead.
    pub stale_after_minutes: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, wait_minutes: 0, alike: 50, failures: 300, stale_after_minutes: 240 }
    }
}
