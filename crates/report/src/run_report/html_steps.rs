//! The steps of a run on its page: what was asked, found, sent and answered.

use super::html::section;
use super::html_values::{cut, fold, names, payload};
use super::model::{Call, Report, Step, Tone, Truth};
use super::said::{at, found, graph_name, lasting, step_mark, step_name, step_word};
use crate::plan_html::escaped;
use serde_json::Value as Json;
use std::fmt::Write as _;

pub(super) fn steps(page: &mut String, report: &Report) {
    section(page, "steps", "Steps");
    let none = report.graphs.len();
    let mut shown = vec![false; report.steps.len()];
    for number in (0..report.graphs.len()).chain([none]) {
        let inside: Vec<usize> = report
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.inside.is_none() && step.graph.unwrap_or(none) == number)
            .map(|(place, _)| place)
            .collect();
        if inside.is_empty() {
            continue;
        }
        let title = report.graphs.get(number).map_or_else(
            || "other".to_owned(),
            |graph| {
                let reading = graph
                    .reading
                    .map_or_else(String::new, |reading| format!(", reading {reading}"));
                let summary = graph
                    .summary
                    .as_ref()
                    .map_or_else(String::new, |summary| format!(": {summary}"));
                format!("{}{reading}{summary}", graph.name)
            },
        );
        let _ = writeln!(page, "<h3>{}</h3>", escaped(&title));
        for place in inside {
            step(page, report, place, &mut shown, 0);
        }
    }
    page.push_str("</section>\n");
}

fn step(page: &mut String, report: &Report, place: usize, shown: &mut [bool], depth: usize) {
    let (Some(step), Some(seen)) = (report.steps.get(place), shown.get_mut(place)) else {
        return;
    };
    if std::mem::replace(seen, true) || depth > 32 {
        return;
    }
    let graph = graph_name(report, step);
    let open = if step.tone == Tone::Bad { " open" } else { "" };
    let _ = write!(
        page,
        "<details class=\"step {}\" id=\"step-{place}\"{open}><summary><span class=\"mark\" aria-hidden=\"true\">{}</span> <b>{}</b> <span class=\"word\">{}</span>",
        step.tone.as_str(),
        step_mark(graph, step),
        escaped(step_name(report, step)),
        escaped(step_word(step))
    );
    if let Some(title) = &step.title {
        let _ = write!(page, " {}", escaped(title));
    }
    let said = found(step);
    if !said.is_empty() {
        let _ = write!(
            page,
            "<span class=\"found\">{}</span>",
            escaped(&cut(&said, 300))
        );
    }
    page.push_str("</summary>\n");
    inner(page, step);
    for (number, one) in report.steps.iter().enumerate() {
        if one.inside == Some(place) {
            self::step(page, report, number, shown, depth + 1);
        }
    }
    page.push_str("</details>\n");
}

fn inner(page: &mut String, step: &Step) {
    page.push_str("<dl>");
    let _ = write!(page, "<dt>step</dt><dd>{}</dd>", escaped(&step.path));
    if let Some(action) = &step.action {
        let _ = write!(
            page,
            "<dt>action</dt><dd><code>{}</code></dd>",
            escaped(action)
        );
    }
    if let (Some(started), Some(ended)) = (step.started, step.ended) {
        let seconds = ended.duration_since(started).as_secs();
        let took = if seconds > 0 {
            format!(", {}", lasting(seconds))
        } else {
            String::new()
        };
        let _ = write!(page, "<dt>when</dt><dd>{}{took}</dd>", at(started));
    }
    if let Some(error) = &step.error {
        let _ = write!(
            page,
            "<dt>why</dt><dd>{} <span class=\"soft\">({})</span></dd>",
            escaped(&error.message),
            escaped(&error.code)
        );
    }
    if step.truncated {
        page.push_str("<dt>note</dt><dd>its result was cut at the limit</dd>");
    }
    page.push_str("</dl>\n");
    if !step.assertions.is_empty() {
        page.push_str("<table class=\"asked\"><thead><tr><th scope=\"col\">asked</th><th scope=\"col\">found</th><th scope=\"col\">holds</th></tr></thead><tbody>");
        for assertion in &step.assertions {
            let kind = match (assertion.require, assertion.warn) {
                (true, _) => " <span class=\"soft\">(required)</span>",
                (_, true) => " <span class=\"soft\">(a warning)</span>",
                _ => "",
            };
            let message = assertion
                .message
                .as_ref()
                .map_or_else(String::new, |message| {
                    format!("<br><span class=\"soft\">{}</span>", escaped(message))
                });
            let (mark, word) = match assertion.holds {
                Truth::True => ("●", "yes"),
                Truth::False => ("○", "no"),
                Truth::Unknown => ("?", "unknown"),
            };
            let _ = write!(
                page,
                "<tr><td><code>{}</code>{kind}</td><td>{}{message}</td><td><span aria-hidden=\"true\">{mark}</span> {word}</td></tr>",
                escaped(&assertion.asked),
                escaped(&cut(&assertion.found, 1_000))
            );
        }
        page.push_str("</tbody></table>\n");
    }
    if !step.captures.is_empty() {
        fold(page, &format!("kept: {}", names(&step.captures)), |page| {
            payload(page, &Json::Object(step.captures.clone()));
        });
    }
    for call in &step.calls {
        self::call(page, call);
    }
}

fn call(page: &mut String, call: &Call) {
    let end = match (&call.result, &call.error) {
        (_, Some(error)) => error.code.clone(),
        (Some(_), _) => "answered".to_owned(),
        (None, None) => "no answer on record".to_owned(),
    };
    let attempt = if call.attempt > 1 {
        format!(", attempt {}", call.attempt)
    } else {
        String::new()
    };
    fold(
        page,
        &format!("call {}{attempt}: {end}", call.action),
        |page| {
            page.push_str("<dl>");
            let _ = write!(page, "<dt>effect</dt><dd>{}</dd>", escaped(&call.effect));
            let sent = if call.sent > 1 {
                format!(", {} times", call.sent)
            } else {
                String::new()
            };
            let _ = write!(
                page,
                "<dt>sent</dt><dd>{}{sent}</dd>",
                escaped(&call.started)
            );
            for (label, value) in [
                ("answered", &call.ended),
                ("request id", &call.request_id),
                ("region", &call.region),
                ("role", &call.role),
            ] {
                if let Some(value) = value {
                    let _ = write!(page, "<dt>{label}</dt><dd>{}</dd>", escaped(value));
                }
            }
            page.push_str("</dl>");
            page.push_str("<h4>arguments</h4>");
            payload(page, &call.arguments);
            if let Some(before) = &call.before {
                page.push_str("<h4>before</h4>");
                payload(page, before);
            }
            if let Some(result) = &call.result {
                page.push_str(if call.truncated {
                    "<h4>result, cut at the limit</h4>"
                } else {
                    "<h4>result</h4>"
                });
                payload(page, result);
            }
            if let Some(error) = &call.error {
                let _ = write!(
                    page,
                    "<h4>error</h4><p>{}: {}</p>",
                    escaped(&error.code),
                    escaped(&error.message)
                );
            }
        },
    );
}
