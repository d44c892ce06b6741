//! `cargo xtask bench`: every speed and size that has a goal, measured in one run on one machine.

mod binary;
mod calls;
mod commands;
mod long_runs;
mod machine;
mod many_playbooks;
mod peers;
pub mod process;
mod reads;
mod stub;
mod table;
mod workload;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use table::Table;

pub use commands::largest;

const USAGE: &str = "usage: cargo xtask bench [--only WORD]… [--runs N] [--quick] [--write] [--peers DIR] [--clean-build] [--no-build]

  --only WORD    the parts whose names hold this word
  --runs N       runs of each, of which the median counts [10]
  --quick        three runs of each, and fewer calls and files: to see that it works
  --write        the tables go into docs/benchmarks.md; all parts must be measured
  --peers DIR    scripts that do the same with other tools [../shared/bench]
  --no-build     what stands in target/release is measured, whatever it was built from
  --clean-build  a release build from nothing, in a folder of its own; it takes minutes";

/// What to measure, and with what.
pub struct Bench {
    root: PathBuf,
    /// Runs of each, of which the median counts.
    runs: usize,
    quick: bool,
    /// The scripts that do the same with other tools.
    peers: PathBuf,
    clean_build: bool,
    build: bool,
}

/// Some rows that belong together.
struct Part {
    name: &'static str,
    measure: fn(&Bench) -> Result<Table, String>,
}

const PARTS: [Part; 7] = [
    Part {
        name: "memory-leak workload",
        measure: workload::measure,
    },
    Part {
        name: "calls",
        measure: calls::measure,
    },
    Part {
        name: "reads in one run",
        measure: reads::measure,
    },
    Part {
        name: "commands",
        measure: commands::measure,
    },
    Part {
        name: "many playbooks",
        measure: many_playbooks::measure,
    },
    Part {
        name: "long runs",
        measure: long_runs::measure,
    },
    Part {
        name: "binary",
        measure: binary::measure,
    },
];

/// Measures, prints, and says at the end which goals were missed.
///
/// # Errors
/// What could not be built, started or measured. A missed goal is no error: the tables say it.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let (bench, only, write) = read(root, arguments)?;
    let chosen: Vec<&Part> = PARTS
        .iter()
        .filter(|part| only.is_empty() || only.iter().any(|word| part.name.contains(word.as_str())))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!(
            "no part is called so; there are: {}",
            names.join(", ")
        ));
    }
    if write && (bench.quick || !bench.build || chosen.len() < PARTS.len()) {
        return Err("--write needs all parts, built and measured in full".to_owned());
    }
    if bench.build {
        bench.build()?;
    }
    let mut tables = Vec::new();
    for part in chosen {
        let started = Instant::now();
        let table = (part.measure)(&bench).map_err(|why| format!("{}: {why}", part.name))?;
        println!("\n{}", table.text(part.name));
        println!("({:.0} s)", started.elapsed().as_secs_f64());
        tables.push((part.name, table));
    }
    let machine = machine::described(&bench);
    println!("\n{machine}");
    for (name, table) in &tables {
        for missed in table.missed() {
            println!("missed: {name}: {missed}");
        }
    }
    if write {
        let parts: Vec<String> = tables
            .iter()
            .map(|(name, table)| {
                format!("### {}\n\n{}", table::capitalized(name), table.markdown())
            })
            .collect();
        table::write(
            &bench.root.join("docs/benchmarks.md"),
            &format!("{machine}\n\n{}", parts.join("\n")),
        )?;
    }
    Ok(())
}

/// Reads the command line.
fn read(root: &Path, arguments: &[String]) -> Result<(Bench, Vec<String>, bool), String> {
    let mut bench = Bench {
        root: root.to_path_buf(),
        runs: 10,
        quick: false,
        peers: root.join("../shared/bench"),
        clean_build: false,
        build: true,
    };
    let (mut only, mut write) = (Vec::new(), false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(USAGE);
        match word.as_str() {
            "--only" => only.push(value()?.clone()),
            "--runs" => bench.runs = value()?.parse().map_err(|_| USAGE)?,
            "--peers" => bench.peers = PathBuf::from(value()?),
            "--quick" => bench.quick = true,
            "--write" => write = true,
            "--no-build" => bench.build = false,
            "--clean-build" => bench.clean_build = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    if bench.quick {
        bench.runs = 3;
    }
    if bench.runs == 0 {
        return Err(USAGE.to_owned());
    }
    Ok((bench, only, write))
}

impl Bench {
    /// The program that is measured.
    fn binary(&self) -> PathBuf {
        self.root.join("target/release/runbook")
    }

    /// What is started beside it: `crates/bench`.
    fn tool(&self) -> PathBuf {
        self.root.join("target/release/runbook-bench")
    }

    /// A folder for what is measured, empty.
    fn folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.root.join("target/bench").join(name);
        let failed = |why: std::io::Error| format!("cannot write {}: {why}", folder.display());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Ok(folder)
    }

    fn build(&self) -> Result<(), String> {
        // One at a time: together, cargo would give them each other's features.
        for package in ["runbook", "runbook-bench"] {
            let built = Command::new(env!("CARGO"))
                .current_dir(&self.root)
                .args(["build", "--release", "--locked", "--package", package])
                .status()
                .map_err(|why| format!("cannot start cargo: {why}"))?;
            if !built.success() {
                return Err(format!("{package} does not build"));
            }
        }
        Ok(())
    }
}
