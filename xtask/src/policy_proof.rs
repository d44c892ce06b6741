//! `cargo xtask policy-proof`: every statement and every permission of the least policies is really taken away.

use std::path::Path;
use std::process::Command;

/// The test that takes them away; a test run leaves it out for its length.
const PROOF: &str =
    "commands::policy::tests::every_permission_of_every_playbook_is_really_taken_away";

/// Runs every scenario of the playbooks whose files hold one of the words, or of all, with exactly its least policy, and
/// without each part of it; prints how many.
///
/// # Errors
/// A scenario does not run with its policy, or nothing is refused without a part of it and the list of those that are known
/// does not have it.
pub fn run(root: &Path, words: &[String]) -> Result<(), String> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "test",
            "--locked",
            "--package",
            "runbook",
            "--bin",
            "runbook",
        ])
        .args(["--", "--ignored", "--exact", "--nocapture", PROOF])
        .env("RUNBOOK_POLICY_PROOF", words.join(" "))
        .status()
        .map_err(|why| format!("cannot start cargo: {why}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the least policies are not what they must be".to_owned())
    }
}
