//! A run as Markdown for an issue or a pull request, as GitHub renders it.

use super::facts::facts;
use super::model::{Report, Step, Tone, Truth};
use super::said::{
    answer, at, clock, found, graph_name, lasting, levels, mark, reached, state, step_mark,
    step_name, step_word, verdict,
};
use super::{rows, series_svg, timeline};
use crate::plan_markdown::{LONGEST, cut, fenced, html, literal};
use crate::value_text::short_json;
use serde_json::Value as Json;
use std::fmt::Write as _;

/// How much is said; each level leaves more out than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Everything,
    NoResults,
    NoCalls,
    Heads,
}

/// Draws a report of at most 65,536 characters: results are left out first, then calls, then what steps kept; the rest is
/// cut with a note.
#[must_use]
pub fn page(report: &Report) -> String {
    for detail in [
        Detail::Everything,
        Detail::NoResults,
        Detail::NoCalls,
        Detail::Heads,
    ] {
        let text = draw(report, detail);
        if text.chars().count() <= LONGEST {
            return text;
        }
    }
    cut(&draw(report, Detail::Heads), NOTE)
}

const NOTE: &str = "\n\n*The rest is cut: the report is longer than a comment may be. `runbook report --format html` shows all of it.*\n";

fn emoji(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "🟢",
        Tone::Attention => "🟠",
        Tone::Bad => "🔴",
        Tone::Quiet => "🔵",
    }
}

fn draw(report: &Report, detail: Detail) -> String {
    let mut page = String::new();
    let _ = writeln!(
        page,
        "## {} {} {}: {}\n",
        emoji(report.tone),
        mark(report),
        literal(&verdict(report).to_uppercase()),
        literal(&report.title)
    );
    if let Some(why) = &report.explanation {
        let _ = writeln!(page, "{}\n", literal(why));
    }
    let mut line = format!("began {}", at(report.started));
    if let Some(seconds) = report.seconds {
        let _ = write!(line, ", took {}", lasting(seconds));
    }
    let _ = writeln!(page, "*{}*\n", literal(&line));
    causes(&mut page, report);
    changed(&mut page, report);
    left(&mut page, report);
    escalated(&mut page, report);
    for chart in &report.charts {
        let _ = writeln!(
            page,
            "- **{}**: {}",
            literal(&chart.title),
            literal(&series_svg::caption(chart))
        );
    }
    if detail < Detail::Heads {
        rows::markdown(&mut page, report, literal);
    }
    let _ = writeln!(page, "\n<details><summary>Steps</summary>\n");
    for step in &report.steps {
        self::step(&mut page, report, step, detail);
    }
    let _ = writeln!(page, "\n</details>\n");
    timeline_of(&mut page, report);
    approvals(&mut page, report);
    let _ = writeln!(page, "<details><summary>Environment</summary>\n");
    let mut lines: Vec<String> = facts(report)
        .into_iter()
        .map(|(label, value)| format!("{label:<10}{value}"))
        .collect();
    for (name, value) in &report.environment.inputs {
        lines.push(format!("input     {name} = {}", short_json(value)));
    }
    fenced(&mut page, &lines);
    let _ = writeln!(page, "</details>");
    page
}

fn causes(page: &mut String, report: &Report) {
    if report.causes.is_empty() {
        return;
    }
    let _ = writeln!(page, "### Cause\n");
    let mut none = true;
    for cause in report
        .causes
        .iter()
        .filter(|cause| cause.found != Truth::False)
    {
        none = false;
        let word = if cause.found == Truth::True {
            ""
        } else {
            " (could not be told)"
        };
        let _ = writeln!(page, "- **{}**{word}", literal(&cause.title));
        for evidence in cause.evidence.iter().filter(|one| one.holds == cause.found) {
            let found = evidence
                .found
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let _ = writeln!(page, "  - {}: {}", literal(&evidence.step), literal(&found));
        }
    }
    if none {
        let _ = writeln!(page, "None that the playbook knows was found.");
    }
    page.push('\n');
}

fn changed(page: &mut String, report: &Report) {
    let _ = writeln!(page, "### What was changed\n");
    if report.changes.is_empty() {
        let _ = writeln!(page, "Nothing.\n");
        return;
    }
    for change in &report.changes {
        let (_, word) = state(change);
        let _ = writeln!(
            page,
            "- **{}** by {}: {word}",
            literal(&change.action),
            literal(&change.step)
        );
        for value in &change.values {
            let _ = writeln!(
                page,
                "  - {}: {} → {}",
                literal(&value.path),
                literal(&short_json(&value.from)),
                literal(&short_json(&value.to))
            );
        }
        if change.values.is_empty() {
            for (name, value) in change.arguments.as_object().into_iter().flatten() {
                let _ = writeln!(
                    page,
                    "  - {}: {}",
                    literal(name),
                    literal(&short_json(value))
                );
            }
        }
    }
    page.push('\n');
}

fn left(page: &mut String, report: &Report) {
    let _ = writeln!(page, "### What is left to do\n");
    if report.left.is_empty() {
        let _ = writeln!(page, "Nothing.\n");
    }
    for (number, left) in report.left.iter().enumerate() {
        let text = left.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(page, "{}. {}", number + 1, literal(&text));
        if let Some(command) = &left.command {
            fenced(page, std::slice::from_ref(command));
        }
    }
    page.push('\n');
}

fn escalated(page: &mut String, report: &Report) {
    if let Some(escalation) = &report.escalation {
        let _ = writeln!(page, "### Escalation\n");
        let _ = writeln!(page, "- due: {}", levels(&escalation.levels));
        if !escalation.told.is_empty() {
            let _ = writeln!(page, "- told by {}", literal(&escalation.told.join(", ")));
        }
        if !escalation.failed.is_empty() {
            let _ = writeln!(
                page,
                "- could not be told by {}",
                literal(&escalation.failed.join(", "))
            );
        }
        if let Some(why) = &escalation.not_told {
            let _ = writeln!(page, "- nobody was told: {}", literal(why));
        }
        for (name, contact) in &escalation.contacts {
            let _ = writeln!(page, "- {}: {}", literal(name), literal(&reached(contact)));
        }
    }
    if let Some(bundle) = &report.bundle {
        let _ = writeln!(page, "- evidence: {}", literal(bundle));
    }
    page.push('\n');
}

fn step(page: &mut String, report: &Report, step: &Step, detail: Detail) {
    let graph = graph_name(report, step);
    let around = step.inside.and_then(|number| report.steps.get(number));
    let name = match around {
        Some(_) => timeline::short(&step.path),
        None => format!("{graph} › {}", step_name(report, step)),
    };
    let mut head = format!(
        "{} <b>{}</b> {}",
        step_mark(graph, step),
        html(&name),
        html(step_word(step))
    );
    let said = found(step);
    if !said.is_empty() {
        let said: String = said.chars().take(200).collect();
        let _ = write!(head, ": {}", html(&said));
    }
    let mut lines = Vec::new();
    if detail < Detail::Heads {
        for assertion in &step.assertions {
            lines.push(format!(
                "{:<8} {}  found {}",
                assertion.holds.as_str(),
                assertion.asked,
                assertion.found
            ));
        }
        for (name, value) in &step.captures {
            lines.push(format!("kept     {name} = {}", short_json(value)));
        }
    }
    if detail < Detail::NoCalls {
        for call in &step.calls {
            lines.push(format!("call     {} {}", call.action, call.arguments));
            if let Some(id) = &call.request_id {
                lines.push(format!("request  {id}"));
            }
            if let Some(error) = &call.error {
                lines.push(format!("error    {}: {}", error.code, error.message));
            }
            if let Some(result) = call
                .result
                .as_ref()
                .filter(|_| detail == Detail::Everything)
            {
                lines.extend(result_lines(result));
            }
        }
    }
    if lines.is_empty() {
        let _ = writeln!(page, "{head}<br>");
    } else {
        let _ = writeln!(page, "<details><summary>{head}</summary>\n");
        fenced(page, &lines);
        let _ = writeln!(page, "</details>\n");
    }
}

fn result_lines(result: &Json) -> Vec<String> {
    const MOST: usize = 60;
    let text = format!("{result:#}");
    let count = text.lines().count();
    let mut lines: Vec<String> = text.lines().take(MOST).map(str::to_owned).collect();
    if count > MOST {
        lines.push(format!("… and {} more lines", count - MOST));
    }
    lines
}

fn timeline_of(page: &mut String, report: &Report) {
    let _ = writeln!(page, "<details><summary>Timeline</summary>\n");
    let lines: Vec<String> = report
        .timeline
        .iter()
        .map(|moment| {
            let step = moment
                .step
                .as_ref()
                .map_or_else(String::new, |step| format!("{} ", timeline::short(step)));
            let text: String = moment.text.chars().take(160).collect();
            format!("{} {step}{text}", clock(moment.at))
        })
        .collect();
    fenced(page, &lines);
    let _ = writeln!(page, "</details>\n");
}

fn approvals(page: &mut String, report: &Report) {
    if report.approvals.is_empty() {
        return;
    }
    let _ = writeln!(page, "### Approvals\n");
    for approval in &report.approvals {
        let when = approval
            .answered
            .map_or_else(String::new, |at| format!(", {}", self::at(at)));
        let calls: Vec<&str> = approval
            .calls
            .iter()
            .map(|call| call.action.as_str())
            .collect();
        let _ = writeln!(
            page,
            "- **{}** {}: {}{}",
            literal(&approval.step),
            literal(&calls.join(", ")),
            literal(&answer(approval)),
            literal(&when)
        );
    }
    page.push('\n');
}
