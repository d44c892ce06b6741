//! `cargo xtask rate`: how fast calls are, against the goals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The least part of a bare loop's rate that the client has.
const LEAST_RATIO: f64 = 0.9;
/// Processes that are measured of each kind, after some that are not.
const PROCESSES: usize = 40;
const WARM_UP: usize = 5;

const ANSWER: &str = r#"{"clusters":[{"clusterName":"shop","status":"ACTIVE"}],"failures":[]}"#;

/// A whole process and the longest that its median may take.
struct Process {
    name: &'static str,
    arguments: &'static [&'static str],
    /// The exit code that shows that it did what is measured.
    code: i32,
    goal: Duration,
}

const MEASURED: [Process; 3] = [
    Process {
        name: "one call against a server that keeps connections",
        arguments: &[
            "call",
            "ecs:DescribeClusters",
            "--with",
            r#"{"clusters": ["shop"]}"#,
        ],
        code: 0,
        goal: Duration::from_millis(15),
    },
    Process {
        name: "ec2 loaded and an input validated, which does not fit",
        arguments: &[
            "call",
            "ec2:DescribeVpcs",
            "--with",
            r#"{"Filters": [{"Nam": "isDefault"}]}"#,
        ],
        code: 2,
        goal: Duration::from_millis(15),
    },
    Process {
        name: "actions show ecs:UpdateService",
        arguments: &["actions", "show", "ecs:UpdateService"],
        code: 0,
        goal: Duration::from_millis(20),
    },
];

/// Measures, prints, and fails where a goal is missed.
///
/// # Errors
/// What could not be built or started, and the goals that were missed.
pub fn run(root: &Path) -> Result<(), String> {
    let mut missed = Vec::new();
    let said = output(Command::new(env!("CARGO")).current_dir(root).args([
        "bench",
        "--locked",
        "-p",
        "runbook-registry",
        "--bench",
        "rate",
    ]))?;
    print!("{said}");
    let ratio = said
        .lines()
        .find_map(|line| line.strip_prefix("ratio ")?.parse::<f64>().ok())
        .ok_or("the bench says no ratio")?;
    if ratio < LEAST_RATIO {
        missed.push(format!(
            "{ratio:.3} of the bare rate; at least {LEAST_RATIO}"
        ));
    }
    output(Command::new(env!("CARGO")).current_dir(root).args([
        "build",
        "--release",
        "--locked",
        "-p",
        "runbook",
    ]))?;
    let url = serve().map_err(|why| format!("no server: {why}"))?;
    for process in &MEASURED {
        let median = median(root, process, &url)?;
        let (took, goal) = (milliseconds(median), milliseconds(process.goal));
        println!("{}: {took:.1} ms (at most {goal:.0} ms)", process.name);
        if median > process.goal {
            missed.push(format!("{}: {took:.1} ms", process.name));
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(format!("goals that were missed: {}", missed.join("; ")))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(root: &Path, process: &Process, url: &str) -> Result<Duration, String> {
    let mut times = Vec::new();
    for round in 0..WARM_UP + PROCESSES {
        let mut command = Command::new(root.join("target/release/runbook"));
        command
            .args(process.arguments)
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "eu-west-3")
            .env("AWS_ENDPOINT_URL", url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        let status = command
            .status()
            .map_err(|why| format!("cannot start {command:?}: {why}"))?;
        let took = start.elapsed();
        if status.code() != Some(process.code) {
            return Err(format!("{command:?} ended with {status}"));
        }
        if round >= WARM_UP {
            times.push(took);
        }
    }
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .copied()
        .ok_or_else(|| "nothing was measured".to_owned())
}

/// What a command prints; it must succeed.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot start {command:?}: {why}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?} ended with {}", output.status))
}

/// Starts a server that always answers the same; gives its URL.
fn serve() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away ends its connection only.
            std::thread::spawn(move || answer(stream));
        }
    });
    Ok(url)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        let bytes = ANSWER.len();
        stream.write_all(
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {bytes}\r\n\r\n{ANSWER}")
                .as_bytes(),
        )?;
    }
}
