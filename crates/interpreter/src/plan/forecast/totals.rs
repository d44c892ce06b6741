//! How much a run does.

use super::build::{Build, Place};
use super::{
    Certainty, Count, Forecast, GraphKind, Longest, PlannedGraph, PlannedStep, PlannedWork, Totals,
};
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::syntax::step::{Step, Work};
use std::collections::BTreeMap;

impl Count {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.at_least = self.at_least.saturating_add(other.at_least);
        self.at_most = match (self.at_most, other.at_most) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            _ => None,
        };
    }

    fn times(self, other: Self) -> Self {
        Self {
            at_least: self.at_least.saturating_mul(other.at_least),
            at_most: match (self.at_most, other.at_most) {
                (Some(0), _) | (_, Some(0)) => Some(0),
                (Some(one), Some(other)) => Some(one.saturating_mul(other)),
                _ => None,
            },
        }
    }

    pub(super) fn one() -> Self {
        Self {
            at_least: 1,
            at_most: Some(1),
        }
    }

    fn perhaps(self, certainty: &Certainty) -> Self {
        match certainty {
            Certainty::Runs => self,
            Certainty::Depends(_) => Self {
                at_least: 0,
                ..self
            },
            Certainty::Never(_) => Self::none(),
        }
    }

    fn none() -> Self {
        Self {
            at_least: 0,
            at_most: Some(0),
        }
    }
}

/// The gravest of some effects.
#[must_use]
pub fn gravest(effects: &Effects) -> Effect {
    effects.last().copied().unwrap_or(Effect::Read)
}

/// The step only reads, as a run tells before its arguments are rendered.
pub(super) fn reads_only(step: &Step, build: &Build<'_>, place: &Place) -> bool {
    if matches!(step.work, Work::Block { .. }) {
        return false;
    }
    let checked = place.checked(&step.id.value);
    let signature = build.plan.checked.steps.get(&checked);
    let raised = step
        .effect
        .as_ref()
        .is_some_and(|stated| stated.value != Effect::Read);
    !raised
        && signature
            .and_then(|signature| signature.action.as_ref())
            .is_none_or(|action| action.effects.iter().all(|effect| *effect == Effect::Read))
}

/// Sums a forecast's graphs up; what steps that are left out have inside counts too.
pub(super) fn totals(graphs: &[PlannedGraph], left_out: u64) -> Totals {
    let mut totals = Totals {
        calls: Effect::ALL
            .into_iter()
            .map(|effect| (effect, Count::none()))
            .collect(),
        undo: Count::none(),
        left_out,
        questions: Count::none(),
        longest: Longest::default(),
    };
    for graph in graphs {
        let times = graph.times.perhaps(&graph.certainty);
        if graph.kind == GraphKind::Notify && !graph.steps.is_empty() {
            // Whether people may be told is asked once, at the start.
            totals.questions.add(Count::one());
        }
        steps(&graph.steps, times, &mut totals);
        totals.longest = totals.longest.then(graph.longest.clone());
    }
    totals
}

fn steps(all: &[PlannedStep], times: Count, totals: &mut Totals) {
    for step in all {
        let mut times = times.perhaps(&step.certainty);
        // A step that fails or is declined keeps those after it from running; a run that goes well runs them all.
        if step.approval.is_some() {
            totals.questions.add(times);
        }
        if let Some(each) = &step.each
            && step.turns.len() == 1
        {
            times = times.times(each.count);
        }
        for turn in &step.turns {
            if turn.before.is_some() {
                count(&mut totals.calls, Effect::Read, times);
            }
            match &turn.work {
                PlannedWork::Call(call) => {
                    count(&mut totals.calls, gravest(&call.effects), times);
                }
                PlannedWork::Block {
                    steps: inner,
                    finally,
                } => {
                    steps(inner, times, totals);
                    steps(finally, times, totals);
                }
                PlannedWork::Playbook { forecast, .. } => {
                    if let Ok(forecast) = forecast {
                        nested(forecast, times, totals);
                    }
                }
                PlannedWork::Reason => {}
            }
            let mut taken_back = Totals::default();
            for effect in Effect::ALL {
                taken_back.calls.insert(effect, Count::none());
            }
            taken_back.undo = Count::none();
            taken_back.questions = Count::none();
            steps(&turn.undo, times, &mut taken_back);
            for count in taken_back.calls.values() {
                totals.undo.add(Count {
                    at_least: 0,
                    ..*count
                });
            }
        }
    }
}

fn nested(forecast: &Forecast, times: Count, totals: &mut Totals) {
    for (effect, inner) in &forecast.totals.calls {
        count(&mut totals.calls, *effect, inner.times(times));
    }
    totals.undo.add(forecast.totals.undo.times(times));
    totals.questions.add(forecast.totals.questions.times(times));
    totals.left_out += forecast.totals.left_out;
}

fn count(calls: &mut BTreeMap<Effect, Count>, effect: Effect, times: Count) {
    calls.entry(effect).or_insert_with(Count::none).add(times);
}
