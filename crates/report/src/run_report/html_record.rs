//! What stands on record beside the steps: timeline, approvals, environment, request ids.

use super::facts::facts;
use super::html::section;
use super::html_values::{cut, fold, payload, short, values};
use super::model::{AskedCall, Call, Report, Step};
use super::said::{answer, at, clock, counted};
use super::timeline;
use crate::plan_html::escaped;
use std::fmt::Write as _;

pub(super) fn timeline_of(page: &mut String, report: &Report) {
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

pub(super) fn approvals(page: &mut String, report: &Report) {
    if report.approvals.is_empty() {
        return;
    }
    section(page, "approvals", "Approvals");
    for approval in &report.approvals {
        let _ = write!(
            page,
            "<div class=\"card quiet\"><h3>{} <span class=\"word\">{}</span></h3>",
            escaped(&approval.step),
            escaped(&answer(approval))
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

pub(super) fn environment(page: &mut String, report: &Report) {
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

pub(super) fn requests(page: &mut String, report: &Report) {
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
