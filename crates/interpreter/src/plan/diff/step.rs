//! Two versions of a step.

use super::changes::{Changes, Kind, Weight};
use super::flat;
use crate::plan::forecast::{
    AssertionKind, Certainty, PlannedApproval, PlannedCall, PlannedStep, PlannedWork,
};
use crate::plan::visit::StepVisit;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::duration;
use std::collections::{BTreeMap, BTreeSet};

/// What a step calls, in its first turn.
fn call_of(step: &PlannedStep) -> Option<&PlannedCall> {
    match &step.turns.first()?.work {
        PlannedWork::Call(call) | PlannedWork::Playbook { call, .. } => Some(call),
        PlannedWork::Block { .. } | PlannedWork::Reason => None,
    }
}

fn gravest(effects: &Effects) -> Effect {
    effects.last().copied().unwrap_or(Effect::Read)
}

fn changes_something(step: &PlannedStep) -> bool {
    call_of(step).is_some_and(|call| gravest(&call.effects) > Effect::Read)
}

/// Everything that the turns of a step are given, by call and member.
fn given(step: &PlannedStep) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (at, turn) in step.turns.iter().enumerate() {
        let (PlannedWork::Call(call) | PlannedWork::Playbook { call, .. }) = &turn.work else {
            continue;
        };
        let place = match &turn.element {
            Some(element) => format!("[{}] ", flat::text(element)),
            None if at > 0 => format!("[{at}] "),
            None => String::new(),
        };
        for (name, value) in flat::members(&call.arguments) {
            found.insert(format!("{place}{name}"), value);
        }
        if let Some(base) = &call.base {
            found.insert(format!("{place}base"), base.from.clone());
            for (path, value) in &base.paths {
                found.insert(format!("{place}{path}"), flat::text(value));
            }
        }
    }
    found
}

/// Whether two steps call the same with the same values.
pub(super) fn does_the_same(one: &StepVisit<'_>, other: &StepVisit<'_>) -> bool {
    let action = |visit: &StepVisit<'_>| call_of(visit.step).map(|call| call.action.clone());
    let (one_action, other_action) = (action(one), action(other));
    one_action.is_some()
        && one_action == other_action
        && one.undoing == other.undoing
        && given(one.step) == given(other.step)
}

pub(super) fn added(visit: &StepVisit<'_>, changes: &mut Changes) {
    let path = &visit.step.path;
    let Some(call) = call_of(visit.step) else {
        changes.add(Weight::Changed, Kind::Call, path, "a new step");
        return;
    };
    let effect = gravest(&call.effects);
    let weight = if effect > Effect::Read && !visit.undoing {
        Weight::Widened
    } else {
        Weight::Changed
    };
    changes.add(
        weight,
        Kind::Call,
        path,
        format!("calls {} ({effect})", call.action),
    );
    stated(path, call, changes);
}

pub(super) fn gone(visit: &StepVisit<'_>, changes: &mut Changes) {
    let path = &visit.step.path;
    if visit.undoing {
        // Told as a lost undo where the step itself is still there.
        return;
    }
    match call_of(visit.step) {
        Some(call) => {
            let effect = gravest(&call.effects);
            let text = format!("no longer calls {} ({effect})", call.action);
            changes.add(Weight::Changed, Kind::Call, path, text);
        }
        None => changes.add(Weight::Changed, Kind::Call, path, "the step is gone"),
    }
    for assertion in &visit.step.assertions {
        if assertion.kind == AssertionKind::Require || assertion.kind == AssertionKind::Assert {
            let text = format!("no longer checks {}", assertion.text);
            changes.add(Weight::Weakened, Kind::Assertion, path, text);
        }
    }
}

fn stated(path: &str, call: &PlannedCall, changes: &mut Changes) {
    if call.stated_read {
        let text = format!(
            "its author states that {} only reads; nothing else says so",
            call.action
        );
        changes.add(Weight::Weakened, Kind::Effect, path, text);
    }
    if call.stated_plain {
        let text = format!(
            "its author states that nothing in {} is secret; nothing else says so",
            call.action
        );
        changes.add(Weight::Weakened, Kind::Effect, path, text);
    }
}

pub(super) fn compare(old: &StepVisit<'_>, new: &StepVisit<'_>, changes: &mut Changes) {
    let (was, is) = (old.step, new.step);
    let path = &is.path;
    calls(was, is, changes);
    conditions(was, is, changes);
    approvals(path, was.approval.as_ref(), is.approval.as_ref(), changes);
    undo(was, is, changes);
    assertions(was, is, changes);
    bounds(was, is, changes);
    let error = |step: &PlannedStep| step.on_error.unwrap_or("stop").to_owned();
    if error(was) != error(is) {
        let weaker = error(is) == "continue" || error(was) == "undo";
        let weight = if weaker {
            Weight::Weakened
        } else {
            Weight::Tightened
        };
        changes.between(
            weight,
            Kind::Error,
            path,
            "what a failure means",
            error(was),
            error(is),
        );
    }
    let expected = |step: &PlannedStep| step.expect_error.join(", ");
    changes.differs(
        Kind::Error,
        path,
        "errors that are an answer",
        &expected(was),
        &expected(is),
    );
}

fn calls(was: &PlannedStep, is: &PlannedStep, changes: &mut Changes) {
    let path = &is.path;
    let (old, new) = match (call_of(was), call_of(is)) {
        (None, None) => return,
        (None, Some(new)) => {
            let text = format!("calls {} ({})", new.action, gravest(&new.effects));
            let weight = if changes_something(is) {
                Weight::Widened
            } else {
                Weight::Changed
            };
            changes.add(weight, Kind::Call, path, text);
            return;
        }
        (Some(old), None) => {
            let text = format!("no longer calls {}", old.action);
            changes.add(Weight::Changed, Kind::Call, path, text);
            return;
        }
        (Some(old), Some(new)) => (old, new),
    };
    let (before, after) = (gravest(&old.effects), gravest(&new.effects));
    if old.action != new.action {
        let weight = if after > before {
            Weight::Widened
        } else {
            Weight::Changed
        };
        changes.between(
            weight,
            Kind::Call,
            path,
            "what it calls",
            old.action.clone(),
            new.action.clone(),
        );
    }
    if before != after {
        let weight = if after > before {
            Weight::Widened
        } else {
            Weight::Tightened
        };
        changes.between(
            weight,
            Kind::Effect,
            path,
            "what it does",
            before.to_string(),
            after.to_string(),
        );
    }
    let more = (new.stated_read && !old.stated_read) || (new.stated_plain && !old.stated_plain);
    if more || old.action != new.action {
        stated(path, new, changes);
    }
    let (old_given, new_given) = (given(was), given(is));
    let names: BTreeSet<&String> = old_given.keys().chain(new_given.keys()).collect();
    for name in names {
        let (before, after) = (old_given.get(name), new_given.get(name));
        if before != after {
            let shown =
                |value: Option<&String>| value.cloned().unwrap_or_else(|| "not given".to_owned());
            changes.between(
                Weight::Changed,
                Kind::Argument,
                path,
                name.as_str(),
                shown(before),
                shown(after),
            );
        }
    }
    target(path, old, new, changes);
}

/// Where a call goes.
fn target(path: &str, old: &PlannedCall, new: &PlannedCall, changes: &mut Changes) {
    let place = |value: &Option<crate::plan::forecast::PlannedValue>| {
        value
            .as_ref()
            .map_or_else(|| "the run's own".to_owned(), flat::text)
    };
    for (name, before, after) in [
        (
            "region",
            place(&old.target.region),
            place(&new.target.region),
        ),
        ("role", place(&old.target.role), place(&new.target.role)),
    ] {
        if before != after {
            changes.between(Weight::Widened, Kind::Target, path, name, before, after);
        }
    }
    let (before, after) = (&old.target.account, &new.target.account);
    if before.is_some() && after.is_none() {
        let text = "the account is no longer checked before it";
        changes.add(Weight::Weakened, Kind::Target, path, text);
    } else if place(before) != place(after) {
        changes.between(
            Weight::Changed,
            Kind::Target,
            path,
            "account",
            place(before),
            place(after),
        );
    }
}

fn conditions(was: &PlannedStep, is: &PlannedStep, changes: &mut Changes) {
    let texts = |step: &PlannedStep| -> BTreeSet<String> {
        match &step.certainty {
            Certainty::Depends(conditions) => conditions
                .iter()
                .map(|condition| format!("{}: {}", condition.kind.as_str(), condition.text))
                .collect(),
            Certainty::Runs | Certainty::Never(_) => BTreeSet::new(),
        }
    };
    let (old, new) = (texts(was), texts(is));
    let acts = changes_something(is)
        || matches!(
            is.turns.first().map(|turn| &turn.work),
            Some(PlannedWork::Block { .. })
        );
    let gone: Vec<String> = old.difference(&new).cloned().collect();
    let added: Vec<String> = new.difference(&old).cloned().collect();
    match (gone.is_empty(), added.is_empty()) {
        (true, true) => {}
        (false, true) => {
            let weight = if acts {
                Weight::Weakened
            } else {
                Weight::Changed
            };
            let text = format!("no longer needs {}", gone.join("; "));
            changes.add(weight, Kind::Condition, &is.path, text);
        }
        (true, false) => {
            let text = format!("needs {}", added.join("; "));
            changes.add(Weight::Tightened, Kind::Condition, &is.path, text);
        }
        (false, false) => {
            let weight = if acts {
                Weight::Weakened
            } else {
                Weight::Changed
            };
            let what = "when it runs";
            changes.between(
                weight,
                Kind::Condition,
                &is.path,
                what,
                gone.join("; "),
                added.join("; "),
            );
        }
    }
}

fn approvals(
    path: &str,
    was: Option<&PlannedApproval>,
    is: Option<&PlannedApproval>,
    changes: &mut Changes,
) {
    let kind = Kind::Approval;
    let (old, new) = match (was, is) {
        (None, None) => return,
        (Some(_), None) => {
            changes.add(Weight::Weakened, kind, path, "nobody is asked any more");
            return;
        }
        (None, Some(_)) => {
            changes.add(Weight::Tightened, kind, path, "somebody is asked");
            return;
        }
        (Some(old), Some(new)) => (old, new),
    };
    if old.insists != new.insists {
        let (weight, text) = if old.insists {
            (Weight::Weakened, "consent by `--yes` is enough now")
        } else {
            (Weight::Tightened, "a person must answer, `--yes` does not")
        };
        changes.add(weight, kind, path, text);
    }
    if old.people != new.people {
        let weight = if new.people < old.people {
            Weight::Weakened
        } else {
            Weight::Tightened
        };
        changes.between(
            weight,
            kind,
            path,
            "people who must agree",
            old.people.to_string(),
            new.people.to_string(),
        );
    }
    let from = |approval: &PlannedApproval| -> BTreeSet<String> {
        approval.from.iter().cloned().collect()
    };
    let (before, after) = (from(old), from(new));
    if before != after {
        let wider = after.is_empty() || (!before.is_empty() && !after.is_subset(&before));
        let weight = if wider {
            Weight::Weakened
        } else {
            Weight::Tightened
        };
        let shown = |from: &BTreeSet<String>| {
            if from.is_empty() {
                "anyone".to_owned()
            } else {
                from.iter().cloned().collect::<Vec<_>>().join(", ")
            }
        };
        changes.between(
            weight,
            kind,
            path,
            "who may agree",
            shown(&before),
            shown(&after),
        );
    }
    if old.within != new.within {
        let shown = |approval: &PlannedApproval| {
            approval
                .within
                .map_or_else(|| "no end".to_owned(), duration::format)
        };
        changes.between(
            Weight::Changed,
            kind,
            path,
            "how long an answer may take",
            shown(old),
            shown(new),
        );
    }
}

fn undo(was: &PlannedStep, is: &PlannedStep, changes: &mut Changes) {
    let has = |step: &PlannedStep| step.turns.iter().any(|turn| !turn.undo.is_empty());
    match (has(was), has(is)) {
        (true, false) => {
            changes.add(
                Weight::Weakened,
                Kind::Undo,
                &is.path,
                "it cannot be taken back any more",
            );
        }
        (false, true) => changes.add(
            Weight::Tightened,
            Kind::Undo,
            &is.path,
            "it can be taken back",
        ),
        _ => {}
    }
    let before = |step: &PlannedStep| {
        let read = step.turns.first().and_then(|turn| turn.before.as_ref());
        read.map(|call| call.action.clone())
    };
    match (before(was), before(is)) {
        (Some(old), None) => {
            let text = format!("{old} no longer keeps what was there before");
            changes.add(Weight::Weakened, Kind::Undo, &is.path, text);
        }
        (None, Some(new)) => {
            let text = format!("{new} keeps what was there before");
            changes.add(Weight::Tightened, Kind::Undo, &is.path, text);
        }
        (Some(old), Some(new)) => {
            changes.differs(Kind::Undo, &is.path, "what is kept before", &old, &new);
        }
        (None, None) => {}
    }
}

fn assertions(was: &PlannedStep, is: &PlannedStep, changes: &mut Changes) {
    let texts = |step: &PlannedStep| -> BTreeSet<(AssertionKind, String)> {
        step.assertions
            .iter()
            .map(|one| {
                let cause = one
                    .cause
                    .as_ref()
                    .map_or_else(String::new, |cause| format!("{cause}: "));
                (one.kind, format!("{cause}{}", one.text))
            })
            .collect()
    };
    let (old, new) = (texts(was), texts(is));
    for (kind, text) in old.difference(&new) {
        let checks = matches!(kind, AssertionKind::Require | AssertionKind::Assert);
        let weight = if checks {
            Weight::Weakened
        } else {
            Weight::Changed
        };
        let text = format!("no longer {} {text}", kind.as_str());
        changes.add(weight, Kind::Assertion, &is.path, text);
    }
    for (kind, text) in new.difference(&old) {
        let checks = matches!(kind, AssertionKind::Require | AssertionKind::Assert);
        let weight = if checks {
            Weight::Tightened
        } else {
            Weight::Changed
        };
        changes.add(
            weight,
            Kind::Assertion,
            &is.path,
            format!("{} {text}", kind.as_str()),
        );
    }
}

fn bounds(was: &PlannedStep, is: &PlannedStep, changes: &mut Changes) {
    let path = &is.path;
    let length = |length: &jiff::SignedDuration| duration::format(*length);
    if changes_something(is) {
        changes.bound(path, "timeout", was.timeout, is.timeout, &length);
    } else {
        let shown = |step: &PlannedStep| {
            step.timeout
                .as_ref()
                .map_or_else(|| "none".to_owned(), length)
        };
        changes.differs(Kind::Bound, path, "timeout", &shown(was), &shown(is));
    }
    let limit = |step: &PlannedStep| {
        step.limit
            .map_or_else(|| "none".to_owned(), |limit| limit.to_string())
    };
    changes.differs(Kind::Bound, path, "limit", &limit(was), &limit(is));
    let retry = |step: &PlannedStep| -> Vec<String> {
        let rules = step.retry.iter();
        rules
            .map(|rule| {
                format!(
                    "{} × {} after {}",
                    rule.errors.join(", "),
                    rule.times,
                    duration::format(rule.delay)
                )
            })
            .collect()
    };
    changes.differs(
        Kind::Bound,
        path,
        "retry",
        &retry(was).join("; "),
        &retry(is).join("; "),
    );
    let until = |step: &PlannedStep| {
        step.until.as_ref().map_or_else(String::new, |until| {
            let within = duration::format(until.within);
            format!(
                "{} every {} within {within}",
                until.conditions.join(" and "),
                duration::format(until.every)
            )
        })
    };
    changes.differs(Kind::Bound, path, "until", &until(was), &until(is));
    match (&was.each, &is.each) {
        (None, Some(each)) => {
            let text = format!("runs for each {} of {}", each.name, flat::text(&each.list));
            changes.add(Weight::Widened, Kind::Bound, path, text);
        }
        (Some(_), None) => changes.add(
            Weight::Changed,
            Kind::Bound,
            path,
            "no longer runs for each element",
        ),
        (Some(old), Some(new)) => {
            let list = |each: &crate::plan::forecast::PlannedLoop| flat::text(&each.list);
            changes.differs(
                Kind::Bound,
                path,
                "the list it runs over",
                &list(old),
                &list(new),
            );
            changes.bound(
                path,
                "the most elements",
                old.count.at_most,
                new.count.at_most,
                &|most| most.to_string(),
            );
            let at_once = (Some(old.concurrency), Some(new.concurrency));
            changes.bound(path, "elements at once", at_once.0, at_once.1, &|most| {
                most.to_string()
            });
            if old.max_errors != new.max_errors {
                let (from, to) = (old.max_errors.clone(), new.max_errors.clone());
                changes.between(
                    Weight::Weakened,
                    Kind::Bound,
                    path,
                    "elements that may fail",
                    from,
                    to,
                );
            }
        }
        (None, None) => {}
    }
}
