//! The report: what a run found, as data. Formats are pure functions of it, and its verdict is the exit status.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::coverage::Coverage;
use super::scope::Season;
use super::table::Table;
use super::verdict::Verdict;

/// What a rule says about rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// The rule that says so.
    pub rule: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do about it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// A finding without remedy.
    pub fn new(verdict: Verdict, rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self { verdict, rule: rule.into(), message: message.into(), remedy: None }
    }

    /// A finding that could not be judged.
    pub fn undecided(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Undecided, rule, message)
    }

    /// What is left of a check that the user interrupted.
    pub fn interrupted() -> Self {
        Self::undecided("interrupted", "interrupted before it was finished")
    }

    /// The same with a remedy.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// The outcome of one check.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// The query's id.
    pub query: String,
    /// The query's title.
    pub title: String,
    /// Its arguments in words; empty if there are none worth naming.
    pub arguments: String,
    /// Findings that concern the check as a whole.
    pub findings: Vec<Finding>,
    /// What each output holds, for checks that classify keys.
    pub coverage: Vec<Coverage>,
    /// The rows that the rules spoke of, for all others.
    pub rows: Option<Table>,
    /// The statements sent.
    pub statements: Vec<StatementReport>,
}

impl CheckReport {
    /// The worst of its findings.
    pub fn verdict(&self) -> Verdict {
        let own = self.findings.iter().map(|finding| finding.verdict);
        own.chain(self.coverage.iter().map(Coverage::verdict)).max().unwrap_or(Verdict::Pass)
    }

    /// What its statements read, by estimate.
    pub fn bytes(&self) -> Option<u64> {
        sum_of_bytes(self.statements.iter())
    }
}

/// What these statements read together, by estimate; `None` where no engine gave one.
pub fn sum_of_bytes<'a>(statements: impl Iterator<Item = &'a StatementReport>) -> Option<u64> {
    statements.filter_map(|statement| statement.bytes).reduce(u64::saturating_add)
}

/// One statement and how long it took.
#[derive(Clone, Debug)]
pub struct StatementReport {
    /// The text that was sent.
    pub sql: String,
    /// When it was sent, counted from the beginning of the session.
    pub sent: Duration,
    /// The time in the warehouse, fetching included.
    pub elapsed: Duration,
    /// What it reads, by the estimate of an engine that gives one.
    pub bytes: Option<u64>,
}

/// A person's decision to go on although a gate does not say go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The gate.
    pub gate: String,
    /// Why.
    pub reason: String,
    /// Who, as the system knows them.
    pub by: String,
    /// When, in UTC.
    pub at: String,
    /// The target that was asked.
    pub target: String,
    /// What the gate said.
    pub verdict: Verdict,
}

/// The outcome of one gate.
#[derive(Clone, Debug)]
pub struct GateReport {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: Option<String>,
    /// The outputs that it covers.
    pub covered: Vec<String>,
    /// The outputs of its stage that it does not.
    pub not_covered: Vec<String>,
    /// Its checks, in the order of the project file.
    pub checks: Vec<CheckReport>,
    /// What concerns the gate as a whole: the gates that it waits for.
    pub findings: Vec<Finding>,
    /// The decision to go on in spite of it.
    pub overridden: Option<Override>,
}

impl GateReport {
    /// The worst of its checks and of the gates that it waits for; a gate without checks is undecided.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).chain([self.own_verdict()]).max().unwrap_or(Verdict::Undecided)
    }

    /// The worst of its checks.
    pub fn own_verdict(&self) -> Verdict {
        self.checks.iter().map(CheckReport::verdict).max().unwrap_or(Verdict::Undecided)
    }

    /// Whether nothing but the gates that it requires keeps it from going.
    pub fn is_blocked(&self) -> bool {
        self.own_verdict() <= Verdict::Warn && self.verdict() > Verdict::Warn
    }

    /// What it counts for in the run as a whole.
    pub fn weight(&self) -> Verdict {
        if self.overridden.is_some() { Verdict::Warn } else { self.verdict() }
    }

    /// The statements of all its checks.
    pub fn statements(&self) -> impl Iterator<Item = &StatementReport> + Clone {
        self.checks.iter().flat_map(|check| &check.statements)
    }
}

/// What a run looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Header {
    /// The project's name.
    pub project: String,
    /// The target's name.
    pub target: String,
    /// The target's engine.
    pub engine: String,
    /// The seasons in scope.
    pub seasons: Vec<Season>,
    /// The kind of run that was looked at, if not what the outputs declare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The as-of moment, local to the project's zone.
    pub as_of: String,
    /// The project's zone.
    pub zone: String,
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it looked at.
    pub header: Header,
    /// The gates, in the order in which they were run.
    pub gates: Vec<GateReport>,
    /// Findings that concern the run as a whole, such as lapsed waivers.
    pub findings: Vec<Finding>,
    /// The time from start to end.
    pub elapsed: Duration,
    /// Statements that served no single check, such as reading the table list.
    pub statements: Vec<StatementReport>,
    /// Earlier decisions to go on in spite of one of these gates.
    pub overrides: Vec<Override>,
    /// The one gate that was asked for, if not all were; the others are those that it requires.
    pub asked: Option<String>,
}

impl Report {
    /// What these gates say, without findings of its own.
    pub fn of(header: Header, gates: Vec<GateReport>, elapsed: Duration, statements: Vec<StatementReport>) -> Self {
        Self { header, gates, findings: Vec::new(), elapsed, statements, overrides: Vec::new(), asked: None }
    }

    /// The worst of its gates and findings; a report on nothing is undecided. A gate that was overridden is a warning.
    pub fn verdict(&self) -> Verdict {
        let gates = self.gates.iter().map(GateReport::weight);
        let worst = gates.max().unwrap_or(Verdict::Undecided);
        self.findings.iter().map(|finding| finding.verdict).chain([worst]).max().unwrap_or(worst)
    }

    /// Every statement sent, and the time during which at least one was running.
    pub fn cost(&self) -> (usize, Duration) {
        let all = self.statements.iter().chain(self.gates.iter().flat_map(GateReport::statements));
        let mut spans: Vec<(Duration, Duration)> = all.map(|statement| (statement.sent, statement.sent + statement.elapsed)).collect();
        spans.sort_unstable();
        let (mut total, mut end) = (Duration::ZERO, Duration::ZERO);
        for (from, to) in &spans {
            total += to.saturating_sub(end.max(*from));
            end = end.max(*to);
        }
        (spans.len(), total)
    }

    /// What all statements read, by estimate.
    pub fn bytes(&self) -> Option<u64> {
        sum_of_bytes(self.statements.iter().chain(self.gates.iter().flat_map(GateReport::statements)))
    }
}
