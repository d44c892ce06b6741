//! Exit codes.

/// The run ended well.
pub const WELL: u8 = 0;
/// The run did not end well.
pub const NOT_WELL: u8 = 1;
/// The command line or a playbook is wrong.
pub const WRONG: u8 = 2;
/// The run is paused: someone must answer.
pub const PAUSED: u8 = 3;
/// The environment is wrong: credentials, region, endpoint. Only while no call has been answered.
pub const ENVIRONMENT: u8 = 4;
/// Ended at once by a second ctrl-C (128 + SIGINT).
pub const INTERRUPTED: u8 = 130;

/// The codes as `--help` shows them.
pub const HELP: &str = "\
Exit codes:
  0  the run ended well (absent, resolved, done, healthy, or diagnosed when that was asked for)
  1  it did not (unresolved, undone, failed, aborted, unhealthy)
  2  the command line or a playbook is wrong
  3  paused: someone must answer
  4  the environment is wrong: no credentials, no region, endpoint out of reach";

/// The codes of `fleet` as its `--help` shows them.
pub const FLEET_HELP: &str = "\
Exit codes:
  0  all targets ended well
  1  a target did not, or the fleet was stopped
  2  the command line, the playbook or the file of targets is wrong
  3  people must answer: targets that wait, or the next wave; or somebody paused it
  4  the environment is wrong";

/// The codes of `check` as its `--help` shows them.
pub const CHECK_HELP: &str = "\
Exit codes:
  0  no errors
  2  errors, what --deny takes for errors, or a file that cannot be read

`runbook explain CODE` says what a finding means. A comment `# runbook: allow CODE reason` lets a
warning or a lint on the next line stand.";

/// The codes of `triage` as its `--help` shows them.
pub const TRIAGE_HELP: &str = "\
Exit codes:
  0  no problem shows, and all that was asked could be told; with --text: a playbook was found
  1  a problem shows, or could not be told; with --text: no playbook knows any of it
  2  the command line or an input is wrong
  4  the environment is wrong: no credentials, no region, endpoint out of reach";

/// The codes of `fmt` as its `--help` shows them.
pub const FMT_HELP: &str = "\
Exit codes:
  0  all files are laid out
  1  with --check or --diff: a file is not
  2  a file cannot be read, or is no playbook; it is left alone";

/// The codes of `doctor` as its `--help` shows them.
pub const DOCTOR_HELP: &str = "\
Exit codes:
  0  nothing keeps runs from working; what is marked with ! is worth a look
  4  something does; its arrow says what to do";

/// Why a command could not do what was asked: what is said, and the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What is wrong, where, and what to do; empty when everything has been said.
    pub message: String,
}

impl Failure {
    /// The command line, a playbook or another file is wrong.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self {
            code: WRONG,
            message: message.into(),
        }
    }

    /// The environment is wrong.
    pub fn environment(message: impl Into<String>) -> Self {
        Self {
            code: ENVIRONMENT,
            message: message.into(),
        }
    }

    /// What was asked for did not end well.
    pub fn not_well(message: impl Into<String>) -> Self {
        Self {
            code: NOT_WELL,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ENVIRONMENT, HELP, NOT_WELL, PAUSED, WELL, WRONG};

    #[test]
    fn help_names_every_code() {
        for code in [WELL, NOT_WELL, WRONG, PAUSED, ENVIRONMENT] {
            assert!(HELP.contains(&format!("\n  {code}  ")), "{code}");
        }
    }
}
