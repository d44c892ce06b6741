//! Problems of files, as people see them.

use crate::console::Stream;
use runbook_playbook::diagnostic::{Diagnostic, Severity, render};

/// Shows problems with their source lines; lints stay for editors.
pub fn show(diagnostics: &[Diagnostic], stream: Stream) {
    for diagnostic in diagnostics {
        if diagnostic.severity >= Severity::Warning {
            let text = render(diagnostic, stream.style());
            stream.line(text.trim_end());
        }
    }
}

/// `1 error`, `3 errors`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
