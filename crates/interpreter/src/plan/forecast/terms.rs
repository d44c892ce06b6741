//! The terms on which a step acts: what is tried again, who is asked, what must be true.

use super::build::{Build, Place};
use super::{
    AssertionKind, PlannedApproval, PlannedAssertion, PlannedRetry, PlannedStep, PlannedWork,
};
use crate::run::state::Graph;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::syntax::approve::Approve;
use runbook_playbook::syntax::assertion::{Assertion, Subject};
use runbook_playbook::syntax::retry::Retry;
use runbook_playbook::syntax::step::{Step, Work};

/// What is tried again, and how long that takes at most.
pub(super) fn retry(rule: &Retry) -> PlannedRetry {
    let longest = (0..rule.times).fold(SignedDuration::ZERO, |sum, used| {
        let factor = rule
            .backoff
            .max(1.0)
            .powi(i32::try_from(used).unwrap_or(i32::MAX));
        let seconds = rule.delay.as_secs_f64() * factor;
        let longest = rule.max_delay.unwrap_or(SignedDuration::from_hours(1));
        let delay =
            SignedDuration::try_from_secs_f64(seconds).map_or(longest, |delay| delay.min(longest));
        sum.saturating_add(delay)
    });
    PlannedRetry {
        errors: rule.errors.iter().map(|code| code.value.clone()).collect(),
        times: rule.times,
        delay: rule.delay,
        backoff: rule.backoff,
        longest,
    }
}

/// Who is asked, as a run would ask.
pub(super) fn approval(
    step: &Step,
    planned: &PlannedStep,
    place: &Place,
) -> Option<PlannedApproval> {
    let effects: Effects = planned
        .turns
        .iter()
        .filter_map(|turn| match &turn.work {
            PlannedWork::Call(call) if !call.action.starts_with("human:") => Some(&call.effects),
            _ => None,
        })
        .flatten()
        .copied()
        .filter(|effect| *effect != Effect::Read)
        .collect();
    let calls = matches!(step.work, Work::Action(_));
    if !calls || (effects.is_empty() && step.approve == Approve::Auto) {
        return None;
    }
    // What was shown with the write's approval needs no answer of its own.
    if place.undoing && step.approve == Approve::Auto {
        return None;
    }
    // Whether people may be told is asked once, at the start.
    if place.graph == Graph::Notify {
        return None;
    }
    let people = match &step.approve {
        Approve::People(people) => Some(people.as_ref()),
        _ => None,
    };
    let insists = step.approve != Approve::Auto;
    Some(PlannedApproval {
        consent: if insists {
            Vec::new()
        } else {
            effects.iter().copied().collect()
        },
        effects,
        insists,
        people: people.map_or(1, |people| people.people.value),
        from: people
            .map(|people| people.from.iter().map(|name| name.value.clone()).collect())
            .unwrap_or_default(),
        within: people
            .and_then(|people| people.within.as_ref())
            .map(|within| within.value),
    })
}

/// What must be true, is claimed, or finds a cause.
pub(super) fn assertions(build: &Build<'_>, step: &Step, place: &Place) -> Vec<PlannedAssertion> {
    let mut found = Vec::new();
    let mut add = |assertions: &[Assertion], kind: AssertionKind, cause: Option<&str>| {
        for assertion in assertions {
            found.push(PlannedAssertion {
                kind: if assertion.warn {
                    AssertionKind::Warn
                } else {
                    kind
                },
                cause: cause.map(str::to_owned),
                text: written(build, assertion),
            });
        }
    };
    add(&step.require, AssertionKind::Require, None);
    let claim = if place.graph.acts() {
        AssertionKind::Assert
    } else {
        AssertionKind::Claim
    };
    add(&step.assert, claim, None);
    for cause in &step.causes {
        add(
            &cause.assertions,
            AssertionKind::Cause,
            Some(&cause.name.value),
        );
    }
    found
}

/// An assertion as written: its condition, or its path with what is asked of it.
pub(super) fn written(build: &Build<'_>, assertion: &Assertion) -> String {
    let source = &build.plan.checked.playbook.source;
    let subject = match &assertion.subject {
        Subject::That(expression) => return one_line(&expression.text),
        Subject::Value(expression) => expression.text.as_str(),
        Subject::Path(path) => path.text.as_str(),
    };
    crate::assertion::asked(subject, &assertion.predicates, source)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
