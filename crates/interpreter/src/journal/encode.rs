//! Events as JSON. Calls have a table of their own, so that their events are not recorded twice.
//!
//! Questions and the ends of runs have lists with an item for each write, which may be thousands: these are written one item
//! after the other, and are never there as a whole but as text.

use crate::approval::{Decision, Question, QuestionCall, ValueChange};
use crate::event::{Event, EventKind};
use crate::outcome::{AssertionOutcome, Change, Outcome, StepOutcome};
use crate::truth::Truth;
use jiff::SignedDuration;
use runbook_playbook::catalog::Effect;
use runbook_registry::world::Place;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

fn milliseconds(length: SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// The event's kind, in a word.
pub(super) fn kind(event: &Event) -> &'static str {
    match &event.kind {
        EventKind::RunStarted { .. } => "run_started",
        EventKind::GraphStarted { .. } => "graph_started",
        EventKind::GraphEnded { .. } => "graph_ended",
        EventKind::StepStarted { .. } => "step_started",
        EventKind::CallStarted { .. } => "call_started",
        EventKind::CallEnded { .. } => "call_ended",
        EventKind::Waiting { .. } => "waiting",
        EventKind::Progress { .. } => "progress",
        EventKind::Asked(_) => "asked",
        EventKind::Answered { .. } => "answered",
        EventKind::Overridden { .. } => "overridden",
        EventKind::StepEnded { .. } => "step_ended",
        EventKind::CauseJudged(_) => "cause_judged",
        EventKind::RunEnded(_) => "run_ended",
    }
}

/// A list that may be long.
#[derive(Clone, Copy)]
enum Long<'a> {
    Calls(&'a [QuestionCall]),
    Changes(&'a [Change]),
}

impl<'a> Long<'a> {
    fn items(self) -> Box<dyn Iterator<Item = Json> + 'a> {
        match self {
            Self::Calls(calls) => Box::new(calls.iter().map(call)),
            Self::Changes(changes) => Box::new(changes.iter().map(change)),
        }
    }
}

/// An object, and the members of it that are long lists; in the object they are null.
type Parts<'a> = (Json, Vec<(&'static str, Long<'a>)>);

fn whole((mut body, lists): Parts<'_>) -> Json {
    for (name, list) in lists {
        body[name] = list.items().collect();
    }
    body
}

fn written((body, lists): Parts<'_>) -> String {
    let mut text = String::from("{");
    for (name, value) in body.as_object().into_iter().flatten() {
        if text.len() > 1 {
            text.push(',');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{}:", Json::from(name.as_str()));
        match lists.iter().find(|(list, _)| list == name) {
            Some((_, list)) => {
                for (at, item) in list.items().enumerate() {
                    let _ = write!(text, "{}{item}", if at == 0 { '[' } else { ',' });
                }
                text.push_str(if text.ends_with(':') { "[]" } else { "]" });
            }
            None => {
                let _ = write!(text, "{value}");
            }
        }
    }
    text.push('}');
    text
}

/// An object of these members. Unlike the macro, which copies what it is given, it takes them.
fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let members = members.into_iter();
    Json::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Writes an event.
pub(super) fn event(event: &Event) -> Json {
    whole(parts(event))
}

/// An event as text.
pub(super) fn event_text(event: &Event) -> String {
    written(parts(event))
}

/// A question: all that an answer holds for.
pub(super) fn question_json(asked: &Question) -> Json {
    whole(question(asked))
}

/// A question as text: all that an answer holds for.
pub(super) fn question_text(asked: &Question) -> String {
    written(question(asked))
}

fn parts(event: &Event) -> Parts<'_> {
    let mut lists = Vec::new();
    let body = match &event.kind {
        EventKind::RunStarted {
            run,
            playbook,
            title,
            inputs,
            place,
        } => json!({
            "run": run,
            "playbook": playbook,
            "title": title,
            "inputs": inputs,
            "place": self::place(place),
        }),
        EventKind::GraphStarted { graph, reading } => json!({"graph": graph, "reading": reading}),
        EventKind::GraphEnded { graph, summary } => json!({"graph": graph, "summary": summary}),
        EventKind::StepStarted {
            step,
            title,
            action,
        } => json!({"step": step, "title": title, "action": action}),
        EventKind::CallStarted { step, attempt, .. }
        | EventKind::CallEnded { step, attempt, .. } => json!({"step": step, "attempt": attempt}),
        EventKind::Waiting {
            step,
            why,
            length,
            within,
        } => {
            json!({
                "step": step,
                "why": why,
                "milliseconds": milliseconds(*length),
                "within_milliseconds": within.map(milliseconds),
            })
        }
        EventKind::Progress {
            step,
            done,
            of,
            failed,
        } => json!({"step": step, "done": done, "of": of, "failed": failed}),
        EventKind::Asked(asked) => {
            let (body, long) = question(asked);
            lists = long;
            body
        }
        EventKind::Answered { step, decision } => {
            let (answer, by) = match decision {
                Decision::Approved { by } => ("approved", Some(by)),
                Decision::Declined { by } => ("declined", Some(by)),
                Decision::Nobody => ("nobody", None),
                Decision::Abort => ("abort", None),
                Decision::Expired => ("expired", None),
            };
            json!({"step": step, "answer": answer, "by": by})
        }
        EventKind::Overridden {
            step,
            guard,
            what,
            by,
            reason,
        } => json!({"step": step, "guard": guard, "what": what, "by": by, "reason": reason}),
        EventKind::StepEnded { step, outcome } => object([
            ("step", step.as_str().into()),
            ("outcome", step_outcome(outcome)),
        ]),
        EventKind::CauseJudged(cause) => json!({
            "cause": cause.name,
            "found": truth(cause.found),
            "evidence": cause.evidence.iter().map(|one| json!({"step": one.step, "truth": truth(one.truth), "found": one.found})).collect::<Vec<_>>(),
        }),
        EventKind::RunEnded(outcome) => {
            lists.push(("changes", Long::Changes(&outcome.changes)));
            run_outcome(outcome)
        }
    };
    let mut entry = object([
        ("at", event.at.to_string().into()),
        ("event", kind(event).into()),
    ]);
    if let (Json::Object(entry), Json::Object(body)) = (&mut entry, body) {
        entry.extend(body);
    }
    (entry, lists)
}

fn call(call: &QuestionCall) -> Json {
    let changes = call.changes.iter();
    let changes: Vec<Json> = changes
        .map(|change| json!({"path": change.path, "from": change.from, "to": change.to}))
        .collect();
    object([
        ("action", call.action.as_str().into()),
        ("arguments", call.arguments.clone()),
        ("changes", changes.into()),
    ])
}

fn question(question: &Question) -> Parts<'_> {
    let mut body = json!({
        "step": question.step,
        "title": question.title,
        "place": question.place,
        "effects": question.effects.iter().map(|effect| effect.as_str()).collect::<Vec<_>>(),
        "prompt": question.prompt,
        "calls": null,
        "undo": null,
        "people": question.people,
        "from": question.from,
        "insists": question.insists,
        "because": question.because,
    });
    if !question.stated.is_empty()
        && let Json::Object(members) = &mut body
    {
        members.insert("stated".to_owned(), question.stated.clone().into());
    }
    let lists = vec![
        ("calls", Long::Calls(&question.calls)),
        ("undo", Long::Calls(&question.undo)),
    ];
    (body, lists)
}

/// Reads a question back.
pub(super) fn read_question(json: &Json) -> Option<Question> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let texts = |name: &str| -> Vec<String> {
        let items = json
            .get(name)
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        items
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    };
    let effects = texts("effects");
    Some(Question {
        step: text("step")?,
        title: text("title"),
        calls: read_calls(json.get("calls")?)?,
        effects: Effect::ALL
            .into_iter()
            .filter(|effect| effects.iter().any(|name| name == effect.as_str()))
            .collect(),
        prompt: text("prompt"),
        place: text("place").unwrap_or_default(),
        undo: read_calls(json.get("undo")?)?,
        insists: json
            .get("insists")
            .and_then(Json::as_bool)
            .unwrap_or_default(),
        people: usize::try_from(json.get("people")?.as_u64()?).ok()?,
        from: texts("from"),
        because: texts("because"),
        stated: texts("stated"),
        agreed: Vec::new(),
    })
}

fn read_calls(json: &Json) -> Option<Vec<QuestionCall>> {
    let member = |json: &Json, name: &str| json.get(name).cloned().unwrap_or(Json::Null);
    json.as_array()?
        .iter()
        .map(|call| {
            let changes = call.get("changes").and_then(Json::as_array);
            Some(QuestionCall {
                action: call.get("action")?.as_str()?.to_owned(),
                arguments: member(call, "arguments"),
                changes: changes
                    .into_iter()
                    .flatten()
                    .filter_map(|change| {
                        Some(ValueChange {
                            path: change.get("path")?.as_str()?.to_owned(),
                            from: member(change, "from"),
                            to: member(change, "to"),
                        })
                    })
                    .collect(),
            })
        })
        .collect()
}

/// What reports need of the end of a run beside what its steps and causes have said.
fn run_outcome(outcome: &Outcome) -> Json {
    json!({
        "verdict": outcome.verdict.as_str(),
        "reason": outcome.reason.map(crate::verdict::Reason::as_str),
        "explanation": outcome.explanation,
        "environment": outcome.environment,
        "changes": null,
        "outputs": outcome.outputs.iter().map(|(name, value)| (name.clone(), value.to_json())).collect::<serde_json::Map<_, _>>(),
        "waiting": outcome.waiting.as_ref().map(|waiting| json!({
            "step": waiting.step,
            "question": waiting.question,
            "why": waiting.why,
            "next": waiting.next,
        })),
        "escalated": outcome.escalated.as_ref().map(|escalated| json!({
            "levels": escalated.levels,
            "contacts": escalated.contacts.iter().map(|(name, value)| (name.clone(), value.to_json())).collect::<serde_json::Map<_, _>>(),
            "gathered": escalated.gathered,
            "told": escalated.told,
            "failed": escalated.failed,
            "not_told": escalated.not_told,
        })),
    })
}

fn change(change: &Change) -> Json {
    let values = change.values.iter();
    let values =
        values.map(|value| json!({"path": value.path, "from": value.from, "to": value.to}));
    object([
        ("step", change.step.as_str().into()),
        ("action", change.action.as_str().into()),
        ("arguments", change.arguments.clone()),
        ("values", values.collect()),
        ("effect", change.effect.as_str().into()),
        ("confirmed", change.confirmed.into()),
        ("undoes", change.undoes.as_deref().into()),
        ("undone", change.undone.into()),
    ])
}

fn assertion(assertion: &AssertionOutcome) -> Json {
    json!({
        "asked": assertion.asked,
        "holds": truth(assertion.truth),
        "found": assertion.found,
        "message": assertion.message,
        "warn": assertion.warn,
        "require": assertion.require,
    })
}

fn step_outcome(outcome: &StepOutcome) -> Json {
    let captures = outcome.captures.iter();
    let captures = captures.map(|(name, value)| (name.clone(), value.to_json()));
    let error = outcome.error.as_ref();
    let error = error.map(|error| json!({"code": error.code, "message": error.message}));
    object([
        ("title", outcome.title.as_deref().into()),
        ("action", outcome.action.as_deref().into()),
        ("started", outcome.started.to_string().into()),
        (
            "assertions",
            outcome.assertions.iter().map(assertion).collect(),
        ),
        ("status", outcome.status.as_str().into()),
        ("holds", outcome.holds.map(truth).into()),
        ("captures", Json::Object(captures.collect())),
        ("error", error.into()),
        ("truncated", outcome.truncated.into()),
        ("calls", outcome.calls.into()),
    ])
}

/// Where calls go; who makes them only where that is known.
fn place(place: &Place) -> Json {
    let mut known = json!({
        "account": place.account,
        "region": place.region,
        "partition": place.partition,
    });
    if let Some(principal) = &place.principal {
        known["principal"] = principal.as_str().into();
    }
    known
}

#[cfg(test)]
mod tests {
    use super::{Long, whole, written};
    use crate::approval::QuestionCall;
    use serde_json::json;

    #[test]
    fn long_lists_are_written_as_what_they_are() {
        let call = |count: usize| QuestionCall {
            action: "ecs:UpdateService".to_owned(),
            arguments: json!({"desiredCount": count, "note": "\"quoted\""}),
            changes: Vec::new(),
        };
        for count in 0..3 {
            let calls: Vec<QuestionCall> = (0..count).map(call).collect();
            let body = json!({"a\"": 1, "calls": null, "z": null});
            let parts = || (body.clone(), vec![("calls", Long::Calls(&calls))]);
            assert_eq!(written(parts()), whole(parts()).to_string());
        }
    }
}
