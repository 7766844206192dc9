//! What outputs read of one another, in the project file, and whether it makes sense there.

use super::parts::selects;
use super::toml::{Fields, Node};
use crate::error::{Complaint, did_you_mean};
use crate::model::catalogue::{After, Lookback, Output, Project, Reads, RetryPolicy, Spine, SpineSource};
use crate::model::date::Step;
use crate::model::plan::order::order;
use crate::model::scope::Season;

/// `["raw.*", { output = "prices", lookback = 5, same_day = false }]`
pub(super) fn after(fields: &Fields<'_>) -> Vec<After> {
    let nodes = fields.get("after").map(|node| node.list()).unwrap_or_default();
    nodes.iter().filter_map(one_after).collect()
}

fn one_after(node: &Node<'_>) -> Option<After> {
    if !node.is_table() {
        return Some(After { pattern: node.text()?, lookback: None, same_day: true });
    }
    let fields = node.fields()?;
    let after = After {
        pattern: fields.required_text("output"),
        lookback: fields.get("lookback").and_then(|node| lookback(&node)),
        same_day: fields.get("same_day").and_then(|node| node.boolean()).unwrap_or(true),
    };
    fields.finish();
    Some(after)
}

/// `15`, or `{ events = 15, of = "team_games" }`
pub(super) fn lookback(node: &Node<'_>) -> Option<Lookback> {
    if !node.is_table() {
        return node.integer().map(Lookback::Keys);
    }
    let fields = node.fields()?;
    let count = fields.require("events").and_then(|node| node.integer());
    let of = fields.required_text("of");
    fields.finish();
    Some(Lookback::Events { count: count?, of })
}

/// The section `[retry]`.
pub(super) fn retry(fields: &Fields<'_>) -> Option<RetryPolicy> {
    let usual = RetryPolicy::default();
    let number = |fields: &Fields<'_>, key, usual| fields.get(key).and_then(|node| node.integer()).unwrap_or(usual);
    let mut policy = RetryPolicy {
        attempts: number(fields, "attempts", usual.attempts),
        wait_minutes: number(fields, "wait_minutes", usual.wait_minutes),
        stale_after_minutes: number(fields, "stale_after_minutes", usual.stale_after_minutes),
        ..usual
    };
    if let Some(storm) = fields.get("storm").and_then(|node| node.fields()) {
        policy.alike = number(&storm, "alike", usual.alike);
        policy.failures = number(&storm, "failures", usual.failures);
        storm.finish();
    }
    if policy.attempts == 0 {
        fields.complain("`attempts` is at least 1; to run nothing again, leave the output out with --select");
    }
    fields.finish();
    Some(policy)
}

/// Fills in what each `after` means, and complains of what no plan could be made of.
pub(super) fn resolve(project: &mut Project) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut found: Vec<Vec<Reads>> = Vec::new();
    for output in project.outputs.values() {
        found.push(reads(project, output, &mut complaints));
    }
    for (output, reads) in project.outputs.values_mut().zip(found) {
        output.upstreams = reads.iter().map(|reads| reads.output.clone()).collect();
        output.reads = reads;
    }
    complaints.extend(cycle(project));
    for output in project.outputs.values() {
        let lookbacks = output.reads.iter().map(|reads| (&reads.lookback, &reads.output));
        let own = output.window.map(Lookback::Keys);
        for (lookback, read) in lookbacks.chain(own.iter().map(|own| (own, &output.name))) {
            complaints.extend(unfit(project, output, lookback, read).map(|message| Complaint::at(&output.declared, message)));
        }
    }
    complaints
}

/// What one output reads; the later of two that mean the same upstream says how.
fn reads(project: &Project, output: &Output, complaints: &mut Vec<Complaint>) -> Vec<Reads> {
    let mut found: Vec<Reads> = Vec::new();
    for After { pattern, lookback, same_day } in &output.after {
        let mut meant = project.outputs.values().filter(|other| selects(pattern, other) && other.name != output.name).peekable();
        if meant.peek().is_none() {
            let hint = did_you_mean(pattern, project.outputs.keys().map(String::as_str));
            let known: Vec<&str> = project.outputs.keys().take(12).map(String::as_str).collect();
            let message = format!("no upstream output is named \"{pattern}\"{hint}; known: {}", known.join(", "));
            complaints.push(Complaint::at(&output.declared, message));
        }
        let lookback = lookback.clone().or_else(|| output.lookback.clone()).unwrap_or(Lookback::Keys(0));
        for other in meant {
            let reads = Reads { output: other.name.clone(), lookback: lookback.clone(), same_day: *same_day };
            match found.iter_mut().find(|earlier| earlier.output == reads.output) {
                Some(earlier) => *earlier = reads,
                None => found.push(reads),
            }
        }
    }
    found
}

/// Outputs that come after themselves.
fn cycle(project: &Project) -> Option<Complaint> {
    let number = |name: &String| project.outputs.get_index_of(name);
    let reads: Vec<Vec<usize>> = project.outputs.values().map(|output| output.needs().filter_map(number).collect()).collect();
    let cycle = order(&reads).err()?;
    let outputs: Vec<&Output> = cycle.iter().map(|at| &project.outputs[*at]).collect();
    let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    let message = format!("these outputs come after one another in a circle: {}; correct `after`", names.join(" after "));
    Some(Complaint::at(&outputs.first()?.declared, message))
}

/// Why a lookback makes no sense, if it does not.
fn unfit(project: &Project, output: &Output, lookback: &Lookback, read: &str) -> Option<String> {
    let upstream = project.outputs.get(read)?;
    if lookback.count() == 0 {
        return None;
    }
    let counted = match lookback {
        Lookback::Keys(_) => upstream,
        Lookback::Events { of, .. } => match project.outputs.get(of) {
            None => {
                let hint = did_you_mean(of, project.outputs.keys().map(String::as_str));
                return Some(format!("the events of `lookback` are of no output \"{of}\"{hint}"));
            }
            Some(events) if events.date().is_none() || events.key.len() < 2 => {
                return Some(format!("the key of `{of}` has no date and entity, so its keys are no events to look back on"));
            }
            Some(events) => events,
        },
    };
    let dated = |output: &&Output| output.date().is_some();
    if let Some(undated) = [output, counted].iter().find(|output| !dated(output)) {
        return Some(format!("a lookback from `{}` to `{read}` needs dates, and the key of `{}` has none", output.name, undated.name));
    }
    let spine = project.spines.get(&counted.spine)?;
    let most = project.seasons.iter().map(|season| most_keys(spine, season, project)).max()?;
    let what = if output.name == read { "window" } else { "lookback" };
    let message = format!(
        "the {what} of {} keys of `{}` that `{}` reads is longer than any season, which has {most} at most",
        lookback.count(),
        counted.name,
        output.name
    );
    (i64::from(lookback.count()) > most).then_some(message)
}

/// How many dates a season can have at most, by the calendar alone.
fn most_keys(spine: &Spine, season: &Season, project: &Project) -> i64 {
    let days = i64::from((season.end - season.start).get_days()) + 1;
    match &spine.source {
        SpineSource::Calendar { step: Step::Days(step), .. } => days / i64::from(*step) + 1,
        SpineSource::Calendar { step: Step::Months(step), .. } => days / (28 * i64::from(*step)) + 1,
        SpineSource::Cross(parts) => {
            let dated = parts.iter().filter_map(|part| project.spines.get(part)).find(|part| part.date().is_some());
            dated.map_or(days, |part| most_keys(part, season, project))
        }
        _ => days,
    }
}
