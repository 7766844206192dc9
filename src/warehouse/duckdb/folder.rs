//! Folders of SQL, CSV and Parquet files as a database: loaded once, kept while no file of them changes.
//!
//! Files are taken in the order of their paths. A SQL file is run; a CSV or Parquet file becomes a table of its own
//! name, without leading digits, in the schema of its sub-folder.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use duckdb::{Config, Connection};

use super::super::Interrupt;
use crate::error::Error;

/// Where loaded folders are kept, below the project.
const CACHE: &str = ".gapgate/cache";

/// The database file of these folders, and the temporary folder that holds it if the cache cannot be written.
pub(super) fn database(
    folders: &[PathBuf],
    project_dir: &Path,
    interrupt: &Interrupt,
) -> Result<(PathBuf, Option<tempfile::TempDir>), Error> {
    let files = folders.iter().map(|folder| Ok((folder.as_path(), files(folder)?))).collect::<Result<Vec<_>, Error>>()?;
    let (series, state) = fingerprints(project_dir, &files)?;
    let cache = project_dir.join(CACHE);
    let file = cache.join(format!("{series:08x}-{state:016x}.duckdb"));
    if file.is_file() {
        return Ok((file, None));
    }
    if std::fs::create_dir_all(&cache).is_ok()
        && let Ok(staging) = tempfile::TempDir::with_prefix_in("loading-", &cache)
    {
        let staged = build(&files, staging.path(), interrupt)?;
        let kept = remove_others(&cache, series, &file);
        std::fs::rename(&staged, &file).map_err(|source| Error::Write { place: file.display().to_string(), source })?;
        ignore_in_git(&cache);
        return kept.map(|()| (file, None));
    }
    let temporary = tempfile::tempdir().map_err(|source| Error::Write { place: "a temporary folder".into(), source })?;
    let file = build(&files, temporary.path(), interrupt)?;
    Ok((file, Some(temporary)))
}

/// The files of the folder in the order in which they are loaded.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |path: &Path, error: std::io::Error| Error::Warehouse(format!("cannot read the folder {}: {error}", path.display()));
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
            let path = entry.map_err(|error| unreadable(&folder, error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ["sql", "csv", "parquet"].iter().any(|known| ending == *known)) {
                files.push(path);
            }
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::Warehouse(format!("the folder {} holds no .sql, .csv or .parquet file", folder.display())));
    }
    Ok(files)
}

/// The files of each folder, in the order in which they are loaded.
type Files<'a> = [(&'a Path, Vec<PathBuf>)];

/// Which folders these are, and their state: that changes when a file is added, removed or written, and with the engine,
/// whose file format may differ.
fn fingerprints(project_dir: &Path, folders: &Files<'_>) -> Result<(u32, u64), Error> {
    let mut series = DefaultHasher::new();
    let mut state = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut state);
    for (folder, files) in folders {
        folder.strip_prefix(project_dir).unwrap_or(folder).hash(&mut series);
        for file in files {
            let unreadable = |error: std::io::Error| Error::Warehouse(format!("cannot read {}: {error}", file.display()));
            let metadata = file.metadata().map_err(unreadable)?;
            file.strip_prefix(folder).unwrap_or(file).hash(&mut state);
            metadata.len().hash(&mut state);
            metadata.modified().map_err(unreadable)?.hash(&mut state);
        }
    }
    Ok(((series.finish() >> 32) as u32, state.finish()))
}

/// Loads the folders into a new database file. Their statements are the user's own and may do what DuckDB can.
fn build(folders: &Files<'_>, staging: &Path, interrupt: &Interrupt) -> Result<PathBuf, Error> {
    let file = staging.join("warehouse.duckdb");
    for (folder, files) in folders {
        load(&file, folder, files, interrupt)?;
    }
    Ok(file)
}

fn load(file: &Path, folder: &Path, files: &[PathBuf], interrupt: &Interrupt) -> Result<(), Error> {
    let failed =
        |error: &duckdb::Error| Error::Warehouse(format!("cannot load {}: {}", folder.display(), super::first_line(&error.to_string())));
    let config = Config::default()
        .enable_autoload_extension(false)
        .and_then(|config| config.with("autoinstall_known_extensions", "false"))
        .and_then(|config| config.with("file_search_path", folder.to_string_lossy()))
        .map_err(|error| failed(&error))?;
    let connection = Connection::open_with_flags(file, config).map_err(|error| failed(&error))?;
    let handle = connection.interrupt_handle();
    interrupt.on_throw(move || handle.interrupt());
    for path in files {
        let name = path.strip_prefix(folder).unwrap_or(path);
        let sql = statement(path, name)?;
        let outcome = connection.execute_batch(&sql);
        if interrupt.is_thrown() {
            return Err(Error::Interrupted);
        }
        outcome.map_err(|error| Error::Warehouse(format!("cannot load {}: {}", name.display(), super::first_line(&error.to_string()))))?;
    }
    connection.close().map_err(|(_, error)| failed(&error))
}

fn statement(path: &Path, name: &Path) -> Result<String, Error> {
    if path.extension().is_some_and(|ending| ending == "sql") {
        return std::fs::read_to_string(path).map_err(|error| Error::Warehouse(format!("cannot read {}: {error}", path.display())));
    }
    Ok(table(path, name))
}

/// The statement that makes a table of a CSV or Parquet file at `path`, which is `name` below its folder.
pub(super) fn table(path: &Path, name: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let table = stem.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['_', '-']);
    let table = quote(if table.is_empty() { &stem } else { table });
    let schema = name.parent().map(|parent| parent.to_string_lossy().replace(['/', '\\'], "_")).filter(|schema| !schema.is_empty());
    let schema = quote(&schema.unwrap_or_else(|| "main".to_owned()));
    let reader = if path.extension().is_some_and(|ending| ending == "csv") { "read_csv" } else { "read_parquet" };
    let path = path.to_string_lossy().replace('\'', "''");
    format!("create schema if not exists {schema}; create table {schema}.{table} as from {reader}('{path}')")
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What was loaded from an earlier state of the same folders is of no use any more.
fn remove_others(cache: &Path, series: u32, keep: &Path) -> Result<(), Error> {
    let start = format!("{series:08x}-");
    let of_series = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start));
    let entries = std::fs::read_dir(cache).map_err(|source| Error::Write { place: cache.display().to_string(), source })?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.extension().is_some_and(|ending| ending == "duckdb") && of_series(&path) && path != keep {
            // Another process may have it open; then it stays until the next time.
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(())
}

/// The cache is never part of a repository.
fn ignore_in_git(cache: &Path) {
    if let Some(home) = cache.parent() {
        let _ = std::fs::write(home.join(".gitignore"), "*\n");
    }
}
