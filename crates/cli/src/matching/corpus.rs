//! What a playbook knows, as texts: what it says of itself, what its steps ask for and compare, what its scenarios answer.

use crate::document;
use crate::environment::Environment;
use crate::gathered::runnable;
use crate::locate::{Located, scenarios_of};
use crate::shelf::text_of;
use runbook_playbook::expression::{Expr, ExprKind, Expression};
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::assertion::{Assertion, Predicate, Subject};
use runbook_playbook::syntax::every_step::{PlacedStep, every_step};
use runbook_playbook::syntax::playbook::{Kind, Playbook, parse};
use runbook_playbook::syntax::step::{Call, Work};
use runbook_playbook::template::{Data, Part};
use runbook_playbook::value::Value;
use runbook_registry::world::scenario::{Response, Scenario};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// A text that a playbook knows.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The text, or the pattern.
    pub text: String,
    /// What kind of text it is.
    pub kind: EntryKind,
    /// How much a match weighs.
    pub weight: f64,
    /// Where it stands: `title`, `diagnose.stopped`, `scenario leaking`.
    pub place: String,
    /// File and line.
    pub at: Option<String>,
}

/// Kinds of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Words.
    Words,
    /// A regular expression that is searched for in the text.
    Pattern,
    /// A metric: `AWS/ECS/MemoryUtilization`.
    Metric,
}

/// A playbook and what it knows.
pub struct Known {
    /// What `runbook run` takes.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// The playbook.
    pub playbook: Playbook,
    /// The files of playbooks that it runs.
    pub runs: Vec<PathBuf>,
    /// Its texts.
    pub entries: Vec<Entry>,
    /// Names of arguments and dimensions that an input of the playbook stands for: `ClusterName`, `cluster`.
    pub inputs: Vec<(String, String)>,
}

/// What the playbook of a file knows; nothing where the file is none.
#[must_use]
pub fn known(file: &Path, environment: &Environment) -> Option<Known> {
    let places = &environment.places;
    let located = places.place(file);
    let text = text_of(file, &located.name).ok()?;
    if !text.lines().any(|line| line.starts_with("playbook:")) {
        return None;
    }
    let (playbook, _) = parse(&Source::new(&located.name, text));
    let playbook = playbook.filter(|playbook| playbook.kind == Kind::Playbook)?;
    let mut gathered = Gathered {
        source: playbook.source.clone(),
        entries: Vec::new(),
        inputs: Vec::new(),
        place: String::new(),
        weight: 1.0,
    };
    gathered.head(&playbook, &located.id);
    for placed in every_step(&playbook) {
        gathered.step(&placed);
    }
    let scenarios = scenarios_of(file);
    let shown = places.shown(&scenarios);
    if let Ok(text) = text_of(&scenarios, &shown)
        && let Ok((file, _)) = document::scenarios(&Source::new(&shown, text))
    {
        for (name, scenario) in &file.scenarios {
            gathered.scenario(name, scenario, &shown);
        }
    }
    let runs = every_step(&playbook)
        .iter()
        .filter_map(|placed| placed.step.runs())
        .filter_map(|path| below(&located, path))
        .map(|file| places.place(&file).file)
        .collect();
    Some(Known {
        name: runnable(&located, places),
        file: located.file,
        runs,
        entries: gathered.entries,
        inputs: gathered.inputs,
        playbook,
    })
}

/// The file that a path in a playbook names.
fn below(located: &Located, path: &str) -> Option<PathBuf> {
    match path.strip_prefix('/') {
        Some(inside) => Some(located.root.join(inside)),
        None => Some(located.file.parent()?.join(path)),
    }
}

/// What has been gathered of a playbook, and where one is.
struct Gathered {
    source: Source,
    entries: Vec<Entry>,
    inputs: Vec<(String, String)>,
    place: String,
    /// How much what stands here weighs.
    weight: f64,
}

impl Gathered {
    fn add(&mut self, text: &str, kind: EntryKind, weight: f64, span: Span) {
        if text.trim().is_empty() {
            return;
        }
        let line = self.source.position(span.start).line;
        self.entries.push(Entry {
            text: text.to_owned(),
            kind,
            weight: weight * self.weight,
            place: self.place.clone(),
            at: Some(format!("{}:{line}", self.source.name())),
        });
    }

    fn words(&mut self, text: &Spanned<String>, weight: f64) {
        self.add(&text.value, EntryKind::Words, weight, text.span);
    }

    fn head(&mut self, playbook: &Playbook, id: &str) {
        let mut say = |place: &str, text: &Spanned<String>, weight| {
            place.clone_into(&mut self.place);
            self.words(text, weight);
        };
        say("title", &playbook.title, 5.0);
        for (place, text, weight) in [
            ("summary", &playbook.summary, 3.0),
            ("description", &playbook.description, 1.0),
            ("source", &playbook.origin, 1.2),
        ] {
            if let Some(text) = text {
                say(place, text, weight);
            }
        }
        for tag in &playbook.tags {
            say("tags", tag, 3.0);
        }
        let name = Spanned::new(id.to_owned(), playbook.title.span);
        say("name", &name, 3.0);
    }

    fn step(&mut self, placed: &PlacedStep<'_>) {
        let step = placed.step;
        self.place.clone_from(&placed.path);
        self.weight = match placed.path.split('.').next() {
            _ if placed.undoes => 0.2,
            Some("symptom") => 1.2,
            Some("diagnose" | "check") => 1.0,
            _ => 0.4,
        };
        if let Some(title) = &step.title {
            self.words(title, 2.0);
        }
        if let Some(description) = &step.description {
            self.words(description, 0.8);
        }
        for code in &step.expect_error {
            self.words(code, 3.0);
        }
        if let Work::Action(call) = &step.work {
            self.call(call);
        }
        if let Some(before) = &step.before {
            self.call(&before.call);
        }
        if let Some(when) = &step.when {
            self.expression(when, 1.0);
        }
        for assertion in step.assert.iter().chain(&step.require) {
            self.assertion(assertion);
        }
        for finder in &step.causes {
            self.place = format!("cause {}", finder.name.value);
            self.words(&finder.name, 2.0);
            if let Some(title) = &finder.title {
                self.words(title, 3.0);
            }
            for assertion in &finder.assertions {
                self.assertion(assertion);
            }
        }
        self.weight = 1.0;
    }

    fn call(&mut self, call: &Call) {
        self.words(&call.action, 0.7);
        let members: Vec<_> = call.with.iter().collect();
        self.members(&members);
        for (_, data) in &call.with {
            self.data(&data.value, data.span, 1.0);
        }
    }

    /// A mapping of arguments: a metric by its two names, and inputs by the names that they stand for.
    fn members(&mut self, members: &[&(Spanned<String>, Spanned<Data>)]) {
        let text = |names: [&str; 2]| {
            members
                .iter()
                .find(|(name, _)| names.contains(&name.value.as_str()))
                .and_then(|(_, data)| match &data.value {
                    Data::Scalar(scalar) => Some((scalar.text.clone(), data.span)),
                    _ => None,
                })
        };
        let metric = match (
            text(["Namespace", "namespace"]),
            text(["MetricName", "metricName"]),
        ) {
            (Some((namespace, _)), Some((name, span))) => {
                Some((format!("{namespace}/{name}"), span))
            }
            _ => text(["metric", "metric"]),
        };
        if let Some((metric, span)) = metric {
            self.add(&metric, EntryKind::Metric, 5.0, span);
        }
        for (name, data) in members {
            if let Data::Expression(expression) = &data.value
                && let Some(input) = input(&expression.root)
            {
                let pair = (name.value.clone(), input.to_owned());
                if !self.inputs.contains(&pair) {
                    self.inputs.push(pair);
                }
            }
        }
        // `{Name: ClusterName, Value: ${{ inputs.cluster }}}`
        if let Some((dimension, _)) = text(["Name", "name"]) {
            let value = members
                .iter()
                .find(|(name, _)| matches!(name.value.as_str(), "Value" | "value"));
            if let Some((_, data)) = value
                && let Data::Expression(expression) = &data.value
                && let Some(input) = input(&expression.root)
            {
                self.inputs.push((dimension, input.to_owned()));
            }
        }
    }

    fn data(&mut self, data: &Data, span: Span, weight: f64) {
        match data {
            Data::Scalar(scalar) => self.add(&scalar.text, EntryKind::Words, weight, span),
            Data::Expression(expression) => self.expression(expression, weight),
            Data::Text(template) => {
                for part in &template.parts {
                    match part {
                        Part::Text(text) => self.add(text, EntryKind::Words, weight, span),
                        Part::Expression(expression) => self.expression(expression, weight),
                    }
                }
            }
            Data::List(items) => {
                for item in items {
                    self.data(&item.value, item.span, weight);
                }
            }
            Data::Map(members) => {
                self.members(&members.iter().collect::<Vec<_>>());
                for (_, value) in members {
                    self.data(&value.value, value.span, weight);
                }
            }
        }
    }

    fn assertion(&mut self, assertion: &Assertion) {
        match &assertion.subject {
            Subject::That(expression) => self.expression(expression, 2.0),
            Subject::Value(expression) => self.expression(expression, 1.0),
            Subject::Path(_) => {}
        }
        for predicate in &assertion.predicates {
            self.predicate(&predicate.value);
        }
        if let Some(message) = &assertion.message {
            self.data(&message.value, message.span, 0.8);
        }
    }

    fn predicate(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::Matches(pattern) => {
                self.add(&pattern.value, EntryKind::Pattern, 4.0, pattern.span);
                self.words(pattern, 2.0);
            }
            Predicate::Equals(data)
            | Predicate::In(data)
            | Predicate::Contains(data)
            | Predicate::StartsWith(data)
            | Predicate::EndsWith(data) => self.data(&data.value, data.span, 2.0),
            Predicate::NotEquals(data) => self.data(&data.value, data.span, 0.5),
            Predicate::Any(inner) | Predicate::All(inner) | Predicate::None(inner) => {
                for one in inner {
                    self.predicate(&one.value);
                }
            }
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expression, weight: f64) {
        let mut texts = Vec::new();
        constants(&expression.root, &mut texts);
        for (text, span) in texts {
            self.add(&text, EntryKind::Words, weight, span);
        }
    }

    fn scenario(&mut self, name: &str, scenario: &Scenario, file: &str) {
        let mut add = |text: &str, weight: f64| {
            self.entries.push(Entry {
                text: text.to_owned(),
                kind: EntryKind::Words,
                weight,
                place: format!("scenario {name}"),
                at: Some(file.to_owned()),
            });
        };
        if let Some(description) = &scenario.description {
            add(description, 0.8);
        }
        for entry in scenario.actions.values().flatten() {
            match &entry.response {
                Response::Error(error) => {
                    add(&error.code, 2.0);
                    add(&error.message, 1.2);
                }
                Response::Return(json) => {
                    let mut texts = Vec::new();
                    sentences(json, &mut texts);
                    for text in texts {
                        add(text, 1.4);
                    }
                }
                Response::Series(_) => {}
            }
        }
    }
}

/// The input that an expression is, where it is nothing else.
fn input(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Member(outer, name) if matches!(&outer.kind, ExprKind::Name(inputs) if inputs == "inputs") => {
            Some(name)
        }
        _ => None,
    }
}

/// Texts in an answer that people wrote: names and ids are left out.
fn sentences<'j>(json: &'j Json, found: &mut Vec<&'j str>) {
    match json {
        Json::String(text) => {
            let spaces = text.trim().contains(' ');
            let word = text.len() > 5 && text.chars().all(char::is_alphabetic);
            if spaces || word {
                found.push(text);
            }
        }
        Json::Array(items) => {
            for item in items {
                sentences(item, found);
            }
        }
        Json::Object(members) => {
            for value in members.values() {
                sentences(value, found);
            }
        }
        _ => {}
    }
}

/// The texts that are written out in an expression.
fn constants(expr: &Expr, found: &mut Vec<(String, Span)>) {
    match &expr.kind {
        ExprKind::Constant(Value::Text(text)) => found.push((text.to_string(), expr.span)),
        ExprKind::Constant(_) | ExprKind::Name(_) => {}
        ExprKind::Member(inner, _) | ExprKind::Not(inner) | ExprKind::Negate(inner) => {
            constants(inner, found);
        }
        ExprKind::Index(one, other)
        | ExprKind::And(one, other)
        | ExprKind::Or(one, other)
        | ExprKind::Arithmetic(_, one, other)
        | ExprKind::Concat(one, other) => {
            constants(one, found);
            constants(other, found);
        }
        ExprKind::Slice(inner, ..) => constants(inner, found),
        ExprKind::Compare(first, rest) => {
            constants(first, found);
            for (_, other) in rest {
                constants(other, found);
            }
        }
        ExprKind::If {
            test,
            then,
            otherwise,
        } => {
            constants(test, found);
            constants(then, found);
            if let Some(otherwise) = otherwise {
                constants(otherwise, found);
            }
        }
        ExprKind::Filter {
            input, arguments, ..
        }
        | ExprKind::Test {
            input, arguments, ..
        } => {
            constants(input, found);
            for argument in arguments {
                constants(&argument.value, found);
            }
        }
        ExprKind::Call { arguments, .. } => {
            for argument in arguments {
                constants(&argument.value, found);
            }
        }
        ExprKind::List(items) => {
            for item in items {
                constants(item, found);
            }
        }
        ExprKind::Map(entries) => {
            for (_, value) in entries {
                constants(value, found);
            }
        }
    }
}
