//! Secrets enter arguments and nothing else.

use super::index::{Index, Stage, StepId};
use super::names::Viewpoint;
use super::problems::Problems;
use super::reference::Written;
use super::types::Types;
use super::uses::{self, Moment};
use crate::diagnostic::Code;
use crate::expression::{Expression, TypeScope, infer, is_secret};
use crate::span::{Span, Spanned};
use crate::syntax::input::InputKind;
use crate::syntax::step::{Call, Work};
use crate::template::{Data, Part};

/// Says where an input is used outside an argument though it is secret.
pub(super) fn check(
    index: &Index<'_>,
    problems: &mut Problems,
    outside_arguments: impl IntoIterator<Item = (usize, Span)>,
) {
    for (input, span) in outside_arguments {
        let Some(input) = index.playbook.inputs.get(input) else {
            continue;
        };
        if !is_secret_kind(&input.kind) {
            continue;
        }
        problems.push(
            problems
                .error(
                    Code::SecretShown,
                    span,
                    format!(
                        "the secret `inputs.{}` may only enter `with`",
                        input.name.value
                    ),
                )
                .also(input.name.span, "a secret")
                .help("pass it to the action that needs it; it is shown and compared nowhere"),
        );
    }
}

fn is_secret_kind(kind: &InputKind) -> bool {
    match kind {
        InputKind::Secret => true,
        InputKind::List(items) => is_secret_kind(items),
        _ => false,
    }
}

/// Says where something secret, an input, a sensitive member or what is made of them, would be shown: in messages, tables,
/// outputs, questions to people and notifications.
pub(super) fn shown(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        for used in uses::of_step(entry.step) {
            // Conditions have rules of their own: a secret cannot be compared.
            if used.argument || used.moment == Moment::Start {
                continue;
            }
            let scope = types.from(Viewpoint::Step(id, used.moment));
            written(problems, used.written, &scope, "may only enter `with`");
        }
        if let Work::Action(call) = &entry.step.work {
            told(index, types, problems, id, call);
        }
    }
    let ended = types.from(Viewpoint::Ended);
    for (_, output) in &index.playbook.outputs {
        one(problems, output, &ended, "is no output");
    }
    if let Some(escalate) = &index.playbook.escalate {
        for (_, contact) in &escalate.contacts {
            let written_down = Written::Data(contact);
            written(problems, written_down, &ended, "is no contact");
        }
    }
}

/// What people are told is shown to them, whatever argument it stands in. A request's address and headers are not, and
/// neither is the key of `PagerDuty`'s Events API v2, which stands in the body.
fn told(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems, id: StepId, call: &Call) {
    let to_people = call.action.starts_with("human:");
    let notifies = index.group_of(id).stage == Stage::Notify;
    if !to_people && !notifies {
        return;
    }
    let scope = types.from(Viewpoint::Step(id, Moment::Call));
    let what = if to_people {
        "would be shown to a person"
    } else {
        "would be sent to people"
    };
    for (name, value) in &call.with {
        let hidden = call.action.value == "http:Request"
            && matches!(name.value.as_str(), "headers" | "url" | "query");
        if hidden {
            continue;
        }
        match value {
            Spanned {
                value: Data::Map(members),
                ..
            } if notifies && call.action.value == "http:Request" && name.value == "json" => {
                let shown = members.iter().filter(|(name, _)| name.value != ROUTING_KEY);
                shown.for_each(|(_, value)| in_data(problems, value, &scope, what));
            }
            value => written(problems, Written::Data(value), &scope, what),
        }
    }
}

/// By which `PagerDuty` knows the service that an event is for: a credential, taken out of the event before anybody sees it.
const ROUTING_KEY: &str = "routing_key";

fn written(problems: &mut Problems, written: Written<'_>, scope: &dyn TypeScope, what: &str) {
    match written {
        Written::Expression(expression) => one(problems, expression, scope, what),
        Written::Data(data) => in_data(problems, data, scope, what),
        Written::Path(_) | Written::Key(_) => {}
    }
}

fn in_data(problems: &mut Problems, data: &Data, scope: &dyn TypeScope, what: &str) {
    match data {
        Data::Scalar(_) => {}
        Data::Expression(expression) => one(problems, expression, scope, what),
        Data::Text(template) => {
            for part in &template.parts {
                if let Part::Expression(expression) = part {
                    one(problems, expression, scope, what);
                }
            }
        }
        Data::List(items) => items
            .iter()
            .for_each(|item| in_data(problems, item, scope, what)),
        Data::Map(entries) => entries
            .iter()
            .for_each(|(_, value)| in_data(problems, value, scope, what)),
    }
}

fn one(problems: &mut Problems, expression: &Expression, scope: &dyn TypeScope, what: &str) {
    if problems.has_error_in(expression.span) || !is_secret(&infer(&expression.root, scope).0) {
        return;
    }
    problems.push(
        problems
            .error(
                Code::SecretShown,
                expression.span,
                format!("`{}` is secret and {what}", expression.text),
            )
            .help("pass it to the action that needs it; it is shown and compared nowhere"),
    );
}
