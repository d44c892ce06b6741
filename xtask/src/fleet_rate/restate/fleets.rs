//! Fleets that are started by the program's own command, and what they took.

use super::cluster::{Server, Workers};
use super::http::ask;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// One read after the other, each of something that the one before has said.
pub const READS: &str = r#"playbook: v1
title: Three reads
check:
  one:
    action: ecs:DescribeClusters
    with: {clusters: [shop]}
    capture: {first: "$.clusters[0].clusterName"}
  two:
    action: ecs:DescribeClusters
    with: {clusters: ["${{ one.first }}"]}
    capture: {second: "$.clusters[0].clusterName"}
  three:
    action: ecs:DescribeClusters
    with: {clusters: ["${{ two.second }}"]}
    capture: {third: "$.clusters[0].clusterName"}
    assert: [{that: third == 'shop', message: it is there}]
"#;

/// A fleet that has ended well.
#[derive(Debug, Clone)]
pub struct Took {
    /// From the first thing on record to the last, by the workers' clocks.
    pub wall: Duration,
    /// Of the processor, by worker.
    pub workers: Vec<Duration>,
    /// Of the processor, by the server.
    pub server: Duration,
}

/// Where fleets are run.
pub struct Place<'a> {
    /// The program.
    pub binary: &'a Path,
    /// Where playbooks and targets are.
    pub folder: &'a Path,
    /// The server.
    pub server: &'a Server,
    /// Its workers.
    pub workers: &'a Workers,
}

impl Place<'_> {
    /// Runs a playbook of the folder on so many targets.
    ///
    /// # Errors
    /// The fleet is not started, or a target does not end well.
    pub fn run(&self, playbook: &str, targets: usize, more: &[&str]) -> Result<Took, String> {
        let mut list = "targets: v1\nlist:\n".to_owned();
        for number in 0..targets {
            // Writing to a string cannot fail.
            let _ = writeln!(list, "  - {{name: t{number}}}");
        }
        let failed = |why: std::io::Error| why.to_string();
        fs::write(self.folder.join("targets.yaml"), list).map_err(failed)?;
        let before = (self.workers.busy(), self.server.busy());
        let mut command = Command::new(self.binary);
        command
            .current_dir(self.folder)
            .args(["fleet", "run", playbook, "--targets", "targets.yaml"])
            .args(more)
            .args(["--on", &format!("restate=http://{}", self.server.ingress)])
            .stdin(Stdio::null());
        let output = command.output().map_err(failed)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let fleet = said.split([' ', ':']).nth(1).unwrap_or_default();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let ingress = &self.server.ingress;
        let path = format!("/restate/workflow/RunbookFleet/{fleet}/attach");
        let board = ask(ingress, "GET", &path, None)?;
        let after = (self.workers.busy(), self.server.busy());
        if board["status"] != "ended" || board["ended"][1] != 0 {
            let outcome = ask(
                ingress,
                "POST",
                &format!("/RunbookFleet/{fleet}/outcome"),
                None,
            )?;
            let targets = outcome["targets"].as_array();
            let bad = targets.and_then(|all| {
                let mut bad = all.iter().filter(|one| one["verdict"] != "healthy");
                bad.next()
            });
            return Err(format!("{board} {}", bad.unwrap_or(&Json::Null)));
        }
        Ok(Took {
            wall: between(&board["started"], &board["over"])?,
            workers: after
                .0
                .iter()
                .zip(before.0)
                .map(|(after, before)| after.saturating_sub(before))
                .collect(),
            server: after.1.saturating_sub(before.1),
        })
    }
}

fn between(from: &Json, to: &Json) -> Result<Duration, String> {
    let read = |time: &Json| -> Result<Timestamp, String> {
        let text = time.as_str().unwrap_or_default();
        text.parse().map_err(|why| format!("`{text}`: {why}"))
    };
    let took = read(to)?.duration_since(read(from)?);
    Duration::try_from(took).map_err(|why| why.to_string())
}
