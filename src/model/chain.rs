//! Gates that wait for others: none says go before all that it requires do.

use super::catalogue::Project;
use super::report::{Finding, GateReport, Override};
use super::verdict::Verdict;

/// Tells each gate which of those that it requires keep it from going. Gates stand after those that they require.
/// What is overridden holds nobody back. Answers with the overrides that changed nothing.
pub fn settle<'a>(project: &Project, gates: &mut [GateReport], overrides: &'a [Override]) -> Vec<&'a Override> {
    let mut used: Vec<&Override> = Vec::new();
    for index in 0..gates.len() {
        let (earlier, rest) = gates.split_at_mut(index);
        let Some(gate) = rest.first_mut() else { break };
        let requires = project.gates.get(&gate.name).map(|gate| gate.requires.as_slice()).unwrap_or_default();
        let waits = earlier.iter().filter(|other| requires.contains(&other.name) && other.weight() > Verdict::Warn);
        gate.findings.extend(waits.map(waiting));
        let decision = overrides.iter().find(|decision| decision.gate == gate.name && gate.verdict() > Verdict::Warn);
        if let Some(decision) = decision {
            gate.overridden = Some(Override { verdict: gate.verdict(), ..decision.clone() });
            used.push(decision);
        }
    }
    overrides.iter().filter(|decision| !used.contains(decision)).collect()
}

fn waiting(required: &GateReport) -> Finding {
    let verdict = required.verdict();
    let name = &required.name;
    Finding::new(verdict, "requires", format!("it requires gate `{name}`, whose verdict is {}", verdict.name()))
        .with_remedy(format!("see `gapgate gate {name}`; `--override {name} --reason ...` goes on in spite of it, and is recorded"))
}
