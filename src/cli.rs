//! The command line as types. What the words mean is decided in `command`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tells from the rows themselves whether a date-partitioned pipeline is complete, and what to re-run.
///
/// Exit status: 0 go, 1 no-go, 2 usage or project file is wrong, 3 undecided, 4 too expensive, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "gapgate", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub common: Common,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// The project's folder.
    #[arg(short = 'C', long = "directory", value_name = "DIR", default_value = ".", global = true)]
    pub directory: PathBuf,
    /// The target to ask; the first of the project file if not given.
    #[arg(long, value_name = "NAME", env = "GAPGATE_TARGET", global = true)]
    pub target: Option<String>,
    /// Look at these seasons only (repeatable, or with commas).
    #[arg(long, value_name = "SEASON", value_delimiter = ',', global = true)]
    pub season: Vec<String>,
    /// Look at dates from this one on.
    #[arg(long, value_name = "DATE", global = true)]
    pub from: Option<String>,
    /// Look at dates up to this one.
    #[arg(long, value_name = "DATE", global = true)]
    pub to: Option<String>,
    /// The moment of the question: a date, a local time or an instant; now if not given.
    #[arg(long, value_name = "TIME", global = true)]
    pub as_of: Option<String>,
    /// What a run of this kind expects, as `modes` of the project file declares it.
    #[arg(long, value_name = "NAME", env = "GAPGATE_MODE", global = true)]
    pub mode: Option<String>,
    /// Look at these outputs only: names, `stage:NAME`, `tag:NAME`, patterns with `*`; `!` excludes.
    #[arg(long, value_name = "SELECTOR", value_delimiter = ',', allow_hyphen_values = true, global = true)]
    pub select: Vec<String>,
    /// Cancel what runs in the warehouse after so many seconds in all.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = seconds, global = true)]
    pub timeout: u64,
    /// Refuse to run what would read more than this in all, such as 20GB; for engines that can tell.
    #[arg(long, value_name = "BYTES", value_parser = amount, global = true)]
    pub max_bytes: Option<u64>,
    /// Read the rows even where the warehouse's own counts of them would do; for engines that keep such counts.
    #[arg(long, global = true)]
    pub scan: bool,
    /// Run at most so many checks at the same time; as many as suit the target if not given.
    #[arg(long, value_name = "N", value_parser = jobs, global = true)]
    pub jobs: Option<usize>,
    /// How to print, or FORMAT=FILE to write a file besides; repeatable.
    #[arg(long, value_name = "FORMAT[=FILE]", global = true)]
    pub format: Vec<String>,
    /// Print the verdict and nothing else.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print every faulty key, and the statements that were sent.
    #[arg(short, long, conflicts_with = "quiet", global = true)]
    pub verbose: bool,
}

fn amount(text: &str) -> Result<u64, String> {
    crate::model::bytes::parse(text).ok_or_else(|| "not an amount of data such as 20GB".to_owned())
}

fn seconds(text: &str) -> Result<u64, String> {
    // More than a hundred years is a slip of the finger, and no clock counts so far.
    let most = 100 * 366 * 86_400;
    crate::model::span::parse(text).filter(|seconds| *seconds <= most).ok_or_else(|| "not a time such as 30s, 5m or 2h".to_owned())
}

fn jobs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|jobs| (1..=64).contains(jobs)).ok_or_else(|| "not a number from 1 to 64".to_owned())
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say go or no-go for a stage, with the reasons; the exit status is the answer.
    Gate(Gate),
    /// Tell what got better, worse and new from one run of gates to another; 1 if anything got worse or new.
    Diff {
        /// The run to compare with, as `--list` names it, or a JSON report; the one before of the same gates if not given.
        from: Option<String>,
        /// The run to look at; the newest if not given.
        to: Option<String>,
        /// List the recorded runs instead.
        #[arg(long, conflicts_with_all = ["from", "to"])]
        list: bool,
    },
    /// Show what is missing: counts per output and the missing dates as ranges.
    Gaps {
        /// Stages, gates or outputs; all if not given.
        names: Vec<String>,
        /// Count by year, season or month instead.
        #[arg(long, value_enum, value_name = "PERIOD")]
        by: Option<Period>,
    },
    /// Say whether anything that failed needs a human, and what to do about each cause; 1 if something does.
    Failures {
        /// Stages, gates or outputs; every processor of the run ledger if not given.
        names: Vec<String>,
    },
    /// Tell how far outputs are, how fast, and until when; 0 once all asked for is complete, 1 while something remains.
    Progress(Progress),
    /// Print the keys to re-run: as table, lines, csv, jsonl, json or ranges; in the order in which they can run, with --waves.
    #[command(after_help = RETRY_HELP)]
    Retry(Retry),
    /// Print the SQL of a rollback or repair with the rows that it would delete; nothing is executed.
    #[command(subcommand)]
    Plan(Plan),
    /// Check the connection, the tables and columns of the catalogue, the spines, and what no gate covers.
    Doctor,
    /// List the queries of the library.
    List,
    /// Show one query: what it asks, its parameters, columns and rules.
    Show {
        /// The query.
        query: String,
    },
    /// Print the SQL of a query.
    Render {
        /// The query.
        query: String,
        /// Its arguments, as NAME=VALUE; commas separate the items of a list.
        #[arg(value_name = "NAME=VALUE")]
        args: Vec<String>,
        /// The dialect; the target's if not given.
        #[arg(long, value_name = "DIALECT")]
        dialect: Option<String>,
    },
    /// Find what would answer wrongly: in the queries of the library, in every dialect, or in any SQL files.
    #[command(after_help = LINT_HELP)]
    Lint(Lint),
    /// Record the tables of a target in the project, so that `lint` can check columns without a warehouse.
    #[command(subcommand)]
    Schema(Schema),
    /// Run one query and print its rows; the exit status is what its rules say.
    Run {
        /// The query.
        query: String,
        /// Its arguments, as NAME=VALUE; commas separate the items of a list.
        #[arg(value_name = "NAME=VALUE")]
        args: Vec<String>,
    },
    /// Compare what queries answer on small warehouses, and their SQL, with reviewed snapshots.
    #[command(subcommand)]
    Snapshot(Snapshot),
}

/// What to take back.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Delete keys, everything that was made from them, and their runs: what reads comes first.
    Rollback(Extent),
    /// Delete what is there and damaged, so that it can be made again: partial, doubled or foreign rows, and what was made from them.
    Repair(Extent),
}

/// What a plan is about.
#[derive(Debug, Args)]
pub struct Extent {
    /// Stages, gates or outputs.
    #[arg(required = true)]
    pub names: Vec<String>,
    /// Only these keys: a date, a range 2022-02-18..2022-02-20, or the columns of a key joined by / (repeatable, or with commas).
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub keys: Vec<String>,
}

/// What to do with snapshots.
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Run the cases of queries; 0 if all is as reviewed, 1 if not. What is new or different waits for a review.
    Test {
        /// Queries by id or pattern; the project's own, and shipped ones with cases or snapshots, if not given.
        queries: Vec<String>,
        /// Test every shipped query too.
        #[arg(long, conflicts_with = "queries")]
        all: bool,
        /// The dialects of the SQL; those of the targets, and those reviewed before, if not given.
        #[arg(long, value_name = "DIALECT", value_delimiter = ',')]
        dialect: Vec<String>,
    },
    /// Look at what waits, one by one, and accept, reject or skip it.
    Review {
        /// Queries or snapshots by name or pattern; all if not given.
        pattern: Option<String>,
    },
    /// Accept what waits without a look.
    Accept {
        /// Queries or snapshots by name or pattern; all if not given.
        pattern: Option<String>,
        /// Remove the snapshots whose query or case is gone, too.
        #[arg(long)]
        prune: bool,
    },
}

/// Which gates to ask, and which not to heed.
#[derive(Debug, Args)]
pub struct Gate {
    /// The gate, after all that it requires; all gates at a glance if not given.
    pub gate: Option<String>,
    /// Let warnings count as failures.
    #[arg(long)]
    pub strict: bool,
    /// Go on although this gate does not say go; recorded, and shown in every report after (repeatable).
    #[arg(long = "override", value_name = "GATE", requires = "reason")]
    pub overrides: Vec<String>,
    /// Why.
    #[arg(long, value_name = "TEXT", requires = "overrides")]
    pub reason: Option<String>,
}

/// How far to look, and whether to keep looking.
#[derive(Debug, Args)]
pub struct Progress {
    /// Stages, gates or outputs; all if not given.
    pub names: Vec<String>,
    /// Look again so often, such as 30s or 5m, and draw in place, until all is complete and the gates that are named go.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub watch: Option<u64>,
    /// Add a line for each look to this file.
    #[arg(long, value_name = "FILE", requires = "watch")]
    pub log: Option<String>,
    /// Judge the pace by runs that started from this moment on, such as the beginning of a backfill.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Call an output stalled when nothing was completed for so long, and for five times as long as a key usually takes.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = seconds)]
    pub stall_after: u64,
}

const RETRY_HELP: &str = "\
Formats of --waves: table, lines, csv, jsonl, json, ranges, airflow, dagster, github-matrix, and commands.
What is in a wave can run at the same time, once the waves before it are done.
Exit status: 0 the plan is complete, 3 something could not be judged.";

/// What to run again, and how to print it.
#[derive(Debug, Args)]
pub struct Retry {
    /// Stages, gates or outputs; all if not given.
    pub names: Vec<String>,
    /// Plan by what each key reads: which can run now, which in a later wave, and what the others wait for.
    #[arg(long)]
    pub waves: bool,
    /// Print this wave only.
    #[arg(long, value_name = "N", requires = "waves", value_parser = clap::value_parser!(u32).range(1..))]
    pub wave: Option<u32>,
    /// List the keys that are there already, but stale once what they read is repaired.
    #[arg(long, requires = "waves")]
    pub impact: bool,
    /// Make them part of the plan.
    #[arg(long, requires = "waves")]
    pub with_impact: bool,
    /// Plan what failed too often, too recently or too much alike, too.
    #[arg(long, requires = "waves")]
    pub force: bool,
    /// Print a command for each key, as 'run {output} --date {date}'; with {from} and {to}, for each run of keys.
    #[arg(long, value_name = "TEMPLATE", requires = "waves")]
    pub command: Option<String>,
    /// Print only the keys of so many dates, spread evenly over the list, or over the first wave: to try before all are run.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "out_dir")]
    pub sample: Option<u32>,
    /// Write a file for each wave to this new folder.
    #[arg(long, value_name = "DIR", requires = "waves", conflicts_with = "wave")]
    pub out_dir: Option<PathBuf>,
}

const LINT_HELP: &str = "\
Formats: text, json, github, sarif. Exit status: 0 nothing but warnings, 1 errors, 2 something cannot be read.
A comment on the line before, or at the end of the line, allows a finding: -- gapgate: allow GG009 because ...";

/// What to lint, and how.
#[derive(Debug, Args)]
pub struct Lint {
    /// Queries of the library, or SQL files and folders; the whole library if not given.
    #[arg(value_name = "QUERY|PATH")]
    pub what: Vec<String>,
    /// The dialect of SQL files: bigquery, duckdb, postgres, databricks or snowflake; the target's, in a project.
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<String>,
    /// A table of SQL files that must be read within bounds of its date column (repeatable, or with commas).
    #[arg(long, value_name = "TABLE=COLUMN", value_delimiter = ',')]
    pub partitioned: Vec<String>,
    /// Let warnings count as errors.
    #[arg(long)]
    pub strict: bool,
    /// List the rules.
    #[arg(long, conflicts_with_all = ["what", "explain"])]
    pub rules: bool,
    /// Print the page of a rule: what it finds, why, an example and the fix.
    #[arg(long, value_name = "CODE", conflicts_with = "what")]
    pub explain: Option<String>,
}

/// What to do with the recorded tables of a target.
#[derive(Debug, Subcommand)]
pub enum Schema {
    /// Write the tables of the target to schema/TARGET.toml: columns, types, partitions.
    Pull {
        /// Record every table, not only those that the project reads.
        #[arg(long)]
        all: bool,
    },
    /// Say in what schema/TARGET.toml and the warehouse differ; exit status 1 if they do.
    Diff {
        /// Look at every table, not only at those that the project reads or the file records.
        #[arg(long)]
        all: bool,
    },
}

/// A period to count by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Period {
    /// Calendar years.
    Year,
    /// Seasons of the project file.
    Season,
    /// Calendar months.
    Month,
}

impl Period {
    /// The word that queries know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Season => "season",
            Self::Month => "month",
        }
    }
}
