//! The small sections of the project file: targets, seasons and spines.

use std::path::Path;

use indexmap::IndexMap;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::toml::{Fields, Node};
use super::{adbc, bigquery, remote};
use crate::model::bytes;
use crate::model::catalogue::{Argument, KeyColumn, Output, Source, Spine, SpineSource, Target};
use crate::model::date::Step;
use crate::model::scope::Season;
use crate::model::sql::Dialect;
use crate::model::table::Kind;

pub(super) fn zone(node: &Node<'_>) -> Option<TimeZone> {
    let name = node.text()?;
    // Not those of this machine: the same rules, and so the same answers, everywhere; and nothing to look for on disk.
    let zone = TimeZoneDatabase::bundled().get(&name).ok();
    if zone.is_none() {
        node.complain(format!("unknown time zone \"{name}\"; write it as in America/New_York"));
    }
    zone
}

pub(super) fn target(name: &str, fields: &Fields<'_>, dir: &Path) -> Option<Target> {
    // It has no engine of its own.
    let own = Dialect::ALL.iter().filter(|dialect| **dialect != Dialect::Snowflake).map(|dialect| (Some(*dialect), dialect.name()));
    let engines: Vec<(Option<Dialect>, &str)> = own.chain([(None, "adbc")]).collect();
    let engine = fields.require("engine").and_then(|node| node.word(&engines));
    if engine == Some(None) {
        return adbc::source(fields, dir).map(|(dialect, source)| Target::new(name, dialect, source));
    }
    let dialect = engine.flatten();
    let database = fields.get("database");
    let folders = fields.get("load");
    let source = match (&database, &folders) {
        (None, None) if dialect == Some(Dialect::BigQuery) => bigquery::source(fields),
        (Some(database), None) => expand(database).map(|path| path.map_or_else(Source::Unset, |path| Source::Database(dir.join(path)))),
        (None, Some(folders)) => self::folders(folders, dir),
        (None, None) if dialect == Some(Dialect::DuckDb) => {
            fields.complain("a duckdb target needs `database` (a file) or `load` (a folder, or several)");
            None
        }
        (None, None) => remote::source(dialect, fields),
        (Some(_), Some(folders)) => {
            folders.complain("`database` and `load` exclude each other");
            None
        }
    };
    let (external_access, extensions) = (fields.get("external_access").and_then(|node| node.boolean()), fields.texts("extensions"));
    let (memory, threads) = (fields.get("memory").and_then(|node| memory(&node)), fields.positive("threads"));
    let target = Target::new(name, dialect?, source?);
    Some(Target { external_access: external_access.unwrap_or(false), extensions, memory, threads, ..target })
}

/// `"2 GB"`, or `"60%"` of what the machine has.
fn memory(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let is_share = text.strip_suffix('%').and_then(|share| share.trim().parse().ok()).is_some_and(|share: u8| (1..=100).contains(&share));
    if is_share {
        return Some(text);
    }
    let amount = bytes::parse(&text).filter(|bytes| *bytes > 0);
    if amount.is_none() {
        node.complain(format!("`{text}` is not an amount of memory; write it as \"2 GB\""));
    }
    amount.map(|bytes| format!("{bytes} B"))
}

/// The folders of a target, which are loaded one after the other.
fn folders(node: &Node<'_>, dir: &Path) -> Option<Source> {
    let mut folders = Vec::new();
    for folder in node.list() {
        match expand(&folder)? {
            Ok(path) => folders.push(dir.join(path)),
            Err(unset) => return Some(Source::Unset(unset)),
        }
    }
    if folders.is_empty() {
        node.complain("`load` names no folder");
        return None;
    }
    Some(Source::Folders(folders))
}

/// Replaces `${NAME}` by the environment's value; `Err` names a variable that is not set, which matters only once the
/// target is used.
pub(super) fn expand(node: &Node<'_>) -> Option<Result<String, String>> {
    let text = node.text()?;
    let mut expanded = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            node.complain("`${` without `}`");
            return None;
        };
        expanded.push_str(before);
        match std::env::var(name) {
            Ok(value) => expanded.push_str(&value),
            Err(_) => return Some(Err(name.to_owned())),
        }
        rest = behind;
    }
    Some(Ok(expanded + rest))
}

pub(super) fn season(name: &str, fields: &Fields<'_>) -> Option<Season> {
    let start = fields.require("start").and_then(|node| node.date());
    let end = fields.require("end").and_then(|node| node.date());
    let season = Season { name: name.to_owned(), start: start?, end: end? };
    if season.start > season.end {
        fields.complain(format!("season `{name}` ends before it starts"));
    }
    Some(season)
}

pub(super) fn spine(name: &str, fields: &Fields<'_>, dir: &Path) -> Option<Spine> {
    let sources = ["table", "sql", "calendar", "cadence", "output", "cross", "values"];
    let given: Vec<(&str, Node<'_>)> = sources.into_iter().filter_map(|key| Some((key, fields.get(key)?))).collect();
    let mut key = fields.get("key").and_then(|node| node.fields()).map(|fields| key_columns(&fields)).unwrap_or_default();
    let weights = fields.get("weights").and_then(|node| node.fields()).map(|fields| texts_by_name(&fields)).unwrap_or_default();
    let attributes = fields.get("attributes").and_then(|node| node.fields()).map(|fields| texts_by_name(&fields)).unwrap_or_default();
    let filter = fields.text("where");
    let [(kind, node)] = given.as_slice() else {
        fields.complain(format!("spine `{name}` needs exactly one source; known: {}", sources.join(", ")));
        return None;
    };
    let source = match *kind {
        "table" => SpineSource::Table(node.text()?),
        "sql" => sql_file(node, dir)?,
        "calendar" => calendar(node, "from")?,
        "cadence" => calendar(node, "anchor")?,
        "output" => SpineSource::Output(node.text()?),
        "cross" => SpineSource::Cross(node.texts()),
        _ => {
            let (column, values) = values(node)?;
            key = vec![column];
            SpineSource::Values(values)
        }
    };
    match source {
        SpineSource::Calendar { .. } if key.is_empty() => {
            key = vec![KeyColumn { name: "date".into(), kind: Kind::Date, source: "date".into() }]
        }
        SpineSource::Cross(_) if !key.is_empty() => fields.complain("a cross product takes its key from its parts: remove `key`"),
        SpineSource::Table(_) | SpineSource::Sql { .. } if key.is_empty() => {
            fields.complain("`key` is missing: write it as key = { game_date = \"date\" }")
        }
        _ => {}
    }
    Some(Spine { name: name.to_owned(), source, key, weights, attributes, filter, declared: fields.place(), places: fields.places() })
}

fn sql_file(node: &Node<'_>, dir: &Path) -> Option<SpineSource> {
    let name = node.text()?;
    let inside = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    if !inside {
        node.complain(format!("{name} is not a file of the project"));
        return None;
    }
    let file = dir.join(&name);
    let text = std::fs::read_to_string(&file).map_err(|error| node.complain(format!("cannot read {name}: {error}"))).ok()?;
    Some(SpineSource::Sql { file: name.into(), text })
}

/// A calendar (`"1 day"`, or a table) or a cadence (`"monthly"`, or a table with its anchor).
fn calendar(node: &Node<'_>, start: &'static str) -> Option<SpineSource> {
    let step_of = |node: &Node<'_>| {
        let text = node.text()?;
        let step = Step::parse(&text);
        if step.is_none() {
            node.complain(Step::unknown(&text));
        }
        step
    };
    let needs_anchor = |step: Step| {
        if step != Step::Days(1) {
            let example = format!("{{ step = \"2 weeks\", {start} = 2024-01-31 }}");
            node.complain(format!("`{start}` is missing: the date that the others are counted from, as in {example}"));
        }
    };
    if node.is_text() {
        let step = step_of(node)?;
        needs_anchor(step);
        return Some(SpineSource::Calendar { step, anchor: None, until: None, weekdays: Vec::new() });
    }
    let fields = node.fields()?;
    let step = fields.require("step").and_then(|node| step_of(&node));
    let anchor = fields.get(start).and_then(|node| node.date());
    let until = fields.get("until").and_then(|node| node.date());
    let words = [(1, "mon"), (2, "tue"), (3, "wed"), (4, "thu"), (5, "fri"), (6, "sat"), (7, "sun")];
    let days = fields.get("weekdays").map(|node| node.list());
    if days.as_ref().is_some_and(Vec::is_empty) {
        fields.complain("`weekdays` names no day");
    }
    let weekdays = days.unwrap_or_default().iter().filter_map(|node| node.word(&words)).collect();
    if anchor.zip(until).is_some_and(|(anchor, until)| anchor > until) {
        fields.complain(format!("`until` is before `{start}`"));
    }
    fields.finish();
    if fields.get(start).is_none() {
        step.into_iter().for_each(needs_anchor);
    }
    Some(SpineSource::Calendar { step: step?, anchor, until, weekdays })
}

fn values(node: &Node<'_>) -> Option<(KeyColumn, Vec<String>)> {
    let fields = node.fields()?;
    let entries: Vec<_> = fields.entries().collect();
    let [(name, list)] = entries.as_slice() else {
        node.complain("write values as { model = [\"naive\", \"xgboost\"] }, one column a spine");
        return None;
    };
    let texts = list.texts();
    if texts.is_empty() {
        list.complain("`values` names no key");
    }
    if let Some((_, text)) = texts.iter().enumerate().find(|(at, text)| texts[..*at].contains(text)) {
        list.complain(format!("`values` names {text:?} twice"));
    }
    Some((KeyColumn { name: name.clone(), kind: Kind::Text, source: name.clone() }, texts))
}

/// `{ game_date = "date", team = { type = "text", from = "team_abbr" } }`
fn key_columns(fields: &Fields<'_>) -> Vec<KeyColumn> {
    let kinds = [(Kind::Date, "date"), (Kind::Text, "text"), (Kind::Int, "int"), (Kind::Timestamp, "timestamp")];
    let column = |(name, node): (String, Node<'_>)| {
        if node.is_text() {
            return Some(KeyColumn { source: name.clone(), kind: node.word(&kinds)?, name });
        }
        let fields = node.fields()?;
        let kind = fields.require("type").and_then(|node| node.word(&kinds));
        let source = fields.text("from").unwrap_or_else(|| name.clone());
        fields.finish();
        Some(KeyColumn { name, kind: kind?, source })
    };
    fields.entries().filter_map(column).collect()
}

pub(super) fn texts_by_name(fields: &Fields<'_>) -> IndexMap<String, String> {
    fields.entries().filter_map(|(name, node)| Some((name, node.text()?))).collect()
}

/// Whether a pattern (`name`, `stage.name`, either with `*`) means this output.
pub(crate) fn selects(pattern: &str, output: &Output) -> bool {
    let full = format!("{}.{}", output.stage, output.name);
    glob::Pattern::new(pattern).is_ok_and(|glob| glob.matches(&output.name) || glob.matches(&full))
}

pub(super) fn argument(node: &Node<'_>) -> Option<Argument> {
    if node.is_list() {
        return Some(Argument::List(node.texts()));
    }
    if node.is_text() {
        return node.text().map(Argument::Text);
    }
    if node.is_date() {
        return node.date().map(|date| Argument::Text(date.to_string()));
    }
    if node.is_bool() {
        return node.boolean().map(Argument::Bool);
    }
    let number = node.number()?;
    let whole = number.is_integer().then(|| i64::try_from(number.fraction().0).ok()).flatten();
    Some(whole.map_or(Argument::Number(number), Argument::Int))
}
