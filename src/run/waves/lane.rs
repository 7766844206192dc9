//! One output as the planner sees it: its keys with their states, and the reasons for them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Span;
use jiff::civil::Date;

use super::super::Session;
use super::Wanted;
use super::keys::{Keys, SpineKey, day_number};
use super::tries::{Tries, Try};
use crate::model::catalogue::{Output, RetryPolicy};
use crate::model::coverage::{Class, Coverage, KeyState};
use crate::model::plan::{Key, Node, State};
use crate::model::table::{Column, Value};
use crate::model::verdict::Verdict;

/// One output: its keys, what is wrong with them, and why they are held back or lost.
pub(super) struct Lane<'a> {
    pub(super) output: &'a Output,
    /// Whether its keys are wanted, and of which dates.
    wanted: bool,
    range: Option<(Date, Date)>,
    pub(super) rank: (usize, usize),
    pub(super) columns: Arc<[Column]>,
    pub(super) keys: Arc<Vec<SpineKey>>,
    /// Faulty keys by their number.
    pub(super) faults: HashMap<usize, &'a KeyState>,
    pub(super) entities: IndexMap<Vec<String>, ()>,
    pub(super) notes: HashMap<usize, String>,
    pub(super) tries: HashMap<usize, Try>,
    /// Why nothing is known of it.
    pub(super) unknown: Option<String>,
}

impl Lane<'_> {
    /// What is the matter with a key that others wait for.
    pub(super) fn reason(&self, number: usize, state: State) -> String {
        if let Some(unknown) = &self.unknown {
            return format!("could not be judged: {unknown}");
        }
        let fault = self.faults.get(&number).map(|fault| fault.reason.to_string()).unwrap_or_default();
        match (self.notes.get(&number), state) {
            (Some(note), _) => note.clone(),
            (None, State::Outside) => format!("{fault}; not selected"),
            (None, State::Pending) => "not due yet".to_owned(),
            (None, _) => fault,
        }
    }

    /// Tries of every key, and what they hold back: used up, too early, under way, or a storm.
    pub(super) fn note_tries(&mut self, policy: RetryPolicy, tries: &Tries, node: &mut Node, force: bool) {
        let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut failures = 0;
        for number in 0..self.keys.len() {
            let key = &mut node.keys[number];
            if !matches!(key.state, State::Broken | State::Outside) {
                continue;
            }
            let Some(tried) = tries.of(self.output, self.keys[number].date()) else { return };
            if tried.class.as_deref() == Some("permanent") {
                key.state = State::Lost;
                self.notes.insert(number, format!("failed for good: {}", tried.error.as_deref().unwrap_or("no message")));
            } else if key.state == State::Broken {
                if let Some(note) = held(&tried, policy, tries, force) {
                    key.state = State::Held;
                    self.notes.insert(number, note);
                } else if tried.failures > 0 {
                    alike.entry(tried.kind()).or_default().push(number);
                }
                failures += tried.failures;
            }
            self.tries.insert(number, tried);
        }
        let many = failures >= u64::from(policy.failures);
        for (kind, numbers) in alike.into_iter().filter(|_| !force) {
            let note = match numbers.len() {
                keys if keys >= policy.alike as usize => format!("{keys} keys failed alike ({kind}): stop and fix, then --force"),
                _ if many => format!("{failures} failures of this output are enough: stop and fix, then --force"),
                _ => continue,
            };
            for number in numbers {
                node.keys[number].state = State::Held;
                self.notes.insert(number, note.clone());
            }
        }
    }
}

fn held(tried: &Try, policy: RetryPolicy, tries: &Tries, force: bool) -> Option<String> {
    let error = tried.error.as_deref().unwrap_or("no message");
    if tried.is_running {
        return Some("a run of it is under way".to_owned());
    }
    if force {
        return None;
    }
    if tried.failures >= u64::from(policy.attempts) {
        return Some(format!("failed {} times, and {} are the most: {error}; --force tries again", tried.failures, policy.attempts));
    }
    let next = tried.next.filter(|next| *next > tries.now)?;
    Some(format!("next try not before {}", next.strftime("%Y-%m-%d %H:%M")))
}

impl<'a> Lane<'a> {
    /// An output with its keys.
    pub(super) fn new(session: &Session<'_>, output: &'a Output, keys: Keys) -> Self {
        let rank = (session.project.stage_position(&output.stage), session.project.outputs.get_index_of(&output.name).unwrap_or(0));
        let (keys, unknown) = match keys {
            Ok(keys) => (keys, None),
            Err(finding) => (Arc::default(), Some(finding.message)),
        };
        let entity = |key: &SpineKey| key.entity().map(Value::to_string).collect::<Vec<String>>();
        let entities = keys.iter().map(|key| (entity(key), ())).collect();
        Lane {
            output,
            wanted: false,
            range: None,
            rank,
            columns: output.key_columns().into(),
            keys,
            faults: HashMap::new(),
            entities,
            notes: HashMap::new(),
            tries: HashMap::new(),
            unknown,
        }
    }

    /// What the planner sees of it. An output of which nothing is known is a single unknown key that all its readers read.
    pub(super) fn node(&self, session: &Session<'_>, mut state: impl FnMut(usize, &SpineKey) -> State) -> Node {
        if self.unknown.is_some() {
            let unknown = Key { day: 0, season: 0, entity: 0, state: State::Unknown };
            return Node { dated: false, keys: vec![unknown], reads: Vec::new() };
        }
        let seasons: HashMap<&str, u16> = session.scope.seasons.iter().map(|season| season.name.as_str()).zip(0..).collect();
        let key = |(number, key): (usize, &SpineKey)| {
            let entity: Vec<String> = key.entity().map(Value::to_string).collect();
            Key {
                day: key.date().map_or(0, day_number),
                season: key.season.as_deref().and_then(|name| seasons.get(name)).copied().unwrap_or(0),
                entity: self.entities.get_index_of(&entity).and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX),
                state: state(number, key),
            }
        };
        Node { dated: self.output.date().is_some(), keys: self.keys.iter().enumerate().map(key).collect(), reads: Vec::new() }
    }

    /// Whether a key is to be run again if it is not as it should be.
    pub(super) fn wants(&self, key: &SpineKey) -> bool {
        let in_range = |(from, to): (Date, Date)| key.date().is_none_or(|date| (from..=to).contains(&date));
        self.wanted && self.range.is_none_or(in_range)
    }

    /// The states by what the output holds: `held` is its coverage.
    pub(super) fn judge(&mut self, session: &Session<'_>, wanted: &Wanted, held: &'a Coverage) -> Node {
        (self.wanted, self.range) = (wanted.outputs.contains(&self.output.name), wanted.range);
        let faults: HashMap<String, &KeyState> = held.keys.iter().map(|fault| (fault.text(), fault)).collect();
        let kept_since = self.output.retention.and_then(|days| session.scope.as_of_date().checked_sub(Span::new().days(days)).ok());
        let (mut broken, mut notes) = (HashMap::new(), HashMap::new());
        let node = self.node(session, |number, key| {
            let fault = faults.get(&key.text()).copied();
            broken.extend(fault.filter(|fault| is_broken(fault)).map(|fault| (number, fault)));
            let (state, note) = state(self.output, key, fault, self.wants(key), kept_since);
            notes.extend(note.map(|note| (number, note)));
            state
        });
        (self.faults, self.notes) = (broken, notes);
        node
    }
}

pub(super) fn is_broken(fault: &KeyState) -> bool {
    fault.class.needs_repair() && fault.verdict >= Verdict::Fail
}

/// What the planner has to know of a key, and why it is lost, if it is.
fn state(output: &Output, key: &SpineKey, fault: Option<&KeyState>, wanted: bool, kept_since: Option<Date>) -> (State, Option<String>) {
    let date = key.date();
    if key.not_expected {
        return (State::Excused, None);
    }
    if kept_since.zip(date).is_some_and(|(since, date)| date < since) {
        let days = output.retention.unwrap_or_default();
        return (State::Lost, Some(format!("purged: its rows are kept for {days} days")));
    }
    match fault {
        None => (State::There, None),
        Some(fault) if fault.class == Class::Pending => (State::Pending, None),
        Some(fault) if fault.class == Class::Waived => (State::Excused, None),
        Some(fault) if !is_broken(fault) => (State::There, None),
        Some(_) if output.unavailable.iter().any(|(from, to)| date.is_some_and(|date| (*from..=*to).contains(&date))) => {
            (State::Lost, Some("the source never had it".to_owned()))
        }
        Some(fault) if fault.verdict == Verdict::Undecided => (State::Unknown, None),
        Some(_) => (if wanted { State::Broken } else { State::Outside }, None),
    }
}
