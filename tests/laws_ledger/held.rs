//! What the queries must say of the ledger beside what is held, and of what of the ledger cannot be used.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::oracle::{Attempt, Key, OUTPUTS, Oracle, State, expects};
use super::text;
use super::world::{DAYS, Held, Row};
use crate::laws::asked::shown;

/// An expected key of an output: who fills it, its name, its day, how many rows it has, and its class.
pub(super) struct Expected {
    output: &'static str,
    processor: &'static str,
    name: String,
    day: Date,
    rows: usize,
    class: &'static str,
}

impl Oracle<'_> {
    /// The rows of a processor and day, in all of its outputs.
    fn held(&self, (processor, day): &Key) -> usize {
        let own =
            |row: &&Held| row.day == Some(*day) && OUTPUTS.iter().any(|(output, of)| *output == row.output && Some(*of) == *processor);
        self.world.data.iter().filter(own).count()
    }

    /// The keys of some outputs.
    fn keys(&self, outputs: &[&str]) -> Vec<Expected> {
        let mut keys = Vec::new();
        for (output, processor) in OUTPUTS.into_iter().filter(|(output, _)| outputs.contains(output)) {
            for (day, games) in DAYS.into_iter().filter(|(day, games)| expects(output, *day, *games)) {
                let models = if output == "b2" { vec![Some("elo"), Some("forest")] } else { vec![None] };
                for model in models {
                    let own = |row: &&Held| row.output == output && row.day == Some(day) && (output != "b2" || row.model == model);
                    let rows = self.world.data.iter().filter(own).count();
                    let least = match output {
                        "a" => 2,
                        "b1" => usize::try_from(games).expect("few games"),
                        _ => 1,
                    };
                    let class = match rows {
                        rows if rows < least && !self.is_due(output, day) => "pending",
                        0 => "missing",
                        rows if rows < least => "partial",
                        rows if output == "a" && rows > 2 => "excess",
                        _ => "ok",
                    };
                    let name = model.map_or(day.to_string(), |model| format!("{model},{day}"));
                    keys.push(Expected { output, processor, name, day, rows, class });
                }
            }
        }
        keys
    }

    fn of_key(&self, key: &Expected) -> Option<&Vec<Attempt>> {
        self.units.get(&(Some(key.processor), key.day))
    }

    pub(super) fn rows_without_success(&self, outputs: &[&str]) -> Vec<String> {
        let has_success =
            |key: &Expected| self.of_key(key).is_some_and(|attempts| attempts.iter().any(|attempt| attempt.state == State::Success));
        let line = |key: &Expected| {
            let state = self.of_key(key).map(|attempts| super::name(attempts[0].state));
            format!("{},{},{},{},{},{}", key.output, key.name, key.class, key.rows, key.processor, shown(state))
        };
        self.keys(outputs).iter().filter(|key| key.rows > 0 && !has_success(key)).map(line).collect()
    }

    pub(super) fn success_without_rows(&self, outputs: &[&str]) -> Vec<String> {
        let line = |key: &Expected| {
            let attempts = self.of_key(key).filter(|attempts| attempts[0].state == State::Success)?;
            let last = attempts.iter().filter(|attempt| attempt.state == State::Success).filter_map(Attempt::ended).max();
            Some(format!("{},{},{},{},{}", key.output, key.name, key.processor, shown(last), shown(attempts[0].counts[0])))
        };
        self.keys(outputs).iter().filter(|key| key.class == "missing").filter_map(line).collect()
    }

    /// What is held of the days on which the latest run of an output's processor did not succeed.
    pub(super) fn against_data(&self, outputs: &[&str]) -> Vec<String> {
        let keys = self.keys(outputs);
        let mut lines = Vec::new();
        for (output, processor) in OUTPUTS.into_iter().filter(|(output, _)| outputs.contains(output)) {
            let failed = self.units.iter().filter(|(key, attempts)| key.0 == Some(processor) && self.is_unresolved(&attempts[0]));
            for ((_, day), attempts) in failed {
                let of_day = || keys.iter().filter(|key| key.output == output && key.day == *day);
                let series = if output == "b2" { 2 } else { 1 };
                let all = if DAYS.iter().any(|(other, _)| other == day) { series } else { 0 };
                let (expected, complete) = (of_day().count(), of_day().filter(|key| key.class == "ok").count());
                let models = if output == "b2" { vec![Some("elo"), Some("forest")] } else { vec![None] };
                let rows = |model: &Option<&str>| {
                    self.world
                        .data
                        .iter()
                        .any(|row| row.output == output && row.day == Some(*day) && (output != "b2" || row.model == *model))
                };
                let present = if all == 0 { 0 } else { models.iter().filter(|model| rows(model)).count() };
                let pending = of_day().filter(|key| key.class == "pending").count();
                let disproved = u8::from(complete > 0 && complete == expected);
                let state = super::name(attempts[0].state);
                lines.push(format!(
                    "{output},{processor},{day},{state},{all},{complete},{},{pending},{present},{disproved}",
                    all - expected
                ));
            }
        }
        lines
    }

    pub(super) fn row_counts(&self, add_up: bool) -> Vec<String> {
        let line = |(key, attempts): (&Key, &Vec<Attempt>)| {
            let mut successes = attempts.iter().filter(|attempt| attempt.state == State::Success).map(|attempt| attempt.counts[0]);
            let said = if add_up { successes.sum::<Option<i64>>() } else { successes.next().flatten() };
            let held = i64::try_from(self.held(key)).expect("few rows");
            format!("{},{},{},{held},{}", text(key.0), key.1, shown(said), shown(said.map(|said| said - held)))
        };
        let succeeded = |(key, attempts): &(&Key, &Vec<Attempt>)| is_known(key.0) && attempts[0].state == State::Success;
        self.units.iter().filter(succeeded).map(line).collect()
    }

    pub(super) fn empty_successes(&self) -> Vec<String> {
        let expected = self.expected();
        let of_unit = |(key, attempts): (&Key, &Vec<Attempt>)| {
            let held = self.held(key);
            let reconciled = match expected.get(key) {
                _ if held > 0 => "rows_held",
                Some(true) => "no_rows",
                Some(false) => "not_due",
                None => "not_expected",
            };
            let empty = attempts.iter().filter(|attempt| attempt.state == State::Success && attempt.counts[0] == Some(0));
            let line = |attempt: &Attempt| {
                format!("{},{},{},{},{held},{reconciled}", text(key.0), key.1, shown(attempt.run.clone()), shown(attempt.finished))
            };
            empty.map(line).collect::<Vec<String>>()
        };
        self.units.iter().filter(|(key, _)| is_known(key.0)).flat_map(of_unit).collect()
    }

    pub(super) fn processors(&self) -> Vec<String> {
        let expected = self.expected();
        let mut names: Vec<Option<&str>> = self.units.keys().map(|(processor, _)| *processor).chain(["A", "B", "C"].map(Some)).collect();
        names.sort_unstable();
        names.dedup();
        let line = |processor: Option<&str>| {
            let attempts: Vec<&Attempt> =
                self.units.iter().filter(|((of, _), _)| *of == processor).flat_map(|(_, attempts)| attempts).collect();
            let due = expected.iter().filter(|((of, _), due)| *of == processor && **due).count();
            let count = |state: State| attempts.iter().filter(|attempt| attempt.state == state).count().to_string();
            let states = [State::Success, State::Failed, State::Skipped, State::Running, State::Unknown].map(count).join(",");
            let starts = || attempts.iter().filter_map(|attempt| attempt.started);
            let ends = [starts().min(), starts().max()].map(shown).join(",");
            let unseen = if attempts.is_empty() { due } else { 0 };
            format!("{},{},{due},{unseen},{},{states},{ends}", text(processor), is_known(processor), attempts.len())
        };
        names.into_iter().map(line).collect()
    }

    pub(super) fn unusable_rows(&self) -> Vec<String> {
        let in_scope = |day: Date| (date(2024, 3, 1)..=date(2024, 3, 31)).contains(&day);
        let mut groups: BTreeMap<(&str, Option<&str>), Vec<&Row>> = BTreeMap::new();
        for row in self.world.rows.iter().filter(|row| row.test != Some(true) && row.day.is_none_or(in_scope)) {
            let reason = match (row.day, row.processor, row.started) {
                (.., Some(started)) if started > self.world.as_of => continue,
                (None, ..) => "no_date",
                (_, None, _) => "no_processor",
                (.., None) => "no_start",
                (.., Some(started)) if row.ended.is_some_and(|ended| ended < started) => "ends_before_start",
                _ => continue,
            };
            groups.entry((reason, row.processor)).or_default().push(row);
        }
        let line = |((reason, processor), rows): ((&str, Option<&str>), Vec<&Row>)| {
            let starts = || rows.iter().filter_map(|row| row.started);
            format!("{reason},{},{},{},{}", text(processor), rows.len(), shown(starts().min()), shown(starts().max()))
        };
        groups.into_iter().map(line).collect()
    }
}

/// Whether the catalogue knows the processor.
pub(super) fn is_known(processor: Option<&str>) -> bool {
    ["A", "B", "C"].map(Some).contains(&processor)
}
