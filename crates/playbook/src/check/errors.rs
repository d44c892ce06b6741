//! Error codes are those that an action can answer with.

use super::index::Index;
use super::problems::{Problems, closest, helped};
use crate::catalog::{Action, Catalog};
use crate::diagnostic::Code;
use crate::span::Spanned;

/// Checks `expect_error` and `retry`. Operations whose model names no error are left alone; what is not AWS has no codes but
/// its own.
pub(super) fn check(index: &Index<'_>, catalog: &dyn Catalog, problems: &mut Problems) {
    for entry in &index.steps {
        let Some(action) = &entry.action else {
            continue;
        };
        let retried = entry.step.retry.iter().flat_map(|rule| &rule.errors);
        for code in entry.step.expect_error.iter().chain(retried) {
            one(problems, catalog, action, code);
        }
    }
}

fn one(problems: &mut Problems, catalog: &dyn Catalog, action: &Action, code: &Spanned<String>) {
    if action.errors.is_empty() {
        return;
    }
    let common = catalog.errors_beside(action);
    if action.errors.contains(&code.value) || common.contains(&code.value.as_str()) {
        return;
    }
    let modelled = action.errors.iter().map(String::as_str);
    let meant = closest(&code.value, modelled.chain(common.iter().copied()));
    let problem = problems.error(
        Code::UnknownErrorCode,
        code.span,
        format!(
            "`{}` does not answer with the error `{}`",
            action.name, code.value
        ),
    );
    let help = match meant {
        Some(meant) => Some(format!("did you mean `{meant}`?")),
        None => super::problems::suggestion("", action.errors.iter().map(String::as_str)),
    };
    problems.push(helped(problem, help));
}
