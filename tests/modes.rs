//! Runs of a kind with expectations of their own.

use std::path::Path;

use tempfile::TempDir;

use super::cli::{WAREHOUSE, answer, load, project};

/// Two outputs; the second is filled by the nightly run alone, and only the morning is content with a single row.
fn pipeline(modes: &str) -> TempDir {
    let second = "[outputs.totals]\nstage = \"done\"\ntable = \"totals\"\nspine = \"days\"\ndate = \"day\"\n\n\
                  [gates.raw]\nstage = \"raw\"\n\n[gates.done]\nstage = \"done\"\nrequires = [\"raw\"]\n";
    let dir = project(&[("[gates.raw]\nstage = \"raw\"\n", &format!("{second}{modes}"))]);
    load(&dir, &format!("{WAREHOUSE}create table totals as select day from calendar where false;delete from sales where receipt > 0;"));
    dir
}

const MODES: &str = "[modes.morning]\nonly = [\"raw.*\"]\ndefaults = { rows = { min = 1 } }\n\
                     [modes.evening.outputs.sales]\nrows = { min = 0 }\nexpected_by = \"400 days\"\n";

fn gate(dir: &Path, args: &[&str]) -> (i32, String) {
    let (status, text, error) = answer(dir, &[&["gate"], args].concat());
    (status, text + &error)
}

#[test]
fn a_mode_expects_what_it_declares() {
    let dir = pipeline(MODES);
    let (status, text) = gate(dir.path(), &["raw"]);
    assert!(status == 1 && text.contains("10 keys partial"), "{text}");
    let (status, text) = gate(dir.path(), &["raw", "--mode", "morning"]);
    assert!(status == 0 && text.contains("mode morning") && text.contains("raw: GO"), "{text}");
    // What the other stage lacks is nothing that a morning fills.
    assert_eq!([gate(dir.path(), &[]).0, gate(dir.path(), &["--mode", "morning"]).0], [1, 0]);
    let (status, text) = gate(dir.path(), &["done", "--mode", "morning"]);
    assert!(status == 2 && text.contains("no gate is named \"done\""), "{text}");
    let (status, text) = gate(dir.path(), &["done", "--mode", "evening"]);
    assert!(status == 1 && text.contains("requires raw: GO") && text.contains("totals has no rows"), "{text}");
    // Runs of different kinds are not compared with each other.
    let (status, _, error) = answer(dir.path(), &["diff"]);
    assert!(status == 2 && error.contains("is the first recorded run"), "{status} {error}");
    let (_, lines, _) = answer(dir.path(), &["retry", "--mode", "morning", "--format", "lines"]);
    assert_eq!(lines, "");
    let (status, _, error) = answer(dir.path(), &["gaps", "totals", "--mode", "morning"]);
    assert!(status == 2 && error.contains("the selection holds no output of mode `morning`"), "{error}");
}

#[test]
fn a_mode_that_cannot_be_meant_is_refused_before_it_is_needed() {
    for (modes, expected) in [
        ("[modes.m]\nonly = [\"rwa.*\"]", "\"rwa.*\" names no output"),
        ("[modes.m]\nonly = []", "`only` names no output"),
        ("[modes.m]\noutputs = [\"sales\"]", "expected a table"),
        ("[modes.m.outputs.sale]\nrows = 1", "no output is named \"sale\"; did you mean \"sales\"?"),
        ("[modes.m.outputs.sales]\nrow = 1", "unknown key `row`; did you mean \"rows\"?"),
        ("[modes.m.outputs.sales]\nstage = \"done\"", "of the same stage in every mode"),
        ("[modes.m.defaults]\nrows = { per = \"shop\" }", "no weight of spine `days` is named \"shop\""),
        ("[modes.m]\ndefault = { rows = 1 }", "unknown key `default`; did you mean \"defaults\"?"),
    ] {
        let (status, text) = gate(pipeline(modes).path(), &[]);
        assert!(status == 2 && text.contains(expected) && text.contains("gapgate.toml:"), "{modes}: {status} {text}");
    }
    let (status, text) = gate(pipeline(MODES).path(), &["--mode", "mornin"]);
    assert!(status == 2 && text.contains("no mode is named \"mornin\"; did you mean \"morning\"?; known: morning, evening"), "{text}");
    let (status, text) = gate(pipeline("").path(), &["--mode", "daily"]);
    assert!(status == 2 && text.contains("the project declares none; add [modes.NAME]"), "{text}");
}
