//! Commands that people wait for: a check, a plan, a run in a scenario.

use super::Bench;
use super::process::{Program, in_turns, median, megabytes};
use super::table::Table;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A command, and the most that it may take.
struct Command {
    name: String,
    program: Program,
    wall: Option<Duration>,
    /// Megabytes.
    memory: Option<f64>,
}

/// Measures them.
///
/// # Errors
/// One does not do its work.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let commands = commands(bench)?;
    let programs: Vec<Program> = commands.iter().map(|one| one.program.clone()).collect();
    let mut table = Table::default();
    for (command, all) in commands.iter().zip(in_turns(bench.runs, &programs)?) {
        let spent = median(&all);
        let mut goal = Vec::new();
        let mut met = true;
        if let Some(wall) = command.wall {
            goal.push(format!("{} ms", wall.as_millis()));
            met &= spent.wall <= wall;
        }
        if let Some(memory) = command.memory {
            goal.push(format!("{memory} MB"));
            met &= megabytes(spent.memory) <= memory;
        }
        if goal.is_empty() {
            table.row(&command.name, spent.shown());
        } else {
            let goal = format!("at most {}", goal.join(", "));
            table.goal(&command.name, goal, spent.shown(), met);
        }
    }
    Ok(table)
}

fn commands(bench: &Bench) -> Result<Vec<Command>, String> {
    let largest = largest(&bench.root)?;
    let state = bench.folder("commands")?;
    let command = |name: &str, words: &[&str], wall: Option<u64>, memory: Option<f64>| Command {
        name: name.to_owned(),
        program: Program::new(bench.binary(), &bench.root)
            .args(words)
            .state(&state),
        wall: wall.map(Duration::from_millis),
        memory,
    };
    let path = largest.to_string_lossy();
    Ok(vec![
        command(
            &format!("`check` of the largest playbook (`{path}`)"),
            &["check", &path],
            Some(15),
            Some(30.0),
        ),
        command(
            "`check playbooks examples`",
            &["check", "playbooks", "examples"],
            None,
            None,
        ),
        command(
            &format!("`plan` of the largest playbook (`{path}`)"),
            &["plan", &path],
            Some(30),
            None,
        ),
        command(
            "`run acso/memory-leak --scenario leaking`",
            &[
                "run",
                "playbooks/acso/memory-leak.yaml",
                "--scenario",
                "leaking",
                "--yes",
            ],
            Some(30),
            Some(50.0),
        ),
        command(
            "`actions search scale service`",
            &["actions", "search", "scale", "service"],
            None,
            None,
        ),
        command("`--version`", &["--version"], None, None),
    ])
}

/// The shipped playbook with the most lines, below the project.
///
/// # Errors
/// The folder cannot be read.
pub fn largest(root: &Path) -> Result<PathBuf, String> {
    let mut open = vec![root.join("playbooks")];
    let mut largest = (0, PathBuf::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|why| why.to_string())? {
            let path = entry.map_err(|why| why.to_string())?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.to_string_lossy();
            if name.ends_with(".scenarios.yaml") || !name.ends_with(".yaml") {
                continue;
            }
            let lines = fs::read_to_string(&path).map_or(0, |text| text.lines().count());
            // Of two as long ones the first by name, wherever the system lists it.
            if lines > largest.0 || (lines == largest.0 && path < largest.1) {
                largest = (lines, path);
            }
        }
    }
    let path = largest.1;
    Ok(path
        .strip_prefix(root)
        .map(Path::to_path_buf)
        .unwrap_or(path))
}
