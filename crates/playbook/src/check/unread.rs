//! Assertions whose truth changes nothing.

use super::index::Index;
use super::problems::Problems;
use crate::diagnostic::Code;
use crate::syntax::assertion::Assertion;

/// `warn: true` never counts, so it has no meaning where a truth is waited for or a cause is found.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    for entry in &index.steps {
        let until = entry.step.until.iter().flat_map(|until| &until.assertions);
        for assertion in until {
            never_counts(problems, assertion, "`until` does not wait for it");
        }
        for finder in &entry.step.causes {
            let what = format!("it has no part in finding `{}`", finder.name.value);
            for assertion in &finder.assertions {
                never_counts(problems, assertion, &what);
            }
        }
    }
}

fn never_counts(problems: &mut Problems, assertion: &Assertion, what: &str) {
    if !assertion.warn {
        return;
    }
    problems.push(
        problems
            .error(
                Code::UnreadAssertion,
                assertion.span,
                format!("nobody reads this assertion: `warn: true` never counts, so {what}"),
            )
            .help(
                "delete `warn: true`, or move the assertion to `require` or to a step of its own",
            ),
    );
}
