//! What the linter found, for people and for programs: text, JSON, and commands of GitHub's runner.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::model::lint::{Finding, LintReport, Weight};
use crate::model::rule::count;

/// The name and version of the JSON format.
pub const VERSION: &str = "gapgate.lint/1";

/// One finding a line, as `file:line:column: code weight: message`, then the sum.
#[must_use]
pub fn text(report: &LintReport) -> String {
    let mut text = String::new();
    for (file, finding) in &report.findings {
        let Finding { rule, weight, message, .. } = finding;
        let _ = writeln!(text, "{}: {} {}: {message}", place(file, finding), rule.code(), weight.name());
    }
    text + &sum(report)
}

fn place(file: &str, finding: &Finding) -> String {
    match (finding.at.line, finding.at.column) {
        (0, _) => file.to_owned(),
        (line, 0) => format!("{file}:{line}"),
        (line, column) => format!("{file}:{line}:{column}"),
    }
}

/// `2 errors and 1 warning in 12 statements of 3 files`
fn sum(report: &LintReport) -> String {
    let (errors, warnings) = (report.count(Weight::Error), report.count(Weight::Warn));
    let found = match (errors, warnings) {
        (0, 0) => "nothing found".to_owned(),
        (errors, 0) => count(errors, "error"),
        (0, warnings) => count(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", count(errors, "error"), count(warnings, "warning")),
    };
    let unread = if report.unread > 0 { format!(", {} not read", report.unread) } else { String::new() };
    format!("{found} in {} of {}{unread}\n", count(report.statements, "statement"), count(report.files, "file"))
}

/// Everything as one object.
#[must_use]
pub fn json(report: &LintReport) -> String {
    let known = |number: u64| if number == 0 { Value::Null } else { Value::from(number) };
    let finding = |(file, finding): &(String, Finding)| {
        json!({
            "file": file,
            "line": known(finding.at.line),
            "column": known(finding.at.column),
            "code": finding.rule.code(),
            "name": finding.rule.name(),
            "weight": finding.weight.name(),
            "message": finding.message,
        })
    };
    let document = json!({
        "schema": VERSION,
        "files": report.files,
        "statements": report.statements,
        "unread": report.unread,
        "errors": report.count(Weight::Error),
        "warnings": report.count(Weight::Warn),
        "findings": report.findings.iter().map(finding).collect::<Vec<Value>>(),
    });
    format!("{document:#}\n")
}

/// Workflow commands, which GitHub shows beside the lines of a pull request.
#[must_use]
pub fn github(report: &LintReport) -> String {
    let mut text = String::new();
    for (file, finding) in &report.findings {
        let mut properties = format!("file={}", property(file));
        if finding.at.line > 0 {
            let _ = write!(properties, ",line={}", finding.at.line);
        }
        if finding.at.column > 0 {
            let _ = write!(properties, ",col={}", finding.at.column);
        }
        let title = property(&format!("{} {}", finding.rule.code(), finding.rule.name()));
        let _ = writeln!(text, "::{} {properties},title={title}::{}", finding.weight.name(), data(&finding.message));
    }
    text
}

/// The runner reads percent signs and line breaks as its own.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
