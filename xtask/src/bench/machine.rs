//! What it was measured on and with.

use super::Bench;
use std::fs;
use std::process::Command;

/// A paragraph with the machine, the versions and the way to repeat it.
pub fn described(bench: &Bench) -> String {
    let system = said(Command::new("uname").args(["-srm"]));
    let compiler = said(Command::new("rustc").arg("--version"));
    let python = said(Command::new("python3").arg("--version"));
    let revision =
        said(
            Command::new("git")
                .current_dir(&bench.root)
                .args(["rev-parse", "--short", "HEAD"]),
        );
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    format!(
        "Medians of {} runs after one that does not count, peers in turns with the program. {cores} cores of {}, {} of memory, {system}; \
         {compiler}, {python}; revision {revision}; load at the end {load}. To repeat it: `cargo xtask bench --write`.",
        bench.runs,
        processor(),
        memory(),
    )
}

fn said(command: &mut Command) -> String {
    let output = command.output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// What Linux calls the processor.
fn processor() -> String {
    field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned())
}

fn memory() -> String {
    let kib: Option<u64> = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse().ok());
    kib.map_or_else(
        || "an unknown amount".to_owned(),
        |kib| format!("{} GiB", kib.div_ceil(1024 * 1024)),
    )
}

/// The value of the first line `name : value` of a file.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}
