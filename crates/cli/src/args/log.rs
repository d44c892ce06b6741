//! Arguments about the log of the process.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is logged, how and where.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Log")]
#[expect(
    clippy::struct_field_names,
    reason = "fields are options of the command line"
)]
pub struct LogArguments {
    /// Log what happens, a line each, as text or JSON
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        hide_short_help = true
    )]
    pub log_format: Option<LogFormat>,
    /// Log from this level on: error, warn, info, debug, trace, or a list such as `info,runbook::aws=debug` [default: info]
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "RUNBOOK_LOG",
        hide_short_help = true,
        hide_env_values = true
    )]
    pub log_level: Option<String>,
    /// Log into this file, which grows, instead of to standard error
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub log_file: Option<PathBuf>,
}

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// For programs: one document a line
    Json,
}
