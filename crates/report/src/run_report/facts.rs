//! Where and with what a run ran, as labels and values.

use super::model::Report;
use super::said::{at, lasting};
use crate::value_text::short_json;

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
            facts.push((name, short_json(asked)));
        }
    }
    facts
}
