//! `runbook list`: all playbooks, with what they are about.

use crate::args::{Format, ListArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::gathered::{files, runnable};
use crate::parallel::side_by_side;
use crate::shelf::text_of;
use runbook_playbook::source::Source;
use runbook_playbook::syntax::every_step::every_step;
use runbook_playbook::syntax::playbook::{Kind, Playbook, parse};
use runbook_report::playbook_list::{ListedPlaybook, PlaybookKind, document, lines};
use std::path::Path;

/// Lists playbooks.
pub fn execute(arguments: &ListArguments, environment: &Environment) -> Result<u8, Failure> {
    let files = files(arguments.folder.as_deref(), environment)?;
    let read = side_by_side(&files, |file| listed(file, environment));
    let mut playbooks = Vec::new();
    let mut wrong = false;
    for one in read {
        match one {
            Ok(Some(playbook)) => playbooks.push(playbook),
            Ok(None) => {}
            Err(why) => {
                wrong = true;
                environment.console.err.line(why);
            }
        }
    }
    playbooks.retain(|playbook| wanted(playbook, arguments));
    playbooks.sort_by(|one, other| one.name.cmp(&other.name));
    let out = environment.console.out;
    match arguments.format {
        Format::Json => out.line(format!("{:#}", document(&playbooks))),
        Format::Text if playbooks.is_empty() => out.line("no playbooks"),
        Format::Text => out.lines(&lines(&playbooks, out.look)),
    }
    Ok(if wrong { exit::WRONG } else { exit::WELL })
}

fn wanted(playbook: &ListedPlaybook, arguments: &ListArguments) -> bool {
    let has = |tag: &String| {
        let tags = &mut playbook.tags.iter();
        tags.any(|own| own.eq_ignore_ascii_case(tag.trim()))
    };
    let severity = playbook.severity.as_deref().unwrap_or("-");
    arguments.tag.iter().all(has)
        && (arguments.severity.is_empty()
            || arguments
                .severity
                .iter()
                .any(|one| one.trim().eq_ignore_ascii_case(severity)))
}

/// What a file says of itself; nothing where it is no playbook.
fn listed(file: &Path, environment: &Environment) -> Result<Option<ListedPlaybook>, String> {
    let located = environment.places.place(file);
    let text = text_of(file, &located.name)?;
    if !text.lines().any(|line| line.starts_with("playbook:")) {
        return Ok(None);
    }
    let unread = || {
        let name = &located.name;
        format!("{name} cannot be read; `runbook check {name}` says why")
    };
    let (playbook, _) = parse(&Source::new(&located.name, text));
    let playbook = playbook.filter(|one| one.readable).ok_or_else(unread)?;
    if playbook.kind == Kind::Escalation {
        return Ok(None);
    }
    Ok(Some(ListedPlaybook {
        name: runnable(&located, &environment.places),
        file: located.name,
        title: playbook.title.value.clone(),
        summary: playbook.summary.as_ref().map(|text| text.value.clone()),
        severity: playbook.severity.as_ref().map(|text| text.value.clone()),
        kind: kind(&playbook),
        tags: playbook.tags.iter().map(|tag| tag.value.clone()).collect(),
        causes: causes(&playbook),
        required: required(&playbook),
    }))
}

/// What a playbook is for.
fn kind(playbook: &Playbook) -> PlaybookKind {
    if playbook.check.is_some() {
        PlaybookKind::Check
    } else if playbook.symptom.is_some() || playbook.diagnose.is_some() {
        PlaybookKind::Troubleshooting
    } else {
        PlaybookKind::Procedure
    }
}

/// Names and titles of causes, in the order in which finders name them.
fn causes(playbook: &Playbook) -> Vec<(String, String)> {
    let mut causes: Vec<(String, String)> = Vec::new();
    for placed in every_step(playbook) {
        for finder in &placed.step.causes {
            let name = &finder.name.value;
            let title = finder.title.as_ref().map(|title| title.value.clone());
            match causes.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => {
                    if let (true, Some(title)) = (known == name, title) {
                        *known = title;
                    }
                }
                None => causes.push((name.clone(), title.unwrap_or_else(|| name.clone()))),
            }
        }
    }
    causes
}

/// The inputs without a default.
fn required(playbook: &Playbook) -> Vec<String> {
    let inputs = playbook.inputs.iter();
    inputs
        .filter(|input| input.default.is_none())
        .map(|input| input.name.value.clone())
        .collect()
}
