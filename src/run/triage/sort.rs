//! Units to causes: what is out of date, what comes with a kind of day, and for the rest what the project says of its category.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::civil::Date;

use super::Asked;
use super::answers::{Answers, Concentration, Held, Kinds};
use crate::model::catalogue::Project;
use crate::model::coverage::Class;
use crate::model::triage::{Action, Cause, Failed, Triage, Unit};
use crate::model::waiver::{Faults, Waiver};

pub(super) struct Sorter<'s> {
    pub(super) project: &'s Project,
    /// The last date that the question has seen of.
    pub(super) last: Date,
    pub(super) asked: &'s Asked,
    pub(super) answers: &'s Answers<'s>,
    pub(super) kinds: BTreeMap<String, Kinds>,
}

/// What tells causes apart.
type Reason = (Action, bool, String);

impl Sorter<'_> {
    pub(super) fn sort(&self, triage: &mut Triage) {
        let held = self.answers.held();
        let mut open: Vec<Failed> = Vec::new();
        let mut causes: IndexMap<Reason, Cause> = IndexMap::new();
        for failed in self.answers.failed() {
            match self.settled(&failed, held.get(&failed.unit)) {
                Some((action, what)) => push(&mut causes, action, what, &failed),
                None => open.push(failed),
            }
        }
        triage.causes.extend(self.of_kinds(&mut open));
        for failed in &open {
            push(&mut causes, failed.action, self.what(failed), failed);
        }
        triage.advice = self.advice(causes.values());
        triage.causes.extend(causes.into_values());
        let rates = self.of_rates(triage);
        triage.causes.extend(rates);
        triage.causes.extend(self.of_lost());
        triage.causes.extend(self.of_words());
        triage.causes.extend(self.of_history());
        triage.causes.sort_by_key(|cause| (cause.action, std::cmp::Reverse(cause.units.len())));
        self.notes(triage);
    }

    /// Whether the data settles what the ledger says, and how.
    fn settled(&self, failed: &Failed, held: Option<&Vec<Held>>) -> Option<(Action, String)> {
        let held = held.filter(|held| !held.is_empty())?;
        let accepted = |held: &Held| {
            self.project.waivers.iter().any(|waiver| self.accepts(waiver, &held.output, &failed.unit.day.to_string(), failed.unit.day))
        };
        let is_present = held.iter().any(|held| held.present);
        match () {
            // A success that failed later may have left its own rows.
            () if held.iter().all(|held| held.disproved || held.excused) && held.iter().any(|held| held.disproved) => {
                let what = if is_present {
                    "failed by the ledger, and the data is complete"
                } else {
                    "failed by the ledger, and nothing has to be there"
                };
                Some((Action::Stale, what.to_owned()))
            }
            () if held.iter().all(|held| held.sound || accepted(held)) && held.iter().any(accepted) => {
                Some((Action::Expected, "accepted by a waiver".to_owned()))
            }
            // A bug is one on a day off too.
            () if held.iter().all(|held| held.sound) && matches!(failed.action, Action::Retry | Action::Upstream) => {
                Some((Action::Expected, "nothing is expected of these days, or not yet".to_owned()))
            }
            () => None,
        }
    }

    pub(super) fn accepts(&self, waiver: &Waiver, output: &str, key: &str, day: Date) -> bool {
        let is_meant = |faults: &Faults| faults.is_by(Class::Missing.name()) && faults.is_of(key, Some(day));
        waiver.holds(self.last) && waiver.faults_of(output).is_some_and(is_meant)
    }

    /// The kinds of which every unit fails and hardly any other does, with the units taken from what is open. A kind of which
    /// the data has disproved a failure does not fail.
    fn of_kinds(&self, open: &mut Vec<Failed>) -> Vec<Cause> {
        let mut by_kind: IndexMap<(String, String), Vec<Concentration>> = IndexMap::new();
        let mut found = self.answers.concentrated();
        // What the project declares says more than the season, and that more than a weight.
        found.sort_by_key(|concentration| self.rank(&concentration.kind.0));
        found.into_iter().for_each(|concentration| by_kind.entry(concentration.kind.clone()).or_default().push(concentration));
        let mut causes = Vec::new();
        for ((attribute, kind), mut concentrations) in by_kind {
            let is_of = |failed: &Failed, processor: &str| {
                let days = self.kinds.get(processor).and_then(|kinds| kinds.get(&(attribute.clone(), kind.clone())));
                failed.unit.processor.as_deref() == Some(processor) && days.is_some_and(|days| days.contains(&failed.unit.day))
            };
            concentrations.retain(|concentration| {
                let standing = open.iter().filter(|failed| is_of(failed, &concentration.processor));
                let alarming = standing.clone().all(|failed| !matches!(failed.action, Action::Expected | Action::Permanent));
                alarming && u64::try_from(standing.count()).is_ok_and(|standing| standing == concentration.failed)
            });
            if concentrations.is_empty() {
                continue;
            }
            let taken = |failed: &Failed| concentrations.iter().any(|concentration| is_of(failed, &concentration.processor));
            let (of_kind, rest): (Vec<Failed>, Vec<Failed>) = std::mem::take(open).into_iter().partition(taken);
            *open = rest;
            let outside = concentrations.iter().map(|concentration| concentration.outside);
            let (failed, tried) = outside.fold((0, 0), |(a, b), (failed, tried)| (a + failed, b + tried));
            let processors: Vec<&str> = concentrations.iter().map(|concentration| concentration.processor.as_str()).collect();
            let nothing = if failed == 0 { "nothing else does".to_owned() } else { format!("{failed} of {tried} others do") };
            let days = of_kind.len();
            let other = if failed == 0 { format!(" (0 of {tried} others)") } else { String::new() };
            let what = format!("every {attribute} {kind} fails, {nothing}: {days} of {days}{other}, {}", processors.join(", "));
            causes.push(Cause {
                remedy: Some("mend what this kind of day breaks; a retry fails again".to_owned()),
                sample: of_kind.iter().find_map(|failed| failed.error.clone()),
                units: of_kind.into_iter().map(|failed| failed.unit).collect(),
                ..Cause::new(Action::Stop, what)
            });
        }
        causes
    }

    fn rank(&self, attribute: &str) -> u8 {
        match attribute {
            _ if self.project.spines.values().any(|spine| spine.attributes.contains_key(attribute)) => 0,
            "season" => 1,
            _ => 2,
        }
    }

    fn what(&self, failed: &Failed) -> String {
        let tried = failed.action == Action::Stop && self.usual(failed) == Action::Retry;
        let tried = if tried { "tried often enough: " } else { "" };
        let word = failed.category.as_deref();
        let of_category = match (failed.state.as_str(), word, &failed.class) {
            ("running", ..) => "a run never wrote its end".to_owned(),
            ("unknown", ..) => format!("a status that [runs] does not map: {}", failed.group),
            (_, Some(word), Some(_)) => format!("{word}: {}", failed.group),
            (_, Some(word), None) => format!("category {word} is not mapped: {}", failed.group),
            _ => format!("no category: {}", failed.group),
        };
        tried.to_owned() + &of_category
    }

    /// What the project says of the failure's class.
    fn usual(&self, failed: &Failed) -> Action {
        let of_class = || self.project.runs.as_ref()?.actions.get(failed.class.as_ref()?).copied();
        if failed.state == "running" { Action::Retry } else { of_class().unwrap_or(Action::Triage) }
    }

    /// What to do about the causes of each action, all together.
    fn advice<'c>(&self, causes: impl Iterator<Item = &'c Cause> + Clone) -> Vec<(Action, String)> {
        let of = |action: Action| -> Option<(Action, String)> {
            let mut own = causes.clone().filter(|cause| cause.action == action && cause.remedy.is_none()).peekable();
            own.peek()?;
            let units: Vec<Unit> = own.flat_map(|cause| cause.units.clone()).collect();
            Some((action, self.remedy(action, &units)?))
        };
        Action::ALL.iter().filter_map(|(action, _)| of(*action)).collect()
    }

    fn remedy(&self, action: Action, units: &[Unit]) -> Option<String> {
        Some(match action {
            Action::Stop => "mend it before anything is tried again: another try meets it again".to_owned(),
            Action::Triage => "look at it, and say what its category means: [runs] category, actions".to_owned(),
            Action::Upstream => self
                .retry(units, "--waves")
                .map_or_else(|| "mend what it reads, then run it again".to_owned(), |command| format!("what it waits for: {command}")),
            Action::Permanent => match self.outputs(units).as_slice() {
                [] => "accept it: give its class the action expected".to_owned(),
                outputs => format!("accept it with a waiver: [[waivers]] output = \"{}\"", outputs.join("\" or \"")),
            },
            Action::Retry => {
                self.retry(units, "").unwrap_or_else(|| "run it again; its processor fills no output of the catalogue".to_owned())
            }
            Action::Expected | Action::Stale => return None,
        })
    }

    /// The command that lists these units' keys.
    fn retry(&self, units: &[Unit], more: &str) -> Option<String> {
        let outputs = self.outputs(units);
        let (first, last) = (units.iter().map(|unit| unit.day).min()?, units.iter().map(|unit| unit.day).max()?);
        let more = if more.is_empty() { String::new() } else { format!(" {more}") };
        let names = outputs.join(" ");
        (!outputs.is_empty()).then(|| format!("{} retry {names} --from {first} --to {last}{more}", self.asked.program))
    }

    fn outputs(&self, units: &[Unit]) -> Vec<String> {
        let processors: BTreeSet<&str> = units.iter().filter_map(|unit| unit.processor.as_deref()).collect();
        let filled = self.project.outputs.values().filter(|output| processors.contains(output.processor.as_str()));
        filled.map(|output| output.name.clone()).collect()
    }
}

fn push(causes: &mut IndexMap<Reason, Cause>, action: Action, what: String, failed: &Failed) {
    let cause = causes.entry((action, failed.regressed, what.clone())).or_insert_with(|| Cause {
        sample: failed.error.clone(),
        regressed: failed.regressed,
        ..Cause::new(action, if failed.regressed { format!("{what}; had succeeded before") } else { what })
    });
    cause.units.push(failed.unit.clone());
}
