//! What the server is told about files, and what playbooks see of each other.

use crate::documents::Documents;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::check::{Library, Signature, signature};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::source::Source;
use runbook_playbook::syntax;
use std::path::{Path, PathBuf};

/// Where a playbook belongs.
#[derive(Debug, Clone)]
pub struct Home {
    /// The playbook root that it lies in: nothing outside it is read.
    pub root: PathBuf,
    /// Its id: the path below the root without the ending.
    pub id: String,
    /// What messages call it.
    pub name: String,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A playbook, or a file of escalation.
    Playbook,
    /// Scenarios of a playbook.
    Scenarios,
    /// Targets of a fleet.
    Targets,
    /// A file of another program: nothing is said about it.
    Foreign,
}

/// What the command knows about files.
pub trait Workspace {
    /// Where a file belongs.
    fn home(&self, file: &Path) -> Home;

    /// The file that a path in the playbook with the id `from` names; `None` where there is none below the root.
    fn beside(&self, root: &Path, from: &str, path: &str) -> Option<PathBuf>;

    /// What a file is, by its name and its text.
    fn kind(&self, file: &Path, text: &str) -> FileKind;

    /// The playbooks below a root, sorted.
    fn playbooks(&self, root: &Path) -> Vec<PathBuf>;

    /// All files below a root that may name playbooks, sorted.
    fn files(&self, root: &Path) -> Vec<PathBuf>;

    /// Checks a file of scenarios; `checked` reads and checks its playbook.
    fn check_scenarios(
        &self,
        source: &Source,
        file: &Path,
        checked: &dyn Fn(&Path) -> Option<Checked>,
    ) -> Vec<Diagnostic>;

    /// Checks a file of targets; `checked` reads and checks its playbook.
    fn check_targets(
        &self,
        source: &Source,
        file: &Path,
        checked: &dyn Fn(&Path) -> Option<Checked>,
    ) -> Vec<Diagnostic>;
}

/// The playbooks below one root, as they are open or on disk.
pub(crate) struct Shelf<'a> {
    pub(crate) documents: &'a Documents,
    pub(crate) root: &'a Path,
    pub(crate) catalog: &'a dyn Catalog,
    pub(crate) workspace: &'a dyn Workspace,
}

impl Shelf<'_> {
    /// The file that a path in the playbook with the id `from` names; `None` where it leaves the root.
    pub(crate) fn beside(&self, from: &str, path: &str) -> Option<PathBuf> {
        let file = self.workspace.beside(self.root, from, path)?;
        file.canonicalize().ok()
    }
}

impl Library for Shelf<'_> {
    fn signature(&self, from: &str, path: &str) -> Option<Signature> {
        let file = self.beside(from, path)?;
        let text = self.documents.text_of(&file)?;
        let (playbook, _) = syntax::parse(&Source::new(path, text));
        playbook.map(|playbook| signature(&playbook, self.catalog))
    }
}
