//! Fleets on a Restate server: a step beside the server's own, many targets on two workers, two workers beside one.

mod cluster;
mod fleets;
mod http;

use crate::test;
use cluster::{Served, Server, Workers};
use fleets::{Place, READS, Took};
use http::ask;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The most that a step may take, beside one of the server's that does nothing.
const TIMES: f64 = 1.5;

/// The most that 1,000 targets with three reads may take on two workers.
const LONGEST: Duration = Duration::from_secs(5);

/// The least that two workers must do, beside one.
const FASTER: f64 = 1.7;

/// How long each call takes where workers are compared.
const DELAY: &str = "50";

/// How many runs one worker carries at a time where workers are compared: else calls that only wait never fill it.
const AT_A_TIME: &str = "16";

/// How often each is measured; the best counts.
const ROUNDS: usize = 5;

/// Measures all three.
///
/// # Errors
/// Something does not start, or does not end well.
pub fn measure(
    root: &Path,
    binary: &Path,
    tool: &Path,
    quick: bool,
) -> Result<Vec<String>, String> {
    let program = test::restate::server(root)?;
    let folder = root.join("target/fleet-rate/restate");
    let failed = |why: std::io::Error| format!("{}: {why}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("reads.yaml"), READS).map_err(failed)?;
    let mut missed = Vec::new();
    let server = Server::start(&program, &folder)?;
    let stub = Served::start(tool, &["stub"])?;
    {
        let workers = Workers::start(binary, &folder, &server, &stub.url, 2, &[])?;
        let place = Place {
            binary,
            folder: &folder,
            server: &server,
            workers: &workers,
        };
        missed.extend(steps(&place, tool, if quick { 50 } else { 500 })?);
        missed.extend(many(&place, quick)?);
        println!(
            "memory: the server {:.0} MB, the larger worker {:.0} MB",
            megabytes(server.memory()),
            megabytes(workers.memory())
        );
    }
    missed.extend(beside(binary, &folder, &server, tool, quick)?);
    Ok(missed)
}

/// A run of many steps, less one of one step, beside a handler of as many steps that do nothing.
fn steps(place: &Place<'_>, tool: &Path, count: u32) -> Result<Vec<String>, String> {
    let empty = Served::start(tool, &["steps"])?;
    // Behind a balancer of its own, as workers are.
    place.server.register(&cluster::before(&empty.url)?)?;
    for (name, step) in [
        (
            "compare",
            "action: data:Diff\n    with: {expected: \"${{ item }}\", actual: \"${{ item }}\"}\n    \
             capture: {same: \"$.same\"}\n    assert: [{that: same, message: it is the same}]",
        ),
        (
            "read",
            "action: ecs:DescribeClusters\n    with: {clusters: [\"c${{ item }}\"]}\n    \
             capture: {state: \"$.clusters[0].status\"}\n    assert: [{that: state == 'ACTIVE', message: it is there}]",
        ),
    ] {
        let failed = |why: std::io::Error| why.to_string();
        let playbook = format!(
            "playbook: v1\ntitle: Many steps\ninputs:\n  items: {{type: list, items: integer}}\ncheck:\n  all:\n    {step}\n    \
             each: {{in: inputs.items, as: item, max: 1000, concurrency: 1}}\n"
        );
        fs::write(place.folder.join(format!("{name}.yaml")), playbook).map_err(failed)?;
        for (file, count) in [("one", 1), ("many", count + 1)] {
            let items: Vec<u32> = (0..count).collect();
            let text = json!({ "items": items }).to_string();
            fs::write(place.folder.join(format!("{file}.json")), text).map_err(failed)?;
        }
    }
    let (mut theirs, mut compares, mut reads) = (Step::MOST, Step::MOST, Step::MOST);
    for _ in 0..ROUNDS {
        let done = |count: u32| -> Result<Step, String> {
            let before = (empty.busy(), place.server.busy());
            let began = Instant::now();
            let body = json!(count);
            ask(&place.server.ingress, "POST", "/Steps/empty", Some(&body))?;
            Ok(Step {
                wall: began.elapsed(),
                carrier: empty.busy().saturating_sub(before.0),
                server: place.server.busy().saturating_sub(before.1),
            })
        };
        theirs = theirs.least(done(count + 1)?.beyond(done(1)?, count));
        for (playbook, least) in [("compare", &mut compares), ("read", &mut reads)] {
            let run = |file: &str| place.run(playbook, 1, &["--inputs", file]);
            let (one, many) = (run("one.json")?, run("many.json")?);
            *least = least.least(Step::of(&many).beyond(Step::of(&one), count));
        }
    }
    for (what, step) in [
        ("a step that calls nothing", compares),
        ("a step that reads from the stub", reads),
        ("Restate's own step, which does nothing", theirs),
    ] {
        println!(
            "{what}: {:.3} ms; of the processor: who carries it {:.3} ms, the server {:.3} ms",
            milliseconds(step.wall),
            milliseconds(step.carrier),
            milliseconds(step.server)
        );
    }
    let times = compares.wall.as_secs_f64() / theirs.wall.as_secs_f64();
    println!("a step that calls nothing takes {times:.2} × Restate's own");
    Ok((times > TIMES)
        .then(|| format!("a step takes {times:.2} × one that does nothing"))
        .into_iter()
        .collect())
}

/// What a step takes, by the clock and of the processor; each is the least that was seen.
#[derive(Debug, Clone, Copy)]
struct Step {
    wall: Duration,
    carrier: Duration,
    server: Duration,
}

impl Step {
    const MOST: Self = Self {
        wall: Duration::MAX,
        carrier: Duration::MAX,
        server: Duration::MAX,
    };

    fn of(took: &Took) -> Self {
        Self {
            wall: took.wall,
            carrier: took.workers.iter().sum(),
            server: took.server,
        }
    }

    /// What each of so many steps took beyond the first.
    fn beyond(self, first: Self, count: u32) -> Self {
        Self {
            wall: self.wall.saturating_sub(first.wall) / count,
            carrier: self.carrier.saturating_sub(first.carrier) / count,
            server: self.server.saturating_sub(first.server) / count,
        }
    }

    fn least(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            carrier: self.carrier.min(other.carrier),
            server: self.server.min(other.server),
        }
    }
}

/// Many targets on two workers.
fn many(place: &Place<'_>, quick: bool) -> Result<Vec<String>, String> {
    let mut missed = Vec::new();
    let counts: &[usize] = if quick {
        &[50]
    } else {
        &[100, 300, 1_000, 3_000]
    };
    for count in counts {
        let mut best: Option<Took> = None;
        for _ in 0..if *count > 1_000 { 1 } else { ROUNDS } {
            let took = place.run("reads", *count, &["--concurrency", "100"])?;
            if best.as_ref().is_none_or(|best| took.wall < best.wall) {
                best = Some(took);
            }
        }
        let Some(best) = best else {
            continue;
        };
        let workers: Vec<String> = best.workers.iter().map(|time| seconds(*time)).collect();
        println!(
            "{count} targets with three reads each on two workers: {}; of the processor: workers {}, the server {}",
            seconds(best.wall),
            workers.join(" and "),
            seconds(best.server)
        );
        if *count == 1_000 && best.wall > LONGEST {
            missed.push(format!("1,000 targets take {}", seconds(best.wall)));
        }
    }
    Ok(missed)
}

/// Two workers beside one, where each call takes its time.
fn beside(
    binary: &Path,
    folder: &Path,
    server: &Server,
    tool: &Path,
    quick: bool,
) -> Result<Vec<String>, String> {
    let stub = Served::start(tool, &["stub", "--delay", DELAY])?;
    let targets = if quick { 100 } else { 500 };
    let mut walls = Vec::new();
    for count in [1, 2] {
        // Each pair has an address of its own; the last one that is made known gets what begins.
        let more = ["--runs", AT_A_TIME];
        let workers = Workers::start(binary, folder, server, &stub.url, count, &more)?;
        let place = Place {
            binary,
            folder,
            server,
            workers: &workers,
        };
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS.min(3) {
            let run = place.run("reads", targets, &["--concurrency", "200"])?;
            best = best.min(run.wall);
        }
        println!(
            "{targets} targets with three reads of {DELAY} ms, {AT_A_TIME} runs at a time in each worker, {count} of them: {}",
            seconds(best)
        );
        walls.push(best.as_secs_f64());
    }
    let [one, two] = walls[..] else {
        return Ok(Vec::new());
    };
    let times = one / two;
    println!("two workers do {times:.2} × what one does");
    Ok((times < FASTER)
        .then(|| format!("two workers do {times:.2} × what one does"))
        .into_iter()
        .collect())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "shown without digits")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1.024 / 1e3
}
