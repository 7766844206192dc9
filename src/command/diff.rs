//! `gapgate diff`: what got better, worse and new from one recorded run to another.

use super::options;
use crate::cli::Common;
use crate::error::Error;
use crate::load::records;
use crate::model::change::{Change, changes};
use crate::model::record::Record;
use crate::report::change::{self, Comparison};
use crate::report::terminal::Style;
use crate::report::{self, Place};

#[derive(Clone, Copy)]
enum Format {
    Table,
    Json,
}

const FORMATS: [(Format, &str); 2] = [(Format::Table, "table"), (Format::Json, "json")];

/// 0 if nothing got worse or new, 1 if something did.
pub(super) fn run(common: &Common, from: Option<&str>, to: Option<&str>, list: bool) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    if list {
        return names(common);
    }
    let (before, after) = two_runs(common, from, to)?;
    let changes = changes(&before.1, &after.1);
    let comparison = Comparison { before: (&before.0, &before.1), after: (&after.0, &after.1), changes: &changes };
    let worse = changes.iter().filter(|change| change.is_worse()).count();
    for (format, place) in formats {
        let text = match format {
            _ if common.quiet && place == Place::Stdout => format!("{worse} worse\n"),
            Format::Table => change::text(&comparison, Style::detect(common.verbose)),
            Format::Json => change::json(&comparison),
        };
        report::write(&place, &text)?;
    }
    Ok(u8::from(changes.iter().any(Change::is_worse)))
}

fn names(common: &Common) -> Result<u8, Error> {
    let lines = records::runs(&common.directory)?.into_iter().map(|(name, path)| {
        let record = records::read(&path, &name)?;
        Ok(format!("{name}  {}  {} on {}\n", record.verdict.name(), record.gates().join(", "), record.target))
    });
    let text = lines.collect::<Result<String, Error>>()?;
    report::write(&Place::Stdout, if text.is_empty() { "no run is recorded\n" } else { &text })?;
    Ok(0)
}

type Named = (String, Record);

/// The runs to compare. Without names they are the newest one, and the newest one before it that looked at the same.
fn two_runs(common: &Common, from: Option<&str>, to: Option<&str>) -> Result<(Named, Named), Error> {
    let dir = &common.directory;
    let none = || Error::Usage("no run is recorded; `gapgate gate` records its runs".to_owned());
    let runs = records::runs(dir)?;
    let after = match to {
        Some(name) => records::run(dir, name)?,
        None => {
            let (name, path) = runs.last().ok_or_else(none)?;
            (name.clone(), records::read(path, name)?)
        }
    };
    if let Some(name) = from {
        return Ok((records::run(dir, name)?, after));
    }
    for (name, path) in runs.iter().rev().skip_while(|(name, _)| *name >= after.0) {
        let record = records::read(path, name)?;
        if record.is_like(&after.1) {
            return Ok(((name.clone(), record), after));
        }
    }
    let gates = after.1.gates().join(", ");
    Err(Error::Usage(format!(
        "{} is the first recorded run of {gates} on {} over its seasons: nothing to compare with",
        after.0, after.1.target
    )))
}
