//! `runbook show`: a run on record.

use super::history::{document, open, shown, standing, table, took};
use crate::args::{Format, ShowArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::record::{Record, kept};
use runbook_interpreter::journal::{CallRow, GateRow, RunRow, Vote};
use runbook_report::question::safe;
use serde_json::{Value as Json, json};

/// Shows a run, or one of its steps.
pub fn execute(arguments: &ShowArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.of.state_dir.as_deref(), environment)?;
    let row = record.file.find(&arguments.of.run).map_err(kept)?;
    let calls = record.file.calls(&row).map_err(kept)?;
    let gates = record.file.gates(&row).map_err(kept)?;
    let events = record.file.events(&row, 0).map_err(kept)?;
    let events: Vec<Json> = events.into_iter().map(|event| event.body).collect();
    let (calls, events) = match &arguments.step {
        Some(step) => one_step(step, calls, events, &row)?,
        None => (calls, events),
    };
    let out = environment.console.out;
    if arguments.format == Format::Json {
        let mut whole = document(&row, &record);
        whole["calls"] = calls.iter().map(call_document).collect();
        whole["events"] = Json::Array(events);
        whole["approvals"] = gates
            .iter()
            .filter(|gate| {
                arguments
                    .step
                    .as_deref()
                    .is_none_or(|step| is_it(&gate.step, step))
            })
            .map(approval_document)
            .collect();
        out.line(format!("{whole:#}"));
        return Ok(exit::WELL);
    }
    let mut lines = if arguments.step.is_none() {
        let mut lines = head(&row, &record);
        lines.extend(steps(&events));
        lines
    } else {
        Vec::new()
    };
    if arguments.step.is_some() {
        lines.extend(calls.iter().flat_map(call_lines));
        lines.extend(events.iter().map(Json::to_string));
    } else {
        let writes: Vec<&CallRow> = calls.iter().filter(|call| call.effect != "read").collect();
        if !writes.is_empty() {
            lines.push(String::new());
            lines.push("writes".to_owned());
            lines.extend(writes.iter().map(|call| format!("  {}", one_line(call))));
        }
    }
    lines.extend(answers(&gates, arguments.step.as_deref()));
    let lines: Vec<String> = lines.iter().map(|line| safe(line)).collect();
    out.lines(&lines);
    Ok(exit::WELL)
}

/// What is on record of a step, by its full name or the end of it.
fn one_step(
    step: &str,
    calls: Vec<CallRow>,
    events: Vec<Json>,
    row: &RunRow,
) -> Result<(Vec<CallRow>, Vec<Json>), Failure> {
    let is_it = |name: &str| is_it(name, step);
    let calls: Vec<CallRow> = calls.into_iter().filter(|call| is_it(&call.step)).collect();
    let of = |event: &Json| event.get("step").and_then(Json::as_str).is_some_and(is_it);
    let events: Vec<Json> = events.into_iter().filter(of).collect();
    if calls.is_empty() && events.is_empty() {
        return Err(Failure::wrong(format!(
            "run {} has no step `{step}` on record; `runbook show {0}` lists its steps",
            row.id
        )));
    }
    Ok((calls, events))
}

/// Whether a name or the end of it means a step.
fn is_it(step: &str, named: &str) -> bool {
    step == named || step.ends_with(&format!(".{named}"))
}

/// Who said what to which question, when, from where, and why.
fn answers(gates: &[GateRow], step: Option<&str>) -> Vec<String> {
    let mut rows = Vec::new();
    let asked = gates
        .iter()
        .filter(|gate| step.is_none_or(|step| is_it(&gate.step, step)));
    for gate in asked {
        let (Some(answer), Some(at)) = (&gate.answer, gate.answered) else {
            let said = if gate.superseded {
                "asked again"
            } else {
                "open"
            };
            rows.push(
                [said, gate.step.as_str(), "", ""]
                    .map(str::to_owned)
                    .to_vec(),
            );
            for vote in gate.waiting() {
                rows.push(vote_row(vote, &gate.step));
            }
            continue;
        };
        rows.push(match gate.vote() {
            Some(vote) => vote_row(vote, &gate.step),
            None => vec![
                answer.clone(),
                gate.step.clone(),
                gate.by.clone().unwrap_or_default(),
                format!("{} UTC", shown(at)),
            ],
        });
    }
    if rows.is_empty() {
        return rows.into_iter().flatten().collect();
    }
    let mut lines = vec![String::new(), "approvals".to_owned()];
    lines.extend(table(&rows).into_iter().map(|line| format!("  {line}")));
    lines
}

fn vote_row(vote: &Vote, step: &str) -> Vec<String> {
    let answer = if vote.approves {
        "approved"
    } else {
        "declined"
    };
    let reason = vote.reason.as_deref();
    let reason = reason.map_or_else(String::new, |reason| format!("  {reason:?}"));
    vec![
        answer.to_owned(),
        step.to_owned(),
        vote.by.to_string(),
        format!("{} UTC  from {}{reason}", shown(vote.at), vote.place),
    ]
}

fn approval_document(gate: &GateRow) -> Json {
    let vote = gate.vote();
    json!({
        "step": gate.step,
        "hash": gate.hash,
        "question": gate.question,
        "asked": gate.asked.to_string(),
        "answer": gate.answer,
        "by": gate.by,
        "answered": gate.answered.map(|at| at.to_string()),
        "from": vote.map(|vote| vote.place.clone()),
        "reason": vote.and_then(|vote| vote.reason.clone()),
        "superseded": gate.superseded,
    })
}

fn head(row: &RunRow, record: &Record) -> Vec<String> {
    let mut facts = vec![
        vec!["run".to_owned(), row.id.clone()],
        vec![
            "playbook".to_owned(),
            format!("{}  {}", row.playbook, row.title),
        ],
        vec!["started".to_owned(), format!("{} UTC", shown(row.started))],
    ];
    if row.ended.is_some() {
        facts.push(vec!["took".to_owned(), took(row)]);
    }
    if row.sessions > 1 {
        facts.push(vec!["sessions".to_owned(), row.sessions.to_string()]);
    }
    for (name, value) in row.inputs.as_object().into_iter().flatten() {
        facts.push(vec!["input".to_owned(), format!("{name} = {value}")]);
    }
    facts.push(vec!["verdict".to_owned(), standing(row, record)]);
    if let Some(why) = &row.explanation {
        facts.push(vec![String::new(), why.clone()]);
    }
    for gate in open(row, record) {
        let command = record.approve(&row.id);
        facts.push(vec![
            "waits for".to_owned(),
            format!("{0}: {command} {0}", gate.step),
        ]);
    }
    if matches!(
        standing(row, record).as_str(),
        "interrupted" | "paused" | "aborted"
    ) {
        facts.push(vec!["to go on".to_owned(), record.resume(&row.id, &[])]);
    }
    table(&facts)
}

/// A line for each step that has ended.
fn steps(events: &[Json]) -> Vec<String> {
    let text = |json: &Json, name: &str| {
        json.get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut rows = Vec::new();
    for event in events
        .iter()
        .filter(|event| text(event, "event") == "step_ended")
    {
        let Some(outcome) = event.get("outcome") else {
            continue;
        };
        let error = outcome.get("error").filter(|error| !error.is_null());
        let said = match error {
            Some(error) => text(error, "message"),
            None => outcome
                .get("holds")
                .and_then(Json::as_str)
                .map_or_else(String::new, |holds| format!("holds: {holds}")),
        };
        rows.push(vec![
            String::new(),
            text(event, "at").chars().skip(11).take(8).collect(),
            text(outcome, "status"),
            text(event, "step"),
            said,
        ]);
    }
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "steps".to_owned()];
    lines.extend(table(&rows));
    lines
}

fn one_line(call: &CallRow) -> String {
    let end = match &call.answer {
        None => "no answer on record".to_owned(),
        Some(Ok(_)) => "answered".to_owned(),
        Some(Err((code, message))) => format!("{code}: {message}"),
    };
    let sent = if call.sent > 1 {
        format!(", sent {} times", call.sent)
    } else {
        String::new()
    };
    format!(
        "{}  {} {}  {end}{sent}",
        call.step, call.action, call.arguments
    )
}

fn call_lines(call: &CallRow) -> Vec<String> {
    let mut lines = vec![one_line(call)];
    lines.push(format!("  sent {}", call.started));
    if let Some(ended) = &call.ended {
        lines.push(format!("  ended {ended}"));
    }
    for (name, value) in [("token", &call.token), ("request id", &call.request_id)] {
        if let Some(value) = value {
            lines.push(format!("  {name} {value}"));
        }
    }
    if let Some(before) = &call.before {
        lines.push(format!("  before {before}"));
    }
    if let Some(Ok(result)) = &call.answer {
        lines.extend(
            format!("{result:#}")
                .lines()
                .map(|line| format!("  {line}")),
        );
    }
    lines
}

fn call_document(call: &CallRow) -> Json {
    let (result, error) = match &call.answer {
        Some(Ok(result)) => (Some(result), None),
        Some(Err((code, message))) => (None, Some(json!({"code": code, "message": message}))),
        None => (None, None),
    };
    json!({
        "key": call.key,
        "step": call.step,
        "action": call.action,
        "arguments": call.arguments,
        "effect": call.effect,
        "before": call.before,
        "token": call.token,
        "attempt": call.attempt,
        "sent": call.sent,
        "started": call.started,
        "ended": call.ended,
        "result": result,
        "error": error,
        "request_id": call.request_id,
    })
}
