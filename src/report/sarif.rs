//! What the linter found as SARIF 2.1.0, which code hosts and editors read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::model::lint::{Finding, LintReport, Rule, Weight};

/// The log of one run. `describe` gives the title and the page of a rule.
#[must_use]
pub fn log(report: &LintReport, describe: impl Fn(Rule) -> (&'static str, &'static str)) -> String {
    let rule = |rule: &Rule| {
        let (title, page) = describe(*rule);
        json!({
            "id": rule.code(),
            "name": rule.name(),
            "shortDescription": { "text": title },
            "help": { "text": page, "markdown": page },
        })
    };
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gapgate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Rule::ALL.iter().map(rule).collect::<Vec<Value>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": report.findings.iter().map(result).collect::<Vec<Value>>(),
        }],
    });
    format!("{log:#}\n")
}

fn result((file, finding): &(String, Finding)) -> Value {
    let level = match finding.weight {
        Weight::Error => "error",
        Weight::Warn => "warning",
    };
    let mut place = json!({ "artifactLocation": { "uri": uri(file) } });
    if finding.at.line > 0 {
        place["region"] = json!({ "startLine": finding.at.line });
    }
    if finding.at.line > 0 && finding.at.column > 0 {
        place["region"]["startColumn"] = json!(finding.at.column);
    }
    json!({
        "ruleId": finding.rule.code(),
        "ruleIndex": Rule::ALL.iter().position(|rule| *rule == finding.rule),
        "level": level,
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": place }],
    })
}

/// A path as a relative reference, or as a `file` address where it is absolute.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}
