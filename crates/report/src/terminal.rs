//! A run as people see it while it happens, and its end.

use crate::chart::Chart;
use crate::ending::{self, Beside, lasting};
use crate::line::{Line, Tone};
use crate::live::{Live, Out};
use crate::question::yaml_lines;
use crate::step_line::{self, StepPlace};
use jiff::SignedDuration;
use runbook_interpreter::approval::Decision;
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::{CauseOutcome, Outcome, StepOutcome, StepStatus};
use runbook_interpreter::truth::Truth;
use runbook_playbook::checked::StepPath;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::Write;

pub use crate::line::Look;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Detail {
    /// Only the end.
    Quiet,
    /// Graphs, steps, causes, the end.
    #[default]
    Steps,
    /// Also each call.
    Calls,
    /// Also arguments and results.
    Payloads,
}

/// What a [`Terminal`] needs to know.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Width and colours.
    pub look: Look,
    /// The writer is a terminal: what runs is shown by spinners.
    pub live: bool,
    /// How much is shown.
    pub detail: Detail,
    /// What `show: {chart}` draws, by step.
    pub charts: HashMap<StepPath, Chart>,
    /// The command that makes this run again.
    pub again: String,
    /// The command that goes further than this run was asked to go.
    pub onward: Option<String>,
}

/// Draws a run as it happens.
pub struct Terminal {
    settings: Settings,
    out: Out,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    titles: HashMap<StepPath, (Option<String>, Option<String>)>,
    /// Blocks whose line stands already in this graph.
    headed: HashSet<String>,
    /// Why steps failed, as far as it has been said.
    failures: HashSet<String>,
    /// What was last said of a wait, so that a poll says it once.
    waits: HashMap<StepPath, String>,
}

impl Terminal {
    /// Draws on a writer, which only this value then writes to.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, settings: Settings) -> Self {
        let out = Out::new(out);
        let live = settings.live && settings.detail > Detail::Quiet;
        let state = State {
            live: live.then(|| Live::new(out.clone(), settings.look)),
            ..State::default()
        };
        Self {
            settings,
            out,
            state: RefCell::new(state),
        }
    }

    /// Says a line that is no part of the run, above what moves.
    pub fn say(&self, line: &str) {
        let state = self.state.borrow();
        self.print(&state, [line.to_owned()]);
    }

    /// Takes away what moves: the process ends.
    pub fn clear(&self) {
        if let Some(live) = &mut self.state.borrow_mut().live {
            live.end_all();
        }
    }

    fn print(&self, state: &State, lines: impl IntoIterator<Item = String>) {
        let text: String = lines
            .into_iter()
            .flat_map(|line| [line, "\n".to_owned()])
            .collect();
        match &state.live {
            Some(live) => live.print(&text),
            None => self.out.write(&text),
        }
        self.out.flush();
    }

    fn run_started(&self, state: &State, run: &str, playbook: &str, title: &str) {
        let line = Line::at(0)
            .with(Tone::Strong, title)
            .with(Tone::Quiet, format!("  {playbook}  run {run}"));
        self.print(state, [line.cut(self.settings.look)]);
    }

    fn graph_started(&self, state: &mut State, graph: &str, reading: Option<u32>) {
        state.headed.clear();
        if let Some(live) = &mut state.live {
            live.end_all();
        }
        let line = Line::at(0).with(Tone::Strong, graph);
        let line = match reading {
            Some(reading) => line.with(Tone::Quiet, format!(", reading {reading}")),
            None => line,
        };
        self.print(state, [line.cut(self.settings.look)]);
    }

    /// Prints the lines of the blocks around a step that do not stand yet.
    fn heads(&self, state: &mut State, place: &StepPlace) {
        for (depth, (path, name)) in place.blocks.iter().enumerate() {
            if state.headed.insert(path.clone()) {
                let title = state.titles.get(path).and_then(|(title, _)| title.as_ref());
                let line =
                    Line::at(depth + 1)
                        .with(Tone::Strong, name)
                        .maybe(Tone::Plain, "  ", title);
                self.print(state, [line.cut(self.settings.look)]);
            }
        }
    }

    fn step_ended(&self, state: &mut State, step: &StepPath, outcome: &StepOutcome) {
        if let Some(live) = &mut state.live {
            live.end(step);
        }
        state.waits.remove(step);
        self.heads(state, &StepPlace::of(step));
        // A block whose steps stand above has nothing to add unless it went wrong.
        if state.headed.contains(step) && outcome.status == StepStatus::Done {
            return;
        }
        let chart = self.chart(step);
        let mut shown = outcome.clone();
        if let Some(error) = shown
            .error
            .as_mut()
            .filter(|_| outcome.status == StepStatus::Failed)
        {
            let why = step_line::sentence(outcome.action.as_deref(), &error.message).to_owned();
            if state.failures.contains(&why) {
                "as above".clone_into(&mut error.message);
            } else {
                state.failures.insert(why);
            }
        }
        self.print(
            state,
            step_line::lines(step, &shown, chart, self.settings.look),
        );
    }

    /// The chart of a step; a reading of `verify` draws the symptom's.
    fn chart(&self, step: &str) -> Option<&Chart> {
        let charts = &self.settings.charts;
        charts.get(step).or_else(|| {
            let rest = step.strip_prefix("verify.")?;
            charts.get(&format!("symptom.{rest}"))
        })
    }

    fn waiting(&self, state: &mut State, step: &StepPath, why: &str, length: SignedDuration) {
        let place = StepPlace::of(step);
        let said = format!("{} waits {}: {why}", place.name, lasting(length));
        if let Some(live) = &mut state.live {
            live.say(step, &said);
            return;
        }
        if state.waits.get(step).is_none_or(|last| last != why) {
            state.waits.insert(step.clone(), why.to_owned());
            let line = Line::at(place.depth())
                .with(Tone::Quiet, "… ")
                .with(Tone::Quiet, said);
            self.print(state, line.wrapped(self.settings.look));
        }
    }

    fn answered(&self, state: &mut State, step: &StepPath, decision: &Decision) {
        if let Some(live) = &mut state.live {
            live.go_on();
        }
        let place = StepPlace::of(step);
        let (tone, text) = match decision {
            Decision::Approved { by } => (Tone::Quiet, format!("approved by {by}")),
            Decision::Declined { by } => (Tone::Attention, format!("declined by {by}")),
            Decision::Nobody => (Tone::Attention, "nobody can be asked".to_owned()),
            Decision::Abort => (Tone::Bad, "stopped at the question".to_owned()),
            Decision::Expired => (Tone::Bad, "nobody answered in time".to_owned()),
        };
        self.heads(state, &place);
        let line = Line::at(place.depth())
            .with(Tone::Quiet, "· ")
            .with(Tone::Quiet, format!("{}: ", place.name))
            .with(tone, text);
        self.print(state, [line.cut(self.settings.look)]);
    }

    fn call_started(
        &self,
        state: &State,
        step: &str,
        action: &str,
        arguments: &Json,
        attempt: u32,
    ) {
        let depth = StepPlace::of(step).depth() + 1;
        let line = Line::at(depth).with(Tone::Quiet, "→ ").plain(action).maybe(
            Tone::Attention,
            "  ",
            (attempt > 1).then(|| format!("attempt {attempt}")),
        );
        self.print(state, [line.cut(self.settings.look)]);
        self.payload(state, arguments, depth + 1);
    }

    fn call_ended(
        &self,
        state: &State,
        step: &str,
        action: &str,
        answer: &Result<Json, (String, String)>,
        request_id: Option<&String>,
    ) {
        let depth = StepPlace::of(step).depth() + 1;
        let line = Line::at(depth).with(Tone::Quiet, "← ").plain(action);
        let line = match answer {
            Ok(_) => line.with(Tone::Good, "  answered"),
            Err((code, message)) => line.with(Tone::Bad, format!("  {code}: {message}")),
        };
        let line = line.maybe(Tone::Quiet, "  ", request_id);
        self.print(state, line.wrapped(self.settings.look));
        if let Ok(result) = answer {
            self.payload(state, result, depth + 1);
        }
    }

    fn payload(&self, state: &State, payload: &Json, depth: usize) {
        if self.settings.detail >= Detail::Payloads {
            let lines = yaml_lines(payload, depth);
            self.print(state, lines.iter().map(|line| line.cut(self.settings.look)));
        }
    }

    fn cause_judged(&self, state: &State, cause: &CauseOutcome) {
        let (tone, mark, word) = match cause.found {
            Truth::True => (Tone::Attention, "●", "found"),
            Truth::False => (Tone::Quiet, "○", "not found"),
            Truth::Unknown => (Tone::Attention, "?", "unknown"),
        };
        let line = Line::at(1)
            .with(tone, mark)
            .plain(" cause ")
            .with(Tone::Strong, &cause.name)
            .with(tone, format!(" {word}"))
            .maybe(
                Tone::Plain,
                ": ",
                Some(&cause.title).filter(|title| **title != cause.name),
            );
        self.print(state, [line.cut(self.settings.look)]);
    }

    fn run_ended(&self, state: &mut State, outcome: &Outcome) {
        if let Some(live) = &mut state.live {
            live.end_all();
        }
        state.live = None;
        let beside = Beside {
            again: &self.settings.again,
            onward: self.settings.onward.as_deref(),
        };
        let mut outcome = outcome.clone();
        if outcome.environment {
            // Nothing else happened: the step's line stands just above.
            for why in &state.failures {
                outcome.explanation = outcome.explanation.replace(why.as_str(), "as said above");
            }
        }
        let mut lines = ending::lines(&outcome, beside, self.settings.look);
        if self.settings.detail > Detail::Quiet {
            lines.insert(0, String::new());
        }
        self.print(state, lines);
    }
}

impl Observer for Terminal {
    fn observe(&self, event: &Event) {
        let state = &mut *self.state.borrow_mut();
        match &event.kind {
            EventKind::RunEnded(outcome) => self.run_ended(state, outcome),
            _ if self.settings.detail == Detail::Quiet => {}
            EventKind::RunStarted {
                run,
                playbook,
                title,
                ..
            } => self.run_started(state, run, playbook, title),
            EventKind::GraphStarted { graph, reading } => {
                self.graph_started(state, graph, *reading);
            }
            EventKind::GraphEnded { .. } => {
                if let Some(live) = &mut state.live {
                    live.end_all();
                }
            }
            EventKind::StepStarted {
                step,
                title,
                action,
            } => step_started(state, step, title.as_ref(), action.as_ref()),
            EventKind::StepEnded { step, outcome } => self.step_ended(state, step, outcome),
            EventKind::Waiting { step, why, length } => self.waiting(state, step, why, *length),
            EventKind::Asked(_) => {
                if let Some(live) = &mut state.live {
                    live.hold();
                }
            }
            EventKind::Answered { step, decision } => self.answered(state, step, decision),
            EventKind::Overridden {
                guard,
                what,
                by,
                reason,
                ..
            } => {
                let line = Line::at(1)
                    .with(Tone::Attention, format!("{guard} overridden by {by}: "))
                    .plain(format!("{reason} ({what})"));
                self.print(state, line.wrapped(self.settings.look));
            }
            EventKind::CauseJudged(cause) => self.cause_judged(state, cause),
            EventKind::CallStarted {
                step,
                action,
                arguments,
                attempt,
                ..
            } => {
                if self.settings.detail >= Detail::Calls {
                    self.call_started(state, step, action, arguments, *attempt);
                }
            }
            EventKind::CallEnded {
                step,
                action,
                answer,
                request_id,
                ..
            } => {
                if self.settings.detail >= Detail::Calls {
                    self.call_ended(state, step, action, answer, request_id.as_ref());
                }
            }
        }
    }
}

fn running_text(step: &str, title: Option<&String>, action: Option<&String>) -> String {
    let name = StepPlace::of(step).name;
    match title.or(action) {
        Some(called) => format!("{name}  {called}"),
        None => name,
    }
}

fn step_started(
    state: &mut State,
    step: &StepPath,
    title: Option<&String>,
    action: Option<&String>,
) {
    state
        .titles
        .insert(step.clone(), (title.cloned(), action.cloned()));
    if action.is_some()
        && let Some(live) = &mut state.live
    {
        live.start(step, &running_text(step, title, action));
    }
}
