//! Comments that allow a finding: `-- gapgate: allow GG003 because the ids are never NULL`, at the end of its line or on
//! the line before. They must say why, and they must be needed.

use super::read::Comment;
use crate::model::lint::{Finding, Rule, Weight};
use crate::model::sql::Place;

const MARK: &str = "gapgate:";

/// A comment that allows findings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Directive {
    /// Where it stands.
    pub at: Place,
    /// What it allows.
    pub rules: Vec<Rule>,
}

/// A directive, and whether there was a finding to allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The directive.
    pub directive: Directive,
    /// The line whose findings it allows.
    pub line: u64,
    /// The rules that it allowed something of.
    pub used: Vec<Rule>,
}

pub(super) fn is_mentioned(text: &str) -> bool {
    text.contains(MARK)
}

/// Takes out what the comments allow. What is wrong with a comment becomes a finding; whether it was needed is told.
pub(super) fn apply(findings: Vec<Finding>, comments: &[Comment]) -> (Vec<Finding>, Vec<Allowed>) {
    let mut kept = Vec::new();
    let mut allowed: Vec<Allowed> = Vec::new();
    for comment in comments {
        match parse(comment) {
            None => {}
            Some(Ok(directive)) => allowed.push(Allowed { directive, line: line_meant(comment, comments), used: Vec::new() }),
            Some(Err(message)) => {
                kept.push(Finding { at: comment.at, rule: Rule::AllowWithoutReason, weight: Weight::Error, message });
            }
        }
    }
    for finding in findings {
        if !excuse(allowed.iter_mut(), finding.at.line, finding.rule) {
            kept.push(finding);
        }
    }
    kept.sort();
    kept.dedup();
    (kept, allowed)
}

/// Whether one of the directives allows a finding of this rule on this line; those that do were needed.
pub fn excuse<'a>(allowed: impl Iterator<Item = &'a mut Allowed>, line: u64, rule: Rule) -> bool {
    let matching = allowed.filter(|allowed| allowed.line == line && allowed.directive.rules.contains(&rule));
    let mut is_allowed = false;
    for allowed in matching {
        allowed.used.push(rule);
        is_allowed = true;
    }
    is_allowed
}

/// The findings that directives ask for in vain.
#[must_use]
pub fn unused(allowed: &[Allowed]) -> Vec<Finding> {
    let vain = |allowed: &Allowed| {
        let rules = allowed.directive.rules.iter().filter(|rule| !allowed.used.contains(rule));
        let finding = |rule: &Rule| Finding {
            at: allowed.directive.at,
            rule: Rule::AllowWithoutFinding,
            weight: Weight::Warn,
            message: format!("{} is allowed here, but nothing of it is found; remove it", rule.code()),
        };
        rules.map(finding).collect::<Vec<_>>()
    };
    allowed.iter().flat_map(vain).collect()
}

/// Its own line, or the first below it that is no comment.
fn line_meant(comment: &Comment, comments: &[Comment]) -> u64 {
    if comment.trails {
        return comment.at.line;
    }
    let below = |line: u64| comments.iter().any(|other| !other.trails && other.at.line == line);
    (comment.at.line + 1..).find(|line| !below(*line)).unwrap_or(comment.at.line)
}

/// `allow GG003, GG009 because ...`
fn parse(comment: &Comment) -> Option<Result<Directive, String>> {
    let text = comment.text.strip_prefix(MARK)?.trim();
    let usage = "write `gapgate: allow GG003 because ...`";
    let Some(rest) = text.strip_prefix("allow ") else {
        return Some(Err(format!("`{text}` is no directive; {usage}")));
    };
    let (codes, reason) = rest.split_once("because").unwrap_or((rest, ""));
    let mut rules = Vec::new();
    for word in codes.split([',', ' ']).filter(|word| !word.is_empty()) {
        match Rule::parse(word) {
            Some(rule) => rules.push(rule),
            None => return Some(Err(format!("no rule is called `{word}`; `gapgate lint --rules` lists them"))),
        }
    }
    if rules.is_empty() {
        return Some(Err(format!("it names no rule; {usage}")));
    }
    if reason.trim().is_empty() {
        let codes: Vec<&str> = rules.iter().map(|rule| rule.code()).collect();
        return Some(Err(format!("{} is allowed without a reason; {usage}", codes.join(", "))));
    }
    Some(Ok(Directive { at: comment.at, rules }))
}
