//! An ended step as a line: symbol, name, what it found.

use crate::chart::{self, Chart};
use crate::ending::lasting;
use crate::line::{Line, Look, Tone, shorten};
use crate::table::{self, Table};
use crate::value_text::{NOTHING, short};
use jiff::SignedDuration;
use runbook_interpreter::outcome::{AssertionOutcome, StepOutcome, StepStatus};
use runbook_interpreter::truth::Truth;
use unicode_width::UnicodeWidthStr;

/// Where a step stands in the tree, read off its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepPlace {
    /// The blocks around it, outermost first, each with its path.
    pub blocks: Vec<(String, String)>,
    /// What the line calls it.
    pub name: String,
}

impl StepPlace {
    /// Reads a path such as `resolve.restart.finally.report`. An undo step stands beside the step that it takes back, and
    /// the steps of a run inside of another, `check.services/symptom.tasks`, below the step that runs it.
    pub(crate) fn of(path: &str) -> Self {
        let mut place = Self {
            blocks: Vec::new(),
            name: path.to_owned(),
        };
        let mut prefix = String::new();
        let mut is_step = false;
        for (at, part) in path.split('/').enumerate() {
            let mut segments: Vec<&str> = part.split('.').collect();
            let graph = segments.remove(0);
            if at > 0 {
                prefix.push('/');
            }
            prefix.push_str(graph);
            // What stands before may be no step: `escalation/gather.errors`.
            if at > 0 && is_step {
                let caller = std::mem::take(&mut place.name);
                place
                    .blocks
                    .push((prefix.clone(), format!("{caller} › {graph}")));
            }
            is_step = !segments.is_empty();
            let Some(last) = segments.pop() else {
                graph.clone_into(&mut place.name);
                continue;
            };
            last.clone_into(&mut place.name);
            let whole = segments.len();
            if let Some(at) = segments.iter().position(|segment| *segment == "undo") {
                place.name = format!("undo {last}");
                segments.truncate(at.saturating_sub(1));
            }
            let shown = segments.len();
            for segment in segments {
                prefix.push('.');
                prefix.push_str(segment);
                place.blocks.push((prefix.clone(), segment.to_owned()));
            }
            if shown == whole {
                prefix.push('.');
                prefix.push_str(last);
            }
        }
        place
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

/// What a step draws beside its line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Drawings<'d> {
    pub chart: Option<&'d Chart>,
    pub table: Option<&'d Table>,
    /// It is a reading of several: a row is enough of its chart.
    pub is_again: bool,
}

impl Drawings<'_> {
    fn draws(&self, capture: &str) -> bool {
        self.chart.is_some_and(|chart| chart.capture == capture)
            || self.table.is_some_and(|table| table.capture == capture)
    }

    fn lines(&self, outcome: &StepOutcome, depth: usize, look: Look) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(chart) = self.chart
            && let Some(points) = outcome.captures.get(&chart.capture)
        {
            let size = if self.is_again {
                chart::Size::Row
            } else {
                chart::Size::Whole
            };
            lines.extend(chart::lines(points, chart, size, depth, look));
        }
        if let Some(table) = self.table
            && let Some(rows) = outcome.captures.get(&table.capture)
        {
            lines.extend(table::lines(rows, table, depth, look));
        }
        lines
    }
}

/// From when on it is said how long a step took.
const LONG: SignedDuration = SignedDuration::from_secs(1);

/// Draws an ended step: one line, and further ones for what it found, an error, a warning or a drawing.
pub(crate) fn lines(
    path: &str,
    outcome: &StepOutcome,
    drawings: Drawings<'_>,
    look: Look,
) -> Vec<String> {
    let own = path.rsplit('/').next().unwrap_or(path);
    let graph = own.split('.').next().unwrap_or_default();
    let place = StepPlace::of(path);
    let depth = place.depth();
    let (tone, mark) = symbol(graph, outcome);
    if outcome.status == StepStatus::Skipped {
        let why = outcome.error.as_ref().map(|error| &error.message);
        let line = Line::at(depth)
            .with(Tone::Quiet, format!("{mark} {}", place.name))
            .maybe(Tone::Quiet, "  skipped: ", why.map(|why| reason(why)));
        return vec![line.cut(look)];
    }
    let called = outcome
        .title
        .clone()
        .filter(|_| outcome.status != StepStatus::Failed || outcome.action.is_none())
        .or_else(|| outcome.action.clone())
        .or_else(|| outcome.title.clone());
    let took = outcome.ended.duration_since(outcome.started);
    let took = Some(lasting(took)).filter(|_| took >= LONG);
    // How long it took is not cut off where there is no room for the whole title.
    let others =
        depth * 2 + 2 + place.name.width() + 2 + took.as_ref().map_or(0, |it| it.width() + 2);
    let called = called.map(|called| match look.width {
        Some(width) if outcome.error.is_none() => {
            shorten(&called, width.saturating_sub(others).max(8))
        }
        _ => called,
    });
    let head = Line::at(depth)
        .with(tone, mark)
        .plain(" ")
        .with(Tone::Strong, &place.name)
        .maybe(Tone::Plain, "  ", called.as_ref())
        .maybe(Tone::Quiet, "  ", took);
    let mut lines = match &outcome.error {
        Some(error) if outcome.status != StepStatus::Done => {
            let message = sentence(outcome.action.as_deref(), &error.message);
            let says_code = outcome.status == StepStatus::Failed && !error.code.is_empty();
            let what = if says_code {
                format!("{}: {message}", error.code)
            } else {
                message.to_owned()
            };
            head.with(Tone::Quiet, ": ")
                .with(tone, one_line(&what))
                .wrapped(look)
        }
        _ => finding(&head, found(outcome, &drawings), depth, look),
    };
    for assertion in outcome.assertions.iter().filter(|it| it.warn) {
        if assertion.truth != Truth::True {
            let line = Line::at(depth + 1)
                .with(Tone::Attention, "warning: ")
                .plain(said(assertion));
            lines.extend(line.wrapped(look));
        }
    }
    lines.extend(drawings.lines(outcome, depth + 1, look));
    lines
}

/// Why a step was skipped, what matters first: the line may be cut.
fn reason(message: &str) -> String {
    let message = one_line(message);
    match message.strip_suffix(" is false") {
        Some(condition) if condition.starts_with('`') => format!("not {condition}"),
        _ => message,
    }
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
            last.truncate(last.trim_end_matches(['…', ' ']).len());
            last.push('…');
        }
    }
    lines.append(&mut below);
    lines
}

/// What a step found, in a few words: what its claim rests on, then what it kept.
fn found(outcome: &StepOutcome, drawings: &Drawings<'_>) -> Option<String> {
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
    let mut kept: Vec<(&String, String)> = outcome
        .captures
        .iter()
        .filter(|(name, _)| !drawings.draws(name))
        .map(|(name, value)| (name, short(value)))
        .collect();
    // Nothing is worth saying only where there is nothing else.
    if kept.iter().any(|(_, value)| value != NOTHING) {
        kept.retain(|(_, value)| value != NOTHING);
    }
    let kept: Vec<String> = kept
        .into_iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !kept.is_empty() && words.is_empty() {
        words.push(kept.join(", "));
    }
    if outcome.truncated {
        words.push("cut at the limit".to_owned());
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// What a claim rests on, in words.
pub(crate) fn claim(outcome: &StepOutcome) -> String {
    found(outcome, &Drawings::default())
        .or_else(|| outcome.title.clone())
        .unwrap_or_else(|| "it is not so".to_owned())
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
    fn the_steps_of_a_run_inside_stand_below_the_step_that_runs_it() {
        let place = StepPlace::of("resolve.fix.restart/resolve.block.deploy");
        let blocks: Vec<(&str, &str)> = place
            .blocks
            .iter()
            .map(|(path, name)| (path.as_str(), name.as_str()))
            .collect();
        assert_eq!(
            blocks,
            [
                ("resolve.fix", "fix"),
                ("resolve.fix.restart/resolve", "restart › resolve"),
                ("resolve.fix.restart/resolve.block", "block"),
            ]
        );
        assert_eq!((place.name.as_str(), place.depth()), ("deploy", 4));
        assert_eq!(StepPlace::of("verify").name, "verify");
        let place = StepPlace::of("escalation/gather.errors");
        assert_eq!((place.name.as_str(), place.depth()), ("errors", 1));
    }

    #[test]
    fn an_undo_stands_beside_what_it_takes_back() {
        let place = StepPlace::of("resolve.more_memory.register.undo.register");
        assert_eq!((place.name.as_str(), place.depth()), ("undo register", 2));
        assert_eq!(StepPlace::of("resolve.scale.undo.scale").depth(), 1);
    }
}
