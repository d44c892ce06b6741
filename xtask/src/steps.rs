//! `cargo xtask steps`: what a step costs in runs of 100 to 10,000, and the memory that they need.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How many steps the runs have.
const COUNTS: [u32; 5] = [100, 300, 1_000, 3_000, 10_000];

/// How often each is timed; the least counts, for whatever else the machine does only adds.
const TIMES: usize = 2;

/// A tick of the processor times that Linux tells of a process.
const TICK: Duration = Duration::from_millis(10);

/// The most that the cost of all steps may grow with their number.
const STEEPEST: f64 = 1.05;

/// The most memory of the largest run, in KiB.
const MOST: u64 = 80_000;

/// A kind of run.
struct Series {
    name: &'static str,
    step: &'static str,
    scenario: bool,
}

const SERIES: [Series; 2] = [
    Series {
        name: "reads",
        step: "{action: data:Diff, with: {expected: \"${{ item }}\", actual: \"${{ item }}\"}",
        scenario: false,
    },
    Series {
        name: "writes",
        step: "{action: ecs:UpdateService, with: {cluster: c, service: web, desiredCount: \"${{ item }}\"}",
        scenario: true,
    },
];

/// Runs playbooks with `each` over so many items with the release binary, or with the debug one after `--debug`.
///
/// # Errors
/// There is no binary, a run does not end well, the cost grows faster than the number of steps, or memory is above its bound.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let profile = match arguments {
        [] => "release",
        [word] if word == "--debug" => "debug",
        _ => return Err("write --debug, or nothing".to_owned()),
    };
    let binary = root.join("target").join(profile).join("runbook");
    if !binary.is_file() {
        return Err(format!("there is no {}: build it first", binary.display()));
    }
    let folder = root.join("target/steps");
    let io = |why: std::io::Error| why.to_string();
    fs::create_dir_all(&folder).map_err(io)?;
    let mut missed = Vec::new();
    for series in &SERIES {
        let empty = measured(&binary, &folder, series, 1)?;
        let mut points = Vec::new();
        for count in COUNTS {
            let (busy, memory, bytes) = measured(&binary, &folder, series, count)?;
            let own = busy.saturating_sub(empty.0).as_secs_f64();
            println!(
                "{} {count}: {:.0} ms of processor time, {:.0} µs a step, {:.1} MB resident, {} bytes of journal a step",
                series.name,
                busy.as_secs_f64() * 1e3,
                own * 1e6 / f64::from(count),
                kilobytes(memory) / 1e3,
                bytes / u64::from(count),
            );
            points.push((f64::from(count).ln(), own.max(1e-6).ln()));
            if count == COUNTS[COUNTS.len() - 1] && memory > MOST {
                missed.push(format!("{} need {memory} KiB", series.name));
            }
        }
        let slope = slope(&points);
        println!("{}: exponent {slope:.3}", series.name);
        if slope > STEEPEST {
            missed.push(format!(
                "{} cost more the more there are: {slope:.3}",
                series.name
            ));
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(missed.join("; "))
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
pub(crate) fn kilobytes(kib: u64) -> f64 {
    kib as f64 * 1.024
}

/// The exponent of a power law through points of logarithms: the slope of the line with the least squares.
#[expect(clippy::cast_precision_loss, reason = "a handful of points")]
pub(crate) fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let own: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    both / own
}

/// The least processor time of a run with so many steps, its memory, and the size of its journal.
fn measured(
    binary: &Path,
    folder: &Path,
    series: &Series,
    count: u32,
) -> Result<(Duration, u64, u64), String> {
    let io = |why: std::io::Error| why.to_string();
    let graph = if series.scenario {
        "resolve"
    } else {
        "diagnose"
    };
    let playbook = format!(
        "playbook: v1\ntitle: Many steps\ninputs:\n  items: {{type: list, items: integer}}\n{graph}:\n  all: {}, each: {{in: inputs.items, as: item, max: {count}}}}}\n",
        series.step
    );
    fs::write(folder.join("steps.yaml"), playbook).map_err(io)?;
    let items: Vec<String> = (1..=count).map(|item| item.to_string()).collect();
    fs::write(
        folder.join("inputs.json"),
        format!("{{\"items\": [{}]}}", items.join(",")),
    )
    .map_err(io)?;
    let mut scenario = String::from("scenarios:\n  fine:\n    actions:\n");
    let _ = writeln!(scenario, "      ecs:UpdateService: [{{return: {{}}}}]");
    fs::write(folder.join("steps.scenarios.yaml"), scenario).map_err(io)?;
    let mut best = (Duration::MAX, 0, 0);
    for _ in 0..TIMES {
        let state = folder.join("state");
        let _ = fs::remove_dir_all(&state);
        let mut command = Command::new(binary);
        command
            .current_dir(folder)
            .args(["run", "steps", "--inputs", "inputs.json", "-q", "--yes"])
            .arg("--state-dir")
            .arg(&state);
        if series.scenario {
            command.args(["--scenario", "fine"]);
        }
        let said = fs::File::create(folder.join("said.txt")).map_err(io)?;
        let also = said.try_clone().map_err(io)?;
        let mut child = command
            .stdout(Stdio::from(also))
            .stderr(said)
            .spawn()
            .map_err(io)?;
        let (busy, memory) = watched(&mut child)?;
        if !child.wait().map_err(io)?.success() {
            return Err(fs::read_to_string(folder.join("said.txt")).unwrap_or_default());
        }
        let size = |name: &str| fs::metadata(state.join(name)).map_or(0, |file| file.len());
        let bytes = size("journal.sqlite") + size("journal.sqlite-wal");
        if busy < best.0 {
            best = (busy, memory, bytes);
        }
    }
    Ok(best)
}

/// Waits for a process; its processor time and the most memory, in KiB, that it was seen with. Linux says both.
pub(crate) fn watched(child: &mut Child) -> Result<(Duration, u64), String> {
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
