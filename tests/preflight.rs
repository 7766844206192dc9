//! Gates that ask before a run: the catalogue, the size of the spine, runs in flight, and the user's own commands.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::{WAREHOUSE, answer, gapgate, load, project};

/// A project whose gate has these checks, and the script `check.sh` if one is given.
fn gate(checks: &str, script: &str) -> TempDir {
    let dir = project(&[("[gates.raw]\nstage = \"raw\"", &format!("[gates.raw]\nstage = \"raw\"\nchecks = [{checks}]"))]);
    if !script.is_empty() {
        write_script(dir.path(), "check.sh", script);
    }
    dir
}

fn write_script(dir: &Path, name: &str, script: &str) {
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
}

const DEPLOYED: &str = r#"{ command = ["./check.sh", "--fast", "two words", "$HOME; exit 1"], name = "deployed", timeout = "20s" }"#;

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_exit_status_of_a_command_decides() {
    for (script, status, words) in [
        ("exit 0", 0, "raw: GO"),
        ("echo nothing to see >&2", 0, "pass command/deployed"),
        ("echo fine; echo not deployed >&2; exit 1", 1, "fail exit status 1: not deployed"),
        ("echo fine; echo not deployed >&2; exit 1", 1, "stderr not deployed"),
        ("echo only this; exit 1", 1, "fail exit status 1: only this"),
        ("printf '\\033[31mred\\033[0m\\r\\n'; exit 1", 1, "exit status 1: red"),
        ("exit 2", 3, "undecided exit status 2, which is neither 0 for go nor 1 for no-go"),
        ("no_such_program", 3, "exit status 127"),
        ("kill -9 $$", 3, "it was ended by signal: 9"),
        // In the project's folder, without a shell of its own, without input, with its words as they are written.
        ("test -f gapgate.toml && test \"$#,$1,$2,$3\" = '3,--fast,two words,$HOME; exit 1'", 0, "raw: GO"),
        ("read line && exit 1; exit 0", 0, "raw: GO"),
    ] {
        let (found, text, error) = answer(gate(DEPLOYED, script).path(), &["gate", "raw"]);
        assert!(found == status && flat(&text).contains(words), "{script}: {found}, {words}\n{text}{error}");
    }
}

#[test]
fn a_command_that_cannot_be_started_never_passes() {
    let bare = |program: &str| format!("{{ command = [\"{program}\"] }}");
    for (program, words) in [
        ("./none.sh", "./none.sh cannot be started: No such file"),
        ("no-such-program-anywhere", "cannot be started: No such file"),
        ("./check.sh", "make it executable: chmod +x"),
        ("./warehouse", "./warehouse cannot be started"),
    ] {
        let dir = gate(&bare(program), "exit 0");
        fs::set_permissions(dir.path().join("check.sh"), fs::Permissions::from_mode(0o644)).expect("rights");
        let (status, text, _) = answer(dir.path(), &["gate", "raw"]);
        assert!(status == 3 && flat(&text).contains(words), "{program}: {status}\n{text}");
    }
    let dir = gate(&bare("./check.sh"), "exit 0");
    write_script(dir.path(), "check.sh", "");
    fs::write(dir.path().join("check.sh"), "#!/no/such/interpreter\n").expect("a script");
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 3);
}

/// Ends when the process is gone, or fails.
fn assert_gone(pid_file: &Path) {
    let id = fs::read_to_string(pid_file).expect("the id of a process");
    let start = Instant::now();
    while Path::new("/proc").join(id.trim()).join("cmdline").exists()
        && fs::read_to_string(Path::new("/proc").join(id.trim()).join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
    {
        assert!(start.elapsed() < Duration::from_secs(10), "{id} is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let quick = DEPLOYED.replace("20s", "1s");
    let lasting = "sleep 300 & echo $! > pid; echo waiting; wait";
    for (checks, script, args) in [
        (quick.as_str(), lasting, &["gate", "raw"][..]),
        (DEPLOYED, lasting, &["gate", "raw", "--timeout", "1s"]),
        (&quick, "trap '' TERM; echo $$ > pid; echo waiting; while true; do sleep 1; done", &["gate", "raw"]),
    ] {
        let dir = gate(checks, script);
        let start = Instant::now();
        let (status, text, _) = answer(dir.path(), args);
        assert!(status == 3 && text.contains("it was ended at the time limit of 1 s") && text.contains("waiting"), "{status} {text}");
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        assert_gone(&dir.path().join("pid"));
    }
}

/// What a command leaves running in the background is its own business, and nobody waits for it.
#[test]
fn a_command_that_leaves_something_behind_is_not_waited_for() {
    let dir = gate(DEPLOYED, "sleep 20 & exit 0");
    let start = Instant::now();
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_a_command_says_is_kept_within_bounds() {
    let dir = gate(DEPLOYED, "yes a line that is said again and again | head -n 2000000; echo last; exit 1");
    let (status, text, _) = answer(dir.path(), &["gate", "raw"]);
    assert_eq!((status, text.matches("said again").count()), (1, 7), "{text}");
    let dir = gate(DEPLOYED, "head -c 3000000 /dev/zero | tr '\\0' x; exit 1");
    let (status, text, _) = answer(dir.path(), &["gate", "raw", "--format", "json"]);
    assert!(status == 1 && text.len() < 10_000, "{} bytes", text.len());
}

#[test]
fn commands_stand_in_every_report() {
    let dir = gate(&format!("\"quality/coverage\", {DEPLOYED}"), "echo not deployed >&2; exit 1");
    let (_, text, _) = answer(dir.path(), &["gate", "raw", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let check = &document["gates"][0]["checks"][1];
    assert_eq!((&check["query"], &check["verdict"]), (&"command/deployed".into(), &"fail".into()));
    assert_eq!(check["arguments"], "./check.sh --fast \"two words\" \"$HOME; exit 1\"");
    assert_eq!(check["rows"]["rows"], serde_json::json!([["stderr", "not deployed"]]));
    let (_, text, _) = answer(dir.path(), &["gate", "raw", "--format", "junit"]);
    assert!(text.contains("<failure message=\"exit status 1: not deployed\" type=\"command\">"), "{text}");
    let (_, text, _) = answer(dir.path(), &["gate", "raw", "--format", "csv"]);
    assert!(text.contains("raw,command/deployed,raw,") && text.contains("exit status 1: not deployed"), "{text}");
    let (_, text, _) = answer(dir.path(), &["gate", "raw", "--format", "signoff"]);
    assert!(text.contains("| raw | command/deployed | ./check.sh --fast") && text.contains("exit status 1: not deployed"), "{text}");
    let (status, text, _) = answer(dir.path(), &["gate"]);
    assert!(status == 1 && text.contains("raw: NO-GO"), "{text}");
    write_script(dir.path(), "check.sh", "exit 0");
    let (status, text, _) = answer(dir.path(), &["diff", "--list"]);
    assert!(status == 0 && text.contains("fail"), "{text}");
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    let (status, text, _) = answer(dir.path(), &["diff"]);
    assert!(status == 0 && text.contains("command/deployed"), "it is better: {text}");
}

#[test]
fn only_a_gate_runs_commands() {
    let dir = gate(&format!("\"quality/coverage\", {DEPLOYED}"), "touch was_run");
    for args in
        [&["doctor"][..], &["progress", "raw"], &["gaps", "raw"], &["retry", "raw"], &["lint"], &["plan", "repair", "raw"], &["list"]]
    {
        answer(dir.path(), args);
        assert!(!dir.path().join("was_run").exists(), "{args:?}");
    }
    let (status, text, _) = answer(dir.path(), &["progress", "raw"]);
    let said = "gate raw says GO: its commands are run by `gapgate gate` only: deployed";
    assert!(status == 0 && flat(&text).contains(said), "{status} {text}");
    let (_, text, _) = answer(dir.path(), &["doctor"]);
    assert!(text.contains("pass      gate raw: command deployed is there: ./check.sh --fast"), "{text}");
    fs::remove_file(dir.path().join("check.sh")).expect("the script");
    let (status, text, _) = answer(dir.path(), &["doctor"]);
    assert!(status == 3 && text.contains("undecided gate raw: command deployed: there is no ./check.sh"), "{status} {text}");
    let dir = gate("{ command = [\"sh\", \"-c\", \"true\"] }", "");
    assert!(answer(dir.path(), &["doctor"]).1.contains("command sh is there"), "programs of PATH are found");
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0);
    write_script(dir.path(), "sh", "exit 1");
    assert_eq!(answer(dir.path(), &["gate", "raw"]).0, 0, "a program of PATH is not one of the project");
}

#[test]
fn an_interrupt_ends_the_command_and_the_report_says_so() {
    let dir = gate(&format!("\"quality/coverage\", {DEPLOYED}"), "sleep 300 & echo $! > pid; echo $! > ready; wait");
    let child = gapgate(dir.path()).args(["gate", "raw"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let start = Instant::now();
    while !dir.path().join("ready").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "the command never began");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("pass quality/coverage") && text.contains("interrupted before it was finished"), "{text}");
    assert_gone(&dir.path().join("pid"));
}

#[test]
fn wrong_commands_are_refused_where_they_stand() {
    for (check, words) in [
        ("{ command = \"./check.sh --fast\" }", "write a command as a list of words, because there is no shell"),
        ("{ command = [] }", "a command begins with the name of a program"),
        ("{ command = [\" \"] }", "a command begins with the name of a program"),
        ("{ command = [7] }", "expected a text in quotes"),
        ("{ command = [\"a\"], timeout = \"soon\" }", "`soon` is not a time such as 30s, 5m or 2h"),
        ("{ command = [\"a\"], timeout = 30 }", "expected a text in quotes"),
        ("{ command = [\"a\"], name = \"a b\" }", "\"a b\" is no name for a command"),
        ("{ command = [\"a\"], tiemout = \"30s\" }", "unknown key `tiemout`; did you mean \"timeout\"?"),
        ("{ command = [\"a\"], query = \"gap/grid\" }", "unknown key `query`"),
        ("{ command = [\"./a.sh\"] }, { command = [\"b/a.py\"] }", "gate `raw` has two commands named \"a\""),
        ("{ command = [\"${HOME}/a\"] }", "${...} is read in [targets] only"),
    ] {
        let (status, _, error) = answer(gate(check, "touch was_run").path(), &["gate", "raw"]);
        assert!(status == 2 && error.contains(words) && error.contains("gapgate.toml:"), "{check}: {status} {error}");
    }
}

#[test]
fn the_catalogue_is_examined_before_a_run() {
    let dir = gate("\"catalogue\"", "");
    let (status, text, _) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 0 && text.contains("pass catalogue"), "{text}");
    for (damage, words) in [
        ("drop table sales", "sales: there is no table sales"),
        ("alter table sales drop column amount", "sales: sales has no column amount"),
        ("alter table calendar rename column day to date", "calendar has no column day"),
        ("delete from calendar", "spine days: has no keys in scope"),
    ] {
        load(&dir, &format!("{WAREHOUSE}{damage};"));
        let (status, text, _) = answer(dir.path(), &["gate", "raw"]);
        assert!(status == 3 && flat(&text).contains(words), "{damage}: {status} {text}");
    }
}

#[test]
fn a_preflight_asks_for_all_that_a_run_needs() {
    let runs = "[runs]\ntable = \"runs\"\nrun = \"run\"\nprocessor = \"processor\"\ndate = \"day\"\nstarted = \"started\"\n\
                status = { column = \"status\", success = [\"success\"], failed = [\"failed\"], running = [\"running\"] }\n\
                [gates.raw]\nstage = \"raw\"\nrequires = [\"preflight\"]\n[gates.preflight]\nstage = \"raw\"\n\
                checks = [\"catalogue\", { query = \"gate/spine_size\", at_least = 10 }, \"ledger/in_flight\", { command = [\"./check.sh\"] }]\n";
    let dir = project(&[("[gates.raw]\nstage = \"raw\"\n", runs)]);
    write_script(dir.path(), "check.sh", "exit 0");
    let tables = |status: &str| {
        let runs = format!(
            "create table runs as select 'sales' as processor, '1' as run, date '2024-01-01' as day, '{status}' as status, timestamp '2024-02-01 23:30' as started;"
        );
        load(&dir, &format!("{WAREHOUSE}{runs}"));
    };
    tables("success");
    let (status, text, error) = answer(dir.path(), &["gate", "preflight"]);
    assert!(status == 0 && text.contains("pass command/check"), "{text}{error}");
    let (status, text, _) = answer(dir.path(), &["gate"]);
    let glance = text.lines().find(|line| line.trim_start().starts_with("preflight")).unwrap_or_default();
    assert!(status == 0 && glance.contains("4 passed") && glance.trim_end().ends_with('-'), "it counts no keys: {text}");
    tables("running");
    let (status, text, _) = answer(dir.path(), &["gate", "raw"]);
    assert!(status == 1 && text.contains("raw: BLOCKED"), "{text}");
    let (_, text, _) = answer(dir.path(), &["gate", "preflight"]);
    assert!(text.contains("fail ledger/in_flight"), "{text}");
    let advised = project(&[("[gates.raw]\nstage = \"raw\"\n", "[gates.preflight]\nstage = \"raw\"\nchecks = [\"catalogue\"]\n")]);
    assert!(answer(advised.path(), &["doctor"]).1.contains("no gate covers sales"), "a preflight does not look at rows");
}
