//! `gapgate retry --waves`: the keys to re-run in the order in which they can, and what stands in the way of the rest.

use std::path::{Path, PathBuf};

use super::retry::{plain_keys, sampled};
use super::{Environment, Setup, options};
use crate::cli::{Common, Retry};
use crate::error::Error;
use crate::model::retry::Sample;
use crate::model::schedule::{Schedule, Scheduled};
use crate::model::scope::Scope;
use crate::report::commands::{Columns, Template};
use crate::report::terminal::Style;
use crate::report::{self, Place, csv, lines, terminal, waves};
use crate::run::waves::{Wanted, schedule};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Table,
    Lines,
    Csv,
    Jsonl,
    Json,
    Ranges,
    Airflow,
    Dagster,
    GithubMatrix,
    Commands,
}

const FORMATS: [(Format, &str); 10] = [
    (Format::Table, "table"),
    (Format::Lines, "lines"),
    (Format::Csv, "csv"),
    (Format::Jsonl, "jsonl"),
    (Format::Json, "json"),
    (Format::Ranges, "ranges"),
    (Format::Airflow, "airflow"),
    (Format::Dagster, "dagster"),
    (Format::GithubMatrix, "github-matrix"),
    (Format::Commands, "commands"),
];

impl Format {
    /// The ending of a file of it.
    fn ending(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Lines | Self::Ranges => "tsv",
            Self::Csv => "csv",
            Self::Jsonl | Self::Airflow | Self::Dagster => "jsonl",
            Self::Json | Self::GithubMatrix => "json",
            Self::Commands => "sh",
        }
    }
}

/// 0 with a complete plan, whatever it says; 3 if something could not be judged.
pub(super) fn run(common: &Common, environment: &Environment, args: &Retry) -> Result<u8, Error> {
    let mut known = FORMATS.to_vec();
    if args.command.is_some() {
        // A template asks for commands.
        known.rotate_right(1);
    }
    let formats = options::formats(common, &known)?;
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, &args.names)?;
    let template = args.command.as_deref().map(|text| template(&setup, &outputs, args, text)).transpose()?;
    if template.is_none() && formats.iter().any(|(format, _)| *format == Format::Commands) {
        return Err(Error::Usage("the format commands needs a template: --command 'run {output} --date {date}'".to_owned()));
    }
    let folder = args.out_dir.as_deref().map(new_folder).transpose()?;
    // A key of a range may read keys before it, so whole seasons are looked at.
    let whole = Scope { range: None, ..setup.scope.clone() };
    let warehouse = setup.open(environment)?;
    let session = setup.session_of(&whole, warehouse.as_ref(), common);
    let wanted = Wanted { outputs, range: setup.scope.range, impact: args.impact, with_impact: args.with_impact, force: args.force };
    let mut schedule = schedule(&session, &wanted)?;
    if let Some(most) = args.sample.map(|most| most as usize) {
        let wave = args.wave.unwrap_or(1);
        let sample = Sample::of(schedule.wave(wave).map(|key| &key.item), most);
        schedule.keys.retain(|key| key.wave() == Some(wave) && sample.takes(&key.item));
        schedule.impact.clear();
        schedule.notes.extend(sampled(most, sample.all, &format!(" in wave {wave}")));
    }
    if formats.iter().any(|(format, _)| matches!(format, Format::Lines | Format::Ranges)) {
        plain_keys(schedule.keys.iter().map(|key| &key.item))?;
    }
    let text = Text { schedule: &schedule, template: template.as_ref(), zone: &setup.project.zone, style: Style::detect(common.verbose) };
    let mut written = Vec::new();
    for (format, place) in formats {
        if let Some(folder) = folder.as_ref().filter(|_| place == Place::Stdout) {
            for wave in 1..=schedule.waves() {
                written.push((folder.join(format!("wave-{wave:02}.{}", format.ending())), text.of(format, Some(wave))?));
            }
            continue;
        }
        report::write(&place, &text.of(format, args.wave)?)?;
    }
    if let Some(folder) = &folder {
        report::write_folder(folder, &written)?;
        report::say(&format!("gapgate: {} of {} in {}", written.len(), crate::model::rule::count(written.len(), "wave"), folder.display()));
    }
    say(&schedule);
    Ok(if schedule.undecided.is_empty() { 0 } else { 3 })
}

struct Text<'a> {
    schedule: &'a Schedule,
    template: Option<&'a Template>,
    zone: &'a jiff::tz::TimeZone,
    style: Style,
}

impl Text<'_> {
    /// The plan, or one wave of it.
    fn of(&self, format: Format, only: Option<u32>) -> Result<String, Error> {
        let schedule = self.schedule;
        let asked: Vec<u32> = (1..=schedule.waves()).filter(|wave| only.is_none_or(|only| only == *wave)).collect();
        let keys = || -> Vec<&Scheduled> { schedule.keys.iter().filter(|key| only.is_none() || key.wave() == only).collect() };
        Ok(match format {
            Format::Table => terminal::waves::schedule(schedule, only, self.style),
            Format::Lines => lines::waves(keys()),
            Format::Csv => csv::waves(keys()),
            Format::Jsonl => waves::jsonl(keys()),
            Format::Json => waves::json(schedule, keys()),
            Format::Ranges => lines::wave_ranges(schedule, asked),
            Format::Airflow => waves::airflow(keys(), self.zone),
            Format::Dagster => waves::dagster(schedule, asked),
            Format::GithubMatrix => waves::github_matrix(schedule, &asked, only.is_some()).map_err(Error::Usage)?,
            Format::Commands => {
                let template = self.template.ok_or_else(|| Error::Usage("there is no template for commands".to_owned()))?;
                let lines = asked.iter().map(|wave| template.wave(schedule, *wave)).collect::<Result<Vec<String>, String>>();
                lines.map_err(Error::Usage)?.concat()
            }
        })
    }
}

/// The user's template, sound for every output that the plan can have keys of.
fn template(setup: &Setup, outputs: &[String], args: &Retry, text: &str) -> Result<Template, Error> {
    let all = setup.project.outputs.values();
    // The impact reaches outputs that were not named.
    let meant = all.filter(|output| args.with_impact || outputs.contains(&output.name));
    let columns: Vec<Columns<'_>> = meant
        .map(|output| Columns {
            output: &output.name,
            key: output.key.iter().map(|column| column.name.as_str()).collect(),
            date: output.date().map(|date| date.name.as_str()),
        })
        .collect();
    Template::parse(text, &columns).map_err(|message| Error::Usage(format!("--command: {message}")))
}

/// A folder for the waves, which must not hold waves of another plan.
fn new_folder(folder: &Path) -> Result<PathBuf, Error> {
    if folder.is_dir() && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(folder.to_owned());
    }
    if folder.exists() {
        let message = format!("{} is not an empty folder: name a new one, so that no wave of another plan is left in it", folder.display());
        return Err(Error::Usage(message));
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Err(Error::Usage(format!("cannot write {}: there is no folder {}", folder.display(), parent.display())));
    }
    Ok(folder.to_owned())
}

fn say(schedule: &Schedule) {
    for (what, why) in &schedule.undecided {
        report::say(&format!("gapgate: {what} could not be judged: {why}"));
    }
    for note in &schedule.notes {
        report::say(&format!("gapgate: {note}"));
    }
}
