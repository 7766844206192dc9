//! What the queries must say that count the keys of each class, or put those that follow one another together.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::asked::{Answer, shown};
use super::oracle::{Expected, classes};
use super::world::{Output, World};

/// Of each spine, about all of its outputs at once.
pub(super) fn answers(world: &World) -> Vec<Answer> {
    let of_spine = |crossed: bool| world.outputs.iter().filter(|output| output.plan.crossed == crossed).collect::<Vec<&Output>>();
    [false, true].map(of_spine).into_iter().filter(|outputs| !outputs.is_empty()).flat_map(|outputs| about(world, &outputs)).collect()
}

/// About each output alone, so that there are as many of every world that has as many outputs.
pub(super) fn each(world: &World) -> Vec<Answer> {
    world.outputs.iter().take(2).flat_map(|output| about(world, &[output])).collect()
}

fn about(world: &World, outputs: &[&Output]) -> Vec<Answer> {
    let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    let names = names.join(",");
    let all = |lines: &dyn Fn(&Output) -> Vec<String>| outputs.iter().flat_map(|output| lines(output)).collect::<Vec<String>>();
    let counted = |by: &'static str| {
        let lines = all(&|output| by_period(world, output, by));
        Answer::new("gap/coverage_by_period", &[("outputs", &names), ("by", by)], lines)
    };
    let ranged = |of: &'static [&'static str]| {
        let lines = all(&|output| ranges(world, output, of));
        Answer::new("gap/ranges", &[("outputs", &names), ("classes", &of.join(","))], lines)
    };
    vec![
        counted("year"),
        counted("season"),
        counted("month"),
        ranged(&["missing"]),
        ranged(&["missing", "partial", "pending", "null"]),
        Answer::new("progress/overall", &[("outputs", &names)], all(&|output| vec![overall(world, output)])),
    ]
}

fn by_period(world: &World, output: &Output, by: &str) -> Vec<String> {
    let period = |key: &Expected| match by {
        "year" => key.day.year().to_string(),
        "month" => key.day.strftime("%Y-%m").to_string(),
        _ => format!("s{}", world.looked_at.start + key.season),
    };
    let mut periods: BTreeMap<String, [usize; 6]> = BTreeMap::new();
    for (key, _, class, rows) in classes(world, output) {
        let expected = class != "not_expected";
        let fine = ["ok", "not_expected", "pending", "missing"].contains(&class);
        let counts = [expected, expected && rows > 0, class == "missing", !fine, !expected, class == "pending"];
        let own = periods.entry(period(&key)).or_default();
        own.iter_mut().zip(counts).for_each(|(sum, counts)| *sum += usize::from(counts));
    }
    let line =
        |(period, counts): (String, [usize; 6])| format!("{},{period},{}", output.name, counts.map(|count| count.to_string()).join(","));
    periods.into_iter().map(line).collect()
}

fn overall(world: &World, output: &Output) -> String {
    let classes = classes(world, output);
    let count = |of: &str| classes.iter().filter(|(_, _, class, _)| *class == of).count();
    let (done, missing, pending, excused) = (count("ok"), count("missing"), count("pending"), count("not_expected"));
    let expected = classes.len() - excused;
    let due = expected - pending;
    let permille = (expected > 0).then(|| 1000 * done / expected.max(1));
    format!(
        "{},{expected},{due},{done},{},{},{missing},{pending},{excused},{}",
        output.name,
        due - done,
        due - done - missing,
        shown(permille)
    )
}

fn ranges(world: &World, output: &Output, of: &[&str]) -> Vec<String> {
    let mut series: BTreeMap<Option<String>, Vec<(i64, Date)>> = BTreeMap::new();
    for (key, model, ..) in classes(world, output).into_iter().filter(|(_, _, class, _)| of.contains(class)) {
        series.entry(model).or_default().push((key.position, key.day));
    }
    let mut lines = Vec::new();
    for (model, mut keys) in series {
        keys.sort_unstable();
        for run in keys.chunk_by(|(before, _), (after, _)| before + 1 == *after) {
            let key = model.as_ref().map_or(run[0].1.to_string(), |model| format!("{},{model}", run[0].1));
            lines.push(format!("{},{key},{},{}", output.name, run[run.len() - 1].1, run.len()));
        }
    }
    lines
}
