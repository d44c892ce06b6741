//! `runbook worker`

use clap::Args;
use jiff::SignedDuration;
use runbook_playbook::duration;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `runbook worker`
#[derive(Debug, Args)]
pub struct WorkerArguments {
    /// The admin address of the Restate server: `http://localhost:9070`
    #[arg(long, value_name = "ADMIN_URL")]
    pub restate: String,
    /// Listen here; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9080")]
    pub listen: SocketAddr,
    /// The URL by which the server reaches this worker and those beside it: that of the balancer before them [default: this
    /// host and the port that it listens on]
    #[arg(long, value_name = "URL")]
    pub advertise: Option<String>,
    /// Serve only requests that a server has signed whose public key this is; may be repeated
    #[arg(long, value_name = "KEY")]
    pub identity_key: Vec<String>,
    /// On how many threads runs are carried out [default: as many as there are processors]
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<usize>,
    /// How many runs go on at a time; those that wait for people or a time do not count [default: any number]
    #[arg(long, value_name = "NUMBER", value_parser = super::fleet::at_least_one)]
    pub runs: Option<usize>,
    /// How long runs under way may go on after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = length)]
    pub drain: SignedDuration,
    /// The folder below which files that playbooks read are, as beside whoever starts fleets [default: the current folder]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Keep the worlds of scenarios here; workers that take over from each other share it
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

fn length(text: &str) -> Result<SignedDuration, String> {
    duration::parse(text).map_err(|error| error.to_string())
}
