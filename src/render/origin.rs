//! From a place in rendered SQL back to the line of the file that it was written on.
//!
//! The query is rendered once more from templates in which every line has a mark at its beginning and at its end. Marks
//! change nothing but empty space, so the n-th character of both texts is the same, and a mark tells where it comes from.

use indexmap::IndexMap;

use super::Renderer;
use crate::model::catalogue::{Argument, Project, SpineSource};
use crate::model::query::{Library, Query};
use crate::model::scope::Scope;
use crate::model::sql::{Dialect, Place, Sql};

/// Characters that no SQL has: `OPEN` begins a line, and its file and number stand between `CLOSE` and `END` behind it.
const OPEN: char = '\u{F0000}';
const CLOSE: char = '\u{F0001}';
const END: char = '\u{F0002}';

/// Tells of rendered statements where they come from.
#[derive(Debug)]
pub struct Origins<'a> {
    renderer: Renderer<'a>,
    library: &'a Library,
}

/// Where a statement comes from.
#[derive(Debug, Default)]
pub struct Origin {
    /// Files as the user knows them, and lines of them.
    lines: Vec<(String, u64)>,
    /// For each character that is not space: the position of its line, if it has one.
    written: Vec<Option<usize>>,
}

impl<'a> Origins<'a> {
    /// For the statements that a renderer of the same library, project, scope and dialect makes.
    pub fn new(library: &'a Library, project: &'a Project, scope: &'a Scope, dialect: Dialect) -> Self {
        Self { renderer: Renderer::with_marks(library, project, scope, dialect), library }
    }

    /// Where the statement of this query and these arguments comes from; none if that cannot be told.
    #[must_use]
    pub fn of(&self, query: &Query, args: &IndexMap<String, Argument>, sql: &Sql) -> Option<Origin> {
        let marked = self.renderer.text(query, args, &IndexMap::new()).ok()?;
        let (text, origin) = unmarked(&marked);
        let same = sql.as_str().chars().filter(|c| !c.is_whitespace()).eq(text);
        same.then_some(origin)
    }

    /// The text of a line of this query's file, of a partial, or of the SQL of a spine.
    #[must_use]
    pub fn line(&self, query: &'a Query, file: &str, line: u64) -> Option<&'a str> {
        let partial = || self.library.partials.get(file.strip_prefix("queries/")?.strip_suffix(".sql")?);
        let spine = || {
            let mut sources = self.renderer.project.spines.values().map(|spine| &spine.source);
            sources.find_map(|source| match source {
                SpineSource::Sql { file: own, text } if own.as_os_str() == file => Some(text),
                _ => None,
            })
        };
        let text = if query.file == file { Some(&query.template) } else { partial().or_else(spine) };
        text?.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
    }
}

impl Origin {
    /// The file and line of what stands at a place of the statement.
    #[must_use]
    pub fn at(&self, sql: &Sql, at: Place) -> Option<(&str, u64)> {
        let (line, column) = (usize::try_from(at.line).ok()?.checked_sub(1)?, usize::try_from(at.column).ok()?.saturating_sub(1));
        let whole = sql.as_str().lines().take(line).flat_map(str::chars);
        let before = whole.chain(sql.as_str().lines().nth(line)?.chars().take(column));
        let position = before.filter(|c| !c.is_whitespace()).count();
        let (file, line) = &self.lines[(*self.written.get(position)?)?];
        Some((file, *line))
    }
}

/// The template with marks on every line that does not begin or end inside a tag.
pub(super) fn mark(file: &str, template: &str) -> String {
    let mut marked = String::new();
    let mut tag: Option<&str> = None;
    for (index, line) in template.split('\n').enumerate() {
        if index > 0 {
            marked.push('\n');
        }
        if tag.is_none() {
            marked.push(OPEN);
        }
        marked.push_str(line);
        tag = open_tag(line, tag);
        if tag.is_none() {
            marked += &format!("{CLOSE}{file}:{}{END}", index + 1);
        }
    }
    marked
}

/// The end of the tag in which a line ends; `tag` is that in which it begins.
fn open_tag(line: &str, mut tag: Option<&'static str>) -> Option<&'static str> {
    const TAGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
    let mut rest = line;
    loop {
        if let Some(end) = tag {
            let Some((_, behind)) = rest.split_once(end) else { return tag };
            rest = behind;
        }
        let next = TAGS.iter().filter_map(|(start, end)| Some((rest.find(start)?, *end))).min();
        let (at, end) = next?;
        (rest, tag) = (&rest[at + 2..], Some(end));
    }
}

/// The text without a closing semicolon, as a subquery needs it.
pub(super) fn without_semicolon(marked: &str) -> String {
    match marked.rsplit_once(';') {
        Some((before, behind)) if unmarked(behind).0.is_empty() => [before, behind].concat(),
        _ => marked.to_owned(),
    }
}

/// The characters that are not space, and where each comes from. What a line calls for stands between its two marks, with
/// marks of its own.
fn unmarked(text: &str) -> (Vec<char>, Origin) {
    let (mut chars, mut origin): (Vec<char>, Origin) = Default::default();
    // The characters of each line that is not closed yet.
    let mut open: Vec<Vec<usize>> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            OPEN => open.push(Vec::new()),
            CLOSE => {
                let place: String = rest.by_ref().take_while(|c| *c != END).collect();
                let (file, line) = place.rsplit_once(':').unwrap_or((&place, "0"));
                for index in open.pop().unwrap_or_default() {
                    origin.written[index] = Some(origin.lines.len());
                }
                origin.lines.push((file.to_owned(), line.parse().unwrap_or(0)));
            }
            c if c.is_whitespace() => {}
            c => {
                open.last_mut().into_iter().for_each(|line| line.push(chars.len()));
                chars.push(c);
                origin.written.push(None);
            }
        }
    }
    (chars, origin)
}
