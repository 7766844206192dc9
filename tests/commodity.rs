//! The commodity example: its gates find what is planted and nothing else, and time decides what is pending.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::{answer, snapshot};
use crate::support::files;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/commodity")
}

/// What a gate finds: query, output, key and class, or query and the cells of its row.
fn found(dir: &Path, args: &[&str]) -> BTreeSet<String> {
    let (_, json, error) = answer(dir, &[args, &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("no report\n{error}"));
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut found = BTreeSet::new();
    for check in list(&report["gates"][0]["checks"]) {
        for output in list(&check["outputs"]) {
            for key in list(&output["keys"]).iter().filter(|key| key["verdict"] != "pass") {
                let values: Vec<String> = key["key"].as_object().expect("a key").values().map(word).collect();
                found.insert(format!("coverage {} {} {}", word(&output["output"]), values.join(" "), word(&key["class"])));
            }
        }
        for row in list(&check["rows"]["rows"]).iter().filter(|_| check["verdict"] != "pass") {
            let cells: Vec<String> = list(row).iter().filter(|cell| !cell.is_null()).map(word).collect();
            found.insert(format!("{} {}", word(&check["query"]), cells.join(" ")));
        }
    }
    found
}

const BACKFILL: &str = "
    cadence/deviations trained Sugar sarimax_auto_weather 2024-07-01 late 2024-07-04 3 1
    cadence/age points Sugar sarimax_auto_weather 2024-07-01 stale 14 183 183
    cadence/age points Sugar sarimax_auto_weather 2024-07-02 stale 14 184 184
    cadence/age points Sugar sarimax_auto_weather 2024-07-03 stale 14 185 185
    identity/shared trained Coffee/sarimax_auto_weather-2025-01 2 sarimax_auto_weather/2025-01-01 xgboost/2025-01-01 2
    cadence/deviations trained Sugar naive 2024-07-01 repeated 2024-07-01 2
    cadence/deviations trained Coffee random_walk 2024-01-01 unexpected 2024-01-01 1
    identity/one_sided trained Coffee/random_walk 1 2024-01-01 2024-01-01
    coverage points Coffee xgboost 2024-07-01 missing
    coverage paths Coffee xgboost 2024-07-01 missing
    leakage/cutoff points Sugar naive 2024-05-17 leak 14 2024-05-17 2024-05-17
    leakage/flag points Sugar naive 2024-05-17 hidden 14
    cadence/age points Sugar naive 2024-05-17 young 14 0 0
    leakage/cutoff points Coffee naive 2024-09-03 unknown 14
    cadence/age points Coffee naive 2024-09-03 unknown 14
    leakage/flag points Sugar xgboost 2024-11-11 false_alarm 14
    cadence/newest_at_or_before points Coffee sarimax_auto_weather 2024-08-20 older sarimax_auto_weather-2024-01 sarimax_auto_weather-2024-07 2024-07-01 14
    cadence/newest_at_or_before points Coffee sarimax_auto_weather 2024-08-21 older sarimax_auto_weather-2024-01 sarimax_auto_weather-2024-07 2024-07-01 14
    cadence/newest_at_or_before points Coffee sarimax_auto_weather 2024-08-22 older sarimax_auto_weather-2024-01 sarimax_auto_weather-2024-07 2024-07-01 14
    coverage paths Coffee sarimax_auto_weather 2024-10-01 partial
    coverage paths Sugar xgboost 2025-01-01 null
    coverage paths Sugar naive 2024-04-01 invalid
    coverage paths Coffee naive 2024-04-01 duplicate
    coverage points Sugar xgboost 2024-06-12 partial
    coverage points Coffee naive 2024-12-02 duplicate
    coverage points Sugar sarimax_auto_weather 2024-09-25 invalid
    daily/unchanged points Coffee sarimax_auto_weather 2024-03-02 2024-03-15 14
    coverage weather Maharashtra 2024-11-05 missing
    coverage weather Ribeirao Preto 2024-11-05 missing
    coverage weather Sul de Minas 2024-11-05 missing
";

const DAILY: &str = "
    coverage paths_live Coffee xgboost 2025-03-12 missing
    coverage delivered Coffee xgboost 2025-03-12 missing
    coverage points_live Sugar naive 2025-03-13 missing
    coverage points_live Sugar Naive 2025-03-13 extra
    identity/one_sided points_live Sugar/Naive 14 2025-03-13 2025-03-13 Sugar/naive
    identity/one_sided trained Coffee/random_walk 1 2024-01-01 2024-01-01
    leakage/cutoff paths_live Coffee naive 2025-03-11 leak 2000 2025-03-11 2025-03-11
    quality/convention actuals Coffee 2025-02-03 is_actuals=true 1 0
    quality/convention actuals Sugar 2024-06-03 is_actuals=true 1 1
    coverage actuals Sugar 2024-06-03 excess
    coverage actuals Sugar 2025-01-15 null
    coverage actuals Coffee 2024-12-24 missing
";

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_gates_find_what_is_planted_and_nothing_else() {
    assert_eq!(found(&example(), &["gate", "backfill"]), lines(BACKFILL));
    assert_eq!(found(&example(), &["gate", "daily"]), lines(DAILY));
}

/// A copy of the example without its faults.
fn clean() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for ending in ["toml", "sql"] {
        for file in files(&example(), ending).into_iter().filter(|file| !file.ends_with("90_faults.sql")) {
            let place = dir.path().join(file.strip_prefix(example()).expect("below"));
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::copy(file, place).expect("a copy");
        }
    }
    dir
}

#[test]
fn without_the_faults_both_gates_say_go_until_the_next_job_is_due() {
    let clean = clean();
    let ask = |args: &[&str]| answer(clean.path(), args);
    assert_eq!(found(clean.path(), &["gate", "backfill"]), BTreeSet::new());
    for (args, status) in [
        (vec!["gate", "--strict"], 0),
        (vec!["gate", "daily", "--as-of", "2025-03-15T06:29"], 0),
        (vec!["gate", "daily", "--as-of", "2025-03-15T06:30"], 1),
        (vec!["run", "cadence/due", "output=trained", "--as-of", "2025-07-01"], 1),
        (vec!["run", "cadence/due", "output=trained", "--as-of", "2025-07-01T23:59"], 0),
    ] {
        let (found, out, error) = ask(&args);
        assert_eq!(found, status, "{args:?}\n{out}{error}");
    }
    let due = found(clean.path(), &["gate", "daily", "--as-of", "2025-03-15T06:30"]);
    let of_the_day = due.iter().filter(|line| line.ends_with("2025-03-15 missing")).count();
    let actuals = lines("coverage actuals Coffee 2025-02-24 null\ncoverage actuals Sugar 2025-02-24 null");
    assert_eq!(of_the_day, 3 * 6, "points, paths and claims of six models: {due:?}");
    assert_eq!(due.len(), of_the_day + 2, "{due:?}");
    assert!(due.is_superset(&actuals), "the fourteenth close is in since 06:30, and its rows are not");
}

#[test]
fn reports_read_well() {
    for gate in ["backfill", "daily"] {
        snapshot(&format!("commodity_gate_{gate}"), &answer(&example(), &["gate", gate]).1);
    }
}

#[test]
fn rendered_sql() {
    let versions = "used=model_version version=model_version";
    for dialect in ["duckdb", "bigquery"] {
        for (query, args) in [
            ("cadence/due", "output=trained"),
            ("cadence/deviations", "output=trained"),
            ("cadence/newest_at_or_before", &format!("output=points source=trained {versions}")),
            ("cadence/age", "output=points cutoff=data_cutoff_date most=semiannual"),
            ("leakage/cutoff", "output=points cutoff=data_cutoff_date"),
            ("leakage/flag", "output=points cutoff=data_cutoff_date flag=has_data_leakage"),
            ("leakage/snapshot", "output=paths known_at=data_cutoff_date event_at=generation_timestamp"),
            ("leakage/rolling_mean", "output=points source=actuals entity=commodity value=day_1 stored=mean window=5"),
            ("identity/shared", "output=trained identity=commodity,model_version of=model_name,training_date"),
            ("identity/one_sided", "output=trained other=points columns=commodity,model_name"),
            ("daily/unchanged", "output=points columns=day_ahead,mean at_most=4"),
            ("quality/sequence", "output=paths number=path_id last=2000"),
            ("quality/convention", "output=actuals marks=model_version=actuals,is_actuals=true"),
            // Deadlines that depend on more than the key's date.
            ("gap/missing_keys", "outputs=actuals"),
        ] {
            let words = [&["render", query, "--dialect", dialect], args.split_whitespace().collect::<Vec<_>>().as_slice()].concat();
            let (status, sql, error) = answer(&example(), &words);
            assert_eq!(status, 0, "{query}: {error}");
            let name = if query.starts_with("gap/") { "gap_missing_keys_due_when".to_owned() } else { query.replace('/', "_") };
            snapshot(&format!("sql_commodity_{dialect}_{name}"), &sql);
        }
    }
}
