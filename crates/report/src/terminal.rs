//! A run as people see it while it happens, and its end.

use crate::chart::Chart;
use crate::ending::{self, lasting};
use crate::line::{Line, Tone};
use crate::live::Live;
use crate::question::yaml_lines;
use crate::screen::Out;
use crate::step_line::{self, Drawings, StepPlace, one_line};
use crate::table::Table;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::Decision;
use runbook_interpreter::event::{Event, EventKind, Observer, Shown};
use runbook_interpreter::outcome::{CauseOutcome, Outcome, StepOutcome, StepStatus};
use runbook_interpreter::truth::Truth;
use runbook_playbook::checked::StepPath;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::Write;

pub use crate::ending::Commands;
pub use crate::line::Look;
pub use crate::live::{Motion, Stage};

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
    /// How what runs is shown at the bottom of the terminal; nothing where there is none.
    pub motion: Option<Motion>,
    /// How much is shown.
    pub detail: Detail,
    /// What `show: {chart}` draws, by step.
    pub charts: HashMap<StepPath, Chart>,
    /// What `show: {table}` draws, by step.
    pub tables: HashMap<StepPath, Table>,
    /// The commands that follow the run, and where its reports are.
    pub commands: Commands,
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
    /// The blocks below which the last line that was printed stands.
    open: Vec<StepPath>,
    /// When calls that are shown were sent, by step and action.
    sent: HashMap<(StepPath, String), Timestamp>,
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
        let motion = settings.motion.filter(|_| settings.detail > Detail::Quiet);
        let state = State {
            live: Some(Live::new(out.clone(), settings.look, motion)),
            ..State::default()
        };
        Self {
            settings,
            out,
            state: RefCell::new(state),
        }
    }

    /// What moves and what stays, for those who write to the same terminal; nothing once the run has ended.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.state.borrow().live.as_ref().map(Live::stage)
    }

    /// Draws what runs at this moment, where nothing else says when.
    pub fn turn(&self) {
        if let Some(live) = &self.state.borrow().live {
            live.turn();
        }
    }

    /// Takes away what moves: the process ends.
    pub fn clear(&self) {
        if let Some(live) = &self.state.borrow().live {
            live.end();
        }
    }

    /// How lines are drawn at this moment: a terminal may have become narrower.
    fn look(&self, state: &State) -> Look {
        let columns = state.live.as_ref().and_then(Live::columns);
        Look {
            width: columns.or(self.settings.look.width),
            ..self.settings.look
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
    }

    fn run_started(&self, state: &State, run: &str, playbook: &str, title: &str) {
        let look = self.look(state);
        let line = Line::at(0)
            .with(Tone::Strong, title)
            .with(Tone::Quiet, format!("  {playbook}"));
        let whole = line.clone().with(Tone::Quiet, format!("  run {run}"));
        let lines = if look.width.is_none_or(|width| whole.width() <= width) {
            vec![whole.cut(look)]
        } else {
            // An id is of use only when it is whole.
            let run = Line::at(1).with(Tone::Quiet, run);
            let mut lines = line.wrapped(look);
            lines.push(run.cut(look));
            lines
        };
        self.print(state, lines);
    }

    fn graph_started(&self, state: &mut State, graph: &str, reading: Option<u32>) {
        state.headed.clear();
        open(state, &[]);
        let name = match reading {
            Some(reading) => format!("{graph}, reading {reading}"),
            None => graph.to_owned(),
        };
        if let Some(live) = &state.live {
            let mut region = live.region();
            region.running.clear();
            region.graph.clone_from(&name);
        }
        let line = Line::at(0).with(Tone::Strong, name);
        self.print(state, [line.cut(self.look(state))]);
    }

    /// Prints the lines of the blocks around a step, unless the line before stands below them too.
    fn heads(&self, state: &mut State, place: &StepPlace) {
        let alike = place
            .blocks
            .iter()
            .zip(&state.open)
            .take_while(|((path, _), open)| path == *open)
            .count();
        for (depth, (path, name)) in place.blocks.iter().enumerate().skip(alike) {
            let again = !state.headed.insert(path.clone());
            let step = match path.rsplit_once('/') {
                Some((step, graph)) if !graph.contains('.') => step,
                _ => path,
            };
            let title = state.titles.get(step).and_then(|(title, _)| title.as_ref());
            let tone = if again { Tone::Quiet } else { Tone::Plain };
            let line = Line::at(depth + 1)
                .with(if again { tone } else { Tone::Strong }, name)
                .maybe(tone, "  ", title);
            self.print(state, [line.cut(self.look(state))]);
        }
        let blocks: Vec<StepPath> = place.blocks.iter().map(|(path, _)| path.clone()).collect();
        open(state, &blocks);
    }

    fn step_ended(&self, state: &mut State, step: &StepPath, outcome: &StepOutcome) {
        if let Some(live) = &state.live {
            live.region().running.end(step);
        }
        state.waits.remove(step);
        // A block whose steps stand above has nothing to add unless it went wrong.
        let stands = state.headed.contains(step);
        if stands && outcome.action.is_none() && outcome.status == StepStatus::Done {
            return;
        }
        self.heads(state, &StepPlace::of(step));
        let drawings = self.drawings(step);
        let mut shown = outcome.clone();
        if let Some(error) = shown
            .error
            .as_mut()
            .filter(|_| outcome.status == StepStatus::Failed)
        {
            let why = step_line::sentence(outcome.action.as_deref(), &error.message).to_owned();
            // Blocks and callers repeat what the step inside of them has said.
            match state
                .failures
                .iter()
                .find(|said| why.contains(said.as_str()))
            {
                Some(said) => error.message = why.replace(said.as_str(), "as above"),
                None if why.is_empty() => {}
                None => {
                    state.failures.insert(why);
                }
            }
        }
        let lines = step_line::lines(step, &shown, drawings, self.look(state));
        self.print(state, lines);
    }

    /// The drawings of a step; a reading of `verify` draws the symptom's.
    fn drawings(&self, step: &str) -> Drawings<'_> {
        let rest = step.strip_prefix("verify.");
        let symptom = rest.map(|rest| format!("symptom.{rest}"));
        let symptom = symptom.as_deref().unwrap_or(step);
        let (charts, tables) = (&self.settings.charts, &self.settings.tables);
        Drawings {
            chart: charts.get(step).or_else(|| charts.get(symptom)),
            table: tables.get(step).or_else(|| tables.get(symptom)),
            is_again: rest.is_some(),
        }
    }

    fn waiting(
        &self,
        state: &mut State,
        step: &StepPath,
        why: &str,
        length: SignedDuration,
        within: Option<SignedDuration>,
        at: Timestamp,
    ) {
        if let Some(live) = state.live.as_ref().filter(|live| live.moves()) {
            live.region().running.wait(step, why, length, within, at);
            return;
        }
        if state.waits.get(step).is_none_or(|last| last != why) {
            state.waits.insert(step.clone(), why.to_owned());
            let place = StepPlace::of(step);
            let most = within.map_or_else(String::new, |within| {
                format!(" (at most {} in all)", lasting(within))
            });
            let said = format!(
                "{} waits {}: {}{most}",
                place.name,
                lasting(length),
                one_line(why)
            );
            self.heads(state, &place);
            let line = Line::at(place.depth())
                .with(Tone::Quiet, "… ")
                .with(Tone::Quiet, said);
            self.print(state, line.wrapped(self.look(state)));
        }
    }

    fn answered(&self, state: &mut State, step: &StepPath, decision: &Decision) {
        if let Some(live) = state.live.as_ref().filter(|live| live.moves()) {
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
        self.print(state, [line.cut(self.look(state))]);
    }

    fn call_started(
        &self,
        state: &mut State,
        step: &str,
        action: &str,
        arguments: &Json,
        attempt: u32,
    ) {
        let place = StepPlace::of(step);
        self.heads(state, &place);
        let line = Line::at(place.depth())
            .with(Tone::Quiet, format!("→ {}  ", place.name))
            .plain(action)
            .maybe(
                Tone::Attention,
                "  ",
                (attempt > 1).then(|| format!("attempt {attempt}")),
            );
        self.print(state, [line.cut(self.look(state))]);
        self.payload(state, arguments, place.depth() + 2);
    }

    fn call_ended(&self, state: &mut State, call: &CallEnded<'_>) {
        let place = StepPlace::of(call.step);
        self.heads(state, &place);
        let line = Line::at(place.depth())
            .with(Tone::Quiet, format!("← {}  ", place.name))
            .plain(call.action);
        let line = match call.answer {
            Ok(_) => line.with(Tone::Good, "  answered"),
            Err((code, message)) => line.with(Tone::Bad, format!("  {code}: {message}")),
        };
        let took = call.took.filter(|took| !took.is_zero()).map(lasting);
        let line =
            line.maybe(Tone::Quiet, " in ", took)
                .maybe(Tone::Quiet, "  request ", call.request_id);
        self.print(state, line.wrapped(self.look(state)));
        if let Ok(result) = call.answer {
            self.payload(state, result, place.depth() + 2);
        }
    }

    fn payload(&self, state: &State, payload: &Json, depth: usize) {
        if self.settings.detail >= Detail::Payloads {
            let lines = yaml_lines(payload, depth);
            let look = self.look(state);
            self.print(state, lines.iter().flat_map(|line| line.wrapped(look)));
        }
    }

    fn overridden(&self, state: &State, guard: &str, by: &str, why: &str) {
        let line = Line::at(1)
            .with(Tone::Attention, format!("{guard} overridden by {by}: "))
            .plain(why);
        self.print(state, line.wrapped(self.look(state)));
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
        let look = self.look(state);
        let lines = match cause.found {
            Truth::False => vec![line.cut(look)],
            _ => line.wrapped(look),
        };
        self.print(state, lines);
    }

    fn run_ended(&self, state: &mut State, outcome: &Outcome) {
        let look = self.look(state);
        state.live = None;
        let mut outcome = outcome.clone();
        if outcome.environment {
            // Nothing else happened: the step's line stands just above.
            for why in &state.failures {
                outcome.explanation = outcome.explanation.replace(why.as_str(), "as said above");
            }
        }
        let mut lines = ending::lines(&outcome, &self.settings.commands, look);
        if self.settings.detail > Detail::Quiet {
            lines.insert(0, String::new());
        }
        self.print(state, lines);
    }
}

/// An answer to a call, as it is shown.
struct CallEnded<'c> {
    step: &'c str,
    action: &'c str,
    answer: &'c Shown,
    request_id: Option<&'c String>,
    took: Option<SignedDuration>,
}

impl Observer for Terminal {
    fn observe(&self, event: &Event) {
        let state = &mut *self.state.borrow_mut();
        let shows_calls = self.settings.detail >= Detail::Calls;
        if let Some(live) = &state.live {
            live.region().see(event.at);
        }
        match &event.kind {
            EventKind::RunEnded(outcome) => self.run_ended(state, outcome),
            _ if self.settings.detail == Detail::Quiet => {}
            EventKind::RunStarted {
                run,
                playbook,
                title,
                ..
            } => {
                if let Some(live) = &state.live {
                    live.region().began = Some(event.at);
                }
                self.run_started(state, run, playbook, title);
            }
            EventKind::GraphStarted { graph, reading } => {
                self.graph_started(state, graph, *reading);
            }
            EventKind::GraphEnded { .. } => {}
            EventKind::StepStarted {
                step,
                title,
                action,
            } => step_started(state, step, title.as_ref(), action.as_ref(), event.at),
            EventKind::StepEnded { step, outcome } => self.step_ended(state, step, outcome),
            EventKind::Waiting {
                step,
                why,
                length,
                within,
            } => self.waiting(state, step, why, *length, *within, event.at),
            EventKind::Progress {
                step,
                done,
                of,
                failed,
            } => {
                if let Some(live) = &state.live {
                    live.region().running.progress(step, *done, *of, *failed);
                }
            }
            EventKind::Asked(_) => {
                // Where lines only follow each other, others may have a long time to wait for the answer.
                if let Some(live) = state.live.as_ref().filter(|live| live.moves()) {
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
            } => self.overridden(state, guard, by, &format!("{reason} ({what})")),
            EventKind::CauseJudged(cause) => self.cause_judged(state, cause),
            EventKind::CallStarted {
                step,
                action,
                arguments,
                attempt,
                ..
            } => {
                if let Some(live) = &state.live {
                    live.region().running.call(step);
                }
                if shows_calls {
                    let call = (step.clone(), action.clone());
                    state.sent.insert(call, event.at);
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
                if shows_calls {
                    let sent = state.sent.remove(&(step.clone(), action.clone()));
                    let call = CallEnded {
                        step,
                        action,
                        answer,
                        request_id: request_id.as_ref(),
                        took: sent.map(|sent| event.at.duration_since(sent)),
                    };
                    self.call_ended(state, &call);
                }
            }
        }
    }
}

/// Notes below which blocks the last line that was printed stands.
fn open(state: &mut State, blocks: &[StepPath]) {
    state.open = blocks.to_vec();
    if let Some(live) = &state.live {
        live.region().open.clone_from(&state.open);
    }
}

fn step_started(
    state: &mut State,
    step: &StepPath,
    title: Option<&String>,
    action: Option<&String>,
    at: Timestamp,
) {
    state
        .titles
        .insert(step.clone(), (title.cloned(), action.cloned()));
    if let Some(live) = &state.live {
        let called = title.or(action).cloned();
        live.region().running.start(step, called, at);
    }
}
