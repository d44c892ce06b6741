//! The evidence of a run for whoever takes over: the report, every response, a timeline, and an index that answers what
//! support asks for.

use super::facts::facts;
use super::model::{Call, Report, Step, Truth};
use super::said::{
    at, counted, few_words, found, lasting, levels, reached, state, step_word, verdict,
};
use super::{Told, html, markdown, model, series_svg, timeline};
use crate::plan_html::escaped;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the bundle, with slashes.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// The name of the page in a bundle.
pub const PAGE: &str = "report.html";

/// The files of a bundle; `texts` are the playbooks that the run went by, by id, and `again` is the command that makes a run
/// like it.
#[must_use]
pub fn files(told: &Told, texts: &[(String, String)], again: &str) -> Vec<File> {
    let report = &told.report;
    let file = |path: &str, content: String| File {
        path: path.to_owned(),
        content: content.into_bytes(),
    };
    let responses = responses(report);
    let mut files = vec![
        file("README.md", index(report, &responses, again)),
        file(PAGE, html::page(told)),
        file("report.md", markdown::page(report)),
        file("report.json", format!("{:#}\n", model::document(report))),
        file("timeline.md", timeline_page(report)),
    ];
    for response in &responses {
        files.push(file(&response.path, response.content.clone()));
    }
    for (id, text) in texts.iter().filter(|(id, _)| !id.starts_with('#')) {
        files.push(file(
            &format!("playbooks/{}.yaml", safe(id, true)),
            text.clone(),
        ));
    }
    files
}

/// A response and what it is evidence of.
struct Response<'r> {
    path: String,
    content: String,
    step: &'r Step,
    call: &'r Call,
}

/// A name that any system takes for a file.
fn safe(name: &str, folders: bool) -> String {
    let kept =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || (folders && c == '/');
    let name: String = name
        .chars()
        .map(|c| if kept(c) { c } else { '-' })
        .collect();
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    parts.join("/").chars().take(100).collect()
}

fn responses(report: &Report) -> Vec<Response<'_>> {
    let calls = report
        .steps
        .iter()
        .flat_map(|step| step.calls.iter().map(move |call| (step, call)));
    let mut calls: Vec<(&Step, &Call)> = calls.collect();
    calls.sort_by(|(_, a), (_, b)| a.started.cmp(&b.started));
    let numbered = calls.into_iter().enumerate();
    numbered
        .map(|(number, (step, call))| {
            let content = json!({
                "step": step.path,
                "action": call.action,
                "effect": call.effect,
                "arguments": call.arguments,
                "sent": call.started,
                "answered": call.ended,
                "request_id": call.request_id,
                "result": call.result,
                "error": call.error.as_ref().map(|error| json!({"code": error.code, "message": error.message})),
            });
            Response {
                path: format!(
                    "responses/{:03}-{}-{}.json",
                    number + 1,
                    safe(super::steps::name_of(&step.path), false),
                    safe(&call.action, false)
                ),
                content: format!("{content:#}\n"),
                step,
                call,
            }
        })
        .collect()
}

/// Text from outside as Markdown shows it literally, and as people read it who see the file as it is.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escaped(text)
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .chars()
    {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// Kinds of evidence, by the calls that give it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Evidence {
    Status,
    Errors,
    Metrics,
    Changes,
}

fn gives(call: &Call) -> &'static [Evidence] {
    use Evidence::{Changes, Errors, Metrics, Status};
    let (service, operation) = call.action.split_once(':').unwrap_or((&call.action, ""));
    match (service, operation) {
        ("logs", _) => &[Errors],
        (
            "cloudwatch",
            "Series" | "GetMetricData" | "GetMetricStatistics" | "GetMetricWidgetImage",
        ) => &[Metrics],
        ("cloudwatch" | "health", _) | ("http", "Request") => &[Status],
        ("cloudtrail", "LookupEvents")
        | ("cloudformation" | "codedeploy" | "codepipeline", _)
        | (
            "ecs",
            "ListServiceDeployments"
            | "DescribeServiceDeployments"
            | "DescribeServiceRevisions"
            | "DescribeTaskDefinition",
        ) => &[Changes],
        // The deployments of a service stand in its description.
        ("ecs", "DescribeServices") => &[Status, Changes],
        (
            "ecs"
            | "elasticloadbalancing"
            | "elasticloadbalancingv2"
            | "elbv2"
            | "rds"
            | "dynamodb"
            | "lambda",
            _,
        ) if call.effect == "read" => &[Status],
        ("local", "Exec") => {
            let command = call
                .arguments
                .get("command")
                .map(Json::to_string)
                .unwrap_or_default();
            if command.contains("performance") {
                &[Metrics]
            } else {
                &[Status]
            }
        }
        _ => &[],
    }
}

fn timeline_page(report: &Report) -> String {
    let mut page = format!(
        "# Timeline of run {}\n\nTimes are UTC.\n\n| when | where | what |\n| --- | --- | --- |\n",
        plain(&report.run)
    );
    for moment in &report.timeline {
        let step = moment
            .step
            .as_ref()
            .map_or_else(String::new, |step| timeline::short(step));
        let text = moment.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            at(moment.at).trim_end_matches(" UTC"),
            plain(&step),
            plain(&text)
        );
    }
    page
}

fn index(report: &Report, responses: &[Response<'_>], again: &str) -> String {
    let mut page = String::new();
    let _ = writeln!(
        page,
        "# {}: {}\n",
        plain(&report.title),
        plain(&verdict(report))
    );
    if let Some(why) = &report.explanation {
        let _ = writeln!(page, "{}\n", plain(why));
    }
    let _ = writeln!(
        page,
        "What support and the next level ask for, and where it stands. The whole report: [report.html](report.html), \
         [report.md](report.md), [report.json](report.json). Secrets are masked in all of it.\n"
    );
    environment(&mut page, report);
    affected(&mut page, report);
    history(&mut page, report, responses);
    section(
        &mut page,
        "System status and health check output",
        report,
        responses,
        Evidence::Status,
    );
    section(
        &mut page,
        "Error messages and logs",
        report,
        responses,
        Evidence::Errors,
    );
    failures(&mut page, report);
    section(
        &mut page,
        "Performance metrics",
        report,
        responses,
        Evidence::Metrics,
    );
    for chart in &report.charts {
        let _ = writeln!(
            page,
            "- {}: {}",
            plain(&chart.title),
            plain(&series_svg::caption(chart))
        );
    }
    section(
        &mut page,
        "Recent changes and deployments",
        report,
        responses,
        Evidence::Changes,
    );
    taken(&mut page, report);
    let _ = writeln!(page, "\n## Steps to reproduce\n");
    let _ = writeln!(
        page,
        "What this run did is done again by the command below, with the playbooks in [playbooks](playbooks/). How users come by the problem is for people to add.\n"
    );
    let _ = writeln!(page, "```sh\n{}\n```", again.replace("```", ""));
    contacts(&mut page, report);
    page
}

fn environment(page: &mut String, report: &Report) {
    let _ = writeln!(page, "## Environment\n");
    let stage = ["environment", "stage", "env"]
        .iter()
        .find_map(|name| report.environment.inputs.get(*name));
    if let Some(stage) = stage {
        let _ = writeln!(page, "- environment: **{}**", plain(&few_words(stage)));
    }
    for (label, value) in facts(report) {
        let _ = writeln!(page, "- {label}: {}", plain(&value));
    }
}

/// Names and addresses that the inputs and the calls hold.
fn affected(page: &mut String, report: &Report) {
    let _ = writeln!(page, "\n## Affected services and endpoints\n");
    let says = [
        "service",
        "cluster",
        "endpoint",
        "url",
        "host",
        "function",
        "table",
        "queue",
        "database",
        "load_balancer",
        "target_group",
        "log_group",
        "bucket",
        "instance",
    ];
    let mut none = true;
    for (name, value) in &report.environment.inputs {
        let low = name.to_lowercase();
        if says.iter().any(|word| low.contains(word)) && !value.is_null() {
            none = false;
            let _ = writeln!(
                page,
                "- {}: {}",
                plain(name),
                plain(
                    &value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                )
            );
        }
    }
    let mut services: Vec<&str> = report
        .steps
        .iter()
        .flat_map(|step| &step.calls)
        .filter_map(|call| call.action.split(':').next())
        .collect();
    services.sort_unstable();
    services.dedup();
    if !services.is_empty() {
        none = false;
        let _ = writeln!(
            page,
            "- services that were asked: {}",
            plain(&services.join(", "))
        );
    }
    if none {
        let _ = writeln!(page, "- the run names none");
    }
}

fn history(page: &mut String, report: &Report, responses: &[Response<'_>]) {
    let _ = writeln!(
        page,
        "\n## Timeline\n\nEvery moment is in [timeline.md](timeline.md).\n"
    );
    let since = report.charts.iter().find_map(|chart| {
        let threshold = chart.threshold?;
        let over = chart.points.iter().find(|point| point.value > threshold)?;
        Some(format!(
            "{} was above {threshold} first at {}",
            chart.title,
            at(over.at?)
        ))
    });
    let noticed = format!("noticed by this run at {}", at(report.started));
    let _ = writeln!(
        page,
        "- When did it start? {}",
        plain(&since.map_or(noticed.clone(), |since| format!("{since}; {noticed}")))
    );
    let changes: Vec<String> = recent(responses);
    let told = if changes.is_empty() {
        "no event is on record; see below what was looked up".to_owned()
    } else {
        changes.join("; ")
    };
    let _ = writeln!(page, "- What changed recently? {}", plain(&told));
    let done = report
        .steps
        .iter()
        .filter(|step| step.status == "done")
        .count();
    let _ = writeln!(
        page,
        "- What was tried? {}, {}; see below",
        counted(done, "step"),
        counted(report.changes.len(), "change")
    );
    if let Some(seconds) = report.seconds {
        let _ = writeln!(page, "- How long did the run take? {}", lasting(seconds));
    }
}

/// The last events of an account's trail.
fn recent(responses: &[Response<'_>]) -> Vec<String> {
    let trails = responses
        .iter()
        .filter(|response| response.call.action == "cloudtrail:LookupEvents");
    let events = trails
        .filter_map(|response| response.call.result.as_ref()?.get("Events")?.as_array())
        .flatten();
    let text = |event: &Json, name: &str| event.get(name).and_then(Json::as_str).map(str::to_owned);
    events
        .filter_map(|event| {
            let name = text(event, "EventName")?;
            let by = text(event, "Username").map_or_else(String::new, |by| format!(" by {by}"));
            let when =
                text(event, "EventTime").map_or_else(String::new, |when| format!(" at {when}"));
            Some(format!("{name}{by}{when}"))
        })
        .take(10)
        .collect()
}

fn section(
    page: &mut String,
    title: &str,
    report: &Report,
    responses: &[Response<'_>],
    kind: Evidence,
) {
    let _ = writeln!(page, "\n## {title}\n");
    let mut none = true;
    for response in responses
        .iter()
        .filter(|response| gives(response.call).contains(&kind))
    {
        none = false;
        let said = response.call.error.as_ref().map_or_else(
            || found(response.step),
            |error| format!("not readable: {}: {}", error.code, error.message),
        );
        let said: String = said
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(300)
            .collect();
        let called = response.step.title.as_ref().unwrap_or(&response.step.path);
        let _ = writeln!(
            page,
            "- {} ({}): {} [response]({})",
            plain(called),
            plain(&response.call.action),
            plain(&said),
            response.path
        );
    }
    let left_out = report.steps.iter().filter(|step| {
        super::journal_text::graph_of(&step.path) == "gather" && step.calls.is_empty()
    });
    for step in left_out.filter(|step| {
        matches!(step.status.as_str(), "skipped" | "blocked" | "failed") && about(step) == kind
    }) {
        none = false;
        let called = step.title.as_ref().unwrap_or(&step.path);
        let _ = writeln!(
            page,
            "- {}: {}, because {}",
            plain(called),
            step.status,
            plain(&found(step))
        );
    }
    if none {
        let _ = writeln!(page, "- nothing of this was read in the run");
    }
}

/// What a step that made no call would have been evidence of, by its name.
fn about(step: &Step) -> Evidence {
    let name = super::steps::name_of(&step.path).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["error", "log"]) {
        Evidence::Errors
    } else if has(&["performance", "metric"]) {
        Evidence::Metrics
    } else if has(&["change", "deploy"]) {
        Evidence::Changes
    } else {
        Evidence::Status
    }
}

fn failures(page: &mut String, report: &Report) {
    for step in &report.steps {
        if let Some(error) = step.error.as_ref().filter(|_| step.status == "failed") {
            let _ = writeln!(
                page,
                "- {} failed: {}: {}",
                plain(&step.path),
                plain(&error.code),
                plain(&error.message)
            );
        }
    }
}

fn taken(page: &mut String, report: &Report) {
    let _ = writeln!(page, "\n## Troubleshooting that was done\n");
    for cause in &report.causes {
        let word = match cause.found {
            Truth::True => "found",
            Truth::False => "ruled out",
            Truth::Unknown => "could not be told",
        };
        let _ = writeln!(page, "- cause {}: **{word}**", plain(&cause.title));
    }
    for change in &report.changes {
        let (_, word) = state(change);
        let _ = writeln!(
            page,
            "- changed: {} by {}: {word}",
            plain(&change.action),
            plain(&change.step)
        );
    }
    for step in report.steps.iter().filter(|step| step.inside.is_none()) {
        let said: String = found(step).chars().take(200).collect();
        let _ = writeln!(
            page,
            "- {}: {}{}",
            plain(&step.path),
            step_word(step),
            if said.is_empty() {
                String::new()
            } else {
                format!(": {}", plain(&said))
            }
        );
    }
}

fn contacts(page: &mut String, report: &Report) {
    let Some(escalation) = &report.escalation else {
        return;
    };
    let _ = writeln!(
        page,
        "\n## Escalation\n\n- due: {}",
        levels(&escalation.levels)
    );
    if let Some(why) = &escalation.not_told {
        let _ = writeln!(page, "- nobody was told: {}", plain(why));
    }
    for (name, contact) in &escalation.contacts {
        let _ = writeln!(page, "- {}: {}", plain(name), plain(&reached(contact)));
    }
}
