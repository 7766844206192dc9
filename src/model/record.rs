//! A recorded run: what its JSON report says, as far as runs are compared.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::coverage::Class;
use super::scope::Season;
use super::verdict::Verdict;

/// The folder of a project in which runs are recorded.
pub const RUNS: &str = ".gapgate/runs";

/// The file of a project in which decisions against gates are recorded, a line each.
pub const OVERRIDES: &str = ".gapgate/overrides.jsonl";

/// A run as its report tells it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Record {
    /// The name and version of the report's format.
    pub schema: String,
    /// The worst of its gates.
    pub verdict: Verdict,
    /// The project's name.
    pub project: String,
    /// The target that was asked.
    pub target: String,
    /// The seasons in scope.
    pub seasons: Vec<Season>,
    /// The kind of run that was looked at, if one was named.
    #[serde(default)]
    pub mode: Option<String>,
    /// The as-of moment, local to the project's zone.
    pub as_of: String,
    /// The gates in order.
    pub gates: Vec<RecordedGate>,
}

/// A gate of a recorded run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RecordedGate {
    /// Its name.
    pub gate: String,
    /// What it said.
    pub verdict: Verdict,
    /// Its checks in order.
    pub checks: Vec<RecordedCheck>,
}

/// A check of a recorded run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RecordedCheck {
    /// The query's id.
    pub query: String,
    /// Its arguments in words.
    pub arguments: String,
    /// What its rules said.
    pub verdict: Verdict,
    /// What each output held.
    pub outputs: Vec<RecordedOutput>,
}

/// An output of a recorded run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RecordedOutput {
    /// Its name.
    pub output: String,
    /// The worst of its findings.
    pub verdict: Verdict,
    /// Every key that was neither ok nor not expected.
    pub keys: Vec<RecordedKey>,
}

/// A key of a recorded run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RecordedKey {
    /// Its values by column.
    pub key: Map<String, Json>,
    /// Its class.
    pub class: Class,
    /// Its weight.
    pub verdict: Verdict,
}

impl RecordedKey {
    /// Its values as text, joined by `/`.
    pub fn text(&self) -> String {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.key.values().map(text).collect::<Vec<_>>().join("/")
    }
}

impl Record {
    /// The names of its gates.
    pub fn gates(&self) -> Vec<&str> {
        self.gates.iter().map(|gate| gate.gate.as_str()).collect()
    }

    /// The gate of that name.
    pub fn gate(&self, name: &str) -> Option<&RecordedGate> {
        self.gates.iter().find(|gate| gate.gate == name)
    }

    /// Whether it looked at the same as another: the same gates, target, seasons and kind of run.
    pub fn is_like(&self, other: &Self) -> bool {
        let scope = |record: &Self| (record.target.clone(), record.seasons.clone(), record.mode.clone());
        self.gates() == other.gates() && scope(self) == scope(other)
    }
}
