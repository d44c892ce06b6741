//! A run as one page for a browser: no scripts, nothing loaded from elsewhere.

use super::journal_text::graph_of;
use super::model::{
    Approval, AskedCall, Call, Cause, Change, Chart, Report, Step, Tone, Truth, ValueChange,
};
use super::said::{
    at, clock, counted, found, graph_name, lasting, levels, mark, reached, step_mark, step_name,
    step_word, verdict,
};
use super::{Told, series_svg, timeline};
use crate::plan_html::escaped;
use crate::plan_svg;
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;

const STYLE: &str = include_str!("report.css");
/// The most characters of one value; the whole of it is in the JSON report.
const LONGEST: usize = 12_000;

/// Draws a report as a page.
#[must_use]
pub fn page(told: &Told) -> String {
    let report = &told.report;
    let mut page = String::new();
    let title = escaped(&format!("{}: {}", report.title, report.status));
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    head(&mut page, report);
    page.push_str("<main>\n");
    causes(&mut page, report);
    changed(&mut page, report);
    left(&mut page, report);
    escalated(&mut page, report);
    charts(&mut page, report);
    if !told.bands.is_empty() {
        let _ = writeln!(
            page,
            "<section aria-labelledby=\"map\"><h2 id=\"map\">Steps at a glance</h2>\
             <div class=\"scroll\" role=\"region\" aria-label=\"Drawing of the steps\" tabindex=\"0\">{}</div>{LEGEND}</section>",
            plan_svg::draw_bands(&told.bands, &in_short(report))
        );
    }
    steps(&mut page, report);
    timeline_of(&mut page, report);
    approvals(&mut page, report);
    environment(&mut page, report);
    requests(&mut page, report);
    let _ = writeln!(
        page,
        "</main>\n<footer><p>Run {} of {}, told by runbook {}. Secrets are masked. Times are UTC.</p></footer>\n</body>\n</html>",
        escaped(&report.run),
        escaped(&report.playbook),
        escaped(&report.environment.version)
    );
    page
}

const LEGEND: &str = "<ul class=\"legend\"><li class=\"key good\">✓ done, ○ does not hold</li><li class=\"key attention\">● holds, ? cannot be told</li>\
<li class=\"key bad\">✗ failed, or still shows</li><li class=\"key skipped\">– skipped</li><li class=\"key idle\">· not reached</li></ul>";

/// The drawing for those who do not see it.
fn in_short(report: &Report) -> String {
    let totals = &report.totals;
    format!(
        "The steps and what came of them: {} done, {} failed or undecided, {} skipped. The list below says it of each.",
        totals.steps_done, totals.steps_failed, totals.steps_skipped
    )
}

fn head(page: &mut String, report: &Report) {
    let _ = write!(
        page,
        "<header class=\"banner {}\"><div class=\"inner\"><p class=\"verdict\"><svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10.6\"/><path d=\"{}\"/></svg> <strong>{}</strong></p><h1>{}</h1>",
        report.tone.as_str(),
        icon(report),
        escaped(&verdict(report)),
        escaped(&report.title)
    );
    let why = match (&report.explanation, report.status.as_str()) {
        (Some(why), _) => why.clone(),
        (None, "running") => "it goes on; this report shows how far it is".to_owned(),
        (None, _) => "its process ended before the run did".to_owned(),
    };
    let _ = write!(page, "<p class=\"why\">{}</p>", escaped(&why));
    let mut facts = vec![format!("began {}", at(report.started))];
    if let Some(seconds) = report.seconds {
        facts.push(format!("took {}", lasting(seconds)));
    }
    if report.sessions > 1 {
        facts.push(format!("started {} times", report.sessions));
    }
    let place = &report.environment;
    if let Some(account) = &place.account {
        facts.push(format!("account {account}"));
    }
    facts.extend(place.region.clone());
    if let Some(scenario) = &place.scenario {
        facts.push(format!("scenario {scenario}: no account was touched"));
    }
    let _ = writeln!(
        page,
        "<p class=\"facts\">{}</p></div></header>",
        escaped(&facts.join(" · "))
    );
}

/// The mark of a run as a drawing: fonts need not have it.
fn icon(report: &Report) -> &'static str {
    match mark(report) {
        "✓" => "M7 12.5l3.6 3.6L17.2 8.6",
        "✗" => "M8 8l8 8M16 8l-8 8",
        "⏸" => "M9.3 7.8v8.4M14.7 7.8v8.4",
        "▶" => "M10 8l6 4-6 4z",
        "■" => "M8.8 8.8h6.4v6.4H8.8z",
        "↶" => "M8 8v4h4M8.4 11.6a4.6 4.6 0 1 1 .6 4",
        "○" => "M12 8.4a3.6 3.6 0 1 0 .01 0z",
        _ => "M12 11a1 1 0 1 0 .01 0z",
    }
}

fn section(page: &mut String, id: &str, title: &str) {
    let _ = writeln!(
        page,
        "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>"
    );
}

fn causes(page: &mut String, report: &Report) {
    if report.causes.is_empty() {
        return;
    }
    section(page, "causes", "Cause");
    let told: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|cause| cause.found != Truth::False)
        .collect();
    if told.is_empty() {
        page.push_str("<p>None that the playbook knows was found.</p>");
    }
    for cause in &told {
        let (tone, mark, word) = match cause.found {
            Truth::Unknown => ("attention", "?", "could not be told"),
            _ => ("attention", "●", "found"),
        };
        let _ = write!(
            page,
            "<div class=\"card {tone}\"><h3><span aria-hidden=\"true\">{mark}</span> {} <span class=\"word\">{word}</span></h3><ul class=\"plain\">",
            escaped(&cause.title)
        );
        for evidence in cause.evidence.iter().filter(|one| one.holds == cause.found) {
            let _ = write!(
                page,
                "<li>{}<br><a class=\"at\" href=\"#{}\">{}</a></li>",
                escaped(&evidence.found),
                anchor(report, &evidence.step),
                escaped(&evidence.step)
            );
        }
        page.push_str("</ul></div>\n");
    }
    let others: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|cause| cause.found == Truth::False)
        .collect();
    if !others.is_empty() {
        let _ = write!(
            page,
            "<details><summary>Ruled out: {}</summary><ul class=\"plain\">",
            others.len()
        );
        for cause in others {
            let _ = write!(
                page,
                "<li><span aria-hidden=\"true\">○</span> {}",
                escaped(&cause.title)
            );
            for evidence in &cause.evidence {
                let _ = write!(
                    page,
                    "<br><span class=\"soft\">{}: {}</span>",
                    escaped(&evidence.step),
                    escaped(&evidence.found)
                );
            }
            page.push_str("</li>");
        }
        page.push_str("</ul></details>");
    }
    page.push_str("</section>\n");
}

/// The anchor of the first step with the name.
fn anchor(report: &Report, path: &str) -> String {
    let place = report.steps.iter().position(|step| step.path == path);
    place.map_or_else(|| "steps".to_owned(), |place| format!("step-{place}"))
}

fn changed(page: &mut String, report: &Report) {
    section(page, "changed", "What was changed");
    if report.changes.is_empty() {
        page.push_str("<p>Nothing.</p></section>\n");
        return;
    }
    for change in &report.changes {
        let (tone, word) = state(change);
        let _ = write!(
            page,
            "<div class=\"card {tone}\"><h3>{} <span class=\"word\">{word}</span></h3>",
            escaped(&change.action)
        );
        if change.values.is_empty() {
            members(page, &change.arguments);
        } else {
            values(page, &change.values);
        }
        let _ = writeln!(
            page,
            "<p class=\"at\">{} by <a href=\"#{}\">{}</a></p></div>",
            escaped(&change.effect),
            anchor(report, &change.step),
            escaped(&change.step)
        );
    }
    page.push_str("</section>\n");
}

/// How a change stands.
pub(super) fn state(change: &Change) -> (&'static str, &'static str) {
    match change {
        Change { undone: true, .. } => ("quiet", "taken back"),
        Change {
            confirmed: false, ..
        } => ("bad", "not confirmed"),
        Change {
            undoes: Some(_), ..
        } => ("attention", "takes a change back"),
        _ => ("attention", "done"),
    }
}

fn values(page: &mut String, values: &[ValueChange]) {
    page.push_str("<table><thead><tr><th scope=\"col\">what</th><th scope=\"col\">from</th><th scope=\"col\">to</th></tr></thead><tbody>");
    for value in values {
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            escaped(&value.path),
            escaped(&short(&value.from)),
            escaped(&short(&value.to))
        );
    }
    page.push_str("</tbody></table>");
}

fn short(json: &Json) -> String {
    let text = match json {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    cut(&text, 400)
}

fn cut(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most).collect();
    format!("{start} … and {} more characters", count - most)
}

fn members(page: &mut String, json: &Json) {
    let Some(members) = json.as_object() else {
        payload(page, json);
        return;
    };
    let is_short =
        |value: &Json| !matches!(value, Json::Object(_)) && value.to_string().len() <= 120;
    let all = members.len() <= FEW && members.values().all(is_short);
    let first = |value: &Json| all || !(value.is_array() || value.is_object());
    page.push_str("<dl>");
    for (name, value) in members.iter().filter(|(_, value)| first(value)).take(FEW) {
        let _ = write!(
            page,
            "<dt>{}</dt><dd>{}</dd>",
            escaped(name),
            escaped(&short(value))
        );
    }
    page.push_str("</dl>");
    if !all {
        fold(page, "all arguments", |page| payload(page, json));
    }
}

/// How many arguments are shown before the rest is folded.
const FEW: usize = 6;

/// A value, line by line.
fn payload(page: &mut String, json: &Json) {
    let text = match json {
        Json::String(text) => text.clone(),
        other => format!("{other:#}"),
    };
    let lines: Vec<String> = cut(&text, LONGEST).lines().map(escaped).collect();
    let _ = write!(page, "<pre>{}</pre>", lines.join("\n"));
}

fn left(page: &mut String, report: &Report) {
    section(page, "left", "What is left to do");
    if report.left.is_empty() {
        page.push_str("<p>Nothing.</p></section>\n");
        return;
    }
    page.push_str("<ol class=\"left\">");
    for left in &report.left {
        let _ = write!(page, "<li>{}", escaped(&left.text));
        if let Some(command) = &left.command {
            let _ = write!(page, "<pre class=\"command\">{}</pre>", escaped(command));
        }
        page.push_str("</li>");
    }
    page.push_str("</ol></section>\n");
}

fn escalated(page: &mut String, report: &Report) {
    if report.escalation.is_none() && report.bundle.is_none() {
        return;
    }
    section(page, "escalation", "Escalation");
    if let Some(escalation) = &report.escalation {
        let told = match (&escalation.not_told, escalation.told.is_empty()) {
            (Some(why), _) => format!(
                "Due was {}, but nobody was told: {why}",
                levels(&escalation.levels)
            ),
            (None, true) => format!(
                "Due was {}, and nobody could be told.",
                levels(&escalation.levels)
            ),
            (None, false) => format!(
                "Told: {}, by {}.",
                levels(&escalation.levels),
                escalation.told.join(", ")
            ),
        };
        let _ = write!(page, "<p>{}</p>", escaped(&told));
        if !escalation.failed.is_empty() {
            let _ = write!(
                page,
                "<p>Could not be told by {}.</p>",
                escaped(&escalation.failed.join(", "))
            );
        }
        if !escalation.contacts.is_empty() {
            page.push_str("<dl>");
            for (name, contact) in &escalation.contacts {
                let _ = write!(
                    page,
                    "<dt>{}</dt><dd>{}</dd>",
                    escaped(name),
                    escaped(&reached(contact))
                );
            }
            page.push_str("</dl>");
        }
    }
    if let Some(bundle) = &report.bundle {
        let _ = write!(
            page,
            "<p>Evidence for whoever takes over: <code>{}</code></p>",
            escaped(bundle)
        );
    }
    page.push_str("</section>\n");
}

fn charts(page: &mut String, report: &Report) {
    if report.charts.is_empty() {
        return;
    }
    section(page, "charts", "Measured");
    // Of what was read again, the last reading is enough to look at.
    let again = |chart: &&Chart| graph_of(&chart.step) == "verify";
    let last = report.charts.iter().rposition(|chart| again(&chart));
    let numbered = || report.charts.iter().enumerate();
    let is_shown = |number: usize, chart: &Chart| !again(&chart) || Some(number) == last;
    for (_, chart) in numbered().filter(|(number, chart)| is_shown(*number, chart)) {
        figure(page, chart);
    }
    let earlier: Vec<&Chart> = numbered()
        .filter(|(number, chart)| !is_shown(*number, chart))
        .map(|(_, chart)| chart)
        .collect();
    if !earlier.is_empty() {
        let _ = write!(
            page,
            "<details><summary>{}</summary>",
            counted(earlier.len(), "earlier reading")
        );
        for chart in earlier {
            figure(page, chart);
        }
        page.push_str("</details>");
    }
    page.push_str("</section>\n");
}

fn figure(page: &mut String, chart: &Chart) {
    let _ = writeln!(
        page,
        "<figure class=\"chart\"><figcaption><b>{}</b><br>{}</figcaption>{}</figure>",
        escaped(&chart.title),
        escaped(&series_svg::caption(chart)),
        series_svg::drawing(chart)
    );
}

fn steps(page: &mut String, report: &Report) {
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

fn names(members: &Map<String, Json>) -> String {
    members
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

fn fold(page: &mut String, title: &str, content: impl FnOnce(&mut String)) {
    let _ = write!(
        page,
        "<details class=\"payload\"><summary>{}</summary>",
        escaped(title)
    );
    content(page);
    page.push_str("</details>\n");
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

fn timeline_of(page: &mut String, report: &Report) {
    section(page, "timeline", "Timeline");
    page.push_str("<details><summary>");
    let _ = write!(
        page,
        "{} from {} on",
        counted(report.timeline.len(), "moment"),
        at(report.started)
    );
    page.push_str("</summary><ol class=\"timeline\">");
    let mut day = String::new();
    for moment in &report.timeline {
        let date = at(moment.at).chars().take(10).collect::<String>();
        if date != day {
            let _ = write!(page, "<li class=\"day\">{date}</li>");
            day = date;
        }
        let step = moment.step.as_ref().map_or_else(String::new, |step| {
            format!("<b>{}</b> ", escaped(&timeline::short(step)))
        });
        let _ = write!(
            page,
            "<li class=\"{} {}\"><time datetime=\"{}\">{}</time> <span>{step}{}</span></li>",
            moment.tone.as_str(),
            escaped(&moment.kind),
            moment.at,
            clock(moment.at),
            escaped(&cut(&moment.text, 300))
        );
    }
    page.push_str("</ol></details></section>\n");
}

fn approvals(page: &mut String, report: &Report) {
    if report.approvals.is_empty() {
        return;
    }
    section(page, "approvals", "Approvals");
    for approval in &report.approvals {
        let _ = write!(
            page,
            "<div class=\"card quiet\"><h3>{} <span class=\"word\">{}</span></h3>",
            escaped(&approval.step),
            escaped(&said_of(approval))
        );
        page.push_str("<dl>");
        let _ = write!(page, "<dt>asked</dt><dd>{}</dd>", at(approval.asked));
        if let Some(answered) = approval.answered {
            let _ = write!(page, "<dt>answered</dt><dd>{}</dd>", at(answered));
        }
        for (label, value) in [
            ("effects", approval.effects.join(", ")),
            ("where", approval.place.clone()),
            ("prompt", approval.prompt.clone().unwrap_or_default()),
        ] {
            if !value.is_empty() {
                let _ = write!(page, "<dt>{label}</dt><dd>{}</dd>", escaped(&value));
            }
        }
        page.push_str("</dl>");
        for call in &approval.calls {
            asked(page, "what was shown", call);
        }
        for call in &approval.undo {
            asked(page, "how it would be taken back", call);
        }
        page.push_str("</div>\n");
    }
    page.push_str("</section>\n");
}

fn asked(page: &mut String, what: &str, call: &AskedCall) {
    fold(page, &format!("{what}: {}", call.action), |page| {
        payload(page, &call.arguments);
        if !call.changes.is_empty() {
            values(page, &call.changes);
        }
    });
}

/// What came of a question.
pub(super) fn said_of(approval: &Approval) -> String {
    let by = approval
        .by
        .as_ref()
        .map_or_else(String::new, |by| format!(" by {by}"));
    match approval.answer.as_deref() {
        Some("nobody") => "nobody could be asked".to_owned(),
        Some("expired") => "nobody answered in time".to_owned(),
        Some("abort") => "stopped at the question".to_owned(),
        Some(answer) => format!("{answer}{by}"),
        None => "open".to_owned(),
    }
}

fn environment(page: &mut String, report: &Report) {
    section(page, "environment", "Environment");
    page.push_str("<dl>");
    for (label, value) in facts(report) {
        let _ = write!(page, "<dt>{label}</dt><dd>{}</dd>", escaped(&value));
    }
    page.push_str("</dl>");
    if !report.environment.inputs.is_empty() {
        page.push_str("<h3>Inputs</h3><dl>");
        for (name, value) in &report.environment.inputs {
            let _ = write!(
                page,
                "<dt>{}</dt><dd>{}</dd>",
                escaped(name),
                escaped(&short(value))
            );
        }
        page.push_str("</dl>");
    }
    page.push_str("</section>\n");
}

/// Where and with what a run ran, as labels and values.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let place = &report.environment;
    let totals = &report.totals;
    let mut facts = vec![("run", report.run.clone())];
    let known = [
        ("account", &place.account),
        ("region", &place.region),
        ("partition", &place.partition),
        ("principal", &place.principal),
        ("role", &place.role),
        ("profile", &place.profile),
        ("endpoint", &place.endpoint_url),
        ("scenario", &place.scenario),
        ("file", &place.file),
    ];
    for (label, value) in known {
        if let Some(value) = value {
            facts.push((label, value.clone()));
        }
    }
    facts.push((
        "playbook",
        format!(
            "{} ({})",
            report.playbook,
            place.digest.get(..12).unwrap_or_default()
        ),
    ));
    facts.push(("version", format!("runbook {}", place.version)));
    facts.push(("began", at(report.started)));
    if let Some(ended) = report.ended {
        facts.push(("ended", at(ended)));
    }
    if let Some(seconds) = report.seconds {
        facts.push(("took", lasting(seconds)));
    }
    let failed = if totals.failed_calls > 0 {
        format!(", {} failed", totals.failed_calls)
    } else {
        String::new()
    };
    facts.push((
        "calls",
        format!(
            "{}: {} read, {} write{failed}",
            totals.calls, totals.reads, totals.writes
        ),
    ));
    if totals.seconds_waited > 0 {
        facts.push(("waited", lasting(totals.seconds_waited)));
    }
    for name in ["until", "only", "skip"] {
        let asked = place.options.get(name).filter(|value| {
            !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
        });
        if let Some(asked) = asked {
            facts.push((name, short(asked)));
        }
    }
    facts
}

fn requests(page: &mut String, report: &Report) {
    let calls: Vec<(&Step, &Call)> = report
        .steps
        .iter()
        .flat_map(|step| step.calls.iter().map(move |call| (step, call)))
        .collect();
    if calls.is_empty() {
        return;
    }
    section(page, "calls", "Calls");
    let _ = write!(
        page,
        "<details><summary>{}, with the ids that the services gave them</summary>",
        counted(calls.len(), "call")
    );
    page.push_str("<div class=\"scroll\" role=\"region\" aria-label=\"Every call and its request id\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">sent</th><th scope=\"col\">action</th><th scope=\"col\">step</th><th scope=\"col\">end</th><th scope=\"col\">request id</th></tr></thead><tbody>");
    for (step, call) in calls {
        let end = match (&call.result, &call.error) {
            (_, Some(error)) => error.code.as_str(),
            (Some(_), None) => "answered",
            (None, None) => "no answer on record",
        };
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(call.started.get(..19).unwrap_or(&call.started)),
            escaped(&call.action),
            escaped(&step.path),
            escaped(end),
            escaped(call.request_id.as_deref().unwrap_or("none"))
        );
    }
    page.push_str("</tbody></table></div></details></section>\n");
}
