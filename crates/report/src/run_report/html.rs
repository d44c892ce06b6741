//! A run as one page for a browser: no scripts, nothing loaded from elsewhere.

use super::html_record::{approvals, environment, requests, timeline_of};
use super::html_steps::steps;
use super::html_values::{members, values};
use super::journal_text::graph_of;
use super::model::{Cause, Chart, Report, Truth};
use super::said::{at, counted, lasting, levels, mark, reached, state, verdict};
use super::{Told, rows, series_svg};
use crate::plan_html::escaped;
use crate::plan_svg;
use std::fmt::Write as _;

const STYLE: &str = include_str!("report.css");

/// Draws a report as a page.
#[must_use]
pub fn page(told: &Told) -> String {
    let report = &told.report;
    let mut page = sheet(&format!("{}: {}", report.title, report.status), "");
    head(&mut page, report);
    page.push_str("<main>\n");
    causes(&mut page, report);
    changed(&mut page, report);
    left(&mut page, report);
    escalated(&mut page, report);
    charts(&mut page, report);
    rows::html(&mut page, report);
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

/// The beginning of a page, up to its body, with more of its style.
pub(crate) fn sheet(title: &str, more: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}{more}</style>\n</head>\n<body>\n",
        escaped(title)
    )
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

/// Opens a section.
pub(crate) fn section(page: &mut String, id: &str, title: &str) {
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
