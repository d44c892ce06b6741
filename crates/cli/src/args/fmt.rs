//! Arguments of `runbook fmt`.

use clap::Args;
use std::path::PathBuf;

/// `runbook fmt`
#[derive(Debug, Args)]
pub struct FmtArguments {
    /// Playbooks, scenario files or folders; `-`: standard input to standard output [default: playbooks examples]
    pub paths: Vec<PathBuf>,
    /// Write nothing; name the files that are not laid out
    #[arg(long)]
    pub check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    pub diff: bool,
}
