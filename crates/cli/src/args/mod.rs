//! The command line.

mod check;
mod completions;
mod consent;
mod doctor;
mod examples;
mod find;
mod fleet;
mod fleet_report;
mod fmt;
mod guards;
mod import;
mod log;
mod new;
mod on;
mod part;
mod records;
mod report;
mod review;
#[cfg(feature = "restate")]
mod worker;

pub use check::{CheckArguments, CheckFormat, ExplainArguments, PageFormat, TestArguments};
pub use completions::{CompletionsArguments, Shell};
pub use consent::{Consent, ConsentArguments};
pub use doctor::DoctorArguments;
pub use examples::command;
pub use find::{ListArguments, TriageArguments};
pub use fleet::{
    FleetApproveArguments, FleetCommand, FleetOfRecord, FleetPlanArguments, FleetPlanFormat,
    FleetResumeArguments, FleetRunArguments, FleetStatusArguments, RolloutArguments,
};
pub use fleet_report::{FleetReportArguments, FleetReportFormat};
pub use fmt::FmtArguments;
pub use guards::GuardArguments;
pub use import::ImportArguments;
pub use log::{LogArguments, LogFormat};
pub use new::{NewArguments, PlaybookKind};
#[cfg(feature = "restate")]
pub use on::On;
pub use on::OnArguments;
pub use part::{GivenArguments, PartArguments};
pub use records::{
    ApproveArguments, LogsArguments, PruneArguments, Replay, ResumeArguments, RunOfRecord,
    RunsArguments, ShowArguments, UndoArguments,
};
pub use report::{ReportArguments, ReportFormat, WrittenArguments};
pub use review::{
    DiffArguments, DiffFormat, GraphName, PlanArguments, PlanFormat, PolicyArguments, PolicyFormat,
    PreflightArguments,
};
#[cfg(feature = "restate")]
pub use worker::WorkerArguments;

use crate::exit;
use clap::builder::{ArgPredicate, NonEmptyStringValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Runs playbooks: notices a problem, finds its cause, mends it, and verifies that it is gone.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, after_help = exit::HELP, max_term_width = 100)]
pub struct Arguments {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// What is logged.
    #[command(flatten)]
    pub log: LogArguments,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a playbook
    #[command(after_help = exit::HELP)]
    Run(Box<RunArguments>),
    /// Go on with a run that was interrupted, stopped or paused
    #[command(after_help = exit::HELP)]
    Resume(ResumeArguments),
    /// Say yes or no to what a run waits for, from another terminal
    #[command(after_help = exit::HELP)]
    Approve(ApproveArguments),
    /// Take back what a run did, newest first
    #[command(after_help = exit::HELP)]
    Undo(UndoArguments),
    /// List the runs on record
    Runs(RunsArguments),
    /// Show a run on record, or one of its steps
    Show(ShowArguments),
    /// Show what happened in a run
    Logs(LogsArguments),
    /// Tell a run on record: what was found, done and is left to do, for people, CI and support
    Report(ReportArguments),
    /// Forget old runs
    Prune(PruneArguments),
    /// Kill every scenario at every point around its journal, resume it, and compare
    #[cfg(feature = "faults")]
    #[command(hide = true)]
    CrashMatrix(crate::commands::crash_matrix::CrashMatrixArguments),
    /// Say what a run would do, before it does it
    #[command(after_help = exit::HELP)]
    Plan(Box<PlanArguments>),
    /// Say who one is, and what that principal may do of what a playbook does
    #[command(after_help = exit::HELP)]
    Preflight(PreflightArguments),
    /// Print the least IAM policy that a playbook needs
    #[command(after_help = "An input without a value stands as `*`.")]
    Policy(PolicyArguments),
    /// Say what changed in what playbooks do, between two versions of them
    Diff(DiffArguments),
    /// List playbooks: what they are about, how bad that is, which causes they know
    List(ListArguments),
    /// Say which problems show: the symptoms of all playbooks, side by side, and only reads; or find playbooks for a text
    #[command(after_help = exit::TRIAGE_HELP)]
    Triage(Box<TriageArguments>),
    /// Run a playbook on many targets: in waves, bounded, stopped by errors and alarms
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Run the scenarios of playbooks: no account, no network
    Test(TestArguments),
    /// Say what is wrong with playbooks
    #[command(after_help = exit::CHECK_HELP)]
    Check(CheckArguments),
    /// Lay playbooks, scenarios and files of escalation out in one way; comments stay
    #[command(after_help = exit::FMT_HELP)]
    Fmt(FmtArguments),
    /// Begin a playbook: it checks, and its scenarios pass
    New(NewArguments),
    /// Make playbooks of a troubleshooting page, a script or a command, and say what is wrong with its commands
    #[command(after_help = exit::CHECK_HELP)]
    Import(ImportArguments),
    /// Explain a code of `check`: what it means, and what to write instead
    Explain(ExplainArguments),
    /// Serve an editor: the Language Server Protocol on standard input and output
    Lsp,
    /// Serve runs of fleets to a Restate server
    #[cfg(feature = "restate")]
    Worker(WorkerArguments),
    /// Make one typed call and print the result as the AWS CLI does
    Call(CallArguments),
    /// Look up what can be called
    #[command(subcommand)]
    Actions(ActionsCommand),
    /// Say whether credentials, region, endpoint, clock and journal are fit for runs, and what to do where not
    #[command(after_help = exit::DOCTOR_HELP)]
    Doctor(DoctorArguments),
    /// Print the script that lets a shell complete commands, playbooks, scenarios and runs
    Completions(CompletionsArguments),
}

/// `runbook run`
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    #[arg(
        required = false,
        required_unless_present = "plan",
        default_value_if("plan", ArgPredicate::IsPresent, Some(""))
    )]
    pub playbook: String,
    /// Do what this file of `runbook plan --out` says, and only that
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["playbook", "inputs", "until", "no_verify", "only", "skip", "force"]
    )]
    pub plan: Option<PathBuf>,
    /// What it is given.
    #[command(flatten)]
    pub given: GivenArguments,
    /// Which part of it.
    #[command(flatten)]
    pub part: PartArguments,
    /// What is answered beforehand.
    #[command(flatten)]
    pub consent: ConsentArguments,
    /// Where calls go.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Limit the role's session to the least policy of the playbook: what its review did not show, it cannot do
    #[arg(long, requires = "role")]
    pub scoped: bool,
    /// Make no write: steps that write are left out
    #[arg(long)]
    pub read_only: bool,
    /// What holds it back.
    #[command(flatten)]
    pub guards: GuardArguments,
    /// Run in this world of NAME.scenarios.yaml instead of AWS
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Write the run as a scenario into this file, NAME.scenarios.yaml, without its secrets
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["plan", "until", "no_verify", "only", "skip", "force"]
    )]
    pub record: Option<PathBuf>,
    /// The name of that scenario [default: recorded]
    #[arg(long, value_name = "NAME", requires = "record")]
    pub record_as: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// What is written when it ends.
    #[command(flatten)]
    pub written: WrittenArguments,
    /// Write counts of the run into this file, which grows, in CloudWatch's embedded metric format; - is standard output
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Keep the journal of runs here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Show only the end
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show calls; twice: also arguments and results
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

/// Where calls go.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArguments {
    /// The AWS region
    #[arg(long)]
    pub region: Option<String>,
    /// The profile of the AWS configuration
    #[arg(long)]
    pub profile: Option<String>,
    /// Send every AWS call to this URL
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub endpoint_url: Option<String>,
    /// Assume this role for every call
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// The external id that the role asks for
    #[arg(long, value_name = "ID", requires = "role")]
    pub external_id: Option<String>,
    /// The name of the role's session [default: runbook]
    #[arg(long, value_name = "NAME", requires = "role")]
    pub role_session_name: Option<String>,
    /// The device of the second factor that the role asks for
    #[arg(long, value_name = "ARN", requires = "role")]
    pub mfa_serial: Option<String>,
}

/// `runbook call`
#[derive(Debug, Args)]
pub struct CallArguments {
    /// The action: `ecs:DescribeServices`
    pub action: String,
    /// Its arguments as JSON, or @FILE with YAML or JSON
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    pub with: String,
    /// The most items of a paginated result
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// What is answered beforehand.
    #[command(flatten)]
    pub consent: ConsentArguments,
    /// Keep the record of a call that changes something here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where the call goes.
    #[command(flatten)]
    pub target: TargetArguments,
}

/// `runbook actions`
#[derive(Debug, Subcommand)]
pub enum ActionsCommand {
    /// List the services, or the actions of one
    List {
        /// The service: `ecs`
        service: Option<String>,
        /// What is written to standard output
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
    },
    /// Show an action: inputs, outputs, effects, permissions, errors, and a step to paste
    Show {
        /// The action: `ecs:UpdateService`
        action: String,
        /// What is written to standard output
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
    },
    /// Find actions whose names contain all words
    Search {
        /// Words: `ecs update`
        #[arg(required = true)]
        words: Vec<String>,
        /// What is written to standard output
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
    },
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What is written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs: one document
    Json,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Command, Consent};
    use clap::{CommandFactory, Parser};
    use runbook_playbook::catalog::Effect;

    fn consent(line: &[&str]) -> Option<Consent> {
        let line = ["runbook", "run", "x"].iter().chain(line);
        match Arguments::try_parse_from(line)
            .expect("a command line")
            .command
        {
            Command::Run(run) => run.consent.yes,
            _ => None,
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn yes_alone_means_write_and_a_list_means_the_list() {
        let write = [Effect::Write].into();
        let destroy = [Effect::Destroy].into();
        let plain = consent(&["--yes"]).expect("given");
        assert!(plain.covers(&write) && !plain.covers(&destroy));
        let list = consent(&["--yes=destroy,notify"]).expect("given");
        assert!(!list.covers(&write) && list.covers(&destroy) && list.notify);
        assert!(!list.covers(&[Effect::Write, Effect::Destroy].into()));
        assert_eq!(consent(&[]), None);
    }

    #[test]
    fn an_input_keeps_what_follows_the_first_equals_sign() {
        let line = ["runbook", "run", "x", "-i", "filter=a=b"];
        let Command::Run(run) = Arguments::try_parse_from(line).expect("reads").command else {
            return;
        };
        assert_eq!(run.given.input, [("filter".to_owned(), "a=b".to_owned())]);
    }
}
