//! What a step costs in runs of 100 to 10,000, and the memory that they need.

use super::Bench;
use super::process::{Program, Spent, median, megabytes};
use super::table::Table;
use crate::growth::slope;
use std::fs;
use std::path::Path;

/// How many steps the runs have.
const COUNTS: [u32; 5] = [100, 300, 1_000, 3_000, 10_000];

/// Runs of at most so many steps are short,
const SHORT: u32 = 1_000;

/// and are measured so many times as often.
const OFTEN: usize = 5;

/// The most that the cost of all steps may grow with their number.
const STEEPEST: f64 = 1.05;

/// The most memory of the largest run, in megabytes.
const MOST: f64 = 80.0;

/// A kind of run.
struct Series {
    name: &'static str,
    step: &'static str,
    scenario: bool,
}

impl Series {
    /// The graph in which its step may stand.
    fn graph(&self) -> &'static str {
        if self.scenario { "resolve" } else { "diagnose" }
    }
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

/// Measures runs of both kinds and of all lengths.
///
/// # Errors
/// A run does not end well.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let folder = bench.folder("long-runs")?;
    let mut table = Table::default();
    for series in &SERIES {
        let counts = if bench.quick { &COUNTS[..3] } else { &COUNTS };
        let spent: Vec<Spent> = std::iter::once(&1)
            .chain(counts)
            .map(|count| repeated(bench, *count, &program(bench, &folder, series, *count)?))
            .collect::<Result<_, _>>()?;
        let Some((empty, runs)) = spent.split_first() else {
            continue;
        };
        let mut points = Vec::new();
        for (count, spent) in counts.iter().zip(runs) {
            let own = spent
                .processor
                .saturating_sub(empty.processor)
                .as_secs_f64();
            let steps = f64::from(*count);
            points.push((steps.ln(), own.max(1e-6).ln()));
            let what = format!("{count} {} in one run", series.name);
            let measured = format!(
                "{:.0} µs of processor time a step; {}",
                own * 1e6 / steps,
                spent.shown()
            );
            if *count == COUNTS[COUNTS.len() - 1] {
                let memory = megabytes(spent.memory);
                table.goal(what, format!("at most {MOST} MB"), measured, memory <= MOST);
            } else {
                table.row(what, measured);
            }
        }
        let slope = slope(&points);
        table.goal(
            format!("{}, exponent of growth", series.name),
            format!("at most {STEEPEST}"),
            format!("{slope:.3}"),
            slope <= STEEPEST,
        );
    }
    table.note("Reads are `data:Diff`, which asks nobody; writes are `ecs:UpdateService` in a scenario, which keeps its own record of every call in memory and in a file. Both have a journal. A step's processor time is that of the process less that of a run with one item.");
    Ok(table)
}

/// Medians of a program that begins with no journal, run after run, so that each length finds the processor's memory as it leaves
/// it. What short runs take for their steps is a small part of what they take: they are measured more often.
fn repeated(bench: &Bench, count: u32, program: &Program) -> Result<Spent, String> {
    let state = bench.root.join("target/bench/long-runs/state");
    let often = if count <= SHORT { OFTEN } else { 1 };
    let mut all = Vec::new();
    for _ in 0..bench.runs * often {
        if state.exists() {
            fs::remove_dir_all(&state).map_err(|why| why.to_string())?;
        }
        all.push(program.once()?);
    }
    Ok(median(&all))
}

/// A run with so many steps.
fn program(bench: &Bench, folder: &Path, series: &Series, count: u32) -> Result<Program, String> {
    let failed = |why: std::io::Error| why.to_string();
    let (graph, name) = (series.graph(), format!("{}-{count}", series.name));
    let playbook = format!(
        "playbook: v1\ntitle: Many steps\ninputs:\n  items: {{type: list, items: integer}}\n{graph}:\n  all: {}, each: {{in: inputs.items, as: item, max: {count}}}}}\n",
        series.step
    );
    fs::write(folder.join(format!("{name}.yaml")), playbook).map_err(failed)?;
    let items: Vec<String> = (1..=count).map(|item| item.to_string()).collect();
    let inputs = format!("{{\"items\": [{}]}}", items.join(","));
    fs::write(folder.join(format!("{name}.json")), inputs).map_err(failed)?;
    let scenarios = "scenarios:\n  fine:\n    actions:\n      ecs:UpdateService: [{return: {}}]\n";
    fs::write(folder.join(format!("{name}.scenarios.yaml")), scenarios).map_err(failed)?;
    let program = Program::new(bench.binary(), folder)
        .args(["run", &name, "--inputs", &format!("{name}.json")])
        .args(["-q", "--yes"])
        .state(&folder.join("state"));
    Ok(if series.scenario {
        program.args(["--scenario", "fine"])
    } else {
        program
    })
}
