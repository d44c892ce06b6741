//! Where other files name what a playbook defines: its scenarios, playbooks that run it, and files of targets.

use crate::analysis::{Analysis, playbook_of, surveyed};
use crate::documents::Documents;
use crate::layout::Layout;
use crate::scenarios::{bare, value_of};
use crate::targets;
use crate::workspace::{FileKind, Shelf, Workspace};
use runbook_playbook::check::Survey;
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_registry::Registry;
use std::path::{Path, PathBuf};

/// What is looked for, by its name.
pub(crate) enum Sought<'s> {
    /// An input.
    Input(&'s str),
    /// A cause.
    Cause(&'s str),
    /// A step, by its full name.
    Step(&'s str),
}

impl Sought<'_> {
    /// The name as it is written.
    fn name(&self) -> &str {
        match self {
            Self::Input(name) | Self::Cause(name) => name,
            Self::Step(path) => path.rsplit('.').next().unwrap_or(path),
        }
    }
}

/// Predicates that compare with texts.
const PREDICATES: [&str; 4] = ["in", "equals", "not_equals", "contains"];

/// The places in other files below the playbook's root, file by file.
pub(crate) fn named(
    analysis: &Analysis,
    sought: &Sought<'_>,
    documents: &Documents,
    workspace: &dyn Workspace,
    registry: &Registry,
) -> Vec<(PathBuf, Source, Vec<Span>)> {
    let Some(survey) = analysis.survey.as_deref() else {
        return Vec::new();
    };
    let own = real(&analysis.file);
    let files = workspace.files(&analysis.home.root).into_iter();
    files
        .filter_map(|file| {
            let text = documents.text_of(&file)?;
            if real(&file) == own || !text.contains(sought.name()) {
                return None;
            }
            let about = |named: Option<PathBuf>| named.is_some_and(|named| real(&named) == own);
            let mut spans = match (workspace.kind(&file, &text), sought) {
                (FileKind::Scenarios, _) => {
                    let playbook = playbook_of(&file, &text);
                    if about(Some(playbook.clone())) {
                        in_scenarios(&text, sought, &|word| {
                            let Sought::Step(path) = sought else {
                                return None;
                            };
                            segment(word, path, survey)
                        })
                    } else if let Sought::Step(path) = sought
                        && let Some(outer) = documents.text_of(&playbook)
                    {
                        // Steps of what a playbook runs are named in its scenarios as well.
                        let home = workspace.home(&playbook);
                        let runs = owners(&outer, &|path| {
                            about(workspace.beside(&home.root, &home.id, path))
                        });
                        if runs.is_empty() {
                            return None;
                        }
                        let shelf = Shelf {
                            documents,
                            root: &home.root,
                            catalog: registry,
                            workspace,
                        };
                        let source = Source::new(&home.name, outer);
                        let outer = surveyed(&source, &home, &shelf, registry)?;
                        in_scenarios(&text, sought, &|word| {
                            let mut own = outer.steps.iter();
                            if own.any(|step| is_meant(word, &step.path)) {
                                return None;
                            }
                            segment(word, path, survey)
                        })
                    } else {
                        Vec::new()
                    }
                }
                (FileKind::Targets, Sought::Input(name))
                    if about(targets::playbook_of(&file, &text)) =>
                {
                    targets::naming(&text, name)
                }
                (FileKind::Playbook, Sought::Input(_) | Sought::Cause(_)) => {
                    in_caller(&text, sought, &|path| {
                        let home = workspace.home(&file);
                        about(workspace.beside(&home.root, &home.id, path))
                    })
                }
                _ => Vec::new(),
            };
            spans.sort_by_key(|span| span.start);
            spans.dedup();
            (!spans.is_empty()).then(|| (file, Source::new("", text), spans))
        })
        .collect()
}

fn real(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_path_buf())
}

/// The places in scenarios of the playbook.
fn in_scenarios(
    text: &str,
    sought: &Sought<'_>,
    segment: &dyn Fn(&str) -> Option<(usize, usize)>,
) -> Vec<Span> {
    let layout = Layout::read(text, 0);
    let entries = layout.entries.iter().filter_map(|entry| {
        let route: Vec<&str> = entry.route.iter().map(String::as_str).collect();
        let key = || bare(text.get(entry.key.clone())?.trim_end(), entry.key.start);
        let value = || value_of(text, entry);
        let (word, span) = match (route.as_slice(), sought) {
            (["scenarios", _, "expect", "causes", ..], Sought::Cause(_))
            | (["scenarios", _, "answers", "approve", ..], Sought::Step(_)) => value()?,
            (["scenarios", _, "inputs", _], Sought::Input(_))
            | (
                ["scenarios", _, "answers", _]
                | ["scenarios", _, "expect" | "undo", "steps" | "holds", _],
                Sought::Step(_),
            ) => key()?,
            _ => return None,
        };
        match sought {
            Sought::Input(name) | Sought::Cause(name) => (word == *name).then_some(span),
            Sought::Step(_) => {
                segment(word).map(|(from, to)| Span::new(span.start + from, span.start + to))
            }
        }
    });
    entries.collect()
}

/// Where the name of a step, which may lack the graph and the blocks before it, has the last name of a path.
fn segment(word: &str, path: &str, survey: &Survey) -> Option<(usize, usize)> {
    let mut meant = survey
        .steps
        .iter()
        .filter(|step| is_meant(word, &step.path));
    meant.find_map(|step| {
        let inside = step
            .path
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if !inside {
            return None;
        }
        let left_out = step.path.len() - word.len();
        let end = path.len().checked_sub(left_out)?;
        let start = path.rfind('.').map_or(0, |dot| dot + 1);
        let start = start.checked_sub(left_out)?;
        word.get(start..end).map(|_| (start, end))
    })
}

/// Whether a word names a step: all of its full name, or the end of it.
fn is_meant(word: &str, path: &str) -> bool {
    let before = path.strip_suffix(word);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Where a playbook gives inputs to another one that it runs or is escalated by.
fn owners(text: &str, is_run: &dyn Fn(&str) -> bool) -> Vec<Vec<String>> {
    let layout = Layout::read(text, 0);
    let owners = layout.entries.iter().filter_map(|entry| {
        let (last, owner) = entry.route.split_last()?;
        let mut inputs = owner.to_vec();
        if entry.route == ["escalate", "use"] {
            inputs.push("with".to_owned());
        } else {
            let (with, step) = owner.split_last()?;
            let action = layout.value(text, step, "action");
            if last != "path" || with != "with" || action != Some("playbook:Run") {
                return None;
            }
            inputs.push("inputs".to_owned());
        }
        let (path, _) = value_of(text, entry)?;
        is_run(path).then_some(inputs)
    });
    owners.collect()
}

/// The places in a playbook whose steps run this one: arguments, and causes in quotes.
fn in_caller(text: &str, sought: &Sought<'_>, is_run: &dyn Fn(&str) -> bool) -> Vec<Span> {
    let layout = Layout::read(text, 0);
    let owners = owners(text, is_run);
    if owners.is_empty() {
        return Vec::new();
    }
    match sought {
        Sought::Input(name) => layout
            .entries
            .iter()
            .filter(|entry| {
                let (last, owner) = entry.route.split_last().unzip();
                last.is_some_and(|last| last == name)
                    && owners.iter().any(|known| Some(known.as_slice()) == owner)
            })
            .filter_map(|entry| {
                let key = text.get(entry.key.clone())?.trim_end();
                bare(key, entry.key.start).map(|(_, span)| span)
            })
            .collect(),
        Sought::Cause(name) => {
            // `any: {in: [crashes, not_started]}`
            let compared = layout.entries.iter().filter_map(|entry| {
                let mut keys = entry.route.iter().rev();
                let key = keys.find(|key| !key.starts_with('['))?;
                let (word, span) = value_of(text, entry)?;
                (word == *name && PREDICATES.contains(&key.as_str())).then_some(span)
            });
            quoted(text, name).chain(compared).collect()
        }
        Sought::Step(_) => Vec::new(),
    }
}

/// Where a name stands in single quotes, as expressions have texts.
pub(crate) fn quoted<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = Span> + 't {
    text.match_indices(name).filter_map(move |(at, _)| {
        let end = at + name.len();
        let before = text.get(..at)?.ends_with('\'');
        let after = text.get(end..)?.starts_with('\'');
        (before && after).then(|| Span::new(at, end))
    })
}
