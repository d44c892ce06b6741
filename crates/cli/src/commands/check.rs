//! `runbook check`: what is wrong with playbooks and their scenarios.

use crate::ahead::{self, Reach};
use crate::args::{CheckArguments, CheckFormat};
use crate::console::Stream;
use crate::document;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::check_targets;
use crate::levels::Levels;
use crate::locate::{files_below, is_scenarios, is_yaml};
use crate::parallel::side_by_side;
use crate::problems::counted;
use crate::shelf::{Known, Shelf, text_of};
use runbook_lsp::FileKind;
use runbook_playbook::diagnostic::{Code, Diagnostic, Severity, Style, render};
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_registry::Registry;
use runbook_report::findings::{Finding, Findings, Unread, github, json, sarif};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The keys that a playbook, its scenarios or a file of escalation has at its top.
const TOP_KEYS: [&str; 3] = ["playbook:", "scenarios:", "escalation:"];

/// The graphs of a playbook, which may lack its first line.
const GRAPHS: [&str; 4] = ["symptom:", "diagnose:", "resolve:", "check:"];

/// Checks every file and says what is wrong.
pub fn execute(arguments: &CheckArguments, environment: &Environment) -> Result<u8, Failure> {
    let checker = Checker {
        environment,
        registry: &Registry::new(),
        known: &Arc::default(),
        levels: &Levels::new(arguments)?,
        text: arguments.format == CheckFormat::Text,
    };
    let files = files(&arguments.paths, environment)?;
    // Several files keep all processors busy by themselves.
    if let [one] = files.as_slice() {
        let located = environment.places.place(&one.path);
        ahead::read(&environment.places, &located, checker.known, Reach::Named);
    }
    let results = side_by_side(&files, |file| checker.check(file));
    let mut summary = Summary::default();
    for result in results {
        summary.add(result, environment.console.err);
    }
    if summary.findings.files == 0 && summary.findings.unread.is_empty() {
        return Err(Failure::wrong(
            "there are no playbooks here; name a file or a folder",
        ));
    }
    summary.write(arguments.format, arguments.pages.as_deref(), environment);
    Ok(if summary.failed() {
        exit::WRONG
    } else {
        exit::WELL
    })
}

/// A file that is to be checked.
pub(super) struct File {
    pub path: PathBuf,
    /// It was named, and not met in a folder.
    pub named: bool,
}

/// What checks a file; several threads share it.
struct Checker<'a> {
    environment: &'a Environment,
    registry: &'a Registry,
    known: &'a Arc<Known>,
    levels: &'a Levels,
    /// Findings are wanted as text.
    text: bool,
}

/// What came of one file.
pub(super) enum Checked {
    /// It is none of ours.
    LeftAlone,
    Unread(Unread),
    Found {
        findings: Vec<Finding>,
        /// The same as text, where that is wanted.
        rendered: Vec<String>,
        /// Lints that were not asked for.
        hidden: usize,
    },
}

impl Checker<'_> {
    fn check(&self, file: &File) -> Checked {
        let places = &self.environment.places;
        let name = places.shown(&file.path);
        let text = match text_of(&file.path, &name) {
            Ok(text) => text,
            Err(why) => return Checked::Unread(Unread { file: name, why }),
        };
        let scenarios = is_scenarios(&file.path);
        let whose = whose(file, &text);
        if whose == Whose::Others {
            return Checked::LeftAlone;
        }
        let checked = |playbook: &Path| {
            let located = places.place(playbook);
            Shelf::new(places, &located.root, self.registry)
                .sharing(self.known)
                .read(&located)
                .ok()?
                .checked
        };
        let diagnostics = if whose == Whose::Unknown {
            vec![foreign_file(&Source::new(&name, text))]
        } else if scenarios {
            let source = Source::new(&name, text);
            document::check_scenarios(&source, &file.path, self.registry, checked)
        } else if whose == Whose::Targets {
            let source = Source::new(&name, text);
            check_targets(&source, &file.path, self.registry, checked)
        } else {
            let located = places.place(&file.path);
            Shelf::new(places, &located.root, self.registry)
                .sharing(self.known)
                .review(&located, text)
                .diagnostics
        };
        let style = self.text.then(|| self.environment.console.err.style());
        Checked::found(diagnostics, self.levels, style)
    }
}

impl Checked {
    /// What is said of the problems of a file; as text too, where it is to have a style.
    pub(super) fn found(
        diagnostics: Vec<Diagnostic>,
        levels: &Levels,
        style: Option<Style>,
    ) -> Self {
        let mut hidden = 0;
        let mut findings = Vec::new();
        let mut rendered = Vec::new();
        for mut diagnostic in diagnostics {
            let (code, severity) = (diagnostic.code, diagnostic.severity);
            let Some(level) = levels.of(code, severity) else {
                hidden += usize::from(levels.hides(code, severity));
                continue;
            };
            diagnostic.severity = level;
            findings.push(Finding::from(&diagnostic));
            if let Some(style) = style {
                rendered.push(render(&diagnostic, style).trim_end().to_owned());
            }
        }
        Self::Found {
            findings,
            rendered,
            hidden,
        }
    }
}

/// What came of all files.
#[derive(Default)]
pub(super) struct Summary {
    findings: Findings,
    hidden: usize,
    /// Files with errors or warnings.
    marked: usize,
}

impl Summary {
    /// Adds a file and shows what was found as text.
    pub(super) fn add(&mut self, checked: Checked, stream: Stream) {
        match checked {
            Checked::LeftAlone => {}
            Checked::Unread(unread) => self.findings.unread.push(unread),
            Checked::Found {
                findings,
                rendered,
                hidden,
            } => {
                stream.lines(&rendered);
                self.findings.files += 1;
                self.hidden += hidden;
                self.marked += usize::from(!findings.is_empty());
                self.findings.found.extend(findings);
            }
        }
    }

    /// Writes what was found in a format for programs, or how much it was.
    pub(super) fn write(
        &self,
        format: CheckFormat,
        pages: Option<&str>,
        environment: &Environment,
    ) {
        let out = environment.console.out;
        match format {
            CheckFormat::Text => {
                let failed = self.failed();
                let stream = if failed { environment.console.err } else { out };
                stream.line(self.line());
            }
            CheckFormat::Json => out.line(format!("{:#}", json::document(&self.findings))),
            CheckFormat::Sarif => {
                let version = env!("CARGO_PKG_VERSION");
                out.line(format!("{:#}", sarif::log(&self.findings, version, pages)));
            }
            CheckFormat::Github => out.lines(&github::lines(&self.findings)),
        }
    }

    pub(super) fn failed(&self) -> bool {
        !self.findings.unread.is_empty() || self.findings.count(Severity::Error) > 0
    }

    /// Whether a file could not be read.
    pub(super) fn unreadable(&self) -> bool {
        !self.findings.unread.is_empty()
    }

    /// `2 errors and 1 warning`
    pub(super) fn counts(&self) -> String {
        let of = |severity: Severity| {
            let count = self.findings.count(severity);
            (count > 0).then(|| counted(count, severity.word()))
        };
        let severities = [Severity::Error, Severity::Warning, Severity::Lint];
        let counts: Vec<String> = severities.into_iter().filter_map(of).collect();
        match counts.as_slice() {
            [] => "nothing wrong".to_owned(),
            [one] => one.clone(),
            [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
        }
    }

    /// `12 files checked: 2 errors and 1 warning in 2 of them`
    fn line(&self) -> String {
        let found = self.counts();
        let files = self.findings.files;
        let mut line = format!("{} checked: {found}", counted(files, "file"));
        if files > 1 && self.marked > 0 {
            let _ = write!(line, " in {} of them", self.marked);
        }
        if !self.findings.unread.is_empty() {
            let unread = counted(self.findings.unread.len(), "file");
            let _ = write!(line, "; {unread} could not be read");
        }
        if self.hidden > 0 {
            let hidden = counted(self.hidden, "lint");
            let _ = write!(line, "; {hidden} not shown (`--lints` shows them)");
        }
        line
    }
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A playbook, scenarios or a file of escalation.
    Ours,
    /// A file of targets.
    Targets,
    /// It was met in a folder, and is something else.
    Others,
    /// It was named, and is something else.
    Unknown,
}

/// Tells by its keys whose file a text is.
pub(super) fn whose(file: &File, text: &str) -> Whose {
    if is_scenarios(&file.path) || has_key(text, &TOP_KEYS) {
        Whose::Ours
    } else if has_targets(text) {
        Whose::Targets
    } else if !file.named {
        Whose::Others
    } else if has_key(text, &GRAPHS) || text.trim().is_empty() {
        Whose::Ours
    } else {
        Whose::Unknown
    }
}

/// Whether the text of a YAML file has one of these keys at its top.
fn has_key(text: &str, keys: &[&str]) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    text.lines()
        .any(|line| keys.iter().any(|key| line.starts_with(key)))
}

/// Whether a text begins as a file of targets does: `targets: v1`. Other programs have lists under that key.
fn has_targets(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    text.lines()
        .filter_map(|line| line.strip_prefix("targets:"))
        .any(|version| version.trim_start().starts_with('v'))
}

/// What a file is to an editor, by its name and its text; one that is empty may become a playbook.
pub(super) fn kind(path: &Path, text: &str) -> FileKind {
    if is_scenarios(path) {
        FileKind::Scenarios
    } else if has_key(text, &TOP_KEYS) || has_key(text, &GRAPHS) || text.trim().is_empty() {
        FileKind::Playbook
    } else if has_targets(text) {
        FileKind::Targets
    } else {
        FileKind::Foreign
    }
}

/// A file that was named, and is something else.
pub(super) fn foreign_file(source: &Source) -> Diagnostic {
    let message = "this is no playbook, no file of escalation, of scenarios or of targets";
    Diagnostic::new(Code::MissingKey, source, Span::default(), message)
        .help("a playbook begins with `playbook: v1`; files of other programs need not be named")
}

/// The files that paths name, each once, in the order of the paths and sorted within folders; a name that is no path is
/// looked for as `run` does.
pub(super) fn files(paths: &[PathBuf], environment: &Environment) -> Result<Vec<File>, Failure> {
    let places = &environment.places;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for path in usual(paths, &places.current) {
        let full = places.current.join(&path);
        if full.is_dir() {
            let below = files_below(&full, is_yaml).into_iter();
            found.extend(
                below
                    .filter(|path| seen.insert(path.clone()))
                    .map(|path| File { path, named: false }),
            );
            continue;
        }
        let path = if full.is_file() {
            places.place(&full).file
        } else {
            places
                .locate(&path.to_string_lossy())
                .map_err(|error| Failure::wrong(error.to_string()))?
                .file
        };
        if seen.insert(path.clone()) {
            found.push(File { path, named: true });
        }
    }
    Ok(found)
}

/// The paths that were given, else the folders in which playbooks usually are.
pub(super) fn usual(paths: &[PathBuf], current: &Path) -> Vec<PathBuf> {
    if paths.is_empty() {
        ["playbooks", "examples"]
            .into_iter()
            .filter(|folder| current.join(folder).is_dir())
            .map(PathBuf::from)
            .collect()
    } else {
        paths.to_vec()
    }
}
