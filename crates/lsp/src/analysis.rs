//! What the checker says of one text, kept until the text changes.

use crate::documents::{Documents, path_of};
use crate::layout::Layout;
use crate::scenarios::Subject;
use crate::targets;
use crate::workspace::{FileKind, Home, Shelf, Workspace};
use runbook_playbook::check::{Survey, survey};
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use runbook_playbook::syntax;
use runbook_registry::Registry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One text, checked.
pub(crate) struct Analysis {
    /// The text.
    pub(crate) source: Source,
    /// The file.
    pub(crate) file: PathBuf,
    /// Where it belongs.
    pub(crate) home: Home,
    /// What it is.
    pub(crate) kind: FileKind,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Its names; `None` where the text cannot be read.
    pub(crate) survey: Option<Arc<Survey>>,
    /// The playbook that scenarios or targets are for.
    pub(crate) subject: Option<Subject>,
}

/// Checks a text.
pub(crate) fn analyse(
    address: &str,
    text: &str,
    documents: &Documents,
    registry: &Registry,
    workspace: &dyn Workspace,
) -> Analysis {
    let file = path_of(address).unwrap_or_else(|| PathBuf::from(address));
    let home = workspace.home(&file);
    let kind = workspace.kind(&file, text);
    let source = Source::new(&home.name, text);
    let shelf = Shelf {
        documents,
        root: &home.root,
        catalog: registry,
        workspace,
    };
    let mut names = None;
    let mut about = None;
    let checked = |playbook: &Path| {
        let text = documents.text_of(playbook)?;
        let home = workspace.home(playbook);
        let shelf = Shelf {
            documents,
            root: &home.root,
            catalog: registry,
            workspace,
        };
        review(&Source::new(&home.name, text), &home.id, registry, &shelf).0
    };
    let diagnostics = match kind {
        FileKind::Foreign => Vec::new(),
        FileKind::Playbook => {
            names = surveyed(&source, &home, &shelf, registry);
            review(&source, &home.id, registry, &shelf).1
        }
        FileKind::Scenarios => {
            about = subject(&file, text, documents, registry, workspace);
            workspace.check_scenarios(&source, &file, &checked)
        }
        FileKind::Targets => {
            about = targets::playbook_of(&file, text)
                .and_then(|playbook| subject_of(playbook, documents, registry, workspace));
            workspace.check_targets(&source, &file, &checked)
        }
    };
    Analysis {
        source,
        file,
        home,
        kind,
        diagnostics,
        survey: names,
        subject: about,
    }
}

/// The playbook that a text of scenarios is for; `None` where there is none.
pub(crate) fn subject(
    file: &Path,
    text: &str,
    documents: &Documents,
    registry: &Registry,
    workspace: &dyn Workspace,
) -> Option<Subject> {
    subject_of(playbook_of(file, text), documents, registry, workspace)
}

/// A playbook that another file is for; `None` where there is none.
pub(crate) fn subject_of(
    file: PathBuf,
    documents: &Documents,
    registry: &Registry,
    workspace: &dyn Workspace,
) -> Option<Subject> {
    let text = documents.text_of(&file)?;
    let home = workspace.home(&file);
    let shelf = Shelf {
        documents,
        root: &home.root,
        catalog: registry,
        workspace,
    };
    let source = Source::new(&home.name, text);
    Some(Subject {
        survey: surveyed(&source, &home, &shelf, registry),
        source,
        file,
    })
}

/// The playbook of a file of scenarios: the one that it names, else the one beside it.
pub(crate) fn playbook_of(file: &Path, text: &str) -> PathBuf {
    let layout = Layout::read(text, 0);
    match layout.value(text, &[], "playbook") {
        Some(named) if !named.is_empty() => file.parent().unwrap_or(Path::new("")).join(named),
        _ => PathBuf::from(file.to_string_lossy().replace(".scenarios.yaml", ".yaml")),
    }
}

/// The names of a text; `None` where it cannot be read.
pub(crate) fn surveyed(
    source: &Source,
    home: &Home,
    shelf: &Shelf<'_>,
    registry: &Registry,
) -> Option<Arc<Survey>> {
    let (playbook, _) = syntax::parse(source);
    Some(Arc::new(survey(&playbook?, &home.id, registry, shelf)))
}
