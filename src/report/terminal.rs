//! Reports for people: one screen first, then the reasons. Reads well at 80 columns and without colour.

pub mod progress;
pub mod screen;
pub mod triage;
pub mod waves;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table as Grid, presets};

use super::visible;
use crate::model::bytes;
use crate::model::change::Change;
use crate::model::coverage::{Class, Coverage};
use crate::model::query::Query;
use crate::model::report::{CheckReport, Finding, GateReport, Header, Override, Report};
use crate::model::retry::{RetryItem, runs};
use crate::model::table::{Kind, Table};
use crate::model::verdict::Verdict;

/// The width that is used where there is no terminal.
const WIDTH: u16 = 80;

/// Rows of a generic check that are shown without `--verbose`.
const ROWS: usize = 8;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: u16,
    /// Every faulty key, and the statements.
    pub verbose: bool,
}

impl Style {
    /// The style for standard output.
    pub fn detect(verbose: bool) -> Self {
        let colour = super::colours();
        let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = width.or_else(|| Grid::new().width()).unwrap_or(WIDTH).max(60);
        Self { colour, width, verbose }
    }

    fn verdict(self, verdict: Verdict) -> String {
        self.paint(verdict.name(), verdict)
    }

    fn paint(self, text: &str, verdict: Verdict) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match verdict {
            Verdict::Pass => "32",
            Verdict::Warn => "33",
            Verdict::Fail => "31",
            Verdict::Undecided => "35",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// The answer of a gate in the words of an operator.
pub fn answer(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "GO",
        Verdict::Warn => "GO, with warnings",
        Verdict::Fail => "NO-GO",
        Verdict::Undecided => "UNDECIDED",
    }
}

/// One gate in full, or several at a glance.
pub fn report(report: &Report, style: Style) -> String {
    let mut text = heading(&report.header, style);
    match (report.gates.as_slice(), &report.asked) {
        ([gate], _) => text.push_str(&gate_in_full(gate, style)),
        (gates, None) => text.push_str(&glance(gates, style)),
        (gates, Some(asked)) => {
            let (asked, required): (Vec<&GateReport>, Vec<&GateReport>) = gates.iter().partition(|gate| gate.name == *asked);
            required.into_iter().for_each(|gate| push_decision(&mut text, gate, style));
            asked.into_iter().for_each(|gate| text.push_str(&gate_in_full(gate, style)));
        }
    }
    for decision in &report.overrides {
        text.push_str(&wrap(&format!("earlier override: {}", overridden(decision)), "  ", style.width));
    }
    for finding in &report.findings {
        push_finding(&mut text, finding, style);
    }
    text.push_str(&cost(report));
    if style.verbose {
        let all = report.statements.iter().chain(report.gates.iter().flat_map(GateReport::statements));
        for (number, statement) in all.enumerate() {
            let _ = write!(text, "\n-- statement {}, {} ms\n{}\n", number + 1, statement.elapsed.as_millis(), statement.sql);
        }
    }
    text
}

pub(super) fn heading(header: &Header, style: Style) -> String {
    let names: Vec<&str> = header.seasons.iter().map(|season| season.name.as_str()).filter(|name| !name.is_empty()).collect();
    let dates = header
        .seasons
        .first()
        .zip(header.seasons.last())
        .map(|(first, last)| format!("{} to {}", first.start, last.end))
        .unwrap_or_default();
    let scope = if names.is_empty() { dates } else { format!("{} ({dates})", names.join(", ")) };
    let line = format!("{} on {} ({})", header.project, header.target, header.engine);
    let mode = header.mode.as_ref().map(|mode| format!(", mode {mode}")).unwrap_or_default();
    wrap(&format!("{line}, {scope}{mode}, as of {} {}", header.as_of, header.zone), "", style.width) + "\n"
}

/// The answer of a gate, with what other gates and persons have to say.
pub fn gate_answer(gate: &GateReport) -> &'static str {
    match () {
        () if gate.overridden.is_some() => "OVERRIDDEN",
        () if gate.is_blocked() => "BLOCKED",
        () => answer(gate.verdict()),
    }
}

/// A decision against a gate in words.
pub fn overridden(decision: &Override) -> String {
    let Override { gate, reason, by, at, target, verdict } = decision;
    format!("gate {gate} said {} on {target}; {by} went on at {at}: {reason}", verdict.name())
}

/// A required gate in a line.
fn push_decision(text: &mut String, gate: &GateReport, style: Style) {
    let _ = writeln!(text, "requires {}: {}", gate.name, style.paint(gate_answer(gate), gate.weight()));
    if let Some(decision) = &gate.overridden {
        text.push_str(&wrap(&format!("  override: {}", overridden(decision)), "    ", style.width));
    }
}

fn gate_in_full(gate: &GateReport, style: Style) -> String {
    let verdict = gate.weight();
    let part = if gate.not_covered.is_empty() {
        String::new()
    } else {
        format!(" for {} of {} outputs", gate.covered.len(), gate.covered.len() + gate.not_covered.len())
    };
    let mut text = format!("{}: {}{part}\n", gate.name, style.paint(gate_answer(gate), verdict));
    if let Some(decision) = &gate.overridden {
        text.push_str(&wrap(&format!("  override: {}", overridden(decision)), "    ", style.width));
    }
    gate.findings.iter().for_each(|finding| push_finding(&mut text, finding, style));
    text.push('\n');
    for check in &gate.checks {
        push_check(&mut text, check, style);
    }
    text.push_str(&wrap(&format!("covered: {}", list(&gate.covered)), "         ", style.width));
    text.push_str(&wrap(&format!("not covered: {}", not_covered(gate)), "         ", style.width));
    text
}

fn not_covered(gate: &GateReport) -> String {
    match &gate.stage {
        Some(stage) if gate.not_covered.is_empty() => format!("nothing of stage {stage}"),
        None if gate.not_covered.is_empty() => "the gate names no stage".to_owned(),
        _ => list(&gate.not_covered),
    }
}

fn list(names: &[String]) -> String {
    const MOST: usize = 24;
    let shown = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}

fn push_check(text: &mut String, check: &CheckReport, style: Style) {
    let subject = if check.arguments.is_empty() || !check.coverage.is_empty() { String::new() } else { format!(" ({})", check.arguments) };
    let reads = check.bytes().map(|bytes| format!(", reads {}", bytes::show(bytes))).unwrap_or_default();
    let _ = writeln!(text, "{} {}{subject}{reads}", style.verdict(check.verdict()), check.query);
    if !check.coverage.is_empty() {
        let _ = writeln!(text, "{}", coverage_grid(&check.coverage, style));
        push_counted(text, &check.coverage, style);
        push_coverage_findings(text, &check.coverage, style);
    }
    for finding in &check.findings {
        push_finding(text, finding, style);
    }
    if let Some(rows) = check.rows.as_ref().filter(|rows| !rows.is_empty() && check.verdict() > Verdict::Pass) {
        let shown = if style.verbose { usize::MAX } else { ROWS };
        let _ = writeln!(text, "{}", grid(rows, shown, style));
        if rows.len() > shown {
            let _ = writeln!(text, "  and {} more; -v shows all, `gapgate run {}` too", rows.len() - shown, check.query);
        }
    }
    text.push('\n');
}

/// Outputs with the same findings of the same classes are many at times: each is named with its own reasons.
fn push_coverage_findings(text: &mut String, coverage: &[Coverage], style: Style) {
    for output in coverage.iter().filter(|output| !output.findings.is_empty()) {
        let _ = writeln!(text, "{}", output.output);
        for finding in &output.findings {
            push_finding(text, finding, style);
        }
        if style.verbose {
            for key in &output.keys {
                let _ = writeln!(text, "    {} {}: {}", visible(&key.text()), key.class.name(), visible(&key.reason));
            }
        }
    }
}

/// How rows were counted, where they were not read.
fn push_counted(text: &mut String, coverage: &[Coverage], style: Style) {
    let counted: Vec<String> = coverage.iter().filter(|output| output.counted).map(|output| output.output.clone()).collect();
    if !counted.is_empty() {
        let note = format!("counted by partition, no row was read (--scan reads them): {}", list(&counted));
        text.push_str(&wrap(&note, "  ", style.width));
    }
}

fn push_finding(text: &mut String, finding: &Finding, style: Style) {
    let word = finding.verdict.name();
    let indent = " ".repeat(word.len() + 3);
    let wrapped = wrap(&format!("  {word} {}", finding.message), &indent, style.width);
    text.push_str(&wrapped.replacen(word, &style.verdict(finding.verdict), 1));
    if let Some(remedy) = &finding.remedy {
        text.push_str(&wrap(&format!("{indent}-> {remedy}"), &format!("{indent}   "), style.width));
    }
}

/// One line per output: its verdict, the denominators, and every class that is not empty.
pub fn coverage_grid(coverage: &[Coverage], style: Style) -> String {
    let rest = |output: &Coverage| {
        let classes = Class::ALL.iter().filter(|(class, _)| !matches!(class, Class::Ok | Class::Missing));
        let counts = classes.filter_map(|(class, name)| Some((output.count(*class), name)).filter(|(n, _)| *n > 0));
        counts.map(|(n, name)| format!("{n} {}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
    };
    let mut grid = new_grid(style);
    grid.set_header(["output", "verdict", "expected", "present", "missing", "other"]);
    for output in coverage {
        let verdict = output.verdict();
        let number = |n: u64| Cell::new(if verdict == Verdict::Undecided && output.expected == 0 { "?".to_owned() } else { n.to_string() });
        grid.add_row([
            Cell::new(&output.output),
            verdict_cell(verdict, style),
            number(output.expected),
            number(output.present),
            number(output.count(Class::Missing)),
            Cell::new(rest(output)),
        ]);
    }
    right_align(&mut grid, [2, 3, 4]);
    keep_whole(&mut grid, [0, 1, 2, 3, 4]);
    trimmed(&grid)
}

fn glance(gates: &[GateReport], style: Style) -> String {
    let mut grid = new_grid(style);
    grid.set_header(["gate", "answer", "checks", "outputs", "expected", "present", "missing"]);
    for gate in gates {
        let coverage = || gate.checks.iter().flat_map(|check| &check.coverage);
        // A sum over the outputs that could be judged would look like the sum over all.
        let unknown = coverage().any(|output| output.expected == 0);
        let sum = |count: fn(&Coverage) -> u64| match () {
            () if coverage().next().is_none() => "-".to_owned(),
            () if unknown => "?".to_owned(),
            () => coverage().map(count).fold(0, u64::saturating_add).to_string(),
        };
        let (verdict, answer) = (gate.weight(), gate_answer(gate));
        let failed = gate.checks.iter().filter(|check| check.verdict() > Verdict::Warn).count();
        let checks =
            if failed > 0 { format!("{failed} of {} not passed", gate.checks.len()) } else { format!("{} passed", gate.checks.len()) };
        grid.add_row([
            Cell::new(&gate.name),
            if style.colour { Cell::new(answer).fg(colour(verdict)) } else { Cell::new(answer) },
            Cell::new(checks),
            Cell::new(gate.covered.len()),
            Cell::new(sum(|output| output.expected)),
            Cell::new(sum(|output| output.present)),
            Cell::new(sum(|output| output.count(Class::Missing))),
        ]);
    }
    right_align(&mut grid, [3, 4, 5, 6]);
    let mut text = trimmed(&grid) + "\n\n";
    for gate in gates {
        for required in &gate.findings {
            text.push_str(&wrap(&format!("{}: {}", gate.name, required.message), "  ", style.width));
        }
        if let Some(decision) = &gate.overridden {
            text.push_str(&wrap(&format!("override: {}", overridden(decision)), "  ", style.width));
        }
    }
    if let Some(gate) = gates.iter().find(|gate| gate.verdict() > Verdict::Warn) {
        let _ = writeln!(text, "keys of all outputs together; `gapgate gate {}` gives the reasons", gate.name);
    }
    text
}

fn cost(report: &Report) -> String {
    let (count, elapsed) = report.cost();
    let own = report.elapsed.saturating_sub(elapsed);
    let noun = if count == 1 { "statement" } else { "statements" };
    let read = report.bytes().map(|bytes| format!(", {} read by estimate", bytes::show(bytes))).unwrap_or_default();
    format!("{count} {noun} in {} ms{read}, gapgate itself {} ms\n", elapsed.as_millis(), own.as_millis())
}

/// Counts per output, and what is missing as ranges in the order of the spine.
pub fn gaps(report: &Report, missing: &[RetryItem], style: Style) -> String {
    let mut text = heading(&report.header, style);
    let coverage: Vec<Coverage> = report.gates.iter().flat_map(|gate| &gate.checks).flat_map(|check| check.coverage.clone()).collect();
    let _ = writeln!(text, "\n{}", coverage_grid(&coverage, style));
    push_counted(&mut text, &coverage, style);
    text.push('\n');
    for output in coverage.iter().filter(|output| output.verdict() == Verdict::Undecided) {
        let _ = writeln!(text, "{}", output.output);
        output
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Undecided)
            .for_each(|finding| push_finding(&mut text, finding, style));
    }
    let mut ranges: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for run in runs(missing) {
        let range = if run.keys == 1 { run.first.text() } else { format!("{} to {} ({})", run.first.text(), run.last.text(), run.keys) };
        ranges.entry(&run.first.output).or_default().push(range);
    }
    for output in &coverage {
        let Some(ranges) = ranges.get(output.output.as_str()) else { continue };
        const MOST: usize = 12;
        let shown = if style.verbose { ranges.len() } else { MOST };
        let more = if ranges.len() > shown { format!(" and {} more ranges; -v shows all", ranges.len() - shown) } else { String::new() };
        let listed = ranges.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "{}: {} missing", output.output, output.count(Class::Missing));
        text.push_str(&wrap(&format!("  {listed}{more}"), "  ", style.width));
    }
    text.push_str(&cost(report));
    text
}

/// The retry list as a table; it must not be empty.
pub fn retry(list: &[RetryItem], style: Style) -> String {
    let mut grid = new_grid(style);
    grid.set_header(["stage", "output", "key", "class", "attempts", "reason"]);
    for item in list {
        let key = item.text();
        let attempts = item.attempts.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let attempts =
            item.last.as_ref().filter(|_| item.attempts != Some(0)).map_or(attempts.clone(), |last| format!("{attempts}, {last}"));
        grid.add_row([item.stage.as_str(), &item.output, &key, item.class.name(), &attempts, &item.reason].map(visible));
    }
    keep_whole(&mut grid, [0, 1, 2, 3]);
    let distinct: BTreeSet<String> = list.iter().map(RetryItem::text).collect();
    let outputs: BTreeSet<&str> = list.iter().map(|item| item.output.as_str()).collect();
    let count = crate::model::rule::count;
    format!(
        "{}\n\n{} to re-run: {} in {}\n",
        trimmed(&grid),
        list.len(),
        count(distinct.len(), "distinct key"),
        count(outputs.len(), "output")
    )
}

/// The library: each query and what it finds; those of the project are marked.
pub fn queries<'a>(queries: impl IntoIterator<Item = &'a Query>, style: Style) -> String {
    let mut grid = new_grid(style);
    grid.set_header(["query", "finds"]);
    for query in queries {
        let origin = if query.shipped { "" } else { " (of this project)" };
        grid.add_row([query.id.clone(), format!("{}{origin}", query.title)]);
    }
    keep_whole(&mut grid, [0]);
    trimmed(&grid) + "\n"
}

/// Any result table; at most `most` rows of it. Where it is wider than the terminal, each row is a paragraph.
pub fn grid(table: &Table, most: usize, style: Style) -> String {
    if natural_width(table, most) > usize::from(style.width) {
        return paragraphs(table, most, style);
    }
    let mut grid = new_grid(style);
    grid.set_header(table.columns().iter().map(|column| column.name.as_str()));
    for row in table.rows().take(most) {
        grid.add_row(row.iter().map(|value| if value.is_null() { String::new() } else { visible(&value.to_string()).into_owned() }));
    }
    let numeric = table.columns().iter().enumerate().filter(|(_, column)| matches!(column.kind, Kind::Int | Kind::Float | Kind::Decimal));
    right_align(&mut grid, numeric.map(|(at, _)| at));
    trimmed(&grid)
}

fn natural_width(table: &Table, most: usize) -> usize {
    let widest = |(at, column): (usize, &crate::model::table::Column)| {
        let cells = table.rows().take(most).map(|row| visible(&row[at].to_string()).chars().count());
        cells.max().unwrap_or(0).max(column.name.chars().count()) + 2
    };
    table.columns().iter().enumerate().map(widest).sum()
}

/// The first two values bare, because they say what the row is about; the others with their names, unless NULL.
fn paragraphs(table: &Table, most: usize, style: Style) -> String {
    let mut text = String::new();
    for row in table.rows().take(most) {
        let named = table.columns().iter().zip(row).enumerate().filter(|(_, (_, value))| !value.is_null());
        let words = named
            .map(|(at, (column, value))| if at < 2 { value.to_string() } else { format!("{}: {value}", column.name.replace('_', " ")) });
        text.push_str(&wrap(&format!("  {}", words.collect::<Vec<_>>().join(", ")), "    ", style.width));
    }
    text.trim_end().to_owned()
}

/// The most periods that fit beside each other.
const PERIODS: usize = 6;

/// Coverage by period: `present/expected`, a line per output and a column per period if there are few, else a line each.
///
/// `rows` are those of `gap/coverage_by_period`; `outputs` gives the order.
pub fn periods(rows: &Table, outputs: &[String], style: Style) -> String {
    let (Some(output), Some(period), Some(expected), Some(present)) =
        (rows.position("output"), rows.position("period"), rows.position("expected"), rows.position("present"))
    else {
        return grid(rows, usize::MAX, style);
    };
    let names: BTreeSet<&str> = rows.rows().filter_map(|row| row[period].as_text()).collect();
    if names.len() > PERIODS {
        return grid(rows, usize::MAX, style);
    }
    let mut pivot = new_grid(style);
    pivot.set_header(["present / expected"].into_iter().chain(names.iter().copied()).chain(["all"]));
    for name in outputs {
        let of_output = || rows.rows().filter(|row| row[output].as_text() == Some(name));
        let share = |present: i64, expected: i64| format!("{present}/{expected}");
        let of_period = |period_name: &&str| {
            let row = of_output().find(|row| row[period].as_text() == Some(period_name));
            row.map_or_else(|| "-".to_owned(), |row| format!("{}/{}", row[present], row[expected]))
        };
        let sum = |at: usize| of_output().filter_map(|row| row[at].as_int()).fold(0, i64::saturating_add);
        if of_output().next().is_some() {
            pivot.add_row([name.clone()].into_iter().chain(names.iter().map(of_period)).chain([share(sum(present), sum(expected))]));
        }
    }
    right_align(&mut pivot, 1..=names.len() + 1);
    keep_whole(&mut pivot, [0]);
    trimmed(&pivot)
}

/// What became of outputs and checks, a line each.
pub(super) fn change_grid(changes: &[&Change], style: Style) -> String {
    let mut grid = new_grid(style);
    grid.set_header(["gate", "output or check", "before", "after", "new", "changed", "fixed", "same"]);
    let cell = |verdict: Option<Verdict>| verdict.map_or_else(|| Cell::new("-"), |verdict| verdict_cell(verdict, style));
    for change in changes {
        let counts = [change.new.len(), change.changed.len(), change.fixed.len(), change.same];
        let words = [Cell::new(&change.gate), Cell::new(&change.subject), cell(change.before), cell(change.after)];
        grid.add_row(words.into_iter().chain(counts.into_iter().map(Cell::new)));
    }
    right_align(&mut grid, 4..8);
    trimmed(&grid)
}

fn new_grid(style: Style) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(style.width);
    if style.colour {
        grid.enforce_styling()
    } else {
        grid.force_no_tty()
    };
    grid
}

fn right_align(grid: &mut Grid, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = grid.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Names and numbers are not broken into lines; what is left of the width is for the words.
fn keep_whole(grid: &mut Grid, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = grid.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

fn verdict_cell(verdict: Verdict, style: Style) -> Cell {
    let cell = Cell::new(verdict.name());
    if style.colour { cell.fg(colour(verdict)) } else { cell }
}

fn colour(verdict: Verdict) -> comfy_table::Color {
    match verdict {
        Verdict::Pass => comfy_table::Color::Green,
        Verdict::Warn => comfy_table::Color::Yellow,
        Verdict::Fail => comfy_table::Color::Red,
        Verdict::Undecided => comfy_table::Color::Magenta,
    }
}

fn trimmed(grid: &Grid) -> String {
    grid.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Breaks a line at spaces; lines after the first begin with `indent`. Ends with a line break. Nothing in it is obeyed by a
/// terminal, so it is coloured afterwards.
pub(super) fn wrap(text: &str, indent: &str, width: u16) -> String {
    let text = visible(text);
    let width = usize::from(width);
    let lead = text.len() - text.trim_start().len();
    let mut lines = String::from(&text[..lead]);
    let mut column = lead;
    for (number, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if number > 0 && column + 1 + length > width {
            let _ = write!(lines, "\n{indent}{word}");
            column = indent.len() + length;
        } else {
            let space = if number > 0 { " " } else { "" };
            let _ = write!(lines, "{space}{word}");
            column += space.len() + length;
        }
    }
    lines + "\n"
}
