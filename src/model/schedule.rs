//! The keys of a plan with all that reports say of them.

use jiff::civil::DateTime;

use super::plan::Fate;
use super::retry::RetryItem;

/// A key to run again, and when, or why not.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// The key.
    pub item: RetryItem,
    /// Its table.
    pub table: String,
    /// Its processor.
    pub processor: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Whether its rows are there, and only stale because of what the plan repairs.
    pub stale: bool,
    /// What it waits for in vain, by output.
    pub waits: Vec<Waiting>,
    /// Why it is held back or lost, where that lies in itself.
    pub note: Option<String>,
    /// The earliest moment of the next try, on the clock of the run ledger.
    pub next_try: Option<DateTime>,
}

impl Scheduled {
    /// Its wave, if it is part of the plan.
    pub fn wave(&self) -> Option<u32> {
        if let Fate::Wave(wave) = self.fate { Some(wave) } else { None }
    }

    /// What becomes of it, in a word.
    pub fn status(&self) -> &'static str {
        match self.fate {
            Fate::Wave(1) => "runnable",
            Fate::Wave(_) => "later",
            Fate::Blocked => "blocked",
            Fate::Held => "held",
            Fate::Lost => "not_repairable",
            Fate::Unknown => "undecided",
        }
    }
}

/// Keys of one output that another key waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The output that lacks them.
    pub output: String,
    /// The keys, each as one text, in order of time; empty where the output as a whole could not be judged.
    pub keys: Vec<String>,
    /// Where the chain begins: an output, and its key.
    pub root: (String, String),
    /// What is the matter with the root.
    pub root_reason: String,
}

/// A plan: the keys by wave, then in the order of the catalogue, then of their spines; those that cannot run come last.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// The keys that are wanted.
    pub keys: Vec<Scheduled>,
    /// Keys that are there and become stale by what is repaired, as far as they are not part of the plan.
    pub impact: Vec<Scheduled>,
    /// What could not be judged: an output or the run ledger, and why.
    pub undecided: Vec<(String, String)>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Schedule {
    /// The number of waves.
    pub fn waves(&self) -> u32 {
        self.keys.iter().filter_map(Scheduled::wave).max().unwrap_or(0)
    }

    /// The keys of one wave.
    pub fn wave(&self, wave: u32) -> impl Iterator<Item = &Scheduled> {
        self.keys.iter().filter(move |key| key.wave() == Some(wave))
    }

    /// The keys that the plan runs, wave by wave.
    pub fn planned(&self) -> impl Iterator<Item = &Scheduled> {
        self.keys.iter().filter(|key| key.wave().is_some())
    }
}
