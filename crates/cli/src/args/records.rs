//! Arguments of the commands about runs on record.

use super::{ConsentArguments, Format, GuardArguments, TargetArguments, name_and_value};
use clap::{ArgAction, Args};
use std::path::PathBuf;

/// Which run is meant, and where it is on record.
#[derive(Debug, Clone, Args)]
pub struct RunOfRecord {
    /// The run: its id, the beginning of it, or `last`
    pub run: String,
    /// The journal of runs is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// How a run that is on record is played.
#[derive(Debug, Clone, Args)]
pub struct Replay {
    /// Give a secret input again; secrets are not on record
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub input: Vec<(String, String)>,
    /// What is answered beforehand.
    #[command(flatten)]
    pub consent: ConsentArguments,
    /// What holds it back.
    #[command(flatten)]
    pub guards: GuardArguments,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Write counts of what is done into this file, which grows, in CloudWatch's embedded metric format; - is standard output
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Show only the end
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show calls; twice: also arguments and results
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

/// `runbook resume`
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The run.
    #[command(flatten)]
    pub of: RunOfRecord,
    /// Go on with this file instead of the playbook on record; what was done must be the same in it
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    pub replay: Replay,
}

/// `runbook approve`
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, Args)]
pub struct ApproveArguments {
    /// The run.
    #[command(flatten)]
    pub of: RunOfRecord,
    /// The step that waits, by its full name or the end of it; may be left out where only one does
    pub step: Option<String>,
    /// Say no
    #[arg(long)]
    pub deny: bool,
    /// Why; it is on record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say yes without being asked on the terminal
    #[arg(long)]
    pub yes: bool,
    /// Only show what the run waits for
    #[arg(long, conflicts_with_all = ["deny", "yes"])]
    pub show: bool,
    /// Do not ask AWS who one is
    #[arg(long)]
    pub no_identity: bool,
    /// By what AWS knows whoever answers.
    #[command(flatten)]
    pub target: TargetArguments,
}

/// `runbook undo`
#[derive(Debug, Args)]
pub struct UndoArguments {
    /// The run.
    #[command(flatten)]
    pub of: RunOfRecord,
    /// How.
    #[command(flatten)]
    pub replay: Replay,
}

/// `runbook runs`
#[derive(Debug, Args)]
pub struct RunsArguments {
    /// Only runs of playbooks whose id contains this
    #[arg(long, value_name = "TEXT")]
    pub playbook: Option<String>,
    /// Only runs with this verdict; `running`, `waiting` or `interrupted` for those without
    #[arg(long, value_name = "VERDICT")]
    pub verdict: Option<String>,
    /// Only runs that began so long ago at most, or since this time
    #[arg(long, value_name = "DURATION|TIME")]
    pub since: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// The journal of runs is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// `runbook show`
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The run.
    #[command(flatten)]
    pub of: RunOfRecord,
    /// Only this step, with its calls as they were sent and answered
    pub step: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `runbook logs`
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// The run.
    #[command(flatten)]
    pub of: RunOfRecord,
    /// Go on showing what happens until the run ends
    #[arg(short, long)]
    pub follow: bool,
    /// What is written to standard output: with `json`, one document a line
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `runbook prune`
#[derive(Debug, Args)]
pub struct PruneArguments {
    /// Only runs and fleets that began longer ago than this
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    pub older_than: String,
    /// Keep at least this many of the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub keep: usize,
    /// Also those that could be resumed
    #[arg(long)]
    pub unfinished: bool,
    /// Only say what would be forgotten
    #[arg(long)]
    pub dry_run: bool,
    /// The journal of runs is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}
