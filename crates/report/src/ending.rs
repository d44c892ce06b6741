//! The end of a run for people: verdict, causes with their evidence, what was changed, what is left to do.

use crate::line::{Line, Look, Tone};
use crate::question::yaml_lines;
use crate::step_line::{self, one_line};
use crate::value_text::differing;
use jiff::SignedDuration;
use runbook_interpreter::outcome::{Change, Escalated, Outcome, StepOutcome, StepStatus};
use runbook_interpreter::truth::Truth;
use runbook_interpreter::verdict::{Reason, Verdict};
use serde_json::Value as Json;

/// What is known of a run beside its outcome: the commands that follow it, and where its reports are.
#[derive(Debug, Clone, Default)]
pub struct Commands {
    /// Makes the run again.
    pub again: String,
    /// Goes further than this run was asked to go.
    pub further: Option<String>,
    /// Goes on with it, where it is on record.
    pub resume: Option<String>,
    /// Takes back what it did, where it is on record.
    pub undo: Option<String>,
    /// Writes its report, where it is on record.
    pub report: Option<String>,
    /// The files that its reports are written to.
    pub reports: Vec<String>,
}

/// Draws the end of a run: the verdict, the causes, the changes, who was told, what is left to do, the reports, and the
/// next command.
pub(crate) fn lines(outcome: &Outcome, commands: &Commands, look: Look) -> Vec<String> {
    let mut lines = verdict(outcome, look);
    lines.extend(causes(outcome, look));
    lines.extend(changes(outcome, look));
    lines.extend(escalated(outcome, look));
    lines.extend(left(outcome, look));
    lines.extend(reports(commands, look));
    lines.extend(next(outcome, commands, look));
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
    let mut lines = Vec::new();
    let mut say = |tone: Tone, text: String| {
        lines.extend(Line::at(1).with(tone, text).wrapped(look));
    };
    say(Tone::Plain, format!("to {}", levels(escalated)));
    if !escalated.gathered.is_empty() {
        let gathered = each_once(&escalated.gathered);
        say(Tone::Plain, format!("gathered: {gathered}"));
    }
    if !escalated.told.is_empty() {
        say(
            Tone::Good,
            format!("told by {}", each_once(&escalated.told)),
        );
    }
    if !escalated.failed.is_empty() {
        let failed = each_once(&escalated.failed);
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

/// `level 2`, `levels 1, 3`.
fn levels(escalated: &Escalated) -> String {
    let mut levels = escalated.levels.clone();
    levels.sort_unstable();
    let word = if levels.len() == 1 { "level" } else { "levels" };
    let levels: Vec<String> = levels.iter().map(u32::to_string).collect();
    format!("{word} {}", levels.join(", "))
}

/// Names in their order, those that come several times with how often: every level is told by the same steps.
fn each_once(names: &[String]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counted.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => counted.push((name, 1)),
        }
    }
    let said: Vec<String> = counted
        .into_iter()
        .map(|(name, count)| match count {
            1 => name.to_owned(),
            2 => format!("{name} (twice)"),
            many => format!("{name} ({many} times)"),
        })
        .collect();
    said.join(", ")
}

/// What people have to do.
fn left(outcome: &Outcome, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |text: &str| {
        lines.extend(Line::at(1).plain("- ").plain(one_line(text)).wrapped(look));
    };
    for change in outcome.changes.iter().filter(|change| !change.confirmed) {
        say(&format!(
            "look whether {} of {} took effect: no success was reported",
            change.action, change.step
        ));
    }
    if let Some(escalated) = &outcome.escalated {
        let levels = levels(escalated);
        if let Some(why) = &escalated.not_told {
            say(&format!("tell {levels} yourself: {why}"));
        } else if !escalated.failed.is_empty() {
            let failed = each_once(&escalated.failed);
            say(&format!("tell {levels} yourself: {failed} failed"));
        }
    }
    match outcome.verdict {
        Verdict::Diagnosed => say("mend what was found"),
        Verdict::Unresolved => say(unresolved(outcome)),
        Verdict::Unhealthy => {
            for (path, step) in &outcome.steps {
                if is_false_check(path, step) {
                    say(&format!("look at {path}: {}", step_line::claim(step)));
                }
            }
        }
        Verdict::Failed | Verdict::Aborted => {
            for (path, step) in &outcome.steps {
                if let Some(error) = step
                    .error
                    .as_ref()
                    .filter(|_| step.status == StepStatus::Failed && !outcome.environment)
                {
                    say(&format!("look at {path} ({})", error.code));
                }
            }
            if outcome.reason == Some(Reason::Timeout) {
                say("begin anew if need be: its time is over, so it cannot go on");
            }
        }
        Verdict::Undone => say("find another remedy: this one was taken back"),
        Verdict::Paused
        | Verdict::Absent
        | Verdict::Resolved
        | Verdict::Done
        | Verdict::Healthy => {}
    }
    if let Some(waiting) = &outcome.waiting {
        let step = &waiting.step;
        lines.extend(
            Line::at(1)
                .plain(format!("- still to do at {step}:"))
                .wrapped(look),
        );
        for line in waiting.question.lines() {
            // What is sent reads better a member a line.
            let call = line.split_once(" {").and_then(|(action, arguments)| {
                let arguments = serde_json::from_str::<Json>(&format!("{{{arguments}"));
                Some((action, arguments.ok()?))
            });
            match call {
                Some((action, arguments)) => {
                    lines.push(Line::at(2).plain(action).cut(look));
                    for line in yaml_lines(&arguments, 3) {
                        lines.extend(line.wrapped(look));
                    }
                }
                None => lines.extend(Line::at(2).plain(line).wrapped(look)),
            }
        }
    }
    titled("Left to do", lines, look)
}

fn is_false_check(path: &str, step: &StepOutcome) -> bool {
    path.starts_with("check.")
        && step.status == StepStatus::Done
        && step.holds == Some(Truth::False)
}

/// Where the run is told at length.
fn reports(commands: &Commands, look: Look) -> Vec<String> {
    let shown = if commands.reports.is_empty() {
        commands.report.as_slice()
    } else {
        &commands.reports
    };
    let lines = shown.iter().map(|line| whole(line, look)).collect();
    titled("Report", lines, look)
}

/// A path or a command stands on one line however long it is, so that it can be copied.
fn whole(text: &str, look: Look) -> String {
    let room = Look {
        width: None,
        ..look
    };
    Line::at(1).with(Tone::Strong, text).cut(room)
}

/// The command that comes next, or more of them with what each does.
fn next(outcome: &Outcome, commands: &Commands, look: Look) -> Vec<String> {
    let mut said: Vec<(&str, &str)> = Vec::new();
    let waiting = outcome.waiting.as_ref();
    let resume = commands.resume.as_deref();
    match outcome.verdict {
        Verdict::Paused => {
            said.extend(waiting.map(|waiting| ("to go on:", waiting.next.as_str())));
        }
        Verdict::Diagnosed => {
            said.extend(commands.further.as_deref().map(|line| ("to go on:", line)));
        }
        Verdict::Unresolved if outcome.reason == Some(Reason::Declined) => {
            said.push(("to be asked again:", &commands.again));
        }
        Verdict::Unhealthy => said.push(("to check again:", &commands.again)),
        Verdict::Failed if outcome.environment => {
            said.push(("mend that, then run it again:", &commands.again));
        }
        Verdict::Aborted if outcome.reason != Some(Reason::Timeout) && resume.is_some() => {
            said.extend(resume.map(|line| ("to go on:", line)));
        }
        Verdict::Failed | Verdict::Aborted => said.push(("to run it again:", &commands.again)),
        Verdict::Undone
        | Verdict::Unresolved
        | Verdict::Absent
        | Verdict::Resolved
        | Verdict::Done
        | Verdict::Healthy => {}
    }
    let stands = |change: &Change| change.confirmed && !change.undone && change.undoes.is_none();
    let ended = !outcome.verdict.is_well() && outcome.verdict != Verdict::Paused;
    if ended && outcome.changes.iter().any(stands) {
        let undo = commands.undo.as_deref();
        said.extend(undo.map(|line| ("to take back what it did:", line)));
    }
    let lines = said
        .into_iter()
        .filter(|(_, line)| !line.is_empty())
        .flat_map(|(what, line)| [Line::at(1).plain(what).cut(look), whole(line, look)])
        .collect();
    titled("Next", lines, look)
}

fn unresolved(outcome: &Outcome) -> &'static str {
    match outcome.reason {
        Some(Reason::Unexplained) => "find the cause by hand: none that the playbook knows shows",
        Some(Reason::NoRemedy) => "mend the cause by hand: no remedy of the playbook applies",
        Some(Reason::Declined) => "mend it by hand, or run it again: the remedy was declined",
        Some(Reason::ReadOnly) => "run it without --read-only to mend it: nothing was changed",
        None if outcome.escalated.is_some() => {
            "go on with what was found above: the remedy did not help"
        }
        None | Some(Reason::Timeout) => {
            "escalate with what was found above: the remedy did not help"
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
