//! `cargo xtask fuzz`: what reads files is fed what no person would write.

use runbook_playbook::source::Source;
use runbook_playbook::yaml::{self, Node, NodeKind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// The targets of `fuzz/`, in the order in which they run.
const TARGETS: [&str; 5] = ["yaml", "expression", "jsonpath", "checker", "import"];
/// How many inputs of a target are kept in the repository.
const KEPT: usize = 60;
/// The largest input that is kept, in bytes.
const LARGEST: u64 = 2048;

/// Runs every target, or those that are named, one after the other. New inputs lie below `target/`; with `--keep` some of
/// them are put into `fuzz/corpus/`.
///
/// # Errors
/// Says what is missing, or which target found something.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let mut minutes = 10;
    let mut keep = false;
    let mut chosen: Vec<&str> = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--minutes" => {
                let given = arguments.next().and_then(|number| number.parse().ok());
                minutes = given.ok_or("`--minutes` takes a whole number")?;
            }
            "--keep" => keep = true,
            target if TARGETS.contains(&target) => chosen.push(target),
            other => {
                return Err(format!(
                    "there is no target `{other}`; there are {}",
                    TARGETS.join(", ")
                ));
            }
        }
    }
    let installed = Command::new(env!("CARGO"))
        .args(["fuzz", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        return Err("cargo-fuzz is not there: `cargo install cargo-fuzz`, and `rustup toolchain install nightly`".to_owned());
    }
    seeds(root).map_err(|why| format!("the seeds cannot be written: {why}"))?;
    for target in TARGETS {
        if chosen.is_empty() || chosen.contains(&target) {
            fuzz(root, target, minutes)?;
            if keep {
                kept(root, target).map_err(|why| format!("the corpus cannot be kept: {why}"))?;
            }
        }
    }
    Ok(())
}

fn grown(root: &Path, target: &str) -> PathBuf {
    root.join("target/fuzz/grown").join(target)
}

fn seeded(root: &Path, target: &str) -> PathBuf {
    root.join("target/fuzz/seeds").join(target)
}

fn corpus(root: &Path, target: &str) -> PathBuf {
    root.join("fuzz/corpus").join(target)
}

/// Without a sanitizer: the code is safe, and panics, overflows and endless work are found without one.
fn fuzz(root: &Path, target: &str, minutes: u64) -> Result<(), String> {
    println!("── {target}, {minutes} minutes");
    let folders = [
        grown(root, target),
        corpus(root, target),
        seeded(root, target),
    ];
    for folder in &folders {
        fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["+nightly", "fuzz", "run", "--sanitizer", "none", target])
        .args(folders)
        .args(["--", "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"])
        .arg(format!("-max_total_time={}", minutes * 60))
        .status()
        .map_err(|why| format!("cargo fuzz does not start: {why}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!(
            "{target} found something; the input lies in fuzz/artifacts/{target}"
        ))
    }
}

/// Writes what the targets begin from: files of the project, and the expressions and paths in them.
fn seeds(root: &Path) -> io::Result<()> {
    let mut texts: BTreeSet<String> = BTreeSet::new();
    let mut folders = ["playbooks", "examples", "tests/check"]
        .map(|name| root.join(name))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                texts.insert(fs::read_to_string(path)?);
            }
        }
    }
    let (mut expressions, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for text in &texts {
        if let Some(node) = yaml::read(&Source::new("seed.yaml", text.as_str()), &mut Vec::new()) {
            scalars(&node, "", &mut expressions, &mut paths);
        }
    }
    let commands = fs::read_to_string(root.join("crates/import/tests/commands.jsonl"))?;
    let mut pages: BTreeSet<String> = commands
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|case| {
            Some(format!(
                "# A\n## B\n```bash\n{}\n```\n",
                case["command"].as_str()?
            ))
        })
        .collect();
    for entry in fs::read_dir(root.join("docs"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            pages.insert(fs::read_to_string(path)?);
        }
    }
    for (target, seeds) in TARGETS
        .into_iter()
        .zip([&texts, &expressions, &paths, &texts, &pages])
    {
        let folder = seeded(root, target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("{number:04}")), seed)?;
        }
    }
    Ok(())
}

/// Sorts the scalars of a file into expressions and paths.
fn scalars(
    node: &Node,
    key: &str,
    expressions: &mut BTreeSet<String>,
    paths: &mut BTreeSet<String>,
) {
    match &node.kind {
        NodeKind::Scalar { text, .. } => {
            if text.starts_with("$.") || text.starts_with("$[") {
                paths.insert(text.clone());
            } else if matches!(key, "that" | "value" | "when" | "chart" | "table") {
                expressions.insert(text.clone());
            }
            for piece in text.split("${{").skip(1) {
                let inner = piece.split("}}").next().unwrap_or_default();
                expressions.insert(inner.trim().to_owned());
            }
        }
        NodeKind::List(items) => items
            .iter()
            .for_each(|item| scalars(item, key, expressions, paths)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                scalars(value, key, expressions, paths);
            }
        }
    }
}

/// Puts some of what was found into the repository: small inputs, of all sizes up to a bound.
fn kept(root: &Path, target: &str) -> io::Result<()> {
    let mut files: Vec<(u64, PathBuf)> = Vec::new();
    for folder in [grown(root, target), corpus(root, target)] {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let size = entry.metadata()?.len();
            if size <= LARGEST {
                files.push((size, entry.path()));
            }
        }
    }
    files.sort();
    let step = files.len().div_ceil(KEPT).max(1);
    let chosen: Vec<Vec<u8>> = files
        .iter()
        .step_by(step)
        .map(|(_, path)| fs::read(path))
        .collect::<io::Result<_>>()?;
    let folder = corpus(root, target);
    fs::remove_dir_all(&folder)?;
    fs::create_dir_all(&folder)?;
    for (number, bytes) in chosen.iter().enumerate() {
        fs::write(folder.join(format!("{number:03}")), bytes)?;
    }
    println!("{} inputs kept of {}", chosen.len(), files.len());
    Ok(())
}
