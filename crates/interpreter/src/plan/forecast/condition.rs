//! Whether a step runs: what was asked for, `for`, the steps that it reads, `when`.

use super::build::{Build, Place, ancestors};
use super::names::Local;
use super::{Certainty, Condition, ConditionKind, Reason};
use indexmap::IndexMap;
use runbook_playbook::expression::partial::{self, Origin, Partial};
use runbook_playbook::syntax::step::Step;
use runbook_playbook::value::Value;

/// Whether a step runs, given that what encloses it does.
pub(super) fn certainty(build: &Build<'_>, step: &Step, place: &Place) -> Certainty {
    let mut conditions = Vec::new();
    let gates = [left_out, for_causes, reads, when];
    for gate in gates {
        match gate(build, step, place) {
            Certainty::Runs => {}
            Certainty::Depends(more) => {
                for condition in more {
                    if !conditions.contains(&condition) {
                        conditions.push(condition);
                    }
                }
            }
            never @ Certainty::Never(_) => return never,
        }
    }
    if conditions.is_empty() {
        Certainty::Runs
    } else {
        Certainty::Depends(conditions)
    }
}

fn never(code: &'static str, message: impl Into<String>) -> Certainty {
    Certainty::Never(Reason {
        code,
        message: message.into(),
    })
}

fn left_out(build: &Build<'_>, step: &Step, place: &Place) -> Certainty {
    if build.plan.leaves_out(&place.checked(&step.id.value)) {
        return never("left_out", "left out by --only or --skip");
    }
    Certainty::Runs
}

fn for_causes(build: &Build<'_>, step: &Step, _: &Place) -> Certainty {
    if step.for_causes.is_empty() {
        return Certainty::Runs;
    }
    let mut open = Vec::new();
    for cause in &step.for_causes {
        match build.found(&cause.value) {
            Some(true) => return Certainty::Runs,
            Some(false) => {}
            None => open.push(cause.value.as_str()),
        }
    }
    if open.is_empty() {
        let names: Vec<&str> = step
            .for_causes
            .iter()
            .map(|cause| cause.value.as_str())
            .collect();
        let why = format!("none of its causes can be found: {}", names.join(", "));
        return never("for", why);
    }
    let text: Vec<String> = open.iter().map(|name| format!("cause.{name}")).collect();
    Certainty::Depends(vec![Condition {
        kind: ConditionKind::For,
        text: text.join(" or "),
        origins: open
            .iter()
            .map(|name| Origin::Cause((*name).to_owned()))
            .collect(),
    }])
}

/// A step needs the values of the steps that it reads.
fn reads(build: &Build<'_>, step: &Step, place: &Place) -> Certainty {
    let own = place.checked(&step.id.value);
    let checked = build.plan.checked.steps.get(&own);
    let mut conditions = Vec::new();
    let own_shown = place.shown(&step.id.value);
    for read in checked.iter().flat_map(|checked| &checked.reads) {
        let shown = place.shown_name(read);
        let shown = if build.certainty(&shown).is_some() {
            shown
        } else {
            read.clone()
        };
        // What encloses both has been decided already.
        let apart = ancestors(&shown)
            .take_while(|path| !own_shown.starts_with(&format!("{path}.")))
            .map(str::to_owned)
            .collect::<Vec<_>>();
        for path in apart {
            match build.certainty(&path) {
                Some(Certainty::Never(reason)) => {
                    let code = if reason.code == "blocked" {
                        "blocked"
                    } else {
                        "needs"
                    };
                    let why = format!(
                        "it needs a value of {}, which never runs: {}",
                        build.public(&path),
                        reason.message
                    );
                    return never(code, why);
                }
                Some(Certainty::Depends(_)) => conditions.push(Condition {
                    kind: ConditionKind::Needs,
                    text: format!("not ({path} is skipped)"),
                    origins: vec![Origin::Step {
                        step: build.public(&path),
                        part: "status".to_owned(),
                    }],
                }),
                Some(Certainty::Runs) | None => {}
            }
        }
    }
    if conditions.is_empty() {
        Certainty::Runs
    } else {
        Certainty::Depends(conditions)
    }
}

fn when(build: &Build<'_>, step: &Step, place: &Place) -> Certainty {
    let Some(when) = &step.when else {
        return Certainty::Runs;
    };
    let names = build.names(place);
    match partial::condition(when, &names) {
        Ok(Partial::Known(Value::Boolean(true))) => Certainty::Runs,
        Ok(Partial::Known(Value::Boolean(false))) => {
            never("when", format!("`{}` is false", when.text))
        }
        Ok(Partial::Known(_)) => never("blocked", format!("`{}` is unknown", when.text)),
        Ok(left) => {
            let text = match &left {
                Partial::Unknown(unknown) => partial::print(&unknown.residual),
                _ => when.text.clone(),
            };
            Certainty::Depends(vec![Condition {
                kind: ConditionKind::When,
                text,
                origins: left.origins().into_iter().collect(),
            }])
        }
        Err(error) => never("blocked", format!("`{}`: {}", when.text, error.message)),
    }
}

/// Adds names to those of a place.
pub(super) fn joined(
    outer: &IndexMap<String, Local>,
    inner: &IndexMap<String, Local>,
) -> IndexMap<String, Local> {
    let mut all = outer.clone();
    for (name, local) in inner {
        all.insert(name.clone(), local.clone());
    }
    all
}
