//! How many instructions the release binary executes for what people wait for, against committed budgets.
//!
//! Instructions do not depend on what else the machine does, so a few percent more are a change of the program. They depend on
//! the compiler and a little on the processor's features.

use super::{binary, debian};
use crate::bench;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const VALGRIND: &str = "/usr/bin/valgrind";
const BUDGETS: &str = "tests/instructions.toml";
const TABLE: &str = "[instructions]";

/// The steps of the generated playbook.
const STEPS: usize = 100;

/// `tests/instructions.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    /// The part of a budget that may be gone above or below it.
    tolerance: f64,
    /// Instructions by name.
    instructions: BTreeMap<String, u64>,
}

/// Counts them and compares.
///
/// # Errors
/// Names what takes more than its budget, or so much less that the budget should be lowered.
pub(super) fn check(root: &Path) -> Result<(), String> {
    match debian::have(VALGRIND, "valgrind") {
        Err(why) if !debian::is_disposable() => {
            println!("not reached: instructions were not counted: {why}");
            return Ok(());
        }
        there => there?,
    }
    let text = fs::read_to_string(root.join(BUDGETS)).map_err(|why| format!("{BUDGETS}: {why}"))?;
    let budgets: Budgets = toml::from_str(&text).map_err(|why| format!("{BUDGETS}: {why}"))?;
    if budgets.instructions.is_empty() {
        println!(
            "not reached: {BUDGETS} has no budgets yet; `cargo xtask instructions --write` writes them"
        );
        return Ok(());
    }
    let mut problems = String::new();
    for (name, counted) in counts(root)? {
        let budget = *budgets
            .instructions
            .get(name)
            .ok_or_else(|| format!("{BUDGETS} has no budget for {name}"))?;
        #[expect(clippy::cast_precision_loss, reason = "a share with one digit")]
        let share = counted as f64 / budget as f64 - 1.0;
        let compared = format!(
            "{name}: {counted} instructions, {:+.1} % of the budget {budget}",
            share * 100.0
        );
        println!("{compared}");
        if share.abs() > budgets.tolerance {
            let _ = write!(problems, "\n  {compared}");
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "other numbers of instructions than {BUDGETS} allows:{problems}\nto see where they are spent: `cargo build --profile profiling`, then \
         `valgrind --tool=callgrind target/profiling/runbook …` and `callgrind_annotate`; if they are worth it, or fewer than before, \
         `cargo xtask instructions --write` and say why in the commit"
    ))
}

/// `cargo xtask instructions --write`: makes what the release binary executes now the budget.
///
/// # Errors
/// Valgrind or the release binary is not there, or the file cannot be written.
pub(crate) fn write(root: &Path, arguments: &[String]) -> Result<(), String> {
    if !matches!(arguments, [flag] if flag == "--write") {
        return Err("usage: cargo xtask instructions --write".to_owned());
    }
    debian::have(VALGRIND, "valgrind")?;
    let text = fs::read_to_string(root.join(BUDGETS)).map_err(|why| format!("{BUDGETS}: {why}"))?;
    let (mut kept, _) = text
        .split_once(TABLE)
        .map(|(before, after)| (before.to_owned(), after))
        .ok_or_else(|| format!("{BUDGETS} has no {TABLE}"))?;
    let _ = writeln!(kept, "{TABLE}");
    for (name, counted) in counts(root)? {
        let _ = writeln!(kept, "{name} = {counted}");
    }
    fs::write(root.join(BUDGETS), kept).map_err(|why| format!("{BUDGETS}: {why}"))
}

/// What the release binary executes, by name.
fn counts(root: &Path) -> Result<Vec<(&'static str, u64)>, String> {
    let largest = bench::largest(root)?;
    let folder = hundred_steps(root)?;
    let words = |words: &[&str]| words.iter().map(PathBuf::from).collect::<Vec<_>>();
    let path = largest.to_string_lossy();
    Ok(vec![
        ("check", count(root, &words(&["check", &path]), root)?),
        ("plan", count(root, &words(&["plan", &path]), root)?),
        (
            "run",
            count(
                root,
                &words(&["run", "hundred", "--scenario", "fine"]),
                &folder,
            )?,
        ),
    ])
}

/// The instructions of one process.
fn count(root: &Path, words: &[PathBuf], folder: &Path) -> Result<u64, String> {
    let log = root.join("target/instructions/callgrind.log");
    let state = root.join("target/instructions/state");
    if state.exists() {
        fs::remove_dir_all(&state).map_err(|why| why.to_string())?;
    }
    let mut command = Command::new(VALGRIND);
    let status = command
        .current_dir(folder)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", log.display()))
        .arg(binary(root).get_program())
        .args(words)
        .env_clear()
        .env("XDG_STATE_HOME", &state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|why| format!("cannot start {command:?}: {why}"))?;
    if !status.success() {
        return Err(format!("{command:?} ended with {status}"));
    }
    let text = fs::read_to_string(&log).map_err(|why| why.to_string())?;
    text.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .ok_or_else(|| format!("callgrind says no count: {text}"))
}

/// Writes a playbook of so many steps, each of which reads, keeps something, judges, and uses what the one before kept.
fn hundred_steps(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join("target/instructions");
    let failed = |why: std::io::Error| format!("cannot write {}: {why}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut text = String::from("playbook: v1\ntitle: A hundred steps\ncheck:\n");
    for step in 0..STEPS {
        let wanted = match step.checked_sub(1) {
            Some(before) => format!("step_{before}.running"),
            None => "2".to_owned(),
        };
        let _ = write!(
            text,
            "  step_{step}:\n    action: ecs:DescribeServices\n    with: {{cluster: shop, services: [\"web-${{{{ {wanted} }}}}\"]}}\n    \
             capture: {{running: \"$.services[0].runningCount\"}}\n    assert:\n      \
             - {{that: running == {wanted}, message: \"${{{{ running }}}} tasks in step {step}\"}}\n",
        );
    }
    fs::write(folder.join("hundred.yaml"), text).map_err(failed)?;
    let scenarios = "scenarios:\n  fine:\n    actions:\n      ecs:DescribeServices:\n        - return: {services: [{serviceName: web, status: ACTIVE, desiredCount: 2, runningCount: 2}], failures: []}\n";
    fs::write(folder.join("hundred.scenarios.yaml"), scenarios).map_err(failed)?;
    Ok(folder)
}
