//! What is accepted, by whom and until when; and what rows of other tables excuse.

use std::fs;
use std::path::Path;

use super::cli::{WAREHOUSE, answer as ask, load, project};

/// Exit status, the report without its line breaks, errors.
fn answer(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let (status, text, error) = ask(dir, args);
    (status, text.split_whitespace().collect::<Vec<_>>().join(" "), error)
}

#[test]
fn waivers_cover_lapse_and_warn() {
    let damage = format!("{WAREHOUSE};delete from sales where sold_on = '2024-01-03';");
    for (until, keys, status, expected) in [
        ("2024-12-31", "2024-01-03", 0, "1 waived"),
        ("2024-02-01", "2024-01-03", 0, "1 waived"),
        ("2024-01-31", "2024-01-03", 1, "lapsed on 2024-01-31"),
        ("2024-01-15", "2024-01-03", 1, "lapsed on 2024-01-15"),
        ("2024-12-31", "2024-01-01..2024-01-05", 0, "1 waived"),
        ("2024-12-31", "2024-01-09", 1, "matches no faulty key"),
    ] {
        let waiver = format!(
            "[[waivers]]\noutput = \"sales\"\nkeys = [\"{keys}\"]\nreason = \"closed\"\nowner = \"ops\"\nuntil = {until}\n[gates.raw]"
        );
        let dir = project(&[("[gates.raw]", &waiver)]);
        load(&dir, &damage);
        let (found, out, _) = answer(dir.path(), &["gate", "raw"]);
        assert_eq!(found, status, "{out}");
        assert!(out.contains(expected), "{out}");
    }
}

#[test]
fn an_excuse_that_nobody_gives_is_none() {
    let waiver = |keys: &str, reason: &str, owner: &str| {
        let text = format!(
            "[[waivers]]\noutput = \"sales\"\nkeys = [\"{keys}\"]\nreason = \"{reason}\"\nowner = \"{owner}\"\nuntil = 2030-01-01\n[gates.raw]"
        );
        let (status, _, error) = answer(project(&[("[gates.raw]", &text)]).path(), &["gate", "raw"]);
        (status, error)
    };
    for (keys, reason, owner, words) in [
        ("2024-01-03", "", "ops", "`reason` of a waiver is empty"),
        ("2024-01-03", "closed", " ", "`owner` of a waiver is empty"),
        ("2024-01-05..2024-01-03", "closed", "ops", "`2024-01-05..2024-01-03` ends before it begins"),
    ] {
        let (status, error) = waiver(keys, reason, owner);
        assert!(status == 2 && error.contains(words) && error.contains("gapgate.toml:"), "{status} {error}");
    }
}

/// A project with this waiver, besides its reason and owner, on damaged rows.
fn accepting(waiver: &str, damage: &str) -> (i32, String, String) {
    let waiver = format!("[[waivers]]\n{waiver}\nreason = \"as agreed\"\nowner = \"ops\"\n[gates.raw]");
    let dir = project(&[("[gates.raw]", &waiver)]);
    load(&dir, &format!("{WAREHOUSE};{damage}"));
    answer(dir.path(), &["gate", "raw"])
}

#[test]
fn a_rule_is_waived_and_nothing_else() {
    let range = "update sales set amount = 999 where sold_on = '2024-01-03';";
    let until = "until = 2024-12-31";
    let rule = format!("output = \"sales\"\nrule = \"amount\"\n{until}");
    let (status, text, _) = accepting(&rule, range);
    assert!(status == 0 && text.contains("waived by ops until 2024-12-31: as agreed"), "{text}");
    // What else is wrong with the same key, and with others, stays so.
    let (status, text, _) = accepting(&rule, &format!("{range} insert into sales select * from sales where sold_on = '2024-01-03';"));
    assert!(status == 1 && text.contains("again by (receipt); 8 rows; besides amount is out of range"), "{text}");
    let (status, text, _) = accepting(&rule, &format!("{range} delete from sales where sold_on = '2024-01-05';"));
    assert!(status == 1 && text.contains("10 expected, 9 present, 1 missing") && text.contains("1 waived"), "{text}");
    let of_one_key = format!("output = \"sales\"\nrule = \"amount\"\nkeys = [\"2024-01-04\"]\n{until}");
    assert_eq!(accepting(&of_one_key, range).0, 1);
    let (status, text, _) = accepting("output = \"sales\"\nrule = \"amount\"\nuntil = 2024-01-20", range);
    assert!(status == 1 && text.contains("lapsed on 2024-01-20 and no longer covers 1 key"), "{text}");
    let (_, text, _) = accepting(&rule, "");
    assert!(text.contains("matches nothing that is wrong"), "{text}");
}

/// A gate that asks a query of its own, whose rows waivers can accept.
fn rows(waiver: &str, found: &str) -> (i32, String, String) {
    let waiver = format!("checks = [\"own/found\"]\n[[waivers]]\ncheck = \"own/found\"\n{waiver}\nreason = \"as agreed\"\nowner = \"ops\"");
    let dir = project(&[("[gates.raw]\nstage = \"raw\"\n", &format!("[gates.raw]\nstage = \"raw\"\n{waiver}"))]);
    let header = "title = \"t\"\ndoc = \"d\"\n[columns]\njob = \"text?\"\nday = \"date\"\n[[rule]]\nkind = \"no_rows\"";
    fs::create_dir_all(dir.path().join("queries/own")).expect("a folder");
    fs::write(dir.path().join("queries/own/found.sql"), format!("/*---\n{header}\n---*/\n{found}\n")).expect("a query");
    answer(dir.path(), &["gate", "raw"])
}

#[test]
fn rows_that_a_check_finds_are_waived_by_their_columns() {
    let found = "select * from (values ('a', date '2024-01-03'), ('a', date '2024-01-05'), (null, date '2024-01-05')) as found(job, day)\nwhere day between {{ scope.start }} and {{ scope.end }} order by day";
    let until = "until = 2024-12-31";
    for (waiver, status, expected) in [
        ("rows = [{ job = \"a\", day = 2024-01-03 }]", 1, "1 row waived by ops until 2024-12-31: as agreed"),
        ("rows = [{ job = \"a\" }]", 1, "2 rows waived by ops"),
        ("rows = [{ day = \"2024-01-03..2024-01-05\" }]", 0, "3 rows waived by ops"),
        ("rows = [{ day = 2024-01-03 }, { day = 2024-01-05 }]", 0, "3 rows waived by ops"),
        ("rows = [{ job = \"null\" }]", 1, "matches no row"),
        ("rows = [{ day = 2023-01-03 }]", 1, "3 rows"),
    ] {
        let (found, text, error) = rows(&format!("{waiver}\n{until}"), found);
        assert!(found == status && text.contains(expected), "{waiver}: {found} {text}{error}");
    }
    let (status, text, _) = rows("rows = [{ job = \"a\" }]\nuntil = 2024-01-20", found);
    assert!(status == 1 && text.contains("lapsed on 2024-01-20 and no longer covers 2 rows"), "{text}");
    // A waiver that lies outside of what is looked at has nothing to match.
    assert!(!rows(&format!("rows = [{{ day = 2023-01-03 }}]\n{until}"), found).1.contains("matches no row"));
    // What could not be computed is not accepted by anybody.
    let (status, text, _) = rows(&format!("rows = [{{ job = \"a\" }}]\n{until}"), "select 1 / 0 as job, nothing as day");
    assert!(status == 3 && text.contains("undecided"), "{text}");
    let (status, text, _) = rows(&format!("rows = [{{ job = \"a\" }}]\n{until}"), "select 'a' as job, cast(null as date) as day");
    assert!(status == 3 && text.contains("column day is NULL"), "{text}");
}

#[test]
fn a_waiver_that_cannot_be_meant_is_refused() {
    let until = "until = 2024-12-31\n";
    for (waiver, expected) in [
        ("output = \"sales\"", "a waiver names `keys`"),
        ("keys = [\"2024-01-03\"]", "a waiver is either of an `output`"),
        ("output = \"sales\"\ncheck = \"quality/coverage\"\nkeys = [\"2024-01-03\"]", "a waiver is either of an `output`"),
        ("output = \"sales\"\nrows = [{ day = 2024-01-03 }]\nrule = \"amount\"", "unknown key `rows`"),
        ("output = \"sale\"\nkeys = [\"2024-01-03\"]", "no output is named \"sale\"; did you mean \"sales\"?"),
        ("output = \"sales\"\nkeys = [\"2024-02-30\"]", "`2024-02-30` is not a date"),
        ("output = \"sales\"\nrule = \"amounts\"", "no rule is named \"amounts\"; did you mean \"amount\"?"),
        ("check = \"quality/coverage\"\nrows = [{ day = 2024-01-03 }]", "is accepted by `output` and `keys` or `rule`"),
        ("check = \"failure/unresolved\"\nrows = [{ day = 2024-01-03 }]", "no check of a gate is named \"failure/unresolved\""),
        ("check = \"failure/unresolved\"\nrows = []", "`rows` names no row"),
        ("check = \"failure/unresolved\"\nrows = [{}]", "a row without columns would be every row"),
    ] {
        let (status, _, error) = accepting(&format!("{waiver}\n{until}"), "");
        assert!(status == 2 && error.contains(expected) && error.contains("gapgate.toml:"), "{waiver}: {status} {error}");
    }
    let (status, _, error) = rows("rows = [{ jobs = \"a\" }]\nuntil = 2024-12-31", "select 'a' as job, date '2024-01-03' as day");
    assert!(status == 2 && error.contains("own/found has no column \"jobs\"; did you mean \"job\"?; it has job, day"), "{error}");
}

#[test]
fn two_waivers_of_the_same_key_contradict_each_other() {
    let second = |keys: &str, rule: &str| {
        let head = "reason = \"r\"\nowner = \"o\"\nuntil = 2024-03-01\n[[waivers]]\noutput = \"sales\"\n";
        let first = "output = \"sales\"\nkeys = [\"2024-01-03\", \"2024-01-05..2024-01-07\"]\n";
        accepting(&format!("{first}{head}{keys}{rule}until = 2024-12-31"), "delete from sales where sold_on = '2024-01-03'")
    };
    for keys in ["keys = [\"2024-01-03\"]\n", "keys = [\"2024-01-01..2024-01-04\"]\n", "keys = [\"2024-01-07..2024-01-09\"]\n"] {
        let (status, _, error) = second(keys, "");
        assert!(status == 2 && error.contains("of sales too; keep one of them"), "{status} {error}");
    }
    assert_eq!(second("keys = [\"2024-01-04\"]\n", "").0, 0);
    assert_eq!(second("keys = [\"2024-01-03\"]\n", "rule = \"amount\"\n").0, 0);
}

#[test]
fn rows_of_another_table_excuse_missing_keys() {
    let excused = |more: &str, damage: &str| {
        let table = format!("not_expected = {{ excused = [{{ table = \"closures\", date = \"closed_on\"{more} }}] }}");
        let dir = project(&[("grain = ", &format!("{table}\ngrain = "))]);
        let closures =
            "create table closures as select date '2024-01-03' as closed_on, true as approved union all select date '2024-01-05', false;";
        load(&dir, &format!("{WAREHOUSE}{closures}{damage}"));
        answer(dir.path(), &["gate", "raw"])
    };
    let missing = "delete from sales where sold_on in ('2024-01-03', '2024-01-05');";
    let (status, text, _) = excused(", reason = \"shop closed\"", missing);
    assert!(status == 0 && text.contains("2 keys excused: shop closed") && text.contains("sales pass 8 8 0 2 not expected"), "{text}");
    let (status, text, _) = excused(", where = \"approved\", reason = \"shop closed\"", missing);
    assert!(status == 1 && text.contains("1 key excused: shop closed") && text.contains("9 expected, 8 present, 1 missing"), "{text}");
    // Rows that are there are judged like all others, and a NULL excuses nothing.
    let damaged = "insert into closures values (null, true); insert into sales select * from sales where sold_on = '2024-01-03';";
    let (status, text, _) = excused(", reason = \"shop closed\"", damaged);
    assert!(status == 1 && text.contains("1 key duplicate") && !text.contains("excused"), "{text}");
    for (more, damage, status, expected) in [
        (", reason = \"r\"", "drop table closures;", 3, "closures"),
        (", reason = \"r\", where = \"aproved\"", "", 3, "aproved"),
        ("", "", 2, "`reason` is missing"),
        (", reason = \" \"", "", 2, "`reason` of an excuse is empty"),
        (", reason = \"r\", key = { shop = \"s\" }", "", 2, "no key column of spine `days` is named \"shop\""),
        (", reason = \"r\", where = \"true); drop table sales; --\"", "", 2, "where"),
    ] {
        let (found, text, error) = excused(more, damage);
        assert!(found == status && format!("{text}{error}").contains(expected), "{more}: {found} {text}{error}");
    }
}
