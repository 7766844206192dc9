//! Which seasons or dates are meant, in the user's words.

use jiff::civil::{Date, DateTime};

use crate::error::did_you_mean;
use crate::model::catalogue::Project;
use crate::model::scope::{Scope, Season};

/// The user's words; without any, all seasons are meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// Names of seasons.
    pub seasons: &'a [String],
    /// The first date.
    pub from: Option<&'a str>,
    /// The last date.
    pub to: Option<&'a str>,
    /// What stands before the names of the words in messages, such as `--`.
    pub prefix: &'a str,
}

/// The scope that the words mean, as of a moment in UTC.
///
/// # Errors
/// What is wrong: an unknown season, a text that is no date, a range without a date of any season.
pub fn scope(project: &Project, words: Words<'_>, as_of: DateTime) -> Result<Scope, String> {
    let all = project.all_seasons();
    let mut seasons = all.clone();
    if !words.seasons.is_empty() {
        let names: Vec<&str> = all.iter().map(|season| season.name.as_str()).collect();
        if let Some(name) = words.seasons.iter().find(|name| !names.contains(&name.as_str())) {
            let hint = did_you_mean(name, names.iter().copied());
            return Err(format!("no season is named \"{name}\"{hint}; known: {}", names.join(", ")));
        }
        seasons.retain(|season| words.seasons.contains(&season.name));
    }
    let range = range(words)?;
    if let Some((from, to)) = range {
        seasons.retain(|season| season.start <= to && season.end >= from);
    }
    if seasons.is_empty() {
        return Err("no season has a date in that range, so there is nothing to look at".to_owned());
    }
    let between = |season: &Season| seasons[0].start < season.start && seasons.last().is_some_and(|last| season.end < last.end);
    let others = all.into_iter().filter(|season| between(season) && !seasons.contains(season)).collect();
    Ok(Scope { seasons, others, range, as_of, is_now: false, zone: project.zone.clone() })
}

fn range(Words { from, to, prefix, .. }: Words<'_>) -> Result<Option<(Date, Date)>, String> {
    let date = |name: &str, text: &str| {
        let parsed = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        parsed.ok_or_else(|| format!("{prefix}{name}: `{text}` is not a date such as 2024-06-30"))
    };
    let from = from.map(|text| date("from", text)).transpose()?;
    let to = to.map(|text| date("to", text)).transpose()?;
    if let Some((from, to)) = from.zip(to).filter(|(from, to)| from > to) {
        return Err(format!("{prefix}from {from} is after {prefix}to {to}"));
    }
    Ok((from.is_some() || to.is_some()).then(|| (from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX))))
}
