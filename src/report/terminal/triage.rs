//! Triage for people: whether anything needs somebody, a line per cause by what to do about it, then the units.

use std::fmt::Write as _;

use super::{Style, heading, visible, wrap};
use crate::model::report::Header;
use crate::model::rule::count;
use crate::model::triage::{Action, Cause, Triage, Unit};

/// Units of a cause that are listed without `--verbose`.
const UNITS: usize = 3;

/// What could not be judged, of each kind, that is shown without `--verbose`.
const UNDECIDED: usize = 8;

/// One screen by cause, then the units.
pub fn triage(triage: &Triage, header: &Header, style: Style) -> String {
    let first = wrap(&answer(triage), "  ", style.width);
    let mut text = style.paint(first.trim_end(), triage.verdict()) + "\n" + &heading(header, style);
    let shown = if style.verbose { usize::MAX } else { UNDECIDED };
    for (what, why) in triage.undecided.iter().take(shown) {
        text.push_str(&wrap(&format!("undecided: {what}: {why}"), "    ", style.width));
    }
    if triage.undecided.len() > shown {
        let _ = writeln!(text, "    and {} more; -v shows all", triage.undecided.len() - shown);
    }
    for causes in triage.causes.chunk_by(|a, b| a.action == b.action) {
        let action = causes[0].action;
        let _ = writeln!(text, "{}", action.words());
        causes.iter().for_each(|cause| push_cause(&mut text, cause, style));
        if let Some(advice) = triage.advice(action) {
            text.push_str(&indented(&format!("    -> {advice}"), 7, style));
        }
    }
    triage.notes.iter().for_each(|note| text.push_str(&wrap(&format!("note: {note}"), "  ", style.width)));
    push_units(&mut text, triage, style);
    text
}

/// The answer in a line.
pub fn answer(triage: &Triage) -> String {
    let (urgent, other) = (triage.units(true), triage.units(false));
    let causes = triage.urgent().count();
    let number = if urgent == 0 { count(causes, "cause") } else { format!("{}, {}", count(urgent, "unit"), count(causes, "cause")) };
    let whether = match (triage.undecided.is_empty(), causes) {
        (true, 0) => "nothing needs a human".to_owned(),
        (false, 0) => "undecided: not everything could be judged".to_owned(),
        (true, _) => format!("needs a human: {number}"),
        (false, _) => format!("needs a human: {number}, and not everything could be judged"),
    };
    match (triage.causes.is_empty(), triage.undecided.is_empty(), other) {
        (true, true, _) => format!("{whether}: nothing failed"),
        (_, _, 0) => whether,
        (..) if causes == 0 => format!("{whether}; {} to retry, expected or settled", count(other, "unit")),
        (..) => format!("{whether}; {other} more to retry, expected or settled"),
    }
}

/// A line; the whole message is told with the units.
fn push_cause(text: &mut String, cause: &Cause, style: Style) {
    let number = if cause.units.is_empty() { "-".to_owned() } else { cause.units.len().to_string() };
    let mut line = format!("{number:>5}  {}", visible(&cause.what));
    let who = processors(&cause.units);
    let who = match who.as_slice() {
        [] => String::new(),
        [one] if cause.what.contains(one) => String::new(),
        [one] => format!(" ({})", visible(one)),
        several => format!(" ({} processors)", several.len()),
    };
    let width = usize::from(style.width);
    if line.chars().count() + who.chars().count() <= width {
        line.push_str(&who);
    }
    if line.chars().count() > width {
        line = line.chars().take(width - 3).collect::<String>() + "...";
    }
    let _ = writeln!(text, "{line}");
    if let Some(remedy) = &cause.remedy {
        text.push_str(&indented(&format!("       -> {remedy}"), 10, style));
    }
}

fn indented(line: &str, indent: usize, style: Style) -> String {
    wrap(line, &" ".repeat(indent), style.width)
}

fn processors(units: &[Unit]) -> Vec<&str> {
    let mut names: Vec<&str> = units.iter().map(|unit| unit.processor.as_deref().unwrap_or("no processor")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn push_units(text: &mut String, triage: &Triage, style: Style) {
    let listed = |cause: &&Cause| !cause.units.is_empty() && (style.verbose || cause.action < Action::Expected);
    for (number, cause) in triage.causes.iter().filter(listed).enumerate() {
        if number == 0 {
            text.push_str("\nunits\n");
        }
        text.push_str(&indented(&format!("  {}: {}", cause.action.name(), cause.what), 4, style));
        if let Some(sample) = cause.sample.as_ref().filter(|sample| !sample.trim().is_empty()) {
            let sample = sample.split_whitespace().collect::<Vec<_>>().join(" ");
            text.push_str(&indented(&format!("      such as: {sample}"), 8, style));
        }
        let shown = if style.verbose { usize::MAX } else { UNITS };
        for unit in cause.units.iter().take(shown) {
            let _ = writeln!(text, "    {} {}", unit.day, visible(unit.processor.as_deref().unwrap_or("no processor")));
        }
        if cause.units.len() > shown {
            let _ = writeln!(text, "    and {} more; -v shows all, and so does json", cause.units.len() - shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::answer;
    use crate::model::triage::{Action, Cause, Triage, Unit};

    fn cause(action: Action, days: &[i8]) -> Cause {
        let unit = |day: &i8| Unit { processor: Some("P".to_owned()), day: jiff::civil::date(2024, 1, *day) };
        let units = days.iter().map(unit).collect();
        Cause { action, what: "why".to_owned(), remedy: None, sample: None, regressed: false, units }
    }

    #[test]
    fn the_first_line_counts_units_once() {
        let mut triage = Triage::default();
        assert_eq!(answer(&triage), "nothing needs a human: nothing failed");
        triage.causes = vec![cause(Action::Retry, &[1])];
        assert_eq!(answer(&triage), "nothing needs a human; 1 unit to retry, expected or settled");
        triage.causes.extend([cause(Action::Stop, &[1, 2]), cause(Action::Triage, &[2])]);
        assert_eq!(answer(&triage), "needs a human: 2 units, 2 causes");
        triage.causes.push(cause(Action::Stale, &[3]));
        assert_eq!(answer(&triage), "needs a human: 2 units, 2 causes; 1 more to retry, expected or settled");
        triage.undecided.push(("the run ledger".to_owned(), "gone".to_owned()));
        assert!(answer(&triage).starts_with("needs a human: 2 units, 2 causes, and not everything could be judged"));
        triage.causes.clear();
        assert_eq!(answer(&triage), "undecided: not everything could be judged");
    }
}
