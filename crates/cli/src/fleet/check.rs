//! What is wrong with a file of targets, its playbook included.

use jiff::Timestamp;
use runbook_fleet::targets::Targets;
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Code, Diagnostic};
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use std::path::Path;

/// Checks a file of targets. `file` is where it stands, `checked` reads and checks the playbook that it is for; of one with
/// errors only those are worth knowing, and they are its own.
#[must_use]
pub fn check_targets(
    source: &Source,
    file: &Path,
    registry: &Registry,
    checked: impl FnOnce(&Path) -> Option<Checked>,
) -> Vec<Diagnostic> {
    let (targets, mut found) = Targets::read(source, registry);
    let Some(targets) = targets else { return found };
    let Some(of) = targets.of() else { return found };
    let playbook = file.parent().unwrap_or(Path::new("")).join(&of.value);
    if !playbook.is_file() {
        let message = format!(
            "the playbook of these targets, `{}`, does not exist",
            of.value
        );
        found.push(
            Diagnostic::new(Code::UnknownPlaybook, source, of.span, message)
                .help("name it in `of:`, relative to this file"),
        );
    } else if let Some(checked) = checked(&playbook) {
        found.extend(targets.check_inputs(&checked.playbook, &[], Timestamp::now()));
    }
    found
}
