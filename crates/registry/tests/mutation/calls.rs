//! Mistakes in calls, paths and assertions, by the types of the real actions.

use super::plant::Planter;
use runbook_playbook::catalog::{Action, ActionKind, Catalog, Effect};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::jsonpath::Path;
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, Spanned, TextPlace};
use runbook_playbook::syntax::assertion::{Predicate, Subject};
use runbook_playbook::syntax::capture::CaptureFrom;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::{Call, Step, Work};
use runbook_playbook::template::Data;
use runbook_playbook::types::{Structure, Type};
use runbook_registry::Registry;

/// Plants mistakes into the calls of a step, and into what it says of the result.
pub fn plant(planter: &mut Planter<'_>, playbook: &Playbook, step: &Step, registry: &Registry) {
    if let Some(before) = &step.before
        && let Ok(action) = registry.action(&before.call.action)
    {
        call(planter, playbook, &before.call, &action, step);
    }
    let Work::Action(called) = &step.work else {
        return;
    };
    let Ok(action) = registry.action(&called.action) else {
        return;
    };
    call(planter, playbook, called, &action, step);
    for capture in &step.capture {
        if let CaptureFrom::Path(one) = &capture.from {
            path(planter, one, &action.output);
        }
    }
    for assertion in super::assertions(step) {
        if let Subject::Path(one) = &assertion.subject {
            path(planter, one, &action.output);
            let looked = one.infer(&action.output).ok();
            for predicate in &assertion.predicates {
                if let Some(ty) = looked.as_ref().filter(|_| one.singular) {
                    single(planter, predicate, ty.present());
                }
                several(planter, predicate);
            }
        }
    }
    let codes = step.retry.iter().flat_map(|rule| &rule.errors);
    for code in step.expect_error.iter().chain(codes) {
        if !action.errors.is_empty() && action.kind == ActionKind::Operation {
            planter.replace(
                "error code misspelt",
                code.span,
                &format!("{}x", code.value),
                &[Code::UnknownErrorCode],
            );
        }
    }
}

#[expect(clippy::too_many_lines, reason = "a list of mistakes")]
fn call(planter: &mut Planter<'_>, playbook: &Playbook, call: &Call, action: &Action, step: &Step) {
    let name = &call.action;
    let (service, _) = name.split_once(':').unwrap_or((name.as_str(), ""));
    let service = Span::new(name.span.start, name.span.start + service.len());
    planter.misspell(
        "service misspelt",
        service,
        planter.source.slice(service),
        &[Code::UnknownAction],
    );
    planter.misspell(
        "operation misspelt",
        name.span,
        name,
        &[Code::UnknownAction],
    );
    planter.replace(
        "action without service",
        name.span,
        "Describe",
        &[
            Code::UnknownAction,
            Code::InvalidValue,
            Code::InvalidName,
            Code::WrongKind,
        ],
    );
    let Type::Structure(input) = &action.input else {
        return;
    };
    let by_default = |member: &str| {
        playbook
            .defaults
            .iter()
            .flat_map(|service| &service.members)
            .any(|(name, _)| name.value == member)
    };
    for (key, value) in &call.with {
        let Some(member) = input.member(key) else {
            continue;
        };
        let lines = (planter.line(key.span.start), planter.line(key.span.start));
        planter.replace_for(
            "argument misspelt",
            key.span,
            &super::plant::misspelt(key),
            &[Code::UnknownArgument],
            lines,
        );
        if member.required && call.base.is_none() && !by_default(key) {
            let lines = (
                planter.line(step.span.start),
                planter.line(step.span.end.saturating_sub(1)),
            );
            // The member that replaces it may be left out, or is no member at all.
            planter.replace_for(
                "required argument dropped",
                key.span,
                "idempotencyOfNothing",
                &[Code::MissingArgument],
                lines,
            );
        }
        let wrong = match member.ty.present() {
            Type::Text(_)
            | Type::Boolean
            | Type::Integer(..)
            | Type::Number(_)
            | Type::Duration
            | Type::List(_) => Some("{not: this}"),
            Type::Structure(_) | Type::Map(_) => Some("not_this"),
            _ => None,
        };
        // A folded text begins with a sign that is no part of it.
        let folded = planter.source.slice(value.span).contains('\n');
        if let Some(wrong) = wrong.filter(|_| !folded) {
            planter.replace(
                "argument of another kind",
                value.span,
                wrong,
                &[Code::ArgumentType],
            );
        }
        match (member.ty.present(), &value.value) {
            (Type::Text(rule), Data::Scalar(_)) if !rule.values.is_empty() => planter.replace(
                "argument out of its values",
                value.span,
                "SOMETHING_ELSE",
                &[Code::ArgumentType],
            ),
            (Type::Integer(..) | Type::Number(_), Data::Scalar(_)) => {
                planter.replace(
                    "number that is none",
                    value.span,
                    "12x",
                    &[Code::ArgumentType],
                );
            }
            (Type::Boolean, Data::Scalar(_)) => {
                planter.replace(
                    "boolean that is none",
                    value.span,
                    "yes",
                    &[Code::ArgumentType],
                );
            }
            (Type::Duration, Data::Scalar(_)) => planter.replace(
                "duration that is none",
                value.span,
                "5 parsecs",
                &[Code::ArgumentType, Code::InvalidDuration],
            ),
            (Type::Structure(inner), Data::Map(entries)) => {
                nested(planter, inner.as_ref(), entries);
            }
            _ => {}
        }
    }
}

fn nested(
    planter: &mut Planter<'_>,
    structure: &dyn Structure,
    entries: &[(Spanned<String>, Spanned<Data>)],
) {
    for (key, _) in entries {
        if structure.member(key).is_some() {
            planter.replace(
                "nested argument misspelt",
                key.span,
                &super::plant::misspelt(key),
                &[Code::UnknownArgument],
            );
        }
    }
}

/// Mistakes in a path into a result.
fn path(planter: &mut Planter<'_>, path: &Path, result: &Type) {
    if planter.source.slice(path.span) != path.text {
        return;
    }
    planter.replace(
        "path cut short",
        path.span,
        &format!("{}[", path.text),
        &[Code::JsonpathSyntax, Code::YamlSyntax],
    );
    let Some((parent, last)) = path.text.rsplit_once('.') else {
        return;
    };
    let plain = last.chars().all(|letter| letter.is_ascii_alphanumeric());
    let Some(ty) = type_at(parent, result).filter(|_| plain && !parent.contains('?')) else {
        return;
    };
    if matches!(ty.present(), Type::Structure(_)) {
        planter.misspell(
            "member of a path misspelt",
            path.span,
            last,
            &[Code::UnknownMember],
        );
    }
    if let Some(of_list) = parent
        .strip_suffix("[*]")
        .or_else(|| parent.strip_suffix("[0]"))
    {
        planter.replace(
            "list without its elements",
            path.span,
            &format!("{of_list}.{last}"),
            &[Code::UnknownMember],
        );
    }
}

fn type_at(text: &str, result: &Type) -> Option<Type> {
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    let path = Path::parse(text, place, &Source::new("", text)).ok()?;
    path.infer(result).ok()
}

/// Mistakes in a predicate over one value.
fn single(planter: &mut Planter<'_>, predicate: &Spanned<Predicate>, ty: &Type) {
    match (&predicate.value, ty) {
        (Predicate::Equals(data), Type::Text(rule)) if !rule.values.is_empty() => {
            planter.replace(
                "value that the API never returns",
                data.span,
                "SOMETHING_ELSE",
                &[Code::NeverTrue],
            );
        }
        (Predicate::Equals(data), Type::Text(_)) => {
            planter.replace(
                "text compared with a list",
                data.span,
                "[a]",
                &[Code::ArgumentType],
            );
            planter.replace(
                "order of texts",
                predicate.span,
                "gt",
                &[Code::ExpressionType],
            );
        }
        (Predicate::Equals(data), Type::Integer(..)) => {
            planter.replace(
                "number compared with text",
                data.span,
                "many",
                &[Code::ArgumentType],
            );
        }
        _ => {}
    }
}

fn several(planter: &mut Planter<'_>, predicate: &Spanned<Predicate>) {
    match &predicate.value {
        Predicate::Matches(pattern) => planter.replace(
            "regular expression that is none",
            pattern.span,
            "\"(\"",
            &[Code::InvalidRegex],
        ),
        Predicate::Count(inner) => {
            planter.replace(
                "predicate misspelt",
                predicate.span,
                "cuont",
                &[Code::UnknownKey],
            );
            for inner in inner {
                if let Predicate::Gt(data) | Predicate::Equals(data) = &inner.value {
                    planter.replace(
                        "count of no number",
                        data.span,
                        "many",
                        &[Code::ArgumentType],
                    );
                    planter.replace("count below zero", inner.span, "lt", &[]);
                    let last = planter.mutants.len() - 1;
                    // `lt: 0` is never true; other bounds may be meant.
                    if planter.source.slice(data.span) == "0" {
                        planter.mutants[last].codes.push(Code::NeverTrue);
                    } else {
                        planter.mutants.pop();
                    }
                }
            }
        }
        Predicate::Any(inner) | Predicate::All(inner) | Predicate::None(inner) => {
            for inner in inner {
                several(planter, inner);
            }
        }
        _ => {}
    }
}

/// An action that writes stands where only reads may.
pub fn write(planter: &mut Planter<'_>, step: &Step, registry: &Registry) {
    let Work::Action(call) = &step.work else {
        return;
    };
    let reads = registry
        .action(&call.action)
        .is_ok_and(|action| action.effects.iter().all(|effect| *effect == Effect::Read));
    if reads {
        planter.replace(
            "write where only reads may stand",
            call.action.span,
            "ecs:UpdateService",
            &[Code::WriteInReadingGraph],
        );
    }
}
