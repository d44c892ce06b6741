//! `runbook lsp`: a language server on standard input and output.

use super::check::kind;
use crate::document;
use crate::environment::Environment;
use crate::exit;
use crate::fleet::check_targets;
use crate::locate::{Places, files_below, is_playbook, is_yaml};
use crate::shelf::beside;
use runbook_lsp::{FileKind, Home, Workspace, serve};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Serves an editor until it says that it has ended.
pub fn execute(environment: &Environment) -> u8 {
    let registry = Registry::new();
    let files = Files {
        places: &environment.places,
        registry: &registry,
    };
    let input = BufReader::new(std::io::stdin());
    let output = (environment.console.out.open)();
    let version = env!("CARGO_PKG_VERSION");
    if serve(input, output, &registry, &files, version) {
        exit::WELL
    } else {
        exit::NOT_WELL
    }
}

/// What the editor's files are.
struct Files<'a> {
    places: &'a Places,
    registry: &'a Registry,
}

impl Workspace for Files<'_> {
    fn home(&self, file: &Path) -> Home {
        let located = self.places.place(file);
        Home {
            root: located.root,
            id: located.id,
            name: located.name,
        }
    }

    fn beside(&self, root: &Path, from: &str, path: &str) -> Option<PathBuf> {
        beside(root, from, path)
    }

    fn kind(&self, file: &Path, text: &str) -> FileKind {
        kind(file, text)
    }

    fn playbooks(&self, root: &Path) -> Vec<PathBuf> {
        files_below(root, is_playbook)
    }

    fn files(&self, root: &Path) -> Vec<PathBuf> {
        files_below(root, is_yaml)
    }

    fn check_scenarios(
        &self,
        source: &Source,
        file: &Path,
        checked: &dyn Fn(&Path) -> Option<Checked>,
    ) -> Vec<Diagnostic> {
        document::check_scenarios(source, file, self.registry, checked)
    }

    fn check_targets(
        &self,
        source: &Source,
        file: &Path,
        checked: &dyn Fn(&Path) -> Option<Checked>,
    ) -> Vec<Diagnostic> {
        check_targets(source, file, self.registry, checked)
    }
}
