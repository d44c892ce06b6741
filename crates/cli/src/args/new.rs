//! Arguments of `runbook new`.

use clap::{Args, ValueEnum};

/// `runbook new`
#[derive(Debug, Args)]
pub struct NewArguments {
    /// What it is called: `queue-is-full`, or with folders `acso/queue-is-full`; below `playbooks/` where there is one
    pub name: String,
    /// The service that it is about: `ecs`
    #[arg(long = "for", value_name = "SERVICE", default_value = "cloudwatch")]
    pub service: String,
    /// What kind of playbook
    #[arg(long, value_enum, default_value_t = PlaybookKind::Problem, value_name = "KIND")]
    pub kind: PlaybookKind,
}

/// What a playbook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlaybookKind {
    /// Reads and judges; changes nothing
    Check,
    /// Does something in steps
    Procedure,
    /// Notices a problem, finds its cause, mends it
    Problem,
}
