//! Commands in order to steps in graphs: variables become inputs and captures on the way.

use super::polls::{breaks, ends};
use super::{Finished, Graph, Place, Remedy, Seen, Sketch};
use crate::aws::{Aws, Wanted, snake};
use crate::findings::Findings;
use crate::other::{self, Became};
use crate::page::{Block, Role};
use crate::shell::{Command, Item, Reader, Script};
use crate::step::{Capture, Step};
use crate::text::{Dynamic, Marks, Piece, Text};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::span::Span;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// Names that the language keeps for itself, or that YAML does not take for text.
const RESERVED: [&str; 23] = [
    "result", "error", "status", "before", "now", "run", "target", "inputs", "symptom", "diagnose",
    "resolve", "verify", "escalate", "finally", "gather", "notify", "check", "cause", "absent",
    "true", "false", "none", "null",
];

/// Whether the language keeps a name for itself.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// What the reading of one page shares.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub registry: &'a Registry,
    pub findings: Findings,
    pub marks: Marks,
    pub seen: Vec<Seen>,
    /// Variables that were said to have no value.
    pub undefined: BTreeSet<String>,
}

/// What a variable stands for.
#[derive(Debug, Clone)]
pub(super) enum Home {
    /// A capture of a step.
    Capture(Place, String, String),
    /// A text with other variables in it.
    Alias(String),
    /// An input.
    Input(String),
    /// The element of a loop.
    Element(String),
}

/// Makes the sketch of one section.
pub(super) struct Builder<'b, 'a> {
    pub(super) reading: &'b mut Reading<'a>,
    pub(super) sketch: Sketch,
    pub(super) wanted: Wanted,
    pub(super) variables: BTreeMap<String, Home>,
    pub(super) folder: Option<String>,
    pub(super) each: Option<(String, String)>,
    pub(super) notes: Vec<String>,
    /// What names of functions stand for, and whether somebody called them.
    pub(super) functions: BTreeMap<String, (Script, bool)>,
    /// The step that was placed last.
    pub(super) last: Option<(Place, String)>,
}

impl<'b, 'a> Builder<'b, 'a> {
    pub(super) fn new(reading: &'b mut Reading<'a>, troubleshoots: bool) -> Self {
        Self {
            reading,
            sketch: Sketch {
                troubleshoots,
                ..Sketch::default()
            },
            wanted: Wanted::new(),
            variables: BTreeMap::new(),
            folder: None,
            each: None,
            notes: Vec::new(),
            functions: BTreeMap::new(),
            last: None,
        }
    }

    pub(super) fn block(&mut self, block: &Block) {
        let mut problems = Vec::new();
        let source = self.reading.findings.source().clone();
        let script = Reader {
            source: &source,
            marks: &mut self.reading.marks,
            problems: &mut problems,
        }
        .block(block);
        self.reading.findings.extend(problems);
        self.folder = None;
        self.script(&script, &block.role, &mut None);
        // What a page only defines is what it wants to be done.
        for (body, called) in std::mem::take(&mut self.functions).into_values() {
            if !called {
                self.script(&body, &block.role, &mut None);
            }
        }
    }

    pub(super) fn script(&mut self, script: &Script, role: &Role, titled: &mut Option<String>) {
        for item in &script.items {
            self.item(item, role, titled);
        }
    }

    fn item(&mut self, item: &Item, role: &Role, titled: &mut Option<String>) {
        match item {
            Item::Command(command) => self.command(command, role, titled),
            Item::Assign {
                name,
                value,
                list,
                span,
            } => {
                self.assign(name, value, *span, role, titled);
                if *list
                    && let Some(Home::Input(input)) = self.variables.get(name)
                    && let Some(input) = self.sketch.inputs.get_mut(input)
                {
                    input.list = true;
                }
            }
            Item::Function { name, body } => {
                self.functions.insert(name.clone(), (body.clone(), false));
            }
            Item::Otherwise { body } => self.otherwise(body, role, titled),
            Item::Each {
                name, values, body, ..
            } => self.each(name, values, body, role, titled),
            Item::Repeat {
                until,
                condition,
                body,
                span,
            } => {
                if self.poll(condition, body, *until, role, titled) {
                    return;
                }
                let forever = other::only(condition).is_some_and(|command| {
                    command
                        .words
                        .first()
                        .and_then(Text::literal)
                        .is_some_and(|word| matches!(word, "true" | ":"))
                });
                if let Some((test, wait)) =
                    breaks(&self.reading.marks, condition, body).filter(|_| forever)
                    && self.poll(&test, &wait, true, role, titled)
                {
                    return;
                }
                if forever && !ends(body) {
                    let start = Span::new(span.start, (span.start + 5).min(span.end));
                    self.reading.findings.add(
                        Code::EndlessCommand,
                        start,
                        "this loop never ends",
                        Some("say until when, and how often".to_owned()),
                    );
                }
                self.noted(
                    "TODO: the page does this again and again; say `until` what, and `within`",
                    |builder| {
                        builder.script(condition, role, titled);
                        builder.script(body, role, titled);
                    },
                );
            }
            Item::Choose { arms, .. } => {
                for (condition, body) in arms {
                    self.script(condition, role, titled);
                    self.noted(
                        "TODO: the page does this only under a condition; write it as `when`",
                        |builder| builder.script(body, role, titled),
                    );
                }
            }
            Item::Other { text, .. } => {
                if !text.is_empty() {
                    self.sketch.left.push(text.clone());
                }
            }
        }
    }

    pub(super) fn noted(&mut self, note: &str, inner: impl FnOnce(&mut Self)) {
        self.notes.push(note.to_owned());
        inner(self);
        self.notes.pop();
    }

    fn assign(
        &mut self,
        name: &str,
        value: &Text,
        span: Span,
        role: &Role,
        titled: &mut Option<String>,
    ) {
        match self.reading.marks.pieces(&value.marked).as_slice() {
            [Piece::Dynamic(Dynamic::Output(script))] if asks_region(script) => {
                let region = Dynamic::Variable("AWS_REGION".to_owned(), None);
                let marked = self.reading.marks.add(region);
                self.variables.insert(name.to_owned(), Home::Alias(marked));
                return;
            }
            // `CLUSTER=${1:-main}` says what the argument is.
            [Piece::Dynamic(Dynamic::Variable(argument, default))]
                if argument.starts_with("argument_") && !self.variables.contains_key(argument) =>
            {
                let default = default.clone();
                let input = self.input(name, default.as_deref());
                self.variables.insert(name.to_owned(), Home::Input(input));
                return;
            }
            _ => {}
        }
        let output = match self.reading.marks.pieces(&value.marked).as_slice() {
            [Piece::Dynamic(Dynamic::Output(script))] => Some(script.clone()),
            _ => None,
        };
        if let Some(script) = output {
            let home = self.captured(&script, Some(&snake(name)), span, role, titled);
            if let Some(home) = home {
                // Who asks for the one thing of a name means one value.
                if let Some(capture) = self.capture_at(&home)
                    && capture.path.contains("[?@.")
                    && capture.path.contains(" == '")
                    && !capture.path.contains("[*]")
                {
                    capture.first = true;
                }
                self.variables.insert(name.to_owned(), home);
            }
            return;
        }
        let home = match value.literal() {
            Some(text) => {
                let input = self.input(name, Some(text));
                Home::Input(input)
            }
            None => Home::Alias(value.marked.clone()),
        };
        self.variables.insert(name.to_owned(), home);
    }

    /// The capture in which a variable lives.
    pub(super) fn capture_at(&mut self, home: &Home) -> Option<&mut Capture> {
        let Home::Capture(at, id, name) = home else {
            return None;
        };
        let steps = match (at.graph, &at.block) {
            (Graph::Resolve, Some(block)) => &mut self.sketch.resolve.get_mut(block)?.steps,
            _ => &mut self.sketch.diagnose,
        };
        let (_, step) = steps.iter_mut().find(|(known, _)| known == id)?;
        step.captures
            .iter_mut()
            .find(|capture| capture.name == *name)
    }

    fn command(&mut self, command: &Command, role: &Role, titled: &mut Option<String>) {
        if self.call(command, role, titled) {
            return;
        }
        if matches!(
            command.words.first().and_then(Text::literal),
            Some("[" | "test")
        ) {
            self.tested(command, role, titled);
            return;
        }
        let Some(mut step) = self.step(command) else {
            return;
        };
        if command.words.first().and_then(Text::literal) == Some("aws") && !command.pipe.is_empty()
        {
            if let Some(path) = other::jq_path(&command.pipe) {
                step.captures.push(Capture::path("found", &path));
            } else {
                let rest = command
                    .written
                    .split_once('|')
                    .map_or("", |(_, rest)| rest.trim());
                step.notes
                    .push(format!("TODO: the page goes on with `| {rest}`"));
            }
        }
        self.place(step, role, titled);
    }

    /// The step of a command, and a word about the command.
    pub(super) fn step(&mut self, command: &Command) -> Option<Step> {
        let aws = command.words.first().and_then(Text::literal) == Some("aws");
        let step = if aws {
            Aws {
                registry: self.reading.registry,
                marks: &mut self.reading.marks,
                findings: &mut self.reading.findings,
                wanted: &mut self.wanted,
            }
            .step(command)
        } else {
            match other::step(command, &mut self.reading.marks, &mut self.reading.findings) {
                Became::Step(step) => Some(*step),
                Became::Nothing => return None,
                Became::Folder(folder) => {
                    self.folder = Some(folder);
                    return None;
                }
            }
        };
        let source = self.reading.findings.source();
        let line = source.position(command.span.start).line;
        let written: Vec<&str> = command.written.split_whitespace().collect();
        let written = written.join(" ").replace("\\ ", "");
        self.reading.seen.push(Seen {
            line,
            command: written.clone(),
            aws,
            action: step.as_ref().map(|step| step.action.clone()),
            with: step
                .as_ref()
                .map(|step| {
                    shown(
                        &Json::Object(step.with.iter().cloned().collect()),
                        &self.reading.marks,
                    )
                })
                .unwrap_or_default(),
        });
        if step.is_none() {
            self.sketch.left.push(written);
        }
        step
    }

    /// Puts a step where it belongs; its place and its id.
    pub(super) fn place(
        &mut self,
        mut step: Step,
        role: &Role,
        titled: &mut Option<String>,
    ) -> (Place, String) {
        let comment = comment(self.reading.findings.source().text(), step.span.start);
        step.title.clone_from(&comment);
        let remedy = |title: &str| Place {
            graph: Graph::Resolve,
            block: Some(free_name(&snake(title), |_| false)),
        };
        let diagnose = Place {
            graph: Graph::Diagnose,
            block: None,
        };
        let own_title = comment
            .clone()
            .or_else(|| titled.clone())
            .unwrap_or_else(|| sentence(&step.name));
        let place = match role {
            Role::Remedy(Some(title)) => remedy(title),
            Role::Procedure(Some(title)) if !self.sketch.troubleshoots => remedy(title),
            _ if step.reads => diagnose,
            // What looks like a look, and cannot be known to be one.
            Role::Diagnosis if step.action == "local:Exec" || step.action == "ecs:Exec" => {
                step.states_read = true;
                step.notes
                    .push("TODO: make sure that this changes nothing".to_owned());
                diagnose
            }
            _ => remedy(&own_title),
        };
        if place.graph == Graph::Resolve {
            *titled = Some(own_title.clone());
        }
        if let Some(block) = &place.block {
            let title = match role {
                Role::Remedy(Some(title)) | Role::Procedure(Some(title)) => title.clone(),
                _ => own_title,
            };
            self.sketch
                .resolve
                .entry(block.clone())
                .or_insert_with(|| Remedy {
                    title,
                    steps: Vec::new(),
                });
        }
        let id = self.add(step, &place);
        self.last = Some((place.clone(), id.clone()));
        (place, id)
    }

    pub(super) fn steps(&mut self, place: &Place) -> &mut Vec<(String, Finished)> {
        match &place.block {
            Some(block) => &mut self.sketch.resolve.entry(block.clone()).or_default().steps,
            None => &mut self.sketch.diagnose,
        }
    }

    /// Adds a step, its texts made templates.
    fn add(&mut self, step: Step, place: &Place) -> String {
        let mut with = Map::new();
        for (member, value) in step.with {
            let value = self.rendered(value, place, step.span);
            with.insert(member, value);
        }
        if step.action == "local:Exec"
            && let Some(folder) = self.folder.clone()
        {
            let folder = self.text(&folder, place, step.span);
            if !folder.starts_with(['/', '~']) && !folder.contains("..") {
                with.insert("folder".to_owned(), Json::String(folder));
            }
        }
        if let Some(program) = step.runs {
            let program = self.reading.marks.shown(&program);
            self.sketch.runs.insert(program);
        }
        if let Some(host) = step.reaches {
            let host = self.text(&host, place, step.span);
            self.sketch.reaches.insert(host);
        }
        if let Some((service, _)) = step.action.split_once(':') {
            self.sketch.services.insert(service.to_owned());
        }
        let region = step
            .region
            .map(|region| self.text(&region, place, step.span));
        let base = step
            .base
            .and_then(|base| self.whole_expression(&base, place));
        let mut notes = self.notes.clone();
        notes.extend(step.notes);
        let finished = Finished {
            title: step.title,
            action: step.action,
            with,
            base,
            captures: step.captures,
            poll: step.poll,
            goes_on: false,
            states_read: step.states_read,
            limit: step.limit,
            region,
            each: self.each.clone().map(|(element, list)| {
                let first = list.split('.').next().unwrap_or_default();
                let read = place.graph == Graph::Resolve
                    && self.sketch.diagnose.iter().any(|(id, _)| id == first);
                let list = if read {
                    format!("diagnose.{list}")
                } else {
                    list
                };
                (element, list)
            }),
            notes,
        };
        self.push(place, &step.name, finished)
    }

    /// Puts a step at the end of its place; its id, made of a name.
    pub(super) fn push(&mut self, place: &Place, name: &str, mut finished: Finished) -> String {
        let blocks: BTreeSet<String> = self.sketch.resolve.keys().cloned().collect();
        let steps = self.steps(place);
        let id = free_name(&snake(name), |free| {
            let taken = |(id, step): &(String, Finished)| {
                id == free || step.captures.iter().any(|capture| capture.name == free)
            };
            blocks.contains(free) || steps.iter().any(taken)
        });
        for at in 0..finished.captures.len() {
            let name = finished
                .captures
                .get(at)
                .map(|capture| capture.name.clone());
            let name = free_name(&name.unwrap_or_default(), |free| {
                let mut others = finished.captures.iter().enumerate();
                free == id
                    || blocks.contains(free)
                    || steps.iter().any(|(taken, _)| taken == free)
                    || others.any(|(other, capture)| other != at && capture.name == free)
            });
            if let Some(capture) = finished.captures.get_mut(at) {
                capture.name = name;
            }
        }
        steps.push((id.clone(), finished));
        id
    }

    pub(super) fn finish(mut self) -> Sketch {
        self.sketch
            .resolve
            .retain(|_, remedy| !remedy.steps.is_empty());
        self.used();
        self.sketch
    }
}

/// `aws configure get region`
fn asks_region(script: &Script) -> bool {
    let words = other::only(script).map(|command| {
        let words = command.words.iter().filter_map(Text::literal);
        words.collect::<Vec<_>>()
    });
    words.is_some_and(|words| words.starts_with(&["aws", "configure", "get", "region"]))
}

/// A value with its marks as a shell would have them written.
fn shown(value: &Json, marks: &Marks) -> Json {
    match value {
        Json::String(text) => Json::String(marks.shown(text)),
        Json::Array(items) => items.iter().map(|item| shown(item, marks)).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), shown(value, marks)))
            .collect(),
        other => other.clone(),
    }
}

/// A name that nothing else has.
pub(super) fn free_name(base: &str, taken: impl Fn(&str) -> bool) -> String {
    let base = if is_reserved(base) {
        format!("{base}_step")
    } else {
        base.to_owned()
    };
    let mut name = base.clone();
    let mut number = 1;
    while taken(&name) {
        number += 1;
        name = format!("{base}_{number}");
    }
    name
}

/// What the comment above a place says, in one line.
fn comment(page: &str, at: usize) -> Option<String> {
    let before = page.get(..at)?;
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let mut said: Vec<&str> = Vec::new();
    for line in before.get(..line)?.lines().rev() {
        let Some(words) = line.trim().strip_prefix('#') else {
            break;
        };
        if words.starts_with('!') {
            break;
        }
        said.push(words.trim_start_matches('#').trim());
    }
    said.reverse();
    let said = said.join(" ");
    let said = said.trim();
    (!said.is_empty()).then(|| said.to_owned())
}

/// `update-service` as people say it.
fn sentence(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}
