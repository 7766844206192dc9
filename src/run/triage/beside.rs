//! What is wrong beside the units that failed: rates, successes without rows, words without a meaning.

use indexmap::IndexMap;

use super::answers::{Rate, number, text};
use super::sort::Sorter;
use crate::model::catalogue::Output;
use crate::model::rule::count;
use crate::model::triage::{Action, Cause, Triage, Unit};

impl Sorter<'_> {
    /// What failed more than it may; what failed less, and what could not be told, is said.
    pub(super) fn of_rates(&self, triage: &mut Triage) -> Vec<Cause> {
        let rates = self.answers.rates();
        triage.undecided.extend(without_rate(&rates));
        let mut causes: IndexMap<String, Cause> = IndexMap::new();
        let mut below: IndexMap<String, &Rate> = IndexMap::new();
        for (rate, unit) in rates.iter().filter_map(|rate| Some((rate, rate.unit.as_ref()?))) {
            let who = format!("{} in {}", unit.processor.as_deref().unwrap_or_default(), rate.phase());
            if rate.below {
                below.entry(who.clone()).or_insert(rate);
            }
            if rate.above {
                let cause = causes.entry(who.clone()).or_insert_with(|| Cause {
                    remedy: Some("stop, and find out what fails that did not before".to_owned()),
                    sample: Some(format!("{}: {}", unit.day, rate.words())),
                    ..Cause::new(Action::Stop, format!("{who}: more fail than the {} in 100 that may", rate.band()))
                });
                cause.units.push(unit.clone());
            }
        }
        for (who, rate) in below {
            let day = rate.unit.as_ref().map(|unit| unit.day.to_string()).unwrap_or_default();
            triage.notes.push(format!("{who} fails less than usual: {} on {day}, where at least {} do", rate.words(), rate.band.0));
        }
        let small = rates.iter().filter(|rate| rate.sample == "small").count();
        if small > 0 {
            triage.notes.push(format!("{} of so few entities that a failure rate proves nothing", count(small, "unit")));
        }
        causes.into_values().collect()
    }

    /// What the ledger calls a success and nothing is there of.
    pub(super) fn of_lost(&self) -> Vec<Cause> {
        let mut causes: IndexMap<String, Cause> = IndexMap::new();
        for lost in self.answers.lost() {
            if self.project.waivers.iter().any(|waiver| self.accepts(waiver, &lost.output, &lost.key, lost.unit.day)) {
                continue;
            }
            let cause = causes
                .entry(lost.output.clone())
                .or_insert_with(|| Cause::new(Action::Triage, format!("succeeded by the ledger, and {} has no rows", lost.output)));
            if !cause.units.contains(&lost.unit) {
                cause.units.push(lost.unit);
            }
        }
        for (output, cause) in &mut causes {
            let (first, last) = (cause.units.iter().map(|unit| unit.day).min(), cause.units.iter().map(|unit| unit.day).max());
            let range = first.zip(last).map(|(first, last)| format!(" --from {first} --to {last}")).unwrap_or_default();
            cause.remedy = Some(format!("find out where the rows went, then {} retry {output}{range}", self.asked.program));
        }
        causes.into_values().collect()
    }

    /// Rows of the ledger that belong to no unit, and words without a meaning: whatever they say is not in the other causes.
    pub(super) fn of_words(&self) -> Vec<Cause> {
        let cause = |what: String, remedy: &str| Cause { remedy: Some(remedy.to_owned()), ..Cause::new(Action::Triage, what) };
        let mut unusable: IndexMap<String, u64> = IndexMap::new();
        for (table, row) in self.answers.rows("ledger/unusable_rows") {
            let rows = unusable.entry(text(table, row, "reason").unwrap_or_default()).or_default();
            *rows = rows.saturating_add(number(table, row, "ledger_rows"));
        }
        let rows = |n: u64| count(usize::try_from(n).unwrap_or(usize::MAX), "row");
        let unusable = unusable.into_iter().filter_map(|(reason, n)| {
            let what = match reason.as_str() {
                "no_date" => format!("{} of the ledger without a date belong to no unit", rows(n)),
                "no_processor" => format!("{} of the ledger without a processor belong to no unit", rows(n)),
                "no_start" => format!("{} of the ledger without a start have no order", rows(n)),
                _ => return None,
            };
            Some(cause(what, "mend them in the ledger, or leave them out with [runs] where"))
        });
        let labels =
            self.answers.rows("failure/unknown_labels").filter(|(table, row)| text(table, row, "kind").as_deref() == Some("status"));
        let labels = labels.map(|(table, row)| {
            let label = text(table, row, "label").unwrap_or_else(|| "NULL".to_owned());
            let what = format!("status {label} has no meaning in [runs]: {} of the ledger", rows(number(table, row, "ledger_rows")));
            cause(what, "add it to the words of [runs] status")
        });
        unusable.chain(labels).collect()
    }

    /// What failed, and succeeded since.
    pub(super) fn of_history(&self) -> Vec<Cause> {
        let settled = self
            .answers
            .rows("failure/stale_records")
            .filter_map(|(table, row)| Some(Unit { processor: text(table, row, "processor"), day: super::day(table, row)? }));
        let units: Vec<Unit> = settled.collect();
        let what = "failed, and succeeded since".to_owned();
        let cause = Cause { units, ..Cause::new(Action::Stale, what) };
        (!cause.units.is_empty()).then_some(cause).into_iter().collect()
    }

    pub(super) fn notes(&self, triage: &mut Triage) {
        for (table, row) in self.answers.rows("failure/unknown_labels") {
            let kind = text(table, row, "kind").unwrap_or_default();
            if kind != "status" {
                let label = text(table, row, "label").unwrap_or_else(|| "NULL".to_owned());
                triage.notes.push(format!("{kind} {label} has no meaning in [runs]"));
            }
        }
        let never = self.answers.rows("failure/never_started").filter(|(table, row)| !self.is_sparse(text(table, row, "processor")));
        let never: u64 = never.map(|(table, row)| number(table, row, "never_started")).fold(0, u64::saturating_add);
        if never > 0 {
            let units = count(usize::try_from(never).unwrap_or(usize::MAX), "unit");
            triage.notes.push(format!("{units} never started, which is no failure: {} gaps tells what is missing", self.asked.program));
        }
        if !self.answers.is_known() && triage.undecided.is_empty() {
            triage.undecided.push(("the run ledger".to_owned(), "it could not be asked".to_owned()));
        }
    }

    /// Whether a processor fills nothing that has to have rows.
    fn is_sparse(&self, processor: Option<String>) -> bool {
        let least = |output: &Output| output.rows.min.is_some_and(|least| least.fraction().0 == 0);
        let mut filled = self.project.outputs.values().filter(|output| Some(&output.processor) == processor.as_ref());
        filled.all(least)
    }
}

/// What has no rate, and why.
fn without_rate(rates: &[Rate]) -> Vec<(String, String)> {
    let mut unknown: IndexMap<(&str, &str), usize> = IndexMap::new();
    let mut found = Vec::new();
    for rate in rates {
        let Some(unit) = &rate.unit else {
            let why = format!("there is a band for phase \"{}\", which the table of phases does not have", rate.phase());
            found.push(("`may_fail`".to_owned(), why));
            continue;
        };
        let why = match rate.sample.as_str() {
            "unknown" => "nothing was tried, or nothing counted",
            "ambiguous" => "its day is in several phases",
            _ => continue,
        };
        *unknown.entry((unit.processor.as_deref().unwrap_or_default(), why)).or_default() += 1;
    }
    let of_units =
        unknown.into_iter().map(|((who, why), units)| (format!("the failure rate of {who}"), format!("{why} in {}", count(units, "unit"))));
    found.into_iter().chain(of_units).collect()
}

impl Rate {
    fn phase(&self) -> &str {
        self.phase.as_deref().unwrap_or("no phase")
    }

    /// `25 to 30`, or `30`
    fn band(&self) -> String {
        let (least, most) = self.band;
        if least == 0 { most.to_string() } else { format!("{least} to {most}") }
    }

    /// `105 of 300 failed, 35 in 100`; never rounded up.
    fn words(&self) -> String {
        format!("{} of {} failed, {} in 100", self.failed, self.tried, 100 * u128::from(self.failed) / u128::from(self.tried.max(1)))
    }
}
