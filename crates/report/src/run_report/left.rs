//! What is left for people to do after a run, and the command for it.

use super::collect::Commands;
use super::journal_text::text;
use super::model::{Left, Report};
use super::said::{found, levels};
use serde_json::Value as Json;

/// What is left, the most pressing first.
pub(super) fn left(report: &Report, waiting: Option<&Json>, commands: &Commands) -> Vec<Left> {
    let mut left = Vec::new();
    let mut say = |text: String, command: &str| {
        left.push(Left {
            text,
            command: Some(command.to_owned()).filter(|command| !command.is_empty()),
        });
    };
    for change in report.changes.iter().filter(|change| !change.confirmed) {
        let text = format!(
            "look whether {} of {} took effect: no success was reported",
            change.action, change.step
        );
        say(text, "");
    }
    if let Some(escalation) = &report.escalation {
        let whom = levels(&escalation.levels);
        if let Some(why) = &escalation.not_told {
            say(format!("tell {whom} yourself: {why}"), "");
        } else if !escalation.failed.is_empty() {
            say(
                format!(
                    "tell {whom} yourself: {} failed",
                    escalation.failed.join(", ")
                ),
                "",
            );
        }
    }
    match report.status.as_str() {
        "paused" => {
            let waiting = waiting.filter(|waiting| !waiting.is_null());
            let asked = waiting.map(|waiting| {
                format!(
                    "answer {}: {}",
                    text(waiting, "step"),
                    text(waiting, "question")
                )
            });
            say(
                asked.unwrap_or_else(|| "answer what it waits for".to_owned()),
                &commands.resume,
            );
        }
        "aborted" | "interrupted" => say("go on where it was".to_owned(), &commands.resume),
        "diagnosed" => say("mend what was found".to_owned(), &commands.again),
        "unresolved" => say(
            unresolved(report).to_owned(),
            if report.reason.as_deref() == Some("declined") {
                &commands.again
            } else {
                ""
            },
        ),
        "unhealthy" => {
            for step in report
                .steps
                .iter()
                .filter(|step| step.tone == super::model::Tone::Bad)
            {
                say(format!("look at {}: {}", step.path, found(step)), "");
            }
            say("check again once it is mended".to_owned(), &commands.again);
        }
        "failed" => {
            for step in report.steps.iter().filter(|step| step.status == "failed") {
                say(format!("look at {}: {}", step.path, found(step)), "");
            }
            say(
                "run it again once that is mended".to_owned(),
                &commands.again,
            );
        }
        "undone" => say(
            "find another remedy: what was done has been taken back".to_owned(),
            "",
        ),
        _ => {}
    }
    let undo = |step: &str| {
        let asked = report.approvals.iter();
        asked
            .into_iter()
            .any(|approval| approval.step == step && !approval.undo.is_empty())
    };
    let stands = |change: &super::model::Change| {
        change.confirmed && !change.undone && change.undoes.is_none() && undo(&change.step)
    };
    if report.changes.iter().any(stands) && !commands.undo.is_empty() && report.status != "running"
    {
        say(
            "take back what was changed, if need be".to_owned(),
            &commands.undo,
        );
    }
    left
}

fn unresolved(report: &Report) -> &'static str {
    match report.reason.as_deref() {
        Some("unexplained") => "find the cause by hand: none that the playbook knows shows",
        Some("no_remedy") => "mend the cause by hand: no remedy of the playbook applies",
        Some("declined") => "the remedy was declined; run it again to be asked again",
        _ if report.escalation.is_some() => {
            "the remedy did not help; go on with what was found here"
        }
        _ => "the remedy did not help; escalate with what was found here",
    }
}
