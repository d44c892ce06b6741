//! What a run needs of its surroundings, looked at one by one.

mod aws;
mod finding;
mod here;
mod state;

pub use finding::{Finding, State};

use crate::args::DoctorArguments;
use crate::environment::Environment;

/// Looks at everything; what is asked of AWS changes nothing.
pub async fn examine(arguments: &DoctorArguments, environment: &Environment) -> Vec<Finding> {
    let mut findings = vec![here::program(), here::operations()];
    findings.extend(aws::examine(arguments, environment).await);
    findings.extend(state::examine(arguments.state_dir.as_deref(), environment));
    findings.push(here::playbooks(environment));
    findings.push(here::session_manager_plugin(environment).await);
    findings.push(here::terminal(environment));
    findings
}
