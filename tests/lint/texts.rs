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
    // Just below the limits, and far above them.
    for n in [100, 1_900, 50_000] {
        let steps = (0..n.min(2_000)).map(|n| format!(", a{n} as (select * from a)")).collect::<String>();
        for (name, text) in [
            ("brackets", format!("select {}1{}", "(".repeat(n), ")".repeat(n))),
            ("sum", format!("select 1{}", " + 1".repeat(2 * n))),
            ("conditions", format!("select a from t where f(a, b) = 1{}", " and f(a, b) = 1".repeat(n))),
            ("nots", format!("select {} true", "not ".repeat(n))),
            ("unions", format!("select 1, 2{}", " union all select 1, 2".repeat(n))),
            ("cases", format!("select {}1{}", "case when a then ".repeat(n), " end".repeat(n))),
            ("branches", format!("select case{} end", " when a / b > 1 then a / b".repeat(n.min(1_900)))),
            ("subqueries", format!("select * from {}t{}", "(select * from ".repeat(n), ")".repeat(n))),
            ("array types", format!("select cast(a as {}int64{})", "array<".repeat(n), ">".repeat(n))),
            ("fields", format!("select a{}", ".b".repeat(n))),
            ("elements", format!("select a{}", "[0]".repeat(n))),
            ("casts", format!("select a{}", "::int".repeat(n))),
            ("joins", format!("select 1 from t{}", " join t on true".repeat(n))),
            ("commas", format!("select 1 from t{} where a in (1{})", ", t".repeat(n), ", 1".repeat(n))),
            ("steps", format!("with a as (select 1 as x){steps} select 1")),
        ] {
            for dialect in Dialect::ALL {
                let found = rules(&text, dialect);
                let deep = n == 50_000 && !["commas", "branches", "steps"].contains(&name);
                assert!(!deep || found == ["GG901"], "{name} for {dialect}: {found:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever stands in a file, the linter answers.
    #[test]
    fn no_text_is_too_strange(text in ".{0,200}", dialect in 0..Dialect::ALL.len()) {
        rules(&text, Dialect::ALL[dialect]);
    }

    /// The same for texts made of what SQL is made of, of which many can be parsed.
    #[test]
    fn no_words_are_too_strange(words in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..40), dialect in 0..Dialect::ALL.len()) {
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
