//! `gapgate progress --watch`: look, draw, wait, until all is complete.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::options;
use super::progress::{Format, Watched};
use crate::error::Error;
use crate::model::progress::{Polls, Progress};
use crate::model::verdict::Verdict;
use crate::report::terminal::answer;
use crate::report::terminal::progress::{self, Poll};
use crate::report::terminal::screen::Screen;
use crate::report::{self, Place, visible};

/// 0 once all is complete; a poll that fails says so, and the next one may be better.
pub(super) fn run(watched: &mut Watched<'_>, every: u64, formats: &[(Format, Place)], log: Option<&str>) -> Result<u8, Error> {
    if formats.iter().any(|(format, place)| *place == Place::Stdout && !matches!(format, Format::Table)) {
        return Err(Error::Usage("--watch has standard output for itself; give the format a file: --format json=progress.json".to_owned()));
    }
    let log = log.map(options::report_file).transpose()?;
    let quiet = watched.common.quiet;
    let mut sight = Sight { every, number: 0, seen: None, said: String::new(), log };
    let mut screen = (!quiet && report::redraws()).then(Screen::begin);
    let mut polls = Polls::default();
    loop {
        let at = (watched.environment.clock)();
        let failure = match watched.look(at) {
            Ok(progress) if progress.sees_nothing() => Some(progress.reason().to_owned()),
            Ok(mut progress) => {
                polls.absorb(at, &mut progress, watched.wanted.patience);
                if watched.is_fixed() {
                    progress.notes.push("the moment of the question is fixed, so runs of now do not count; rows do".to_owned());
                }
                for (format, place) in formats.iter().filter(|(_, place)| *place != Place::Stdout) {
                    report::write(place, &watched.text(&progress, *format))?;
                }
                sight.seen = Some((watched.local(at), progress));
                None
            }
            Err(Error::Warehouse(problem)) => Some(problem),
            Err(error) => return Err(error),
        };
        sight.show(watched, at, failure.as_deref(), screen.as_mut(), quiet)?;
        let done = sight.seen.as_ref().filter(|_| failure.is_none()).map(|(_, progress)| progress.verdict());
        if let Some(verdict) = done.filter(|verdict| *verdict <= Verdict::Warn) {
            if quiet {
                report::write(&Place::Stdout, &format!("{}\n", answer(verdict)))?;
            }
            return Ok(verdict.exit_status(false));
        }
        if watched.environment.interrupt.wait(Duration::from_secs(every)) {
            return Err(Error::Interrupted);
        }
    }
}

/// What was seen, and what of it was said.
struct Sight {
    every: u64,
    number: u64,
    /// The last good poll and its time.
    seen: Option<(String, Progress)>,
    said: String,
    log: Option<PathBuf>,
}

impl Sight {
    fn show(
        &mut self,
        watched: &Watched<'_>,
        at: Timestamp,
        failure: Option<&str>,
        screen: Option<&mut Screen>,
        quiet: bool,
    ) -> Result<(), Error> {
        self.number += 1;
        let at = watched.local(at);
        let poll = Poll {
            progress: self.seen.as_ref().map(|(_, progress)| progress),
            seen: self.seen.as_ref().map(|(seen, _)| seen.as_str()),
            at: &at,
            failure,
            number: self.number,
            every: self.every,
        };
        let line = progress::line(&poll);
        if let Some(log) = &self.log {
            report::append(log, &visible(&format!("{at} {line}")))?;
        }
        match screen {
            Some(screen) => {
                let lines = progress::watch(&poll, &watched.header(), Screen::size());
                screen.draw(&lines).map_err(|source| Error::Write { place: "standard output".to_owned(), source })
            }
            // Where nothing is drawn over, the same again is only noise.
            None if quiet || line == self.said => Ok(()),
            None => {
                report::write(&Place::Stdout, &visible(&format!("{at} {line}\n")))?;
                self.said = line;
                Ok(())
            }
        }
    }
}

impl Watched<'_> {
    /// A moment on the project's clock.
    fn local(&self, at: Timestamp) -> String {
        at.to_zoned(self.setup.project.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}
