//! Questions to queries by their name, each with the answer of an oracle; and whether damage reaches every answer.

use std::collections::BTreeMap;
use std::fmt::Debug;

use gapgate::model::catalogue::Argument;
use gapgate::model::query::ParamKind;
use gapgate::model::scope::Scope;
use gapgate::model::table::Value;
use gapgate::run::{self, Check, Session};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::support::{Fixture, LIBRARY, patience};

/// Arguments as on the command line, with `,` between several texts.
pub(crate) type Args = Vec<(&'static str, String)>;

/// What an oracle says to a question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) query: &'static str,
    pub(crate) args: Args,
    /// The rows that the query must give, in the order of their text.
    pub(crate) lines: Vec<String>,
}

impl Answer {
    pub(crate) fn new(query: &'static str, args: &[(&'static str, &str)], mut lines: Vec<String>) -> Self {
        lines.sort();
        Self { query, args: args.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), lines }
    }
}

/// The rows of a query, each as a line. They are sorted: engines differ in where they put NULL.
pub(crate) fn ask(fixture: &Fixture, scope: &Scope, query: &str, args: &[(&'static str, String)]) -> Vec<String> {
    let session = Session::new(&fixture.project, &LIBRARY, scope, fixture.warehouse.as_ref(), patience());
    let query = LIBRARY.query(query).expect("it is shipped");
    let argument = |(name, value): &(&'static str, String)| {
        let value = match query.params[*name].kind {
            ParamKind::Outputs | ParamKind::Upstreams | ParamKind::Texts | ParamKind::Processors => {
                Argument::List(value.split(',').map(str::to_owned).collect())
            }
            ParamKind::Number => Argument::Number(value.parse().expect("a number")),
            ParamKind::Int => Argument::Int(value.parse().expect("an integer")),
            ParamKind::Bool => Argument::Bool(value.parse().expect("true or false")),
            _ => Argument::Text(value.clone()),
        };
        ((*name).to_owned(), value)
    };
    let check = Check { query, args: args.iter().map(argument).collect(), declared: String::new() };
    let report = run::single(&session, &check).expect("no interrupt");
    let rows = report.rows.unwrap_or_else(|| panic!("{}: {:?}", query.id, report.findings));
    let line = |row: &[Value]| row.iter().map(Value::to_string).collect::<Vec<String>>().join(",");
    let mut lines: Vec<String> = rows.rows().map(line).collect();
    lines.sort();
    lines
}

/// A value as a line shows it.
pub(crate) fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or("null".to_owned(), |value| value.to_string())
}

/// Of a hundred worlds, at least five have each kind of damage, and in at least `least` each answer is another one than in
/// the same world undamaged: without this a law could hold of nothing.
pub(crate) fn assert_damage_reaches<W: Debug>(
    worlds: impl Strategy<Value = W>,
    kinds_of: impl Fn(&W) -> Vec<&'static str>,
    kinds: &[&'static str],
    answers: impl Fn(&W) -> [Vec<Answer>; 2],
    least: usize,
) {
    let mut runner = TestRunner::deterministic();
    let mut inflicted: BTreeMap<&str, usize> = kinds.iter().map(|kind| (*kind, 0)).collect();
    let mut changed: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..100 {
        let world = worlds.new_tree(&mut runner).expect("a world").current();
        let mut found = kinds_of(&world);
        found.sort_unstable();
        found.dedup();
        found.into_iter().for_each(|kind| *inflicted.get_mut(kind).unwrap_or_else(|| panic!("{kind} is not among the kinds")) += 1);
        let [clean, damaged] = answers(&world);
        for (clean, damaged) in clean.into_iter().zip(damaged) {
            assert_eq!((clean.query, &clean.args), (damaged.query, &damaged.args));
            let question: Vec<_> = clean.args.iter().filter(|(name, _)| *name != "since").collect();
            *changed.entry(format!("{} {question:?}", clean.query)).or_default() += usize::from(clean.lines != damaged.lines);
        }
    }
    let rare: Vec<_> = inflicted.iter().filter(|(_, worlds)| **worlds < 5).collect();
    assert!(rare.is_empty(), "damage that is hardly done: {rare:?}");
    let dull: Vec<_> = changed.iter().filter(|(_, worlds)| **worlds < least).collect();
    assert!(dull.is_empty(), "answers that hardly change: {dull:?}");
}
