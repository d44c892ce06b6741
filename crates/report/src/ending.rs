//! The end of a run for people: verdict, causes with their evidence, what was changed, what is left to do.

use crate::line::{Line, Look, Tone};
use crate::question::yaml_lines;
use crate::step_line::one_line;
use crate::value_text::differing;
use jiff::SignedDuration;
use runbook_interpreter::outcome::{Change, Outcome, StepStatus};
use runbook_interpreter::truth::Truth;
use runbook_interpreter::verdict::{Reason, Verdict};
use serde_json::Value as Json;

/// What is known beside the outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The command that makes this run again.
    pub again: &'a str,
    /// The command that goes further than this run was asked to go.
    pub onward: Option<&'a str>,
}

/// Draws the end of a run.
pub(crate) fn lines(outcome: &Outcome, beside: Beside<'_>, look: Look) -> Vec<String> {
    let mut lines = verdict(outcome, look);
    lines.extend(causes(outcome, look));
    lines.extend(changes(outcome, look));
    lines.extend(escalated(outcome, look));
    lines.extend(next(outcome, beside, look));
    lines
}

fn verdict(outcome: &Outcome, look: Look) -> Vec<String> {
    let tone = match outcome.verdict {
        verdict if verdict.is_well() => Tone::Good,
        Verdict::Paused => Tone::Attention,
        _ => Tone::Bad,
    };
    let word = match outcome.reason {
        Some(reason) => format!("{} ({})", outcome.verdict, reason.as_str()),
        None => outcome.verdict.to_string(),
    };
    let took = outcome.ended.duration_since(outcome.started);
    let took = (!took.is_zero()).then(|| lasting(took));
    Line::at(0)
        .with(tone, word)
        .maybe(Tone::Plain, " after ", took)
        .maybe(
            Tone::Plain,
            ": ",
            Some(&outcome.explanation).filter(|text| !text.is_empty()),
        )
        .wrapped(look)
}

/// A length of time for people: to the second, below that to the millisecond.
pub(crate) fn lasting(length: SignedDuration) -> String {
    let rounded = if length.as_secs() >= 1 {
        SignedDuration::from_secs(length.as_secs())
    } else {
        SignedDuration::from_millis(length.subsec_millis().into())
    };
    runbook_playbook::duration::format(rounded)
}

fn causes(outcome: &Outcome, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    for cause in &outcome.causes {
        let (tone, mark) = match cause.found {
            Truth::True => (Tone::Attention, "●"),
            Truth::Unknown => (Tone::Attention, "?"),
            Truth::False => continue,
        };
        let line = Line::at(1)
            .with(tone, mark)
            .plain(" ")
            .with(Tone::Strong, &cause.name)
            .maybe(
                Tone::Plain,
                "  ",
                Some(&cause.title).filter(|title| **title != cause.name),
            );
        lines.extend(line.wrapped(look));
        for evidence in &cause.evidence {
            if evidence.truth == cause.found {
                let line = Line::at(2)
                    .with(Tone::Quiet, format!("{}: ", evidence.step))
                    .plain(one_line(&evidence.found));
                lines.extend(line.wrapped(look));
            }
        }
    }
    titled("Causes", lines, look)
}

fn changes(outcome: &Outcome, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &outcome.changes {
        let state = match change {
            Change { undone: true, .. } => "  taken back",
            Change {
                confirmed: false, ..
            } => "  not confirmed",
            Change {
                undoes: Some(_), ..
            } => "  takes a change back",
            _ => "",
        };
        let line = Line::at(1)
            .with(Tone::Strong, &change.step)
            .plain("  ")
            .plain(&change.action)
            .with(Tone::Attention, state);
        lines.extend(line.wrapped(look));
        for value in &change.values {
            let (from, to) = differing(&value.from, &value.to);
            let line = Line::at(2)
                .plain(format!("{}: ", value.path))
                .plain(from)
                .plain(" → ")
                .plain(to);
            lines.extend(line.wrapped(look));
        }
        if change.values.is_empty() {
            for line in yaml_lines(&change.arguments, 2) {
                lines.push(line.cut(look));
            }
        }
    }
    titled("Changed", lines, look)
}

/// Who was told, and who else can be: names and how to reach them.
fn escalated(outcome: &Outcome, look: Look) -> Vec<String> {
    let Some(escalated) = &outcome.escalated else {
        return Vec::new();
    };
    let levels: Vec<String> = escalated.levels.iter().map(u32::to_string).collect();
    let word = if levels.len() == 1 { "level" } else { "levels" };
    let mut lines = Vec::new();
    let mut say = |tone: Tone, text: String| {
        lines.extend(Line::at(1).with(tone, text).wrapped(look));
    };
    say(Tone::Plain, format!("to {word} {}", levels.join(", ")));
    if !escalated.gathered.is_empty() {
        let gathered = escalated.gathered.join(", ");
        say(Tone::Plain, format!("gathered: {gathered}"));
    }
    if !escalated.told.is_empty() {
        say(Tone::Good, format!("told by {}", escalated.told.join(", ")));
    }
    if !escalated.failed.is_empty() {
        let failed = escalated.failed.join(", ");
        say(Tone::Bad, format!("could not be told by {failed}"));
    }
    if let Some(why) = &escalated.not_told {
        say(Tone::Attention, format!("nobody was told: {why}"));
    }
    let contacts: Vec<(&String, Json)> = escalated
        .contacts
        .iter()
        .map(|(name, contact)| (name, contact.to_json()))
        .filter(|(name, contact)| concerns(name, contact, &escalated.levels))
        .collect();
    if !contacts.is_empty() {
        say(Tone::Quiet, "who can be reached:".to_owned());
    }
    for (name, contact) in contacts {
        say(Tone::Plain, format!("{name}: {}", reached(&contact)));
    }
    titled("Escalated", lines, look)
}

/// Whether a contact belongs to one of the levels: by its `level`, one or a list, or by its name, `level_2`. One that
/// says neither belongs to all.
pub(crate) fn concerns(name: &str, contact: &Json, levels: &[u32]) -> bool {
    let one = |level: &Json| {
        let level = level.as_u64().and_then(|level| u32::try_from(level).ok());
        level.is_some_and(|level| levels.contains(&level))
    };
    match contact.get("level") {
        Some(Json::Array(several)) => several.iter().any(one),
        Some(level @ Json::Number(_)) => one(level),
        _ => match name.strip_prefix("level_").map(str::parse::<u32>) {
            Some(Ok(level)) => levels.contains(&level),
            _ => true,
        },
    }
}

/// A contact in a line: what stands in it, without the punctuation of JSON.
fn reached(contact: &Json) -> String {
    match contact {
        Json::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name} {}", reached(value)))
                .collect();
            members.join(", ")
        }
        Json::Array(items) => items.iter().map(reached).collect::<Vec<_>>().join(", "),
        Json::String(text) => one_line(text),
        other => other.to_string(),
    }
}

fn next(outcome: &Outcome, beside: Beside<'_>, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |tone: Tone, text: &str| {
        // A command stands on one line however long it is, so that it can be copied.
        let room = match tone {
            Tone::Strong => Look {
                width: None,
                ..look
            },
            _ => look,
        };
        if !text.is_empty() {
            lines.extend(Line::at(1).with(tone, text).wrapped(room));
        }
    };
    for change in outcome.changes.iter().filter(|change| !change.confirmed) {
        let text = format!(
            "look whether {} of {} took effect: no success was reported",
            change.action, change.step
        );
        say(Tone::Plain, &text);
    }
    match outcome.verdict {
        Verdict::Paused => {
            if let Some(waiting) = &outcome.waiting {
                say(Tone::Plain, &format!("still to do at {}:", waiting.step));
                for line in waiting.question.lines() {
                    say(Tone::Plain, &format!("  {line}"));
                }
                if !waiting.next.is_empty() {
                    say(Tone::Plain, "to go on:");
                    say(Tone::Strong, &waiting.next);
                }
            }
        }
        Verdict::Diagnosed => match beside.onward {
            Some(onward) => {
                say(Tone::Plain, "to go on:");
                say(Tone::Strong, onward);
            }
            None => say(Tone::Plain, "mend what was found"),
        },
        Verdict::Unresolved => say(Tone::Plain, unresolved(outcome)),
        Verdict::Unhealthy => say(Tone::Plain, "look at the checks marked ✗"),
        Verdict::Failed | Verdict::Aborted => {
            for (path, step) in &outcome.steps {
                if let Some(error) = step
                    .error
                    .as_ref()
                    .filter(|_| step.status == StepStatus::Failed && !outcome.environment)
                {
                    say(Tone::Plain, &format!("look at {path} ({})", error.code));
                }
            }
            if !beside.again.is_empty() {
                say(
                    Tone::Plain,
                    if outcome.environment {
                        "mend that, then run it again:"
                    } else {
                        "to run it again:"
                    },
                );
                say(Tone::Strong, beside.again);
            }
        }
        Verdict::Undone
        | Verdict::Absent
        | Verdict::Resolved
        | Verdict::Done
        | Verdict::Healthy => {}
    }
    titled("Next", lines, look)
}

fn unresolved(outcome: &Outcome) -> &'static str {
    match outcome.reason {
        Some(Reason::Unexplained) => "find the cause by hand: none that the playbook knows shows",
        Some(Reason::NoRemedy) => "mend the cause by hand: no remedy of the playbook applies",
        Some(Reason::Declined) => "the remedy was declined; run it again to be asked again",
        Some(Reason::ReadOnly) => "nothing was changed; run it without --read-only to mend it",
        None if outcome.escalated.is_some() => {
            "the remedy did not help; go on with what was found above"
        }
        None | Some(Reason::Timeout) => {
            "the remedy did not help; escalate with what was found above"
        }
    }
}

fn titled(title: &str, lines: Vec<String>, look: Look) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let mut all = vec![
        String::new(),
        Line::at(0).with(Tone::Strong, title).cut(look),
    ];
    all.extend(lines);
    all
}

#[cfg(test)]
mod tests {
    use super::concerns;
    use serde_json::json;

    #[test]
    fn contacts_belong_to_the_levels_that_they_name() {
        for (name, contact, due) in [
            ("level_1", json!({"role": "on-call"}), false),
            ("level_2", json!({"role": "lead"}), true),
            ("primary", json!({"level": 1}), false),
            ("secondary", json!({"level": [1, 2]}), true),
            ("war room", json!({"room": "4.01"}), true),
            ("level_1", json!({"level": 2}), true),
            ("number", json!("555-0100"), true),
        ] {
            assert_eq!(concerns(name, &contact, &[2]), due, "{name} {contact}");
        }
    }
}
