//! Diagnostics as text for people.

use super::Diagnostic;

/// How text is decorated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// ANSI colours.
    Colour,
}

/// Renders one problem with its source lines.
#[must_use]
pub fn render(diagnostic: &Diagnostic, _style: Style) -> String {
    let at = diagnostic.source.position(diagnostic.primary.span.start);
    format!(
        "{}:{}:{}: {}",
        diagnostic.source.name(),
        at.line,
        at.column,
        diagnostic.message
    )
}
