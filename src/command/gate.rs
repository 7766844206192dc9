//! `gapgate gate`: go or no-go for a stage.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::thread;

use super::{Environment, Setup, options};
use crate::cli::{self, Common};
use crate::error::{Error, did_you_mean};
use crate::load::records;
use crate::model::catalogue::Gate;
use crate::model::chain;
use crate::model::progress::GateAnswer;
use crate::model::report::{Finding, GateReport, Override, Report};
use crate::model::verdict::Verdict;
use crate::report::signoff::{self, Circumstances};
use crate::report::terminal::{Style, answer};
use crate::report::{self, Place, csv, json, junit, record, terminal};
use crate::run::{self, Plan};
use crate::warehouse::Warehouse;

#[derive(Clone, Copy)]
enum Format {
    Table,
    Json,
    Junit,
    Csv,
    Signoff,
}

const FORMATS: [(Format, &str); 5] =
    [(Format::Table, "table"), (Format::Json, "json"), (Format::Junit, "junit"), (Format::Csv, "csv"), (Format::Signoff, "signoff")];

pub(super) fn run(common: &Common, environment: &Environment, args: &cli::Gate) -> Result<u8, Error> {
    let formats = options::formats(common, &FORMATS)?;
    let setup = Setup::load(common, environment)?;
    let gates = options::gates(common, &setup.project, args.gate.as_deref())?;
    let decisions = decisions(&setup, environment, &gates, args)?;
    let earlier = records::overrides(&setup.project.dir)?;
    let (mut report, warehouse) = check(&setup, common, environment, &gates, Commands::Run)?;
    report.asked.clone_from(&args.gate);
    let idle = chain::settle(&setup.project, &mut report.gates, &decisions);
    report.findings.extend(idle.into_iter().map(idle_finding));
    report.overrides = earlier.into_iter().filter(|decision| gates.iter().any(|gate| gate.name == decision.gate)).collect();
    // What is not on record never counts.
    let made: Vec<Override> = report.gates.iter().filter_map(|gate| gate.overridden.clone()).collect();
    if !made.is_empty() {
        record::decide(&setup.project.dir, &made)?;
    }
    let document = OnceLock::new();
    let json = || document.get_or_init(|| json::report(&report)).as_str();
    thread::scope(|scope| {
        // Neither needs what is written meanwhile.
        scope.spawn(move || drop(warehouse));
        scope.spawn(|| keep(&setup, environment, args.gate.as_deref(), &json));
        formats.iter().try_for_each(|(format, place)| {
            let text = match format {
                _ if common.quiet && *place == Place::Stdout => format!("{}\n", answer(report.verdict())).into(),
                Format::Table => Cow::from(terminal::report(&report, Style::detect(common.verbose))),
                Format::Json => json().into(),
                Format::Junit => junit::report(&report).into(),
                Format::Csv => csv::report(&report).into(),
                Format::Signoff => signoff::report(&report, &circumstances(&setup, environment)).into(),
            };
            report::write(place, &text)
        })
    })?;
    Ok(report.verdict().exit_status(args.strict))
}

/// Whether the commands of gates are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commands {
    Run,
    LeaveOut,
}

/// Plans every gate before the first statement is sent, then runs them in order. What was asked comes along, still open.
fn check(
    setup: &Setup,
    common: &Common,
    environment: &Environment,
    gates: &[Gate],
    commands: Commands,
) -> Result<(Report, Box<dyn Warehouse>), Error> {
    let borrowed: Vec<&Gate> = gates.iter().collect();
    // Opening takes the engine longer than planning takes us, and neither needs the other.
    let (plans, warehouse) = thread::scope(|scope| {
        let opening = scope.spawn(|| setup.open(environment));
        let plans = run::plan(&setup.project, &setup.library, &setup.scope, setup.target.dialect, &borrowed);
        (plans, opening.join())
    });
    let plans = plans?;
    let warehouse = warehouse.map_err(|_| Error::Warehouse("opening the target failed without a reason".to_owned()))??;
    let mut session = setup.session(warehouse.as_ref(), common);
    session.adopt(&plans);
    match run::afford(&session, plans.iter().flat_map(|plan| &plan.checks)) {
        // No check is begun after Ctrl-C, and the report says so of each.
        Ok(()) | Err(Error::Interrupted) => {}
        Err(error) => return Err(error),
    }
    let ask = |plan: &Plan<'_>| {
        let mut report = run::gate(&session, plan)?;
        if commands == Commands::Run {
            report.checks.extend(run::commands(&session, plan.gate, &environment.interrupt));
        }
        Ok(report)
    };
    let gates: Vec<GateReport> = plans.iter().map(ask).collect::<Result<_, Error>>()?;
    let report = Report::of(setup.header(), gates, setup.start.elapsed(), session.statements());
    Ok((report, warehouse))
}

/// What a gate and those that it requires say, the worst reason with it. Their commands are left out, which is said.
pub(super) fn ask(setup: &Setup, common: &Common, environment: &Environment, name: &str) -> Result<GateAnswer, Error> {
    let gates = options::gates(common, &setup.project, Some(name))?;
    let (mut report, _) = check(setup, common, environment, &gates, Commands::LeaveOut)?;
    chain::settle(&setup.project, &mut report.gates, &[]);
    let gate = report.gates.pop().ok_or_else(|| Error::Usage(format!("no gate is named \"{name}\"")))?;
    let verdict = gate.verdict();
    let of_checks = gate.checks.iter().flat_map(|check| {
        let of_outputs = check.coverage.iter().flat_map(|output| &output.findings);
        check.findings.iter().chain(of_outputs).map(|finding| (finding.verdict, format!("{}: {}", check.query, finding.message)))
    });
    let own = gate.findings.iter().map(|finding| (finding.verdict, finding.message.clone()));
    let reason = own.chain(of_checks).find(|(weight, _)| *weight == verdict && verdict > Verdict::Warn).map(|(_, message)| message);
    let left_out: Vec<&str> = gates.iter().flat_map(|gate| &gate.commands).map(|command| command.name.as_str()).collect();
    let left_out = (!left_out.is_empty()).then(|| format!("its commands are run by `gapgate gate` only: {}", left_out.join(", ")));
    Ok(GateAnswer { gate: gate.name.clone(), verdict, reason: reason.or(left_out) })
}

/// What the user decides against gates that are asked, with what the record of it takes.
fn decisions(setup: &Setup, environment: &Environment, gates: &[Gate], args: &cli::Gate) -> Result<Vec<Override>, Error> {
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if !args.overrides.is_empty() && reason.is_empty() {
        return Err(Error::Usage("--reason is empty: say why the gate is overridden".to_owned()));
    }
    let decide = |name: &String| {
        let known: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
        if !known.contains(&name.as_str()) {
            let hint = did_you_mean(name, known.iter().copied());
            return Err(Error::Usage(format!(
                "--override {name} is none of the gates that are asked{hint}; these are {}",
                known.join(", ")
            )));
        }
        Ok(Override {
            gate: name.clone(),
            reason: reason.to_owned(),
            by: environment.user.clone(),
            at: environment.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            target: setup.target.name.clone(),
            verdict: Verdict::Undecided,
        })
    };
    args.overrides.iter().map(decide).collect()
}

fn idle_finding(decision: &Override) -> Finding {
    Finding::new(Verdict::Pass, "override", format!("the override of gate `{}` changes nothing, because it goes", decision.gate))
}

/// Records the run. That it cannot be recorded is no reason to doubt what was found.
fn keep<'a>(setup: &Setup, environment: &Environment, gate: Option<&str>, json: &dyn Fn() -> &'a str) {
    let most = setup.project.keep_runs;
    if most == 0 {
        return;
    }
    let moment = environment.now.strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    if let Err(error) = record::keep(&setup.project.dir, &moment, gate.unwrap_or("all"), json(), most) {
        report::say(&format!("gapgate: the run is not recorded: {error}; `keep_runs = 0` in [project] does without records"));
    }
}

fn circumstances<'a>(setup: &'a Setup, environment: &'a Environment) -> Circumstances<'a> {
    let moment = environment.now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    Circumstances { library: &setup.library, waivers: &setup.project.waivers, user: &environment.user, moment }
}
