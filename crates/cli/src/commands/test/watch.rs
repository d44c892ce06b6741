//! `test --watch`: scenarios are run again when their playbooks change.

use super::play::enforced;
use super::run_files;
use super::suite::files;
use crate::args::TestArguments;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::is_yaml;
use runbook_registry::Registry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long between two looks at the files.
const PAUSE: Duration = Duration::from_millis(300);

/// When a file was changed, and how long it is.
type Look = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// Runs all scenarios, and then those whose files or playbooks have changed.
///
/// # Errors
/// A policy or a path that cannot be read.
pub(super) fn watch(arguments: &TestArguments, environment: &Environment) -> Result<u8, Failure> {
    let registry = Arc::new(Registry::new());
    let enforced = enforced(arguments, environment)?;
    let err = environment.console.err;
    let mut seen: BTreeMap<PathBuf, Look> = BTreeMap::new();
    loop {
        let now: BTreeMap<PathBuf, Look> = match files(&arguments.paths, environment) {
            Ok(files) => files
                .into_iter()
                .map(|file| (file.clone(), look(&file)))
                .collect(),
            // A file that is just being written anew is there again a moment later.
            Err(_) if !seen.is_empty() => seen.clone(),
            Err(failure) => return Err(failure),
        };
        let changed: Vec<PathBuf> = now
            .iter()
            .filter(|(file, look)| seen.get(*file) != Some(*look))
            .map(|(file, _)| file.clone())
            .collect();
        if !changed.is_empty() {
            match run_files(&changed, arguments, &enforced, &registry, environment) {
                Ok(_) => {}
                Err(failure) => err.line(format!("error: {}", failure.message)),
            }
            err.line("waiting for changes; ctrl-C ends");
        }
        seen = now;
        std::thread::sleep(PAUSE);
    }
}

/// The files on which what comes out of a file of scenarios depends.
fn look(file: &Path) -> Look {
    let own = PathBuf::from(file.to_string_lossy().replace(".scenarios.yaml", ".yaml"));
    let mut open = vec![file.to_path_buf(), own];
    let mut known = BTreeSet::new();
    let mut look = Look::new();
    while let Some(file) = open.pop() {
        if !known.insert(file.clone()) {
            continue;
        }
        let facts = std::fs::metadata(&file).ok();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        open.extend(named(&file, &text));
        let changed = facts.and_then(|facts| Some((facts.modified().ok()?, facts.len())));
        look.insert(file, changed);
    }
    look
}

/// The files that a playbook may run: every word that is the path of a YAML file beside it.
fn named(file: &Path, text: &str) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let apart = |character: char| character.is_whitespace() || "\"'{}[],".contains(character);
    text.split(apart)
        .filter(|word| is_yaml(Path::new(word)) && !word.contains("://"))
        .map(|word| folder.join(word))
        .filter(|path| path.is_file())
        .filter_map(|path| path.canonicalize().ok())
        .collect()
}
