//! Calls and their answers → entries of a scenario.

use super::Made;
use crate::call::{Answer, CallError, FailureKind};
use crate::world::scenario::{ATTEMPTS, ActionFacts, is_retried, usual_kind};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// The entries of one action: a sequence for each set of arguments that tells its calls apart.
pub(super) fn entries(made: &[&Made], facts: &dyn ActionFacts, local: bool) -> Vec<Json> {
    let mut groups: Vec<(Map<String, Json>, Vec<Run>)> = Vec::new();
    for made in made {
        let Some(result) = &made.result else { continue };
        let token = facts.idempotency_token(&made.call.action);
        let arguments = told_apart(&made.call.arguments, token.as_deref());
        let run = Run::of(&made.call.action, result, facts, local);
        let known = groups.iter_mut().find(|(known, _)| *known == arguments);
        match known {
            Some((_, runs)) => match runs.last_mut() {
                Some(last) if last.answer == run.answer => last.times += run.times,
                _ => runs.push(run),
            },
            None => groups.push((arguments, vec![run])),
        }
    }
    let names = differing(&groups);
    let mut entries = Vec::new();
    for (arguments, runs) in groups {
        let last = runs.len().saturating_sub(1);
        for (at, run) in runs.into_iter().enumerate() {
            let mut entry = Map::new();
            if !names.is_empty() {
                let with: Map<String, Json> = names
                    .iter()
                    .map(|name| {
                        let value = arguments.get(name).cloned().unwrap_or(Json::Null);
                        (name.clone(), value)
                    })
                    .collect();
                entry.insert("with".to_owned(), Json::Object(with));
            }
            // The last one answers whatever comes after it, too.
            if at < last {
                entry.insert("times".to_owned(), run.times.into());
            }
            if let Json::Object(answer) = run.answer {
                entry.extend(answer);
            }
            entries.push(Json::Object(entry));
        }
    }
    entries
}

/// Equal answers, one after the other.
struct Run {
    answer: Json,
    times: usize,
}

impl Run {
    fn of(
        action: &str,
        result: &Result<Answer, CallError>,
        facts: &dyn ActionFacts,
        local: bool,
    ) -> Self {
        match result {
            Ok(answer) => Self {
                answer: json!({"return": whole(action, answer, facts)}),
                times: 1,
            },
            Err(error) => {
                let mut said = json!({"code": error.code, "message": error.message});
                if error.kind != usual_kind(&error.code)
                    && let Some(said) = said.as_object_mut()
                {
                    said.insert("kind".to_owned(), kind(error.kind).into());
                }
                Self {
                    answer: json!({"error": said}),
                    // The client of a scenario tries again, as the one that was recorded had done.
                    times: if !local && is_retried(error) {
                        ATTEMPTS
                    } else {
                        1
                    },
                }
            }
        }
    }
}

/// A result; one that was cut gets one more item, so that it is cut again.
fn whole(action: &str, answer: &Answer, facts: &dyn ActionFacts) -> Json {
    let mut result = answer.result.clone();
    if answer.truncated {
        let name = facts.list_member(action);
        let list = name.and_then(|name| result.get_mut(&name)?.as_array_mut());
        if let Some(list) = list
            && let Some(last) = list.last().cloned()
        {
            list.push(last);
        }
    }
    result
}

fn kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Answered => "answered",
        FailureKind::Garbled => "garbled",
        FailureKind::NotSent => "not_sent",
        FailureKind::Unanswered => "unanswered",
        FailureKind::Environment => "environment",
    }
}

/// The members of arguments whose values are not the same in all groups.
fn differing(groups: &[(Map<String, Json>, Vec<Run>)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (arguments, _) in groups {
        for name in arguments.keys() {
            let differs = groups
                .iter()
                .any(|(other, _)| other.get(name) != arguments.get(name));
            if differs && !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

/// The arguments that are the same when the run is made again: no times, no idempotency token.
pub(super) fn told_apart(arguments: &Json, token: Option<&str>) -> Map<String, Json> {
    let members = arguments.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| token != Some(name.as_str()))
        .filter_map(|(name, value)| Some((name.clone(), lasting(name, value)?)))
        .collect()
}

/// What of a value does not depend on the time of the run; nothing where all of it may.
fn lasting(name: &str, value: &Json) -> Option<Json> {
    match value {
        Json::String(text) if text.parse::<Timestamp>().is_ok() => None,
        Json::Number(_) if is_time(name) => None,
        Json::Object(members) => {
            let kept: Map<String, Json> = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), lasting(name, value)?)))
                .collect();
            (!kept.is_empty() || members.is_empty()).then_some(Json::Object(kept))
        }
        // A list is compared as a whole.
        Json::Array(items) => items
            .iter()
            .all(|item| lasting(name, item).as_ref() == Some(item))
            .then(|| value.clone()),
        other => Some(other.clone()),
    }
}

/// Whether numbers of this name are times: `startTime`, `EndTime`, `from`.
fn is_time(name: &str) -> bool {
    let lower = name.to_lowercase();
    let time = lower.ends_with("time") || lower.ends_with("date") || lower.ends_with("timestamp");
    time || matches!(lower.as_str(), "from" | "to" | "until" | "since")
}
