//! The whole checker over the real catalogue: any file is a playbook without errors or has problems that can be shown. The
//! same text is read as a file of scenarios too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook_playbook::check::{Empty, check};
use runbook_playbook::diagnostic::{Style, has_errors, render};
use runbook_playbook::source::Source;
use runbook_playbook::syntax;
use runbook_playbook::yaml;
use runbook_registry::Registry;
use runbook_registry::world::scenario::ScenarioFile;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.yaml", text);
    let (playbook, mut problems) = syntax::parse(&source);
    match playbook {
        Some(playbook) => {
            let (checked, found) = check(playbook, "fuzz", &*REGISTRY, &Empty);
            assert_eq!(checked.is_none(), has_errors(&found));
            problems.extend(found);
        }
        None => assert!(has_errors(&problems), "refused without a reason"),
    }
    for problem in problems.iter().take(20) {
        assert!(problem.primary.span.start <= text.len(), "{problem:?}");
        render(problem, Style::Plain);
    }
    let mut diagnostics = Vec::new();
    if let Some(node) = yaml::read(&source, &mut diagnostics) {
        let json = node.to_json(&source, &mut diagnostics);
        if let Ok(file) = ScenarioFile::from_json(&json) {
            for scenario in file.scenarios.values() {
                scenario.check(&*REGISTRY);
            }
        }
    }
});
