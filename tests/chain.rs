//! Gates that require others, decisions against them, and the runs that stay on record.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::cli::{WAREHOUSE, answer, load, project};

/// Two stages of a table each; the second gate requires the first.
fn stages() -> TempDir {
    let second = "[outputs.totals]\nstage = \"done\"\ntable = \"totals\"\nspine = \"days\"\ndate = \"day\"\n\n\
                  [gates.raw]\nstage = \"raw\"\n\n[gates.done]\nstage = \"done\"\nrequires = [\"raw\"]\n";
    let dir = project(&[("[gates.raw]\nstage = \"raw\"\n", second)]);
    load(&dir, &format!("{WAREHOUSE}create table totals as select day from calendar;"));
    dir
}

fn damage(dir: &TempDir, sql: &str) {
    load(dir, &format!("{WAREHOUSE}create table totals as select day from calendar;{sql}"));
}

fn records(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir.join(".gapgate/runs")) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn no_gate_goes_before_those_that_it_requires() {
    let dir = stages();
    let (status, text, _) = answer(dir.path(), &["gate", "done"]);
    assert!(status == 0 && text.contains("requires raw: GO\ndone: GO\n"), "{text}");
    damage(&dir, "delete from sales where sold_on = date '2024-01-03'");
    for args in [&["gate", "done"][..], &["gate", "done", "--select", "totals"]] {
        let (status, text, _) = answer(dir.path(), args);
        assert!(status == 1 && text.contains("requires raw: NO-GO\ndone: BLOCKED\n"), "{status} {text}");
        assert!(text.contains("it requires gate `raw`, whose verdict is fail"), "{text}");
    }
    let (status, text, _) = answer(dir.path(), &["gate", "--select", "totals"]);
    assert!(status == 1 && text.contains("done: it requires gate `raw`"), "the selection cannot hide a gate that is required: {text}");
    let (status, text, _) = answer(dir.path(), &["gate", "done", "-q"]);
    assert_eq!((status, text.as_str()), (1, "NO-GO\n"));
    let (_, text, _) = answer(dir.path(), &["gate", "done", "--format", "junit"]);
    assert!(text.contains("<skipped message=\"it requires gate `raw`, whose verdict is fail\" type=\"requires\""), "{text}");
    let (_, text, _) = answer(dir.path(), &["gate", "done", "--format", "csv"]);
    assert!(text.contains("done,,done,,,,fail,,\"it requires gate `raw`, whose verdict is fail\""), "{text}");
    damage(&dir, "drop table sales");
    let (status, text, _) = answer(dir.path(), &["gate", "done"]);
    assert!(status == 3 && text.contains("whose verdict is undecided"), "{status} {text}");
}

#[test]
fn an_override_goes_on_is_recorded_and_stays_in_sight() {
    let dir = stages();
    damage(&dir, "delete from sales where sold_on = date '2024-01-03'");
    let decide = ["gate", "done", "--override", "raw", "--reason", "the shop was closed"];
    let (status, text, _) = answer(dir.path(), &decide);
    assert!(status == 0 && text.contains("requires raw: OVERRIDDEN\n") && text.contains("done: GO\n"), "{status} {text}");
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains("the shop was closed"), "{text}");
    let (status, ..) = answer(dir.path(), &[&decide[..], &["--strict"]].concat());
    assert_eq!(status, 1, "to be strict, an override is no go");
    let (status, text, _) = answer(dir.path(), &["gate", "done"]);
    assert!(status == 1 && text.contains("done: BLOCKED") && text.contains("earlier override: gate raw said fail"), "{status} {text}");
    let (_, text, _) = answer(dir.path(), &["gate", "done", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["overrides"].as_array().map(Vec::len), Some(2), "{text}");
    assert_eq!(json["overrides"][0]["reason"], "the shop was closed");
    let (_, text, _) = answer(dir.path(), &["gate", "done", "--format", "signoff"]);
    assert!(text.contains("- earlier: gate raw said fail on local;") && text.contains("| done | BLOCKED |"), "{text}");
}

#[test]
fn an_override_says_what_and_why() {
    let dir = stages();
    for (args, words) in [
        (&["gate", "done", "--override", "raw"][..], "--reason <TEXT>"),
        (&["gate", "done", "--reason", "none"], "--override <GATE>"),
        (&["gate", "done", "--override", "raw", "--reason", " "], "--reason is empty"),
        (
            &["gate", "done", "--override", "raws", "--reason", "x"],
            "--override raws is none of the gates that are asked; did you mean \"raw\"?",
        ),
        (&["gate", "raw", "--override", "done", "--reason", "x"], "--override done is none of the gates that are asked"),
    ] {
        let (status, _, error) = answer(dir.path(), args);
        assert!(status == 2 && error.contains(words), "{args:?}: {status} {error}");
    }
    let (status, text, _) = answer(dir.path(), &["gate", "raw", "--override", "raw", "--reason", "x"]);
    assert!(status == 0 && text.contains("the override of gate `raw` changes nothing, because it goes"), "{text}");
    assert!(!dir.path().join(".gapgate/overrides.jsonl").exists(), "nothing was decided");
    fs::write(dir.path().join(".gapgate/overrides.jsonl"), "{}\n").expect("a file");
    let (status, _, error) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 2 && error.contains(".gapgate/overrides.jsonl:1: is no recorded override"), "{error}");
    fs::remove_file(dir.path().join(".gapgate/overrides.jsonl")).expect("the file");
    fs::create_dir(dir.path().join(".gapgate/overrides.jsonl")).expect("a folder in its place");
    damage(&dir, "delete from sales");
    let (status, text, error) = answer(dir.path(), &["gate", "raw", "--override", "raw", "--reason", "x"]);
    assert!(status >= 2 && text.is_empty(), "what cannot be recorded never counts: {status} {text} {error}");
}

#[test]
fn wrong_requirements_are_told_with_their_place() {
    for (requires, words) in [
        ("[\"raw\"]", "gates that require each other never go: raw -> raw"),
        ("[\"raws\"]", "no gate is named \"raws\"; did you mean \"raw\"?"),
        ("[\"raw\"]\n[gates.other]\nstage = \"raw\"\nrequires = [\"raw\"]", "gates that require each other never go: raw -> raw"),
        (
            "[\"other\"]\n[gates.other]\nstage = \"raw\"\nrequires = [\"raw\"]",
            "gates that require each other never go: raw -> other -> raw",
        ),
    ] {
        let dir = project(&[("[gates.raw]\nstage = \"raw\"\n", &format!("[gates.raw]\nstage = \"raw\"\nrequires = {requires}\n"))]);
        let (status, _, error) = answer(dir.path(), &["gate"]);
        assert!(status == 2 && error.contains(words) && error.contains("gapgate.toml:29: "), "{requires}: {status} {error}");
    }
}

#[test]
fn runs_stay_on_record_up_to_a_number() {
    let dir = project(&[("as_of = \"2024-02-01\"", "as_of = \"2024-02-01\"\nkeep_runs = 3")]);
    for _ in 0..5 {
        assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    }
    let kept = records(dir.path());
    assert!(kept.len() == 3 && kept.iter().all(|name| name.ends_with("-raw.json")), "{kept:?}");
    let dir = project(&[("as_of = \"2024-02-01\"", "as_of = \"2024-02-01\"\nkeep_runs = 0")]);
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    assert_eq!(records(dir.path()), Vec::<String>::new());
    let dir = project(&[]);
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    fs::remove_dir_all(dir.path().join(".gapgate/runs")).expect("the folder");
    fs::write(dir.path().join(".gapgate/runs"), "in the way").expect("a file");
    let (status, text, error) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 0 && text.contains("raw: GO") && error.contains("the run is not recorded"), "{status} {text} {error}");
}

#[test]
fn two_runs_are_compared_key_by_key() {
    let dir = stages();
    let gate = |sql: &str| {
        damage(&dir, sql);
        answer(dir.path(), &["gate", "done"]).0
    };
    assert_eq!(
        gate("delete from sales where sold_on = date '2024-01-03'; delete from sales where sold_on = date '2024-01-05' and receipt > 0"),
        1
    );
    let (status, _, error) = answer(dir.path(), &["diff"]);
    assert!(status == 2 && error.contains("is the first recorded run of raw, done on local"), "{error}");
    assert_eq!(gate("delete from sales where sold_on in (date '2024-01-05', date '2024-01-07')"), 1);
    let (status, text, _) = answer(dir.path(), &["diff"]);
    assert_eq!(status, 1, "{text}");
    for line in ["sales new: 2024-01-07", "sales changed: 2024-01-05 (partial to missing)", "sales fixed: 2024-01-03"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(gate(""), 0);
    let (status, text, _) = answer(dir.path(), &["diff", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(status == 0 && json["worse"] == false && json["alike"] == true, "{text}");
    assert_eq!(json["changes"][0]["fixed"], serde_json::json!(["2024-01-05", "2024-01-07"]));
    let first = records(dir.path())[0].replace(".json", "");
    let (status, text, _) = answer(dir.path(), &["diff", &first]);
    assert!(status == 0 && text.contains("sales fixed: 2024-01-03, 2024-01-05"), "{text}");
    let (_, text, _) = answer(dir.path(), &["diff", "--list"]);
    assert!(text.lines().count() == 3 && text.contains("-done  fail  raw, done on local"), "{text}");
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    let (status, text, _) = answer(dir.path(), &["diff", &first]);
    assert!(status == 0 && text.contains("did not look at the same"), "{status} {text}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let dir = project(&[]);
    let (status, _, error) = answer(dir.path(), &["diff"]);
    assert!(status == 2 && error.contains("no run is recorded"), "{error}");
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    let (status, _, error) = answer(dir.path(), &["diff", "1999"]);
    assert!(status == 2 && error.contains("no run is recorded as \"1999\""), "{error}");
    for (text, words) in [("{\n\"schema\": 1", "other.json:2: is no JSON report"), ("", "other.json:1: is no JSON report")] {
        fs::write(dir.path().join("other.json"), text).expect("a file");
        let path = dir.path().join("other.json").display().to_string();
        let (status, _, error) = answer(dir.path(), &["diff", &path]);
        assert!(status == 2 && error.contains(words), "{error}");
    }
    let name = records(dir.path())[0].clone();
    let file = dir.path().join(".gapgate/runs").join(&name);
    let text = fs::read_to_string(&file).expect("a record").replace("gapgate.report/1", "gapgate.report/9");
    fs::write(&file, text).expect("a record");
    let (status, _, error) = answer(dir.path(), &["diff", name.trim_end_matches(".json")]);
    assert!(status == 2 && error.contains("is of format gapgate.report/9; this version compares gapgate.report/1"), "{error}");
}
