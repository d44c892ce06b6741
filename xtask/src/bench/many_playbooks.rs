//! How long `runbook check` takes over many playbooks, and how much memory.

use super::Bench;
use super::process::{Program, in_turns, median, megabytes};
use super::table::Table;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many playbooks there are when nothing is said.
const COUNT: usize = 10_000;
/// The lines of the one long playbook.
const LONG: usize = 300;
/// What stands in playbooks that need files beside them.
const NAMING_FILES: [&str; 3] = ["use:", "playbook:Run", ".ics"];

/// Writes playbooks with variations below `target/bench`, and times `check` over them and over one long playbook.
///
/// # Errors
/// A file cannot be written, or a playbook does not check.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let count = if bench.quick { COUNT / 20 } else { COUNT };
    let folder = bench.folder("many-playbooks")?;
    let lines = write(&bench.root, &folder, count)?;
    let check = |name: &str| {
        Program::new(bench.binary(), &bench.root)
            .args(["check".into(), folder.join(name).into_os_string()])
    };
    let programs = [check("all"), check("long.yaml")];
    let mut table = Table::default();
    let whats = [
        format!("`check` of {count} playbooks ({lines} lines)"),
        format!("`check` of one playbook of {LONG} lines, generated"),
    ];
    let goals = [
        (Duration::from_secs(3), 300.0),
        (Duration::from_millis(15), 30.0),
    ];
    let all = in_turns(bench.runs, &programs)?;
    for ((what, (wall, memory)), all) in whats.into_iter().zip(goals).zip(all) {
        let spent = median(&all);
        table.goal(
            what,
            format!("at most {} ms, {memory} MB", wall.as_millis()),
            spent.shown(),
            spent.wall <= wall && megabytes(spent.memory) <= memory,
        );
    }
    Ok(table)
}

/// Writes the playbooks and says how many lines they have.
fn write(root: &Path, folder: &Path, count: usize) -> Result<usize, String> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |why: std::io::Error| format!("cannot write {path}: {why}")
    };
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed(folder))?;
    }
    let shipped = shipped(root)?;
    let reads = reads(count);
    let mut lines = 0;
    for number in 0..count {
        // As a team has them: some folders with some playbooks each.
        let place = folder.join(format!("all/{:03}/play-{number:05}.yaml", number / 100));
        let parent = place.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(failed(parent))?;
        let text = match shipped.get(number % (2 * shipped.len().max(1))) {
            Some(text) => varied(text, number),
            None => generated(&reads, number, 4),
        };
        lines += text.lines().count();
        fs::write(&place, text).map_err(failed(&place))?;
    }
    let long = folder.join("long.yaml");
    let steps = (LONG - 3) / 6;
    fs::write(&long, generated(&reads, 0, steps)).map_err(failed(&long))?;
    Ok(lines)
}

/// The shipped playbooks that need no other file.
fn shipped(root: &Path) -> Result<Vec<String>, String> {
    let mut open = vec![root.join("playbooks"), root.join("examples")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|why| why.to_string())? {
            let path = entry.map_err(|why| why.to_string())?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".yaml")
                && !path.to_string_lossy().ends_with(".scenarios.yaml")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    let texts = files
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    Ok(texts
        .filter(|text| text.contains("\nplaybook: v1") || text.starts_with("playbook: v1"))
        .filter(|text| NAMING_FILES.iter().all(|word| !text.contains(word)))
        .collect())
}

/// A shipped playbook with a title and values of its own.
fn varied(text: &str, number: usize) -> String {
    let mut varied: String = text
        .lines()
        .map(|line| match line.strip_prefix("title: ") {
            Some(title) if !title.starts_with(['"', '\'']) => format!("title: {title} {number}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let _ = writeln!(varied, "# variation {number}");
    varied
}

/// Operations that read and need no argument, of as many services as there are, so that no service is more likely than
/// another.
fn reads(count: usize) -> Vec<String> {
    let registry = Registry::new();
    let mut found = Vec::new();
    for service in registry.services().into_iter().take(count.max(60)) {
        let operations = registry.operations(service).into_iter();
        found.extend(
            operations
                .filter(|name| name.contains(":List") || name.contains(":Describe"))
                .filter(|name| {
                    registry.action(name).is_ok_and(|action| {
                        action.effects.iter().all(|effect| *effect == Effect::Read)
                            && takes_nothing(&action.input)
                    })
                })
                .take(5),
        );
    }
    found
}

/// Whether a call needs no argument.
fn takes_nothing(input: &Type) -> bool {
    match input {
        Type::Structure(structure) => structure
            .member_names()
            .iter()
            .all(|name| structure.member(name).is_none_or(|member| !member.required)),
        _ => false,
    }
}

/// A health check of some steps over operations of several services.
fn generated(reads: &[String], number: usize, steps: usize) -> String {
    let mut text = format!("playbook: v1\ntitle: Reads {number}\ncheck:\n");
    for step in 0..steps {
        // A stride that is prime to the number of operations visits them all.
        let at = (number * steps + step) * 7919 % reads.len().max(1);
        let action = reads.get(at).map_or("ecs:ListClusters", String::as_str);
        let _ = write!(
            text,
            "  step_{step}:\n    title: Read {step} of {number}\n    action: {action}\n    timeout: {}s\n    assert:\n      - {{that: result is defined, message: \"answer {step} of ${{{{ now }}}}\"}}\n",
            10 + number % 50
        );
    }
    text
}
