//! `gapgate plan`: the SQL of a rollback, with the rows that it would delete counted. It is printed, and never executed.

use super::{Environment, Setup, options};
use crate::cli::{Common, Plan};
use crate::error::Error;
use crate::model::scope::Scope;
use crate::report;
use crate::run::waves::rollback::{Asked, rollback};

#[derive(Clone, Copy)]
enum Format {
    Sql,
    Json,
}

const FORMATS: [(Format, &str); 2] = [(Format::Sql, "sql"), (Format::Json, "json")];

/// 0 with a script, 1 if there is nothing to delete, 3 if something could not be counted: then there is no script.
pub(super) fn run(common: &Common, environment: &Environment, plan: &Plan) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let (args, damaged) = match plan {
        Plan::Rollback(args) => (args, false),
        Plan::Repair(args) => (args, true),
    };
    let bounded = !common.season.is_empty() || common.from.is_some() || common.to.is_some() || !args.keys.is_empty();
    if !damaged && !bounded {
        return Err(Error::Usage("say what to roll back: --season, --from and --to, or --keys".to_owned()));
    }
    let setup = Setup::load(common, environment)?;
    let outputs = options::outputs(common, &setup.project, &args.names)?;
    let whole = Scope { range: None, ..setup.scope.clone() };
    let warehouse = setup.open(environment)?;
    let session = setup.session_of(&whole, warehouse.as_ref(), common);
    let asked = Asked { outputs, range: setup.scope.range, keys: args.keys.clone(), damaged };
    let found = rollback(&session, &asked)?;
    for (output, why) in &found.undecided {
        report::say(&format!("gapgate: {output} could not be counted, so there is no script: {why}"));
    }
    if !found.undecided.is_empty() {
        return Ok(3);
    }
    let what = format!("{} of {}", if damaged { "Repair" } else { "Rollback" }, args.names.join(", "));
    if found.rows() == 0 {
        let tables = crate::model::rule::count(found.steps.len(), "table");
        report::say(&format!("gapgate: {what}: there is nothing to delete; 0 rows were counted in {tables}"));
        return Ok(1);
    }
    for (format, place) in formats {
        let text = match format {
            Format::Sql => report::rollback::sql(&found, &setup.header(), setup.target.dialect, &what),
            Format::Json => report::rollback::json(&found, &setup.header(), &what),
        };
        report::write(&place, &text)?;
    }
    Ok(0)
}
