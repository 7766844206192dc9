//! The outputs of the project file, with the defaults of their stage.

use indexmap::IndexMap;
use jiff::civil::Date;

use super::modes::Mode;
use super::parts::texts_by_name;
use super::toml::{Fields, Node};
use super::upstream;
use crate::model::catalogue::{Bound, Denominator, Excuse, KeyColumn, NotExpected, Output, OutputRule, Over, RowRange, Subject};
use crate::model::date::Deadline;
use crate::model::number::Decimal;
use crate::model::table::Kind;
use crate::model::triage::{Tolerance, fault_of_bands};
use crate::model::verdict::Level;

/// What a stage declares: values for keys that its outputs lack, and outputs that need nothing else.
#[derive(Debug)]
pub(super) struct Defaults<'a> {
    fields: Fields<'a>,
    values: Option<Fields<'a>>,
    listed: Vec<(String, Node<'a>)>,
}

impl<'a> Defaults<'a> {
    pub(super) fn new(fields: Fields<'a>) -> Self {
        let values = fields.get("defaults").and_then(|node| node.fields());
        let listed = fields.get("outputs").map(|node| node.list()).unwrap_or_default();
        let listed = listed.into_iter().filter_map(|node| Some((node.text()?, node))).collect();
        fields.finish();
        Self { fields, values, listed }
    }

    /// The outputs that the stage lists by name alone.
    pub(super) fn listed(&self) -> Vec<(String, Node<'a>)> {
        self.listed.clone()
    }

    fn place(&self) -> String {
        self.fields.place()
    }
}

/// Reads one output. `stage` is known for outputs that a stage lists; else the output names it. What a mode says of it counts
/// more than what it says itself.
pub(super) fn output<'a>(
    name: &str,
    own: &Fields<'a>,
    stage: Option<(&String, &Defaults<'a>)>,
    stages: &IndexMap<String, Defaults<'a>>,
    mode: Option<&Mode<'a>>,
) -> Output {
    let stage_name = match stage {
        Some((stage, _)) => stage.clone(),
        None => own.required_text("stage"),
    };
    let defaults = stage.map(|(_, defaults)| defaults).or_else(|| stages.get(&stage_name));
    let fields = own.with_fallback(defaults.and_then(|defaults| defaults.values.as_ref()));
    let fields = fields.below(mode.into_iter().flat_map(|mode| mode.of(name)));
    fields.get("stage");
    let declared = if own.is_empty() { defaults.map_or_else(|| own.place(), Defaults::place) } else { own.place() };
    let schema = fields.text("schema");
    let table = fields.text("table").unwrap_or_else(|| match &schema {
        Some(schema) => format!("{schema}.{name}"),
        None => {
            fields.complain(format!("output `{name}` needs `table` (or its stage a default `schema`)"));
            String::new()
        }
    });
    let output = Output {
        name: name.to_owned(),
        stage: stage_name,
        table,
        spine: fields.required_text("spine"),
        key: key(&fields),
        filter: fields.text("where"),
        grain: fields.texts("grain"),
        rows: fields.get("rows").map(|node| rows(&node)).unwrap_or_default(),
        columns: fields.get("columns").and_then(|node| node.fields()).map(|fields| texts_by_name(&fields)).unwrap_or_default(),
        loaded_at: fields.text("loaded_at"),
        not_null: fields.texts("not_null"),
        measures: fields.get("measures").and_then(|node| node.fields()).map(|fields| texts_by_name(&fields)).unwrap_or_default(),
        ranges: fields.get("ranges").and_then(|node| node.fields()).map(|fields| ranges(&fields)).unwrap_or_default(),
        rules: fields.get("rules").map(|node| node.list().iter().flat_map(rule).collect()).unwrap_or_default(),
        after: upstream::after(&fields),
        // Known when all outputs are.
        upstreams: Vec::new(),
        reads: Vec::new(),
        lookback: fields.get("lookback").and_then(|node| upstream::lookback(&node)),
        window: fields.get("window").and_then(|node| node.integer()),
        unavailable: fields.get("unavailable").map(|node| node.list()).unwrap_or_default().iter().filter_map(date_range).collect(),
        not_expected: fields.get("not_expected").and_then(|node| not_expected(&node)).unwrap_or_default(),
        retention: fields.get("retention").and_then(|node| days(&node)),
        expected_by: fields.get("expected_by").and_then(|node| deadline(&node)).unwrap_or_default(),
        due_when: fields.text("due_when"),
        extras: fields.get("extras").and_then(|node| level(&node)).unwrap_or(Level::Warn),
        processor: fields.text("processor").unwrap_or_else(|| name.to_owned()),
        may_fail: fields.get("may_fail").and_then(|node| tolerance(&node)),
        tags: fields.texts("tags"),
        declared,
        places: fields.places(),
    };
    fields.finish();
    output
}

/// The columns as far as the file names them; the spine's other key columns have the same name in the table.
fn key(fields: &Fields<'_>) -> Vec<KeyColumn> {
    let mut columns = Vec::new();
    if let Some(date) = fields.text("date") {
        // The name of the spine's date column is filled in when the spine is known.
        columns.push(KeyColumn { name: String::new(), kind: Kind::Date, source: date });
    }
    if let Some(node) = fields.get("key") {
        for (name, source) in node.fields().map(|fields| texts_by_name(&fields)).unwrap_or_default() {
            columns.push(KeyColumn { name, kind: Kind::Text, source });
        }
    }
    columns
}

fn rows(node: &Node<'_>) -> RowRange {
    let (exact, min, max, per) = if node.is_table() {
        let Some(fields) = node.fields() else { return RowRange::default() };
        let number = |key| fields.get(key).and_then(|node| node.number());
        let given = (number("exact"), number("min"), number("max"), fields.text("per"));
        fields.finish();
        given
    } else {
        (node.number(), None, None, None)
    };
    if [exact, min, max].iter().flatten().any(|number| number.fraction().0 < 0) {
        node.complain("a number of rows is not negative");
    }
    if exact.is_some_and(|exact| !exact.is_integer()) {
        node.complain("the exact number of rows is a whole one; use `min` and `max` for anything between");
    }
    if exact.is_some() && (min.is_some() || max.is_some()) {
        node.complain("`exact` excludes `min` and `max`");
    }
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        node.complain("`min` is above `max`");
    }
    RowRange { min: exact.or(min), max: exact.or(max), per }
}

/// `{ minutes = [0, 60], points = { min = 0 } }`
fn ranges(fields: &Fields<'_>) -> IndexMap<String, (Option<Decimal>, Option<Decimal>)> {
    let range = |node: &Node<'_>| {
        if node.is_list() {
            let [low, high] = node.list().iter().map(Node::number).collect::<Vec<_>>()[..] else {
                node.complain("write a range as [lowest, highest]");
                return None;
            };
            if low.zip(high).is_some_and(|(low, high)| low > high) {
                node.complain("the lowest is above the highest");
            }
            return Some((Some(low?), Some(high?)));
        }
        let fields = node.fields()?;
        let [low, high] = ["min", "max"].map(|key| fields.get(key).and_then(|node| node.number()));
        if ["min", "max"].iter().all(|key| fields.get(key).is_none()) {
            node.complain("write `min`, `max` or both");
        }
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            node.complain("`min` is above `max`");
        }
        fields.finish();
        Some((low, high))
    };
    fields.entries().filter_map(|(name, node)| Some((name, range(&node)?))).collect()
}

fn rule(node: &Node<'_>) -> Vec<OutputRule> {
    let Some(fields) = node.fields() else { return Vec::new() };
    let measure = fields.text("measure");
    let nulls = fields.texts("nulls");
    let of = fields.text("of");
    let per = fields.text("per");
    let over = fields.get("over").and_then(|node| node.word(&Over::ALL)).unwrap_or(Over::Key);
    let skip_first_days = fields.get("skip_first_days").and_then(|node| number_of_days(&node));
    let level = fields.get("level").and_then(|node| level(&node)).unwrap_or(Level::Fail);
    let bound = bound(&fields);
    fields.finish();
    let subjects: Vec<Subject> = match (measure, nulls.is_empty()) {
        (Some(name), true) if name == "rows" => vec![Subject::Rows],
        (Some(name), true) => vec![Subject::Measure(name)],
        (None, false) => nulls.into_iter().map(Subject::Nulls).collect(),
        _ => {
            fields.complain("a rule needs either `measure` (a measure or \"rows\") or `nulls` (columns)");
            return Vec::new();
        }
    };
    let Some(bound) = bound else { return Vec::new() };
    let of = match of.as_deref() {
        None if matches!(subjects[0], Subject::Nulls(_)) => Some(Denominator::Rows),
        None => None,
        Some("rows") => Some(Denominator::Rows),
        Some("usual") => Some(Denominator::Usual),
        // Whether it is a measure or a weight is decided when the spine is known.
        Some(name) => Some(Denominator::Measure(name.to_owned())),
    };
    let is_share = matches!((&subjects[0], &of), (Subject::Nulls(_), Some(Denominator::Rows)));
    if is_share && bound.comparisons().iter().any(|(_, number)| !(Decimal::from(0)..=Decimal::from(1)).contains(number)) {
        fields.complain("NULLs are compared as a share of the rows, from 0 to 1: five percent are 0.05");
    }
    let rule = |subject| OutputRule { subject, bound: bound.clone(), of: of.clone(), per: per.clone(), over, skip_first_days, level };
    subjects.into_iter().map(rule).collect()
}

fn bound(fields: &Fields<'_>) -> Option<Bound> {
    let number = |key| fields.get(key).and_then(|node| node.number());
    let mut bounds: Vec<Bound> = Vec::new();
    bounds.extend(number("at_least").map(Bound::AtLeast));
    bounds.extend(number("at_most").map(Bound::AtMost));
    bounds.extend(number("above").map(Bound::Above));
    bounds.extend(number("below").map(Bound::Below));
    bounds.extend(number("equals").map(Bound::Equals));
    if let Some(node) = fields.get("between") {
        match node.list().iter().map(Node::number).collect::<Vec<_>>()[..] {
            [Some(low), Some(high)] if low > high => node.complain("the lowest is above the highest, so the rule could never hold"),
            [Some(low), Some(high)] => bounds.push(Bound::Between(low, high)),
            _ => node.complain("write `between` as [lowest, highest]"),
        }
    }
    if bounds.len() != 1 {
        fields.complain("a rule needs exactly one of at_least, at_most, above, below, equals, between");
    }
    bounds.pop()
}

fn not_expected(node: &Node<'_>) -> Option<NotExpected> {
    let fields = node.fields()?;
    let ranges = fields.get("dates").map(|node| node.list()).unwrap_or_default();
    let not_expected = NotExpected {
        first_days: fields.get("first_days").and_then(|node| number_of_days(&node)),
        first_keys: fields.get("first_keys").and_then(|node| node.integer()),
        ranges: ranges.iter().filter_map(date_range).collect(),
        filter: fields.text("where"),
        excuses: fields.get("excused").map(|node| node.list()).unwrap_or_default().iter().filter_map(excuse).collect(),
    };
    fields.finish();
    Some(not_expected)
}

/// `{ table = "raw.injuries", where = "status = 'out'", date = "report_date", key = { player = "name" }, reason = "injured" }`
fn excuse(node: &Node<'_>) -> Option<Excuse> {
    let fields = node.fields()?;
    let (table, reason) = (fields.required_text("table"), fields.required_text("reason"));
    if reason.trim().is_empty() && fields.get("reason").is_some() {
        fields.complain("`reason` of an excuse is empty");
    }
    let excuse = Excuse { table, key: key(&fields), filter: fields.text("where"), reason, declared: node.place() };
    fields.finish();
    Some(excuse)
}

/// `["1: 90-100", "3: 60-75"]`, or `{ bands = [...], phases = "calendar.phases", least = 20 }`
fn tolerance(node: &Node<'_>) -> Option<Tolerance> {
    let fields = if node.is_table() { Some(node.fields()?) } else { None };
    let bands = fields.as_ref().map_or_else(|| node.texts(), |fields| fields.texts("bands"));
    let phases = fields.as_ref().and_then(|fields| fields.text("phases"));
    let least = fields.as_ref().and_then(|fields| fields.get("least")).and_then(|node| node.integer());
    fields.iter().for_each(Fields::finish);
    if let Some(fault) = fault_of_bands(&bands, phases.is_none()) {
        node.complain(format!("`may_fail`: {fault}"));
    }
    if least.is_some_and(|least: i64| least < 1) {
        node.complain("`may_fail`: `least` is at least 1");
    }
    Some(Tolerance { bands, phases, least })
}

/// `2022-02-18` or `2022-02-18..2022-02-20`
fn date_range(node: &Node<'_>) -> Option<(Date, Date)> {
    if node.is_date() {
        return node.date().map(|date| (date, date));
    }
    let text = node.text()?;
    let (from, to) = text.split_once("..").unwrap_or((&text, &text));
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) if from > to => {
            node.complain(format!("`{text}` ends before it begins"));
            None
        }
        (Ok(from), Ok(to)) => Some((from, to)),
        _ => {
            node.complain(format!("`{text}` is neither a date nor a range such as 2022-02-18..2022-02-20"));
            None
        }
    }
}

fn number_of_days(node: &Node<'_>) -> Option<i32> {
    node.integer::<u16>().map(i32::from)
}

/// `"90 days"`
fn days(node: &Node<'_>) -> Option<i32> {
    let text = node.text()?;
    let days = text.strip_suffix("days").or_else(|| text.strip_suffix("day")).and_then(|n| n.trim().parse().ok()).filter(|n| *n > 0);
    if days.is_none() {
        node.complain(format!("`{text}` is not a number of days; write it as \"90 days\""));
    }
    days
}

fn deadline(node: &Node<'_>) -> Option<Deadline> {
    let text = node.text()?;
    let deadline = Deadline::parse(&text);
    if deadline.is_none() {
        node.complain(format!("`{text}` is not a deadline; write it as \"1 day 07:00\": so many days after the key's date, local time"));
    }
    deadline
}

fn level(node: &Node<'_>) -> Option<Level> {
    node.word(&[(Level::Allow, "allow"), (Level::Warn, "warn"), (Level::Fail, "fail")])
}
