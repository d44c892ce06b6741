//! What a step keeps is in its result, and its default and conversion fit.

use super::index::{Index, StepId};
use super::names::Viewpoint;
use super::problems::Problems;
use super::types::{self, Types};
use super::typing;
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::syntax::capture::{Capture, CaptureFrom, Convert};
use crate::syntax::step::{Sensitive, Work};
use crate::types::Type;

/// Checks the captures, the paths of `before` and what is marked as sensitive.
pub(super) fn check(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        for (at, capture) in entry.step.capture.iter().enumerate() {
            one(index, types, problems, id, at, capture);
        }
        if let Some(before) = &entry.step.before
            && let Some(path) = &before.path
        {
            let scope = types.from(Viewpoint::Step(id, Moment::Element));
            typing::path(problems, path, &types.before_result(id), &scope);
        }
        if let Some(Sensitive::Paths(paths)) = &entry.step.sensitive {
            for path in paths {
                let scope = types.from(Viewpoint::Step(id, Moment::End));
                typing::path(problems, path, &types.result(id), &scope);
            }
        }
    }
}

fn one(
    index: &Index<'_>,
    types: &Types<'_>,
    problems: &mut Problems,
    step: StepId,
    at: usize,
    capture: &Capture,
) {
    let scope = types.from(Viewpoint::Step(step, Moment::Capture(at)));
    let calls = matches!(index.entry(step).step.work, Work::Action(_));
    match &capture.from {
        CaptureFrom::Path(path) if calls => {
            typing::path(problems, path, &types.result(step), &scope);
        }
        CaptureFrom::Path(_) => return,
        CaptureFrom::Expression(expression) => {
            let ty = typing::expression(problems, expression, &scope);
            if matches!(ty, Type::Optional(_) | Type::Absent) && capture.default.is_none() {
                problems.push(
                    problems
                        .error(
                            Code::MaybeAbsent,
                            expression.span,
                            "a captured value is never absent, and this may be",
                        )
                        .help("give it a `default`, here or with `… | default(…)`"),
                );
            }
        }
    }
    let entry = index.entry(step);
    let one =
        matches!(&capture.from, CaptureFrom::Path(path) if path.singular) || capture.take.is_some();
    if let (Some(expected), true, None) = (entry.step.expect_error.first(), one, &capture.default) {
        problems.push(
            problems
                .error(
                    Code::MaybeAbsent,
                    capture.name.span,
                    format!(
                        "`{}` has no value when `{}` is answered, which fails the step",
                        capture.name.value, expected.value
                    ),
                )
                .warning()
                .also(expected.span, "this error is an answer")
                .help("give the capture a `default`"),
        );
    }
    let found = types.found(step, at, capture);
    if let Some(convert) = &capture.convert
        && !converts(&found, convert.value)
    {
        problems.push(problems.error(
            Code::ExpressionType,
            convert.span,
            format!(
                "{found} does not convert to {}",
                types::converted(&found, convert.value)
            ),
        ));
    }
    if let Some(default) = &capture.default
        && !default.value.is_absent()
    {
        let due = capture.convert.as_ref().map_or_else(
            || found.clone(),
            |convert| types::converted(&found, convert.value),
        );
        typing::data(problems, default, &due.unbounded(), &scope);
    }
}

/// Whether a value of the type can be converted.
fn converts(from: &Type, to: Convert) -> bool {
    let scalar = |ty: &Type| {
        matches!(
            ty,
            Type::Text(_) | Type::Integer(..) | Type::Number(_) | Type::JsonText | Type::Blob
        )
    };
    match from.present() {
        Type::Any => true,
        Type::List(list) => to == Convert::Json || converts(&list.element, to),
        Type::Structure(_) | Type::Map(_) | Type::Boolean => {
            matches!(to, Convert::Json | Convert::Text)
        }
        Type::Timestamp(_) | Type::Duration if to == Convert::Json => true,
        Type::Timestamp(_) => to != Convert::Duration,
        Type::Duration => to != Convert::Timestamp,
        other => scalar(other),
    }
}
