//! Triage: what failed, put together by cause, and what to do about each.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::catalogue::FAILURE_CLASSES;
use super::verdict::Verdict;

/// What to do about a cause, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A fault that another try meets again: stop the run and mend it.
    Stop,
    /// Nobody has said yet what it means.
    Triage,
    /// What it reads is not there: mend that first.
    Upstream,
    /// It will never succeed: accept it with a waiver.
    Permanent,
    /// Another try may do.
    Retry,
    /// As it should be at this time.
    Expected,
    /// A record of what is settled since.
    Stale,
}

impl Action {
    /// Every action with the word that names it.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Stop, "stop"),
        (Self::Triage, "triage"),
        (Self::Upstream, "upstream"),
        (Self::Permanent, "permanent"),
        (Self::Retry, "retry"),
        (Self::Expected, "expected"),
        (Self::Stale, "stale"),
    ];

    /// Those that a project can give to a class of failures. What nobody maps is to be triaged, and what is settled is told
    /// from the rows.
    pub const DECLARED: [(Self, &'static str); 5] = [
        (Self::Stop, "stop"),
        (Self::Upstream, "upstream"),
        (Self::Permanent, "permanent"),
        (Self::Retry, "retry"),
        (Self::Expected, "expected"),
    ];

    /// The word that names it.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The action of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == name).map(|(action, _)| *action)
    }

    /// What to do, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stop => "stop and fix",
            Self::Triage => "find out what it means",
            Self::Upstream => "fix upstream first",
            Self::Permanent => "will never succeed",
            Self::Retry => "can be retried",
            Self::Expected => "expected",
            Self::Stale => "settled: records only",
        }
    }

    /// Whether somebody has to do something that no retry does.
    pub fn needs_human(self) -> bool {
        self <= Self::Permanent
    }
}

/// What to do about each class of failures where the project does not say otherwise.
pub fn default_actions() -> IndexMap<String, Action> {
    let action = |class: &str| match class {
        "infrastructure" | "resource" => Action::Retry,
        "availability" => Action::Upstream,
        "permanent" => Action::Permanent,
        "expected" => Action::Expected,
        // A fault, or a block that somebody has to lift.
        _ => Action::Stop,
    };
    FAILURE_CLASSES.iter().map(|class| ((*class).to_owned(), action(class))).collect()
}

/// How many of the entities that a run tries may fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// `3: 60-75`: from the third week of a season on, or in the phase of that name.
    pub bands: Vec<String>,
    /// The table of phases: their name, first and last day as `phase`, `start` and `end`.
    pub phases: Option<String>,
    /// From how many entities on a day speaks for itself.
    pub least: Option<i64>,
}

/// What is wrong with bands, if anything: `by_week` says that they begin with weeks.
pub fn fault_of_bands(bands: &[String], by_week: bool) -> Option<String> {
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    let mut seen: Vec<&str> = Vec::new();
    for band in bands {
        let (name, range) = band.split_once(':').map_or((band.trim(), ""), |(name, range)| (name.trim(), range.trim()));
        let (low, high) = range.split_once('-').unwrap_or(("0", range));
        let sound = number(low.trim()).zip(number(high.trim())).is_some_and(|(low, high)| low <= high && high <= 100);
        if name.is_empty() || !sound {
            return Some(format!("\"{band}\" is no band such as \"3: 60-75\": a {}, and how many percent may fail", unit(by_week)));
        }
        if by_week && number(name).is_none_or(|week| week == 0 || seen.last().is_some_and(|last| number(last) >= Some(week))) {
            return Some(format!("\"{band}\": weeks are numbers from 1 on, in ascending order; phases need `phases`, a table of them"));
        }
        if seen.contains(&name) {
            return Some(format!("\"{band}\": `{name}` has a band already"));
        }
        seen.push(name);
    }
    None
}

fn unit(by_week: bool) -> &'static str {
    if by_week { "week of the season" } else { "phase" }
}

/// A processor and a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// The processor; the ledger may not say.
    pub processor: Option<String>,
    /// The day.
    pub day: Date,
}

/// A unit that failed, as the ledger tells it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The unit.
    pub unit: Unit,
    /// `failed`, `unknown` or `running`.
    pub state: String,
    /// Whether it had succeeded before.
    pub regressed: bool,
    /// The word of the ledger.
    pub category: Option<String>,
    /// The class of that word.
    pub class: Option<String>,
    /// The action of that class.
    pub action: Action,
    /// What its message has in common with others.
    pub group: String,
    /// The message.
    pub error: Option<String>,
}

/// Failures that have the same reason.
#[derive(Clone, Debug)]
pub struct Cause {
    /// What to do.
    pub action: Action,
    /// What happened, in one line.
    pub what: String,
    /// What to do about this one, where that is more than what its action asks for.
    pub remedy: Option<String>,
    /// A message as the ledger has it.
    pub sample: Option<String>,
    /// Whether its units had succeeded before.
    pub regressed: bool,
    /// Its units in order; none where it is about something else, such as rows without a day.
    pub units: Vec<Unit>,
}

impl Cause {
    /// A cause without units yet.
    pub fn new(action: Action, what: impl Into<String>) -> Self {
        Self { action, what: what.into(), remedy: None, sample: None, regressed: false, units: Vec::new() }
    }
}

/// The answer of `gapgate failures`.
#[derive(Clone, Debug, Default)]
pub struct Triage {
    /// The causes, the most urgent first.
    pub causes: Vec<Cause>,
    /// What to do about the causes of an action, all together; a command where there is one.
    pub advice: Vec<(Action, String)>,
    /// What is worth a line and asks nothing of anybody.
    pub notes: Vec<String>,
    /// What could not be judged, and why.
    pub undecided: Vec<(String, String)>,
}

impl Triage {
    /// The causes that need somebody.
    pub fn urgent(&self) -> impl Iterator<Item = &Cause> {
        self.causes.iter().filter(|cause| cause.action.needs_human())
    }

    /// What to do about the causes of an action.
    pub fn advice(&self, action: Action) -> Option<&str> {
        self.advice.iter().find(|(of, _)| *of == action).map(|(_, advice)| advice.as_str())
    }

    /// The distinct units of causes, those that need somebody or the others; a unit that has both is of the first.
    pub fn units(&self, urgent: bool) -> usize {
        let of = |urgent: bool| -> BTreeSet<&Unit> {
            self.causes.iter().filter(|cause| cause.action.needs_human() == urgent).flat_map(|cause| &cause.units).collect()
        };
        if urgent { of(true).len() } else { of(false).difference(&of(true)).count() }
    }

    /// Undecided where something could not be judged, a failure where something needs somebody.
    pub fn verdict(&self) -> Verdict {
        match () {
            () if !self.undecided.is_empty() => Verdict::Undecided,
            () if self.urgent().next().is_some() => Verdict::Fail,
            () => Verdict::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, default_actions, fault_of_bands};

    #[test]
    fn every_action_has_its_word_and_every_class_its_action() {
        for (action, word) in Action::ALL {
            assert_eq!((action.name(), Action::parse(word)), (word, Some(action)));
        }
        assert!(Action::DECLARED.iter().all(|(action, word)| action.name() == *word));
        let actions: Vec<&str> = default_actions().values().map(|action| action.name()).collect();
        assert_eq!(actions, ["retry", "retry", "upstream", "stop", "stop", "permanent", "expected"]);
    }

    #[test]
    fn bands_are_checked() {
        let fault = |bands: &[&str], by_week| fault_of_bands(&bands.iter().map(|band| (*band).to_owned()).collect::<Vec<_>>(), by_week);
        assert_eq!(fault(&["1: 90-100", "3:60 - 75", "6: 30"], true), None);
        assert_eq!(fault(&["regular: 25-30", "play-in: 40"], false), None);
        for wrong in ["75", "3: ", ": 5", "3: 75-60", "3: 60-101", "3: 0.5", "3: -5", "3: 1-2-3", "3: +5", "0: 5", "x: 5"] {
            assert!(fault(&[wrong], true).is_some(), "{wrong}");
        }
        assert!(fault(&["3: 75", "3: 50"], true).is_some());
        assert!(fault(&["4: 75", "3: 50"], true).is_some());
        assert!(fault(&["a: 75", "a: 50"], false).is_some());
    }
}
