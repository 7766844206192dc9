//! Triage for programs: one JSON object, nothing left out.

use serde_json::{Value as Json, json};

use crate::model::report::Header;
use crate::model::triage::{Cause, Triage, Unit};

/// The name and version of the format.
pub const VERSION: &str = "gapgate.failures/1";

/// Every cause with every unit.
pub fn json(triage: &Triage, header: &Header) -> String {
    let document = json!({
        "format": VERSION,
        "project": header.project,
        "target": header.target,
        "as_of": header.as_of,
        "zone": header.zone,
        "seasons": header.seasons,
        "verdict": triage.verdict(),
        // Of what could not be judged, nobody knows.
        "needs_human": if triage.urgent().next().is_none() && !triage.undecided.is_empty() { Json::Null } else { Json::from(triage.urgent().next().is_some()) },
        "units": { "needing_human": triage.units(true), "others": triage.units(false) },
        "undecided": triage.undecided.iter().map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>(),
        "causes": triage.causes.iter().map(cause).collect::<Vec<_>>(),
        "advice": triage.advice.iter().map(|(action, advice)| (action.name().to_owned(), Json::from(advice.as_str()))).collect::<serde_json::Map<_, _>>(),
        "notes": triage.notes,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn cause(cause: &Cause) -> Json {
    let unit = |unit: &Unit| json!({ "processor": unit.processor, "day": unit.day.to_string() });
    json!({
        "action": cause.action.name(),
        "needs_human": cause.action.needs_human(),
        "what": cause.what,
        "remedy": cause.remedy,
        "sample": cause.sample,
        "regressed": cause.regressed,
        "units": cause.units.iter().map(unit).collect::<Vec<_>>(),
    })
}
