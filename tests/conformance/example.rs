//! The gates of an example by the command line: on every engine they say what they say on the embedded one.

use std::fs;
use std::path::Path;

use gapgate::load::project;
use gapgate::warehouse::{self, Interrupt};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{copy, engines};
use crate::cli::answer;

/// What a report says of the world, without how it was found out.
pub(crate) fn gates(report: &str) -> Json {
    let mut report: Json = serde_json::from_str(report).unwrap_or_else(|error| panic!("{error}: {report}"));
    let mut gates = report["gates"].take();
    for gate in gates.as_array_mut().into_iter().flatten() {
        gate["statements"].take();
        for check in gate["checks"].as_array_mut().into_iter().flatten() {
            check.as_object_mut().expect("a check").remove("estimated_bytes");
        }
    }
    gates
}

#[test]
fn the_example_says_the_same_on_every_engine() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nba");
    let text = fs::read_to_string(source.join("gapgate.toml")).expect("the example");
    for (at, engine) in engines::all("the_example_says_the_same_on_every_engine").iter().enumerate() {
        let dir = TempDir::new().expect("a folder");
        let text = text.replace("\"warehouse/\"", &format!("{:?}", source.join("warehouse")));
        fs::write(dir.path().join("gapgate.toml"), &text).expect("a project file");
        let declared = project::load(dir.path()).unwrap_or_else(|error| panic!("{error}"));
        let local = warehouse::open(&declared.targets["local"], dir.path(), &Interrupt::default()).expect("the embedded engine");
        let tables = copy::tables(local.as_ref());
        drop(local);
        let _alone = engine.alone();
        let target = engine.load(&format!("example{}x{at}", std::process::id()), &tables);
        fs::write(dir.path().join("gapgate.toml"), format!("{text}\n[targets.other]\n{target}\n")).expect("a project file");
        for gate in ["raw", "analytics", "precompute"] {
            let asked = |target| answer(dir.path(), &["--target", target, "gate", gate, "--format", "json"]);
            let ((expected, reference, _), (status, report, errors)) = (asked("local"), asked("other"));
            assert_eq!(status, expected, "{gate}: {errors}{report}");
            assert_eq!(gates(&report), gates(&reference), "{}: {gate}", engine.name());
        }
    }
}
