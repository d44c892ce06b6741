//! Arguments of `runbook fleet`.

use super::fleet_report::FleetReportArguments;
use super::{
    ConsentArguments, Format, GivenArguments, GuardArguments, OnArguments, PartArguments,
    TargetArguments,
};
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use runbook_fleet::rollout::Amount;
use std::path::PathBuf;

/// `runbook fleet`
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Say what would run where, and in which order, before it does
    #[command(after_help = crate::exit::FLEET_HELP)]
    Plan(Box<FleetPlanArguments>),
    /// Run a playbook on many targets
    #[command(after_help = crate::exit::FLEET_HELP)]
    Run(Box<FleetRunArguments>),
    /// Say where fleets stand, or one of them with its targets
    Status(FleetStatusArguments),
    /// Follow a fleet on a Restate server until it is over
    #[cfg(feature = "restate")]
    #[command(after_help = crate::exit::FLEET_HELP)]
    Watch(FleetWatchArguments),
    /// Say yes or no to what a fleet waits for: its next wave, and its targets' questions
    Approve(FleetApproveArguments),
    /// Start nothing more for now; what runs comes to its end
    Pause(FleetOfRecord),
    /// Go on with a fleet that was interrupted, stopped, paused, or that waited for people
    #[command(after_help = crate::exit::FLEET_HELP)]
    Resume(Box<FleetResumeArguments>),
    /// Start nothing more, and end in order what runs
    Cancel(FleetOfRecord),
    /// Tell a fleet on record: what came of its targets, for people, browsers, programs and CI
    Report(FleetReportArguments),
}

/// How a fleet is rolled out, where the command line says it; else the file of targets does.
#[derive(Debug, Clone, Default, Args)]
pub struct RolloutArguments {
    /// How many targets run at a time [default: 10]
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub concurrency: Option<usize>,
    /// How many targets of one account run at a time
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub per_account: Option<usize>,
    /// How many targets of one region of one account run at a time
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub per_region: Option<usize>,
    /// How many targets may end badly: a number or a percentage; one more, and nothing more starts [default: 0]
    #[arg(long, value_name = "AMOUNT")]
    pub max_errors: Option<Amount>,
    /// How many targets each wave has, as `1,10%,100%`; the last size is repeated
    #[arg(long, value_name = "AMOUNTS", value_delimiter = ',')]
    pub waves: Vec<Amount>,
    /// How long is waited after each wave
    #[arg(long, value_name = "DURATION", value_parser = runbook_playbook::duration::parse)]
    pub pause: Option<SignedDuration>,
    /// A person says yes before each wave but the first
    #[arg(long)]
    pub approve_waves: bool,
    /// A `CloudWatch` alarm, by name or ARN, that stops the fleet
    #[arg(long, value_name = "ALARM")]
    pub alarm: Vec<String>,
}

/// `runbook fleet run`
#[derive(Debug, Args)]
pub struct FleetRunArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// The targets: a YAML file
    #[arg(long, value_name = "FILE")]
    pub targets: PathBuf,
    /// What every target is given; it counts before what the file of targets says.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Which part of the playbook.
    #[command(flatten)]
    pub part: PartArguments,
    /// How it is rolled out.
    #[command(flatten)]
    pub rollout: RolloutArguments,
    /// What is answered before it is asked.
    #[command(flatten)]
    pub consent: ConsentArguments,
    /// Where calls of targets go that do not say it.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Make no write: steps that write are left out
    #[arg(long)]
    pub read_only: bool,
    /// What holds it back.
    #[command(flatten)]
    pub guards: GuardArguments,
    /// Run every target in this world of NAME.scenarios.yaml instead of AWS
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Keep the record of the fleet and of its runs here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where it is carried out.
    #[command(flatten)]
    pub on: OnArguments,
    /// Show only the end
    #[arg(short, long)]
    pub quiet: bool,
}

/// `runbook fleet plan`
#[derive(Debug, Args)]
pub struct FleetPlanArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// The targets: a YAML file
    #[arg(long, value_name = "FILE")]
    pub targets: PathBuf,
    /// What every target is given; it counts before what the file of targets says.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Which part of the playbook.
    #[command(flatten)]
    pub part: PartArguments,
    /// How it is rolled out.
    #[command(flatten)]
    pub rollout: RolloutArguments,
    /// Make the reads that find targets
    #[arg(long)]
    pub live: bool,
    /// Where calls of targets go that do not say it.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Take inputs, and with --live the answers, from this world of NAME.scenarios.yaml
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = FleetPlanFormat::Text, value_name = "FORMAT")]
    pub format: FleetPlanFormat,
}

/// How a plan of a fleet is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FleetPlanFormat {
    /// For people
    Text,
    /// For a comment on a pull request
    Markdown,
    /// For programs: one document
    Json,
}

/// Which fleet is meant, and where it is on record.
#[derive(Debug, Clone, Args)]
pub struct FleetOfRecord {
    /// The fleet: its id, the beginning of it, or `last`
    pub fleet: String,
    /// The record of fleets is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where it is carried out.
    #[command(flatten)]
    pub on: OnArguments,
}

/// `runbook fleet status`
#[derive(Debug, Args)]
pub struct FleetStatusArguments {
    /// The fleet: its id, the beginning of it, or `last` [default: all of them]
    pub fleet: Option<String>,
    /// The record of fleets is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where it is carried out.
    #[command(flatten)]
    pub on: OnArguments,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `runbook fleet watch`
#[cfg(feature = "restate")]
#[derive(Debug, Args)]
pub struct FleetWatchArguments {
    /// The fleet.
    #[command(flatten)]
    pub of: FleetOfRecord,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `runbook fleet approve`
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, Args)]
pub struct FleetApproveArguments {
    /// The fleet.
    #[command(flatten)]
    pub of: FleetOfRecord,
    /// Only the question before the next wave
    #[arg(long, conflicts_with = "target_name")]
    pub wave: bool,
    /// Only the questions of this target
    #[arg(long = "target", value_name = "NAME")]
    pub target_name: Vec<String>,
    /// Say no
    #[arg(long)]
    pub deny: bool,
    /// Why; it is on record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say yes without being asked on the terminal
    #[arg(long)]
    pub yes: bool,
    /// Only show what the fleet waits for
    #[arg(long, conflicts_with_all = ["deny", "yes"])]
    pub show: bool,
}

/// `runbook fleet resume`
#[derive(Debug, Args)]
pub struct FleetResumeArguments {
    /// The fleet.
    #[command(flatten)]
    pub of: FleetOfRecord,
    /// Give a secret input again; secrets are not on record
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    pub input: Vec<(String, String)>,
    /// How it is rolled out from here on; waves stay as they are.
    #[command(flatten)]
    pub rollout: RolloutArguments,
    /// What is answered before it is asked.
    #[command(flatten)]
    pub consent: ConsentArguments,
    /// What holds it back.
    #[command(flatten)]
    pub guards: GuardArguments,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Show only the end
    #[arg(short, long)]
    pub quiet: bool,
}

/// Reads a number from 1.
///
/// # Errors
/// It is none.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("write a whole number of at least 1".to_owned()),
    }
}
