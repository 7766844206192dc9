//! How far outputs are, as JSON for programs.

use serde::Serialize;

use crate::model::progress::{Counts, GateAnswer, OutputProgress, Progress, Source, State, Sum};
use crate::model::report::Header;
use crate::model::verdict::Verdict;

/// The name and version of the format.
pub const VERSION: &str = "gapgate.progress/1";

/// The whole of it, spans in seconds; what is not known is null.
pub fn json(progress: &Progress, header: &Header) -> String {
    let stages = progress.stages();
    let document = Document {
        schema: VERSION,
        verdict: progress.verdict(),
        header,
        all: Total::of(&progress.whole()),
        stages: stages.iter().map(Total::of).collect(),
        outputs: progress.outputs.iter().map(Output::of).collect(),
        gates: &progress.gates,
        notes: &progress.notes,
    };
    let mut text = serde_json::to_string_pretty(&document).expect("every member is named by text, and nothing else can fail in memory");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    verdict: Verdict,
    #[serde(flatten)]
    header: &'a Header,
    all: Total<'a>,
    stages: Vec<Total<'a>>,
    outputs: Vec<Output<'a>>,
    gates: &'a [GateAnswer],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Total<'a> {
    name: &'a str,
    keys: Option<Counts>,
    per_hour: Option<f64>,
    seconds_left: Option<u64>,
    decides: Option<&'a str>,
}

impl<'a> Total<'a> {
    fn of(sum: &Sum<'a>) -> Self {
        Self { name: sum.name, keys: sum.counts, per_hour: sum.per_hour, seconds_left: sum.seconds_left, decides: sum.decides }
    }
}

#[derive(Serialize)]
struct Output<'a> {
    output: &'a str,
    stage: &'a str,
    verdict: Verdict,
    state: State,
    reason: Option<&'a str>,
    keys: Option<Counts>,
    per_hour: Option<f64>,
    seconds_left: Option<u64>,
    seen_by: Option<Source>,
    processor: Option<&'a str>,
    last_success: Option<String>,
    last_success_age_s: Option<u64>,
    idle_s: Option<u64>,
    running: Option<u64>,
    failures_since_success: Option<u64>,
}

impl<'a> Output<'a> {
    fn of(output: &'a OutputProgress) -> Self {
        let pulse = output.pulse.as_ref();
        Self {
            output: &output.output,
            stage: &output.stage,
            verdict: output.verdict,
            state: output.state,
            reason: output.reason.as_deref(),
            keys: output.counts,
            per_hour: output.pace.map(|pace| pace.per_hour),
            seconds_left: output.pace.map(|pace| pace.seconds_left),
            seen_by: output.pace.map(|pace| pace.source),
            processor: output.processor.as_deref(),
            last_success: pulse.and_then(|pulse| pulse.last_success).map(|moment| moment.to_string()),
            last_success_age_s: pulse.and_then(|pulse| pulse.age),
            idle_s: pulse.and_then(|pulse| pulse.idle),
            running: pulse.map(|pulse| pulse.running),
            failures_since_success: pulse.map(|pulse| pulse.failures),
        }
    }
}
