//! A fleet's report as one page for a browser: no scripts, nothing loaded from elsewhere; the pages of its targets lie beside it.

use super::model::{Count, FleetReport, TargetTold};
use super::said::{ENDS, counted, grouped, tone, word};
use super::text::took;
use crate::plan_html::escaped;
use crate::run_report::html::{section, sheet};
use crate::run_report::model::Tone;
use crate::run_report::said::{at, lasting};
use std::collections::HashMap;
use std::fmt::Write as _;

const STYLE: &str = include_str!("fleet.css");
/// As many names stand behind a cause before they are folded.
const NAMED: usize = 5;
/// Ends of more targets than these are folded even where somebody should look at them.
const UNFOLDED: usize = 50;

/// Draws a report as a page.
#[must_use]
pub fn page(report: &FleetReport) -> String {
    let places: HashMap<&str, usize> = report
        .targets
        .iter()
        .enumerate()
        .map(|(number, target)| (target.name.as_str(), number))
        .collect();
    let drawing = Drawing { report, places };
    let mut page = sheet(&format!("{}: {}", report.title, report.status), STYLE);
    drawing.head(&mut page);
    page.push_str("<main>\n");
    drawing.counts(&mut page);
    drawing.people(&mut page);
    drawing.causes(&mut page);
    drawing.failures(&mut page);
    drawing.waves(&mut page);
    drawing.groups(&mut page);
    drawing.slow(&mut page);
    drawing.totals(&mut page);
    drawing.targets(&mut page);
    let _ = writeln!(
        page,
        "</main>\n<footer><p>Fleet {} of {}. Secrets are masked. Times are UTC.</p></footer>\n</body>\n</html>",
        escaped(&report.fleet),
        escaped(&report.playbook)
    );
    page
}

struct Drawing<'r> {
    report: &'r FleetReport,
    /// The numbers of the targets by their names.
    places: HashMap<&'r str, usize>,
}

impl Drawing<'_> {
    fn head(&self, page: &mut String) {
        let report = self.report;
        let _ = write!(
            page,
            "<header class=\"banner {}\"><div class=\"inner\"><p class=\"verdict\"><svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10.6\"/><path d=\"{}\"/></svg> <strong>{}</strong></p><h1>{}</h1><p class=\"why\">{}</p>",
            report.tone.as_str(),
            icon(report),
            escaped(&report.status),
            escaped(&report.title),
            escaped(&report.explanation),
        );
        let mut facts = vec![
            counted(report.totals.targets, "target"),
            format!("began {}", at(report.started)),
        ];
        let seconds = report.seconds;
        facts.extend(seconds.map(|seconds| format!("took {}", lasting(seconds))));
        facts.extend(report.severity.clone());
        let scenario = report.scenario.as_ref();
        facts.extend(scenario.map(|name| format!("scenario {name}: no account was touched")));
        let _ = writeln!(
            page,
            "<p class=\"facts\">{}</p></div></header>",
            escaped(&facts.join(" · "))
        );
    }

    fn counts(&self, page: &mut String) {
        let report = self.report;
        section(page, "counts", "Targets");
        if let Some(stopped) = &report.stopped {
            let _ = write!(
                page,
                "<div class=\"card bad\"><h3>Stopped <span class=\"word\">{}</span></h3><p>{}</p></div>",
                escaped(&word(&stopped.code)),
                escaped(&stopped.message)
            );
        }
        for next in &report.next {
            let _ = write!(
                page,
                "<p>{}:</p><pre class=\"command\">{}</pre>",
                escaped(&capital(&next.text)),
                escaped(&next.command)
            );
        }
        page.push_str("<ul class=\"plain counts\">");
        let most = report.counts.iter().map(|count| count.targets).max();
        for count in &report.counts {
            let _ = write!(
                page,
                "<li class=\"{}\"><a href=\"#end-{}\"><b>{}</b> {}</a>{}</li>",
                count.tone.as_str(),
                count.end,
                grouped(count.targets),
                escaped(&word(&count.end)),
                bar(count.targets, most.unwrap_or(1))
            );
        }
        page.push_str("</ul></section>\n");
    }

    /// A target's name, which leads to where it is told.
    fn link(&self, name: &str) -> String {
        match self.places.get(name) {
            Some(number) => format!("<a href=\"#t{number}\">{}</a>", escaped(name)),
            None => escaped(name),
        }
    }

    /// Names of targets, all but the first of them folded.
    fn names(&self, page: &mut String, names: &[String]) {
        let list = |names: &[String]| -> String {
            let names: Vec<String> = names.iter().map(|name| self.link(name)).collect();
            names.join(", ")
        };
        if names.len() <= NAMED {
            let _ = write!(page, "<p class=\"soft\">{}</p>", list(names));
            return;
        }
        let _ = write!(
            page,
            "<details><summary>{}</summary><p class=\"soft\">{}</p></details>",
            counted(names.len(), "target"),
            list(names)
        );
    }

    fn people(&self, page: &mut String) {
        let people = &self.report.people;
        if people.is_empty() {
            return;
        }
        section(page, "people", "Who needs a person");
        let fold = people.len() > UNFOLDED;
        if fold {
            let _ = write!(
                page,
                "<details><summary>{}</summary>",
                counted(people.len(), "target")
            );
        }
        for person in people {
            let _ = write!(
                page,
                "<div class=\"card attention\"><h3>{}</h3><p>",
                self.link(&person.target)
            );
            if let Some(step) = &person.step {
                let _ = write!(page, "<code>{}</code>: ", escaped(step));
            }
            let _ = write!(page, "{}</p>", escaped(&person.why));
            if let Some(question) = &person.question {
                let _ = write!(
                    page,
                    "<details><summary>What is asked</summary><pre>{}</pre></details>",
                    escaped(question)
                );
            }
            if let Some(next) = &person.next {
                let _ = write!(page, "<pre class=\"command\">{}</pre>", escaped(next));
            }
            page.push_str("</div>\n");
        }
        if fold {
            page.push_str("</details>");
        }
        page.push_str("</section>\n");
    }

    fn causes(&self, page: &mut String) {
        let causes = &self.report.causes;
        if causes.is_empty() {
            return;
        }
        section(page, "causes", "Causes");
        let most = causes.first().map_or(1, |cause| cause.targets);
        for cause in causes {
            let _ = write!(
                page,
                "<div class=\"card attention\"><h3>{} <span class=\"word\">{}</span></h3>{}",
                escaped(&cause.title),
                counted(cause.targets, "target"),
                bar(cause.targets, most)
            );
            self.names(page, &cause.names);
            page.push_str("</div>\n");
        }
        page.push_str("</section>\n");
    }

    fn failures(&self, page: &mut String) {
        let failures = &self.report.failures;
        if failures.is_empty() {
            return;
        }
        section(page, "failures", "Why targets did not end well");
        for failure in failures {
            let step = failure.step.as_ref().map_or_else(String::new, |step| {
                format!("<code>{}</code>: ", escaped(step))
            });
            let _ = write!(
                page,
                "<div class=\"card bad\"><h3>{} <span class=\"word\">{}</span></h3><p>{step}{}</p>",
                escaped(&word(&failure.code)),
                counted(failure.targets, "target"),
                escaped(&failure.message)
            );
            self.names(page, &failure.names);
            page.push_str("</div>\n");
        }
        page.push_str("</section>\n");
    }

    fn waves(&self, page: &mut String) {
        let waves = &self.report.waves;
        if waves.is_empty() {
            return;
        }
        section(page, "waves", "Waves");
        page.push_str(
            "<div class=\"scroll\" role=\"region\" aria-label=\"Table of the waves\" tabindex=\"0\"><table><thead><tr>\
             <th scope=\"col\">Wave</th><th scope=\"col\">Targets</th><th scope=\"col\">Came to</th>\
             <th scope=\"col\">Took</th><th scope=\"col\">Before it</th></tr></thead><tbody>",
        );
        for wave in waves {
            let took = match (wave.started, wave.ended) {
                (Some(started), Some(ended)) => lasting(ended.duration_since(started).as_secs()),
                _ => "–".to_owned(),
            };
            let answer = wave.answer.as_ref().map_or_else(String::new, |answer| {
                let word = if answer.yes { "yes" } else { "no" };
                let reason = answer.reason.as_ref();
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                format!("{word} by {}, {}{reason}", answer.by, at(answer.at))
            });
            let _ = write!(
                page,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{took}</td><td>{}</td></tr>",
                wave.wave,
                grouped(wave.targets),
                ends(&wave.counts),
                escaped(&answer)
            );
        }
        page.push_str("</tbody></table></div></section>\n");
    }

    fn groups(&self, page: &mut String) {
        let groups = &self.report.groups;
        if groups.is_empty() {
            return;
        }
        section(page, "groups", "By account, region and label");
        let mut by = "";
        for group in groups {
            if group.by != by {
                if !by.is_empty() {
                    page.push_str("</tbody></table></details>");
                }
                by = &group.by;
                let values = groups.iter().filter(|other| other.by == by).count();
                let _ = write!(
                    page,
                    "<details{}><summary>{} ({values})</summary><table><thead><tr><th scope=\"col\">{1}</th><th scope=\"col\">Targets</th><th scope=\"col\">Came to</th></tr></thead><tbody>",
                    if values <= NAMED { " open" } else { "" },
                    escaped(&capital(by))
                );
            }
            let _ = write!(
                page,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
                escaped(&group.value),
                grouped(group.targets),
                ends(&group.counts)
            );
        }
        page.push_str("</tbody></table></details></section>\n");
    }

    fn slow(&self, page: &mut String) {
        let report = self.report;
        if report.totals.targets > 1 && !report.slowest.is_empty() {
            section(page, "slow", "Slowest");
            page.push_str("<ol class=\"left\">");
            for slow in &report.slowest {
                let _ = write!(
                    page,
                    "<li>{} <span class=\"soft\">{}</span></li>",
                    self.link(&slow.target),
                    took(slow.seconds)
                );
            }
            page.push_str("</ol></section>\n");
        }
        if !report.throttled.is_empty() {
            section(page, "throttled", "Most throttled");
            page.push_str("<ol class=\"left\">");
            for one in &report.throttled {
                let _ = write!(
                    page,
                    "<li>{} <span class=\"soft\">{} of {} calls throttled, {} repeated</span></li>",
                    self.link(&one.target),
                    one.throttled,
                    one.calls,
                    one.retries
                );
            }
            page.push_str("</ol></section>\n");
        }
    }

    fn totals(&self, page: &mut String) {
        let totals = &self.report.totals;
        section(page, "totals", "In all");
        let of = |count: u64| grouped(usize::try_from(count).unwrap_or(usize::MAX));
        page.push_str("<dl>");
        for (name, value) in [
            ("Calls", of(totals.calls)),
            ("Throttled", of(totals.throttled)),
            ("Repeated", of(totals.retries)),
            ("Writes", grouped(totals.writes)),
            ("Not confirmed", grouped(totals.unconfirmed)),
            ("Taken back", grouped(totals.undone)),
        ] {
            let _ = write!(page, "<dt>{name}</dt><dd>{value}</dd>");
        }
        page.push_str("</dl></section>\n");
    }

    /// All targets, by what they came to.
    fn targets(&self, page: &mut String) {
        section(page, "targets", "All targets");
        for end in ENDS {
            let own = self.report.targets.iter().enumerate();
            let own: Vec<(usize, &TargetTold)> =
                own.filter(|(_, target)| target.end == end).collect();
            if own.is_empty() {
                continue;
            }
            let looked_at = matches!(tone(end), Tone::Bad | Tone::Attention);
            let open = looked_at && own.len() <= UNFOLDED || self.report.targets.len() <= UNFOLDED;
            let _ = write!(
                page,
                "<details class=\"step {}\" id=\"end-{end}\"{}><summary>{} <span class=\"word\">{}</span></summary><ul class=\"plain targets\">",
                tone(end).as_str(),
                if open { " open" } else { "" },
                escaped(&capital(&word(end))),
                grouped(own.len())
            );
            for (number, target) in own {
                target_line(page, number, target);
            }
            page.push_str("</ul></details>\n");
        }
        page.push_str("</section>\n");
    }
}

fn target_line(page: &mut String, number: usize, target: &TargetTold) {
    let name = match &target.page {
        Some(own) => format!("<a href=\"{own}\">{}</a>", escaped(&target.name)),
        None => escaped(&target.name),
    };
    let _ = write!(
        page,
        "<li id=\"t{number}\" class=\"{}\"><b>{name}</b>",
        target.tone.as_str()
    );
    let mut facts: Vec<String> = [&target.account, &target.region]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    facts.push(format!("wave {}", target.wave));
    facts.extend(target.seconds.map(took));
    let _ = write!(
        page,
        " <span class=\"soft\">{}</span>",
        escaped(&facts.join(" · "))
    );
    for text in std::iter::once(&target.said)
        .filter(|said| !said.is_empty())
        .chain(&target.causes)
    {
        let _ = write!(page, "<br><span class=\"soft\">{}</span>", escaped(text));
    }
    if !target.changes.is_empty() {
        let changes: Vec<String> = target
            .changes
            .iter()
            .map(|change| format!("{} ({})", change.action, change.state))
            .collect();
        let _ = write!(
            page,
            "<br><span class=\"soft\">changed: {}</span>",
            escaped(&changes.join(", "))
        );
    }
    if let (None, Some(run)) = (&target.page, &target.run) {
        let _ = write!(page, "<br><code>runbook report {}</code>", escaped(run));
    }
    page.push_str("</li>");
}

/// A bar as wide as a count is against the greatest; the number beside it says the same.
fn bar(count: usize, most: usize) -> String {
    let percent = (count * 100).div_ceil(most.max(1)).min(100);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{percent}\" height=\"4\"/></svg>"
    )
}

/// `1 failed, 9 resolved`
fn ends(counts: &[Count]) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|count| {
            format!(
                "<span class=\"end {}\">{} {}</span>",
                count.tone.as_str(),
                grouped(count.targets),
                escaped(&word(&count.end))
            )
        })
        .collect();
    counts.join(", ")
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// The mark of a fleet as a drawing: fonts need not have it.
fn icon(report: &FleetReport) -> &'static str {
    match (report.status.as_str(), report.tone) {
        ("running", _) => "M10 8l6 4-6 4z",
        ("paused" | "waiting", _) => "M9.3 7.8v8.4M14.7 7.8v8.4",
        ("interrupted" | "stopped", _) => "M8.8 8.8h6.4v6.4H8.8z",
        (_, Tone::Good) => "M7 12.5l3.6 3.6L17.2 8.6",
        (_, Tone::Bad) => "M8 8l8 8M16 8l-8 8",
        _ => "M12 11a1 1 0 1 0 .01 0z",
    }
}
