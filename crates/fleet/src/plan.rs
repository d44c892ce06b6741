//! What a fleet would do, before it does it.

use crate::rollout::RolloutPolicy;
use crate::target::Target;
use runbook_interpreter::plan::forecast::{Count, Forecast};
use runbook_interpreter::plan::policy::LeastPolicy;
use runbook_playbook::catalog::Effect;
use std::collections::BTreeMap;

/// What a fleet would do.
#[derive(Debug, Clone)]
pub struct FleetPlan {
    /// The playbook's id.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// How it is rolled out.
    pub policy: RolloutPolicy,
    /// The waves with their targets, in order.
    pub waves: Vec<Vec<Target>>,
    /// The reads that find targets.
    pub discoveries: Vec<Discovery>,
    /// Calls of all targets together by their gravest effect.
    pub calls: BTreeMap<Effect, Count>,
    /// Questions to people, of all targets together.
    pub questions: Count,
    /// The roles that are assumed.
    pub roles: Vec<String>,
    /// What all targets together need.
    pub permissions: LeastPolicy,
    /// What else a reader must know, in sentences.
    pub notes: Vec<String>,
}

/// A read that finds targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Discovery {
    /// The action.
    pub action: String,
    /// Where.
    pub place: String,
    /// How many targets it found; nothing where it was not made.
    pub found: Option<usize>,
}

impl FleetPlan {
    /// How many targets are known.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.waves.iter().map(Vec::len).sum()
    }

    /// Whether there may be targets that are not known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.discoveries.iter().any(|one| one.found.is_none())
    }

    /// Adds what a target's run would do.
    pub fn add(&mut self, forecast: &Forecast) {
        for (effect, count) in &forecast.totals.calls {
            self.calls
                .entry(*effect)
                .or_insert(Count {
                    at_least: 0,
                    at_most: Some(0),
                })
                .add(*count);
        }
        self.questions.add(forecast.totals.questions);
    }
}
