//! Models of services, and playbooks that others name, read on another thread while the first of them is checked.
//!
//! What is found here only says when something is read, never what: whoever needs a model that is not there yet waits for it, or
//! reads it; and a playbook that was read counts only where its text is still the same.

use crate::locate::{Located, Places, is_yaml};
use crate::shelf::{Known, beside};
use runbook_playbook::source::Source;
use runbook_registry::model::catalogue::catalogue;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// The most files that are looked into.
const FILES: usize = 64;
/// The most of a file that is looked into, in bytes.
const BYTES: u64 = 1 << 20;

/// How far to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// What a playbook names: it is checked.
    Named,
    /// What those name, too, and so on: all of them are checked.
    All,
}

/// Begins to read what a playbook names.
pub fn read(places: &Places, located: &Located, known: &Arc<Known>, reach: Reach) {
    let (places, located, known) = (places.clone(), located.clone(), Arc::clone(known));
    // Where no thread can be had, nothing is read ahead.
    let _ = thread::Builder::new()
        .name("ahead".to_owned())
        .spawn(move || all(&places, located, &known, reach));
}

fn all(places: &Places, first: Located, known: &Known, reach: Reach) {
    let root = first.root.clone();
    let file = first.file.clone();
    let mut seen = BTreeSet::from([file.clone()]);
    // From the last on: whoever checks the first one reads what it names from the first on, and both meet in the middle.
    let mut open = vec![first];
    while let Some(located) = open.pop() {
        let small = std::fs::metadata(&located.file).is_ok_and(|facts| facts.len() <= BYTES);
        let text = small.then(|| std::fs::read_to_string(&located.file).ok());
        let Some(text) = text.flatten() else {
            continue;
        };
        let source = Source::new(&located.name, text);
        // Whoever asks for the first is reading it.
        let is_first = located.file == file;
        if !is_first {
            known.read_ahead(&located, source.clone());
        }
        let services: Vec<&str> = services(source.text()).collect();
        for service in services.iter().rev() {
            let _ = catalogue().service(service);
        }
        let onward = is_first || reach == Reach::All;
        for path in paths(source.text()).filter(|_| onward) {
            if seen.len() < FILES
                && let Some(file) = beside(&root, &located.id, path)
            {
                let located = places.place(&file);
                if seen.insert(located.file.clone()) {
                    open.push(located);
                }
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
    named.filter(|path| is_yaml(Path::new(path)))
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
