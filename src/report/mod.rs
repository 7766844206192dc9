//! Reports: one file per format, each a pure function; and the one place that writes them.

pub mod catalogue;
pub mod change;
pub mod commands;
pub mod csv;
pub mod diff;
pub mod json;
pub mod jsonl;
pub mod junit;
mod layout;
pub mod lines;
pub mod lint;
pub mod progress;
pub mod record;
pub mod review;
pub mod rollback;
pub mod sarif;
pub mod signoff;
pub mod snapshot;
pub mod terminal;
pub mod triage;
mod visible;
pub mod waves;

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use self::visible::visible_in_colour;
use crate::error::Error;

pub use self::visible::visible;

/// Where a text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output.
    Stdout,
    /// A file, written beside its place and then renamed, so that there is never half of one.
    File(PathBuf),
}

/// Writes a text as it is; on a terminal, what it would obey is shown instead. A reader that closes standard output early is no
/// error.
///
/// # Errors
/// [`Error::Write`], with the place left as it was.
pub fn write(place: &Place, text: &str) -> Result<(), Error> {
    match place {
        Place::Stdout => write_stdout(text).map_err(|source| Error::Write { place: "standard output".to_owned(), source }),
        Place::File(path) => write_file(path, text).map_err(|source| Error::Write { place: path.display().to_string(), source }),
    }
}

fn write_stdout(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let text = match out.is_terminal() {
        true if colours() => visible_in_colour(text),
        true => visible(text),
        false => text.into(),
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    // A device or pipe cannot be renamed over, and holds no half file.
    if path.exists() && !path.is_file() {
        let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
        return file.write_all(text.as_bytes()).and_then(|()| file.flush());
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    readable(&file)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes files to a folder that is new or empty: all of them, or none. The folder is made beside its place, then renamed.
///
/// # Errors
/// [`Error::Write`], with the place left as it was.
pub fn write_folder(folder: &Path, files: &[(PathBuf, String)]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let parent = folder.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let staging = tempfile::Builder::new().prefix(".gapgate-").tempdir_in(parent)?;
        for (file, text) in files {
            write_file(&staging.path().join(file.file_name().unwrap_or_default()), text)?;
        }
        readable_folder(staging.path())?;
        std::fs::rename(staging.path(), folder)?;
        // Nothing is left at its place that could be removed.
        let _ = staging.keep();
        Ok(())
    };
    write().map_err(|source| Error::Write { place: folder.display().to_string(), source })
}

#[cfg(unix)]
fn readable_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn readable_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Temporary files are private; a report is for whoever may read the folder.
#[cfg(unix)]
fn readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

/// Says something beside the result, on standard error.
pub fn say(message: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(message));
}

/// Adds a line to a file, which is made if there is none. It is written at once, so that there is never half of one.
///
/// # Errors
/// [`Error::Write`].
pub fn append(path: &Path, line: &str) -> Result<(), Error> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    written.map_err(|source| Error::Write { place: path.display().to_string(), source })
}

/// Whether what was printed can be drawn over: on a terminal that knows how, before which somebody sits.
pub fn redraws() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let knows = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    knows && !is_set("CI") && std::io::stdout().is_terminal()
}

/// Whether to colour what goes to standard output.
pub fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
}
