//! What a scenario's world remembers beyond the process that runs in it, as the real world does.

use super::definition::Scenario;
use super::{CallRecord, State};
use crate::call::{CallError, FailureKind, Target};
use jiff::Timestamp;
use runbook_playbook::catalog::{Effect, Effects};
use serde_json::{Map, Value as Json, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

/// A file to which a line is added for everything that happens.
#[derive(Debug)]
pub(super) struct Memory {
    file: File,
}

impl Memory {
    /// Opens a file, and tells what it remembers: the time, and what has happened.
    pub fn open(path: &Path, scenario: &Scenario) -> io::Result<(Self, Timestamp, State)> {
        let mut state = State::default();
        let mut now = scenario.clock;
        match File::open(path) {
            Ok(file) => {
                for line in BufReader::new(file).lines() {
                    // A line that was cut when the process died did not happen.
                    if let Ok(line) = serde_json::from_str::<Json>(&line?) {
                        now = apply(&mut state, &line).unwrap_or(now);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        // After a line that was cut, the next one begins a new one.
        file.write_all(b"\n")?;
        Ok((Self { file }, now, state))
    }

    /// Adds a line. A scenario whose file cannot be written goes on without it.
    pub fn add(&mut self, line: &Json) {
        let _ = self.file.write_all(format!("{line}\n").as_bytes());
    }
}

/// A call as a line.
pub(super) fn line(
    call: &CallRecord,
    answer: Option<&Result<Json, CallError>>,
    state: &State,
) -> Json {
    let flags: Map<String, Json> = state
        .flags
        .iter()
        .map(|(name, at)| (name.clone(), at.to_string().into()))
        .collect();
    json!({
        "now": call.at,
        "ids": state.ids,
        "flags": flags,
        "call": {
            "action": call.action,
            "arguments": call.arguments,
            "region": call.target.region,
            "role": call.target.role,
            "step": call.step,
            "key": call.key,
            "effects": call.effects.iter().map(|effect| effect.as_str()).collect::<Vec<_>>(),
            "error": call.error,
            "attempts": call.attempts,
            "unanswered": call.unanswered,
            "taken": call.taken,
            "repeat": call.repeat,
            "answer": answer.map(|answer| match answer {
                Ok(result) => json!({"result": result}),
                Err(error) => json!({"code": error.code, "message": error.message}),
            }),
        },
    })
}

/// Lets a line happen again; the time at which it did.
fn apply(state: &mut State, line: &Json) -> Option<Timestamp> {
    let now: Timestamp = line.get("now")?.as_str()?.parse().ok()?;
    if let Some(forgotten) = line.get("forget").and_then(Json::as_array) {
        let forgotten: Vec<usize> = forgotten
            .iter()
            .filter_map(|at| usize::try_from(at.as_u64()?).ok())
            .collect();
        state.forget(&forgotten);
    }
    if let Some(flags) = line.get("flags").and_then(Json::as_object) {
        for (name, at) in flags {
            if let Some(at) = at.as_str().and_then(|at| at.parse().ok()) {
                state.flags.insert(name.clone(), at);
            }
        }
    }
    if let Some(ids) = line.get("ids").and_then(Json::as_u64) {
        state.ids = ids;
    }
    if let Some(call) = line.get("call") {
        let text = |name: &str| call.get(name).and_then(Json::as_str).map(str::to_owned);
        let record = CallRecord {
            at: now,
            action: text("action")?,
            arguments: call.get("arguments")?.clone(),
            target: Target {
                region: text("region"),
                role: text("role"),
            },
            step: text("step"),
            key: text("key"),
            effects: effects(call),
            error: text("error"),
            attempts: call.get("attempts").and_then(count).unwrap_or(1),
            unanswered: call
                .get("unanswered")
                .and_then(Json::as_bool)
                .unwrap_or_default(),
            repeat: call
                .get("repeat")
                .and_then(Json::as_bool)
                .unwrap_or_default(),
            taken: call
                .get("taken")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(count)
                .collect(),
        };
        let answer = call
            .get("answer")
            .filter(|answer| !answer.is_null())
            .map(|answer| {
                let text = |name: &str| answer.get(name).and_then(Json::as_str).unwrap_or_default();
                match answer.get("result") {
                    Some(result) => Ok(result.clone()),
                    None => Err(CallError::new(
                        FailureKind::Answered,
                        text("code"),
                        text("message"),
                    )),
                }
            });
        for position in &record.taken {
            *state
                .used
                .entry((record.action.clone(), *position))
                .or_default() += 1;
        }
        state.note(record, answer);
    }
    Some(now)
}

fn count(json: &Json) -> Option<usize> {
    usize::try_from(json.as_u64()?).ok()
}

fn effects(call: &Json) -> Effects {
    let words = call.get("effects").and_then(Json::as_array);
    words
        .into_iter()
        .flatten()
        .filter_map(|word| {
            Effect::ALL
                .into_iter()
                .find(|effect| Some(effect.as_str()) == word.as_str())
        })
        .collect()
}
