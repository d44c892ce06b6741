//! The size of the release binary, and how long it takes to build it from nothing.

use super::Bench;
use super::table::Table;
use std::process::Command;
use std::time::{Duration, Instant};

/// The most bytes.
const BYTES: u64 = 25_000_000;
/// The longest build from nothing.
const BUILD: Duration = Duration::from_mins(5);

/// Measures both; the build only where it is asked for.
///
/// # Errors
/// There is no binary, or it does not build.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let mut table = Table::default();
    let size = std::fs::metadata(bench.binary())
        .map_err(|why| format!("no release binary: {why}"))?
        .len();
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let shown = size as f64 / 1e6;
    table.goal(
        "release binary, stripped, catalogue included",
        "at most 25 MB",
        format!("{shown:.1} MB ({size} bytes)"),
        size <= BYTES,
    );
    if !bench.clean_build {
        table.row(
            "release build from nothing, 2 cores",
            "not measured in this run (`--clean-build`)",
        );
        return Ok(table);
    }
    let folder = bench.folder("clean-build")?;
    let started = Instant::now();
    let built = Command::new(env!("CARGO"))
        .current_dir(&bench.root)
        .args(["build", "--release", "--locked", "--package", "runbook"])
        .args(["--jobs", "2", "--target-dir"])
        .arg(&folder)
        .status()
        .map_err(|why| format!("cannot start cargo: {why}"))?;
    let took = started.elapsed();
    if !built.success() {
        return Err("the release binary does not build".to_owned());
    }
    // It has a gigabyte.
    std::fs::remove_dir_all(&folder).map_err(|why| why.to_string())?;
    table.goal(
        "release build from nothing, 2 cores",
        "at most 5 min",
        format!("{:.1} min", took.as_secs_f64() / 60.0),
        took <= BUILD,
    );
    Ok(table)
}
