//! The files that a run goes by, as they were when it began.

use crate::locate::Located;
use crate::shelf::{Files, Named, Read, Shelf, text_of};
use runbook_interpreter::surroundings;
use runbook_playbook::check::{self, Signature};
use runbook_playbook::checked::Checked;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A shelf whose files are read once: what has been read stays as it was, whatever happens to the file.
pub struct Kept<'a> {
    /// Where files are.
    pub shelf: Shelf<'a>,
    /// Their texts, by id.
    texts: RefCell<BTreeMap<String, String>>,
}

impl<'a> Kept<'a> {
    /// Begins with texts that are known.
    #[must_use]
    pub fn new(shelf: Shelf<'a>, texts: BTreeMap<String, String>) -> Self {
        Self {
            shelf,
            texts: RefCell::new(texts),
        }
    }

    /// What was read so far, by id.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String)> {
        self.texts
            .borrow()
            .iter()
            .map(|(id, text)| (id.clone(), text.clone()))
            .collect()
    }

    /// Reads and checks a playbook.
    ///
    /// # Errors
    /// A sentence that says why the file cannot be read.
    pub fn read(&self, located: &Located) -> Result<Read, String> {
        self.shelf.checked(located, self, || {
            self.text(&located.id, || text_of(&located.file, &located.name))
        })
    }

    /// Reads and checks the file that a path in the playbook with the id `from` names, once.
    ///
    /// # Errors
    /// There is none below the root, or it cannot be read.
    pub fn read_beside(&self, from: &str, path: &str) -> Result<Named, String> {
        self.shelf.loaded_once(from, path, || {
            let located = self
                .located(from, path)
                .ok_or_else(|| format!("there is no playbook `{path}` below the playbook root"))?;
            self.read(&located)
        })
    }

    fn text(
        &self,
        id: &str,
        read: impl FnOnce() -> Result<String, String>,
    ) -> Result<String, String> {
        if let Some(text) = self.texts.borrow().get(id) {
            return Ok(text.clone());
        }
        let text = read()?;
        self.texts.borrow_mut().insert(id.to_owned(), text.clone());
        Ok(text)
    }

    /// The file that a path in a playbook names, also where it is no longer there.
    fn located(&self, from: &str, path: &str) -> Option<Located> {
        if let Some(file) = self.shelf.beside(from, path) {
            return Some(self.shelf.places.place(&file));
        }
        let id = named(from, path)?;
        let file = self.shelf.root.join(format!("{id}.yaml"));
        self.texts.borrow().contains_key(&id).then(|| Located {
            name: self.shelf.places.shown(&file),
            root: self.shelf.root.to_path_buf(),
            file,
            id,
        })
    }
}

/// The id that a path in the playbook with the id `from` means.
fn named(from: &str, path: &str) -> Option<String> {
    let whole = match path.strip_prefix('/') {
        Some(inside) => PathBuf::from(inside),
        None => Path::new(from).parent()?.join(path),
    };
    let mut parts: Vec<String> = Vec::new();
    for part in whole.with_extension("").components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop()?;
            }
            _ => {}
        }
    }
    Some(parts.join("/"))
}

impl Files for Kept<'_> {
    fn read(&self, located: &Located) -> Result<Read, String> {
        Self::read(self, located)
    }

    fn read_beside(&self, from: &str, path: &str) -> Result<Named, String> {
        Self::read_beside(self, from, path)
    }

    fn read_ahead(&self, located: &Located) {
        self.shelf.read_ahead(located);
    }
}

impl check::Library for Kept<'_> {
    fn signature(&self, from: &str, path: &str) -> Option<Signature> {
        self.shelf.signed_once(from, path, || {
            let located = self.located(from, path)?;
            let text = self
                .text(&located.id, || text_of(&located.file, path))
                .ok()?;
            self.shelf.signature_of(&located, text)
        })
    }

    // A calendar is read as it is now, not as it was when the run began.
    fn text(&self, from: &str, path: &str) -> Option<Result<String, String>> {
        Some(self.shelf.text_beside(from, path))
    }
}

impl surroundings::Library for Kept<'_> {
    fn load(&self, from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        self.read_beside(&from.id, path)?.sound(path)
    }

    fn text(&self, from: &Checked, path: &str) -> Result<String, String> {
        self.shelf.text_beside(&from.id, path)
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_path_is_an_id_from_where_it_is_written() {
        assert_eq!(
            named("acso/leak", "restart.yaml").as_deref(),
            Some("acso/restart")
        );
        assert_eq!(
            named("acso/leak", "../agent/a.yml").as_deref(),
            Some("agent/a")
        );
        assert_eq!(
            named("acso/leak", "/agent/a.yaml").as_deref(),
            Some("agent/a")
        );
        assert_eq!(named("leak", "../../a.yaml"), None);
    }
}
