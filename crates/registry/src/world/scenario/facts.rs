//! What a scenario asks about actions, and the checks that need it.

use super::definition::{Response, Scenario, ScenarioProblem, Segment};
use crate::call::Call;
use crate::policy::Requirement;
use crate::world::Place;
use runbook_playbook::catalog::Effects;
use runbook_playbook::diagnostic::Code;
use serde_json::Value as Json;

/// What is known of actions; the registry knows it.
pub trait ActionFacts: Send + Sync {
    /// Whether the action exists; `Err` says what is wrong with the name and what may have been meant.
    ///
    /// # Errors
    /// A sentence for the author of the scenario.
    fn exists(&self, action: &str) -> Result<(), String>;

    /// What a call with these arguments does.
    fn effects(&self, action: &str, arguments: &Json) -> Effects;

    /// The member of the result whose items `limit` counts, of a paginated operation.
    fn list_member(&self, action: &str) -> Option<String>;

    /// The permissions that a call needs.
    fn requirements(&self, call: &Call, place: &Place) -> Vec<Requirement> {
        let _ = (call, place);
        Vec::new()
    }

    /// The member of the arguments that makes it harmless to send a call again.
    fn idempotency_token(&self, _action: &str) -> Option<String> {
        None
    }

    /// Why the action could not give this result; empty where it could.
    fn output_problems(&self, action: &str, output: &Json) -> Vec<String>;
}

impl Scenario {
    /// Checks the scenario against what is known of its actions: every name exists, every `return` is a result that the
    /// action could give. Paths begin at the scenario.
    #[must_use]
    pub fn check(&self, facts: &dyn ActionFacts) -> Vec<ScenarioProblem> {
        let mut problems = Vec::new();
        for (action, entries) in &self.actions {
            let at = |rest: &[Segment]| {
                let mut path = vec![
                    Segment::Key("actions".to_owned()),
                    Segment::Key(action.clone()),
                ];
                path.extend_from_slice(rest);
                path
            };
            if let Err(message) = facts.exists(action) {
                problems.push(ScenarioProblem {
                    code: Code::UnknownAction,
                    path: at(&[]),
                    message,
                });
                continue;
            }
            for (position, entry) in entries.iter().enumerate() {
                let Response::Return(result) = &entry.response else {
                    continue;
                };
                let path = at(&[Segment::Index(position), Segment::Key("return".to_owned())]);
                problems.extend(
                    facts
                        .output_problems(action, result)
                        .into_iter()
                        .map(|message| ScenarioProblem {
                            code: Code::ScenarioResponse,
                            path: path.clone(),
                            message: format!("{action} could not give this: {message}"),
                        }),
                );
            }
        }
        let expected = [
            ("writes", &self.expect.writes),
            ("calls", &self.expect.calls),
        ];
        for (key, calls) in expected {
            for (position, call) in calls.iter().flatten().enumerate() {
                if let Err(message) = facts.exists(&call.action) {
                    problems.push(ScenarioProblem {
                        code: Code::UnknownAction,
                        path: vec![
                            Segment::Key("expect".to_owned()),
                            Segment::Key(key.to_owned()),
                            Segment::Index(position),
                        ],
                        message,
                    });
                }
            }
        }
        problems
    }
}
