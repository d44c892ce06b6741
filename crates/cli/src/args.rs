//! The command line.

use crate::exit;
use clap::builder::ArgPredicate;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use runbook_playbook::catalog::Effect;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Runs playbooks: notices a problem, finds its cause, mends it, and verifies that it is gone.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, after_help = exit::HELP, max_term_width = 100)]
pub struct Arguments {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
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
    /// Take back what a run did, newest first
    #[command(after_help = exit::HELP)]
    Undo(UndoArguments),
    /// List the runs on record
    Runs(RunsArguments),
    /// Show a run on record, or one of its steps
    Show(ShowArguments),
    /// Show what happened in a run
    Logs(LogsArguments),
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
    Policy(PolicyArguments),
    /// Say what changed in what playbooks do, between two versions of them
    Diff(DiffArguments),
    /// Run the scenarios of playbooks: no account, no network
    Test(TestArguments),
    /// Say what is wrong with playbooks
    #[command(after_help = exit::CHECK_HELP)]
    Check(CheckArguments),
    /// Explain a code of `check`: what it means, and what to write instead
    Explain(ExplainArguments),
    /// Make one typed call and print the result as the AWS CLI does
    Call(CallArguments),
    /// Look up what can be called
    #[command(subcommand)]
    Actions(ActionsCommand),
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
    /// Set an input
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// End after this graph
    #[arg(long, value_enum, value_name = "GRAPH")]
    pub until: Option<UntilGraph>,
    /// Do not verify that the symptom is gone
    #[arg(long)]
    pub no_verify: bool,
    /// Run only this step, and what it needs, in its graph
    #[arg(long, value_name = "STEP")]
    pub only: Vec<String>,
    /// Leave this step out
    #[arg(long, value_name = "STEP")]
    pub skip: Vec<String>,
    /// Diagnose and resolve although no symptom holds
    #[arg(long)]
    pub force: bool,
    /// Answer yes to steps with these effects; without a list: write
    #[arg(
        long,
        value_name = "EFFECTS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write",
        value_parser = Consent::parse
    )]
    pub yes: Option<Consent>,
    /// Where calls go.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Run in this world of NAME.scenarios.yaml instead of AWS
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
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

/// `runbook plan`
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// Set an input
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// End after this graph
    #[arg(long, value_enum, value_name = "GRAPH")]
    pub until: Option<UntilGraph>,
    /// Do not verify that the symptom is gone
    #[arg(long)]
    pub no_verify: bool,
    /// Plan only this step, and what it needs, in its graph
    #[arg(long, value_name = "STEP")]
    pub only: Vec<String>,
    /// Leave this step out
    #[arg(long, value_name = "STEP")]
    pub skip: Vec<String>,
    /// Diagnose and resolve although no symptom holds
    #[arg(long)]
    pub force: bool,
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
    #[arg(long, value_name = "URL")]
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

/// `runbook preflight`
#[derive(Debug, Args)]
pub struct PreflightArguments {
    /// The playbook: a path, or its path below `playbooks/` or a folder of `RUNBOOK_PATH`
    pub playbook: String,
    /// Set an input; what is not given stands as `*`
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
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
    /// Set an input; what is not given stands as `*`
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
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
    /// Answer yes to steps with these effects; without a list: write
    #[arg(
        long,
        value_name = "EFFECTS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write",
        value_parser = Consent::parse
    )]
    pub yes: Option<Consent>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
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
    /// Only runs with this verdict; `running` for those without
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
    /// Only runs that began longer ago than this
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    pub older_than: String,
    /// Keep at least this many of the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub keep: usize,
    /// Also runs that could be resumed
    #[arg(long)]
    pub unfinished: bool,
    /// Only say what would be forgotten
    #[arg(long)]
    pub dry_run: bool,
    /// The journal of runs is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// `runbook test`
#[derive(Debug, Args)]
pub struct TestArguments {
    /// Playbooks, scenario files or folders [default: playbooks examples]
    pub paths: Vec<PathBuf>,
    /// Run only scenarios whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Refuse calls that this IAM policy does not allow; `least`: what `runbook policy` prints for each scenario
    #[arg(long, value_name = "FILE|least")]
    pub policy: Option<String>,
    /// Show what each scenario is about
    #[arg(short, long)]
    pub verbose: bool,
}

/// `runbook check`
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArguments {
    /// Playbooks, scenario files or folders [default: playbooks examples]
    pub paths: Vec<PathBuf>,
    /// How findings are written: text to standard error, all others to standard output
    #[arg(long, value_enum, default_value_t = CheckFormat::Text, value_name = "FORMAT")]
    pub format: CheckFormat,
    /// Show lints too
    #[arg(long)]
    pub lints: bool,
    /// Take these for errors: a code, `warnings` or `lints`; may be repeated
    #[arg(short = 'D', long, value_name = "CODE", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// Take these for warnings: a code or `lints`; errors stay errors
    #[arg(short = 'W', long, value_name = "CODE", value_delimiter = ',')]
    pub warn: Vec<String>,
    /// Leave these out: a code, `warnings` or `lints`; errors stay
    #[arg(short = 'A', long, value_name = "CODE", value_delimiter = ',')]
    pub allow: Vec<String>,
    /// Where the pages of the codes are published, for the links of sarif
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub pages: Option<String>,
}

/// How the findings of `check` are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people: the source, with the place marked
    #[default]
    Text,
    /// For programs: one document
    Json,
    /// For code scanning and editors: SARIF 2.1.0
    Sarif,
    /// For GitHub Actions: annotations
    Github,
}

/// `runbook explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code: `unknown-member`; without one, all codes are listed
    pub code: Option<String>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = PageFormat::Text, value_name = "FORMAT")]
    pub format: PageFormat,
}

/// How `explain` writes a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For the terminal
    Text,
    /// As it is written
    Markdown,
    /// For programs: one document
    Json,
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
    /// Answer yes to these effects; without a list: write
    #[arg(
        long,
        value_name = "EFFECTS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write",
        value_parser = Consent::parse
    )]
    pub yes: Option<Consent>,
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

/// `--until`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UntilGraph {
    /// After the symptom was read
    Symptom,
    /// After the cause was looked for
    Diagnose,
    /// After it was mended: nothing is verified
    Resolve,
}

/// The effects that `--yes` answers for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consent {
    /// Effects of steps.
    pub effects: BTreeSet<Effect>,
    /// Telling people.
    pub notify: bool,
}

impl Consent {
    /// Reads `write,destroy,notify`.
    fn parse(text: &str) -> Result<Self, String> {
        let mut consent = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "notify" => consent.notify = true,
                word => {
                    let effect = Effect::ALL
                        .into_iter()
                        .find(|effect| *effect != Effect::Read && effect.as_str() == word);
                    let known = "write, destroy, permission, execute, notify";
                    let effect = effect
                        .ok_or_else(|| format!("`{word}` is no effect; write any of {known}"))?;
                    consent.effects.insert(effect);
                }
            }
        }
        Ok(consent)
    }

    /// Whether it answers for all of these effects. Reads need no answer of their own: who consents to writes consents
    /// to them.
    #[must_use]
    pub fn covers(&self, effects: &BTreeSet<Effect>) -> bool {
        let read_only = effects.iter().all(|effect| *effect == Effect::Read);
        if read_only {
            return !self.effects.is_empty();
        }
        effects
            .iter()
            .all(|effect| *effect == Effect::Read || self.effects.contains(effect))
    }
}

fn web_address(text: &str) -> Result<String, String> {
    let known = ["https://", "http://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) && !text.contains(char::is_whitespace) {
        Ok(text.to_owned())
    } else {
        Err("write an address that begins with https://".to_owned())
    }
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
            Command::Run(run) => run.yes,
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
        assert_eq!(run.input, [("filter".to_owned(), "a=b".to_owned())]);
    }
}
