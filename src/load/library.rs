//! The query library: the shipped files, inside the program, and the project's own beside them.
//!
//! A query's id is its path. A file of the project with the id of a shipped one takes its place.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::{header, text};
use crate::error::{Complaint, Error};
use crate::model::query::Library;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// The folder of the queries that the program asks for itself.
const PROBES: &str = "_probe/";

/// The shipped queries and those in the folder `queries` of the project.
///
/// # Errors
/// [`Error::Complaints`] with everything that is wrong in any header.
pub fn load(project: Option<&Path>) -> Result<Library, Error> {
    let mut files = shipped_files();
    if let Some(dir) = project {
        files.extend(project_files(dir)?);
    }
    let mut library = Library::default();
    let mut complaints = Vec::new();
    for file in files {
        let is_probe = file.id.starts_with(PROBES);
        if file.id.split('/').any(|part| part.starts_with('_')) && !is_probe {
            library.partials.insert(file.id, file.text);
            continue;
        }
        let queries = if is_probe { &mut library.probes } else { &mut library.queries };
        match header::parse(&file.id, &file.name, &file.text, file.shipped) {
            Ok(query) => drop(queries.insert(file.id, query)),
            Err(more) => complaints.extend(more),
        }
    }
    library.queries.sort_keys();
    if complaints.is_empty() { Ok(library) } else { Err(Error::Complaints(complaints)) }
}

struct File {
    id: String,
    name: String,
    text: String,
    shipped: bool,
}

fn shipped_files() -> Vec<File> {
    let mut files = Vec::new();
    let mut dirs = vec![&SHIPPED];
    while let Some(dir) = dirs.pop() {
        dirs.extend(dir.dirs());
        for file in dir.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "sql")) {
            let path = file.path().to_string_lossy().replace('\\', "/");
            let id = path.trim_end_matches(".sql").to_owned();
            let text = file.contents_utf8().unwrap_or_default().to_owned();
            files.push(File { id, name: format!("queries/{path}"), text, shipped: true });
        }
    }
    files.sort_by(|a, b| a.id.cmp(&b.id));
    files
}

fn project_files(dir: &Path) -> Result<Vec<File>, Error> {
    let root = dir.join("queries");
    let paths = if root.is_dir() { text::files(&root, &["sql"]) } else { Ok(Vec::new()) };
    let complaint = |complaint| Error::Complaints(vec![complaint]);
    let unreadable = |error| complaint(Complaint { file: "queries/".to_owned(), line: 0, message: format!("cannot be read: {error}") });
    let read = |path: &PathBuf| {
        let relative = text::relative(path, &root);
        let name = format!("queries/{relative}");
        let text = text::read(path, &name).map_err(complaint)?;
        Ok(File { id: relative.trim_end_matches(".sql").to_owned(), name, text, shipped: false })
    };
    paths.map_err(unreadable)?.iter().map(read).collect()
}
