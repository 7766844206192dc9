//! `gapgate list` and `gapgate show`: the library for people.

use super::options;
use crate::cli::Common;
use crate::error::Error;
use crate::load::library;
use crate::report::terminal::{self, Style};
use crate::report::{self, Place, catalogue};

#[derive(Clone, Copy)]
enum Format {
    Table,
    Markdown,
}

const FORMATS: [(Format, &str); 2] = [(Format::Table, "table"), (Format::Markdown, "markdown")];

pub(super) fn list(common: &Common) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let library = library::load(Some(&common.directory))?;
    for (format, place) in formats {
        let text = match format {
            Format::Table => terminal::queries(library.queries.values(), Style::detect(false)),
            Format::Markdown => catalogue::page(&library),
        };
        report::write(&place, &text)?;
    }
    Ok(0)
}

pub(super) fn show(common: &Common, id: &str) -> Result<u8, Error> {
    let library = library::load(Some(&common.directory))?;
    report::write(&Place::Stdout, &catalogue::query(library.query(id)?))?;
    Ok(0)
}
