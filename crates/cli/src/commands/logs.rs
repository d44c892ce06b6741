//! `runbook logs`: what happened in a run, as it was recorded.

use crate::args::{Format, LogsArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::record::{Record, kept};
use runbook_report::question::safe;
use serde_json::Value as Json;
use std::time::Duration;

/// How often a run that is followed is looked at.
const EVERY: Duration = Duration::from_millis(250);

/// Shows the events of a run.
pub fn execute(arguments: &LogsArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.of.state_dir.as_deref(), environment)?;
    let row = record.file.find(&arguments.of.run).map_err(kept)?;
    let out = environment.console.out;
    let mut last = 0;
    loop {
        // Looked at before the events are read, so that none that came before its end is missed.
        let goes_on = arguments.follow && record.is_held(&row.id);
        for event in record.file.events(&row, last).map_err(kept)? {
            last = event.number;
            out.line(match arguments.format {
                Format::Json => event.body.to_string(),
                Format::Text => line(&event.body),
            });
        }
        if !goes_on {
            return Ok(exit::WELL);
        }
        std::thread::sleep(EVERY);
    }
}

/// An event in a line: time, what, and what it is about.
fn line(event: &Json) -> String {
    let text = |name: &str| event.get(name).and_then(Json::as_str).unwrap_or_default();
    let about = ["step", "graph", "cause", "verdict", "playbook"]
        .iter()
        .map(|name| text(name))
        .find(|about| !about.is_empty())
        .unwrap_or_default();
    let outcome = event.get("outcome");
    let more = match text("event") {
        "graph_ended" => text("summary").to_owned(),
        "step_started" => text("action").to_owned(),
        "step_ended" => {
            let of = |name: &str| outcome.and_then(|outcome| outcome.get(name));
            let status = of("status").and_then(Json::as_str).unwrap_or_default();
            let why = of("error").and_then(|error| error.get("message"));
            match why.and_then(Json::as_str) {
                Some(why) => format!("{status}: {why}"),
                None => status.to_owned(),
            }
        }
        "answered" => match text("by") {
            "" => text("answer").to_owned(),
            by => format!("{} by {by}", text("answer")),
        },
        "waiting" => text("why").to_owned(),
        "overridden" => format!(
            "{} by {}: {} ({})",
            text("guard"),
            text("by"),
            text("reason"),
            text("what")
        ),
        "cause_judged" => text("found").to_owned(),
        "run_ended" => text("explanation").to_owned(),
        _ => String::new(),
    };
    let line = format!("{}  {:<13}  {about}  {more}", text("at"), text("event"));
    safe(line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::line;
    use serde_json::json;

    #[test]
    fn an_event_is_a_line() {
        let event = json!({"at": "2026-01-15T12:00:00Z", "event": "step_ended", "step": "symptom.a", "outcome": {"status": "failed", "error": {"code": "x", "message": "no"}}});
        assert_eq!(
            line(&event),
            "2026-01-15T12:00:00Z  step_ended     symptom.a  failed: no"
        );
    }
}
