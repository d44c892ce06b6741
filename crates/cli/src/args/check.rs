//! Arguments of the commands that say what is wrong with files.

use super::Format;
use crate::coverage::Least;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `runbook test`
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct TestArguments {
    /// Playbooks, scenario files or folders [default: playbooks examples]
    pub paths: Vec<PathBuf>,
    /// Run only scenarios whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Refuse calls that this IAM policy does not allow; `least`: what `runbook policy` prints for each scenario
    #[arg(long, value_name = "FILE|least")]
    pub policy: Option<String>,
    /// Also say what the scenarios reach: steps, arms of `when`, causes, undo; and what they do not, by line
    #[arg(long)]
    pub coverage: bool,
    /// Fail below these shares in percent: `steps=95,arms=80,causes=100,undo=50`; says what is reached too
    #[arg(long, value_name = "SHARES", value_parser = Least::parse)]
    pub coverage_min: Option<Least>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Test again what a change of a file may have changed, until ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Write what came out into `expect`, where it is not as expected; every change is shown
    #[arg(long, conflicts_with_all = ["watch", "policy"])]
    pub update: bool,
    /// Show what each scenario is about
    #[arg(short, long)]
    pub verbose: bool,
}

impl TestArguments {
    /// Whether what scenarios reach is wanted.
    pub fn covers(&self) -> bool {
        self.coverage || self.coverage_min.is_some()
    }
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

pub(super) fn web_address(text: &str) -> Result<String, String> {
    let known = ["https://", "http://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) && !text.contains(char::is_whitespace) {
        Ok(text.to_owned())
    } else {
        Err("write an address that begins with https://".to_owned())
    }
}
