//! The project file `gapgate.toml`, with its includes, as a validated [`Project`].

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::DeTable;

use super::modes::{self, Mode};
use super::outputs::{self, Defaults};
use super::toml::{Document, Fields, Node};
use super::{gates, ledger, parts, upstream, validate, waivers};
use crate::error::{Complaint, Error};
use crate::model::catalogue::{self as model, Project};
use crate::model::scope;

/// The name of the project file.
pub const FILE: &str = "gapgate.toml";

/// The runs that stay on record where the project does not say.
const KEPT_RUNS: usize = 100;

/// Reads and validates the project in `dir`.
///
/// # Errors
/// [`Error::Usage`] if there is no project file, [`Error::Complaints`] with everything that is wrong in it.
pub fn load(dir: &Path) -> Result<Project, Error> {
    load_in(dir, None)
}

/// The same with what a mode expects.
///
/// # Errors
/// As [`load`]; [`Error::Usage`] too if the project has no such mode.
pub fn load_in(dir: &Path, mode: Option<&str>) -> Result<Project, Error> {
    read(dir, &text(dir)?, mode)
}

/// The same with more declared at the end of the project file, as a case of the fixtures does: `declare` was found in
/// `file` from `line` on, where complaints of it point.
///
/// # Errors
/// As [`load`].
pub fn load_with(dir: &Path, declare: &str, file: &str, line: usize) -> Result<Project, Error> {
    let own = text(dir)?;
    let lines = own.matches('\n').count() + 1;
    let moved = |complaint: Complaint| {
        let declared = complaint.file == FILE && complaint.line > lines;
        if declared { Complaint { file: file.to_owned(), line: line + complaint.line - lines - 1, ..complaint } } else { complaint }
    };
    read(dir, &format!("{own}\n{declare}"), None).map_err(|error| match error {
        Error::Complaints(complaints) => Error::Complaints(complaints.into_iter().map(moved).collect()),
        error => error,
    })
}

fn text(dir: &Path) -> Result<String, Error> {
    let path = dir.join(FILE);
    std::fs::read_to_string(&path).map_err(|error| {
        Error::Usage(format!("no project file at {}: {error}; run in the folder of {FILE}, or name it with -C", path.display()))
    })
}

fn read(dir: &Path, text: &str, mode: Option<&str>) -> Result<Project, Error> {
    let texts = with_includes(dir, text.to_owned())?;
    let documents: Vec<Document<'_>> = texts.iter().map(|(file, text)| Document::new(file.clone(), text, 1)).collect();
    let trees: Vec<Spanned<DeTable<'_>>> = documents.iter().map(Document::parse).collect();
    let roots: Vec<Fields<'_>> = documents.iter().zip(&trees).map(|(document, tree)| Fields::new(document, tree.get_ref(), 0)).collect();
    let reader = Reader { dir, roots: &roots };
    let modes = reader.modes();
    // A mode that nobody asks for now is read too, so that its faults are known before it is needed.
    let mut projects: Vec<Project> = [None].into_iter().chain(modes.keys().map(Some)).map(|name| reader.read(&modes, name)).collect();
    let mut complaints: Vec<Complaint> = documents.iter().flat_map(Document::complaints).collect();
    if complaints.is_empty() {
        complaints = projects.iter_mut().flat_map(validate::project).collect();
    }
    complaints.sort();
    complaints.dedup();
    if !complaints.is_empty() {
        return Err(Error::Complaints(complaints));
    }
    let is_wanted = |project: &Project| project.mode.as_ref().map(|mode| mode.name.as_str()) == mode;
    projects.into_iter().find(is_wanted).ok_or_else(|| modes::unknown(&modes, mode.unwrap_or_default()))
}

/// The project file's text and those of the files that it includes, by name.
fn with_includes(dir: &Path, text: String) -> Result<Vec<(String, String)>, Error> {
    let patterns = {
        let document = Document::new(FILE, &text, 1);
        let tree = document.parse();
        let patterns = tree.get_ref().get("include").map(|value| {
            let list = value.get_ref().as_array().map(|array| array.iter().map(|v| v.get_ref().as_str().map(str::to_owned)).collect());
            list.unwrap_or_else(|| vec![value.get_ref().as_str().map(str::to_owned)])
        });
        patterns.unwrap_or_default()
    };
    let mut texts = vec![(FILE.to_owned(), text)];
    for pattern in patterns {
        let complain = |message: String| Error::Complaints(vec![Complaint { file: FILE.to_owned(), line: 0, message }]);
        let pattern = pattern.ok_or_else(|| complain("`include` must be a list of file patterns in quotes".to_owned()))?;
        let escaped = format!("{}/{pattern}", glob::Pattern::escape(&dir.to_string_lossy()));
        let paths = glob::glob(&escaped).map_err(|error| complain(format!("include \"{pattern}\": {error}")))?;
        let mut files: Vec<PathBuf> = paths.filter_map(Result::ok).filter(|path| path.is_file()).collect();
        files.sort();
        if files.is_empty() {
            return Err(complain(format!("include \"{pattern}\" matches no file")));
        }
        for file in files {
            let name = file.strip_prefix(dir).unwrap_or(&file).display().to_string();
            let text = std::fs::read_to_string(&file).map_err(|error| complain(format!("cannot read {name}: {error}")))?;
            texts.push((name, text));
        }
    }
    Ok(texts)
}

/// Reads each section from the files that may hold it.
struct Reader<'a> {
    dir: &'a Path,
    roots: &'a [Fields<'a>],
}

impl<'a> Reader<'a> {
    fn modes(&self) -> IndexMap<String, Mode<'a>> {
        self.section("modes").into_iter().filter_map(|(name, node)| Some((name, Mode::new(node.fields()?)))).collect()
    }

    fn read(&self, modes: &IndexMap<String, Mode<'a>>, wanted: Option<&String>) -> Project {
        let mode = wanted.and_then(|name| modes.get(name));
        self.refuse_environment();
        let _ = self.roots[0].get("include");
        let (name, zone, as_of, keep_runs) = self.project_section();
        let targets = self.named("targets", |name, fields| parts::target(name, fields, self.dir));
        let mut seasons: Vec<_> = self.named("seasons", parts::season).into_values().collect();
        seasons.sort_by_key(|season| season.start);
        let spines = self.named("spines", |name, fields| parts::spine(name, fields, self.dir));
        let stages = self.stages();
        let mut outputs: IndexMap<String, _> = IndexMap::new();
        for (stage, defaults) in &stages {
            for (name, node) in defaults.listed() {
                outputs.insert(name.clone(), outputs::output(&name, &Fields::empty(node), Some((stage, defaults)), &stages, mode));
            }
        }
        for (name, node) in self.section("outputs") {
            let Some(fields) = node.fields() else { continue };
            if outputs.insert(name.clone(), outputs::output(&name, &fields, None, &stages, mode)).is_some() {
                fields.complain(format!("outputs.{name} is declared twice"));
            }
        }
        let mut gates: IndexMap<String, _> = self
            .section("gates")
            .into_iter()
            .filter_map(|(name, node)| Some((name.clone(), gates::gate(&name, &node.fields()?, &outputs))))
            .collect();
        let mode = wanted.zip(mode).map(|(name, mode)| model::Mode { name: name.clone(), outputs: mode.outputs(&outputs) });
        mode.iter().for_each(|mode| modes::cut(&mut gates, &mode.outputs));
        let accepted = self.lists("waivers").iter().filter_map(|node| waivers::waiver(&node.fields()?)).collect();
        let runs = self.roots.iter().find_map(|root| root.get("runs")).and_then(|node| ledger::ledger(&node.fields()?, &zone));
        let retry = self.roots.iter().find_map(|root| root.get("retry")).and_then(|node| upstream::retry(&node.fields()?));
        let mut stage_names: Vec<String> = stages.keys().cloned().collect();
        for output in outputs.values().filter(|output| stages.is_empty() && !output.stage.is_empty()) {
            if !stage_names.contains(&output.stage) {
                stage_names.push(output.stage.clone());
            }
        }
        self.roots.iter().for_each(Fields::finish);
        Project {
            name,
            dir: self.dir.to_owned(),
            file: self.dir.join(FILE),
            mode,
            zone,
            as_of,
            keep_runs,
            targets,
            seasons,
            spines,
            stages: stage_names,
            outputs,
            runs,
            gates,
            waivers: accepted,
            retry: retry.unwrap_or_default(),
        }
    }

    fn project_section(&self) -> (String, TimeZone, Option<jiff::civil::DateTime>, usize) {
        let Some(fields) = self.roots[0].require("project").and_then(|node| node.fields()) else {
            return (String::new(), TimeZone::UTC, None, KEPT_RUNS);
        };
        let name = fields.required_text("name");
        if name.trim().is_empty() && fields.get("name").is_some() {
            fields.complain("`name` of the project is empty");
        }
        let zone = fields.get("timezone").map_or(Some(TimeZone::UTC), |node| parts::zone(&node)).unwrap_or(TimeZone::UTC);
        let as_of = fields.get("as_of").and_then(|node| {
            let text = node.moment()?;
            scope::parse_as_of(&text, &zone).map_err(|message| node.complain(message)).ok()
        });
        let keep_runs = fields.get("keep_runs").and_then(|node| node.integer()).unwrap_or(KEPT_RUNS);
        fields.finish();
        (name, zone, as_of, keep_runs)
    }

    /// The entries of a table of tables, from every file, each under a name that command lines and reports can tell apart.
    fn section(&self, key: &'static str) -> Vec<(String, Node<'a>)> {
        let tables = self.roots.iter().filter_map(|root| root.get(key)).filter_map(|node| node.fields());
        let entries: Vec<(String, Node<'a>)> = tables.flat_map(|fields| fields.entries().collect::<Vec<_>>()).collect();
        for (at, (name, node)) in entries.iter().enumerate() {
            if name.is_empty() || name.trim() != name || name.contains(|c: char| c.is_control() || matches!(c, ',' | '|')) {
                node.complain(format!("{key}.{name:?}: a name is not empty, and has no comma, no `|`, and no blank at its ends"));
            }
            if entries[..at].iter().any(|(earlier, _)| earlier == name) {
                node.complain(format!("{key}.{name} is declared twice"));
            }
        }
        entries
    }

    fn lists(&self, key: &'static str) -> Vec<Node<'a>> {
        self.roots.iter().filter_map(|root| root.get(key)).flat_map(|node| node.list()).collect()
    }

    fn named<T>(&self, key: &'static str, read: impl Fn(&str, &Fields<'a>) -> Option<T>) -> IndexMap<String, T> {
        let mut items = IndexMap::new();
        for (name, node) in self.section(key) {
            let Some(fields) = node.fields() else { continue };
            items.extend(read(&name, &fields).map(|item| (name, item)));
            fields.finish();
        }
        items
    }

    fn stages(&self) -> IndexMap<String, Defaults<'a>> {
        let sections = self.section("stages").into_iter();
        sections.filter_map(|(name, node)| Some((name, Defaults::new(node.fields()?)))).collect()
    }

    /// `${ENV}` belongs to targets, where secrets are; elsewhere it would make a gate depend on who runs it.
    fn refuse_environment(&self) {
        for root in self.roots {
            for (name, node) in root.entries().filter(|(name, _)| name != "targets") {
                for place in node.texts_within().into_iter().filter(|node| node.text().is_some_and(|text| text.contains("${"))) {
                    place.complain(format!("${{...}} is read in [targets] only, not in [{name}]"));
                }
            }
        }
    }
}
