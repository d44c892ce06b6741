//! Arguments of `runbook fleet report`.

use super::fleet::FleetOfRecord;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `runbook fleet report`
#[derive(Debug, Args)]
pub struct FleetReportArguments {
    /// The fleet.
    #[command(flatten)]
    pub of: FleetOfRecord,
    /// What is written to standard output [default: text, or with --out nothing]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<FleetReportFormat>,
    /// Write this folder: index.html, a page of each target's own report, report.json and junit.xml
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// How a fleet is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FleetReportFormat {
    /// For the terminal
    Text,
    /// One page for a browser, with nothing loaded from elsewhere
    Html,
    /// For programs: one document
    Json,
    /// For CI: waves are suites, targets are test cases
    Junit,
}
