//! The YAML reader: any text gives nodes or problems, every place lies in the file, and every problem can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook_playbook::diagnostic::{Style, render};
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_playbook::yaml::{Node, NodeKind, read};

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.yaml", text);
    let mut diagnostics = Vec::new();
    let node = read(&source, &mut diagnostics);
    if let Some(node) = &node {
        within(node, &source);
        node.to_json(&source, &mut diagnostics);
    } else if diagnostics.is_empty() {
        assert!(
            text.trim().is_empty() || text.starts_with(['#', '-', '%']) || text.contains('#'),
            "nothing was read and nothing said"
        );
    }
    for diagnostic in diagnostics.iter().take(20) {
        lies_in(diagnostic.primary.span, &source);
        render(diagnostic, Style::Plain);
    }
});

fn within(node: &Node, source: &Source) {
    lies_in(node.span, source);
    match &node.kind {
        NodeKind::Scalar { place, .. } => lies_in(place.span, source),
        NodeKind::List(items) => items.iter().for_each(|item| within(item, source)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                lies_in(key.span, source);
                within(value, source);
            }
        }
    }
}

fn lies_in(span: Span, source: &Source) {
    let text = source.text();
    assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
    assert!(
        text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
        "{span:?}"
    );
}
