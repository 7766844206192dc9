//! The sign-off: what was looked at, by what, and what was found, waived and overridden, as a page in Markdown to file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::terminal::{answer, gate_answer, overridden};
use crate::model::coverage::{Class, Coverage};
use crate::model::query::Library;
use crate::model::report::{CheckReport, GateReport, Report};
use crate::model::waiver::Waiver;

/// What a sign-off tells besides the report.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The queries, for their fingerprints.
    pub library: &'a Library,
    /// The project's waivers.
    pub waivers: &'a [Waiver],
    /// Who ran it.
    pub user: &'a str,
    /// When, in UTC.
    pub moment: String,
}

/// The page. The fingerprint of a query is the SHA-256 of its file, that of its SQL the one of the statements that were sent, in
/// order: who has the same of both has asked the same.
pub fn report(report: &Report, circumstances: &Circumstances<'_>) -> String {
    let header = &report.header;
    let seasons = header.seasons.iter().map(|season| format!("{} ({} to {})", season.name, season.start, season.end));
    let mut text = format!("# Sign-off: {} on {}\n\n", header.project, header.target);
    let rows = [
        ("answer", answer(report.verdict()).to_owned()),
        ("engine", header.engine.clone()),
        ("seasons", seasons.collect::<Vec<_>>().join(", ")),
        ("mode", header.mode.clone().unwrap_or_else(|| "none".to_owned())),
        ("as of", format!("{} {}", header.as_of, header.zone)),
        ("run", format!("{} by {}, gapgate {}", circumstances.moment, circumstances.user, env!("CARGO_PKG_VERSION"))),
    ];
    table(&mut text, ["", ""], rows.map(|(name, value)| [name.to_owned(), value]));
    text.push_str("\n## Gates\n\n");
    table(&mut text, ["gate", "answer", "expected", "present", "missing", "not covered"], report.gates.iter().map(gate));
    text.push_str("\n## Checks\n\n");
    let checks = report.gates.iter().flat_map(|gate| gate.checks.iter().map(move |check| (gate, check)));
    let columns = ["gate", "query", "of", "verdict", "statements", "SHA-256 of the query", "SHA-256 of its SQL"];
    table(&mut text, columns, checks.map(|(gate, one)| check(gate, one, circumstances.library)));
    let outputs = report.gates.iter().flat_map(|gate| &gate.checks).flat_map(|check| &check.coverage);
    let counted: BTreeSet<&str> = outputs.filter(|output| output.counted).map(|output| output.output.as_str()).collect();
    if !counted.is_empty() {
        section(&mut text, "Counted by partition, no row read", counted.into_iter().map(str::to_owned));
    }
    findings(&mut text, report);
    waivers(&mut text, report, circumstances.waivers);
    let decisions = report.gates.iter().filter_map(|gate| gate.overridden.as_ref()).map(|decision| ("this run", decision));
    let decisions: Vec<_> = decisions.chain(report.overrides.iter().map(|decision| ("earlier", decision))).collect();
    section(&mut text, "Overrides", decisions.into_iter().map(|(when, decision)| format!("{when}: {}", overridden(decision))));
    text
}

fn gate(gate: &GateReport) -> [String; 6] {
    let coverage = || gate.checks.iter().flat_map(|check| &check.coverage);
    let sum = |count: fn(&Coverage) -> u64| coverage().map(count).fold(0, u64::saturating_add).to_string();
    [
        gate.name.clone(),
        gate_answer(gate).to_owned(),
        sum(|output| output.expected),
        sum(|output| output.present),
        sum(|output| output.count(Class::Missing)),
        gate.not_covered.join(", "),
    ]
}

fn check(gate: &GateReport, check: &CheckReport, library: &Library) -> [String; 7] {
    let query = library.queries.get(&check.query).map(|query| fingerprint([query.source.as_str()]));
    [
        gate.name.clone(),
        check.query.clone(),
        check.arguments.clone(),
        check.verdict().name().to_owned(),
        check.statements.len().to_string(),
        query.unwrap_or_default(),
        fingerprint(check.statements.iter().map(|statement| statement.sql.as_str())),
    ]
}

fn findings(text: &mut String, report: &Report) {
    let of_outputs = |check: &CheckReport| {
        let named = check.coverage.iter().flat_map(|output| output.findings.iter().map(|finding| (output.output.clone(), finding.clone())));
        named.chain(check.findings.iter().map(|finding| (check.query.clone(), finding.clone()))).collect::<Vec<_>>()
    };
    let of_gates = report.gates.iter().flat_map(|gate| {
        let own = gate.findings.iter().map(|finding| (gate.name.clone(), finding.clone()));
        own.chain(gate.checks.iter().flat_map(of_outputs)).collect::<Vec<_>>()
    });
    let own = report.findings.iter().map(|finding| ("run".to_owned(), finding.clone()));
    let all = of_gates.chain(own).map(|(subject, finding)| format!("{}: {subject}: {}", finding.verdict.name(), finding.message));
    section(text, "Findings", all);
}

fn waivers(text: &mut String, report: &Report, waivers: &[Waiver]) {
    let is_in_scope = |waiver: &&Waiver| {
        let of_output = |gate: &GateReport| gate.covered.iter().any(|output| waiver.faults_of(output).is_some());
        let of_check = |gate: &GateReport| gate.checks.iter().any(|check| waiver.is_of_check(&check.query));
        report.gates.iter().any(|gate| of_output(gate) || of_check(gate))
    };
    let words = |waiver: &Waiver| {
        let Waiver { owner, until, reason, declared, .. } = waiver;
        format!("{}: {reason}; {owner}, until {until} ({declared})", waiver.describe())
    };
    section(text, "Waivers", waivers.iter().filter(is_in_scope).map(words));
}

fn section(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let _ = write!(text, "\n## {name}\n\n");
    let before = text.len();
    lines.for_each(|line| {
        let _ = writeln!(text, "- {}", one_line(&line));
    });
    if text.len() == before {
        text.push_str("none\n");
    }
}

fn table<const N: usize>(text: &mut String, columns: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let mut line = |cells: [String; N]| {
        let _ = writeln!(text, "| {} |", cells.map(|cell| one_line(&cell).replace('|', "\\|")).join(" | "));
    };
    line(columns.map(str::to_owned));
    line([(); N].map(|()| "---".to_owned()));
    rows.into_iter().for_each(line);
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    texts.into_iter().for_each(|text| digest.update(text));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
