//! Arguments of `runbook doctor`.

use super::{Format, TargetArguments};
use clap::Args;
use std::path::PathBuf;

/// `runbook doctor`
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Look only at this machine: no address is asked
    #[arg(long)]
    pub offline: bool,
    /// Where calls would go.
    #[command(flatten)]
    pub target: TargetArguments,
    /// The journal of runs is here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}
