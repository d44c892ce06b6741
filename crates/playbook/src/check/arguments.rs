//! The arguments of calls are those that the action takes.

use super::index::{Entry, Index};
use super::names::Viewpoint;
use super::problems::{Problems, helped, suggestion};
use super::reference::path_of_key;
use super::types::Types;
use super::typing;
use super::uses::Moment;
use crate::catalog::Action;
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::TypeScope;
use crate::span::Spanned;
use crate::syntax::playbook::{Playbook, ServiceDefaults};
use crate::syntax::step::{Call, Work};
use crate::template::Data;
use crate::types::{Structure, Type};

/// Checks every call, with what `defaults` fill in.
pub(super) fn check(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        let from = |moment| types.from(Viewpoint::Step(id, moment));
        if let (Work::Action(call), Some(action)) = (&entry.step.work, &entry.action) {
            one(index.playbook, problems, action, call, &from(Moment::Call));
        }
        if let (Some(before), Some(action)) = (&entry.step.before, &entry.before) {
            let scope = from(Moment::Element);
            one(index.playbook, problems, action, &before.call, &scope);
        }
    }
    unused_defaults(index, problems);
}

fn one(
    playbook: &Playbook,
    problems: &mut Problems,
    action: &Action,
    call: &Call,
    scope: &dyn TypeScope,
) {
    let base = call
        .base
        .as_ref()
        .map(|base| (base.span, typing::expression(problems, base, scope)));
    if let Some((span, ty)) = &base
        && !matches!(ty, Type::Any | Type::Structure(_) | Type::Map(_))
    {
        problems.push(
            problems
                .error(
                    Code::ExpressionType,
                    *span,
                    format!("`base` is a captured structure, and this is {ty}"),
                )
                .help("capture the structure that the call begins from, and name that capture"),
        );
    }
    let Type::Structure(input) = &action.input else {
        return;
    };
    for (key, value) in &call.with {
        if key.starts_with('$') {
            into_base(
                playbook,
                problems,
                action,
                base.is_some(),
                key,
                value,
                scope,
            );
        } else if let Some(member) = input.member(key) {
            typing::data(problems, value, &member.ty, scope);
        } else {
            unknown(problems, &action.name, input.as_ref(), key);
        }
    }
    let defaults = defaults_of(playbook, &action.name);
    for (name, value) in defaults.iter().flat_map(|defaults| &defaults.members) {
        if !given(call, name)
            && let Some(member) = input.member(name)
        {
            typing::data(problems, value, &member.ty, scope);
        }
    }
    let from_base = |name: &str| match &base {
        None => false,
        Some((_, Type::Structure(base))) => base.member(name).is_some(),
        Some(_) => true,
    };
    let missing: Vec<String> = input
        .member_names()
        .into_iter()
        .filter(|name| {
            input
                .member(name)
                .is_some_and(|member| member.required && !member.idempotency_token)
        })
        .filter(|name| {
            let by_default = defaults
                .iter()
                .flat_map(|defaults| &defaults.members)
                .any(|(default, _)| default.value == *name);
            !given(call, name) && !by_default && !from_base(name)
        })
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        problems.push(
            problems
                .error(
                    Code::MissingArgument,
                    call.action.span,
                    format!("`{}` needs {}", action.name, missing.join(" and ")),
                )
                .help("give it in `with`, or for the whole service in `defaults`"),
        );
    }
}

fn given(call: &Call, name: &str) -> bool {
    call.with.iter().any(|(key, _)| key.value == name)
}

/// What `with` leaves out of the calls of a service: waiters and composites carry the service in their names too.
fn defaults_of<'p>(playbook: &'p Playbook, action: &str) -> Option<&'p ServiceDefaults> {
    let (service, _) = action.split_once(':')?;
    playbook
        .defaults
        .iter()
        .find(|defaults| defaults.service.value == service)
}

/// A key that is a path into what the call begins from.
fn into_base(
    playbook: &Playbook,
    problems: &mut Problems,
    action: &Action,
    has_base: bool,
    key: &Spanned<String>,
    value: &Spanned<Data>,
    scope: &dyn TypeScope,
) {
    if !has_base {
        // A path without `base` is reported where the step is read.
        return;
    }
    let path = match path_of_key(key, &playbook.source) {
        Ok(path) => path,
        Err(problem) => {
            problems.push(*problem);
            return;
        }
    };
    if path.assignable().is_none() {
        problems.push(
            problems
                .error(
                    Code::InvalidValue,
                    key.span,
                    "nothing can be set here: the path does not end with a name",
                )
                .help("end it with the name of the member to set: `$.list[?@.name == 'x'].member`"),
        );
        return;
    }
    let ty = typing::path(problems, &path, &action.input, scope);
    typing::data(problems, value, ty.present(), scope);
}

fn unknown(problems: &mut Problems, action: &str, input: &dyn Structure, key: &Spanned<String>) {
    let names = input.member_names();
    let mut problem = problems.error(
        Code::UnknownArgument,
        key.span,
        format!("`{action}` takes no `{}`", key.value),
    );
    problem = helped(
        problem,
        suggestion(&key.value, names.iter().map(String::as_str)),
    );
    problems.push(problem);
}

/// A default that no call of its service takes is a slip of the pen.
fn unused_defaults(index: &Index<'_>, problems: &mut Problems) {
    for defaults in &index.playbook.defaults {
        let service = format!("{}:", defaults.service.value);
        let inputs: Vec<_> = index
            .steps
            .iter()
            .flat_map(|entry| [&entry.action, &entry.before])
            .flatten()
            .filter(|action| action.name.starts_with(&service))
            .filter_map(|action| match &action.input {
                Type::Structure(input) => Some(input),
                _ => None,
            })
            .collect();
        if inputs.is_empty() {
            // An action that is not there is reported where it is called.
            let unknown = |entry: &Entry<'_>| match &entry.step.work {
                Work::Action(call) => call.action.value.starts_with(&service),
                Work::Block { .. } | Work::Reason => false,
            };
            if !index.steps.iter().any(unknown) {
                let problem = unused_service(index, problems, &defaults.service);
                problems.push(problem);
            }
            continue;
        }
        for (name, _) in &defaults.members {
            if inputs.iter().any(|input| input.member(name).is_some()) {
                continue;
            }
            let names: Vec<String> = inputs
                .iter()
                .flat_map(|input| input.member_names())
                .collect();
            let mut problem = problems
                .error(
                    Code::UnknownArgument,
                    name.span,
                    format!(
                        "no call of `{}` here takes `{}`",
                        defaults.service.value, name.value
                    ),
                )
                .warning();
            problem = helped(
                problem,
                super::problems::closest(name, names.iter().map(String::as_str))
                    .map(|meant| format!("did you mean `{meant}`?")),
            );
            problems.push(problem);
        }
    }
}

/// Says that no call is one of a service with `defaults`.
fn unused_service(index: &Index<'_>, problems: &Problems, service: &Spanned<String>) -> Diagnostic {
    let actions = index
        .steps
        .iter()
        .flat_map(|entry| [&entry.action, &entry.before]);
    let called: Vec<&str> = actions
        .flatten()
        .filter_map(|action| Some(action.name.split_once(':')?.0))
        .collect();
    let message = format!("no call here is one of `{}`", service.value);
    let problem = problems
        .error(Code::UnknownArgument, service.span, message)
        .warning();
    let meant = super::problems::closest(service, called);
    helped(
        problem,
        meant.map(|meant| format!("did you mean `{meant}`?")),
    )
}
