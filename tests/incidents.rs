//! What happened to real pipelines, as cases: each incident is caught by a check at its stage, and the same check stays quiet
//! on healthy rows that look alike. `queries::every_query_answers_every_case` runs them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gapgate::load::project;
use gapgate::model::fixture::Case;
use gapgate::model::verdict::Verdict;
use serde::Deserialize;

use super::queries::{Proof, proofs};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Something that happened, and where it has to be caught.
#[derive(Deserialize)]
#[serde(untagged)]
enum Incident {
    ByRows { what: String, stage: String, when: String },
    NotByRows { what: String, not_by_rows: String, guard: String },
}

/// A case of an incident, with the stages whose outputs it looks at.
struct Shown<'a> {
    case: &'a Case,
    stages: BTreeSet<String>,
}

impl Shown<'_> {
    fn is_quiet(&self) -> bool {
        self.case.verdict == Some(Verdict::Pass)
    }
}

/// The incidents in the order of their numbers.
fn incidents() -> Vec<(String, Incident)> {
    let text = fs::read_to_string(Path::new(ROOT).join("tests/fixtures/incidents.toml")).expect("the incidents");
    let incidents: BTreeMap<String, Incident> = toml::from_str(&text).expect("the incidents are well-formed");
    let mut incidents: Vec<(String, Incident)> = incidents.into_iter().collect();
    incidents.sort_by_key(|(id, _)| id.trim_start_matches('I').parse::<u32>().expect("an id such as I7"));
    incidents
}

/// The ids of all incidents, which cases name beside pitfalls.
pub(crate) fn ids() -> Vec<String> {
    incidents().into_iter().map(|(id, _)| id).collect()
}

/// The stages of the outputs that a case names in its arguments, what it declares itself included; all if it names none.
fn stages(proof: &Proof, case: &Case) -> BTreeSet<String> {
    let (declare, line) = case.declare.clone().unwrap_or_default();
    let project = project::load_with(&proof.folder, &declare, &case.file, line).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let names: BTreeSet<&str> = case.args.iter().filter_map(|arg| arg.split_once('=')).flat_map(|(_, names)| names.split(',')).collect();
    let stage = |name: &&str| project.outputs.get(*name).map(|output| output.stage.clone());
    let found: BTreeSet<String> = names.iter().filter_map(stage).collect();
    if found.is_empty() { project.stages.iter().cloned().collect() } else { found }
}

/// The cases of an incident by query: those in which something is wrong, and those that only look so.
fn shown<'a>(proofs: &'a [Proof], id: &str) -> BTreeMap<&'a str, (Vec<Shown<'a>>, Vec<Shown<'a>>)> {
    let mut by_query: BTreeMap<&str, (Vec<Shown>, Vec<Shown>)> = BTreeMap::new();
    for proof in proofs {
        for case in proof.cases().filter(|case| case.verdict.is_some() && case.pitfalls.iter().any(|name| name == id)) {
            let shown = Shown { case, stages: stages(proof, case) };
            let (caught, quiet) = by_query.entry(&case.query).or_default();
            if shown.is_quiet() { quiet.push(shown) } else { caught.push(shown) }
        }
    }
    by_query
}

#[test]
fn every_incident_is_caught_and_its_twin_is_quiet() {
    let proofs = proofs();
    let mut faults = Vec::new();
    for (id, incident) in incidents() {
        let by_query = shown(&proofs, &id);
        match incident {
            Incident::NotByRows { .. } if !by_query.is_empty() => faults.push(format!("{id}: rows do show it")),
            Incident::NotByRows { .. } => {}
            Incident::ByRows { stage, .. } => {
                let catches = by_query.values().flat_map(|(caught, _)| caught).any(|shown| shown.stages.contains(&stage));
                if !catches {
                    faults.push(format!("{id}: no case shows that a check of stage {stage} speaks"));
                }
                for (query, (caught, quiet)) in by_query {
                    if caught.is_empty() != quiet.is_empty() {
                        faults.push(format!("{id}: {query} has {} cases that it catches and {} twins", caught.len(), quiet.len()));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One line for each incident and check, and what rows cannot show below.
fn page() -> String {
    let proofs = proofs();
    let list = |cases: &[Shown]| -> String {
        let line = |shown: &Shown| format!("{}: **{}**", shown.case.name, shown.case.verdict.map_or("", Verdict::name));
        cases.iter().map(line).collect::<Vec<String>>().join("<br>")
    };
    let (mut by_rows, mut others) = (String::new(), String::new());
    for (id, incident) in incidents() {
        match incident {
            Incident::NotByRows { what, not_by_rows, guard } => others += &format!("| {id} | {what} | {not_by_rows} | {guard} |\n"),
            Incident::ByRows { what, stage, when } => {
                for (n, (query, (caught, quiet))) in shown(&proofs, &id).into_iter().enumerate() {
                    let head = if n == 0 { format!("{id} | {what} | {stage}, {when}") } else { " | | ".to_owned() };
                    by_rows += &format!("| {head} | `{query}` | {} | {} |\n", list(&caught), list(&quiet));
                }
            }
        }
    }
    format!("{HEAD}{by_rows}\n{REST}{others}")
}

const HEAD: &str = "\
# Incidents

What really happened to the data of such pipelines, which check of the library catches it, at which stage and when, and what the
same check has to stay quiet about although it looks alike. Every line is a case on the rows in `tests/fixtures`, which the tests run; this
page is made from them by `INSTA_UPDATE=always cargo test the_page_of_incidents_is_fresh`.

| | what happened | stage, and when | check | the damage, and what the check says | the twin, and what it says |
|---|---|---|---|---|---|
";

const REST: &str = "\
## What rows cannot show

| | what happened | why not | what guards against it |
|---|---|---|---|
";

#[test]
fn the_page_of_incidents_is_fresh() {
    let file = Path::new(ROOT).join("tests/fixtures/incidents/README.md");
    let now = page();
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&file, &now).expect("the page is written");
    }
    let is = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        is == now,
        "tests/fixtures/incidents/README.md is stale; INSTA_UPDATE=always cargo test the_page_of_incidents_is_fresh renews it"
    );
}
