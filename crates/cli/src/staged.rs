//! The scenario that a command line names, from the file beside its playbook.

use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::{Located, scenarios_of};
use crate::shelf::text_of;
use crate::{document, problems};
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use runbook_registry::world::scenario::Scenario;
use std::sync::Arc;

/// A scenario whose world a command happens in.
pub struct Staged {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The text of the file that it stands in.
    pub text: String,
}

impl Staged {
    /// Reads the scenario of a name beside a playbook.
    ///
    /// # Errors
    /// There is no such file or no such scenario, or it is wrong.
    pub fn find(
        name: &str,
        located: &Located,
        registry: &Registry,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let file = scenarios_of(&located.file);
        let shown = environment.places.shown(&file);
        if !file.exists() {
            return Err(Failure::wrong(format!(
                "{} has no scenarios: there is no {shown}; `runbook run {} --record {shown}` writes one of a run",
                located.name, located.id
            )));
        }
        let text = text_of(&file, &shown).map_err(Failure::wrong)?;
        Self::of_text(name, text, located, registry, environment)
    }

    /// The scenario of a name in a text.
    ///
    /// # Errors
    /// There is no such scenario, or it is wrong.
    pub fn of_text(
        name: &str,
        text: String,
        located: &Located,
        registry: &Registry,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let shown = environment.places.shown(&scenarios_of(&located.file));
        let source = Source::new(&shown, text.clone());
        let wrong = |diagnostics: &[Diagnostic]| {
            problems::show(diagnostics, environment.console.err);
            let errors = problems::counted(diagnostics.len(), "error");
            Failure::wrong(format!(
                "{shown} cannot be used: {errors}; `runbook check {shown}` names them again"
            ))
        };
        let (mut scenarios, node) =
            document::scenarios(&source).map_err(|diagnostics| wrong(&diagnostics))?;
        let Some(scenario) = scenarios.scenarios.shift_remove(name) else {
            let names: Vec<&str> = scenarios.scenarios.keys().map(String::as_str).collect();
            return Err(Failure::wrong(format!(
                "{shown} has no scenario `{name}`; it has {}",
                names.join(", ")
            )));
        };
        let found: Vec<_> = scenario
            .check(registry)
            .iter()
            .map(|problem| document::placed(&source, &node, &["scenarios", name], problem))
            .collect();
        if found.is_empty() {
            Ok(Self {
                scenario: Arc::new(scenario),
                text,
            })
        } else {
            Err(wrong(&found))
        }
    }
}
