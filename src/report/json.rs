//! The report as JSON, for programs. The schema beside this file describes it; its version changes whenever a reader
//! of the former version could be misled.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::jsonl::Object;
use crate::model::coverage::{Class, Coverage};
use crate::model::report::{CheckReport, Finding, GateReport, Override, Report, StatementReport, sum_of_bytes};
use crate::model::scope::Season;
use crate::model::table::{Column, Table};
use crate::model::verdict::Verdict;

/// The name and version of the format, as every report states it.
pub const VERSION: &str = "gapgate.report/1";

/// The JSON Schema of the format.
pub const SCHEMA: &str = include_str!("report.schema.json");

/// The whole report, every key that is not ok included.
pub fn report(report: &Report) -> String {
    let document = Document::of(report);
    super::layout::json(&document, KEYS)
}

/// How deep a key of an output stands, and with it whatever is to be read in one line.
const KEYS: usize = 9;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    verdict: Verdict,
    project: &'a str,
    target: &'a str,
    engine: &'a str,
    seasons: &'a [Season],
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
    as_of: &'a str,
    zone: &'a str,
    elapsed_ms: f64,
    own_ms: f64,
    statements: Statements,
    findings: &'a [Finding],
    overrides: &'a [Override],
    gates: Vec<Gate<'a>>,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report) -> Self {
        let header = &report.header;
        let (count, warehouse) = report.cost();
        Self {
            schema: VERSION,
            verdict: report.verdict(),
            project: &header.project,
            target: &header.target,
            engine: &header.engine,
            seasons: &header.seasons,
            mode: header.mode.as_deref(),
            as_of: &header.as_of,
            zone: &header.zone,
            elapsed_ms: milliseconds(report.elapsed),
            own_ms: milliseconds(report.elapsed.saturating_sub(warehouse)),
            statements: Statements { count, elapsed_ms: milliseconds(warehouse), estimated_bytes: report.bytes() },
            findings: &report.findings,
            overrides: &report.overrides,
            gates: report.gates.iter().map(Gate::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Statements {
    count: usize,
    elapsed_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_bytes: Option<u64>,
}

impl Statements {
    fn of<'a>(statements: impl Iterator<Item = &'a StatementReport> + Clone) -> Self {
        let elapsed = statements.clone().map(|one| one.elapsed).sum();
        Self { count: statements.clone().count(), elapsed_ms: milliseconds(elapsed), estimated_bytes: sum_of_bytes(statements) }
    }
}

#[derive(Serialize)]
struct Gate<'a> {
    gate: &'a str,
    stage: Option<&'a str>,
    verdict: Verdict,
    covered: &'a [String],
    not_covered: &'a [String],
    statements: Statements,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden: Option<&'a Override>,
    checks: Vec<Check<'a>>,
}

impl<'a> Gate<'a> {
    fn of(gate: &'a GateReport) -> Self {
        Self {
            gate: &gate.name,
            stage: gate.stage.as_deref(),
            verdict: gate.verdict(),
            covered: &gate.covered,
            not_covered: &gate.not_covered,
            statements: Statements::of(gate.statements()),
            findings: &gate.findings,
            overridden: gate.overridden.as_ref(),
            checks: gate.checks.iter().map(Check::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Check<'a> {
    query: &'a str,
    title: &'a str,
    arguments: &'a str,
    verdict: Verdict,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_bytes: Option<u64>,
    outputs: Vec<Output<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Rows<'a>>,
}

impl<'a> Check<'a> {
    fn of(check: &'a CheckReport) -> Self {
        Self {
            query: &check.query,
            title: &check.title,
            arguments: &check.arguments,
            verdict: check.verdict(),
            findings: &check.findings,
            estimated_bytes: check.bytes(),
            outputs: check.coverage.iter().map(Output::of).collect(),
            rows: check.rows.as_ref().map(|table| Rows { columns: table.columns(), rows: Cells(table) }),
        }
    }
}

#[derive(Serialize)]
struct Output<'a> {
    output: &'a str,
    stage: &'a str,
    table: &'a str,
    verdict: Verdict,
    expected: u64,
    present: u64,
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_by: Option<&'static str>,
    classes: Classes<'a>,
    findings: &'a [Finding],
    keys: Keys<'a>,
}

impl<'a> Output<'a> {
    fn of(coverage: &'a Coverage) -> Self {
        Self {
            output: &coverage.output,
            stage: &coverage.stage,
            table: &coverage.table,
            verdict: coverage.verdict(),
            expected: coverage.expected,
            present: coverage.present,
            rows: coverage.rows,
            counted_by: coverage.counted.then_some("partition"),
            classes: Classes(coverage),
            findings: &coverage.findings,
            keys: Keys(coverage),
        }
    }
}

struct Classes<'a>(&'a Coverage);

impl Serialize for Classes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = Class::ALL.iter().map(|(class, name)| (*class, *name, self.0.count(*class)));
        let shown = counts.filter(|(class, _, count)| *count > 0 || matches!(class, Class::Ok | Class::Missing));
        serializer.collect_map(shown.map(|(_, name, count)| (name, count)))
    }
}

struct Keys<'a>(&'a Coverage);

impl Serialize for Keys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.0.key;
        serializer.collect_seq(self.0.keys.iter().map(|state| Key {
            key: Object { columns, values: &state.key },
            class: state.class,
            verdict: state.verdict,
            waived_class: state.waived,
            rows: state.rows,
            reason: &state.reason,
        }))
    }
}

#[derive(Serialize)]
struct Key<'a> {
    key: Object<'a>,
    class: Class,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    waived_class: Option<Class>,
    rows: i64,
    reason: &'a str,
}

#[derive(Serialize)]
struct Rows<'a> {
    columns: &'a [Column],
    rows: Cells<'a>,
}

struct Cells<'a>(&'a Table);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows())
    }
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use jiff::civil::date;
    use serde_json::Value as Json;

    use super::{SCHEMA, VERSION, report};
    use crate::model::coverage::{Class, Coverage, KeyState};
    use crate::model::report::{CheckReport, Finding, GateReport, Header, Report, StatementReport};
    use crate::model::scope::Season;
    use crate::model::table::{Column, Kind, Table, Value};
    use crate::model::verdict::Verdict;

    /// A failing output, a check with rows, and one that could not be judged.
    pub(in crate::report) fn sample() -> Report {
        let mut table = Table::new(vec![Column { name: "n".to_owned(), kind: Kind::Int }]);
        table.push([Value::Int(7)]);
        let unjudged = Finding::undecided("engine", "no table runs, or no right").with_remedy("grant it");
        let unwaived = Finding::new(Verdict::Warn, "waiver", "the waiver at gapgate.toml:9 matches no output");
        let season = Season { name: "2024".to_owned(), start: date(2024, 1, 1), end: date(2024, 12, 31) };
        let gate = GateReport {
            name: "raw".to_owned(),
            stage: Some("raw".to_owned()),
            covered: vec!["prices".to_owned()],
            not_covered: vec!["rates".to_owned()],
            checks: vec![
                CheckReport { rows: Some(table), ..check("failure/rate", 0) },
                CheckReport { findings: vec![unjudged], ..check("failure/unresolved", 1) },
                CheckReport { coverage: vec![prices()], ..check("quality/coverage", 3) },
            ],
            findings: Vec::new(),
            overridden: None,
        };
        let header = Header {
            project: "desk".to_owned(),
            target: "local".to_owned(),
            engine: "duckdb".to_owned(),
            seasons: vec![season],
            mode: None,
            as_of: "2024-01-04T09:00:00".to_owned(),
            zone: "UTC".to_owned(),
        };
        Report {
            header,
            gates: vec![gate],
            findings: vec![unwaived],
            elapsed: Duration::from_millis(20),
            statements: vec![],
            overrides: vec![],
            asked: None,
        }
    }

    /// A check with one statement of 2 ms, sent after so many.
    fn check(query: &str, sent: u64) -> CheckReport {
        CheckReport {
            query: query.to_owned(),
            title: "A question".to_owned(),
            arguments: String::new(),
            findings: Vec::new(),
            coverage: Vec::new(),
            rows: None,
            statements: vec![StatementReport {
                sql: "select 1".to_owned(),
                sent: Duration::from_millis(sent),
                elapsed: Duration::from_millis(2),
                bytes: None,
            }],
        }
    }

    fn prices() -> Coverage {
        let waived = "no rows; waived by desk until 2025-01-01: holiday";
        Coverage {
            output: "prices".to_owned(),
            stage: "raw".to_owned(),
            table: "raw.prices".to_owned(),
            key: vec![Column { name: "day".to_owned(), kind: Kind::Date }],
            counts: BTreeMap::from([(Class::Ok, 1), (Class::Pending, 1), (Class::Waived, 1), (Class::Missing, 1)]),
            expected: 4,
            present: 1,
            rows: 5,
            counted: true,
            keys: vec![
                state(2, Class::Missing, Verdict::Fail, "no rows"),
                KeyState { waived: Some(Class::Missing), ..state(3, Class::Waived, Verdict::Pass, waived) },
                state(4, Class::Pending, Verdict::Pass, "not due yet"),
            ],
            findings: vec![Finding::new(Verdict::Fail, "missing", "4 expected, 1 present, 1 missing, as 2024-01-02")],
        }
    }

    fn state(day: i8, class: Class, verdict: Verdict, reason: &str) -> KeyState {
        let key = [Value::Date(date(2024, 1, day))].into();
        KeyState { key, class, waived: None, verdict, position: Some(i64::from(day)), rows: 0, reason: reason.into() }
    }

    #[test]
    fn the_schema_describes_the_report() {
        let schema: Json = serde_json::from_str(SCHEMA).unwrap();
        let document: Json = serde_json::from_str(&report(&sample())).unwrap();
        assert_eq!(schema["properties"]["schema"]["const"], VERSION);
        // Of 20 ms, 3 with one or both of the first two statements, and 2 with the third.
        assert_eq!(document["own_ms"], 15.0);
        assert_eq!(document["gates"][0]["checks"][2]["outputs"][0]["classes"]["missing"], 1);
        describe(&schema, &schema, &document, "$");
    }

    /// Every member is declared, and every required one is there.
    fn describe(root: &Json, schema: &Json, value: &Json, place: &str) {
        let schema = schema["$ref"].as_str().map_or(schema, |name| root.pointer(&name[1..]).unwrap());
        if let (Some(declared), Some(members)) = (schema["properties"].as_object(), value.as_object()) {
            for name in schema["required"].as_array().unwrap() {
                assert!(members.contains_key(name.as_str().unwrap()), "{place} lacks {name}");
            }
            for (name, member) in members {
                assert!(declared.contains_key(name), "{place}.{name} is not declared");
                describe(root, &declared[name], member, &format!("{place}.{name}"));
            }
        }
        for element in value.as_array().into_iter().flatten() {
            describe(root, &schema["items"], element, &format!("{place}[]"));
        }
    }
}
