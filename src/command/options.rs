//! What the common flags mean: scope, target, selection, arguments, formats.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::cli::Common;
use crate::error::{Error, did_you_mean};
use crate::load::scope::Words;
use crate::load::{self, selects};
use crate::model::catalogue::{Gate, Output, Project, Source, Target};
use crate::model::scope::{Scope, parse_as_of};
use crate::model::sql::Dialect;
use crate::report::Place;

/// The seasons or dates to look at, and the as-of moment.
pub(super) fn scope(common: &Common, project: &Project, now: jiff::Timestamp) -> Result<Scope, Error> {
    let asked = |text| parse_as_of(text, &project.zone).map_err(|message| Error::Usage(format!("--as-of: {message}")));
    let frozen = common.as_of.as_deref().map(asked).transpose()?.or(project.as_of);
    let as_of = frozen.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).datetime());
    let words = Words { seasons: &common.season, from: common.from.as_deref(), to: common.to.as_deref(), prefix: "--" };
    let scope = load::scope::scope(project, words, as_of).map_err(Error::Usage)?;
    Ok(Scope { is_now: frozen.is_none(), ..scope })
}

/// The target to ask.
pub(super) fn target(common: &Common, project: &Project) -> Result<Target, Error> {
    let found = match &common.target {
        None => project.targets.values().next(),
        Some(name) => project.targets.get(name),
    };
    let mut target = found.cloned().ok_or_else(|| {
        let names: Vec<&str> = project.targets.keys().map(String::as_str).collect();
        let name = common.target.as_deref().unwrap_or_default();
        Error::Usage(format!("no target is named \"{name}\"{}; known: {}", did_you_mean(name, names.iter().copied()), names.join(", ")))
    })?;
    match (common.max_bytes, &mut target.source) {
        (None, _) | (_, Source::Unset(_)) => {}
        (Some(most), Source::BigQuery(place)) => place.max_bytes = most,
        (Some(_), _) => {
            return Err(Error::Usage(format!(
                "--max-bytes cannot be kept by target `{}`: {} does not say beforehand what a statement reads",
                target.name,
                target.engine()
            )));
        }
    }
    Ok(target)
}

/// The dialect of that name.
pub(super) fn dialect(name: &str) -> Result<Dialect, Error> {
    Dialect::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
        Error::Usage(format!("unknown dialect \"{name}\"{}; known: {}", did_you_mean(name, known.iter().copied()), known.join(", ")))
    })
}

/// The outputs that `--select` leaves of these, in order. Nothing left is an error.
pub(super) fn select(common: &Common, project: &Project, outputs: Vec<String>) -> Result<Vec<String>, Error> {
    let (without, with): (Vec<&String>, Vec<&String>) = common.select.iter().partition(|selector| selector.starts_with('!'));
    for selector in &common.select {
        let selector = selector.trim_start_matches('!');
        if !project.outputs.values().any(|output| matches(selector, output)) {
            let known = project.outputs.keys().map(String::as_str);
            return Err(Error::Usage(format!("--select {selector} names no output{}", did_you_mean(selector, known))));
        }
    }
    let kept = |name: &String| {
        project.outputs.get(name).is_some_and(|output| {
            let included = project.is_in_mode(name) && (with.is_empty() || with.iter().any(|selector| matches(selector, output)));
            included && !without.iter().any(|selector| matches(selector.trim_start_matches('!'), output))
        })
    };
    let selected: Vec<String> = outputs.into_iter().filter(kept).collect();
    if selected.is_empty() {
        let mode = project.mode.as_ref().map(|mode| format!(" of mode `{}`", mode.name)).unwrap_or_default();
        return Err(Error::Usage(format!("the selection holds no output{mode}, so there is nothing to look at")));
    }
    Ok(selected)
}

fn matches(selector: &str, output: &Output) -> bool {
    match selector.split_once(':') {
        Some(("stage", stage)) => output.stage == stage,
        Some(("tag", tag)) => output.tags.iter().any(|own| own == tag),
        Some(_) => false,
        None => selects(selector, output),
    }
}

/// The outputs of stages, gates or outputs by name, in stage order; all if no name is given.
pub(super) fn outputs(common: &Common, project: &Project, names: &[String]) -> Result<Vec<String>, Error> {
    let mut wanted: Vec<String> = Vec::new();
    for name in names {
        let found: Vec<String> = if project.stages.contains(name) {
            project.stage_outputs(name).map(|output| output.name.clone()).collect()
        } else if let Some(gate) = project.gates.get(name) {
            gate.outputs.clone()
        } else if project.outputs.contains_key(name) {
            vec![name.clone()]
        } else {
            let known = project.stages.iter().chain(project.gates.keys()).chain(project.outputs.keys()).map(String::as_str);
            return Err(Error::Usage(format!("no stage, gate or output is named \"{name}\"{}", did_you_mean(name, known))));
        };
        wanted.extend(found);
    }
    let mut outputs: Vec<&Output> = project.outputs.values().filter(|output| names.is_empty() || wanted.contains(&output.name)).collect();
    outputs.sort_by_key(|output| project.stage_position(&output.stage));
    select(common, project, outputs.into_iter().map(|output| output.name.clone()).collect())
}

/// The gates to ask, each after those that it requires. The named one, or all, are cut down to the selection.
pub(super) fn gates(common: &Common, project: &Project, name: Option<&str>) -> Result<Vec<Gate>, Error> {
    let gates: Vec<&Gate> = match name {
        None => project.gates.values().collect(),
        Some(name) => vec![project.gates.get(name).ok_or_else(|| {
            let known: Vec<&str> = project.gates.keys().map(String::as_str).collect();
            Error::Usage(format!("no gate is named \"{name}\"{}; known: {}", did_you_mean(name, known.iter().copied()), known.join(", ")))
        })?],
    };
    if gates.is_empty() {
        return Err(Error::Usage("the project has no gate: add [gates.NAME] with a stage".to_owned()));
    }
    let cut = |gate: &Gate| Ok(Gate { outputs: select(common, project, gate.outputs.clone())?, ..gate.clone() });
    let kept: Vec<Result<Gate, Error>> = gates.into_iter().map(cut).collect();
    // With several gates, those that the selection empties are left out; with none left, the error stands.
    let kept: Vec<Gate> = if kept.iter().any(Result::is_ok) && name.is_none() {
        kept.into_iter().filter_map(Result::ok).collect()
    } else {
        kept.into_iter().collect::<Result<_, _>>()?
    };
    // A gate that others require is asked in full, whatever is selected of them.
    let ordered = project.with_required(kept.iter().map(|gate| gate.name.as_str()));
    let cut = |gate: &Gate| kept.iter().find(|kept| kept.name == gate.name).unwrap_or(gate).clone();
    Ok(ordered.into_iter().map(cut).collect())
}

/// The formats that were asked for, each with its place. The first without a file goes to standard output.
pub(super) fn formats<T: Copy>(common: &Common, known: &[(T, &str)]) -> Result<Vec<(T, Place)>, Error> {
    let mut wanted = Vec::new();
    for word in &common.format {
        let (name, file) = word.split_once('=').map_or((word.as_str(), None), |(name, file)| (name, Some(file)));
        let Some((format, _)) = known.iter().find(|(_, known)| *known == name) else {
            let names: Vec<&str> = known.iter().map(|(_, name)| *name).collect();
            return Err(Error::Usage(format!(
                "unknown format \"{name}\"{}; known: {}",
                did_you_mean(name, names.iter().copied()),
                names.join(", ")
            )));
        };
        let place = match file {
            Some("") => return Err(Error::Usage(format!("--format {name}= names no file"))),
            Some(file) => Place::File(report_file(file)?),
            None => Place::Stdout,
        };
        wanted.push((*format, place));
    }
    if wanted.iter().filter(|(_, place)| *place == Place::Stdout).count() > 1 {
        return Err(Error::Usage(
            "only one format can go to standard output; give the others a file: --format json=report.json".to_owned(),
        ));
    }
    let twice = |place: &Place| *place != Place::Stdout && wanted.iter().filter(|(_, other)| other == place).count() > 1;
    if let Some((_, Place::File(file))) = wanted.iter().find(|(_, place)| twice(place)) {
        return Err(Error::Usage(format!("two formats go to {}, and only one could stay", file.display())));
    }
    if wanted.iter().all(|(_, place)| *place != Place::Stdout) {
        wanted.insert(0, (known[0].0, Place::Stdout));
    }
    Ok(wanted)
}

/// A file that a report may be written to: its folder is there, and it is not one of the user's sources.
pub(super) fn report_file(file: &str) -> Result<PathBuf, Error> {
    let path = PathBuf::from(file);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Error::Usage(format!("cannot write {file}: there is no folder {}", folder.display())));
    }
    if path.is_dir() {
        return Err(Error::Usage(format!("cannot write {file}: it is a folder")));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if path.is_file() && SOURCES.contains(&ending.as_str()) {
        return Err(Error::Usage(format!(
            "{file} would be overwritten, and a file that ends in .{ending} is hardly a report; choose another name"
        )));
    }
    Ok(path)
}

/// Endings of files that people write and reports never have.
const SOURCES: [&str; 7] = ["toml", "sql", "duckdb", "db", "parquet", "py", "rs"];
