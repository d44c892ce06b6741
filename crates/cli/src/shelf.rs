//! Playbooks as files: read, checked, and found by other playbooks.

use crate::locate::{Located, Places};
use runbook_interpreter::surroundings;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::check::{self, Signature, check};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Diagnostic, has_errors};
use runbook_playbook::source::Source;
use runbook_playbook::syntax::playbook;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The playbooks below one root.
#[derive(Clone, Copy)]
pub struct Shelf<'a> {
    /// Where files are.
    pub places: &'a Places,
    /// The playbook root: nothing outside it is read.
    pub root: &'a Path,
    /// What can be called.
    pub catalog: &'a dyn Catalog,
}

/// A playbook that was read: checked where it has no errors, and everything that is to be said about it.
#[derive(Debug)]
pub struct Read {
    /// The playbook.
    pub checked: Option<Checked>,
    /// Its problems.
    pub diagnostics: Vec<Diagnostic>,
}

impl Shelf<'_> {
    /// Reads and checks a playbook.
    ///
    /// # Errors
    /// A sentence that says why the file cannot be read.
    pub fn read(&self, located: &Located) -> Result<Read, String> {
        let text = text_of(&located.file, &located.name)?;
        let source = Source::new(&located.name, text);
        let (playbook, mut diagnostics) = playbook::parse(&source);
        let checked = playbook.and_then(|playbook| {
            let unread = has_errors(&diagnostics);
            let (checked, found) = check(playbook, &located.id, self.catalog, self);
            diagnostics.extend(found);
            checked.filter(|_| !unread)
        });
        diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
        Ok(Read {
            checked,
            diagnostics,
        })
    }

    /// Reads and checks the file that a path in the playbook with the id `from` names.
    ///
    /// # Errors
    /// There is none below the root, or it cannot be read.
    pub fn read_beside(&self, from: &str, path: &str) -> Result<Read, String> {
        let file = self
            .beside(from, path)
            .ok_or_else(|| format!("there is no playbook `{path}` below the playbook root"))?;
        self.read(&self.places.place(&file))
    }

    /// The file that a path in the playbook with the id `from` names; `None` where it leaves the root.
    fn beside(&self, from: &str, path: &str) -> Option<PathBuf> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        let file = match path.strip_prefix('/') {
            Some(inside) => self.root.join(inside),
            None => self.root.join(folder).join(path),
        };
        let real = file.canonicalize().ok()?;
        let root = self.root.canonicalize().ok()?;
        (real.is_file() && real.starts_with(root)).then_some(file)
    }
}

/// A shelf that remembers which files were asked for.
pub struct Noted<'a> {
    /// The playbooks.
    pub shelf: Shelf<'a>,
    /// The files, the first one first.
    pub files: RefCell<Vec<PathBuf>>,
}

impl surroundings::Library for Noted<'_> {
    fn load(&self, from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        if let Some(file) = self.shelf.beside(&from.id, path) {
            let file = self.shelf.places.place(&file).file;
            let mut files = self.files.borrow_mut();
            if !files.contains(&file) {
                files.push(file);
            }
        }
        self.shelf.load(from, path)
    }
}

impl check::Library for Shelf<'_> {
    fn signature(&self, from: &str, path: &str) -> Option<Signature> {
        let file = self.beside(from, path)?;
        let text = text_of(&file, path).ok()?;
        let (playbook, _) = playbook::parse(&Source::new(path, text));
        playbook.map(Signature::from)
    }
}

impl surroundings::Library for Shelf<'_> {
    fn load(&self, from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        let read = self.read_beside(&from.id, path)?;
        read.checked.map(Arc::new).ok_or_else(|| {
            let first = read.diagnostics.first().map(|first| first.message.as_str());
            format!("{path} is wrong: {}", first.unwrap_or("no playbook"))
        })
    }
}

/// The text of a file of at most as many bytes as the language allows, so that a device or a dump is not read whole.
///
/// # Errors
/// A sentence that says why it cannot be read.
pub fn text_of(file: &Path, name: &str) -> Result<String, String> {
    use std::io::Read as _;
    let limit = runbook_playbook::yaml::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| format!("{name} cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error
            .as_bytes()
            .iter()
            .take(at)
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        format!("{name}:{line}: the file is not UTF-8; save it as UTF-8")
    })
}
