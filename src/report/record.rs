//! Keeps what was found and decided below the project's `.gapgate/`, for later runs to compare with and to show.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::model::record::{OVERRIDES, RUNS};
use crate::model::report::Override;

/// Keeps a JSON report of the project in `dir` under a name that begins with its moment, and at most so many reports.
///
/// # Errors
/// [`Error::Write`], with the records left as they were.
pub fn keep(dir: &Path, moment: &str, what: &str, json: &str, most: usize) -> Result<(), Error> {
    let folder = dir.join(RUNS);
    let fail = |source| Error::Write { place: folder.display().to_string(), source };
    fs::create_dir_all(&folder).map_err(fail)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(fail)?;
    file.write_all(json.as_bytes()).and_then(|()| super::readable(&file)).map_err(fail)?;
    let what: String = what.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    // Two runs of the same moment are both kept.
    for number in 1.. {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        match file.persist_noclobber(folder.join(format!("{moment}{number}-{what}.json"))) {
            Ok(_) => break,
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(fail(error.error)),
        }
    }
    prune(&folder, most).map_err(fail)
}

/// Removes the oldest records beyond so many.
fn prune(folder: &Path, most: usize) -> std::io::Result<()> {
    let is_record = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    let mut records: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path()).filter(is_record).collect();
    records.sort();
    let surplus = records.len().saturating_sub(most);
    for path in &records[..surplus] {
        match fs::remove_file(path) {
            // Another run was quicker.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Adds decisions against gates to those of the project in `dir`.
///
/// # Errors
/// [`Error::Write`].
pub fn decide(dir: &Path, decisions: &[Override]) -> Result<(), Error> {
    let path = dir.join(OVERRIDES);
    let fail = |source| Error::Write { place: path.display().to_string(), source };
    let lines: String = decisions.iter().map(|decision| serde_json::to_string(decision).expect("plain texts") + "\n").collect();
    fs::create_dir_all(path.parent().unwrap_or(dir)).map_err(fail)?;
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(fail)?;
    // In one piece, so that runs at the same time do not write into each other's lines.
    file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)
}
