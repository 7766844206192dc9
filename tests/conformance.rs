//! Every engine gives the same answer: the cases of the library, which DuckDB answers as stated, are put to every other
//! engine that can be reached. `cargo test conformance -- --nocapture` prints the table.
//!
//! The rows are loaded into DuckDB, whose SQL the fixtures are written in, and copied from there table by table.

pub(crate) mod copy;
pub(crate) mod engines;
pub(crate) mod example;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gapgate::load::fixture;
use gapgate::model::fixture::{Case, Fixtures};
use gapgate::model::verdict::Verdict;
use gapgate::run::deadline_in;
use gapgate::warehouse::{self, Interrupt};
use tempfile::TempDir;

use self::engines::Engine;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The project whose warehouses hold whole seasons; those of the others are small.
const LARGE: &str = "incidents";

/// Cases of one project that are asked of the same rows.
struct Group {
    project: PathBuf,
    cases: Vec<Case>,
}

/// The projects that have cases, the large one last.
fn projects() -> Vec<(PathBuf, Fixtures)> {
    let folders = fs::read_dir(Path::new(ROOT).join("tests/fixtures")).expect("the fixtures").map(|entry| entry.expect("a folder").path());
    let mut folders: Vec<PathBuf> = folders.filter(|folder| folder.join(fixture::CASES).is_dir()).collect();
    folders.sort_by_key(|folder| (folder.ends_with(LARGE), folder.clone()));
    let read = |folder: PathBuf| {
        let fixtures = fixture::load(&folder).unwrap_or_else(|error| panic!("{error}"));
        (folder, fixtures)
    };
    folders.into_iter().map(read).collect()
}

/// The cases for an engine by the rows that they are asked of: those whose query has the words of `GAPGATE_CASES`, or whose project
/// is named so, and of each query and verdict the first few if `GAPGATE_CASES_PER_VERDICT` says how many.
fn groups<'a>(engine: &dyn Engine, projects: &'a [(PathBuf, Fixtures)]) -> Vec<(&'a Fixtures, Group)> {
    let wanted = std::env::var("GAPGATE_CASES").unwrap_or_default();
    let most = std::env::var("GAPGATE_CASES_PER_VERDICT").map_or(usize::MAX, |most| most.parse().expect("a number"));
    let mut asked: BTreeMap<(&str, Option<Verdict>), usize> = BTreeMap::new();
    let mut groups = Vec::new();
    for (folder, fixtures) in projects.iter().filter(|(folder, _)| engine.takes(folder)) {
        let mut by_rows: BTreeMap<(&str, String), Vec<Case>> = BTreeMap::new();
        let all = folder.ends_with(&wanted);
        for case in fixtures.cases.values().flatten().filter(|case| all || case.query.contains(&wanted)) {
            let asked = asked.entry((&case.query, case.verdict)).or_default();
            *asked += 1;
            if *asked <= most {
                let damage = format!("{:?}", case.damage.as_ref().map(|part| &part.content));
                by_rows.entry((&case.warehouse, damage)).or_default().push(case.clone());
            }
        }
        groups.extend(by_rows.into_values().map(|cases| (fixtures, Group { project: folder.clone(), cases })));
    }
    groups
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let place = to.join(entry.file_name().expect("a name"));
        match entry.is_dir() {
            // Rows travel through the engine, and cases are known.
            true if entry.ends_with("fixtures") || entry.ends_with(".gapgate") => {}
            true => copy_folder(&entry, &place),
            false => drop(fs::copy(&entry, place).expect("a copy")),
        }
    }
}

/// The rows of a group as the embedded engine holds them.
fn rows_of(fixtures: &Fixtures, case: &Case) -> Vec<copy::Rows> {
    let small = &fixtures.warehouses[&case.warehouse];
    let duckdb = warehouse::open_small(small, &case.damage, &Interrupt::default(), deadline_in(600));
    copy::tables(duckdb.unwrap_or_else(|error| panic!("{}: {error}", case.file)).as_ref())
}

struct Answer {
    status: Option<i32>,
    out: String,
    said: String,
}

fn gapgate(project: &Path, words: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    let output = command.arg("-C").arg(project).args(words).env_remove("GAPGATE_TARGET").output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Answer { status: output.status.code(), out: text(output.stdout), said: text(output.stderr) }
}

/// The command line of a case.
fn words(case: &Case) -> Vec<&str> {
    let mut words = vec!["run", &case.query, "--target", "other", "--format", "csv"];
    words.extend(case.args.iter().map(String::as_str));
    words.extend(case.season.iter().flat_map(|season| ["--season", season]));
    for (flag, value) in [("--from", &case.from), ("--to", &case.to), ("--as-of", &case.as_of)] {
        words.extend(value.iter().flat_map(|value| [flag, value.as_str()]));
    }
    words
}

/// What an engine answers differently from what is stated, if anything.
fn fault(case: &Case, group: &Group, project: &Path, target: &str) -> Option<String> {
    let declared = fs::read_to_string(group.project.join("gapgate.toml")).expect("a project file");
    let more = case.declare.as_ref().map(|(text, _)| text.as_str()).unwrap_or_default();
    fs::write(project.join("gapgate.toml"), format!("{declared}\n{more}\n[targets.other]\n{target}\n")).expect("a project file");
    let answer = gapgate(project, &words(case));
    let wanted = case.rows.as_deref().unwrap_or_default();
    let difference = match &case.refused {
        Some(words) => (answer.status != Some(2) || !answer.said.contains(words)).then(|| format!("it is not refused with: {words}")),
        None => case.rows.as_ref().and_then(|rows| rows_differ(case, rows, &answer.out)).or_else(|| {
            let worst = ["undecided", "fail", "warn"].into_iter();
            let said = |word: &&str| answer.said.lines().any(|line| line.starts_with(&format!("{word} ")));
            let found = worst.clone().find(said).unwrap_or("pass");
            case.verdict.filter(|verdict| verdict.name() != found).map(|verdict| format!("the verdict is {found}, not {}", verdict.name()))
        }),
    };
    difference.map(|why| {
        format!("{}: {}: {why} (exit {:?})\n{}{}wanted\n{wanted}", case.query, case.name, answer.status, answer.out, answer.said)
    })
}

/// Where two answers in CSV differ, cell by cell and in their order.
fn rows_differ(case: &Case, wanted: &str, found: &str) -> Option<String> {
    let read = |text: &str| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        reader.records().map(|record| record.expect("CSV").iter().map(str::to_owned).collect()).collect()
    };
    let (wanted, found) = (read(wanted), read(found));
    if wanted.len() != found.len() {
        return Some(format!("{} lines, not {}", found.len(), wanted.len()));
    }
    let header = wanted.first().cloned().unwrap_or_default();
    for (line, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
        if wanted.len() != found.len() {
            return Some(format!("line {}: {} cells, not {}", line + 1, found.len(), wanted.len()));
        }
        let differs = |at: &usize| !case.redact.contains(&header[*at]) && !same(&wanted[*at], &found[*at]);
        if let Some(at) = (0..wanted.len()).find(differs) {
            return Some(format!("line {}: {} is {}, not {}", line + 1, header[at], found[at], wanted[at]));
        }
    }
    None
}

/// Whether two cells are the same value: integers exactly, other numbers as far as binary ones go.
fn same(wanted: &str, found: &str) -> bool {
    if wanted == found {
        return true;
    }
    match (wanted.parse::<i128>(), found.parse::<i128>(), wanted.parse::<f64>(), found.parse::<f64>()) {
        (Ok(_), Ok(_), ..) => false,
        (_, _, Ok(wanted), Ok(found)) => (wanted - found).abs() <= 1e-12 * wanted.abs().max(found.abs()),
        _ => false,
    }
}

/// Works through items on several threads.
fn on_threads<'a, T: Sync>(threads: usize, items: &'a [T], work: impl Fn(usize, &'a T) + Sync) {
    let next = AtomicUsize::new(0);
    let take = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        Some((at, items.get(at)?))
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| std::iter::from_fn(take).for_each(|(at, item)| work(at, item)));
        }
    });
}

#[test]
fn every_engine_answers_every_case_alike() {
    let engines = engines::all("every_engine_answers_every_case_alike");
    let projects = projects();
    let mut columns: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    let mut faults = Vec::new();
    let groups: Vec<_> = engines.iter().map(|engine| groups(engine.as_ref(), &projects)).collect();
    for (engine, groups) in engines.iter().zip(&groups) {
        let _alone = engine.alone();
        let found = Mutex::new(Vec::new());
        on_threads(engine.at_once(), groups, |at, (fixtures, group)| {
            let project = TempDir::new().expect("a folder");
            copy_folder(&group.project, project.path());
            let (place, rows) = (format!("cases{}x{at}", std::process::id()), rows_of(fixtures, &group.cases[0]));
            let target = engine.load(&place, &rows);
            let answers: Vec<_> = group.cases.iter().map(|case| (case, fault(case, group, project.path(), &target))).collect();
            engine.unload(&place, &rows);
            found
                .lock()
                .expect("no panic")
                .extend(answers.into_iter().map(|(case, fault)| (case.query.as_str(), case.name.as_str(), fault)));
        });
        for (query, name, fault) in found.into_inner().expect("no panic") {
            let known = engine.differences().iter().find(|(known, case, _)| *known == query && *case == name);
            let (right, all) = columns.entry((query, engine.name())).or_default();
            *all += 1;
            match (fault, known) {
                (None, None) => *right += 1,
                (Some(_), Some(_)) => {}
                (None, Some((.., why))) => faults.push(format!("{}: {query}: {name}: it does not differ any more ({why})", engine.name())),
                (Some(fault), None) => faults.push(format!("{}: {fault}", engine.name())),
            }
        }
    }
    say(&table(&engines, &columns));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Query by engine: how many cases are answered as stated, of how many.
fn table(engines: &[Box<dyn Engine>], found: &BTreeMap<(&str, &str), (usize, usize)>) -> String {
    let mut queries: Vec<&str> = found.keys().map(|(query, _)| *query).collect();
    queries.dedup();
    let mut text = String::from("query");
    engines.iter().for_each(|engine| text.push_str(&format!(" | {}", engine.name())));
    for query in queries {
        let _ = write!(text, "\n{query}");
        for engine in engines {
            let (right, all) = found.get(&(query, engine.name())).copied().unwrap_or_default();
            let _ = write!(text, " | {right} of {all}");
        }
    }
    for engine in engines {
        for (query, name, why) in engine.differences() {
            let _ = write!(text, "\n{} differs: {query}: {name}: {why}", engine.name());
        }
    }
    text
}

/// Not `eprintln`, which nobody sees when a test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
