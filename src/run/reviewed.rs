//! The reviewed snapshots of a project and the pending ones: `snapshots/<query id>/<case>.snap` and `.snap.new`.

use std::collections::BTreeMap;
use std::io::{BufRead, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{Complaint, Error};
use crate::load::text;
use crate::report::snapshot::Snapshot;
use crate::report::{self, Place};

/// The folder of the snapshots.
pub const FOLDER: &str = "snapshots";

const REVIEWED: &str = ".snap";
const PENDING: &str = ".snap.new";

/// What the folder holds of this program's snapshots. Those of others are left alone.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// What there is of one name: a query's id, and its case or `sql_` with a dialect.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What was accepted.
    pub reviewed: Option<Snapshot>,
    /// What waits for a review.
    pub pending: Option<Snapshot>,
    /// What cannot be read.
    pub broken: Option<Complaint>,
}

impl Shelf {
    /// Reads the folder of the project in `dir`; there may be none yet.
    ///
    /// # Errors
    /// [`Error::Complaints`] if the folder cannot be read.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let mut shelf = Self { folder: dir.join(FOLDER), entries: BTreeMap::new() };
        if !shelf.folder.is_dir() {
            return Ok(shelf);
        }
        let files = text::files(&shelf.folder, &["snap", "new"]).map_err(|error| {
            Error::Complaints(vec![Complaint { file: FOLDER.to_owned(), line: 0, message: format!("cannot be read: {error}") }])
        })?;
        for path in files.iter().filter(|path| path.is_file()) {
            shelf.add(path, dir);
        }
        Ok(shelf)
    }

    fn add(&mut self, path: &Path, dir: &Path) {
        let relative = text::relative(path, &self.folder);
        let named = |ending: &str| relative.strip_suffix(ending).map(str::to_owned);
        let Some((name, pending)) = named(PENDING).map(|name| (name, true)).or_else(|| Some((named(REVIEWED)?, false))) else { return };
        let file = text::relative(path, dir);
        let parse = |text: String| {
            let complaint = |(line, message)| Complaint { file: file.clone(), line, message: format!("{message}; remove the file") };
            Snapshot::parse(&text).map_err(complaint)
        };
        let snapshot = text::read(path, &file).and_then(parse);
        if snapshot.as_ref().is_ok_and(|snapshot| !snapshot.is_ours()) {
            return;
        }
        let entry = self.entries.entry(name).or_default();
        match snapshot {
            Ok(snapshot) if pending => entry.pending = Some(snapshot),
            Ok(snapshot) => entry.reviewed = Some(snapshot),
            Err(complaint) => entry.broken = Some(complaint),
        }
    }

    /// What there is, by name and in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// What there is of a name that is expected.
    ///
    /// # Errors
    /// [`Error::Complaints`] if its file cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<&Entry>, Error> {
        let entry = self.entries.get(name);
        match entry.and_then(|entry| entry.broken.clone()) {
            Some(complaint) => Err(Error::Complaints(vec![complaint])),
            None => Ok(entry),
        }
    }

    /// Lays a snapshot out for review.
    ///
    /// # Errors
    /// [`Error::Write`]; then nothing has changed.
    pub fn propose(&self, name: &str, snapshot: &Snapshot) -> Result<(), Error> {
        let path = self.path(name, PENDING);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(|source| Error::Write { place: folder.display().to_string(), source })?;
        report::write(&Place::File(path), &snapshot.to_string())
    }

    /// Lets the pending snapshot take the place of the reviewed one.
    ///
    /// # Errors
    /// [`Error::Write`]; then nothing has changed.
    pub fn accept(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name, REVIEWED);
        std::fs::rename(self.path(name, PENDING), &path).map_err(|source| Error::Write { place: path.display().to_string(), source })
    }

    /// Removes what is pending.
    ///
    /// # Errors
    /// [`Error::Write`]; then nothing has changed.
    pub fn reject(&self, name: &str) -> Result<(), Error> {
        remove(&self.path(name, PENDING))
    }

    /// Removes what was reviewed and what is pending, and the folder if nothing is left in it.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        remove(&self.path(name, PENDING))?;
        remove(&self.path(name, REVIEWED))?;
        let path = self.path(name, REVIEWED);
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.folder);
        // A folder that holds something else stays.
        folders.take_while(|folder| std::fs::remove_dir(folder).is_ok()).for_each(drop);
        Ok(())
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}{ending}"))
    }
}

/// Asks of each pending snapshot what to do with it, until there are no more answers.
///
/// # Errors
/// [`Error::Write`].
pub fn review(
    shelf: &Shelf,
    pending: &[(String, Entry)],
    show: impl Fn(&str, &Entry) -> String,
    answers: &mut impl BufRead,
    say: impl Fn(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    if pending.is_empty() {
        return say("nothing waits for a review\n");
    }
    let (mut accepted, mut rejected) = (0, 0);
    for (number, (name, entry)) in pending.iter().enumerate() {
        let state = if entry.reviewed.is_some() { "changed" } else { "new" };
        say(&format!("\n{} of {}: {name} ({state})\n{}", number + 1, pending.len(), show(name, entry)))?;
        match ask(answers, &say)? {
            Some('a') => {
                shelf.accept(name)?;
                accepted += 1;
            }
            Some('r') => {
                shelf.reject(name)?;
                rejected += 1;
            }
            Some(_) => {}
            None => break,
        }
    }
    say(&format!("\n{accepted} accepted, {rejected} rejected, {} left\n", pending.len() - accepted - rejected))
}

/// One of `a`, `r` and `s`; nothing at the end of the input.
fn ask(answers: &mut impl BufRead, say: &impl Fn(&str) -> Result<(), Error>) -> Result<Option<char>, Error> {
    loop {
        say("[a]ccept, [r]eject, [s]kip? ")?;
        let mut line = String::new();
        if answers.read_line(&mut line).unwrap_or(0) == 0 {
            return Ok(None);
        }
        match line.trim().to_lowercase().as_str() {
            "a" | "accept" => return Ok(Some('a')),
            "r" | "reject" => return Ok(Some('r')),
            "s" | "skip" => return Ok(Some('s')),
            _ => {}
        }
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::Write { place: path.display().to_string(), source: error }),
        _ => Ok(()),
    }
}
