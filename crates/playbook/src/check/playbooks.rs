//! Playbooks that a playbook names exist and are given their inputs.

use super::index::Index;
use super::library::Library;
use super::names::Viewpoint;
use super::problems::{Problems, helped, suggestion};
use super::types::Types;
use super::typing;
use super::unlisted;
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::expression::TypeScope;
use crate::inputs::type_of;
use crate::span::{Span, Spanned};
use crate::syntax::escalate::Escalate;
use crate::syntax::input::Input;
use crate::syntax::playbook::Kind;
use crate::syntax::step::Work;
use crate::template::Data;

/// Checks `playbook:Run` and `escalate.use`; `id` is the playbook's own.
pub(super) fn check(
    index: &Index<'_>,
    types: &Types<'_>,
    problems: &mut Problems,
    id: &str,
    library: &dyn Library,
) {
    for (at, entry) in index.steps.iter().enumerate() {
        let Work::Action(call) = &entry.step.work else {
            continue;
        };
        if call.action.value != "playbook:Run" {
            continue;
        }
        let argument = |name: &str| {
            let found = call.with.iter().find(|(key, _)| key.value == name);
            found.map(|(_, value)| value)
        };
        let Some((path, span)) = argument("path").and_then(literal) else {
            continue;
        };
        let Some(signature) = library.signature(id, path) else {
            not_there(problems, path, span);
            continue;
        };
        if signature.kind != Kind::Playbook {
            problems.push(
                problems
                    .error(
                        Code::UnknownPlaybook,
                        span,
                        format!("`{path}` is a file of escalation, which is not run by itself"),
                    )
                    .help("name a playbook, or use the file in `escalate`"),
            );
            continue;
        }
        let only = argument("only").and_then(literal).map(|(only, _)| only);
        unlisted::check(index.playbook, &signature, path, only, span, problems);
        let scope = types.from(Viewpoint::Step(at, Moment::Call));
        match argument("inputs").map(|data| &data.value) {
            None => given(problems, &signature.inputs, &[], span, &scope),
            Some(Data::Map(entries)) => given(problems, &signature.inputs, entries, span, &scope),
            Some(_) => {}
        }
    }
    let Some(escalate) = &index.playbook.escalate else {
        return;
    };
    if escalate.uses.is_none() {
        let levels: Vec<u32> = escalate.levels.iter().map(|one| one.level.value).collect();
        if index.playbook.kind == Kind::Playbook {
            level(problems, escalate, &levels);
        }
        if !levels.is_empty() {
            contacts(problems, escalate, &levels);
        }
    }
    if let Some(uses) = &escalate.uses {
        match library.signature(id, uses) {
            Some(signature) if signature.kind == Kind::Escalation => {
                level(problems, escalate, &signature.levels);
                let scope = types.from(Viewpoint::Escalate);
                given(
                    problems,
                    &signature.inputs,
                    &escalate.with,
                    uses.span,
                    &scope,
                );
            }
            Some(_) => problems.push(
                problems
                    .error(
                        Code::UnknownPlaybook,
                        uses.span,
                        format!("`{}` is a playbook and no file of escalation", uses.value),
                    )
                    .help("a file of escalation begins with `escalation: v1`"),
            ),
            None => not_there(problems, uses, uses.span),
        }
    }
}

/// The level that is told where a playbook names none.
const FIRST: u32 = 1;

/// The level that a playbook begins with is one of those that are told.
fn level(problems: &mut Problems, escalate: &Escalate, levels: &[u32]) {
    if levels.is_empty() {
        return;
    }
    let (level, span, message) = if let Some(level) = &escalate.level {
        let message = format!("nobody is told at level {}", level.value);
        (level.value, level.span, message)
    } else {
        let message = "nobody is told at level 1, which is meant where no `level` is given";
        let uses = escalate.uses.as_ref().map(|uses| uses.span);
        (FIRST, uses.unwrap_or(escalate.span), message.to_owned())
    };
    if !levels.contains(&level) {
        unknown_level(problems, span, message, levels);
    }
}

/// The levels of contacts are told.
fn contacts(problems: &mut Problems, escalate: &Escalate, levels: &[u32]) {
    let never = |level: &u32| !levels.contains(level);
    for (name, contact) in &escalate.contacts {
        let members = match &contact.value {
            Data::Map(members) => members.as_slice(),
            _ => &[],
        };
        let own = members.iter().find(|(name, _)| name.value == "level");
        let Some((_, own)) = own else {
            let level = name.value.strip_prefix("level_");
            let level = level.and_then(|level| level.parse::<u32>().ok());
            if let Some(level) = level.filter(never) {
                let message = format!("`{}` is for level {level}, which is never told", name.value);
                unknown_level(problems, name.span, message, levels);
            }
            continue;
        };
        let several = match &own.value {
            Data::List(several) => several.as_slice(),
            _ => std::slice::from_ref(own),
        };
        for one in several {
            let level = literal(one).and_then(|(text, _)| text.parse::<u32>().ok());
            if let Some(level) = level.filter(never) {
                let message = format!("`{}` is for level {level}, which is never told", name.value);
                unknown_level(problems, one.span, message, levels);
            }
        }
    }
}

fn unknown_level(problems: &mut Problems, span: Span, message: String, levels: &[u32]) {
    let listed: Vec<String> = levels.iter().map(|level| format!("`{level}`")).collect();
    problems.push(
        problems
            .error(Code::UnknownLevel, span, message)
            .help(format!("`levels` has {}", listed.join(", "))),
    );
}

fn literal(data: &Spanned<Data>) -> Option<(&str, Span)> {
    match &data.value {
        Data::Scalar(scalar) => Some((&scalar.text, data.span)),
        _ => None,
    }
}

fn not_there(problems: &mut Problems, path: &str, span: Span) {
    problems.push(
        problems
            .error(
                Code::UnknownPlaybook,
                span,
                format!("there is no playbook `{path}`"),
            )
            .help("paths are relative to this file and stay inside the playbook root"),
    );
}

fn given(
    problems: &mut Problems,
    inputs: &[Input],
    entries: &[(Spanned<String>, Spanned<Data>)],
    span: Span,
    scope: &dyn TypeScope,
) {
    for (name, value) in entries {
        if let Some(input) = inputs.iter().find(|input| input.name.value == name.value) {
            typing::data(problems, value, &type_of(input), scope);
        } else {
            let mut problem = problems.error(
                Code::UnknownInput,
                name.span,
                format!("that playbook has no input `{}`", name.value),
            );
            let names = inputs.iter().map(|input| input.name.value.as_str());
            problem = helped(problem, suggestion(&name.value, names));
            problems.push(problem);
        }
    }
    let missing: Vec<String> = inputs
        .iter()
        .filter(|input| input.default.is_none())
        .filter(|input| {
            !entries
                .iter()
                .any(|(name, _)| name.value == input.name.value)
        })
        .map(|input| format!("`{}`", input.name.value))
        .collect();
    if !missing.is_empty() {
        problems.push(problems.error(
            Code::MissingArgument,
            span,
            format!("that playbook needs the inputs {}", missing.join(", ")),
        ));
    }
}
