//! Arguments of `runbook report`, and of reports that runs write.

use super::RunOfRecord;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// `runbook report`
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The run.
    #[command(flatten)]
    pub of: RunOfRecord,
    /// What is written [default: what the ending of --out says, else html]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ReportFormat>,
    /// Write it here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the evidence for whoever takes over here: a folder, or one file that ends in .zip
    #[arg(long, value_name = "FOLDER|FILE.zip")]
    pub bundle: Option<PathBuf>,
}

/// What a run writes when it ends.
#[derive(Debug, Clone, Default, Args)]
pub struct WrittenArguments {
    /// Write a report when the run ends; the ending says which: .html, .md, .json, or .xml for CI
    #[arg(long, value_name = "FILE", value_parser = ReportFile::parse)]
    pub report: Vec<ReportFile>,
    /// Write the evidence of an escalation here, and also where nobody is told: a folder, or a file that ends in .zip
    #[arg(long, value_name = "FOLDER|FILE.zip")]
    pub bundle: Option<PathBuf>,
}

/// A file for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// The file.
    pub path: PathBuf,
    /// What is written into it.
    pub format: ReportFormat,
}

impl ReportFile {
    /// Reads the name of a file whose ending is that of a format.
    ///
    /// # Errors
    /// It has another one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        match ReportFormat::of(&path) {
            Some(format) => Ok(Self { path, format }),
            None => Err("write a name that ends in .html, .md, .json or .xml".to_owned()),
        }
    }
}

/// How a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One page for a browser, with nothing loaded from elsewhere
    Html,
    /// For an issue or a pull request
    Markdown,
    /// For programs: one document
    Json,
    /// For CI: graphs are suites, steps are test cases
    Junit,
}

impl ReportFormat {
    /// The format that the ending of a file says.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "html" | "htm" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            "xml" => Some(Self::Junit),
            _ => None,
        }
    }
}
