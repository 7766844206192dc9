//! How far outputs are, for people: a table, the lines of a watch, and one line for a log.

use indexmap::IndexMap;

use super::{Style, heading, wrap};
use crate::model::progress::{Counts, OutputProgress, Progress, State, Sum};
use crate::model::report::Header;
use crate::model::span;
use crate::model::verdict::Verdict;

/// Columns of a progress bar.
const BAR: usize = 16;

/// What is shown where nothing is known.
const UNKNOWN: &str = "-";

const HEAD: [&str; 7] = ["output", "done", "left", "total", "per h", "ready in", "last ok"];

/// Every stage and output with its counts, pace and last success, and then what stands in the way.
pub fn table(progress: &Progress, header: &Header, style: Style) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    for stage in progress.stages() {
        rows.push(row(stage.name.to_owned(), stage.counts, stage.per_hour, &ready(&stage), UNKNOWN.to_owned()));
        for output in progress.outputs.iter().filter(|output| output.stage == stage.name) {
            let age = output.pulse.as_ref().and_then(|pulse| pulse.age).map_or(UNKNOWN.to_owned(), short);
            let rate = output.pace.map(|pace| pace.per_hour);
            rows.push(row(format!("  {}", output.output), output.counts, rate, &answer(output), age));
        }
    }
    let mut text = heading(header, style) + &aligned(&rows) + "\n";
    remarks(progress).iter().for_each(|line| text.push_str(&wrap(line, "  ", style.width)));
    text.push_str(&wrap(&summary(progress), "  ", style.width));
    text
}

fn row(name: String, counts: Option<Counts>, rate: Option<f64>, ready: &str, age: String) -> [String; 7] {
    let number = |of: fn(Counts) -> u64| counts.map_or("?".to_owned(), |counts| of(counts).to_string());
    let rate = rate.map_or(UNKNOWN.to_owned(), per_hour);
    [name, number(|c| c.done), number(|c| c.remaining), number(|c| c.total), rate, ready.to_owned(), age]
}

/// Three digits are as many as a pace is worth.
fn per_hour(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// When an output is ready, or why nobody knows.
fn answer(output: &OutputProgress) -> String {
    match (output.state, output.pace) {
        (State::UnderWay, Some(pace)) => span::show(pace.seconds_left),
        (State::UnderWay | State::Open, _) => UNKNOWN.to_owned(),
        (state, _) => state.name().to_owned(),
    }
}

fn ready(sum: &Sum<'_>) -> String {
    let complete = sum.decides.is_none() && sum.counts.is_some();
    if complete { State::Complete.name().to_owned() } else { sum.seconds_left.map_or(UNKNOWN.to_owned(), span::show) }
}

/// One unit is enough for what is over.
fn short(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min")];
    let (size, name) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "s"));
    format!("{} {name}", seconds / size)
}

/// The first column to the left, the others to the right.
fn aligned(rows: &[[String; 7]]) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let cell = |(at, cell): (usize, &String)| {
        if at == 0 { format!("{cell:<width$}", width = widths[0]) } else { format!("  {cell:>width$}", width = widths[at]) }
    };
    rows.iter().map(|row| row.iter().enumerate().map(cell).collect::<String>().trim_end().to_owned() + "\n").collect()
}

/// What stands in the way, and what is worth knowing, a line each.
fn remarks(progress: &Progress) -> Vec<String> {
    // What is said of many is said once.
    let mut reasons: IndexMap<(State, &str), Vec<&str>> = IndexMap::new();
    for (output, reason) in progress.outputs.iter().filter_map(|output| Some((output, output.reason.as_deref()?))) {
        reasons.entry((output.state, reason)).or_default().push(&output.output);
    }
    let mut lines: Vec<String> =
        reasons.into_iter().map(|((state, reason), outputs)| format!("{}: {reason}: {}", state.name(), outputs.join(", "))).collect();
    for gate in &progress.gates {
        let reason = gate.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("gate {} says {}{reason}", gate.gate, super::answer(gate.verdict)));
    }
    lines.extend(progress.notes.iter().map(|note| format!("note: {note}")));
    lines
}

/// Everything in a sentence.
fn summary(progress: &Progress) -> String {
    let whole = progress.whole();
    let Some(counts) = whole.counts else { return "some outputs could not be counted, so nobody knows what is left".to_owned() };
    let mut text = format!("{} of {} keys done", counts.done, counts.total);
    if counts.remaining > 0 {
        text.push_str(&format!(", {} left", counts.remaining));
    }
    let aside = [(counts.pending, "not due yet"), (counts.waived, "waived"), (counts.not_expected, "not expected")];
    let aside: Vec<String> = aside.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !aside.is_empty() {
        text.push_str(&format!(" ({} besides)", aside.join(", ")));
    }
    match (whole.seconds_left, whole.decides) {
        (Some(left), Some(output)) => text.push_str(&format!("; ready in {}, when {output} is", span::show(left))),
        (None, Some(output)) => text.push_str(&format!("; nobody knows when {output} will be ready")),
        _ => {}
    }
    text
}

/// What one poll of a watch saw, or that it saw nothing.
#[derive(Debug)]
pub struct Poll<'a> {
    /// What the last good poll saw.
    pub progress: Option<&'a Progress>,
    /// When, local to the project.
    pub seen: Option<&'a str>,
    /// When this poll was, local to the project.
    pub at: &'a str,
    /// Why it failed.
    pub failure: Option<&'a str>,
    /// Its number.
    pub number: u64,
    /// Seconds from one to the next.
    pub every: u64,
}

/// The lines of a watch: a bar for each output, as many as fit in so many columns and lines. Those that are complete give way.
pub fn watch(poll: &Poll<'_>, header: &Header, (width, height): (u16, u16)) -> Vec<String> {
    let mut head =
        vec![format!("{} on {}, poll {} at {}, every {}", header.project, header.target, poll.number, poll.at, span::show(poll.every))];
    let mut foot = Vec::new();
    if let Some(failure) = poll.failure {
        let seen = poll.seen.map_or("none was good yet".to_owned(), |seen| format!("the last good one was at {seen}"));
        foot.push(format!("this poll failed, {seen}: {failure}"));
    }
    let Some(progress) = poll.progress else {
        head.extend(foot);
        return broken(head, width);
    };
    foot.extend(remarks(progress));
    foot.push(summary(progress));
    let foot = broken(foot, width);
    let name = progress.outputs.iter().map(|output| output.output.chars().count()).max().unwrap_or(0).min(usize::from(width) / 2);
    let room = usize::from(height).saturating_sub(head.len() + foot.len() + 1);
    let stages = progress.stages();
    let every_line = stages.len() + progress.outputs.len();
    let shows = |output: &&OutputProgress| every_line <= room || output.state != State::Complete;
    let mut body = Vec::new();
    for stage in &stages {
        body.push(bar(stage.name, name + 2, stage.counts, stage.per_hour, &ready(stage)));
        let own = progress.outputs.iter().filter(|output| output.stage == stage.name).filter(shows);
        body.extend(own.map(|output| {
            bar(&format!("  {}", output.output), name + 2, output.counts, output.pace.map(|pace| pace.per_hour), &answer(output))
        }));
    }
    if body.len() > room && room > 0 {
        let hidden = body.len() - room + 1;
        body.truncate(room - 1);
        body.push(format!("and {hidden} more lines"));
    }
    [head, body, foot].concat()
}

fn broken(lines: Vec<String>, width: u16) -> Vec<String> {
    lines.iter().flat_map(|line| wrap(line, "  ", width.saturating_sub(1)).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn bar(name: &str, width: usize, counts: Option<Counts>, rate: Option<f64>, ready: &str) -> String {
    let name: String = name.chars().take(width).collect();
    let Some(counts) = counts else { return format!("{name:<width$} [{}]  {ready}", "?".repeat(BAR)) };
    let filled = BAR as u128 * u128::from(counts.done) / u128::from(counts.total.max(1));
    let full = usize::try_from(filled).unwrap_or(BAR);
    let percent = counts.percent().map_or(UNKNOWN.to_owned(), |percent| format!("{percent}%"));
    let share = format!("{}/{}", counts.done, counts.total);
    let rate = rate.map(|rate| format!("{}/h ", per_hour(rate))).unwrap_or_default();
    format!("{name:<width$} [{}{}] {share:>9} {percent:>4} {rate}{ready}", "#".repeat(full), ".".repeat(BAR - full))
}

/// One poll in a line, with each stage; the moment is for the caller to put before it.
pub fn line(poll: &Poll<'_>) -> String {
    if let Some(failure) = poll.failure {
        let seen = poll.seen.map_or("no good poll yet".to_owned(), |seen| format!("last good poll at {seen}"));
        return format!("failed ({seen}): {failure}");
    }
    let Some(progress) = poll.progress else { return "nothing was seen".to_owned() };
    let stage = |stage: &Sum<'_>| {
        let Some(counts) = stage.counts else { return format!("{} undecided", stage.name) };
        let mut text = format!("{} {}/{}", stage.name, counts.done, counts.total);
        if let Some(rate) = stage.per_hour {
            text.push_str(&format!(" {}/h", per_hour(rate)));
        }
        match (stage.seconds_left, stage.decides) {
            (Some(left), Some(output)) => text.push_str(&format!(" ready in {} ({output})", span::show(left))),
            (None, Some(output)) => {
                let state = progress.outputs.iter().find(|known| known.output == output).map_or(State::Open, |known| known.state);
                text.push_str(&format!(" {} ({output})", state.name()));
            }
            _ => {}
        }
        text
    };
    let gates = progress.gates.iter().map(|gate| format!("gate {} {}", gate.gate, super::answer(gate.verdict)));
    let done = (progress.verdict() <= Verdict::Warn).then(|| "complete".to_owned());
    progress.stages().iter().map(stage).chain(gates).chain(done).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::{Poll, line, watch};
    use crate::model::progress::{Counts, OutputProgress, Progress, State};
    use crate::model::report::Header;
    use crate::model::verdict::Verdict;

    fn output(n: u64, done: u64) -> OutputProgress {
        let (state, verdict) = if done == 10 { (State::Complete, Verdict::Pass) } else { (State::Open, Verdict::Fail) };
        OutputProgress {
            output: format!("output_{n:02}"),
            stage: "raw".to_owned(),
            processor: None,
            counts: Some(Counts { done, remaining: 10 - done, total: 10, ..Counts::default() }),
            verdict,
            state,
            reason: None,
            pulse: None,
            pace: None,
        }
    }

    fn header() -> Header {
        let text = str::to_owned;
        Header {
            project: text("desk"),
            target: text("local"),
            engine: text("duckdb"),
            seasons: vec![],
            mode: None,
            as_of: text("now"),
            zone: text("UTC"),
        }
    }

    fn poll<'a>(progress: Option<&'a Progress>, failure: Option<&'a str>) -> Poll<'a> {
        Poll { progress, seen: progress.map(|_| "09:00"), at: "09:01", failure, number: 2, every: 30 }
    }

    #[test]
    fn a_watch_fits_in_its_terminal() {
        let progress = Progress { outputs: (0..30).map(|n| output(n, if n < 20 { 10 } else { 5 })).collect(), ..Progress::default() };
        for (width, height) in [(80, 24), (60, 16), (40, 8), (200, 60)] {
            let lines = watch(&poll(Some(&progress), Some("it is locked by another process")), &header(), (width, height));
            assert!(lines.len() < usize::from(height), "{} lines of {height}\n{}", lines.len(), lines.join("\n"));
            let text = lines.join("\n");
            assert!(text.contains("this poll failed") && text.contains("250 of 300 keys done"), "{text}");
            assert_eq!(text.contains("output_03"), height == 60, "what is complete gives way: {text}");
            assert_eq!(text.contains("more lines"), height < 17, "what is left out is said: {text}");
        }
    }

    #[test]
    fn a_poll_that_failed_never_shows_as_done() {
        let progress = Progress { outputs: vec![output(1, 10)], ..Progress::default() };
        assert_eq!(line(&poll(Some(&progress), None)), "raw 10/10; complete");
        assert_eq!(line(&poll(Some(&progress), Some("locked"))), "failed (last good poll at 09:00): locked");
        assert_eq!(line(&poll(None, Some("locked"))), "failed (no good poll yet): locked");
        let lines = watch(&poll(None, Some("locked")), &header(), (80, 24));
        assert_eq!(lines, ["desk on local, poll 2 at 09:01, every 30 s", "this poll failed, none was good yet: locked"]);
        let unknown = OutputProgress { counts: None, state: State::Undecided, verdict: Verdict::Undecided, ..output(1, 10) };
        let lines = watch(&poll(Some(&Progress { outputs: vec![unknown], ..Progress::default() }), None), &header(), (80, 24));
        assert!(lines.join("\n").contains("[????????????????]  undecided") && !lines.join("\n").contains("complete"), "{lines:?}");
    }
}
