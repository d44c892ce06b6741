//! Graphs and steps of a run, put together from its events and calls.

use super::journal_text::{
    graph_of, instance, is, items, maybe, members, number, own, prefix, text, time,
};
use super::model::{Assertion, Call, Error, Graph, Step, Tone, Truth};
use jiff::Timestamp;
use runbook_interpreter::journal::{CallRow, EventRow};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// What still runs, or was never seen to end.
pub(super) const RUNNING: &str = "running";

/// Graphs and steps while they are put together.
#[derive(Default)]
pub(super) struct Gathered {
    pub graphs: Vec<Graph>,
    pub steps: Vec<Step>,
    /// The names of the steps in keys, in the same order.
    instances: Vec<String>,
    /// The latest graph of a name in keys.
    latest: HashMap<String, usize>,
    /// The playbooks of runs inside of the run, by what stands before the names of their steps.
    pub playbooks: HashMap<String, String>,
}

impl Gathered {
    /// Goes through the events, then gives each call to its step.
    pub fn of(events: &[EventRow], calls: &[CallRow]) -> Self {
        let mut gathered = Self::default();
        for event in events {
            gathered.event(event);
        }
        for call in calls {
            gathered.call(call);
        }
        gathered
    }

    fn event(&mut self, event: &EventRow) {
        let body = &event.body;
        let Some(at) = time(body, "at") else { return };
        match text(body, "event").as_str() {
            "run_started" => {
                let key = instance(&event.key);
                if let Some(owner) = self.owner(prefix(&key)) {
                    let path = self.steps.get(owner).map(|step| format!("{}/", step.path));
                    self.playbooks
                        .insert(path.unwrap_or_default(), text(body, "playbook"));
                }
            }
            "graph_started" => self.graph_started(event, body, at),
            "graph_ended" => {
                let name = key_of_graph(&event.key);
                if let Some(graph) = self
                    .latest
                    .get(&name)
                    .and_then(|at| self.graphs.get_mut(*at))
                {
                    graph.summary = maybe(body, "summary");
                    graph.ended = Some(at);
                }
            }
            "step_started" => {
                let number = self.begin(event, text(body, "step"), at);
                if let Some(step) = self.steps.get_mut(number) {
                    step.title = maybe(body, "title");
                    step.action = maybe(body, "action");
                    step.started = Some(at);
                }
            }
            "step_ended" => self.step_ended(event, body, at),
            _ => {}
        }
    }

    fn graph_started(&mut self, event: &EventRow, body: &Json, at: Timestamp) {
        let name = key_of_graph(&event.key);
        let within = self
            .owner(prefix(&name))
            .and_then(|owner| self.steps.get(owner))
            .map(|step| step.path.clone());
        self.latest.insert(name, self.graphs.len());
        self.graphs.push(Graph {
            name: text(body, "graph"),
            within,
            reading: number(body, "reading"),
            summary: None,
            started: at,
            ended: None,
        });
    }

    /// The step that runs what stands below a name in keys: the one of the longest name.
    fn owner(&self, prefix: &str) -> Option<usize> {
        let below = prefix.strip_suffix('/')?;
        let fits = |(_, name): &(usize, &String)| {
            below.strip_prefix(name.as_str()).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(['#', '~', '%', '@', '/', '.'])
            })
        };
        let found = self.instances.iter().enumerate().filter(fits);
        found
            .max_by_key(|(number, name)| (name.len(), *number))
            .map(|(number, _)| number)
    }

    /// A step that begins, or that ends without having begun.
    fn begin(&mut self, event: &EventRow, path: String, at: Timestamp) -> usize {
        let name = instance(&event.key);
        let around = prefix(&name);
        let graph = self
            .latest
            .get(&format!("{around}{}", graph_of(&path)))
            .copied()
            .or_else(|| self.undo(around, at));
        let inside = self.block(around, &path).or_else(|| self.owner(around));
        self.instances.push(name);
        self.steps.push(Step {
            path,
            graph,
            inside,
            title: None,
            action: None,
            status: RUNNING.to_owned(),
            tone: Tone::Quiet,
            holds: None,
            captures: Map::new(),
            assertions: Vec::new(),
            error: None,
            truncated: false,
            calls: Vec::new(),
            started: None,
            ended: None,
        });
        self.steps.len() - 1
    }

    /// What is taken back afterwards stands in no graph of the playbook.
    fn undo(&mut self, around: &str, at: Timestamp) -> Option<usize> {
        if !around.starts_with("undo/") {
            return None;
        }
        let name = "undo/".to_owned();
        let number = *self.latest.entry(name).or_insert(self.graphs.len());
        if number == self.graphs.len() {
            self.graphs.push(Graph {
                name: "undo".to_owned(),
                within: None,
                reading: None,
                summary: None,
                started: at,
                ended: None,
            });
        }
        Some(number)
    }

    /// The block around a step.
    fn block(&self, around: &str, path: &str) -> Option<usize> {
        let mut outer = path;
        while let Some((rest, _)) = outer.rsplit_once('.') {
            outer = rest;
            let found = self
                .steps
                .iter()
                .zip(&self.instances)
                .rposition(|(step, name)| step.path == outer && prefix(name) == around);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn step_ended(&mut self, event: &EventRow, body: &Json, at: Timestamp) {
        let path = text(body, "step");
        let name = instance(&event.key);
        let open = |step: &Step| step.status == RUNNING || is_stopped(step);
        let same =
            |(step, known): (&Step, &String)| open(step) && step.path == path && *known == name;
        let known = self.steps.iter().zip(&self.instances).rposition(same);
        let begun = || {
            let running = |step: &Step| step.status == RUNNING && step.path == path;
            self.steps.iter().rposition(running)
        };
        let number = match known.or_else(begun) {
            Some(number) => number,
            None => self.begin(event, path, at),
        };
        let graph = self.steps.get(number).and_then(|step| step.graph);
        let graph = graph.and_then(|graph| self.graphs.get(graph));
        let graph = graph.map(|graph| graph.name.clone()).unwrap_or_default();
        let Some(step) = self.steps.get_mut(number) else {
            return;
        };
        let outcome = body.get("outcome").cloned().unwrap_or_default();
        step.status = text(&outcome, "status");
        step.holds = maybe(&outcome, "holds").and_then(|word| Truth::of(&word));
        step.captures = members(&outcome, "captures");
        step.assertions = items(&outcome, "assertions")
            .filter_map(assertion)
            .collect();
        step.error = outcome
            .get("error")
            .filter(|error| !error.is_null())
            .map(|error| Error {
                code: text(error, "code"),
                message: text(error, "message"),
            });
        step.truncated = is(&outcome, "truncated");
        step.title = maybe(&outcome, "title").or(step.title.take());
        step.action = maybe(&outcome, "action").or(step.action.take());
        step.ended = Some(at);
        step.tone = tone(&graph, step);
    }

    fn call(&mut self, row: &CallRow) {
        let base = instance(&row.key);
        let fits = |(_, (step, name)): &(usize, (&Step, &String))| {
            step.path == row.step && base.starts_with(name.as_str())
        };
        let numbered = || self.steps.iter().zip(&self.instances).enumerate();
        let longest = numbered()
            .filter(fits)
            .max_by_key(|(_, (_, name))| name.len());
        let found = longest
            .or_else(|| numbered().rfind(|(_, (step, _))| step.path == row.step))
            .map(|(number, _)| number);
        let number = found.unwrap_or_else(|| {
            let event = EventRow {
                number: 0,
                key: row.key.clone(),
                body: Json::Null,
            };
            let number = self.begin(&event, row.step.clone(), Timestamp::UNIX_EPOCH);
            if let Some(step) = self.steps.get_mut(number) {
                step.action = Some(row.action.clone());
                step.started = row.started.parse().ok();
                step.ended = row.ended.as_ref().and_then(|ended| ended.parse().ok());
                (step.status, step.tone) = match row.answer {
                    Some(Ok(_)) => ("done".to_owned(), Tone::Good),
                    Some(Err(_)) => ("failed".to_owned(), Tone::Bad),
                    None => (RUNNING.to_owned(), Tone::Quiet),
                };
            }
            number
        });
        if let Some(step) = self.steps.get_mut(number) {
            step.calls.push(call(row));
        }
    }
}

fn key_of_graph(key: &str) -> String {
    let base = key.rsplit_once(':').map_or(key, |(base, _)| base);
    instance(&format!("{base}:"))
}

fn is_stopped(step: &Step) -> bool {
    step.error
        .as_ref()
        .is_some_and(|error| error.code == "stopped")
}

fn assertion(json: &Json) -> Option<Assertion> {
    Some(Assertion {
        asked: text(json, "asked"),
        holds: Truth::of(&text(json, "holds"))?,
        found: text(json, "found"),
        message: maybe(json, "message"),
        warn: is(json, "warn"),
        require: is(json, "require"),
    })
}

/// How an ended step stands: a claim that holds is news, in a health check it is as it should be.
fn tone(graph: &str, step: &Step) -> Tone {
    match (step.status.as_str(), step.holds) {
        ("failed", _) => Tone::Bad,
        ("done", Some(Truth::True)) if graph == "check" => Tone::Good,
        ("done", Some(Truth::False)) if graph == "check" => Tone::Bad,
        ("done", Some(Truth::True)) if graph == "verify" => Tone::Bad,
        ("blocked" | "undone", _) | ("done", Some(Truth::Unknown | Truth::True)) => Tone::Attention,
        ("done", _) => Tone::Good,
        _ => Tone::Quiet,
    }
}

fn call(row: &CallRow) -> Call {
    let (result, error) = match &row.answer {
        Some(Ok(result)) => (Some(result.clone()), None),
        Some(Err((code, message))) => (
            None,
            Some(Error {
                code: code.clone(),
                message: message.clone(),
            }),
        ),
        None => (None, None),
    };
    Call {
        key: row.key.clone(),
        action: row.action.clone(),
        effect: row.effect.clone(),
        arguments: row.arguments.clone(),
        before: row.before.clone(),
        region: row.region.clone(),
        role: row.role.clone(),
        attempt: row.attempt,
        sent: row.sent,
        started: row.started.clone(),
        ended: row.ended.clone(),
        result,
        error,
        request_id: row.request_id.clone(),
        truncated: row.truncated,
    }
}

/// The name of a step without the names of what it is inside of.
pub(super) fn name_of(path: &str) -> &str {
    let own = own(path);
    own.split_once('.').map_or(own, |(_, name)| name)
}
