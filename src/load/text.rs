//! The files of a folder, and their text.

use std::path::{Path, PathBuf};

use crate::error::Complaint;

/// Every file at any depth below `dir` that ends so, in the order of their paths.
pub(crate) fn files(dir: &Path, endings: &[&str]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a file whose name in messages is `name`.
pub(crate) fn read(path: &Path, name: &str) -> Result<String, Complaint> {
    let complaint = |line, message| Complaint { file: name.to_owned(), line, message };
    let bytes = std::fs::read(path).map_err(|error| complaint(0, format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + sound.iter().filter(|byte| **byte == b'\n').count();
        complaint(line, "is not UTF-8 from here on; save the file in that encoding".to_owned())
    })
}

/// A path below `dir` with forward slashes.
pub(crate) fn relative(path: &Path, dir: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
