//! A plan as one JSON document (`docs/plan-json.md`, `schemas/plan.schema.json`).

use crate::escape::is_steering;
use crate::plan_facts::{effect_of, length};
use runbook_interpreter::plan::Until;
use runbook_interpreter::plan::forecast::{
    Certainty, Condition, Contact, Count, Forecast, Longest, Origin, PlannedCall, PlannedGraph,
    PlannedStep, PlannedText, PlannedUnknown, PlannedValue, PlannedWork, Reading, Turn,
};
use runbook_playbook::catalog::{Effect, Effects};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;

/// The version of the document; it rises when a field changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// A plan as a document for programs.
#[must_use]
pub fn document(forecast: &Forecast) -> Json {
    let options = &forecast.options;
    json!({
        "format_version": FORMAT_VERSION,
        "playbook": forecast.playbook,
        "file": forecast.file,
        "digest": forecast.digest,
        "title": forecast.title,
        "summary": forecast.summary,
        "inputs": forecast.inputs.iter().map(|input| json!({
            "name": input.name,
            "type": input.ty,
            "value": value(&input.value),
        })).collect::<Vec<_>>(),
        "options": {
            "until": options.until.map(|until| match until {
                Until::Symptom => "symptom",
                Until::Diagnose => "diagnose",
                Until::Resolve => "resolve",
            }),
            "verify": options.verify,
            "only": options.only,
            "skip": options.skip,
            "force": options.force,
        },
        "reading": reading(&forecast.reading),
        "reaches": contacts(&forecast.reaches),
        "runs": contacts(&forecast.runs),
        "targets": {
            "accounts": values(&forecast.targets.accounts),
            "regions": values(&forecast.targets.regions),
            "roles": values(&forecast.targets.roles),
        },
        "causes": forecast.causes.iter().map(|cause| json!({
            "name": cause.name,
            "title": cause.title,
            "finders": cause.finders,
            "remedies": cause.remedies,
            "found": cause.found,
        })).collect::<Vec<_>>(),
        "graphs": forecast.graphs.iter().map(graph).collect::<Vec<_>>(),
        "left_out": forecast.left_out.iter().map(|left| json!({
            "step": left.step,
            "action": left.action,
            "code": left.reason.code,
            "message": left.reason.message,
        })).collect::<Vec<_>>(),
        "totals": {
            "calls": forecast.totals.calls.iter()
                .map(|(effect, number)| (effect.as_str().to_owned(), count(*number)))
                .collect::<Map<_, _>>(),
            "undo": count(forecast.totals.undo),
            "questions": count(forecast.totals.questions),
            "left_out": forecast.totals.left_out,
            "longest": longest(&forecast.totals.longest),
        },
        "notes": forecast.notes,
    })
}

/// The document as text in which nothing steers a terminal or turns text round: JSON's own escapes stand for it.
#[must_use]
pub fn text(forecast: &Forecast) -> String {
    let written = format!("{:#}", document(forecast));
    let mut safe = String::with_capacity(written.len());
    for c in written.chars() {
        if c != '\n' && is_steering(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

fn reading(reading: &Reading) -> Json {
    match reading {
        Reading::Offline => json!({
            "live": false, "place": null, "scenario": null, "calls": 0, "failures": [],
        }),
        Reading::Live {
            place,
            scenario,
            calls,
            failures,
        } => json!({
            "live": true,
            "place": place,
            "scenario": scenario,
            "calls": calls,
            "failures": failures.iter().map(|failure| json!({
                "step": failure.step,
                "code": failure.code,
                "message": failure.message,
            })).collect::<Vec<_>>(),
        }),
    }
}

fn contacts(contacts: &[Contact]) -> Json {
    contacts
        .iter()
        .map(|contact| {
            json!({
                "name": value(&contact.name),
                "declared": contact.declared,
                "steps": contact.steps,
            })
        })
        .collect()
}

fn values(all: &[PlannedValue]) -> Json {
    all.iter().map(value).collect()
}

fn value(planned: &PlannedValue) -> Json {
    match planned {
        PlannedValue::Known(known) => json!({ "known": known }),
        PlannedValue::Unknown(gap) => json!({ "unknown": unknown(gap) }),
        PlannedValue::Text(parts) => json!({ "text": parts.iter().map(|part| match part {
            PlannedText::Known(text) => json!({ "known": text }),
            PlannedText::Unknown(gap) => json!({ "unknown": unknown(gap) }),
            PlannedText::Secret => json!({ "secret": true }),
        }).collect::<Vec<_>>() }),
        PlannedValue::List(items) => json!({ "list": values(items) }),
        PlannedValue::Map(entries) => json!({ "map": entries.iter()
            .map(|(name, entry)| (name.clone(), value(entry)))
            .collect::<Map<_, _>>() }),
        PlannedValue::Secret => json!({ "secret": true }),
    }
}

fn unknown(gap: &PlannedUnknown) -> Json {
    json!({
        "type": gap.ty.to_string(),
        "optional": gap.optional,
        "why": gap.why(),
        "origins": origins(&gap.origins),
        "expression": gap.expression,
    })
}

fn origins(all: &[Origin]) -> Json {
    all.iter()
        .map(|origin| match origin {
            Origin::Step { step, part } => json!({"kind": "step", "name": step, "part": part}),
            Origin::Cause(name) => json!({"kind": "cause", "name": name, "part": null}),
            Origin::Element(name) => json!({"kind": "element", "name": name, "part": null}),
            Origin::RunTime => json!({"kind": "run_time", "name": null, "part": null}),
            Origin::Target => json!({"kind": "target", "name": null, "part": null}),
            Origin::Secret(name) => json!({"kind": "secret", "name": name, "part": null}),
            Origin::Caller(name) => json!({"kind": "caller", "name": name, "part": null}),
        })
        .collect()
}

fn certainty(certainty: &Certainty) -> Json {
    match certainty {
        Certainty::Runs => json!({"is": "runs", "conditions": [], "reason": null}),
        Certainty::Depends(conditions) => json!({
            "is": "depends",
            "conditions": conditions.iter().map(condition).collect::<Vec<_>>(),
            "reason": null,
        }),
        Certainty::Never(reason) => json!({
            "is": "never", "conditions": [], "reason": reason.message,
        }),
    }
}

fn condition(condition: &Condition) -> Json {
    json!({
        "kind": condition.kind.as_str(),
        "text": condition.text,
        "origins": origins(&condition.origins),
    })
}

fn count(count: Count) -> Json {
    json!({"at_least": count.at_least, "at_most": count.at_most})
}

fn longest(longest: &Longest) -> Json {
    json!({
        "seconds": longest.bounded.as_secs(),
        "open": longest.open.iter().map(|open| json!({
            "step": open.step,
            "why": open.why,
        })).collect::<Vec<_>>(),
    })
}

fn words(effects: &Effects) -> Vec<&'static str> {
    effects.iter().map(|effect| effect.as_str()).collect()
}

fn graph(graph: &PlannedGraph) -> Json {
    json!({
        "graph": graph.kind.as_str(),
        "certainty": certainty(&graph.certainty),
        "times": count(graph.times),
        "readings": graph.readings.map(|readings| json!({
            "after": length(readings.after),
            "every": length(readings.every),
            "within": length(readings.within),
            "times": readings.times,
            "at_least": readings.at_least,
            "at_most": readings.at_most,
            "undoes": readings.undoes,
        })),
        "longest": longest(&graph.longest),
        "steps": graph.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &PlannedStep) -> Json {
    json!({
        "id": step.path,
        "name": step.id,
        "title": step.title,
        "line": step.line,
        "effect": effect_of(step).map(Effect::as_str),
        "certainty": certainty(&step.certainty),
        "after": step.after,
        "each": step.each.as_ref().map(|each| json!({
            "name": each.name,
            "list": value(&each.list),
            "count": count(each.count),
            "concurrency": each.concurrency,
            "max_errors": each.max_errors,
        })),
        "approval": step.approval.as_ref().map(|approval| json!({
            "effects": words(&approval.effects),
            "insists": approval.insists,
            "people": approval.people,
            "from": approval.from,
            "within": approval.within.map(length),
            "consent": approval.consent.iter().map(|effect| effect.as_str()).collect::<Vec<_>>(),
        })),
        "until": step.until.as_ref().map(|until| json!({
            "conditions": until.conditions,
            "every": length(until.every),
            "within": length(until.within),
        })),
        "retry": step.retry.iter().map(|rule| json!({
            "errors": rule.errors,
            "times": rule.times,
            "delay": length(rule.delay),
            "backoff": rule.backoff,
            "longest": length(rule.longest),
        })).collect::<Vec<_>>(),
        "timeout": step.timeout.map(length),
        "limit": step.limit,
        "expect_error": step.expect_error,
        "on_error": step.on_error,
        "captures": step.captures,
        "assertions": step.assertions.iter().map(|assertion| json!({
            "kind": assertion.kind.as_str(),
            "cause": assertion.cause,
            "text": assertion.text,
        })).collect::<Vec<_>>(),
        "longest": longest(&step.longest),
        "turns": step.turns.iter().map(turn).collect::<Vec<_>>(),
    })
}

fn turn(turn: &Turn) -> Json {
    let steps = |all: &[PlannedStep]| all.iter().map(step).collect::<Vec<_>>();
    let work = match &turn.work {
        PlannedWork::Call(planned) => json!({"is": "call", "call": call(planned)}),
        PlannedWork::Block {
            steps: inner,
            finally,
        } => json!({
            "is": "block", "steps": steps(inner), "finally": steps(finally),
        }),
        PlannedWork::Playbook {
            call: planned,
            forecast,
        } => json!({
            "is": "playbook",
            "call": call(planned),
            "plan": forecast.as_ref().ok().map(|forecast| document(forecast)),
            "problem": forecast.as_ref().err(),
        }),
        PlannedWork::Reason => json!({"is": "reason"}),
    };
    json!({
        "element": turn.element.as_ref().map(value),
        "before": turn.before.as_ref().map(call),
        "work": work,
        "undo": steps(&turn.undo),
    })
}

fn call(call: &PlannedCall) -> Json {
    json!({
        "action": call.action,
        "effects": words(&call.effects),
        "stated_read": call.stated_read,
        "stated_plain": call.stated_plain,
        "arguments": value(&call.arguments),
        "base": call.base.as_ref().map(|base| json!({
            "from": base.from,
            "value": value(&base.value),
            "paths": base.paths.iter().map(|(path, set)| json!({
                "path": path,
                "value": value(set),
            })).collect::<Vec<_>>(),
            "dropped": base.dropped,
        })),
        "target": {
            "region": call.target.region.as_ref().map(value),
            "account": call.target.account.as_ref().map(value),
            "role": call.target.role.as_ref().map(value),
        },
        "operations": call.operations,
        "paginated": call.paginated,
        "longest": longest(&call.longest),
        "changes": call.changes.as_ref().map(|changes| changes.iter().map(|change| json!({
            "path": change.path,
            "from": value(&change.from),
            "to": value(&change.to),
        })).collect::<Vec<_>>()),
    })
}
