//! Keys that have no meaning on the action that they stand with.

use super::effects;
use super::index::Index;
use super::problems::Problems;
use crate::catalog::{Action, Effect};
use crate::diagnostic::Code;
use crate::span::Span;
use crate::syntax::assertion::{Assertion, Subject};
use crate::syntax::capture::CaptureFrom;
use crate::syntax::step::{Step, Work};

/// Checks the keys whose meaning depends on the action.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    for entry in &index.steps {
        let step = entry.step;
        match (&step.work, &entry.action) {
            (Work::Action(call), Some(action)) => {
                let effects = effects::of_call(action, call);
                let reads = effects.iter().all(|effect| *effect == Effect::Read)
                    || step
                        .effect
                        .as_ref()
                        .is_some_and(|effect| effect.value == Effect::Read);
                on_action(problems, step, action, reads);
            }
            (Work::Action(_), None) => {}
            (Work::Block { .. } | Work::Reason, _) => without_result(problems, step),
        }
    }
}

fn on_action(problems: &mut Problems, step: &Step, action: &Action, reads: bool) {
    let name = &action.name;
    if let Some(until) = &step.until
        && !reads
    {
        let span = until
            .assertions
            .first()
            .map_or(step.id.span, |assertion| assertion.span);
        problems.push(
            problems
                .error(
                    Code::MisplacedKey,
                    span,
                    format!("`until` repeats its call, and `{name}` is no read"),
                )
                .help("poll in a step of its own, with an action that reads"),
        );
    }
    if let Some(limit) = &step.limit
        && !action.paginated
    {
        problems.push(
            problems
                .error(
                    Code::MisplacedKey,
                    limit.span,
                    format!("`limit` has no effect: the result of `{name}` does not come in pages"),
                )
                .warning()
                .help("leave it out"),
        );
    }
    if reads && !step.undo.is_empty() {
        let span = step.undo.first().map_or(step.id.span, |undo| undo.span);
        let message = format!("there is nothing to undo: `{name}` only reads");
        unused(problems, span, message);
    }
    if reads && let Some(before) = &step.before {
        let message = format!("`before` shows what a write changes, and `{name}` only reads");
        unused(problems, before.call.action.span, message);
    }
}

fn unused(problems: &mut Problems, span: Span, message: String) {
    problems.push(
        problems
            .error(Code::MisplacedKey, span, message)
            .warning()
            .help("leave it out"),
    );
}

/// A step that calls nothing has no result to look into.
fn without_result(problems: &mut Problems, step: &Step) {
    let finders = step.causes.iter().flat_map(|finder| &finder.assertions);
    let assertions = step.require.iter().chain(&step.assert).chain(finders);
    let mut paths: Vec<Span> = assertions.filter_map(path_span).collect();
    paths.extend(
        step.capture
            .iter()
            .filter_map(|capture| match &capture.from {
                CaptureFrom::Path(path) => Some(path.span),
                CaptureFrom::Expression(_) => None,
            }),
    );
    for span in paths {
        problems.push(
            problems
                .error(
                    Code::MisplacedKey,
                    span,
                    "a path looks into a result, and this step calls no action",
                )
                .help("use an expression: `value: …`, `that: …`, or `${{ … }}` in `capture`"),
        );
    }
}

fn path_span(assertion: &Assertion) -> Option<Span> {
    match &assertion.subject {
        Subject::Path(path) => Some(path.span),
        Subject::Value(_) | Subject::That(_) => None,
    }
}
