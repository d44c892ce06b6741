//! Secrets enter arguments and nothing else.

use super::index::Index;
use super::problems::Problems;
use crate::diagnostic::Code;
use crate::span::Span;
use crate::syntax::input::InputKind;

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
        if !is_secret(&input.kind) {
            continue;
        }
        problems.push(
            problems
                .error(
                    Code::ExpressionType,
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

fn is_secret(kind: &InputKind) -> bool {
    match kind {
        InputKind::Secret => true,
        InputKind::List(items) => is_secret(items),
        _ => false,
    }
}
