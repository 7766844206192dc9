//! What the project file's parts must agree on: every name that one part uses, another declares.

use std::collections::BTreeSet;

use super::{upstream, waivers};
use crate::error::{Complaint, unknown};
use crate::model::catalogue::{Denominator, KeyColumn, Output, OutputRule, Over, Project, Spine, SpineSource, Subject};
use crate::model::reading::{self, is_name};
use crate::model::sql::{Dialect, check_expression};
use crate::model::table::Kind;

/// The most key columns that a spine may have.
const KEY_COLUMNS: usize = 6;

/// Columns of the coverage statement, which a key column of the same name would hide.
const RESERVED: [&str; 14] = [
    "output",
    "class",
    "period",
    "position",
    "keys",
    "present",
    "held_rows",
    "weight",
    "duplicates",
    "last_day",
    "days_late",
    "grain",
    "copies",
    "island",
];

/// Fills in what one part says for another (key columns, weights of cross products), and complains of the rest.
pub(super) fn project(project: &mut Project) -> Vec<Complaint> {
    let mut check = Check { complaints: Vec::new() };
    check.sections(project);
    check.spines(project);
    check.outputs(project);
    check.complaints.extend(upstream::resolve(project));
    check.references(project);
    check.expressions(project);
    check.complaints
}

struct Check {
    complaints: Vec<Complaint>,
}

impl Check {
    fn complain(&mut self, place: &str, message: impl Into<String>) {
        self.complaints.push(Complaint::at(place, message));
    }

    fn unknown<'a>(&mut self, place: &str, what: &str, name: &str, known: impl Iterator<Item = &'a String> + Clone) {
        self.complain(place, unknown(what, name, known.map(String::as_str)));
    }

    fn sections(&mut self, project: &Project) {
        let file = super::project::FILE;
        if project.targets.is_empty() {
            self.complain(file, "no target: add [targets.local] with engine = \"duckdb\" and `database` or `load`");
        }
        if project.outputs.is_empty() {
            self.complain(file, "no output: add [outputs.NAME] for every table that a stage must fill");
        }
        for pair in project.seasons.windows(2) {
            if pair[1].start <= pair[0].end {
                self.complain(file, format!("season `{}` begins before season `{}` ends", pair[1].name, pair[0].name));
            }
        }
    }

    fn spines(&mut self, project: &mut Project) {
        // Each from what was declared: a cross product that is resolved already would get the keys of its parts twice.
        let names: Vec<String> = project.spines.keys().cloned().collect();
        let resolved: Vec<Spine> = names.iter().filter_map(|name| self.resolve(project, name, &mut Vec::new())).collect();
        project.spines.extend(resolved.into_iter().map(|spine| (spine.name.clone(), spine)));
        let spines: Vec<Spine> = project.spines.values().cloned().collect();
        for spine in &spines {
            self.spine(spine, project);
        }
    }

    /// The spine with the key and weights that it takes from others. `None` if that was complained of.
    fn resolve(&mut self, project: &Project, name: &str, seen: &mut Vec<String>) -> Option<Spine> {
        let spine = project.spines.get(name)?;
        if seen.iter().any(|earlier| earlier == name) {
            self.complain(&spine.declared, format!("spine `{name}` is made of itself: {} -> {name}", seen.join(" -> ")));
            return None;
        }
        seen.push(name.to_owned());
        let mut resolved = spine.clone();
        match &spine.source {
            SpineSource::Cross(parts) => {
                for part in parts {
                    if !project.spines.contains_key(part) {
                        self.unknown(&spine.declared, "spine", part, project.spines.keys());
                        return None;
                    }
                    let part = self.resolve(project, part, seen)?;
                    resolved.key.extend(part.key);
                    resolved.weights.extend(part.weights);
                    resolved.attributes.extend(part.attributes);
                }
            }
            SpineSource::Output(output) => {
                let Some(output) = project.outputs.get(output) else {
                    self.unknown(&spine.declared, "output", output, project.outputs.keys());
                    return None;
                };
                if resolved.key.is_empty() {
                    if !project.spines.contains_key(&output.spine) {
                        self.unknown(&output.declared, "spine", &output.spine, project.spines.keys());
                        return None;
                    }
                    let key = self.resolve(project, &output.spine, seen)?.key;
                    resolved.key = mapped_key(&output.key, &key);
                }
            }
            _ => {}
        }
        seen.pop();
        Some(resolved)
    }

    fn spine(&mut self, spine: &Spine, project: &Project) {
        let named = || spine.weights.keys().chain(spine.attributes.keys());
        let names: BTreeSet<&str> = spine.key.iter().map(|column| column.name.as_str()).chain(named().map(String::as_str)).collect();
        if names.len() < spine.key.len() + spine.weights.len() + spine.attributes.len() {
            self.complain(&spine.declared, format!("spine `{}` names a column, weight or attribute twice", spine.name));
        }
        if let Some(name) = spine.attributes.keys().find(|name| ["season", "spine_season", "spine_position"].contains(&name.as_str())) {
            self.complain(&spine.declared, format!("attribute `{name}` has a name that reports use; rename it"));
        }
        if spine.key.is_empty() || spine.key.len() > KEY_COLUMNS {
            self.complain(
                &spine.declared,
                format!("spine `{}` has {} key columns; one to {KEY_COLUMNS} can be handled", spine.name, spine.key.len()),
            );
        }
        for column in spine.key.iter().filter(|column| RESERVED.contains(&column.name.as_str())) {
            let name = &column.name;
            self.complain(&spine.declared, format!("key column `{name}` has a name that reports use; rename it: key = {{ my_{name} = {{ type = \"{}\", from = \"{name}\" }} }}", column.kind.name()));
        }
        if spine.key.iter().filter(|column| column.kind == Kind::Date).count() > 1 {
            self.complain(
                &spine.declared,
                format!("spine `{}` has two date columns in its key; declare the one that is not the partition as text", spine.name),
            );
        }
        let bounded = matches!(spine.source, SpineSource::Calendar { until: Some(_), anchor: Some(_), .. });
        if matches!(spine.source, SpineSource::Calendar { .. }) && project.seasons.is_empty() && !bounded {
            self.complain(&spine.declared, format!("spine `{}` has no end: add a season, or `from` and `until`", spine.name));
        }
        if matches!(spine.source, SpineSource::Calendar { .. } | SpineSource::Cross(_) | SpineSource::Values(_)) && spine.filter.is_some() {
            self.complain(&spine.declared, format!("spine `{}` is computed, so `where` has no rows to look at", spine.name));
        }
        if matches!(spine.source, SpineSource::Calendar { .. } | SpineSource::Values(_)) && !spine.attributes.is_empty() {
            self.complain(&spine.declared, format!("spine `{}` is computed, so `attributes` have no rows to look at", spine.name));
        }
    }

    fn outputs(&mut self, project: &mut Project) {
        for name in project.outputs.keys().cloned().collect::<Vec<_>>() {
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
                self.complain(&project.outputs[&name].declared, format!("output `{name}`: a name consists of letters, digits, _ and -"));
            }
            let mut output = project.outputs[&name].clone();
            let Some(spine) = project.spines.get(&output.spine) else {
                if !output.spine.is_empty() {
                    self.unknown(&output.declared, "spine", &output.spine, project.spines.keys());
                }
                continue;
            };
            self.output_key(&mut output, spine);
            self.output_rows(&output, spine);
            for index in 0..output.rules.len() {
                self.output_rule(&mut output, index, spine);
            }
            project.outputs.insert(name, output);
        }
    }

    fn output_key(&mut self, output: &mut Output, spine: &Spine) {
        let place = output.declared.clone();
        let keys = output.not_expected.excuses.iter_mut().map(|excuse| (excuse.declared.as_str(), &mut excuse.key));
        for (place, key) in [(place.as_str(), &mut output.key)].into_iter().chain(keys) {
            for column in key.iter() {
                if column.name.is_empty() && spine.date().is_none() {
                    self.complain(place, format!("`date` is given, but the key of spine `{}` has no date", spine.name));
                } else if !column.name.is_empty() && !spine.key.iter().any(|key| key.name == column.name) {
                    let known: Vec<String> = spine.key.iter().map(|key| key.name.clone()).collect();
                    self.unknown(place, &format!("key column of spine `{}`", spine.name), &column.name, known.iter());
                }
            }
            *key = mapped_key(key, &spine.key);
        }
    }

    fn output_rows(&mut self, output: &Output, spine: &Spine) {
        if let Some(per) = &output.rows.per
            && !spine.weights.contains_key(per)
        {
            self.unknown(&output.declared, &format!("weight of spine `{}`", spine.name), per, spine.weights.keys());
        }
        if output.not_expected.first_days.is_some() && spine.date().is_none() {
            self.complain(&output.declared, format!("`first_days` needs a date in the key of spine `{}`", spine.name));
        }
        let duplicated = output.grain.iter().collect::<BTreeSet<_>>().len() < output.grain.len();
        if duplicated {
            self.complain(&output.declared, "`grain` names a column twice");
        }
    }

    fn output_rule(&mut self, output: &mut Output, index: usize, spine: &Spine) {
        let place = output.declared.clone();
        let OutputRule { subject, of, per, over, bound, .. } = output.rules[index].clone();
        if let Subject::Measure(name) = &subject
            && !output.measures.contains_key(name)
        {
            self.unknown(&place, "measure", name, output.measures.keys());
        }
        if let Some(Denominator::Measure(name)) = &of
            && !output.measures.contains_key(name)
        {
            if spine.weights.contains_key(name) {
                output.rules[index].of = Some(Denominator::Weight(name.clone()));
            } else {
                let known: Vec<String> =
                    output.measures.keys().chain(spine.weights.keys()).cloned().chain(["rows".to_owned(), "usual".to_owned()]).collect();
                self.unknown(&place, "measure or weight", name, known.iter());
            }
        }
        match (&of, &per) {
            (Some(Denominator::Usual), Some(weight)) if !spine.weights.contains_key(weight) => {
                self.unknown(&place, &format!("weight of spine `{}`", spine.name), weight, spine.weights.keys());
            }
            (Some(Denominator::Usual), _) if over != Over::Key => self.complain(&place, "a rule on the usual looks at keys: remove `over`"),
            (Some(Denominator::Usual), _) => {}
            (_, Some(_)) => self.complain(&place, "`per` belongs to of = \"usual\"; a share of a weight is of = \"WEIGHT\""),
            _ => {}
        }
        if over != Over::Key {
            self.additive(&place, output, &subject, of.as_ref());
        }
        let zero_share = matches!(&bound, crate::model::catalogue::Bound::Below(n) if of.is_some() && n.fraction().0 <= 0);
        if zero_share {
            self.complain(&place, "a share below 0 can never be; use at_most = 0");
        }
    }

    /// Sums over keys make sense for counts and sums only: the mean of means is not the mean.
    fn additive(&mut self, place: &str, output: &Output, subject: &Subject, of: Option<&Denominator>) {
        let names = [
            if let Subject::Measure(name) = subject { Some(name) } else { None },
            if let Some(Denominator::Measure(name)) = of { Some(name) } else { None },
        ];
        for name in names.into_iter().flatten() {
            let Some(expression) = output.measures.get(name) else { continue };
            let expression = expression.trim().to_lowercase();
            let sums = ["count(", "count_if(", "countif(", "sum(", "{"].iter().any(|start| expression.starts_with(start));
            if !sums || expression.starts_with("count(distinct") {
                self.complain(
                    place,
                    format!("measure `{name}` cannot be added up over keys; declare a sum and a count, and judge one `of` the other"),
                );
            }
        }
    }

    fn references(&mut self, project: &Project) {
        let stages: Vec<String> = project.stages.clone();
        for output in project.outputs.values() {
            if !output.stage.is_empty() && !stages.contains(&output.stage) {
                self.unknown(&output.declared, "stage", &output.stage, stages.iter());
            }
        }
        for gate in project.gates.values() {
            if let Some(stage) = gate.stage.as_ref().filter(|stage| !stages.contains(stage)) {
                self.unknown(&gate.declared, "stage", stage, stages.iter());
            }
            for required in gate.requires.iter().filter(|name| !project.gates.contains_key(*name)) {
                self.unknown(&gate.declared, "gate", required, project.gates.keys());
            }
        }
        self.circles(project);
        self.tolerances(project);
        let phases = project.runs.iter().filter_map(|ledger| Some((ledger, ledger.phase.as_ref()?)));
        for (ledger, stage) in phases.flat_map(|(ledger, phase)| phase.words.keys().map(move |stage| (ledger, stage))) {
            if !stages.contains(stage) {
                self.unknown(&ledger.declared, "stage", stage, stages.iter());
            }
        }
        self.complaints.extend(waivers::complaints(project));
    }

    /// What may fail is counted by the run ledger, for a processor as a whole.
    fn tolerances(&mut self, project: &Project) {
        let counted = project.runs.as_ref().is_some_and(|runs| runs.entities_done.is_some() && runs.entities_failed.is_some());
        let mut known: Vec<&Output> = Vec::new();
        for output in project.outputs.values().filter(|output| output.may_fail.is_some()) {
            let place = output.place("may_fail").to_owned();
            if !counted {
                self.complain(
                    &place,
                    "`may_fail` needs a run ledger that counts entities: add entities = { done = \"...\", failed = \"...\" } to [runs]",
                );
                return;
            }
            if output.date().is_none() {
                self.complain(&place, format!("`may_fail`: the key of output `{}` has no date, so it is in no week or phase", output.name));
            }
            let other = known.iter().find(|other| other.processor == output.processor && other.may_fail != output.may_fail);
            if let Some(other) = other {
                let message = format!("processor `{}` fills `{}` too, which has another `may_fail`", output.processor, other.name);
                self.complain(&place, message);
            }
            known.push(output);
        }
    }

    /// Gates that wait for each other never go.
    fn circles(&mut self, project: &Project) {
        let mut sound: BTreeSet<&str> = BTreeSet::new();
        for gate in project.gates.values() {
            let mut chain: Vec<&str> = Vec::new();
            if let Some(circle) = circle(project, &gate.name, &mut chain, &mut sound) {
                self.complain(&gate.declared, format!("gates that require each other never go: {circle}"));
                return;
            }
        }
    }

    /// Every expression must be one read-only expression. Those with template macros are checked once rendered.
    fn expressions(&mut self, project: &Project) {
        let dialect = project.targets.values().next().map_or(Dialect::DuckDb, |target| target.dialect);
        for (place, text) in expressions(project).into_iter().filter(|(_, text)| !text.contains("{{") && !text.contains("{%")) {
            if let Err(refusal) = check_expression(text, dialect) {
                self.complain(place, format!("`{text}`: {refusal}{}", quotes(text, dialect)));
            }
        }
    }
}

/// The gates from one that leads back to itself, in words. `sound` are those that are known to lead nowhere back.
fn circle<'a>(project: &'a Project, name: &'a str, chain: &mut Vec<&'a str>, sound: &mut BTreeSet<&'a str>) -> Option<String> {
    if let Some(at) = chain.iter().position(|known| *known == name) {
        return Some([&chain[at..], &[name]].concat().join(" -> "));
    }
    if sound.contains(name) {
        return None;
    }
    chain.push(name);
    let found = project.gates.get(name)?.requires.iter().find_map(|required| circle(project, required, chain, sound));
    chain.pop();
    sound.insert(name);
    found
}

fn mapped_key(own: &[KeyColumn], spine_key: &[KeyColumn]) -> Vec<KeyColumn> {
    let source = |key: &KeyColumn| {
        let named = own.iter().find(|column| column.name == key.name || (column.name.is_empty() && key.kind == Kind::Date));
        named.map_or_else(|| key.name.clone(), |column| column.source.clone())
    };
    spine_key.iter().map(|key| KeyColumn { name: key.name.clone(), kind: key.kind, source: source(key) }).collect()
}

/// Every SQL expression of the project file, and where it stands.
fn expressions(project: &Project) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = reading::of_project(project).iter().map(|reading| (reading.place, reading.text)).collect();
    // What is computed of a spine's keys, whatever they come from.
    for spine in project.spines.values().filter(|spine| !matches!(spine.source, SpineSource::Cross(_))) {
        let aggregates = [("weights", &spine.weights), ("attributes", &spine.attributes)].into_iter();
        let aggregates = aggregates.flat_map(|(key, texts)| texts.iter().map(move |(name, text)| (format!("{key}.{name}"), text)));
        found.extend(aggregates.map(|(path, text)| (spine.place(&path), text.as_str())));
        found.extend(spine.key.iter().map(|key| (spine.place(&format!("key.{}.from", key.name)), key.source.as_str())));
        found.extend(spine.filter.iter().map(|text| (spine.place("where"), text.as_str())));
    }
    for output in project.outputs.values() {
        found.extend(output.not_expected.filter.iter().map(|text| (output.place("not_expected.where"), text.as_str())));
        found.extend(output.due_when.iter().map(|text| (output.place("due_when"), text.as_str())));
    }
    found.retain(|(_, text)| !is_name(text));
    found
}

/// How to write a name of several words, if a text looks like one.
fn quotes(text: &str, dialect: Dialect) -> String {
    let is_of_words = text.contains(' ') && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' '));
    let quote = if matches!(dialect, Dialect::BigQuery | Dialect::Databricks) { '`' } else { '"' };
    if is_of_words { format!(", or quote it if it is one name: '{quote}{text}{quote}'") } else { String::new() }
}
