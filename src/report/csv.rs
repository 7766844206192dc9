//! Faulty keys, the retry list and result tables as comma-separated values, for spreadsheets and shell tools.

use csv::{ReaderBuilder, StringRecord, Writer};

use crate::model::coverage::{Class, Coverage, KeyState};
use crate::model::progress::{Counts, Progress};
use crate::model::report::{CheckReport, Finding, GateReport, Report};
use crate::model::retry::RetryItem;
use crate::model::schedule::Scheduled;
use crate::model::table::{Table, Value};

use super::snapshot::Cells;

const REPORT: [&str; 9] = ["gate", "query", "stage", "output", "key", "class", "verdict", "rows", "reason"];
const RETRY: [&str; 7] = ["stage", "output", "key", "class", "reason", "attempts", "last"];

const WAVES: [&str; 13] =
    ["wave", "status", "stage", "output", "key", "class", "reason", "attempts", "last", "next_try", "note", "waits_for", "roots"];

const PROGRESS: [&str; 16] = [
    "stage",
    "output",
    "state",
    "done",
    "remaining",
    "total",
    "pending",
    "waived",
    "not_expected",
    "per_hour",
    "seconds_left",
    "processor",
    "last_success",
    "last_success_age_s",
    "running",
    "reason",
];

/// One line per faulty key, waived ones included, and one with an empty key per finding that no key tells of.
pub fn report(report: &Report) -> String {
    let mut sheet = Sheet::new(REPORT);
    for finding in &report.findings {
        sheet.line(finding_line(["", "", "", ""], finding));
    }
    if report.gates.is_empty() {
        sheet.line(finding_line(["", "", "", ""], &nothing("the run has no gates")));
    }
    for gate in &report.gates {
        gate_lines(&mut sheet, gate);
    }
    sheet.text()
}

/// The retry list; the values of a key are joined by `/`, because outputs differ in the columns of their keys.
pub fn retry(list: &[RetryItem]) -> String {
    let mut sheet = Sheet::new(RETRY);
    for item in list {
        let key = item.key.iter().map(Value::to_string).collect::<Vec<_>>().join("/");
        let attempts = item.attempts.map(|attempts| attempts.to_string()).unwrap_or_default();
        let last = item.last.as_deref().unwrap_or_default();
        sheet.line([&item.stage, &item.output, &key, item.class.name(), &item.reason, &attempts, last]);
    }
    sheet.text()
}

/// A retry plan: every wanted key with its wave, or with what it waits for.
pub fn waves<'a>(keys: impl IntoIterator<Item = &'a Scheduled>) -> String {
    let mut sheet = Sheet::new(WAVES);
    for key in keys {
        let item = &key.item;
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let waits: Vec<String> = key.waits.iter().map(|wait| format!("{} {}", wait.output, wait.keys.join(" "))).collect();
        let roots: Vec<String> = key.waits.iter().map(|wait| format!("{} {}", wait.root.0, wait.root.1).trim().to_owned()).collect();
        sheet.line([
            &number(key.wave().map(u64::from)),
            key.status(),
            &item.stage,
            &item.output,
            &item.text(),
            item.class.name(),
            &item.reason,
            &number(item.attempts),
            item.last.as_deref().unwrap_or_default(),
            &key.next_try.map(|next| next.to_string()).unwrap_or_default(),
            key.note.as_deref().unwrap_or_default(),
            &waits.join("; "),
            &roots.join("; "),
        ]);
    }
    sheet.text()
}

/// How far outputs are, a line each; spans in seconds, and what is not known is empty.
pub fn progress(progress: &Progress) -> String {
    let mut sheet = Sheet::new(PROGRESS);
    for output in &progress.outputs {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let counts = |of: fn(Counts) -> u64| number(output.counts.map(of));
        let pulse = output.pulse.as_ref();
        sheet.line([
            &output.stage,
            &output.output,
            output.state.name(),
            &counts(|counts| counts.done),
            &counts(|counts| counts.remaining),
            &counts(|counts| counts.total),
            &counts(|counts| counts.pending),
            &counts(|counts| counts.waived),
            &counts(|counts| counts.not_expected),
            &output.pace.map(|pace| format!("{:.2}", pace.per_hour)).unwrap_or_default(),
            &number(output.pace.map(|pace| pace.seconds_left)),
            output.processor.as_deref().unwrap_or_default(),
            &pulse.and_then(|pulse| pulse.last_success).map(|moment| moment.to_string()).unwrap_or_default(),
            &number(pulse.and_then(|pulse| pulse.age)),
            &number(pulse.map(|pulse| pulse.running)),
            output.reason.as_deref().unwrap_or_default(),
        ]);
    }
    sheet.text()
}

/// The rows of a result below the names of its columns; NULL is empty.
pub fn table(table: &Table) -> String {
    let mut sheet = Sheet::new(table.columns().iter().map(|column| column.name.as_str()));
    for row in table.rows() {
        sheet.line(row.iter().map(|value| if value.is_null() { String::new() } else { value.to_string() }));
    }
    sheet.text()
}

/// A text of comma-separated values as cells, to be compared with another; what cannot be read is one cell of its own.
pub fn cells(text: &str) -> Cells {
    let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let whole = |line: Result<StringRecord, csv::Error>| line.ok().map(|line| line.iter().map(str::to_owned).collect::<Vec<_>>());
    let mut lines = reader.into_records().filter_map(whole);
    let columns: Vec<String> = lines.next().unwrap_or_default();
    let rows = lines.map(|mut line| {
        line.resize(columns.len(), String::new());
        line
    });
    Cells { rows: rows.collect(), columns }
}

fn gate_lines(sheet: &mut Sheet, gate: &GateReport) {
    let stage = gate.stage.as_deref().unwrap_or_default();
    if gate.checks.is_empty() {
        sheet.line(finding_line([&gate.name, "", stage, ""], &nothing("the gate has no checks")));
    }
    for finding in &gate.findings {
        sheet.line(finding_line([&gate.name, "", stage, ""], finding));
    }
    for check in &gate.checks {
        for finding in &check.findings {
            sheet.line(finding_line([&gate.name, &check.query, stage, &check.arguments], finding));
        }
        for output in &check.coverage {
            output_lines(sheet, gate, check, output);
        }
    }
}

fn output_lines(sheet: &mut Sheet, gate: &GateReport, check: &CheckReport, output: &Coverage) {
    let place = [gate.name.as_str(), &check.query, &output.stage, &output.output];
    for finding in output.findings.iter().filter(|finding| !is_told_by_keys(output, finding)) {
        sheet.line(finding_line(place, finding));
    }
    for state in output.keys.iter().filter(|state| state.class != Class::Pending) {
        key_line(sheet, place, state);
    }
}

fn key_line(sheet: &mut Sheet, [gate, query, stage, output]: [&str; 4], state: &KeyState) {
    let (key, rows) = (state.text(), state.rows.to_string());
    sheet.line([gate, query, stage, output, &key, state.class.name(), state.verdict.name(), &rows, &state.reason]);
}

/// Whether the finding sums up keys that have lines of their own.
fn is_told_by_keys(output: &Coverage, finding: &Finding) -> bool {
    let class = Class::parse(&finding.rule).filter(|class| *class != Class::Pending);
    class.is_some_and(|class| output.keys.iter().any(|state| state.class == class && state.verdict == finding.verdict))
}

fn finding_line<'a>([gate, query, stage, output]: [&'a str; 4], finding: &'a Finding) -> [&'a str; 9] {
    [gate, query, stage, output, "", "", finding.verdict.name(), "", &finding.message]
}

fn nothing(message: &str) -> Finding {
    Finding::undecided("nothing", format!("{message}, so nothing was judged"))
}

struct Sheet(Writer<Vec<u8>>);

impl Sheet {
    fn new(header: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut sheet = Self(Writer::from_writer(Vec::new()));
        sheet.line(header);
        sheet
    }

    fn line(&mut self, fields: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        self.0.write_record(fields).expect("lines are of one length, and memory takes them all");
    }

    fn text(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes every byte");
        String::from_utf8(bytes).expect("only text was written")
    }
}

#[cfg(test)]
mod tests {
    use super::{report, table};
    use crate::model::table::{Column, Kind, Table, Value};
    use crate::report::json::tests::sample;

    #[test]
    fn every_fault_has_a_line() {
        let expected = "\
gate,query,stage,output,key,class,verdict,rows,reason
,,,,,,warn,,the waiver at gapgate.toml:9 matches no output
raw,failure/unresolved,raw,,,,undecided,,\"no table runs, or no right\"
raw,quality/coverage,raw,prices,2024-01-02,missing,fail,0,no rows
raw,quality/coverage,raw,prices,2024-01-03,waived,pass,0,no rows; waived by desk until 2025-01-01: holiday
";
        assert_eq!(report(&sample()), expected);
    }

    #[test]
    fn null_is_empty_and_text_is_quoted_where_needed() {
        let columns = [("day", Kind::Date), ("note", Kind::Text)];
        let mut rows = Table::new(columns.map(|(name, kind)| Column { name: name.to_owned(), kind }).to_vec());
        rows.push([Value::Null, Value::text("a \"b\", c")]);
        assert_eq!(table(&rows), "day,note\n,\"a \"\"b\"\", c\"\n");
    }
}
