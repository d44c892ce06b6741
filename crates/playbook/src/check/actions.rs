//! The actions that steps call exist.

use super::index::Index;
use super::problems::Problems;
use crate::catalog::{Action, Catalog};
use crate::diagnostic::Code;
use crate::span::Spanned;
use crate::syntax::step::{Sensitive, Work};
use std::sync::Arc;

/// Looks up every action and keeps its signature in the index.
pub(super) fn look_up(index: &mut Index<'_>, catalog: &dyn Catalog, problems: &mut Problems) {
    for entry in &mut index.steps {
        let step = entry.step;
        if let Work::Action(call) = &step.work {
            entry.action = find(&call.action, catalog, problems);
        }
        if let Some(before) = &step.before {
            entry.before = find(&before.call.action, catalog, problems);
        }
        if step.sensitive == Some(Sensitive::Nothing) {
            for action in [&mut entry.action, &mut entry.before] {
                *action = action.take().map(|action| Arc::new(action.plain()));
            }
        }
    }
}

fn find(
    name: &Spanned<String>,
    catalog: &dyn Catalog,
    problems: &mut Problems,
) -> Option<Arc<Action>> {
    match catalog.action(name) {
        Ok(action) => Some(action),
        Err(unknown) => {
            let mut problem =
                problems.error(Code::UnknownAction, name.span, unknown.message.clone());
            let meant: Vec<String> = unknown
                .suggestions
                .iter()
                .take(3)
                .map(|name| format!("`{name}`"))
                .collect();
            if !meant.is_empty() {
                problem = problem.help(format!("did you mean {}?", meant.join(" or ")));
            }
            problems.push(problem);
            None
        }
    }
}
