//! An ended step as a line: symbol, name, what it found.

use crate::chart::{Chart, sparkline};
use crate::line::{Line, Look, Tone, shorten};
use crate::value_text::short;
use runbook_interpreter::outcome::{AssertionOutcome, StepOutcome, StepStatus};
use runbook_interpreter::truth::Truth;

/// Where a step stands in the tree, read off its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepPlace {
    /// The blocks around it, outermost first, each with its path.
    pub blocks: Vec<(String, String)>,
    /// What the line calls it.
    pub name: String,
}

impl StepPlace {
    /// Reads a path such as `resolve.restart.finally.report`. An undo step stands beside the step that it takes back.
    pub(crate) fn of(path: &str) -> Self {
        let mut segments: Vec<&str> = path.split('.').skip(1).collect();
        let Some(last) = segments.pop() else {
            return Self {
                blocks: Vec::new(),
                name: path.to_owned(),
            };
        };
        let mut name = last.to_owned();
        if let Some(at) = segments.iter().position(|segment| *segment == "undo") {
            name = format!("undo {last}");
            segments.truncate(at.saturating_sub(1));
        }
        let mut prefix = path.split('.').next().unwrap_or_default().to_owned();
        let mut blocks = Vec::new();
        for segment in segments {
            prefix.push('.');
            prefix.push_str(segment);
            blocks.push((prefix.clone(), segment.to_owned()));
        }
        Self { blocks, name }
    }

    /// How deep its line stands below the graph's name.
    pub(crate) fn depth(&self) -> usize {
        self.blocks.len() + 1
    }
}

/// The symbol of an ended step. A claim that holds is full, one that does not is empty.
pub(crate) fn symbol(graph: &str, outcome: &StepOutcome) -> (Tone, &'static str) {
    match (outcome.status, outcome.holds) {
        (StepStatus::Failed, _) => (Tone::Bad, "✗"),
        (StepStatus::Blocked, _) | (StepStatus::Done, Some(Truth::Unknown)) => {
            (Tone::Attention, "?")
        }
        (StepStatus::Skipped, _) => (Tone::Quiet, "–"),
        (StepStatus::Undone, _) => (Tone::Attention, "↶"),
        (StepStatus::Done, Some(Truth::True)) if graph == "check" => (Tone::Good, "✓"),
        (StepStatus::Done, Some(Truth::False)) if graph == "check" => (Tone::Bad, "✗"),
        (StepStatus::Done, Some(Truth::True)) => (Tone::Attention, "●"),
        (StepStatus::Done, Some(Truth::False)) => (Tone::Good, "○"),
        (StepStatus::Done, None) => (Tone::Good, "✓"),
    }
}

/// Draws an ended step: one line, and further ones for an error, a warning or a chart.
pub(crate) fn lines(
    path: &str,
    outcome: &StepOutcome,
    chart: Option<&Chart>,
    look: Look,
) -> Vec<String> {
    // The steps of a nested run stand after the step that runs it: `check.services/symptom.tasks`.
    let own = path.rsplit('/').next().unwrap_or(path);
    let graph = own.split('.').next().unwrap_or_default();
    let place = StepPlace::of(path);
    let depth = place.depth();
    let (tone, mark) = symbol(graph, outcome);
    let quiet = matches!(outcome.status, StepStatus::Skipped);
    let name_tone = if quiet { Tone::Quiet } else { Tone::Strong };
    let called = outcome
        .title
        .clone()
        .filter(|_| outcome.status != StepStatus::Failed || outcome.action.is_none())
        .or_else(|| outcome.action.clone())
        .or_else(|| outcome.title.clone());
    let head = Line::at(depth)
        .with(tone, mark)
        .plain(" ")
        .with(name_tone, &place.name)
        .maybe(
            if quiet { Tone::Quiet } else { Tone::Plain },
            "  ",
            called.as_ref(),
        );
    let mut lines = match &outcome.error {
        Some(error) if outcome.status != StepStatus::Done => {
            let message = sentence(outcome.action.as_deref(), &error.message);
            let what = if error.code.is_empty() {
                message.to_owned()
            } else {
                format!("{}: {message}", error.code)
            };
            let tone = if quiet { Tone::Quiet } else { tone };
            let head = head.with(Tone::Quiet, ": ").with(tone, what);
            if quiet {
                vec![head.cut(look)]
            } else {
                head.wrapped(look)
            }
        }
        _ => finding(&head, found(outcome, chart), depth, look),
    };
    for assertion in outcome.assertions.iter().filter(|it| it.warn) {
        if assertion.truth != Truth::True {
            let line = Line::at(depth + 1)
                .with(Tone::Attention, "warning: ")
                .plain(said(assertion));
            lines.extend(line.wrapped(look));
        }
    }
    if let Some(chart) = chart
        && let Some(points) = outcome.captures.get(&chart.capture)
    {
        let room = look.width.unwrap_or(80).saturating_sub(depth * 2 + 30);
        if let Some(drawn) = sparkline(points, chart.threshold, room) {
            lines.push(Line::at(depth + 1).plain(drawn).cut(look));
        }
    }
    lines
}

/// A failure without the action that it begins with: the line names it.
pub(crate) fn sentence<'m>(action: Option<&str>, message: &'m str) -> &'m str {
    action
        .and_then(|action| message.strip_prefix(action)?.strip_prefix(": "))
        .unwrap_or(message)
}

/// The most columns of what was asked.
const ASKED: usize = 60;

/// The most lines of a finding.
const MOST: usize = 3;

/// What was found beside the step's name, or below it where there is no room: it matters more than the title.
fn finding(head: &Line, found: Option<String>, depth: usize, look: Look) -> Vec<String> {
    let Some(found) = found else {
        return vec![head.cut(look)];
    };
    let one = head.clone().plain(": ").plain(&found);
    if look.width.is_none_or(|width| one.width() <= width) {
        return vec![one.cut(look)];
    }
    let mut lines = vec![head.cut(look)];
    let mut below = Line::at(depth + 1).plain(&found).wrapped(look);
    if below.len() > MOST {
        below.truncate(MOST);
        if let Some(last) = below.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    lines.append(&mut below);
    lines
}

/// What a step found, in a few words: what its claim rests on, then what it kept.
fn found(outcome: &StepOutcome, chart: Option<&Chart>) -> Option<String> {
    let mut words = Vec::new();
    if let Some(word) = outcome.error.as_ref().map(|error| error.code.as_str()) {
        words.push(word.to_owned());
    }
    let counted = || {
        outcome
            .assertions
            .iter()
            .filter(|it| !it.warn && !it.require)
    };
    match outcome.holds {
        Some(Truth::True) | None => words.extend(counted().map(said)),
        Some(truth) => words.extend(counted().find(|it| it.truth == truth).map(said)),
    }
    words.retain(|word| !word.is_empty());
    let kept: Vec<String> = outcome
        .captures
        .iter()
        .filter(|(name, _)| chart.is_none_or(|chart| chart.capture != **name))
        .map(|(name, value)| format!("{name} {}", short(value)))
        .collect();
    if !kept.is_empty() && words.is_empty() {
        words.push(kept.join(", "));
    }
    if outcome.truncated {
        words.push("cut at the limit".to_owned());
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// The author's message, or what was asked and found where there is none; both where the assertion is not true.
fn said(assertion: &AssertionOutcome) -> String {
    let said = match (&assertion.message, assertion.truth) {
        (Some(message), Truth::True) => message.clone(),
        (Some(message), _) if assertion.found.is_empty() => message.clone(),
        (Some(message), _) => format!("{message} ({})", assertion.found),
        (None, _) if assertion.found.is_empty() => assertion.asked.clone(),
        (None, _) if assertion.found.contains(&assertion.asked) => assertion.found.clone(),
        (None, _) => {
            // What was found matters more than the whole of a long question.
            let asked = shorten(&one_line(&assertion.asked), ASKED);
            format!("{asked}: {}", assertion.found)
        }
    };
    one_line(&said)
}

/// Text of a folded or indented YAML value with single spaces.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::StepPlace;

    #[test]
    fn a_path_gives_the_blocks_around_a_step() {
        let place = StepPlace::of("resolve.restart.finally.report");
        assert_eq!(place.name, "report");
        assert_eq!(
            place.blocks,
            [
                ("resolve.restart".to_owned(), "restart".to_owned()),
                ("resolve.restart.finally".to_owned(), "finally".to_owned())
            ]
        );
    }

    #[test]
    fn an_undo_stands_beside_what_it_takes_back() {
        let place = StepPlace::of("resolve.more_memory.register.undo.register");
        assert_eq!((place.name.as_str(), place.depth()), ("undo register", 2));
        assert_eq!(StepPlace::of("resolve.scale.undo.scale").depth(), 1);
    }
}
