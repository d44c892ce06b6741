//! Arguments of the commands that a reviewer uses: plans, policies, differences.

use super::{Format, GivenArguments, PartArguments, TargetArguments};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `runbook plan`
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// What it is given.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Which part of it.
    #[command(flatten)]
    pub part: PartArguments,
    /// Make the reads, and hold every write
    #[arg(long)]
    pub live: bool,
    /// Where calls go.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Take inputs, and with --live the answers, from this world of NAME.scenarios.yaml
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Save the plan here, for `runbook run --plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With --live, make only reads that this version of the playbook makes too: a file, or REVISION:PATH
    #[arg(long, value_name = "BASE", requires = "live")]
    pub live_only_as: Option<String>,
    /// A saved plan is compared with what is so now.
    #[arg(skip)]
    pub again: bool,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub format: PlanFormat,
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people
    Text,
    /// For a comment on a pull request
    Markdown,
    /// For programs: one document
    Json,
    /// For a browser: one page without scripts
    Html,
}

/// `runbook preflight`
#[derive(Debug, Args)]
pub struct PreflightArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// What it is given; what is not given stands as `*`.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Where calls go.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Take inputs and answers from this world of NAME.scenarios.yaml
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `runbook policy`
#[derive(Debug, Args)]
pub struct PolicyArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// What it is given; what is not given stands as `*`.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Take inputs from this world of NAME.scenarios.yaml
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Only what these graphs need
    #[arg(long, value_enum, value_name = "GRAPHS", value_delimiter = ',')]
    pub graph: Vec<GraphName>,
    /// The account that resources lie in; without it, any
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The region that resources lie in; without it, any
    #[arg(long)]
    pub region: Option<String>,
    /// The partition: aws, aws-cn, aws-us-gov; without it, any
    #[arg(long)]
    pub partition: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = PolicyFormat::Text, value_name = "FORMAT")]
    pub format: PolicyFormat,
}

/// What `runbook policy` writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    /// For people: statements with the steps that need them
    Text,
    /// For programs: one document with everything
    Json,
    /// The policy document alone, as IAM takes it
    Iam,
}

/// A graph of a playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphName {
    /// The graph of a health check
    Check,
    /// How the problem shows
    Symptom,
    /// How its cause is found
    Diagnose,
    /// How it is mended
    Resolve,
    /// Whether it is gone
    Verify,
    /// Reads that complete the evidence
    Gather,
    /// Tells people
    Notify,
}

/// `runbook diff`
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// What was: a file, a folder, or a git revision of one (main:playbooks)
    pub base: String,
    /// What is: a file, a folder, or a git revision of one
    pub head: String,
    /// Compare with the commit at which the base's revision and the head parted
    #[arg(long)]
    pub merge_base: bool,
    /// End with 1 where a run does something else
    #[arg(long)]
    pub exit_code: bool,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = DiffFormat::Text, value_name = "FORMAT")]
    pub format: DiffFormat,
    /// The most characters of Markdown
    #[arg(long, value_name = "CHARACTERS", default_value_t = runbook_report::diff::MOST_CHARACTERS)]
    pub most: usize,
}

/// What `runbook diff` writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Text,
    /// For a comment on a pull request
    Markdown,
    /// For programs: one document
    Json,
}
