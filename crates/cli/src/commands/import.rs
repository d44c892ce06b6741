//! `runbook import`: troubleshooting pages, scripts and commands to playbooks, and what is wrong with their commands.

use super::check::{Checked, Summary};
use crate::args::{CheckArguments, CheckFormat, ImportArguments};
use crate::environment::{Environment, quoted};
use crate::exit::{self, Failure};
use crate::levels::Levels;
use crate::locate::files_below;
use crate::parallel::side_by_side;
use crate::problems::counted;
use crate::shelf::{Shelf, text_of, text_of_standard_input};
use runbook_import::{Draft, Form, Imported, import};
use runbook_playbook::diagnostic::has_errors;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use runbook_report::findings::Unread;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Reads the pages, writes the playbooks, says what is wrong.
pub fn execute(arguments: &ImportArguments, environment: &Environment) -> Result<u8, Failure> {
    let levels = Levels::new(&CheckArguments {
        deny: arguments.deny.clone(),
        allow: arguments.allow.clone(),
        ..CheckArguments::default()
    })?;
    let pages = pages(arguments, environment)?;
    let registry = Registry::new();
    let read = side_by_side(&pages, |page| match page {
        Page::Read(source, form) => Ok(import(source, *form, &registry)),
        Page::Unread(unread) => Err(unread.clone()),
    });
    let mut summary = Summary::default();
    let mut total = Total::default();
    let error = environment.console.err;
    let style = (arguments.format == CheckFormat::Text).then(|| error.style());
    let mut drafts = Vec::new();
    for imported in read {
        match imported {
            Ok(imported) => {
                total.add(&imported);
                let Imported {
                    diagnostics,
                    drafts: found,
                    ..
                } = imported;
                summary.add(Checked::found(diagnostics, &levels, style), error);
                drafts.extend(found);
            }
            Err(unread) => {
                if arguments.format == CheckFormat::Text {
                    error.line(format!("error: {}", unread.why));
                }
                summary.add(Checked::Unread(unread), error);
            }
        }
    }
    if total.commands == 0 && !summary.unreadable() {
        return Err(Failure::wrong(
            "there are no commands here; pages have them in fenced blocks: ```bash",
        ));
    }
    if !arguments.check {
        match &arguments.out {
            Some(folder) => {
                write(&drafts, folder, arguments.force, environment)?;
                total.checked = Some(right(&drafts, folder, environment, &registry));
            }
            None if arguments.format == CheckFormat::Text => show(&drafts, environment),
            None => {}
        }
    }
    if arguments.format == CheckFormat::Text {
        error.line(total.line(&summary, drafts.len(), arguments));
    } else {
        summary.write(arguments.format, arguments.pages.as_deref(), environment);
    }
    let wrong = summary.unreadable() || (arguments.check && summary.failed());
    Ok(if wrong { exit::WRONG } else { exit::WELL })
}

/// A page that is to be imported.
enum Page {
    Read(Source, Form),
    Unread(Unread),
}

fn pages(arguments: &ImportArguments, environment: &Environment) -> Result<Vec<Page>, Failure> {
    if !arguments.command.is_empty() {
        let text = match arguments.command.as_slice() {
            // A whole line in quotes, as one gives it to a shell.
            [line] if line.contains(char::is_whitespace) => line.clone(),
            words => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                words.join(" ")
            }
        };
        let source = Source::new("command", text);
        return Ok(vec![Page::Read(source, Form::Shell)]);
    }
    let places = &environment.places;
    let mut pages = Vec::new();
    for path in &arguments.paths {
        if path == Path::new("-") {
            pages.push(standard_input()?);
            continue;
        }
        let full = places.current.join(path);
        let files = if full.is_dir() {
            files_below(&full, is_page)
        } else {
            vec![full]
        };
        for file in files {
            let name = places.shown(&file);
            pages.push(match text_of(&file, &name) {
                Ok(text) => Page::Read(Source::new(&name, text), form(&file)),
                Err(why) => Page::Unread(Unread { file: name, why }),
            });
        }
    }
    Ok(pages)
}

fn standard_input() -> Result<Page, Failure> {
    let text = text_of_standard_input().map_err(Failure::wrong)?;
    let markdown = text.contains("```") || text.starts_with("# ") && text.contains("\n## ");
    let form = if markdown {
        Form::Markdown
    } else {
        Form::Shell
    };
    Ok(Page::Read(Source::new("-", text), form))
}

fn form(file: &Path) -> Form {
    let ending = file.extension().and_then(|ending| ending.to_str());
    match ending {
        Some("md" | "markdown" | "mdx" | "txt") => Form::Markdown,
        _ => Form::Shell,
    }
}

fn is_page(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("md" | "markdown" | "mdx" | "sh" | "bash"))
}

fn path_of(folder: &Path, draft: &Draft) -> PathBuf {
    folder.join(format!("{}.yaml", draft.name))
}

fn write(
    drafts: &[Draft],
    folder: &Path,
    force: bool,
    environment: &Environment,
) -> Result<(), Failure> {
    let folder = environment.places.current.join(folder);
    let shown = |path: &Path| environment.places.shown(path);
    let mut names = BTreeSet::new();
    for draft in drafts {
        let path = path_of(&folder, draft);
        if !names.insert(draft.name.clone()) {
            return Err(Failure::wrong(format!(
                "two of the pages have a section `{}`: import them into folders of their own",
                draft.title
            )));
        }
        if !force && path.exists() {
            return Err(Failure::wrong(format!(
                "{} is there already; nothing was written; `--force` writes over it",
                shown(&path)
            )));
        }
    }
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::wrong(format!(
            "{} cannot be made: {error}; name another folder with --out",
            shown(&folder)
        ))
    })?;
    for draft in drafts {
        let path = path_of(&folder, draft);
        std::fs::write(&path, &draft.text).map_err(|error| {
            Failure::wrong(format!(
                "{} cannot be written: {error}; name another folder with --out",
                shown(&path)
            ))
        })?;
        environment.console.out.line(shown(&path));
    }
    Ok(())
}

/// How many of the playbooks that were written are without errors.
fn right(drafts: &[Draft], folder: &Path, environment: &Environment, registry: &Registry) -> usize {
    let places = &environment.places;
    drafts
        .iter()
        .filter(|draft| {
            let located = places.place(&path_of(&places.current.join(folder), draft));
            let reviewed =
                Shelf::new(places, &located.root, registry).review(&located, draft.text.clone());
            !has_errors(&reviewed.diagnostics)
        })
        .count()
}

fn show(drafts: &[Draft], environment: &Environment) {
    let out = environment.console.out;
    for (place, draft) in drafts.iter().enumerate() {
        if drafts.len() > 1 {
            if place > 0 {
                out.line("---");
            }
            out.line(format!("# {}.yaml", draft.name));
        }
        out.line(draft.text.trim_end());
    }
}

/// What came of all pages.
#[derive(Default)]
struct Total {
    commands: usize,
    aws: usize,
    converted: usize,
    /// How many playbooks were checked and are without errors.
    checked: Option<usize>,
}

impl Total {
    fn add(&mut self, imported: &Imported) {
        self.commands += imported.commands.len();
        let aws = imported.commands.iter().filter(|seen| seen.aws);
        self.aws += aws.clone().count();
        self.converted += aws.filter(|seen| seen.action.is_some()).count();
    }

    /// `95 commands, 74 of the AWS CLI: 74 became steps; 20 errors and 3 warnings; 18 playbooks, 18 without errors`
    fn line(&self, summary: &Summary, drafts: usize, arguments: &ImportArguments) -> String {
        let mut line = format!(
            "{}, {} of the AWS CLI: {} became steps; {}",
            counted(self.commands, "command"),
            self.aws,
            self.converted,
            summary.counts()
        );
        if let Some(right) = self.checked {
            let _ = write!(
                line,
                "; {}, {right} without errors (`runbook check`)",
                counted(drafts, "playbook")
            );
        } else if !arguments.check {
            let _ = write!(line, "; {}", counted(drafts, "playbook"));
        }
        line
    }
}
