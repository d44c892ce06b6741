//! Fleets in one process: what a target costs, of 100 to 10,000 of them, and the memory that they need.

use crate::growth::slope;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How many targets the fleets have: so many services in ten regions of ten accounts, or in one.
const COUNTS: [u32; 4] = [100, 1_000, 3_000, 10_000];

/// The most that the cost of all targets may grow with their number.
const STEEPEST: f64 = 1.05;

/// The most memory of the largest fleet, in KiB: 150 MB.
const MOST: u64 = 146_484;

/// How often a process is looked at.
const TICK: Duration = Duration::from_millis(10);

const REGIONS: [&str; 10] = [
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
];

/// Three reads and one write, verified.
const PLAYBOOK: &str = r#"playbook: v1
title: A service below its desired count
inputs:
  service: {type: string}
symptom:
  short_of_tasks:
    action: ecs:DescribeServices
    with: {services: ["${{ inputs.service }}"]}
    capture: {running: "$.services[0].runningCount"}
    assert: [{that: running < 2}]
resolve:
  deploy:
    action: ecs:UpdateService
    with: {service: "${{ inputs.service }}", forceNewDeployment: true}
"#;

const SCENARIOS: &str = "scenarios:
  short:
    actions:
      ecs:DescribeServices:
        - {unless: deployed, return: {services: [{runningCount: 1}]}}
        - {if: deployed, return: {services: [{runningCount: 2}]}}
      ecs:UpdateService: [{set: deployed, return: {}}]
";

/// Runs fleets in a scenario's world.
///
/// # Errors
/// A fleet does not end well, the cost grows faster than the number of targets, or memory is above its bound.
pub fn measure(root: &Path, binary: &Path, quick: bool) -> Result<Vec<String>, String> {
    let folder = root.join("target/fleet-rate");
    let io = |why: std::io::Error| why.to_string();
    fs::create_dir_all(&folder).map_err(io)?;
    fs::write(folder.join("fleet.yaml"), PLAYBOOK).map_err(io)?;
    fs::write(folder.join("fleet.scenarios.yaml"), SCENARIOS).map_err(io)?;
    let empty = measured(binary, &folder, 1)?;
    let mut missed = Vec::new();
    let mut points = Vec::new();
    let counts = if quick { &COUNTS[..2] } else { &COUNTS };
    for count in counts.iter().copied() {
        let (busy, memory) = measured(binary, &folder, count)?;
        let own = busy.saturating_sub(empty.0).as_secs_f64();
        println!(
            "{count} targets: {:.0} ms of processor time, {:.2} ms a target, {:.1} MB resident",
            busy.as_secs_f64() * 1e3,
            own * 1e3 / f64::from(count),
            kilobytes(memory) / 1e3,
        );
        points.push((f64::from(count).ln(), own.max(1e-6).ln()));
        if memory > MOST {
            missed.push(format!("{count} targets need {memory} KiB"));
        }
    }
    let slope = slope(&points);
    println!("exponent {slope:.3}");
    if slope > STEEPEST {
        missed.push(format!("targets cost more the more there are: {slope:.3}"));
    }
    Ok(missed)
}

/// A file of so many targets.
fn targets(count: u32) -> String {
    let (accounts, regions) = match count {
        0..100 => (1, 1),
        100..1_000 => (1, 10),
        _ => (10, 10),
    };
    let accounts: Vec<String> = (0..accounts)
        .map(|number| format!("\"{}\"", 111_111_111_111_u64 + number))
        .collect();
    let places = u32::try_from(accounts.len() * regions).unwrap_or(1);
    let services: Vec<String> = (0..count / places)
        .map(|number| format!("s{number}"))
        .collect();
    format!(
        "targets: v1\nmatrix:\n  account: [{}]\n  region: [{}]\n  service: [{}]\nrollout: {{concurrency: 20}}\n",
        accounts.join(", "),
        REGIONS.get(..regions).unwrap_or_default().join(", "),
        services.join(", ")
    )
}

/// The processor time of a fleet and its memory in KiB.
fn measured(binary: &Path, folder: &Path, count: u32) -> Result<(Duration, u64), String> {
    let io = |why: std::io::Error| why.to_string();
    fs::write(folder.join("targets.yaml"), targets(count)).map_err(io)?;
    let state = folder.join("state");
    let _ = fs::remove_dir_all(&state);
    let said = fs::File::create(folder.join("said.txt")).map_err(io)?;
    let also = said.try_clone().map_err(io)?;
    let mut child = Command::new(binary)
        .current_dir(folder)
        .args(["fleet", "run", "fleet.yaml", "--targets", "targets.yaml"])
        .args(["--scenario", "short", "--yes", "-q", "--state-dir"])
        .arg(&state)
        .stdout(Stdio::from(also))
        .stderr(said)
        .spawn()
        .map_err(io)?;
    let found = watched(&mut child)?;
    if child.wait().map_err(io)?.success() {
        Ok(found)
    } else {
        Err(fs::read_to_string(folder.join("said.txt")).unwrap_or_default())
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn kilobytes(kib: u64) -> f64 {
    kib as f64 * 1.024
}

/// Waits for a process; its processor time and the most memory, in KiB, that it was seen with. Linux says both.
fn watched(child: &mut Child) -> Result<(Duration, u64), String> {
    let folder = format!("/proc/{}", child.id());
    let (mut busy, mut most) = (Duration::ZERO, 0);
    loop {
        let read = |name: &str| fs::read_to_string(format!("{folder}/{name}"));
        if let (Ok(status), Ok(stat)) = (read("status"), read("stat")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            most = most.max(kib.unwrap_or(0));
            // After the name in brackets: utime and stime are the 12th and 13th (proc_pid_stat(5)).
            let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
            let ticks = after.split_whitespace().skip(11).take(2);
            let ticks: u32 = ticks.filter_map(|text| text.parse::<u32>().ok()).sum();
            busy = busy.max(TICK * ticks);
        }
        if child.try_wait().map_err(|why| why.to_string())?.is_some() {
            return Ok((busy, most));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
