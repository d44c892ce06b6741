//! Playbooks as text: what parses, and what is said of what does not.

use runbook_playbook::source::Source;
use runbook_playbook::syntax::{self, playbook::Playbook};

const EXAMPLE: &str = include_str!("fixtures/language-example.yaml");

/// Parses a file and lists its problems as `line:column code: message | help`.
fn problems(text: &str) -> (Option<Playbook>, Vec<String>) {
    let source = Source::new("test.yaml", text);
    let (playbook, diagnostics) = syntax::parse(&source);
    let lines = diagnostics
        .iter()
        .map(|problem| {
            let at = problem.source.position(problem.primary.span.start);
            format!(
                "{}:{} {}: {} | {}",
                at.line,
                at.column,
                problem.code.slug(),
                problem.message,
                problem.help.as_deref().unwrap_or("")
            )
        })
        .collect();
    (playbook, lines)
}

#[test]
fn the_example_of_the_language_parses() {
    let (playbook, problems) = problems(EXAMPLE);
    assert_eq!(problems, Vec::<String>::new());
    let playbook = playbook.expect("a playbook");
    assert_eq!(playbook.title.value, "Memory leak");
    assert_eq!(playbook.inputs.len(), 8);
    let resolve = playbook.resolve.expect("resolve");
    assert_eq!(resolve.steps.len(), 2);
}
