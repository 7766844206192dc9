//! The report as JUnit XML, for continuous integration: a suite per gate, a case per output and per other check.
//!
//! Durations are those of the statements; there are no time stamps.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use crate::model::coverage::{Class, Coverage, KeyState};
use crate::model::report::{CheckReport, Finding, GateReport, Header, Report, StatementReport};
use crate::model::verdict::Verdict;

/// The keys that a case names before it only counts them.
const KEYS: usize = 20;

/// The whole report; a failure is a failure, undecided is an error, and a warning is a success that says so.
pub fn report(report: &Report) -> String {
    let mut document = Document::new(&report.header.project);
    document.set_time(report.cost().1);
    let mut findings = report.findings.clone();
    if report.gates.is_empty() {
        findings.push(nothing("the run has no gates"));
    }
    if !findings.is_empty() {
        let mut suite = TestSuite::new("run");
        suite.add_test_case(case("run", "run", &findings, &[]));
        document.add_test_suite(suite);
    }
    document.add_test_suites(report.gates.iter().map(|gate| suite(gate, &report.header)));
    document.to_string().expect("memory takes every byte")
}

fn suite(gate: &GateReport, header: &Header) -> TestSuite {
    let mut suite = TestSuite::new(&gate.name);
    let seasons: Vec<&str> = header.seasons.iter().map(|season| season.name.as_str()).collect();
    suite.set_time(elapsed(gate.statements()));
    suite.add_property(("target", header.target.as_str()));
    suite.add_property(("seasons", seasons.join(", ").as_str()));
    if let Some(mode) = &header.mode {
        suite.add_property(("mode", mode.as_str()));
    }
    suite.add_property(("as_of", header.as_of.as_str()));
    suite.add_property(("not_covered", gate.not_covered.join(", ").as_str()));
    if gate.checks.is_empty() {
        suite.add_test_case(case("gate", &gate.name, &[nothing("the gate has no checks")], &[]));
    }
    suite.add_test_cases(gate.findings.iter().map(|finding| blocked(&gate.name, finding)));
    if let Some(decision) = &gate.overridden {
        suite.add_property(("override", super::terminal::overridden(decision).as_str()));
    }
    let mut cases: Vec<TestCase> = gate.checks.iter().flat_map(|check| cases(gate, check)).collect();
    tell_apart(&mut cases);
    suite.add_test_cases(cases);
    suite
}

fn cases(gate: &GateReport, check: &CheckReport) -> Vec<TestCase> {
    let class = format!("{}.{}", gate.name, check.query);
    let mut cases: Vec<TestCase> = check.coverage.iter().map(|output| output_case(&class, output)).collect();
    if cases.is_empty() || !check.findings.is_empty() {
        let name = match check.arguments.as_str() {
            "" => check.query.clone(),
            arguments => format!("{} ({arguments})", check.query),
        };
        cases.push(case(&name, &class, &check.findings, &[]));
    }
    // One statement answers for several outputs, so only a single case can say how long it took.
    if let [case] = cases.as_mut_slice() {
        case.set_time(elapsed(check.statements.iter()));
    }
    cases
}

/// Numbers cases of one name: of two such cases many readers keep only the last.
fn tell_apart(cases: &mut [TestCase]) {
    let mut seen: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    for case in cases {
        let class = case.classname.as_ref().map(|class| class.as_str().to_owned());
        let times = seen.entry((class, case.name.as_str().to_owned())).or_default();
        *times += 1;
        if *times > 1 {
            case.name = format!("{} #{times}", case.name.as_str()).into();
        }
    }
}

fn output_case(class: &str, output: &Coverage) -> TestCase {
    let faults = || output.keys.iter().filter(|state| state.class != Class::Pending);
    let waived = output.verdict() == Verdict::Pass && faults().all(|state| state.class == Class::Waived);
    match faults().next() {
        Some(first) if waived => skipped(class, output, first),
        _ => case(&output.output, class, &output.findings, &output.keys),
    }
}

/// A gate that another waits for has failed as a suite of its own.
fn blocked(gate: &str, finding: &Finding) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_type(&finding.rule).set_message(&finding.message);
    let mut case = TestCase::new(&finding.message, status);
    case.set_classname(gate);
    case
}

fn skipped(class: &str, output: &Coverage, first: &KeyState) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    let all: Vec<&KeyState> = output.keys.iter().filter(|state| state.class == Class::Waived).collect();
    status.set_type(Class::Waived.name()).set_message(&*first.reason).set_description(text(&output.findings, &all));
    let mut case = TestCase::new(&output.output, status);
    case.set_classname(class);
    case
}

fn case(name: &str, class: &str, findings: &[Finding], keys: &[KeyState]) -> TestCase {
    let judged: Vec<&KeyState> = keys.iter().filter(|state| state.verdict > Verdict::Pass).collect();
    let text = text(findings, &judged);
    let worst = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass);
    let mut status = match worst {
        Verdict::Undecided => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Warn | Verdict::Pass => TestCaseStatus::success(),
    };
    if let Some(finding) = findings.iter().find(|finding| finding.verdict == worst) {
        status.set_type(&finding.rule).set_message(&finding.message).set_description(&text);
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if worst < Verdict::Fail && !text.is_empty() {
        case.set_system_out(text);
    }
    case
}

/// The findings, then the first keys with their reasons, one a line.
fn text(findings: &[Finding], keys: &[&KeyState]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for finding in findings {
        let mut line = format!("{} {}: {}", finding.verdict.name(), finding.rule, finding.message);
        if let Some(remedy) = &finding.remedy {
            // Writing to a string cannot fail.
            let _ = write!(line, " -> {remedy}");
        }
        lines.push(line);
    }
    let key = |state: &&KeyState| format!("{} {}: {}", state.text(), state.class.name(), state.reason);
    lines.extend(keys.iter().take(KEYS).map(key));
    if keys.len() > KEYS {
        lines.push(format!("and {} more of {} keys", keys.len() - KEYS, keys.len()));
    }
    lines.join("\n")
}

fn nothing(message: &str) -> Finding {
    Finding::undecided("nothing", format!("{message}, so nothing was judged"))
}

fn elapsed<'a>(statements: impl Iterator<Item = &'a StatementReport>) -> Duration {
    statements.map(|statement| statement.elapsed).sum()
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::model::coverage::Class;
    use crate::report::json::tests::sample;

    #[test]
    fn each_verdict_has_its_element() {
        let text = report(&sample());
        for part in [
            r#"<testsuites name="desk" tests="4" skipped="0" failures="1" errors="1" time="0.005">"#,
            r#"<testsuite name="raw" tests="3" skipped="0" errors="1" failures="1" time="0.006">"#,
            r#"<testcase name="failure/rate" classname="raw.failure/rate" time="0.002"/>"#,
            r#"<error message="no table runs, or no right" type="engine">"#,
            r#"<failure message="4 expected, 1 present, 1 missing, as 2024-01-02" type="missing">"#,
            "\n2024-01-02 missing: no rows</failure>",
            "<system-out>warn waiver: the waiver",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn an_output_with_nothing_but_waived_faults_is_skipped() {
        let mut sample = sample();
        let output = &mut sample.gates[0].checks[2].coverage[0];
        output.findings.clear();
        output.keys.retain(|state| state.class != Class::Missing);
        let text = report(&sample);
        let part = r#"<skipped message="no rows; waived by desk until 2025-01-01: holiday" type="waived">"#;
        assert!(text.contains(part), "{part} is not in\n{text}");
    }

    #[test]
    fn cases_of_one_name_are_told_apart_and_an_empty_run_is_an_error() {
        let mut sample = sample();
        let twin = sample.gates[0].checks[0].clone();
        sample.gates[0].checks.push(twin);
        assert!(report(&sample).contains(r#"name="failure/rate #2""#));
        sample.gates.clear();
        assert!(report(&sample).contains("the run has no gates, so nothing was judged"));
    }
}
