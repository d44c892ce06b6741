//! `cargo xtask plans --write|--check`: the plans of all shipped playbooks and examples, as text, below `tests/plans/`.
//!
//! A playbook is planned with its defaults, and once for each `tests/plans/PATH.VARIANT.inputs.yaml`. One whose inputs have no
//! defaults has variants only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A plan: where it is kept, and what is planned.
struct Golden {
    file: PathBuf,
    playbook: String,
    inputs: Option<PathBuf>,
}

/// Writes the plans, or says which differ.
///
/// # Errors
/// Names the plans that differ, and what cannot be planned.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let write = match arguments {
        [flag] if flag == "--write" => true,
        [flag] if flag == "--check" => false,
        _ => return Err("usage: cargo xtask plans --write|--check".to_owned()),
    };
    let built = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["build", "--quiet", "--locked", "--package", "runbook"])
        .status()
        .map_err(|why| format!("cannot start cargo: {why}"))?;
    if !built.success() {
        return Err("the program does not build".to_owned());
    }
    let mut stale = Vec::new();
    let mut count = 0;
    for golden in all(root)? {
        let text = plan(root, &golden)?;
        count += 1;
        if write {
            if let Some(folder) = golden.file.parent() {
                fs::create_dir_all(folder).map_err(|why| why.to_string())?;
            }
            fs::write(&golden.file, text)
                .map_err(|why| format!("cannot write {}: {why}", golden.file.display()))?;
        } else if fs::read_to_string(&golden.file).ok().as_deref() != Some(&text) {
            stale.push(shown(root, &golden.file));
        }
    }
    if !stale.is_empty() {
        return Err(format!(
            "other plans than before: {}; run `cargo xtask plans --write`, and read what changed",
            stale.join(", ")
        ));
    }
    println!("plans: {count} are as they were accepted");
    Ok(())
}

fn shown(root: &Path, file: &Path) -> String {
    file.strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string()
}

/// Every plan that is kept.
fn all(root: &Path) -> Result<Vec<Golden>, String> {
    let mut playbooks = Vec::new();
    for folder in ["examples", "playbooks"] {
        below(&root.join(folder), &mut playbooks)?;
    }
    playbooks.sort();
    let mut found = Vec::new();
    for playbook in playbooks {
        let path = shown(root, &playbook);
        let Some(stem) = path.strip_suffix(".yaml") else {
            continue;
        };
        let text = fs::read_to_string(&playbook).map_err(|why| format!("{path}: {why}"))?;
        if path.ends_with(".scenarios.yaml")
            || !text.lines().any(|line| line.starts_with("playbook: v"))
        {
            continue;
        }
        let kept = root.join("tests/plans").join(stem);
        let name = kept
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let folder = kept.parent().unwrap_or(root).to_path_buf();
        let mut variants: Vec<String> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|file| file.starts_with(&format!("{name}.")) && file.ends_with(".inputs.yaml"))
            .collect();
        variants.sort();
        // A playbook that needs inputs is planned with those that stand beside its plan.
        if !variants
            .iter()
            .any(|file| *file == format!("{name}.inputs.yaml"))
        {
            found.push(Golden {
                file: folder.join(format!("{name}.txt")),
                playbook: path.clone(),
                inputs: None,
            });
        }
        for variant in variants {
            let stem = variant.trim_end_matches(".inputs.yaml");
            found.push(Golden {
                file: folder.join(format!("{stem}.txt")),
                playbook: path.clone(),
                inputs: Some(folder.join(&variant)),
            });
        }
    }
    Ok(found)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            below(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            found.push(path);
        }
    }
    Ok(())
}

fn plan(root: &Path, golden: &Golden) -> Result<String, String> {
    let mut command = Command::new(root.join("target/debug/runbook"));
    command
        .current_dir(root)
        .args(["plan", "--color", "never", &golden.playbook]);
    if let Some(inputs) = &golden.inputs {
        command.arg("--inputs").arg(inputs);
    }
    let output = command
        .output()
        .map_err(|why| format!("cannot start {command:?}: {why}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} cannot be planned: {said}", golden.playbook));
    }
    String::from_utf8(output.stdout).map_err(|why| why.to_string())
}
