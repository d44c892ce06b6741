//! Arguments of the commands that find the playbook for a problem.

use super::{Format, GivenArguments, TargetArguments};
use clap::Args;
use std::path::PathBuf;

/// `runbook list`
#[derive(Debug, Args)]
pub struct ListArguments {
    /// The folder, also one below `playbooks/` or a folder of `RUNBOOK_PATH` [default: all of these]
    pub folder: Option<PathBuf>,
    /// Only playbooks with this tag; with several, only those that have all
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub tag: Vec<String>,
    /// Only playbooks of this severity, or one of these
    #[arg(long, value_name = "SEVERITY", value_delimiter = ',')]
    pub severity: Vec<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `runbook triage`
#[derive(Debug, Args)]
pub struct TriageArguments {
    /// The folder, also one below `playbooks/` or a folder of `RUNBOOK_PATH` [default: all of these]
    pub folder: Option<PathBuf>,
    /// Call nothing: look for an error message, log lines or an alarm's JSON in the playbooks; a file, or - for standard input
    #[arg(
        long,
        value_name = "TEXT|FILE|-",
        allow_hyphen_values = true,
        conflicts_with_all = ["scenario", "endpoint_url"]
    )]
    pub text: Option<String>,
    /// What playbooks are given, each what it has.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Where calls go.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Read in this world of NAME.scenarios.yaml instead of AWS: its name, or PLAYBOOK:NAME
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// The most calls at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,
    /// The most calls that one service gets in a second
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub per_second: u16,
    /// The longest that one playbook may read
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    pub within: String,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}
