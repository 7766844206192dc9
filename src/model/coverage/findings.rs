//! What a tally amounts to: the findings about one output.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::bound::{add, rule_fault};
use super::tally::{Sums, Tally};
use super::{Class, Coverage, KeyState, count_of, count_rows, in_words};
use crate::model::catalogue::Over;
use crate::model::report::Finding;
use crate::model::rule::count;
use crate::model::scope::Season;
use crate::model::table::{Kind, Value};
use crate::model::verdict::Verdict;
use crate::model::waiver::Waiver;

impl Tally<'_> {
    /// Judges what was collected, each of these seasons included: one for which the spine has no key cannot be judged.
    pub fn finish_with(self, seasons: &[Season]) -> Coverage {
        let dated = self.output.key.iter().any(|column| column.kind == Kind::Date);
        let absent = seasons.iter().filter(|season| dated && !season.name.is_empty() && !self.seasons.contains(&season.name));
        let absent: Vec<&str> = absent.map(|season| season.name.as_str()).collect();
        let finding = (!absent.is_empty() && !self.seasons.is_empty()).then(|| {
            let message = format!("the spine `{}` has no keys in season {}", self.output.spine, absent.join(", "));
            Finding::undecided("spine", message).with_remedy("load its source, or leave the season out with --season")
        });
        let mut coverage = self.finish();
        coverage.findings.extend(finding);
        coverage
    }

    /// Judges what was collected.
    pub fn finish(mut self) -> Coverage {
        self.coverage.keys.sort_by(|a, b| {
            let by_value = || a.key.iter().zip(&b.key).map(|(x, y)| x.order(y)).find(|o| o.is_ne());
            a.date().cmp(&b.date()).then_with(|| by_value().unwrap_or(Ordering::Equal))
        });
        let mut findings = self.presence();
        findings.extend(self.class_findings());
        findings.extend(self.excuse_findings());
        findings.extend(self.sum_findings());
        findings.extend(self.waiver_findings());
        self.coverage.findings = findings;
        self.coverage
    }

    fn presence(&self) -> Vec<Finding> {
        let coverage = &self.coverage;
        let spine = &self.output.spine;
        if coverage.expected == 0 && coverage.count(Class::NotExpected) == 0 {
            let message = format!("the spine `{spine}` has no keys in scope, so nothing can be compared");
            return vec![
                Finding::undecided("spine", message)
                    .with_remedy(format!("load the source of `{spine}`, or check the season and the spine's filter")),
            ];
        }
        if coverage.expected == 0 {
            let message = format!("none of the {} keys in scope is expected", coverage.count(Class::NotExpected));
            return vec![Finding::undecided("expected", message).with_remedy("widen the scope, or check `not_expected` and `retention`")];
        }
        if coverage.expected == coverage.count(Class::Pending) {
            let message = format!("none of the {} in scope is due yet", count_of(coverage.expected, "key"));
            return vec![Finding::undecided("expected", message).with_remedy("ask again later, or check the as-of moment")];
        }
        if coverage.rows == 0 && coverage.count(Class::Missing) > 0 {
            let message = format!("{} has no rows in scope: {}", coverage.table, coverage.in_numbers());
            return vec![Finding::new(Verdict::Fail, "empty", message)];
        }
        Vec::new()
    }

    fn class_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (class, name) in Class::ALL.iter().rev() {
            let of_class: Vec<&KeyState> = self.coverage.keys.iter().filter(|key| key.class == *class).collect();
            // Keys of a class can differ in weight: what failed and what could not be judged are two findings.
            for verdict in [Verdict::Undecided, Verdict::Fail, Verdict::Warn, Verdict::Pass] {
                let keys: Vec<&KeyState> = of_class.iter().copied().filter(|key| key.verdict == verdict).collect();
                findings.extend(keys.first().and_then(|first| self.class_finding(*class, name, verdict, first, keys.len())));
            }
        }
        findings
    }

    fn class_finding(&self, class: Class, name: &str, verdict: Verdict, first: &KeyState, keys: usize) -> Option<Finding> {
        let coverage = &self.coverage;
        let silent = (verdict == Verdict::Pass && class != Class::Waived) || (class == Class::Missing && coverage.rows == 0);
        let message = match class {
            Class::NullKey => first.reason.to_string(),
            Class::Extra => {
                format!("{} with rows that the spine does not have, as {} ({})", count(keys, "key"), first.text(), count_rows(first.rows))
            }
            Class::Missing => format!("{}, as {}", coverage.in_numbers(), first.text()),
            _ => format!("{} {}, as {}: {}", count(keys, "key"), in_words(name), first.text(), first.reason),
        };
        (!silent).then(|| Finding::new(verdict, name, message))
    }

    fn sum_findings(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, rule) in self.output.rules.iter().enumerate().filter(|(_, rule)| rule.over != Over::Key) {
            for (period, sums) in self.periods(rule.over) {
                if sums.rows == 0 {
                    continue;
                }
                let figures: Vec<Value> = sums.figures.into_iter().map(|figure| figure.unwrap_or(Value::Null)).collect();
                let (number, of) = self.numbers(index, &figures);
                if let Some((verdict, message, name)) = rule_fault(rule, number, of) {
                    let place = if period.is_empty() { String::new() } else { format!(" in {period}") };
                    let finding = Finding::new(verdict, name, format!("{message}{place}"));
                    findings.push(self.waive_sum(index, finding));
                }
            }
        }
        findings
    }

    /// Sums are of all keys, so only a waiver of all keys accepts them.
    fn waive_sum(&mut self, rule: usize, finding: Finding) -> Finding {
        let (output, today) = (self.output, self.as_of);
        let rule = output.rules[rule].subject.name();
        let mut waivers = self.waivers.iter_mut().filter(|(_, faults, _)| faults.rule.as_deref() == Some(rule) && faults.is_of_all_keys());
        let Some((waiver, _, used)) = waivers.next().filter(|_| finding.verdict > Verdict::Pass) else { return finding };
        *used += 1;
        if !waiver.holds(today) {
            return finding;
        }
        let message = format!("{}; {}", finding.message, waiver.words());
        Finding::new(Verdict::Pass, finding.rule, message)
    }

    /// The sums regrouped by what the rule judges. Periods arrive as `season|month`.
    fn periods(&self, over: Over) -> BTreeMap<String, Sums> {
        let mut regrouped: BTreeMap<String, Sums> = BTreeMap::new();
        for (period, sums) in &self.sums {
            let (season, month) = period.split_once('|').unwrap_or((period, ""));
            let name = match over {
                Over::Month => month,
                Over::Season => season,
                Over::Output | Over::Key => "",
            };
            let group = regrouped.entry(name.to_owned()).or_default();
            group.rows += sums.rows;
            group.figures.resize(sums.figures.len(), None);
            for (sum, figure) in group.figures.iter_mut().zip(&sums.figures) {
                *sum = add(sum.take(), figure.as_ref().unwrap_or(&Value::Null));
            }
        }
        regrouped
    }

    /// Keys that rows of other tables excuse are told apart from what is declared.
    fn excuse_findings(&self) -> impl Iterator<Item = Finding> {
        let finding = |(reason, keys): (&String, &u64)| {
            Finding::new(Verdict::Pass, "excused", format!("{} excused: {reason}", count_of(*keys, "key")))
        };
        self.excused.iter().map(finding)
    }

    fn waiver_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (waiver, faults, used) in &self.waivers {
            let place = &waiver.declared;
            if *used == 0 {
                let what = if faults.is_of_all_keys() { "nothing that is wrong" } else { "no faulty key in scope" };
                let message = format!("the waiver at {place} matches {what}");
                findings.push(Finding::new(Verdict::Warn, "waiver", message).with_remedy("remove it if the gap is closed"));
            } else if !waiver.holds(self.as_of) {
                findings.push(lapsed(waiver, &count_of(*used, "key")));
            }
        }
        findings
    }
}

/// A waiver that covers these no longer.
pub(crate) fn lapsed(waiver: &Waiver, what: &str) -> Finding {
    let Waiver { declared, until, reason, owner, .. } = waiver;
    let message = format!("the waiver at {declared} lapsed on {until} and no longer covers {what}: {reason}");
    Finding::new(Verdict::Fail, "waiver", message).with_remedy(format!("close the gap, or ask {owner} to renew it"))
}
