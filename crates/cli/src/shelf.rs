//! Playbooks as files: read, checked, and found by other playbooks.

use crate::ahead::{self, Reach};
use crate::locate::{Located, Places};
use runbook_interpreter::surroundings;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::check::{self, Signature};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::review::{review, review_parsed};
use runbook_playbook::source::Source;
use runbook_playbook::syntax::playbook::{self, Playbook};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The playbooks below one root. What it reads for others it reads once: a file that changes meanwhile stays what it was.
#[derive(Clone)]
pub struct Shelf<'a> {
    /// Where files are.
    pub places: &'a Places,
    /// The playbook root: nothing outside it is read.
    pub root: &'a Path,
    /// What can be called.
    pub catalog: &'a dyn Catalog,
    known: Arc<Known>,
    /// Playbooks whose signatures are read are checked next.
    keeps: bool,
}

/// Playbooks that others name: read once, however many name them.
#[derive(Debug, Default)]
pub struct Known {
    /// What they take and give.
    signatures: Mutex<HashMap<Name, Option<Signature>>>,
    /// Those whose signature was read and that are checked next.
    parsed: Mutex<HashMap<PathBuf, Parsed>>,
    /// Those whose signature is wanted, read by whoever comes first: the one who wants it, or a thread that reads ahead.
    first: Mutex<HashMap<PathBuf, Arc<First>>>,
    /// Those that were checked to be planned or run.
    loaded: Mutex<HashMap<Name, Result<Named, String>>>,
}

/// A playbook that was read and not checked yet.
#[derive(Debug)]
pub(crate) struct Parsed {
    source: Source,
    tree: (Option<Playbook>, Vec<Diagnostic>),
}

impl Parsed {
    /// Reads a playbook.
    pub fn of(source: Source) -> Self {
        let tree = playbook::parse(&source);
        Self { source, tree }
    }
}

impl Known {
    /// Reads a playbook for whoever wants its signature first, unless that one is reading it.
    pub(crate) fn read_ahead(&self, located: &Located, source: Source) {
        self.first(located)
            .get_or_init(|| Parsed::of(source).into());
    }

    /// A playbook of this text, read once for the first who wants its signature.
    fn parsed(&self, located: &Located, text: String) -> Parsed {
        let source = Source::new(&located.name, text);
        let first = self.first(located);
        let read = first.get_or_init(|| Parsed::of(source.clone()).into());
        let read = lock(&read.0).take();
        // The file may have changed since it was read ahead.
        read.filter(|read| {
            read.source.text() == source.text() && read.source.name() == source.name()
        })
        .unwrap_or_else(|| Parsed::of(source))
    }

    fn first(&self, located: &Located) -> Arc<First> {
        let mut first = lock(&self.first);
        Arc::clone(first.entry(located.file.clone()).or_default())
    }
}

/// What was read first, until somebody takes it.
type First = OnceLock<Untaken>;

/// A playbook that nobody has taken yet.
#[derive(Debug)]
struct Untaken(Mutex<Option<Parsed>>);

impl From<Parsed> for Untaken {
    fn from(parsed: Parsed) -> Self {
        Self(Mutex::new(Some(parsed)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A playbook that another one names, read and checked.
#[derive(Debug, Clone)]
pub struct Named {
    /// The playbook, where it has no errors.
    pub checked: Option<Arc<Checked>>,
    /// Its problems.
    pub diagnostics: Arc<[Diagnostic]>,
}

impl Named {
    /// The playbook.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it; `path` is how it is named.
    pub fn sound(self, path: &str) -> Result<Arc<Checked>, String> {
        self.checked.ok_or_else(|| {
            let first = self.diagnostics.first().map(|first| first.message.as_str());
            format!("{path} is wrong: {}", first.unwrap_or("no playbook"))
        })
    }
}

impl From<Read> for Named {
    fn from(read: Read) -> Self {
        Self {
            checked: read.checked.map(Arc::new),
            diagnostics: read.diagnostics.into(),
        }
    }
}

/// The folder of the playbook that names another, and the path that it writes.
type Name = (PathBuf, PathBuf);

/// What is known of a name, else what `read` finds out. No lock is held meanwhile: what is read may name others.
fn once<T: Clone>(known: &Mutex<HashMap<Name, T>>, name: Name, read: impl FnOnce() -> T) -> T {
    if let Some(found) = lock(known).get(&name) {
        return found.clone();
    }
    let found = read();
    lock(known).insert(name, found.clone());
    found
}

/// A playbook that was read: checked where it has no errors, and everything that is to be said about it.
#[derive(Debug)]
pub struct Read {
    /// The playbook.
    pub checked: Option<Checked>,
    /// Its problems.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> Shelf<'a> {
    /// The playbooks below `root`.
    #[must_use]
    pub fn new(places: &'a Places, root: &'a Path, catalog: &'a dyn Catalog) -> Self {
        Self {
            places,
            root,
            catalog,
            known: Arc::default(),
            keeps: true,
        }
    }

    /// The same, with what several shelves read for others, whose signatures are all that is wanted of them.
    #[must_use]
    pub fn sharing(self, known: &Arc<Known>) -> Self {
        Self {
            known: Arc::clone(known),
            keeps: false,
            ..self
        }
    }

    /// Reads and checks a playbook.
    ///
    /// # Errors
    /// A sentence that says why the file cannot be read.
    pub fn read(&self, located: &Located) -> Result<Read, String> {
        self.checked(located, self, || text_of(&located.file, &located.name))
    }

    /// Checks the text of a playbook.
    #[must_use]
    pub fn review(&self, located: &Located, text: String) -> Read {
        let source = Source::new(&located.name, text);
        let (checked, diagnostics) = review(&source, &located.id, self.catalog, self);
        Read {
            checked,
            diagnostics,
        }
    }

    /// Begins to read, on another thread, what a playbook names.
    pub fn read_ahead(&self, located: &Located) {
        ahead::read(self.places, located, &self.known, Reach::All);
    }

    fn read_signature(&self, from: &str, path: &str) -> Option<Signature> {
        let file = self.beside(from, path)?;
        let located = self.places.place(&file);
        let text = text_of(&file, path).ok()?;
        self.signature_of(&located, text)
    }

    /// Reads and checks the file that a path in the playbook with the id `from` names, once.
    ///
    /// # Errors
    /// There is none below the root, or it cannot be read.
    pub fn read_beside(&self, from: &str, path: &str) -> Result<Named, String> {
        self.loaded_once(from, path, || {
            let file = self
                .beside(from, path)
                .ok_or_else(|| format!("there is no playbook `{path}` below the playbook root"))?;
            self.read(&self.places.place(&file))
        })
    }

    /// The signature of a playbook. Where it is going to be planned or run, what was read of it is kept for that.
    pub(crate) fn signature_of(&self, located: &Located, text: String) -> Option<Signature> {
        let parsed = self.known.parsed(located, text);
        let tree = parsed.tree.0.as_ref();
        let signature = tree.map(|tree| check::signature(tree, self.catalog));
        if self.keeps {
            lock(&self.known.parsed).insert(located.file.clone(), parsed);
        }
        signature
    }

    /// Checks a playbook, read anew where it was not read for its signature.
    ///
    /// # Errors
    /// That of `text`.
    pub(crate) fn checked(
        &self,
        located: &Located,
        library: &dyn check::Library,
        text: impl FnOnce() -> Result<String, String>,
    ) -> Result<Read, String> {
        let parsed = lock(&self.known.parsed).remove(&located.file);
        let Parsed { source, tree } = match parsed {
            Some(parsed) => parsed,
            None => Parsed::of(Source::new(&located.name, text()?)),
        };
        let (checked, diagnostics) =
            review_parsed(&source, tree, &located.id, self.catalog, library);
        Ok(Read {
            checked,
            diagnostics,
        })
    }

    /// What a path was found to name, else what `read` finds.
    pub(crate) fn loaded_once(
        &self,
        from: &str,
        path: &str,
        read: impl FnOnce() -> Result<Read, String>,
    ) -> Result<Named, String> {
        once(&self.known.loaded, self.name(from, path), || {
            read().map(Named::from)
        })
    }

    /// The signature that a path was found to name, else what `read` finds.
    pub(crate) fn signed_once(
        &self,
        from: &str,
        path: &str,
        read: impl FnOnce() -> Option<Signature>,
    ) -> Option<Signature> {
        once(&self.known.signatures, self.name(from, path), read)
    }

    /// The text of a file that a path in the playbook with the id `from` names.
    ///
    /// # Errors
    /// There is none below the root, or it cannot be read.
    pub fn text_beside(&self, from: &str, path: &str) -> Result<String, String> {
        let file = self
            .beside(from, path)
            .ok_or_else(|| format!("there is no file `{path}` below the playbook root"))?;
        text_of(&file, path)
    }

    fn name(&self, from: &str, path: &str) -> Name {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        (self.root.join(folder), PathBuf::from(path))
    }

    /// The file that a path in the playbook with the id `from` names; `None` where it leaves the root.
    pub(crate) fn beside(&self, from: &str, path: &str) -> Option<PathBuf> {
        beside(self.root, from, path)
    }
}

/// The file that a path in the playbook with the id `from` names; `None` where there is none below the root.
#[must_use]
pub fn beside(root: &Path, from: &str, path: &str) -> Option<PathBuf> {
    let folder = Path::new(from).parent().unwrap_or(Path::new(""));
    let file = match path.strip_prefix('/') {
        Some(inside) => root.join(inside),
        None => root.join(folder).join(path),
    };
    let real = file.canonicalize().ok()?;
    let root = root.canonicalize().ok()?;
    (real.is_file() && real.starts_with(root)).then_some(file)
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

    fn text(&self, from: &Checked, path: &str) -> Result<String, String> {
        self.shelf.text_beside(&from.id, path)
    }
}

/// Where playbooks are read from.
pub trait Files {
    /// Reads and checks a playbook.
    ///
    /// # Errors
    /// A sentence that says why the file cannot be read.
    fn read(&self, located: &Located) -> Result<Read, String>;

    /// Reads and checks the file that a path in the playbook with the id `from` names.
    ///
    /// # Errors
    /// There is none below the root, or it cannot be read.
    fn read_beside(&self, from: &str, path: &str) -> Result<Named, String>;

    /// Begins to read what a playbook names, before anybody asks for it.
    fn read_ahead(&self, located: &Located);
}

impl Files for Shelf<'_> {
    fn read(&self, located: &Located) -> Result<Read, String> {
        Self::read(self, located)
    }

    fn read_beside(&self, from: &str, path: &str) -> Result<Named, String> {
        Self::read_beside(self, from, path)
    }

    fn read_ahead(&self, located: &Located) {
        Self::read_ahead(self, located);
    }
}

impl check::Library for Shelf<'_> {
    fn signature(&self, from: &str, path: &str) -> Option<Signature> {
        self.signed_once(from, path, || self.read_signature(from, path))
    }

    fn text(&self, from: &str, path: &str) -> Option<Result<String, String>> {
        Some(self.text_beside(from, path))
    }
}

impl surroundings::Library for Shelf<'_> {
    fn load(&self, from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        self.read_beside(&from.id, path)?.sound(path)
    }

    fn text(&self, from: &Checked, path: &str) -> Result<String, String> {
        self.text_beside(&from.id, path)
    }
}

/// The text of standard input, as far as a file may be long.
///
/// # Errors
/// A sentence that says why it cannot be read.
pub fn text_of_standard_input() -> Result<String, String> {
    use std::io::Read as _;
    let mut text = String::new();
    let limit = runbook_playbook::yaml::MAX_BYTES as u64 + 1;
    std::io::stdin()
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(text)
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
