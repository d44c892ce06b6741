//! `cargo xtask fleet-rate`: what fleets take, in one process and on a Restate server.

mod embedded;
mod restate;

use std::path::{Path, PathBuf};

const USAGE: &str = "usage: cargo xtask fleet-rate [--restate] [--quick] [--debug | --binary PATH [--tool PATH]]

  --restate      fleets that workers carry, on a server that npm installs below target/; else those of one process
  --quick        fewer targets and steps: to see that it works
  --debug        what stands in target/debug; else in target/release
  --binary PATH  this program is measured
  --tool PATH    this `runbook-bench` is started beside it [where the program is]";

/// Measures fleets, and says which goals were missed.
///
/// # Errors
/// Something is not built, does not end well, or misses its goal.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let mut binary = root.join("target/release/runbook");
    let (mut tool, mut on_restate, mut quick) = (None, false, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut path = || words.next().map(PathBuf::from).ok_or(USAGE);
        match word.as_str() {
            "--restate" => on_restate = true,
            "--quick" => quick = true,
            "--debug" => binary = root.join("target/debug/runbook"),
            "--binary" => binary = path()?,
            "--tool" => tool = Some(path()?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let tool = tool.unwrap_or_else(|| binary.with_file_name("runbook-bench"));
    let there = |path: PathBuf| {
        let found = path.canonicalize();
        found.map_err(|why| format!("{}: {why}; build it first", path.display()))
    };
    let binary = there(binary)?;
    let missed = if on_restate {
        restate::measure(root, &binary, &there(tool)?, quick)?
    } else {
        embedded::measure(root, &binary, quick)?
    };
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("missed: {}", missed.join("; ")))
    }
}
