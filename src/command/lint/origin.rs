//! From a line of rendered SQL back to the line of the template that it was rendered from, as near as can be told.

use crate::model::query::{Library, Query};

/// The lines of a query's template and of the partials that it can import.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    files: Vec<(String, Template<'a>)>,
}

#[derive(Debug)]
struct Template<'a> {
    lines: Vec<&'a str>,
    /// Each line without its tags: what they leave of it, in pieces.
    pieces: Vec<Vec<&'a str>>,
}

impl<'a> Origin<'a> {
    pub(super) fn of(query: &'a Query, library: &'a Library) -> Self {
        let own = (query.file.clone(), Template::of(&query.template));
        let partials = library.partials.iter().map(|(id, text)| (format!("queries/{id}.sql"), Template::of(text)));
        Self { files: std::iter::once(own).chain(partials).collect() }
    }

    /// The file and line of the template whose text is most of that line of the SQL, counted from 1; the query's own file first.
    pub(super) fn find(&self, sql: &[&str], line: usize) -> Option<(&str, u64)> {
        let at = |line: usize| sql.get(line.wrapping_sub(1)).map_or("", |text| text.trim());
        let wanted = at(line);
        let mut best: Option<(usize, &str, u64)> = None;
        for (file, Template { pieces: lines, .. }) in &self.files {
            for (index, pieces) in lines.iter().enumerate() {
                let own = likeness(pieces, wanted);
                if own < 4 || own * 3 < wanted.len() {
                    continue;
                }
                // Lines that read the same are told apart by their neighbours.
                let beside = |index: Option<usize>, line: usize| {
                    index.and_then(|index| lines.get(index)).map_or(0, |pieces| likeness(pieces, at(line)))
                };
                let score = own * 4 + beside(index.checked_sub(1), line.wrapping_sub(1)) + beside(Some(index + 1), line + 1);
                if best.is_none_or(|(highest, ..)| score > highest) {
                    best = Some((score, file, index as u64 + 1));
                }
            }
        }
        best.map(|(_, file, line)| (file, line))
    }

    /// A line of a template as it was written.
    pub(super) fn line(&self, file: &str, line: u64) -> &'a str {
        let template = self.files.iter().find(|(own, _)| own == file).map(|(_, template)| template);
        template.and_then(|template| template.lines.get(usize::try_from(line).ok()?.checked_sub(1)?)).copied().unwrap_or_default()
    }
}

impl<'a> Template<'a> {
    fn of(text: &'a str) -> Self {
        let mut close = None;
        Self { lines: text.lines().collect(), pieces: text.lines().map(|line| literals(line, &mut close)).collect() }
    }
}

/// How many characters of a rendered line stand in the template's, in the same order.
fn likeness(pieces: &[&str], rendered: &str) -> usize {
    let mut rest = rendered;
    let mut found = 0;
    for piece in pieces {
        if let Some(at) = rest.find(piece) {
            found += piece.len();
            rest = &rest[at + piece.len()..];
        }
    }
    found
}

/// `close` is the end of the tag in which the line begins, if it begins in one.
fn literals<'a>(line: &'a str, close: &mut Option<&'static str>) -> Vec<&'a str> {
    const TAGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
    let mut pieces = Vec::new();
    let mut rest = line;
    loop {
        if let Some(end) = *close {
            let Some(at) = rest.find(end) else { return pieces };
            rest = &rest[at + end.len()..];
            *close = None;
        }
        let next = TAGS.iter().filter_map(|(open, end)| Some((rest.find(open)?, *end))).min();
        let piece = rest[..next.map_or(rest.len(), |(at, _)| at)].trim();
        if !piece.is_empty() {
            pieces.push(piece);
        }
        let Some((at, end)) = next else { return pieces };
        rest = &rest[at + 2..];
        *close = Some(end);
    }
}
