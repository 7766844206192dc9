//! What queries say of generated damage: two tables that should hold the same rows, one made from the other, are damaged
//! in every way, and each answer is compared with one that is read from the same rows here, one key at a time.

mod content;
mod figures;
mod oracle;
mod world;

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use proptest::test_runner::{RngSeed, TestCaseError};

use crate::laws::asked::{Answer, ask, assert_damage_reaches};
use crate::support::Fixture;
use oracle::Oracle;
use world::{KINDS, World, worlds};

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 12;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(20_240_523);
    }
    config
}

/// Asks each question in the world, and says where the first answer differs.
fn compared(world: &World, answers: Vec<Answer>) -> Result<(), TestCaseError> {
    let fixture = Fixture::new(&world.toml(), &world.sql());
    let scope = fixture.scope(&format!("{}T12:00", world::date(world.today)));
    for Answer { query, args, lines } in answers {
        prop_assert_eq!(ask(&fixture, &scope, query, &args), lines, "left is {} {:?}, right the oracle", query, args);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is deleted, repeated, blanked, changed or added, each query says what the rows say.
    #[test]
    fn damage_changes_each_answer_as_the_rows_do(world in worlds()) {
        compared(&world, Oracle { world: &world }.of_keys())?;
    }

    /// The same of the queries that look into the rows.
    #[test]
    fn damage_changes_what_is_said_of_content(world in worlds()) {
        compared(&world, Oracle { world: &world }.of_content())?;
    }
}

/// Tables that may be there beside those of the project, whether they are in its schema, and as the answer names them.
const SPARE: [(&str, bool, &str); 4] = [
    ("league.\"Spare\"", true, "league.spare"),
    ("league.old", true, "league.old"),
    ("attic.old", false, "attic.old"),
    ("main.loose", false, "main.loose"),
];

proptest! {
    #![proptest_config(config())]

    /// What the project names and the warehouse lacks, and the other way round, is told whichever tables there are.
    #[test]
    fn the_catalogue_is_compared_both_ways(world in worlds(), absent in any::<[bool; 3]>(), spare in any::<[bool; 4]>(), ignores in any::<bool>()) {
        let named = [("league.games", "spine days"), ("league.boxes", "boxes"), ("league.summary", "grained")];
        let (lost, more) = (named.iter().zip(absent).filter(|(_, absent)| *absent), SPARE.iter().zip(spare).filter(|(_, there)| *there));
        let drops = lost.clone().map(|((table, _), _)| format!("drop table {table};\n"));
        let creates = more.clone().map(|((table, ..), _)| format!("create table {table} (day date);\n"));
        let sql: String = [world.sql(), "create schema attic;\n".to_owned()].into_iter().chain(drops).chain(creates).collect();
        let lost = lost.map(|((table, name), _)| format!("{table},absent,{name}"));
        let more = more.filter(|((_, own, table), _)| *own && (!ignores || *table != "league.spare"));
        let lines = lost.chain(more.map(|((.., table), _)| format!("{table},not_catalogued,null"))).collect();
        let ignored: &[(&'static str, &str)] = if ignores { &[("ignore", "league.Spare")] } else { &[] };
        let Answer { query, args, lines } = Answer::new("gate/inventory", ignored, lines);
        let fixture = Fixture::new(&world.toml(), &sql);
        prop_assert_eq!(ask(&fixture, &fixture.scope("2024-03-20"), query, &args), lines);
    }
}

#[test]
fn damage_of_every_kind_reaches_every_answer() {
    let of = |world: &World| {
        let oracle = Oracle { world };
        [oracle.of_keys(), oracle.of_content()].into_iter().flatten().collect()
    };
    assert_damage_reaches(worlds(), World::kinds, &KINDS, |world| [of(&world.undamaged()), of(world)], 10);
}
