//! `gapgate lint`: the library's queries or foreign SQL files, without a warehouse; and the pages of the rules.

mod facts;
mod files;
mod queries;

use std::fmt::Write as _;
use std::path::Path;

pub(super) use queries::Mismatches;

use super::{Environment, Setup, options, schema};
use crate::cli::{Common, Lint};
use crate::error::{Error, did_you_mean};
use crate::lint;
use crate::model::lint::{LintReport, Rule};
use crate::model::sql::Dialect;
use crate::report::{self, Place, sarif};

#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
    Github,
    Sarif,
}

const FORMATS: [(Format, &str); 4] = [(Format::Text, "text"), (Format::Json, "json"), (Format::Github, "github"), (Format::Sarif, "sarif")];

pub(super) fn run(common: &Common, environment: &Environment, args: &Lint) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    if args.rules {
        return print(&rules());
    }
    if let Some(word) = &args.explain {
        return print(explain(word)?);
    }
    let mut report = if args.what.iter().any(|word| is_path(word)) {
        files::lint(common, args)?
    } else {
        let dialect = args.dialect.as_deref().map(dialect).transpose()?;
        let partitioned = facts::partitioned(&args.partitioned)?;
        let setup = Setup::load(common, environment)?;
        let mut base = facts::of_project(&setup.project);
        base.partitioned.extend(partitioned);
        let queries = queries::named(&setup, &args.what)?;
        let mismatches = || schema::mismatches(&setup, common, environment, &queries, dialect);
        queries::lint(&setup, common, &queries, &base, dialect, mismatches)?
    };
    report.findings.sort();
    for (format, place) in formats {
        report::write(&place, &write(&report, format))?;
    }
    Ok(report.exit_status(args.strict))
}

fn print(text: &str) -> Result<u8, Error> {
    report::write(&Place::Stdout, text)?;
    Ok(0)
}

fn write(report: &LintReport, format: Format) -> String {
    match format {
        Format::Text => report::lint::text(report),
        Format::Json => report::lint::json(report),
        Format::Github => report::lint::github(report),
        Format::Sarif => sarif::log(report, |rule| (lint::title(rule), lint::page(rule))),
    }
}

fn rules() -> String {
    let mut text = String::new();
    for rule in Rule::ALL {
        let _ = writeln!(text, "{}  {:<26}{}", rule.code(), rule.name(), lint::title(*rule));
    }
    text
}

fn explain(word: &str) -> Result<&'static str, Error> {
    let known = Rule::ALL.iter().flat_map(|rule| [rule.code(), rule.name()]);
    let unknown = || Error::Usage(format!("no rule is called \"{word}\"{}; `gapgate lint --rules` lists them", did_you_mean(word, known)));
    Rule::parse(word).map(lint::page).ok_or_else(unknown)
}

/// Ids of queries have no ending; folders count as paths only where no query can be meant.
fn is_path(word: &str) -> bool {
    let path = Path::new(word);
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql")) || path.exists()
}

fn dialect(name: &str) -> Result<Dialect, Error> {
    Dialect::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
        Error::Usage(format!("unknown dialect \"{name}\"{}; known: {}", did_you_mean(name, known.iter().copied()), known.join(", ")))
    })
}
