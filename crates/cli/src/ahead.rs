//! Models of services, read on another thread while the playbook that names them is.
//!
//! What is found here is only when a model is read, never what is read: whoever needs a model that is not there yet waits for
//! it, or reads it.

use crate::locate::Located;
use crate::shelf::beside;
use runbook_registry::model::catalogue::catalogue;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;

/// The most files that are looked into.
const FILES: usize = 64;
/// The most of a file that is looked into, in bytes.
const BYTES: u64 = 1 << 20;

/// Begins to read the models of the services that a playbook names, and those that it runs.
pub fn models(located: &Located) {
    let (root, file) = (located.root.clone(), located.file.clone());
    let id = located.id.clone();
    // Where no thread can be had, nothing is read ahead.
    let _ = thread::Builder::new()
        .name("models".to_owned())
        .spawn(move || read(&root, file, id));
}

fn read(root: &Path, file: PathBuf, id: String) {
    let mut seen = BTreeSet::from([file.clone()]);
    let mut open = vec![(file, id)];
    while let Some((file, id)) = open.pop() {
        let small = std::fs::metadata(&file).is_ok_and(|facts| facts.len() <= BYTES);
        let Some(text) = small.then(|| std::fs::read_to_string(&file).ok()).flatten() else {
            continue;
        };
        for service in services(&text) {
            let _ = catalogue().service(service);
        }
        for path in paths(&text) {
            if seen.len() < FILES
                && let Some(file) = beside(root, &id, path)
                && seen.insert(file.clone())
            {
                // Only its folder counts.
                let below = file.strip_prefix(root).unwrap_or(&file);
                open.push((file.clone(), below.display().to_string()));
            }
        }
    }
}

/// The services of the actions that a text names: `action: ecs:ListTasks`.
fn services(text: &str) -> impl Iterator<Item = &str> {
    values(text, "action:").filter_map(|action| Some(action.split_once(':')?.0))
}

/// The paths of other playbooks that it names: `path: ../common/restart.yaml`, `use: escalation.yaml`.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let named = values(text, "path:").chain(values(text, "use:"));
    named.filter(|path| path.ends_with(".yaml") || path.ends_with(".yml"))
}

/// The words behind a key.
fn values<'t>(text: &'t str, key: &'static str) -> impl Iterator<Item = &'t str> {
    text.match_indices(key).filter_map(move |(at, _)| {
        let rest = text.get(at + key.len()..)?;
        let rest = rest.trim_start_matches([' ', '"', '\'']);
        rest.split([' ', ',', '}', '"', '\'', '\r', '\n']).next()
    })
}

#[cfg(test)]
mod tests {
    use super::{paths, services};

    const TEXT: &str = "diagnose:
  tasks:
    action: ecs:ListTasks
  stopped: {action: playbook:Run, with: {path: ../common/stopped.yaml, only: diagnose}}
  all: {action: \"logs:Tail\", path: $.events[*]}
escalate: {use: escalation.yaml, level: 2}
";

    #[test]
    fn the_services_of_actions_are_found_wherever_they_are_written() {
        let services: Vec<&str> = services(TEXT).collect();
        assert_eq!(services, ["ecs", "playbook", "logs"]);
    }

    #[test]
    fn paths_to_other_playbooks_are_found_and_no_others() {
        let paths: Vec<&str> = paths(TEXT).collect();
        assert_eq!(paths, ["../common/stopped.yaml", "escalation.yaml"]);
    }
}
