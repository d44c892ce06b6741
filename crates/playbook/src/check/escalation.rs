//! The level that an escalation begins with exists.

use super::index::Index;
use super::library::Library;
use super::problems::Problems;
use crate::diagnostic::Code;

/// Checks `escalate.level` against the levels of the playbook and of the shared file; `id` is the playbook's own.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems, id: &str, library: &dyn Library) {
    let Some(escalate) = &index.playbook.escalate else {
        return;
    };
    let Some(level) = &escalate.level else {
        return;
    };
    let shared = match &escalate.uses {
        None => Vec::new(),
        // A file that is not there is a problem of its own.
        Some(uses) => match library.signature(id, uses) {
            Some(signature) => signature.levels,
            None => return,
        },
    };
    let own = escalate.levels.iter().map(|level| level.level.value);
    let mut levels: Vec<u32> = own.chain(shared).collect();
    levels.sort_unstable();
    levels.dedup();
    if levels.contains(&level.value) {
        return;
    }
    let problem = problems.error(
        Code::UnknownLevel,
        level.span,
        format!("there is no escalation level {}", level.value),
    );
    let known: Vec<String> = levels.iter().map(u32::to_string).collect();
    let help = if known.is_empty() {
        "add it to `levels`, or delete `level`".to_owned()
    } else {
        format!("there is {}", known.join(", "))
    };
    problems.push(problem.help(help));
}
