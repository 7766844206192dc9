//! SQL files that belong to no library.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{dialect, facts};
use crate::cli::{Common, Lint};
use crate::command::options;
use crate::error::Error;
use crate::lint::{self, Facts, Linted};
use crate::load::project;
use crate::model::lint::{Finding, LintReport, Rule, Weight};
use crate::model::sql::{Dialect, Place};

/// Deep trees need more than threads have otherwise.
const STACK: usize = 32 << 20;

pub(super) fn lint(common: &Common, args: &Lint) -> Result<LintReport, Error> {
    let (asked, mut facts) = known(common)?;
    let dialect = match &args.dialect {
        Some(name) => dialect(name)?,
        None => asked.ok_or_else(|| Error::Usage("name the dialect of the files: --dialect bigquery".to_owned()))?,
    };
    facts.partitioned.extend(facts::partitioned(&args.partitioned)?);
    let files = files(&args.what)?;
    let mut report = LintReport { files: files.len(), ..LintReport::default() };
    for (path, linted) in files.iter().zip(lint_all(&files, dialect, &facts)) {
        let name = path.display().to_string();
        report.statements += linted.statements;
        report.unread += linted.unread;
        let found = linted.findings.into_iter().chain(lint::unused(&linted.allowed));
        report.findings.extend(found.map(|finding| (name.clone(), finding)));
    }
    Ok(report)
}

/// The dialect and the tables of the project in whose folder we are, if there is one.
fn known(common: &Common) -> Result<(Option<Dialect>, Facts), Error> {
    if !common.directory.join("gapgate.toml").exists() {
        return Ok((None, Facts::default()));
    }
    let project = project::load(&common.directory)?;
    Ok((Some(options::target(common, &project)?.dialect), facts::of_project(&project)))
}

/// The files that the words name, folders searched, each once and in order.
fn files(words: &[String]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for word in words {
        let path = Path::new(word);
        if path.is_dir() {
            let before = found.len();
            search(path, &mut found)?;
            if found.len() == before {
                return Err(Error::Usage(format!("the folder {word} holds no .sql file")));
            }
        } else if path.exists() {
            found.push(path.to_owned());
        } else {
            return Err(Error::Usage(format!("there is no file {word}")));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn search(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |error: std::io::Error| Error::Usage(format!("the folder {} cannot be read: {error}", dir.display()));
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // A link to a folder could lead back.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            search(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql")) {
            found.push(path);
        }
    }
    Ok(())
}

/// Lints on as many threads as there are processors, and puts the results back in order.
fn lint_all(files: &[PathBuf], dialect: Dialect, facts: &Facts) -> Vec<Linted> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(files.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((index, path)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, files.get(index)?))) {
            done.push((index, lint_file(path, dialect, facts)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let handles: Vec<_> = (0..threads).filter_map(|number| spawn(number).ok()).collect();
        // Without any thread to be had, this one does it.
        let own = if handles.is_empty() { work() } else { Vec::new() };
        let joined = handles.into_iter().flat_map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        own.into_iter().chain(joined).collect::<Vec<_>>()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, linted)| linted).collect()
}

fn lint_file(path: &Path, dialect: Dialect, facts: &Facts) -> Linted {
    match read(path) {
        Ok(text) => lint::lint(&text, dialect, facts),
        Err((at, message)) => {
            let finding = Finding { at, rule: Rule::Unreadable, weight: Weight::Error, message };
            Linted { findings: vec![finding], ..Linted::default() }
        }
    }
}

fn read(path: &Path) -> Result<String, (Place, String)> {
    let bytes = std::fs::read(path).map_err(|error| (Place::default(), format!("the file cannot be read: {error}")))?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err((Place::default(), "the file is UTF-16; save it as UTF-8".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (valid, broken) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count() as u64;
        let byte = broken.first().copied().unwrap_or_default();
        (Place { line, column: 0 }, format!("byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}
