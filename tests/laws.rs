//! The laws that always hold, on generated warehouses: each is compared with an oracle that reads the same rows and
//! shares no code with what it judges.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` widen the search; without them every run looks at the same cases.

pub(crate) mod asked;
mod counted;
mod counts;
mod oracle;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Instant;

use gapgate::error::Error;
use gapgate::load::library;
use gapgate::model::catalogue::Argument;
use gapgate::model::coverage::{Class, Coverage, Figure, Tally, figures};
use gapgate::model::query::Library;
use gapgate::model::report::{CheckReport, Finding, GateReport};
use gapgate::model::retry::retry_list;
use gapgate::model::scope::Scope;
use gapgate::model::table::{Table, Value};
use gapgate::model::verdict::Verdict;
use gapgate::render::{Part, Renderer};
use gapgate::run::{self, Check, Session, cover};
use gapgate::warehouse::{Deadline, QueryError};
use jiff::civil::Date;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use crate::support::{Fixture, LIBRARY, StandIn, coverage_query, patience};
use oracle::Answer;
use world::{Output, Plan, Row, World, plans};

pub(crate) fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(20_240_311);
    }
    config
}

/// What gapgate says, in the words of the oracle.
fn seen(coverage: &Coverage) -> Answer {
    let retry = retry_list([coverage], |_, _| None);
    let repairs: BTreeSet<String> = retry.iter().map(|item| item.key.iter().map(Value::to_string).collect::<Vec<_>>().join("/")).collect();
    assert_eq!(repairs.len(), retry.len(), "no key is listed twice");
    let keys: BTreeMap<_, _> =
        coverage.keys.iter().map(|key| (key.text(), (key.class.name().to_owned(), key.rows, key.position))).collect();
    assert_eq!(keys.len(), coverage.keys.len(), "no key has two classes");
    Answer {
        keys,
        counts: coverage.counts.iter().map(|(class, keys)| (class.name().to_owned(), *keys)).collect(),
        spine: coverage.counts.iter().filter(|(class, _)| class.is_of_spine()).map(|(_, keys)| keys).sum(),
        expected: coverage.expected,
        present: coverage.present,
        rows: coverage.rows,
        verdict: coverage.verdict(),
        repairs,
    }
}

/// The keys of a class.
fn of_class(coverage: &Coverage, class: Class) -> BTreeSet<String> {
    coverage.keys.iter().filter(|key| key.class == class).map(|key| key.text()).collect()
}

fn rules(coverage: &Coverage) -> Vec<&str> {
    coverage.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// Puts changed outputs behind each output of a world, and answers for each output which one it is made from.
fn with_variants(world: &mut World, edit: impl Fn(&Output) -> Vec<Vec<Row>>) -> Vec<usize> {
    let mut bases = Vec::new();
    let mut outputs = Vec::new();
    for base in &world.outputs {
        let at = outputs.len();
        outputs.push(base.clone());
        outputs.extend(edit(base).into_iter().enumerate().map(|(n, rows)| base.variant(&n.to_string(), rows)));
        bases.resize(outputs.len(), at);
    }
    world.outputs = outputs;
    bases
}

fn picks() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 2)
}

proptest! {
    #![proptest_config(config())]

    /// Laws 6, 7 and 12, and every class, count and verdict besides.
    #[test]
    fn every_key_has_the_class_that_its_rows_give_it(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let found = fixture.cover(&scope);
        prop_assert_eq!(found.len(), world.outputs.len());
        for (coverage, output) in found.iter().zip(&world.outputs) {
            prop_assert_eq!(seen(coverage), oracle::answer(&world, output), "left is gapgate, right the oracle: {}", &output.name);
            let missing = retry_list([coverage], |_, _| None).iter().filter(|item| item.class == Class::Missing).count();
            prop_assert_eq!(missing as u64, coverage.count(Class::Missing));
        }
    }

    /// One statement for several outputs says of each what its own statement says.
    #[test]
    fn asking_together_is_asking_alone(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let session = Session::new(&fixture.project, &LIBRARY, &scope, fixture.warehouse.as_ref(), patience());
        for coverage in fixture.cover(&scope) {
            let alone = cover(&session, coverage_query(), std::slice::from_ref(&coverage.output)).expect("no interrupt").coverage;
            prop_assert_eq!(whole(&alone[0]), whole(&coverage));
        }
    }

    /// Law 1.
    #[test]
    fn deleting_an_expected_row_never_improves_a_verdict(plan in plans(), picks in picks()) {
        let mut world = plan.clean().world();
        let bases = with_variants(&mut world, |base| {
            let picked = picks.iter().filter(|_| !base.rows.is_empty()).map(|pick| pick.index(base.rows.len()));
            let mut variants = vec![Vec::new()];
            for at in picked {
                let without_row = |(n, row): (usize, &Row)| (n != at).then(|| row.clone());
                variants.push(base.rows.iter().enumerate().filter_map(without_row).collect());
                variants.push(base.rows.iter().filter(|row| row.day != base.rows[at].day).cloned().collect());
            }
            variants
        });
        let fixture = world.fixture();
        let found = fixture.cover(&world.scope(&fixture));
        for (coverage, base) in found.iter().zip(bases) {
            let before = &found[base];
            prop_assert!(coverage.verdict() >= before.verdict(), "{}: {:?} before, {:?} after", coverage.output, before.findings, coverage.findings);
            prop_assert_eq!(coverage.expected, before.expected);
            let clean = if before.expected == 0 { Verdict::Undecided } else { Verdict::Pass };
            prop_assert_eq!(before.verdict(), clean, "a clean output passes: {:?}", &before.findings);
        }
    }

    /// Law 2.
    #[test]
    fn adding_a_duplicate_or_foreign_row_never_improves_a_verdict(plan in plans(), picks in picks(), offset in -3..43i64) {
        let mut world = plan.without_waivers().world();
        let bases = with_variants(&mut world, |base| {
            let copies = picks.iter().filter(|_| !base.rows.is_empty()).map(|pick| pick.get(&base.rows).clone());
            let foreign = [Row::new(world::day(offset), "ghost", 70), Row { day: None, ..Row::new(world::day(offset), "elo", 70) }];
            foreign.into_iter().chain(copies).filter(|row| is_duplicate_or_foreign(base, row)).map(|row| [base.rows.clone(), vec![row]].concat()).collect()
        });
        let fixture = world.fixture();
        let found = fixture.cover(&world.scope(&fixture));
        for (coverage, base) in found.iter().zip(bases) {
            let before = &found[base];
            prop_assert!(coverage.verdict() >= before.verdict(), "{}: {:?} before, {:?} after", coverage.output, before.findings, coverage.findings);
            prop_assert_eq!(of_class(coverage, Class::Missing), of_class(before, Class::Missing));
        }
    }

    /// Law 3.
    #[test]
    fn a_row_without_key_is_a_finding_and_closes_no_gap(plan in plans(), offset in 0..30i64) {
        let mut world = plan.without_waivers().world();
        let bases = with_variants(&mut world, |base| {
            let undated = Row { day: None, ..Row::new(world::day(offset), "elo", 80) };
            let keyless = Row { model: None, ..undated.clone() };
            let mut variants = vec![[base.rows.clone(), vec![undated.clone()]].concat(), [base.rows.clone(), vec![undated, keyless]].concat()];
            if base.plan.crossed {
                let day = world::day(0);
                variants.push([base.rows.clone(), vec![Row { model: None, ..Row::new(day, "elo", 81) }]].concat());
            }
            variants
        });
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let found = fixture.cover(&scope);
        for ((at, coverage), base) in found.iter().enumerate().zip(bases).filter(|((at, _), base)| at != base) {
            let before = &found[base];
            let outside = at == base + 3 && scope.start() > world::day(0);
            prop_assert_eq!(of_class(coverage, Class::Missing), of_class(before, Class::Missing));
            prop_assert_eq!(seen(coverage).repairs, seen(before).repairs);
            let finding = coverage.findings.iter().find(|finding| finding.rule == "null_key");
            prop_assert!(outside || finding.is_some_and(|finding| finding.verdict == Verdict::Fail), "{:?}", coverage.findings);
        }
    }

    /// Law 4: what is complete is not for the ledger to say, and in the ledger the latest attempt decides.
    #[test]
    fn retries_never_change_completeness(plan in plans(), attempts in prop::collection::vec((any::<Index>(), attempts()), 1..12)) {
        let world = plan.world();
        let mut split: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
        for (pick, attempts) in &attempts {
            split.entry(pick.get(&world.schedule).day).or_default().extend(attempts);
        }
        let decisive = |attempts: &Vec<&'static str>| attempts.iter().rfind(|status| **status != "skipped").or(attempts.last()).copied();
        let latest: BTreeMap<Date, Vec<&str>> = split.iter().map(|(day, attempts)| (*day, decisive(attempts).into_iter().collect())).collect();
        let toml = world.toml() + LEDGER;
        let mut answers = Vec::new();
        for ledger in [&latest, &split] {
            let fixture = Fixture::new(&toml, &(world.sql() + &ledger_sql(ledger)));
            let scope = world.scope(&fixture);
            answers.push(fixture.cover(&scope).iter().map(whole).collect::<Vec<_>>());
            let of_scope = latest.iter().filter(|(day, _)| scope.start() <= **day && **day <= scope.end());
            let open: Vec<(String, String)> = of_scope
                .filter(|(_, latest)| ["failed", "running"].contains(&latest[0]))
                .map(|(day, latest)| (day.to_string(), latest[0].to_owned()))
                .collect();
            let rows = ask(&fixture, &scope, "failure/unresolved", None);
            let found: Vec<(String, String)> = rows.rows().map(|row| (row[1].to_string(), row[2].to_string())).collect();
            prop_assert_eq!(found, open);
        }
        prop_assert_eq!(&answers[0], &answers[1]);
    }

    /// Laws 6 and 7, for the queries that list gaps: they say what coverage says.
    #[test]
    fn the_lists_of_gaps_agree_with_coverage(plan in plans()) {
        let world = plan.without_waivers().world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        for coverage in fixture.cover(&scope) {
            let keys = |query: &str, from: usize, class: Option<&str>| -> BTreeSet<String> {
                let rows = ask(&fixture, &scope, query, Some(&coverage.output));
                let rows = rows.rows().filter(|row| class.is_none_or(|class| row[1].as_text() == Some(class)));
                rows.map(|row| row[from..from + coverage.key.len()].iter().map(Value::to_string).collect::<Vec<_>>().join("/")).collect()
            };
            prop_assert_eq!(keys("gap/missing_keys", 1, None), of_class(&coverage, Class::Missing));
            prop_assert_eq!(keys("gap/extra_keys", 2, Some("extra")), of_class(&coverage, Class::Extra));
            prop_assert_eq!(keys("gap/extra_keys", 2, Some("null_key")), of_class(&coverage, Class::NullKey));
        }
    }

    /// Law 10.
    #[test]
    fn time_turns_pending_into_missing_and_never_missing_into_ok(plan in plans(), hours in 1..400i64) {
        let world = plan.without_waivers().without_retention().world();
        let fixture = world.fixture();
        let later = world.as_of.checked_add(jiff::ToSpan::hours(hours)).expect("a moment");
        let before = fixture.cover(&world.scope(&fixture));
        let after = fixture.cover(&world.scope_at(&fixture, later));
        for (before, after) in before.iter().zip(&after) {
            let mut due = BTreeMap::new();
            for (key, (class, ..)) in seen(before).keys {
                due.insert(key, class);
            }
            let now: BTreeMap<String, String> = seen(after).keys.into_iter().map(|(key, (class, ..))| (key, class)).collect();
            prop_assert_eq!(due.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>(), "no key becomes ok, none stops being so");
            for (key, class) in &due {
                let allowed: &[&str] = if class == "pending" { &["pending", "missing", "partial", "null"] } else { &[class] };
                prop_assert!(allowed.contains(&now[key].as_str()), "{key} was {class} and became {}", now[key]);
            }
            prop_assert!(before.verdict() <= after.verdict());
        }
    }

    /// Coverage of parts adds up to the coverage of the whole.
    #[test]
    fn looking_in_parts_is_looking_at_the_whole(plan in plans(), cuts in prop::collection::btree_set(0..40i64, 0..5), shuffle in any::<bool>()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let renderer = Renderer::new(&LIBRARY, &fixture.project, &scope, fixture.warehouse.dialect());
        for coverage in fixture.cover(&scope) {
            let output = &fixture.project.outputs[&coverage.output];
            let figures: Vec<Figure> = figures(output);
            let key = coverage.key.clone();
            let mut waivers = fixture.project.waivers.clone();
            waivers.retain(|waiver| waiver.concerns(scope.start(), scope.end()));
            let mut tally = Tally::new(output, &figures, key, &waivers, scope.last_date());
            for part in parts(&scope, &cuts, shuffle) {
                let args = [("outputs".to_owned(), Argument::List(vec![output.name.clone()]))].into_iter().collect();
                let parts = [(output.name.clone(), part)].into_iter().collect();
                let sql = renderer.render_parts(coverage_query(), &args, &parts).expect("it renders");
                tally.absorb(&fixture.warehouse.query(&sql, patience()).expect("it runs")).expect("it fits");
            }
            prop_assert_eq!(whole(&tally.finish()), whole(&coverage));
        }
    }

    /// The same where the corridor decides itself, because tables seem large.
    #[test]
    fn a_large_table_is_judged_like_a_small_one(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        let large = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer.map(|table| magnified(&table))).with_list(|_, list| {
            list.map(|(mut inventory, sql)| {
                inventory.values_mut().for_each(|table| table.rows = Some(50_000_000));
                (inventory, sql)
            })
        });
        let large = large.large();
        let small = fixture.cover(&scope);
        for (in_parts, at_once) in fixture.cover_with(&scope, &large).iter().zip(&small) {
            prop_assert_eq!(whole(in_parts), whole(at_once));
        }
        prop_assert!(large.asked() >= world.outputs.len() + 2, "each was probed first");
    }

    /// Law 11.
    #[test]
    fn shares_are_decided_on_integers(pairs in prop::collection::vec((0..6usize, 1..1_000_000_000_000i64, -1..=1i64), 30)) {
        let judged = shares(&pairs);
        for (threshold, part, of, class) in judged {
            let (numerator, denominator, _) = THRESHOLDS[threshold];
            let holds = i128::from(part) * i128::from(denominator) >= i128::from(of) * i128::from(numerator);
            prop_assert_eq!(class, if holds { Class::Ok } else { Class::Invalid }, "{} of {}", part, of);
        }
    }
}

fn attempts() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(vec!["success", "failed", "running", "skipped"]), 1..5)
}

/// A ledger in which each date has these attempts, one after the other.
fn ledger_sql(attempts: &BTreeMap<Date, Vec<&str>>) -> String {
    let row = |day: &Date, n: usize, status: &str| {
        format!("('{day}.{n}', 'box_0', date '{day}', '{status}', timestamp '2024-02-01 00:{n:02}:00')")
    };
    let rows = attempts.iter().flat_map(|(day, attempts)| attempts.iter().enumerate().map(move |(n, status)| row(day, n, status)));
    let rows: Vec<String> = rows.collect();
    format!("create table league.runs as from (values {}) as runs (run, processor, day, status, started);", rows.join(", "))
}

/// The rows of a query, about one output or about all.
fn ask(fixture: &Fixture, scope: &Scope, query: &str, output: Option<&str>) -> Table {
    let session = Session::new(&fixture.project, &LIBRARY, scope, fixture.warehouse.as_ref(), patience());
    let query = LIBRARY.query(query).expect("it is shipped");
    let args = output.map(|output| ("outputs".to_owned(), Argument::List(vec![output.to_owned()]))).into_iter().collect();
    let report = run::single(&session, &Check { query, args, declared: String::new() }).expect("no interrupt");
    report.rows.unwrap_or_else(|| panic!("{:?}", report.findings))
}

/// Everything that a report could say of an output.
fn whole(coverage: &Coverage) -> (Answer, Vec<(String, String, Verdict)>, Vec<Finding>) {
    let keys = coverage.keys.iter().map(|key| (key.text(), key.reason.to_string(), key.verdict)).collect();
    (seen(coverage), keys, coverage.findings.clone())
}

/// Whether a row added to the output is a copy of one, or belongs to no key.
fn is_duplicate_or_foreign(output: &Output, row: &Row) -> bool {
    let copies = |other: &Row| other.day == row.day && other.model == row.model && other.player == row.player && other.game == row.game;
    row.day.is_none() || output.rows.iter().any(copies) || (output.plan.crossed && row.model.as_deref() == Some("ghost"))
}

/// Parts that cut the scope before the given days; the rows without key are in one of them.
fn parts(scope: &Scope, cuts: &BTreeSet<i64>, shuffle: bool) -> Vec<Part> {
    let (start, end) = (scope.start(), scope.end());
    let cuts: Vec<Date> = cuts.iter().map(|cut| world::day(*cut)).filter(|cut| start < *cut && *cut <= end).collect();
    let starts = [start].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().map(|cut| cut.yesterday().expect("a date")).chain([end]);
    let ranges: Vec<(Date, Date)> = starts.zip(ends).collect();
    let (even, odd): (Vec<_>, Vec<_>) = ranges.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let mut groups: Vec<Vec<(Date, Date)>> = if shuffle {
        [even, odd].into_iter().map(|group| group.into_iter().map(|(_, range)| *range).collect()).collect()
    } else {
        ranges.into_iter().map(|range| vec![range]).collect()
    };
    groups.retain(|group| !group.is_empty());
    let part = |(at, ranges)| Part { ranges, without_null_key: at > 0, ..Part::default() };
    groups.into_iter().enumerate().map(part).collect()
}

/// The rows per date times a hundred thousand, so that few dates make a run.
fn magnified(table: &Table) -> Table {
    let names: Vec<&str> = table.columns().iter().map(|column| column.name.as_str()).collect();
    if names != ["day", "held_rows"] {
        return table.clone();
    }
    let mut large = Table::new(table.columns().to_vec());
    for row in table.rows() {
        large.push([row[0].clone(), Value::Int(row[1].as_int().expect("a count") * 100_000)]);
    }
    large
}

const LEDGER: &str = r#"
[runs]
table = "league.runs"
run = "run"
processor = "processor"
date = "day"
status = { column = "status", success = ["success"], failed = ["failed"], running = ["running"], skipped = ["skipped"] }
started = "started"
"#;

/// Numerator, denominator, and how the project file writes it.
const THRESHOLDS: [(i64, i64, &str); 6] =
    [(1, 1, "1"), (999, 1000, "0.999"), (99, 100, "0.99"), (19, 20, "0.95"), (1, 2, "0.5"), (333, 1000, "0.333")];

/// Each part and whole as a key of its own; the part misses its threshold by `off`, if at all.
fn shares(pairs: &[(usize, i64, i64)]) -> Vec<(usize, i64, i64, Class)> {
    let mut toml = project("[seasons]\nall = { start = 2024-01-01, end = 2024-12-31 }\n");
    let mut sql = "begin;\ncreate schema league;\n".to_owned();
    for (at, (_, _, text)) in THRESHOLDS.iter().enumerate() {
        toml += &format!(
            "[spines.days_{at}]\ntable = \"league.shares_{at}\"\nkey = {{ day = \"date\" }}\n\
             [outputs.shares_{at}]\nstage = \"facts\"\ntable = \"league.shares_{at}\"\nspine = \"days_{at}\"\n\
             measures = {{ kept = \"sum(kept)\", total = \"sum(total)\" }}\n\
             rules = [{{ measure = \"kept\", at_least = {text}, of = \"total\" }}]\n"
        );
        sql += &format!("create table league.shares_{at} (day date, kept bigint, total bigint);\n");
    }
    let (mut asked, mut rows) = (Vec::new(), vec![Vec::new(); THRESHOLDS.len()]);
    for (number, (threshold, of, off)) in pairs.iter().enumerate() {
        let (numerator, denominator, _) = THRESHOLDS[*threshold];
        let exact = i128::from(*of) * i128::from(numerator) / i128::from(denominator);
        let part = (i64::try_from(exact).expect("below the whole") + off).clamp(0, *of);
        let day = Date::constant(2024, 1, 1).checked_add(jiff::ToSpan::days(number as i64)).expect("a date");
        rows[*threshold].push(format!("('{day}', {part}, {of})"));
        asked.push((*threshold, day, part, *of));
    }
    for (at, rows) in rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        sql += &format!("insert into league.shares_{at} values {};\n", rows.join(", "));
    }
    let fixture = Fixture::new(&toml, &(sql + "commit;"));
    let found = fixture.cover(&fixture.scope("2025-01-31"));
    let class =
        |threshold: usize, day: Date| found[threshold].keys.iter().find(|key| key.date() == Some(day)).map_or(Class::Ok, |key| key.class);
    asked.into_iter().map(|(threshold, day, part, of)| (threshold, part, of, class(threshold, day))).collect()
}

/// A project file with one target and what is added to it.
fn project(more: &str) -> String {
    format!("[project]\nname = \"league\"\n[targets.local]\nengine = \"duckdb\"\nload = \"warehouse/\"\nthreads = 1\n{more}")
}

/// Three dates, one output, nothing wrong.
fn small() -> (String, String) {
    let toml = project(
        "[seasons]\nall = { start = 2024-01-01, end = 2024-01-31 }\n\
         [spines.games]\ntable = \"league.schedule\"\nkey = { day = \"date\" }\nweights = { games = \"sum(n)\" }\n\
         [outputs.box]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\ngrain = [\"player\"]\n\
         not_null = [\"points\"]\nrows = { exact = 2, per = \"games\" }\n[gates.facts]\nstage = \"facts\"\n",
    );
    let sql = "create schema league;\n\
         create table league.schedule as from (values (date '2024-01-02', 1), (date '2024-01-03', 1), (date '2024-01-05', 1)) as games (day, n);\n\
         create table league.box as select day, player, 10 as points from league.schedule, (values ('ann'), ('bob')) as players (player);\n"
        .to_owned();
    (toml, sql)
}

/// What one output holds after a change of the small project: of its file, and of its warehouse.
fn changed(change: impl Fn(String) -> String, more: &str) -> Coverage {
    let (toml, sql) = small();
    let fixture = Fixture::new(&change(toml), &(sql + more));
    fixture.cover(&fixture.scope("2024-02-01")).remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 2, ..config() })]

    /// Queries that count keys, or put those that follow one another together, say what their classes say.
    #[test]
    fn counts_and_ranges_are_those_of_the_classes(plan in plans()) {
        let world = plan.world();
        let fixture = world.fixture();
        let scope = world.scope(&fixture);
        for answer in counts::answers(&world) {
            let found = asked::ask(&fixture, &scope, answer.query, &answer.args);
            prop_assert_eq!(found, answer.lines, "left is {} {:?}, right the oracle", answer.query, answer.args);
        }
    }
}

#[test]
fn damage_of_every_kind_reaches_every_count() {
    let clean = |plan: &Plan| counts::each(&plan.clone().clean().world());
    asked::assert_damage_reaches(plans(), Plan::kinds, &world::KINDS, |plan| [clean(plan), counts::each(&plan.world())], 10);
}

/// Law 5: each has its own name, and none passes.
#[test]
fn what_cannot_be_judged_is_told_apart() {
    let same = |toml: String| toml;
    let cases = [
        (
            "empty target",
            changed(same, "delete from league.box;"),
            "empty",
            Verdict::Fail,
            "has no rows in scope: 3 expected, 0 present, 3 missing",
        ),
        ("empty spine", changed(same, "delete from league.schedule;"), "spine", Verdict::Undecided, "`games` has no keys in scope"),
        ("no table", changed(same, "drop table league.box;"), "table", Verdict::Undecided, "no table league.box"),
        (
            "no spine table",
            changed(same, "drop table league.schedule;"),
            "table",
            Verdict::Undecided,
            "spine `games`: there is no table league.schedule",
        ),
        ("no column", changed(same, "alter table league.box drop column points;"), "column", Verdict::Undecided, "has no column points"),
        (
            "no key column",
            changed(same, "alter table league.box rename day to played_on;"),
            "column",
            Verdict::Undecided,
            "has no column day",
        ),
        ("text date", changed(same, "alter table league.box alter day type text;"), "type", Verdict::Undecided, "is of type VARCHAR"),
        (
            "timestamp",
            changed(same, "alter table league.box alter day type timestamp;"),
            "type",
            Verdict::Undecided,
            "is of type TIMESTAMP",
        ),
        (
            "text date of the spine",
            changed(same, "alter table league.schedule alter day type text;"),
            "type",
            Verdict::Undecided,
            "spine `games`",
        ),
        (
            "nothing expected",
            changed(|toml| toml.replace("not_null", "not_expected = { first_days = 31 }\nnot_null"), ""),
            "expected",
            Verdict::Undecided,
            "none of the 3 keys in scope is expected",
        ),
    ];
    for (name, coverage, rule, verdict, words) in &cases {
        let finding = coverage.findings.first().unwrap_or_else(|| panic!("{name}: no finding"));
        assert_eq!((finding.rule.as_str(), finding.verdict), (*rule, *verdict), "{name}: {finding:?}");
        assert!(finding.message.contains(words), "{name}: {finding:?}");
        assert_eq!(coverage.verdict(), *verdict, "{name}");
    }
}

/// Law 5, for what an engine does.
#[test]
fn what_an_engine_does_not_answer_is_told_apart() {
    let (toml, sql) = small();
    let fixture = Fixture::new(&toml, &sql);
    let scope = fixture.scope("2024-02-01");
    type Spoil = fn(Table) -> Result<Table, QueryError>;
    let cases: [(Spoil, &str); 14] = [
        (|table| Ok(spoiled(table, "keys", &[0])), "result"),
        (|table| Ok(spoiled(table, "present", &[4])), "result"),
        (|table| Ok(spoiled(table, "present", &[0])), "result"),
        (|table| Ok(spoiled(table, "held_rows", &[2])), "result"),
        (|table| Ok(spoiled(table, "held_rows", &[-1])), "result"),
        (|table| Ok(spoiled(table, "duplicates", &[5])), "result"),
        (|table| Ok(spoiled(table, "figure_1", &[1])), "result"),
        // A page that is there twice.
        (|table| Ok(spoiled(table, "keys", &[3, 3])), "result"),
        (|_| Err(QueryError::Timeout(30)), "timeout"),
        (|_| Err(QueryError::Engine("Permission Error: not yours".to_owned())), "engine"),
        (truncated, "truncated"),
        (|_| Ok(Table::default()), "columns"),
        (without_a_column, "result"),
        (|table| Ok(Table::new(table.columns().to_vec())), "spine"),
    ];
    for (spoil, rule) in cases {
        let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer.and_then(spoil));
        let coverage = fixture.cover_with(&scope, &engine).remove(0);
        assert_eq!(rules(&coverage), [rule], "{:?}", coverage.findings);
        assert_eq!(coverage.verdict(), Verdict::Undecided);
    }
}

/// A page that repeats a row hides another; counts of all keys are as many as the keys.
#[test]
fn a_result_that_is_not_whole_is_never_taken_for_one() {
    let (toml, sql) = small();
    let fixture = Fixture::new(&toml.replace(", per = \"games\"", ""), &(sql + "delete from league.box where day = '2024-01-03';"));
    let cover = |change: fn(Table) -> Table| {
        let engine = StandIn::new(fixture.warehouse.as_ref(), move |_, answer| answer.map(change));
        fixture.cover_with(&fixture.scope("2024-02-01"), &engine).remove(0)
    };
    let overlapping = |table: Table| {
        let mut other = Table::new(table.columns().to_vec());
        (0..2).for_each(|_| other.push(table.rows().find(|row| row[1] == Value::text("ok")).expect("an ok row").to_vec()));
        other
    };
    let rows_of_one_day = |table: Table| spoiled(table, "present", &[1]);
    let odd = |table: Table| {
        let other = spoiled(table, "held_rows", &[i64::MAX; 3]);
        let mut apart = Table::new(other.columns().to_vec());
        for (n, row) in other.rows().enumerate() {
            let period = |(at, value): (usize, &Value)| if at == 2 { Value::text(n.to_string()) } else { value.clone() };
            apart.push(row.iter().enumerate().map(period));
        }
        apart
    };
    assert_eq!(rules(&cover(|table| table)), ["missing"]);
    for change in [overlapping, rows_of_one_day, odd] {
        let coverage = cover(change);
        assert_eq!((rules(&coverage), coverage.verdict()), (vec!["result"], Verdict::Undecided), "{:?}", coverage.findings);
    }
}

/// The row of the ok keys alone, once for each of these values in a column of it.
fn spoiled(table: Table, column: &str, values: &[i64]) -> Table {
    let at = table.position(column).expect("a column");
    let mut other = Table::new(table.columns().to_vec());
    for value in values {
        let mut row = table.rows().find(|row| row[1] == Value::text("ok")).expect("an ok row").to_vec();
        row[at] = Value::Int(*value);
        other.push(row);
    }
    other
}

fn truncated(mut table: Table) -> Result<Table, QueryError> {
    table.mark_truncated();
    Ok(table)
}

fn without_a_column(table: Table) -> Result<Table, QueryError> {
    let left = table.columns().len() - 1;
    let mut less = Table::new(table.columns()[..left].to_vec());
    table.rows().for_each(|row| less.push(row[..left].iter().cloned()));
    Ok(less)
}

/// Law 5: the time limit of the embedded engine itself, and the interrupt.
#[test]
fn a_limit_that_has_passed_is_a_timeout_and_an_interrupt_ends_the_run() {
    let (toml, sql) = small();
    let fixture = Fixture::new(&toml, &sql);
    let scope = fixture.scope("2024-02-01");
    let passed = Deadline { at: Instant::now(), seconds: 1 };
    let session = Session::new(&fixture.project, &LIBRARY, &scope, fixture.warehouse.as_ref(), passed);
    let report = cover(&session, coverage_query(), &["box".to_owned()]).expect("no interrupt");
    assert_eq!(rules(&report.coverage[0]), ["timeout"]);
    // Too late to ask for each alone.
    let more = toml + "[outputs.summary]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\n";
    let both = Fixture::new(&more, &small().1);
    let engine = StandIn::new(both.warehouse.as_ref(), |_, answer| answer);
    let session = Session::new(&both.project, &LIBRARY, &scope, &engine, passed);
    let report = cover(&session, coverage_query(), &["box".to_owned(), "summary".to_owned()]).expect("no interrupt");
    assert_eq!(report.statements.len(), 1);
    for coverage in &report.coverage {
        let finding = &coverage.findings[0];
        assert!(finding.rule == "timeout" && finding.message.ends_with("; 2 outputs were asked in this one statement"), "{finding:?}");
        assert!(finding.remedy.as_deref().is_some_and(|remedy| remedy.contains("gapgate gaps NAME")), "{finding:?}");
    }
    let engine = StandIn::new(fixture.warehouse.as_ref(), |_, _| Err(QueryError::Interrupted));
    let session = Session::new(&fixture.project, &LIBRARY, &scope, &engine, patience());
    assert!(matches!(cover(&session, coverage_query(), &["box".to_owned()]), Err(Error::Interrupted)));
}

/// Law 9, and an example of every class in words.
#[test]
fn every_class_is_reached() {
    let fixture =
        Fixture::new(include_str!("fixtures/laws/every_class/gapgate.toml"), include_str!("fixtures/laws/every_class/warehouse.sql"));
    let coverage = fixture.cover(&fixture.scope("2024-01-16T12:00")).remove(0);
    let found: Vec<String> = coverage.keys.iter().map(|key| format!("{} {}: {}", key.text(), key.class.name(), key.reason)).collect();
    let wanted: Vec<&str> = include_str!("fixtures/laws/every_class/keys.txt").lines().collect();
    assert_eq!(found, wanted);
    let counts: Vec<(&str, u64)> = coverage.counts.iter().map(|(class, keys)| (class.name(), *keys)).collect();
    assert_eq!(counts.len(), Class::ALL.len(), "{counts:?}");
    assert!(counts.iter().all(|(class, keys)| *keys == if *class == "ok" { 3 } else { 1 }), "{counts:?}");
    assert_eq!(coverage.in_numbers(), "11 expected, 8 present, 1 missing");
}

/// Law 9: the generator itself reaches every class, so the laws above are about all of them.
#[test]
fn the_generator_reaches_every_class() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(config());
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..config().cases {
        let plan: Plan = plans().new_tree(&mut runner).expect("a plan").current();
        let world = plan.world();
        for (class, keys) in world.outputs.iter().flat_map(|output| oracle::answer(&world, output).counts) {
            *reached.entry(class).or_default() += keys;
        }
    }
    let missed: Vec<&str> = Class::ALL.iter().map(|(_, name)| *name).filter(|name| !reached.contains_key(*name)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}; reached: {reached:?}");
}

/// Law 11.
#[test]
fn almost_all_is_not_all() {
    let toml = |over: &str| {
        project(&format!(
            "[seasons]\nall = {{ start = 2024-01-01, end = 2024-01-31 }}\n[spines.days]\ntable = \"league.box\"\nkey = {{ day = \"date\" }}\n\
             [outputs.box]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"days\"\n\
             measures = {{ known = \"count(points)\", played = \"count(*)\" }}\n\
             rules = [{{ measure = \"known\", at_least = 1, of = \"played\", over = \"{over}\" }}]\n"
        ))
    };
    let sql = "create schema league;\n\
        create table league.box as select date '2024-01-02' as day, case when n < 2999 then n end as points from range(3000) as rows (n);";
    for over in ["key", "month", "season", "output"] {
        let fixture = Fixture::new(&toml(over), sql);
        let coverage = fixture.cover(&fixture.scope("2024-02-01")).remove(0);
        assert_eq!(coverage.verdict(), Verdict::Fail, "{over}");
        let message = &coverage.findings[0].message;
        assert!(message.contains("known is 2999 of 3000 played, not at least 1 of played"), "{message}");
        assert!(!message.contains("100%"), "{message}");
    }
}

/// A gate of three statements: two spines, and a query of the project's own.
fn gated() -> (Fixture, Library) {
    let (toml, sql) = small();
    let toml = toml
        + "checks = [\"quality/coverage\", \"own/repeated\"]\n\
           [spines.models]\nvalues = { model = [\"elo\", \"forest\"] }\n[spines.forecasts]\ncross = [\"games\", \"models\"]\n\
           [outputs.forecast]\nstage = \"facts\"\ntable = \"league.forecast\"\nspine = \"forecasts\"\n\
           [outputs.summary]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\n";
    let sql =
        sql + "create table league.forecast as select day, model from league.schedule, (values ('elo'), ('forest')) as models (model);\n";
    let fixture = Fixture::new(&toml, &sql);
    let dir = fixture.project.dir.join("queries/own");
    fs::create_dir_all(&dir).expect("a folder");
    fs::write(dir.join("repeated.sql"), include_str!("fixtures/laws/repeated.sql")).expect("a query");
    let library = library::load(Some(&fixture.project.dir)).unwrap_or_else(|error| panic!("{error}"));
    (fixture, library)
}

fn run_gate(fixture: &Fixture, library: &Library, engine: &StandIn<'_>) -> Result<GateReport, Error> {
    let scope = fixture.scope("2024-02-01");
    let gate = &fixture.project.gates["facts"];
    let plans = run::plan(&fixture.project, library, &scope, fixture.warehouse.dialect(), &[gate])?;
    let session = Session::new(&fixture.project, library, &scope, engine, patience());
    run::gate(&session, &plans[0])
}

/// What every check of a gate found, for comparison with a run on which nothing failed.
fn found(report: &GateReport) -> Vec<(Vec<Finding>, Option<Table>, String)> {
    let check = |check: &CheckReport| {
        let coverage: Vec<_> = check.coverage.iter().map(whole).collect();
        (check.findings.clone(), check.rows.clone(), format!("{coverage:?}"))
    };
    report.checks.iter().map(check).collect()
}

/// Law 14: an engine that fails from some statement on never lets a gate pass.
#[test]
fn a_gate_never_passes_on_an_engine_that_went_away() {
    let (fixture, library) = gated();
    let healthy = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer);
    let report = run_gate(&fixture, &library, &healthy).expect("no interrupt");
    assert_eq!(report.verdict(), Verdict::Pass, "{report:?}");
    let statements = healthy.asked();
    assert_eq!(statements, 3, "two spines, one query");
    for first in 0..statements {
        for error in [QueryError::Timeout(30), QueryError::Engine("connection lost".to_owned())] {
            let (on_query, on_list) = (error.clone(), error.clone());
            let engine = StandIn::new(fixture.warehouse.as_ref(), move |n, answer| if n < first { answer } else { Err(on_query.clone()) })
                .with_list(move |n, list| if n < first { list } else { Err(on_list.clone()) });
            let report = run_gate(&fixture, &library, &engine).expect("no interrupt");
            assert_eq!(report.verdict(), Verdict::Undecided, "{error} from statement {first} on");
            assert_eq!(report.verdict().exit_status(false), 3);
        }
        let engine =
            StandIn::new(fixture.warehouse.as_ref(), move |n, answer| if n < first { answer } else { Err(QueryError::Interrupted) })
                .with_list(move |n, list| if n < first { list } else { Err(QueryError::Interrupted) });
        let report = run_gate(&fixture, &library, &engine).expect("a partial report");
        assert_eq!(report.verdict(), Verdict::Undecided, "interrupted from statement {first} on");
        assert!(report.checks.iter().any(|check| check.findings == [Finding::interrupted()]), "{report:?}");
    }
}

/// Law 14: one statement that fails is made good by another one in full, or the gate is undecided.
#[test]
fn a_gate_never_passes_on_less_than_complete_answers() {
    let (fixture, library) = gated();
    let healthy = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer);
    let complete = found(&run_gate(&fixture, &library, &healthy).expect("no interrupt"));
    type Spoil = fn(Table) -> Result<Table, QueryError>;
    let spoils: [Spoil; 5] = [
        |_| Err(QueryError::Timeout(30)),
        |_| Err(QueryError::Engine("busy".to_owned())),
        truncated,
        without_a_column,
        |_| Ok(Table::default()),
    ];
    for (kind, spoil) in spoils.into_iter().enumerate() {
        let mut last = usize::MAX;
        for spoiled in 0.. {
            let engine =
                StandIn::new(fixture.warehouse.as_ref(), move |n, answer| if n == spoiled { answer.and_then(spoil) } else { answer })
                    .with_list(move |n, list| if n == spoiled { Err(QueryError::Engine("busy".to_owned())) } else { list });
            let report = run_gate(&fixture, &library, &engine).expect("no interrupt");
            let healed = report.verdict() == Verdict::Pass && found(&report) == complete;
            assert!(healed || report.verdict() == Verdict::Undecided, "spoil {kind} of statement {spoiled}: {report:?}");
            if spoiled >= engine.asked() {
                last = spoiled;
                break;
            }
        }
        assert!(last >= 3, "every statement was spoiled once");
    }
}

/// Law 14: what may still run is not asked again, and what it is called is not lost.
#[test]
fn what_may_still_run_is_said() {
    let (fixture, library) = gated();
    let words = "notCancelled: job 7 could not be cancelled and may still run";
    for failing in 0..3 {
        let engine = StandIn::new(fixture.warehouse.as_ref(), move |n, answer| {
            if n == failing { Err(QueryError::Running { message: words.to_owned(), remedy: "cancel it".to_owned() }) } else { answer }
        });
        let report = run_gate(&fixture, &library, &engine).expect("no interrupt");
        assert_eq!((report.verdict(), engine.asked()), (Verdict::Undecided, 3));
        assert!(format!("{report:?}").contains(words), "{report:?}");
    }
}

/// Law 14: empty answers to every statement are no reason to go.
#[test]
fn a_gate_never_passes_on_nothing() {
    let (fixture, library) = gated();
    let engine = StandIn::new(fixture.warehouse.as_ref(), |_, answer| answer.map(|table| Table::new(table.columns().to_vec())));
    assert_eq!(run_gate(&fixture, &library, &engine).expect("no interrupt").verdict(), Verdict::Undecided);
    let none = GateReport {
        name: "none".to_owned(),
        stage: None,
        covered: Vec::new(),
        not_covered: Vec::new(),
        checks: Vec::new(),
        findings: Vec::new(),
        overridden: None,
    };
    assert_eq!(none.verdict(), Verdict::Undecided);
}

/// Law 12: what a waiver says of rows outside the spine adds no key to it.
#[test]
fn a_waiver_of_foreign_rows_adds_nothing_to_the_spine() {
    let waiver = "[[waivers]]\noutput = \"box\"\nkeys = [\"2024-01-04..2024-01-06\"]\nreason = \"exhibition\"\nowner = \"the league\"\nuntil = 2024-12-31\n";
    let coverage = changed(|toml| toml + waiver, "insert into league.box values (date '2024-01-04', 'cy', 3);");
    let answer = seen(&coverage);
    assert_eq!((answer.spine, answer.expected, answer.present), (3, 3, 3), "{:?}", answer.counts);
    assert_eq!(coverage.verdict(), Verdict::Pass, "{:?}", coverage.findings);
}

/// A key that needs no rows is ok without them, and still not present.
#[test]
fn a_key_without_rows_is_never_present() {
    let coverage =
        changed(|toml| toml, "update league.schedule set n = 0 where day = '2024-01-05'; delete from league.box where day = '2024-01-05';");
    assert_eq!(coverage.verdict(), Verdict::Pass, "{:?}", coverage.findings);
    assert_eq!(coverage.in_numbers(), "3 expected, 2 present, 0 missing");
}

/// Outputs that are compared with the spine at once may name their measures in different orders.
#[test]
fn measures_keep_their_names_whatever_their_order() {
    let output = |name: &str, measures: &str| {
        format!(
            "[outputs.{name}]\nstage = \"facts\"\ntable = \"league.box\"\nspine = \"games\"\nmeasures = {{ {measures} }}\n\
             rules = [{{ measure = \"ones\", at_least = 1, of = \"twos\" }}]\n"
        )
    };
    let (toml, sql) = small();
    let toml = toml
        + &output("first", "ones = \"count(*)\", twos = \"2 * count(*)\"")
        + &output("second", "twos = \"2 * count(*)\", ones = \"count(*)\"");
    let fixture = Fixture::new(&toml, &sql);
    let found = fixture.cover(&fixture.scope("2024-02-01"));
    let invalid: Vec<u64> = found.iter().map(|coverage| coverage.count(Class::Invalid)).collect();
    assert_eq!(invalid, [0, 3, 3]);
}

/// Looking at fewer dates excuses no key: the first days of a season are those of the season.
#[test]
fn a_narrower_scope_excuses_no_key() {
    for excused in ["first_days = 1", "first_keys = 1"] {
        let (toml, sql) = small();
        let toml = toml.replace("not_null", &format!("not_expected = {{ {excused} }}\nnot_null"));
        let fixture = Fixture::new(&toml, &(sql + "delete from league.box where day = '2024-01-03';"));
        let status = |dates: &[&str]| {
            let mut gate = std::process::Command::new(env!("CARGO_BIN_EXE_gapgate"));
            gate.arg("-C").arg(&fixture.project.dir).args(["gate", "facts", "--as-of", "2024-02-01", "--quiet"]).args(dates);
            gate.output().expect("it starts").status.code()
        };
        assert_eq!(status(&[]), Some(1), "{excused}");
        assert_eq!(status(&["--from", "2024-01-03"]), Some(1), "{excused}, with the missing date as the first one");
    }
}

/// The names that a statement gives to its steps hide no table.
#[test]
fn a_table_that_is_called_expected_is_still_a_table() {
    let toml = |toml: String| {
        toml.replace("\"league.box\"", "\"expected\"")
            .replace("grain = [\"player\"]\nnot_null = [\"points\"]\nrows = { exact = 2, per = \"games\" }", "")
    };
    let coverage = changed(toml, "create table expected (day date);");
    assert_eq!((coverage.count(Class::Missing), coverage.verdict()), (3, Verdict::Fail), "{:?}", coverage.findings);
}
