//! Where a fleet is carried out when it is not this process.

use clap::Args;
#[cfg(feature = "restate")]
use std::str::FromStr;

/// An engine beyond this machine.
#[cfg(feature = "restate")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// The ingress of the Restate server.
    pub url: String,
}

/// Where the fleet is.
#[derive(Debug, Clone, Default, Args)]
pub struct OnArguments {
    /// The fleet is carried by the workers of a Restate server, spoken to by its ingress: `restate=http://localhost:8080`
    #[cfg(feature = "restate")]
    #[arg(long, value_name = "restate=URL", conflicts_with = "state_dir")]
    pub on: Option<On>,
}

#[cfg(feature = "restate")]
impl FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("restate", url)) if !url.is_empty() => Ok(Self {
                url: url.trim_end_matches('/').to_owned(),
            }),
            _ => Err("write restate=URL, with the URL of the server's ingress".to_owned()),
        }
    }
}
