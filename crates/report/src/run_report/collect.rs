//! A report from what the journal holds of a run.

use super::journal_text::{
    changes, instance, is, items, maybe, members, number, prefix, text, texts, time,
};
use super::model::{
    Approval, AskedCall, Cause, Change, Environment, Escalation, Evidence, FORMAT_VERSION, Report,
    Step, Tone, Totals, Truth,
};
use super::steps::Gathered;
use super::{left, rows, series, timeline};
use runbook_interpreter::journal::{CallRow, EventRow, RunRow};
use runbook_playbook::checked::Checked;
use runbook_playbook::syntax::playbook::Kind;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::Arc;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The run.
    pub row: &'a RunRow,
    /// Its verdict, `running` or `interrupted`.
    pub status: &'a str,
    /// What happened in it.
    pub events: &'a [EventRow],
    /// Its calls.
    pub calls: &'a [CallRow],
    /// The playbooks that it went by, by id, as far as this program can read them.
    pub playbooks: &'a HashMap<String, Arc<Checked>>,
    /// What people may type next.
    pub commands: &'a Commands,
    /// Where the evidence was put together.
    pub bundle: Option<&'a str>,
}

/// What people may type next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands {
    /// Goes on with the run.
    pub resume: String,
    /// Takes back what it did.
    pub undo: String,
    /// Makes a run like it.
    pub again: String,
}

/// Makes a report.
#[must_use]
pub fn report(material: &Material<'_>) -> Report {
    let row = material.row;
    let gathered = Gathered::of(material.events, material.calls);
    let ending = ending(material.events);
    let approvals = approvals(material.events);
    let checked = material.playbooks.get(&row.playbook);
    let playbook = checked.map(|checked| &checked.playbook);
    let word = |word: Option<&runbook_playbook::span::Spanned<String>>| {
        word.map(|word| word.value.trim().to_owned())
    };
    let mut report = Report {
        format_version: FORMAT_VERSION,
        run: row.id.clone(),
        playbook: row.playbook.clone(),
        title: row.title.clone(),
        summary: word(playbook.and_then(|playbook| playbook.summary.as_ref())),
        severity: word(playbook.and_then(|playbook| playbook.severity.as_ref())),
        status: material.status.to_owned(),
        tone: super::said::tone(material.status),
        verdict: row.verdict.clone(),
        reason: row.reason.clone().filter(|_| row.verdict.is_some()),
        explanation: row
            .explanation
            .clone()
            .filter(|text| row.verdict.is_some() && !text.is_empty()),
        started: row.started,
        ended: row.ended,
        seconds: row
            .ended
            .map(|ended| ended.duration_since(row.started).as_secs()),
        sessions: row.sessions,
        causes: causes(material.events, checked),
        changes: match &ending {
            Some(ending) if row.verdict.is_some() && ending.get("changes").is_some() => {
                items(ending, "changes").map(change).collect()
            }
            _ => sent(material.calls, &approvals),
        },
        left: Vec::new(),
        escalation: ending.as_ref().and_then(escalation),
        charts: series::charts(&gathered, material),
        tables: rows::tables(&gathered, material),
        timeline: timeline::moments(material.events, &gathered),
        outputs: ending
            .as_ref()
            .map(|ending| members(ending, "outputs"))
            .unwrap_or_default(),
        environment: environment(material),
        totals: totals(material, &gathered.steps),
        graphs: gathered.graphs,
        steps: gathered.steps,
        approvals,
        bundle: material.bundle.map(str::to_owned),
    };
    let waiting = ending.as_ref().and_then(|ending| ending.get("waiting"));
    report.left = left::left(&report, waiting, material.commands);
    report
}

/// The last end of the run itself.
fn ending(events: &[EventRow]) -> Option<Json> {
    let own = |event: &&EventRow| {
        let name = instance(&event.key);
        text(&event.body, "event") == "run_ended" && matches!(name.as_str(), "run" | "undo/run")
    };
    events
        .iter()
        .rev()
        .find(own)
        .map(|event| event.body.clone())
}

fn causes(events: &[EventRow], checked: Option<&Arc<Checked>>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for event in events {
        let body = &event.body;
        if text(body, "event") != "cause_judged" || !prefix(&instance(&event.key)).is_empty() {
            continue;
        }
        let name = text(body, "cause");
        let title = checked.and_then(|checked| checked.causes.get(&name));
        let cause = Cause {
            title: title.map_or_else(|| name.clone(), |cause| cause.title.clone()),
            found: Truth::of(&text(body, "found")).unwrap_or(Truth::Unknown),
            evidence: items(body, "evidence")
                .map(|one| Evidence {
                    step: text(one, "step"),
                    holds: Truth::of(&text(one, "truth")).unwrap_or(Truth::Unknown),
                    found: text(one, "found"),
                })
                .collect(),
            name,
        };
        match causes.iter_mut().find(|known| known.name == cause.name) {
            Some(known) => *known = cause,
            None => causes.push(cause),
        }
    }
    causes
}

fn change(json: &Json) -> Change {
    Change {
        step: text(json, "step"),
        action: text(json, "action"),
        arguments: json.get("arguments").cloned().unwrap_or_default(),
        values: changes(json, "values"),
        effect: text(json, "effect"),
        confirmed: is(json, "confirmed"),
        undoes: maybe(json, "undoes"),
        undone: is(json, "undone"),
    }
}

/// What was sent by a run whose end is not on record.
fn sent(calls: &[CallRow], approvals: &[Approval]) -> Vec<Change> {
    let tells = |step: &str| step.starts_with("escalation/") || step.starts_with("notify.");
    let writes = calls
        .iter()
        .filter(|call| call.effect != "read" && !tells(&call.step));
    writes
        .map(|call| {
            let asked = approvals
                .iter()
                .filter(|approval| approval.step == call.step);
            let shown = asked
                .flat_map(|approval| &approval.calls)
                .find(|shown| shown.action == call.action && shown.arguments == call.arguments);
            Change {
                step: call.step.clone(),
                action: call.action.clone(),
                arguments: call.arguments.clone(),
                values: shown.map(|shown| shown.changes.clone()).unwrap_or_default(),
                effect: call.effect.clone(),
                confirmed: matches!(call.answer, Some(Ok(_))),
                undoes: None,
                undone: false,
            }
        })
        .collect()
}

fn escalation(ending: &Json) -> Option<Escalation> {
    let escalated = ending.get("escalated").filter(|json| !json.is_null())?;
    let levels: Vec<u32> = items(escalated, "levels")
        .filter_map(Json::as_u64)
        .filter_map(|level| level.try_into().ok())
        .collect();
    let mut contacts = members(escalated, "contacts");
    contacts.retain(|name, contact| crate::ending::concerns(name, contact, &levels));
    Some(Escalation {
        levels,
        contacts,
        gathered: texts(escalated, "gathered"),
        told: texts(escalated, "told"),
        failed: texts(escalated, "failed"),
        not_told: maybe(escalated, "not_told"),
    })
}

fn asked(call: &Json) -> AskedCall {
    AskedCall {
        action: text(call, "action"),
        arguments: call.get("arguments").cloned().unwrap_or_default(),
        changes: changes(call, "changes"),
    }
}

/// Questions with their answers, in the order in which they were asked.
fn approvals(events: &[EventRow]) -> Vec<Approval> {
    let mut approvals: Vec<Approval> = Vec::new();
    for event in events {
        let body = &event.body;
        let Some(at) = time(body, "at") else { continue };
        match text(body, "event").as_str() {
            "asked" => approvals.push(Approval {
                step: text(body, "step"),
                asked: at,
                answered: None,
                answer: None,
                by: None,
                place: text(body, "place"),
                effects: texts(body, "effects"),
                prompt: maybe(body, "prompt"),
                people: number(body, "people").unwrap_or(1),
                calls: items(body, "calls").map(asked).collect(),
                undo: items(body, "undo").map(asked).collect(),
            }),
            "answered" => {
                let step = text(body, "step");
                let open = |one: &&mut Approval| one.step == step && one.answer.is_none();
                if let Some(approval) = approvals.iter_mut().find(open) {
                    approval.answer = maybe(body, "answer");
                    approval.by = maybe(body, "by");
                    approval.answered = Some(at);
                }
            }
            _ => {}
        }
    }
    approvals
}

fn environment(material: &Material<'_>) -> Environment {
    let row = material.row;
    let began = material
        .events
        .iter()
        .find(|event| text(&event.body, "event") == "run_started");
    let place = began.and_then(|event| event.body.get("place"));
    let place = place.cloned().unwrap_or_default();
    let identity = material.calls.iter().find_map(|call| match &call.answer {
        Some(Ok(result)) if call.action == "sts:GetCallerIdentity" && call.role.is_none() => {
            Some(result.clone())
        }
        _ => None,
    });
    let identity = identity.unwrap_or_default();
    let target = row.context.get("target").cloned().unwrap_or_default();
    Environment {
        account: maybe(&place, "account").or_else(|| maybe(&identity, "Account")),
        region: maybe(&place, "region").or_else(|| maybe(&target, "region")),
        partition: maybe(&place, "partition"),
        principal: maybe(&identity, "Arn").or_else(|| maybe(&place, "principal")),
        role: maybe(&target, "role"),
        profile: maybe(&target, "profile"),
        endpoint_url: maybe(&target, "endpoint_url"),
        scenario: maybe(&row.context, "scenario"),
        version: row.program.clone(),
        file: maybe(&row.context, "name"),
        digest: row.digest.clone(),
        inputs: row.inputs.as_object().cloned().unwrap_or_else(Map::new),
        options: row.options.clone(),
    }
}

fn totals(material: &Material<'_>, steps: &[Step]) -> Totals {
    let calls = material.calls;
    let count = |fits: &dyn Fn(&CallRow) -> bool| calls.iter().filter(|call| fits(call)).count();
    let ended = |fits: &dyn Fn(&Step) -> bool| steps.iter().filter(|step| fits(step)).count();
    let waits = material.events.iter().map(|event| &event.body);
    let waited: i64 = waits
        .filter(|body| text(body, "event") == "waiting")
        .filter_map(|body| body.get("milliseconds")?.as_i64())
        .sum();
    Totals {
        calls: calls.len(),
        reads: count(&|call| call.effect == "read"),
        writes: count(&|call| call.effect != "read"),
        failed_calls: count(&|call| matches!(call.answer, Some(Err(_)))),
        steps_done: ended(&|step| step.status == "done"),
        steps_failed: ended(&|step| matches!(step.status.as_str(), "failed" | "blocked")),
        steps_skipped: ended(&|step| step.status == "skipped"),
        seconds_waited: waited / 1000,
    }
}

/// The playbook that a step stands in.
pub(super) fn playbook_of<'m>(
    material: &Material<'m>,
    gathered: &Gathered,
    step: &Step,
) -> Option<&'m Arc<Checked>> {
    let around = prefix(&step.path);
    if let Some(id) = gathered.playbooks.get(around) {
        return material.playbooks.get(id);
    }
    if around == "escalation/" {
        let mut files = material.playbooks.values();
        return files.find(|checked| checked.playbook.kind == Kind::Escalation);
    }
    material.playbooks.get(&material.row.playbook)
}

/// The tone of the end of a wait or a graph says nothing by itself.
pub(super) const PLAIN: Tone = Tone::Quiet;
