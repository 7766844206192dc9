//! What is read of a text, and that no text is too strange.

use gapgate::lint::{self, Facts};
use gapgate::model::lint::Rule;
use gapgate::model::sql::Dialect;
use proptest::prelude::*;

fn rules(text: &str, dialect: Dialect) -> Vec<&'static str> {
    lint::lint(text, dialect, &Facts::default()).findings.iter().map(|finding| finding.rule.code()).collect()
}

#[test]
fn valid_bigquery_is_read() {
    let text = include_str!("../fixtures/lint/valid/bigquery.sql");
    let linted = lint::lint(text, Dialect::BigQuery, &Facts::default());
    let unread: Vec<_> = linted.findings.iter().filter(|finding| [Rule::NotRead, Rule::Unreadable].contains(&finding.rule)).collect();
    assert!(unread.is_empty(), "{unread:#?}");
    assert!(linted.statements > 80, "only {} statements", linted.statements);
}

#[test]
fn deep_and_long_texts_end_in_a_finding() {
    for (name, text) in [
        ("brackets", format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000))),
        ("sum", format!("select 1{}", " + 1".repeat(100_000))),
        ("ands", format!("select 1 from t where a = 1{}", " and a = 1".repeat(100_000))),
        ("nots", format!("select {} true", "not ".repeat(50_000))),
        ("unions", format!("select 1{}", " union all select 1".repeat(50_000))),
        ("cases", format!("select {}1{}", "case when a then ".repeat(20_000), " end".repeat(20_000))),
        ("subqueries", format!("select * from {}t{}", "(select * from ".repeat(5_000), ")".repeat(5_000))),
        ("array types", format!("select cast(a as {}int64{})", "array<".repeat(50_000), ">".repeat(50_000))),
        ("fields", format!("select a{}", ".b".repeat(100_000))),
        ("elements", format!("select a{}", "[0]".repeat(100_000))),
        ("casts", format!("select a{}", "::int".repeat(50_000))),
        ("joins", format!("select 1 from t{}", " join t on true".repeat(50_000))),
        (
            "ctes",
            format!("with a as (select 1 as x){} select 1", (0..3_000).map(|n| format!(", a{n} as (select * from a)")).collect::<String>()),
        ),
    ] {
        for dialect in Dialect::ALL {
            let found = rules(&text, dialect);
            assert!(found.iter().all(|code| code.starts_with("GG")), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever stands in a file, the linter answers.
    #[test]
    fn no_text_is_too_strange(text in ".{0,200}", dialect in 0..4_usize) {
        rules(&text, Dialect::ALL[dialect]);
    }

    /// The same for texts made of what SQL is made of, of which many can be parsed.
    #[test]
    fn no_words_are_too_strange(words in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..40), dialect in 0..4_usize) {
        rules(&words.join(" "), Dialect::ALL[dialect]);
    }
}

const WORDS: [&str; 58] = [
    "select",
    "from",
    "where",
    "and",
    "or",
    "not",
    "in",
    "(",
    ")",
    ",",
    "*",
    "a",
    "b",
    "t",
    "u",
    ".",
    "=",
    "<",
    ">",
    "<=",
    "/",
    "+",
    "1",
    "0",
    "'x'",
    "'2024-01-01'",
    "join",
    "left join",
    "full join",
    "on",
    "using",
    "group by",
    "order by",
    "limit",
    "union all",
    "except",
    "with",
    "as",
    "case",
    "when",
    "then",
    "else",
    "end",
    "exists",
    "between",
    "is null",
    "is not null",
    "count(*)",
    "sum(",
    "round(",
    "cast(",
    "as string",
    "over (partition by",
    "unnest(",
    "[",
    "]",
    ";",
    "-- gapgate: allow GG009 because x\n",
];
