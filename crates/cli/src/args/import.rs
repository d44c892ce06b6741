//! Arguments of `runbook import`.

use super::CheckFormat;
use clap::Args;
use std::path::PathBuf;

/// `runbook import`
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Pages of Markdown, shell scripts, folders of them, or `-` for standard input
    #[arg(required_unless_present = "command")]
    pub paths: Vec<PathBuf>,
    /// Write the playbooks into this folder; without it they go to standard output
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Only say what is wrong with the commands; nothing is written
    #[arg(long, conflicts_with = "out")]
    pub check: bool,
    /// How findings are written: text to standard error, all others to standard output
    #[arg(long, value_enum, default_value_t = CheckFormat::Text, value_name = "FORMAT")]
    pub format: CheckFormat,
    /// Take these for errors: a code, `warnings` or `lints`; may be repeated
    #[arg(short = 'D', long, value_name = "CODE", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// Leave these out: a code, `warnings` or `lints`; errors stay
    #[arg(short = 'A', long, value_name = "CODE", value_delimiter = ',')]
    pub allow: Vec<String>,
    /// Where the pages of the codes are published, for the links of sarif
    #[arg(long, value_name = "URL", value_parser = super::check::web_address)]
    pub pages: Option<String>,
    /// One command, with its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}
