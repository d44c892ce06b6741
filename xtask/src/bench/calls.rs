//! One call, and calls one after the other, against a bare loop with the same HTTP client and the same signatures.

use super::Bench;
use super::process::{Program, in_turns, median};
use super::stub::Stub;
use super::table::Table;
use std::process::Command;
use std::time::Duration;

/// The least part of the bare loop's rate.
const LEAST: f64 = 0.9;
const CALLS: u32 = 5_000;

/// A whole process and the longest that its median may take.
struct Process {
    name: &'static str,
    arguments: &'static [&'static str],
    /// The exit code that shows that it did what is measured.
    code: i32,
    goal: Duration,
}

const PROCESSES: [Process; 3] = [
    Process {
        name: "`call ecs:DescribeClusters`",
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
        name: "`ec2` loaded and an input validated, which does not fit",
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
        name: "`actions show ecs:UpdateService`",
        arguments: &["actions", "show", "ecs:UpdateService"],
        code: 0,
        goal: Duration::from_millis(20),
    },
];

/// Measures them.
///
/// # Errors
/// A process does not do its work.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let mut table = Table::default();
    let stub = Stub::start(bench, None)?;
    let count = if bench.quick { CALLS / 10 } else { CALLS };
    let mut ratios = Vec::new();
    for _ in 0..bench.runs {
        ratios.push(ratio(bench, &stub.url, count)?);
    }
    let by = |of: fn(&Ratio) -> f64| {
        let mut values: Vec<f64> = ratios.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let wall = by(|ratio| ratio.wall);
    table.goal(
        format!("{count} calls in one process, part of the bare loop's rate"),
        format!("at least {LEAST}"),
        format!(
            "{wall:.2}; {:.2} by processor time; {:.1} µs a call of the processor, the bare loop {:.1} µs",
            by(|ratio| ratio.processor),
            by(|ratio| ratio.ours),
            by(|ratio| ratio.bare),
        ),
        wall >= LEAST,
    );
    let programs: Vec<Program> = PROCESSES
        .iter()
        .map(|process| {
            Program::new(bench.binary(), &bench.root)
                .args(process.arguments)
                .against(&stub.url)
                .ends_with(process.code)
        })
        .collect();
    for (process, all) in PROCESSES.iter().zip(in_turns(bench.runs, &programs)?) {
        let spent = median(&all);
        table.goal(
            format!("{}, whole process", process.name),
            format!("at most {} ms", process.goal.as_millis()),
            spent.shown(),
            spent.wall <= process.goal,
        );
    }
    Ok(table)
}

/// What the client and the bare loop took.
struct Ratio {
    /// The client's part of the bare loop's rate, by the clock.
    wall: f64,
    /// The same by processor time.
    processor: f64,
    /// Microseconds of the processor for a call of the client.
    ours: f64,
    /// The same of the bare loop.
    bare: f64,
}

fn ratio(bench: &Bench, url: &str, count: u32) -> Result<Ratio, String> {
    let count_text = count.to_string();
    let lines = said(bench, &["calls", url, &count_text])?;
    let [ours, bare] = lines[..] else {
        return Err("the client and the bare loop say two lines".to_owned());
    };
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count);
    Ok(Ratio {
        wall: bare.0.as_secs_f64() / ours.0.as_secs_f64(),
        processor: bare.1.as_secs_f64() / ours.1.as_secs_f64(),
        ours: each(ours.1),
        bare: each(bare.1),
    })
}

/// What the tool of `crates/bench` measures: time by the clock and of the processor, a pair a line.
///
/// # Errors
/// It fails.
pub fn said(bench: &Bench, arguments: &[&str]) -> Result<Vec<(Duration, Duration)>, String> {
    let output = Command::new(bench.tool())
        .args(arguments)
        .output()
        .map_err(|why| format!("cannot start {}: {why}", bench.tool().display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| {
            let mut numbers = line
                .split(' ')
                .map(|word| word.parse().map(Duration::from_nanos));
            match (numbers.next(), numbers.next()) {
                (Some(Ok(wall)), Some(Ok(processor))) => Ok((wall, processor)),
                _ => Err(format!("no measurement: {line}")),
            }
        })
        .collect()
}
