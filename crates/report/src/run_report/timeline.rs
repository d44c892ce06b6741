//! What happened in a run, in order.

use super::collect::PLAIN;
use super::journal_text::{instance, maybe, number, own, prefix, text, time};
use super::model::{Moment, Tone};
use super::said::{found, lasting, step_word};
use super::steps::Gathered;
use runbook_interpreter::journal::EventRow;
use serde_json::Value as Json;

/// The moments of a run; waits that follow each other are one.
pub(super) fn moments(events: &[EventRow], gathered: &Gathered) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    let mut waits: Option<(String, u32, i64)> = None;
    // A step that ends again is another occurrence of it.
    let mut used = vec![false; gathered.steps.len()];
    for event in events {
        let body = &event.body;
        let Some(at) = time(body, "at") else { continue };
        let kind = text(body, "event");
        if kind == "waiting" {
            let step = text(body, "step");
            let length = body.get("milliseconds").and_then(Json::as_i64).unwrap_or(0);
            let (count, sum) = match &waits {
                Some((known, count, sum)) if *known == step => (count + 1, sum + length),
                _ => (1, length),
            };
            if count > 1 {
                moments.pop();
            }
            let times = if count > 1 {
                format!("{count} times, ")
            } else {
                String::new()
            };
            let why = text(body, "why");
            let within = body.get("within_milliseconds").and_then(Json::as_i64);
            let within = within.map_or_else(String::new, |within| {
                format!(" (at most {} in all)", lasting(within / 1000))
            });
            moments.push(Moment {
                at,
                kind: "wait".to_owned(),
                step: Some(step.clone()),
                tone: PLAIN,
                text: format!("waits {times}{}: {why}{within}", lasting(sum / 1000)),
            });
            waits = Some((step, count, sum));
            continue;
        }
        let made = moment(&kind, event, gathered, &mut used);
        if let Some((kind, step, tone, text)) = made {
            waits = None;
            moments.push(Moment {
                at,
                kind: kind.to_owned(),
                step,
                tone,
                text,
            });
        }
    }
    moments
}

type Told = (&'static str, Option<String>, Tone, String);

fn moment(kind: &str, event: &EventRow, gathered: &Gathered, used: &mut [bool]) -> Option<Told> {
    let body = &event.body;
    let step = maybe(body, "step");
    let inner = !matches!(prefix(&instance(&event.key)), "" | "undo/");
    match kind {
        "run_started" if !inner => Some(("run", None, PLAIN, "the run begins".to_owned())),
        "run_ended" if !inner => {
            let verdict = text(body, "verdict");
            let tone = super::said::tone(&verdict);
            let told = format!("{verdict}: {}", text(body, "explanation"));
            Some(("run", None, tone, told))
        }
        "graph_started" => {
            let within = gathered.graphs.iter().find(|graph| {
                Some(graph.started) == time(body, "at") && graph.name == text(body, "graph")
            });
            within.filter(|graph| graph.within.is_none()).map(|graph| {
                let reading = number(body, "reading");
                let reading = reading.map_or_else(String::new, |n| format!(", reading {n}"));
                (
                    "graph",
                    None,
                    PLAIN,
                    format!("{} begins{reading}", graph.name),
                )
            })
        }
        "step_ended" => {
            let path = step.clone()?;
            let ended = time(body, "at");
            let numbered = gathered.steps.iter().enumerate();
            let fits = numbered.filter(|(_, step)| step.path == path && step.ended == ended);
            let unused = fits
                .map(|(number, _)| number)
                .find(|number| used.get(*number) == Some(&false))?;
            if let Some(used) = used.get_mut(unused) {
                *used = true;
            }
            let outcome = gathered.steps.get(unused)?;
            let said = found(outcome);
            let word = step_word(outcome);
            let told = if said.is_empty() {
                word.to_owned()
            } else {
                format!("{word}: {said}")
            };
            Some(("step", step, outcome.tone, told))
        }
        "asked" => Some((
            "question",
            step,
            Tone::Attention,
            "a person is asked".to_owned(),
        )),
        "answered" => {
            let by = maybe(body, "by").map_or_else(String::new, |by| format!(" by {by}"));
            let answer = text(body, "answer");
            let (tone, told) = match answer.as_str() {
                "approved" => (Tone::Good, format!("approved{by}")),
                "declined" => (Tone::Attention, format!("declined{by}")),
                "nobody" => (Tone::Attention, "nobody could be asked".to_owned()),
                "expired" => (Tone::Attention, "nobody answered in time".to_owned()),
                _ => (
                    Tone::Attention,
                    "the run was stopped at the question".to_owned(),
                ),
            };
            Some(("answer", step, tone, told))
        }
        "cause_judged" if !inner => match text(body, "found").as_str() {
            "true" => {
                let told = format!("cause found: {}", text(body, "cause"));
                Some(("cause", None, Tone::Attention, told))
            }
            "unknown" => {
                let told = format!("cause could not be told: {}", text(body, "cause"));
                Some(("cause", None, Tone::Attention, told))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A step's name for a timeline.
pub(super) fn short(path: &str) -> String {
    let around = prefix(path).trim_end_matches('/');
    match around
        .rsplit('/')
        .next()
        .filter(|around| !around.is_empty())
    {
        Some(around) if around != "escalation" => format!("{} › {}", own(around), own(path)),
        _ => own(path).to_owned(),
    }
}
