//! Recorded runs and overrides of a project.

use std::path::{Path, PathBuf};

use super::text;
use crate::error::{Complaint, Error, did_you_mean};
use crate::model::record::{OVERRIDES, RUNS, Record};
use crate::model::report::Override;

/// The format of reports that can be compared.
const FORMAT: &str = "gapgate.report/1";

/// The recorded runs of the project in `dir`, oldest first: their names and files.
///
/// # Errors
/// [`Error::Complaints`] if the folder cannot be read.
pub fn runs(dir: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let folder = dir.join(RUNS);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let files = text::files(&folder, &["json"]).map_err(|error| complaint(RUNS, 0, format!("cannot be read: {error}")))?;
    let name = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(files.into_iter().map(|path| (name(&path), path)).collect())
}

/// A run by the name of its record or the beginning of it, or by the path of a JSON report.
///
/// # Errors
/// [`Error::Usage`] if there is no such run or several, [`Error::Complaints`] if its file is no report.
pub fn run(dir: &Path, name: &str) -> Result<(String, Record), Error> {
    let runs = runs(dir)?;
    let found: Vec<&(String, PathBuf)> = match runs.iter().find(|(known, _)| known == name) {
        Some(run) => vec![run],
        None => runs.iter().filter(|(known, _)| known.starts_with(name)).collect(),
    };
    match found.as_slice() {
        [(name, path)] => Ok((name.clone(), read(path, &format!("{RUNS}/{name}.json"))?)),
        [] if Path::new(name).is_file() => Ok((name.to_owned(), read(Path::new(name), name)?)),
        [] => {
            let hint = did_you_mean(name, runs.iter().map(|(known, _)| known.as_str()));
            Err(Error::Usage(format!(
                "no run is recorded as \"{name}\"{hint}, and there is no such file; `gapgate diff --list` names them"
            )))
        }
        [first, .., last] => {
            Err(Error::Usage(format!("{} runs begin with \"{name}\", from {} to {}: say more", found.len(), first.0, last.0)))
        }
    }
}

/// A report in the file that is called `name` in messages.
///
/// # Errors
/// [`Error::Complaints`] if it cannot be read or is no report of this version.
pub fn read(path: &Path, name: &str) -> Result<Record, Error> {
    let text = text::read(path, name).map_err(|complaint| Error::Complaints(vec![complaint]))?;
    let record: Record = serde_json::from_str(&text)
        .map_err(|error| complaint(name, error.line(), format!("is no JSON report of `gapgate gate`: {error}")))?;
    if record.schema != FORMAT {
        return Err(complaint(name, 0, format!("is of format {}; this version compares {FORMAT}", record.schema)));
    }
    Ok(record)
}

/// The decisions against gates of the project in `dir`, oldest first.
///
/// # Errors
/// [`Error::Complaints`] with the line that is none.
pub fn overrides(dir: &Path) -> Result<Vec<Override>, Error> {
    let path = dir.join(OVERRIDES);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = text::read(&path, OVERRIDES).map_err(|complaint| Error::Complaints(vec![complaint]))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(index, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|error| complaint(OVERRIDES, index + 1, format!("is no recorded override: {error}; restore the line, or remove it")))
    };
    lines.map(parse).collect()
}

fn complaint(file: &str, line: usize, message: String) -> Error {
    Error::Complaints(vec![Complaint { file: file.to_owned(), line, message }])
}
