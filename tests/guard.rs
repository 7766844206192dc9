//! The guard in front of every engine. Hostile and harmless statements are data, in `fixtures/`; the head of each file
//! explains its format.

use std::{fs, path::PathBuf};

use gapgate::model::sql::{Dialect, Refusal, Sql, check_expression, is_keyword};
use proptest::prelude::{Strategy, any, prop, prop_assert, proptest};

/// One statement of a fixture file.
struct Case {
    dialect: Dialect,
    name: String,
    text: String,
}

fn cases(folder: &str, dialect: Dialect) -> Vec<Case> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures", folder, dialect.name()].iter().collect();
    let path = path.with_extension("sql");
    let file = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = format!("\n{file}");
    let cases = file.split("\n-- --- ").skip(1).map(|case| {
        let (name, text) = case.split_once('\n').unwrap_or((case, ""));
        Case { dialect, name: name.to_owned(), text: decode(text.strip_suffix('\n').unwrap_or(text)) }
    });
    cases.collect()
}

/// Turns `\u{000d}` into the character it names.
fn decode(text: &str) -> String {
    let mut parts = text.split(r"\u{");
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("an escape is closed");
        let code = u32::from_str_radix(code, 16).expect("an escape is hexadecimal");
        decoded.push(char::from_u32(code).expect("an escape is a character"));
        decoded.push_str(rest);
    }
    decoded
}

fn all(folder: &str) -> Vec<Case> {
    Dialect::ALL.into_iter().flat_map(|dialect| cases(folder, dialect)).collect()
}

#[test]
fn every_hostile_statement_is_refused() {
    let hostile = all("hostile");
    let passed: Vec<_> = hostile
        .iter()
        .filter(|case| Sql::parse(&case.text, case.dialect).is_ok())
        .map(|case| format!("{} ({}): {}", case.dialect, case.name, case.text))
        .collect();
    assert!(passed.is_empty(), "{} hostile statements passed:\n{}", passed.len(), passed.join("\n"));
    assert!(hostile.len() >= 360, "only {} hostile statements", hostile.len());
    for dialect in Dialect::ALL {
        let count = hostile.iter().filter(|case| case.dialect == dialect).count();
        assert!(count >= 90, "only {count} hostile statements for {dialect}");
    }
}

#[test]
fn every_harmless_statement_passes() {
    let harmless = all("harmless");
    let refused: Vec<_> = harmless
        .iter()
        .filter_map(|case| Some((case, Sql::parse(&case.text, case.dialect).err()?)))
        .map(|(case, refusal)| format!("{} ({}): {refusal}\n    {}", case.dialect, case.name, case.text))
        .collect();
    assert!(refused.is_empty(), "{} harmless statements refused:\n{}", refused.len(), refused.join("\n"));
    for dialect in Dialect::ALL {
        let count = harmless.iter().filter(|case| case.dialect == dialect).count();
        assert!(count >= 30, "only {count} harmless statements for {dialect}");
    }
}

/// A statement that is refused only because it cannot be parsed proves little, so most must be refused by a rule.
#[test]
fn most_refusals_are_by_a_rule() {
    let hostile = all("hostile");
    let unparsed = hostile
        .iter()
        .filter(|case| matches!(Sql::parse(&case.text, case.dialect), Err(Refusal::Syntax { .. } | Refusal::Trailing { .. })));
    let names: Vec<_> = unparsed.map(|case| format!("{} ({})", case.dialect, case.name)).collect();
    assert!(names.len() * 10 < hostile.len(), "{} of {}:\n{}", names.len(), hostile.len(), names.join("\n"));
}

/// The kind of refusal, as its name in the code.
fn kind(text: &str, dialect: Dialect) -> String {
    match Sql::parse(text, dialect) {
        Ok(_) => "accepted".to_owned(),
        Err(refusal) => format!("{refusal:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn each_refusal_has_its_kind() {
    use Dialect::{BigQuery, Databricks, DuckDb, Postgres};
    let expected = [
        ("", DuckDb, "Empty"),
        (" -- nothing\n;", DuckDb, "Empty"),
        ("select from where", DuckDb, "Syntax"),
        ("select 1; select 2", Postgres, "SeveralStatements"),
        ("select 1;;", Postgres, "SeveralStatements"),
        ("select 1 end drop table t", BigQuery, "Trailing"),
        ("select 1)", DuckDb, "Trailing"),
        ("drop table t", DuckDb, "NotAQuery"),
        ("explain select 1", Postgres, "NotAQuery"),
        ("with x as (delete from t returning *) select * from x", DuckDb, "Writes"),
        ("with x as (update t set a = 1 returning *) select * from x", Postgres, "Writes"),
        ("select * from t for update", Postgres, "Locks"),
        ("select * into u from t", Postgres, "Into"),
        ("select pg_sleep(1)", Postgres, "Function"),
        ("select reflect('a', 'b')", Databricks, "Function"),
        ("select * from my_function(1)", DuckDb, "TableFunction"),
        ("select * from 'a.csv'", DuckDb, "Relation"),
        ("select * from pg_authid", Postgres, "Relation"),
        ("select * from csv.`/tmp/x`", Databricks, "Relation"),
        ("select 1 -- \r select 2", DuckDb, "Character"),
        ("select\u{200b}1", DuckDb, "Character"),
        ("select /* /* */ 1", BigQuery, "Ambiguous"),
        ("select 'a", BigQuery, "Unclosed"),
        ("select (1", BigQuery, "Unclosed"),
        ("table t", Postgres, "NotAQuery"),
        ("select 1 union all table t", Postgres, "Construct"),
    ];
    for (text, dialect, refusal) in expected {
        assert_eq!(kind(text, dialect), refusal, "{dialect}: {text}");
    }
}

#[test]
fn a_refusal_names_the_place() {
    let refusal = Sql::parse("select 1,\n  read_text('/etc/passwd')", Dialect::DuckDb).expect_err("it is refused");
    assert!(refusal.to_string().starts_with("2:3: function read_text "), "{refusal}");
    let refusal = Sql::parse("select (1 +\n ) from t", Dialect::Postgres).expect_err("it is refused");
    assert!(refusal.to_string().starts_with("2:"), "{refusal}");
}

#[test]
fn a_closing_semicolon_is_dropped() {
    let sql = Sql::parse("select ';' as a ; -- done\n", Dialect::Postgres).expect("it is one statement");
    assert_eq!((sql.as_str(), sql.dialect()), ("select ';' as a", Dialect::Postgres));
}

#[test]
fn the_recursion_is_bounded() {
    let deep = |open: &str, middle: &str, close: &str| {
        [500, 100_000].map(|times| format!("select {}{middle}{}", open.repeat(times), close.repeat(times)))
    };
    let texts = [
        deep("(", "1", ")"),
        deep("[", "1", "]"),
        deep("not ", "true", ""),
        deep("- ", "1", ""),
        deep("1 + (", "1", ")"),
        deep("case when true then ", "1", " end"),
        deep("abs(", "1", ")"),
        deep("(select ", "1", ")"),
        deep("(1", "", ")"),
    ];
    for (text, dialect) in texts.iter().flatten().flat_map(|text| Dialect::ALL.map(|dialect| (text, dialect))) {
        assert!(Sql::parse(text, dialect).is_err(), "{dialect}: {}", &text[..60]);
    }
}

#[test]
fn the_longest_chains_fit_the_stack() {
    let chains = ["1 + ", "a is null and ", "case when a then b end + ", "a is distinct from b and ", "not a or "];
    let posts = [" + 1", "::int", "[1]", " is null", ".b", " notnull", " is distinct from b", " collate x", "!", " union select 1"];
    for times in [400, 1_000, 1_999, 3_900, 20_000, 60_000] {
        let texts = chains.map(|chain| format!("select {} 1", chain.repeat(times)));
        let posts = posts.map(|post| format!("select a{}", post.repeat(times)));
        let joins = format!("select 1 from t {}", "join t on a ".repeat(times));
        for text in texts.iter().chain(&posts).chain([&joins]) {
            for dialect in Dialect::ALL {
                // Whether it is accepted does not matter here: it must come back.
                let _ = Sql::parse(text, dialect).is_ok();
            }
        }
    }
}

#[test]
fn a_thousand_tables_fit() {
    let parts: Vec<_> =
        (0..1_000).map(|n| format!("select '{n}' as name, count(*) as n, count(case when a > 0 then 1 end) as p from s.t{n}")).collect();
    for dialect in Dialect::ALL {
        assert_eq!(kind(&parts.join("\nunion all\n"), dialect), "accepted", "{dialect}");
    }
}

#[test]
fn an_expression_is_one_value() {
    let good = ["a", "count(*)", "sum(case when a > 1 then b else 0 end) / nullif(count(*), 0)", "max((select 1))", "'a;b--'"];
    let bad = [
        "",
        "a, b",
        "a as b",
        "a) from t --",
        "a -- b",
        "a /* b */",
        "1; drop table t",
        "a)",
        "(a",
        "a from t",
        "*",
        "select 1",
        "a) union (select 1",
        "nextval('s')",
        "pg_sleep(1)",
        "read_text('x')",
        "(select * from 'x.csv')",
        "a into b",
        "ml.predict(a)",
        "f(a) 'b' 'c'",
        "\u{202e}a",
        "reflect('a')",
        "a end b",
        "a limit 1",
        "s.f(a)",
    ];
    for text in good {
        for dialect in Dialect::ALL {
            assert_eq!(check_expression(text, dialect), Ok(()), "{dialect}: {text}");
        }
    }
    for text in bad {
        let refused = Dialect::ALL.iter().filter(|dialect| check_expression(text, **dialect).is_err()).count();
        let own = ["nextval", "pg_sleep", "read_text", "ml.predict", "reflect", "(select * from"];
        let expected = if own.iter().any(|start| text.starts_with(start)) { 1 } else { Dialect::ALL.len() };
        assert!(refused >= expected, "{refused} of {expected} dialects refused {text}");
    }
}

#[test]
fn keywords_and_dialects_are_known_by_name() {
    assert!(is_keyword("Select") && is_keyword("order") && !is_keyword("order_day"));
    for dialect in Dialect::ALL {
        assert_eq!(Dialect::parse(dialect.name()), Some(dialect));
    }
    assert_eq!(Dialect::parse("oracle"), None);
}

fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(Dialect::ALL.to_vec())
}

/// What may stand between two statements.
fn gap() -> impl Strategy<Value = String> {
    let pieces = [" ", "\n", "\t", "\r\n", "-- a comment\n", "/* a comment */", ";", "; ;", ";\n", ")", " end "];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn an_appended_statement_is_refused(
        dialect in dialect(),
        front in any::<prop::sample::Index>(),
        gap in gap(),
        back in prop::sample::select(vec![
            "drop table t", "delete from t", "insert into t values (1)", "create table t (a int)", "truncate table t",
            "update t set a = 1", "call p()", "select 1; drop table t",
        ]),
    ) {
        let harmless = cases("harmless", dialect);
        let front = &front.get(&harmless).text;
        let text = format!("{front}\n;{gap}{back}");
        prop_assert!(Sql::parse(&text, dialect).is_err(), "{text}");
        let text = format!("{front}\n{gap}\n{back}");
        prop_assert!(Sql::parse(&text, dialect).is_err(), "{text}");
    }

    #[test]
    fn a_hostile_part_is_refused_at_any_depth(
        dialect in dialect(),
        wraps in prop::collection::vec(0_usize..7, 0..7),
        hostile in prop::sample::select(vec![
            "with x as (delete from t returning *) select * from x",
            "with x as (insert into t values (1) returning a) select a from x",
            "select nextval('s') as a", "select a from http_get('x')", "select a into u from t",
            "select a from t for update", "select someone.code(a) as a from t",
        ]),
    ) {
        // BigQuery and Databricks have no sequences, and no rule needs to know them there: the common rules do.
        let text = wraps.iter().fold(hostile.to_owned(), |inner, wrap| match wrap {
            0 => format!("select * from ({inner}) as q"),
            1 => format!("with c as ({inner}) select * from c"),
            2 => format!("select (select max(a) from ({inner}) as q) as a"),
            3 => format!("select a from t where exists ({inner})"),
            4 => format!("select a from t union all ({inner})"),
            5 => format!("select case when a in ({inner}) then 1 end as a from t"),
            _ => format!("select t.a from t left join ({inner}) as q on t.a = q.a"),
        });
        prop_assert!(Sql::parse(&text, dialect).is_err(), "{text}");
    }

    #[test]
    fn any_text_is_answered(dialect in dialect(), text in "[ -~\n\u{80}-\u{ff}\u{2028}]{0,80}") {
        let _ = (Sql::parse(&text, dialect).is_ok(), check_expression(&text, dialect).is_ok());
    }

    #[test]
    fn any_words_are_answered(
        dialect in dialect(),
        words in prop::collection::vec(prop::sample::select(vec![
            "select", "from", "where", "(", ")", ",", "a", "t", "'x'", "\"y\"", "`z`", "join", "on", "union", "with", "as",
            "case", "when", "then", "end", "1", "+", "not", "interval", "array", "[", "]", "lateral", "values", "--", "/*",
            "*/", "'", "::", "|>", "pivot", "for", "update", "into", ";", "$$", "exists", "in", "between", "and",
        ]), 0..24),
    ) {
        let _ = Sql::parse(&format!("select {}", words.join(" ")), dialect).is_ok();
    }
}
