//! A retry plan for programs: JSON, and what Airflow, Dagster and GitHub Actions take.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use crate::model::retry::{RetryItem, Run, runs};
use crate::model::schedule::{Schedule, Scheduled, Waiting};

/// The name and version of the JSON format.
pub const VERSION: &str = "gapgate.waves/1";

/// The most jobs that a matrix of GitHub Actions may have.
const JOBS: usize = 256;

/// Every wanted key, one object per line.
pub fn jsonl<'a>(keys: impl IntoIterator<Item = &'a Scheduled>) -> String {
    keys.into_iter().map(|key| format!("{}\n", scheduled(key))).collect()
}

/// The whole plan as one object.
pub fn json<'a>(schedule: &'a Schedule, keys: impl IntoIterator<Item = &'a Scheduled>) -> String {
    let undecided = schedule.undecided.iter().map(|(what, why)| json!({ "what": what, "why": why }));
    let document = json!({
        "format": VERSION,
        "waves": schedule.waves(),
        "complete": schedule.undecided.is_empty(),
        "undecided": undecided.collect::<Vec<_>>(),
        "notes": schedule.notes,
        "keys": keys.into_iter().map(scheduled).collect::<Vec<_>>(),
        "impact": schedule.impact.iter().map(scheduled).collect::<Vec<_>>(),
    });
    pretty(&document)
}

fn scheduled(key: &Scheduled) -> Json {
    let item = &key.item;
    json!({
        "wave": key.wave(),
        "status": key.status(),
        "stage": item.stage,
        "output": item.output,
        "key": key_of(item),
        "class": item.class,
        "reason": item.reason,
        "stale": key.stale,
        "attempts": item.attempts,
        "last": item.last,
        "next_try": key.next_try.map(|next| next.to_string()),
        "note": key.note,
        "waits_for": key.waits.iter().map(waiting).collect::<Vec<_>>(),
    })
}

fn waiting(wait: &Waiting) -> Json {
    json!({
        "output": wait.output,
        "keys": wait.keys,
        "root": { "output": wait.root.0, "key": wait.root.1, "reason": wait.root_reason },
    })
}

fn key_of(item: &RetryItem) -> Map<String, Json> {
    let value = |value| serde_json::to_value(value).unwrap_or_default();
    item.columns.iter().map(|column| column.name.clone()).zip(item.key.iter().map(value)).collect()
}

/// One line per key: the body of a request that triggers a run of a DAG, `POST /dags/{output}/dagRuns`. The logical date is
/// the key's date at midnight in this zone; a key without date has none.
pub fn airflow<'a>(keys: impl IntoIterator<Item = &'a Scheduled>, zone: &TimeZone) -> String {
    let line = |key: &Scheduled| {
        let item = &key.item;
        let midnight = item.date().and_then(|date| date.to_datetime(Time::midnight()).to_zoned(zone.clone()).ok());
        let next = item.attempts.unwrap_or(0) + 1;
        let body = json!({
            "dag_run_id": format!("gapgate__{}__{}__{next}", item.output, item.text()),
            "logical_date": midnight.map(|midnight| midnight.timestamp().to_string()),
            "conf": {
                "wave": key.wave(),
                "stage": item.stage,
                "output": item.output,
                "partition_key": partition(item),
                "key": key_of(item),
            },
        });
        format!("{body}\n")
    };
    keys.into_iter().filter(|key| key.wave().is_some()).map(line).collect()
}

/// One line per wave and output: the parameters of a backfill of the asset of that name.
pub fn dagster(schedule: &Schedule, waves: impl IntoIterator<Item = u32>) -> String {
    let mut text = String::new();
    for wave in waves {
        let keys: Vec<&Scheduled> = schedule.wave(wave).collect();
        for of_output in keys.chunk_by(|a, b| a.item.output == b.item.output) {
            let output = &of_output[0].item.output;
            let names: Vec<String> = of_output.iter().map(|key| partition(&key.item)).collect();
            let params = json!({ "assetSelection": [{ "path": [output] }], "partitionNames": names });
            text.push_str(&format!("{}\n", json!({ "wave": wave, "output": output, "backfillParams": params })));
        }
    }
    text
}

/// The key of a partition: the values in the order of the names of their columns, as partitions of several dimensions have them.
fn partition(item: &RetryItem) -> String {
    let mut parts: Vec<(&str, String)> =
        item.columns.iter().map(|column| column.name.as_str()).zip(item.key.iter().map(ToString::to_string)).collect();
    parts.sort();
    parts.into_iter().map(|(_, value)| value).collect::<Vec<_>>().join("|")
}

/// One matrix of jobs per wave, each job a run of neighbouring keys; the matrix itself if a single wave is asked for.
///
/// # Errors
/// A wave that has more runs than a matrix may have jobs: none is left out.
pub fn github_matrix(schedule: &Schedule, waves: &[u32], single: bool) -> Result<String, String> {
    let mut matrices = Vec::new();
    for wave in waves {
        let jobs: Vec<Json> = runs(schedule.wave(*wave).map(|key| &key.item)).iter().map(|run| job(*wave, run)).collect();
        if jobs.len() > JOBS {
            return Err(format!(
                "wave {wave} has {} runs of keys, and a matrix may have {JOBS} jobs: narrow it down with --select, --season or --from and --to",
                jobs.len()
            ));
        }
        matrices.push(json!({ "include": jobs }));
    }
    Ok(match (single, matrices.pop()) {
        (true, matrix) => format!("{}\n", matrix.unwrap_or_else(|| json!({ "include": [] }))),
        (false, last) => format!("{}\n", json!({ "waves": matrices.into_iter().chain(last).collect::<Vec<_>>() })),
    })
}

fn job(wave: u32, run: &Run<'_>) -> Json {
    let date = |item: &RetryItem| item.date().map(|date| date.to_string());
    let mut job = json!({ "wave": wave, "stage": run.first.stage, "output": run.first.output, "keys": run.keys });
    let rest = key_of(run.first).into_iter().filter(|(name, _)| {
        let dated = run.first.columns.iter().find(|column| column.name == *name);
        dated.is_none_or(|column| column.kind != crate::model::table::Kind::Date)
    });
    if let Some(members) = job.as_object_mut() {
        // A matrix has texts, so a column called like one of its own members would hide it.
        members.extend(rest.map(|(name, value)| (format!("key_{name}"), value)));
        members.extend(date(run.first).map(|from| ("from".to_owned(), Json::from(from))));
        members.extend(date(run.last).map(|to| ("to".to_owned(), Json::from(to))));
    }
    job
}

fn pretty(document: &Json) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
