//! The importer over any text, as a page and as a script: it ends, its places are in the text, and what it writes is YAML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook_import::{Form, import};
use runbook_playbook::diagnostic::{Style, render};
use runbook_playbook::source::Source;
use runbook_playbook::yaml;
use runbook_registry::Registry;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.md", text);
    for form in [Form::Markdown, Form::Shell] {
        let imported = import(&source, form, &REGISTRY);
        for problem in imported.diagnostics.iter().take(20) {
            assert!(problem.primary.span.start <= text.len(), "{problem:?}");
            render(problem, Style::Plain);
        }
        for draft in imported.drafts {
            let source = Source::new("draft.yaml", draft.text);
            let mut problems = Vec::new();
            let read = yaml::read(&source, &mut problems);
            assert!(read.is_some(), "{problems:?}\n{}", source.text());
        }
    }
});
