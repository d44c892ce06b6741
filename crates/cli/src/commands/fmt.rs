//! `runbook fmt`: the one layout of playbooks, scenarios and files of escalation.

use super::check::{File, Whose, files, foreign_file, whose};
use crate::args::FmtArguments;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::parallel::side_by_side;
use crate::problems::{self, counted};
use crate::shelf::{text_of, text_of_standard_input};
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::layout::layout;
use runbook_playbook::source::Source;
use similar::TextDiff;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Lays every file out, or says which are not.
pub fn execute(arguments: &FmtArguments, environment: &Environment) -> Result<u8, Failure> {
    if arguments.paths == [Path::new("-")] {
        return standard_input(arguments, environment);
    }
    if arguments.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::wrong(
            "`-` is standard input: name it alone, without files",
        ));
    }
    let files = files(&arguments.paths, environment)?;
    let mut tally = Tally::default();
    for (path, laid) in side_by_side(&files, |file| (file.path.clone(), lay(file, environment))) {
        tally.add(&path, laid, arguments, environment)?;
    }
    tally.end(arguments, environment)
}

/// What came of a file.
enum Laid {
    /// It is none of ours.
    LeftAlone,
    Unread(String),
    Wrong(Vec<Diagnostic>),
    /// It is laid out already.
    Same,
    Other {
        before: String,
        after: String,
    },
}

fn lay(file: &File, environment: &Environment) -> Laid {
    let name = environment.places.shown(&file.path);
    let text = match text_of(&file.path, &name) {
        Ok(text) => text,
        Err(why) => return Laid::Unread(why),
    };
    let whose = whose(file, &text);
    let source = Source::new(&name, text);
    match whose {
        Whose::Others => Laid::LeftAlone,
        Whose::Unknown => Laid::Wrong(vec![foreign_file(&source)]),
        Whose::Ours | Whose::Targets => laid(&source),
    }
}

fn laid(source: &Source) -> Laid {
    match layout(source) {
        Err(diagnostics) => Laid::Wrong(diagnostics),
        Ok(after) if after == source.text() => Laid::Same,
        Ok(after) => Laid::Other {
            before: source.text().to_owned(),
            after,
        },
    }
}

/// What came of all files.
#[derive(Default)]
struct Tally {
    files: usize,
    changed: usize,
    wrong: usize,
}

impl Tally {
    fn add(
        &mut self,
        path: &Path,
        laid: Laid,
        arguments: &FmtArguments,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let (out, err) = (environment.console.out, environment.console.err);
        self.files += usize::from(!matches!(laid, Laid::LeftAlone));
        match laid {
            Laid::LeftAlone | Laid::Same => {}
            Laid::Unread(why) => {
                err.line(format!("error: {why}"));
                self.wrong += 1;
            }
            Laid::Wrong(diagnostics) => {
                problems::show(&diagnostics, err);
                self.wrong += 1;
            }
            Laid::Other { before, after } => {
                self.changed += 1;
                let shown = environment.places.shown(path);
                if arguments.diff {
                    out.lines(&difference(&shown, &before, &after));
                } else {
                    out.line(&shown);
                }
                if !arguments.diff && !arguments.check {
                    replace(path, &after).map_err(|error| {
                        Failure::wrong(format!("{shown} cannot be written: {error}"))
                    })?;
                }
            }
        }
        Ok(())
    }

    fn end(&self, arguments: &FmtArguments, environment: &Environment) -> Result<u8, Failure> {
        if self.files == 0 {
            return Err(Failure::wrong(
                "there are no playbooks here; name a file or a folder",
            ));
        }
        let looks = arguments.check || arguments.diff;
        let files = counted(self.files, "file");
        let mut line = match (self.changed, looks) {
            (0, _) if self.wrong == 0 => format!("{files} laid out already"),
            (0, _) => format!("{files} looked at, none changed"),
            (changed, true) => {
                format!("{changed} of {files} to be laid out: `runbook fmt` does it")
            }
            (changed, false) => format!("{changed} of {files} laid out"),
        };
        if self.wrong > 0 {
            let wrong = counted(self.wrong, "file");
            line = format!("{line}; {wrong} cannot be read and left alone");
        }
        environment.console.err.line(line);
        Ok(if self.wrong > 0 {
            exit::WRONG
        } else if looks && self.changed > 0 {
            exit::NOT_WELL
        } else {
            exit::WELL
        })
    }
}

/// Lays standard input out onto standard output.
fn standard_input(arguments: &FmtArguments, environment: &Environment) -> Result<u8, Failure> {
    let text = text_of_standard_input().map_err(Failure::wrong)?;
    let source = Source::new("-", text);
    let laid = laid(&source);
    let (text, other) = match &laid {
        Laid::Wrong(diagnostics) => {
            problems::show(diagnostics, environment.console.err);
            return Err(Failure::wrong(
                "standard input cannot be laid out; mend what is marked above",
            ));
        }
        Laid::Other { after, .. } => (after.as_str(), true),
        Laid::LeftAlone | Laid::Unread(_) | Laid::Same => (source.text(), false),
    };
    let out = environment.console.out;
    if arguments.diff {
        out.lines(&difference("-", source.text(), text));
    } else if !arguments.check {
        out.line(text.trim_end_matches('\n'));
    }
    Ok(if other && (arguments.check || arguments.diff) {
        exit::NOT_WELL
    } else {
        exit::WELL
    })
}

/// The lines of a unified difference between two texts of a file.
pub(super) fn difference(name: &str, before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut unified = diff.unified_diff();
    let text = unified.context_radius(2).header(name, name).to_string();
    text.lines().map(runbook_report::question::safe).collect()
}

/// Writes a file as a whole: whoever reads it meanwhile gets the old text or the new one.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path: PathBuf = std::fs::canonicalize(path)?;
    let permissions = std::fs::metadata(&path)?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
