//! What changed between two versions of a playbook: behaviour, not text.

mod changes;
mod flat;
mod step;

pub use changes::{Change, Kind, Weight};

use super::forecast::{Forecast, GraphKind, PlannedGraph, PlannedValue};
use super::policy::{Scope, least_policy};
use super::visit::{StepVisit, steps};
use changes::Changes;
use indexmap::IndexMap;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::checked::Checked;
use runbook_playbook::duration;
use runbook_registry::policy::{Condition, Pattern};
use std::collections::BTreeSet;

/// A version of a playbook.
#[derive(Debug, Clone, Copy)]
pub struct Side<'s> {
    /// The playbook.
    pub checked: &'s Checked,
    /// What it would do.
    pub forecast: &'s Forecast,
}

/// Compares two versions; weakened safety comes first. Nothing where a run does the same.
#[must_use]
pub fn compare(base: Side<'_>, head: Side<'_>, catalog: &dyn Catalog) -> Vec<Change> {
    let mut changes = Changes::default();
    whole(base, head, &mut changes);
    graphs(base.forecast, head.forecast, &mut changes);
    all_steps(base.forecast, head.forecast, &mut changes);
    permissions(base.forecast, head.forecast, catalog, &mut changes);
    changes.sorted()
}

/// What a playbook says as a whole: bounds, guards, where it may act, what it reaches and starts, inputs, causes.
fn whole(base: Side<'_>, head: Side<'_>, changes: &mut Changes) {
    let (old, new) = (&base.checked.playbook, &head.checked.playbook);
    let writes = |playbook: &runbook_playbook::syntax::playbook::Playbook| {
        playbook
            .max_writes
            .as_ref()
            .map(|most| u64::from(most.value))
    };
    changes.bound("", "limits.writes", writes(old), writes(new), &|most| {
        most.to_string()
    });
    let timeout = |playbook: &runbook_playbook::syntax::playbook::Playbook| {
        playbook.timeout.as_ref().map(|timeout| timeout.value)
    };
    changes.bound("", "timeout", timeout(old), timeout(new), &|length| {
        duration::format(*length)
    });
    guards(base, head, changes);
    for (word, was, is, kind) in [
        (
            "reaches",
            old.reaches.is_some(),
            new.reaches.is_some(),
            Kind::Reaches,
        ),
        ("runs", old.runs.is_some(), new.runs.is_some(), Kind::Runs),
    ] {
        match (was, is) {
            (true, false) => {
                let text = format!("`{word}` no longer bounds it");
                changes.add(Weight::Weakened, kind, "", text);
            }
            (false, true) => {
                changes.add(Weight::Tightened, kind, "", format!("`{word}` bounds it"));
            }
            _ => {}
        }
    }
    let (old, new) = (base.forecast, head.forecast);
    for (name, old, new) in [
        ("accounts", &old.targets.accounts, &new.targets.accounts),
        ("regions", &old.targets.regions, &new.targets.regions),
        ("roles", &old.targets.roles, &new.targets.roles),
    ] {
        allowed(name, old, new, changes);
    }
    for (kind, word, old, new) in [
        (Kind::Reaches, "reaches", &old.reaches, &new.reaches),
        (Kind::Runs, "runs", &old.runs, &new.runs),
    ] {
        let names = |contacts: &[super::forecast::Contact]| -> BTreeSet<String> {
            contacts
                .iter()
                .map(|contact| flat::text(&contact.name))
                .collect()
        };
        let (old, new) = (names(old), names(new));
        for name in new.difference(&old) {
            changes.add(Weight::Widened, kind, "", format!("{word} {name}"));
        }
        for name in old.difference(&new) {
            changes.add(
                Weight::Tightened,
                kind,
                "",
                format!("no longer {word} {name}"),
            );
        }
    }
    inputs(old, new, changes);
    causes(old, new, changes);
}

fn causes(old: &Forecast, new: &Forecast, changes: &mut Changes) {
    for cause in &new.causes {
        match old.causes.iter().find(|other| other.name == cause.name) {
            None => changes.add(
                Weight::Changed,
                Kind::Cause,
                "",
                format!("a new cause, {}", cause.name),
            ),
            Some(other) if other.remedies != cause.remedies => changes.between(
                Weight::Changed,
                Kind::Cause,
                "",
                format!("what mends {}", cause.name),
                other.remedies.join(", "),
                cause.remedies.join(", "),
            ),
            Some(_) => {}
        }
    }
    for cause in &old.causes {
        if new.causes.iter().all(|other| other.name != cause.name) {
            changes.add(
                Weight::Changed,
                Kind::Cause,
                "",
                format!("the cause {} is gone", cause.name),
            );
        }
    }
}

/// Alarms and calendars that keep a run from acting.
fn guards(base: Side<'_>, head: Side<'_>, changes: &mut Changes) {
    let alarms = |side: Side<'_>| -> Vec<String> {
        let playbook = &side.checked.playbook;
        let alarms = playbook.guards.alarms.iter();
        alarms
            .map(|alarm| playbook.source.slice(alarm.span).trim().to_owned())
            .collect()
    };
    let (old, new) = (alarms(base), alarms(head));
    for alarm in old.iter().filter(|alarm| !new.contains(alarm)) {
        let text = format!("the guard on the alarm {alarm} is gone");
        changes.add(Weight::Weakened, Kind::Guard, "", text);
    }
    for alarm in new.iter().filter(|alarm| !old.contains(alarm)) {
        let text = format!("a guard on the alarm {alarm}");
        changes.add(Weight::Tightened, Kind::Guard, "", text);
    }
    let (old, new) = (&base.checked.playbook, &head.checked.playbook);
    match (!old.guards.freeze.is_empty(), !new.guards.freeze.is_empty()) {
        (true, false) => changes.add(
            Weight::Weakened,
            Kind::Guard,
            "",
            "the freeze calendar is gone",
        ),
        (false, true) => changes.add(Weight::Tightened, Kind::Guard, "", "a freeze calendar"),
        _ => {}
    }
}

/// A list of allowed places; an empty one allows any.
fn allowed(name: &str, old: &[PlannedValue], new: &[PlannedValue], changes: &mut Changes) {
    let texts =
        |list: &[PlannedValue]| -> BTreeSet<String> { list.iter().map(flat::text).collect() };
    let (old, new) = (texts(old), texts(new));
    if old == new {
        return;
    }
    let shown = |list: &BTreeSet<String>| {
        if list.is_empty() {
            "any".to_owned()
        } else {
            list.iter().cloned().collect::<Vec<_>>().join(", ")
        }
    };
    let wider = new.is_empty() || (!old.is_empty() && !new.is_subset(&old));
    let weight = if wider {
        Weight::Weakened
    } else {
        Weight::Tightened
    };
    let what = format!("{name} that it may act on");
    changes.between(weight, Kind::Target, "", what, shown(&old), shown(&new));
}

fn inputs(old: &Forecast, new: &Forecast, changes: &mut Changes) {
    for input in &new.inputs {
        let Some(other) = old.inputs.iter().find(|other| other.name == input.name) else {
            changes.add(
                Weight::Changed,
                Kind::Input,
                "",
                format!("a new input, {}", input.name),
            );
            continue;
        };
        if other.ty != input.ty {
            let what = format!("the type of the input {}", input.name);
            changes.between(
                Weight::Changed,
                Kind::Input,
                "",
                what,
                other.ty.clone(),
                input.ty.clone(),
            );
        }
        let (before, after) = (flat::text(&other.value), flat::text(&input.value));
        if before != after {
            let what = format!("the default of the input {}", input.name);
            changes.between(Weight::Changed, Kind::Input, "", what, before, after);
        }
    }
    for input in &old.inputs {
        if new.inputs.iter().all(|other| other.name != input.name) {
            changes.add(
                Weight::Changed,
                Kind::Input,
                "",
                format!("the input {} is gone", input.name),
            );
        }
    }
}

/// Verification: whether it is there, how often it must be clear, what it does where it is not.
fn graphs(old: &Forecast, new: &Forecast, changes: &mut Changes) {
    fn find(forecast: &Forecast, kind: GraphKind) -> Option<&PlannedGraph> {
        forecast.graphs.iter().find(|graph| graph.kind == kind)
    }
    let verify = GraphKind::Verify;
    match (find(old, verify), find(new, verify)) {
        (Some(_), None) => changes.add(
            Weight::Weakened,
            Kind::Verification,
            "verify",
            "nothing is verified any more",
        ),
        (None, Some(_)) => {
            changes.add(
                Weight::Tightened,
                Kind::Verification,
                "verify",
                "it is verified",
            );
        }
        (Some(old), Some(new)) => {
            if let (Some(old), Some(new)) = (&old.readings, &new.readings) {
                let kind = Kind::Verification;
                if old.times != new.times {
                    let weight = if new.times < old.times {
                        Weight::Weakened
                    } else {
                        Weight::Tightened
                    };
                    let what = "clear readings in a row";
                    changes.between(
                        weight,
                        kind,
                        "verify",
                        what,
                        old.times.to_string(),
                        new.times.to_string(),
                    );
                }
                if old.undoes != new.undoes {
                    let weight = if old.undoes {
                        Weight::Weakened
                    } else {
                        Weight::Tightened
                    };
                    let word = |undoes: bool| if undoes { "undo" } else { "keep" }.to_owned();
                    let what = "what happens where the problem is still there";
                    changes.between(
                        weight,
                        kind,
                        "verify",
                        what,
                        word(old.undoes),
                        word(new.undoes),
                    );
                }
                for (what, old, new, shorter_is_weaker) in [
                    (
                        "the wait before the first reading",
                        old.after,
                        new.after,
                        true,
                    ),
                    ("the wait between readings", old.every, new.every, true),
                    ("the longest time to read", old.within, new.within, false),
                ] {
                    if old != new {
                        let weaker = shorter_is_weaker && new < old;
                        let weight = if weaker {
                            Weight::Weakened
                        } else {
                            Weight::Changed
                        };
                        changes.between(
                            weight,
                            kind,
                            "verify",
                            what,
                            duration::format(old),
                            duration::format(new),
                        );
                    }
                }
            }
        }
        (None, None) => {}
    }
    for (kind, what) in [
        (GraphKind::Gather, "evidence is gathered"),
        (GraphKind::Notify, "people are told"),
    ] {
        if find(old, kind).is_some() && find(new, kind).is_none() {
            let text = format!("{what} no longer where a run does not end well");
            changes.add(Weight::Weakened, Kind::Escalation, kind.as_str(), text);
        }
    }
}

/// Steps by their names; a step that is gone and one that is new and does the same is one that moved.
fn all_steps(old: &Forecast, new: &Forecast, changes: &mut Changes) {
    // What verification reads again is compared where it stands.
    let own = |forecast| -> IndexMap<String, StepVisit<'_>> {
        steps(forecast)
            .into_iter()
            .filter(|visit: &StepVisit<'_>| {
                visit.graph != GraphKind::Verify || visit.step.checked == visit.step.path
            })
            .map(|visit| (visit.step.path.clone(), visit))
            .collect()
    };
    let (old, new) = (own(old), own(new));
    let mut gone: Vec<&StepVisit<'_>> = old
        .iter()
        .filter(|(path, _)| !new.contains_key(*path))
        .map(|(_, visit)| visit)
        .collect();
    for (path, visit) in &new {
        if let Some(other) = old.get(path) {
            step::compare(other, visit, changes);
            continue;
        }
        let same = |other: &&StepVisit<'_>| step::does_the_same(other, visit);
        match gone.iter().position(same) {
            Some(at) => {
                let other = gone.remove(at);
                changes.between(
                    Weight::Changed,
                    Kind::Moved,
                    path,
                    "moved",
                    other.step.path.clone(),
                    path.clone(),
                );
                step::compare(other, visit, changes);
            }
            None => step::added(visit, changes),
        }
    }
    for visit in gone {
        step::gone(visit, changes);
    }
    let order = |visits: &IndexMap<String, StepVisit<'_>>,
                 other: &IndexMap<String, StepVisit<'_>>|
     -> Vec<String> {
        visits
            .iter()
            .filter(|(path, visit)| visit.graph.is_sequential() && other.contains_key(*path))
            .map(|(path, _)| path.clone())
            .collect()
    };
    let (before, after) = (order(&old, &new), order(&new, &old));
    if before != after {
        changes.between(
            Weight::Changed,
            Kind::Moved,
            "resolve",
            "the order of steps",
            before.join(", "),
            after.join(", "),
        );
    }
}

/// Permissions that one version needs and the other does not.
fn permissions(old: &Forecast, new: &Forecast, catalog: &dyn Catalog, changes: &mut Changes) {
    type Needed = BTreeSet<(Option<Pattern>, Pattern, Pattern, Vec<Condition>)>;
    let needs = |forecast: &Forecast| -> Needed {
        let least = least_policy(forecast, catalog, &Scope::default());
        let mut needed = Needed::new();
        for principal in least.principals {
            for explained in principal.statements {
                let statement = explained.statement;
                for action in &statement.actions {
                    for resource in &statement.resources {
                        needed.insert((
                            principal.role.clone(),
                            action.clone(),
                            resource.clone(),
                            statement.conditions.clone(),
                        ));
                    }
                }
            }
        }
        needed
    };
    let (old, new) = (needs(old), needs(new));
    let covered = |by: &Needed, one: &(Option<Pattern>, Pattern, Pattern, Vec<Condition>)| {
        by.iter().any(|(role, action, resource, conditions)| {
            *role == one.0
                && *action == one.1
                && resource.covers(&one.2)
                && conditions.iter().all(|condition| one.3.contains(condition))
        })
    };
    let shown = |one: &(Option<Pattern>, Pattern, Pattern, Vec<Condition>)| {
        let role = one
            .0
            .as_ref()
            .map_or_else(String::new, |role| format!(" as {role}"));
        format!("{} on {}{role}", one.1, one.2)
    };
    for one in new.iter().filter(|one| !covered(&old, one)) {
        changes.add(
            Weight::Widened,
            Kind::Permission,
            "",
            format!("needs {}", shown(one)),
        );
    }
    for one in old.iter().filter(|one| !covered(&new, one)) {
        changes.add(
            Weight::Tightened,
            Kind::Permission,
            "",
            format!("no longer needs {}", shown(one)),
        );
    }
}
