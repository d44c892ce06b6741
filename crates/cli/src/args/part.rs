//! What a playbook is given, and which part of it is meant: the same for every command that runs or reviews one.

use super::name_and_value;
use clap::{Args, ValueEnum};
use runbook_interpreter::plan::{Options, Until};
use std::path::PathBuf;

/// Inputs.
#[derive(Debug, Clone, Default, Args)]
pub struct GivenArguments {
    /// Set an input
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
}

/// The part of a playbook that runs.
#[derive(Debug, Clone, Default, Args)]
pub struct PartArguments {
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

impl PartArguments {
    /// The options of a plan.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            until: self.until.map(|until| match until {
                UntilGraph::Symptom => Until::Symptom,
                UntilGraph::Diagnose => Until::Diagnose,
                UntilGraph::Resolve => Until::Resolve,
            }),
            verify: !self.no_verify,
            only: self.only.clone(),
            skip: self.skip.clone(),
            force: self.force,
            ..Options::default()
        }
    }

    /// The part that options mean.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        Self {
            until: options.until.map(|until| match until {
                Until::Symptom => UntilGraph::Symptom,
                Until::Diagnose => UntilGraph::Diagnose,
                Until::Resolve => UntilGraph::Resolve,
            }),
            no_verify: !options.verify,
            only: options.only.clone(),
            skip: options.skip.clone(),
            force: options.force,
        }
    }
}
