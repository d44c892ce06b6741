//! Calls and their answers → entries of a scenario.

use super::Made;
use super::effects::Effects;
use crate::call::{Answer, CallError, FailureKind};
use crate::world::scenario::{ATTEMPTS, ActionFacts, is_retried, usual_kind};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::duration;
use serde_json::{Map, Value as Json, json};

/// The entries of one action: a sequence for each set of arguments that tells its calls apart.
pub(super) fn entries(sequences: &[Sequence], effects: &Effects) -> Vec<Json> {
    let names = differing(sequences);
    let mut entries = Vec::new();
    for sequence in sequences {
        let mut runs = split(&sequence.runs, effects).into_iter().peekable();
        let mut shown = None;
        while let Some(run) = runs.next() {
            let mut entry = Map::new();
            if !names.is_empty() {
                let with: Map<String, Json> = names
                    .iter()
                    .map(|name| {
                        let value = sequence.arguments.get(name).cloned();
                        (name.clone(), value.unwrap_or(Json::Null))
                    })
                    .collect();
                entry.insert("with".to_owned(), Json::Object(with));
            }
            shown = effects.shown(run.first).or(shown);
            if let Some(flag) = shown {
                entry.insert("if".to_owned(), flag.clone().into());
            }
            // The last one answers whatever comes after it, too.
            if let Some(next) = runs.peek() {
                match effects.shown(next.first) {
                    Some(flag) => entry.insert("unless".to_owned(), flag.clone().into()),
                    None => entry.insert("times".to_owned(), run.times.into()),
                };
            }
            entry.extend(set(effects.set(run.first)));
            if let Json::Object(answer) = run.answer {
                entry.extend(answer);
            }
            entries.push(Json::Object(entry));
        }
    }
    entries
}

/// The members that set flags.
fn set(flags: &[(String, SignedDuration)]) -> Map<String, Json> {
    let mut members = Map::new();
    match flags {
        [] => {}
        [(flag, after)] => {
            members.insert("set".to_owned(), flag.clone().into());
            if !after.is_zero() {
                members.insert("after".to_owned(), duration::format(*after).into());
            }
        }
        several => {
            let each: Map<String, Json> = several
                .iter()
                .map(|(flag, after)| (flag.clone(), duration::format(*after).into()))
                .collect();
            members.insert("set".to_owned(), Json::Object(each));
        }
    }
    members
}

/// Runs of equal answers, of which each call that sets flags has one of its own.
fn split(runs: &[Run], effects: &Effects) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    for run in runs {
        let each = run.times / run.calls.len().max(1);
        let mut begun = false;
        for call in &run.calls {
            let sets = !effects.set(*call).is_empty();
            match all.last_mut() {
                Some(last) if begun && !sets => last.times += each,
                _ => all.push(Run {
                    first: *call,
                    times: each,
                    ..run.clone()
                }),
            }
            // What comes after a call that sets flags is another run, too.
            begun = !sets;
        }
    }
    all
}

/// The answers to calls with the same arguments, in their order.
#[derive(Debug)]
pub(super) struct Sequence {
    arguments: Map<String, Json>,
    pub(super) runs: Vec<Run>,
}

/// The sequences of one action. Calls come with their positions.
pub(super) fn sequences(
    made: &[(usize, &Made)],
    facts: &dyn ActionFacts,
    local: bool,
) -> Vec<Sequence> {
    let mut sequences: Vec<Sequence> = Vec::new();
    for (position, made) in made {
        let Some(result) = &made.result else { continue };
        let token = facts.idempotency_token(&made.call.action);
        let arguments = told_apart(&made.call.arguments, token.as_deref());
        let run = Run::of(*position, &made.call.action, result, facts, local);
        let known = sequences
            .iter_mut()
            .find(|known| known.arguments == arguments);
        match known {
            Some(Sequence { runs, .. }) => match runs.last_mut() {
                Some(last) if last.answer == run.answer => {
                    last.times += run.times;
                    last.calls.push(*position);
                    last.last = *position;
                }
                _ => runs.push(run),
            },
            None => sequences.push(Sequence {
                arguments,
                runs: vec![run],
            }),
        }
    }
    sequences
}

/// Equal answers, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Run {
    answer: Json,
    times: usize,
    /// The positions of its calls.
    calls: Vec<usize>,
    /// The first of them.
    pub(super) first: usize,
    /// The last of them.
    pub(super) last: usize,
    /// It is an error for which the client tries again, which passes by itself.
    pub(super) is_passing: bool,
}

impl Run {
    fn of(
        position: usize,
        action: &str,
        result: &Result<Answer, CallError>,
        facts: &dyn ActionFacts,
        local: bool,
    ) -> Self {
        let mut run = Self {
            answer: Json::Null,
            times: 1,
            calls: vec![position],
            first: position,
            last: position,
            is_passing: false,
        };
        match result {
            Ok(answer) => run.answer = json!({"return": whole(action, answer, facts)}),
            Err(error) => {
                let mut said = json!({"code": error.code, "message": error.message});
                if error.kind != usual_kind(&error.code)
                    && let Some(said) = said.as_object_mut()
                {
                    said.insert("kind".to_owned(), kind(error.kind).into());
                }
                run.answer = json!({"error": said});
                // The client of a scenario tries again, as the one that was recorded had done.
                if !local && is_retried(error) {
                    (run.times, run.is_passing) = (ATTEMPTS, true);
                }
            }
        }
        run
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

/// The members of arguments whose values are not the same in all sequences.
fn differing(sequences: &[Sequence]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Sequence { arguments, .. } in sequences {
        for name in arguments.keys() {
            let differs = sequences
                .iter()
                .any(|other| other.arguments.get(name) != arguments.get(name));
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
